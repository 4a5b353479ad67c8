"""What a source's answers say about the source: its history, and the signs F, P and E in it (guards, section 1).

Everything is folded answer by answer; nothing here walks over triggers that were not asked, but for one flat copy.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TypeAlias

from autoscaler.core.outages import Outage
from autoscaler.core.vanished import Question
from autoscaler.model.objects import ObjectKey
from autoscaler.model.source import Sign, SourceHealth
from autoscaler.model.turn import Heard, Probe, Reply, Report
from autoscaler.model.value import value

Voice: TypeAlias = tuple[ObjectKey, int]

PREVIOUS = timedelta(minutes=5)
_PROBE_WITHIN = timedelta(minutes=10)
_RESTED_WITHIN = timedelta(minutes=10)
_BASELINE = timedelta(hours=1)
_PEAK_EVERY = timedelta(minutes=1)
_FORGET = timedelta(hours=1)
_FEWEST_TARGETS = 5
_FEWEST_TRIGGERS = 3
_OPERATOR = ""


@value
class GuardSettings:
    """The settings of the source guard: beat, bounds of the recovery time, and the longest doubt."""

    beat: timedelta = timedelta(seconds=15)
    recovery_min: timedelta = timedelta(seconds=60)
    recovery_max: timedelta = timedelta(hours=1)
    max_doubt: timedelta = timedelta(minutes=10)


@value
class Crowd:
    """Who asks: the objects that are at zero now, and those whose author is a tenant (S8)."""

    asleep: frozenset[ObjectKey] = frozenset()
    tenants: frozenset[ObjectKey] = frozenset()


@value
class Told:
    """What one trigger was last told: ``answered_at`` is its last answer with or without data, None before the first.

    ``rested_at`` is when its object was last seen at zero, None where it was not.
    """

    heard_at: datetime
    answered_at: datetime | None = None
    had_data: bool = False
    partial: bool = False
    rested_at: datetime | None = None


@value
class Slice:
    """One report's share of a beat: the triggers that had data before it, and those that it left empty."""

    at: datetime
    had: tuple[Voice, ...]
    turned: tuple[Voice, ...]


@value
class SourceHistory:
    """All that is known of one source.

    ``signed_at`` is when a sign was last seen and ``incident_at`` when the first of this incident was; both None
    outside an incident. ``doubted_at`` is since when E or P stands alone. ``trusted_at`` is the end of the last
    recovery. ``clear_at`` is when recovery ends for the longest query. ``failed_run`` counts failed requests since the
    last success, and ``failure`` says what was wrong with the last one. ``peaks`` are the best probe ratios of the last
    hour while ok, by minute. ``emptied`` are the triggers that E stands on. ``outage`` is what queries may still see of
    it, None where there was none or its length is not known, as at the start.
    """

    health: SourceHealth
    since: datetime
    judged_at: datetime
    clear_at: datetime | None = None
    signs: frozenset[Sign] = frozenset()
    signed_at: datetime | None = None
    incident_at: datetime | None = None
    doubted_at: datetime | None = None
    trusted_at: datetime | None = None
    detail: str = ""
    succeeded_at: datetime | None = None
    failed_at: datetime | None = None
    failed_run: int = 0
    failure: str = ""
    failing: frozenset[str] = frozenset()
    partial_at: datetime | None = None
    probe: Probe | None = None
    probed_at: datetime | None = None
    probe_answered_at: datetime | None = None
    peaks: tuple[tuple[datetime, float], ...] = ()
    emptied: frozenset[Voice] = frozenset()
    slices: tuple[Slice, ...] = ()
    outage: Outage | None = None
    question: Question | None = None
    told: Mapping[Voice, Told] = field(default_factory=lambda: MappingProxyType({}))


def hear(past: SourceHistory, report: Report, at: datetime, settings: GuardSettings, crowd: Crowd) -> SourceHistory:
    """Fold one report into a history, without judging it."""
    heard = _hear_triggers(_hear_probe(_hear_requests(past, report, at, crowd), report, at), report, at, crowd)
    return replace(heard, slices=tuple(s for s in heard.slices if at - s.at < settings.beat), judged_at=at)


