"""A project in a temporary folder, a provider in memory, and the engine on both."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sandbox.engine import (
    Event,
    Kind,
    Override,
    Project,
    ProviderFactory,
    Result,
    Severity,
    StackConfig,
    StateStore,
    Update,
    in_process,
    run,
)
from tests.sandbox.engine.memory_provider import MemoryProvider

HEAD = """\
import pulumi
from pulumi import Output, ResourceOptions as O


class Thing(pulumi.CustomResource):
    arn: Output[str]

    def __init__(self, name, opts=None, **props):
        super().__init__("test:index:Thing", name, {**props, "arn": None}, opts)


class Provider(pulumi.ProviderResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("test", name, props, opts)


class Component(pulumi.ComponentResource):
    def __init__(self, name, opts=None, **props):
        super().__init__("lab:index:Component", name, props, opts)


"""


class Lab:
    """Write a program, run it, look at what happened."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.root.mkdir()
        self.home = root / "home"
        self.stack = "dev"
        self.head = HEAD
        self.provider = MemoryProvider()
        self.providers: ProviderFactory = lambda package, version: in_process(self.provider)
        self.events: list[Event] = []
        self.packs: list[Path] = []
        self.overrides: list[Override] = []
        self.write("Pulumi.yaml", "name: lab\nruntime: python\n")

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        # Python takes a change of a file within a second that keeps its size for none
        shutil.rmtree(path.parent / "__pycache__", ignore_errors=True)

    def program(self, text: str) -> None:
        """The program, after a head that defines Thing, Provider and Component."""
        self.write("__main__.py", self.head + textwrap.dedent(text))

    @property
    def project(self) -> Project:
        return Project.load(self.root)

    @property
    def state(self) -> StateStore:
        return StateStore(self.project, self.stack, home=self.home)

    def run(self, kind: Kind = Kind.UP, **options: Any) -> Result:
        self.events.clear()
        project = self.project
        return run(
            Update(
                kind=kind,
                project=project,
                config=StackConfig.load(project, self.stack, overrides=self.overrides),
                state=self.state,
                **options,
            ),
            providers=self.providers,
            policy_packs=self.packs,
            on_event=self.events.append,
        )

    def up(self, program: str | None = None, **options: Any) -> Result:
        if program is not None:
            self.program(program)
        return self.run(**options)

    def preview(self, program: str | None = None, **options: Any) -> Result:
        return self.up(program, preview=True, **options)

    def resources(self) -> dict[str, dict[str, Any]]:
        """The state's entries by name, those that are still to be deleted left out."""
        found = self.state.export()["deployment"].get("resources", [])
        return {entry["urn"].split("::")[-1]: entry for entry in found if not entry.get("delete")}


def ok(result: Result) -> Result:
    """The result, after making sure that the run succeeded."""
    assert result.exit_code == 0, errors(result)
    return result


def errors(result: Result) -> list[str]:
    return [d.message for d in result.diagnostics if d.severity is Severity.ERROR]


def ops(result: Result) -> dict[str, int]:
    return {str(op): count for op, count in result.changes.items()}


def done(result: Result, names: Sequence[str] = ()) -> list[tuple[str, str]]:
    """(op, name) of the steps in the order in which they ended, the stack's own left out."""
    found = [
        (str(step.op), step.urn.split("::")[-1]) for step in result.steps if "pulumi:Stack" not in step.urn
    ]
    return [item for item in found if not names or item[1] in names]
