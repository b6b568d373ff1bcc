"""The provider's own configuration: ``aws:region`` and the like, or an explicit ``aws.Provider``'s inputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .check import Failure, check
from .schema import REGION, Kind, Prop, boolean, list_of, map_of, object_of, string
from .values import UNKNOWN, PropertyMap, Secret, Value, has_unknown, plain

_ACCOUNTS = list_of(string(pattern=r"\d{12}", meaning="an account id, 12 digits in a string"))

PROPS: Mapping[str, Prop] = {
    "region": REGION,
    "allowedAccountIds": _ACCOUNTS,
    "forbiddenAccountIds": _ACCOUNTS,
    "defaultTags": object_of({"tags": map_of(string(maximum=256), maximum=50)}),
    # The embedded AWS has no metadata service and always checks; what these ask for holds either way.
    "skipCredentialsValidation": boolean(),
    "skipMetadataApiCheck": boolean(),
    "skipRegionValidation": boolean(),
    "skipRequestingAccountId": boolean(),
}

_REFUSED = {
    "accessKey": "credentials",
    "secretKey": "credentials",
    "token": "credentials",
    "profile": "credentials",
    "sharedConfigFiles": "credentials",
    "sharedCredentialsFiles": "credentials",
    "assumeRoles": "credentials",
    "assumeRoleWithWebIdentity": "credentials",
    "endpoints": "the endpoint",
    "httpProxy": "the way to the endpoint",
    "httpsProxy": "the way to the endpoint",
    "noProxy": "the way to the endpoint",
    "customCaBundle": "the way to the endpoint",
    "insecure": "the way to the endpoint",
}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a configured provider knows.

    :ivar region: empty while it is unknown (a preview)
    :ivar default_tags: are on every resource that takes tags
    """

    region: str = ""
    allowed_account_ids: tuple[str, ...] = ()
    forbidden_account_ids: tuple[str, ...] = ()
    default_tags: Mapping[str, Value] | None = field(default_factory=dict)


def parse(inputs: Mapping[str, Value]) -> PropertyMap:
    """The inputs with every value as itself: the SDK sends all but strings as JSON in a string."""
    return {key: _parsed(PROPS[key], value) if key in PROPS else value for key, value in inputs.items()}


def _parsed(prop: Prop, value: Value) -> Value:
    if isinstance(value, Secret):
        return Secret(element=_parsed(prop, value.element))
    if prop.kind is not Kind.STRING and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def failures(inputs: Mapping[str, Value]) -> Iterator[Failure]:
    """What is wrong with the provider's inputs."""
    given = {
        key: value for key, value in parse(inputs).items() if key not in {"version", "pluginDownloadURL"}
    }
    for key in [key for key in given if key in _REFUSED]:
        del given[key]
        yield Failure(
            path=key,
            reason=f"isn't allowed here: the sandbox itself gives {_REFUSED[key]}; take it out of this stage",
        )
    yield from check(PROPS, given, service="sts")
    if "region" not in given:
        yield Failure(
            path="region", reason="missing; set it, e.g. `aws:region: us-east-1` in Pulumi.<stack>.yaml"
        )


def settings(inputs: Mapping[str, Value]) -> Settings:
    """The settings of checked inputs."""
    known: dict[str, Any] = plain(parse(inputs))
    tags = known.get("defaultTags")
    region = known.get("region")
    return Settings(
        region="" if region is UNKNOWN or region is None else region,
        allowed_account_ids=_texts(known.get("allowedAccountIds")),
        forbidden_account_ids=_texts(known.get("forbiddenAccountIds")),
        default_tags=None if tags is UNKNOWN else (tags or {}).get("tags") or {},
    )


def _texts(value: Any) -> tuple[str, ...]:
    return () if value is None or has_unknown(value) else tuple(value)
