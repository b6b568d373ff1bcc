"""Models on Bedrock."""

from __future__ import annotations

import re
from dataclasses import dataclass

from components.arns import Shape
from components.grants import Grant
from components.naming import Scope
from components.problems import Problem, refuse

# https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
_MODEL_ID = re.compile(r"[a-z0-9-]+\.[A-Za-z0-9.:-]+")


@dataclass(frozen=True, kw_only=True)
class BedrockModel:
    """A model that may be invoked: what the code calls it by, and the ARNs that this takes.

    Made by `by_id` or `by_profile`.
    """

    model_id: str
    arns: tuple[str, ...]

    @classmethod
    def by_id(cls, scope: Scope, model_id: str) -> BedrockModel:
        """Take a foundation model of the scope's own region.

        Raises InvalidArgumentsError for what isn't a model's id.
        """
        if not _MODEL_ID.fullmatch(model_id):
            refuse(
                [
                    Problem(
                        where="model",
                        what="the model id",
                        got=repr(model_id),
                        allowed="'<provider>.<model>', as 'anthropic.claude-3-haiku-20240307-v1:0'",
                        mend="An inference profile is given by its ARN and its models' ARNs.",
                    )
                ]
            )
        arn = f"arn:{scope.partition}:bedrock:{scope.region}::foundation-model/{model_id}"
        return cls(model_id=model_id, arns=(arn,))

    @classmethod
    def by_profile(cls, *, arn: str, model_arns: tuple[str, ...]) -> BedrockModel:
        """Take an inference profile, which needs the model's ARN in each region that it routes to.

        https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
        Raises InvalidArgumentsError for what aren't such ARNs.
        """
        problems = list(Shape.INFERENCE_PROFILE.problems("inference profile", "arn", arn))
        for model_arn in model_arns:
            problems.extend(Shape.MODEL.problems("inference profile", "model_arns", model_arn))
        if not model_arns:
            problems.append(
                Problem(
                    where="inference profile",
                    what="model_arns",
                    got="empty",
                    allowed="the model's ARN in each region that the profile routes to",
                )
            )
        refuse(problems)
        return cls(model_id=arn, arns=(arn, *model_arns))

    def grant_invoke(self) -> Grant:
        """Let a service invoke the model."""
        return Grant(sid="InvokeModel", actions=("bedrock:InvokeModel",), resources=self.arns)
