"""bundle.toml: what it may say."""

from __future__ import annotations

from pathlib import Path

import pytest

import bundling
from bundling import BundleError, Kind, Target, manifest
from tests.bundling import sample

NODE = 'kind = "node"\nentry = "src/lambda.ts"\noutfile = "dist/lambda.js"\n'
LAYER = 'kind = "python-layer"\npython_version = "3.12"\n'


@pytest.mark.parametrize(
    ("text", "kind"), [('kind = "python"', Kind.PYTHON), (NODE, Kind.NODE), (LAYER, Kind.PYTHON_LAYER)]
)
def test_valid_manifests(tmp_path: Path, text: str, kind: Kind) -> None:
    (tmp_path / "bundle.toml").write_text(text)
    assert manifest.read(tmp_path, "functions/f").kind is kind


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind =", "isn't valid TOML"),
        ("", "kind is missing; allowed are 'python', 'node', 'python-layer'"),
        ('kind = "ruby"', "kind is 'ruby'; allowed are"),
        ("kind = 3", "kind is 3; allowed are"),
        (
            'kind = "python"\nentry = "main.py"',
            "'entry'; kind 'python' knows kind, python_version",
        ),
        (NODE.replace("entry", "entri"), "unknown key 'entri'.*Did you mean entry?"),
        ('kind = "node"\nentry = "a.ts"', "outfile is missing"),
        (NODE.replace('"src/lambda.ts"', "5"), "entry is 5; kind 'node' needs it as text in quotes"),
        (NODE.replace("src/", "../"), "entry is '../lambda.ts'; it has to stay below the folder"),
        (NODE.replace("dist/", "/dist/"), "outfile is '/dist/lambda.js'; it has to stay below the folder"),
        (NODE.replace("lambda.js", "lambda.mjs"), "outfile is 'dist/lambda.mjs'; it has to end in .js"),
        (LAYER.replace("3.12", "3.9.1"), "python_version is '3.9.1'; allowed is one of Lambda's"),
        (LAYER.replace('"3.12"', "3.12"), "python_version is 3.12; .*needs it as text in quotes"),
    ],
)
def test_what_is_refused_names_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    sample.write(tmp_path, "game/f", {"bundle.toml": text, "main.py": ""})
    with pytest.raises(BundleError, match=message) as refused:
        bundling.build(Path("functions/game/f"), Target.LAMBDA, project=tmp_path)
    assert str(refused.value).startswith("functions/game/f/bundle.toml")


def test_a_missing_manifest_says_how_to_begin(tmp_path: Path) -> None:
    sample.write(tmp_path, "game/f", {"main.py": ""})
    with pytest.raises(BundleError, match=r"functions/game/f/bundle\.toml doesn't exist: make it"):
        bundling.build(Path("functions/game/f"), Target.LAMBDA, project=tmp_path)
