"""Whose a resource is: a tag that names the URN which it was made for.

A run may be cut off after AWS has made something, and before its id was written down. The next run asks for
it (function ``aws:fleet:find``). The tag tells it from what others have made, also where AWS chose its name.
Types that AWS does not tag live in a parent of ours, or are found by a name: such a one is ours if it
is exactly what the inputs say.

The tag is the provider's own business: nothing that is told of a resource has it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from .compare import changes
from .resource import OWNER_TAG, Properties, ResourceType
from .settings import Settings
from .state import read_inputs
from .values import PropertyMap, plain

_LONGEST: Final = 256
_DIGEST: Final = 16
_FORBIDDEN: Final = re.compile(r"[^\w +\-=.:/@]")
"""https://docs.aws.amazon.com/tag-editor/latest/userguide/tagging.html: what every service takes is left."""


def owner(urn: str) -> str:
    """A URN as the value of a tag: whole where AWS takes it, else readable and with a digest of all of it."""
    text = _FORBIDDEN.sub("/", urn)
    if text == urn and len(urn) <= _LONGEST:
        return urn
    digest = hashlib.sha256(urn.encode()).hexdigest()[:_DIGEST]
    return f"{text[: _LONGEST - _DIGEST - 1]}@{digest}"


def marked(kind: ResourceType, properties: Properties, urn: str) -> Properties:
    """The properties with the tag, if the type has tags, and room for one more."""
    tags = properties.get("tagsAll") or {}
    if not kind.tagged or len(tags) >= kind.most_tags:
        return properties
    return {**properties, "tagsAll": {**tags, OWNER_TAG: owner(urn)}}


def unmarked(attributes: Properties | None) -> Properties | None:
    """What AWS tells of a resource, without the tag."""
    tags = (attributes or {}).get("tagsAll")
    if attributes is None or not tags or OWNER_TAG not in tags:
        return attributes
    return {**attributes, "tagsAll": {key: value for key, value in tags.items() if key != OWNER_TAG}}


def is_ours(
    kind: ResourceType,
    inputs: PropertyMap,
    attributes: Properties,
    urn: str,
    settings: Settings,
    region: str,
) -> bool:
    """Whether a creation with these inputs, for this URN, has made what AWS tells of.

    :param attributes: with the tag, if it is there
    """
    tags = attributes.get("tagsAll") or {}
    if OWNER_TAG in tags:
        return bool(tags[OWNER_TAG] == owner(urn))
    if kind.tagged and kind.tagged_at_once and len(plain(inputs.get("tagsAll")) or {}) < kind.most_tags:
        return False
    if kind.tagged:
        return True  # its name is all that there is: its tags were still to come, or have no room for ours
    return not changes(kind.inputs, inputs, read_inputs(kind, inputs, attributes, settings, region))


def is_anothers(
    kind: ResourceType, found: str, inputs: Properties, others: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether the state knows what was found as another resource of the type.

    :param others: their ``id`` and ``inputs``; inputs that replace tell those of one id in two parents apart
    """
    places = [key for key, prop in kind.inputs.items() if prop.replaces and not prop.local]
    return any(
        each["id"] == found and all(each["inputs"].get(key) == inputs.get(key) for key in places)
        for each in others
    )
