"""The pack's data files, against what others ship: so that they can't rot unseen."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.metadata import distribution
from pathlib import Path

import pytest

from policies.data import taggable
from policies.rules import tags
from policies.rules.lambda_runtime import runtimes
from policies.rules.quotas import quotas

DATA = Path(taggable.__file__).parent
# Found and not imported: that takes seconds, and a file of its data is all that is read.
CFN_LINT = Path(str(distribution("cfn-lint").locate_file("cfnlint/data/AdditionalSpecs")))


def test_the_ends_of_runtimes_are_those_that_cfn_lint_ships() -> None:
    shipped = json.loads((CFN_LINT / "LmbdRuntimeLifecycle.json").read_text(encoding="utf-8"))
    assert {name: end.isoformat() for name, end in runtimes().ends.items()} == {
        name: entry["deprecated"] for name, entry in shipped.items()
    }
    assert runtimes().successors == {
        name: entry["successor"] for name, entry in shipped.items() if entry["successor"]
    }


def test_the_types_that_take_tags_are_those_of_the_installed_provider() -> None:
    """After renewing pulumi-aws: python -m policies.data.taggable."""
    assert json.loads(taggable.PATH.read_text(encoding="utf-8")) == taggable.read()
    assert "aws:lambda/function:Function" in tags.taggable()
    assert "aws:iam/rolePolicy:RolePolicy" not in tags.taggable()


@pytest.mark.parametrize("path", sorted(DATA.glob("*.json")), ids=lambda path: path.name)
def test_every_file_says_where_it_is_from_and_when(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["about"]
    source = content["source"]
    assert all(page.startswith("https://") for page in ([source] if isinstance(source, str) else source))
    assert "version" in content or date.fromisoformat(content["date"])


def test_quotas_name_their_sources_and_have_patterns_that_compile() -> None:
    found = quotas()
    every = [
        *(quota for of_type in (*found.names.values(), *found.items.values()) for quota in of_type),
        *found.counts,
    ]
    assert len(every) > 40
    for quota in every:
        assert quota.source.startswith("https://docs.aws.amazon.com/")
        assert quota.path or quota.per
        re.compile(quota.pattern)
