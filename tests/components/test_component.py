from __future__ import annotations

import pulumi_aws as aws
import pytest

from components.component import Component
from components.problems import InvalidArgumentsError
from components.service import LambdaService
from tests.components.sample import service_args
from tests.mocks import declare


class System(Component):
    def __init__(self) -> None:
        super().__init__("test:System", "system")


def test_children_carry_their_parents_name() -> None:
    def program() -> None:
        system = System()
        aws.sqs.Queue(system.child("queue"), name="q", opts=system.inside(protect=True))

    graph = declare(program)
    assert graph.tree() == "test:System system\n  aws:sqs/queue:Queue system-queue [protect]"


def test_a_second_child_of_a_name_is_refused() -> None:
    def program() -> None:
        system = System()
        system.child("queue")
        system.child("queue")

    with pytest.raises(InvalidArgumentsError) as error:
        declare(program)
    assert str(error.value) == (
        "system: the child 'system-queue' is there already; allowed: each name once. "
        "Give the second one another name."
    )


def test_a_second_service_of_a_name_is_refused() -> None:
    def program() -> None:
        system = System()
        LambdaService("worker", service_args(), system.inside())
        LambdaService("worker", service_args(), system.inside())

    with pytest.raises(InvalidArgumentsError, match="the child 'worker' is there already"):
        declare(program)


def test_the_mocks_refuse_what_the_engine_refuses() -> None:
    def twice() -> None:
        aws.sqs.Queue("queue", name="q")
        aws.sqs.Queue("queue", name="q")

    with pytest.raises(AssertionError, match="duplicate URN"):
        declare(twice)
    with pytest.raises(AssertionError, match="the mocks know no type aws:sns/topic:Topic"):
        declare(lambda: aws.sns.Topic("topic"))
