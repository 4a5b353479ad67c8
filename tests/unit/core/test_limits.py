"""How far one tick may go, and the events that policies count."""

from dataclasses import replace

import pytest

from autoscaler.core.limits import (
    MOST_CHANGES,
    behavior_in_force,
    book,
    default_behavior,
    frees_at,
    limit,
    limit_legacy,
)
from autoscaler.model.decision import Reason, Stage, Step
from autoscaler.model.memory import Change
from autoscaler.model.objects import Behavior, Pause, ScalingRules, SelectPolicy
from tests.unit.builders import DOWN, UP, a_behavior, an_object, at, percent, pods, rules, seconds

TOP = 2**31 - 1


def events(*pairs: tuple[int, float]) -> tuple[Change, ...]:
    return tuple(Change(pods=count, at=at(when)) for count, when in pairs)


def allowed(
    wanted: int,
    base: int,
    *,
    up: ScalingRules = UP,
    down: ScalingRules = DOWN,
    grown: tuple[Change, ...] = (),
    shrunk: tuple[Change, ...] = (),
    floor: int = 1,
    ceiling: int = 1000,
) -> tuple[int, Reason]:
    behavior = Behavior(scale_up=up, scale_down=down)
    step = limit(wanted, base, behavior, grown=grown, shrunk=shrunk, floor=floor, ceiling=ceiling, at=at(100))
    assert step.before == wanted
    return step.after, step.reason


def test_growth_takes_the_larger_of_four_pods_and_doubling():
    """By default an object may grow by four pods or double within 15 seconds, whichever is more."""
    assert allowed(100, 1) == (5, Reason.SCALE_UP_LIMIT)
    assert allowed(100, 20) == (40, Reason.SCALE_UP_LIMIT)


def test_min_selects_the_smallest_change():
    """selectPolicy Min takes the policy that moves least, in either direction."""
    smallest = rules(pods(4), percent(100), select=SelectPolicy.MIN)
    assert allowed(100, 20, up=smallest) == (24, Reason.SCALE_UP_LIMIT)
    assert allowed(1, 20, down=rules(pods(4), percent(50), select=SelectPolicy.MIN)) == (16, Reason.SCALE_DOWN_LIMIT)
    assert allowed(1, 20, down=rules(pods(4), percent(50))) == (10, Reason.SCALE_DOWN_LIMIT)


@pytest.mark.parametrize("select", [SelectPolicy.MIN, SelectPolicy.MAX])
def test_without_a_policy_nothing_moves(select: SelectPolicy):
    """A direction that has no policy allows no change, whichever policy would be selected."""
    none = replace(rules(select=select), policies=())
    assert allowed(100, 20, up=none) == (20, Reason.SCALE_UP_LIMIT)
    assert allowed(1, 20, down=none) == (20, Reason.SCALE_DOWN_LIMIT)


@pytest.mark.parametrize(
    ("base", "amount", "after"), [(1, 10, 2), (20, 10, 22), (50, 10, 56), (100, 10, 111), (25, 12, 29)]
)
def test_percents_of_growth_round_up_in_doubles(base: int, amount: int, after: int):
    """A percentage of growth is computed in doubles and rounded up, noise included."""
    assert allowed(1000, base, up=rules(percent(amount)))[0] == after


@pytest.mark.parametrize(("base", "amount", "after"), [(5, 10, 4), (10, 80, 1), (10, 90, 0), (100, 90, 9), (5, 80, 0)])
def test_percents_of_shrinking_are_cut_in_doubles(base: int, amount: int, after: int):
    """A percentage of shrinking is computed in doubles and cut, noise included."""
    assert allowed(-5, base, down=rules(percent(amount)), floor=-9)[0] == after


def test_events_use_up_a_period():
    """A policy counts our own changes of its period; one exactly as old as the period is free again."""
    four = rules(pods(4, 60))
    assert allowed(100, 20, up=four, grown=events((4, 41), (3, 40))) == (20, Reason.SCALE_UP_LIMIT)
    assert allowed(100, 20, up=four, grown=events((4, 40), (3, 40))) == (24, Reason.SCALE_UP_LIMIT)


