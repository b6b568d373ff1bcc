"""What exists outside the program, for the stages of the sandbox: declared in ``surroundings.yaml``.

:func:`ensure` makes it in the embedded AWS and in PostgreSQL, as often as it is called, and gives its ids and
the configuration that hands them to the program. Where nothing changed it asks nobody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.errors import SurroundingsError
from sandbox.home import Home
from sandbox.processes import locked, write_private

from . import passwords

if TYPE_CHECKING:
    from sandbox.postgres import Postgres

FILE = "surroundings.yaml"

__all__ = ["FILE", "Surroundings", "declares", "ensure", "images", "recorded", "rotate_password"]


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What was made for a stage.

    :ivar instance: the emulator's instance that it was made in
    :ivar digest: of everything that it was made from; another one makes it again
    :ivar ids: ``networks``/``databases``/``instances``/``userPools``/``roles`` -> name -> what AWS calls it;
        nothing secret
    :ivar config: configuration path (as of ``pulumi config set --path``) -> value
    """

    instance: str
    digest: str
    ids: Mapping[str, Any]
    config: Mapping[str, Any]


def declares(project: Path, stack: str) -> bool:
    """Whether ``surroundings.yaml`` (which need not exist) has something for a stage.

    :raises SurroundingsError: the file isn't YAML
    """
    content = _content(project)
    stacks = content.get("stacks") if isinstance(content, dict) else None
    # Anything that isn't understood counts as declared: `ensure` then says what is wrong with it.
    return content is not None and (not isinstance(stacks, dict) or stack in stacks)


def images(project: Path, stack: str) -> Mapping[str, str]:
    """The folders that run instead of a stage's container images, as :func:`ensure` has found them valid."""
    declared = _content(project)["stacks"][stack] if declares(project, stack) else {}
    return dict(declared.get("images") or {})


def recorded(home: Home, stack: str) -> Surroundings | None:
    """What was made for a stage the last time, without asking whether it is still there."""
    try:
        return Surroundings(**json.loads(_record(home, stack).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def ensure(project: Path, stack: str, home: Home, *, thorough: bool = False) -> Surroundings:
    """Make what the stage's surroundings lack; start the embedded AWS and PostgreSQL if they don't run.

    :param thorough: look at everything even if nothing seems to have changed
    :raises SurroundingsError: ``surroundings.yaml`` is wrong or has nothing for the stage
    :raises SandboxError: the embedded AWS or PostgreSQL doesn't start
    """
    from sandbox import emulator, postgres

    if emulator.find(home) is None or postgres.find(home) is None:
        from . import declared

        declared.parse(_content(project), stack)  # what is wrong is said before anything is started
    with locked(home.sandbox / "surroundings.lock"):
        aws = emulator.ensure(home)
        server = postgres.ensure(home)
        digest = _digest(_text(project) or "", server)
        known = recorded(home, stack)
        if known is not None and not thorough and (known.instance, known.digest) == (aws.instance, digest):
            return known

        from . import declared, made

        declaration = declared.parse(_content(project), stack)
        ids = made.make(declaration, stack=stack, endpoint=aws.endpoint, server=server, home=home)
        surroundings = Surroundings(
            instance=aws.instance, digest=digest, ids=ids, config=declared.resolve(declaration, stack, ids)
        )
        write_private(_record(home, stack), json.dumps(asdict(surroundings), indent=1) + "\n")
        return surroundings


def rotate_password(project: Path, stack: str, home: Home, name: str) -> None:
    """Give a database's user another password, in PostgreSQL and in the secret, as a rotation does.

    :param name: of the database in ``surroundings.yaml``
    """
    from . import declared

    ensure(project, stack, home)
    databases = declared.parse(_content(project), stack).databases
    if name not in databases:
        raise SurroundingsError(
            f"{FILE}: stacks.{stack}.databases has no {name!r}; it has: {', '.join(databases) or 'none'}"
        )
    passwords.forget(home, stack, name)
    ensure(project, stack, home, thorough=True)


def _record(home: Home, stack: str) -> Path:
    return home.sandbox / "surroundings" / f"{stack}.json"


def _digest(text: str, server: Postgres) -> str:
    """Also of the server: its port is in the secrets, and another data folder has none of the databases."""
    parts = (text, str(server.port), server.superuser_password)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _text(project: Path) -> str | None:
    try:
        return (project / FILE).read_text()
    except FileNotFoundError:
        return None


def _content(project: Path) -> Any:
    import yaml

    from sandbox.engine.yamlfile import explain_yaml

    text = _text(project)
    if text is None:
        return None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SurroundingsError(f"{FILE} isn't YAML: {explain_yaml(error)}") from None
