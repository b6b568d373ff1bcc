"""What runs in a function: a zip built from a folder, a signed one, or a container image; and layers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pulumi
import pulumi_aws as aws

import bundling
from components.component import Component
from components.naming import Kind, Scope
from components.problems import Problem, refuse

ARCHITECTURE = "arm64"

# https://docs.aws.amazon.com/lambda/latest/dg/images-create.html
_IMAGE_URI = re.compile(
    r"\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/[^:@]+(:[\w.-]+|@sha256:[0-9a-f]{64})"
)


@dataclass(frozen=True, kw_only=True)
class Packages:
    """How a stage makes and ships its packages.

    project: the folder that functions/ and build/ are in, and that the program runs in.
    target: what the packages run on.
    bucket: where packages go that are over 50 MB; such a package is an error without it.
    """

    project: Path
    target: bundling.Target
    bucket: str | None = None

    def build(self, folder: str) -> bundling.Bundle:
        """Make a folder's package, or find it made.

        Raises BundleError when it can't be built.
        """
        return bundling.build(Path(folder), self.target, project=self.project)


@dataclass(frozen=True, kw_only=True)
class SignedPackage:
    """A zip that AWS Signer has signed: a version of an object, in a bucket of the function's region.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
    """

    bucket: str
    key: str
    version: str

    def problems(self, where: str) -> Iterator[Problem]:
        """Say that a part of it is missing."""
        for what, value in (("bucket", self.bucket), ("key", self.key), ("version", self.version)):
            if not value:
                yield Problem(
                    where=where,
                    what=f"the signed package's {what}",
                    got="empty",
                    allowed="the object that the signing job wrote, and its version",
                )


@dataclass(frozen=True, kw_only=True)
class Code:
    """What runs: made by `Code.zip`, `Code.signed` or `Code.image`, one of which it is."""

    bundle: bundling.Bundle | None = None
    bucket: str | None = None
    signed_package: SignedPackage | None = None
    image_uri: str | None = None
    command: tuple[str, ...] = ()
    ignore_changes: bool = False

    @classmethod
    def zip(cls, folder: str, packages: Packages) -> Code:
        """Build a folder (`functions/typerush/text_service`) and ship it as a zip.

        Raises InvalidArgumentsError when it can't be built or shipped.
        """
        bundle = _build(folder, packages)
        return cls(bundle=bundle, bucket=packages.bucket if bundle.needs_bucket else None)

    @classmethod
    def signed(cls, package: SignedPackage) -> Code:
        """Run a zip that is in S3 already, signed: what a code signing configuration that enforces takes.

        Raises InvalidArgumentsError for an object without its bucket, key or version.
        """
        refuse(package.problems("code"))
        return cls(signed_package=package)

    @classmethod
    def image(cls, uri: str, *, command: tuple[str, ...] = (), ignore_changes: bool = False) -> Code:
        """Run a container image of this account's or another's registry (ECR).

        command: what it runs instead of its own CMD.
        ignore_changes: leave the image alone that a deployment outside this program has put there.
        Raises InvalidArgumentsError for what isn't an ECR image with a tag or a digest.
        """
        if not _IMAGE_URI.fullmatch(uri):
            refuse(
                [
                    Problem(
                        where="image",
                        what="the URI",
                        got=repr(uri),
                        allowed="an image in ECR with a tag or a digest, as "
                        "'123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1.0'",
                    )
                ]
            )
        return cls(image_uri=uri, command=command, ignore_changes=ignore_changes)

    @property
    def image_region(self) -> str | None:
        """The region that the image is in; None for a zip."""
        image = _IMAGE_URI.fullmatch(self.image_uri or "")
        return image["region"] if image else None


@dataclass(frozen=True, kw_only=True)
class LayerArgs:
    """A layer made from a folder whose bundle.toml says `kind = "python-layer"`.

    what: its short name (`text-layer`); packages with Python code run on `runtime` only.
    """

    scope: Scope
    what: str
    bundle: bundling.Bundle
    bucket: str | None = None
    signed_package: SignedPackage | None = None

    @classmethod
    def zip(
        cls,
        folder: str,
        packages: Packages,
        *,
        scope: Scope,
        what: str,
        signed_package: SignedPackage | None = None,
    ) -> LayerArgs:
        """Build a folder as a layer. Raises InvalidArgumentsError when it can't be built or shipped.

        signed_package: the same package, signed; it is shipped, since a function that takes signed code only
        takes no other layers either.
        """
        bundle = _build(folder, packages)
        return cls(
            scope=scope,
            what=what,
            bundle=bundle,
            bucket=packages.bucket if bundle.needs_bucket else None,
            signed_package=signed_package,
        )

    @property
    def name(self) -> str:
        """The layer's physical name."""
        return self.scope.name(self.what)

    @property
    def runtime(self) -> str:
        """The runtime that the layer's wheels are for."""
        return f"python{self.bundle.python_version}"

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the layer."""
        yield from Kind.LAYER.problems(f"layer {self.what}", self.name)
        if self.signed_package:
            yield from self.signed_package.problems(f"layer {self.what}")
        if self.bundle.kind is not bundling.Kind.PYTHON_LAYER:
            yield Problem(
                where=f"layer {self.what}",
                what="the package",
                got=f"{self.bundle.name}, a {self.bundle.kind.value} package",
                allowed='one whose bundle.toml says kind = "python-layer"',
            )


def layer_problems(
    where: str, code: Code, layers: tuple[LayerArgs, ...], runtime: str | None
) -> Iterator[Problem]:
    """Say that a function doesn't go together with its layers: another runtime, or too large as a whole."""
    for layer in layers:
        if layer.bundle.python_version is not None and layer.runtime != runtime:
            yield Problem(
                where=where,
                what="runtime",
                got=repr(runtime),
                allowed=f"{layer.runtime!r}, which the layer {layer.what} is built for",
                mend="Set python_version in the layer's bundle.toml, and lock it anew.",
            )
    packages = [*([code.bundle] if code.bundle else []), *(layer.bundle for layer in layers)]
    size = sum(package.unzipped_bytes for package in packages)
    if size > bundling.MAX_UNZIPPED_BYTES:
        yield Problem(
            where=where,
            what="the code with its layers",
            got=f"{bundling.megabytes(size)} unzipped",
            allowed=f"at most {bundling.megabytes(bundling.MAX_UNZIPPED_BYTES)}",
            mend="Leave out what isn't needed, or ship a container image.",
        )


