"""Who carries a policy: roles, and the functions that run under them."""

from __future__ import annotations

from dataclasses import dataclass

from policies.iam.document import Document, Kind
from policies.iam.sources import documents_of
from policies.view import Graph, MalformedError, Resource
from policies.view.graph import POLICY, ROLE, ROLE_POLICY


@dataclass(frozen=True, kw_only=True)
class Carrier:
    """A principal with all identity policies that it carries; or a managed policy that nothing carries."""

    resource: Resource
    documents: tuple[Document, ...]


def carriers_of(graph: Graph) -> list[Carrier]:
    """Every carrier: roles; users and groups by their own policies; managed policies that nothing carries."""
    by_resource: dict[str, list[Document]] = {}
    for document in documents_of(graph):
        if document.kind is Kind.IDENTITY:
            by_resource.setdefault(document.resource.urn, []).append(document)
    found = []
    carried: set[str] = set()
    for role in graph.of_type(ROLE):
        urns = [role.urn, *(policy.urn for policy in graph.policies_of(role) if isinstance(policy, Resource))]
        own = tuple(document for urn in dict.fromkeys(urns) for document in by_resource.get(urn, ()))
        if own:
            found.append(Carrier(resource=role, documents=own))
            carried.update(urns)
    loose = [own for urn, own in by_resource.items() if urn not in carried]
    return found + [Carrier(resource=own[0].resource, documents=tuple(own)) for own in loose]


def roles_of(document: Document, graph: Graph) -> list[Resource]:
    """The roles of the stack that carry a document (or, for a trust policy, are taken through it)."""
    resource = document.resource
    if resource.type == ROLE:
        return [resource]
    if resource.type == ROLE_POLICY:
        try:
            role = graph.link(resource, "role", ROLE)
        except MalformedError:
            return []
        return [role] if isinstance(role, Resource) else []
    if resource.type == POLICY:
        return [
            carrier
            for _, carrier, policy in graph.attachments
            if policy is resource and isinstance(carrier, Resource)
        ]
    return []


def functions_of(document: Document, graph: Graph) -> list[Resource]:
    """The functions that run under a role which carries the document."""
    return [function for role in roles_of(document, graph) for function in graph.functions_of(role)]
