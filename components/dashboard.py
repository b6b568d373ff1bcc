"""Dashboards of CloudWatch: what services do, beside each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.naming import Kind, Names, Scope
from components.problems import Problem, refuse

# Title, metric, statistics. Lambda has no metric of the memory that is used: it is in the function's log.
_CHARTS = (
    ("Invocations", "Invocations", ("Sum",)),
    ("Errors", "Errors", ("Sum",)),
    ("Duration (ms)", "Duration", ("Average", "p95", "Maximum")),
    ("Throttles", "Throttles", ("Sum",)),
    ("Concurrency", "ConcurrentExecutions", ("Maximum",)),
)
_PERIOD_S = 300
_WIDTH, _HEIGHT, _COLUMNS = 12, 6, 2


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    """A dashboard over services of one region: what they do, how long, how often not."""

    scope: Scope
    services: tuple[Names, ...]
    what: str = "services"

    @property
    def name(self) -> str:
        """The dashboard's physical name."""
        return self.scope.name(self.what)

    @property
    def body(self) -> str:
        """What it shows, as CloudWatch writes it.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
        """
        charts = [self._chart(*chart) for chart in _CHARTS] + [self._memory(each) for each in self.services]
        placed = [
            {
                "x": index % _COLUMNS * _WIDTH,
                "y": index // _COLUMNS * _HEIGHT,
                "width": _WIDTH,
                "height": _HEIGHT,
                **chart,
            }
            for index, chart in enumerate(charts)
        ]
        return json.dumps({"widgets": placed})

    def problems(self) -> Iterator[Problem]:
        """Say what is impossible about the dashboard."""
        where = f"dashboard {self.what}"
        yield from Kind.DASHBOARD.problems(where, self.name)
        if not self.services:
            yield Problem(where=where, what="services", got="none", allowed="at least one to look at")

    def _chart(self, title: str, metric: str, statistics: tuple[str, ...]) -> dict[str, Any]:
        return {
            "type": "metric",
            "properties": {
                "title": title,
                "region": self.scope.region,
                "view": "timeSeries",
                "period": _PERIOD_S,
                "metrics": [
                    [
                        "AWS/Lambda",
                        metric,
                        "FunctionName",
                        names.function,
                        {"stat": stat, "label": f"{names.service} {stat}"},
                    ]
                    for names in self.services
                    for stat in statistics
                ],
            },
        }

    def _memory(self, names: Names) -> dict[str, Any]:
        # The platform's own log line of each invocation, in JSON.
        # https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html#platform-report
        return {
            "type": "log",
            "properties": {
                "title": f"Memory of {names.service} (MB)",
                "region": self.scope.region,
                "view": "timeSeries",
                "query": f"SOURCE '{names.log_group}' | filter type = 'platform.report' | "
                "stats max(record.metrics.maxMemoryUsedMB) as used, "
                "max(record.metrics.memorySizeMB) as given by bin(5m)",
            },
        }


class Dashboard(Component):
    """A dashboard."""

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        refuse(args.problems())
        super().__init__("fleet:components:Dashboard", name, opts)
        aws.cloudwatch.Dashboard(
            self.child("dashboard"),
            dashboard_name=args.name,
            dashboard_body=args.body,
            opts=self.inside(),
        )
        self.finish({"name": args.name})
