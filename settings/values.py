"""The types of single settings. What is allowed is asked of the components, which know AWS's limits."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationInfo
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from components import limits
from components.arns import Shape
from components.bedrock import BedrockModel
from components.concurrency import ProvisionedConcurrency
from components.naming import Names, Scope
from components.network import Network, NetworkArgs, id_problems
from components.problems import InvalidArgumentsError, Problem
from components.service_args import RUNTIMES
from components.traffic import HeldBack
from components.triggers.api import Cors, Throttling
from components.triggers.http_api import HttpApiArgs, JwtAuthorizer

T = TypeVar("T")

REFUSED = "refused"
"""The type of our own errors among pydantic's; their context says found, allowed and mend."""

# Names and ids that are fine, for asking a component about one other value.
_SCOPE = {"system": "any", "stage": "any", "account": "0" * 12, "region": "us-east-1"}
_ANY = Scope(**_SCOPE)
_CORS = Cors(origins=("https://any",))
_VPC, _GROUP = "vpc-00000000", "sg-00000000"


class Settings(BaseModel):
    """A part of a stage: camelCase in YAML, exact types, no other keys than its own."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        frozen=True,
        strict=True,
        protected_namespaces=(),
        defer_build=True,  # a stage reads few of the models
    )


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What other settings of the stage say, for those that have to agree; None or empty where unusable.

    account: the stage's. regions: for a setting, by its name, those of the systems that it is for;
    `everywhere` for the settings that aren't named.
    """

    account: str | None = None
    regions: Mapping[str, frozenset[str]] = field(default_factory=dict)
    everywhere: frozenset[str] = frozenset()


def refuse(problems: Iterable[Problem]) -> None:
    """Raise what components say about one setting as its error, if they say anything."""
    told = tuple(problems)
    if told:
        raise refused(
            found="; ".join(problem.got for problem in told),
            allowed="; ".join(problem.allowed for problem in told),
            mend=_in_yaml(" ".join(problem.mend for problem in told if problem.mend)),
        )


def _in_yaml(text: str) -> str:
    """Write arguments' names as they are in YAML."""
    return re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda name: to_camel(name[0]), text)


def refused(*, found: str, allowed: str, mend: str = "") -> PydanticCustomError:
    """Make the error of one setting."""
    return PydanticCustomError(REFUSED, "refused", {"found": found, "allowed": allowed, "mend": mend})


def missing() -> PydanticCustomError:
    """Make the error of one setting that is wanted and isn't there."""
    return PydanticCustomError("missing", "missing", {})


def suggestion(word: str, known: Iterable[str]) -> str:
    """Ask whether a word that looks like the given one was meant; empty if none does."""
    close = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {close[0]}?" if close else ""


def _checked(problems: Callable[[T], Iterable[Problem]]) -> AfterValidator:
    def check(value: T) -> T:
        refuse(problems(value))
        return value

    return AfterValidator(check)


def _taken(make: Callable[[T], object]) -> AfterValidator:
    """Accept what a component can be made with."""

    def problems(value: T) -> Iterable[Problem]:
        try:
            make(value)
        except InvalidArgumentsError as error:
            return error.problems
        return ()

    return _checked(problems)


def _within(allowed: limits.Range) -> AfterValidator:
    def check(number: int) -> int:
        if number not in allowed:
            raise refused(found=str(number), allowed=str(allowed))
        return number

    return AfterValidator(check)


def at_least(low: int) -> AfterValidator:
    """Accept whole numbers from a lowest on."""

    def check(number: int) -> int:
        if number < low:
            raise refused(found=str(number), allowed=f"{low} or more")
        return number

    return AfterValidator(check)


def one_of(allowed: Sequence[Any], meant: Callable[[Any], Any] = lambda value: value) -> AfterValidator:
    """Accept some values, by what they mean."""

    def check(value: T) -> T:
        if meant(value) not in allowed:
            choices = [str(choice) for choice in allowed]
            raise refused(
                found=repr(value),
                allowed=f"one of {', '.join(choices)}",
                mend=suggestion(str(meant(value)), choices),
            )
        return value

    return AfterValidator(check)


def runtime(family: str) -> AfterValidator:
    """Accept Lambda's runtimes of one language (`nodejs`)."""
    known = [runtime for runtime in RUNTIMES if runtime.startswith(family)]
    return one_of(
        sorted(
            known, key=lambda name: [int(part) for part in name[len(family) :].split(".") if part.isdigit()]
        )
    )


