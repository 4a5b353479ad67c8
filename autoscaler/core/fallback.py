"""What stands in for a metric that keeps failing, and how failures are counted.

Source: KEDA fallback.go, with the counting rule L5 of one loop.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from autoscaler.core.numbers import MILLI, trunc_i64
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import Fallback, FallbackBehavior, MetricKind, MetricTarget, ScaledObject, TargetType
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample, ScaleStatus, Slot
from autoscaler.model.value import value

_NEVER = datetime.fromtimestamp(0, tz=UTC)
_COUNTED = frozenset({Slot.POLL, Slot.SYNC})


@value
class StoodIn:
    """The measurements after fallback.

    ``indices`` are the triggers that a fallback sample stands in for. ``nil`` are those whose variable is nil in the
    formula (behavior ``scalingModifiers``); their measurement stays Missing.
    """

    measurements: tuple[Measurement, ...]
    indices: tuple[int, ...] = ()
    nil: tuple[int, ...] = ()


def stand_in(
    obj: ScaledObject,
    memory: Memory,
    measurements: Sequence[Measurement],
    scale: ScaleStatus,
    slots: frozenset[Slot],
) -> StoodIn:
    """Replace what failed more often than the threshold by the metric that asks for the fallback's replicas.

    A stand-in is dated by the trigger's last data, by the epoch where there was none. With scalingModifiers it is
    already in the unit of the composite, and the first one takes the composite's place.
    A Value target without ready pods has no such metric: it stays Missing.
    """
    if obj.fallback is None or not is_configured(obj):
        return StoodIn(measurements=tuple(measurements))
    counts = failures(obj, memory, measurements, slots)
    after = list(measurements)
    indices: list[int] = []
    nil: list[int] = []
    for index, found in enumerate(measurements):
        if not _fails(obj, index, found) or counts[index] <= obj.fallback.threshold:
            continue
        if obj.fallback.behavior is FallbackBehavior.SCALING_MODIFIERS:
            nil.append(index)
        elif (milli := _milli(_target(obj, index), stand_in_replicas(obj.fallback, scale.spec), scale)) is not None:
            at = _past(memory, index).data_at or _NEVER
            after[index] = Sample(value_milli=milli, active=True, at=at, origin=Origin.FALLBACK)
            indices.append(index)
    return StoodIn(measurements=tuple(after), indices=tuple(indices), nil=tuple(nil))


def failures(
    obj: ScaledObject, memory: Memory, measurements: Sequence[Measurement], slots: frozenset[Slot]
) -> tuple[int, ...]:
    """Count each trigger's failures in a row, this tick's included.

    A failing tick adds one for each slot it serves, the first of a run one, an extra tick none (L5). A blind source's
    substituted zero leaves the count alone (D5); cpu, memory and objects without a usable fallback are not counted.
    """
    if not is_configured(obj):
        return tuple(_past(memory, index).failures for index in range(len(obj.triggers)))
    served = len(slots & _COUNTED)
    return tuple(
        _count(obj, index, found, _past(memory, index).failures, served) for index, found in enumerate(measurements)
    )


def is_configured(obj: ScaledObject) -> bool:
    """Say whether the object has a fallback that can act. Source: KEDA fallback.go, validateFallback."""
    rule = obj.fallback
    return rule is not None and rule.usable and rule.threshold >= 0 and rule.replicas >= 0


def _count(obj: ScaledObject, index: int, found: Measurement, before: int, served: int) -> int:
    if not _fails(obj, index, found):
        return 0
    if isinstance(found, Missing) and found.reason is MissingReason.BLIND:
        return before
    return before + (served if before else min(served, 1))


def _fails(obj: ScaledObject, index: int, found: Measurement) -> bool:
    return isinstance(found, Missing) and obj.triggers[index].ask.kind is MetricKind.EXTERNAL


def _past(memory: Memory, index: int) -> TriggerMemory:
    return memory.triggers[index] if index < len(memory.triggers) else TriggerMemory()


def _target(obj: ScaledObject, index: int) -> MetricTarget:
    return obj.modifiers.target if obj.modifiers is not None else obj.triggers[index].ask.target


def stand_in_replicas(rule: Fallback, current: int) -> int:
    """Give the replicas that a metric which keeps failing asks for."""
    match rule.behavior:
        case FallbackBehavior.CURRENT:
            return current
        case FallbackBehavior.CURRENT_IF_HIGHER:
            return max(current, rule.replicas)
        case FallbackBehavior.CURRENT_IF_LOWER:
            return min(current, rule.replicas)
        case FallbackBehavior.STATIC | FallbackBehavior.SCALING_MODIFIERS:
            return rule.replicas


def _milli(target: MetricTarget, replicas: int, scale: ScaleStatus) -> int | None:
    """Give the metric that makes the HPA arrive at ``replicas``, cut to thousandths; None without ready pods.

    In doubles and in KEDA's order, so that 45 thousandths times 7 over 5 pods are 62. What does not fit into 64 bits
    saturates (D12). Source: KEDA fallback.go, doFallback.
    """
    pods = 1
    if target.type is TargetType.VALUE:
        pods = scale.pods.ready if scale.pods is not None else 0
    if pods == 0:
        return None
    return trunc_i64(target.amount * MILLI * 1000.0 * (replicas / pods))
