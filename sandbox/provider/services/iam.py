"""IAM: roles and their inline policies."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from ..check import Failure
from ..clients import Aws
from ..resource import Properties, ResourceType, Update
from ..schema import OURS, arn, boolean, integer, json_document, string
from ..settings import Settings
from ..values import UNKNOWN

_INLINE_LIMIT = 10_240
"""Characters of all inline policies of a role, white space not counted.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


class Role(ResourceType):
    """A role. Its id is its name."""

    token = "aws:iam/role:Role"
    service = "iam"
    props = {
        "assumeRolePolicy": json_document(required=True, maximum=2048),
        "description": string(shape="roleDescriptionType"),
        "forceDetachPolicies": boolean(default=False, local=OURS),
        "maxSessionDuration": integer(default=3600, shape="roleMaxSessionDurationType"),
        "name": string(replaces=True, shape="roleNameType"),
        "path": string(replaces=True, default="/", shape="pathType"),
        "permissionsBoundary": arn(),
    }
    outputs = ("arn", "createDate", "uniqueId")
    autoname = "name"
    identity = ("name",)
    regional = False
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """The trust policy is a policy with statements."""
        return _statements("assumeRolePolicy", inputs.get("assumeRolePolicy"))

    def id_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["name"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the role."""
        request = {
            "RoleName": inputs["name"],
            "Path": inputs["path"],
            "AssumeRolePolicyDocument": inputs["assumeRolePolicy"],
            "Description": inputs.get("description"),
            "MaxSessionDuration": inputs["maxSessionDuration"],
            "PermissionsBoundary": inputs.get("permissionsBoundary"),
            "Tags": _tags(inputs["tagsAll"]),
        }
        aws.client("iam").create_role(**{key: value for key, value in request.items() if value})
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The role as AWS describes it."""
        role = aws.client("iam").get_role(RoleName=id)["Role"]
        created: datetime = role["CreateDate"]
        return {
            "name": id,
            "arn": role["Arn"],
            "assumeRolePolicy": _document(role["AssumeRolePolicyDocument"]),
            "createDate": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": role.get("Description"),
            "maxSessionDuration": role["MaxSessionDuration"],
            "path": role["Path"],
            "permissionsBoundary": role.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn"),
            "uniqueId": role["RoleId"],
            "tagsAll": {tag["Key"]: tag["Value"] for tag in role.get("Tags", [])},
        }

    def update(self, aws: Aws, update: Update) -> None:
        """All but name and path change in place."""
        iam, news = aws.client("iam"), update.news
        if "assumeRolePolicy" in update.changed:
            iam.update_assume_role_policy(RoleName=update.id, PolicyDocument=news["assumeRolePolicy"])
        if "description" in update.changed:
            iam.update_role_description(RoleName=update.id, Description=news.get("description", ""))
        if "maxSessionDuration" in update.changed:
            iam.update_role(RoleName=update.id, MaxSessionDuration=news["maxSessionDuration"])
        if "permissionsBoundary" in update.changed:
            if news.get("permissionsBoundary"):
                iam.put_role_permissions_boundary(
                    RoleName=update.id, PermissionsBoundary=news["permissionsBoundary"]
                )
            else:
                iam.delete_role_permissions_boundary(RoleName=update.id)
        removed, added = update.tags()
        if removed:
            iam.untag_role(RoleName=update.id, TagKeys=removed)
        if added:
            iam.tag_role(RoleName=update.id, Tags=_tags(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the role; with ``forceDetachPolicies`` what hangs on it goes first."""
        iam = aws.client("iam")
        if state.get("forceDetachPolicies"):
            for name in iam.list_role_policies(RoleName=id)["PolicyNames"]:
                iam.delete_role_policy(RoleName=id, PolicyName=name)
            for policy in iam.list_attached_role_policies(RoleName=id)["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=id, PolicyArn=policy["PolicyArn"])
        iam.delete_role(RoleName=id)


class RolePolicy(ResourceType):
    """An inline policy. Its id is ``<role>:<name>``."""

    token = "aws:iam/rolePolicy:RolePolicy"
    service = "iam"
    props = {
        "name": string(replaces=True, shape="policyNameType"),
        "policy": json_document(required=True),
        "role": string(required=True, replaces=True, shape="roleNameType"),
    }
    autoname = "name"
    autoname_limit = 128
    identity = ("role", "name")
    regional = False

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """The document has statements and isn't too long."""
        policy = inputs["policy"]
        yield from _statements("policy", policy)
        size = 0 if policy is UNKNOWN else len("".join(policy.split()))
        if size > _INLINE_LIMIT:
            yield Failure(
                path="policy",
                reason=f"{size} characters without white space isn't allowed; allowed: {_INLINE_LIMIT} over "
                "all inline policies of a role; grant less, or give the role a managed policy",
            )

    def id_of(self, inputs: Properties) -> str:
        """Its role and its name."""
        return f"{inputs['role']}:{inputs['name']}"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Put the policy into the role."""
        self._put(aws, inputs["role"], inputs["name"], inputs["policy"])
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The policy as AWS has it."""
        role, _, name = id.partition(":")
        found = aws.client("iam").get_role_policy(RoleName=role, PolicyName=name)
        return {"role": role, "name": name, "policy": _document(found["PolicyDocument"])}

    def update(self, aws: Aws, update: Update) -> None:
        """Put the new document."""
        role, _, name = update.id.partition(":")
        self._put(aws, role, name, update.news["policy"])

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take the policy out of the role."""
        role, _, name = id.partition(":")
        aws.client("iam").delete_role_policy(RoleName=role, PolicyName=name)

    @staticmethod
    def _put(aws: Aws, role: str, name: str, policy: str) -> None:
        aws.client("iam").put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=policy)


def missing_actions(aws: Aws, role_arn: str, wanted: Iterable[tuple[str, str]]) -> list[str]:
    """Those of ``wanted`` (action, resource ARN) that the role's policies don't allow.

    As the embedded AWS's own IAM decides (``SimulatePrincipalPolicy``; it knows a role by its name only, so a
    path is left out).
    """
    iam, missing = aws.client("iam"), []
    source = f"{role_arn.partition(':role/')[0]}:role/{role_arn.rpartition('/')[2]}"
    by_resource: dict[str, list[str]] = {}
    for action, resource in wanted:
        by_resource.setdefault(resource, []).append(action)
    for resource, actions in by_resource.items():
        answer = iam.simulate_principal_policy(
            PolicySourceArn=source, ActionNames=actions, ResourceArns=[resource]
        )
        missing += [
            each["EvalActionName"]
            for each in answer["EvaluationResults"]
            if each["EvalDecision"] != "allowed"
        ]
    return missing


def _statements(path: str, document: Any) -> Iterable[Failure]:
    if isinstance(document, str):
        found = json.loads(document)
        if not isinstance(found, dict) or not found.get("Statement"):
            yield Failure(path=path, reason="isn't a policy: a JSON object with `Version` and `Statement`")


def _document(document: Any) -> str:
    return json.dumps(json.loads(unquote(document)) if isinstance(document, str) else document)


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


TYPES = (Role(), RolePolicy())
