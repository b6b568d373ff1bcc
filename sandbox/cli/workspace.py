"""The program and the stage that a call is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from sandbox import surroundings
from sandbox.emulator import ACCOUNT
from sandbox.engine.config import Override, StackConfig
from sandbox.engine.errors import ConfigError, EngineError, StateError
from sandbox.engine.project import Project
from sandbox.engine.state import Snapshot, StateStore
from sandbox.errors import SandboxError
from sandbox.home import Home
from sandbox.processes import write_private

_ELSEWHERE = (
    "aws:profile",
    "aws:accessKey",
    "aws:assumeRole",
    "aws:assumeRoles",
    "aws:assumeRoleWithWebIdentity",
)
"""Provider settings that lead to an account of their own."""


class ForeignStageError(SandboxError):
    """The stage belongs to a real account."""

    exit_code = 2


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A program, one of its stages, and where the sandbox keeps what belongs to it."""

    project: Project
    stack: str
    home: Home

    @classmethod
    def open(cls, directory: Path, stack: str | None) -> Workspace:
        """Find the program in a folder, and the stage.

        :param stack: ``None``: ``local`` if the program has it, or the only one that it has
        :raises EngineError: there is no program, or no such stage
        """
        project = Project.load(directory)
        home = Home.of(project.root)
        return cls(project=project, stack=_stack(project, home, stack), home=home)

    @property
    def store(self) -> StateStore:
        """The stack's state, to look at."""
        return StateStore(self.project, self.stack, home=self.home.path)

    def store_for(self, config: StackConfig) -> StateStore:
        """The stack's state, to change: sealed with the configuration's salt, if that has one."""
        return StateStore(self.project, self.stack, home=self.home.path, salt=config.salt)

    def store_to_fill(self) -> StateStore:
        """The stack's state, to put another in its place: sealed as the stage's file says."""
        salt = ""
        with suppress(EngineError):  # the surroundings that the configuration wants may not be there
            salt = StackConfig.load(self.project, self.stack).salt
        return StateStore(self.project, self.stack, home=self.home.path, salt=salt)

    def state(self) -> Snapshot:
        """What the stage has.

        :raises StateError: nothing, or it can't be read
        """
        snapshot = self.store.load()
        if snapshot is None:
            raise StateError(
                f"stack {self.stack!r} has no state yet: nothing was deployed ({self.store.path})"
            )
        return snapshot

    @property
    def declares_surroundings(self) -> bool:
        """Whether the sandbox makes something for the stage before the program runs."""
        return surroundings.declares(self.project.root, self.stack)

    @property
    def images(self) -> Mapping[str, str]:
        """The folders that run instead of the stage's container images."""
        return surroundings.images(self.project.root, self.stack)

    def config(self) -> StackConfig:
        """The stage's configuration, with the ids of its surroundings (made if they aren't there)."""
        overrides: list[Override] = []
        if self.declares_surroundings:
            made = surroundings.ensure(self.project.root, self.stack, self.home)
            overrides = [Override(path=path, value=value) for path, value in made.config.items()]
        return StackConfig.load(self.project, self.stack, overrides=overrides)

    def policy_packs(self, more: tuple[Path, ...]) -> list[Path]:
        """The program's own pack, and more."""
        return policy_packs(self.project.root, more)

    # --- which emulator holds the stage ------------------------------------------------------------------

    @property
    def _instance_file(self) -> Path:
        return self.home.sandbox / "deployed" / f"{self.stack}.json"

    def deployed_to(self) -> str | None:
        """The emulator's instance that the stage was last deployed to."""
        try:
            return str(json.loads(self._instance_file.read_text())["instance"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember_instance(self, instance: str) -> None:
        """Write down that the state is what this instance holds."""
        write_private(self._instance_file, json.dumps({"instance": instance}) + "\n")

    def lost_by_emulator(self, instance: str) -> bool:
        """Whether the state tells of resources that were in another instance, and so are gone."""
        if self.deployed_to() == instance:
            return False
        snapshot = self.store.load()
        return snapshot is not None and any(r.custom for r in snapshot.resources)


def require_sandbox_stage(config: StackConfig) -> None:
    """Refuse a stage of a real account: what `fleet` makes is in the embedded AWS only.

    :raises ForeignStageError: what it says, and what it would have to say
    """
    reason = _why_foreign(config)
    if reason:
        raise ForeignStageError(
            f"stage {config.stack!r} (Pulumi.{config.stack}.yaml) isn't the sandbox's: {reason}. Deploy it"
            f" with the real engine (`pulumi up --stack {config.stack}`), or set aws:allowedAccountIds:"
            f' ["{ACCOUNT}"] in a stage for the sandbox; `fleet preview --stack {config.stack}` works for'
            " every stage."
        )


def policy_packs(root: Path | None, more: tuple[Path, ...]) -> list[Path]:
    """The pack of the program in a folder, if there is one, and more."""
    own = root / "policies" if root is not None else None
    packs = [own] if own is not None and (own / "PulumiPolicy.yaml").exists() else []
    packs += [path.absolute() for path in more if own is None or path.resolve() != own.resolve()]
    return packs


def is_sandbox_stage(config: StackConfig) -> bool:
    """Say whether a stage is the sandbox's.

    It is if its ``aws:allowedAccountIds`` is exactly the emulator's account. One that says nothing of any
    account is taken too, since no account but the emulator's can be reached from here.
    """
    return not _why_foreign(config)


def _why_foreign(config: StackConfig) -> str:
    allowed = config.values.get("aws:allowedAccountIds")
    if allowed is not None:
        if _accounts(allowed) == [ACCOUNT]:
            return ""
        return f"aws:allowedAccountIds is {allowed}, and the sandbox's account is {ACCOUNT}"
    found = [key for key in _ELSEWHERE if key in config.values or key in config.unknown_keys]
    return f"it sets {', '.join(found)}" if found else ""


def _accounts(value: str) -> list[str]:
    try:
        parsed = json.loads(value)
    except ValueError:
        return [value]
    return [str(account) for account in parsed] if isinstance(parsed, list) else [str(parsed)]


def known_stacks(project: Project, home: Home) -> list[str]:
    """The stages of a program: those with a ``Pulumi.<stage>.yaml``, and those with a state here."""
    files = {path.name.split(".")[1] for path in project.root.glob("Pulumi.*.yaml")}
    return sorted(files | set(states(project, home)))


def states(project: Project, home: Home) -> list[str]:
    """The stages of a program that have a state here (a FLEET_HOME may hold those of other programs too)."""
    found = sorted((home.path / "stacks").glob("*.json"))
    return [path.stem for path in found if _owner(path) in (None, project.name)]


def _owner(state: Path) -> str | None:
    """The name of the project that a state belongs to, if it has any resource."""
    try:
        urn = json.loads(state.read_text())["checkpoint"]["latest"]["resources"][0]["urn"]
        return str(urn.split("::")[1])
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None  # without a state, or with a damaged one: reading it says so


def _stack(project: Project, home: Home, wanted: str | None) -> str:
    known = known_stacks(project, home)
    state = home.path / "stacks" / f"{wanted or 'local'}.json"
    owner = _owner(state)
    if owner not in (None, project.name):
        raise ConfigError(
            f"{state} is the state of another program ({owner!r}, not {project.name!r}): choose another name "
            "for the stage, or another FLEET_HOME"
        )
    if wanted is None:
        if "local" in known or not known:
            return "local"
        if len(known) == 1:
            return known[0]
        raise ConfigError(f"which stage? Choose one with --stack; there are: {', '.join(known)}")
    if known and wanted not in known:
        close = get_close_matches(wanted, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise ConfigError(
            f"{project.root} has no stage {wanted!r} (Pulumi.{wanted}.yaml is missing); "
            f"there are: {', '.join(known)}.{hint}"
        )
    return wanted
