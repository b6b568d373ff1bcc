from __future__ import annotations

from dataclasses import replace
from typing import Any

from components.code import SignedPackage
from components.network import Nat, Network, NetworkArgs
from components.systems.payments import CALLED_SERVICES, PaymentsArgs
from components.triggers.api import Throttling
from tests.settings.sample import OTHERS, SERVICE, SERVICE_ARGS, SIGNED, changed, load, of

KEY = "lambda-fleet:payments"


def loaded(**choices: Any) -> PaymentsArgs:
    stage = load(changed({f"{KEY}.{path}": value for path, value in choices.items()}, of("payments")))
    (args,) = stage.systems.values()
    assert isinstance(args, PaymentsArgs)
    return args


def test_a_small_stage_takes_the_components_defaults() -> None:
    args = loaded()
    said = OTHERS["payments"]["network"]
    assert args.network == Network(
        vpc_id=said["vpcId"], subnet_ids=tuple(said["subnetIds"]), security_group_id=said["securityGroupId"]
    )
    assert (args.throttling, args.password_sign_in) == (Throttling(), PaymentsArgs.password_sign_in)
    assert args.payment_processor == PaymentsArgs.payment_processor
    assert args.image_processor == PaymentsArgs.image_processor
    assert args.accounts == PaymentsArgs.accounts


def test_everything_that_can_be_said_arrives() -> None:
    args = loaded(
        network={"create": {"zones": ["b", "c"], "cidr": "10.9.0.0/16", "nat": "single"}},
        api={"throttling": {"rateLimit": 5, "burstLimit": 10}},
        passwordSignIn=not PaymentsArgs.password_sign_in,
        paymentProcessor={**SERVICE, "runtime": "python3.13"},
        imageProcessor={"memoryMb": 256, "signedPackage": SIGNED},
        accounts={"timeoutS": 7},
    )
    assert args.network == NetworkArgs(
        scope=args.scope, services=CALLED_SERVICES, zones=("b", "c"), cidr="10.9.0.0/16", nat=Nat.SINGLE
    )
    assert args.throttling == Throttling(rate_limit=5, burst_limit=10)
    assert args.password_sign_in != PaymentsArgs.password_sign_in
    processor = replace(PaymentsArgs.payment_processor, runtime="python3.13", **SERVICE_ARGS)
    assert args.payment_processor == processor
    images = replace(PaymentsArgs.image_processor, memory_mb=256, signed_package=SignedPackage(**SIGNED))
    assert args.image_processor == images
    assert args.accounts == replace(PaymentsArgs.accounts, timeout_s=7)
