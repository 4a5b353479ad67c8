"""The system's two clocks; the only file of the loop that asks for the time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

STEP = 1.0  # wall and steady time may part by so many seconds before steady time is anchored anew
SLEW = 500e-6  # how much slower steady time runs while the wall is behind it


def boottime() -> float:
    """Give seconds that never step and go on while the machine sleeps, where the system has such a clock."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()


class SystemClock:
    """Steady time is the wall at the last anchor plus what the boot clock counted since.

    A wall that steps forward by more than a second takes steady time along, which the unseen-time rule then sees as
    a gap. A wall that steps back is never followed: steady time runs 500 ppm slower until the wall has caught up.
    """

    def __init__(self, wall: Callable[[], float] = time.time, boot: Callable[[], float] = boottime) -> None:
        self._wall = wall
        self._boot = boot
        self._steady = wall()
        self._read_at = boot()

    def now(self) -> datetime:
        """Give steady time."""
        read_at = self._boot()
        elapsed = max(0.0, read_at - self._read_at)
        self._read_at = read_at
        wall = self._wall()
        behind = wall - (self._steady + elapsed)
        if behind > STEP:
            self._steady = wall
        elif behind < -STEP:
            self._steady += elapsed * (1 - SLEW)
        else:
            self._steady += elapsed
        return datetime.fromtimestamp(self._steady, UTC)

    def wall(self) -> datetime:
        """Give the machine's own idea of the time."""
        return datetime.fromtimestamp(self._wall(), UTC)

    def until(self, at: datetime) -> timedelta:
        """Give how long the machine must wait for an instant."""
        return at - self.now()


class FastClock:
    """A clock that starts at the machine's time and runs ``rate`` times as fast: for a demo that cannot wait."""

    def __init__(
        self, rate: float, wall: Callable[[], float] = time.time, boot: Callable[[], float] = boottime
    ) -> None:
        self._rate = rate
        self._start = wall()
        self._boot = boot
        self._began = boot()

    def now(self) -> datetime:
        """Give the fast time."""
        return datetime.fromtimestamp(self._start + (self._boot() - self._began) * self._rate, UTC)

    def wall(self) -> datetime:
        """Give the fast time: there is no other here."""
        return self.now()

    def until(self, at: datetime) -> timedelta:
        """Give how long the machine must wait for an instant of fast time."""
        return (at - self.now()) / self._rate
