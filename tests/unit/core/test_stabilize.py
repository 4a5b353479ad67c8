"""How far earlier recommendations hold the new one back, and how they are kept."""

import random
from collections.abc import Callable

import pytest

from autoscaler.core.stabilize import LONGEST, record, stabilize, stabilize_legacy
from autoscaler.model.decision import Reason, Stage, Step
from autoscaler.model.memory import Recommendation
from tests.unit.builders import a_behavior, at, rules, seconds

READY, UP, DOWN = Reason.READY_FOR_NEW_SCALE, Reason.SCALE_UP_STABILIZED, Reason.SCALE_DOWN_STABILIZED


def past(*pairs: tuple[int, float]) -> tuple[Recommendation, ...]:
    return tuple(Recommendation(replicas=count, at=at(when)) for count, when in pairs)


def windows(up: float, down: float):
    return a_behavior(up=rules(window=up), down=rules(window=down))


@pytest.mark.parametrize(
    ("wanted", "current", "after", "reason"),
    [
        (12, 4, 5, UP),
        (4, 4, 4, READY),
        (5, 5, 5, READY),
        (3, 8, 8, DOWN),
        (3, 10, 9, DOWN),
        (12, 12, 12, READY),
    ],
)
def test_the_window_keeps_near_the_current_count(wanted: int, current: int, after: int, reason: Reason):
    """The count moves only as far as every recommendation of the window agrees, and never against its direction."""
    step = stabilize(wanted, current, past((5, 50), (9, 70)), windows(60, 60), at(100))
    assert step == Step(stage=Stage.STABILIZE, before=wanted, after=after, reason=reason)


def test_an_entry_as_old_as_the_window_is_out():
    """With a behavior an entry that is exactly as old as the window no longer counts."""
    assert stabilize(3, 8, past((8, 40)), windows(0, 60), at(100)).after == 3
    assert stabilize(3, 8, past((8, 40.001)), windows(0, 60), at(100)).after == 8
    assert stabilize(9, 4, past((5, 40)), windows(60, 0), at(100)).after == 9
    assert stabilize(9, 4, past((5, 40.001)), windows(60, 0), at(100)).after == 5


def test_a_window_of_zero_counts_only_the_new_number():
    """A window of zero lets its direction move at once."""
    assert stabilize(9, 4, past((1, 99)), windows(0, 300), at(100)).after == 9
    assert stabilize(1, 4, past((9, 99)), windows(300, 0), at(100)).after == 1


@pytest.mark.parametrize(("age", "after", "reason"), [(60, 20, DOWN), (60.001, 5, READY)])
def test_legacy_takes_the_highest_of_the_window(age: float, after: int, reason: Reason):
    """Without a behavior the highest recommendation wins, one exactly as old as the window included."""
    step = stabilize_legacy(5, past((20, 100 - age), (2, 90)), seconds(60), at(100))
    assert step == Step(stage=Stage.STABILIZE, before=5, after=after, reason=reason)


def test_legacy_without_a_past_is_the_number_itself():
    """The first recommendation stands."""
    assert stabilize_legacy(5, (), seconds(60), at(100)).after == 5


def test_a_recommendation_takes_the_last_expired_slot():
    """The last entry that is older than both windows gives up its place; the order stays."""
    entries = past((1, 10), (2, 20), (3, 90))
    assert record(entries, 7, behavior=windows(30, 60), window=seconds(1), at=at(100)) == past(
        (1, 10), (7, 100), (3, 90)
    )


def test_a_recommendation_is_appended_while_all_may_count():
    """An entry exactly as old as the longer window keeps its place."""
    entries = past((1, 40), (2, 95))
    assert record(entries, 7, behavior=windows(30, 60), window=seconds(1), at=at(100)) == (*entries, *past((7, 100)))
    assert record(entries, 7, behavior=windows(60, 30), window=seconds(1), at=at(100)) == (*entries, *past((7, 100)))


def test_legacy_expires_by_its_own_window():
    """Without a behavior the window of the daemon's settings tells what is expired."""
    entries = past((1, 39.9), (2, 95))
    assert record(entries, 7, behavior=None, window=seconds(60), at=at(100)) == past((7, 100), (2, 95))
    assert record((), 7, behavior=None, window=seconds(60), at=at(100)) == past((7, 100))


@pytest.mark.parametrize("seed", range(20))
def test_a_long_list_forgets_nothing_that_matters(seed: int):
    """Beyond the longest list only entries go that no window can tell from their neighbours."""
    draw, behavior = random.Random(seed), windows(200, 300)
    whole: tuple[Recommendation, ...] = ()
    kept: tuple[Recommendation, ...] = ()
    for second in range(400):
        number = draw.randint(0, 12)
        whole = (*whole, *past((number, second)))
        kept = record(kept, number, behavior=behavior, window=seconds(1), at=at(second))
        for wanted, current in ((0, 6), (12, 6), (number, 3)):
            exact = stabilize(wanted, current, whole, behavior, at(second + 0.5))
            assert stabilize(wanted, current, kept, behavior, at(second + 0.5)) == exact
    assert len(kept) <= LONGEST


def thinned(numbers: Callable[[int], int]) -> tuple[Recommendation, ...]:
    """Three hundred recommendations, one a second, under windows that none of them leaves."""
    kept: tuple[Recommendation, ...] = ()
    for second in range(300):
        kept = record(kept, numbers(second), behavior=windows(1000, 1000), window=seconds(1), at=at(second))
    assert len(kept) <= LONGEST
    return kept


def test_a_falling_list_holds_a_little_longer_than_the_window():
    """Where no entry can go, neighbours become one: the higher number counts at the later instant, not much later."""
    kept = thinned(lambda second: 1000 - second)
    for moment in range(950, 1300, 10):
        held = stabilize(0, 2000, kept, windows(1000, 1000), at(moment)).after
        exact = max((1000 - s for s in range(300) if s > moment - 1000), default=0)
        assert exact <= held <= exact + 60


def test_a_rising_list_holds_a_little_longer_than_the_window():
    """Where no entry can go, neighbours become one: the lower number counts at the later instant, not much later."""
    kept = thinned(lambda second: second)
    for moment in range(950, 1290, 10):
        held = stabilize(5000, 0, kept, windows(1000, 1000), at(moment)).after
        exact = min(s for s in range(300) if s > moment - 1000)
        assert exact - 60 <= held <= exact
