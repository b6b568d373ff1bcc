"""Reading what Pulumi holds for a stage, as plain data."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import config as store

FLEET = "lambda-fleet"
AWS = "aws"


@dataclass(frozen=True, kw_only=True)
class Raw:
    """What a stage says, not judged yet.

    aws, fleet: values by key, without the namespace; lists and maps are parsed, everything else is text.
    ignored: keys of Pulumi's AWS provider (`profile`) that aren't asked for; their values aren't in here.
    encrypted: whole keys (`lambda-fleet:kmsKeyArn`) whose values, being secrets, aren't in here.
    """

    stage: str
    aws: dict[str, Any]
    fleet: dict[str, Any]
    ignored: frozenset[str]
    encrypted: frozenset[str]


def read(*, aws: Collection[str], fleet: Collection[str]) -> Raw:
    """Read the keys that are known, by namespace, and say what else the stage has in them."""
    # pulumi.Config gives the values of keys that one knows; all keys are listed only by what it reads itself.
    said = {*store.CONFIG.get(), *store.get_config_env()}
    wanted = {f"{AWS}:{key}" for key in aws} | {f"{FLEET}:{key}" for key in fleet}
    wanted |= {key for key in said if key.startswith(f"{FLEET}:")}
    encrypted = frozenset(filter(store.is_config_secret, wanted))
    return Raw(
        stage=pulumi.get_stack(),
        aws=_values(AWS, wanted - encrypted),
        fleet=_values(FLEET, wanted - encrypted),
        ignored=frozenset(key.removeprefix(f"{AWS}:") for key in said if key.startswith(f"{AWS}:"))
        - set(aws),
        encrypted=encrypted,
    )


def _values(namespace: str, wanted: Collection[str]) -> dict[str, Any]:
    config = pulumi.Config(namespace)
    keys = [key.removeprefix(f"{namespace}:") for key in wanted if key.startswith(f"{namespace}:")]
    found = {key: config.get(key) for key in sorted(keys)}
    # Empty text is how Pulumi.yaml's defaults say "none".
    return {key: _parsed(text) for key, text in found.items() if text}


def _parsed(text: str) -> Any:
    """Parse a list or a map, which Pulumi hands over as JSON."""
    if text.startswith(("[", "{")):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
