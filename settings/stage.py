"""A stage, from what Pulumi holds for it to the arguments of its systems."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from components.naming import Names
from components.problems import InvalidArgumentsError
from components.system import SystemArgs
from settings import source
from settings.errors import Mistake, SettingsError
from settings.fleet import AwsSettings, FleetSettings
from settings.parsing import how_to_set, keys, parse
from settings.registry import SYSTEMS
from settings.source import AWS, FLEET, Raw
from settings.system import REGIONAL, Common, SystemSettings
from settings.values import REGION, Facts, Settings

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage that can be deployed: the arguments of each of its systems, by the system's name."""

    name: str
    systems: Mapping[str, SystemArgs]


def load() -> Stage:
    """Read the stage that the program runs for.

    Raises SettingsError with every mistake of the stage, before anything is registered.
    """
    raw = source.read(aws=keys(AwsSettings), fleet=keys(FleetSettings))
    mistakes = [*_encrypted(raw), *dict.fromkeys(_impossible_names(raw.stage, _chosen(raw)))]

    def part(schema: type[S], data: Mapping[str, Any], prefix: str, facts: Facts) -> S | None:
        model, found = parse(schema, data, stage=raw.stage, prefix=prefix, facts=facts)
        mistakes.extend(mistake for mistake in found if mistake.path not in raw.encrypted)
        return model

    aws = part(AwsSettings, raw.aws, f"{AWS}:", Facts())
    account = aws.allowed_account_ids[0] if aws else None
    shared = {name: _regions(raw, without=to_camel(name)) for name in REGIONAL}
    fleet = part(FleetSettings, raw.fleet, f"{FLEET}:", Facts(account=account, regions=shared))
    said: dict[str, SystemSettings | None] = {
        name: part(
            system,
            raw.fleet.get(name, {}),
            f"{FLEET}:{name}.",
            Facts(account=account, everywhere=_regions(raw, of=name)),
        )
        for name, system in SYSTEMS.items()
        if _speaks_of(raw, name)
    }
    if mistakes or aws is None or fleet is None:
        raise SettingsError(raw.stage, mistakes)
    common = Common(stage=raw.stage, account=aws.allowed_account_ids[0], args=fleet.args())
    return Stage(
        name=raw.stage,
        systems={
            name: system.args(system.instead(common))
            for name, system in said.items()
            if system and name in fleet.systems
        },
    )


def _speaks_of(raw: Raw, system: str) -> bool:
    """Whether a stage says something about a system, or deploys it without saying anything about it."""
    said = raw.fleet.get(system)
    if said is None:
        return system in raw.fleet.get("systems", ()) and f"{FLEET}:{system}" not in raw.encrypted
    # What isn't a map is a mistake already; an empty one is what Pulumi.yaml gives a stage that says nothing.
    return isinstance(said, dict) and (bool(said) or system in raw.fleet.get("systems", ()))


def _regions(raw: Raw, *, of: str | None = None, without: str | None = None) -> frozenset[str]:
    """Collect the regions of one system, or of all that don't say something themselves."""
    said = [raw.fleet.get(system) for system in (SYSTEMS if of is None else (of,))]
    regions = [
        system.get("region") for system in said if isinstance(system, dict) and not system.get(without)
    ]
    return frozenset(region for region in regions if _is_region(region))


def _is_region(value: Any) -> TypeGuard[str]:
    try:
        REGION.validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


def _encrypted(raw: Raw) -> Iterator[Mistake]:
    for path in sorted(raw.encrypted):
        yield Mistake(
            path=path,
            found="encrypted",
            allowed="plain values: they become names, ARNs and policies, which have to be known",
            mend=how_to_set(raw.stage, path, options="--plaintext --path"),
        )


def _chosen(raw: Raw) -> list[type[SystemSettings]]:
    """Find the systems that a stage deploys; all, where it doesn't say so in a way that can be read."""
    systems = raw.fleet.get("systems")
    return [system for name, system in SYSTEMS.items() if not isinstance(systems, list) or name in systems]


def _impossible_names(stage: str, chosen: Iterable[type[SystemSettings]]) -> Iterator[Mistake]:
    """Say that the stack's name can't be part of physical names, or makes one of them too long."""
    for settings in chosen:
        try:
            scope = settings.system.scope(stage=stage, account="0" * 12, region="us-east-1")
        except InvalidArgumentsError as error:
            problems = error.problems
        else:
            names = [Names(scope=scope, service=service) for service in settings.system.SERVICES]
            problems = tuple(problem for each in names for problem in each.problems())
        for problem in problems:
            yield Mistake(
                path=f"the stack's name, {stage}",
                found=f"{problem.what} is {problem.got}",
                allowed=problem.allowed,
                mend=f"Give the stack another name: pulumi stack rename --stack {stage} NAME",
            )
