"""Any valid stage loads; any one impossible value is told at its path, and nothing else is."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from components import limits
from components.naming import Names
from components.network import Network
from components.systems.typerush import TypeRushArgs
from tests.settings import sample
from tests.settings.sample import STAGE, changed

GAME = "lambda-fleet:typerush"

ACCOUNTS = st.text("0123456789", min_size=12, max_size=12)
REGIONS = st.sampled_from(["us-east-1", "eu-central-1", "ap-southeast-1", "us-gov-west-1", "cn-north-1"])
HEX = st.one_of(*(st.text("0123456789abcdef", min_size=size, max_size=size) for size in (8, 17)))
SERVICES = st.sampled_from(["recordService", "textService"])
STACKS = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9}){0,2}", fullmatch=True)


def _integers(allowed: limits.Range) -> st.SearchStrategy[int]:
    return st.integers(allowed.low, allowed.high)


@st.composite
def services(draw: st.DrawFn, family: str) -> dict[str, Any]:
    reserved = draw(st.none() | st.integers(1, 1_000))
    most = draw(st.integers(1, reserved or 1_000))
    choices = {
        "runtime": st.sampled_from(
            # A Python runtime has to be the one that text-service's layer is built for.
            {"nodejs": ["nodejs20.x", "nodejs24.x"], "python": ["python3.12"]}[family]
        ),
        "memoryMb": _integers(limits.MEMORY_MB),
        "timeoutS": _integers(limits.TIMEOUT_S),
        "ephemeralStorageMb": _integers(limits.EPHEMERAL_STORAGE_MB),
        "logLevel": st.sampled_from(limits.LOG_LEVELS) | st.sampled_from(["info", "Debug"]),
        "functionUrl": st.booleans(),
        "reservedConcurrency": st.just(reserved),
        "provisionedConcurrency": st.fixed_dictionaries({"min": st.integers(1, most), "max": st.just(most)}),
    }
    wanted = draw(st.sets(st.sampled_from(sorted(choices))))
    if "provisionedConcurrency" in wanted:
        wanted.add("reservedConcurrency")
    return {key: draw(choices[key]) for key in sorted(wanted)}


@st.composite
def stages(draw: st.DrawFn) -> dict[str, Any]:
    account, region = draw(ACCOUNTS), draw(REGIONS)
    partition = {"us-gov": "aws-us-gov", "cn-nor": "aws-cn"}.get(region[:6], "aws")
    suffix = draw(st.text("abcXYZ019", min_size=6, max_size=6))
    subnets = draw(st.lists(HEX, min_size=2, max_size=16, unique=True))
    stage: dict[str, Any] = {
        "aws:region": draw(REGIONS),
        "aws:allowedAccountIds": [account],
        "lambda-fleet:systems": ["typerush"],
        "lambda-fleet:packages": draw(st.sampled_from(["lambda", "machine"])),
        "lambda-fleet:logRetentionDays": draw(st.sampled_from(limits.LOG_RETENTION_DAYS)),
        "lambda-fleet:protect": draw(st.booleans()),
        GAME: {
            "region": region,
            "network": {
                "vpcId": f"vpc-{draw(HEX)}",
                "subnetIds": [f"subnet-{subnet}" for subnet in subnets],
                "securityGroupId": f"sg-{draw(HEX)}",
            },
            "database": {
                "secretArn": f"arn:{partition}:secretsmanager:{region}:{account}:secret:db-{suffix}",
                "securityGroupId": f"sg-{draw(HEX)}",
            },
            "gameServiceRoleArn": f"arn:{partition}:iam::{account}:role/game",
            "model": "anthropic.claude-3-haiku-20240307-v1:0",
            "recordService": draw(services("nodejs")),
            "textService": draw(services("python")),
        },
    }
    if draw(st.booleans()):
        stage["lambda-fleet:alarmTopicArn"] = f"arn:{partition}:sns:{region}:{account}:alarms"
    return stage


@settings(deadline=None, max_examples=100)
@given(stage=stages(), stack=STACKS)
def test_any_valid_stage_loads(stage: dict[str, Any], stack: str) -> None:
    loaded = sample.load(stage, stack=stack)
    args = loaded.systems["typerush"]
    assert isinstance(args, TypeRushArgs)
    assert [args.scope.account] == stage["aws:allowedAccountIds"]
    said = stage[GAME]
    assert args.scope.region == said["region"]
    assert isinstance(args.network, Network)
    assert list(args.network.subnet_ids) == said["network"]["subnetIds"]
    for key, service in (("recordService", args.record_service), ("textService", args.text_service)):
        assert service.memory_mb == said[key].get("memoryMb", 512)
        provisioned = service.provisioned_concurrency
        assert (provisioned and {"min": provisioned.min, "max": provisioned.max}) == said[key].get(
            "provisionedConcurrency"
        )
    assert len(Names(scope=args.scope, service="record-service").function) <= 64


def _outside(allowed: limits.Range) -> st.SearchStrategy[Any]:
    return st.integers(max_value=allowed.low - 1) | st.integers(min_value=allowed.high + 1)


NOT_TEXT = st.integers() | st.booleans() | st.lists(st.text(max_size=3), max_size=2)
NOT_WHOLE: st.SearchStrategy[Any] = st.text(max_size=5) | st.booleans() | st.floats(0.1, 0.9) | st.just({})
NO_ID = st.text(max_size=20).map(lambda text: f"x{text}")
IMPOSSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "recordService.memoryMb": _outside(limits.MEMORY_MB) | NOT_WHOLE,
    "recordService.timeoutS": _outside(limits.TIMEOUT_S) | NOT_WHOLE,
    "textService.ephemeralStorageMb": _outside(limits.EPHEMERAL_STORAGE_MB) | NOT_WHOLE,
    "textService.reservedConcurrency": st.integers(max_value=-1) | NOT_WHOLE,
    "textService.functionUrl": st.integers() | st.text(max_size=5),
    "textService.logLevel": NO_ID | NOT_TEXT,
    "recordService.runtime": NO_ID | NOT_TEXT,
    "network.vpcId": NO_ID | NOT_TEXT,
    "network.subnetIds": st.lists(NO_ID, max_size=3) | st.text(max_size=5),
    "network.securityGroupId": NO_ID | NOT_TEXT,
    "database.secretArn": NO_ID | NOT_TEXT,
    "gameServiceRoleArn": NO_ID | NOT_TEXT,
    "model": st.from_regex(r"[a-z]{0,9}", fullmatch=True) | NOT_TEXT,
    "api.throttling.rateLimit": st.floats(max_value=0, allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    "api.authorizer": st.integers() | st.text(max_size=5),
}
IMPOSSIBLE_CHANGES = st.sampled_from(sorted(IMPOSSIBLE)).flatmap(
    lambda path: st.tuples(st.just(f"{GAME}.{path}"), IMPOSSIBLE[path])
)


@settings(deadline=None, max_examples=300)
@given(change=IMPOSSIBLE_CHANGES)
def test_one_impossible_value_is_told_at_its_path(change: tuple[str, Any]) -> None:
    path, value = change
    told = sample.mistakes(changed({path: value}))
    assert told
    assert all(mistake.path.startswith(path) for mistake in told), told
    assert all(mistake.found and mistake.allowed and mistake.mend for mistake in told)


@settings(deadline=None, max_examples=100)
@given(
    changes=st.dictionaries(st.sampled_from(sorted(IMPOSSIBLE)), st.just(None), min_size=2).map(sorted),
    data=st.data(),
)
def test_several_impossible_values_are_all_told(changes: list[str], data: st.DataObject) -> None:
    wanted = {f"{GAME}.{path}": data.draw(IMPOSSIBLE[path]) for path in changes}
    told = [mistake.path for mistake in sample.mistakes(changed(wanted))]
    assert all(any(path.startswith(wrong) for path in told) for wrong in wanted), told


@settings(deadline=None, max_examples=100)
@given(
    key=st.from_regex(r"[a-z][A-Za-z0-9]{3,12}", fullmatch=True),
    place=st.sampled_from(["lambda-fleet:", f"{GAME}.", f"{GAME}.network.", f"{GAME}.database."]),
)
def test_any_unknown_key_is_told(key: str, place: str) -> None:
    valid = sample.mistakes(changed({f"{place}{key}": None}, STAGE))
    known = {"systems", "packages", "protect", "region", "network", "database", "model", "typerush", "vpcId"}
    if key not in known:
        assert [mistake.path for mistake in valid] == [f"{place}{key}"]


@settings(deadline=None, max_examples=100)
@given(stack=st.text(min_size=1, max_size=60))
def test_any_stack_name_gives_names_that_fit_or_is_refused(stack: str) -> None:
    told = sample.mistakes(STAGE, stack=stack)
    fits = len(f"typerush-{stack}-record-service") <= 64
    assert all(mistake.path.startswith("the stack's name") for mistake in told)
    assert fits or told
