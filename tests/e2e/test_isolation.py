"""Nothing of the sandbox reaches out, nothing of the user's reaches in, no secret is told."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator
from ipaddress import ip_address

import psutil
import pytest

from sandbox import emulator
from tests.e2e.conftest import CANARY, make_role
from tests.e2e.sandbox import RECORD, TEXT, Sandbox, TypeRush

LAMBDAS_OWN = {
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
}
EMULATORS_OWN = {
    "AWS_ENDPOINT_URL",
    "AWS_DISABLE_HOST_PREFIX_INJECTION",
    "_LAMBDA_FUNCTION_ARN",
    "_LAMBDA_TIMEOUT",
    "_MINISTACK_INVOKE_DEPTH",
}
PROBES = {
    "python3.12": ("probe.py", "import os\ndef handler(event, context):\n    return dict(os.environ)\n"),
    "nodejs24.x": ("probe.js", "exports.handler = async () => ({ ...process.env });\n"),
}


def test_everything_listens_on_loopback_only(sandbox: Sandbox, typerush: TypeRush) -> None:
    for service in (RECORD, TEXT):
        typerush.invoke(service, {"action": "health"})  # so that workers are among the processes
    processes = sandbox.processes()
    assert len(processes) > 5
    sockets = [each for process in processes for each in _sockets(process)]
    bound = [each for each in sockets if each.status == psutil.CONN_LISTEN or not each.raddr]
    assert len([each for each in bound if each.status == psutil.CONN_LISTEN]) == 2  # emulator, TLS front
    for each in bound:
        assert ip_address(each.laddr.ip).is_loopback, each
    for each in sockets:  # and nobody has a connection to anywhere else
        assert not each.raddr or ip_address(each.raddr.ip).is_loopback, each


def _sockets(process: psutil.Process) -> list[psutil._ntuples.pconn]:
    try:
        return list(process.net_connections(kind="inet"))
    except psutil.NoSuchProcess:
        return []


@pytest.fixture(scope="module")
def probe_role(sandbox: Sandbox) -> str:
    return make_role(sandbox, "probe", Service="lambda.amazonaws.com")


@pytest.fixture(params=list(PROBES))
def environment(
    sandbox: Sandbox, probe_role: str, request: pytest.FixtureRequest
) -> Iterator[dict[str, str]]:
    """The environment that a function sees that somebody deploys next to TypeRush."""
    file, source = PROBES[request.param]
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr(file, source)
    aws, name = sandbox.aws("lambda"), f"probe-{request.param.partition('.')[0]}"
    aws.create_function(
        FunctionName=name,
        Runtime=request.param,
        Handler="probe.handler",
        Role=probe_role,
        Code={"ZipFile": package.getvalue()},
        Environment={"Variables": {"DECLARED": "yes"}},
    )
    aws.get_waiter("function_active_v2").wait(FunctionName=name)
    yield json.loads(aws.invoke(FunctionName=name)["Payload"].read())
    aws.delete_function(FunctionName=name)


def test_a_function_sees_only_its_own_environment(sandbox: Sandbox, environment: dict[str, str]) -> None:
    running = sandbox.emulator
    # The emulator's workers inherit its own environment, which is built from nothing.
    inherited = emulator.environment(sandbox.home.sandbox / "emulator", running.port, running.instance)
    seen = dict(environment)
    assert seen.pop("DECLARED") == "yes"
    assert seen["AWS_ENDPOINT_URL"] == running.endpoint.url
    assert {key: value for key, value in seen.items() if key in inherited} == inherited
    assert seen.keys() <= LAMBDAS_OWN | EMULATORS_OWN | inherited.keys()
    for value in (*CANARY.values(), os.environ["HOME"], os.environ["PATH"]):
        assert value not in seen.values()


@pytest.mark.parametrize("service", [RECORD, TEXT])
def test_a_services_environment_is_what_the_program_declares(
    sandbox: Sandbox, typerush: TypeRush, service: str
) -> None:
    declared = {
        RECORD: {"NODE_ENV", "LOG_LEVEL", "DB_SECRET_ARN"},
        TEXT: {"ENVIRONMENT", "LOG_LEVEL", "DYNAMODB_TABLE_NAME", "BEDROCK_MODEL_ID"},
    }
    found = sandbox.aws("lambda").get_function_configuration(FunctionName=typerush.name(service))
    assert set(found["Environment"]["Variables"]) == declared[service]


def test_no_password_is_told(sandbox: Sandbox) -> None:
    secrets = [
        sandbox.database_secret()["password"],
        (sandbox.home.sandbox / "postgres" / "superuser").read_text().strip(),
    ]
    commands = (
        ("status", "--json"),
        ("surroundings", "--json"),
        ("stack", "output", "--json", "--show-secrets"),
        ("stack", "export"),
        ("stack", "export", "--show-secrets"),
        ("up", "--yes", "--json"),
        ("logs", RECORD, "--lines", "10000"),
        ("logs", TEXT, "--lines", "10000"),
    )
    told = {" ".join(command): sandbox.fleet(*command) for command in commands}
    files = [path for path in (sandbox.home.path / "stacks").rglob("*") if path.is_file()]
    files += sandbox.home.sandbox.glob("*.log")
    files += sandbox.home.sandbox.glob("postgres/*.log")
    files += sandbox.home.sandbox.glob("surroundings/*")
    assert len(files) > 4
    told |= {str(path): path.read_text(errors="replace") for path in files}
    for where, text in told.items():
        for secret in secrets:
            assert secret not in text, where
