"""Registries of container images (ECR), for functions whose images a delivery pipeline pushes and deploys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi
import pulumi_aws as aws

from components import limits
from components.arns import Shape
from components.component import Component
from components.grants import Grant
from components.naming import Kind, Names, Scope
from components.problems import Problem, refuse

if TYPE_CHECKING:
    import pulumi_awsx as awsx

LIVE = "live-"
"""What the second tag of an image begins with that went live and was healthy: `live-<its first tag>`."""

_PULL = ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


@dataclass(frozen=True, kw_only=True)
class RegistryArgs:
    """A repository of images, `<prefix>/<stage>`.

    services: those that run its images; tags begin with their short names. Lambda may pull for no others.
    keep: how many images of each service stay; of those that went live, `keep_live` more.
    kms_key_arn: a key of one's own, instead of the one that ECR manages.
    protect: keep it from being deleted. Without it, the repository goes with all its images.
    """

    scope: Scope
    services: tuple[Names, ...]
    keep: int = 30
    keep_live: int = 10
    kms_key_arn: str | None = None
    protect: bool = False

    @property
    def name(self) -> str:
        """The repository's physical name."""
        return f"{self.scope.prefix or self.scope.system}/{self.scope.stage}"

    @property
    def arn(self) -> str:
        """The repository's ARN."""
        return self.scope.arn("ecr", f"repository/{self.name}")

    def uri(self, tag: str) -> str:
        """Make the URI of an image."""
        domain = "amazonaws.com.cn" if self.scope.partition == "aws-cn" else "amazonaws.com"
        return f"{self.scope.account}.dkr.ecr.{self.scope.region}.{domain}/{self.name}:{tag}"

    def grant_push(self) -> tuple[Grant, ...]:
        """Let a pipeline push images, look at them, and give them their second tag.

        https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push-iam.html
        """
        log_in = Grant(sid="LogInToRegistry", actions=("ecr:GetAuthorizationToken",), resources=("*",))
        push = Grant(
            sid="PushImages",
            actions=(
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:CompleteLayerUpload",
                "ecr:DescribeImages",
                "ecr:InitiateLayerUpload",
                "ecr:PutImage",
                "ecr:UploadLayerPart",
            ),
            resources=(self.arn,),
        )
        return log_in, push

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the repository."""
        where = f"registry {self.name}"
        yield from Kind.REPOSITORY.problems(where, self.name)
        yield from Shape.KMS_KEY.problems(where, "kms_key_arn", self.kms_key_arn, region=self.scope.region)
        for what, number in (("keep", self.keep), ("keep_live", self.keep_live)):
            if number not in limits.IMAGES_KEPT:
                yield Problem(where=where, what=what, got=str(number), allowed=str(limits.IMAGES_KEPT))
        if not self.services:
            yield Problem(where=where, what="services", got="none", allowed="at least one that pulls")


class Registry(Component):
    """A repository with immutable tags whose images are scanned as they come.

    Old images go, but not the last ones that went live: an image that two rules fit is the first rule's, and
    the first rules keep what the pipeline found healthy, by its second tag. All count from the newest push.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/LifecyclePolicies.html#lp_evaluation_rules
    """

    def __init__(self, name: str, args: RegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:Registry", name, opts)
        self.args = args
        self.repository = self._repository()
        self._let_lambda_pull()
        self.finish({"name": args.name, "arn": args.arn, "url": self.repository.url})

    def _repository(self) -> awsx.ecr.Repository:
        import pulumi_awsx as awsx  # 60 ms, which only a registry costs

        args = self.args
        encryption = aws.ecr.RepositoryEncryptionConfigurationArgs(
            encryption_type="KMS" if args.kms_key_arn else "AES256", kms_key=args.kms_key_arn
        )
        return awsx.ecr.Repository(
            self.child("repository"),
            name=args.name,
            encryption_configurations=[encryption],
            force_delete=not args.protect,
            image_scanning_configuration=aws.ecr.RepositoryImageScanningConfigurationArgs(scan_on_push=True),
            image_tag_mutability="IMMUTABLE",
            lifecycle_policy=awsx.ecr.LifecyclePolicyArgs(rules=list(self._rules())),
            tags=args.scope.tags(),
            opts=self.inside(protect=args.protect or None),
        )

    def _rules(self) -> Iterator[awsx.ecr.LifecyclePolicyRuleArgs]:
        import pulumi_awsx as awsx

        kept = (
            *((LIVE, self.args.keep_live, names.service) for names in self.args.services),
            *(("", self.args.keep, names.service) for names in self.args.services),
        )
        for prefix, count, service in kept:
            yield awsx.ecr.LifecyclePolicyRuleArgs(
                description=f"keep {count} {'deployed ' if prefix else ''}images of {service}",
                tag_status=awsx.ecr.LifecycleTagStatus.TAGGED,
                tag_prefix_list=[f"{prefix}{service}-"],
                maximum_number_of_images=count,
            )
        yield awsx.ecr.LifecyclePolicyRuleArgs(
            description="remove what lost its tag",
            tag_status=awsx.ecr.LifecycleTagStatus.UNTAGGED,
            maximum_age_limit=1,
        )

    def _let_lambda_pull(self) -> None:
        # So that no function's role needs an action of ECR.
        # https://docs.aws.amazon.com/lambda/latest/dg/images-create.html#gettingstarted-images-permissions
        allow = {
            "Sid": "AllowLambdaPull",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": list(_PULL),
            "Condition": {
                "ArnLike": {"aws:SourceArn": [names.function_arn for names in self.args.services]},
                "StringEquals": {"aws:SourceAccount": self.args.scope.account},
            },
        }
        aws.ecr.RepositoryPolicy(
            self.child("policy"),
            repository=self.repository.url.apply(lambda url: url.partition("/")[2]),
            policy=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
            opts=self.inside(),
        )
