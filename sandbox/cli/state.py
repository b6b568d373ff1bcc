"""``state protect``, ``state unprotect``, ``state delete`` and ``state rename``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any

import click

from .options import JSON, SHARED, YES, chosen, require_consent, with_options, workspace

if TYPE_CHECKING:
    from sandbox.engine.state import Snapshot

_ALL = click.option("--all", "everything", is_flag=True, help="All resources of the state.")
_URNS = click.argument("urns", metavar="URN...", nargs=-1)


@click.group("state")
@with_options(*SHARED)
def state_command() -> None:
    """Edit a stage's state by hand. No resource is touched; the state before stays as STAGE.json.bak.

    `fleet stack export` shows the URNs. Quote them: a $ means something to the shell.
    """


@state_command.command("unprotect")
@with_options(*SHARED, *YES, *JSON)
@_URNS
@_ALL
def unprotect(urns: tuple[str, ...], everything: bool) -> None:
    """Take the protection of resources away, so that they can be deleted or replaced.

    What the program protects is protected again by the next `fleet up`.
    """
    _protect(urns, everything=everything, on=False)


@state_command.command("protect")
@with_options(*SHARED, *YES, *JSON)
@_URNS
@_ALL
def protect(urns: tuple[str, ...], everything: bool) -> None:
    """Protect resources: they can't be deleted or replaced until they are unprotected.

    What the program doesn't protect isn't protected any more after the next `fleet up`.
    """
    _protect(urns, everything=everything, on=True)


def _protect(urns: tuple[str, ...], *, everything: bool, on: bool) -> None:
    from sandbox.engine.state import edit

    word = "protected" if on else "unprotected"
    wanted = _wanted(urns, everything=everything)
    with _edited() as snapshot:
        done = edit.protect(snapshot, wanted, on=on)
        _confirm(f"To be {word}:{_listed(done)}")
    _tell({word: done}, f"{_counted(done)} {word}.")


@click.command("delete")
@with_options(*SHARED, *YES, *JSON)
@_URNS
@_ALL
@click.option("--force", is_flag=True, help="Delete what is protected, too.")
@click.option("--target-dependents", "dependents", is_flag=True, help="Delete what depends on them, too.")
def delete(urns: tuple[str, ...], everything: bool, force: bool, dependents: bool) -> None:
    """Forget resources: they stay where they are, and don't belong to the stage any more.

    What others need, and what is protected, is refused. `remove` and `rm` are other names of this command.
    """
    from sandbox.engine.state import edit

    wanted = _wanted(urns, everything=everything)
    with _edited() as snapshot:
        done = edit.delete(snapshot, wanted, force=force, dependents=dependents)
        for urn in done.protected:
            click.echo(f"warning: {urn} is protected, and deleted nevertheless (--force)", err=True)
        _confirm(f"To be deleted from the state:{_listed(done.urns)}")
    _tell({"deleted": done.urns}, f"{_counted(done.urns)} deleted from the state.")


for _name in ("delete", "remove", "rm"):
    _command = copy(delete)
    _command.name, _command.hidden = _name, _name != "delete"
    state_command.add_command(_command)


@state_command.command("rename")
@with_options(*SHARED, *YES, *JSON)
@click.argument("urn")
@click.argument("name")
def rename(urn: str, name: str) -> None:
    """Give a resource another name, as the program has it now: it isn't replaced then.

    An alias in the program does the same at the next `fleet up`, in every stage.
    """
    from sandbox.engine.state import edit

    with _edited() as snapshot:
        new = edit.rename(snapshot, urn, name)
        _confirm(f"To be renamed:{_listed([f'{urn} to {new}'])}")
    _tell({"renamed": {"from": urn, "to": new}}, f"Renamed to {new}.")


def _wanted(urns: tuple[str, ...], *, everything: bool) -> tuple[str, ...] | None:
    """The URNs of this call, or ``None`` for all."""
    if everything == bool(urns):
        raise click.UsageError("which resources? Name their URNs, or --all of them (not both)")
    return None if everything else urns


@contextmanager
def _edited() -> Iterator[Snapshot]:
    """The stage's state, which is held, and saved afterwards."""
    require_consent("an edit of the state")
    place = workspace()
    store = place.store
    with store.lock():
        snapshot = place.state()
        yield snapshot
        store.save(snapshot)


def _confirm(what: str) -> None:
    """Ask, if somebody is to be asked."""
    if not chosen("yes"):
        click.confirm(f"{what}\nThe state is edited directly. Go on?", abort=True)


def _listed(urns: Sequence[str]) -> str:
    return "".join(f"\n  * {urn}" for urn in urns)


def _counted(urns: Sequence[str]) -> str:
    return "1 resource" if len(urns) == 1 else f"{len(urns)} resources"


def _tell(found: Any, text: str) -> None:
    click.echo(json.dumps(found, indent=2) if chosen("json") else text)