def arn(shape: Shape, *, regional: bool = True) -> AfterValidator:
    """Accept ARNs of a shape, of the stage's account and, if regional, of the regions that it is for."""

    def check(value: str, info: ValidationInfo) -> str:
        facts = info.context
        assert isinstance(facts, Facts)  # noqa: S101 - parse() gives them
        refuse(shape.problems("", "", value))
        regions = facts.regions.get(info.field_name or "", facts.everywhere)
        for region in sorted(regions) if regional else ():
            refuse(shape.problems("", "", value, region=region))
        account = value.split(":")[4]
        if facts.account and account and account != facts.account:
            raise refused(
                found=f"{value!r}, of account {account}",
                allowed=f"account {facts.account}, which aws:allowedAccountIds names",
            )
        return value

    return AfterValidator(check)


def _matching(pattern: str, allowed: str) -> AfterValidator:
    shape = re.compile(pattern)

    def check(value: str) -> str:
        if not shape.fullmatch(value):
            raise refused(found=repr(value), allowed=allowed)
        return value

    return AfterValidator(check)


def _identifier(kind: str) -> AfterValidator:
    return _checked(lambda value: id_problems("", "", kind, str(value)))


Region = Annotated[str, _taken(lambda name: Scope(**{**_SCOPE, "region": name}))]
REGION = TypeAdapter[str](Region)
AccountId = Annotated[str, _taken(lambda account: Scope(**{**_SCOPE, "account": account}))]

MemoryMb = Annotated[int, _within(limits.MEMORY_MB)]
TimeoutS = Annotated[int, _within(limits.TIMEOUT_S)]
EphemeralStorageMb = Annotated[int, _within(limits.EPHEMERAL_STORAGE_MB)]
RetentionDays = Annotated[int, one_of(limits.LOG_RETENTION_DAYS)]
LogLevel = Annotated[str, one_of(limits.LOG_LEVELS, str.upper)]

VpcId = Annotated[str, _identifier("vpc_id")]
SecurityGroupId = Annotated[str, _identifier("security_group_id")]
SubnetIds = Annotated[
    tuple[str, ...],
    _taken(lambda ids: Network(vpc_id=_VPC, subnet_ids=ids, security_group_id=_GROUP)),
]

Zones = Annotated[tuple[str, ...], _checked(lambda zones: NetworkArgs(scope=_ANY, zones=zones).problems())]
Cidr = Annotated[str, _checked(lambda cidr: NetworkArgs(scope=_ANY, cidr=cidr).problems())]

TopicArn = Annotated[str, arn(Shape.TOPIC)]
KmsKeyArn = Annotated[str, arn(Shape.KMS_KEY)]
CodeSigningConfigArn = Annotated[str, arn(Shape.CODE_SIGNING)]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BucketName = Annotated[
    str,
    _matching(
        r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]",
        "a bucket's name: 3 to 63 lower-case letters, digits, dots, hyphens",
    ),
]

Words = Annotated[str, _matching(r"\S.*", "text that isn't empty")]
ModelId = Annotated[str, _taken(lambda model: BedrockModel.by_id(_ANY, model))]
ModelArns = Annotated[
    tuple[Annotated[str, arn(Shape.MODEL, regional=False)], ...],
    _taken(lambda arns: BedrockModel.by_profile(arn=Shape.INFERENCE_PROFILE.example, model_arns=arns)),
]

TrafficPercent = Annotated[int, _within(limits.TRAFFIC_PERCENT)]
DeploymentMinutes = Annotated[int, _within(limits.DEPLOYMENT_MINUTES)]
PublishedVersion = Annotated[
    str, _checked(lambda version: HeldBack(version=version, percent=limits.TRAFFIC_PERCENT.low).problems(""))
]


def provisioned(wanted: ProvisionedConcurrency, reserved: int | None) -> None:
    """Refuse provisioned concurrency that is impossible beside a reservation."""
    refuse(wanted.problems("", Names(scope=_ANY, service="any"), reserved))


def _api(**arguments: Any) -> Iterable[Problem]:
    return HttpApiArgs(scope=_ANY, routes=(), **arguments).problems()


RateLimit = Annotated[float, _checked(lambda rate: _api(throttling=Throttling(rate_limit=rate)))]
BurstLimit = Annotated[int, _checked(lambda burst: _api(throttling=Throttling(burst_limit=burst)))]
Issuer = Annotated[str, _checked(lambda url: _api(authorizer=JwtAuthorizer(issuer=url, audience=("any",))))]
Origins = Annotated[tuple[str, ...], _checked(lambda origins: _api(cors=Cors(origins=origins)))]
CorsMethods = Annotated[tuple[str, ...], _checked(lambda names: _api(cors=replace(_CORS, methods=names)))]
CorsHeaders = Annotated[tuple[str, ...], _checked(lambda names: _api(cors=replace(_CORS, headers=names)))]
CorsAge = Annotated[int, _checked(lambda age: _api(cors=replace(_CORS, max_age_s=age)))]
Audience = Annotated[
    tuple[str, ...],
    _checked(lambda names: _api(authorizer=JwtAuthorizer(issuer="https://any", audience=names))),
]
