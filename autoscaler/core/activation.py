"""Whether an object sleeps, rests or is awake: KEDA's half of a tick, without clock and without metric arithmetic.

Source: KEDA scale_scaledobjects.go, RequestScale (the executor), with the differences D6, D19, D20 and D21.
"""

from collections.abc import Sequence
from datetime import datetime

from autoscaler.model.decision import Activity, Reason, Stage, Step
from autoscaler.model.memory import Memory
from autoscaler.model.objects import MetricKind, ScaledObject
from autoscaler.model.observation import Hold, HoldReason, Measurement, Missing, Origin, Sample
from autoscaler.model.value import value

_HELD = {
    HoldReason.SOURCE_BLIND: Reason.SOURCE_BLIND,
    HoldReason.SOURCE_RECOVERING: Reason.SOURCE_RECOVERING,
    HoldReason.SOURCE_PARTIAL: Reason.SOURCE_PARTIAL,
    HoldReason.FLEET: Reason.FLEET,
    HoldReason.SCALE_OUT_ONLY: Reason.SCALE_OUT_ONLY,
}


@value
class Activation:
    """What the triggers' activity makes of the count.

    ``base`` is what the HPA's arithmetic starts from; zero or the idle count end the tick there.
    """

    activity: Activity
    base: int
    step: Step


def is_active(
    obj: ScaledObject,
    measurements: Sequence[Measurement],
    fallbacks: tuple[int, ...],
    composite: Sample | Missing | None = None,
) -> tuple[bool, bool]:
    """Tell whether any external metric is active, and whether any is missing.

    ``measurements`` are those after fallback. ``composite`` is the formula's result, None for an object without
    scalingModifiers; it then answers both questions, but a composite that stands for one trigger's fallback says
    nothing while another trigger is missing. Forced activation is not in the answer: ``activate`` and ``notice`` add
    it.
    An object that has only cpu and memory triggers is active and misses nothing.
    Source: KEDA scale_handler.go, GetScaledObjectState.
    """
    external = [index for index, trigger in enumerate(obj.triggers) if trigger.ask.kind is MetricKind.EXTERNAL]
    if isinstance(composite, Missing):
        return False, True
    missing = any(isinstance(measurements[index], Missing) for index in external)
    if composite is not None:
        unsure = missing and composite.origin is Origin.FALLBACK
        return composite.active and not unsure, unsure
    if not external:
        return True, False
    return bool(active_triggers(obj, measurements, fallbacks)), missing


def active_triggers(
    obj: ScaledObject, measurements: Sequence[Measurement], fallbacks: tuple[int, ...]
) -> tuple[int, ...]:
    """Name the external triggers that are active, by their sample or by their fallback.

    Beside a formula none is: the composite speaks for all. Source: KEDA scale_executor.go, getTriggersActivity.
    """
    if obj.modifiers is not None:
        return ()
    return tuple(
        index
        for index, trigger in enumerate(obj.triggers)
        if trigger.ask.kind is MetricKind.EXTERNAL and (_is_active(measurements[index]) or index in fallbacks)
    )


def notice(obj: ScaledObject, *, active: bool, missing: bool) -> Activity:
    """Name the activity of a tick without a poll slot, which may note it but not act on it."""
    if obj.force_activation:
        return Activity.FORCED
    if active:
        return Activity.ACTIVE
    return Activity.UNKNOWN if missing and not _outage_is_idleness(obj) else Activity.IDLE


def activate(
    obj: ScaledObject,
    memory: Memory,
    *,
    current: int,
    active: bool,
    missing: bool,
    at: datetime,
    holds: tuple[Hold, ...],
) -> Activation:
    """Wake, keep, repair or put to rest; only for ticks with a poll slot.

    ``memory`` is the one after the gap rule has seeded it (L6). ``missing`` says that an external trigger gave no
    sample. Only ``paused-scale-in`` and a hold keep a cooled object from zero or idle.
    """
    activity = notice(obj, active=active, missing=missing)
    match activity:
        case Activity.ACTIVE | Activity.FORCED:
            return _awaken(obj, activity, current, missing)
        case Activity.UNKNOWN:
            return _repair(obj, activity, current, Reason.UNKNOWN_STATE)
        case _:
            return _rest(obj, memory, current, at, holds)


def has_cooled(obj: ScaledObject, memory: Memory, at: datetime) -> bool:
    """Say whether the cooldown has passed, the last instant of it included in the wait.

    Never active: the initial cooldown counts from the object's creation, for a file from first sight.
    Source: KEDA scale_scaledobjects.go, scaleToZeroOrIdle.
    """
    if memory.last_active_at is not None:
        return memory.last_active_at + obj.cooldown < at
    return initial_cooldown_ends(obj, memory, at) < at


def initial_cooldown_ends(obj: ScaledObject, memory: Memory, at: datetime) -> datetime:
    """Give until when an object that was never active is kept from zero, as seen at ``at``."""
    created_at = obj.created_at or (memory.past.first_at if memory.past else at)
    return created_at + obj.initial_cooldown


def _is_active(found: Measurement) -> bool:
    return isinstance(found, Sample) and found.active


def _awaken(obj: ScaledObject, activity: Activity, current: int, missing: bool) -> Activation:
    rests = current == 0 or (obj.idle_replicas is not None and current < obj.min_replicas)
    if not rests:
        return _activation(activity, current, current, Reason.PARTIAL_FAILURE if missing else Reason.SCALER_ACTIVE)
    if obj.pause.scale_out:
        return _activation(activity, current, current, Reason.PAUSED_SCALE_OUT)
    return _activation(activity, current, obj.awake_floor, Reason.ACTIVATED)


def _rest(obj: ScaledObject, memory: Memory, current: int, at: datetime, holds: tuple[Hold, ...]) -> Activation:
    bed = obj.idle_replicas if obj.idle_replicas is not None else 0
    may_rest = (obj.idle_replicas is not None and current > bed) or (current > 0 and obj.min_replicas == 0)
    if not may_rest:
        return _repair(obj, Activity.IDLE, current, Reason.SCALER_NOT_ACTIVE)
    if obj.pause.scale_in:
        return _activation(Activity.IDLE, current, current, Reason.PAUSED_SCALE_IN)
    if not has_cooled(obj, memory, at):
        return _activation(Activity.COOLING, current, current, Reason.SCALER_COOLDOWN)
    if holds:
        return _activation(Activity.IDLE, current, current, _HELD[holds[0].reason], holds[0].detail)
    return _activation(Activity.IDLE, current, bed, Reason.DEACTIVATED)


def _repair(obj: ScaledObject, activity: Activity, current: int, otherwise: Reason) -> Activation:
    """Lift a count below min while nothing is active; an idle count below min is meant to be there (D19, D20)."""
    if obj.idle_replicas is None and current < obj.min_replicas:
        return _activation(activity, current, obj.min_replicas, Reason.REPAIRED)
    return _activation(activity, current, current, otherwise)


def _outage_is_idleness(obj: ScaledObject) -> bool:
    """KEDA's one way to ask for zero during an outage: a fallback of 0 replicas."""
    return obj.fallback is not None and obj.fallback.replicas == 0


def _activation(activity: Activity, before: int, after: int, reason: Reason, detail: str = "") -> Activation:
    step = Step(stage=Stage.ACTIVATE, before=before, after=after, reason=reason, detail=detail)
    return Activation(activity=activity, base=after, step=step)
