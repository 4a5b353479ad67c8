"""What is believed of what was measured: no zero of a blind source, nothing of a distrusted trigger, nothing stale.

Source: decisions D5 and D38; guards, section 1.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from autoscaler.core.cadence import longest_interval
from autoscaler.core.signs import PREVIOUS, SourceHistory
from autoscaler.core.sources import DISTRUST
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import ScaledObject, Source
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample
from autoscaler.model.source import SourceHealth

_STALE = timedelta(seconds=60)


def believe(
    obj: ScaledObject,
    measurements: Sequence[Measurement],
    memory: Memory,
    guard: Mapping[Source, SourceHistory],
    at: datetime,
) -> tuple[Measurement, ...]:
    """Turn what must not be believed into Missing: zeros of blind sources and distrusted triggers, and stale answers.

    Source: decisions D5 and D38; guards, section 1.
    """
    stale_before = at - 2 * longest_interval(obj) - _STALE
    return tuple(
        _believe(obj, index, found, _past(memory, index), guard, at, stale_before)
        for index, found in enumerate(measurements)
    )


def _believe(
    obj: ScaledObject,
    index: int,
    found: Measurement,
    past: TriggerMemory,
    guard: Mapping[Source, SourceHistory],
    at: datetime,
    stale_before: datetime,
) -> Measurement:
    if not isinstance(found, Sample):
        return found
    source = obj.triggers[index].ask.question.source
    if found.origin is Origin.NULL_AS_ZERO and obj.guard_source and (history := guard.get(source)) is not None:
        if history.question is not None and (obj.key, index) in history.question.voices:
            detail = f"no data since a moment ago; {source} is asked whether it kept its history"
            return Missing(reason=MissingReason.BLIND, detail=detail)
        return _believe_zero(found, past, source, history, at, max(PREVIOUS, 2 * obj.polling_interval))
    if found.origin is not Origin.MEASURED:
        return found
    if past.answered_at is not None and found.at <= past.answered_at:
        detail = f"{source} answered as of {found.at}, no later than the answer before"
        return Missing(reason=MissingReason.STALE, detail=detail)
    if found.at < stale_before:
        return Missing(reason=MissingReason.STALE, detail=f"{source} answered as of {found.at}, asked at {at}")
    return found


def _believe_zero(
    found: Sample, past: TriggerMemory, source: Source, history: SourceHistory, at: datetime, recent: timedelta
) -> Measurement:
    if history.health is SourceHealth.BLIND:
        return Missing(reason=MissingReason.BLIND, detail=f"no data, and {source} is blind: {history.detail}")
    if _is_distrusted(past, history, at, recent):
        return Missing(reason=MissingReason.BLIND, detail=f"no data since {source} was blind at {history.signed_at}")
    return found


def _is_distrusted(past: TriggerMemory, history: SourceHistory, at: datetime, recent: timedelta) -> bool:
    """Whether the trigger had data when the source went blind and has not answered with data since."""
    if past.data_at is None or history.incident_at is None or history.signed_at is None:
        return False
    trusted = history.health in (SourceHealth.OK, SourceHealth.DEGRADED) and history.trusted_at is not None
    if trusted and history.trusted_at is not None and at - history.trusted_at >= DISTRUST:
        return False
    return history.incident_at - recent <= past.data_at < history.signed_at


def _past(memory: Memory, index: int) -> TriggerMemory:
    return memory.triggers[index] if index < len(memory.triggers) else TriggerMemory()
