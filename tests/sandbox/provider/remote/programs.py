"""Programs that use remote components, run by the sandbox's engine with the sandbox's providers."""

from __future__ import annotations

from pathlib import Path

from sandbox.engine import ProviderClient, in_process
from sandbox.provider import Endpoint, remote, servicer
from tests.sandbox.engine.lab import Lab

HEAD = """\
import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx

there = aws.Provider(
    "there",
    region="ap-southeast-1",
    allowed_account_ids=["000000000000"],
    default_tags={"tags": {"ManagedBy": "pulumi"}},
)


class Outer(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("lab:index:Outer", name, {}, pulumi.ResourceOptions(providers=[there]))


outer = Outer("outer")
inside = pulumi.ResourceOptions(parent=outer)
"""


def lab(root: Path, endpoint: Endpoint | None) -> Lab:
    """A project whose program may use ``aws`` and ``awsx``."""
    made = Lab(root)

    def providers(package: str, version: str) -> ProviderClient:
        del version
        return in_process(remote.servicer() if package == remote.PACKAGE else servicer(endpoint))

    made.providers = providers
    return made


def program(made: Lab, text: str) -> None:
    """The program after :data:`HEAD`."""
    made.write("__main__.py", HEAD + text)
