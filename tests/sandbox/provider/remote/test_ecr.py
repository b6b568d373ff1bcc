from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox.provider import Endpoint
from sandbox.provider.clients import client
from tests.sandbox.engine.lab import errors, ok, ops
from tests.sandbox.provider.remote import programs

REPOSITORY = """
made = awsx.ecr.Repository(
    "Shop-Images",
    name="shop-images",
    image_tag_mutability="IMMUTABLE",
    tags={"System": "shop"},
    LIFECYCLE
    opts=inside,
)
pulumi.export("url", made.url)
pulumi.export("arn", made.repository.arn)
pulumi.export("policyOf", made.lifecycle_policy.apply(lambda policy: policy and policy.repository))
"""
OUTER = "urn:pulumi:dev::lab::lab:index:Outer$awsx:ecr:Repository"


def text(**lifecycle: Any) -> str:
    return REPOSITORY.replace("LIFECYCLE", f"lifecycle_policy={lifecycle!r}," if lifecycle else "")


def test_its_children_are_those_of_the_real_package(tmp_path: Path, endpoint: Endpoint) -> None:
    lab = programs.lab(tmp_path, endpoint)
    programs.program(lab, text())
    previewed = ok(lab.preview())
    assert ops(previewed) == {"create": 6}  # the stack, the outer component, the provider, and these
    result = ok(lab.up())
    assert result.outputs["arn"] == "arn:aws:ecr:ap-southeast-1:000000000000:repository/shop-images"
    assert str(result.outputs["url"]).endswith("/shop-images")
    assert result.outputs["policyOf"] == "shop-images"
    resources = lab.state.export()["deployment"]["resources"]
    by_urn = {each["urn"]: each for each in resources}
    repository = by_urn[f"{OUTER}$aws:ecr/repository:Repository::shop-images"]
    policy = by_urn[f"{OUTER}$aws:ecr/lifecyclePolicy:LifecyclePolicy::shop-images"]
    outer = by_urn[f"{OUTER}::Shop-Images"]
    assert "inputs" not in outer
    assert repository["parent"] == policy["parent"] == outer["urn"]
    assert "::there::" in repository["provider"]
    assert repository["provider"] == policy["provider"]
    assert repository["inputs"]["tagsAll"] == {"ManagedBy": "pulumi", "System": "shop"}
    assert policy["propertyDependencies"] == {"policy": [], "repository": [repository["urn"]]}
    assert json.loads(policy["inputs"]["policy"]) == {
        "rules": [
            {
                "rulePriority": 1,
                "description": "remove untagged images",
                "selection": {"tagStatus": "untagged", "countType": "imageCountMoreThan", "countNumber": 1},
                "action": {"type": "expire"},
            }
        ]
    }
    assert ops(ok(lab.up())) == {"same": 6}
    ecr = client(endpoint, "ecr", "ap-southeast-1")
    assert ecr.get_lifecycle_policy(repositoryName="shop-images")
    programs.program(lab, text(skip=True))
    assert ops(ok(lab.up())) == {"same": 5, "delete": 1}
    programs.program(lab, "")
    ok(lab.up())
    assert not ecr.describe_repositories()["repositories"]


def test_rules_become_a_document(tmp_path: Path) -> None:
    lab = programs.lab(tmp_path, None)
    rules = [
        {"tagStatus": "any", "maximumAgeLimit": 30, "description": "old"},
        {"tagPrefixList": ["v"], "maximumNumberOfImages": 10},
    ]
    programs.program(lab, text(rules=rules))
    policy = next(
        step.new.inputs["policy"]
        for step in ok(lab.preview()).steps
        if step.new and step.urn.endswith("lifecyclePolicy:LifecyclePolicy::shop-images")
    )
    assert json.loads(str(policy))["rules"] == [
        {
            "rulePriority": 1,
            "selection": {
                "tagStatus": "tagged",
                "tagPrefixList": ["v"],
                "countType": "imageCountMoreThan",
                "countNumber": 10,
            },
            "action": {"type": "expire"},
        },
        {
            "rulePriority": 2,
            "description": "old",
            "selection": {
                "tagStatus": "any",
                "countType": "sinceImagePushed",
                "countNumber": 30,
                "countUnit": "days",
            },
            "action": {"type": "expire"},
        },
    ]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([{"tagStatus": "any", "maximumAgeLimit": 1}] * 2, 'found 2 with tagStatus "any"; allowed: one'),
        ([{"tagStatus": "any"}], "number 1: give maximumNumberOfImages or maximumAgeLimit"),
        ([{"maximumAgeLimit": 1}], 'give tagStatus "any" or "untagged", or else a tagPrefixList'),
    ],
)
def test_rules_that_ecr_wouldnt_take(tmp_path: Path, rules: list[Any], reason: str) -> None:
    lab = programs.lab(tmp_path, None)
    programs.program(lab, text(rules=rules))
    (error,) = errors(lab.preview())
    assert reason in error


def test_other_components_are_refused_by_name(tmp_path: Path) -> None:
    lab = programs.lab(tmp_path, None)
    programs.program(lab, 'awsx.cloudtrail.Trail("trail", opts=inside)')
    (error,) = errors(lab.preview())
    assert "the sandbox doesn't support the component awsx:cloudtrail:Trail" in error
    assert "awsx:ecr:Repository" in error


def test_other_arguments_are_refused_by_name(tmp_path: Path) -> None:
    lab = programs.lab(tmp_path, None)
    filters = '[{"filter": "latest", "filter_type": "WILDCARD"}]'
    programs.program(lab, f'awsx.ecr.Repository("it", image_tag_mutability_exclusion_filters={filters})')
    (error,) = errors(lab.preview())
    assert "imageTagMutabilityExclusionFilters: the sandbox doesn't support this argument" in error
