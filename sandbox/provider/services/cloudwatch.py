"""CloudWatch: dashboards, and alarms on one metric. The embedded AWS forgets metric queries: none here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..check import Failure
from ..clients import Aws
from ..errors import ProviderError
from ..resource import Properties, ResourceType, Update
from ..schema import Prop, boolean, integer, json_document, map_of, number, set_of, string
from ..settings import Settings
from . import given, tag_list, tag_map

_EXTENDED_STATISTIC: Final = (
    r"(p|tm|wm|tc|ts)(\d{1,2}(\.\d{1,10})?|100)|IQM|(TM|WM|PR|TC|TS)\((\d+(\.\d+)?%?)?:(\d+(\.\d+)?%?)?\)"
)
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Statistics-definitions.html"""
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
_MOST_DIMENSIONS: Final = 30
_MISSING_DATA: Final = ("breaching", "notBreaching", "ignore", "missing")


def _actions() -> Prop:
    return set_of(
        string(pattern=r"arn:aws[a-z-]*:[a-z0-9-]+:[a-z0-9-]*:[a-z0-9]*:.+", meaning="the ARN of an action"),
        maximum=5,
    )


class MetricAlarm(ResourceType):
    """An alarm on one metric. Its id is its name.

    The rules: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    """

    token = "aws:cloudwatch/metricAlarm:MetricAlarm"
    service = "cloudwatch"
    props = {
        "name": string(replaces=True, shape="AlarmName"),
        "actionsEnabled": boolean(default=True),
        "alarmActions": _actions(),
        "alarmDescription": string(shape="AlarmDescription"),
        "comparisonOperator": string(
            required=True,
            # The three operators on bands are for anomaly detection, which takes metric queries.
            values=(
                "GreaterThanOrEqualToThreshold",
                "GreaterThanThreshold",
                "LessThanThreshold",
                "LessThanOrEqualToThreshold",
            ),
        ),
        "datapointsToAlarm": integer(minimum=1),
        "dimensions": map_of(string(shape="DimensionValue"), maximum=_MOST_DIMENSIONS),
        "evaluationPeriods": integer(required=True, minimum=1),
        "extendedStatistic": string(pattern=_EXTENDED_STATISTIC, meaning="a statistic such as p99 or tm90"),
        "insufficientDataActions": _actions(),
        "metricName": string(required=True, shape="MetricName"),
        "namespace": string(required=True, shape="Namespace"),
        "okActions": _actions(),
        "period": integer(required=True),
        "statistic": string(shape="Statistic"),
        "threshold": number(required=True),
        "treatMissingData": string(default="missing", values=_MISSING_DATA),
        "unit": string(shape="StandardUnit"),
    }
    outputs = ("arn",)
    autoname = "name"
    autoname_limit = 255
    identity = ("name",)
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """One statistic; a period that AWS knows; an evaluation that isn't longer than AWS's longest."""
        del settings
        statistics = [key for key in ("statistic", "extendedStatistic") if key in inputs]
        if len(statistics) != 1:
            yield Failure(
                path="statistic",
                reason=f"found {' and '.join(statistics) or 'none'}; give statistic or extendedStatistic",
            )
        period, periods, points = (
            inputs.get(k) for k in ("period", "evaluationPeriods", "datapointsToAlarm")
        )
        if isinstance(period, int) and (period < 1 or (period not in (10, 20, 30) and period % 60)):
            yield Failure(
                path="period", reason=f"{period} isn't allowed; allowed: 10, 20, 30, or a multiple of 60"
            )
        elif isinstance(period, int) and isinstance(periods, int):
            longest = _DAY_S if period < _HOUR_S else 7 * _DAY_S
            if period * periods > longest:
                yield Failure(
                    path="evaluationPeriods",
                    reason=f"{periods} x {period} s is {period * periods} s; allowed: at most {longest} s",
                )
        if isinstance(points, int) and isinstance(periods, int) and points > periods:
            yield Failure(
                path="datapointsToAlarm",
                reason=f"{points} isn't allowed; allowed: at most evaluationPeriods, {periods}",
            )

    def id_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["name"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the alarm, unless there is one of its name: AWS would overwrite it without a word."""
        if _described(aws, inputs["name"]):
            raise ProviderError(
                f"an alarm {inputs['name']} exists already outside this stack's state: "
                "import it, delete it, or give this one another name"
            )
        self._put(aws, inputs, Tags=tag_list(inputs.get("tagsAll")) or None)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The alarm as AWS describes it."""
        del known
        alarm = _described(aws, id)
        if alarm is None:
            return None
        tags = aws.client("cloudwatch").list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        extended = alarm.get("ExtendedStatistic")
        return {
            "name": id,
            "arn": alarm["AlarmArn"],
            "actionsEnabled": alarm.get("ActionsEnabled", True),
            "alarmActions": alarm.get("AlarmActions"),
            "alarmDescription": alarm.get("AlarmDescription") or None,
            "comparisonOperator": alarm["ComparisonOperator"],
            "datapointsToAlarm": alarm.get("DatapointsToAlarm"),
            "dimensions": {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])},
            "evaluationPeriods": alarm["EvaluationPeriods"],
            "extendedStatistic": extended,
            "insufficientDataActions": alarm.get("InsufficientDataActions"),
            "metricName": alarm["MetricName"],
            "namespace": alarm["Namespace"],
            "okActions": alarm.get("OKActions"),
            "period": alarm["Period"],
            # The embedded AWS says Average beside an extended statistic; AWS says only the one that is used.
            "statistic": None if extended else alarm.get("Statistic"),
            "threshold": alarm["Threshold"],
            "treatMissingData": alarm.get("TreatMissingData", "missing"),
            "unit": alarm.get("Unit"),
            "tagsAll": tag_map(tags),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Put the whole alarm again: AWS keeps nothing of what isn't said. Tags have calls of their own."""
        if update.changed - {"tags", "tagsAll"}:
            self._put(aws, update.news)
        cloudwatch = aws.client("cloudwatch")
        removed, added = update.tags()
        if removed:
            cloudwatch.untag_resource(ResourceARN=update.olds["arn"], TagKeys=removed)
        if added:
            cloudwatch.tag_resource(ResourceARN=update.olds["arn"], Tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the alarm."""
        del state
        aws.client("cloudwatch").delete_alarms(AlarmNames=[id])

    @staticmethod
    def _put(aws: Aws, inputs: Properties, **more: Any) -> None:
        dimensions = [{"Name": name, "Value": value} for name, value in inputs.get("dimensions", {}).items()]
        request = given(
            AlarmName=inputs["name"],
            ActionsEnabled=inputs["actionsEnabled"],
            AlarmActions=inputs.get("alarmActions"),
            AlarmDescription=inputs.get("alarmDescription"),
            ComparisonOperator=inputs["comparisonOperator"],
            DatapointsToAlarm=inputs.get("datapointsToAlarm"),
            Dimensions=dimensions or None,
            EvaluationPeriods=inputs["evaluationPeriods"],
            ExtendedStatistic=inputs.get("extendedStatistic"),
            InsufficientDataActions=inputs.get("insufficientDataActions"),
            MetricName=inputs["metricName"],
            Namespace=inputs["namespace"],
            OKActions=inputs.get("okActions"),
            Period=inputs["period"],
            Statistic=inputs.get("statistic"),
            Threshold=inputs["threshold"],
            TreatMissingData=inputs["treatMissingData"],
            Unit=inputs.get("unit"),
            **more,
        )
        aws.client("cloudwatch").put_metric_alarm(**request)


def _described(aws: Aws, name: str) -> dict[str, Any] | None:
    found = aws.client("cloudwatch").describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm"])
    alarms: list[dict[str, Any]] = found["MetricAlarms"]
    return alarms[0] if alarms else None


class Dashboard(ResourceType):
    """A dashboard. Its id is its name."""

    token = "aws:cloudwatch/dashboard:Dashboard"
    service = "cloudwatch"
    props = {
        "dashboardBody": json_document(required=True),
        "dashboardName": string(
            required=True,
            replaces=True,
            minimum=1,
            maximum=255,
            pattern=r"[A-Za-z0-9_-]+",
            meaning="letters, digits, hyphens and underscores",
        ),
    }
    outputs = ("dashboardArn",)
    identity = ("dashboardName",)

    def id_of(self, inputs: Properties) -> str:
        """Its name."""
        return str(inputs["dashboardName"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Put it."""
        self._put(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The dashboard as it was put."""
        del known
        found = aws.client("cloudwatch").get_dashboard(DashboardName=id)
        return {
            "dashboardArn": found["DashboardArn"],
            "dashboardBody": found["DashboardBody"],
            "dashboardName": id,
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Put it again."""
        self._put(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete it."""
        del state
        aws.client("cloudwatch").delete_dashboards(DashboardNames=[id])

    @staticmethod
    def _put(aws: Aws, inputs: Properties) -> None:
        aws.client("cloudwatch").put_dashboard(
            DashboardName=inputs["dashboardName"], DashboardBody=inputs["dashboardBody"]
        )


TYPES = (Dashboard(), MetricAlarm())
