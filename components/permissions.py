"""Who may invoke a service, and how: values, and the permissions made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.arns import Shape
from components.component import Component
from components.grants import arn_problems
from components.problems import Problem, refuse

# https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html
_STATEMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
_SERVICE = re.compile(r"[a-z0-9.-]+\.amazonaws\.com")
_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, kw_only=True)
class Invoker:
    """A statement in a function's own policy, for its alias `live`. Made by `by_service` or `by_role`."""

    statement_id: str
    principal: str
    source_arn: pulumi.Input[str] | None = None
    source_account: str | None = None
    action: str = "lambda:InvokeFunction"
    function_url_auth_type: str | None = None
    invoked_via_function_url: bool | None = None

    @classmethod
    def by_service(
        cls,
        statement_id: str,
        service: str,
        *,
        source_arn: pulumi.Input[str] | None = None,
        source_account: str | None = None,
    ) -> Invoker:
        """Let an AWS service (`apigateway.amazonaws.com`) invoke, on behalf of one source.

        source_account: also needed for an ARN without an account (a bucket's), which somebody else may have
        tomorrow. Raises InvalidArgumentsError without a source, or for one that isn't exact: anybody's
        resource could then have the service call.
        """
        refuse(_service_problems(statement_id, service, source_arn, source_account))
        return cls(
            statement_id=statement_id,
            principal=service,
            source_arn=source_arn,
            source_account=source_account,
        )

    @classmethod
    def by_role(cls, statement_id: str, role_arn: str) -> Invoker:
        """Let a role invoke, named by its ARN. It has no source: it calls by itself.

        Raises InvalidArgumentsError for what isn't one exact role.
        """
        refuse(_role_problems(statement_id, role_arn))
        return cls(statement_id=statement_id, principal=role_arn)


@dataclass(frozen=True, kw_only=True)
class FunctionUrlArgs:
    """A function URL on the alias, with IAM authentication.

    callers: a statement id each, and the ARN of the role that may call.
    """

    callers: tuple[tuple[str, str], ...] = ()

    @property
    def invokers(self) -> tuple[Invoker, ...]:
        """The permissions that the callers need: both, since October 2025.

        https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
        """
        return tuple(
            invoker for statement_id, role in self.callers for invoker in _url_invokers(statement_id, role)
        )


def _url_invokers(statement_id: str, role_arn: str) -> tuple[Invoker, Invoker]:
    refuse(_role_problems(statement_id, role_arn))
    return (
        Invoker(
            statement_id=f"{statement_id}Url",
            principal=role_arn,
            action="lambda:InvokeFunctionUrl",
            function_url_auth_type="AWS_IAM",
        ),
        Invoker(
            statement_id=f"{statement_id}ThroughUrl",
            principal=role_arn,
            invoked_via_function_url=True,
        ),
    )


def permit(
    owner: Component, invoker: Invoker, *, function: aws.lambda_.Function, alias: aws.lambda_.Alias
) -> None:
    """Add the statement to the policy of the alias."""
    aws.lambda_.Permission(
        owner.child(invoker.statement_id),
        statement_id=invoker.statement_id,
        function=function.name,
        qualifier=alias.name,
        action=invoker.action,
        principal=invoker.principal,
        source_arn=invoker.source_arn,
        source_account=invoker.source_account,
        function_url_auth_type=invoker.function_url_auth_type,
        invoked_via_function_url=invoker.invoked_via_function_url,
        opts=owner.inside(),
    )


def serve_url(
    owner: Component, *, function: aws.lambda_.Function, alias: aws.lambda_.Alias
) -> aws.lambda_.FunctionUrl:
    """Give the alias a URL that takes signed requests only."""
    return aws.lambda_.FunctionUrl(
        owner.child("url"),
        function_name=function.name,
        qualifier=alias.name,
        authorization_type="AWS_IAM",
        opts=owner.inside(),
    )


def _service_problems(
    statement_id: str, service: str, source_arn: pulumi.Input[str] | None, source_account: str | None
) -> Iterator[Problem]:
    where = f"permission {statement_id}"
    yield from _statement_problems(where, statement_id)
    if not _SERVICE.fullmatch(service):
        yield Problem(
            where=where,
            what="the principal",
            got=repr(service),
            allowed="an AWS service, as 'apigateway.amazonaws.com'",
            mend="A role is named by its ARN, with Invoker.by_role.",
        )
    if source_arn is None and source_account is None:
        yield Problem(
            where=where,
            what="the source",
            got="none",
            allowed=f"the ARN of what makes {service} call, or its account where AWS has no ARN for it",
            mend="Without one, anybody's resource could have the service call this function.",
        )
    if isinstance(source_arn, str):
        yield from _source_problems(where, source_arn, source_account)
    if source_account is not None and not _ACCOUNT.fullmatch(source_account):
        yield Problem(where=where, what="source_account", got=repr(source_account), allowed="twelve digits")


def _source_problems(where: str, source_arn: str, source_account: str | None) -> Iterator[Problem]:
    impossible = tuple(arn_problems(where, "source_arn", source_arn))
    yield from impossible
    if not impossible and not source_arn.split(":")[4] and source_account is None:
        # https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html
        yield Problem(
            where=where,
            what="source_account",
            got="none",
            allowed=f"the account of {source_arn!r}, which its ARN doesn't say",
            mend="Without it, whoever takes the name after it was given up could have the function called.",
        )


def _role_problems(statement_id: str, role_arn: str) -> Iterator[Problem]:
    where = f"permission {statement_id}"
    yield from _statement_problems(where, statement_id)
    yield from Shape.ROLE.problems(where, "the principal", role_arn)


def _statement_problems(where: str, statement_id: str) -> Iterator[Problem]:
    if not _STATEMENT_ID.fullmatch(statement_id):
        yield Problem(
            where=where,
            what="the statement id",
            got=repr(statement_id),
            allowed="1 to 100 letters, digits, hyphens and underscores",
        )
