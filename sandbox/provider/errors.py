"""What the provider answers when something is wrong."""

from __future__ import annotations

from typing import Any

MISSING = frozenset(
    {
        "404",
        "AWS.SimpleQueueService.NonExistentQueue",
        "InvalidAllocationID.NotFound",
        "DashboardNotFoundError",
        "InvalidGroup.NotFound",
        "InvalidInternetGatewayID.NotFound",
        "InvalidRouteTableID.NotFound",
        "InvalidSecurityGroupRuleId.NotFound",
        "InvalidSubnetID.NotFound",
        "InvalidVpcEndpointId.NotFound",
        "InvalidVpcID.NotFound",
        "LifecyclePolicyNotFoundException",
        "NatGatewayNotFound",
        "NoSuchBucket",
        "NoSuchBucketPolicy",
        "NoSuchEntity",
        "NoSuchKey",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NotFound",
        "NotFoundException",
        "ObjectNotFoundException",
        "OwnershipControlsNotFoundError",
        "ProvisionedConcurrencyConfigNotFoundException",
        "QueueDoesNotExist",
        "RepositoryNotFoundException",
        "RepositoryPolicyNotFoundException",
        "ResourceNotFound",
        "ResourceNotFoundException",
    }
)
"""AWS's codes for: what was asked for isn't there."""

_EXISTS = (
    "it exists already outside this stack's state: delete it, or give this one another name; "
    "in the sandbox, `fleet down`, then `fleet up`, make everything anew"
)
_NOT_ALLOWED = (
    "the embedded AWS refuses the sandbox's credentials: restart it with `fleet down` and `fleet up`"
)
_NO_SUCH = "what it refers to doesn't exist: let it depend on that resource, or run a refresh"

_HINTS = {
    "AccessDenied": _NOT_ALLOWED,
    "EntityAlreadyExists": _EXISTS,
    "RepositoryAlreadyExistsException": _EXISTS,
    "RepositoryNotFoundException": _NO_SUCH,
    "NoSuchEntity": _NO_SUCH,
    "ResourceAlreadyExistsException": _EXISTS,
    "ResourceConflictException": _EXISTS,
    "ResourceNotFoundException": _NO_SUCH,
    "UnrecognizedClientException": _NOT_ALLOWED,
}

_NO_ANSWER = frozenset(
    {"EndpointConnectionError", "ConnectionClosedError", "ConnectTimeoutError", "ReadTimeoutError"}
)


class ProviderError(Exception):
    """An error for the user: its text says what, where, found, allowed and how to mend it."""


class UnsupportedError(ProviderError):
    """A type, property or function that this provider doesn't have; the text names it."""


class UnansweredError(ProviderError):
    """The embedded AWS is gone or hangs; whether it did what it was asked to isn't known."""

    def __init__(self) -> None:
        super().__init__(
            "the embedded AWS doesn't answer: it was ended, or it hangs. `fleet up` starts it again, and"
            " makes anew what it held"
        )


def code_of(error: Exception) -> str:
    """AWS's error code of a botocore ``ClientError``; empty for anything else."""
    response: dict[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def is_missing(error: Exception) -> bool:
    """Whether AWS says that what was asked for doesn't exist."""
    return code_of(error) in MISSING


def failure(error: Exception, doing: str) -> ProviderError:
    """What to raise for anything that went wrong while ``doing``."""
    if type(error).__name__ in _NO_ANSWER:
        return UnansweredError()
    return ProviderError(told(error, doing))


def told(error: Exception, doing: str) -> str:
    """One text for anything that went wrong while ``doing``, e.g. ``"creating Function shop"``."""
    code = code_of(error)
    if code:
        message = getattr(error, "response", {}).get("Error", {}).get("Message", "") or "no message"
        hint = _HINTS.get(code, "")
        return f"{doing}: AWS answered {code}: {message}" + (f"\n{hint}" if hint else "")
    if isinstance(error, ProviderError | TimeoutError):
        return f"{doing}: {error}"
    if type(error).__name__ in _NO_ANSWER:
        return f"{doing}: {UnansweredError()}"
    return f"{doing}: {type(error).__name__}: {error}"
