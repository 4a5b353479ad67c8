"""The source guard: a source's state from its answers, and what follows for the objects that ask it.

Pure: every history is a value, so a round can be replayed. Not built here: proof of life per trigger.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from autoscaler.core import outages
from autoscaler.core.histories import wonder
from autoscaler.core.outages import Outage
from autoscaler.core.signs import (
    Crowd,
    GuardSettings,
    SourceHistory,
    hear,
    is_degraded,
    probe_is_well,
    probe_ratio,
    show,
)
from autoscaler.model.objects import Ask, ScaledObject, Source
from autoscaler.model.observation import Hold, HoldReason
from autoscaler.model.source import Sign, SourceHealth, SourceState
from autoscaler.model.turn import Report

_SAVED_WITHIN = timedelta(seconds=60)
DISTRUST = timedelta(hours=1)
_DEFAULTS = GuardSettings()


def judge(
    guard: Mapping[Source, SourceHistory],
    reports: Sequence[Report],
    at: datetime,
    settings: GuardSettings = _DEFAULTS,
    *,
    crowd: Crowd = Crowd(),  # noqa: B008  a frozen value
    horizons: Mapping[Source, tuple[timedelta, ...]] | None = None,
) -> Mapping[Source, SourceHistory]:
    """Fold one cohort's reports into the histories of its sources; the others stay as they are.

    ``horizons`` are the recovery times by source (see ``horizons``); without them the minimum counts.
    A source that is heard for the first time starts as recovering. Sources without an address are not guarded.
    """
    after = dict(guard)
    for report in reports:
        if not report.source.addresses:
            continue
        spans = (horizons or {}).get(report.source, (settings.recovery_min,))
        past = after.get(report.source) or _begin(at, max(spans))
        now = max(at, past.judged_at)
        heard = show(hear(past, report, now, settings, crowd), now, settings, crowd)
        heard = replace(heard, outage=outages.hear_kept(past.outage, report.kept, past.since))
        heard = wonder(heard, past, report, now, settings)
        after[report.source] = _move(heard, past, now, settings, spans)
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


def horizons(
    objects: Iterable[ScaledObject], settings: GuardSettings = _DEFAULTS
) -> Mapping[Source, tuple[timedelta, ...]]:
    """Give the different recovery times on each source; for the loop to keep and renew when objects change."""
    found: dict[Source, set[timedelta]] = {}
    for obj in objects:
        for trigger in obj.triggers:
            found.setdefault(trigger.ask.question.source, set()).add(recovery(trigger.ask, settings))
    return {source: tuple(sorted(spans)) for source, spans in found.items()}


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
    heard: SourceHistory, past: SourceHistory, at: datetime, settings: GuardSettings, spans: tuple[timedelta, ...]
) -> SourceHistory:
    """The table of states: where ``past`` goes on what was ``heard``."""
    heard = _doubt(heard, at, settings)
    if heard.doubted_at is not None and at - heard.doubted_at >= settings.max_doubt:
        return _give_in(heard, at, settings)
    if heard.signs:
        return _blind(heard, past, at, settings)
    match heard.health:
        case SourceHealth.BLIND if heard.signed_at is not None and at - heard.signed_at >= 2 * settings.beat:
            return _recover(heard, at, max(spans))
        case SourceHealth.BLIND:
            return replace(heard, signs=past.signs, outage=outages.calm(heard.outage, at))
        case SourceHealth.RECOVERING if at < (clear := heard.since + outages.longest_wait(heard.outage, spans)):
            return replace(heard, clear_at=clear)
        case SourceHealth.RECOVERING:
            return _trust(heard, at, settings, is_spared=at < heard.since + max(spans))
        case SourceHealth.OK | SourceHealth.DEGRADED:
            return _settle(heard, at, settings)


def _recover(heard: SourceHistory, at: datetime, horizon: timedelta) -> SourceHistory:
    return replace(
        heard,
        health=SourceHealth.RECOVERING,
        since=at,
        clear_at=at + horizon,
        doubted_at=None,
        outage=outages.close(heard.outage),
        detail="",
    )


def _trust(heard: SourceHistory, at: datetime, settings: GuardSettings, *, is_spared: bool) -> SourceHistory:
    """The end of recovery. An outage that was not waited out is remembered: the gaps of an hour count together."""
    settled = _settle(replace(heard, trusted_at=at, clear_at=None), at, settings)
    if not is_spared or heard.outage is None:
        return replace(settled, outage=None)
    seconds = heard.outage.lost.total_seconds()
    return replace(settled, detail=f"its history was kept over an outage of {seconds:.0f} s")


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
        outage=None,
        peaks=((at, ratio),) if ratio is not None else (),
        probe_answered_at=None if ratio is None else heard.probe_answered_at,
        detail=f"believed after {settings.max_doubt} of sign {names} alone",
    )


def _blind(heard: SourceHistory, past: SourceHistory, at: datetime, settings: GuardSettings) -> SourceHistory:
    trusted = past.health in (SourceHealth.OK, SourceHealth.DEGRADED) and past.trusted_at is not None
    over = trusted and past.trusted_at is not None and at - past.trusted_at >= DISTRUST
    incident_at = at if heard.incident_at is None or over else heard.incident_at
    since = heard.since if heard.health is SourceHealth.BLIND else at
    detail = " and ".join(sorted(_said(sign, heard) for sign in heard.signs))
    return replace(
        heard,
        health=SourceHealth.BLIND,
        since=since,
        signed_at=at,
        incident_at=incident_at,
        clear_at=None,
        outage=_outage(past, at, settings, is_over=over),
        detail=detail,
    )


def _outage(past: SourceHistory, at: datetime, settings: GuardSettings, *, is_over: bool) -> Outage | None:
    """What queries may see of blindness at ``at``: it began when all was last well, or even a beat ago."""
    if past.health is SourceHealth.BLIND:
        return outages.seen(past.outage)
    heard_at = (past.succeeded_at, past.probed_at, at - settings.beat)
    well_at = min(when for when in heard_at if when is not None)
    if past.outage is not None and not is_over:
        return outages.again(past.outage, well_at)
    if past.health is SourceHealth.RECOVERING or not probe_is_well(past, at):
        return None
    return outages.begin(well_at, past.probe)


def _said(sign: Sign, heard: SourceHistory) -> str:
    """Say what a sign shows; of failures since when, and the cause of the last one."""
    if sign is not Sign.FAILING:
        return _SAID[sign]
    since = f" since {heard.succeeded_at:%H:%M:%SZ}" if heard.succeeded_at is not None else ""
    return f"no request got a usable answer{since or ' yet'}" + _last(heard)


def _last(heard: SourceHistory) -> str:
    return f" (the last one: {heard.failure})" if heard.failure else ""


_SAID = {
    Sign.PROBE: "the probe is empty or low, or its history is gone",
    Sign.EMPTY: "many triggers turned empty at once",
}


def _settle(heard: SourceHistory, at: datetime, settings: GuardSettings) -> SourceHistory:
    health = SourceHealth.DEGRADED if is_degraded(heard, at, settings) else SourceHealth.OK
    if health is heard.health:
        return heard
    detail = ""
    if health is SourceHealth.DEGRADED:
        failed = heard.failed_at is not None and at - heard.failed_at < settings.beat
        detail = f"requests fail{_last(heard)}" if failed or heard.failed_run else "answers are partial"
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
        case SourceHealth.RECOVERING if at < (clear := _clear_at(history, obj.triggers[index].ask, settings)):
            first = history.incident_at is None
            why = "was first asked a moment ago" if first else "is back, and the query still sees the gap"
            return Hold(reason=HoldReason.SOURCE_RECOVERING, detail=f"{source} {why}", until=clear)
        case _ if told is not None and told.partial:
            return Hold(reason=HoldReason.SOURCE_PARTIAL, detail=f"{source} gave a partial answer")
        case _:
            return None


def _clear_at(history: SourceHistory, ask: Ask, settings: GuardSettings) -> datetime:
    span = recovery(ask, settings)
    return history.since if outages.is_spared(history.outage, span) else history.since + span


def _later(one: Hold, other: Hold) -> Hold:
    """Of two holds with one cause the one that lasts longer; an unknown end is the longest."""
    if one.until is None or other.until is None:
        return one if one.until is None else other
    return one if one.until >= other.until else other
