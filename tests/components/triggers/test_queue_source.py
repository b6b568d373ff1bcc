from __future__ import annotations

from dataclasses import replace

import pytest

from components.data.queue import Queue, QueueArgs
from components.problems import InvalidArgumentsError
from components.service import LambdaService
from components.triggers.queue_source import QueueSource, QueueSourceArgs
from tests.components.sample import SCOPE, service_args
from tests.mocks import Graph, declare

INPUT = QueueArgs(scope=SCOPE, what="input", visibility_timeout_s=180, max_receives=5)
SOURCE = QueueSourceArgs(scope=SCOPE, what="input", service="worker")


def deploy(queue: QueueArgs = INPUT, **changes: object) -> Graph:
    def program() -> None:
        worker = LambdaService("worker", service_args(grants=queue.grant_receive()))
        source = replace(SOURCE, **changes)  # type: ignore[arg-type]
        QueueSource("feed", source, Queue("input", queue), worker)

    return declare(program)


def test_a_source_calls_the_alias_and_takes_back_what_failed() -> None:
    mapping = deploy(window_s=0, maximum_concurrency=5)["feed-mapping"]
    assert mapping.inputs["batchSize"] == 10
    assert mapping.inputs["functionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping.inputs["functionName"].endswith(":function:typerush-dev-worker:live")
    assert mapping.inputs["scalingConfig"] == {"maximumConcurrency": 5}
    assert mapping.property_dependencies["functionName"] == {"worker-live"}
    assert mapping.property_dependencies["eventSourceArn"] == {"input-queue"}


@pytest.mark.parametrize(
    ("queue", "change", "message"),
    [
        (
            replace(INPUT, visibility_timeout_s=179),
            {},
            "visibility_timeout_s of the queue input is 179; allowed: at least 180, six times the timeout of",
        ),
        (INPUT, {"window_s": 1}, "is 180; allowed: at least 181"),
        (replace(INPUT, visibility_timeout_s=None), {}, "is None; allowed: at least 180"),
        (replace(INPUT, max_receives=None), {}, "max_receives of the queue input is None"),
        (INPUT, {"batch_size": 0}, "source input: batch_size is 0; allowed: 1 to 10000 messages"),
        (INPUT, {"batch_size": 11}, "window_s is 0 with a batch_size of 11; allowed: at least 1"),
        (INPUT, {"maximum_concurrency": 1}, "maximum_concurrency is 1; allowed: 2 to 1000 calls at once"),
    ],
)
def test_what_is_impossible(queue: QueueArgs, change: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgumentsError, match=message):
        deploy(queue, **change)


def test_it_feeds_a_service_of_the_system() -> None:
    assert not list(SOURCE.target_problems(["worker"]))
    (problem,) = SOURCE.target_problems(["other"])
    assert "source input: service is 'worker'; allowed: other" in str(problem)
