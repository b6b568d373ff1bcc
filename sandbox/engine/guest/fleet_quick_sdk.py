"""Spares the SDK work that it does anew for each resource: up to a fourth of a program's time.

What is sent to the engine stays the same to the byte. The functions that are replaced are the SDK's own and
not public: an SDK that hasn't got them is left as it is.
"""

import asyncio
import sys
import traceback
from functools import lru_cache
from types import FrameType, SimpleNamespace
from typing import Any, NamedTuple


def install() -> None:
    """Put quicker functions in the place of the SDK's. It has to be there: this imports it."""
    from pulumi.runtime import resource, stack

    sdk: Any = resource
    for module, name, made_from in (
        (sdk, "_get_source_position_for_frame", _remembered_positions),
        (sdk, "create_urn", _urn_of_strings),
        (stack, "wait_for_rpcs", _waiting_once),
    ):
        if hasattr(module, name):
            setattr(module, name, made_from(getattr(module, name)))
    if getattr(sdk, "traceback", None) is traceback:
        sdk.traceback = SimpleNamespace(**{**vars(traceback), "extract_stack": _stack_without_source})


class _Frame(NamedTuple):
    filename: str
    lineno: int
    name: str


def _stack_without_source() -> list[_Frame]:
    """What ``traceback.extract_stack`` gives, without looking whether the source files have changed."""
    frames: list[_Frame] = []
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - no public way
    while frame is not None:
        frames.append(_Frame(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    frames.reverse()
    return frames


def _remembered_positions(position_of: Any) -> Any:
    """A line's position, worked out once: a stack of resources is declared by a few lines of the program."""

    @lru_cache(maxsize=4096)
    def remembered(filename: str, line: int) -> Any:
        return position_of(_Frame(filename, line, ""))

    def quick(frame: Any) -> Any:
        return remembered(frame.filename, frame.lineno)

    return quick


def _urn_of_strings(create_urn: Any) -> Any:
    """The URN below a parent, without an output for each of its parts when they are strings.

    Every registration makes one, which is only used when there is no engine.
    """

    from pulumi import Output

    def quick(name: Any, type_: Any, parent: Any = None, project: Any = None, stack: Any = None) -> Any:
        if type(name) is type(type_) is type(parent) is str:
            return Output.from_input(f"{parent[: parent.rfind('::')]}${type_}::{name}")
        return create_urn(name, type_, parent, project, stack)

    return quick


def _waiting_once(wait_for_rpcs: Any) -> Any:
    """The wait at a program's end, without going through all that is pending whenever one output is done."""

    from pulumi.runtime.settings import SETTINGS, _get_rpc_manager

    async def outputs_done() -> None:
        done: asyncio.Queue[Any] = asyncio.Queue()
        waiting = 0
        while True:
            with SETTINGS.lock:
                pending = SETTINGS.outputs
                added = list(pending)
                pending.clear()
            for output in added:
                output.add_done_callback(done.put_nowait)
            waiting += len(added)
            if not waiting:
                return
            await (await done.get())
            waiting -= 1

    async def quick(await_all_outstanding_tasks: bool = True) -> None:
        rpcs = _get_rpc_manager().rpcs
        while True:
            await wait_for_rpcs(await_all_outstanding_tasks=False)
            if await_all_outstanding_tasks:
                await outputs_done()
            if not rpcs:
                return

    return quick
