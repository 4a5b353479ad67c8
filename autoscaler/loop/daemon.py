"""The daemon around the tick: start, beat, stop; the broad except around one cohort."""

import asyncio
import traceback
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from autoscaler.core.sources import resume, state_of
from autoscaler.loop.beats import Beats
from autoscaler.loop.chores import BULK, Keeper, collect, settle_garbage
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.ports import Saved, Store
from autoscaler.loop.recall import Recall
from autoscaler.loop.restore import restore
from autoscaler.loop.tick import Ports, settle, tick
from autoscaler.loop.vitals import Vitals
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey, ScaledObject, ScaleTarget
from autoscaler.model.observation import Unreadable
from autoscaler.model.record import Broken, Round
from autoscaler.model.turn import Cohort

PROBE_SECONDS = 5.0
SAVE_SECONDS = 4.0  # what changed is on disk within five (L7)
SAVE_SOON_SECONDS = 0.25
SAVE_SHARE = 0.05  # of the time, at most, goes into saving, so that a small fleet is saved almost at once
WATCH_SECONDS = 0.5
OVERDUE = timedelta(milliseconds=500)
COLLECT_SECONDS = 60.0
PATIENCE = timedelta(milliseconds=600)  # what ticks under way get at a stop; the whole stop takes less than a second


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
        self._keeper = Keeper(store, vitals)
        self._server = server
        self._vitals = vitals
        self._ticks: set[asyncio.Task[None]] = set()
        self._group: asyncio.TaskGroup | None = None
        now, saved = ports.clock.now(), store.load()
        self._recall = Recall(saved, now)
        if saved is not None:
            fleet.guard = resume(saved.sources, saved.saved_at, now, fleet.guard_settings)

    @property
    def governed(self) -> Mapping[ScaleTarget, ObjectKey]:
        """Say which object governed each target last, as far as memory goes."""
        known = {**self._recall.waiting, **self._fleet.memories}
        return {memory.past.target: key for key, memory in known.items() if memory.past is not None}

    def load(self, objects: Sequence[ScaledObject]) -> None:
        """Take in the objects that are there at the start, with what was saved of them.

        What cannot be read is lost memory, which only delays falls (L6).
        """
        for obj in objects:
            self._fleet.memories[obj.key] = self._recall.claim(obj.key)
        self._fleet.start(objects, self._ports.clock.now())
        self._noted()

    def take(
        self, *, added: Sequence[ScaledObject], changed: Sequence[ScaledObject], removed: Iterable[ObjectKey]
    ) -> None:
        """Take over a change of the objects while running."""
        now = self._ports.clock.now()
        for obj in added:
            self._fleet.memories[obj.key] = self._recall.claim(obj.key)
            self._fleet.add(obj, now)
        for obj in changed:
            self._fleet.change(obj, now)
        for key in removed:
            self._remove(key)
        self._noted()
        if len(added) + len(changed) >= BULK:
            settle_garbage()

    def _noted(self) -> None:
        longest = max((obj.polling_interval for obj in self._fleet.objects.values()), default=timedelta(0))
        self._vitals.objects = len(self._fleet.objects)
        self._vitals.forget_sources(self._fleet.horizons)
        self._vitals.tick_due = 2 * longest + timedelta(seconds=60)

    def _remove(self, key: ObjectKey) -> None:
        obj, memory = self._fleet.objects.get(key), self._fleet.memory(key)
        self._fleet.remove(key)
        self._vitals.forget(str(key))
        if obj is not None and obj.restore_original and memory.past is not None:
            self._spawn(self._restored(obj, memory))

    async def _restored(self, obj: ScaledObject, memory: Memory) -> None:
        try:
            done = await restore(self._ports, obj, memory)
        except Exception:
            broken = Broken(obj=obj, memory=memory, at=self._ports.clock.now(), traceback=traceback.format_exc())
            done = Round(at=broken.at, records=(broken,), sources={})
        self._publish(done)

    async def run(self, stop: asyncio.Event) -> None:
        """Beat until ``stop`` is set; then end what is under way and save everything, within a second."""
        scheduler = AsyncIOScheduler(timezone="UTC")
        beats = Beats(self._ports.clock, lambda: self._fleet.beat_interval)
        job = scheduler.add_job(
            self._beat, trigger=OnTheBeat(beats), misfire_grace_time=None, coalesce=True, max_instances=1
        )
        settle_garbage()
        async with asyncio.TaskGroup() as self._group:
            scheduler.start()
            work = (self._save_on(), self._probe_on(), self._watch(job, beats), collect(self._is_idle, COLLECT_SECONDS))
            chores = [self._group.create_task(each) for each in work]
            try:
                await stop.wait()
            finally:
                self._vitals.stopping = True
                scheduler.shutdown(wait=False)
                for chore in chores:
                    chore.cancel()
                await self._end()

    async def _beat(self) -> None:
        now = self._ports.clock.now()
        self._vitals.beat_at = now
        for cohort in self._fleet.due(now, self._ports.clock.wall()):
            self._spawn(self._ticked(cohort))

    async def _watch(self, job: Job, beats: Beats) -> None:
        """Call the beat back when the wall stepped: APScheduler sleeps by it, for an hour after a step of an hour."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            last = self._vitals.beat_at
            if last is not None and self._ports.clock.now() - last > OVERDUE:
                job.modify(next_run_time=datetime.now(UTC) + beats.wait())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        assert self._group is not None, "objects change only while the daemon runs"
        task = self._group.create_task(work)
        self._ticks.add(task)
        task.add_done_callback(self._ticks.discard)

    async def _ticked(self, cohort: Cohort) -> None:
        try:
            done = await tick(self._fleet, self._ports, cohort)
        except Exception:  # what escapes one cohort's tick never stops another's
            done = self._broken_round(cohort, traceback.format_exc())
        self._vitals.tick_at = self._ports.clock.now()
        self._vitals.note(done)
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

    def _is_idle(self) -> bool:
        return not self._ticks

    async def _probe_on(self) -> None:
        while True:
            failure = await self._server.probe()
            self._vitals.server = failure
            if failure is None:
                self._vitals.server_seen_at = self._ports.clock.now()
            await asyncio.sleep(PROBE_SECONDS)

    async def _save_on(self) -> None:
        """Save what changed: the sooner, the less a crash forgets of what its policies have already spent."""
        pause = SAVE_SOON_SECONDS
        while True:
            await asyncio.sleep(pause)
            if self._fleet.dirty:
                began = self._ports.clock.now()
                await self._save(clean=False)
                took = (self._ports.clock.now() - began).total_seconds()
                pause = min(SAVE_SECONDS, max(SAVE_SOON_SECONDS, took / SAVE_SHARE))

    async def _save(self, *, clean: bool) -> None:
        self._fleet.dirty = False
        saved = Saved(
            memories={**self._recall.waiting, **self._fleet.memories},
            sources={source: state_of(history) for source, history in self._fleet.guard.items()},
            clean=clean,
            saved_at=self._ports.clock.now(),
        )
        await self._keeper.save(saved)

    async def _end(self) -> None:
        """Let ticks under way end, for a moment; what is known of the writes of the others is remembered."""
        if self._ticks:
            await asyncio.wait(self._ticks, timeout=PATIENCE.total_seconds())
        for task in tuple(self._ticks):
            task.cancel()
        for record in tuple(self._fleet.in_flight.values()):
            settle(self._fleet, record, record.seen.at, lateness=timedelta(0), took=timedelta(0))
        await self._save(clean=True)
