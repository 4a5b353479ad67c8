"""What holds for whole traces: rate limits, fixed points, restarts and crashes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.core.recall import recall
from autoscaler.model.codec import decode_memory, encode_memory
from autoscaler.model.memory import Memory
from autoscaler.model.objects import Behavior, PolicyType, ScaledObject, ScalingPolicy, ScalingRules, SelectPolicy
from tests.properties.strategies import behaviors
from tests.unit.builders import a_behavior, an_object, at, rules
from tests.unit.core.world import World

loads = st.lists(st.tuples(st.integers(1, 120), st.integers(0, 60)), min_size=1, max_size=8)
intervals = st.sampled_from([1, 5, 10, 15, 30, 60])
any_rules = st.one_of(st.none(), behaviors, st.just(a_behavior()))
objects = st.builds(
    an_object,
    poll=intervals,
    minimum=st.integers(0, 3),
    maximum=st.integers(5, 60),
    behavior=any_rules,
    cooldown=st.sampled_from([0, 30, 300]),
)


def measure(load: Sequence[tuple[int, int]]) -> Callable[[float, int], float]:
    """A load as (seconds it lasts, total) pairs; the last one lasts for ever."""

    def at_second(now: float, index: int) -> float:
        for lasts, total in load:
            if now < lasts:
                return total
            now -= lasts
        return load[-1][1]

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
    world = World(replace(obj, polling_interval=timedelta(seconds=60)), measure([(1, total)]), replicas=replicas)
    world.run(3600)
    settled = list(world.trace)
    assert world.run(5400) == settled


def pair(obj: ScaledObject, load: Sequence[tuple[int, int]], stop: int) -> tuple[World, World]:
    """A world that runs on, and its copy from second ``stop``."""
    whole, other = World(obj, measure(load), replicas=2), World(obj, measure(load), replicas=2)
    whole.run(stop)
    other.run(stop)
    return whole, other


@settings(max_examples=30, deadline=None)
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


@settings(max_examples=20, deadline=None)
@given(objects, loads, st.integers(10, 300), st.one_of(st.none(), st.integers(0, 5)))
def test_after_a_crash_nothing_shrinks_sooner(obj: ScaledObject, load, stop: int, age: int | None):
    """For a whole window after a crash no count falls below both what it was and what an unbroken process has.

    What is left of the memory is up to five seconds old, or nothing at all (``age`` None).
    """
    whole, crashed = pair(obj, load, stop)
    older = World(obj, measure(load), replicas=2)
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
