"""``preview``, ``up``, ``destroy`` and ``refresh``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import click

from .options import (
    JSON,
    PARALLEL,
    PREVIEW_ONLY,
    REFRESH,
    REPLACE,
    REPORT,
    RUN,
    SHARED,
    TARGETS,
    YES,
    chosen,
    require_consent,
    with_options,
    workspace,
)

if TYPE_CHECKING:
    from rich.console import Console

    from sandbox.emulator import Emulator
    from sandbox.engine import Event, Program, ProviderClient, Result, StackConfig
    from sandbox.engine.targets import Targets
    from sandbox.provider.endpoint import Endpoint

    from .workspace import Workspace


@click.command("preview")
@with_options(*SHARED, *RUN, *TARGETS, *REPLACE, *REFRESH, *PARALLEL, *REPORT, *JSON)
def preview_command() -> int:
    """Show what `fleet up` (or, for a stage of a real account, `pulumi up`) would change.

    Nothing is changed, and neither network nor credentials are needed; secrets of the stage that can't be
    decrypted here count as unknown. With --json, prints what `pulumi preview --json` prints. Exit code 3: a
    mandatory policy of the program's policies/ folder, or of a --policy-pack, is violated.

    A stage that has surroundings (surroundings.yaml) needs their ids, so for it the sandbox is started.
    """
    from .reporting import report_of, write_reports

    with _started() as (place, program):
        targets, config = _targets(), place.config()
        if chosen("json"):
            from sandbox.engine.digest import preview_digest

            result = _run(place, config, "up", targets=targets, preview=True, program=program)
            write_reports(report_of(result, place))
            click.echo(json.dumps(preview_digest(result), indent=4))
            for violation in result.violations:
                click.echo(f"{violation.level}: {violation.policy}: {violation.message.strip()}", err=True)
            return result.exit_code
        result = _show(place, config, "up", targets=targets, preview=True, program=program)
        write_reports(report_of(result, place))
        return result.exit_code


@click.command("up")
@with_options(*SHARED, *RUN, *TARGETS, *REPLACE, *REFRESH, *PARALLEL, *YES, *JSON)
def up_command() -> int:
    """Deploy a stage to the embedded AWS on this machine, starting what isn't running.

    A stage is the sandbox's if its aws:allowedAccountIds is exactly the emulator's account 000000000000; a
    stage that names no account at all is taken too, since no other account can be reached from here. On a
    terminal the changes are shown and confirmed first; elsewhere --yes is needed.
    """
    require_consent("up")
    with _started() as (place, program):
        return _change(place, "up", targets=_targets(), program=program)


@click.command("destroy")
@with_options(*SHARED, *TARGETS, *REFRESH, *PARALLEL, *PREVIEW_ONLY, *YES, *JSON)
@click.option(
    "--exclude-protected", "protected", is_flag=True, help="Leave what is protected, and what it needs."
)
@click.option("--remove", is_flag=True, help="Forget the stage's state afterwards.")
def destroy_command(protected: bool, remove: bool) -> int:
    """Delete everything that a stage has in the sandbox. Its surroundings stay; `fleet down` stops them.

    If any of it is protected, nothing is deleted, and it is told what is protected. With targets, all that
    depends on them has to be among them, or --target-dependents adds it.
    """
    targets = _targets(exclude_protected=protected)
    if remove and targets.limited:
        raise click.UsageError("--remove forgets the stage as a whole: nothing can be left out")
    require_consent("destroy")
    place = workspace()
    code = _change(place, "destroy", targets=targets)
    if remove and code == 0 and not chosen("preview_only"):
        place.store.remove()
    return code


@click.command("refresh")
@with_options(*SHARED, *TARGETS, *PARALLEL, *PREVIEW_ONLY, *YES, *JSON)
def refresh_command() -> int:
    """Read every resource of a stage and make the state say what is really there.

    What isn't as the state said (drift) is told, property by property; what is gone leaves the state.
    """
    targets = _targets()
    require_consent("refresh")
    return _change(workspace(), "refresh", targets=targets)


def previewed() -> tuple[StackConfig, Result]:
    """The stage of this call, previewed without a word and without its policy packs' advice."""
    with _started() as (place, program):
        config = place.config()
        return config, _run(place, config, "up", preview=True, program=program)


@contextmanager
def _started() -> Iterator[tuple[Workspace, Program]]:
    """The program's interpreter imports the SDK while we get ready: that is most of a preview's time."""
    from sandbox.engine.program import Program

    program = Program.start(chosen("cwd") or Path.cwd())
    try:
        yield workspace(), program
    finally:
        program.close()


def _targets(*, exclude_protected: bool = False) -> Targets:
    """The resources that this call is about, as its options say."""
    from sandbox.engine.targets import Targets

    both = chosen("target_replace") or ()
    targets = Targets(
        only=(*(chosen("target") or ()), *both),
        dependents=bool(chosen("target_dependents")),
        exclude=chosen("exclude") or (),
        exclude_dependents=bool(chosen("exclude_dependents")),
        exclude_protected=exclude_protected,
        replace=(*(chosen("replace") or ()), *both),
    )
    if targets.only and (targets.exclude or exclude_protected):
        raise click.UsageError("choose resources with --target, or leave some out with --exclude, not both")
    return targets


