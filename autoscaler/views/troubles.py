"""An object's troubles as log events: each is told when it begins and when it ends, with what it comes from."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from autoscaler.core.fallback import failures, stand_in_replicas
from autoscaler.core.seed import ground
from autoscaler.model.objects import Pause
from autoscaler.model.observation import Hold, Missing, MissingReason
from autoscaler.model.record import Decided
from autoscaler.model.text import plain
from autoscaler.views.event import Event, Level, Standing, event

_PAUSED: Final = "autoscaling.keda.sh/paused"
_COUNTED: Final = "autoscaling.keda.sh/paused-replicas"
_WHOLE: Final = frozenset({_PAUSED, _COUNTED})


def trigger_edges(before: Standing, after: Standing, record: Decided, named: Mapping[str, object]) -> Iterator[Event]:
    """Tell which triggers are missing, and which answer again."""
    for trigger, measured in zip(record.obj.triggers, record.seen.measurements, strict=False):
        metric = trigger.ask.metric
        if isinstance(measured, Missing) and before.missing.get(metric) != measured.reason.value:
            fields = {"trigger": metric, "source": str(trigger.ask.question.source)}
            reason, detail = measured.reason.value, measured.detail
            yield event(Level.WARNING, "trigger missing", named, **fields, reason=reason, detail=detail)
    for metric in before.missing.keys() - after.missing.keys():
        yield event(Level.INFO, "trigger answered again", named, trigger=metric)


def other_edges(before: Standing, after: Standing, record: Decided, named: Mapping[str, object]) -> Iterator[Event]:
    """Tell of the formula, holds, pauses and fallback, as each begins and ends."""
    if after.formula and not before.formula and record.obj.modifiers is not None:
        text = plain(record.obj.modifiers.formula.text)
        yield event(Level.WARNING, "formula failed", named, formula=text, detail=broken_formula(record))
    elif before.formula and not after.formula:
        yield event(Level.INFO, "formula worked again", named)
    yield from _hold_edges(before, after, record, named)
    yield from _pause_edges(before, after, record, named)
    yield from _fallback_edges(before, after, record, named)


def _hold_edges(before: Standing, after: Standing, record: Decided, named: Mapping[str, object]) -> Iterator[Event]:
    """Tell of holds once each: where one follows the other, the object is held all the while."""
    for hold in _by_reason(record.seen.holds):
        if hold.reason.value in after.holds - before.holds:
            yield event(Level.INFO, "hold began", named, reason=hold.reason.value, detail=hold.detail)
    for reason in sorted(before.holds - after.holds):
        yield event(Level.INFO, "hold ended", named, reason=reason)


def _pause_edges(before: Standing, after: Standing, record: Decided, named: Mapping[str, object]) -> Iterator[Event]:
    effects = pauses(record.obj.pause)
    for annotation in sorted(after.paused - before.paused):
        yield event(Level.INFO, "paused", named, annotation=annotation, effect=effects[annotation])
    for annotation in sorted(before.paused - after.paused):
        if not (annotation in _WHOLE and after.paused & _WHOLE):  # one pause in the place of another resumes nothing
            yield event(Level.INFO, "resumed", named, annotation=annotation)


def _fallback_edges(before: Standing, after: Standing, record: Decided, named: Mapping[str, object]) -> Iterator[Event]:
    rule, seen = record.obj.fallback, record.seen
    for index in record.decision.fallbacks:
        metric = record.obj.triggers[index].ask.metric
        if rule is None or metric in before.fallback:
            continue
        known = ground(record.obj, record.memory, seen).memory
        counts = failures(record.obj, known, seen.measurements, seen.slots)
        fields = {"trigger": metric, "failures": counts[index], "threshold": rule.threshold}
        asked = {"replicas": stand_in_replicas(rule, seen.scale.spec), "behavior": rule.behavior.value}
        yield event(Level.WARNING, "fallback began", named, **fields, **asked)
    for metric in sorted(before.fallback - after.fallback):
        yield event(Level.INFO, "fallback ended", named, trigger=metric)


def pauses(pause: Pause) -> dict[str, str]:
    """Give the annotations that pause an object, each with what follows."""
    found: dict[str, str] = {}
    if pause.replicas is not None:
        found[_COUNTED] = f"nothing is measured; {pause.replicas} replicas are written once, and left alone after that"
    elif pause.uncounted:
        found[_COUNTED] = "it is no count: nothing is measured, and the count stays"
    elif pause.paused:
        found[_PAUSED] = "nothing is measured, and the count stays"
    if pause.scale_in:
        found["autoscaling.keda.sh/paused-scale-in"] = "it grows and never shrinks"
    if pause.scale_out:
        found["autoscaling.keda.sh/paused-scale-out"] = "it shrinks and never grows, except to minReplicaCount"
    return found


def held(before: Standing, record: Decided) -> frozenset[str]:
    """Give the holds that are said of an object: all that last, once one of them has changed a decision.

    Where nothing wanted to fall, the source's own line is enough.
    """
    lasting = frozenset(hold.reason.value for hold in record.seen.holds)
    felt = lasting & {step.reason.value for step in record.decision.steps}
    return lasting if felt or before.holds else frozenset()


def _by_reason(holds: Iterable[Hold]) -> Iterable[Hold]:
    return {hold.reason: hold for hold in holds}.values()


def broken_formula(record: Decided) -> str | None:
    """Say why the formula gives no number; None where it gives one, and where a missing trigger is told already."""
    found = record.decision.composite
    return found.detail if isinstance(found, Missing) and found.reason is MissingReason.FORMULA else None
