from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from components.data.secret import Secret
from components.network import Nat, NetworkArgs
from components.systems.hoopstat import HoopstatArgs, Pipeline
from components.triggers.api import Throttling
from tests.settings.sample import ACCOUNT, SERVICE, SERVICE_ARGS, changed, load, mistakes, of

KEY = "lambda-fleet:hoopstat"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
SECRET = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:league-a1B2c3"


def loaded(**choices: Any) -> HoopstatArgs:
    stage = load(changed({f"{KEY}.{path}": value for path, value in choices.items()}, of("hoopstat")))
    (args,) = stage.systems.values()
    assert isinstance(args, HoopstatArgs)
    return args


def test_a_small_stage_takes_the_components_defaults() -> None:
    args = loaded()
    assert args == HoopstatArgs(scope=args.scope, common=args.common)


def test_everything_that_can_be_said_arrives() -> None:
    args = loaded(
        network={"create": {"zones": ["a", "b"], "cidr": "10.7.0.0/16", "nat": "none"}},
        pipeline={"providerArn": PROVIDER, "repository": "hoopstat/haus", "branch": "stable"},
        schedule="rate(1 hour)",
        sourceUrl="https://league.example/{date}.json",
        api={"throttling": {"rateLimit": 5, "burstLimit": 10}},
        bronzeIngestion={**SERVICE, "imageTag": "1.2", "secrets": {"LEAGUE_KEY": SECRET}},
        mcpServer={"imageTag": "3.4", "deadLetters": True, "memoryMb": 1024},
    )
    assert args.network == NetworkArgs(
        scope=args.scope,
        services=("logs", "sqs", "xray", "secretsmanager"),
        zones=("a", "b"),
        cidr="10.7.0.0/16",
        nat=Nat.NONE,
    )
    assert args.pipeline == Pipeline(provider_arn=PROVIDER, repository="hoopstat/haus", branch="stable")
    assert (args.schedule, args.source_url) == ("rate(1 hour)", "https://league.example/{date}.json")
    assert args.throttling == Throttling(rate_limit=5, burst_limit=10)
    bronze = replace(
        HoopstatArgs.bronze_ingestion,
        image_tag="1.2",
        secrets={"LEAGUE_KEY": Secret(arn=SECRET)},
        **SERVICE_ARGS,
    )
    assert args.bronze_ingestion == bronze
    server = replace(HoopstatArgs.mcp_server, image_tag="3.4", dead_letters=True, memory_mb=1024)
    assert args.mcp_server == server


@pytest.mark.parametrize(
    ("path", "value", "allowed"),
    [
        ("schedule", "daily", "'rate(1 hour)'"),
        ("sourceUrl", "http://league.example", "an https URL"),
        ("pipeline", {"providerArn": PROVIDER, "repository": "haus"}, "owner/name"),
        ("mcpServer.imageTag", "1:2", "a tag's letters"),
        ("mcpServer.secrets", {"LEAGUE_KEY": "secret"}, "arn:aws:secretsmanager"),
    ],
)
def test_a_mistake_is_told_at_its_path(path: str, value: Any, allowed: str) -> None:
    (mistake,) = mistakes(changed({f"{KEY}.{path}": value}, of("hoopstat")))
    assert mistake.path.startswith(f"{KEY}.{path}")
    assert allowed in mistake.allowed
