"""What holds for whole traces: rate limits, fixed points, restarts and crashes."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.model.codec import decode_memory, encode_memory
from autoscaler.model.decision import Activity
from autoscaler.model.memory import Memory
from autoscaler.model.objects import Behavior, PolicyType, ScaledObject, ScalingPolicy, ScalingRules, SelectPolicy
from autoscaler.model.turn import Probe
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


@settings(max_examples=30, deadline=None)
@given(objects, loads, st.integers(0, 300))
def test_after_lost_memory_nothing_shrinks_sooner(obj: ScaledObject, load, stop: int):
    """Without memory an awake count never falls below both what it was and what an unbroken process has."""
    whole, crashed = pair(obj, load, stop)
    crashed.memory = Memory(lost=True)
    steps = _compare(whole, crashed, stop, 700)
    assert all(after >= min(before, unbroken) for before, after, unbroken in steps)


def _compare(whole: World, crashed: World, start: int, until: int) -> list[tuple[int, int, int]]:
    """Per second: the crashed process's count before and after, and the unbroken one's."""
    found = []
    for second in range(start + 1, until, 5):
        before = crashed.replicas
        crashed.run(second)
        whole.run(second)
        found.append((before, crashed.replicas, whole.replicas))
    return found


@settings(max_examples=30, deadline=None)
@given(objects, loads)
def test_zero_comes_only_after_a_full_cooldown(obj: ScaledObject, load):
    """Between the last active tick and zero lies more than the cooldown."""
    world = World(obj, measure(load), replicas=2)
    world.run(900)
    active = [t.at for t, d in zip(world.turns, world.decisions, strict=True) if d.activity is Activity.ACTIVE]
    for second, count in world.trace:
        earlier = [when for when in active if when < at(second)]
        if count == 0 and earlier:
            assert at(second) - max(earlier) > obj.cooldown


probes = st.lists(st.tuples(st.integers(0, 900), st.integers(15, 120)), max_size=3)


@settings(max_examples=30, deadline=None)
@given(objects, probes, st.integers(0, 8))
def test_after_a_hold_a_full_window_and_a_full_cooldown_pass(obj: ScaledObject, dark, total: int):
    """While a guard holds nothing falls, and after it no sooner than a window and a cooldown of believed data."""

    def probe(now: float) -> Probe:
        is_dark = any(start <= now < start + lasts for start, lasts in dark)
        return Probe(up=None, count=None) if is_dark else Probe(up=10, count=10)

    slow = replace(obj, polling_interval=max(obj.polling_interval, timedelta(seconds=10)))
    world = World(slow, measure([(1, total)]), replicas=10, probe=probe, guard={})
    world.run(1800)
    window = obj.downscale_window if obj.behavior is None else obj.behavior.scale_down.window
    counts = [10, *(count for _, count in world.trace)]
    for (second, count), before in zip(world.trace, counts, strict=False):
        held = max((when for when in world.held if when <= at(second)), default=None)
        if count < min(before, obj.max_replicas) and held is not None:
            assert at(second) - held >= (window if count else timedelta(0))
            assert count or at(second) - held > obj.cooldown - timedelta(seconds=1)
