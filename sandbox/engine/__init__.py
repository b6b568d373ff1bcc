"""Pulumi's engine as far as a Python program needs it.

Typical use::

    program = Program.start(Path("."))                 # first: its interpreter starts while we prepare
    project = Project.load(Path("."))
    config = StackConfig.load(project, "local", overrides=[Override(path="aws:region", value="us-east-1")])
    state = StateStore(project, "local", home=Path(".fleet"))
    result = run(
        Update(kind=Kind.UP, project=project, config=config, state=state),
        providers=lambda package, version: in_process(servicer(endpoint)),
        policy_packs=[Path("policies")],
        on_event=print,
        program=program,
    )
    sys.exit(result.exit_code)

Everything that goes wrong before or around a run raises an :class:`EngineError` whose ``exit_code`` a command
returns; what goes wrong inside (a step, the program, a policy) is told by events and by the :class:`Result`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .guest import fleet_seldom_used

if TYPE_CHECKING:
    from .api import Kind, Outcome, Result, Update, run
    from .config import Override, StackConfig
    from .errors import (
        ConfigError,
        EngineError,
        InitError,
        PluginError,
        PolicyPackError,
        ProjectError,
        ProtectedError,
        ProviderError,
        RunInterruptedError,
        SecretsError,
        StateError,
        StateLockedError,
        UnsupportedError,
    )
    from .events import (
        Diagnostic,
        Event,
        Op,
        OutputsRegistered,
        PolicyPackLoaded,
        PolicyRemediation,
        PolicyViolation,
        ProgramStarted,
        PropertyDiff,
        ResourceDone,
        ResourceFailed,
        ResourcePre,
        Severity,
        Step,
        Summary,
    )
    from .plugins import ProviderClient, ProviderFactory, attach, in_process
    from .program import Program
    from .project import Project
    from .properties import UNKNOWN, Archive, Asset, OutputValue, ResourceReference, Secret, Unknown
    from .state import ResourceState, Snapshot, StateStore

__all__ = [
    "UNKNOWN",
    "Archive",
    "Asset",
    "ConfigError",
    "Diagnostic",
    "EngineError",
    "Event",
    "InitError",
    "Kind",
    "Op",
    "Outcome",
    "OutputValue",
    "OutputsRegistered",
    "Override",
    "PluginError",
    "PolicyPackError",
    "PolicyPackLoaded",
    "PolicyRemediation",
    "PolicyViolation",
    "Program",
    "ProgramStarted",
    "Project",
    "ProjectError",
    "PropertyDiff",
    "ProtectedError",
    "ProviderClient",
    "ProviderError",
    "ProviderFactory",
    "ResourceDone",
    "ResourceFailed",
    "ResourcePre",
    "ResourceReference",
    "ResourceState",
    "Result",
    "RunInterruptedError",
    "Secret",
    "SecretsError",
    "Severity",
    "Snapshot",
    "StackConfig",
    "StateError",
    "StateLockedError",
    "StateStore",
    "Step",
    "Summary",
    "Unknown",
    "UnsupportedError",
    "Update",
    "attach",
    "in_process",
    "run",
]

fleet_seldom_used.install()

_HOMES = ("api", "config", "errors", "events", "plugins", "program", "project", "properties", "state")


def __getattr__(name: str) -> Any:
    """Import what is asked for at its first use: ``Program.start`` needs hardly anything of it."""
    for home in _HOMES if name in __all__ else ():
        module = import_module(f".{home}", __name__)
        if hasattr(module, name):
            return getattr(module, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
