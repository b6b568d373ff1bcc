"""Runs in the program's own process and interpreter: the part of Pulumi's ``pulumi-language-python-exec``.

The engine starts it early and tells it later, on standard input, what to run: one line of JSON with
``monitor``, ``engine``, ``project``, ``stack``, ``organization``, ``root_directory``, ``program``,
``parallel``, ``dry_run``, ``debug``, ``config``, ``secret_keys`` and ``unknown_keys``. The SDK is imported
meanwhile. Standard input stays open as long as the engine lives.
"""

# ruff: noqa: PTH100, PTH110, PTH112, PTH118, PTH122 - no import that the program doesn't need

import asyncio
import atexit
import functools
import gc
import json
import logging
import os
import runpy
import sys
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import fleet_engine, fleet_lazy_sdk, fleet_quick_sdk
else:
    import fleet_engine
    import fleet_lazy_sdk
    import fleet_quick_sdk

sys.path.pop(0)  # this file's folder, which is none of the program's business
fleet_lazy_sdk.install()
gc.set_threshold(100_000, 50)  # modules and declarations live to the end: hardly anything is found sooner

SHOWN_ERROR = 32

try:
    import pulumi
    import pulumi.runtime
except ImportError:
    traceback.print_exc()
    sys.stderr.write(
        "\nIt looks like the Pulumi SDK has not been installed in the environment of this project"
        f" ({sys.executable}).\nInstall the project's requirements there.\n"
    )
    sys.exit(1)
fleet_quick_sdk.install()


def hide_unknown_config(unknown: frozenset[str]) -> None:
    """Make secret configuration that couldn't be decrypted an unknown secret output.

    The SDK keeps configuration as strings, so there is no value that stands for "not known". The methods that
    give secrets are told of these keys; those that give plain values raise an error that says what to do.
    """
    config: Any = pulumi.Config

    def unknown_secret() -> Any:
        def future(value: Any) -> Any:
            made: Any = asyncio.get_event_loop().create_future()
            made.set_result(value)
            return made

        return pulumi.Output(set(), future(pulumi.UNKNOWN), future(False), future(True))

    def giving_unknown(method: Any) -> Any:
        @functools.wraps(method)
        def wrapped(self: Any, key: str, *args: Any, **kwargs: Any) -> Any:
            if self.full_key(key) in unknown:
                return unknown_secret()
            return method(self, key, *args, **kwargs)

        return wrapped

    for name in dir(config):
        if name.startswith(("get_secret", "require_secret")):
            setattr(config, name, giving_unknown(getattr(config, name)))
    plain_get = config._get  # noqa: SLF001 - the SDK has no public way

    def refusing(self: Any, key: str, *args: Any, **kwargs: Any) -> Any:
        full = self.full_key(key)
        if full in unknown:
            raise pulumi.RunError(
                f"configuration {full!r} is a secret that can't be decrypted here, and the program reads"
                " it as a plain value. Read it with `get_secret` or `require_secret` (unknown in a preview),"
                " or set PULUMI_CONFIG_PASSPHRASE."
            )
        return plain_get(self, key, *args, **kwargs)

    config._get = refusing  # noqa: SLF001 - as above


def user_traceback(program: str) -> str:
    """The current exception's traceback without the frames before the user's program.

    Without frames if the engine has answered with an error and no line of the program is among them: what the
    SDK was about to do then says nothing more.
    """

    def module(path: str) -> str:
        stem, extension = os.path.splitext(path)
        return os.path.abspath(stem if extension else os.path.join(stem, "__main__"))

    error = sys.exc_info()[1]
    frames = traceback.extract_tb(sys.exc_info()[2])
    answered = "_InactiveRpcError" in {
        type(each).__name__ for each in (error, getattr(error, "__context__", None))
    }
    for index, frame in enumerate(frames):
        if module(frame.filename) == module(program):
            return traceback.format_exc(limit=index - len(frames), chain=not answered)
    if answered:
        return str(error)
    if isinstance(error, SyntaxError):  # of the program itself: none of its code has run
        return "".join(traceback.format_exception_only(error))
    return traceback.format_exc()


def main() -> int:
    """Wait for the request, run the program, return the exit code."""
    line = sys.stdin.readline()
    if not line:
        return 0  # the engine went away before it had anything to run
    request = json.loads(line)
    fleet_engine.end_with_it()
    os.environ["PULUMI_CONFIG"] = json.dumps(request["config"])
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(request["secret_keys"])
    pulumi.runtime.set_all_config(request["config"], request["secret_keys"])
    pulumi.runtime.configure(
        pulumi.runtime.Settings(
            monitor=request["monitor"],
            engine=request["engine"],
            project=request["project"],
            stack=request["stack"],
            parallel=request["parallel"],
            dry_run=request["dry_run"],
            organization=request["organization"],
            root_directory=request["root_directory"],
        )
    )
    if not request["debug"]:
        # as the CLI does without --debug; most of them are the SDK's own, several for each resource
        pulumi.log.debug = lambda *_, **__: None
    if request["unknown_keys"]:
        hide_unknown_config(frozenset(request["unknown_keys"]))
    program = request["program"]
    sys.argv = [program]
    absolute = os.path.abspath(program)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    executor = ThreadPoolExecutor(max_workers=max(request["parallel"], 1) * 4)
    loop.set_default_executor(executor)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # unobserved futures are normal after an error

    def run() -> None:
        if os.path.isdir(absolute) and not os.path.exists(os.path.join(absolute, "__main__.py")):
            pulumi.log.error(f"unable to find main python program `__main__.py` in `{absolute}`")
            sys.exit(SHOWN_ERROR)
        runpy.run_path(program, run_name="__main__")

    try:
        loop.run_until_complete(pulumi.runtime.run_in_stack(run))
    except pulumi.RunError as error:
        pulumi.log.error(str(error))
        return SHOWN_ERROR
    except Exception:
        pulumi.log.error("Program failed with an unhandled exception:\n" + user_traceback(absolute))
        return SHOWN_ERROR
    else:
        return 0
    finally:
        executor.shutdown(wait=True)
        loop.close()
        sys.stdout.flush()
        sys.stderr.flush()


def end(code: int) -> None:
    """End the process as Python does, but for the destruction of every module, a third of a second."""
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - waits for the program's threads
    atexit._run_exitfuncs()  # noqa: SLF001 - no public way
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(code)


if __name__ == "__main__":
    end(main())
