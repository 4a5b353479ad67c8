"""What would change the count next, where the record alone can tell: one trigger with an AverageValue target."""

from collections.abc import Iterator

from autoscaler.core.limits import behavior_in_force
from autoscaler.model.objects import TargetType
from autoscaler.model.observation import Sample
from autoscaler.model.record import Decided
from autoscaler.views.words import reading, span


def outlook(record: Decided) -> str:
    """Say at which values the count would change; empty where more than one number decides."""
    obj = record.obj
    simple = len(obj.triggers) == 1 and obj.modifiers is None and not obj.pause.full and not record.seen.holds
    if not simple or obj.triggers[0].ask.target.type is not TargetType.AVERAGE_VALUE:
        return ""
    if not record.seen.measurements or not isinstance(record.seen.measurements[0], Sample):
        return ""
    if record.decision.desired == 0:
        return f"wakes above {obj.triggers[0].ask.activation:g}"
    return "; ".join(_changes(record))


def _changes(record: Decided) -> Iterator[str]:
    obj, count = record.obj, record.decision.desired
    wanted = obj.triggers[0].ask.target.amount
    rules = behavior_in_force(obj)
    down, up = (rules.scale_down.tolerance, rules.scale_up.tolerance) if rules else (obj.tolerance, obj.tolerance)
    window = rules.scale_down.window if rules else obj.downscale_window
    if count < obj.max_replicas:
        yield f"more above {reading(round(wanted * count * (1 + up)))}"
    if count > obj.awake_floor:
        yield f"fewer {_below(wanted, count, down)}" + (f" for {span(window)}" if window else "")
    rest = obj.idle_replicas if obj.idle_replicas is not None else 0
    if obj.idle_replicas is not None or obj.min_replicas == 0:
        name = "zero" if rest == 0 else f"{rest}, the idle count,"
        yield f"{name} after {span(obj.cooldown)} at {obj.triggers[0].ask.activation:g} or less"


def _below(wanted: int, count: int, tolerance: float) -> str:
    """Give the value under which a pod fewer would do, and which the tolerance does not swallow."""
    enough, tolerated = wanted * (count - 1), wanted * count * (1 - tolerance)
    return f"at {reading(enough)} or less" if enough < tolerated else f"below {reading(round(tolerated))}"
