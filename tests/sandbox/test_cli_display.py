"""How a run looks while it goes on."""

from __future__ import annotations

import io

from rich.console import Console
from rich.text import Text

from sandbox.cli.display import LiveTree
from sandbox.engine import ResourceDone, ResourceFailed, ResourcePre, Step
from sandbox.engine.events import Op
from sandbox.engine.state import ResourceState

ROOT = "urn:pulumi:local::shop::pulumi:pulumi:Stack::shop-local"


def step(name: str, type_: str = "aws:sqs/queue:Queue", op: Op = Op.CREATE, parent: str = ROOT) -> Step:
    urn = ROOT if type_.endswith("Stack") else f"urn:pulumi:local::shop::{type_}::{name}"
    new = ResourceState(urn=urn, type=type_, custom=True, parent="" if urn == ROOT else parent)
    return Step(op=op, urn=urn, new=new)


def screen(view: LiveTree) -> list[str]:
    return view._on_screen().plain.splitlines()


def test_a_tree_grows_on_a_terminal() -> None:
    written = io.StringIO()
    out = Console(file=written, force_terminal=True, width=80, height=24, no_color=True)
    root, queue, other, same = (
        step("shop-local", "pulumi:pulumi:Stack"),
        step("queue"),
        step("other", op=Op.UPDATE),
        step("same", op=Op.SAME),
    )
    with LiveTree(out, preview=False) as view:
        view(ResourcePre(step=root))
        view(ResourcePre(step=queue))
        assert screen(view) == ["+  shop-local ...", "└── +  aws:sqs/queue:Queue queue ..."]
        view(ResourceDone(step=queue, duration_s=1.25))
        view(ResourceDone(step=same, duration_s=0.0))
        view(ResourcePre(step=other))
        view(ResourceFailed(step=other, error="refused", duration_s=0.5))
        grown = [
            "+  shop-local ...",
            "├── +  aws:sqs/queue:Queue queue 1.2 s",
            "└── ~  aws:sqs/queue:Queue other failed",
        ]
        assert screen(view) == grown
    assert Text.from_ansi(written.getvalue().rstrip()).plain.splitlines()[-3:] == grown


def test_of_a_large_run_the_latest_is_seen() -> None:
    out = Console(file=io.StringIO(), force_terminal=True, width=80, height=7)
    view = LiveTree(out, preview=False)
    view(ResourceDone(step=step("shop-local", "pulumi:pulumi:Stack"), duration_s=0.0))
    for number in range(20):
        view(ResourceDone(step=step(f"q{number}"), duration_s=0.0))
    assert [line.split()[-1] for line in screen(view)] == ["shop-local", "q16", "q17", "q18", "q19"]
