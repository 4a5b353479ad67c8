"""When the next beat is: the multiples of the beat interval on steady time, as APScheduler asks for it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from autoscaler.loop.ports import Clock

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def next_beat(now: datetime, interval: timedelta) -> datetime:
    """Give the first multiple of ``interval`` after ``now``."""
    return EPOCH + ((now - EPOCH) // interval + 1) * interval


class Beats:
    """When the next beat is due, for a scheduler that only knows the machine's time; the interval may change."""

    def __init__(self, clock: Clock, interval: Callable[[], timedelta]) -> None:
        self._clock = clock
        self._interval = interval

    def wait(self) -> timedelta:
        """Give how long the machine must wait for the next beat."""
        return self._clock.until(next_beat(self._clock.now(), self._interval()))
