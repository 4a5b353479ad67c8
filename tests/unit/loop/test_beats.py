"""When beats come."""

from datetime import timedelta

import pytest

from autoscaler.loop.beats import next_beat
from tests.unit.builders import START, at

QUARTER = timedelta(milliseconds=250)


@pytest.mark.parametrize(("now", "expected"), [(0, 0.25), (0.1, 0.25), (0.249, 0.25), (0.25, 0.5), (7.9, 8.0)])
def test_beats_lie_on_the_multiples_of_the_interval(now: float, expected: float):
    """The next beat is the first multiple of 250 ms of steady time that lies ahead."""
    assert next_beat(at(now), QUARTER) == at(expected)


def test_a_shorter_interval_has_its_own_grid():
    """Where an object polls more often than every 250 ms, the beat follows it."""
    assert next_beat(START, timedelta(milliseconds=100)) == at(0.1)
