"""Steady time: never back, and what it does when the wall steps."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from autoscaler.loop.clock import FastClock, SystemClock

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@dataclass
class Machine:
    """The two readings that the system gives, moved by hand."""

    wall: float = NOON.timestamp()
    boot: float = 1000.0

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall, lambda: self.boot)

    def run(self, seconds: float) -> None:
        self.wall += seconds
        self.boot += seconds


def test_steady_time_starts_at_the_wall_and_runs_with_the_boot_clock():
    """Steady time is the wall at the start plus what the boot clock counted, a suspend included."""
    machine = Machine()
    clock = machine.clock()
    machine.run(90)
    assert clock.now() == NOON + timedelta(seconds=90)


def test_a_small_drift_of_the_wall_is_ignored():
    """A wall that is off by less than a second moves nothing."""
    machine = Machine()
    clock = machine.clock()
    machine.run(10)
    machine.wall += 0.9
    assert clock.now() == NOON + timedelta(seconds=10)


def test_a_wall_that_steps_forward_takes_steady_time_along():
    """After a step forward steady time is the wall again, so that the gap counts as unseen time."""
    machine = Machine()
    clock = machine.clock()
    machine.run(10)
    machine.wall += 3600
    assert clock.now() == NOON + timedelta(seconds=3610)


def test_a_wall_that_steps_back_never_takes_steady_time_back():
    """After a step back steady time goes on, 500 ppm slower, and never repeats an instant."""
    machine = Machine()
    clock = machine.clock()
    machine.run(10)
    machine.wall -= 3600
    before = clock.now()
    machine.run(1000)
    assert clock.now() - before == timedelta(seconds=999.5)


def test_the_wall_is_given_as_it_is():
    """Cron and people see the wall, stepped or not."""
    machine = Machine()
    clock = machine.clock()
    machine.wall -= 3600
    assert clock.wall() == NOON - timedelta(hours=1)


def test_a_fast_clock_runs_at_its_rate_and_waits_accordingly():
    """At rate 15 one second of the machine is fifteen of the clock, and an instant 15 s away is a second's wait."""
    machine = Machine()
    clock = FastClock(15, lambda: machine.wall, lambda: machine.boot)
    machine.run(2)
    assert clock.now() == NOON + timedelta(seconds=30)
    assert clock.until(NOON + timedelta(seconds=45)) == timedelta(seconds=1)
