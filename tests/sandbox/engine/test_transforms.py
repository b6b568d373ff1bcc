"""Transforms change what a program registers, in Pulumi's order, and nothing else."""

from __future__ import annotations

import pytest

from sandbox.engine import Outcome
from tests.sandbox.engine.lab import Lab, errors, ok, ops

HEAD = """
from pulumi import ResourceTransformArgs, ResourceTransformResult


def said(word):
    def transform(args):
        if args.type_ != "test:index:Thing":
            return None
        trail = args.props.get("trail", "")
        return ResourceTransformResult(props={**args.props, "trail": trail + word}, opts=args.opts)
    return transform


def opted(**options):
    def transform(args):
        return ResourceTransformResult(
            props=args.props, opts=pulumi.ResourceOptions.merge(args.opts, O(**options))
        )
    return transform


"""


@pytest.fixture(autouse=True)
def _head(lab: Lab) -> None:
    lab.head += HEAD


def test_transforms_apply_from_the_resource_outwards_and_the_stack_s_last(lab: Lab) -> None:
    program = """
        pulumi.runtime.register_resource_transform(said("stack1 "))
        outer = Component("outer", O(transforms=[said("outer ")]))
        inner = Component("inner", O(parent=outer, transforms=[said("inner ")]))
        Thing("a", O(parent=inner, transforms=[said("own1 "), said("own2 ")]))
        pulumi.runtime.register_stack_transform(said("stack2 "))
        Thing("b", O(parent=outer))
        Thing("c", O(transforms=[said("own ")]), trail="given ")
        Thing("d")
    """
    ok(lab.up(program))
    found = {name: entry.get("inputs", {}).get("trail") for name, entry in lab.resources().items()}
    assert found["a"] in ("own1 own2 inner outer stack1 ", "own1 own2 inner outer stack1 stack2 ")
    assert found["b"] == "outer stack1 stack2 "
    assert found["c"] == "given own stack1 stack2 "
    assert found["d"] == "stack1 stack2 "
    assert "trail" not in lab.resources()["outer"].get("inputs", {})
    assert ops(ok(lab.run())) == {"same": 7}


def test_a_transform_sees_the_resource_as_it_is_declared(lab: Lab) -> None:
    program = """
        seen = []

        def look(args):
            seen.append((
                args.name, args.type_, args.custom, sorted(args.props), args.props.get("text"),
                args.opts.protect, args.opts.ignore_changes, args.opts.version,
            ))
            return None

        parent = Component("parent")
        opts = O(parent=parent, transforms=[look], protect=False, ignore_changes=["x"])
        a = Thing("a", opts, text="t", n=1)
        pulumi.export("seen", a.arn.apply(lambda _: [list(map(str, each)) for each in seen]))
    """
    result = ok(lab.up(program))
    assert result.outputs["seen"] == [
        ["a", "test:index:Thing", "True", "['n', 'text']", "t", "False", "['x']", "None"]
    ]
    inputs = lab.resources()["a"]["inputs"]
    assert inputs == {"n": 1, "text": "t"}


def test_a_transform_may_change_every_option(lab: Lab) -> None:
    program = """
        explicit = Provider("explicit", region="us")
        base = Thing("base")
        change = opted(
            protect=True, retain_on_delete=True, provider=explicit, deleted_with=base, depends_on=[base],
            ignore_changes=["text"], replace_on_changes=["n"], additional_secret_outputs=["arn"],
            custom_timeouts=pulumi.CustomTimeouts(create="1m"), aliases=[pulumi.Alias(name="old")],
        )
        Thing("a", O(transforms=[change]), text="t")
    """
    ok(lab.up(program))
    found = lab.resources()
    base, entry = found["base"]["urn"], found["a"]
    assert entry["protect"]
    assert entry["retainOnDelete"]
    assert entry["provider"].split("::")[3] == "explicit"
    assert entry["deletedWith"] == base
    assert entry["dependencies"] == [base]
    assert entry["ignoreChanges"] == ["text"]
    assert entry["replaceOnChanges"] == ["n"]
    assert entry["additionalSecretOutputs"] == ["arn"]
    assert entry["customTimeouts"] == {"create": 60}
    assert isinstance(entry["outputs"]["arn"], dict), "it is a secret"


def test_a_transform_may_name_an_alias_so_that_nothing_is_replaced(lab: Lab) -> None:
    ok(lab.up('Thing("old", text="t")'))
    result = ok(lab.up('Thing("new", O(transforms=[opted(aliases=[pulumi.Alias(name="old")])]), text="t")'))
    assert ops(result) == {"same": 2}
    assert lab.resources()["new"]["id"] == "old-1"


def test_the_values_that_a_transform_leaves_are_used(lab: Lab) -> None:
    program = """
        a, b = Thing("a"), Thing("b")

        def redirect(args):
            return ResourceTransformResult(props={**args.props, "text": b.arn}, opts=args.opts)

        Thing("c", O(transforms=[redirect], depends_on=[a]), text=a.arn, kept=a.arn)
    """
    ok(lab.up(program))
    found = lab.resources()
    assert found["c"]["inputs"] == {"text": "arn:test:b-1", "kept": "arn:test:a-1"}
    assert found["c"]["dependencies"] == [found["a"]["urn"]]


