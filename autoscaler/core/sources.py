"""The source guard: a source's state from its answers, and what follows for the objects that ask it.

Pure: every history is a value, so a round can be replayed. Not built here: proof of life per trigger, and skipping the
recovery after a short outage whose history is known to be kept.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from autoscaler.core.cadence import longest_interval
from autoscaler.core.signs import (
    PREVIOUS,
    Crowd,
    GuardSettings,
    SourceHistory,
    hear,
    is_degraded,
    probe_is_well,
    probe_ratio,
    show,
)
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import Ask, ScaledObject, Source
from autoscaler.model.observation import Hold, HoldReason, Measurement, Missing, MissingReason, Origin, Sample
from autoscaler.model.source import Sign, SourceHealth, SourceState
from autoscaler.model.turn import Report

_SAVED_WITHIN = timedelta(seconds=60)
_DISTRUST = timedelta(hours=1)
_STALE = timedelta(seconds=60)
_DEFAULTS = GuardSettings()


def judge(
    guard: Mapping[Source, SourceHistory],
    reports: Sequence[Report],
    at: datetime,
    settings: GuardSettings = _DEFAULTS,
    *,
    crowd: Crowd = Crowd(),  # noqa: B008  a frozen value
    horizons: Mapping[Source, timedelta] | None = None,
) -> Mapping[Source, SourceHistory]:
    """Fold one cohort's reports into the histories of its sources; the others stay as they are.

    ``horizons`` is the longest recovery time by source (see ``horizons``); without it the minimum counts.
    A source that is heard for the first time starts as recovering. Sources without an address are not guarded.
    """
    after = dict(guard)
    for report in reports:
        if not report.source.addresses:
            continue
        horizon = (horizons or {}).get(report.source, settings.recovery_min)
        past = after.get(report.source) or _begin(at, horizon)
        now = max(at, past.judged_at)
        heard = hear(past, report, now, settings, crowd)
        after[report.source] = _move(show(heard, now, settings, crowd), past, now, settings, horizon)
    return after


def resume(
    saved: Mapping[Source, SourceState], saved_at: datetime, started: datetime, settings: GuardSettings = _DEFAULTS
) -> Mapping[Source, SourceHistory]:
    """Give the histories of a process that starts or becomes leader: recovering, unless saved ok and just now."""
    return {source: _resumed(state, saved_at, started, settings) for source, state in saved.items()}


def state_of(history: SourceHistory) -> SourceState:
    """Give what sinks see of a history."""
    return SourceState(
        health=history.health,
        since=history.since,
        signs=history.signs if history.health is SourceHealth.BLIND else frozenset(),
        clear_at=history.clear_at if history.health is SourceHealth.RECOVERING else None,
        up=history.probe.up if history.probe is not None else None,
        detail=history.detail,
    )


def horizons(objects: Iterable[ScaledObject], settings: GuardSettings = _DEFAULTS) -> Mapping[Source, timedelta]:
    """Give each source's longest recovery time; for the loop to keep and renew when objects change."""
    longest: dict[Source, timedelta] = {}
    for obj in objects:
        for trigger in obj.triggers:
            source, span = trigger.ask.question.source, recovery(trigger.ask, settings)
            longest[source] = max(span, longest.get(source, span))
    return longest


def recovery(ask: Ask, settings: GuardSettings = _DEFAULTS) -> timedelta:
    """Give H: how long a query's own past must be believed before its answer may shrink anything."""
    return min(max(ask.looks_back or timedelta(0), settings.recovery_min), settings.recovery_max)


def holds(
    obj: ScaledObject, guard: Mapping[Source, SourceHistory], at: datetime, settings: GuardSettings = _DEFAULTS
) -> tuple[Hold, ...]:
    """Give the guard's word on one object, at most one hold for each source and reason."""
    if not obj.guard_source:
        return ()
    found: dict[tuple[Source, HoldReason], Hold] = {}
    for index, trigger in enumerate(obj.triggers):
        source = trigger.ask.question.source
        if source.addresses and (hold := _hold(obj, index, guard.get(source), at, settings)) is not None:
            known = found.get((source, hold.reason))
            found[source, hold.reason] = hold if known is None else _later(known, hold)
    return tuple(found.values())


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


def _begin(at: datetime, horizon: timedelta) -> SourceHistory:
    return SourceHistory(health=SourceHealth.RECOVERING, since=at, judged_at=at, clear_at=at + horizon)


def _resumed(state: SourceState, saved_at: datetime, started: datetime, settings: GuardSettings) -> SourceHistory:
    if state.health is SourceHealth.OK and started - saved_at < _SAVED_WITHIN:
        return SourceHistory(health=SourceHealth.OK, since=state.since, judged_at=started, trusted_at=state.since)
    begun = _begin(started, settings.recovery_min)
    if state.health is SourceHealth.BLIND:
        return replace(begun, incident_at=state.since, signed_at=saved_at)
    if state.health is SourceHealth.RECOVERING:
        return replace(begun, incident_at=state.since, signed_at=state.since)
    return begun


