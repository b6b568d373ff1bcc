"""EventBridge: rules, and what they call. Rules' roles aren't here: targets have their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from ..check import Failure
from ..clients import Aws
from ..errors import ProviderError
from ..resource import Properties, ResourceType, Update
from ..schema import OURS, arn, boolean, json_document, map_of, object_of, string
from ..schema import integer as whole
from ..settings import Settings
from ..values import UNKNOWN
from . import given, tag_list, tag_map

_DEFAULT_BUS: Final = "default"
_SCHEDULE: Final = r"rate\((1 (minute|hour|day)|(?!1 )[1-9]\d* (minutes|hours|days))\)|cron\(\S+( \S+){5}\)"
"""https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"""
_BUS: Final = string(default=_DEFAULT_BUS, replaces=True, shape="EventBusNameOrArn")
_INPUTS: Final = ("input", "inputPath", "inputTransformer")


class EventRule(ResourceType):
    """A rule: a schedule, a pattern, or both. Its id is its name, after its bus where that isn't the default.

    Limits: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
    """

    token = "aws:cloudwatch/eventRule:EventRule"
    service = "events"
    props = {
        "name": string(replaces=True, shape="RuleName"),
        "description": string(shape="RuleDescription"),
        "eventBusName": _BUS,
        "eventPattern": json_document(maximum=4_096),
        "forceDestroy": boolean(default=False, local=OURS),
        "scheduleExpression": string(
            pattern=_SCHEDULE,
            maximum=256,
            meaning='e.g. "rate(15 minutes)", "rate(1 hour)" or "cron(0 8 ? * MON-FRI *)" in UTC',
        ),
        "state": string(default="ENABLED", shape="RuleState"),
    }
    outputs = ("arn",)
    autoname = "name"
    autoname_limit = 64
    identity = ("eventBusName", "name")
    tagged = True

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """A schedule or a pattern; schedules are for the default bus only."""
        del settings
        if not inputs.get("scheduleExpression") and not inputs.get("eventPattern"):
            yield Failure(path="", reason="found none; give scheduleExpression or eventPattern")
        if inputs.get("scheduleExpression") and inputs["eventBusName"] not in (_DEFAULT_BUS, UNKNOWN):
            yield Failure(
                path="scheduleExpression",
                reason=f'only rules of the default bus have schedules; found "{inputs["eventBusName"]}"',
            )

    def id_of(self, inputs: Properties) -> str:
        """Its name, after its bus where that isn't the default one."""
        bus, name = inputs["eventBusName"], inputs["name"]
        return str(name) if bus == _DEFAULT_BUS else f"{bus}/{name}"

    def imported_by(self) -> str:
        """Its id."""
        return "[<eventBusName>/]<name>"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the rule, unless there is one of its name: AWS would overwrite it without a word."""
        if _names(aws, inputs):
            raise ProviderError(
                f"a rule {inputs['name']} exists already outside this stack's state: "
                "import it, delete it, or give this one another name"
            )
        _put(aws, inputs, Tags=tag_list(inputs.get("tagsAll")) or None)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The rule as AWS describes it."""
        bus, name = _parts(id)
        events = aws.client("events")
        told = events.describe_rule(Name=name, EventBusName=bus)
        return {
            "id": self.id_of({"eventBusName": bus, "name": name}),
            "name": name,
            "arn": told["Arn"],
            "description": told.get("Description") or None,
            "eventBusName": bus,
            "eventPattern": told.get("EventPattern") or None,
            "forceDestroy": known.get("forceDestroy", False),
            "scheduleExpression": told.get("ScheduleExpression") or None,
            "state": told["State"],
            "tagsAll": tag_map(events.list_tags_for_resource(ResourceARN=told["Arn"])["Tags"]),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Put the whole rule again: AWS keeps nothing of what isn't said. Tags have calls of their own."""
        if update.changed - {"tags", "tagsAll", "forceDestroy"}:
            _put(aws, update.news)
        events = aws.client("events")
        removed, added = update.tags()
        if removed:
            events.untag_resource(ResourceARN=update.olds["arn"], TagKeys=removed)
        if added:
            events.tag_resource(ResourceARN=update.olds["arn"], Tags=tag_list(added))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Delete the rule; AWS refuses while it has targets, the embedded AWS deletes them as well."""
        bus, name = _parts(id)
        aws.client("events").delete_rule(
            Name=name, EventBusName=bus, Force=bool(state.get("forceDestroy", False))
        )


class EventTarget(ResourceType):
    """What a rule calls. Its id is the rule's name and the target's id, as the real provider joins them.

    Limits: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html
    """

    token = "aws:cloudwatch/eventTarget:EventTarget"
    service = "events"
    props = {
        "arn": arn(required=True),
        "deadLetterConfig": object_of({"arn": arn(required=True)}),
        "eventBusName": _BUS,
        "forceDestroy": boolean(default=False, local=OURS),
        "input": json_document(maximum=8_192),
        "inputPath": string(shape="TargetInputPath"),
        "inputTransformer": object_of(
            {
                "inputPaths": map_of(string(shape="TargetInputPath"), maximum=100),
                "inputTemplate": string(required=True, shape="TransformerInput"),
            }
        ),
        "retryPolicy": object_of(
            {
                "maximumEventAgeInSeconds": whole(shape="MaximumEventAgeInSeconds"),
                "maximumRetryAttempts": whole(shape="MaximumRetryAttempts"),
            }
        ),
        "roleArn": arn(),
        "rule": string(required=True, replaces=True, shape="RuleName"),
        "sqsTarget": object_of({"messageGroupId": string()}),
        "targetId": string(replaces=True, shape="TargetId"),
    }
    autoname = "targetId"
    autoname_limit = 64
    identity = ("eventBusName", "rule", "targetId")

    def check(self, inputs: Properties, settings: Settings) -> Iterable[Failure]:
        """One way of saying what the target is given."""
        del settings
        found = [key for key in _INPUTS if inputs.get(key)]
        if len(found) > 1:
            yield Failure(
                path=found[1], reason=f"found {' and '.join(found)}; give one of {', '.join(_INPUTS)}"
            )

    def id_of(self, inputs: Properties) -> str:
        """The rule's name and the target's id, after the bus where that isn't the default one."""
        bus, rule, target = inputs["eventBusName"], inputs["rule"], inputs["targetId"]
        return "-".join(([] if bus == _DEFAULT_BUS else [bus]) + [rule, target])

    def imported_by(self) -> str:
        """Its bus, if that isn't the default one, its rule and its own id."""
        return "[<eventBusName>/]<rule>/<targetId>"

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the target, unless the rule has one of its id: AWS would overwrite it without a word."""
        if _target(aws, inputs["eventBusName"], inputs["rule"], inputs["targetId"]):
            raise ProviderError(
                f"the rule {inputs['rule']} has a target {inputs['targetId']} already outside this stack's "
                "state: import it, delete it, or give this one another id"
            )
        _put_target(aws, inputs)
        return self.id_of(inputs)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The target as AWS lists it."""
        if "rule" in known:
            bus, rule, target = known["eventBusName"], known["rule"], known["targetId"]
        else:
            where, rule, target = f"/{id}".rsplit("/", 2)
            bus = where.removeprefix("/") or _DEFAULT_BUS
        told = _target(aws, bus, rule, target)
        if told is None:
            return None
        found = {"eventBusName": bus, "rule": rule, "targetId": target}
        return {
            **found,
            "id": self.id_of(found),
            "arn": told["Arn"],
            "deadLetterConfig": _renamed(told.get("DeadLetterConfig"), arn="Arn"),
            "forceDestroy": known.get("forceDestroy", False),
            "input": told.get("Input") or None,
            "inputPath": told.get("InputPath") or None,
            "inputTransformer": _renamed(
                told.get("InputTransformer"), inputPaths="InputPathsMap", inputTemplate="InputTemplate"
            ),
            "retryPolicy": _renamed(
                told.get("RetryPolicy"),
                maximumEventAgeInSeconds="MaximumEventAgeInSeconds",
                maximumRetryAttempts="MaximumRetryAttempts",
            ),
            "roleArn": told.get("RoleArn") or None,
            "sqsTarget": _renamed(told.get("SqsParameters"), messageGroupId="MessageGroupId"),
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Put the whole target again: AWS keeps nothing of what isn't said."""
        if update.changed - {"forceDestroy"}:
            _put_target(aws, update.news)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Take the target away from its rule."""
        answer = aws.client("events").remove_targets(
            Rule=state["rule"],
            EventBusName=state["eventBusName"],
            Ids=[state["targetId"]],
            Force=bool(state.get("forceDestroy", False)),
        )
        _all_done(answer)


def _put(aws: Aws, inputs: Properties, **more: Any) -> None:
    request = given(
        Name=inputs["name"],
        # Said even where it is empty: the embedded AWS would keep the last one.
        Description=inputs.get("description", ""),
        EventBusName=inputs["eventBusName"],
        EventPattern=inputs.get("eventPattern"),
        ScheduleExpression=inputs.get("scheduleExpression"),
        State=inputs["state"],
        **more,
    )
    aws.client("events").put_rule(**request)


def _names(aws: Aws, inputs: Properties) -> bool:
    found = aws.client("events").list_rules(NamePrefix=inputs["name"], EventBusName=inputs["eventBusName"])
    return any(rule["Name"] == inputs["name"] for rule in found["Rules"])


def _put_target(aws: Aws, inputs: Properties) -> None:
    transformer = inputs.get("inputTransformer")
    target = given(
        Id=inputs["targetId"],
        Arn=inputs["arn"],
        DeadLetterConfig=_named(inputs.get("deadLetterConfig"), arn="Arn"),
        Input=inputs.get("input"),
        InputPath=inputs.get("inputPath"),
        InputTransformer=_named(transformer, inputPaths="InputPathsMap", inputTemplate="InputTemplate"),
        RetryPolicy=_named(
            inputs.get("retryPolicy"),
            maximumEventAgeInSeconds="MaximumEventAgeInSeconds",
            maximumRetryAttempts="MaximumRetryAttempts",
        ),
        RoleArn=inputs.get("roleArn"),
        SqsParameters=_named(inputs.get("sqsTarget"), messageGroupId="MessageGroupId"),
    )
    _all_done(
        aws.client("events").put_targets(
            Rule=inputs["rule"], EventBusName=inputs["eventBusName"], Targets=[target]
        )
    )


def _all_done(answer: Properties) -> None:
    """AWS answers 200 also where it refuses a target."""
    for failed in answer.get("FailedEntries", []):
        raise ProviderError(
            f"AWS refuses the target {failed.get('TargetId')}: "
            f"{failed.get('ErrorCode')}: {failed.get('ErrorMessage')}"
        )


def _target(aws: Aws, bus: str, rule: str, target: str) -> dict[str, Any] | None:
    # A rule has at most five targets, which are one page.
    told = aws.client("events").list_targets_by_rule(Rule=rule, EventBusName=bus)
    for each in told["Targets"]:
        if each["Id"] == target:
            found: dict[str, Any] = each
            return found
    return None


def _parts(id: str) -> tuple[str, str]:
    bus, _, name = id.rpartition("/")
    return bus or _DEFAULT_BUS, name


def _renamed(told: Properties | None, **names: str) -> Properties | None:
    """An object of AWS by our names."""
    return {ours: told[theirs] for ours, theirs in names.items() if theirs in told} if told else None


def _named(inputs: Properties | None, **names: str) -> Properties | None:
    """An object of ours by AWS's names."""
    return {theirs: inputs[ours] for ours, theirs in names.items() if ours in inputs} if inputs else None


TYPES = (EventRule(), EventTarget())
