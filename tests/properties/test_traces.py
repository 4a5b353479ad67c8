"""What holds for whole traces: rate limits, fixed points, restarts and crashes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.recall import recall
from autoscaler.model.codec import decode_memory, encode_memory
from autoscaler.model.memory import Memory
from autoscaler.model.objects import (
    Behavior,
    FallbackBehavior,
    PolicyType,
    ScaledObject,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
    TargetType,
)
from autoscaler.model.observation import Measurement
from tests.properties.strategies import PLAIN, TWO_NAMES, behaviors, fallbacks
from tests.unit.builders import a_behavior, a_trigger, an_object, at, missing, rules
from tests.unit.core.world import World
from tests.unit.formulas import a_composed

loads = st.lists(
    st.tuples(st.integers(1, 120), st.one_of(st.integers(0, 60), st.integers(0, 60), st.none())), min_size=1, max_size=8
)
intervals = st.sampled_from([1, 5, 10, 15, 30, 60])
SHARED = {
    "poll": intervals,
    "minimum": st.integers(0, 3),
    "maximum": st.integers(5, 60),
    "behavior": st.one_of(st.none(), behaviors, st.just(a_behavior())),
    "cooldown": st.sampled_from([0, 30, 300]),
}
pairs = st.sampled_from(
    [
        None,
        (a_trigger(2, type=TargetType.VALUE), a_trigger(3, metric="s1", query="q1")),
        (a_trigger(5, cached=True), a_trigger(4, metric="s1", query="q1", activation=9)),
    ]
)
objects = st.one_of(
    st.builds(an_object, triggers=pairs, fallback=st.one_of(st.none(), fallbacks(PLAIN)), **SHARED),
    st.builds(
        a_composed,
        st.sampled_from(TWO_NAMES),
        fallback=st.one_of(st.none(), fallbacks(tuple(FallbackBehavior))),
        **SHARED,
    ),
)


def measure(load: Sequence[tuple[int, int | None]]) -> Callable[[float, int], float | Measurement]:
    """A load as (seconds it lasts, total) pairs, None for no answer; the last one lasts for ever."""

    def at_second(now: float, index: int) -> float | Measurement:
        found = load[-1][1]
        for lasts, total in load:
            if now < lasts:
                found = total
                break
            now -= lasts
        return missing() if found is None else found

    return at_second


pod_policies = st.lists(
    st.builds(
        ScalingPolicy,
        type=st.just(PolicyType.PODS),
        amount=st.integers(1, 6),
        period=st.sampled_from([15, 30, 60, 90]).map(lambda s: timedelta(seconds=s)),
    ),
    min_size=1,
    max_size=3,
)


def moved(world: World, policy: ScalingPolicy) -> int:
    """The most pods that applied changes moved within one period, wakes, rests and forced bounds left out."""
    changes = [
        (turn.at, abs(decision.desired - decision.base))
        for turn, decision in zip(world.turns, world.decisions, strict=True)
        if decision.desired != decision.base and not decision.forced
    ]
    return max((sum(n for when, n in changes if t <= when < t + policy.period) for t, _ in changes), default=0)


@settings(max_examples=30, deadline=None)
@given(pod_policies, loads, intervals)
def test_growth_within_a_period_respects_every_policy(policies: list[ScalingPolicy], load, poll: int):
    """With ``selectPolicy: Min`` no window of a policy's period holds more new pods than the policy allows."""
    up = rules(*policies, select=SelectPolicy.MIN)
    down = rules(policies[0], select=SelectPolicy.DISABLED)
    obj = an_object(poll=poll, behavior=Behavior(scale_up=up, scale_down=down))
    world = World(obj, measure(load), replicas=1)
    world.run(600)
    assert all(moved(world, policy) <= policy.amount for policy in policies)


@settings(max_examples=30, deadline=None)
@given(pod_policies, loads, intervals)
def test_shrinking_within_a_period_respects_every_policy(policies: list[ScalingPolicy], load, poll: int):
    """With ``selectPolicy: Min`` no window of a policy's period loses more pods than the policy allows."""
    down = rules(*policies, select=SelectPolicy.MIN)
    up = rules(policies[0], select=SelectPolicy.DISABLED)
    obj = an_object(poll=poll, minimum=1, behavior=Behavior(scale_up=up, scale_down=down))
    world = World(obj, measure(load), replicas=60)
    world.run(600)
    assert all(moved(world, policy) <= policy.amount for policy in policies)