def _move(
    heard: SourceHistory, past: SourceHistory, at: datetime, settings: GuardSettings, horizon: timedelta
) -> SourceHistory:
    """The table of states: where ``past`` goes on what was ``heard``."""
    heard = _doubt(heard, at, settings)
    if heard.doubted_at is not None and at - heard.doubted_at >= settings.max_doubt:
        return _give_in(heard, at, settings)
    if heard.signs:
        return _blind(heard, past, at)
    match heard.health:
        case SourceHealth.BLIND if heard.signed_at is not None and at - heard.signed_at >= 2 * settings.beat:
            recovering = SourceHealth.RECOVERING
            return replace(heard, health=recovering, since=at, clear_at=at + horizon, doubted_at=None, detail="")
        case SourceHealth.BLIND:
            return replace(heard, signs=past.signs)
        case SourceHealth.RECOVERING if at - heard.since < horizon:
            return replace(heard, clear_at=heard.since + horizon)
        case SourceHealth.RECOVERING:
            return _settle(replace(heard, trusted_at=at, clear_at=None), at, settings)
        case SourceHealth.OK | SourceHealth.DEGRADED:
            return _settle(heard, at, settings)


def _doubt(heard: SourceHistory, at: datetime, settings: GuardSettings) -> SourceHistory:
    """Since when E or P stands alone; a pause between two signs does not end it, company does."""
    if not heard.signs:
        return heard
    alone = heard.signs in (frozenset({Sign.EMPTY}), frozenset({Sign.PROBE}))
    return replace(heard, doubted_at=(heard.doubted_at or at) if alone else None)


def _give_in(heard: SourceHistory, at: datetime, settings: GuardSettings) -> SourceHistory:
    """The end of doubt: what was seen is believed, distrust included. E without a probe only stops being a sign."""
    names = " and ".join(sorted(sign.value for sign in heard.signs))
    quiet = replace(heard, signs=frozenset(), emptied=frozenset(), doubted_at=None)
    if Sign.EMPTY in heard.signs and not probe_is_well(heard, at):
        return quiet
    ratio = probe_ratio(heard.probe) if heard.probe is not None else None
    return replace(
        quiet,
        health=SourceHealth.OK,
        since=at,
        trusted_at=at,
        incident_at=None,
        signed_at=None,
        clear_at=None,
        peaks=((at, ratio),) if ratio is not None else (),
        probe_answered_at=None if ratio is None else heard.probe_answered_at,
        detail=f"believed after {settings.max_doubt} of sign {names} alone",
    )


def _blind(heard: SourceHistory, past: SourceHistory, at: datetime) -> SourceHistory:
    over = past.trusted_at is not None and at - past.trusted_at >= _DISTRUST and past.health is not SourceHealth.BLIND
    incident_at = at if heard.incident_at is None or over else heard.incident_at
    since = heard.since if heard.health is SourceHealth.BLIND else at
    detail = " and ".join(sorted(_SAID[sign] for sign in heard.signs))
    return replace(
        heard,
        health=SourceHealth.BLIND,
        since=since,
        signed_at=at,
        incident_at=incident_at,
        clear_at=None,
        detail=detail,
    )


_SAID = {
    Sign.FAILING: "every request of the last two beats failed",
    Sign.PROBE: "the probe is empty or below half its baseline",
    Sign.EMPTY: "many triggers turned empty at once",
}


def _settle(heard: SourceHistory, at: datetime, settings: GuardSettings) -> SourceHistory:
    health = SourceHealth.DEGRADED if is_degraded(heard, at, settings) else SourceHealth.OK
    if health is heard.health:
        return heard
    detail = "some requests fail, or answers are partial" if health is SourceHealth.DEGRADED else ""
    return replace(heard, health=health, since=at, detail=detail)


def _hold(
    obj: ScaledObject, index: int, history: SourceHistory | None, at: datetime, settings: GuardSettings
) -> Hold | None:
    source = obj.triggers[index].ask.question.source
    if history is None:
        return Hold(reason=HoldReason.SOURCE_RECOVERING, detail=f"{source} has not been heard yet")
    told = history.told.get((obj.key, index))
    match history.health:
        case SourceHealth.BLIND:
            until = history.doubted_at and history.doubted_at + settings.max_doubt
            return Hold(reason=HoldReason.SOURCE_BLIND, detail=f"{source}: {history.detail}", until=until)
        case SourceHealth.RECOVERING if at < (clear := history.since + recovery(obj.triggers[index].ask, settings)):
            first = history.incident_at is None
            why = "was first asked a moment ago" if first else "is back, and the query still sees the gap"
            return Hold(reason=HoldReason.SOURCE_RECOVERING, detail=f"{source} {why}", until=clear)
        case _ if told is not None and told.partial:
            return Hold(reason=HoldReason.SOURCE_PARTIAL, detail=f"{source} gave a partial answer")
        case _:
            return None


def _later(one: Hold, other: Hold) -> Hold:
    """Of two holds with one cause the one that lasts longer; an unknown end is the longest."""
    if one.until is None or other.until is None:
        return one if one.until is None else other
    return one if one.until >= other.until else other


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
    if trusted and history.trusted_at is not None and at - history.trusted_at >= _DISTRUST:
        return False
    return history.incident_at - recent <= past.data_at < history.signed_at


def _past(memory: Memory, index: int) -> TriggerMemory:
    return memory.triggers[index] if index < len(memory.triggers) else TriggerMemory()
