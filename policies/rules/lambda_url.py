"""LAM-07: function URLs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, resources
from policies.rules.reading import UNREADABLE, known, shown
from policies.view import UNKNOWN, Resource

FUNCTION_URL: Final = "aws:lambda/functionUrl:FunctionUrl"
_EVERYWHERE: Final = frozenset({"*", "https://*", "http://*"})


def _check(url: Resource, context: Context) -> Iterator[Finding]:
    kind = url.text("authorizationType")
    if kind != "AWS_IAM":
        name = "authorizationType"
        yield Finding(resource=url, subject=name, found=shown(name, kind), allowed="AWS_IAM")
    credentials = url.flag("cors.allowCredentials")
    if not credentials:
        return
    origins = url.texts("cors.allowOrigins")
    wide = sorted(_EVERYWHERE.intersection(known(origins))) if isinstance(origins, list) else []
    if wide:
        found = f"CORS allows credentials from {', '.join(wide)}"
    elif origins is UNKNOWN or (origins and UNKNOWN in origins):
        found = f"CORS allows credentials, and from which origins {UNREADABLE}"
    else:
        return
    yield Finding(
        resource=url, subject="cors.allowOrigins", found=found, allowed="exact origins, or no credentials"
    )


LAM_07 = Rule(
    id="LAM-07",
    title="A function URL is open",
    severity=Severity.CRITICAL,
    what="Every function URL asks for IAM authentication, and its CORS never allows credentials from "
    "anywhere.",
    why="A URL without authentication is the function for everybody who finds it; with CORS open to all "
    "origins and credentials, every web page may use a visitor's.",
    mend='Set authorization_type="AWS_IAM" and allow exact callers; name the origins.',
    source="https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html",
    over=resources(FUNCTION_URL),
    check=_check,
    early=True,
)
