"""The daemon, put together: the composition root of ``autoscaler run``."""

import asyncio
import signal
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import structlog

from autoscaler import __version__
from autoscaler.cli.compose import Library, NoStore, Outside, guard_of, library_of, reach_out
from autoscaler.cli.once import tick_once
from autoscaler.kube.rights import lacking, rights_for, role_rules
from autoscaler.loop.clock import SystemClock
from autoscaler.loop.daemon import Daemon
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.ports import Clock, Sink
from autoscaler.loop.tick import Ports
from autoscaler.loop.vitals import Vitals
from autoscaler.manifests.catalog import Changes, Refused
from autoscaler.manifests.files import snapshot, watch
from autoscaler.model.fatal import FatalError
from autoscaler.model.faults import Fault
from autoscaler.model.objects import ObjectKey
from autoscaler.model.observation import Unreadable
from autoscaler.model.record import Decided
from autoscaler.settings import Settings
from autoscaler.sinks.counters import Counters
from autoscaler.sinks.latest import Latest
from autoscaler.sinks.log import Log
from autoscaler.sinks.state import StateFolder

Logger = structlog.typing.FilteringBoundLogger


@dataclass
class Readings:
    """What was said last about the documents: for the log, once per change, and for metrics and readiness."""

    logger: Logger
    vitals: Vitals
    refused: tuple[Refused, ...] = ()
    faults: dict[ObjectKey, tuple[Fault, ...]] = field(default_factory=dict)

    def note(self, changes: Changes) -> None:
        """Say what is new, and keep it where the probes and metrics look."""
        for refused in changes.refused:
            if refused not in self.refused:
                self._warn(refused)
        if self.refused and not changes.refused:
            self.logger.info("accepted", documents="all")
        self.refused = changes.refused
        self.vitals.loaded = True
        self.vitals.refused = {f"{each.file} {each.subject}": complaint(each) for each in changes.refused}
        self.faults = {each.key or ObjectKey(namespace="", name=each.file): each.faults for each in changes.refused}

    def _warn(self, refused: Refused) -> None:
        self.logger.warning(
            "refused",
            object=refused.subject,
            file=refused.file,
            why=complaint(refused),
            running="the last good version" if refused.running else "nothing",
        )


def complaint(refused: Refused) -> str:
    """Put the first fault of a refused document into a line."""
    fault = refused.faults[0]
    where = f"line {fault.line}, {fault.path}" if fault.line else fault.path
    more = f" (and {len(refused.faults) - 1} more: autoscaler check)" if len(refused.faults) > 1 else ""
    return f"{fault.code} {where}: {fault.message}{more}"