def test_both_directions_count_in_both():
    """A period starts from the count before all our changes, up and down."""
    grown, shrunk = events((6, 70)), events((2, 90))
    assert allowed(100, 10, up=rules(percent(100, 60)), grown=grown, shrunk=shrunk)[0] == 12
    assert allowed(1, 10, down=rules(pods(3, 60)), grown=grown, shrunk=shrunk)[0] == 3


def test_growth_already_used_never_turns_into_shrinking():
    """Where more was used than a policy allows, the count stays."""
    assert allowed(30, 20, up=rules(pods(1, 60)), grown=events((10, 90))) == (20, Reason.SCALE_UP_LIMIT)
    assert allowed(5, 20, down=rules(pods(1, 60)), shrunk=events((10, 90))) == (20, Reason.SCALE_DOWN_LIMIT)


def test_disabled_keeps_the_count():
    """A direction that is Disabled does not move."""
    frozen = rules(pods(4), select=SelectPolicy.DISABLED)
    assert allowed(30, 10, up=frozen) == (10, Reason.SCALE_UP_LIMIT)
    assert allowed(4, 10, down=frozen) == (10, Reason.SCALE_DOWN_LIMIT)
    assert allowed(10, 10, up=frozen, down=frozen) == (10, Reason.DESIRED_WITHIN_RANGE)


def test_bounds_win_ties():
    """Where a bound and a policy end at the same count, the bound is named."""
    assert allowed(50, 10, ceiling=20) == (20, Reason.TOO_MANY)
    assert allowed(50, 10, ceiling=21) == (20, Reason.SCALE_UP_LIMIT)
    assert allowed(1, 10, down=rules(pods(4)), floor=6) == (6, Reason.TOO_FEW)
    assert allowed(1, 10, down=rules(pods(4)), floor=5) == (6, Reason.SCALE_DOWN_LIMIT)
    assert allowed(20, 10, ceiling=20) == (20, Reason.DESIRED_WITHIN_RANGE)
    assert allowed(6, 10, down=rules(pods(4)), floor=6) == (6, Reason.DESIRED_WITHIN_RANGE)


def test_a_policy_without_end_blocks():
    """Pods near the end of 32 bits wrap, as the HPA's do, so such a policy alone lets nothing grow."""
    assert allowed(30, 5, up=rules(pods(TOP))) == (5, Reason.SCALE_UP_LIMIT)
    assert allowed(30, 5, up=rules(pods(TOP), percent(100))) == (10, Reason.SCALE_UP_LIMIT)


def test_a_percentage_without_end_saturates():
    """A percentage beyond 32 bits saturates, so it lets everything grow (D12)."""
    assert allowed(900, 100, up=rules(percent(TOP))) == (900, Reason.DESIRED_WITHIN_RANGE)


def test_rules_without_policies_move_nothing():
    """No policy at all allows no change."""
    assert allowed(30, 5, up=rules()) == (5, Reason.SCALE_UP_LIMIT)
    assert allowed(3, 5, down=rules()) == (5, Reason.SCALE_DOWN_LIMIT)


@pytest.mark.parametrize(
    ("wanted", "growth_from", "ceiling", "want"),
    [
        (20, 3, 50, (6, Stage.LIMIT, Reason.SCALE_UP_LIMIT)),
        (20, 1, 50, (4, Stage.LIMIT, Reason.SCALE_UP_LIMIT)),
        (20, 3, 6, (6, Stage.BOUND, Reason.TOO_MANY)),
        (20, 3, 5, (5, Stage.BOUND, Reason.TOO_MANY)),
        (1, 3, 50, (2, Stage.BOUND, Reason.TOO_FEW)),
        (6, 3, 50, (6, Stage.LIMIT, Reason.DESIRED_WITHIN_RANGE)),
        (2, 3, 50, (2, Stage.LIMIT, Reason.DESIRED_WITHIN_RANGE)),
    ],
)
def test_legacy_growth_doubles(wanted: int, growth_from: int, ceiling: int, want: tuple[int, Stage, Reason]):
    """Without a behavior one pass may double, to four at the least; bounds come first."""
    after, stage, reason = want
    step = limit_legacy(wanted, growth_from, floor=2, ceiling=ceiling)
    assert step == Step(stage=stage, before=wanted, after=after, reason=reason)


