"""Writes docs/sandbox-types.md from the table of types.

python -m sandbox.provider.document            writes it
python -m sandbox.provider.document --check    says whether it is current
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from . import invokes, table
from .resource import ResourceType
from .schema import Prop

PATH: Final = Path(__file__).parents[2] / "docs" / "sandbox-types.md"
_HEAD: Final = """\
# The AWS types of the sandbox's provider

Written by `python -m sandbox.provider.document` from `sandbox/provider/services/`: change those, not this
page. How they are used is told in [sandbox.md](sandbox.md).

Any other type, and any other property of these, is an error that names it. The **id** is the one in the
state; `AWS's` means that AWS chooses it, or a part of it. What is there already is **imported by** an id of
the form that the real provider documents; `[...]` may be left out, and `@` and a region may follow. A change
of a property under **replaces** makes the resource anew; while those under **told apart by** stay the same,
old and new can't exist together, so the old one is deleted first. Everything else is changed in place.
"""


def page() -> str:
    """Write the page."""
    kinds = [table.lookup(token) for token in table.tokens()]
    lines = [_HEAD, "| type | id | imported by | replaces | told apart by |", "|---|---|---|---|---|"]
    lines += [_row(kind) for kind in kinds]
    lines += ["", "Functions (data sources): " + _codes(invokes.tokens()) + "."]
    lines += ["", *_shortcomings(kinds), "", "## Properties"]
    for kind in kinds:
        lines += ["", *_section(kind)]
    return "\n".join(lines) + "\n"


def _row(kind: ResourceType) -> str:
    replaces = _codes(_replacing(kind.inputs)) + (" (and see below)" if _conditions(kind) else "")
    anchor = kind.token.replace("/", "").replace(":", "").lower()
    link = f"[{kind.token.removeprefix('aws:')}](#{anchor})"
    return f"| {link} | {_id(kind)} | `{kind.imported_by()}` | {replaces} | {_codes(kind.identity)} |"


def _shortcomings(kinds: Iterable[ResourceType]) -> Iterator[str]:
    """What a refresh or an import can't see, and what can't be changed in place."""
    yield "## What isn't read back"
    yield ""
    yield "A refresh keeps what the program said of these, and an import doesn't have them."
    yield ""
    yield "| type | property | why |"
    yield "|---|---|---|"
    for kind in kinds:
        reasons: dict[str, list[str]] = {}
        for name, prop in kind.inputs.items():
            if prop.local:
                reasons.setdefault(prop.local, []).append(name)
        for reason, names in reasons.items():
            yield f"| {kind.token.removeprefix('aws:')} | {_codes(names)} | {reason} |"
    yield ""
    yield "## What the embedded AWS doesn't change"
    yield ""
    yield "AWS changes these in place; here their change is an error that says so."
    yield ""
    yield "| type | property |"
    yield "|---|---|"
    for kind in kinds:
        if kind.stuck:
            yield f"| {kind.token.removeprefix('aws:')} | {_codes(kind.stuck)} |"


def _section(kind: ResourceType) -> Iterator[str]:
    yield f"### {kind.token}"
    yield ""
    required = [name for name, prop in kind.inputs.items() if prop.required]
    if required:
        yield f"- Requires: {_codes(required)}"
    yield f"- Takes: {_codes(name for name in kind.inputs if name not in required)}"
    if kind.outputs:
        yield f"- Gives: {_codes(kind.outputs)}"
    if kind.autoname:
        yield f"- Makes a name of the resource's, if `{kind.autoname}` isn't given"
    if _conditions(kind):
        yield f"- Replaced under conditions, too: {_conditions(kind)}"


def _id(kind: ResourceType) -> str:
    """What the id is made of, asked with every property's own name for its value."""
    named = kind.id_of({name: f"<{name}>" for name in kind.inputs})
    return f"`{named}`" if named else "AWS's"


def _replacing(props: Mapping[str, Prop], prefix: str = "") -> Iterator[str]:
    """The paths of the properties whose change replaces."""
    for name, prop in props.items():
        if prop.replaces:
            yield f"{prefix}{name}"
        else:
            inner = prop.items.fields if prop.items else prop.fields
            yield from _replacing(inner or {}, f"{prefix}{name}{'[]' if prop.items else ''}.")


def _conditions(kind: ResourceType) -> str:
    """The first line of what a type says of conditional replacements, if it has any."""
    method = type(kind).also_replaces
    if method is ResourceType.also_replaces:
        return ""
    return (method.__doc__ or "").strip().split("\n")[0]


def _codes(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def main(arguments: Iterable[str] | None = None) -> int:
    """Write the page, or check it."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox.provider.document", description=f"Write docs/{PATH.name}."
    )
    parser.add_argument("--check", action="store_true", help="only say whether the page is current")
    if parser.parse_args(arguments if arguments is None else list(arguments)).check:
        if PATH.is_file() and PATH.read_text(encoding="utf-8") == page():
            return 0
        sys.stderr.write(f"docs/{PATH.name} isn't current: run python -m sandbox.provider.document\n")
        return 1
    PATH.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
