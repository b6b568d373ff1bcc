"""How runs grow with their programs: generated ones, with a provider that does nothing, and with ours."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .measure import Measurement, measure, run
from .sdk_alone import sdk_alone

ROOT = Path(__file__).resolve().parents[2]
FLEET = str(ROOT / ".venv" / "bin" / "fleet")
PREVIEW = [FLEET, "preview", "--stack", "dev"]
UP = [FLEET, "up", "--stack", "dev", "--yes"]
MANY, MOST = 1_000, 10_000
_MEMORY_TARGET_MB = 300.0

ITEMS = """
import pulumi
from pulumi import Output, ResourceOptions


class Item(pulumi.CustomResource):
    arn: Output[str]

    def __init__(self, name, opts=None, **properties):
        super().__init__("idle:index:Item", name, {**properties, "arn": None}, opts)


class Group(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("bench:index:Group", name)


password = Output.secret("a secret that the state encrypts")
for number in range(COUNT // 10):
    group = Group(f"group-{number}")
    inside = ResourceOptions(parent=group)
    tags = {"System": "bench", "Service": f"group-{number}", "ManagedBy": "pulumi"}
    first = Item(f"first-{number}", text="one of many", number=number, tags=tags, opts=inside)
    keeper = Item(f"keeper-{number}", password=password, source=first.arn, opts=inside)
    for place in range(7):
        Item(f"item-{number}-{place}", source=first.arn, list=[number, place], tags=tags, opts=inside)
    last = Item(
        f"last-{number}",
        sources=[first.arn, keeper.arn],
        opts=ResourceOptions(parent=group, depends_on=[first, keeper]),
    )
    group.register_outputs({"arn": last.arn})
pulumi.export("count", COUNT)
"""

AWS = """
import json
import pulumi
import pulumi_aws as aws

TAGS = {"System": "bench", "Stage": "dev", "ManagedBy": "pulumi"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": "lambda.amazonaws.com"}}]})

for number in range(COUNT // 4):
    name = f"bench-dev-{number}"
    dead = aws.sqs.Queue(f"dead-{number}", name=f"{name}-dead", tags=TAGS)
    to_dead = dead.arn.apply(lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5}))
    aws.sqs.Queue(f"queue-{number}", name=name, redrive_policy=to_dead, tags=TAGS)
    aws.cloudwatch.LogGroup(f"log-{number}", name=f"/aws/lambda/{name}", retention_in_days=7, tags=TAGS)
    aws.iam.Role(f"role-{number}", name=name, assume_role_policy=TRUST, tags=TAGS)
"""


def scale_cases(env: Mapping[str, str], runs: int, *, large: bool) -> Iterator[Measurement]:
    """Measure previews and updates of 1,000 resources, and, when asked for, previews of 10,000.

    The custom resources are counted. That a run grows linearly shows in the figures per resource.
    """
    with _idle_provider() as port:
        idle = {**env, "PULUMI_DEBUG_PROVIDERS": f"idle:{port}"}
        yield _preview("idle provider", ITEMS, MANY, idle, runs, target_s=4.0, target_mb=_MEMORY_TARGET_MB)
        if large:
            yield _preview("idle provider", ITEMS, MOST, idle, min(runs, 3), target_s=45.0)
        yield from _up(idle, runs)
    yield _preview("our provider", AWS, MANY, env, runs, target_s=4.0, target_mb=_MEMORY_TARGET_MB)
    if large:
        yield _preview("our provider", AWS, MOST, env, min(runs, 3), target_s=45.0)


def _preview(
    provider: str,
    program: str,
    count: int,
    env: Mapping[str, str],
    runs: int,
    *,
    target_s: float,
    target_mb: float | None = None,
) -> Measurement:
    with _project(program, count) as folder:
        return measure(
            f"{provider}, preview of {count:,} resources",
            PREVIEW,
            cwd=folder,
            env=env,
            runs=runs,
            target_s=target_s,
            target_mb=target_mb,
            resources=count,
            peer_s=sdk_alone(folder, "dev", env, min(runs, 3)) if count == MANY else None,
        )


def _up(env: Mapping[str, str], runs: int) -> Iterator[Measurement]:
    """From nothing each time (the state is forgotten: nothing is behind it), then with nothing to do."""
    home = Path(env["FLEET_HOME"])

    def forget() -> None:
        for file in (home / "stacks").glob("dev.*"):
            file.unlink()

    with _project(ITEMS, MANY) as folder:
        name = f"idle provider, up of {MANY:,} resources"
        yield measure(
            name,
            UP,
            cwd=folder,
            env=env,
            runs=runs,
            target_s=15.0,
            target_mb=_MEMORY_TARGET_MB,
            resources=MANY,
            before_each=forget,
        )
        yield measure(
            f"{name}, nothing to do",
            UP,
            cwd=folder,
            env=env,
            runs=runs,
            target_s=4.0,
            target_mb=_MEMORY_TARGET_MB,
            resources=MANY,
        )
    run([FLEET, "down"], cwd=ROOT, env=env)
    forget()


@contextmanager
def _idle_provider() -> Iterator[int]:
    """Serve the provider that does nothing, and give its port."""
    command = [sys.executable, "-m", "tests.bench.idle_provider"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as provider:
        assert provider.stdout is not None
        try:
            yield int(provider.stdout.readline())
        finally:
            provider.terminate()


@contextmanager
def _project(program: str, count: int) -> Iterator[Path]:
    """A project whose program declares so many custom resources."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-program-") as name:
        folder = Path(name)
        (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
        (folder / "Pulumi.dev.yaml").write_text("config:\n  aws:region: eu-central-1\n")
        (folder / "__main__.py").write_text(program.replace("COUNT", str(count)))
        yield folder
