"""What the next tick must know: one tick and its outcome folded into the object's memory."""

from dataclasses import replace
from datetime import datetime

from autoscaler.core.decide import holds_of, is_held_by_source
from autoscaler.core.fallback import failures
from autoscaler.core.foreign import contest_after, is_rivalled
from autoscaler.core.limits import behavior_in_force, book, frees_at
from autoscaler.core.seed import counted_active, floored, ground
from autoscaler.core.stabilize import record
from autoscaler.model.decision import Activity, Decision, Reason
from autoscaler.model.memory import Change, Contest, Memory, Past, Pending, Recommendation, TriggerMemory
from autoscaler.model.objects import Behavior, ScaledObject
from autoscaler.model.observation import Measurement, Missing, MissingReason, Observation, Origin, Sample, Slot
from autoscaler.model.record import Applied, Outcome, Superseded, Unknown, Unneeded

_AWAKENED = (Activity.ACTIVE, Activity.FORCED)


def remember(obj: ScaledObject, memory: Memory, seen: Observation, decision: Decision, outcome: Outcome) -> Memory:
    """Fold one tick into the memory; a change counts against rate limits only if it was applied.

    A recommendation is recorded whether or not it was written; a wake, a rest or a failed pass leaves none. While an
    HPA has the target nothing is: its end is the end of a time that we have not seen (L6).
    """
    if is_rivalled(obj, seen.scale):
        return memory
    if obj.pause.full:
        return _while_paused(obj, memory, seen, decision, outcome)
    known, rules = ground(obj, memory, seen).memory, behavior_in_force(obj)
    grown, shrunk = _changes(known, rules, decision, outcome)
    return Memory(
        recommendations=_recommendations(obj, known, rules, seen, decision),
        grown=grown,
        shrunk=shrunk,
        last_active_at=_last_active_at(obj, known, seen, decision, outcome),
        triggers=_triggers(obj, known, seen),
        past=_past(
            known.past,
            obj,
            seen,
            decision,
            outcome,
            original=_original(obj, memory, decision),
            cut_until=_cut_until(rules, decision, grown, seen.at),
            contest=contest_after(obj, memory, seen, decision, outcome),
        ),
    )


def changed(before: Memory, after: Memory) -> bool:
    """Say whether the store should be written soon: an event, a rest, a failure, a new count or recommendation (L7).

    The same recommendation made again, or a later time of activity, is no reason.
    """
    if before.past is None or after.past is None or before.lost or before.unclean:
        return before != after
    return (
        before.grown != after.grown
        or before.shrunk != after.shrunk
        or _latest(before) != _latest(after)
        or (before.last_active_at is None) != (after.last_active_at is None)
        or _failing(before) != _failing(after)
        or _standing(before.past) != _standing(after.past)
    )


def _latest(memory: Memory) -> int | None:
    if not memory.recommendations:
        return None
    return max(memory.recommendations, key=lambda entry: entry.at).replicas


def _failing(memory: Memory) -> list[int]:
    """Give the triggers that fail; how often in a row is no reason to store."""
    return [index for index, trigger in enumerate(memory.triggers) if trigger.failures]


def _standing(past: Past) -> tuple[object, ...]:
    return (past.replicas, past.resting, past.paused, past.paused_replicas, past.pending, past.target, past.target_uid)


def _changes(
    known: Memory, rules: Behavior | None, decision: Decision, outcome: Outcome
) -> tuple[tuple[Change, ...], tuple[Change, ...]]:
    """Book what the HPA itself would have moved; a wake or a rest moves nothing, for base has moved with it."""
    moved = decision.desired - decision.base
    if rules is None or moved == 0 or not isinstance(outcome, Applied):
        return known.grown, known.shrunk
    if moved > 0:
        return book(known.grown, moved, rules.scale_up, outcome.at), known.shrunk
    return known.grown, book(known.shrunk, -moved, rules.scale_down, outcome.at)


def _recommendations(
    obj: ScaledObject, known: Memory, rules: Behavior | None, seen: Observation, decision: Decision
) -> tuple[Recommendation, ...]:
    """While a source's silence is not believed the running count stands in, lest the window runs dry meanwhile."""
    past, recorded = known.recommendations or (), decision.recommendation
    if _is_disbelieved(seen) and _stays_awake(obj, decision):
        recorded = max(recorded or 0, decision.current)
    if recorded is None:
        return past
    return record(past, recorded, behavior=rules, window=obj.downscale_window, at=seen.at)


def _is_disbelieved(seen: Observation) -> bool:
    return any(isinstance(found, Missing) and found.reason is MissingReason.BLIND for found in seen.measurements)


def _stays_awake(obj: ScaledObject, decision: Decision) -> bool:
    return decision.current > 0 and not _is_resting(obj, decision, decision.desired)


def _last_active_at(
    obj: ScaledObject, known: Memory, seen: Observation, decision: Decision, outcome: Outcome
) -> datetime | None:
    """Refresh while active, while a guard does not believe the idleness, and while nothing is known (D6, D21)."""
    if decision.activity in _AWAKENED:
        refused = any(step.reason is Reason.PAUSED_SCALE_OUT for step in decision.steps)
        running = decision.base > 0 and decision.base == decision.current and not refused
        return floored(seen.at) if running or isinstance(outcome, Applied | Unknown) else known.last_active_at
    awake = _stays_awake(obj, decision)
    if awake and (decision.activity is Activity.UNKNOWN or is_held_by_source(holds_of(obj, seen))):
        return counted_active(obj, known, seen.at)
    return known.last_active_at