async def serve(settings: Settings, paths: Sequence[str], *, dry_run: bool, logger: Logger) -> int:
    """Run the daemon until SIGTERM, and give its exit status. FatalError where it cannot start."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await serve_until(stop, settings, paths, SystemClock(), dry_run=dry_run, logger=logger)


async def serve_until(
    stop: asyncio.Event,
    settings: Settings,
    paths: Sequence[str],
    clock: Clock,
    *,
    dry_run: bool,
    logger: Logger,
    watchers: tuple[Sink, ...] = (),
) -> int:
    """Run the daemon on a clock until ``stop`` is set; ``watchers`` are more sinks, beside log and metrics."""
    library = library_of(settings, dry_run=dry_run)
    store = store_of(settings, clock, dry_run=dry_run)
    vitals = Vitals(started_at=clock.now())
    fleet = Fleet(guard_of(settings))
    readings = Readings(logger, vitals)
    latest = Latest(fleet.objects, faulty=lambda: readings.faults)
    counters = Counters(store.age)
    outside = await reach_out(settings, library, clock, writes=not dry_run)
    sinks = (latest, counters, Log(logger, fleet.objects), *watchers)
    ports = Ports(clock=clock, sampler=outside.sampler, targets=outside.targets, actuator=outside.actuator, sinks=sinks)
    daemon = Daemon(fleet, ports, store, outside.server, vitals)
    try:
        stop_web = await listen(settings, vitals, clock, latest, counters, logger)
        changes = library.read(snapshot(paths, recursive=settings.recursive), clock.now(), daemon.governed)
        readings.note(changes)
        daemon.load(changes.added)
        await started(settings, outside, library, logger, dry_run=dry_run)
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(follow(settings, paths, library, daemon, readings, clock))
            await daemon.run(stop)
            watching.cancel()
        await stop_web()
    finally:
        await outside.close()
        store.close()
    logger.info("stopped", memory="saved" if settings.state_dir else "not kept (--state-dir)")
    return 0


async def serve_once(settings: Settings, paths: Sequence[str], *, dry_run: bool, logger: Logger) -> int:
    """Tick every object once and write; 1 where a document was refused, 3 where something could not be found out."""
    clock = SystemClock()
    library = library_of(settings, dry_run=dry_run)
    readings = Readings(logger, Vitals(started_at=clock.now()))
    store = store_of(settings, clock, dry_run=dry_run)
    outside = await reach_out(settings, library, clock, writes=not dry_run)
    try:
        readings.note(library.read(snapshot(paths, recursive=settings.recursive), clock.now(), {}))
        objects = tuple(library.catalog.objects.values())
        log = Log(logger, library.catalog.objects)
        done = await tick_once(objects, outside, clock, guard_of(settings), store)
        log(done)
    finally:
        await outside.close()
        store.close()
    if any(not isinstance(record, Decided) for record in done.records):
        return 3
    return 1 if readings.refused or not objects else 0


async def follow(
    settings: Settings,
    paths: Sequence[str],
    library: Library,
    daemon: Daemon,
    readings: Readings,
    clock: Clock,
) -> None:
    """Take over what changes in the files, within seconds."""
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="files") as executor:
        async for seen in watch(paths, recursive=settings.recursive, executor=executor):
            changes = library.read(seen, clock.now(), daemon.governed)
            readings.note(changes)
            if changes.added or changes.changed or changes.removed:
                daemon.take(added=changes.added, changed=changes.changed, removed=changes.removed)


async def listen(
    settings: Settings, vitals: Vitals, clock: Clock, latest: Latest, counters: Counters, logger: Logger
) -> Any:
    """Open the port of metrics and probes, and give what closes it."""
    if settings.listen == "off":
        return nothing
    from autoscaler.sinks.web import Web

    host, _, port = settings.listen.rpartition(":")
    if not port.isdigit():
        raise FatalError(f"--listen {settings.listen!r} is not HOST:PORT; write it like 127.0.0.1:8080", exit_code=2)
    web = Web(
        vitals,
        now=clock.now,
        metrics=lambda: chain(latest.families(), (counters.text(),)),
        hosts=frozenset(settings.allow_host),
    )
    bound = await web.start(host.strip("[]") or "127.0.0.1", int(port))
    logger.info("listening", address=f"{host}:{bound}", paths="/metrics /livez /readyz")
    return web.stop


async def nothing() -> None:
    """Close nothing."""


async def started(settings: Settings, outside: Outside, library: Library, logger: Logger, *, dry_run: bool) -> None:
    """Say what runs, against what, and which rights are missing."""
    objects = tuple(library.catalog.objects.values())
    logger.info(
        "started",
        version=__version__,
        server=outside.client.access.address,
        context=outside.client.access.context,
        kubernetes=outside.version,
        objects=len(objects),
        mode="dry run, nothing is written" if dry_run else "active",
        memory=settings.state_dir or "lost at every restart; keep it with --state-dir",
    )
    await outside.discovery.learn([obj.target for obj in objects])
    missing = await lacking(outside.client, rights_for(objects, outside.discovery, writes=not dry_run, proxied=()))
    if isinstance(missing, Unreadable):
        logger.warning("rights unknown", why=missing.detail)
    elif missing:
        logger.warning("rights missing", rights=", ".join(map(str, missing)), add=role_rules(missing))


def store_of(settings: Settings, clock: Clock, *, dry_run: bool) -> StateFolder | NoStore:
    """Open the state folder; a dry run keeps its own beside the real one."""
    if settings.state_dir is None:
        return NoStore()
    folder = Path(settings.state_dir)
    return StateFolder(folder / "dry-run" if dry_run else folder, now=clock.now)
