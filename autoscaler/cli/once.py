"""One tick of everything, now: for ``run --once`` and for ``plan``."""

from collections.abc import Sequence

from autoscaler.cli.compose import NoStore, Outside
from autoscaler.core.cadence import at_once
from autoscaler.core.signs import GuardSettings
from autoscaler.core.sources import resume, state_of
from autoscaler.loop.fleet import Fleet
from autoscaler.loop.ports import Clock, Saved, Sink
from autoscaler.loop.recall import Recall
from autoscaler.loop.tick import Ports, tick
from autoscaler.model.objects import ScaledObject
from autoscaler.model.record import Round
from autoscaler.model.turn import Cohort
from autoscaler.sinks.state import StateFolder


async def tick_once(
    objects: Sequence[ScaledObject],
    outside: Outside,
    clock: Clock,
    guard: GuardSettings,
    store: StateFolder | NoStore,
    sinks: tuple[Sink, ...] = (),
) -> Round:
    """Observe, decide and act once for every object, as a poll and a sync; what is remembered is saved.

    Between two runs nobody looks, so the unseen-time rule holds a shrink unless runs follow each other closely.
    """
    now = clock.now()
    fleet, saved = Fleet(guard), store.load()
    recall = Recall(saved, now)
    if saved is not None:
        fleet.guard = resume(saved.sources, saved.saved_at, now, guard)
    for obj in objects:
        fleet.objects[obj.key] = obj
        fleet.memories[obj.key] = recall.claim(obj.key)
    ports = Ports(clock=clock, sampler=outside.sampler, targets=outside.targets, actuator=outside.actuator, sinks=sinks)
    turns = tuple(at_once(obj, now) for obj in objects)
    done = await tick(fleet, ports, Cohort(at=now, wall=clock.wall(), turns=turns))
    sources = {source: state_of(history) for source, history in fleet.guard.items()}
    memories = {**recall.waiting, **fleet.memories}
    store.save(Saved(memories=memories, sources=sources, clean=True, saved_at=clock.now()))
    return done
