"""``autoscaler plan``: one tick now, of what the daemon would run, with a client that cannot write."""

import asyncio
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from autoscaler.cli.options import GroupedCommand, GroupedOption, with_config, with_settings
from autoscaler.cli.output import Screen, stderr, stdout, with_color
from autoscaler.settings import Settings

if TYPE_CHECKING:
    from autoscaler.cli.compose import Outside
    from autoscaler.model.record import Record

OF_THE_DAEMON = ("state_dir", "writes_per_second", "listen", "allow_host", "log_format", "log_level")
EPILOG = """\b
Examples:
  autoscaler plan config/web.yaml                    one tick now, against the current kubeconfig context
  autoscaler plan config/ --exit-code -o json        for a pipeline: 1 where something would change
  autoscaler plan web.yaml --map http://prometheus:9090=http://localhost:9090

\b
Exit status: 0 decided, 1 a document is refused (with --exit-code also: something would change), 2 wrong usage or
nothing to plan, 3 no answer from the API server or from a source.
"""


@click.command(cls=GroupedCommand, epilog=EPILOG)
@click.argument("path", nargs=-1)
@click.option(
    "-f",
    "--filename",
    multiple=True,
    cls=GroupedOption,
    group="Input",
    metavar="PATH",
    help="The same as PATH; - is standard input (repeatable).",
)
@click.option(
    "-o",
    "--output",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    cls=GroupedOption,
    group="Output",
    help="What is printed.",
)
@click.option(
    "--exit-code", is_flag=True, cls=GroupedOption, group="Output", help="End with 1 where something would change."
)
@with_config
@with_color
@partial(with_settings, without=OF_THE_DAEMON)
def plan(
    path: tuple[str, ...], filename: tuple[str, ...], output: str, exit_code: bool, color: str, **given: Any
) -> None:
    """Print what one tick would write now, and why.

    Files are read, sources are asked and scales are read exactly as `run` does it. Nothing is ever written. Without
    the daemon's memory every object counts as just seen, so a shrink waits for its window.
    """
    paths = (*path, *filename)
    if not paths:
        raise click.UsageError("name a file or folder: autoscaler plan config/web.yaml")
    sys.exit(_start(Settings(**given), paths, output=output, exit_code=exit_code, screen=stdout(color)))


def _start(settings: Settings, paths: Sequence[str], *, output: str, exit_code: bool, screen: Screen) -> int:
    from autoscaler.model.fatal import FatalError

    try:
        return asyncio.run(_plan(settings, paths, output=output, exit_code=exit_code, screen=screen))
    except FatalError as error:
        notes = stderr()
        notes.write(f"Error: {error}")
        notes.write("Try:   autoscaler check PATH      what can be said without a cluster")
        return error.exit_code


async def _plan(settings: Settings, paths: Sequence[str], *, output: str, exit_code: bool, screen: Screen) -> int:
    from autoscaler.cli.check import result_of, worst, write_findings
    from autoscaler.cli.compose import NoStore, at_home, guard_of, reach_out
    from autoscaler.cli.library import library_of
    from autoscaler.cli.once import tick_once
    from autoscaler.cli.planned import REPORTS, as_planned, status
    from autoscaler.loop.clock import SystemClock
    from autoscaler.manifests.files import snapshot

    clock, notes = SystemClock(), stderr()
    settings = at_home(settings)
    library = library_of(settings, dry_run=False)
    seen = snapshot(paths, recursive=settings.recursive)
    result = result_of(seen, library.read(seen, clock.now(), {}), frozenset())
    write_findings(result.findings, notes)
    objects = tuple(library.catalog.objects.values())
    if not objects:
        notes.write(f"Nothing to plan in {' '.join(paths)}.")
        next_step = f"explain {worst(result)}" if result.findings else f"check {' '.join(paths)}"
        notes.write(f"Try:   autoscaler {next_step}")
        return 1 if result.findings and not result.unreadable else 2
    outside = await reach_out(settings, library, clock, writes=False)
    try:
        notes.write(f"{outside.client.access.context}: Kubernetes {outside.version}. Read-only.")
        done = await tick_once(objects, outside, clock, guard_of(settings), NoStore())
        for text in await _lacking(outside, done.records):
            notes.write(text)
    finally:
        await outside.close()
    records = tuple(map(as_planned, done.records))
    REPORTS[output](records, screen)
    return status(records, refused=result.status(strict=False) != 0, exit_code=exit_code)


async def _lacking(outside: "Outside", records: Iterable["Record"]) -> list[str]:
    """Give the rules that would let the barred scales be read, a line for each namespace."""
    from itertools import groupby

    from autoscaler.kube.rights import lacking, rights_for, role_rules
    from autoscaler.model.observation import Unreadable, UnreadableReason
    from autoscaler.model.record import Unobserved

    unread = [record for record in records if isinstance(record, Unobserved)]
    barred = [record.obj for record in unread if record.why.reason is UnreadableReason.FORBIDDEN]
    await outside.discovery.learn([obj.target for obj in barred])
    missing = await lacking(outside.client, rights_for(barred, outside.discovery, writes=False))
    if isinstance(missing, Unreadable):
        return []
    by_namespace = groupby(missing, key=lambda right: right.namespace)
    return [f"Try:   a Role in {namespace} with {role_rules(rights)}" for namespace, rights in by_namespace]
