"""The shapes of ARNs that are given to the program from outside, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from components.problems import Problem

_HEAD = r"arn:aws[a-z-]*"


class Shape(Enum):
    """A kind of ARN: its pattern, an example, and what to do when it doesn't fit."""

    # https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
    ROLE = (
        rf"{_HEAD}:iam::\d{{12}}:role/[\w+=,.@/-]+",
        "arn:aws:iam::123456789012:role/game",
        "Name one role exactly: no wildcard, no account's root.",
    )
    GITHUB_PROVIDER = (
        rf"{_HEAD}:iam::\d{{12}}:oidc-provider/token\.actions\.githubusercontent\.com",
        "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
        "",
    )
    POLICY = (
        rf"{_HEAD}:iam::\d{{12}}:policy/[\w+=,.@/-]+",
        "arn:aws:iam::123456789012:policy/fleet-boundary",
        "Name a managed policy of the stage's account.",
    )
    KMS_KEY = (
        rf"{_HEAD}:kms:[a-z0-9-]+:\d{{12}}:key/[A-Za-z0-9-]+",
        "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "An alias won't do: policies need the key itself.",
    )
    TOPIC = (
        rf"{_HEAD}:sns:[a-z0-9-]+:\d{{12}}:[A-Za-z0-9_.-]+",
        "arn:aws:sns:eu-west-1:123456789012:alarms",
        "",
    )
    CODE_SIGNING = (
        rf"{_HEAD}:lambda:[a-z0-9-]+:\d{{12}}:code-signing-config:csc-[a-z0-9]+",
        "arn:aws:lambda:eu-west-1:123456789012:code-signing-config:csc-0123456789abcdef0",
        "",
    )
    LAYER_VERSION = (
        rf"{_HEAD}:lambda:[a-z0-9-]+:\d{{12}}:layer:[A-Za-z0-9_-]+:\d+",
        "arn:aws:lambda:eu-west-1:123456789012:layer:powertools:7",
        "Name a version: layers change by new versions only.",
    )
    SECRET = (
        rf"{_HEAD}:secretsmanager:[a-z0-9-]+:\d{{12}}:secret:[\w/+=.@-]+-[A-Za-z0-9]{{6}}",
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:database-AbCdEf",
        "Give the whole ARN: without the six characters that Secrets Manager adds, a policy never matches.",
    )
    USER_POOL = (
        rf"{_HEAD}:cognito-idp:[a-z0-9-]+:\d{{12}}:userpool/[a-z0-9-]+_[A-Za-z0-9]+",
        "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEfGhI",
        "",
    )
    EXECUTION = (
        rf"{_HEAD}:execute-api:[a-z0-9-]+:\d{{12}}:[a-z0-9]+",
        "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5",
        "Without a stage, a method or a path: those are added.",
    )
    MODEL = (
        rf"{_HEAD}:bedrock:[a-z0-9-]+::foundation-model/[A-Za-z0-9.:-]+",
        "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0",
        "Name one model in one region.",
    )
    INFERENCE_PROFILE = (
        rf"{_HEAD}:bedrock:[a-z0-9-]+:\d{{12}}:(application-)?inference-profile/[A-Za-z0-9.:-]+",
        "arn:aws:bedrock:eu-west-1:123456789012:inference-profile/eu.anthropic.claude-3-haiku-20240307-v1:0",
        "",
    )

    def __init__(self, pattern: str, example: str, mend: str) -> None:
        self.pattern = re.compile(pattern)
        self.example = example
        self.mend = mend

    def problems(
        self, where: str, what: str, arn: str | None, *, region: str | None = None
    ) -> Iterator[Problem]:
        """Say that an ARN hasn't this shape, or isn't of the region that it has to be of.

        None stands for an ARN that isn't given, which is fine.
        """
        if arn is None:
            return
        if not self.pattern.fullmatch(arn):
            yield Problem(
                where=where, what=what, got=repr(arn), allowed=f"an ARN as {self.example}", mend=self.mend
            )
        elif region is not None and arn.split(":")[3] != region:
            yield Problem(
                where=where,
                what=what,
                got=repr(arn),
                allowed=f"one in {region}, where the service is",
            )
