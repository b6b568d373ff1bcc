"""What the policy pack costs: its start, and what it adds to previews of generated programs."""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from sandbox.engine import StackConfig
from sandbox.engine import urn as urns
from sandbox.engine.analyzer import PolicyPack

from .measure import Measurement, largest, of, run

ROOT = Path(__file__).resolve().parents[2]
PACK = ROOT / "policies"
FLEET = str(ROOT / ".venv" / "bin" / "fleet")
START_TARGET_S = 0.4
ADDED_TARGETS_S = {100: 0.3, 1_000: 2.0}
_EACH = 10

PROGRAM = """
import json
import pulumi
import pulumi_aws as aws

ACCOUNT, REGION = "111122223333", "eu-central-1"
TAGS = {"System": "bench", "Service": "bench", "Stage": "dev", "ManagedBy": "pulumi"}
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
    "Principal": {"Service": "lambda.amazonaws.com"}}]})
CODE = pulumi.AssetArchive({"main.py": pulumi.StringAsset("def handler(event, context): pass")})
ALARMS = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"

for number in range(COUNT):
    name = f"bench-dev-{number}"
    log = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{name}:log-stream:*"
    table = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/{name}"
    group = aws.cloudwatch.LogGroup(
        f"log-{number}", name=f"/aws/lambda/{name}", retention_in_days=7, tags=TAGS)
    role = aws.iam.Role(f"role-{number}", name=name, assume_role_policy=TRUST, tags=TAGS)
    policy = aws.iam.RolePolicy(f"policy-{number}", name="own", role=role.name, policy=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": log},
            {"Effect": "Allow", "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
             "Resource": "*"},
            {"Effect": "Allow", "Action": ["dynamodb:GetItem", "dynamodb:PutItem"], "Resource": table}]}))
    aws.dynamodb.Table(f"table-{number}", name=name, billing_mode="PAY_PER_REQUEST", hash_key="id",
        attributes=[{"name": "id", "type": "S"}], point_in_time_recovery={"enabled": True},
        server_side_encryption={"enabled": True}, tags=TAGS)
    function = aws.lambda_.Function(f"function-{number}", name=name, role=role.arn, runtime="python3.12",
        handler="main.handler", architectures=["arm64"], code=CODE, memory_size=256, timeout=10, publish=True,
        tracing_config={"mode": "Active"}, tags=TAGS, opts=pulumi.ResourceOptions(depends_on=[group, policy]))
    aws.lambda_.Alias(f"live-{number}", name="live", function_name=function.name,
        function_version=function.version)
    for metric in ("Errors", "Throttles", "Duration", "ConcurrentExecutions"):
        aws.cloudwatch.MetricAlarm(f"{metric}-{number}".lower(), name=f"{name}-{metric}".lower(),
            namespace="AWS/Lambda", metric_name=metric, dimensions={"FunctionName": name}, period=300,
            evaluation_periods=1, statistic="Maximum", threshold=1,
            comparison_operator="GreaterThanThreshold", alarm_actions=[ALARMS], tags=TAGS)
"""


def policy_cases(env: Mapping[str, str], runs: int) -> Iterator[Measurement]:
    """Measure the pack's start, and what it adds to previews of programs of 100 and of 1,000 resources."""
    yield _start(runs)
    for resources, target_s in ADDED_TARGETS_S.items():
        yield _added(resources, target_s, env, runs)


def _start(runs: int) -> Measurement:
    """From nothing to a configured pack that has judged an empty stack."""
    seconds = []
    for _ in range(runs):
        begun = time.perf_counter()
        pack = PolicyPack(
            PACK,
            project="bench",
            config=StackConfig(stack="dev", values={}),
            preview=True,
            engine_address="",
            on_line=lambda _: None,
            on_ready=lambda _: None,
        )
        try:
            pack.analyze_stack([], urns.root("dev", "bench"))
            seconds.append(time.perf_counter() - begun)
        finally:
            pack.close()
    return of("policy pack, start", seconds, target_s=START_TARGET_S)


def _added(resources: int, target_s: float, env: Mapping[str, str], runs: int) -> Measurement:
    """The difference that the pack makes. Runs with and without it alternate: both meet the same machine."""
    with tempfile.TemporaryDirectory(prefix="fleet-bench-program-") as folder:
        program = Path(folder)
        _write(program, resources // _EACH)
        without = [FLEET, "preview", "--stack", "dev", "--json"]
        judging = [*without, "--policy-pack", str(PACK)]
        pairs = [
            (run(without, cwd=program, env=env), run(judging, cwd=program, env=env)) for _ in range(runs)
        ]
    return of(
        f"policy pack, added to {resources:,} resources",
        [judged.seconds - plain.seconds for plain, judged in pairs],
        cpu_s=min(judged.cpu_s for _, judged in pairs) - min(plain.cpu_s for plain, _ in pairs),
        peaks_mb=largest(judged for _, judged in pairs),
        target_s=target_s,
    )


def _write(folder: Path, count: int) -> None:
    (folder / "Pulumi.yaml").write_text("name: bench\nruntime: python\n")
    accounts = json.dumps(["111122223333"])
    (folder / "Pulumi.dev.yaml").write_text(
        f"config:\n  aws:region: eu-central-1\n  aws:allowedAccountIds: {accounts}\n"
    )
    (folder / "__main__.py").write_text(PROGRAM.replace("COUNT", str(count)))
