from __future__ import annotations

from dataclasses import replace
from typing import Any

from components.code import SignedPackage
from components.network import Nat, NetworkArgs
from components.systems.spendsense import CALLED_SERVICES, ApiArgs, SpendSenseArgs
from components.triggers.api import Throttling
from tests.settings.sample import ACCOUNT, OTHERS, SERVICE, SERVICE_ARGS, SIGNED, changed, load, of

KEY = "lambda-fleet:spendsense"
KMS_KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def loaded(choices: dict[str, Any]) -> SpendSenseArgs:
    stage = load(changed({f"{KEY}.{path}": value for path, value in choices.items()}, of("spendsense")))
    (args,) = stage.systems.values()
    assert isinstance(args, SpendSenseArgs)
    return args


def test_a_small_stage_takes_the_components_defaults() -> None:
    args, said = loaded({}), OTHERS["spendsense"]
    assert (args.database.secret.arn, args.database.security_group_id) == (
        said["database"]["secretArn"],
        said["database"]["securityGroupId"],
    )
    assert (args.user_pool_arn, args.cognito_secret.arn) == (
        said["cognito"]["userPoolArn"],
        said["cognito"]["secretArn"],
    )
    assert (args.cognito_secret.kms_key_arn, args.signed_layer) == (None, None)
    assert args.api == ApiArgs(origins=("https://app.example",))
    assert args.api_function == SpendSenseArgs.api_function
    assert args.compute_features == SpendSenseArgs.compute_features
    assert args.assign_persona == SpendSenseArgs.assign_persona
    assert args.generate_recommendations == SpendSenseArgs.generate_recommendations


def test_everything_that_can_be_said_arrives() -> None:
    args = loaded(
        {
            "network": {"create": {"zones": ["a", "c"], "cidr": "10.8.0.0/16", "nat": "single"}},
            "database.secretKmsKeyArn": KMS_KEY,
            "cognito.secretKmsKeyArn": KMS_KEY,
            "api.origins": ["https://app.example", "https://www.example"],
            "api.authorize": False,
            "api.throttling": {"rateLimit": 5, "burstLimit": 10},
            "apiFunction": {**SERVICE, "runtime": "python3.11", "signedPackage": SIGNED},
            "computeFeatures": {"memoryMb": 4096},
            "assignPersona": {"timeoutS": 100},
            "generateRecommendations": {"logLevel": "warn"},
            "signedLayer": SIGNED,
        }
    )
    assert args.network == NetworkArgs(
        scope=args.scope, services=CALLED_SERVICES, zones=("a", "c"), cidr="10.8.0.0/16", nat=Nat.SINGLE
    )
    assert args.database.secret.kms_key_arn == args.cognito_secret.kms_key_arn == KMS_KEY
    assert args.api == ApiArgs(
        origins=("https://app.example", "https://www.example"),
        authorize=False,
        throttling=Throttling(rate_limit=5, burst_limit=10),
    )
    signed = SignedPackage(**SIGNED)
    assert args.api_function == replace(
        SpendSenseArgs.api_function, runtime="python3.11", signed_package=signed, **SERVICE_ARGS
    )
    assert args.compute_features == replace(SpendSenseArgs.compute_features, memory_mb=4096)
    assert args.assign_persona == replace(SpendSenseArgs.assign_persona, timeout_s=100)
    assert args.generate_recommendations == replace(SpendSenseArgs.generate_recommendations, log_level="warn")
    assert args.signed_layer == signed
