"""Where policy documents are: every resource type that carries one, and whom it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from policies.iam.document import Document, Kind, Statement, parse
from policies.view import UNKNOWN, Block, Graph, MalformedError, Resource, Value, plain
from policies.view.graph import POLICY, ROLE, ROLE_POLICY

PERMISSION: Final = "aws:lambda/permission:Permission"
SECRET_POLICY: Final = "aws:secretsmanager/secretPolicy:SecretPolicy"  # noqa: S105 a type
SECRET: Final = "aws:secretsmanager/secret:Secret"  # noqa: S105 a type
BUCKET_POLICY: Final = "aws:s3/bucketPolicy:BucketPolicy"
KEYS: Final = ("aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy")

_IDENTITY: Final = {
    ROLE_POLICY: "policy",
    POLICY: "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
_RESOURCE: Final = {
    "aws:sqs/queuePolicy:QueuePolicy": "policy",
    "aws:sqs/queue:Queue": "policy",
    BUCKET_POLICY: "policy",
    "aws:s3/bucket:Bucket": "policy",
    "aws:s3/bucketV2:BucketV2": "policy",
    "aws:s3/accessPoint:AccessPoint": "policy",
    "aws:s3control/accessPointPolicy:AccessPointPolicy": "policy",
    "aws:sns/topicPolicy:TopicPolicy": "policy",
    "aws:sns/topic:Topic": "policy",
    "aws:kms/key:Key": "policy",
    "aws:kms/keyPolicy:KeyPolicy": "policy",
    SECRET_POLICY: "policy",
    SECRET: "policy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy": "policy",
    "aws:ecr/registryPolicy:RegistryPolicy": "policy",
    "aws:dynamodb/resourcePolicy:ResourcePolicy": "policy",
    "aws:kinesis/resourcePolicy:ResourcePolicy": "policy",
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy": "policy",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "policyDocument",
    "aws:cloudwatch/logDestinationPolicy:LogDestinationPolicy": "accessPolicy",
    "aws:efs/fileSystemPolicy:FileSystemPolicy": "policy",
    "aws:apigateway/restApiPolicy:RestApiPolicy": "policy",
    "aws:apigateway/restApi:RestApi": "policy",
    "aws:opensearch/domainPolicy:DomainPolicy": "accessPolicies",
    "aws:opensearch/domain:Domain": "accessPolicies",
    "aws:backup/vaultPolicy:VaultPolicy": "policy",
    "aws:codeartifact/repositoryPermissionsPolicy:RepositoryPermissionsPolicy": "policyDocument",
    "aws:schemas/registryPolicy:RegistryPolicy": "policy",
}
_OF_ITS_OWN: Final = (*_IDENTITY, *(kind for kind in _RESOURCE if "olicy" in kind.split(":")[1]))
"""Types that are nothing but a document: one without it is broken."""

TYPES: Final = frozenset({ROLE, PERMISSION, *_IDENTITY, *_RESOURCE})
"""Every type that carries a policy document."""


def documents(*kinds: Kind) -> Callable[[Graph], Iterable[Document]]:
    """Have a rule judge each policy document of these kinds; of every kind when none is named."""
    wanted = frozenset(kinds or Kind)
    return lambda graph: [document for document in documents_of(graph) if document.kind in wanted]


def documents_of(graph: Graph) -> list[Document]:
    """Every policy document of the stack, in a stable order; parsed once."""
    found = graph.memory.get(documents_of)
    if not isinstance(found, list):
        found = [document for resource in graph if resource.type in TYPES for document in _of(resource)]
        graph.memory[documents_of] = found
    return found


def _of(resource: Resource) -> Iterator[Document]:
    kind = resource.type
    if kind == ROLE:
        yield from _role(resource)
    elif kind == PERMISSION:
        yield _permission(resource)
    else:
        path = _IDENTITY.get(kind) or _RESOURCE[kind]
        use = Kind.IDENTITY if kind in _IDENTITY else Kind.RESOURCE
        value = resource.values.get(path)
        if plain(value) not in (None, "") or kind in _OF_ITS_OWN:
            yield parse(resource, path, use, value)


def _role(role: Resource) -> Iterator[Document]:
    yield parse(role, "assumeRolePolicy", Kind.TRUST, role.values.get("assumeRolePolicy"))
    try:
        inline = role.blocks("inlinePolicies")
    except MalformedError:
        yield parse(role, "inlinePolicies", Kind.IDENTITY, role.values.get("inlinePolicies"))
        return
    if inline is UNKNOWN:
        yield parse(role, "inlinePolicies", Kind.IDENTITY, UNKNOWN)
        return
    for position, block in enumerate(inline or ()):
        path = f"inlinePolicies[{position}].policy"
        value: Value = block.values.get("policy") if isinstance(block, Block) else UNKNOWN
        if plain(value) not in (None, ""):
            yield parse(role, path, Kind.IDENTITY, value)


def _permission(permission: Resource) -> Document:
    """Read a function's permission as the statement that it becomes."""
    try:
        action, principal = permission.text("action"), permission.text("principal")
        source = {
            key: permission.text(name)
            for key, name in (
                ("aws:sourcearn", "sourceArn"),
                ("aws:sourceaccount", "sourceAccount"),
                ("aws:principalorgid", "principalOrgId"),
            )
        }
    except MalformedError as error:
        return Document(
            resource=permission, path="action", kind=Kind.RESOURCE, problems=(str(error),), secret=False
        )
    statement = Statement(
        number=1,
        sid="",
        allows=True,
        actions=(action,) if isinstance(action, str) else (),
        resources=("*",),
        principals=(_principal(principal),) if isinstance(principal, str) else (),
        conditions={
            "StringLike": {
                key: (value if isinstance(value, str) else "(unknown)",)
                for key, value in source.items()
                if value is not None
            }
        },
        unknown=UNKNOWN in (action, principal),
    )
    return Document(
        resource=permission,
        path="principal" if principal is UNKNOWN else "action",
        kind=Kind.RESOURCE,
        statements=(statement,),
        unknown=statement.unknown,
        secret=permission.is_secret("action") or permission.is_secret("principal"),
    )


def _principal(text: str) -> tuple[str, str]:
    if text == "*":
        return ("*", "*")
    return ("Service", text) if text.endswith((".amazonaws.com", ".amazonaws.com.cn")) else ("AWS", text)
