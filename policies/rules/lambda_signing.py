"""LAM-10: code signing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, resources
from policies.rules.reading import missing
from policies.view import Resource
from policies.view.graph import FUNCTION

_NAME: Final = "codeSigningConfigArn"


def _check(function: Resource, context: Context) -> Iterator[Finding]:
    found = missing(function, _NAME, f"{_NAME} isn't given: any code can be deployed")
    if found is not None and function.text("packageType") != "Image":
        yield Finding(resource=function, subject=_NAME, found=found, allowed="a code signing configuration")


LAM_10 = Rule(
    id="LAM-10",
    title="A function takes unsigned code",
    severity=Severity.MEDIUM,
    what="Every function of a zip package has a code signing configuration (Lambda has none for images). A "
    "stage that doesn't demand it disables the rule.",
    why="Whoever may update a function's code can otherwise deploy whatever they have.",
    mend="Set code_signing_config_arn, and sign packages with AWS Signer.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html",
    over=resources(FUNCTION),
    check=_check,
    early=True,
)
