"""Property values, paths, names and hashes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.engine import UNKNOWN, Archive, Asset, EngineError, OutputValue, ResourceReference, Secret, paths
from sandbox.engine import urn as urns
from sandbox.engine.assets import with_hashes
from sandbox.engine.monitor import duration_s
from sandbox.engine.properties import (
    Marshal,
    Unmarshal,
    annotate_secrets,
    changed_keys,
    downgrade,
    marshal,
    mask,
    output_dependencies,
    restore_assets,
    same,
    unmarshal,
    unwrap,
)
from sandbox.engine.registry import default_name

ALL = Marshal(secrets=True, resources=True, outputs=False)

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e9, 1e9)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
values = st.recursive(
    plain | st.just(UNKNOWN) | st.builds(Asset, hash=st.just("h"), text=st.just("t")),
    lambda inner: (
        st.builds(Secret, element=inner.filter(lambda v: not isinstance(v, Secret)))
        | st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=4), values, max_size=4))
def test_values_survive_the_way_through_a_message(properties: dict[str, Any]) -> None:
    assert same(unmarshal(marshal(properties, ALL), Unmarshal()), properties)


@given(st.dictionaries(st.text(max_size=4), values, max_size=4))
def test_a_receiver_that_takes_nothing_special_gets_plain_values(properties: dict[str, Any]) -> None:
    sent = unmarshal(marshal(properties, Marshal(unknowns=False)), Unmarshal())
    assert not any(isinstance(v, Secret) or v is UNKNOWN for v in sent.values())
    assert "Secret" not in repr(mask(properties))
    assert changed_keys(properties, properties) == []


def test_outputs_keep_their_dependencies_until_they_are_downgraded() -> None:
    value = {
        "a": [OutputValue(element="x", secret=True, dependencies=("u1",)), OutputValue(dependencies=("u2",))]
    }
    assert output_dependencies(value) == {"u1", "u2"}
    assert downgrade(value) == {"a": [Secret(element="x"), UNKNOWN]}
    sent = marshal(value, Marshal(outputs=True))
    assert unmarshal(sent, Unmarshal(outputs=True)) == value
    assert unmarshal(sent, Unmarshal()) == downgrade(value)
    with pytest.raises(EngineError, match="unexpected unknown"):
        unmarshal(sent, Unmarshal(unknowns=False))


def test_references_are_sent_as_such_or_as_ids() -> None:
    custom, component = ResourceReference(urn="u", id="i"), ResourceReference(urn="u")
    pending = ResourceReference(urn="u", id=UNKNOWN)
    value = {"a": custom, "b": component, "c": pending}
    assert unmarshal(marshal(value, ALL), Unmarshal()) == value
    assert unmarshal(marshal(value, Marshal()), Unmarshal()) == {"a": "i", "b": "u", "c": UNKNOWN}


def test_values_are_compared_by_what_they_are() -> None:
    assert not same(True, 1)
    assert same(1, 1.0)
    assert same(Asset(hash="h", text="a"), Asset(hash="h", path="b"))
    assert not same(Secret(element=1), 1)
    assert same(unwrap({"a": Secret(element=[OutputValue(element=1)])}), {"a": [1]})


def test_what_a_provider_lost_is_restored() -> None:
    outputs = {"token": "x", "nested": {"a": "y", "b": "z"}}
    annotate_secrets(outputs, {"token": Secret(element="x"), "nested": {"a": Secret(element="y")}, "gone": 1})
    assert outputs == {"token": Secret(element="x"), "nested": {"a": Secret(element="y"), "b": "z"}}
    whole = {"a": Asset(hash="h", text="t"), "z": Archive(hash="g", path="p")}
    back = {"x": [Asset(hash="h"), Secret(element=Archive(hash="g"))], "y": Asset(hash="other")}
    assert restore_assets(whole, back) == {
        "x": [whole["a"], Secret(element=whole["z"])],
        "y": Asset(hash="other"),
    }


def test_malformed_values_are_refused() -> None:
    sig = "4dabf18193072939515e22adb298388d"
    for wrong in (
        {sig: "nonsense"},
        {sig: "1b47061264138c4ac30d75fd1eb44270"},
        {sig: "5cf8f73096256a8f31e491e813e4eb8e"},
    ):
        with pytest.raises(EngineError, match="'x'"):
            unmarshal(marshal({"x": wrong}, Marshal()), Unmarshal())


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ('a["b.c"][*]', ("a", "b.c", "*")),
        ('["a\\"b"]', ('a"b',)),
        ("[0]", (0,)),
        ("a.[1]", ("a", 1)),
    ],
)
def test_paths_are_read_as_pulumi_writes_them(text: str, path: tuple[str | int, ...]) -> None:
    assert paths.parse(text) == path


@pytest.mark.parametrize("text", [".a", "a.", 'a["b', "a[b]", "a[1"])
def test_a_wrong_path_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="property path"):
        paths.parse(text)


@pytest.mark.parametrize(
    ("path", "old", "new", "result", "possible"),
    [
        ("a", {"a": 1}, {"a": 2}, {"a": 1}, True),
        ("a", {}, {"a": 2}, {}, True),
        ("a", {"a": 1}, {}, {"a": 1}, True),
        ("a.b", {"a": {"b": 1, "c": 1}}, {"a": {"b": 2, "c": 2}}, {"a": {"b": 1, "c": 2}}, True),
        ("a.b", {"a": {"b": 1}}, {}, {}, False),
        ("a[1]", {"a": [1, 2]}, {"a": [3, 4]}, {"a": [3, 2]}, True),
        ("a[1]", {"a": [1]}, {"a": [3, 4]}, {"a": [3, 4]}, False),
        (
            "a[*].b",
            {"a": [{"b": 1}, {"b": 2}]},
            {"a": [{"b": 3}, {"b": 4}]},
            {"a": [{"b": 1}, {"b": 2}]},
            True,
        ),
        ("a[*].b", {"a": [{"b": 1}]}, {"a": [{"b": 3}, {"b": 4}]}, {"a": [{"b": 1}, {"b": 4}]}, False),
        ("a.*", {"a": {"x": 1}}, {"a": {"x": 2, "y": 3}}, {"a": {"x": 1}}, True),
        ("*", {"a": 1}, {"a": 2, "b": 3}, {"a": 1}, True),
        ("a", {"a": Secret(element=1)}, {"a": 2}, {"a": Secret(element=1)}, True),
        ("a.b", {"a": Secret(element={"b": 1})}, {"a": {"b": 2}}, {"a": {"b": Secret(element=1)}}, True),
    ],
)
def test_ignored_changes_put_the_old_value_back(
    path: str, old: dict[str, Any], new: dict[str, Any], result: dict[str, Any], possible: bool
) -> None:
    assert paths.reset(paths.parse(path), old, new) is possible
    assert new == result


def test_urns_carry_the_types_of_the_parents_except_the_stacks() -> None:
    root = urns.root("dev", "p")
    assert root == "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
    component = urns.make("dev", "p", root, "a:b:C", "c")
    assert component == "urn:pulumi:dev::p::a:b:C::c"
    child = urns.make("dev", "p", component, "x:y:Z", "n::m")
    assert child == "urn:pulumi:dev::p::a:b:C$x:y:Z::n::m"
    assert (urns.type_of(child), urns.name(child), urns.stack(child)) == ("x:y:Z", "n::m", "dev")
    assert urns.split_reference(f"{component}::id") == (component, "id")
    with pytest.raises(ValueError, match="not a provider reference"):
        urns.split_reference("x::y")


@pytest.mark.parametrize(
    ("version", "url", "name"),
    [
        ("", "", "default"),
        ("7.51.1", "", "default_7_51_1"),
        ("1.2.3-alpha.1+build.5", "", "default_1_2_3_alpha_1_build_5"),
        ("1.2.3+b", "", "default_1_2_3_b"),
    ],
)
def test_default_providers_are_named_after_their_version(version: str, url: str, name: str) -> None:
    assert default_name(version, url) == name


def test_hashes_are_those_of_pulumi(tmp_path: Path) -> None:
    """The expected hashes were taken from states that the real engine wrote."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "f.txt").write_text("f")
    (tmp_path / "sub" / ("long" * 30 + ".txt")).write_text("g")

    def digest(value: Any) -> str:
        return str(with_hashes(value, tmp_path).hash)

    assert digest(Asset(text="hi")) == "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    assert (
        digest(Asset(path="sub/f.txt")) == "252f10c83610ebca1a059c0bae8255eba2f95be4d1d7bcfa89d7248a82d9f111"
    )
    assert digest(Archive(path="sub")) == "33453d73487abcc16e99d067ec51d0150b527623eb6aaeeb53b3d3d646566ca2"
    assert (
        digest(Archive(assets={"x/y.txt": Asset(text="1"), "a": Asset(path="sub/f.txt")}))
        == "587531e7c960d95a787052ebbf49e628ed1948aeb2a1551e53e5278636cfd85b"
    )
    for wrong in (
        Asset(path="gone"),
        Archive(path="gone"),
        Archive(path="gone.zip"),
        Asset(uri="https://x/y"),
    ):
        with pytest.raises(EngineError):
            digest(wrong)


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("1h30m", 5400), ("1.5s", 1.5), ("100ms", 0.1)])
def test_durations_are_gos(text: str, seconds: float) -> None:
    assert duration_s(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "m", "5 minutes"])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(EngineError, match="customTimeout"):
        duration_s(text)
