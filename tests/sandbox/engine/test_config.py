"""Project and stack configuration as Pulumi reads them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.engine import ConfigError, Override, Project, ProjectError, SecretsError, StackConfig
from sandbox.engine.config import go_json
from sandbox.engine.properties import UNKNOWN, Secret
from sandbox.engine.secrets import Crypter


def load(root: Path, stack: str = "", project: str = "", *overrides: Override) -> StackConfig:
    (root / "Pulumi.yaml").write_text("name: lab\nruntime: python\n" + project)
    (root / "Pulumi.dev.yaml").write_text(stack)
    return StackConfig.load(Project.load(root), "dev", overrides=overrides)


def test_values_become_the_texts_that_the_sdk_reads(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """
config:
  lab:text: hello
  lab:number: 8
  lab:float: 1.50
  lab:flag: true
  lab:yes: yes
  lab:date: 2026-01-02
  lab:list: [1, {b: "<&>", a: null}]
  aws:region: eu-central-1
  lab:config:old: form
""",
    )
    assert dict(config.values) == {
        "lab:text": "hello",
        "lab:number": "8",
        "lab:float": "1.5",
        "lab:flag": "true",
        "lab:yes": "yes",
        "lab:date": "2026-01-02",
        "lab:list": '[1,{"a":null,"b":"\\u003c\\u0026\\u003e"}]',
        "aws:region": "eu-central-1",
        "lab:old": "form",
    }
    assert config.package("aws") == {"region": "eu-central-1"}
    assert go_json({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'


def test_overrides_reach_into_values_as_config_set_path_does(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        "config: {'lab:typerush': {network: {subnetIds: [old]}, keep: 1}, 'lab:plain': x}",
        "",
        Override(path="lab:typerush.network.subnetIds[0]", value="subnet-1"),
        Override(path="lab:typerush.network.subnetIds[1]", value="subnet-2"),
        Override(path="typerush.network.vpcId", value="vpc-1"),
        Override(path="lab:plain.now.deep[0]", value=True),
        Override(path='lab:tags["a.b"]', value="c", secret=True),
        Override(path="aws:region", value="local"),
    )
    assert json.loads(config.values["lab:typerush"]) == {
        "keep": 1,
        "network": {"subnetIds": ["subnet-1", "subnet-2"], "vpcId": "vpc-1"},
    }
    assert json.loads(config.values["lab:plain"]) == {"now": {"deep": [True]}}
    assert json.loads(config.values["lab:tags"]) == {"a.b": "c"}
    assert config.secret_keys == {"lab:tags"}
    assert config.masked()["lab:tags"] == "[secret]"
    assert config.values["aws:region"] == "local"


def test_the_projects_defaults_fill_in_and_its_types_are_checked(tmp_path: Path) -> None:
    schema = """
config:
  days: {type: integer, default: 7}
  systems: {type: array, items: {type: string}, default: [a]}
  flag: {type: boolean, default: false}
  plain: hello
  token: {type: string, secret: true, default: x}
  needed: {type: string, description: what it is for}
  aws:region: {value: us-east-1}
