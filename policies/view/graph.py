"""The stack's resources and how they belong together.

Links are followed whichever way the program made them: an output of the other resource (known or not), its
ARN or name written by hand. What isn't in the stack is a plain string; what can't be known is UNKNOWN.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias, TypeVar, cast

from policies.view.arn import Arn
from policies.view.resource import Block, MalformedError, Resource
from policies.view.values import UNKNOWN, Unknown, Value, plain, secret_texts

FUNCTION: Final = "aws:lambda/function:Function"
ROLE: Final = "aws:iam/role:Role"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
ROLE_ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
POLICY_ATTACHMENT: Final = "aws:iam/policyAttachment:PolicyAttachment"
ROLE_ATTACHMENTS: Final = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
POLICY: Final = "aws:iam/policy:Policy"
QUEUE: Final = "aws:sqs/queue:Queue"
SOURCE_MAPPING: Final = "aws:lambda/eventSourceMapping:EventSourceMapping"
ALIAS: Final = "aws:lambda/alias:Alias"

T = TypeVar("T")

Link: TypeAlias = Resource | str | Unknown | None
"""What a property refers to: a resource of the stack, the name or ARN of something else, or nothing."""

_SHORT_SECRET = 3


@dataclass(frozen=True)
class Feed:
    """An event source mapping and what it joins."""

    mapping: Resource
    source: Link
    function: Link


class Graph:
    """All resources of a stack.

    partial: only some of them are here (a single resource before an update makes it): rules that need
    the others don't judge then. around: resources that aren't judged, but say where the others belong.
    memory: what others made of this graph once (its policy documents), by the function that made it.
    given_secrets: the secret values of the stack's configuration.
    """

    def __init__(
        self,
        resources: Iterable[Resource],
        *,
        partial: bool = False,
        around: Iterable[Resource] = (),
        given_secrets: Iterable[str] = (),
    ) -> None:
        self.resources = tuple(sorted(resources, key=lambda resource: resource.urn))
        self.partial = partial
        self.given_secrets = tuple(given for given in given_secrets if given)
        self.memory: dict[object, object] = {}
        self._by_urn = {resource.urn: resource for resource in (*around, *self.resources)}
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        for resource in self.resources:
            self._by_type[resource.type].append(resource)

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def remember(self, make: Callable[[Graph], T]) -> T:
        """Make something of this graph once."""
        if make not in self.memory:
            self.memory[make] = make(self)
        return cast("T", self.memory[make])

    def get(self, urn: str) -> Resource | None:
        """Find a resource by its URN."""
        return self._by_urn.get(urn)

    def of_type(self, *types: str) -> list[Resource]:
        """All resources of these types, in a stable order."""
        return [resource for wanted in types for resource in self._by_type.get(wanted, ())]

    def ancestors(self, resource: Resource) -> Iterator[Resource]:
        """Its parent, its parent's parent and so on, without the stack."""
        seen = {resource.urn}
        above = self.get(resource.parent)
        while above is not None and above.urn not in seen and above.type != "pulumi:pulumi:Stack":
            yield above
            seen.add(above.urn)
            above = self.get(above.parent)

    def link(self, resource: Resource, path: str, *types: str) -> Link:
        """Follow a property to what it means, of one of the types. Raises MalformedError for no string."""
        return self.follow(resource, path, resource.text(path), *types)

    def follow(self, resource: Resource, path: str, value: str | Unknown | None, *types: str) -> Link:
        """Follow one value of a property (an item of a list, say)."""
        if isinstance(value, str):
            by_value = self._find(value, types)
            if by_value is not None:
                return by_value
        if value is None:
            return None
        come_from = [
            found
            for urn in resource.property_dependencies.get(path.split(".")[0], ())
            if (found := self.get(urn)) is not None and found.type in types
        ]
        if len(come_from) == 1 and (value is UNKNOWN or not _is_arn(value)):
            return come_from[0]
        return value

    # What a function is joined to

    def role_of(self, function: Resource) -> Link:
        """The role that a function runs under."""
        return self.link(function, "role", ROLE)

    def functions_of(self, role: Resource) -> list[Resource]:
        """The functions that run under a role."""
        return self._functions_by_role.get(role.urn, [])

    def feeds_of(self, function: Resource) -> list[Feed]:
        """What feeds a function by polling: queues, streams."""
        return [feed for feed in self.feeds if feed.function is function]

    @cached_property
    def feeds(self) -> list[Feed]:
        """All event source mappings with what they join."""
        return [
            Feed(
                mapping,
                self._quietly(mapping, "eventSourceArn", QUEUE, *_STREAMS),
                self.function_of(mapping, "functionName"),
            )
            for mapping in self.of_type(SOURCE_MAPPING)
        ]

    def function_of(self, resource: Resource, path: str) -> Link:
        """The function that a property names, by name, ARN, qualified ARN or through an alias."""
        found = self._quietly(resource, path, FUNCTION, ALIAS)
        if isinstance(found, str) and not _is_arn(found) and ":" in found:
            name = found.removeprefix("function:").split(":")[0]  # and its qualifier
            found = self.follow(resource, path, name, FUNCTION)
        if isinstance(found, Resource) and found.type == ALIAS:
            return self._quietly(found, "functionName", FUNCTION)
        return found

    @cached_property
    def _functions_by_role(self) -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = defaultdict(list)
        for function in self.of_type(FUNCTION):
            role = self._quietly(function, "role", ROLE)
            if isinstance(role, Resource):
                found[role.urn].append(function)
        return found

    # What a role carries

    def policies_of(self, role: Resource) -> list[Link]:
        """What a role carries beside its own inline policies: inline and managed policies, known or not."""
        return self._policies_by_role.get(role.urn, [])

    @cached_property
    def _policies_by_role(self) -> dict[str, list[Link]]:
        carried: dict[str, list[Link]] = defaultdict(list)
        for policy in self.of_type(ROLE_POLICY):
            role = self._quietly(policy, "role", ROLE)
            if isinstance(role, Resource):
                carried[role.urn].append(policy)
        for _, carrier, managed in self.attachments:
            if isinstance(carrier, Resource):
                carried[carrier.urn].append(managed)
        return carried

    @cached_property
    def attachments(self) -> list[tuple[Resource, Link, Link]]:
        """Every managed policy that something carries: the declaring resource, the carrier, the policy."""
        found: list[tuple[Resource, Link, Link]] = []
        for role in self.of_type(ROLE):
            found += [(role, role, policy) for policy in self._links(role, "managedPolicyArns", POLICY)]
        for attachment in self.of_type(ROLE_ATTACHMENT):
            carrier = self._quietly(attachment, "role", ROLE)
            found.append((attachment, carrier, self._quietly(attachment, "policyArn", POLICY)))
        for exclusive in self.of_type(ROLE_ATTACHMENTS):
            carrier = self._quietly(exclusive, "roleName", ROLE)
            found += [(exclusive, carrier, policy) for policy in self._links(exclusive, "policyArns", POLICY)]
        for kind in ("user", "group"):
            for attachment in self.of_type(f"aws:iam/{kind}PolicyAttachment:{kind.title()}PolicyAttachment"):
                found.append((attachment, None, self._quietly(attachment, "policyArn", POLICY)))
        for attachment in self.of_type(POLICY_ATTACHMENT):
            policy = self._quietly(attachment, "policyArn", POLICY)
            carriers = self._links(attachment, "roles", ROLE) or [None]
            found += [(attachment, carrier, policy) for carrier in carriers]
        return found

    # What is known of the account

    @cached_property
    def accounts(self) -> frozenset[str]:
        """The accounts that the stack is for: what its providers allow, else those of its resources' ARNs."""
        allowed = {
            account
            for provider in [*self.of_type("pulumi:providers:aws"), *(r.provider for r in self.resources)]
            for account in _allowed_accounts(provider)
        }
        if allowed:
            return frozenset(allowed)
        arns = (plain(resource.outputs.values.get("arn")) for resource in self.resources)
        parsed = (Arn.parse(arn) for arn in arns if isinstance(arn, str))
        return frozenset(arn.account for arn in parsed if arn is not None and arn.account.isdigit())

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Every string inside a secret, the longest first: what no message may contain."""
        texts = {
            text
            for resource in self.resources
            for values in (resource.values, resource.outputs.values, resource.provider.values)
            for value in values.values()
            for text in secret_texts(value)
        } | set(self.given_secrets)
        return tuple(sorted((text for text in texts if len(text) >= _SHORT_SECRET), key=len, reverse=True))

    def _links(self, resource: Resource, path: str, *types: str) -> list[Link]:
        try:
            values = resource.texts(path)
        except MalformedError:
            return [UNKNOWN]
        if values is None:
            return []
        if values is UNKNOWN:
            return [UNKNOWN]
        return [self.follow(resource, path, value, *types) for value in values]

    def _quietly(self, resource: Resource, path: str, *types: str) -> Link:
        """Follow a property; one of a wrong type can't be known (the rule about it says so)."""
        try:
            return self.link(resource, path, *types)
        except MalformedError:
            return UNKNOWN

    def _find(self, text: str, types: tuple[str, ...]) -> Resource | None:
        arn = Arn.parse(text)
        for wanted in types:
            names = self._names(wanted)
            found = names.get(text)
            if found is None and arn is not None and arn.service == _service_of(wanted):
                found = names.get(arn.name)
            if found is not None:
                return found
        return None

    def _names(self, wanted: str) -> dict[str, Resource]:
        index = self._name_index.get(wanted)
        if index is None:
            index = {}
            for resource in self.of_type(wanted):
                for key in ("name", "arn", "id", "url", "bucket", "qualifiedArn"):
                    name = resource.computed(key)
                    if isinstance(name, str) and name and not (wanted == ALIAS and key == "name"):
                        index.setdefault(name, resource)
            self._name_index[wanted] = index
        return index

    @cached_property
    def _name_index(self) -> dict[str, dict[str, Resource]]:
        return {}


_STREAMS: Final = (
    "aws:kinesis/stream:Stream",
    "aws:dynamodb/table:Table",
)


_ARN_SERVICES: Final = {
    "aws:cloudwatch/logGroup:LogGroup": "logs",
    "aws:cloudwatch/eventRule:EventRule": "events",
    "aws:cloudwatch/eventBus:EventBus": "events",
}
"""Types that Pulumi keeps in a module that isn't the service of their ARNs."""


def _service_of(type_: str) -> str:
    return _ARN_SERVICES.get(type_) or type_.removeprefix("aws:").split("/")[0].split(":")[0]


def _is_arn(text: str) -> bool:
    return Arn.parse(text) is not None


def _allowed_accounts(provider: Block) -> list[str]:
    """Read a provider's allowedAccountIds, which Pulumi sends as JSON in a string."""
    value: Value = plain(provider.values.get("allowedAccountIds"))
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return []
    items = value if isinstance(value, list) else []
    return [text for item in items if isinstance(text := plain(item), str)]
