"""Resources are asked about at once, and decided in the order in which they came."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from sandbox.engine import Op
from sandbox.engine.turns import Turns
from tests.sandbox.engine.lab import Lab, errors, ok
from tests.sandbox.engine.memory_provider import MemoryProvider

PATIENCE_S = 20.0

LATER = """
import asyncio, pathlib

async def when_the_first_is_asked_about():
    while not pathlib.Path("asked").exists():
        await asyncio.sleep(0.01)
    return "now"

"""
"""The head of a program that registers a second resource once the provider was asked about the first."""


class Asked(MemoryProvider):
    """Answers about resources in the order that a test wants."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._flag = folder / "asked"
        self._together = threading.Barrier(2)
        self._held: dict[str, threading.Event] = {}
        self._asked: dict[str, threading.Event] = {}

    def hold(self, name: str, *, until: str) -> None:
        """Answer the next check of one resource when another is asked about."""
        self._held[name] = self._asked[until] = threading.Event()

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802 - the protocol's
        if request.name in ("one", "two"):
            self._together.wait(PATIENCE_S)
        if request.name in self._asked:
            self._asked[request.name].set()
        if request.name in self._held:
            self._flag.touch()
            assert self._held.pop(request.name).wait(PATIENCE_S)
        return super().Check(request, context)


@pytest.fixture
def asked(lab: Lab) -> Asked:
    lab.provider = Asked(lab.root)
    return lab.provider


def test_a_provider_is_asked_about_several_at_once(lab: Lab, asked: Asked) -> None:
    ok(lab.preview('Thing("one")\nThing("two")'))
    assert sorted(asked.named("Check")) == ["one", "two"]


def test_what_comes_after_an_invalid_resource_is_not_made(lab: Lab, asked: Asked) -> None:
    asked.hold("first", until="second")
    result = lab.up(
        LATER + 'Thing("first", failOn="check")\n'
        'Thing("second", failOn="check", text=Output.from_input(when_the_first_is_asked_about()))'
    )
    assert errors(result) == [
        "test:index:Thing resource 'first': property failOn has a problem: fails on check"
    ]
    assert sorted(asked.named("Check")) == ["first", "second"]
    assert asked.named("Create") == []


def test_what_came_before_a_mistake_is_made(lab: Lab, asked: Asked) -> None:
    asked.hold("first", until="last")
    result = lab.up(
        LATER + 'Thing("first")\nmoment = Output.from_input(when_the_first_is_asked_about())\n'
        'moment.apply(lambda _: [Thing("twice"), Thing("twice"), Thing("last")])'
    )
    assert "Duplicate resource URN" in errors(result)[0]
    assert "first" in asked.named("Create")


def test_what_goes_with_an_earlier_one_is_made_anew(lab: Lab, asked: Asked) -> None:
    ok(lab.up('root = Thing("root", label="1", deleteFirst=True)\nThing("leaf", label=root.arn)'))
    asked.calls.clear()
    asked.requests.clear()
    asked.hold("root", until="leaf")
    result = ok(
        lab.up(
            LATER + 'Thing("root", label="2", deleteFirst=True)\n'
            'Thing("leaf", label=Output.from_input(when_the_first_is_asked_about()))'
        )
    )
    assert result.changes[Op.REPLACE] == 2
    assert asked.named("Delete") == ["leaf", "root"]
    checks = [request for method, request in asked.requests if method == "Check" and request.name == "leaf"]
    assert [bool(request.olds.fields) for request in checks] == [True, False]
    made = lab.resources()
    assert (made["root"]["inputs"]["label"], made["leaf"]["inputs"]["label"]) == ("2", "now")


def test_who_fails_aside_holds_nobody_up() -> None:
    turns, order = Turns(), []
    first_aside, second_in = threading.Event(), threading.Event()

    def fail_aside() -> None:
        with turns.take() as turn, turn.aside():
            first_aside.set()
            assert second_in.wait(PATIENCE_S)
            order.append("first")
            raise ValueError("aside")

    def come_second() -> None:
        assert first_aside.wait(PATIENCE_S)
        with turns.take() as turn:
            second_in.set()
            with turn.aside():
                pass
            order.append("second")

    second = threading.Thread(target=come_second)
    second.start()
    with pytest.raises(ValueError, match="aside"):
        fail_aside()
    second.join(PATIENCE_S)
    assert order == ["first", "second"]
