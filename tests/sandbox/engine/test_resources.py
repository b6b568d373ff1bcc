"""What a program declares is what the state holds."""

from __future__ import annotations

from textwrap import dedent, indent

import pytest

from tests.sandbox.engine.lab import Lab, errors, ok, ops

PREFIX = "urn:pulumi:dev::lab::"


def test_a_stack_is_created_then_unchanged_then_destroyed(lab: Lab) -> None:
    program = """
        outer = Component("outer", x=1)
        inner = Component("inner", O(parent=outer))
        a = Thing("a", O(parent=inner), text="t")
        side = Component("side")
        within = Thing("within", O(parent=side))
        b = Thing("b", O(parent=inner, depends_on=[side]), text=a.arn, n=3)
        inner.register_outputs({"arn": b.arn})
        pulumi.export("arn", b.arn)
        pulumi.export("secret", Output.secret({"k": a.arn}))
    """
    result = ok(lab.up(program))
    assert ops(result) == {"create": 7}
    assert result.outputs["arn"] == "arn:test:b-1"
    assert repr(result.outputs["secret"]) == "Secret([secret])"
    found = lab.resources()
    chain = "lab:index:Component$lab:index:Component$test:index:Thing"
    assert found["a"]["urn"] == f"{PREFIX}{chain}::a"
    assert found["b"]["propertyDependencies"] == {"n": [], "text": [found["a"]["urn"]]}
    assert found["b"]["dependencies"] == sorted([found["a"]["urn"], found["within"]["urn"]]), (
        "a component is its children"
    )
    assert found["b"]["inputs"] == {"n": 3, "text": "arn:test:a-1"}
    assert found["b"]["outputs"] == {"n": 3, "text": "arn:test:a-1", "arn": "arn:test:b-1"}
    assert found["b"]["provider"].startswith(f"{PREFIX}pulumi:providers:test::default::")
    assert found["b"]["sourcePosition"].startswith("project:///__main__.py#")
    assert found["inner"]["outputs"] == {"arn": "arn:test:b-1"}
    assert found["inner"]["parent"] == found["outer"]["urn"]
    assert found["outer"]["inputs"] == {"x": 1}

    before = lab.state.path.read_bytes()
    assert ops(ok(lab.run())) == {"same": 7}
    assert [name for method, name in lab.provider.calls if method in ("Update", "Delete")] == []
    assert lab.resources() == found
    assert lab.state.path.read_bytes() == before, "a run that changes nothing writes nothing"

    from sandbox.engine import Kind

    assert ops(ok(lab.run(Kind.DESTROY, preview=True))) == {"delete": 7}
    assert len(lab.provider.things) == 3
    assert ops(ok(lab.run(Kind.DESTROY))) == {"delete": 7}
    assert lab.provider.named("Delete")[0] == "b", "dependents go first"
    assert lab.resources() == {}
    lab.state.remove()


def test_providers_are_chosen_and_configured_as_pulumi_does(lab: Lab) -> None:
    lab.write("Pulumi.dev.yaml", "config: {'test:region': eu, 'test:tags': {a: b}}\n")
    program = """
        explicit = Provider("explicit", region="us", tags={"team": "x"})
        component = Component("component", O(providers=[explicit]))
        Thing("inside", O(parent=Component("nested", O(parent=component))))
        Thing("outside")
        Thing("versioned", O(version="1.2.3-beta.1"))
        Thing("direct", O(provider=explicit))
    """
    ok(lab.up(program))
    found = lab.resources()

    def provider_of(name: str) -> str:
        return str(found[name]["provider"].split("::")[3])

    assert provider_of("inside") == provider_of("direct") == "explicit"
    assert provider_of("outside") == "default"
    assert provider_of("versioned") == "default_1_2_3_beta_1"
    assert found["default"]["inputs"] == {"region": "eu", "tags": '{"a":"b"}'}
    assert found["default_1_2_3_beta_1"]["inputs"]["version"] == "1.2.3-beta.1"
    assert found["explicit"]["parent"].endswith("::lab-dev")
    assert {c.get("region") for c in lab.provider.configured} == {"us", "eu"}

    # the region makes another provider, so what it manages is replaced; tags alone configure it anew
    result = ok(lab.up(program.replace('"team": "x"', '"team": "y"')))
    assert ops(result) == {"same": 7, "update": 1}
    result = ok(lab.up(program.replace('region="us"', 'region="ap"')))
    assert ops(result) == {"replace": 3, "same": 5}


def test_secrets_stay_secret_from_input_to_state(lab: Lab) -> None:
    ok(
        lab.up(
            """
            a = Thing("a", O(additional_secret_outputs=["arn"]), token=Output.secret("hush"), plain="p")
            Thing("b", text=a.arn, nested={"deep": [Output.secret("hush2")]})
            pulumi.export("arn", a.arn)
            """
        )
    )
    text = lab.state.path.read_text()
    assert "hush" not in text
    assert "arn:test:a-1" not in text
    found = lab.resources()
    secret = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
    assert found["a"]["inputs"]["token"].items() >= secret.items()
    assert found["a"]["outputs"]["token"].items() >= secret.items(), "a secret input makes the output secret"
    assert found["a"]["outputs"]["arn"].items() >= secret.items()
    assert found["b"]["outputs"]["nested"]["deep"][0].items() >= secret.items()
    shown = lab.state.export(show_secrets=True)["deployment"]["resources"]
    assert '"hush"' in [r["inputs"]["token"]["plaintext"] for r in shown if r["urn"].endswith("::a")]
    assert ops(ok(lab.run()))["same"] == 3, "the same secret is no change"


