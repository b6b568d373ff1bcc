"""A program reads the outputs of other stacks whose states are kept in the same folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.engine import Kind, Severity
from tests.sandbox.engine.lab import Lab, errors, ok, ops

NETWORK = """
    a = Thing("a", token=Output.secret("hush"))
    pulumi.export("arn", a.arn)
    pulumi.export("ids", ["x", {"deep": a.id}])
    pulumi.export("password", Output.secret("hush"))
"""


@pytest.fixture
def network(lab: Lab, tmp_path: Path) -> Lab:
    """Another project with a stack ``shared``, deployed into the same folder."""
    folder = tmp_path / "other"
    folder.mkdir()
    other = Lab(folder)
    other.home, other.stack = lab.home, "shared"
    other.write("Pulumi.yaml", "name: network\nruntime: python\n")
    ok(other.up(NETWORK))
    return other


def test_outputs_of_a_stack_of_another_project_are_read(lab: Lab, network: Lab) -> None:
    program = """
        other = pulumi.StackReference("organization/network/shared")
        Thing("b", text=other.get_output("arn"), ids=other.require_output("ids"))
        pulumi.export("absent", other.get_output("absent"))
    """
    result = ok(lab.up(program))
    assert ops(result) == {"create": 2}
    found = lab.resources()
    assert found["b"]["inputs"] == {"text": "arn:test:a-1", "ids": ["x", {"deep": "a-1"}]}
    assert "absent" not in result.outputs
    reference = found["organization/network/shared"]
    assert reference["type"] == "pulumi:pulumi:StackReference"
    assert reference["id"] == "organization/network/shared"
    assert reference["external"] is True
    assert reference["outputs"]["secretOutputNames"] == ["password"]
    assert "hush" not in lab.state.path.read_text()
    assert found["b"]["dependencies"] == [reference["urn"]]
    assert ops(ok(lab.run())) == {"same": 2}

    ok(network.up(NETWORK.replace('Thing("a"', 'Thing("c"')))
    result = ok(lab.run())
    assert ops(result) == {"read": 1, "same": 1, "update": 1}
    assert lab.resources()["b"]["inputs"]["text"] == "arn:test:c-1"
    ok(lab.run(Kind.DESTROY))
    assert lab.resources() == {}
    assert "c" in network.resources(), "what was only read is only forgotten"


def test_secrets_stay_secret_on_their_way(lab: Lab, network: Lab) -> None:
    program = """
        other = pulumi.StackReference("other", "organization/network/shared")
        Thing("b", token=other.require_output("password"), plain=other.require_output("arn"))

        async def told():
            detail = await other.get_output_details("password")
            return f"{detail.value} {len(detail.secret_value)}"

        pulumi.export("told", Output.from_input(told()))
    """
    result = ok(lab.up(program))
    inputs = lab.resources()["b"]["inputs"]
    assert "ciphertext" in inputs["token"]
    assert inputs["plain"] == "arn:test:a-1"
    assert result.outputs["told"] == "None 4"
    assert "hush" not in lab.state.path.read_text()
    assert lab.provider.things["b-1"]["token"]


@pytest.mark.parametrize("name", ["first", "organization/first", "organization/lab/first"])
def test_a_stack_of_the_same_project_has_shorter_names(lab: Lab, name: str) -> None:
    lab.stack = "first"
    ok(lab.up('pulumi.export("x", 1)'))
    lab.stack = "second"
    result = ok(lab.up(f'pulumi.export("y", pulumi.StackReference("{name}").get_output("x"))'))
    assert result.outputs == {"y": 1}


def test_a_stack_reads_what_it_was_itself(lab: Lab) -> None:
    program = """
        me = pulumi.StackReference("dev")
        pulumi.export("count", me.get_output("count").apply(lambda n: (n or 0) + 1))
    """
    for count in (1, 2, 3):
        assert ok(lab.up(program)).outputs == {"count": count}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "unknown stack 'missing'"),
        ("organization/other/missing", "unknown stack 'organization/other/missing'"),
        ("organization/network/dev", "unknown stack 'organization/network/dev'"),
        ("acme/network/shared", "organization name must be 'organization'"),
        ("a/b/c/d", "is not the name of a stack"),
        ("organization//shared", "is not the name of a stack"),
        ("organization/network/../shared", "is not the name of a stack"),
    ],
)
def test_a_stack_that_is_not_there_is_one_clear_error(
    lab: Lab, network: Lab, name: str, message: str
) -> None:
    for preview in (True, False):
        result = lab.up(f'pulumi.StackReference("{name}")', preview=preview)
        assert result.exit_code == 1
        (told,) = errors(result)
        assert message in told
        assert "Traceback" not in told


def test_an_output_that_is_required_and_not_there_fails_the_program(lab: Lab, network: Lab) -> None:
    program = """
        other = pulumi.StackReference("organization/network/shared")
        pulumi.export("x", other.require_output("nothing"))
    """
    (told,) = errors(lab.up(program))
    assert "KeyError" in told
    assert "nothing" in told


def test_a_stack_whose_secrets_cannot_be_read_gives_the_rest(
    lab: Lab, network: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lab.home / "passphrase").unlink()
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "another")
    program = """
        other = pulumi.StackReference("organization/network/shared")
        pulumi.export("arn", other.get_output("arn"))
    """
    result = ok(lab.up(program))
    assert result.outputs == {"arn": "arn:test:a-1"}
    told = [d.message for d in result.diagnostics if d.severity is Severity.INFO]
    assert [line for line in told if "eliding undecryptable secrets" in line]


def test_a_damaged_state_of_another_stack_is_told(lab: Lab, network: Lab) -> None:
    network.state.path.write_text("{")
    (told,) = errors(lab.up('pulumi.StackReference("organization/network/shared")'))
    assert "is damaged" in told


def test_a_destroyed_stack_has_no_outputs(lab: Lab, network: Lab) -> None:
    ok(network.run(Kind.DESTROY))
    program = 'pulumi.export("x", pulumi.StackReference("organization/network/shared").outputs)'
    assert ok(lab.up(program)).outputs == {"x": {}}


def test_a_name_that_is_not_known_yet_is_read_when_it_is(lab: Lab, network: Lab) -> None:
    program = """
        name = Thing("a").arn.apply(lambda _: "organization/network/shared")
        other = pulumi.StackReference("other", name)
        pulumi.export("arn", other.get_output("arn"))
    """
    assert "arn" in ok(lab.preview(program)).outputs
    assert ok(lab.up()).outputs == {"arn": "arn:test:a-1"}


def test_outputs_are_read_by_functions_too(lab: Lab, network: Lab) -> None:
    program = """
        def ask(function, **arguments):
            return pulumi.runtime.invoke(f"pulumi:pulumi:{function}", arguments).value

        one = ask("readStackOutputs", name="organization/network/shared")
        all_ = ask("readStackResourceOutputs", stackName="organization/network/shared")
        pulumi.export("arn", one["outputs"]["arn"])
        pulumi.export("types", sorted(each["type"] for each in all_["outputs"].values()))
    """
    result = ok(lab.up(program))
    assert result.outputs == {
        "arn": "arn:test:a-1",
        "types": ["pulumi:providers:test", "pulumi:pulumi:Stack", "test:index:Thing"],
    }
    result = lab.up('pulumi.runtime.invoke("pulumi:pulumi:nothing", {})')
    assert "unrecognized function name: 'pulumi:pulumi:nothing'" in errors(result)[0]


def test_a_refresh_reads_a_reference_again(lab: Lab, network: Lab) -> None:
    ok(lab.up('pulumi.StackReference("organization/network/shared")'))
    ok(network.up('pulumi.export("arn", "new")'))
    ok(lab.run(Kind.REFRESH))
    assert lab.resources()["organization/network/shared"]["outputs"]["outputs"] == {"arn": "new"}


def test_a_stash_keeps_the_first_value(lab: Lab) -> None:
    program = 'pulumi.export("x", pulumi.Stash("s", input={value}).output)'
    assert ok(lab.up(program.replace("{value}", "1"))).outputs == {"x": 1}
    result = ok(lab.up(program.replace("{value}", "2")))
    assert ops(result) == {"same": 1, "update": 1}
    assert result.outputs == {"x": 1}
    assert lab.resources()["s"]["outputs"] == {"input": 2, "output": 1}
    ok(lab.run(Kind.DESTROY))


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({"input": 1, "output": 1, "x": 1}, 'property output has a problem: unknown property "output"'),
        ({"other": 1}, 'property other has a problem: unknown property "other"'),
        ({}, 'property input has a problem: missing required property "input"'),
    ],
)
def test_a_stash_has_one_input_and_tells_what_is_wrong_first(
    lab: Lab, inputs: dict[str, int], message: str
) -> None:
    result = lab.up(f'pulumi.CustomResource("pulumi:index:Stash", "s", {inputs})')
    assert errors(result) == [f"pulumi:index:Stash resource 's': {message}"]


def test_a_managed_reference_is_read_when_it_is_made_and_replaced_with_a_warning(
    lab: Lab, network: Lab
) -> None:
    program = """
        class Reference(pulumi.CustomResource):
            def __init__(self, called, **props):
                super().__init__("pulumi:pulumi:StackReference", called, props)
        Reference("o", name={name})
    """
    first = program.replace("{name}", "'organization/network/shared'")
    result = ok(lab.up(first))
    assert [*lab.resources()["o"]["outputs"]["outputs"]] == ["arn", "ids", "password"]
    (warning,) = (d.message for d in result.diagnostics if d.severity is Severity.WARNING)
    assert "is deprecated" in warning
    ok(network.up("pass"))
    assert ops(ok(lab.up())) == {"same": 2}, "only a refresh reads it again"
    assert ops(ok(lab.up(program.replace("{name}", "'organization/lab/dev'")))) == {"replace": 1, "same": 1}
    (told,) = errors(lab.up(program.replace("{name}", "[1]")))
    assert 'property name has a problem: property "name" must be a string' in told