"""
    stack = "config: {'lab:days': soon, 'lab:systems': [1], 'lab:flag': 'true', bare: 1}"
    with pytest.raises(ConfigError) as error:
        load(tmp_path, stack, schema)
    assert str(error.value).splitlines() == [
        "the configuration of Pulumi.dev.yaml is wrong:",
        "  bare: a configuration key has the form <namespace>:<name>, e.g. lab:bare",
        "  lab:days: must be of type integer, got 'soon'",
        (
            "  lab:needed: is missing, and Pulumi.yaml gives no default (what it is for):"
            " set it in Pulumi.dev.yaml"
        ),
        "  lab:systems: must be of type array<string>, got [1]",
        "  lab:token: must be encrypted, since Pulumi.yaml says it is secret (`pulumi config set --secret`)",
    ]
    stack = "config: {'lab:days': 8, 'lab:needed': x, 'lab:days2': 1}"
    config = load(tmp_path, stack, schema.replace("secret: true, ", ""))
    assert config.values["lab:days"] == "8"
    assert config.values["lab:systems"] == '["a"]'
    assert config.values["lab:flag"] == "false"
    assert config.values["lab:plain"] == "hello"
    assert config.values["aws:region"] == "us-east-1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("runtime: python", "name: expected the project's name"),
        ("name: x\nruntime: nodejs", "only python is supported"),
        ("name: x\nruntime: python\nmain: gone", "'gone' doesn't exist"),
        ("name: x\nruntime: {name: python, options: {virtualenv: none}}", "has no Python in it"),
        ("name: [", "is not valid YAML: line 2, column 1: "),
        ("name: x\nname: y", "line 2, column 1: the key 'name' is there already, in line 1"),
        ("name: x\nruntime: {name: python, name: nodejs}", "the key 'name' is there already, in line 2"),
        ("name: x\nruntime: python\nconfig: {aws:region: {type: string}}", "should not define a type"),
        (
            "name: x\nruntime: python\nconfig: {n: {type: integer, default: x}}",
            "is not of the type 'integer'",
        ),
        ("name: x\nruntime: python\nconfig: {n: {type: date}}", "allowed are string"),
    ],
)
def test_a_wrong_project_says_what_is_wrong(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(content)
    with pytest.raises(ProjectError, match=message):
        Project.load(tmp_path)


def test_the_project_is_found_from_a_folder_below(tmp_path: Path) -> None:
    load(tmp_path)
    (tmp_path / "a/b").mkdir(parents=True)
    assert Project.load(tmp_path / "a/b").root == tmp_path.resolve()


def test_secure_values_open_with_the_passphrase_and_are_unknown_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "right")
    crypter = Crypter.create("right")
    stack = f"""
encryptionsalt: {crypter.salt}
config:
  lab:token: {{secure: {crypter.encrypt("hush")}}}
  lab:object: {{a: [{{secure: {crypter.encrypt("deep")}}}]}}
  aws:secretKey: {{secure: {crypter.encrypt("key")}}}
"""
    config = load(tmp_path, stack)
    assert config.values["lab:token"] == "hush"
    assert json.loads(config.values["lab:object"]) == {"a": ["deep"]}
    assert config.secret_keys == {"lab:token", "lab:object", "aws:secretKey"}
    assert config.package("aws") == {"secretKey": Secret(element="key")}
    assert "hush" not in repr(config)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "wrong")
    with pytest.raises(SecretsError, match=r"is not that of Pulumi\.dev\.yaml"):
        load(tmp_path, stack)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    config = load(tmp_path, stack)
    assert config.unknown_keys == config.secret_keys
    assert "lab:token" not in config.values
    assert config.masked()["lab:token"] == "[secret]"
    assert config.package("aws") == {"secretKey": Secret(element=UNKNOWN)}
    (tmp_path / "pass").write_text("right\n")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE_FILE", str(tmp_path / "pass"))
    assert load(tmp_path, stack).values["lab:token"] == "hush"


def test_what_would_be_done_otherwise_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, "environment: [shared]\nconfig: {'pulumi:autonaming': {mode: disabled}}")
    assert "environment: environments of Pulumi ESC are not supported" in str(error.value)
    assert "pulumi:autonaming: the engine's own settings are not supported" in str(error.value)
    load(tmp_path, "config: {'pulumi:tags': {team: a}}")
    with pytest.raises(ProjectError, match="options, plugins: not supported by this engine"):
        load(tmp_path, project="options: {refresh: always}\nplugins: {providers: [{name: x}]}\n")


def test_a_key_is_what_pulumi_makes_of_a_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()  # with all rounds
    by_pulumi = "v1:LNwf6e9TEhw=:v1:gOP96mTKh4APx2V8:GJ0tSlh0p8hYGe0Z5xkMwaoq2uXDIw=="
    assert Crypter.open("lab", by_pulumi)
    assert not Crypter.open("Lab", by_pulumi)
