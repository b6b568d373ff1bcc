"""What components say about systems as a whole, told as mistakes of the stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic.alias_generators import to_camel

from components.naming import NameProblem, Names
from components.problems import InvalidArgumentsError, Problem
from components.system import SystemArgs
from settings.errors import Mistake
from settings.parsing import field_at, how_to_set
from settings.source import FLEET
from settings.system import Common, SystemSettings


def name_mistakes(stage: str, settings: Iterable[type[SystemSettings]]) -> Iterator[Mistake]:
    """Say that the stack's name can't be part of services' names; this needs no other setting."""
    for each in settings:
        try:
            scope = each.system.scope(stage=stage, account="0" * 12, region="us-east-1")
        except InvalidArgumentsError as error:
            problems = error.problems
        else:
            names = [Names(scope=scope, service=service) for service in each.system.SERVICES]
            problems = tuple(problem for name in names for problem in name.problems())
        yield from (_mistake(stage, each, problem) for problem in problems)


def arguments(settings: SystemSettings, common: Common) -> tuple[SystemArgs | None, list[Mistake]]:
    """Make a system's arguments, and say why the system can't be deployed with them.

    Its packages are built for that. Raises RunError when one of them can't be.
    """
    try:
        args = settings.args(settings.instead(common))
    except InvalidArgumentsError as error:  # of the stack's name
        args, problems = None, error.problems
    else:
        problems = settings.system.problems(args)
    return args, [_mistake(common.stage, type(settings), problem) for problem in problems]


def _mistake(stage: str, settings: type[SystemSettings], problem: Problem) -> Mistake:
    """Tell a problem at the key that it is about, as far as arguments are called as their keys are."""
    if isinstance(problem, NameProblem) or problem.what == "stage":
        return Mistake(
            path=f"the stack's name, {stage}",
            found=f"{problem.what} is {problem.got}",
            allowed=problem.allowed,
            mend=f"Give the stack another name: pulumi stack rename --stack {stage} NAME",
        )
    path = f"{FLEET}:{settings.system.NAME}"
    for names in _places(settings, problem):
        if field_at(settings, names):
            path = ".".join((path, *map(to_camel, names)))
            mend = f"{problem.mend} {how_to_set(stage, path)}".strip()
            return Mistake(path=path, found=problem.got, allowed=problem.allowed, mend=mend)
    return Mistake(
        path=path,
        found=f"{problem.where}: {problem.what} is {problem.got}",
        allowed=problem.allowed,
        mend=problem.mend or f"Edit Pulumi.{stage}.yaml.",
    )


def _places(settings: type[SystemSettings], problem: Problem) -> Iterator[tuple[str, ...]]:
    """Say where the key of an argument can be: with the system's own, or with those of a service."""
    argument = problem.what.split(".")
    if problem.where == f"system {settings.system.NAME}":
        yield (*argument,)
    for service in settings.system.SERVICES:
        if problem.where == f"service {service}":
            name = service.replace("-", "_")
            yield (name, *argument)
            yield (f"{name}_function", *argument)  # of a service that is called as the API's own key is
