"""What a source is asked of its own past, and what the answer means: to end a recovery, or to believe an emptiness."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from autoscaler.core import outages, vanished
from autoscaler.core.signs import GuardSettings, SourceHistory
from autoscaler.model.objects import Source
from autoscaler.model.source import Sign, SourceHealth
from autoscaler.model.turn import Report

_PATIENCE = timedelta(seconds=10)  # a probe that hangs on a server that goes down holds the question up for a while


def recalls(
    guard: Mapping[Source, SourceHistory], horizons: Mapping[Source, tuple[timedelta, ...]]
) -> Mapping[Source, datetime]:
    """Give the sources that should show their history, and of which moment: to end a recovery, or to be believed."""
    found: dict[Source, datetime] = {}
    for source, history in guard.items():
        if history.health is SourceHealth.RECOVERING:
            before = outages.asks_about(history.outage, horizons.get(source, ()))
            found |= {source: before} if before is not None else {}
        elif history.question is not None:
            found[source] = history.question.of
    return found


def wonder(
    heard: SourceHistory, past: SourceHistory, report: Report, at: datetime, settings: GuardSettings
) -> SourceHistory:
    """When data vanishes from a source that is well, ask for its history; a history that is gone is a sign."""
    turned = heard.slices[-1].turned if report.heard and heard.slices else ()
    question = past.question
    if question is None:
        well = past.health in (SourceHealth.OK, SourceHealth.DEGRADED)
        asked = vanished.ask(turned, past.probe, past.probe_answered_at, at) if well else None
        return replace(heard, question=asked) if asked is not None else heard
    if vanished.is_answered(question, report):
        signs = heard.signs | {Sign.PROBE} if vanished.shows_loss(question, report) else heard.signs
        return replace(heard, question=None, signs=signs)
    patience = max(2 * settings.beat, _PATIENCE)
    waits = heard.health is not SourceHealth.BLIND and at - question.since < patience
    return replace(heard, question=vanished.joined(question, turned) if waits else None)