def test_a_provider_that_keeps_no_secrets_gets_plain_values_and_they_are_marked_again(lab: Lab) -> None:
    lab.provider.accept_secrets = False
    ok(lab.up('Thing("a", token=Output.secret("hush"))'))
    (request,) = (r for method, r in lab.provider.requests if method == "Create")
    assert request.properties.fields["token"].string_value == "hush"
    assert "hush" not in lab.state.path.read_text()


def test_assets_are_sent_whole_to_create_and_as_hashes_to_diff(lab: Lab) -> None:
    lab.write("files/x.txt", "x")
    program = """
        Thing("a", text=pulumi.StringAsset("hi"), file=pulumi.FileAsset("files/x.txt"),
              folder=pulumi.FileArchive("files"),
              made=pulumi.AssetArchive({"in/x": pulumi.FileAsset("files/x.txt")}))
    """
    ok(lab.up(program))
    inputs = lab.resources()["a"]["inputs"]
    assert inputs["text"]["text"] == "hi"
    assert inputs["file"]["path"] == "files/x.txt"
    ok(lab.run())
    diff = next(r for method, r in lab.provider.requests if method == "Diff")
    assert set(diff.news.fields["text"].struct_value.fields) == {"4dabf18193072939515e22adb298388d", "hash"}
    lab.write("files/x.txt", "y")
    assert ops(ok(lab.run())) == {"same": 1, "update": 1}


def test_a_function_is_asked_of_the_provider_and_its_failures_are_errors(lab: Lab) -> None:
    ok(
        lab.up(
            """
            got = pulumi.runtime.invoke("test:index:echo", {"a": 1, "s": Output.secret("x")}).value
            Thing("a", text=str(got["a"]))
            """
        )
    )
    assert lab.resources()["a"]["inputs"]["text"] in ("1", "1.0")
    result = lab.preview('pulumi.runtime.invoke("test:index:nothing", {})')
    assert result.exit_code == 1
    assert "the function test:index:nothing is not supported" in errors(result)[0]


def test_a_resource_that_is_only_read_stays_when_it_leaves_the_program(lab: Lab) -> None:
    lab.provider.things["old-7"] = {"text": "from elsewhere", "arn": "arn:test:old-7"}
    program = """
        class Read(pulumi.CustomResource):
            text: Output[str]
            def __init__(self, name, id):
                super().__init__("test:index:Thing", name, {"text": None}, O(id=id))
        pulumi.export("text", Read("got", "old-7").text)
    """
    result = ok(lab.up(program))
    assert result.outputs["text"] == "from elsewhere"
    assert lab.resources()["got"]["external"] is True
    assert ops(ok(lab.up("pass"))) == {"discard": 1, "same": 1}
    assert "old-7" in lab.provider.things
    result = lab.up(program.replace("old-7", "gone"))
    assert errors(result) == ["resource 'gone' does not exist"]


def test_a_remote_component_is_constructed_by_its_provider(lab: Lab) -> None:
    program = """
        class Made(pulumi.ComponentResource):
            arn: Output[str]
            def __init__(self, name, opts=None, **props):
                super().__init__("test:index:Made", name, {**props, "arn": None}, opts, remote=True)
        explicit = Provider("explicit", region="us")
        options = O(provider=explicit, delete_before_replace=True, replacement_trigger="1",
                    custom_timeouts=pulumi.CustomTimeouts(create="5m"))
        made = Made("made", options, text="t", token=Output.secret("hush"))
        Thing("after", text=made.arn)
        pulumi.export("said", pulumi.runtime.call("test:index:say", {}, res=made))
    """
    result = ok(lab.up(program))
    assert ops(result) == {"create": 5}
    found = lab.resources()
    assert found["made-inner"]["urn"] == f"{PREFIX}test:index:Made$test:index:Thing::made-inner"
    assert "::explicit::" in found["made-inner"]["provider"]
    assert found["made"]["outputs"] == {"arn": "arn:test:made-inner-1"}
    assert found["after"]["dependencies"] == sorted([found["made"]["urn"], found["made-inner"]["urn"]])
    assert "hush" not in lab.state.path.read_text()
    assert result.outputs["said"] == {"said": "test:index:say of lab"}
    (asked,) = (request for method, request in lab.provider.requests if method == "Construct")
    assert asked.deleteBeforeReplace
    assert asked.replacement_trigger.string_value == "1"
    assert asked.customTimeouts.create == "5m"
    assert "it can't be constructed" in errors(lab.preview(program.replace('text="t"', "fail=1")))[0]


@pytest.mark.parametrize(
    ("program", "named"),
    [
        (
            """
            package = pulumi.runtime.register_package(
                base_provider_name="test",
                base_provider_version="1.0.0",
                base_provider_download_url="",
                package_name="made",
                package_version="2.0.0",
                base64_parameter="eA==",
            )
            pulumi.CustomResource("made:index:Thing", "a", {}, package_ref=package)
            """,
            "package 'made', made by the provider 'test'",
        ),
        ('pulumi.runtime.invoke("test:index:nothing", {})', "test:index:nothing"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(lab: Lab, program: str, named: str) -> None:
    """Once, without a traceback of the SDK, and whatever the program makes of the error."""
    result = lab.preview(f"try:\n{indent(dedent(program), '    ')}\nexcept Exception:\n    pass")
    assert result.exit_code == 1
    (message,) = errors(result)
    assert named in message
    assert "Traceback" not in message


def test_an_error_that_the_engine_answers_is_told_without_the_frames_of_the_sdk(lab: Lab) -> None:
    (message,) = errors(lab.preview('Thing("a", O(custom_timeouts=pulumi.CustomTimeouts(create="soon")))'))
    assert message.startswith("Program failed with an unhandled exception:\n")
    assert "customTimeout Value soon" in message
    assert "_InactiveRpcError" not in message
    assert "  File " not in message
