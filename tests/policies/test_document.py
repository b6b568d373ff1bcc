from __future__ import annotations

from pathlib import Path

import pytest

from policies import document
from policies.rules import ALL


def test_the_page_is_current() -> None:
    """After changing a rule: python -m policies.document."""
    assert document.main(["--check"]) == 0


def test_every_rule_is_on_the_page_with_all_its_texts() -> None:
    page = document.page()
    for rule in ALL:
        for text in (f"### {rule.id}\n", rule.title, rule.what, rule.why, rule.mend, f"<{rule.source}>"):
            assert text in page


def test_an_old_page_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(document, "PATH", tmp_path / "policies.md")
    assert document.main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/policies.md isn't current: run python -m policies.document\n"
    assert document.main([]) == 0
    assert document.main(["--check"]) == 0
