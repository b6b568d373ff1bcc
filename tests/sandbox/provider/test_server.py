"""The protocol: configuration, checks, diffs and previews, without an embedded AWS."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import grpc
import pytest

from sandbox.protos import provider_pb2 as pb
from sandbox.provider import Endpoint, serve
from sandbox.provider.errors import ProviderError
from sandbox.provider.values import UNKNOWN, Archive, Secret, decode, encode
from tests.sandbox.provider.client import Client, InvalidError, Made, RefusedError
from tests.sandbox.provider.graphs import ALIAS, FUNCTION, ROLE, ROLE_POLICY, TRUST, function_inputs, policy

GROUP = "aws:cloudwatch/logGroup:LogGroup"
CODE = Archive(path="shop.zip", hash="a" * 64)
ROLE_ARN = "arn:aws:iam::000000000000:role/shop"


def function(**more: Any) -> dict[str, Any]:
    return function_inputs(ROLE_ARN, CODE, **{"name": "shop", **more})


def made(client: Client, type: str, inputs: dict[str, Any], outputs: dict[str, Any], id: str = "it") -> Made:
    checked = client.check(type, inputs)
    return Made(type=type, name="it", id=id, inputs=checked, outputs=checked | outputs)


# ---- the provider itself


def test_it_has_the_version_of_the_sdk(offline: Client) -> None:
    assert offline.call("GetPluginInfo", pb.CheckRequest()).version == version("pulumi-aws")


def test_handshake(offline: Client) -> None:
    answer = offline.call("Handshake", pb.ProviderHandshakeRequest(engine_address="127.0.0.1:1"))
    assert answer.accept_secrets
    assert answer.accept_resources


def test_configure_says_what_it_supports(offline: Client) -> None:
    answer = offline.call("Configure", pb.ConfigureRequest(args=encode({"region": "eu-west-1"})))
    assert answer.supportsPreview
    assert answer.acceptSecrets


def test_configure_takes_the_variables_of_older_engines(offline: Client) -> None:
    variables = {"aws:config:region": "eu-west-1", "aws:config:allowedAccountIds": '["000000000000"]'}
    offline.call("Configure", pb.ConfigureRequest(variables=variables))
    assert offline.invoke("aws:index/getRegion:getRegion")["region"] == "eu-west-1"


@pytest.mark.parametrize(
    "key", ["endpoints", "profile", "accessKey", "secretKey", "assumeRoles", "httpProxy"]
)
def test_the_way_to_aws_is_not_the_programs_to_choose(offline: Client, key: str) -> None:
    with pytest.raises(InvalidError, match=f"{key}: isn't allowed here: the sandbox itself gives") as caught:
        offline.check_config(region="us-east-1", **{key: Secret(element="s3cret")})
    assert "s3cret" not in str(caught.value)


def test_provider_inputs_come_as_json(offline: Client) -> None:
    inputs = {
        "region": "us-east-1",
        "defaultTags": '{"tags": {"Stage": "dev"}}',
        "allowedAccountIds": '["000000000000"]',
        "skipRegionValidation": "true",
        "version": "7.51.1",
    }
    assert offline.check_config(**inputs) == inputs
    with pytest.raises(
        InvalidError, match=r"allowedAccountIds\[0\]: \"12\" isn't allowed; allowed: an account id"
    ):
        offline.check_config(region="us-east-1", allowedAccountIds='["12"]')
    with pytest.raises(InvalidError, match="maxRetries: the sandbox doesn't support this property"):
        offline.check_config(region="us-east-1", maxRetries="3")


def test_a_region_is_needed(offline: Client) -> None:
    with pytest.raises(InvalidError, match=r"region: missing; set it, e\.g\. `aws:region: us-east-1`"):
        offline.check_config()
    with pytest.raises(InvalidError, match='region: "mars" isn\'t allowed; allowed: a region'):
        offline.check_config(region="mars")
    assert offline.check_config(region=UNKNOWN) == {"region": UNKNOWN}


def test_a_provider_is_changed_in_place(offline: Client) -> None:
    request = pb.DiffRequest(
        old_inputs=encode({"region": "us-east-1", "defaultTags": '{"tags": {"a": "b"}}'}),
        news=encode({"region": "us-east-1", "defaultTags": '{"tags": {"a": "c"}}'}),
    )
    answer = offline.call("DiffConfig", request)
    assert dict(answer.detailedDiff).keys() == {"defaultTags.tags.a"}
    assert not answer.replaces


def test_each_connection_is_a_provider_of_its_own(offline: Client, offline_port: int) -> None:
    other = Client(offline_port)
    other.configure(region="ap-southeast-1")
    region = "aws:index/getRegion:getRegion"
    assert offline.invoke(region)["region"] == "us-east-1"
    assert other.invoke(region)["region"] == "ap-southeast-1"
    other.close()


def test_a_port_that_is_taken(offline_port: int, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ProviderError, match=f"port {offline_port} of 127.0.0.1 is taken; give another, or 0"):
        serve(offline_port, None)
    assert capfd.readouterr().err == ""


def test_only_loopback(offline: Client) -> None:
    for url in (
        "https://lambda.us-east-1.amazonaws.com",
        "http://10.0.0.1:4566",
        "https://127.0.0.1:4566",
        "x",
    ):
        with pytest.raises(ValueError, match=r"this machine only.*allowed: http://127\.0\.0\.1:PORT"):
            Endpoint(url=url)
    assert (
        "test"
        not in repr(Endpoint(url="http://127.0.0.1:4566", secret_access_key="test-secret")).split("id=")[0]
    )


# ---- functions


def test_functions_without_account(offline: Client) -> None:
    identity = "aws:index/getCallerIdentity:getCallerIdentity"
    offline.configure(allowedAccountIds=["123456789012"])
    assert offline.invoke(identity)["accountId"] == "123456789012"
    offline.configure()
    with pytest.raises(RefusedError, match="needs exactly one id in aws:allowedAccountIds; found: none"):
        offline.invoke(identity)
    assert offline.invoke("aws:index/getPartition:getPartition") == {
        "id": "aws",
        "partition": "aws",
        "dnsSuffix": "amazonaws.com",
        "reverseDnsPrefix": "com.amazonaws",
    }
    assert offline.invoke("aws:index/getRegion:getRegion")["description"] == "US East (N. Virginia)"


def test_an_unsupported_function_is_named(offline: Client) -> None:
    with pytest.raises(RefusedError, match="doesn't support the function aws:ec2/getAmi:getAmi") as caught:
        offline.invoke("aws:ec2/getAmi:getAmi")
    assert caught.value.code is grpc.StatusCode.UNIMPLEMENTED


# ---- Check


def test_an_unsupported_type_is_named(offline: Client) -> None:
    with pytest.raises(RefusedError, match="doesn't support the type aws:eks/cluster:Cluster"):
        offline.check("aws:eks/cluster:Cluster", {})
    with pytest.raises(RefusedError, match=r"supported here: .*aws:lambda/function:Function"):
        offline.check("aws:lambda/eventSourceMap:X", {})


def test_an_unsupported_property_is_named(offline: Client) -> None:
    with pytest.raises(
        InvalidError, match=r"memorySiz: the sandbox doesn't support.*did you mean 'memorySize'"
    ):
        offline.check(FUNCTION, function(memorySiz=256))
    with pytest.raises(InvalidError, match=r"vpcConfig\.vpcId: the sandbox doesn't support"):
        offline.check(
            FUNCTION,
            function(vpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"], "vpcId": "v"}),
        )


def test_what_is_required_is_asked_for(offline: Client) -> None:
    with pytest.raises(InvalidError, match="role: missing; it is required: give a string"):
        offline.check(FUNCTION, {"code": CODE, "handler": "a.b", "runtime": "python3.12"})


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"memorySize": 100}, "memorySize: 100 isn't allowed; allowed: 128 to 10240"),
        ({"memorySize": "512"}, 'memorySize: "512" isn\'t allowed; give a whole number'),
        ({"timeout": 901}, "timeout: 901 isn't allowed; allowed: 1 to 900"),
        ({"name": "x" * 65}, "name: 65 characters isn't allowed; allowed: 1 to 64 characters"),
        ({"name": "a b"}, 'name: "a b" isn\'t allowed; allowed: letters, digits, hyphens and underscores'),
        ({"runtime": "python2"}, 'runtime: "python2" isn\'t allowed; allowed: nodejs'),
        ({"architectures": ["arm"]}, r"architectures\[0\]: \"arm\" isn't allowed; allowed: x86_64, arm64"),
        (
            {"layers": [f"{ROLE_ARN}{i}" for i in range(6)]},
            "layers: 6 entries isn't allowed; allowed: at most 5",
        ),
        ({"role": "shop"}, 'role: "shop" isn\'t allowed; allowed: an ARN'),
        ({"handler": None}, "handler: missing; a function of packageType Zip needs it"),
        (
            {"s3Bucket": "bucket", "s3Key": "k"},
            "exactly one of code, imageUri and s3Bucket; found: code, s3Bucket",
        ),
        ({"packageType": "Image"}, "handler: isn't allowed with packageType Image"),
        (
            {"environment": {"variables": {"AWS_REGION": "x"}}},
            r"environment\.variables\.AWS_REGION: Lambda reserves",
        ),
        ({"environment": {"variables": {"1": "x"}}}, r"environment\.variables\.1: a name is a letter"),
        ({"environment": {"variables": {"AB": "x" * 4097}}}, "4106 bytes of names and values isn't allowed"),
        ({"ephemeralStorage": {"size": 100}}, "size: 100 isn't allowed; allowed: 512 to 10240"),
        (
            {"vpcConfig": {"subnetIds": ["subnet-1"], "securityGroupIds": []}},
            "vpcConfig.securityGroupIds: empty",
        ),
        (
            {"loggingConfig": {"logFormat": "Text", "applicationLogLevel": "INFO"}},
            "applicationLogLevel: AWS takes log levels only with logFormat JSON",
        ),
        ({"tags": {"a": 1}}, "tags.a: 1 isn't allowed; give a string"),
        ({"deadLetterConfig": {}}, "deadLetterConfig.targetArn: missing"),
        ({"reservedConcurrentExecutions": -2}, "-2 isn't allowed; allowed: at least -1"),
    ],
)
def test_functions_that_aws_refuses(offline: Client, more: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        offline.check(FUNCTION, function(**more))


def test_every_mistake_at_once(offline: Client) -> None:
    with pytest.raises(InvalidError) as caught:
        offline.check(FUNCTION, function(memorySize=1, timeout=0, nonsense=1))
    assert caught.value.paths == ["memorySize", "nonsense", "timeout"]
    with pytest.raises(InvalidError) as caught:
        offline.check(FUNCTION, function(memorySize=64, environment={"variables": {"AWS_REGION": "x"}}))
    assert caught.value.paths == ["memorySize", "environment.variables.AWS_REGION"]


def test_unknown_values_pass(offline: Client) -> None:
    inputs = function(
        memorySize=UNKNOWN,
        environment={"variables": {"TABLE": UNKNOWN}},
        layers=UNKNOWN,
        vpcConfig=UNKNOWN,
        tags={"a": UNKNOWN},
    ) | {"role": UNKNOWN}
    checked = offline.check(FUNCTION, inputs)
    assert checked["environment"] == {"variables": {"TABLE": UNKNOWN}}
    assert checked["tagsAll"] == {"a": UNKNOWN}
    checked = offline.check(ROLE, {"assumeRolePolicy": TRUST, "tags": UNKNOWN})
    assert checked["tagsAll"] is UNKNOWN


def test_secrets_stay_secret_and_out_of_errors(offline: Client) -> None:
    inputs = function(
        environment={"variables": {"KEY": Secret(element="s3cret")}}, description=Secret(element="d")
    )
    checked = offline.check(FUNCTION, inputs)
    assert checked["environment"] == {"variables": {"KEY": Secret(element="s3cret")}}
    created = offline.create(FUNCTION, inputs, preview=True)
    assert created.outputs["environment"] == {"variables": {"KEY": Secret(element="s3cret")}}
    with pytest.raises(InvalidError, match="the secret value isn't allowed") as caught:
        offline.check(FUNCTION, function(runtime=Secret(element="s3cret"), timeout=Secret(element="s3cret")))
    assert "s3cret" not in str(caught.value)
    with pytest.raises(InvalidError) as caught:
        offline.check(ROLE, {"assumeRolePolicy": Secret(element="s3cret")})
    assert "s3cret" not in str(caught.value)


def test_defaults_are_filled_in_and_named(offline: Client) -> None:
    checked = offline.check(FUNCTION, function())
    assert {key: checked[key] for key in checked["__defaults"]} == {
        "memorySize": 128,
        "packageType": "Zip",
        "publish": False,
        "reservedConcurrentExecutions": -1,
        "skipDestroy": False,
        "timeout": 3,
    }


def test_default_tags_are_on_everything(offline: Client) -> None:
    offline.configure(defaultTags={"tags": {"Stage": "dev", "System": "none"}})
    checked = offline.check(ROLE, {"assumeRolePolicy": TRUST, "tags": {"System": "shop"}})
    assert checked["tags"] == {"System": "shop"}
    assert checked["tagsAll"] == {"Stage": "dev", "System": "shop"}
    assert "tagsAll" not in offline.check(ROLE_POLICY, {"role": "shop", "policy": policy("a:b")})


def test_a_policy_may_be_an_object(offline: Client) -> None:
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}]}
    checked = offline.check(ROLE_POLICY, {"role": "shop", "policy": document})
    assert checked["policy"] == (
        '{"Statement":[{"Action":"a:b","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}'
    )
    document["Statement"] = [{"Resource": UNKNOWN}]
    assert offline.check(ROLE_POLICY, {"role": "shop", "policy": document})["policy"] is UNKNOWN


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{", "policy: isn't a JSON document"),
        ("[]", "policy: isn't a policy"),
        (policy(*[f"service:Action{i}" for i in range(800)]), "over all inline policies of a role"),
    ],
)
def test_policies_that_aws_refuses(offline: Client, document: str, message: str) -> None:
    with pytest.raises(InvalidError, match=message):
        offline.check(ROLE_POLICY, {"role": "shop", "policy": document})


@pytest.mark.parametrize(
    ("mode", "proposed", "expected"),
    [("ENFORCE", "given", "given"), ("PROPOSE", "given", "given"), ("DISABLE", "", "")],
)
def test_autonaming_of_the_project(offline: Client, mode: str, proposed: str, expected: str) -> None:
    options = pb.CheckRequest.AutonamingOptions(
        proposed_name=proposed, mode=pb.CheckRequest.AutonamingOptions.Mode.Value(mode)
    )
    answer = offline.call(
        "Check", pb.CheckRequest(urn=offline.urn(GROUP, "g"), type=GROUP, name="g", autonaming=options)
    )
    if expected:
        assert decode(answer.inputs)["name"] == expected
    else:
        assert "turns automatic names off" in answer.failures[0].reason


def test_older_engines_give_the_type_in_the_urn_only(offline: Client) -> None:
    request = pb.CheckRequest(
        urn=f"urn:pulumi:dev::shop::my:Component${GROUP}::g", news=encode({"name": "g"})
    )
    assert decode(offline.call("Check", request).inputs)["name"] == "g"


# ---- Diff


def test_a_diff_names_paths(offline: Client) -> None:
    old = function(
        environment={"variables": {"AA": "1", "BB": "2"}},
        layers=[f"{ROLE_ARN}1"],
        vpcConfig=None,
        tags={"x.y": "1"},
    )
    resource = made(offline, FUNCTION, old, {})
    new = function(
        environment={"variables": {"AA": "3", "CC": "4"}},
        layers=[f"{ROLE_ARN}2", f"{ROLE_ARN}3"],
        vpcConfig={"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]},
        tags={"x.y": "2"},
    )
    answer = offline.diff(resource, new)
    kinds = pb.PropertyDiff.Kind
    assert {path: kinds.Name(each.kind) for path, each in answer.detailedDiff.items()} == {
        "environment.variables.AA": "UPDATE",
        "environment.variables.BB": "DELETE",
        "environment.variables.CC": "ADD",
        "layers[0]": "UPDATE",
        "layers[1]": "ADD",
        "vpcConfig": "ADD",
        'tags["x.y"]': "UPDATE",
        'tagsAll["x.y"]': "UPDATE",
    }
    assert all(each.inputDiff for each in answer.detailedDiff.values())
    assert list(answer.diffs) == ["environment", "layers", "tags", "tagsAll", "vpcConfig"]
    assert not answer.replaces


@pytest.mark.parametrize(
    "new",
    [
        function(),
        function(memorySize=128),
        function(vpcConfig=None, environment={"variables": {}}, layers=[]),
        {**function(), "code": Archive(path="elsewhere.zip", hash=CODE.hash)},
        {**function(), "code": Archive(hash=CODE.hash, assets={})},
    ],
    ids=["the same", "a default", "nothing", "moved code", "code by its hash"],
)
def test_what_means_the_same_is_no_change(offline: Client, new: dict[str, Any]) -> None:
    assert offline.diff(made(offline, FUNCTION, function(), {}), new).changes == pb.DiffResponse.DIFF_NONE


def test_what_aws_settled_stays(offline: Client) -> None:
    old = function(architectures=["arm64"], tracingConfig={"mode": "Active"})
    assert not offline.diff(made(offline, FUNCTION, old, {}), function()).diffs


def test_the_order_of_sets_and_of_policies_means_nothing(offline: Client) -> None:
    vpc = {"subnetIds": ["subnet-1", "subnet-2"], "securityGroupIds": ["sg-1"]}
    resource = made(offline, FUNCTION, function(vpcConfig=vpc), {})
    assert not offline.diff(resource, function(vpcConfig=vpc | {"subnetIds": ["subnet-2", "subnet-1"]})).diffs
    resource = made(offline, ROLE_POLICY, {"role": "r", "name": "p", "policy": policy("a:b", "c:d")}, {})
    same = policy("c:d", "a:b").replace('"*"', '["*"]').replace(" ", "")
    assert not offline.diff(resource, {"role": "r", "name": "p", "policy": same}).diffs
    assert offline.diff(resource, {"role": "r", "name": "p", "policy": policy("c:d")}).diffs


def test_new_code_is_a_change(offline: Client) -> None:
    new = {**function(), "code": Archive(path="shop.zip", hash="b" * 64)}
    assert list(offline.diff(made(offline, FUNCTION, function(), {}), new).diffs) == ["code"]


def test_a_named_resource_is_replaced_delete_first(offline: Client) -> None:
    answer = offline.diff(
        made(offline, GROUP, {"name": "g"}, {}), {"name": "g", "logGroupClass": "INFREQUENT_ACCESS"}
    )
    assert list(answer.replaces) == ["logGroupClass"]
    assert answer.deleteBeforeReplace
    answer = offline.diff(made(offline, GROUP, {"name": "g"}, {}), {"name": "h"})
    assert list(answer.replaces) == ["name"]
    assert not answer.deleteBeforeReplace


def test_what_lives_in_another_resource_is_replaced_with_it(offline: Client) -> None:
    inputs = {"functionName": "shop", "name": "live", "functionVersion": "1"}
    answer = offline.diff(made(offline, ALIAS, inputs, {}), inputs | {"functionName": UNKNOWN})
    assert list(answer.replaces) == ["functionName"]
    assert answer.deleteBeforeReplace


def test_ignored_changes(offline: Client) -> None:
    resource = made(offline, FUNCTION, function(tags={"a": "1", "b": "1"}), {})
    new = function(memorySize=512, tags={"a": "2", "b": "2"})
    answer = offline.diff(resource, new, ignore=("memorySize", "tags.a", "tagsAll"))
    assert list(answer.detailedDiff) == ["tags.b"]


def test_another_region_is_another_resource(offline: Client) -> None:
    resource = made(offline, GROUP, {"name": "g"}, {"region": "us-east-1"})
    offline.configure(region="eu-west-1")
    answer = offline.diff(resource, {"name": "g"})
    assert list(answer.replaces) == ["region"]
    assert not offline.diff(resource, {"name": "g", "region": "us-east-1"}).replaces


# ---- previews


def test_the_preview_of_a_creation_knows_what_was_given(offline: Client) -> None:
    created = offline.create(
        FUNCTION, function(ephemeralStorage={}, loggingConfig={"logFormat": "JSON"}), preview=True
    )
    assert created.id == ""
    out = created.outputs
    assert out["name"] == "shop"
    assert out["memorySize"] == 128
    assert out["region"] == "us-east-1"
    assert out["ephemeralStorage"] == {"size": UNKNOWN}
    assert out["loggingConfig"] == {
        "logFormat": "JSON",
        "logGroup": UNKNOWN,
        "applicationLogLevel": UNKNOWN,
        "systemLogLevel": UNKNOWN,
    }
    unknown = {key for key, value in out.items() if value is UNKNOWN}
    assert unknown == {
        *("architectures", "arn", "codeSha256", "invokeArn", "lastModified", "qualifiedArn"),
        *("qualifiedInvokeArn", "responseStreamingInvokeArn", "signingJobArn", "signingProfileVersionArn"),
        *("sourceCodeHash", "sourceCodeSize", "tracingConfig", "version"),
    }
    assert "__defaults" not in out


@pytest.mark.parametrize(
    ("change", "unknown"),
    [
        ({"tags": {"a": "b"}}, set()),
        ({"reservedConcurrentExecutions": 5}, set()),
        ({"memorySize": 256}, {"lastModified", "version", "qualifiedArn", "qualifiedInvokeArn"}),
        (
            {"code": Archive(path="shop.zip", hash="b" * 64)},
            {
                *("codeSha256", "sourceCodeSize"),
                *("lastModified", "version", "qualifiedArn", "qualifiedInvokeArn"),
            },
        ),
    ],
    ids=["tags", "reservation", "configuration", "code"],
)
def test_the_preview_of_an_update_keeps_what_it_cannot_change(
    offline: Client, change: dict[str, Any], unknown: set[str]
) -> None:
    computed = {
        "arn": "arn",
        "codeSha256": "sha",
        "lastModified": "then",
        "qualifiedArn": "arn:1",
        "qualifiedInvokeArn": "invoke:1",
        "sourceCodeSize": 1,
        "version": "1",
        "description": "gone",
    }
    resource = made(offline, FUNCTION, function(publish=True), computed)
    out = offline.update(resource, {**function(publish=True), **change}, preview=True).outputs
    assert {key for key, value in out.items() if value is UNKNOWN} == unknown
    assert out["arn"] == "arn"
    assert "description" not in out
    assert {key: out[key] for key in change} == change


def test_without_publishing_the_version_stays(offline: Client) -> None:
    resource = made(offline, FUNCTION, function(), {"version": "$LATEST", "lastModified": "then"})
    out = offline.update(resource, function(memorySize=256), preview=True).outputs
    assert out["version"] == "$LATEST"
    assert out["lastModified"] is UNKNOWN


@pytest.mark.parametrize("what", ["create", "update", "read", "delete"])
def test_nothing_is_done_without_an_embedded_aws(offline: Client, what: str) -> None:
    inputs = {"name": "g", "retentionInDays": 7}
    resource = made(offline, GROUP, {"name": "g"}, {})
    call: dict[str, Callable[[], object]] = {
        "create": lambda: offline.create(GROUP, inputs),
        "update": lambda: offline.update(resource, inputs),
        "read": lambda: offline.read(resource),
        "delete": lambda: offline.delete(resource),
    }
    with pytest.raises(RefusedError, match="there is no embedded AWS here, only previews work"):
        call[what]()


def test_a_preview_needs_neither_botocore_nor_big_models(tmp_path: Path) -> None:
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from sandbox.provider import servicer\n"
        "from sandbox.protos import provider_pb2 as pb\n"
        "from sandbox.provider.values import encode\n"
        "provider = servicer(None)\n"
        "provider.Configure(pb.ConfigureRequest(args=encode({'region': 'us-east-1'})), None)\n"
        f"token = {GROUP!r}\n"
        "provider.Check(pb.CheckRequest(type=token, name='g', news=encode({'name': 'g'})), None)\n"
        "print(sorted({'botocore', 'boto3', 'pulumi', 'pulumi_aws'} & sys.modules.keys()))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
