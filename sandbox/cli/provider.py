"""``provider``."""

from __future__ import annotations

import click

from sandbox import emulator

from .options import SHARED, with_options, workspace


@click.command("provider")
@with_options(*SHARED)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="The port, on 127.0.0.1; default: a free one."
)
@click.option("--preview-only", is_flag=True, help="Start nothing: previews work, deployments don't.")
def provider_command(port: int, preview_only: bool) -> None:
    """Serve the sandbox's `aws` provider to the real Pulumi CLI, until Ctrl-C.

    It deploys to the embedded AWS on this machine only (started if it isn't running). In another terminal:
    run the printed line, then `pulumi preview` or `pulumi up` as usual.
    """
    from sandbox.provider import serve
    from sandbox.provider.errors import ProviderError

    place = workspace()
    endpoint = None if preview_only else emulator.ensure(place.home).endpoint
    try:
        directory, images = place.project.working_directory, place.images if endpoint else {}
        server, bound = serve(port, endpoint, directory=directory, images=images)
    except ProviderError as error:
        raise click.UsageError(str(error)) from None
    click.echo(f"export PULUMI_DEBUG_PROVIDERS=aws:{bound}")
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        click.echo("stopped", err=True)
    finally:
        server.stop(grace=1).wait()
