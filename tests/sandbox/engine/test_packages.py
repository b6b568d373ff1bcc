"""A package may be meant by a reference that the engine gives, instead of by version and address."""

from __future__ import annotations

from tests.sandbox.engine.lab import Lab, errors, ok

HEAD = """\
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.settings import get_monitor


async def package(name, **given):
    request = resource_pb2.RegisterPackageRequest(name=name, **given)
    return get_monitor().RegisterPackage(request).ref


def thing(name, reference, opts=None, **props):
    props["arn"] = None
    return pulumi.CustomResource("test:index:Thing", name, props, opts, package_ref=reference)


"""


def test_resources_reads_and_functions_use_the_package_that_they_refer_to(lab: Lab) -> None:
    lab.provider.things["x"] = {"text": "there", "arn": "arn:test:x"}
    program = """
old = {"version": "1.2.3", "download_url": "https://example.com/plugins"}
thing("a", package("test", **old))
thing("b", package("test", **old), O(version="9.9.9"))
thing("c", package("test", version="2.0.0"))
thing("r", package("test", version="2.0.0"), O(id="x"))
said = pulumi.runtime.invoke_output("test:index:echo", {"x": 1}, package_ref=package("test", version="3.0.0"))
pulumi.export("said", said)
class Explicit(pulumi.ProviderResource):
    def __init__(self, name):
        super().__init__("test", name, {}, package_ref=package("test", version="4.0.0"))
thing("d", package("test", version="5.0.0"), O(provider=Explicit("explicit")))
"""
    result = ok(lab.up(HEAD + program))
    found = lab.resources()

    def provider_of(name: str) -> str:
        return str(found[name]["provider"].split("::")[3])

    assert provider_of("a") == provider_of("b") == "default_1_2_3_https___example.com_plugins"
    assert provider_of("c") == provider_of("r") == "default_2_0_0"
    assert provider_of("d") == "explicit"
    assert found["explicit"]["inputs"]["version"] == "4.0.0"
    assert "default_3_0_0" in found
    assert result.outputs["said"] == {"x": 1}


def test_a_reference_that_nobody_registered_is_an_error(lab: Lab) -> None:
    program = """
async def nobody():
    return "none"
thing("a", nobody())
"""
    (message,) = errors(lab.preview(HEAD + program))
    assert "unknown provider package 'none'" in message