class Layer(Component):
    """A layer's newest version. Its ARN isn't known before it exists: AWS numbers the versions."""

    def __init__(self, name: str, args: LayerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:Layer", name, opts)
        shipped = (
            Shipment.of(args.signed_package)
            if args.signed_package
            else ship(self, args.bundle, args.bucket, args.scope)
        )
        self.version = aws.lambda_.LayerVersion(
            self.child("version"),
            layer_name=args.name,
            code=shipped.archive,
            s3_bucket=shipped.bucket,
            s3_key=shipped.key,
            s3_object_version=shipped.version,
            compatible_architectures=[ARCHITECTURE],
            compatible_runtimes=[args.runtime],
            opts=self.inside(),
        )
        self.arn = self.version.arn
        self.finish({"arn": self.arn})


@dataclass(frozen=True, kw_only=True)
class Shipment:
    """How a zip gets to Lambda: with the call itself, or by way of a bucket."""

    archive: pulumi.Archive | None = None
    bucket: pulumi.Input[str] | None = None
    key: pulumi.Input[str] | None = None
    version: str | None = None

    @classmethod
    def of(cls, package: SignedPackage) -> Shipment:
        """Ship what is in S3 already."""
        return cls(bucket=package.bucket, key=package.key, version=package.version)


def ship_code(owner: Component, code: Code, scope: Scope) -> Shipment | None:
    """Ship a function's zip; a container image isn't shipped."""
    if code.signed_package:
        return Shipment.of(code.signed_package)
    return ship(owner, code.bundle, code.bucket, scope) if code.bundle else None


def ship(owner: Component, bundle: bundling.Bundle, bucket: str | None, scope: Scope) -> Shipment:
    """Ship a package with the call, or through the bucket if there is one named.

    The object's key has the package's hash in it: another package is another object, which Lambda then sees.
    """
    if bucket is None:
        return Shipment(archive=pulumi.FileArchive(bundle.path))
    package = aws.s3.BucketObjectv2(
        owner.child("package"),
        bucket=bucket,
        key=f"{scope.name()}/{bundle.name}-{bundle.sha256[:16]}.zip",
        source=pulumi.FileAsset(bundle.path),
        tags=scope.tags(),
        opts=owner.inside(),
    )
    return Shipment(bucket=package.bucket, key=package.key)


def _build(folder: str, packages: Packages) -> bundling.Bundle:
    try:
        bundle = packages.build(folder)
    except bundling.BundleError as error:
        raise pulumi.RunError(str(error)) from None
    if bundle.needs_bucket and packages.bucket is None:
        refuse(
            [
                Problem(
                    where=f"package {bundle.name}",
                    what="its size",
                    got=bundling.megabytes(bundle.size_bytes),
                    allowed=f"{bundling.megabytes(bundling.MAX_DIRECT_UPLOAD_BYTES)} without a bucket",
                    mend="Name a bucket for packages (codeBucket), or leave out what isn't needed.",
                )
            ]
        )
    return bundle