def test_dependencies_follow_the_values_that_a_transform_leaves(lab: Lab) -> None:
    """Seen by a callback of our own: the SDK for Python doesn't send dependencies of what is returned."""
    program = """
        from pulumi.runtime._callbacks import _CallbackServicer
        from pulumi.runtime.proto import callback_pb2, resource_pb2

        SIG, OUTPUT = "4dabf18193072939515e22adb298388d", "d0e6a833031e9bbcd3f4e8bde6ca49a4"
        a, b = Thing("a"), Thing("b")

        async def transform(raw):
            request = resource_pb2.TransformRequest.FromString(raw)
            if request.name == "c":
                given = dict(request.properties.fields["text"].struct_value)
                assert list(given["dependencies"]) == [await a.urn.future()], given
                request.properties.update(
                    {"text": {SIG: OUTPUT, "value": "new", "dependencies": [await b.urn.future()]}}
                )
            return resource_pb2.TransformResponse(properties=request.properties)

        def register(self, _):
            self._callbacks["mine"] = transform
            return callback_pb2.Callback(token="mine", target=self._target)

        _CallbackServicer.register_transform = register
        Thing("c", O(transforms=[print]), text=a.arn, kept=a.arn)
    """
    ok(lab.up(program))
    found = lab.resources()
    a, b = found["a"]["urn"], found["b"]["urn"]
    assert found["c"]["inputs"] == {"text": "new", "kept": "arn:test:a-1"}
    assert found["c"]["propertyDependencies"] == {"kept": [a], "text": [b]}
    assert found["c"]["dependencies"] == sorted([a, b])


def test_unknown_and_secret_values_pass_through_transforms(lab: Lab) -> None:
    program = """
        pulumi.runtime.register_resource_transform(said("stack "))
        hush = Output.secret("hush")
        a = Thing("a", token=hush)
        b = Thing("b", O(transforms=[said("own ")]), text=a.arn, token=hush, data={"x": [a.arn]})
    """
    ok(lab.preview(program))
    (request,) = (r for m, r in lab.provider.requests if m == "Preview" and r.name == "b")
    assert request.properties.fields["text"].string_value == "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
    assert request.properties.fields["trail"].string_value == "own stack "
    ok(lab.up())
    found = lab.resources()
    assert "hush" not in lab.state.path.read_text()
    assert isinstance(found["a"]["inputs"]["token"], dict), "it is a secret"
    assert isinstance(found["b"]["inputs"]["token"], dict), "it is a secret"
    assert found["b"]["inputs"]["data"] == {"x": ["arn:test:a-1"]}


def test_assets_pass_through_transforms(lab: Lab) -> None:
    lab.write("file.txt", "content")
    program = 'Thing("a", O(transforms=[said("own ")]), file=pulumi.FileAsset("file.txt"))'
    ok(lab.up(program))
    plain = ok(
        lab.up(program.replace('transforms=[said("own ")]', "").replace(", file", ', trail="own ", file'))
    )
    assert ops(plain) == {"same": 2}


def test_what_is_inside_a_remote_component_is_transformed(lab: Lab) -> None:
    program = """
        class Remote(pulumi.ComponentResource):
            def __init__(self, name, opts=None, **props):
                super().__init__("test:index:Remote", name, {**props, "arn": None}, opts, remote=True)

        pulumi.runtime.register_resource_transform(said("stack "))
        Remote("r", O(transforms=[said("option ")]), text="t")
    """
    ok(lab.up(program))
    inner = lab.resources()["r-inner"]
    assert inner["inputs"]["trail"] == "option stack "
    assert inner["inputs"]["text"] == "t"


def test_function_calls_are_transformed_by_the_stack(lab: Lab) -> None:
    program = """
        def change(args):
            if args.token != "test:index:echo":
                return None
            return pulumi.InvokeTransformResult(
                args={**args.args, "said": args.args["text"] + "!", "by": args.token}, opts=args.opts
            )

        before = pulumi.runtime.invoke("test:index:echo", {"text": "early"})
        pulumi.runtime.register_invoke_transform(change)
        pulumi.runtime.register_invoke_transform(lambda args: None)
        after = pulumi.runtime.invoke("test:index:echo", {"text": "late"})
        lazy = pulumi.runtime.invoke_output("test:index:echo", {"text": Thing("a").arn})
        pulumi.export("before", before.value)
        pulumi.export("after", after.value)
        pulumi.export("lazy", lazy)
    """
    result = ok(lab.up(program))
    assert result.outputs["before"] == {"text": "early"}
    assert result.outputs["after"] == {"text": "late", "said": "late!", "by": "test:index:echo"}
    assert result.outputs["lazy"] == {
        "text": "arn:test:a-1",
        "said": "arn:test:a-1!",
        "by": "test:index:echo",
    }


def test_an_invoke_transform_may_choose_the_provider(lab: Lab) -> None:
    program = """
        explicit = Provider("explicit", region="us")

        def change(args):
            return pulumi.InvokeTransformResult(args=args.args, opts=pulumi.InvokeOptions(provider=explicit))

        pulumi.runtime.register_invoke_transform(change)
        pulumi.export("x", pulumi.runtime.invoke_output("test:index:echo", {"text": explicit.urn}))
    """
    ok(lab.up(program))
    assert [c.get("region") for c in lab.provider.configured] == ["us"], "no default provider was needed"


@pytest.mark.parametrize(
    ("program", "message"),
    [
        (
            'Thing("a", O(transforms=[lambda args: 1 / 0]))',
            "a transform of test:index:Thing 'a' failed: division by zero",
        ),
        (
            """
            pulumi.runtime.register_invoke_transform(lambda args: args.args["none"])
            pulumi.runtime.invoke("test:index:echo", {"text": "t"})
            """,
            "a transform of the function test:index:echo failed: 'none'",
        ),
    ],
)
def test_a_transform_that_fails_fails_the_run_and_names_the_resource(
    lab: Lab, program: str, message: str
) -> None:
    result = lab.up(program)
    assert result.outcome is Outcome.FAILED
    assert message in "\n".join(errors(result))
    assert "a" not in lab.resources()
