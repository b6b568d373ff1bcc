from __future__ import annotations

import json
from dataclasses import replace

import pytest

from components.dashboard import Dashboard, DashboardArgs
from components.naming import Names
from components.problems import InvalidArgumentsError
from tests.components.sample import SCOPE
from tests.mocks import REGION, declare

SERVICES = (
    Names(scope=SCOPE, service="orders"),
    Names(scope=SCOPE, service="returns", log_group_name="/shop/dev/returns"),
)
DASHBOARD = DashboardArgs(scope=SCOPE, services=SERVICES)


def test_every_service_beside_the_others() -> None:
    made = declare(lambda: Dashboard("services", DASHBOARD))["services-dashboard"]
    assert made.inputs["dashboardName"] == "typerush-dev-services"
    widgets = json.loads(made.inputs["dashboardBody"])["widgets"]
    assert [widget["properties"]["title"] for widget in widgets] == [
        "Invocations",
        "Errors",
        "Duration (ms)",
        "Throttles",
        "Concurrency",
        "Memory of orders (MB)",
        "Memory of returns (MB)",
    ]
    assert {widget["properties"]["region"] for widget in widgets} == {REGION}
    assert widgets[1]["properties"]["metrics"] == [
        [
            "AWS/Lambda",
            "Errors",
            "FunctionName",
            f"typerush-dev-{name}",
            {"stat": "Sum", "label": f"{name} Sum"},
        ]
        for name in ("orders", "returns")
    ]
    assert "SOURCE '/shop/dev/returns'" in widgets[-1]["properties"]["query"]
    places = [(widget["x"], widget["y"]) for widget in widgets]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    ("change", "fault"),
    [({"services": ()}, "services is none"), ({"what": "w" * 250}, "at most 255")],
)
def test_refusals(change: dict[str, object], fault: str) -> None:
    with pytest.raises(InvalidArgumentsError) as refusal:
        Dashboard("services", replace(DASHBOARD, **change))  # type: ignore[arg-type]
    assert fault in str(refusal.value)
