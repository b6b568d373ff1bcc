"""A sandbox as its users meet it: the `fleet` command, boto3 and HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
import psutil
import psycopg
import urllib3
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from sandbox import emulator, functions, postgres
from sandbox.emulator import Emulator
from sandbox.functions import DeployedFunction
from sandbox.home import FLEET_ROOT, Home

T = TypeVar("T")

FLEET = Path(sys.executable).with_name("fleet")
REGION = "ap-southeast-1"
ROOT = Credentials("test", "test")
"""The emulator's root user."""
GAME_SERVICE = "arn:aws:iam::000000000000:role/typerush-local-game-service"
RECORD, TEXT = "record-service", "text-service"
WAIT_S = 20.0

_http = urllib3.PoolManager(retries=False, timeout=40)


def project_of(system: str, folder: Path, choices: Mapping[str, Any] | None = None) -> Path:
    """Make the project anew in a folder: as it is, but its stages have one system.

    choices: what the system's key of the `local` stage says besides what the project's file does.
    """
    folder.mkdir()
    stages = set(FLEET_ROOT.glob("Pulumi.*.yaml"))
    for entry in set(FLEET_ROOT.iterdir()) - stages:
        if entry.name not in {".git", ".fleet"}:
            (folder / entry.name).symlink_to(entry)
    for file in stages:
        stage = yaml.safe_load(file.read_text())
        stage["config"]["lambda-fleet:systems"] = [system]
        if file.name == "Pulumi.local.yaml":
            stage["config"][f"lambda-fleet:{system}"] |= choices or {}
        (folder / file.name).write_text(yaml.safe_dump(stage))
    return folder


def wait_for(what: str, found: Callable[[], T | None], timeout_s: float = WAIT_S) -> T:
    """Ask until there is an answer that counts as true; less often the longer it takes: to ask is work."""
    began = time.monotonic()
    while not (answer := found()):
        waited = time.monotonic() - began
        assert waited < timeout_s, f"waited {timeout_s:g} s for {what}, in vain"
        time.sleep(min(0.02 + waited / 10, 1.0))
    return answer


