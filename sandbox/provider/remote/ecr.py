"""``awsx.ecr.Repository``: a repository, and the policy that expires its images.

Source: https://github.com/pulumi/pulumi-awsx, awsx/ecr/repository.ts
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ..errors import ProviderError
from ..values import UNKNOWN, PropertyMap, Value, has_unknown, plain
from .children import Component

ARGUMENTS = frozenset(
    {
        "encryptionConfigurations",
        "forceDelete",
        "imageScanningConfiguration",
        "imageTagMutability",
        "lifecyclePolicy",
        "name",
        "region",
        "tags",
    }
)
_DEFAULT_RULES = (
    {"description": "remove untagged images", "tagStatus": "untagged", "maximumNumberOfImages": 1},
)
_RULE = frozenset({"description", "maximumAgeLimit", "maximumNumberOfImages", "tagPrefixList", "tagStatus"})


def construct(component: Component, name: str, inputs: PropertyMap) -> PropertyMap:
    """Register the two children, named as the component in lower case."""
    policy = plain(inputs.get("lifecyclePolicy")) or {}
    child = name.lower()
    repository = component.add(
        "aws:ecr/repository:Repository",
        child,
        {key: value for key, value in inputs.items() if key != "lifecyclePolicy"},
    )
    outputs: PropertyMap = {"repository": repository.reference, "url": repository["repositoryUrl"]}
    if not policy.get("skip"):
        made = component.add(
            "aws:ecr/lifecyclePolicy:LifecyclePolicy",
            child,
            {
                "repository": repository["name"],
                "policy": _document(policy.get("rules")),
                "region": inputs.get("region"),
            },
        )
        outputs["lifecyclePolicy"] = made.reference
    return outputs


def _document(rules: Sequence[dict[str, Any]] | None) -> Value:
    """The rules as ECR takes them; the one about any image comes last."""
    if has_unknown(list(rules or ())):
        return UNKNOWN
    given = list(rules if rules is not None else _DEFAULT_RULES)
    every = [rule for rule in given if rule.get("tagStatus") == "any"]
    if len(every) > 1:
        raise ProviderError(f'lifecyclePolicy.rules: found {len(every)} with tagStatus "any"; allowed: one')
    ordered = [rule for rule in given if rule not in every] + every
    document = {"rules": [_rule(rule, number) for number, rule in enumerate(ordered, start=1)]}
    return json.dumps(document, separators=(",", ":"), sort_keys=True)


def _rule(rule: dict[str, Any], number: int) -> dict[str, Any]:
    where = f"lifecyclePolicy.rules, number {number}"
    unknown = sorted(rule.keys() - _RULE)
    if unknown:
        raise ProviderError(f"{where}: {unknown[0]!r} isn't allowed; allowed: {', '.join(sorted(_RULE))}")
    made = {
        "rulePriority": number,
        "description": rule.get("description"),
        "selection": {**_images(rule, where), **_count(rule, where)},
        "action": {"type": "expire"},
    }
    return {key: value for key, value in made.items() if value is not None}


def _images(rule: dict[str, Any], where: str) -> dict[str, Any]:
    if rule.get("tagStatus") in {"any", "untagged"}:
        return {"tagStatus": rule["tagStatus"]}
    if not rule.get("tagPrefixList"):
        raise ProviderError(f'{where}: give tagStatus "any" or "untagged", or else a tagPrefixList')
    return {"tagStatus": "tagged", "tagPrefixList": rule["tagPrefixList"]}


def _count(rule: dict[str, Any], where: str) -> dict[str, Any]:
    if rule.get("maximumNumberOfImages") is not None:
        return {"countType": "imageCountMoreThan", "countNumber": rule["maximumNumberOfImages"]}
    if rule.get("maximumAgeLimit") is not None:
        return {"countType": "sinceImagePushed", "countNumber": rule["maximumAgeLimit"], "countUnit": "days"}
    raise ProviderError(f"{where}: give maximumNumberOfImages or maximumAgeLimit (days)")
