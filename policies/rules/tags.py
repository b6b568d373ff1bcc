"""OPS-02: tags."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting
from policies.rules.reading import UNREADABLE
from policies.view import UNKNOWN, Block, Graph, MalformedError, Resource, Unknown, Value, plain


@cache
def taggable() -> frozenset[str]:
    """The types that take tags: data/taggable.json."""
    path = Path(__file__).parent.parent / "data" / "taggable.json"
    content: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return frozenset(content["types"])


def _judged(graph: Graph) -> list[Resource]:
    return [resource for resource in graph if resource.type in taggable()]


def _check(resource: Resource, context: Context) -> Iterator[Finding]:
    lacking = _lacking(resource, context)
    if lacking is UNKNOWN:
        found = f"its tags {UNREADABLE}"
    elif lacking:
        found = f"it lacks {', '.join(lacking)}"
    else:
        return
    allowed = f"the tags {', '.join(context.settings['tags'])}"
    yield Finding(resource=resource, subject="tags", found=found, allowed=allowed)


def _lacking(resource: Resource, context: Context) -> list[str] | Unknown:
    """The required tags that neither the resource nor its provider's default tags have."""
    tags: dict[str, Value] = dict(_default_tags(resource.provider))
    unknown = False
    for name in ("tagsAll", "tags"):
        block = resource.block(name)
        if block is UNKNOWN:
            unknown = True
        elif block is not None:
            tags.update(block.values)
    lacking = [tag for tag in context.settings["tags"] if plain(tags.get(tag)) in (None, "")]
    return UNKNOWN if lacking and unknown else lacking


def _default_tags(provider: Block) -> Mapping[str, Value]:
    """Read a provider's default tags, which Pulumi sends as JSON in a string."""
    value = plain(provider.values.get("defaultTags"))
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    tags = plain(value.get("tags")) if isinstance(value, dict) else None
    return tags if isinstance(tags, dict) else {}


def _remedy(resource: Resource, context: Context) -> Mapping[str, Value]:
    if resource.type not in taggable():
        return {}
    known = dict(pair.split("=", 1) for pair in context.settings["remedyTags"] if "=" in pair)
    try:
        lacking, own = _lacking(resource, context), resource.block("tags")
    except MalformedError:
        return {}
    if lacking is UNKNOWN or own is UNKNOWN:
        return {}
    added: dict[str, Value] = {tag: known[tag] for tag in lacking if tag in known}
    return {"tags": {**(own.values if own is not None else {}), **added}} if added else {}


OPS_02 = Rule(
    id="OPS-02",
    title="Required tags are missing",
    severity=Severity.MEDIUM,
    what="Everything that takes tags has the tags that the stage requires, its own or its provider's "
    "default.",
    why="Costs, owners and leftovers are found by tags, and permissions can be bound to them.",
    mend="Set the tags, best once as the provider's default_tags.",
    source="https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/"
    "building-your-tagging-strategy.html",
    settings={
        "tags": Setting(
            schema={"type": "array", "items": {"type": "string"}},
            default=["System", "Service", "Stage", "ManagedBy"],
            what="The required tags' keys",
        ),
        "remedyTags": Setting(
            schema={"type": "array", "items": {"type": "string"}},
            default=[],
            what="What the level `remediate` sets where it is missing, as `ManagedBy=pulumi`",
        ),
    },
    over=_judged,
    check=_check,
    remedy=_remedy,
)
