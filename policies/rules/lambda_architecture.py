"""LAM-01: arm64, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, resources
from policies.rules.reading import UNREADABLE
from policies.view import UNKNOWN, Resource
from policies.view.graph import FUNCTION

LAYER: Final = "aws:lambda/layerVersion:LayerVersion"
_ABSENT: Final = {
    FUNCTION: "isn't given, which means x86_64",
    LAYER: "isn't given: any function may take the layer",
}


def _check(resource: Resource, context: Context) -> Iterator[Finding]:
    name = "architectures" if resource.type == FUNCTION else "compatibleArchitectures"
    architectures = resource.texts(name)
    if architectures == ["arm64"]:
        return
    if architectures is UNKNOWN or (architectures and UNKNOWN in architectures):
        found = UNREADABLE
    elif not architectures:
        found = _ABSENT[resource.type]
    else:
        found = f"is {', '.join(map(str, architectures))}"
    yield Finding(resource=resource, subject=name, found=f"{name} {found}", allowed="arm64 alone")


LAM_01 = Rule(
    id="LAM-01",
    title="A function or layer isn't for arm64 alone",
    severity=Severity.HIGH,
    what="Every function's architecture is arm64, and every layer says that it is for arm64 and nothing "
    "else.",
    why="arm64 costs a fifth less for the same work. One native package or layer of the other architecture "
    "among them fails when the function starts, not when it is deployed.",
    mend='Set architectures=["arm64"] (a layer: compatible_architectures=["arm64"]) and build the package '
    "for "
    "it.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/foundation-arch.html",
    over=resources(FUNCTION, LAYER),
    check=_check,
    early=True,
)
