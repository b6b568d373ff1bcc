"""A resource's life, with a look at it after every step."""

from __future__ import annotations

from typing import Any

from sandbox.provider import table
from sandbox.provider.values import PropertyMap
from tests.sandbox.provider.client import Client, InvalidError, Made

_FIND = "aws:fleet:find"


def kept(live: Client, made: Made, inputs: PropertyMap) -> None:
    """What was just created or updated is read back as it is: no drift."""
    seen = live.read(made)
    assert seen.id == made.id
    assert seen.outputs == made.outputs
    assert seen.inputs == made.inputs
    assert not live.diff(seen, inputs).detailedDiff
    for key in inputs:
        assert key in made.outputs, f"{key} is lost"


def walk(live: Client, type: str, *states: PropertyMap, import_id: str = "{id}") -> Made:
    """Create the first state, import it, update to each of the others, delete twice; the last is returned."""
    made = live.create(type, states[0])
    kept(live, made, states[0])
    found_again(live, made)
    found = live.imported(type, import_id.format(id=made.id, **made.outputs))
    assert found.id == made.id
    assert not [path for path in live.diff(found, states[0]).detailedDiff if not _local(live, type, path)]
    for state in states[1:]:
        diff = live.diff(made, state)
        assert diff.detailedDiff, f"nothing changes: {state}"
        assert not diff.replaces
        previewed = live.update(made, state, preview=True).outputs
        made = live.update(made, state)
        kept(live, made, state)
        certain = {key: value for key, value in previewed.items() if not _unknown(value)}
        wrong = {
            key: (value, made.outputs.get(key))
            for key, value in certain.items()
            if made.outputs.get(key) != value
        }
        assert not wrong, wrong
    live.delete(made)
    assert live.read(made).id == ""
    live.delete(made)
    not_found(live, made)
    return made


def found_again(live: Client, made: Made) -> None:
    """After a run that was cut off, what was made is found by its inputs and its URN, and only for it."""

    def find(**asked: Any) -> str:
        mine = {"type": made.type, "urn": live.urn(made.type, made.name), "inputs": made.inputs, "others": []}
        return str(live.invoke(_FIND, **mine | asked)["id"])

    assert find() == made.id
    assert find(others=[{"id": made.id, "inputs": made.inputs}]) == "", "it is another resource's"
    if table.lookup(made.type).tagged:
        assert find(urn=live.urn(made.type, "another")) == "", "it was made for another URN"
    assert not any("fleet:urn" in str(each) for each in (made.outputs, live.read(made).outputs))


def not_found(live: Client, made: Made) -> None:
    """What isn't there any more isn't found."""
    asked = {"type": made.type, "urn": live.urn(made.type, made.name), "inputs": made.inputs}
    assert live.invoke(_FIND, **asked)["id"] == ""


def _local(live: Client, type: str, path: str) -> bool:
    return bool(table.lookup(type).inputs[path.split(".")[0].split("[")[0]].local)


def _unknown(value: Any) -> bool:
    from sandbox.provider.values import has_unknown

    return has_unknown(value)


def replaced(client: Client, type: str, inputs: PropertyMap, **others: Any) -> set[str]:
    """Which of ``others`` force a replacement when they change (each alone)."""
    checked = client.check(type, inputs)
    made = Made(type=type, name="it", id="id", inputs=checked, outputs=checked | {"region": "us-east-1"})
    return {key for key, value in others.items() if client.diff(made, inputs | {key: value}).replaces}


def refused(client: Client, type: str, inputs: PropertyMap) -> dict[str, str]:
    """What Check says, by path."""
    try:
        client.check(type, inputs)
    except InvalidError as error:
        return dict(zip(error.paths, str(error).split("\n"), strict=True))
    return {}
