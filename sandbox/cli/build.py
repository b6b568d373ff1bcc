"""``build``."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import click

from .options import JSON, SHARED, chosen, with_options

if TYPE_CHECKING:
    from pathlib import Path

    from bundling import Bundle


@click.command("build")
@with_options(*SHARED, *JSON)
@click.option(
    "--target",
    "targets",
    multiple=True,
    type=click.Choice(["lambda", "machine"]),
    help="Where they run: on AWS (arm64; the default), or on this machine (repeatable).",
)
def build_command(targets: tuple[str, ...]) -> None:
    """Build every package below functions/ and print their sizes. Instant if nothing changed."""
    from concurrent.futures import ThreadPoolExecutor
    from itertools import product
    from pathlib import Path

    from bundling import Target, build, discover, megabytes
    from sandbox.engine.project import Project

    project = Project.load(chosen("cwd") or Path.cwd()).root
    folders = discover(project)
    if not folders:
        raise click.UsageError(f"{project} has no package: a folder below functions/ with a bundle.toml")

    def timed(target: str, folder: Path) -> tuple[Bundle, float]:
        began = time.perf_counter()
        return build(folder, Target(target), project=project), time.perf_counter() - began

    wanted = product(dict.fromkeys(targets or ("lambda",)), folders)
    pool = ThreadPoolExecutor(max_workers=os.cpu_count())
    try:
        rows = [made.result() for made in [pool.submit(timed, *each) for each in wanted]]
    finally:
        pool.shutdown(cancel_futures=True)
    if chosen("json"):
        fields = ("name", "path", "size_bytes", "unzipped_bytes", "sha256")
        found = [
            {"target": bundle.target.value, **{field: getattr(bundle, field) for field in fields}}
            for bundle, _ in rows
        ]
        click.echo(json.dumps(found, indent=2))
        return
    from rich.table import Table

    from .display import console

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("package", "target"):
        table.add_column(column)
    for column in ("zipped", "unzipped", "took"):
        table.add_column(column, justify="right")
    for bundle, seconds in rows:
        sizes = (megabytes(bundle.size_bytes), megabytes(bundle.unzipped_bytes))
        table.add_row(bundle.name, bundle.target.value, *sizes, f"{seconds:.1f} s")
    console(soft_wrap=False).print(table)
