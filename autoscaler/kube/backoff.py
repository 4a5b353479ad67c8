"""When a refused write is tried again: a second, then longer, up to a minute (R29)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from autoscaler.model.objects import ScaleTarget
from autoscaler.model.record import Failed, Outcome
from autoscaler.model.value import value

FIRST: Final = timedelta(seconds=1)
LONGEST: Final = timedelta(seconds=60)
REFUSALS: Final = frozenset({200, 400, 403, 404, 422})  # 200: stored, but another number; outages are not among them


@value
class _Rest:
    until: datetime
    length: timedelta
    last: Failed


class Backoff:
    """Remembers, per target, which writes were refused."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._rests: dict[ScaleTarget, _Rest] = {}

    def waiting(self, target: ScaleTarget) -> Failed | None:
        """Give the last refusal while it is too early for another attempt, None when one may be made.

        It is given in the same words, so that a refusal that lasts is told once.
        """
        rest = self._rests.get(target)
        return None if rest is None or self._now() >= rest.until else rest.last

    def note(self, target: ScaleTarget, outcome: Outcome) -> None:
        """Lengthen the rest after a refusal, end it after anything else."""
        if not (isinstance(outcome, Failed) and outcome.status in REFUSALS):
            self._rests.pop(target, None)
            return
        before = self._rests.get(target)
        length = min(before.length * 2, LONGEST) if before else FIRST
        self._rests[target] = _Rest(until=self._now() + length, length=length, last=outcome)
