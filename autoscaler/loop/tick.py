"""One tick of one cohort, top to bottom; the broad except around one object's part of it."""

import asyncio
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeAlias

from autoscaler.core.belief import believe
from autoscaler.core.decide import decide
from autoscaler.core.remember import changed, remember
from autoscaler.core.sources import holds, state_of
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.ports import Actuator, Clock, Sampler, Sink, Targets
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import (
    Measurement,
    Missing,
    MissingReason,
    Observation,
    Origin,
    Sample,
    ScaleStatus,
    Unreadable,
)
from autoscaler.model.record import Broken, Decided, Record, Round, Superseded, Unknown, Unneeded, Unobserved
from autoscaler.model.turn import Cohort, Samples, Scales, Turn
from autoscaler.model.value import value

ANSWERS = 3  # how often a decision that another writer overtook is made again at once (L7)
CUT_OFF = Unknown(why="stopped before the API server answered")


@value
class Ports:
    """The outside, as one tick needs it."""

    clock: Clock
    sampler: Sampler
    targets: Targets
    actuator: Actuator
    sinks: tuple[Sink, ...]


Part: TypeAlias = Callable[[], Record]


async def tick(fleet: Fleet, ports: Ports, cohort: Cohort) -> Round:
    """Observe, decide, act, remember and record the objects that are due at one instant and ask the same sources.

    A tick that was suspended on its way is void: its slots are served again, on what is to be seen then.
    """
    started = ports.clock.now()
    samples = await ports.sampler.sample(cohort)
    scales = await ports.targets.read(cohort)
    if fleet.slept(started, ports.clock.now()):
        fleet.put_back(cohort.turns, cohort.at - timedelta(microseconds=1), ports.clock.now())
        return Round(at=cohort.at, records=(), sources={})
    fleet.hear(samples.reports, cohort.at)
    drafts = [
        attempt(fleet, turn.obj, cohort.at, partial(draft, fleet, cohort, turn, scales, samples))
        for turn in cohort.turns
    ]
    acted = await act(fleet, ports, cohort, drafts)
    took = ports.clock.now() - started
    records = tuple(settle(fleet, record, cohort.at, lateness=started - cohort.at, took=took) for record in acted)
    fleet.put_back(cohort.turns, cohort.at, ports.clock.now())
    sources = {
        report.source: state_of(fleet.guard[report.source])
        for report in samples.reports
        if report.source in fleet.guard
    }
    return Round(at=cohort.at, records=records, reports=samples.reports, sources=sources)


def attempt(fleet: Fleet, obj: ScaledObject, at: datetime, part: Part) -> Record:
    """Run one object's part of a tick; a bug ends that part alone, as a Broken record."""
    try:
        return part()
    except Exception:  # one object's bug is never another's
        return broken(fleet, obj, at)


def broken(fleet: Fleet, obj: ScaledObject, at: datetime) -> Broken:
    """Record the bug that is being handled."""
    return Broken(obj=obj, memory=fleet.memory(obj.key), at=at, traceback=traceback.format_exc())


def draft(fleet: Fleet, cohort: Cohort, turn: Turn, scales: Scales, samples: Samples) -> Record:
    """Make one object's observation and decision; nothing has been done yet."""
    obj = turn.obj
    memory = fleet.memory(obj.key)
    scale = scales[obj.target]
    if isinstance(scale, Unreadable):
        return Unobserved(obj=obj, memory=memory, at=cohort.at, why=scale)
    measured = gather(obj, memory, turn, samples.by_object.get(obj.key, ()))
    believed = believe(obj, measured, memory, fleet.guard, cohort.at)
    seen = Observation(
        at=cohort.at,
        wall=cohort.wall,
        slots=turn.slots,
        scale=scale,
        measurements=believed,
        holds=holds(obj, fleet.guard, cohort.at, fleet.guard_settings),
    )
    return decided(obj, memory, seen)


def decided(obj: ScaledObject, memory: Memory, seen: Observation) -> Decided:
    """Decide on what was seen."""
    return Decided(obj=obj, memory=memory, seen=seen, decision=decide(obj, memory, seen), outcome=Unneeded())


def gather(obj: ScaledObject, memory: Memory, turn: Turn, answers: tuple[Measurement, ...]) -> tuple[Measurement, ...]:
    """Put answers into the order of the triggers; what was not asked keeps the last poll's sample (7.3 of KEDA).

    A paused object measures nothing, so that nothing of it is missing.
    """
    if obj.pause.full:
        return ()
    if turn.asks == tuple(range(len(obj.triggers))):
        return answers
    by_trigger = dict(zip(turn.asks, answers, strict=True))
    return tuple(by_trigger.get(i) or cached(memory, i) for i in range(len(obj.triggers)))


