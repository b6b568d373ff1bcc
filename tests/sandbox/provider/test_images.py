"""Functions of container images: the folder that an image is built from runs as a zip."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider import Endpoint, serve
from sandbox.provider.clients import client as aws_client
from tests.sandbox.provider.client import Client, Made, RefusedError
from tests.sandbox.provider.graphs import FUNCTION, role
from tests.sandbox.provider.walk import kept

IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/shop/local:{tag}"
DOCKERFILE = 'FROM public.ecr.aws/lambda/python:3.12-arm64\nCOPY main.py ./\nCMD ["main.answer"]\n'
MAIN = """\
def answer(event, context):
    return 'answer'


def other(event, context):
    return 'other'
"""
SHOP = "functions/shop/orders"


@pytest.fixture
def live(endpoint: Endpoint, tmp_path: Path) -> Iterator[Client]:
    """The provider on a project with one folder for images."""
    folder = tmp_path / SHOP
    folder.mkdir(parents=True)
    for name, text in {"bundle.toml": 'kind = "python"', "Dockerfile": DOCKERFILE, "main.py": MAIN}.items():
        (folder / name).write_text(text)
    images = {"shop/local:": "functions/none", "shop/local:orders-": SHOP}
    server, port = serve(0, endpoint, directory=tmp_path, images=images)
    client = Client(port)
    client.configure()
    yield client
    client.close()
    server.stop(None).wait()


def _inputs(owner: Made, tag: str = "orders-1", **more: Any) -> dict[str, Any]:
    uri = IMAGE.format(tag=tag)
    return {"role": owner.outputs["arn"], "packageType": "Image", "imageUri": uri, "publish": True, **more}


def _answer(endpoint: Endpoint, name: str) -> Any:
    called = aws_client(endpoint, "lambda", "us-east-1").invoke(FunctionName=name, Payload=b"{}")
    return json.loads(called["Payload"].read())


def test_its_folder_runs_instead(live: Client, endpoint: Endpoint) -> None:
    inputs = _inputs(role(live, "image-orders"), name="image-orders")
    made = live.create(FUNCTION, inputs)
    kept(live, made, inputs)
    assert _answer(endpoint, "image-orders") == "answer"
    found = aws_client(endpoint, "lambda", "us-east-1").get_function_configuration(
        FunctionName="image-orders"
    )
    assert (found["Handler"], found["Runtime"]) == ("main.answer", "python3.12")
    changed = inputs | {"timeout": 9, "memorySize": 256}
    made = live.update(made, changed)
    kept(live, made, changed)
    newer = changed | {"imageUri": IMAGE.format(tag="orders-2")}
    assert [*live.diff(made, newer).detailedDiff] == ["imageUri"]
    made = live.update(made, newer)
    # the folder is the same: AWS publishes no version of what has not changed
    assert (made.outputs["version"], _answer(endpoint, "image-orders")) == ("2", "answer")
    live.delete(made)


def test_a_function_may_bring_its_own_command(live: Client, endpoint: Endpoint) -> None:
    inputs = _inputs(role(live, "image-own"), name="image-own", imageConfig={"commands": ["main.other"]})
    made = live.create(FUNCTION, inputs)
    kept(live, made, inputs)
    assert _answer(endpoint, "image-own") == "other"
    live.delete(made)


@pytest.mark.parametrize(
    ("dockerfile", "tag", "reason"),
    [
        (DOCKERFILE, "@sha256:0", "has no container engine to run"),
        (DOCKERFILE, "returns-1", "none/Dockerfile can't be read"),
        ("FROM scratch\n", "orders-1", "orders/Dockerfile can't be run as a zip"),
        (DOCKERFILE.replace("CMD", "ENTRYPOINT"), "orders-1", "orders/Dockerfile can't be run as a zip"),
    ],
)
def test_what_cannot_run(live: Client, tmp_path: Path, dockerfile: str, tag: str, reason: str) -> None:
    (tmp_path / SHOP / "Dockerfile").write_text(dockerfile)
    owner = role(live, f"image-refused-{tag.strip('@:')[:9].replace(':', '-')}-{len(dockerfile)}")
    with pytest.raises(RefusedError, match=reason):
        live.create(FUNCTION, _inputs(owner, tag, name="image-refused"))


def test_a_preview_needs_no_folder(live: Client) -> None:
    inputs = _inputs(role(live, "image-preview"), "nothing", name="image-preview")
    assert live.create(FUNCTION, inputs, preview=True).outputs["imageUri"] == inputs["imageUri"]
