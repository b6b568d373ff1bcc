"""A valid stage, what changes it, and loading it as the program does."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi.runtime

import settings
from components.concurrency import ProvisionedConcurrency
from components.traffic import CodeDeploy
from settings import Mistake, SettingsError, Stage

ACCOUNT = "111122223333"
REGION = "ap-southeast-1"

STAGE: Mapping[str, Any] = {
    "aws:region": "us-east-1",
    "aws:allowedAccountIds": [ACCOUNT],
    "lambda-fleet:systems": ["typerush"],
    "lambda-fleet:typerush": {
        "region": REGION,
        "network": {
            "vpcId": "vpc-0a1b2c3d4e5f60001",
            "subnetIds": ["subnet-0a1b2c3d4e5f6000a", "subnet-0a1b2c3d4e5f6000b"],
            "securityGroupId": "sg-0a1b2c3d4e5f60001",
        },
        "database": {
            "secretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:typerush-a1B2c3",
            "securityGroupId": "sg-0a1b2c3d4e5f60002",
        },
        "gameServiceRoleArn": f"arn:aws:iam::{ACCOUNT}:role/game",
        "model": "anthropic.claude-3-haiku-20240307-v1:0",
    },
}


OTHERS: Mapping[str, Mapping[str, Any]] = {
    "payments": {
        "region": "us-east-1",
        "network": {
            "vpcId": "vpc-0a1b2c3d4e5f60003",
            "subnetIds": ["subnet-0a1b2c3d4e5f6000c", "subnet-0a1b2c3d4e5f6000d"],
            "securityGroupId": "sg-0a1b2c3d4e5f60003",
        },
    },
    "spendsense": {
        "region": "us-east-1",
        "network": {
            "vpcId": "vpc-0a1b2c3d4e5f60004",
            "subnetIds": ["subnet-0a1b2c3d4e5f6000e", "subnet-0a1b2c3d4e5f6000f"],
            "securityGroupId": "sg-0a1b2c3d4e5f60004",
        },
        "database": {
            "secretArn": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:money-a1B2c3",
            "securityGroupId": "sg-0a1b2c3d4e5f60005",
        },
        "cognito": {
            "userPoolArn": f"arn:aws:cognito-idp:us-east-1:{ACCOUNT}:userpool/us-east-1_AbCdEfGhI",
            "secretArn": f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:users-a1B2c3",
        },
        "api": {"origins": ["https://app.example"]},
    },
    "hoopstat": {"region": "us-east-1"},
}
"""What is enough to deploy the systems that STAGE doesn't have."""


SIGNED: Mapping[str, str] = {"bucket": "signed-packages", "key": "signed/0123abcd.zip", "version": "v7"}
SERVICE: Mapping[str, Any] = {
    "memoryMb": 2048,
    "timeoutS": 45,
    "ephemeralStorageMb": 1024,
    "logLevel": "debug",
    "reservedConcurrency": 10,
    "provisionedConcurrency": {"min": 1, "max": 5},
    "traffic": {"codeDeploy": {"percent": 20, "minutes": 5, "linear": True}},
}
"""Everything that can be said of any service; SERVICE_ARGS is what arrives."""

SERVICE_ARGS: Mapping[str, Any] = {
    "memory_mb": 2048,
    "timeout_s": 45,
    "ephemeral_storage_mb": 1024,
    "log_level": "debug",
    "reserved_concurrency": 10,
    "provisioned_concurrency": ProvisionedConcurrency(min=1, max=5),
    "traffic": CodeDeploy(percent=20, minutes=5, linear=True),
}


class _Removed:
    def __repr__(self) -> str:
        return "removed"


REMOVED = _Removed()
"""As a change: take the key away."""


def changed(changes: Mapping[str, Any], stage: Mapping[str, Any] = STAGE) -> dict[str, Any]:
    """Change a stage, by paths as `pulumi config set --path` takes them (without indexes)."""
    result: dict[str, Any] = copy.deepcopy(dict(stage))
    for path, value in changes.items():
        namespace, _, below = path.partition(":")
        first, *rest = below.split(".")
        names = [f"{namespace}:{first}", *rest]
        target = result
        for name in names[:-1]:
            target = target.setdefault(name, {})
        if value is REMOVED:
            del target[names[-1]]
        else:
            target[names[-1]] = value
    return result


def of(system: str) -> dict[str, Any]:
    """Give a stage that deploys one of the other systems."""
    return changed({"lambda-fleet:systems": [system], f"lambda-fleet:{system}": OTHERS[system]})


def as_text(value: Any) -> str:
    """Write a value as Pulumi hands it to a program."""
    return value if isinstance(value, str) else json.dumps(value)


def load(config: Mapping[str, Any], *, stack: str = "dev", secrets: Iterable[str] = ()) -> Stage:
    """Load a stage as the program does under Pulumi."""
    pulumi.runtime.configure(
        pulumi.runtime.Settings(project="lambda-fleet", stack=stack, organization="organization")
    )
    pulumi.runtime.set_all_config({key: as_text(value) for key, value in config.items()}, list(secrets))
    return settings.load()


def mistakes(config: Mapping[str, Any], *, stack: str = "dev", secrets: Iterable[str] = ()) -> list[Mistake]:
    """Load a stage that is refused, and give what is said about it."""
    try:
        load(config, stack=stack, secrets=secrets)
    except SettingsError as error:
        return list(error.mistakes)
    return []
