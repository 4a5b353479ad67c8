"""Data that vanishes: before an empty answer is read as zero, the source is asked whether it kept its history.

A store that restarts empty within a beat fails no two requests and may look well to the next probe; only its past
gives it away. It is asked for the targets of a moment at which its probe counted them (guards, section 1).
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from autoscaler.model.objects import ObjectKey
from autoscaler.model.turn import Probe, Report
from autoscaler.model.value import value

Voice: TypeAlias = tuple[ObjectKey, int]
_ENOUGH = 2  # half of the targets of then must still be there
_PROBE_WITHIN = timedelta(minutes=10)


@value
class Question:
    """Whether a source still holds the ``targets`` that its probe counted at ``of``.

    ``voices`` are the triggers whose data vanished at or after ``since``; their zeros wait for the answer.
    """

    since: datetime
    of: datetime
    targets: float
    voices: frozenset[Voice]


def ask(turned: tuple[Voice, ...], probe: Probe | None, probed_at: datetime | None, at: datetime) -> Question | None:
    """Ask because of the triggers that ``turned`` empty; None where no probe tells what should be there."""
    if not turned or probe is None or not probe.count or probed_at is None or at - probed_at > _PROBE_WITHIN:
        return None
    return Question(since=at, of=probed_at, targets=probe.count, voices=frozenset(turned))


def joined(question: Question, turned: tuple[Voice, ...]) -> Question:
    """Let more triggers wait for the same answer."""
    return replace(question, voices=question.voices | frozenset(turned)) if turned else question


def is_answered(question: Question, report: Report) -> bool:
    """Say whether a report answers the question; a request that failed answers nothing."""
    return report.kept is not None and report.probe is not None and report.kept.asked_at >= question.since


def shows_loss(question: Question, report: Report) -> bool:
    """Say whether the answer shows that the history is gone."""
    found = report.kept.count if report.kept is not None else None
    return found is None or found * _ENOUGH < question.targets
