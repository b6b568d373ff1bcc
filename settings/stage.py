"""A stage, from what Pulumi holds for it to the arguments of its systems."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard, TypeVar

import pulumi
from pydantic import ValidationError
from pydantic.alias_generators import to_camel

from components.system import SystemArgs
from settings import judging, source
from settings.errors import Mistake, SettingsError
from settings.fleet import AwsSettings, FleetSettings
from settings.parsing import how_to_set, keys, parse
from settings.registry import SYSTEMS
from settings.source import AWS, FLEET, Raw
from settings.system import REGIONAL, Common, SystemSettings
from settings.values import REGION, Facts, Settings, suggestion

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage that can be deployed: the arguments of each of its systems, by the system's name."""

    name: str
    systems: Mapping[str, SystemArgs]


def load() -> Stage:
    """Read the stage that the program runs for.

    Raises SettingsError with every mistake of the stage, before anything is registered; RunError when it has
    none, and a package can't be built.
    """
    raw = source.read(aws=keys(AwsSettings), fleet=keys(FleetSettings))
    mistakes = [*_ignored(raw), *_encrypted(raw), *judging.name_mistakes(raw.stage, _chosen(raw))]

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
    systems: dict[str, SystemArgs] = {}
    if aws and fleet:
        common = Common(stage=raw.stage, account=aws.allowed_account_ids[0], args=fleet.args())
        chosen = {name: system for name, system in said.items() if system and name in fleet.systems}
        systems = _arguments(chosen, common, mistakes)
    if mistakes:
        raise SettingsError(raw.stage, dict.fromkeys(mistakes))
    return Stage(name=raw.stage, systems=systems)


def _arguments(
    chosen: Mapping[str, SystemSettings], common: Common, mistakes: list[Mistake]
) -> dict[str, SystemArgs]:
    """Make the systems' arguments, and add what can't be deployed of them to the mistakes."""
    systems = {}
    try:
        for name, system in chosen.items():
            args, found = judging.arguments(system, common)
            mistakes.extend(found)
            if args:
                systems[name] = args
    except pulumi.RunError:  # a package can't be built, which can wait until the settings are right
        if not mistakes:
            raise
    return systems


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


def _ignored(raw: Raw) -> Iterator[Mistake]:
    known = keys(AwsSettings)
    for key in sorted(raw.ignored):
        yield Mistake(
            path=f"{AWS}:{key}",
            found="a key that the systems' own AWS providers don't read",
            allowed=", ".join(f"{AWS}:{each}" for each in known),
            mend=f"{suggestion(key, known)} Credentials, retries and the like come from the environment"
            f" (AWS_PROFILE, AWS_MAX_ATTEMPTS): pulumi config rm --stack {raw.stage} {AWS}:{key}".lstrip(),
        )


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
