"""Valid arguments, from which each test changes one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import bundling
from components.bedrock import BedrockModel
from components.code import Code, Packages, SignedPackage
from components.data.database import Database
from components.data.secret import Secret
from components.naming import Scope
from components.network import Network
from components.service_args import LambdaServiceArgs
from components.system import StageArgs
from components.systems.typerush import TypeRushArgs
from components.triggers.api import Throttling
from tests.mocks import ACCOUNT, REGION

SCOPE = Scope(system="typerush", stage="dev", account=ACCOUNT, region=REGION)
NETWORK = Network(
    vpc_id="vpc-0a1b2c3d4e5f60718",
    subnet_ids=("subnet-0a1b2c3d4e5f60718", "subnet-1a1b2c3d4e5f60718"),
    security_group_id="sg-0a1b2c3d4e5f60718",
)
SECRET_ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:typerush/database-AbCdEf"
DATABASE = Database(secret=Secret(arn=SECRET_ARN), security_group_id="sg-1a1b2c3d4e5f60718")
GAME_ROLE = f"arn:aws:iam::{ACCOUNT}:role/game-service"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
MODEL = "anthropic.claude-3-haiku-20240307-v1:0"


class BuiltPackages(Packages):
    """Packages that pretend to be built; nothing is read."""

    def build(self, folder: str) -> bundling.Bundle:
        """Make a small package, as `bundling.build` would."""
        return bundle(folder, self.target)


class LargePackages(Packages):
    """Packages that are too large for the call itself."""

    def build(self, folder: str) -> bundling.Bundle:
        """Make a large package."""
        return replace(bundle(folder, self.target), size_bytes=60 * 1024 * 1024)


def bundle(folder: str, target: bundling.Target) -> bundling.Bundle:
    """Describe a package as if it had been built."""
    name = folder.removeprefix("functions/").replace("/", "-").replace("_", "-")
    layer = name.endswith("layer")
    return bundling.Bundle(
        name=name,
        kind=bundling.Kind.PYTHON_LAYER if layer else bundling.Kind.PYTHON,
        target=target,
        path=f"build/{target.value}/{name}.zip",
        size_bytes=1_000_000,
        unzipped_bytes=3_000_000,
        sha256="5e" * 32,
        python_version=("3.11" if name.startswith("spendsense") else "3.12") if layer else None,
    )


PACKAGES = BuiltPackages(project=Path(), target=bundling.Target.LAMBDA)
STAGE = StageArgs(packages=PACKAGES)
TYPERUSH = TypeRushArgs(
    scope=SCOPE,
    common=STAGE,
    network=NETWORK,
    database=DATABASE,
    game_service_role_arn=GAME_ROLE,
    model=BedrockModel.by_id(SCOPE, MODEL),
)


THROTTLING = Throttling(rate_limit=5, burst_limit=10)
SIGNED = SignedPackage(bucket="signed-packages", key="signed/0123abcd.zip", version="v7")


def throttled(settings: Mapping[str, Any]) -> tuple[float, int]:
    """Read how many requests an API's settings let through: steadily, and at once."""
    return settings["throttlingRateLimit"], settings["throttlingBurstLimit"]


def service_args(**changes: Any) -> LambdaServiceArgs:
    """Make a small valid service, and change what is given."""
    valid = LambdaServiceArgs(
        scope=SCOPE,
        service="worker",
        code=Code.zip("functions/typerush/worker", PACKAGES),
        runtime="python3.12",
        handler="main.handler",
    )
    return replace(valid, **changes)
