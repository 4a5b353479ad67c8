"""The daemon, put together: the composition root of ``autoscaler run``."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from autoscaler import __version__
from autoscaler.cli.compose import NoStore, Outside, at_home, guard_of, reach_out
from autoscaler.cli.given import address_given, audiences_given
from autoscaler.cli.library import Library, library_of
from autoscaler.cli.once import tick_once
from autoscaler.cli.readings import Logger, Readings
from autoscaler.cli.stopping import stop_signal, unless
from autoscaler.kube.rights import lacking, rights_for, rights_to_see_rivals, role_rules
from autoscaler.loop.clock import SystemClock
from autoscaler.loop.daemon import Daemon
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.ports import Clock, Sink
from autoscaler.loop.tick import Ports
from autoscaler.loop.vitals import Vitals
from autoscaler.manifests.catalog import Snapshot
from autoscaler.manifests.files import STDIN, snapshot, watch
from autoscaler.manifests.rereading import Rereading
from autoscaler.model.objects import Source
from autoscaler.model.observation import Unreadable
from autoscaler.model.record import Decided
from autoscaler.settings import Settings
from autoscaler.sinks.counters import Counters
from autoscaler.sinks.latest import Latest
from autoscaler.sinks.log import Log
from autoscaler.sinks.state import StateFolder

PIPED = "<stdin>"


async def serve(settings: Settings, paths: Sequence[str], *, dry_run: bool, logger: Logger) -> int:
    """Run the daemon until SIGTERM, and give its exit status. FatalError where it cannot start."""
    return await serve_until(stop_signal(), settings, paths, SystemClock(), dry_run=dry_run, logger=logger)


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
    if settings.listen != "off":
        address_given(settings.listen)  # what is wrong here need not wait
    settings = at_home(settings)
    library = library_of(settings, dry_run=dry_run)
    files = snapshot(paths, recursive=settings.recursive)
    store = store_of(settings, clock, dry_run=dry_run, known=lambda: library.peek(files, clock.now()))
    vitals = Vitals(started_at=clock.now())
    fleet = Fleet(guard_of(settings))
    readings = Readings(logger, vitals)
    latest = Latest(
        fleet.objects,
        faulty=lambda: readings.faults,
        files=lambda: (len(readings.refused), bool(readings.away)),
    )
    counters = Counters(store.age)
    rereading = Rereading()
    read_again = rereading.read_again if any(path != STDIN for path in paths) else None
    reaching = reach_out(settings, library, clock, writes=not dry_run, watches=True, read_again=read_again)
    outside = await unless(stop, reaching)
    sinks: tuple[Sink, ...] = (latest, counters, Log(logger, fleet.objects), *watchers)
    ports = Ports(clock=clock, sampler=outside.sampler, targets=outside.targets, actuator=outside.actuator, sinks=sinks)
    try:
        daemon = Daemon(fleet, ports, store, outside.server, vitals)
        vitals.lost = None if isinstance(store, NoStore) else store.lost
        stop_web = await listen(settings, vitals, clock, latest, counters, logger)
        changes = library.read(files, clock.now(), daemon.governed)
        readings.note(changes, away=files.away)
        daemon.load(changes.added)
        announce_start(store, outside, library, logger, dry_run=dry_run)
        async with asyncio.TaskGroup() as group:
            aside = (
                group.create_task(follow(Watched(settings, paths, files, rereading), library, daemon, readings, clock)),
                group.create_task(name_missing_rights(settings, outside, library, logger, dry_run=dry_run)),
            )
            await daemon.run(stop)
            for task in aside:
                task.cancel()
        await stop_web()
    finally:
        await outside.close()
        store.close()
    logger.info("stopped", memory=memory_left(store))
    return 0


def memory_kept(store: StateFolder | NoStore) -> str:
    """Say where memory is kept while the daemon runs."""
    if isinstance(store, NoStore):
        return "lost at every restart; keep it with --state-dir"
    if store.fault is not None:
        return f"not kept: {store.fault}"
    return str(store.folder) if store.lost is None else f"{store.folder}, where {store.lost}"


def memory_left(store: StateFolder | NoStore) -> str:
    """Say what became of the memory at the end."""
    if isinstance(store, NoStore):
        return "not kept (--state-dir)"
    return "saved" if store.fault is None else f"lost: {store.fault}"


async def serve_once(settings: Settings, paths: Sequence[str], *, dry_run: bool, logger: Logger) -> int:
    """Tick every object once and write; 1 where a document was refused, 3 where something could not be found out."""
    clock = SystemClock()
    settings = at_home(settings)
    library = library_of(settings, dry_run=dry_run)
    readings = Readings(logger, Vitals(started_at=clock.now()))
    files = snapshot(paths, recursive=settings.recursive)
    store = store_of(settings, clock, dry_run=dry_run, known=lambda: library.peek(files, clock.now()))
    outside = await reach_out(settings, library, clock, writes=not dry_run)
    try:
        readings.note(library.read(files, clock.now(), {}), away=files.away)
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


@dataclass(frozen=True)
class Watched:
    """What is watched: the paths on disk, and what standard input gave once and for all."""

    settings: Settings
    paths: Sequence[str]
    first: Snapshot
    rereading: Rereading

    async def snapshots(self, executor: Executor) -> AsyncIterator[Snapshot]:
        """Give the files at once and whenever they change."""
        on_disk = [path for path in self.paths if path != STDIN]
        piped = tuple(file for file in self.first.files if file.path == PIPED) if STDIN in self.paths else ()
        if not on_disk:
            return
        pause = self.rereading.pause
        async for seen in watch(on_disk, recursive=self.settings.recursive, executor=executor, pause=pause):
            yield replace(seen, files=(*seen.files, *piped))


async def follow(watched: Watched, library: Library, daemon: Daemon, readings: Readings, clock: Clock) -> None:
    """Take over what changes in the files, within seconds; they are read and judged beside the loop."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="files") as executor:
        async for seen in watched.snapshots(executor):
            try:
                changes = await loop.run_in_executor(executor, library.read, seen, clock.now(), daemon.governed)
            except Exception:  # a document that breaks its reader must not end what runs
                readings.broke(traceback.format_exc())
                continue
            readings.note(changes, away=seen.away)
            if changes.added or changes.changed or changes.removed:
                daemon.take(added=changes.added, changed=changes.changed, removed=changes.removed)


