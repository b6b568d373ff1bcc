"""Every type made, read, changed, imported and deleted, with inputs drawn from its own description.

After each step a refresh finds no drift. Types that the embedded AWS lacks are exempt: their creation is an
error that says so. docs/sandbox-types.md has what isn't read back, and what the embedded AWS doesn't change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, reject, seed, settings

from sandbox.provider import Endpoint, table
from sandbox.provider.resource import ResourceType
from sandbox.provider.values import PropertyMap
from tests.sandbox.provider.client import Client, InvalidError, Made, RefusedError
from tests.sandbox.provider.roundtrips import cases
from tests.sandbox.provider.roundtrips.drawing import EVERYWHERE, Draw, pairs
from tests.sandbox.provider.roundtrips.world import World
from tests.sandbox.provider.walk import found_again, not_found

ARN = r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:(\d{12}|lambda)?:.+"
ROUNDS = 4
"""Of six examples each, until every property was in one: what is drawn depends on what is imported, too."""
MADE = [token for token in table.tokens() if token not in cases.ABSENT]


@pytest.fixture(scope="module")
def world(endpoint: Endpoint, live_port: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """What the drawn resources are in and refer to; the provider has default tags."""
    client = Client(live_port)
    client.configure(defaultTags={"tags": {"Fleet": "trips"}})
    yield World(client, endpoint, tmp_path_factory.mktemp("trips"))
    client.close()


@pytest.mark.parametrize("token", MADE)
def test_a_round_trip(world: World, token: str) -> None:
    kind, draw, seen = table.lookup(token), cases.draw(token, world), set[str]()

    @settings(
        max_examples=6,
        phases=[Phase.generate],  # an example takes a second: it is told as it is
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    @given(pairs(kind, draw))
    def trip(drawn: tuple[PropertyMap, PropertyMap]) -> None:
        for state in drawn:
            try:
                world.client.check(token, state)
            except InvalidError:
                reject()
            seen.update(state)
        _trip(world.client, kind, draw, *drawn)

    wanted = kind.inputs.keys() - draw.never.keys() - EVERYWHERE.keys()
    for number in range(ROUNDS):
        seed(number)(trip)()
        if wanted <= seen:
            return
    assert wanted <= seen, "no example has these"


def _trip(client: Client, kind: ResourceType, draw: Draw, first: PropertyMap, second: PropertyMap) -> None:
    made = client.create(kind.token, first, name="trip")
    try:
        _no_drift(client, made, first)
        _imported(client, kind, made, first)
        found_again(client, made)
        if client.diff(made, second).detailedDiff:
            assert not client.diff(made, second).replaces
            made = client.update(made, second)
            _no_drift(client, made, second)
            _imported(client, kind, made, second)
    finally:
        if draw.unlocked:
            made = client.update(made, second | draw.unlocked)
        client.delete(made)
    assert draw.stays or client.read(made).id == ""
    client.delete(made)
    if not draw.stays:
        not_found(client, made)


def _no_drift(client: Client, made: Made, inputs: PropertyMap) -> None:
    for key in [key for key in table.lookup(made.type).outputs if key.lower().endswith("arn")]:
        assert re.fullmatch(ARN, str(made.outputs.get(key) or "arn:aws:none:::none")), key
    found = client.read(made)
    assert found.id == made.id
    assert found.inputs == made.inputs
    assert found.outputs == made.outputs
    assert not dict(client.diff(found, inputs).detailedDiff)


def _imported(client: Client, kind: ResourceType, made: Made, inputs: PropertyMap) -> None:
    """The documented id alone finds everything, but for what isn't read back."""
    found = client.imported(kind.token, import_id(kind, made), name=made.name)
    assert found.id == made.id
    differing = {
        path
        for path in client.diff(found, inputs).detailedDiff
        if not kind.inputs[re.split(r"[.\[]", path, maxsplit=1)[0]].local
    }
    assert not differing, (found.inputs, made.inputs)


def import_id(kind: ResourceType, made: Made) -> str:
    """The id by which a resource is imported: its type's form, with its own values."""
    values = {**made.outputs, "id": made.id}
    # What may be left out is, where the resource hasn't it.
    form = re.sub(
        r"\[(.*?)\]",
        lambda part: part[1] if all(values.get(name) for name in re.findall(r"<(\w+)>", part[1])) else "",
        kind.imported_by(),
    )
    return re.sub(r"<(\w+)>", lambda name: str(values[name[1]]), form)


@pytest.mark.parametrize("token", cases.ABSENT)
def test_a_type_that_the_embedded_aws_lacks_says_so(live: Client, token: str) -> None:
    with pytest.raises(RefusedError, match="the embedded AWS has no"):
        live.create(token, dict(cases.ABSENT[token]))
