"""The daemon around the tick: start, beat, chores, stop; the broad except around one cohort."""

import asyncio
import gc
import traceback
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from autoscaler.core.sources import resume, state_of
from autoscaler.loop.beats import Beats
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.ports import Saved, Store
from autoscaler.loop.restore import restore
from autoscaler.loop.tick import Ports, settle, tick
from autoscaler.loop.vitals import Vitals
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, ScaledObject, ScaleTarget
from autoscaler.model.observation import Unreadable
from autoscaler.model.record import Broken, Round, Unknown
from autoscaler.model.turn import Cohort

CHORE_INTERVAL = timedelta(seconds=5)
PATIENCE = timedelta(milliseconds=600)  # what ticks under way get at a stop; the whole stop takes less than a second
COLLECT_EVERY = 12  # chores between two collections of garbage


class Server(Protocol):
    """Whether the API server answers."""

    async def probe(self) -> Unreadable | None:
        """Give None when it answered, else why not. Never raises."""


class OnTheBeat(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """Fires at the multiples of the beat interval on steady time."""

    def __init__(self, beats: Beats) -> None:
        self._beats = beats

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:
        """Give the scheduler's own now plus what is left until the next beat."""
        return now + self._beats.wait()


class Daemon:
    """Runs a fleet until it is told to stop."""

    def __init__(self, fleet: Fleet, ports: Ports, store: Store, server: Server, vitals: Vitals) -> None:
        self._fleet = fleet
        self._ports = ports
        self._store = store
        self._saved = store.load()
        self._server = server
        self._vitals = vitals
        self._ticks: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup | None = None
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")  # one thread: saves never overlap

    @property
    def governed(self) -> Mapping[ScaleTarget, ObjectKey]:
        """Say which object governed each target last, as far as memory goes."""
        known = {**(self._saved.memories if self._saved is not None else {}), **self._fleet.memories}
        return {memory.past.target: key for key, memory in known.items() if memory.past is not None}

    def load(self, objects: Sequence[ScaledObject]) -> None:
        """Take in the objects that are there at the start, with what was saved of them.

        What cannot be read is lost memory, which only delays falls (L6).
        """
        now = self._ports.clock.now()
        for obj in objects:
            self._fleet.memories[obj.key] = recalled(self._saved, obj.key)
        if self._saved is not None:
            self._fleet.guard = resume(self._saved.sources, self._saved.saved_at, now, self._fleet.guard_settings)
        self._fleet.start(objects, now)
        self._noted()

    def take(
        self, *, added: Iterable[ScaledObject], changed: Iterable[ScaledObject], removed: Iterable[ObjectKey]
    ) -> None:
        """Take over a change of the objects while running."""
        now = self._ports.clock.now()
        for obj in added:
            self._fleet.memories[obj.key] = recalled(self._saved, obj.key)
            self._fleet.add(obj, now)
        for obj in changed:
            self._fleet.change(obj, now)
        for key in removed:
            self._remove(key)
        self._noted()
        settle_garbage()

    def _noted(self) -> None:
        longest = max((obj.polling_interval for obj in self._fleet.objects.values()), default=timedelta(0))
        self._vitals.objects = len(self._fleet.objects)
        self._vitals.tick_due = 2 * longest + timedelta(seconds=60)

    def _remove(self, key: ObjectKey) -> None:
        obj, memory = self._fleet.objects.get(key), self._fleet.memory(key)
        self._fleet.remove(key)
        if obj is not None and obj.restore_original and memory.past is not None:
            self._spawn(self._restored(obj, memory))

    async def _restored(self, obj: ScaledObject, memory: Memory) -> None:
        self._publish(await restore(self._ports, obj, memory))

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until ``stop`` is set; then end what is under way and save everything, within a second."""
        scheduler = AsyncIOScheduler(timezone="UTC")
        beats = Beats(self._ports.clock, lambda: self._fleet.beat_interval)
        scheduler.add_job(self._beat, trigger=OnTheBeat(beats), misfire_grace_time=None, coalesce=True, max_instances=1)
        settle_garbage()
        async with asyncio.TaskGroup() as self._group:
            scheduler.start()
            chores = self._group.create_task(self._chores())
            await stop.wait()
            self._vitals.stopping = True
            scheduler.shutdown(wait=False)
            chores.cancel()
            await self._end()

    async def _beat(self) -> None:
        now = self._ports.clock.now()
        self._vitals.beat_at = now
        for cohort in self._fleet.due(now, self._ports.clock.wall()):
            self._spawn(self._ticked(cohort))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        assert self._group is not None, "objects change only while the daemon runs"
        task = self._group.create_task(work)
        self._ticks.add(task)
        task.add_done_callback(self._ticks.discard)

    async def _ticked(self, cohort: Cohort) -> None:
        try:
            done = await tick(self._fleet, self._ports, cohort)
        except Exception:  # the second broad except: what escapes one cohort's tick never stops another's
            done = self._broken_round(cohort, traceback.format_exc())
        self._vitals.tick_at = self._ports.clock.now()
        self._publish(done)

    def _broken_round(self, cohort: Cohort, text: str) -> Round:
        for turn in cohort.turns:
            self._fleet.broke(turn.obj.key)
        self._fleet.put_back(cohort.turns, cohort.at, self._ports.clock.now())
        records = tuple(
            Broken(obj=turn.obj, memory=self._fleet.memory(turn.obj.key), at=cohort.at, traceback=text)
            for turn in cohort.turns
        )
        return Round(at=cohort.at, records=records, sources={})

    def _publish(self, done: Round) -> None:
        for sink in self._ports.sinks:
            try:
                sink(done)
            except Exception as error:  # a sink that breaks must not silence the others
                self._vitals.troubles[f"sink {type(sink).__name__}"] = f"broke with {type(error).__name__}"

    async def _chores(self) -> None:
        count = 0
        while True:
            failure = await self._server.probe()
            self._vitals.server = failure
            if failure is None:
                self._vitals.server_seen_at = self._ports.clock.now()
            if self._fleet.dirty:
                await self._save(clean=False)
            count += 1
            if count % COLLECT_EVERY == 0 and not self._ticks:
                gc.collect()
            await asyncio.sleep(CHORE_INTERVAL.total_seconds())

    async def _save(self, *, clean: bool) -> None:
        self._fleet.dirty = False
        saved = Saved(
            memories=dict(self._fleet.memories),
            sources={source: state_of(history) for source, history in self._fleet.guard.items()},
            clean=clean,
            saved_at=self._ports.clock.now(),
        )
        await asyncio.get_running_loop().run_in_executor(self._disk, self._store.save, saved)

    async def _end(self) -> None:
        if self._ticks:
            await asyncio.wait(self._ticks, timeout=PATIENCE.total_seconds())
        for task in tuple(self._ticks):
            task.cancel()
        for record in tuple(self._fleet.in_flight.values()):
            unsure = replace(record, outcome=Unknown(why="stopped before the API server answered"))
            settle(self._fleet, unsure, unsure.seen.at, lateness=timedelta(0), took=timedelta(0))
        await self._save(clean=True)


def recalled(saved: Saved | None, key: ObjectKey) -> Memory:
    """Give one object's memory from what was saved, marked with what its next tick must doubt."""
    if saved is None:
        return Memory(lost=True)
    memory = saved.memories.get(key)
    if memory is None:
        return Memory()
    return memory if saved.clean else replace(memory, unclean=True)


def settle_garbage() -> None:
    """Keep what was just loaded out of every later collection; a full one stops a large fleet for 0.4 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
