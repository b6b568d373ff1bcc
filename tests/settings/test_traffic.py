from __future__ import annotations

from typing import Any

import pytest

from components.systems.typerush import TypeRushArgs
from components.traffic import CodeDeploy, HeldBack
from tests.settings.sample import STAGE, changed, load


@pytest.mark.parametrize(
    ("said", "arrives"),
    [
        ({"heldBack": {"version": "7", "percent": 90}}, HeldBack(version="7", percent=90)),
        ({"codeDeploy": {}}, CodeDeploy()),
        (
            {"codeDeploy": {"percent": 25, "minutes": 3, "linear": True}},
            CodeDeploy(percent=25, minutes=3, linear=True),
        ),
        (None, None),
    ],
)
def test_everything_that_can_be_said_arrives(said: Any, arrives: Any) -> None:
    args = load(changed({"lambda-fleet:typerush.recordService": {"traffic": said}}, STAGE)).systems[
        "typerush"
    ]
    assert isinstance(args, TypeRushArgs)
    assert args.record_service.traffic == arrives
