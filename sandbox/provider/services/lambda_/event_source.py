"""What Lambda polls for a function: queues. Streams and brokers aren't here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ...clients import Aws
from ...errors import ProviderError
from ...resource import Properties, ResourceType, Update
from ...schema import arn, boolean, integer, object_of, set_of, string
from .. import given
from .execution_role import check_actions
from .names import bare_name

_POLLING: Final = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
"""https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions"""
_INPUTS: Final = {
    "batchSize": "BatchSize",
    "functionName": "FunctionName",
    "maximumBatchingWindowInSeconds": "MaximumBatchingWindowInSeconds",
}


class EventSourceMapping(ResourceType):
    """A queue that calls a function. Its id is the UUID that Lambda gives it.

    Limits: https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html
    """

    token = "aws:lambda/eventSourceMapping:EventSourceMapping"
    service = "lambda"
    props = {
        "batchSize": integer(settled=True, shape="BatchSize"),
        "enabled": boolean(default=True),
        "eventSourceArn": arn(
            required=True,
            replaces=True,
            pattern=r"arn:aws[a-z-]*:sqs:[a-z0-9-]+:\d{12}:.+",
            meaning="a queue's ARN",
        ),
        "filterCriteria": object_of(
            {"filters": set_of(object_of({"pattern": string(shape="Pattern")}), maximum=10)}
        ),
        "functionName": string(required=True, shape="NamespacedFunctionName", canonical=bare_name),
        "functionResponseTypes": set_of(string(shape="FunctionResponseType"), maximum=1),
        "maximumBatchingWindowInSeconds": integer(settled=True, shape="MaximumBatchingWindowInSeconds"),
        "scalingConfig": object_of({"maximumConcurrency": integer(shape="MaximumConcurrency")}),
    }
    outputs = (
        *("arn", "functionArn", "lastModified", "lastProcessingResult"),
        *("state", "stateTransitionReason", "uuid"),
    )
    identity = ("eventSourceArn", "functionName")
    tagged = True

    def unsettled(self, changed: frozenset[str], news: Properties) -> tuple[str, ...]:
        """Every change is dated, and may change the state; another function is another ARN."""
        del news
        told = ("lastModified", "lastProcessingResult", "state", "stateTransitionReason")
        return (*told, "functionArn") if "functionName" in changed else told

    def imported_by(self) -> str:
        """Its id."""
        return "<uuid>"

    def find(self, aws: Aws, inputs: Properties, owner: str) -> Iterator[str]:
        """Ask for the queue's mappings: it has one for each function and qualifier."""
        del owner
        told = aws.client("lambda").list_event_source_mappings(
            EventSourceArn=inputs["eventSourceArn"], FunctionName=inputs["functionName"]
        )["EventSourceMappings"]
        wanted = bare_name(inputs["functionName"])
        for each in told:
            if bare_name(each["FunctionArn"]) == wanted:
                yield str(each["UUID"])

    def create(self, aws: Aws, inputs: Properties) -> str:
        """Make the mapping, as far as role and queue are what AWS asks for."""
        _check(aws, inputs)
        made = aws.client("lambda").create_event_source_mapping(
            EventSourceArn=inputs["eventSourceArn"], Tags=inputs.get("tagsAll") or {}, **_request(inputs)
        )
        return str(made["UUID"])

    def finish(self, aws: Aws, id: str, inputs: Properties) -> None:
        """Wait until it polls."""
        del inputs
        _settled(aws, id)

    def read(self, aws: Aws, id: str, known: Properties) -> Properties | None:
        """The mapping as AWS describes it."""
        told = aws.client("lambda").get_event_source_mapping(UUID=id)
        if told["State"] == "Deleting":
            return None
        function = known.get("functionName")
        if bare_name(function) != bare_name(told["FunctionArn"]):
            function = told["FunctionArn"]
        filters = told.get("FilterCriteria", {}).get("Filters", [])
        most = told.get("ScalingConfig", {}).get("MaximumConcurrency")
        return {
            "uuid": id,
            "arn": told["EventSourceMappingArn"],
            "lastModified": told["LastModified"].isoformat(),
            "lastProcessingResult": told.get("LastProcessingResult", ""),
            "state": told["State"],
            "stateTransitionReason": told.get("StateTransitionReason", ""),
            "batchSize": told["BatchSize"],
            "enabled": told["State"] in ("Enabled", "Enabling", "Creating"),
            "eventSourceArn": told["EventSourceArn"],
            "filterCriteria": {"filters": [given(pattern=each.get("Pattern")) for each in filters]}
            if filters
            else None,
            "functionArn": told["FunctionArn"],
            "functionName": function,
            "functionResponseTypes": told.get("FunctionResponseTypes"),
            "maximumBatchingWindowInSeconds": told.get("MaximumBatchingWindowInSeconds", 0),
            "scalingConfig": {"maximumConcurrency": most} if most else None,
            "tagsAll": aws.client("lambda").list_tags(Resource=told["EventSourceMappingArn"])["Tags"],
        }

    def update(self, aws: Aws, update: Update) -> None:
        """Set what a mapping can change, whole."""
        client = aws.client("lambda")
        if update.changed - {"tags", "tagsAll"}:
            _check(aws, update.news)
            client.update_event_source_mapping(UUID=update.id, **_request(update.news))
            _settled(aws, update.id)
        removed, added = update.tags()
        if removed:
            client.untag_resource(Resource=update.olds["arn"], TagKeys=removed)
        if added:
            client.tag_resource(Resource=update.olds["arn"], Tags=added)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:
        """Stop polling."""
        del state
        aws.client("lambda").delete_event_source_mapping(UUID=id)


def _request(inputs: Properties) -> dict[str, Any]:
    filters = (inputs.get("filterCriteria") or {}).get("filters") or []
    scaling = (inputs.get("scalingConfig") or {}).get("maximumConcurrency")
    return given(
        Enabled=inputs["enabled"],
        FilterCriteria={"Filters": [given(Pattern=each.get("pattern")) for each in filters]},
        FunctionResponseTypes=inputs.get("functionResponseTypes") or [],
        ScalingConfig={"MaximumConcurrency": scaling} if scaling else {},
        **{name: inputs.get(key) for key, name in _INPUTS.items()},
    )


def _check(aws: Aws, inputs: Properties) -> None:
    """Refuse what AWS refuses, and the embedded AWS takes.

    :raises ProviderError: a role that may not poll; messages that are seen again while they are worked on
    """
    function = aws.client("lambda").get_function_configuration(FunctionName=inputs["functionName"])
    source = inputs["eventSourceArn"]
    check_actions(aws, function["Role"], [(action, source) for action in _POLLING])
    sqs = aws.client("sqs")
    url = sqs.get_queue_url(QueueName=source.rpartition(":")[2])["QueueUrl"]
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"]
    visibility = int(told["VisibilityTimeout"])
    if visibility < function["Timeout"]:
        raise ProviderError(
            "AWS refuses this (InvalidParameterValueException): Queue visibility timeout: "
            f"{visibility} seconds is less than Function timeout: {function['Timeout']} seconds\n"
            f"give the queue {source.rpartition(':')[2]} six times the function's timeout"
        )


def _settled(aws: Aws, id: str) -> None:
    def done() -> bool | None:
        state = aws.client("lambda").get_event_source_mapping(UUID=id)["State"]
        return True if state in ("Enabled", "Disabled") else None

    aws.wait(f"the event source mapping {id} is enabled or disabled", done)
