"""When the next beat is: the multiples of the beat interval on steady time, as APScheduler asks for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from autoscaler.loop.ports import Clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_beat(now: datetime, interval: timedelta) -> datetime:
    """Give the first multiple of ``interval`` after ``now``."""
    return EPOCH + ((now - EPOCH) // interval + 1) * interval


class Beats:
    """The beat as an APScheduler trigger; the interval may change while it runs.

    APScheduler counts wall time, so what is answered is the scheduler's own now plus what is left on steady time.
    """

    def __init__(self, clock: Clock, interval: Callable[[], timedelta]) -> None:
        self._clock = clock
        self._interval = interval

    def wait(self) -> timedelta:
        """Give how long it is until the next beat."""
        now = self._clock.now()
        return next_beat(now, self._interval()) - now
