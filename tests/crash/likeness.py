"""States without what differs from run to run: times, and the names that AWS chose."""

from __future__ import annotations

import re
from typing import Any

_CHOSEN = frozenset(
    {
        *("createDate", "createdDate", "creationDate", "lastModified", "lastModifiedDate", "creationTime"),
        *("clientSecret", "publicDns", "publicIp", "rootResourceId", "uniqueId", "urlId", "versionId"),
        *("defaultNetworkAclId", "defaultRouteTableId", "defaultSecurityGroupId", "mainRouteTableId"),
        *("deploymentId", "functionUrl", "etag", "streamLabel"),
    }
)
"""Outputs that AWS chooses."""
_WORD = 5
"""Shorter ids mean something else elsewhere."""
_DROPPED = frozenset({"created", "modified", "sourcePosition", "stackTrace"})
_RANDOM = re.compile(r"-[0-9a-f]{7}\b")
_URL = re.compile(r"lambda-url/\w+")
_VERSION = re.compile(r":layer:([\w-]+):\d+")


def alike(resources: list[dict[str, Any]]) -> dict[str, Any]:
    """The resources by URN, in words that two runs have in common."""
    chosen = sorted((each for each in resources if each["custom"] and len(each["id"]) > _WORD), key=_first)
    names = {each["id"]: f"<{each['urn']}>" for each in reversed(chosen)}  # a bucket, and what is set on it
    roots = [
        each["outputs"]["rootResourceId"] for each in resources if "rootResourceId" in each.get("outputs", {})
    ]
    names |= dict.fromkeys(roots, "<root>")
    longest_first = sorted(names, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first))) if names else None

    def plain(value: Any, key: str = "") -> Any:
        if key in _CHOSEN and value and (isinstance(value, str) or "plaintext" in value):
            return "<chosen>"
        if isinstance(value, dict):
            return {plain(k): plain(v, k) for k, v in value.items() if k not in _DROPPED}
        if isinstance(value, list):
            found = [plain(each) for each in value]
            return sorted(found, key=str) if key in ("dependencies", "propertyDependencies") else found
        if not isinstance(value, str):
            return value
        text = pattern.sub(lambda found: names[found.group()], value) if pattern else value
        text = _URL.sub("lambda-url/<chosen>", text)
        return _VERSION.sub(r":layer:\1:<version>", _RANDOM.sub("-<random>", text))

    def resource(each: dict[str, Any]) -> Any:
        found = plain(each)
        found["propertyDependencies"] = {
            key: sorted(plain(urns)) for key, urns in each.get("propertyDependencies", {}).items()
        }
        if each["type"] == "aws:lambda/layerVersion:LayerVersion":
            found["outputs"]["version"] = "<chosen>"
        return found

    urns = [each["urn"] for each in resources]
    assert len(urns) == len(set(urns)), "something is there twice"
    return {each["urn"]: resource(each) for each in resources}


def _first(resource: dict[str, Any]) -> tuple[int, str]:
    return len(resource["type"]), resource["urn"]


def differences(found: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """What a reader wants to know of two that aren't alike."""
    told = []
    for urn in sorted(found.keys() | wanted.keys()):
        one, other = found.get(urn, {}), wanted.get(urn, {})
        told += [
            f"{urn}: {key}: {one.get(key)!r} instead of {other.get(key)!r}"
            for key in sorted(one.keys() | other.keys())
            if one.get(key) != other.get(key)
        ]
    return told
