"""SEC-01, SEC-02, SEC-03: secrets. No secret's value is ever shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.iam.conditions import names_somebody
from policies.iam.document import Document
from policies.iam.findings import about
from policies.iam.sources import SECRET, SECRET_POLICY, documents_of
from policies.rule import Context, Rule, resources
from policies.view import UNKNOWN, Graph, MalformedError, Resource

ROTATION: Final = "aws:secretsmanager/secretRotation:SecretRotation"
VERSION: Final = "aws:secretsmanager/secretVersion:SecretVersion"
PARAMETER: Final = "aws:ssm/parameter:Parameter"


def _rotation(secret: Resource, context: Context) -> Iterator[Finding]:
    if not any(_is_of(context, rotation, secret) for rotation in context.graph.of_type(ROTATION)):
        yield Finding(
            resource=secret,
            subject="rotation",
            found="nothing rotates it",
            allowed="a rotation, where the secret can be changed by itself",
            advice=True,
        )


def _is_of(context: Context, rotation: Resource, secret: Resource) -> bool:
    try:
        return context.graph.link(rotation, "secretId", SECRET) is secret
    except MalformedError:
        return False


SEC_01 = Rule(
    id="SEC-01",
    title="A secret isn't rotated",
    severity=Severity.LOW,
    what="Every secret has a rotation (advice).",
    why="A secret that leaked works until it is changed.",
    mend="Add a SecretRotation with a rotation function.",
    source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotating-secrets.html",
    over=resources(SECRET),
    check=_rotation,
)

_VALUES: Final = {VERSION: ("secretString", "secretBinary"), PARAMETER: ("value", "insecureValue")}


def _plaintext(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.type == PARAMETER and resource.text("type") not in ("SecureString", UNKNOWN):
        return
    for name in _VALUES[resource.type]:
        value = resource.read(name)
        if not isinstance(value, str) or value == "" or resource.property_dependencies.get(name):
            continue
        if any(given in value for given in context.graph.given_secrets):
            continue
        yield Finding(
            resource=resource,
            subject=name,
            found=f"{name} is written in the program (it isn't shown)",
            allowed="a value that another resource makes, or a secret of the stack's configuration",
        )


SEC_02 = Rule(
    id="SEC-02",
    title="A secret's value is in the program",
    severity=Severity.CRITICAL,
    what="No value of a secret (or of a SecureString parameter) is written in the program: it comes from "
    "another resource, from the stack's encrypted configuration, or from outside.",
    why="Whoever reads the repository, its history or its forks has the secret.",
    mend="Change the secret, which counts as leaked; then let a RandomPassword make it, set it with "
    "`pulumi config set --secret`, or leave its value to its owner (ignore_changes).",
    source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/best-practices.html",
    over=resources(VERSION, PARAMETER),
    check=_plaintext,
)


def _secrets_policies(graph: Graph) -> list[Document]:
    return [document for document in documents_of(graph) if document.resource.type in (SECRET, SECRET_POLICY)]


def _open(document: Document, context: Context) -> Iterator[Finding]:
    for statement in document.allowing:
        if any("*" in text for _, text in statement.principals) and not names_somebody(statement):
            yield about(
                document,
                statement,
                subject=f"policy {statement.name}",
                found="its principal has a wildcard",
                allowed="exact principals",
            )


SEC_03 = Rule(
    id="SEC-03",
    title="A secret's policy has a wildcard for a principal",
    severity=Severity.CRITICAL,
    what="No secret's resource policy allows a principal with a wildcard, unless a condition says who it is.",
    why="Anybody of any account could read the secret.",
    mend="Name the roles that read it.",
    source="https://docs.aws.amazon.com/secretsmanager/latest/userguide/"
    "auth-and-access_resource-policies.html",
    over=_secrets_policies,
    check=_open,
)
