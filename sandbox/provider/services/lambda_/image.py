"""Container images: there is no engine to run one with, so the folder that it is built from runs as a zip."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ...clients import Aws
from ...errors import ProviderError

_URI: Final = re.compile(r"[^/]+/(?P<repository>[^:@]+):(?P<tag>[\w.-]+)")
_BASE: Final = re.compile(r"^FROM\s+(?:--\S+\s+)*\S*lambda/python:(?P<version>\d+\.\d+)\S*", re.MULTILINE)
_COMMAND: Final = re.compile(r"^CMD\s+(?P<command>\[.*\])\s*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class StandIn:
    """A zip that does what an image does.

    :ivar handler: the Dockerfile's command, unless the function brings its own
    :ivar runtime: that of the Dockerfile's base image
    """

    content: bytes
    handler: str
    runtime: str


def stand_in(aws: Aws, inputs: Mapping[str, Any]) -> StandIn:
    """Build the folder that a function's image stands for.

    :raises ProviderError: no folder is named for it, or it can't be run as a zip
    """
    uri = str(inputs["imageUri"])
    folder = _folder(uri, aws.images)
    dockerfile = _dockerfile(aws.directory / folder)
    base, command = _BASE.search(dockerfile), _COMMAND.search(dockerfile)
    if base is None or command is None:
        raise ProviderError(
            f"{folder}/Dockerfile can't be run as a zip: it needs FROM .../lambda/python:VERSION and "
            'CMD ["module.handler"]'
        )
    own = (inputs.get("imageConfig") or {}).get("commands")
    return StandIn(
        content=_build(aws.directory, folder),
        handler=str((own or json.loads(command["command"]))[0]),
        runtime=f"python{base['version']}",
    )


def _folder(uri: str, images: Mapping[str, str]) -> str:
    found = _URI.fullmatch(uri)
    name = f"{found['repository']}:{found['tag']}" if found else uri
    fitting = [prefix for prefix in images if name.startswith(prefix)]
    if not fitting:
        raise ProviderError(
            f"the sandbox has no container engine to run {name} with, and knows no folder that does the "
            "same: name one under the stage's images in surroundings.yaml; "
            f"there: {', '.join(images) or 'none'}"
        )
    return images[max(fitting, key=len)]


def _dockerfile(folder: Path) -> str:
    try:
        return (folder / "Dockerfile").read_text(encoding="utf-8")
    except OSError as error:
        raise ProviderError(f"{folder.name}/Dockerfile can't be read: {error.strerror}") from None


def _build(project: Path, folder: str) -> bytes:
    import bundling  # only where there are images

    try:
        bundle = bundling.build(Path(folder), bundling.Target.MACHINE, project=project)
    except bundling.BundleError as error:
        raise ProviderError(str(error)) from None
    return (project / bundle.path).read_bytes()
