"""Values that are given to the program from outside: the network, secrets, databases, models, ARNs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from components.arns import Shape
from components.bedrock import BedrockModel
from components.data.secret import Secret
from components.grants import Grant
from components.problems import InvalidArgumentsError
from tests.components.sample import DATABASE, KEY, MODEL, NETWORK, SCOPE, SECRET_ARN, TOPIC

PROFILE = "arn:aws:bedrock:ap-southeast-1:123456789012:inference-profile/apac.anthropic.claude-3-haiku"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subnet_ids": NETWORK.subnet_ids[:1]}, "subnet_ids is subnet-0a1b2c3d4e5f60718; allowed: 2 to 16"),
        ({"subnet_ids": ()}, "subnet_ids is none; allowed: 2 to 16 subnets, each once"),
        ({"subnet_ids": NETWORK.subnet_ids[:1] * 2}, "each once"),
        ({"subnet_ids": ("subnet-1", NETWORK.subnet_ids[0])}, "'subnet-' and 8 or 17 hexadecimal digits"),
        ({"vpc_id": "vpc-XYZ"}, "vpc_id is 'vpc-XYZ'; allowed: 'vpc-' and 8 or 17 hexadecimal digits"),
        ({"security_group_id": NETWORK.vpc_id}, "allowed: 'sg-' and 8 or 17 hexadecimal digits"),
    ],
)
def test_an_impossible_network_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentsError) as error:
        replace(NETWORK, **change)  # type: ignore[arg-type]
    assert message in str(error.value)


def test_a_database_is_guarded_by_a_security_group() -> None:
    with pytest.raises(InvalidArgumentsError, match="database: security_group_id is 'db'"):
        replace(DATABASE, security_group_id="db")


def test_a_secret_is_read() -> None:
    assert Secret(arn=SECRET_ARN).grant_read() == (
        Grant(sid="ReadSecret", actions=("secretsmanager:GetSecretValue",), resources=(SECRET_ARN,)),
    )


@pytest.mark.parametrize(
    ("partition", "region", "domain"),
    [("aws", "ap-southeast-1", "amazonaws.com"), ("aws-cn", "cn-north-1", "amazonaws.com.cn")],
)
def test_a_key_of_ones_own_is_used_through_secrets_manager_alone(
    partition: str, region: str, domain: str
) -> None:
    secret, key = (
        arn.replace("arn:aws:", f"arn:{partition}:").replace("ap-southeast-1", region)
        for arn in (SECRET_ARN, KEY)
    )
    read, decrypt = Secret(arn=secret, kms_key_arn=key).grant_read()
    assert read.resources == (secret,)
    assert decrypt.statement() == {
        "Sid": "DecryptSecret",
        "Effect": "Allow",
        "Action": ["kms:Decrypt"],
        "Resource": [key],
        "Condition": {"StringEquals": {"kms:ViaService": f"secretsmanager.{region}.{domain}"}},
    }


def test_a_secrets_key_is_a_key() -> None:
    with pytest.raises(InvalidArgumentsError, match="kms_key_arn is 'alias/database'; allowed: an ARN"):
        Secret(arn=SECRET_ARN, kms_key_arn="alias/database")


def test_a_secret_without_its_suffix_is_refused() -> None:
    with pytest.raises(InvalidArgumentsError, match="without the six characters that Secrets Manager adds"):
        Secret(arn=SECRET_ARN.removesuffix("-AbCdEf"))


def test_a_model_of_the_region_is_invoked() -> None:
    model = BedrockModel.by_id(SCOPE, MODEL)
    assert model.model_id == MODEL
    assert model.grant_invoke() == Grant(
        sid="InvokeModel",
        actions=("bedrock:InvokeModel",),
        resources=(f"arn:aws:bedrock:ap-southeast-1::foundation-model/{MODEL}",),
    )


def test_a_profile_takes_its_models_in_each_region() -> None:
    models = tuple(
        f"arn:aws:bedrock:{region}::foundation-model/{MODEL}" for region in ("ap-southeast-1", "ap-south-1")
    )
    model = BedrockModel.by_profile(arn=PROFILE, model_arns=models)
    assert model.model_id == PROFILE
    assert model.grant_invoke().resources == (PROFILE, *models)


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(InvalidArgumentsError, match="the model id is 'haiku'"):
        BedrockModel.by_id(SCOPE, "haiku")
    with pytest.raises(InvalidArgumentsError) as error:
        BedrockModel.by_profile(arn="x", model_arns=())
    assert [problem.what for problem in error.value.problems] == ["arn", "model_arns"]
    with pytest.raises(InvalidArgumentsError, match="Name one model in one region"):
        BedrockModel.by_profile(arn=PROFILE, model_arns=("arn:aws:bedrock:*::foundation-model/x",))


@pytest.mark.parametrize("shape", Shape)
def test_an_example_has_its_shape(shape: Shape) -> None:
    assert list(shape.problems("here", "arn", shape.example)) == []
    assert list(shape.problems("here", "arn", None)) == []
    assert len(list(shape.problems("here", "arn", f"{shape.example}*"))) == 1


@pytest.mark.parametrize(("shape", "arn"), [(Shape.KMS_KEY, KEY), (Shape.TOPIC, TOPIC)])
def test_another_region_is_a_problem_where_it_matters(shape: Shape, arn: str) -> None:
    assert list(shape.problems("here", "arn", arn, region="ap-southeast-1")) == []
    (problem,) = shape.problems("here", "arn", arn, region="eu-west-1")
    assert problem.allowed == "one in eu-west-1, where the service is"
