"""Secrets that are there already."""

from __future__ import annotations

from dataclasses import dataclass

from components.arns import Shape
from components.grants import Grant
from components.problems import refuse


@dataclass(frozen=True, kw_only=True)
class Secret:
    """A secret of Secrets Manager, known by its whole ARN.

    kms_key_arn: the key that encrypts it, where that is a key of one's own.
    Raises InvalidArgumentsError for an ARN without the six characters that Secrets Manager adds.
    """

    arn: str
    kms_key_arn: str | None = None

    def __post_init__(self) -> None:
        refuse(
            [
                *Shape.SECRET.problems("secret", "arn", self.arn),
                *Shape.KMS_KEY.problems("secret", "kms_key_arn", self.kms_key_arn),
            ]
        )

    def grant_read(self, what: str = "") -> tuple[Grant, ...]:
        """Let a service read the secret's value; a key of one's own has to be usable for it, too.

        what: tells it apart from other secrets that the same service reads (`Cognito`).

        The key may be used through Secrets Manager alone.
        https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
        """
        read = Grant(
            sid=f"Read{what}Secret", actions=("secretsmanager:GetSecretValue",), resources=(self.arn,)
        )
        if self.kms_key_arn is None:
            return (read,)
        _, partition, _, region, *_ = self.arn.split(":")
        domain = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
        decrypt = Grant(
            sid=f"Decrypt{what}Secret",
            actions=("kms:Decrypt",),
            resources=(self.kms_key_arn,),
            conditions={"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.{domain}"}},
        )
        return read, decrypt
