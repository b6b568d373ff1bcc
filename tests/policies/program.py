# ruff: noqa: N802 - the names are the protocol's
"""Makes a real Pulumi program of a stack that rules' tests know, so that any host can run it."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path

from google.protobuf import empty_pb2

from sandbox.protos import plugin_pb2, provider_pb2, provider_pb2_grpc
from tests.policies.stacks import Declared, Stack

PACK = Path(__file__).parents[2] / "policies"

PROGRAM = '''
import asyncio, json, pathlib, pulumi

UNKNOWN, SIGNATURE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "4dabf18193072939515e22adb298388d"
described = json.loads(pathlib.Path("stack.json").read_text())
made = {}


def future(value):
    result = asyncio.get_event_loop().create_future()
    result.set_result(value)
    return result


def value_of(value, others):
    if value == UNKNOWN:
        return others[0].id if others else pulumi.Output(set(), future(None), future(False))
    if isinstance(value, dict):
        if SIGNATURE in value:
            return pulumi.Output.secret(value["value"])
        return {key: value_of(item, others) for key, item in value.items()}
    return [value_of(item, others) for item in value] if isinstance(value, list) else value


def depending(value, others):
    """A known value that came from other resources."""
    return pulumi.Output.all(*[other.urn for other in others]).apply(lambda _: value)


def properties_of(declared):
    for key, value in declared["properties"].items():
        others = [made[urn] for urn in declared["depends"].get(key, ()) if urn in made]
        unknown = UNKNOWN in json.dumps(value)
        yield key, value_of(value, others) if unknown or not others else depending(value, others)


class Resource(pulumi.CustomResource):
    pass


class Component(pulumi.ComponentResource):
    pass


provider = pulumi.ProviderResource("aws", "aws", described["provider"])
for declared in described["resources"]:
    options = pulumi.ResourceOptions(parent=made.get(declared["parent"]))
    if declared["type"].startswith("aws:"):
        options.provider = provider
        resource = Resource(declared["type"], declared["name"], dict(properties_of(declared)), options)
    else:
        resource = Component(declared["type"], declared["name"], {}, options)
    made[declared["urn"]] = resource
'''


def write_program(stack: Stack, folder: Path) -> None:
    """Write a program that declares a stack, with a provider, for the stage `prod`."""
    (folder / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    (folder / "Pulumi.prod.yaml").write_text("config: {}\n")
    (folder / "__main__.py").write_text(PROGRAM)
    resources = [asdict(item) for item in _in_order(stack) if not item.type.startswith("pulumi:")]
    (folder / "stack.json").write_text(json.dumps({"provider": stack.provider, "resources": resources}))


def _in_order(stack: Stack) -> list[Declared]:
    """Each resource after what it depends on, as a program has to declare them."""
    by_urn = {item.urn: item for item in stack.resources.values()}
    ordered: dict[str, Declared] = {}

    def add(item: Declared) -> None:
        for urn in (item.parent, *(urn for urns in item.depends.values() for urn in urns)):
            if urn in by_urn and urn not in ordered:
                add(by_urn[urn])
        ordered[item.urn] = item

    for item in by_urn.values():
        add(item)
    return list(ordered.values())


def copy_pack(folder: Path, **levels: str) -> Path:
    """Copy the pack, with other levels of rules (`LAM_10="mandatory"`) in its configuration of prod."""
    pack = folder / "pack"
    shutil.copytree(PACK, pack, ignore=shutil.ignore_patterns("__pycache__"))
    path = pack / "config" / "prod.json"
    content = json.loads(path.read_text())
    for rule, level in levels.items():
        content["rules"].setdefault(rule.replace("_", "-"), {})["level"] = level
    path.write_text(json.dumps(content))
    return pack


class Echo(provider_pb2_grpc.ResourceProviderServicer):
    """A provider of any type: what is declared is what comes out, and an ARN that nobody knows yet."""

    def GetPluginInfo(self, request: object, context: object) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version="7.0.0")

    def CheckConfig(self, request: provider_pb2.CheckRequest, context: object) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Configure(self, request: object, context: object) -> provider_pb2.ConfigureResponse:
        return provider_pb2.ConfigureResponse(acceptSecrets=True, supportsPreview=True)

    def Check(self, request: provider_pb2.CheckRequest, context: object) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Create(self, request: provider_pb2.CreateRequest, context: object) -> provider_pb2.CreateResponse:
        if "arn" not in request.properties.fields:
            request.properties["arn"] = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
        return provider_pb2.CreateResponse(properties=request.properties)

    def Cancel(self, request: object, context: object) -> empty_pb2.Empty:
        return empty_pb2.Empty()