async def listen(
    settings: Settings, vitals: Vitals, clock: Clock, latest: Latest, counters: Counters, logger: Logger
) -> Any:
    """Open the port of metrics and probes, and give what closes it."""
    if settings.listen == "off":
        return nothing
    from autoscaler.sinks.web import Web

    host, port = address_given(settings.listen)
    web = Web(
        vitals,
        now=clock.now,
        metrics=lambda: chain(latest.families(), (counters.text(),)),
        hosts=frozenset(settings.allow_host),
    )
    bound = await web.start(host, port)
    address = f"[{host}]:{bound}" if ":" in host else f"{host}:{bound}"
    logger.info("listening", address=address, paths="/metrics /livez /readyz /health/status")
    return web.stop


async def nothing() -> None:
    """Close nothing."""


def announce_start(
    store: StateFolder | NoStore, outside: Outside, library: Library, logger: Logger, *, dry_run: bool
) -> None:
    """Say what runs, and against what."""
    logger.info(
        "started",
        version=__version__,
        server=outside.client.access.address,
        context=outside.client.access.context,
        kubernetes=outside.version,
        objects=len(library.catalog.objects),
        mode="dry run, nothing is written" if dry_run else "active",
        memory=memory_kept(store),
    )


async def name_missing_rights(
    settings: Settings, outside: Outside, library: Library, logger: Logger, *, dry_run: bool
) -> None:
    """Say once which rights are missing, with the rules that grant them; ticks do not wait for it."""
    objects = tuple(library.catalog.objects.values())
    await outside.discovery.learn([obj.target for obj in objects])
    proxied = await outside.sender.proxied(objects)
    accounts = library.accounts(objects) & audiences_given(settings.token_audience).keys()
    rights = rights_for(objects, outside.discovery, writes=not dry_run, proxied=proxied, accounts=accounts)
    missing = await lacking(outside.client, rights)
    if isinstance(missing, Unreadable):
        logger.warning("rights unknown", why=missing.detail)
    elif missing:
        logger.warning("rights missing", rights=", ".join(map(str, missing)), add=role_rules(missing))
    unseen = await lacking(outside.client, rights_to_see_rivals(objects))
    if unseen and not isinstance(unseen, Unreadable):
        logger.info(
            "optional rights missing",
            rights=", ".join(map(str, unseen)),
            add=role_rules(unseen[:1]),
            without="an HPA on the same target is not seen, only what it writes",
        )


def store_of(
    settings: Settings, clock: Clock, *, dry_run: bool, known: Callable[[], Iterable[Source]]
) -> StateFolder | NoStore:
    """Open the state folder; a dry run keeps its own beside the real one. ``known`` gives the sources in use."""
    if settings.state_dir is None:
        return NoStore()
    folder = Path(settings.state_dir)
    return StateFolder(folder / "dry-run" if dry_run else folder, now=clock.now, known=known)
