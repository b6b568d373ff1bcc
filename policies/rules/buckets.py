"""S3-01 to S3-04: buckets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.iam.attached import BUCKETS, documents_in, documents_on, refuses_plain_http
from policies.iam.conditions import names_somebody
from policies.iam.findings import about
from policies.iam.sources import BUCKET_POLICY
from policies.rule import Context, Rule, Setting, resources
from policies.rules.reading import UNREADABLE, matches_any, shown
from policies.view import UNKNOWN, Graph, MalformedError, Resource, Unknown, Value
from policies.view.joins import name_of

BLOCK: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ACCOUNT_BLOCK: Final = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
ACLS: Final = ("aws:s3/bucketAcl:BucketAcl", "aws:s3/bucketAclV2:BucketAclV2")
ENCRYPTIONS: Final = (
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
)
VERSIONINGS: Final = (
    "aws:s3/bucketVersioning:BucketVersioning",
    "aws:s3/bucketVersioningV2:BucketVersioningV2",
)
_FLAGS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
_PUBLIC: Final = ("public-read", "public-read-write", "authenticated-read")


def _of(graph: Graph, bucket: Resource, *types: str) -> list[Resource]:
    """What other resources say of a bucket."""
    return [other for other in graph.of_type(*types) if _is_about(graph, other, bucket)]


def _is_about(graph: Graph, other: Resource, bucket: Resource) -> bool:
    try:
        return graph.link(other, "bucket", *BUCKETS) is bucket
    except MalformedError:
        return False


def _public(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.type in BUCKETS:
        yield from _public_bucket(resource, context.graph)
    for document in documents_in(context.graph, resource):
        for statement in document.allowing:
            anybody = any(text == "*" and kind in ("*", "AWS") for kind, text in statement.principals)
            if anybody and not names_somebody(statement):
                yield about(
                    document,
                    statement,
                    subject=f"policy {statement.name}",
                    found="it allows anybody",
                    allowed="exact principals",
                )


def _public_bucket(bucket: Resource, graph: Graph) -> Iterator[Finding]:
    blocks = [*_of(graph, bucket, BLOCK), *graph.of_type(ACCOUNT_BLOCK)]
    open_flags = [[name for name in _FLAGS if block.flag(name) is not True] for block in blocks]
    if not blocks:
        yield _open(bucket, "publicAccessBlock", "nothing blocks public access", "a public access block")
    elif all(open_flags):
        names = ", ".join(sorted(open_flags, key=len)[0])
        yield _open(bucket, "publicAccessBlock", f"not set: {names}", f"all four: {', '.join(_FLAGS)}")
    for by in (bucket, *_of(graph, bucket, *ACLS)):
        acl = by.text("acl")
        if acl is UNKNOWN or acl in _PUBLIC:
            yield _open(bucket, "acl", shown("acl", acl), "private, or no ACL")


def _open(bucket: Resource, subject: str, found: str, allowed: str) -> Finding:
    return Finding(resource=bucket, subject=subject, found=found, allowed=allowed)


S3_01 = Rule(
    id="S3-01",
    title="A bucket is public, or can become it",
    severity=Severity.CRITICAL,
    what="Every bucket has a public access block with all four settings (its own or the account's), no "
    "public ACL, and no policy that allows anybody.",
    why="One wrong ACL or policy otherwise shows everything in the bucket to everybody.",
    mend="Add a BucketPublicAccessBlock with all four set; drop the ACL; name the principals.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
    over=resources(*BUCKETS, BUCKET_POLICY),
    check=_public,
)


def _transport(bucket: Resource, context: Context) -> Iterator[Finding]:
    documents = documents_on(context.graph, bucket)
    name = name_of(bucket, "bucket")
    if any(refuses_plain_http(document, name, f"{name}/*") for document in documents):
        return
    unreadable = any(document.unknown for document in documents)
    yield Finding(
        resource=bucket,
        subject="policy",
        found=f"whether its policy refuses plain HTTP {UNREADABLE}"
        if unreadable
        else "plain HTTP isn't refused",
        allowed="a policy that denies s3:* to *, on the bucket and its objects, where aws:SecureTransport is "
        "false",
    )


S3_02 = Rule(
    id="S3-02",
    title="A bucket can be used over plain HTTP",
    severity=Severity.HIGH,
    what="Every bucket's policy denies everybody everything, on the bucket and its objects, where "
    "aws:SecureTransport is false.",
    why="S3 answers over HTTP, too: a client with a wrong endpoint sends data and signatures in the clear.",
    mend="Add the Deny statement to the bucket's policy.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html#transit",
    over=resources(*BUCKETS),
    check=_transport,
)


def _encryption(bucket: Resource, context: Context) -> Iterator[Finding]:
    inline = ("serverSideEncryptionConfiguration", "serverSideEncryptionConfigurations")
    own: list[Value] = [bucket.read(name) for name in inline]
    other = [item.read("rules") for item in _of(context.graph, bucket, *ENCRYPTIONS)]
    given = [value for value in (*own, *other) if value not in (None, [], {})]
    if not given or all(value is UNKNOWN for value in given):
        yield Finding(
            resource=bucket,
            subject="encryption",
            found=f"its encryption {UNREADABLE}" if given else "its encryption isn't declared",
            allowed="SSE-S3 (AES256) or SSE-KMS (aws:kms)",
        )


S3_03 = Rule(
    id="S3-03",
    title="A bucket's encryption isn't declared",
    severity=Severity.HIGH,
    what="Every bucket declares how its objects are encrypted.",
    why="S3 encrypts by itself with its own key; whether that is enough for what is in the bucket is a "
    "decision, which the program should show and hold.",
    mend="Add a BucketServerSideEncryptionConfiguration.",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-encryption.html",
    over=resources(*BUCKETS),
    check=_encryption,
)


def _versioning(bucket: Resource, context: Context) -> Iterator[Finding]:
    if not matches_any(name_of(bucket, "bucket"), context.settings["buckets"]):
        return
    states = [*_inline_versioning(bucket)]
    for other in _of(context.graph, bucket, *VERSIONINGS):
        status = other.text("versioningConfiguration.status")
        states.append(status if status is UNKNOWN else status == "Enabled")
    if True not in states:
        found = f"its versioning {UNREADABLE}" if UNKNOWN in states else "its versioning is off"
        yield Finding(resource=bucket, subject="versioning", found=found, allowed="versioning on")


def _inline_versioning(bucket: Resource) -> Iterator[bool | Unknown | None]:
    yield bucket.flag("versioning.enabled")
    blocks = bucket.blocks("versionings")
    for block in blocks if isinstance(blocks, list) else [blocks]:
        yield block.flag("enabled") if block is not None and block is not UNKNOWN else block


S3_04 = Rule(
    id="S3-04",
    title="A bucket keeps no versions",
    severity=Severity.MEDIUM,
    what="Every bucket that the stage's configuration names keeps versions; all of them, where it says "
    "nothing.",
    why="What is overwritten or deleted is otherwise gone.",
    mend='Add a BucketVersioning with status "Enabled", and a lifecycle for old versions.',
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/Versioning.html",
    settings={
        "buckets": Setting(
            schema={"type": "array", "items": {"type": "string"}},
            default=["*"],
            what="Names of buckets that must keep versions; * and ? are wildcards",
        )
    },
    over=resources(*BUCKETS),
    check=_versioning,
)