@dataclass(frozen=True, kw_only=True)
class HttpAnswer:
    """An answer over HTTP, its body as JSON."""

    status: int
    body: Any


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """One FLEET_HOME, with TypeRush's `local` stage."""

    home: Home
    project: Path = FLEET_ROOT

    # --- the command -------------------------------------------------------------------------------------

    def start(
        self, *arguments: str, env: Mapping[str, str] | None = None, stderr: int = subprocess.STDOUT
    ) -> subprocess.Popen[str]:
        """Start `fleet` as a shell does: in a process group of its own, which is what Ctrl-C reaches."""
        return subprocess.Popen(
            [str(FLEET), "-C", str(self.project), *arguments],
            env={**os.environ, "FLEET_HOME": str(self.home.path), **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )

    def fleet(self, *arguments: str, code: int = 0) -> str:
        """Run `fleet` to its end and give all that it printed."""
        return "".join(self._run(arguments, code))

    def json(self, *arguments: str) -> Any:
        """Run `fleet` and read the JSON that it prints."""
        return json.loads(self._run(arguments, 0)[0])

    def _run(self, arguments: tuple[str, ...], code: int) -> tuple[str, str]:
        with self.start(*arguments, stderr=subprocess.PIPE) as process:
            printed, errors = process.communicate(timeout=120)
        told = f"fleet {' '.join(arguments)}: {process.returncode}\n{printed}{errors}"
        assert process.returncode == code, told
        return printed, errors

    def up(self) -> str:
        """Deploy."""
        return self.fleet("up", "--stack", "local", "--yes")

    # --- what is deployed --------------------------------------------------------------------------------

    @property
    def emulator(self) -> Emulator:
        return emulator.require(self.home)

    def outputs(self) -> Any:
        return self.json("stack", "output", "typerush", "--json")

    def resources(self) -> list[dict[str, Any]]:
        """The state's resources, as exported."""
        deployment = self.json("stack", "export")["deployment"]
        return list(deployment.get("resources", []))  # as Pulumi's, it has none when empty

    def aws(self, service: str, credentials: Credentials = ROOT, region: str = REGION) -> Any:
        """A boto3 client of somebody's."""
        url = self.emulator.endpoint.url
        return _client(
            service, region, url, credentials.access_key, credentials.secret_key, credentials.token
        )

    def assume(self, role_arn: str, caller: Credentials = ROOT) -> Credentials:
        """What somebody gets who takes a role."""
        given = self.aws("sts", caller).assume_role(RoleArn=role_arn, RoleSessionName="e2e")["Credentials"]
        return Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def log(self, function: str) -> list[str]:
        """The lines that a function has logged, as CloudWatch has them."""
        pages = self.aws("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{function}")
        return [event["message"] for page in found for event in page["events"]]

    def recycle(self, name: str) -> None:
        """Let the next call of a function start cold."""
        functions.recycle(self.home, self.emulator.pid, _named(name))

    def processes(self) -> list[psutil.Process]:
        """All that runs for this sandbox: the emulator, its workers, PostgreSQL, its TLS front."""
        aws, database = emulator.find(self.home), postgres.find(self.home)
        pids = [*([aws.pid] if aws else []), *([database.pid, database.front_pid] if database else [])]
        heads = [psutil.Process(pid) for pid in pids]
        return [each for head in heads for each in (head, *head.children(recursive=True))]

    # --- the database ------------------------------------------------------------------------------------

    def database_secret(self) -> dict[str, Any]:
        """How to reach the database, as the emulator's Secrets Manager has it."""
        found = self.aws("secretsmanager").get_secret_value(SecretId="typerush/local/database")
        content: dict[str, Any] = json.loads(found["SecretString"])
        return content

    @contextmanager
    def database(self) -> Iterator[psycopg.Connection]:
        """PostgreSQL itself, over TLS with certificate and name verified."""
        secret = self.database_secret()
        authority = self.home.path / "e2e-ca.pem"
        authority.write_text(secret["ca"])
        with psycopg.connect(
            host=secret["host"],
            port=secret["port"],
            user=secret["username"],
            password=secret["password"],
            dbname=secret["dbname"],
            sslmode="verify-full",
            sslrootcert=str(authority),
        ) as connection:
            yield connection


@dataclass(frozen=True, kw_only=True)
class TypeRush:
    """The deployed system, as its callers know it: by the stack's outputs."""

    sandbox: Sandbox
    outputs: Mapping[str, Any]

    @property
    def table(self) -> str:
        return str(self.outputs["tableName"])

    def name(self, service: str) -> str:
        return str(self.outputs["functions"][service]["name"])

    def arn(self, service: str) -> str:
        """Of the alias `live`: what callers use."""
        return str(self.outputs["functions"][service]["arn"])

    def log(self, service: str) -> list[str]:
        """The lines that a service has logged."""
        return self.sandbox.log(self.name(service))

    def http(self, method: str, path: str, body: Any = None) -> HttpAnswer:
        """Call the API, as a browser does."""
        return _request(method, self.outputs["apiUrl"].rstrip("/") + path, body, {})

    def url(self, service: str, path: str, caller: Credentials | None) -> HttpAnswer:
        """Call a function's URL; without a caller, unsigned."""
        target = self.outputs["functions"][service]["url"].rstrip("/") + path
        request = AWSRequest("GET", target)
        if caller is not None:
            SigV4Auth(caller, "lambda", REGION).add_auth(request)
        return _request("GET", target, None, dict(request.headers.items()))

    def invoke(self, service: str, event: Mapping[str, Any], caller: Credentials = ROOT) -> HttpAnswer:
        """Call a function directly. Its answers have the shape of HTTP answers."""
        answer = self.sandbox.aws("lambda", caller).invoke(
            FunctionName=self.arn(service), Payload=json.dumps(event).encode()
        )
        content = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, content
        return HttpAnswer(status=content["statusCode"], body=json.loads(content["body"]))

    def recycle(self, service: str) -> None:
        """Let the next call start cold."""
        self.sandbox.recycle(self.name(service))

    def role_policy(self, service: str) -> tuple[str, str, dict[str, Any]]:
        """The role of a service, and the name and the document of its one policy, as IAM has them."""
        iam, aws = self.sandbox.aws("iam"), self.sandbox.aws("lambda")
        role = aws.get_function_configuration(FunctionName=self.name(service))["Role"].rpartition("/")[2]
        (name,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
        return role, name, iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]

    @contextmanager
    def without(self, service: str, action: str) -> Iterator[None]:
        """Take an action out of the service's role for a while."""
        role, name, document = self.role_policy(service)
        iam = self.sandbox.aws("iam")

        def put(statements: list[dict[str, Any]]) -> None:
            changed = json.dumps({**document, "Statement": statements})
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=changed)

        put(list(_less(document["Statement"], action)))
        self.recycle(service)  # what it has read before, it still knows
        try:
            yield
        finally:
            put(document["Statement"])
            self.recycle(service)


@cache
def _client(service: str, region: str, url: str, access_key: str, secret_key: str, token: str | None) -> Any:
    make: Any = boto3.client  # its stubs want to know at type-checking time which service
    return make(
        service,
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        aws_session_token=token,
    )


def _less(statements: list[dict[str, Any]], action: str) -> Iterator[dict[str, Any]]:
    found = False
    for statement in statements:
        actions = actions_of(statement)
        left = [each for each in actions if statement["Effect"] == "Deny" or each != action]
        found |= len(left) < len(actions)
        if left:
            yield {**statement, "Action": left}
    assert found, f"the role has no {action}"


def actions_of(statement: Mapping[str, Any]) -> list[str]:
    """The actions of a policy statement."""
    actions = statement["Action"]
    return [actions] if isinstance(actions, str) else list(actions)


def _request(method: str, url: str, body: Any, headers: Mapping[str, str]) -> HttpAnswer:
    assert urlsplit(url).hostname == "127.0.0.1", url
    given = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    more = {"content-type": "application/json"} if given is not None else {}
    answer = _http.request(method, url, body=given, headers={**headers, **more})
    return HttpAnswer(status=answer.status, body=json.loads(answer.data))


def _named(name: str) -> DeployedFunction:
    return DeployedFunction(name=name, service=name, system="", region=REGION, arn=name, log_group="")
