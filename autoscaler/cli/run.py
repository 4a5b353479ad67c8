"""``autoscaler run``: the daemon, or one tick of everything with ``--once``."""

import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from autoscaler.cli.options import GroupedCommand, GroupedOption, shown, with_config, with_settings
from autoscaler.settings import Settings

EPILOG = """\b
Examples:
  autoscaler run -f config/ --kubeconfig ~/.kube/config --dry-run   log every decision, touch nothing
  autoscaler run -f config/ --state-dir ~/.local/state/autoscaler   scale
  autoscaler run -f config/ --once                                  one tick; a shrink needs the daemon

\b
Exit status: 0 after SIGTERM, 1 bad settings or state folder taken, 2 wrong usage, 3 no API server at the start.
"""


@click.command(cls=GroupedCommand, epilog=EPILOG, short_help="The daemon (--dry-run, --once)")
@click.argument("path", nargs=-1)
@click.option(
    "-f",
    "--filename",
    multiple=True,
    cls=GroupedOption,
    group="Input",
    metavar="PATH",
    help="File or folder with ScaledObjects and SeldonDeployments; - is standard input (repeatable).",
)
@with_config
@click.option(
    "--print-config",
    is_flag=True,
    cls=GroupedOption,
    group="Output",
    help="Show every setting, its value and where it came from, and end.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    cls=GroupedOption,
    group="Deciding",
    help="Decide and log, write nothing: the API client has no write verbs.",
)
@click.option("--once", is_flag=True, cls=GroupedOption, group="Deciding", help="One tick of every object, then end.")
@with_settings
@click.pass_context
def run(
    ctx: click.Context,
    /,
    path: tuple[str, ...],
    filename: tuple[str, ...],
    print_config: bool,
    dry_run: bool,
    once: bool,
    **given: Any,
) -> None:
    """Scale the workloads of the ScaledObjects in PATH.

    Files are read again when they change. Decisions are logged, exported on /metrics, and written to the scale
    subresource of each target unless --dry-run says otherwise.
    """
    settings = Settings(**given)
    if print_config:
        print_settings(ctx, settings)
        return
    paths = (*path, *filename)
    if not paths:
        raise click.UsageError("name at least one file or folder: autoscaler run -f config/")
    for absent in (each for each in paths if each != "-" and not Path(each).exists()):
        raise click.UsageError(f"{absent}: no such file or folder")
    sys.exit(start(settings, paths, dry_run=dry_run, once=once))


def start(settings: Settings, paths: tuple[str, ...], *, dry_run: bool, once: bool) -> int:
    """Run, and give the exit status."""
    import asyncio

    from autoscaler.cli.compose import is_terminal
    from autoscaler.cli.serve import serve, serve_once
    from autoscaler.cli.stopping import Stopped
    from autoscaler.model.fatal import FatalError
    from autoscaler.sinks.log import Format, configure_log

    people = is_terminal(sys.stdout)
    form = {"console": Format.CONSOLE, "json": Format.JSON}.get(
        settings.log_format, Format.CONSOLE if people else Format.JSON
    )
    logger = configure_log(sys.stdout, form=form, level=settings.log_level, colors=people)
    work = serve_once if once else serve
    try:
        return asyncio.run(work(settings, paths, dry_run=dry_run, logger=logger))
    except Stopped:
        logger.info("stopped", memory="nothing had been decided yet")
        return 0
    except FatalError as error:
        logger.error("ended", why=str(error))
        return error.exit_code


def print_settings(ctx: click.Context, settings: Settings) -> None:
    """Show every setting with its value and where it came from."""
    names = {"COMMANDLINE": "flag", "ENVIRONMENT": "environment", "DEFAULT_MAP": "settings file", "DEFAULT": "default"}
    words = {"dry_run": ctx.params["dry_run"], "once": ctx.params["once"]}
    for name, value in (*((each.name, getattr(settings, each.name)) for each in fields(Settings)), *words.items()):
        source = ctx.get_parameter_source(name)
        text = shown(value) if hasattr(value, "total_seconds") else value
        if isinstance(text, tuple):
            text = " ".join(text)
        flag = name.replace("_", "-")
        click.echo(f"{flag:<26} {text if text not in (None, '') else '-'!s:<24} {names[source.name] if source else ''}")
