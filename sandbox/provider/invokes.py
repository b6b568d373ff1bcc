"""The functions (data sources) of the provider."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from . import models
from .clients import account_id, client, partition
from .endpoint import Endpoint
from .errors import ProviderError, UnsupportedError
from .settings import Settings

Answer = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a function may look at.

    :ivar region: the provider's, or the one in the arguments
    """

    settings: Settings
    endpoint: Endpoint | None
    region: str


def caller_identity(asked: Asked) -> Answer:
    """Who calls. Without an embedded AWS only the account is certain, if the stage allows exactly one."""
    if asked.endpoint:
        found = client(asked.endpoint, "sts", asked.region).get_caller_identity()
        account = account_id(asked.endpoint)
        return {"accountId": account, "id": account, "arn": found["Arn"], "userId": found["UserId"]}
    allowed = asked.settings.allowed_account_ids
    if len(allowed) != 1:
        raise ProviderError(
            "getCallerIdentity: a preview without account needs exactly one id in aws:allowedAccountIds; "
            f"found: {', '.join(allowed) or 'none'}"
        )
    return {"accountId": allowed[0], "id": allowed[0]}


def region(asked: Asked) -> Answer:
    """A region: the provider's, or the one in the arguments."""
    return {
        "id": asked.region,
        "name": asked.region,
        "region": asked.region,
        "description": _region_names().get(asked.region, ""),
        "endpoint": f"ec2.{asked.region}.{_dns_suffix(asked.region)}",
    }


def aws_partition(asked: Asked) -> Answer:
    """The partition of the provider's region."""
    suffix = _dns_suffix(asked.region)
    return {
        "id": partition(asked.region),
        "partition": partition(asked.region),
        "dnsSuffix": suffix,
        "reverseDnsPrefix": ".".join(reversed(suffix.split("."))),
    }


_INVOKES: Final[Mapping[str, tuple[Callable[[Asked], Answer], frozenset[str]]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": (caller_identity, frozenset()),
    "aws:index/getPartition:getPartition": (aws_partition, frozenset()),
    "aws:index/getRegion:getRegion": (region, frozenset({"name", "region"})),
}
"""Token to function and the arguments that it takes."""


def tokens() -> list[str]:
    """Every supported function."""
    return sorted(_INVOKES)


def invoke(token: str, args: Mapping[str, Any], settings: Settings, endpoint: Endpoint | None) -> Answer:
    """Answer a function.

    :raises UnsupportedError: the sandbox doesn't have it, or not with these arguments
    """
    if token not in _INVOKES:
        raise UnsupportedError(
            f"the sandbox doesn't support the function {token}; supported: {', '.join(_INVOKES)}. "
            "Take the value from the stage's configuration instead"
        )
    answer, allowed = _INVOKES[token]
    unsupported = sorted(args.keys() - allowed)
    if unsupported:
        raise UnsupportedError(f"the sandbox's {token} doesn't take {', '.join(unsupported)}; leave it out")
    where = args.get("region") or args.get("name") or settings.region
    return answer(Asked(settings=settings, endpoint=endpoint, region=where))


@cache
def _region_names() -> Mapping[str, str]:
    partitions = json.loads(models.data_file("endpoints.json"))["partitions"]
    return {name: found["description"] for each in partitions for name, found in each["regions"].items()}


def _dns_suffix(region_name: str) -> str:
    return "amazonaws.com.cn" if partition(region_name) == "aws-cn" else "amazonaws.com"
