"""What a tick must know before any branch: writes settled, gaps seeded, another target's past dropped (L6, L7).

``decide`` and ``remember`` both start from ``ground``, so both see the same memory.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from autoscaler.core.activation import initial_cooldown_ends
from autoscaler.core.cadence import unseen_after
from autoscaler.core.limits import behavior_in_force, book
from autoscaler.core.stabilize import record
from autoscaler.model.memory import Memory, Past, Pending, Recommendation
from autoscaler.model.objects import Mode, ScaledObject
from autoscaler.model.observation import Observation, ScaleStatus

FIELD_MANAGER = "autoscaler"
"""The name our own writes carry in managedFields."""

SHORTEST_GAP = timedelta(seconds=60)
"""No shorter stretch counts as unseen, whatever the interval (L6)."""


class Grounded(NamedTuple):
    """The memory to decide on, and why it was seeded; empty text where it was not."""

    memory: Memory
    seeded: str


def ground(obj: ScaledObject, memory: Memory, seen: Observation) -> Grounded:
    """Settle, book and seed. In the steady state this is the memory as it is."""
    past = memory.past
    if past is not None and is_another(past, obj, seen.scale):
        return Grounded(_seeded(obj, Memory(lost=True), seen), "another workload stands where the remembered one stood")
    why = _why_seeded(obj, memory, seen)
    if past is not None and past.pending is not None:
        memory = _settled(obj, memory, past, seen.scale)
    if memory.unclean and past is not None:
        memory = _booked(obj, memory, seen)
    return Grounded(_seeded(obj, memory, seen), why) if why else Grounded(memory, "")


def floored(at: datetime) -> datetime:
    """Cut to whole seconds, as KEDA's lastActiveTime is."""
    return at.replace(microsecond=0)


def counted_active(obj: ScaledObject, memory: Memory, at: datetime) -> datetime | None:
    """Give the last activity of an awake object of which nothing is known at ``at``: that very moment.

    None for one that was never active while its initial cooldown outlasts a cooldown that began now: what is unknown
    must not cut the longer wait short.
    """
    if memory.last_active_at is None and initial_cooldown_ends(obj, memory, at) > at + obj.cooldown:
        return None
    return floored(at)


def is_resting(obj: ScaledObject, memory: Memory, current: int) -> bool:
    """Say whether a tick without a poll slot finds the object at zero or at its idle count, put there earlier."""
    if current == 0:
        return True
    return memory.past is not None and memory.past.resting and current == obj.idle_replicas


def is_another(past: Past, obj: ScaledObject, scale: ScaleStatus) -> bool:
    """Say whether the remembered past belongs to another workload."""
    if past.target is not obj.target and past.target != obj.target:
        return True
    return past.target_uid != "" and scale.uid != past.target_uid


def has_landed(pending: Pending, scale: ScaleStatus) -> bool:
    """Say whether a write that had no answer was applied: the wanted count stands there under a new version."""
    return scale.spec == pending.desired and scale.resource_version != pending.resource_version


def _why_seeded(obj: ScaledObject, memory: Memory, seen: Observation) -> str:
    past = memory.past
    if memory.lost:
        return "nothing is known of earlier ticks"
    if past is None or memory.recommendations is None:
        return "first sight"
    if past.paused:
        return "the object was paused"
    if memory.unclean:
        return "the last stop was not orderly"
    age = seen.at - past.last_at
    if age <= SHORTEST_GAP or past.resting or seen.scale.spec == 0 or age <= unseen_after(obj):
        return ""
    return f"nothing was seen for {age.total_seconds():.0f} s"


def _seeded(obj: ScaledObject, memory: Memory, seen: Observation) -> Memory:
    """Record the running count, so that a full window lies before a shrink; an awake object counts as active.

    An object that never existed is not made active: its zero waits for the initial cooldown. At zero nothing is
    recorded, since a 0 in the window would hold the growth after waking.
    """
    current = seen.scale.spec
    known = memory.recommendations or ()
    awake = current > 0 and current != obj.idle_replicas
    existed = memory.lost or memory.past is not None
    if current > 0 and not known:
        known = (Recommendation(replicas=current, at=seen.at),)
    elif current > 0:
        rules = behavior_in_force(obj)
        known = record(known, current, behavior=rules, window=obj.downscale_window, at=seen.at)
    return Memory(
        recommendations=known,
        grown=memory.grown,
        shrunk=memory.shrunk,
        last_active_at=counted_active(obj, memory, seen.at) if awake and existed else memory.last_active_at,
        triggers=memory.triggers,
        past=memory.past,
        lost=memory.lost,
        unclean=memory.unclean,
    )


def _settled(obj: ScaledObject, memory: Memory, past: Past, scale: ScaleStatus) -> Memory:
    """Settle a write that had no answer: the wanted count under a new version is ours, at the time of its slot."""
    pending = past.pending
    assert pending is not None, f"nothing to settle for {obj.key}"
    if not has_landed(pending, scale):
        return memory
    return _with_change(obj, memory, pending.base, pending.desired, pending.at)


def _booked(obj: ScaledObject, memory: Memory, seen: Observation) -> Memory:
    """After a crash, take a count that we do not remember for our own unrecorded write, unless another is named."""
    past, scale = memory.past, seen.scale
    assert past is not None, f"nothing to compare the count of {obj.key} with"
    if obj.mode is not Mode.ACTIVE or past.paused or scale.writer not in (None, FIELD_MANAGER):
        return memory
    known = past.replicas
    if past.pending is not None and scale.spec == past.pending.desired:
        known = scale.spec
    if past.resting:
        known = obj.awake_floor
    if scale.spec in (0, known, obj.idle_replicas):
        return memory
    return _with_change(obj, memory, known, scale.spec, seen.at)


def _with_change(obj: ScaledObject, memory: Memory, before: int, after: int, at: datetime) -> Memory:
    rules = behavior_in_force(obj)
    if rules is None or after == before:
        return memory
    grown, shrunk = memory.grown, memory.shrunk
    if after > before:
        grown = book(grown, after - before, rules.scale_up, at)
    else:
        shrunk = book(shrunk, before - after, rules.scale_down, at)
    return Memory(
        recommendations=memory.recommendations,
        grown=grown,
        shrunk=shrunk,
        last_active_at=memory.last_active_at,
        triggers=memory.triggers,
        past=memory.past,
        lost=memory.lost,
        unclean=memory.unclean,
    )
