"""The ``fleet`` command. Every command is a module's, imported when it is called: the start stays fast."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import click

from sandbox.errors import SandboxError

from .options import SHARED, with_options

if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = {
    "preview": ("deploy", "Show what would change. Needs no account, CLI, network or credentials."),
    "up": ("deploy", "Deploy a stage to the sandbox."),
    "destroy": ("deploy", "Delete everything that a stage has in the sandbox."),
    "refresh": ("deploy", "Make the state say what is really there."),
    "cancel": ("cancel", "Stop a run that holds a stage."),
    "policy": ("policy", "Judge what is deployed, by the policy pack."),
    "invoke": ("call", "Call a function and print its answer."),
    "send": ("call", "Send a function one of its test events."),
    "try": ("call", "Call every function, cold then warm, and print a table."),
    "logs": ("logs", "Print a function's log."),
    "status": ("status", "Show what runs and what is deployed."),
    "surroundings": ("status", "Print the ids of what exists outside the program."),
    "down": ("status", "Stop the embedded AWS and PostgreSQL."),
    "doctor": ("doctor", "Check this machine, and say how to mend what is missing."),
    "build": ("build", "Build the packages of the functions."),
    "provider": ("provider", "Serve the sandbox's provider to the real Pulumi CLI."),
    "cost": ("cost", "Estimate what a stage costs in a month."),
    "state": ("state", "Edit a stage's state: protect, unprotect, delete, rename."),
    "stack": ("stack", "Outputs, state and list of stacks."),
}

_EPILOG = """\b
Examples:
  fleet preview --stack dev                 what dev would get, judged by the policy pack
  fleet up --stack local --yes              deploy to the embedded AWS on this machine
  fleet try --stack local                   call every function
  fleet invoke record-service '{"action": "health"}'
  fleet -C ../other-program preview --json  any Pulumi program in Python

\b
Exit codes:
  0  done
  1  the program, a resource or a function failed
  2  wrong usage, project or configuration: nothing was started
  3  a mandatory policy was violated
  4  the state can't be used: locked, unreadable, or its secrets can't be decrypted
  130  interrupted (Ctrl-C)

\b
Environment:
  FLEET_HOME               where state and run-time files are kept (default: .fleet in the project)
  NO_COLOR                 no colors
  PULUMI_CONFIG_PASSPHRASE opens the secrets of a stage's configuration
  PULUMI_DEBUG_PROVIDERS   NAME:PORT of providers to use instead of the sandbox's
"""


_INTERRUPTED = 130
_FOREIGN_ERRORS = (
    ("sandbox.engine.errors", "EngineError"),
    ("bundling.model", "BundleError"),
    ("botocore.exceptions", "ClientError"),
    ("botocore.exceptions", "BotoCoreError"),
)


class _Lazy(click.Group):
    """Knows its commands by name and one line; imports a command's module only to run it or for its help."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        from importlib import import_module

        module = import_module(f".{_COMMANDS[cmd_name][0]}", __name__)
        command = getattr(module, f"{cmd_name}_command")
        assert isinstance(command, click.Command)  # noqa: S101 - ours
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close = get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean {close[0]!r}?" if close else " `fleet --help` lists the commands."
            raise click.UsageError(f"{error.message.rstrip('.')}.{hint}", ctx) from None


@click.group(
    cls=_Lazy,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    invoke_without_command=False,
)
@with_options(*SHARED)
@click.version_option(package_name="lambda-fleet", prog_name="fleet", message="%(prog)s %(version)s")
def fleet() -> None:
    """Run a fleet of Lambda services on this machine: Pulumi's engine, an embedded AWS, a real PostgreSQL."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; tell what a user can mend in words, without a traceback.

    :param arguments: default: those of the process
    :returns: the exit code
    """
    gc.set_threshold(100_000, 50)  # what a short run makes lives to its end: hardly anything is found sooner
    if arguments is None:
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C, and as the Pulumi CLI does
    code = _run(arguments)
    if arguments is None:
        _end(code)
    return code


def _end(code: int) -> NoReturn:
    """End the process as Python does, but for the destruction of every module, a tenth of a second."""
    if code != _INTERRUPTED:  # twice, and threads may still wait for what doesn't answer
        threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - waits for threads
        atexit._run_exitfuncs()  # noqa: SLF001 - no public way
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = fleet.main(arguments, prog_name="fleet", standalone_mode=False)
        sys.stdout.flush()
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("interrupted", err=True)
        return _INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # or Python complains that it can't flush stdout
        return 1
    except SandboxError as error:
        return _told(error, error.exit_code)
    except OSError as error:
        return _told(SandboxError(_explain(error)), SandboxError.exit_code)
    except Exception as error:
        # Those who raise them know nothing of us, and importing them here would slow every start.
        code = _foreign_exit_code(error)
        if code is None:
            raise
        return _told(error, code)


def _told(error: Exception, code: int) -> int:
    click.echo(f"{click.style('error:', fg='red', bold=True)} {error}", err=True)
    return code


def _explain(error: OSError) -> str:
    """What the operating system refused: a full disk, a folder that can't be written to."""
    where = f"{error.filename}: " if error.filename else ""
    return (
        f"{where}{error.strerror or error}. `fleet doctor` checks this machine; FLEET_HOME chooses the "
        "folder that state and run-time files are kept in."
    )


def _foreign_exit_code(error: Exception) -> int | None:
    for module, name in _FOREIGN_ERRORS:
        kind = getattr(sys.modules.get(module), name, None)
        if kind is not None and isinstance(error, kind):
            return int(getattr(error, "exit_code", 1))
    return None