def show(history: SourceHistory, at: datetime, settings: GuardSettings, crowd: Crowd) -> SourceHistory:
    """Set ``signs`` to those that the history shows now, and ``emptied`` to what E stands on."""
    low = probe_is_low(history, at)
    fresh = _newly_empty(history, settings, crowd, low=low)
    emptied = fresh | (history.emptied if _still_empty(history, at) else frozenset())
    shown = {
        Sign.FAILING: _fails(history, at, settings),
        Sign.PROBE: low,
        Sign.EMPTY: bool(emptied),
    }
    return replace(history, signs=frozenset(sign for sign, is_shown in shown.items() if is_shown), emptied=emptied)


def is_degraded(history: SourceHistory, at: datetime, settings: GuardSettings) -> bool:
    """Say whether a request failed, or an answer was partial, in the last beat.

    A failure with no success after it lasts until one comes: a source whose every request fails is never ok.
    """
    failed = history.failed_run > 0 or _within(history.failed_at, at, settings.beat)
    return failed or _within(history.partial_at, at, settings.beat)


def probe_is_low(history: SourceHistory, at: datetime) -> bool:
    """Say whether the last probe came back empty or below half of its best in the last hour.

    An empty one counts only if there was an answer in the last ten minutes, or while it is already a sign.
    """
    if history.probe is None:
        return False
    ratio = probe_ratio(history.probe)
    if ratio is None:
        return Sign.PROBE in history.signs or (
            history.probe_answered_at is not None and at - history.probe_answered_at <= _PROBE_WITHIN
        )
    if (history.probe.count or 0) < _FEWEST_TARGETS or not history.peaks:
        return False
    return ratio < max(peak for _, peak in history.peaks) / 2


def probe_is_well(history: SourceHistory, at: datetime) -> bool:
    """Say whether the probe is judged at all and shows nothing bad."""
    answered_at = history.probe_answered_at
    return answered_at is not None and at - answered_at <= _PROBE_WITHIN and not probe_is_low(history, at)


def probe_ratio(probe: Probe) -> float | None:
    """Give the share of targets that are up; None for an empty answer."""
    return probe.up / probe.count if probe.up is not None and probe.count else None


def _hear_requests(past: SourceHistory, report: Report, at: datetime, crowd: Crowd) -> SourceHistory:
    if not report.requests:
        return past
    if report.failure:
        past = replace(past, failure=report.failure)
    if report.failures < report.requests:
        failed_at = at if report.failures else past.failed_at
        return replace(past, succeeded_at=at, failed_at=failed_at, failed_run=0, failing=frozenset())
    groups = _groups((h.key for h in report.heard if h.reply is Reply.FAILED), crowd) or {_OPERATOR}
    run = past.failed_run + report.failures
    return replace(past, failed_at=at, failed_run=run, failing=past.failing | groups)


def _hear_probe(past: SourceHistory, report: Report, at: datetime) -> SourceHistory:
    if report.probe is None:
        return past
    ratio = probe_ratio(report.probe)
    heard = replace(past, probe=report.probe, probed_at=at)
    if ratio is None:
        return heard
    heard = replace(heard, probe_answered_at=at)
    if past.health is not SourceHealth.OK or (report.probe.count or 0) < _FEWEST_TARGETS or probe_is_low(heard, at):
        return heard
    return replace(heard, peaks=_with_peak(past.peaks, at, ratio))


def _with_peak(
    peaks: tuple[tuple[datetime, float], ...], at: datetime, ratio: float
) -> tuple[tuple[datetime, float], ...]:
    kept = tuple((when, peak) for when, peak in peaks if at - when <= _BASELINE)
    if kept and at - kept[-1][0] < _PEAK_EVERY:
        return (*kept[:-1], (kept[-1][0], max(kept[-1][1], ratio)))
    return (*kept, (at, ratio))