def _change(place: Workspace, kind: str, *, targets: Targets, program: Program | None = None) -> int:
    from sandbox import emulator

    from .workspace import require_sandbox_stage

    config = place.config()
    require_sandbox_stage(config)
    show: Callable[..., Result] = _run if chosen("json") else _show
    if chosen("preview_only"):
        emulator.ensure(place.home)
        result = show(place, config, kind, targets=targets, preview=True, program=program)
        if chosen("json"):
            click.echo(json.dumps(_summary(result), indent=2))
        return result.exit_code
    if not chosen("yes"):
        emulator.ensure(place.home)
        planned = _show(place, config, kind, targets=targets, preview=True, program=program)
        if planned.exit_code != 0:
            return planned.exit_code
        click.confirm(f"Do this to stage {place.stack!r} in the sandbox?", abort=True)
        program = None  # it has run
    running = emulator.ensure(place.home)
    if not place.lost_by_emulator(running.instance):
        place.remember_instance(running.instance)
    result = show(
        place, config, kind, targets=targets, preview=False, program=program, judged=not chosen("yes")
    )
    if result.exit_code == 0:
        place.remember_instance(running.instance)
    if chosen("json"):
        click.echo(json.dumps(_summary(result), indent=2))
    return result.exit_code


def _show(
    place: Workspace,
    config: StackConfig,
    kind: str,
    *,
    targets: Targets,
    preview: bool,
    program: Program | None,
    judged: bool = False,
) -> Result:
    """Run and tell."""
    from .display import Lines, LiveTree, console, is_terminal, say_end, say_preview
    from .drift import say_drift
    from .reporting import report_of

    out = console()
    out.print(f"[bold]{_TITLES[kind, preview]}[/] {place.project.name} {place.stack}")
    if _must_refresh(place, config):
        out.print(
            "The embedded AWS was started anew since the last deployment: reading what is left of it first."
        )
    with (LiveTree if is_terminal() and not _dumb(out) else Lines)(out, preview=preview) as view:
        result = _run(
            place,
            config,
            kind,
            targets=targets,
            preview=preview,
            program=program,
            judged=judged,
            on_event=view,
        )
    if preview:
        say_preview(out, result, diff=bool(chosen("diff")))
    say_drift(out, result)
    say_end(out, result, preview=preview, report=report_of(result, place))
    if preview and kind == "up" and result.outcome == "succeeded":
        from .cost import estimates, short

        out.print(f"[bold]Cost[/] {short(*estimates(result, config))} [dim](fleet cost says more)[/]")
    return result


_TITLES = {
    ("up", True): "Preview of",
    ("up", False): "Deploying",
    ("destroy", True): "Preview of deleting",
    ("destroy", False): "Deleting",
    ("refresh", True): "Preview of refreshing",
    ("refresh", False): "Refreshing",
}


def _run(
    place: Workspace,
    config: StackConfig,
    kind: str,
    *,
    targets: Targets | None = None,
    preview: bool,
    program: Program | None = None,
    judged: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> Result:
    from sandbox.engine.api import Kind, Update, run
    from sandbox.engine.events import ProgramStarted
    from sandbox.engine.targets import Targets
    from sandbox.provider import prepare

    from .cost import warm

    found = _running(place, config)
    update = Update(
        kind=Kind(kind),
        project=place.project,
        config=config,
        state=place.store_for(config),
        preview=preview,
        refresh=bool(chosen("refresh")),
        refresh_all=_must_refresh(place, config),
        targets=targets or Targets(),
        parallel=chosen("parallel") or Update.parallel,
        debug=bool(chosen("debug")),
        judged=judged,
    )
    packs = place.policy_packs(chosen("policy_pack") or ()) if update.kind is Kind.UP else []
    endpoint = found.endpoint if found else None

    def hear(event: Event) -> None:
        if isinstance(event, ProgramStarted):
            prepare(endpoint)
            if preview:
                Thread(target=warm, name="cost-warm-up", daemon=True).start()
        if on_event is not None:
            on_event(event)

    return run(
        update,
        providers=_providers(place, endpoint),
        policy_packs=packs,
        on_event=hear,
        program=program,
    )


def _running(place: Workspace, config: StackConfig) -> Emulator | None:
    """Find the embedded AWS, for a stage that is deployed to it; any other stage is previewed without one."""
    from sandbox import emulator

    from .workspace import is_sandbox_stage

    return emulator.find(place.home) if is_sandbox_stage(config) else None


def _must_refresh(place: Workspace, config: StackConfig) -> bool:
    found = _running(place, config)
    return found is not None and place.lost_by_emulator(found.instance)


def _providers(place: Workspace, endpoint: Endpoint | None) -> Callable[[str, str], ProviderClient]:
    def client(package: str, version: str) -> ProviderClient:
        from sandbox.engine.errors import UnsupportedError
        from sandbox.engine.plugins import in_process
        from sandbox.provider import remote, servicer

        if package == remote.PACKAGE:
            return in_process(remote.servicer())
        if package != "aws":
            raise UnsupportedError(
                f"the sandbox has no provider for package {package!r} {version}".rstrip()
                + "; it has: aws, awsx. Attach one that runs already with PULUMI_DEBUG_PROVIDERS="
                + f"{package}:PORT."
            )
        images = place.images if endpoint else {}
        return in_process(servicer(endpoint, directory=place.project.working_directory, images=images))

    return client


def _dumb(out: Console) -> bool:
    return out.is_dumb_terminal


def _summary(result: Result) -> dict[str, Any]:
    from .display import plain
    from .drift import drift

    return {
        "outcome": str(result.outcome),
        "changes": {str(op): count for op, count in result.changes.items()},
        "outputs": plain(result.outputs),
        "diagnostics": [
            {"severity": str(d.severity), "urn": d.urn, "message": d.message} for d in result.diagnostics
        ],
        "violations": [
            {"policy": v.policy, "level": v.level, "urn": v.urn, "message": v.message}
            for v in result.violations
        ],
        "drift": drift(result),
        "duration": result.duration_s,
        "advice": result.advice,
    }
