"""Secret configuration stays hidden, however a program comes to say it (compared with Pulumi 3.272)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sandbox.engine import Override, ResourceFailed
from sandbox.engine.config import StackConfig
from sandbox.engine.digest import preview_digest
from sandbox.engine.project import Project
from sandbox.engine.properties import Secret
from sandbox.engine.redaction import Redaction
from sandbox.engine.secrets import Crypter
from tests.sandbox.engine.lab import Lab, errors, ok

PASSWORD = 'hunter2"hunter2'


@pytest.mark.parametrize(
    ("secrets", "text", "shown"),
    [
        (["hunter2"], "it is hunter2, hunter2!", "it is [secret], [secret]!"),
        (["a.c"], "abc a.c", "abc [secret]"),
        (["ab", "", "True"], "abc True", "abc True"),
        (["hunter", "hunter2"], "hunter2 hunter", "[secret] [secret]"),
        ([PASSWORD], json.dumps({"is": PASSWORD}), '{"is": "[secret]"}'),
        (["grün\n"], '"grün\\n" "gr\\u00fcn\\n"', '"[secret]" "[secret]"'),
        ([], "anything", "anything"),
    ],
)
def test_texts(secrets: list[str], text: str, shown: str) -> None:
    assert Redaction(secrets).text(text) == shown


def test_properties() -> None:
    secret = Secret(element="hunter2")
    shown = Redaction(["hunter2"]).properties({"a": ["hunter2", 1, {"b": "is hunter2"}], "c": secret})
    assert shown == {"a": ["[secret]", 1, {"b": "is [secret]"}], "c": secret}


def test_what_is_secret_in_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    crypter = Crypter.create("passphrase")
    (tmp_path / "Pulumi.yaml").write_text("name: lab\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {crypter.salt}\nconfig:\n  lab:plain: seen\n"
        f"  lab:database: {{host: db, password: {{secure: {crypter.encrypt('inner')}}}}}\n"
    )
    given = [Override(path="lab:keys", value={"one": "first", "more": [2222]}, secret=True)]
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "passphrase")
    config = StackConfig.load(Project.load(tmp_path), "dev", overrides=given)
    assert config.secrets == {"inner", "first", "2222"}
    assert "inner" not in repr(config)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    assert StackConfig.load(Project.load(tmp_path), "dev", overrides=given).secrets == {"first", "2222"}


def test_a_program_that_tells_it(lab: Lab) -> None:
    lab.overrides = [Override(path="password", value=PASSWORD, secret=True)]
    program = """
        import sys
        password = pulumi.Config().require("password")
        print("connecting with", password)
        print("again", password, file=sys.stderr)
        pulumi.log.info("with " + password)
        Thing("a", text=password, more=["is " + password])
        pulumi.export("password", password)
        {end}
    """
    for preview in (True, False):
        result = ok(lab.up(program.format(end=""), preview=preview))
        shown = [each.message for each in result.diagnostics]
        assert sorted(shown) == ["again [secret]", "connecting with [secret]", "with [secret]"]
        assert result.outputs == {"password": "[secret]"}
        assert "hunter2" not in json.dumps(preview_digest(result))
        assert "hunter2" not in repr(lab.events)
    assert lab.resources()["a"]["inputs"] == {"text": PASSWORD, "more": [f"is {PASSWORD}"]}
    failed = lab.preview(program.format(end="pulumi.Config().require_secret('password').apply(int)"))
    assert "invalid literal for int() with base 10: '[secret]'" in "".join(errors(failed))
    assert "hunter2" not in "".join(errors(failed))


def test_a_provider_that_tells_it(lab: Lab) -> None:
    lab.overrides = [Override(path="password", value="hunter2", secret=True)]
    result = lab.up("Thing('a-' + pulumi.Config().require('password'), failOn='create')")
    assert "a-[secret] fails on create" in "".join(errors(result))
    assert "hunter2" not in "".join(errors(result))
    (failure,) = (event.error for event in lab.events if isinstance(event, ResourceFailed))
    assert "a-[secret] fails on create" in failure