def _hear_triggers(past: SourceHistory, report: Report, at: datetime, crowd: Crowd) -> SourceHistory:
    if not report.heard:
        return past
    told, had, turned = dict(past.told), list[Voice](), list[Voice]()
    for heard in report.heard:
        voice = (heard.key, heard.trigger)
        before = told.pop(voice, None) or Told(heard_at=at)
        after = told[voice] = _retell(before, heard, at, rests=heard.key in crowd.asleep)
        if _counts(before, after, at):
            had.append(voice)
            if heard.reply is Reply.EMPTY:
                turned.append(voice)
    partial_at = at if any(h.reply is Reply.PARTIAL for h in report.heard) else past.partial_at
    slices = (*past.slices, Slice(at=at, had=tuple(had), turned=tuple(turned)))
    return replace(past, told=_prune(told, at), slices=slices, partial_at=partial_at)


def _retell(before: Told, heard: Heard, at: datetime, *, rests: bool) -> Told:
    rested_at = at if rests else before.rested_at
    match heard.reply:
        case Reply.DATA | Reply.PARTIAL:
            partial = heard.reply is Reply.PARTIAL
            return Told(heard_at=at, answered_at=at, had_data=True, partial=partial, rested_at=rested_at)
        case Reply.EMPTY:
            return Told(heard_at=at, answered_at=at, rested_at=rested_at)
        case Reply.REFUSED | Reply.FAILED:
            return replace(before, heard_at=at, partial=False, rested_at=rested_at)


def _counts(before: Told, after: Told, at: datetime) -> bool:
    """Whether a reply bears on E: data in the previous answer, not too long ago, and no zero of our own making."""
    if not before.had_data or before.answered_at is None or after.answered_at != at:
        return False
    return at - before.answered_at <= PREVIOUS and not _rests(after, at)


def _rests(told: Told, at: datetime) -> bool:
    return told.rested_at is not None and at - told.rested_at <= _RESTED_WITHIN


def _prune(told: dict[Voice, Told], at: datetime) -> Mapping[Voice, Told]:
    """Forget triggers that were not heard for an hour; the one heard longest ago stands first."""
    while at - told[oldest := next(iter(told))].heard_at > _FORGET:
        del told[oldest]
    return told


def _fails(history: SourceHistory, at: datetime, settings: GuardSettings) -> bool:
    """F. Requests rarer than a beat are judged by the last two; tenants of one namespace need a silent probe too."""
    two_beats = 2 * settings.beat
    if history.failed_run < 2 or _within(history.succeeded_at, at, two_beats):
        return False
    silent = history.probed_at is not None and at - history.probed_at >= two_beats
    return _is_crowd(history.failing) or silent


def _newly_empty(history: SourceHistory, settings: GuardSettings, crowd: Crowd, *, low: bool) -> frozenset[Voice]:
    """E, as it begins: the triggers of the last beat that turned empty, if they are enough; else none."""
    told = history.told
    turned = {v for s in history.slices for v in s.turned if not told[v].had_data}
    if len(turned) < _FEWEST_TRIGGERS or len({key for key, _ in turned}) < 2:
        return frozenset()
    had = {v for s in history.slices for v in s.had}
    if 2 * len(turned) <= len(had) or not (low or _is_crowd(_groups((key for key, _ in turned), crowd))):
        return frozenset()
    return frozenset(turned)


def _still_empty(history: SourceHistory, at: datetime) -> bool:
    """E lasts while more than half of the triggers it stands on are empty, those at rest left out."""
    waiting = [told for v in history.emptied if (told := history.told.get(v)) is not None and not _rests(told, at)]
    return 2 * sum(not told.had_data for told in waiting) > len(waiting)


def _groups(keys: Iterable[ObjectKey], crowd: Crowd) -> set[str]:
    return {key.namespace if key in crowd.tenants else _OPERATOR for key in keys}


def _is_crowd(groups: frozenset[str] | set[str]) -> bool:
    return _OPERATOR in groups or len(groups) >= 2


def _within(when: datetime | None, at: datetime, span: timedelta) -> bool:
    return when is not None and at - when < span
