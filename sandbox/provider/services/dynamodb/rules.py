"""What CreateTable takes, beyond single properties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from ...check import Failure, join
from ...resource import Properties
from ...values import UNKNOWN, has_unknown

_MOST_PROJECTED: Final = 100
ON_DEMAND: Final = "PAY_PER_REQUEST"
CAPACITIES: Final = ("readCapacity", "writeCapacity")


def attributes(inputs: Properties) -> Iterator[Failure]:
    """The attributes are the keys of the table and its indexes, no more and no fewer."""
    every = (
        (*inputs.get("globalSecondaryIndexes", ()), *inputs.get("localSecondaryIndexes", ()))
        if not any(inputs.get(key) is UNKNOWN for key in ("globalSecondaryIndexes", "localSecondaryIndexes"))
        else None
    )
    if every is None or has_unknown(
        [inputs["attributes"], inputs["hashKey"], inputs.get("rangeKey"), list(every)]
    ):
        return
    keys = {each[key] for each in (inputs, *every) for key in ("hashKey", "rangeKey") if key in each}
    names = Counter(each["name"] for each in inputs["attributes"])
    if twice := sorted(name for name, times in names.items() if times > 1):
        yield Failure(path="attributes", reason=f"{', '.join(twice)}: named more than once; name each once")
    if missing := sorted(keys - names.keys()):
        yield Failure(
            path="attributes",
            reason=f"{', '.join(missing)}: missing; every key of the table and its indexes has its type here",
        )
    if unused := sorted(names.keys() - keys):
        yield Failure(
            path="attributes",
            reason=f"{', '.join(unused)}: not a key of table or index; only keys are declared: leave it out",
        )
    if inputs["hashKey"] == inputs.get("rangeKey"):
        yield Failure(
            path="rangeKey", reason=f'"{inputs["rangeKey"]}" is the hashKey; give another attribute'
        )


def indexes(inputs: Properties) -> Iterator[Failure]:
    """Indexes have names of their own, and project what they say."""
    if inputs.get("localSecondaryIndexes") and "rangeKey" not in inputs:
        yield Failure(
            path="localSecondaryIndexes", reason="only a table with a rangeKey has them: give it one"
        )
    names: Counter[Any] = Counter()
    projected = 0
    for kind in ("globalSecondaryIndexes", "localSecondaryIndexes"):
        found = inputs.get(kind, [])
        for position, index in enumerate(found if isinstance(found, list) else []):
            if index is UNKNOWN:
                continue
            names[index["name"]] += 1
            others, projection = index.get("nonKeyAttributes"), index["projectionType"]
            projected += len(others) if isinstance(others, list) else 0
            path = join(f"{kind}[{position}]", "nonKeyAttributes")
            if projection == "INCLUDE" and not others:
                yield Failure(
                    path=path, reason="missing; projectionType INCLUDE names the attributes it includes"
                )
            elif projection in ("ALL", "KEYS_ONLY") and others:
                yield Failure(path=path, reason=f"projectionType {projection} names none: leave it out")
    if twice := sorted(str(name) for name, times in names.items() if times > 1 and name is not UNKNOWN):
        yield Failure(path="globalSecondaryIndexes", reason=f"{', '.join(twice)}: two indexes have this name")
    if projected > _MOST_PROJECTED:
        yield Failure(
            path="globalSecondaryIndexes",
            reason=f"{projected} nonKeyAttributes in all; allowed: at most {_MOST_PROJECTED}: use ALL",
        )


def capacity(inputs: Properties) -> Iterator[Failure]:
    """Capacity is given where it is paid for, and only there."""
    mode, indexes = inputs["billingMode"], inputs.get("globalSecondaryIndexes", [])
    if mode is UNKNOWN:
        return
    owners = [("", inputs)]
    if isinstance(indexes, list):
        owners += [
            (f"globalSecondaryIndexes[{n}]", each) for n, each in enumerate(indexes) if isinstance(each, dict)
        ]
    for prefix, owner in owners:
        for key in CAPACITIES:
            if mode == ON_DEMAND and key in owner:
                yield Failure(
                    path=join(prefix, key),
                    reason=f"billingMode {mode} has no capacity: leave it out, or say PROVISIONED",
                )
            elif mode != ON_DEMAND and key not in owner:
                yield Failure(
                    path=join(prefix, key),
                    reason=f"missing; billingMode {mode} needs it: give it, or say {ON_DEMAND}",
                )
    if mode != ON_DEMAND and inputs.get("onDemandThroughput"):
        yield Failure(path="onDemandThroughput", reason=f"only billingMode {ON_DEMAND} has it; found {mode}")
