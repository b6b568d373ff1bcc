"""Lets policy packs judge a state as it is: what ``pulumi preview`` asks them, without a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from . import urn as urns
from .analyzer import Judged, PolicyPack
from .config import StackConfig
from .events import Diagnostic, Event, PolicyPackLoaded, PolicyViolation, Severity
from .redaction import Redaction
from .state import Snapshot


def review(
    snapshot: Snapshot,
    *,
    project: str,
    config: StackConfig,
    policy_packs: Sequence[Path],
    on_event: Callable[[Event], None] | None = None,
) -> tuple[list[PolicyPackLoaded], list[PolicyViolation]]:
    """Judge each resource, then the stack.

    What is only still to be deleted isn't judged. Nothing is repaired: there is no program that would do it.

    :param project: its name
    :param on_event: told what the packs print
    :returns: the packs, and what they found
    :raises PolicyPackError: a pack can't be started, or fails
    """
    states = [state for state in snapshot.resources if not state.delete]
    by_urn = {state.urn: state for state in states}
    resources = [
        Judged(state=state, goal=None, provider=by_urn.get(state.provider_urn) if state.provider else None)
        for state in states
    ]
    redaction = Redaction(config.secrets)
    loaded: list[PolicyPackLoaded] = []
    violations: list[PolicyViolation] = []

    def hear(line: str) -> None:
        if on_event is not None:
            on_event(Diagnostic(severity=Severity.INFO_ERR, message=redaction.text(line)))

    with ExitStack() as stack:
        packs = []
        for path in policy_packs:
            pack = PolicyPack(
                path,
                project=project,
                config=config,
                preview=True,
                engine_address="",
                on_line=hear,
                on_ready=loaded.append,
            )
            stack.callback(pack.close)
            packs.append(pack)
        root = urns.root(config.stack, project)
        for pack in packs:
            for judged in resources:
                violations += pack.analyze(judged, judged.state.inputs)
            violations += pack.analyze_stack(resources, root)
    return loaded, [replace(each, message=redaction.text(each.message)) for each in violations]
