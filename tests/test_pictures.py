"""The pictures of the docs are what `fleet stack graph` draws of prod's resources."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"


def test_the_pictures_are_current(tmp_path: Path) -> None:
    fleet = Path(sys.executable).with_name("fleet")
    subprocess.run(
        [str(fleet), "stack", "graph", "--stack", "prod", "--file", str(tmp_path / "{system}.svg")],
        cwd=ROOT,
        env={**os.environ, "FLEET_HOME": str(tmp_path / "home")},
        check=True,
        timeout=120,
    )
    drawn = {path.name: path.read_text() for path in sorted(tmp_path.glob("*.svg"))}
    kept = {path.name: path.read_text() for path in sorted(PICTURES.glob("*.svg"))}
    assert drawn.keys() == kept.keys()
    assert [name for name, text in drawn.items() if text != kept[name]] == [], "run `make pictures`"
