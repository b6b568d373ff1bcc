"""Import ids are those that the real provider documents; any other is refused in words."""

from __future__ import annotations

import importlib
import inspect
import re

import pytest

from sandbox.provider import imports, table
from sandbox.provider.errors import ProviderError
from sandbox.provider.resource import ResourceType
from tests.sandbox.provider.client import Client, RefusedError
from tests.sandbox.provider.test_table import TOKENS, sdk_module

OTHER_FORMS = {
    "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": "arn:",
    "aws:ec2/routeTableAssociation:RouteTableAssociation": "igw-",  # a gateway's: only subnets are here
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "bucket-name,",  # with its owner
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "bucket-name,",
    "aws:s3/bucketVersioning:BucketVersioning": "bucket-name,",
}
"""Documented ids that begin so are another form, which isn't counted."""


def documented(token: str) -> list[str]:
    """The ids of the examples in the SDK's documentation of a type."""
    source = inspect.getsource(importlib.import_module(sdk_module(token)))
    other = OTHER_FORMS.get(token)
    found = dict.fromkeys(re.findall(rf"\$ pulumi import {re.escape(token)} \S+ (\S+)", source))
    return [each for each in found if not (other and each.startswith(other))]


def counts(kind: ResourceType) -> set[int]:
    """How many parts an id may have."""
    form = kind.imported_by()
    return {text.count("<") for text in (form, re.sub(r"\[.*?\]", "", form))}


@pytest.mark.parametrize("token", TOKENS)
def test_the_form_is_the_real_providers(token: str) -> None:
    kind = table.lookup(token)
    ids = documented(token)
    assert ids
    for each in ids:
        assert imports.place(kind, each) == (each, "")
        if counts(kind) == {1} and not each.startswith(("arn:", "http")):
            assert not re.search(r"[/:,]", each), "the real one has parts"
        elif counts(kind) != {1}:
            assert re.search(r"[/:,_]", each) or 1 in counts(kind)


@pytest.mark.parametrize("token", [token for token in TOKENS if 1 not in counts(table.lookup(token))])
def test_an_id_without_its_parts_is_refused(live: Client, token: str) -> None:
    form = re.escape(table.lookup(token).imported_by())
    with pytest.raises(
        RefusedError, match=f'reading {token} .*: "nothing" isn\'t an id of it; it is imported by {form}'
    ):
        live.imported(token, "nothing")


@pytest.mark.parametrize(
    ("form", "fits", "doesnt"),
    [
        ("<a>/<b>", ["x/y", "x/y/z"], ["x", "/y", "x/", ""]),
        ("[<a>/]<b>", ["y", "x/y"], [""]),
        ("<a>[:<b>]/<c>", ["x/z", "x:y/z", "arn:x/z"], ["x", "x:y"]),
        ("<a>_<b>", ["x_y"], ["x", "_y"]),
    ],
)
def test_a_form(form: str, fits: list[str], doesnt: list[str]) -> None:
    class Shaped(table.lookup("aws:iam/role:Role").__class__):  # type: ignore[misc]
        def imported_by(self) -> str:
            return form

    for good in fits:
        assert imports.place(Shaped(), good) == (good, "")
    for bad in doesnt:
        with pytest.raises(ProviderError, match="isn't an id of it"):
            imports.place(Shaped(), bad)


def test_what_is_not_there(live: Client) -> None:
    for token in (
        "aws:cloudwatch/logGroup:LogGroup",
        "aws:ec2/vpc:Vpc",
        "aws:iam/role:Role",
        "aws:lambda/function:Function",
        "aws:s3/bucket:Bucket",
    ):
        assert live.imported(token, "nothing").id == ""


def test_a_layers_version_is_imported_by_its_arn(live: Client) -> None:
    with pytest.raises(
        RefusedError, match=r'"shop" isn\'t the ARN of a layer\'s version, which ends in layer:NAME'
    ):
        live.imported("aws:lambda/layerVersion:LayerVersion", "shop")


def test_from_another_region(live: Client) -> None:
    group = "aws:cloudwatch/logGroup:LogGroup"
    inputs = {"name": "/imports/elsewhere", "region": "eu-west-1"}
    made = live.create(group, inputs)
    assert live.imported(group, made.id).id == ""
    found = live.imported(group, f"{made.id}@eu-west-1")
    assert (found.id, found.outputs["region"]) == (made.id, "eu-west-1")
    assert not live.diff(found, inputs).detailedDiff
    live.delete(found)
    assert live.read(made).id == ""
