"""What its users do with Hoopstat Haus: everything under "What must be seen" of its specification."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import urllib3
import yaml
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from sandbox.home import FLEET_ROOT
from tests.e2e.alone import deployed_alone
from tests.e2e.conftest import make_role
from tests.e2e.sandbox import ROOT, HttpAnswer, Sandbox, wait_for

REGION = "us-east-1"
INGESTION, SERVER = "bronze-ingestion", "mcp-server"
DAY = json.loads(
    (FLEET_ROOT / "functions" / "hoopstat" / "bronze_ingestion" / "events" / "day.json").read_text()
)
KEY = "raw/box-scores/date=2026-11-01/records.jsonl.gz"
ROW = {"player": "A. Center", "season": "2026-27", "points": 31.0}
TIMEOUT_S = 120
"""What the stage says here instead of 300."""
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "e2e", "version": "1"},
    },
}


class Signed(httpx2.Auth):
    """Signs each request as AWS wants it."""

    requires_request_body = True

    def __init__(self, caller: Credentials) -> None:
        self._caller = caller

    def auth_flow(self, request: httpx2.Request) -> Generator[httpx2.Request, httpx2.Response, None]:
        kept = {"content-type": request.headers["content-type"]} if request.content else {}
        signed = AWSRequest(request.method, str(request.url), data=request.content, headers=kept)
        SigV4Auth(self._caller, "execute-api", REGION).add_auth(signed)
        request.headers.update(dict(signed.headers.items()))
        yield request


@dataclass(frozen=True, kw_only=True)
class Hoopstat:
    """The deployed system, as its users know it: by the stack's outputs."""

    sandbox: Sandbox
    outputs: Mapping[str, Any]

    def aws(self, service: str, caller: Credentials = ROOT) -> Any:
        return self.sandbox.aws(service, caller, REGION)

    def name(self, service: str) -> str:
        return str(self.outputs["functions"][service]["name"])

    def bucket(self, what: str) -> str:
        return str(self.outputs["buckets"][what])

    def ingest(self, event: Any) -> HttpAnswer:
        """Call bronze-ingestion as its callers do: by the alias."""
        arn = self.outputs["functions"][INGESTION]["arn"]
        answer = self.aws("lambda").invoke(FunctionName=arn, Payload=json.dumps(event).encode())
        content = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, content
        return HttpAnswer(status=content["statusCode"], body=json.loads(content["body"]))

    def versions(self, prefix: str = "") -> list[tuple[str, str]]:
        """Every version of every object in bronze."""
        listed = self.aws("s3").list_object_versions(Bucket=self.bucket("bronze"), Prefix=prefix)
        return [(each["Key"], each["VersionId"]) for each in listed.get("Versions", [])]

    def lines(self, key: str) -> list[Any]:
        content = self.aws("s3").get_object(Bucket=self.bucket("bronze"), Key=key)["Body"].read()
        return [json.loads(line) for line in gzip.decompress(content).splitlines()]

    def ask(self, caller: Credentials, what: Callable[[Client], Awaitable[Any]]) -> Any:
        """Talk to the server with the protocol's client."""

        async def session() -> Any:
            async with (
                httpx2.AsyncClient(auth=Signed(caller), timeout=40) as http,
                Client(streamable_http_client(self.outputs["mcpUrl"], http_client=http)) as client,
            ):
                return await what(client)

        return asyncio.run(session())

    def post(self, headers: Mapping[str, str]) -> int:
        """Say hello over HTTP; the answer's status."""
        given = {
            "content-type": "application/json",
            "accept": "application/json, text/event-stream",
            **headers,
        }
        return urllib3.request(
            "POST", self.outputs["mcpUrl"], body=json.dumps(HELLO).encode(), headers=given
        ).status

    def signed(self, caller: Credentials) -> dict[str, str]:
        request = AWSRequest("POST", self.outputs["mcpUrl"], data=json.dumps(HELLO).encode())
        SigV4Auth(caller, "execute-api", REGION).add_auth(request)
        return dict(request.headers.items())

    def server_log(self) -> list[dict[str, Any]]:
        """mcp-server's own lines, as CloudWatch has them."""
        pages = self.aws("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName="/hoopstat-haus/local/applications")
        lines = [event["message"] for page in found for event in page["events"]]
        return [json.loads(line) for line in lines if line.startswith("{") and '"mcp-server"' in line]

    def previews(self, **choices: Any) -> str:
        """What a preview says when the stage chooses something else for both services."""
        file = self.sandbox.project / "Pulumi.local.yaml"
        before = file.read_text()
        stage = yaml.safe_load(before)
        for service in ("bronzeIngestion", "mcpServer"):
            chosen = stage["config"]["lambda-fleet:hoopstat"].setdefault(service, {})
            chosen |= choices
        file.write_text(yaml.safe_dump(stage))
        try:
            return self.sandbox.fleet("preview", "--stack", "local")
        finally:
            file.write_text(before)


@pytest.fixture(scope="module")
def hoopstat(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hoopstat]:
    choices = {"bronzeIngestion": {"timeoutS": TIMEOUT_S}}
    with deployed_alone("hoopstat", tmp_path_factory.mktemp("hoopstat"), choices) as sandbox:
        outputs = sandbox.json("stack", "output", "hoopstat", "--json")
        yield Hoopstat(sandbox=sandbox, outputs=outputs)


@pytest.fixture(scope="module")
def analyst(hoopstat: Hoopstat) -> Credentials:
    """Somebody who may call the API's one route."""
    arn = make_role(hoopstat.sandbox, "analyst")
    allow = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": hoopstat.outputs["mcpArn"]}
    hoopstat.aws("iam").put_role_policy(
        RoleName="analyst",
        PolicyName="ask",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    return hoopstat.sandbox.assume(arn)


def test_a_day_is_found_in_bronze_and_the_same_day_again_changes_nothing(hoopstat: Hoopstat) -> None:
    written = hoopstat.ingest(DAY)
    assert (written.status, written.body["status"], written.body["key"]) == (200, "written", KEY)
    assert (written.body["records"], written.body["rejected"]) == (2, 1)
    assert sorted(line["player"] for line in hoopstat.lines(KEY)) == ["A. Center", "B. Guard"]
    (rejected,) = hoopstat.lines(written.body["rejectedKey"])
    assert rejected["record"]["player"] == "nobody"
    before = hoopstat.versions()
    assert len(before) == 2
    again = hoopstat.ingest(DAY)
    assert (again.status, again.body["status"]) == (200, "unchanged")
    assert hoopstat.versions() == before
    found = hoopstat.aws("s3").head_object(Bucket=hoopstat.bucket("bronze"), Key=KEY, ChecksumMode="ENABLED")
    assert found["ChecksumSHA256"] == again.body["sha256"]
    assert found["ServerSideEncryption"] == "AES256"


def test_a_bad_day_is_refused(hoopstat: Hoopstat) -> None:
    before = hoopstat.versions()
    answer = hoopstat.ingest({"date": "the first of November", "records": []})
    assert answer.status == 400
    assert "date is" in answer.body["error"]
    assert hoopstat.versions() == before


def test_gold_is_answered_through_the_protocol_by_a_warm_worker(
    hoopstat: Hoopstat, analyst: Credentials
) -> None:
    s3 = hoopstat.aws("s3")
    s3.put_object(Bucket=hoopstat.bucket("silver"), Key="box-scores/season=2026-27/a.parquet", Body=b"")
    key = "player_seasons/2026-27/0042.json"
    s3.put_object(Bucket=hoopstat.bucket("gold"), Key=key, Body=json.dumps(ROW).encode())
    hoopstat.sandbox.recycle(hoopstat.name(SERVER))
    earlier = len(hoopstat.server_log())

    async def talk(client: Client) -> tuple[Any, Any, Any]:
        return (
            await client.list_tools(),
            await client.call_tool("list_datasets", {}),
            await client.call_tool("query_gold", {"table": "player_seasons", "key": "2026-27/0042"}),
        )

    tools, datasets, row = hoopstat.ask(analyst, talk)
    assert {tool.name for tool in tools.tools} == {"list_datasets", "query_gold"}
    assert datasets.structured_content == {
        "datasets": {"box-scores": ["2026-27"]},
        "tables": ["player_seasons"],
    }
    assert row.structured_content == {"table": "player_seasons", "key": "2026-27/0042", "row": ROW}

    def answered() -> list[dict[str, Any]]:
        lines = [line for line in hoopstat.server_log()[earlier:] if line.get("message") == "answered"]
        return lines if len(lines) >= 3 else []

    # A call that comes before the last worker is free is given another: in the first conversation only.
    assert wait_for("the calls' lines in the log", answered)[0]["cold_start"] is True
    earlier = len(hoopstat.server_log())
    hoopstat.ask(analyst, talk)
    assert not any(line["cold_start"] for line in wait_for("the warm calls' lines", answered))


def test_who_may_ask(hoopstat: Hoopstat, analyst: Credentials) -> None:
    stranger = hoopstat.sandbox.assume(make_role(hoopstat.sandbox, "hoopstat-stranger"))
    forged = Credentials(analyst.access_key, "a" * 40, analyst.token)
    assert hoopstat.post({}) == 403
    assert hoopstat.post(hoopstat.signed(stranger)) == 403
    assert hoopstat.post(hoopstat.signed(forged)) == 403
    assert hoopstat.post(hoopstat.signed(analyst)) == 200


def test_the_roles_allow_what_the_specification_says_and_no_more(hoopstat: Hoopstat) -> None:
    def decided(service: str, action: str, bucket: str, key: str = "/any") -> str:
        role = f"arn:aws:iam::000000000000:role/{hoopstat.name(service)}"
        answer = hoopstat.aws("iam").simulate_principal_policy(
            PolicySourceArn=role,
            ActionNames=[action],
            ResourceArns=[f"arn:aws:s3:::{hoopstat.bucket(bucket)}{key}"],
        )
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    assert decided(INGESTION, "s3:PutObject", "bronze") == "allowed"
    assert decided(INGESTION, "s3:GetObject", "bronze") == "allowed"
    assert decided(INGESTION, "s3:DeleteObject", "bronze") != "allowed"
    assert decided(INGESTION, "s3:GetObject", "gold") != "allowed"
    assert decided(SERVER, "s3:GetObject", "gold") == "allowed"
    assert decided(SERVER, "s3:ListBucket", "silver", "") == "allowed"
    assert decided(SERVER, "s3:PutObject", "gold") != "allowed"
    assert decided(SERVER, "s3:GetObject", "bronze") != "allowed"


def test_another_tag_plans_no_change(hoopstat: Hoopstat) -> None:
    assert "nothing to do" in hoopstat.previews(imageTag="2026.11.0")
    assert "nothing to do" not in hoopstat.previews(imageTag="2026.11.0", memoryMb=512)


def test_what_the_pipeline_deploys_stays(hoopstat: Hoopstat) -> None:
    """As the workflow does it: code, version, alias. The program then finds nothing to do."""
    aws, name = hoopstat.aws("lambda"), hoopstat.name(INGESTION)
    location = aws.get_function(FunctionName=name)["Code"]["Location"]
    code = urllib3.request("GET", location).data
    aws.update_function_code(FunctionName=name, ZipFile=code)
    version = aws.publish_version(FunctionName=name, Description="by the pipeline")["Version"]
    aws.update_alias(FunctionName=name, Name="live", FunctionVersion=version)
    assert hoopstat.ingest({"action": "health"}).status == 200
    hoopstat.sandbox.fleet("refresh", "--stack", "local", "--yes")
    assert "nothing to do" in hoopstat.previews()
    hoopstat.sandbox.up()
    assert aws.get_alias(FunctionName=name, Name="live")["FunctionVersion"] == version


def test_the_stage_overrides_the_timeout_and_each_alarm_has_its_threshold(hoopstat: Hoopstat) -> None:
    aws = hoopstat.aws("lambda")
    timeouts = {
        service: aws.get_function_configuration(FunctionName=hoopstat.name(service))["Timeout"]
        for service in (INGESTION, SERVER)
    }
    assert timeouts == {INGESTION: TIMEOUT_S, SERVER: 30}
    alarms = hoopstat.aws("cloudwatch").describe_alarms(AlarmNamePrefix="lambda-")["MetricAlarms"]
    told = {alarm["AlarmName"]: (alarm["Threshold"], alarm["Statistic"]) for alarm in alarms}
    for service, slow_ms in ((INGESTION, 99_600.0), (SERVER, 24_900.0)):
        name = hoopstat.name(service)
        assert told[f"lambda-errors-{name}"] == (0.0, "Sum")
        assert told[f"lambda-throttles-{name}"] == (0.0, "Sum")
        assert told[f"lambda-duration-{name}"] == (slow_ms, "Maximum")


def test_the_schedule_is_daily(hoopstat: Hoopstat) -> None:
    rule = hoopstat.aws("events").describe_rule(Name="hoopstat-haus-local-daily-ingestion")
    assert (rule["ScheduleExpression"], rule["State"]) == ("cron(30 9 * * ? *)", "ENABLED")
    told = hoopstat.sandbox.fleet("send", INGESTION, "scheduled")
    assert "no source" in told  # none is configured in the sandbox


def test_the_registry_and_the_dashboard(hoopstat: Hoopstat) -> None:
    ecr, name = hoopstat.aws("ecr"), hoopstat.outputs["repository"]
    (repository,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"] == {"scanOnPush": True}
    policy = json.loads(ecr.get_repository_policy(repositoryName=name)["policyText"])
    assert policy["Statement"][0]["Principal"] == {"Service": "lambda.amazonaws.com"}
    rules = json.loads(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])["rules"]
    assert rules[0]["selection"]["tagPrefixList"] == ["live-bronze-ingestion-"]
    dashboard = hoopstat.aws("cloudwatch").get_dashboard(DashboardName=hoopstat.outputs["dashboard"])
    assert "Invocations" in dashboard["DashboardBody"]