def cached(memory: Memory, index: int) -> Measurement:
    """Give a trigger's last polled sample, marked as cached."""
    kept = memory.triggers[index].cached if index < len(memory.triggers) else None
    if kept is None:
        return Missing(reason=MissingReason.EMPTY, detail="no cached sample yet")
    return Sample(value_milli=kept.value_milli, active=kept.active, at=kept.at, origin=Origin.CACHED, ready=kept.ready)


async def act(fleet: Fleet, ports: Ports, cohort: Cohort, drafts: Iterable[Record]) -> list[Record]:
    """Write side by side what differs from the current count; in steady state nothing is awaited here."""
    drafts = list(drafts)
    writes = {
        number: record
        for number, record in enumerate(drafts)
        if isinstance(record, Decided) and record.decision.desired != record.decision.current
    }
    if not writes:
        return drafts
    async with asyncio.TaskGroup() as group:
        tasks = {number: group.create_task(write(fleet, ports, cohort, record)) for number, record in writes.items()}
    return [tasks[number].result() if number in tasks else record for number, record in enumerate(drafts)]


async def write(fleet: Fleet, ports: Ports, cohort: Cohort, record: Decided) -> Record:
    """Write one decision; a bug in it is this object's alone."""
    try:
        return await pursue(fleet, ports, cohort, record)
    except Exception:
        return broken(fleet, record.obj, cohort.at)


async def pursue(fleet: Fleet, ports: Ports, cohort: Cohort, record: Decided) -> Record:
    """Write one decision; where another writer's count is met, decide again from that count (L7)."""
    for answers in range(ANSWERS + 1):
        record = await apply(fleet, ports, record)
        overtaken = isinstance(record.outcome, Superseded) and record.outcome.found is not None
        if not overtaken or answers == ANSWERS:
            break
        scale = await reread(ports, cohort, record)
        if scale is None:
            break
        again = partial(decided, record.obj, record.memory, replace(record.seen, scale=scale))
        second = attempt(fleet, record.obj, cohort.at, again)
        if not isinstance(second, Decided) or second.decision.desired == second.decision.current:
            return second
        record = second
    return record


async def apply(fleet: Fleet, ports: Ports, record: Decided) -> Decided:
    """Write one decision once; whatever is known of its outcome is at hand for a stop (R14)."""
    key = record.obj.key
    if key not in fleet.objects:
        return replace(record, outcome=Superseded(why="the object was deleted meanwhile"))
    fleet.in_flight[key] = replace(record, outcome=CUT_OFF)
    outcome = await ports.actuator.apply(record, deadline=fence(record.obj, ports.clock.now()))
    done = replace(record, outcome=outcome)
    fleet.in_flight[key] = done
    return done


async def reread(ports: Ports, cohort: Cohort, record: Decided) -> ScaleStatus | None:
    """Read the scale of one object of the cohort once more; None where it is unreadable now."""
    turns = tuple(turn for turn in cohort.turns if turn.obj.key == record.obj.key)
    scale = (await ports.targets.read(replace(cohort, turns=turns)))[record.obj.target]
    return scale if isinstance(scale, ScaleStatus) else None


def fence(obj: ScaledObject, now: datetime) -> datetime:
    """Say when a decision made now is too old to be written (trust under failure)."""
    return now + max(timedelta(seconds=1), min(obj.polling_interval, timedelta(seconds=5)))


def settle(fleet: Fleet, record: Record, at: datetime, *, lateness: timedelta, took: timedelta) -> Record:
    """Replace the object's memory; what broke keeps the memory it had."""
    if isinstance(record, Decided):
        timed = replace(record, lateness=lateness, took=took)
        record = attempt(fleet, record.obj, at, partial(keep, fleet, timed))
    if isinstance(record, Broken):
        fleet.broke(record.obj.key)
    return record


def keep(fleet: Fleet, record: Decided) -> Decided:
    """Remember what was seen, decided and done, unless the object has gone meanwhile."""
    after = remember(record.obj, record.memory, record.seen, record.decision, record.outcome)
    fleet.keep(record.obj.key, after)
    fleet.dirty = fleet.dirty or changed(record.memory, after)
    return record
