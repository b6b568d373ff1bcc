"""LAM-06: secrets in environments. No value of a variable is ever shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from policies.finding import Finding, Severity
from policies.rule import Context, Rule, Setting, resources
from policies.rules.reading import UNREADABLE, missing
from policies.view import UNKNOWN, Resource, Secret, Value, plain
from policies.view.arn import Arn
from policies.view.graph import FUNCTION
from policies.view.values import is_secret

_VARIABLES: Final = "environment.variables"

_TELLING = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PWD|SECRET|TOKEN|CREDENTIALS?|APIKEY|"
    r"(?:API|ACCESS|PRIVATE|SECRET|SIGNING|ENCRYPTION|AUTH)_?KEY|CONNECTION_?STRING)S?(?:_|$)"
)
"""Words in a name that say what it holds."""

_ABOUT = re.compile(
    r"_(?:ARN|NAME|ID|IDS|REF|PATH|FILE|PARAMETER|PARAM|TABLE|BUCKET|QUEUE|TOPIC|URL|URI|ENDPOINT|HOST|REGION|"
    r"VERSION|TYPE|ALGORITHM|ISSUER|AUDIENCE|HEADER|PREFIX|LENGTH|LIMIT|COUNT|SIZE|TTL|EXPIRY|EXPIRES|"
    r"TIMEOUT|SECONDS|MINUTES|HOURS|DAYS|S|MS|ENABLED|REQUIRED|ROTATION)$"
)
"""Last words of a name that is only about a secret: where it is, how long it lives."""

_SHAPES: Final = (
    ("an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a URL with a password", re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]*:[^/\s@]+@")),
    ("a token of GitHub", re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,})")),
    ("a token of Slack", re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}")),
    ("a key of Stripe", re.compile(r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}")),
    ("a JSON web token", re.compile(r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}")),
)

_GIVES_SECRETS: Final = (
    "aws:secretsmanager/secretVersion:",
    "aws:ssm/parameter:",
    "aws:iam/accessKey:",
    "random:index/randomPassword:",
    "tls:index/privateKey:",
)
"""Resources whose outputs are secrets, or can be."""


def _check(function: Resource, context: Context) -> Iterator[Finding]:
    environment = plain(function.values.get("environment"))
    if environment is None:
        return
    block = function.block("environment")
    variables: Value = block if block is UNKNOWN else function.values.get("environment")
    if isinstance(environment, dict):
        variables = environment.get("variables")
    if plain(variables) in (None, {}):
        return
    if isinstance(function.values.get("environment"), Secret) or isinstance(variables, Secret):
        yield _finding(function, _VARIABLES, "the environment as a whole is a secret of the program")
    elif variables is UNKNOWN:
        yield _finding(function, _VARIABLES, f"the environment as a whole {UNREADABLE}")
    elif function.block(_VARIABLES) is not None and isinstance(variables, dict):
        for name, value in variables.items():
            reason = _why_secret(function, name, value)
            if reason is not None:
                yield _finding(function, f"{_VARIABLES}.{name}", f"{name} {reason} (its value isn't shown)")
    found = missing(function, "kmsKeyArn", "the environment is encrypted with a key that AWS owns")
    if context.settings["requireKey"] and found is not None:
        yield Finding(
            resource=function,
            subject="kmsKeyArn",
            found=found,
            allowed="a key of one's own: the stage demands it",
            mend="Set kms_key_arn.",
        )


def _finding(function: Resource, subject: str, found: str) -> Finding:
    return Finding(resource=function, subject=subject, found=found, allowed="names and ARNs, no secrets")


def _why_secret(function: Resource, name: str, value: Value) -> str | None:
    if is_secret(value):
        return "is a secret of the program"
    telling = _TELLING.search(_in_capitals(name)) and not _ABOUT.search(_in_capitals(name))
    if value is UNKNOWN:
        return _why_unknown_is_secret(function, telling=bool(telling))
    if not isinstance(value, str):
        return None
    for what, shape in _SHAPES:
        if shape.search(value):
            return f"holds something like {what}"
    if telling and not _is_harmless(value):
        return "holds something like a secret, by its name"
    return None


def _why_unknown_is_secret(function: Resource, *, telling: bool) -> str | None:
    if telling:
        return f"holds something like a secret, by its name, and {UNREADABLE}"
    sources = function.property_dependencies.get("environment", ())
    if not sources:
        return f"{UNREADABLE}, and comes from no resource"
    kinds = sorted({urn.split("::")[2].split("$")[-1] for urn in sources if urn.count("::") > 2})
    giving = [kind for kind in kinds if kind.startswith(_GIVES_SECRETS)]
    return f"{UNREADABLE}, and can come from {', '.join(giving)}" if giving else None


def _in_capitals(name: str) -> str:
    """Write a name as variables are: dbPassword and db-password are DB_PASSWORD."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[-. ]", "_", name).upper()


def _is_harmless(value: str) -> bool:
    """Whether a value is no secret whatever its name says: nothing, a number, a switch, an ARN."""
    return (
        Arn.parse(value) is not None
        or re.fullmatch(r"\s*|-?\d{1,6}(\.\d+)?|true|false|yes|no|on|off|none", value, re.IGNORECASE)
        is not None
    )


LAM_06 = Rule(
    id="LAM-06",
    title="A secret may be in an environment",
    severity=Severity.CRITICAL,
    what="No environment variable holds something like a secret: by its value, by its name, or because the "
    "program marks it as one. Where the stage demands it, environments are encrypted with a key of one's "
    "own.",
    why="Everybody who may read the function's configuration, its state or its deployment reads the "
    "variables.",
    mend="Put the secret's ARN into the variable, let the role read that one secret, and fetch it at run "
    "time.",
    source="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars-encryption.html",
    settings={
        "requireKey": Setting(
            schema={"type": "boolean"},
            default=False,
            what="Whether environments must be encrypted with a KMS key of one's own",
        )
    },
    over=resources(FUNCTION),
    check=_check,
    early=True,
)
