"""ECR: repositories of images, who may use them, and which images expire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..check import Failure
from ..clients import Aws
from ..resource import Properties, ResourceType, Update
from ..schema import OURS, boolean, json_document, list_of, object_of, string
from ..settings import Settings
from . import given, tag_list, tag_map


class Repository(ResourceType):
    """A repository. Its id is its name.

    Which changes replace: hashicorp/terraform-provider-aws, internal/service/ecr/repository.go
    """

    token = "aws:ecr/repository:Repository"
    service = "ecr"
    props = {
        "name": string(
            replaces=True,
            shape="RepositoryName",
            meaning="lower-case letters and digits in words, joined by . _ - and /",
        ),
        "encryptionConfigurations": list_of(
            object_of(
                {
                    "encryptionType": string(default="AES256", values=("AES256", "KMS", "KMS_DSSE")),
                    "kmsKey": string(settled=True, minimum=1),
                }
            ),
            replaces=True,
            settled=True,
            maximum=1,
        ),
        "forceDelete": boolean(local=OURS),
        "imageScanningConfiguration": object_of({"scanOnPush": boolean(required=True)}, settled=True),
        "imageTagMutability": string(default="MUTABLE", values=("MUTABLE", "IMMUTABLE")),
    }
    outputs = ("arn", "registryId", "repositoryUrl")
    autoname = "name"
    autoname_limit = 255
    identity = ("name",)
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """A key goes with its encryption."""
        del settings
        for index, each in enumerate(_encryptions(inputs)):
            if "kmsKey" in each and each.get("encryptionType", "AES256") == "AES256":
                yield Failure(
                    path=f"encryptionConfigurations[{index}].kmsKey",
                    reason='only encryptionType "KMS" and "KMS_DSSE" take a key: set one of them',
                )

    def id_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["name"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the repository with all it has."""
        aws.client("ecr").create_repository(
            repositoryName=inputs["name"],
            imageTagMutability=inputs["imageTagMutability"],
            **given(
                imageScanningConfiguration=inputs.get("imageScanningConfiguration"),
                encryptionConfiguration=next(
                    (
                        given(encryptionType=each.get("encryptionType", "AES256"), kmsKey=each.get("kmsKey"))
                        for each in _encryptions(inputs)
                    ),
                    None,
                ),
                tags=tag_list(inputs.get("tagsAll")) or None,
            ),
        )
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The repository as AWS describes it, and its tags."""
        del known
        ecr = aws.client("ecr")
        told = ecr.describe_repositories(repositoryNames=[id])["repositories"][0]
        tags = ecr.list_tags_for_resource(resourceArn=told["repositoryArn"])["tags"]
        return {
            "name": told["repositoryName"],
            "encryptionConfigurations": [told.get("encryptionConfiguration", {"encryptionType": "AES256"})],
            "imageScanningConfiguration": told.get("imageScanningConfiguration", {"scanOnPush": False}),
            "imageTagMutability": told["imageTagMutability"],
            "arn": told["repositoryArn"],
            "registryId": told["registryId"],
            "repositoryUrl": told["repositoryUri"],
            "tagsAll": tag_map(tags),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Whether tags move, whether images are scanned, and the tags of the repository."""
        ecr, name = aws.client("ecr"), update.id
        if "imageTagMutability" in update.changed:
            ecr.put_image_tag_mutability(
                repositoryName=name, imageTagMutability=update.news["imageTagMutability"]
            )
        if "imageScanningConfiguration" in update.changed:
            ecr.put_image_scanning_configuration(
                repositoryName=name,
                imageScanningConfiguration=update.news.get(
                    "imageScanningConfiguration", {"scanOnPush": False}
                ),
            )
        removed, added = update.tags()
        if removed:
            ecr.untag_resource(resourceArn=update.olds["arn"], tagKeys=removed)
        if added:
            ecr.tag_resource(resourceArn=update.olds["arn"], tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it; with images in it only where the program said so."""
        aws.client("ecr").delete_repository(repositoryName=id, force=bool(state.get("forceDelete")))


def _encryptions(inputs: Properties) -> list[dict[str, Any]]:
    found = inputs.get("encryptionConfigurations")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


class _Policy(ResourceType):
    """A document of a repository. Its id is the repository's name.

    :cvar noun: of ECR's operations
    :cvar text: the document among their members
    """

    service = "ecr"
    noun: str
    text: str
    put: str
    props = {
        "repository": string(required=True, replaces=True, minimum=1),
        "policy": json_document(required=True, minimum=1),
    }
    outputs = ("registryId",)
    identity = ("repository",)

    def id_of(self, inputs: Properties) -> str:
        """Its repository's name."""
        return str(inputs["repository"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Set the document."""
        self._set(aws, inputs["repository"], inputs["policy"])
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The document; a repository without one has none to manage."""
        del known
        told = getattr(aws.client("ecr"), f"get_{self.noun}")(repositoryName=id)
        return {"repository": id, "policy": told[self.text], "registryId": told["registryId"]}

    def update(self, aws: Aws, update: Update) -> None:
        """Set the new document."""
        self._set(aws, update.id, update.news["policy"])

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take the document away."""
        del state
        getattr(aws.client("ecr"), f"delete_{self.noun}")(repositoryName=id)

    def _set(self, aws: Aws, repository: str, document: str) -> None:
        call = getattr(aws.client("ecr"), f"{self.put}_{self.noun}")
        call(repositoryName=repository, **{self.text: document})


class RepositoryPolicy(_Policy):
    """Who may use the images of a repository."""

    token = "aws:ecr/repositoryPolicy:RepositoryPolicy"
    noun, text, put = "repository_policy", "policyText", "set"


class LifecyclePolicy(_Policy):
    """Which images of a repository expire. The real provider replaces it when it changes."""

    token = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
    noun, text, put = "lifecycle_policy", "lifecyclePolicyText", "put"
    props = {
        "repository": string(required=True, replaces=True, minimum=1),
        "policy": json_document(required=True, replaces=True, minimum=1),
    }


TYPES = (LifecyclePolicy(), Repository(), RepositoryPolicy())
