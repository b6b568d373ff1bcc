from __future__ import annotations

from pathlib import Path

import pytest

from sandbox.provider import document, table


def test_the_page_is_current() -> None:
    """After changing a type: python -m sandbox.provider.document."""
    assert document.main(["--check"]) == 0


def test_every_type_is_on_the_page_with_all_its_properties() -> None:
    page = document.page()
    for token in table.tokens():
        section = page.partition(f"### {token}\n")[2].partition("###")[0]
        kind = table.lookup(token)
        for name in (*kind.inputs, *kind.outputs):
            assert f"`{name}`" in section, (token, name)


@pytest.mark.parametrize(
    ("token", "identity", "imported", "replaces", "apart"),
    [
        (
            "iam/rolePolicy:RolePolicy",
            "`<role>:<name>`",
            "`<role>:<name>`",
            "`name`, `role`",
            "`role`, `name`",
        ),
        ("lambda/function:Function", "`<name>`", "`<name>`", "`name`, `packageType`, `region`", "`name`"),
        ("sqs/queue:Queue", "AWS's", "`<url>`", "`name`, `fifoQueue`, `region`", "`name`"),
        (
            "vpc/securityGroupEgressRule:SecurityGroupEgressRule",
            "AWS's",
            "`<id>`",
            "`securityGroupId`, `region` (and see below)",
            "",
        ),
    ],
)
def test_a_row_says_id_and_what_replaces(
    token: str, identity: str, imported: str, replaces: str, apart: str
) -> None:
    row = next(line for line in document.page().splitlines() if line.startswith(f"| [{token}]"))
    assert [cell.strip() for cell in row.strip("|").split("|")][1:] == [identity, imported, replaces, apart]


def test_the_page_says_what_is_not_read_back_and_what_stays() -> None:
    page = document.page()
    assert "| iam/role:Role | `forceDetachPolicies` | is for the provider; AWS doesn't have it |" in page
    assert "| apigatewayv2/authorizer:Authorizer | `authorizerType` |" in page


def test_an_old_page_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(document, "PATH", tmp_path / "sandbox-types.md")
    assert document.main(["--check"]) == 1
    told = "docs/sandbox-types.md isn't current: run python -m sandbox.provider.document\n"
    assert capsys.readouterr().err == told
    assert document.main([]) == 0
    assert document.main(["--check"]) == 0