def _triggers(obj: ScaledObject, known: Memory, seen: Observation) -> tuple[TriggerMemory, ...]:
    counts = failures(obj, known, seen.measurements, seen.slots)
    polled, ready = Slot.POLL in seen.slots, seen.scale.pods.ready if seen.scale.pods is not None else None
    before = known.triggers
    return tuple(
        _trigger(
            before[index] if index < len(before) else TriggerMemory(),
            obj.triggers[index].use_cached,
            measured,
            counts[index],
            ready,
            seen.at,
            polled=polled,
        )
        for index, measured in enumerate(seen.measurements)
    )


def _trigger(
    before: TriggerMemory,
    use_cached: bool,
    measured: Measurement,
    count: int,
    ready: int | None,
    at: datetime,
    *,
    polled: bool,
) -> TriggerMemory:
    """Keep a poll's sample with the ready count seen beside it; only an answer with data moves the two instants."""
    cached = before.cached
    if not use_cached or not isinstance(measured, Sample):
        cached = None
    elif polled:
        cached = Sample(
            value_milli=measured.value_milli,
            active=measured.active,
            at=measured.at,
            origin=measured.origin,
            ready=ready,
        )
    if not isinstance(measured, Sample) or measured.origin is not Origin.MEASURED or measured.at == before.answered_at:
        return TriggerMemory(failures=count, cached=cached, data_at=before.data_at, answered_at=before.answered_at)
    answered = measured.at if before.answered_at is None else max(before.answered_at, measured.at)
    return TriggerMemory(failures=count, cached=cached, data_at=at, answered_at=answered)


def _past(
    before: Past | None,
    obj: ScaledObject,
    seen: Observation,
    decision: Decision,
    outcome: Outcome,
    *,
    original: int,
    cut_until: datetime | None,
    contest: Contest | None,
) -> Past:
    at, replicas = seen.at, _replicas(decision, outcome)
    first_at, polled_at, synced_at, synced_replicas = at, None, None, None
    if before is not None:
        first_at, polled_at = before.first_at, before.polled_at
        synced_at, synced_replicas = before.synced_at, before.synced_replicas
    if Slot.POLL in seen.slots:
        polled_at = at
    if Slot.SYNC in seen.slots:
        synced_at, synced_replicas = at, decision.base
    elif decision.base > decision.current:
        synced_replicas = decision.base  # a waking tick counts as a sync of the count it woke to (L1)
    return Past(
        first_at=first_at,
        last_at=at,
        replicas=replicas,
        resting=_is_resting(obj, decision, replicas),
        polled_at=polled_at,
        synced_at=synced_at,
        synced_replicas=synced_replicas,
        cut_until=cut_until,
        target=obj.target,
        target_uid=seen.scale.uid,
        original_replicas=original,
        pending=_pending(seen, decision, outcome),
        contest=contest,
    )


def _original(obj: ScaledObject, memory: Memory, decision: Decision) -> int:
    """Give the count at first sight; a target that is made anew under its name keeps it."""
    past = memory.past
    return past.original_replicas if past is not None and past.target == obj.target else decision.current


def _replicas(decision: Decision, outcome: Outcome) -> int:
    match outcome:
        case Applied():
            return decision.desired
        case Superseded(found=int(found)):
            return found
        case _:
            return decision.current


def _is_resting(obj: ScaledObject, decision: Decision, replicas: int) -> bool:
    if replicas == 0:
        return True
    return replicas == obj.idle_replicas and decision.activity not in _AWAKENED and not decision.forced


def _cut_until(rules: Behavior | None, decision: Decision, grown: tuple[Change, ...], at: datetime) -> datetime | None:
    if rules is None or Reason.SCALE_UP_LIMIT not in [step.reason for step in decision.steps]:
        return None
    return frees_at(rules.scale_up, grown, at)


def _pending(seen: Observation, decision: Decision, outcome: Outcome) -> Pending | None:
    if not isinstance(outcome, Unknown):
        return None
    return Pending(
        current=decision.current,
        base=decision.base,
        desired=decision.desired,
        resource_version=seen.scale.resource_version,
        at=seen.at,
    )


def _while_paused(obj: ScaledObject, memory: Memory, seen: Observation, decision: Decision, outcome: Outcome) -> Memory:
    """Remember that the object is paused and which count was enforced, and nothing else."""
    before = memory.past
    done = isinstance(outcome, Applied | Unneeded)
    enforced = obj.pause.replicas if done else before.paused_replicas if before is not None else None
    past = Past(
        first_at=before.first_at if before is not None else seen.at,
        last_at=seen.at,
        replicas=_replicas(decision, outcome),
        target=obj.target,
        target_uid=seen.scale.uid,
        original_replicas=_original(obj, memory, decision),
        paused=True,
        paused_replicas=enforced if obj.pause.replicas is not None else None,
    )
    return replace(memory, past=past, unclean=False)
