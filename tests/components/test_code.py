from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pulumi
import pytest

import bundling
from components.code import Code, Layer, LayerArgs, Packages, SignedPackage, layer_problems
from components.problems import InvalidArgumentsError
from components.service import LambdaService
from tests.components.sample import PACKAGES, SCOPE, LargePackages, bundle, service_args
from tests.mocks import declare

IMAGE = "123456789012.dkr.ecr.ap-southeast-1.amazonaws.com/app:1.0"
LARGE = LargePackages(project=Path(), target=bundling.Target.LAMBDA)


def text_layer(packages: Packages = PACKAGES, folder: str = "text_layer") -> LayerArgs:
    return LayerArgs.zip(f"functions/typerush/{folder}", packages, scope=SCOPE, what="text-layer")


def test_a_zip_is_shipped_with_the_call() -> None:
    function = declare(lambda: LambdaService("worker", service_args()))["worker-function"]
    assert function.inputs["code"].path == "build/lambda/typerush-worker.zip"
    assert function.inputs["packageType"] == "Zip"
    assert function.inputs["architectures"] == ["arm64"]
    assert "s3Bucket" not in function.inputs


def test_a_large_zip_goes_through_the_bucket() -> None:
    code = Code.zip("functions/typerush/worker", replace(LARGE, bucket="packages"))
    graph = declare(lambda: LambdaService("worker", service_args(code=code)))

    package, function = graph["worker-package"], graph["worker-function"]
    assert package.inputs["bucket"] == "packages"
    assert package.inputs["key"] == "typerush-dev/typerush-worker-5e5e5e5e5e5e5e5e.zip"
    assert package.inputs["source"].path == "build/lambda/typerush-worker.zip"
    assert "code" not in function.inputs
    assert function.inputs["s3Key"] == package.inputs["key"]
    assert function.property_dependencies["s3Bucket"] == {"worker-package"}
    assert function.property_dependencies["s3Key"] == {"worker-package"}


def test_a_large_zip_without_a_bucket_is_refused() -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        Code.zip("functions/typerush/worker", LARGE)
    assert str(error.value) == (
        "package typerush-worker: its size is 60.0 MB; allowed: 50.0 MB without a bucket. Name a bucket for "
        "packages (codeBucket), or leave out what isn't needed."
    )


def test_a_small_zip_needs_no_bucket_that_is_there() -> None:
    assert Code.zip("functions/typerush/worker", replace(PACKAGES, bucket="packages")).bucket is None


def test_what_cannot_be_built_is_told_without_a_traceback(tmp_path: Path) -> None:
    packages = Packages(project=tmp_path, target=bundling.Target.LAMBDA)
    with pytest.raises(pulumi.RunError, match=r"bundle\.toml"):
        Code.zip("functions/x", packages)


SIGNED = SignedPackage(bucket="signed", key="signed/0123abcd.zip", version="v7")


def test_a_signed_zip_comes_from_its_bucket() -> None:
    code = Code.signed(SIGNED)
    function = declare(lambda: LambdaService("worker", service_args(code=code)))["worker-function"]
    assert function.inputs["packageType"] == "Zip"
    assert function.inputs["s3Bucket"] == "signed"
    assert function.inputs["s3Key"] == "signed/0123abcd.zip"
    assert function.inputs["s3ObjectVersion"] == "v7"
    assert "code" not in function.inputs


def test_a_signed_zip_is_one_version_of_an_object() -> None:
    with pytest.raises(InvalidArgumentsError, match="the signed package's version is empty"):
        Code.signed(replace(SIGNED, version=""))


def test_a_signed_layer_comes_from_its_bucket() -> None:
    layer = replace(text_layer(), signed_package=SIGNED)
    version = declare(lambda: Layer("text-layer", layer))["text-layer-version"]
    assert version.inputs["s3Bucket"] == "signed"
    assert version.inputs["s3ObjectVersion"] == "v7"
    assert "code" not in version.inputs


def test_an_image() -> None:
    code = Code.image(IMAGE, command=("app.handler",), ignore_changes=True)
    graph = declare(
        lambda: LambdaService("worker", service_args(code=code, runtime=None, handler=None)),
    )
    function = graph["worker-function"]
    assert function.inputs["packageType"] == "Image"
    assert function.inputs["imageUri"] == IMAGE
    assert function.inputs["imageConfig"] == {"commands": ["app.handler"]}
    assert function.ignore_changes == ("imageUri",)
    assert not {"code", "runtime", "handler", "layers"} & set(function.inputs)
    assert function.inputs["loggingConfig"]["logFormat"] == "JSON"


@pytest.mark.parametrize("uri", ["app:1.0", IMAGE.removesuffix(":1.0"), "docker.io/library/app:1"])
def test_an_image_from_elsewhere_is_refused(uri: str) -> None:
    with pytest.raises(InvalidArgumentsError, match="an image in ECR with a tag or a digest"):
        Code.image(uri)


def test_a_layer() -> None:
    graph = declare(lambda: Layer("text-layer", text_layer()))
    version = graph["text-layer-version"]
    assert version.inputs["layerName"] == "typerush-dev-text-layer"
    assert version.inputs["code"].path == "build/lambda/typerush-text-layer.zip"
    assert version.inputs["compatibleArchitectures"] == ["arm64"]
    assert version.inputs["compatibleRuntimes"] == ["python3.12"]


def test_a_large_layer_goes_through_the_bucket() -> None:
    graph = declare(lambda: Layer("text-layer", text_layer(replace(LARGE, bucket="packages"))))
    version = graph["text-layer-version"]
    assert version.inputs["s3Bucket"] == "packages"
    assert version.property_dependencies["s3Key"] == {"text-layer-package"}


def test_a_folder_that_is_no_layer_is_refused() -> None:
    with pytest.raises(InvalidArgumentsError, match=r'one whose bundle\.toml says kind = "python-layer"'):
        declare(lambda: Layer("text-layer", text_layer(folder="worker")))


def test_a_layer_goes_with_the_runtime_that_it_is_built_for() -> None:
    code = Code.zip("functions/typerush/worker", PACKAGES)
    assert list(layer_problems("service worker", code, (text_layer(),), "python3.12")) == []
    (problem,) = layer_problems("service worker", code, (text_layer(),), "python3.13")
    assert str(problem) == (
        "service worker: runtime is 'python3.13'; allowed: 'python3.12', which the layer text-layer is built "
        "for. Set python_version in the layer's bundle.toml, and lock it anew."
    )


def test_a_function_and_its_layers_fit_together() -> None:
    class HugePackages(Packages):
        def build(self, folder: str) -> bundling.Bundle:
            return replace(bundle(folder, self.target), unzipped_bytes=130 * 1024 * 1024)

    packages = HugePackages(project=Path(), target=bundling.Target.LAMBDA)
    code = Code.zip("functions/typerush/worker", packages)
    (problem,) = layer_problems("service worker", code, (text_layer(packages),), "python3.12")
    assert str(problem) == (
        "service worker: the code with its layers is 260.0 MB unzipped; allowed: at most 250.0 MB. Leave out "
        "what isn't needed, or ship a container image."
    )