def test_an_event_takes_the_last_spent_slot():
    """Events older than the longest period are spent for good, and a new one takes the last of their slots."""
    longest = rules(pods(1, 30), pods(1, 60))
    before = events((1, 39), (2, 39.5), (3, 40))
    after = book(before, 7, longest, at(100))
    assert after == (Change(pods=1, at=at(39), spent=True), Change(pods=7, at=at(100)), Change(pods=3, at=at(40)))


def test_an_event_is_appended_where_none_is_spent():
    """While every event may still be counted, a new one stands at the end."""
    assert book(events((3, 40)), 7, rules(pods(1, 60)), at(100)) == events((3, 40), (7, 100))
    assert book((), 7, rules(), at(100)) == events((7, 100))


def test_a_spent_event_stays_spent_under_a_longer_period():
    """An event once spent gives up its slot first, even if a longer period counts it again."""
    before = (Change(pods=1, at=at(90), spent=True), Change(pods=2, at=at(91)))
    assert book(before, 7, rules(pods(1, 60)), at(100)) == (Change(pods=7, at=at(100)), Change(pods=2, at=at(91)))


def test_the_oldest_events_become_one_beyond_the_cap():
    """Too many events: the two oldest are summed, at the later instant."""
    many = tuple(Change(pods=1, at=at(number)) for number in range(MOST_CHANGES))
    after = book(many, 5, rules(pods(1, 1000)), at(100))
    assert len(after) == MOST_CHANGES
    assert after[:2] == (Change(pods=2, at=at(1)), Change(pods=1, at=at(2)))
    assert after[-1] == Change(pods=5, at=at(100))
    assert book(many[1:], 5, rules(pods(1, 1000)), at(100))[0] == Change(pods=1, at=at(1))


def test_a_cut_ends_when_the_first_policy_forgets_its_oldest_growth():
    """The extra tick comes at the earliest, over the policies, of period plus the oldest growth counted."""
    two = rules(pods(1, 30), pods(1, 60))
    assert frees_at(two, events((1, 50), (1, 75), (1, 100)), at(100)) == at(105)
    assert frees_at(two, events((1, 40)), at(100)) is None
    assert frees_at(two, events((1, 41)), at(100)) == at(101)
    assert frees_at(two, events((1, 40), (1, 70)), at(100)) == at(130)


def test_a_disabled_direction_never_frees():
    """Where growth is Disabled no extra tick could help."""
    assert frees_at(rules(pods(1, 30), select=SelectPolicy.DISABLED), events((1, 90)), at(100)) is None


def test_a_paused_direction_is_disabled():
    """paused-scale-in and paused-scale-out set selectPolicy to Disabled and leave the rest."""
    behavior = a_behavior(up=rules(pods(2)), down=rules(pods(3)))
    found = behavior_in_force(an_object(behavior=behavior, pause=Pause(scale_in=True)))
    assert found == a_behavior(up=rules(pods(2)), down=rules(pods(3), select=SelectPolicy.DISABLED))
    found = behavior_in_force(an_object(behavior=behavior, pause=Pause(scale_out=True)))
    assert found == a_behavior(up=rules(pods(2), select=SelectPolicy.DISABLED), down=rules(pods(3)))
    assert behavior_in_force(an_object(behavior=behavior)) is behavior


def test_a_paused_direction_makes_a_behavior():
    """An object without behavior gets the defaults of one as soon as a direction is paused."""
    found = behavior_in_force(an_object(pause=Pause(scale_in=True), downscale_window=90.5, tolerance=0.2))
    assert found is not None
    default = default_behavior(seconds(90.5), 0.2)
    assert found.scale_up == default.scale_up == rules(pods(4), percent(100), tolerance=0.2)
    assert default.scale_down == rules(percent(100), window=90, tolerance=0.2)
    assert found.scale_down == rules(percent(100), window=90, tolerance=0.2, select=SelectPolicy.DISABLED)
    assert behavior_in_force(an_object()) is None
