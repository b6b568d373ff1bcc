"""What a resource type is.

To add one: subclass :class:`ResourceType` in the file of its AWS service under ``services/``, describe its
inputs (:mod:`.schema`), name its outputs, write ``create``, ``read``, ``update`` and ``delete``, and put an
instance into that file's ``TYPES``. Everything else (Check, Diff, previews, tags, secrets, drift, errors)
follows from that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final

from .check import Failure
from .clients import Aws
from .schema import REGION, TAGS, Prop
from .settings import Settings

OWNER_TAG: Final = "fleet:urn"
"""See :mod:`.ownership`."""

Properties = dict[str, Any]
"""Plain property values by their Pulumi names: no secrets' wrappings; unknowns only in Check and previews."""


@dataclass(frozen=True, kw_only=True)
class Update:
    """A change in place.

    :ivar olds: the outputs so far
    :ivar news: the new inputs, whole
    :ivar changed: the top-level inputs that changed
    """

    id: str
    olds: Properties
    news: Properties
    changed: frozenset[str]

    def tags(self) -> tuple[list[str], dict[str, str]]:
        """The tags' keys to take away, and the tags to set."""
        olds: dict[str, str] = self.olds.get("tagsAll") or {}
        news: dict[str, str] = self.news.get("tagsAll") or {}
        removed = [key for key in olds if key not in news]
        return removed, {key: value for key, value in news.items() if olds.get(key) != value}


class ResourceType(ABC):
    """A type of resource: its description, and what is done with AWS.

    :cvar token: e.g. ``"aws:cloudwatch/logGroup:LogGroup"``
    :cvar service: botocore's name of the service
    :cvar props: the inputs, without ``region``, ``tags`` and ``tagsAll``, which :attr:`inputs` adds
    :cvar outputs: what only AWS gives
    :cvar autoname: an input that gets a name made from the resource's when it isn't given; empty: none
    :cvar autoname_limit: the longest name that is made
    :cvar regional: takes ``region``
    :cvar tagged: takes ``tags``
    :cvar most_tags: how many tags AWS takes
    :cvar tagged_at_once: what :meth:`create` makes has its tags at once; else :meth:`finish` sets them
    :cvar identity: the inputs by which AWS tells this resource from its siblings: while they stay the same,
        old and new can't exist together, and a replacement deletes first
    :cvar stuck: the inputs that AWS changes in place, and the embedded AWS doesn't: their change is an error
    """

    token: ClassVar[str]
    service: ClassVar[str]
    props: ClassVar[Mapping[str, Prop]]
    outputs: ClassVar[tuple[str, ...]] = ()
    autoname: ClassVar[str] = ""
    autoname_limit: ClassVar[int] = 64
    identity: ClassVar[tuple[str, ...]] = ()
    stuck: ClassVar[tuple[str, ...]] = ()
    regional: ClassVar[bool] = True
    tagged: ClassVar[bool] = False
    most_tags: ClassVar[int] = 50
    tagged_at_once: ClassVar[bool] = True

    @cached_property
    def inputs(self) -> Mapping[str, Prop]:
        """Every input, including those that many types have."""
        found = dict(self.props)
        if self.tagged:
            found |= {"tags": TAGS, "tagsAll": TAGS}
        if self.regional:
            found["region"] = REGION
        return found

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """What is wrong beyond single properties; something in ``inputs`` may be ``UNKNOWN``."""
        del inputs, settings
        return ()

    def also_replaces(self, olds: Properties, news: Properties) -> Iterable[str]:
        """Top-level inputs whose change replaces only under conditions."""
        del olds, news
        return ()

    def check_change(self, olds: Properties, news: Properties) -> None:
        """Refuse a change that can't be, before anything is done; something in ``news`` may be ``UNKNOWN``.

        :raises ProviderError: what, and what to do
        """
        del olds, news

    def unsettled(self, changed: frozenset[str], news: Properties) -> Iterable[str]:
        """The outputs that an update of ``changed`` inputs may change: unknown in its preview."""
        del changed, news
        return ()

    def id_of(self, inputs: Properties) -> str | None:
        """The id, where the inputs alone say it."""
        del inputs
        return None

    def imported_by(self) -> str:
        """The form of an import's id: ``<part>`` and what is between; ``[...]`` may be left out."""
        return self.id_of({name: f"<{name}>" for name in self.inputs}) or "<id>"

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """The ids of all that :meth:`create` may have made of these inputs, in a run that was cut off.

        Where the inputs say the id, nobody is asked; else those whose name, place or tag is the one. Whether
        they are there, and whose they are, is looked at afterwards (:mod:`.ownership`). AWS's errors of the
        kind "not found" mean that there are none.

        :param owner: the value of the tag of what was made
        """
        del aws, owner
        named = self.id_of(inputs)
        if named is not None:
            yield named

    @abstractmethod
    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make it; the answer is its id. Nothing is left behind when this raises."""

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """What remains once it exists: waiting, further calls. If it fails, the state keeps the resource.

        After a run that was cut off it is done again, whether it had been done or not.
        """
        del aws, id, inputs

    @abstractmethod
    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """All its properties as AWS tells them, by Pulumi's names; ``None``: it isn't there.

        A tagged type gives ``tagsAll``, not ``tags``. Where an import's id isn't the resource's own, ``id``
        among them corrects it. AWS's errors of the kind "not found" mean ``None`` too.

        :param known: outputs (or, right after creation, inputs) so far; empty in an import
        """

    def update(self, aws: Aws, update: Update) -> None:  # noqa: B027 -- most types have something to do
        """Change it in place. Nothing to do where every input that AWS knows of replaces."""

    @abstractmethod
    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it; AWS's errors of the kind "not found" mean that it is done."""