@settings(max_examples=60, deadline=None)
@given(behaviors, loads, intervals, st.integers(0, 40))
def test_every_applied_change_stays_within_what_the_policies_allow(rules: Behavior, load, poll: int, replicas: int):
    """Of either type, with either selectPolicy and both directions at work: no change goes further than the policies.

    Each policy reckons from where its period began: the count less what was added in it, plus what was taken. Waking,
    going to rest and forced bounds are exempt from the limit, and forced bounds are counted.
    """
    obj = an_object(poll=poll, behavior=rules, cooldown=30, maximum=50)
    world = World(obj, measure(load), replicas=replicas)
    world.run(600)
    changes: list[tuple[datetime, int]] = []
    for turn, decision in zip(world.turns, world.decisions, strict=True):
        step = decision.desired - decision.base
        if step > 0 and not decision.forced:
            assert decision.desired <= furthest(rules.scale_up, decision.base, changes, turn.at, rising=True)
        elif step < 0 and not decision.forced:
            assert decision.desired >= furthest(rules.scale_down, decision.base, changes, turn.at, rising=False)
        if step:
            changes.append((turn.at, step))


def furthest(
    side: ScalingRules, base: int, changes: Sequence[tuple[datetime, int]], when: datetime, *, rising: bool
) -> int:
    """The count that one direction's policies allow. Source: kubernetes horizontal.go, calculateScaleUpLimit."""
    if side.select is SelectPolicy.DISABLED:
        return base
    limits = []
    for policy in side.policies:
        start = base - sum(pods for at, pods in changes if at > when - policy.period)
        amount = policy.amount if rising else -policy.amount
        if policy.type is PolicyType.PODS:
            limits.append(start + amount)
        else:
            part = start * (1 + amount / 100)
            limits.append(math.ceil(part) if rising else math.trunc(part))
    widest = (side.select is SelectPolicy.MAX) == rising
    return max(limits) if widest else min(limits)


def brisk(side: ScalingRules) -> ScalingRules:
    """The same rules with windows and periods of a minute at most, so that a trace settles within an hour."""
    minute = timedelta(seconds=60)
    shorter = tuple(replace(policy, period=min(policy.period, minute)) for policy in side.policies)
    return replace(side, window=min(side.window, minute), policies=shorter)


@settings(max_examples=30, deadline=None)
@given(objects, st.integers(0, 20), st.integers(0, 20))
def test_a_constant_load_reaches_a_fixed_point(obj: ScaledObject, total: int, replicas: int):
    """With a constant load the count settles and never moves again."""
    if obj.behavior is not None:
        quick = Behavior(scale_up=brisk(obj.behavior.scale_up), scale_down=brisk(obj.behavior.scale_down))
        obj = replace(obj, behavior=quick)
    obj = replace(obj, polling_interval=timedelta(seconds=60))
    world = World(obj, measure([(1, total)]), replicas=replicas, ready=lambda now, count: count)
    world.run(3600)
    settled = list(world.trace)
    assert world.run(5400) == settled


def a_world(obj: ScaledObject, load: Sequence[tuple[int, int | None]]) -> World:
    """Two replicas, and as many ready pods as there are replicas at any time."""
    return World(obj, measure(load), replicas=2, ready=lambda now, replicas: replicas)


def pair(obj: ScaledObject, load: Sequence[tuple[int, int | None]], stop: int) -> tuple[World, World]:
    """A world that runs on, and its copy from second ``stop``."""
    whole, other = a_world(obj, load), a_world(obj, load)
    whole.run(stop)
    other.run(stop)
    return whole, other


@settings(max_examples=120, deadline=None)
@given(objects, loads, st.integers(0, 300))
def test_an_orderly_restart_changes_no_tick(obj: ScaledObject, load, stop: int):
    """A process that starts from the memory of an orderly stop decides as one that never stopped."""
    whole, restarted = pair(obj, load, stop)
    loaded = decode_memory(encode_memory(restarted.memory), restarted.after)
    assert loaded is not None
    restarted.memory = loaded
    whole.run(700)
    restarted.run(700)
    assert (restarted.trace, restarted.decisions) == (whole.trace, whole.decisions)


@settings(max_examples=120, deadline=None)
@given(objects, loads, st.integers(10, 300), st.one_of(st.none(), st.integers(0, 5)))
def test_after_a_crash_nothing_shrinks_sooner(obj: ScaledObject, load, stop: int, age: int | None):
    """For a whole window after a crash no count falls below both what it was and what an unbroken process has.

    What is left of the memory is up to five seconds old, or nothing at all (``age`` None).
    """
    whole, crashed = pair(obj, load, stop)
    older = a_world(obj, load)
    older.run(stop - (age or 0))
    left = Memory(lost=True) if age is None else recall(older.memory, at=at(stop), clean=False)
    count = crashed.replicas
    crashed.restart(left, stop)
    held = min(window(obj), timedelta(seconds=400))
    for second in range(stop + 1, stop + round(held.total_seconds()), 5):
        crashed.run(second)
        whole.run(second)
        assert crashed.replicas >= min(count, whole.replicas)


def window(obj: ScaledObject) -> timedelta:
    """The scale-down window in force."""
    return obj.behavior.scale_down.window if obj.behavior is not None else obj.downscale_window
