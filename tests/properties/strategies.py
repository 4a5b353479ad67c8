"""Hypothesis strategies for the vocabulary: valid objects, any memory, any observation; shared by all properties."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import strategies as st

from autoscaler.model.memory import Change, Memory, Past, Recommendation, TriggerMemory
from autoscaler.model.objects import (
    Behavior,
    Cadence,
    Fallback,
    FallbackBehavior,
    MetricKind,
    Mode,
    Modifiers,
    Pause,
    PolicyType,
    ScaledObject,
    ScalingPolicy,
    ScalingRules,
    SelectPolicy,
    TargetType,
    Trigger,
)
from autoscaler.model.observation import (
    Hold,
    HoldReason,
    Measurement,
    Missing,
    MissingReason,
    Observation,
    Origin,
    PodCount,
    PodSamples,
    PodUsage,
    Sample,
    ScaleStatus,
)
from tests.unit.builders import BOTH, EXTRA, POLL, START, SYNC, TARGET, UID, a_trigger, an_object
from tests.unit.formulas import some_modifiers

NOW = START + timedelta(hours=2)

fractions = st.integers(0, 50).map(lambda n: n / 100)
spans = st.sampled_from([0, 15, 30, 60, 300, 600, 1800]).map(lambda s: timedelta(seconds=s))
periods = st.sampled_from([1, 15, 30, 60, 300, 1800]).map(lambda s: timedelta(seconds=s))
counts = st.one_of(st.integers(0, 12), st.integers(0, 300))
past_instants = st.integers(0, 4000).map(lambda s: NOW - timedelta(seconds=s))
policies = st.builds(ScalingPolicy, type=st.sampled_from(PolicyType), amount=st.integers(1, 200), period=periods)
directions = st.builds(
    ScalingRules,
    window=spans,
    select=st.sampled_from(SelectPolicy),
    policies=st.lists(policies, min_size=1, max_size=3).map(tuple),
    tolerance=fractions,
)
behaviors = st.builds(Behavior, scale_up=directions, scale_down=directions)
PLAIN = tuple(each for each in FallbackBehavior if each is not FallbackBehavior.SCALING_MODIFIERS)
ONE_NAME = ("a", "a * 2 - 10", "a / (a - 3)", "a ?? 4", "a ?? nil", "a < 5 ? a : nil", "float(a) > 2 ? 5 : 0")
TWO_NAMES = ("a + b", "max(a, b)", "b ?? a", "(a ?? 0) + (b ?? 0)", "count([a, b], # > 3) * 4", "a / b")
pauses = st.builds(
    Pause,
    paused=st.booleans(),
    replicas=st.one_of(st.none(), st.integers(0, 200)),
    scale_in=st.booleans(),
    scale_out=st.booleans(),
)
HALF_PAUSED = st.builds(Pause, scale_in=st.booleans(), scale_out=st.booleans())


@st.composite
def triggers(draw: st.DrawFn) -> tuple[Trigger, ...]:
    """Up to three triggers with names: external ones of both kinds, and at times cpu, of pods or of a container."""
    found = [
        a_trigger(
            draw(st.integers(1, 20)),
            type=draw(st.sampled_from([TargetType.AVERAGE_VALUE, TargetType.VALUE])),
            metric=f"s{index}",
            name="abc"[index],
            query=f"q{index}",
            cached=draw(st.booleans()),
        )
        for index in range(draw(st.integers(1, 3)))
    ]
    if draw(st.integers(0, 3)) == 0:
        kind = draw(st.sampled_from([MetricKind.RESOURCE, MetricKind.CONTAINER_RESOURCE]))
        found[-1] = a_trigger(50, type=TargetType.UTILIZATION, kind=kind, metric="cpu")
    return tuple(found)


def fallbacks(behaviors: tuple[FallbackBehavior, ...], *, usable: bool = True) -> st.SearchStrategy[Fallback]:
    """A fallback of one of these behaviors."""
    return st.builds(
        Fallback,
        threshold=st.integers(0, 3),
        replicas=st.integers(0, 20),
        behavior=st.sampled_from(behaviors),
        usable=st.just(usable),
    )


@st.composite
def formulas(draw: st.DrawFn, external: int) -> Modifiers:
    """A formula over so many triggers: some fail at times, some give nil or a fraction, one never gives a number."""
    modifiers = some_modifiers(
        draw(st.sampled_from(ONE_NAME if external == 1 else (*ONE_NAME, *TWO_NAMES))),
        *"abc"[:external],
        target=draw(st.integers(1, 20)),
        activation=draw(st.sampled_from([0.0, 5.0])),
        type=draw(st.sampled_from([TargetType.AVERAGE_VALUE, TargetType.VALUE])),
    )
    fraction = draw(st.integers(0, 9)) == 0
    return replace(modifiers, target=replace(modifiers.target, amount=1500)) if fraction else modifiers


@st.composite
def objects(draw: st.DrawFn, *, pause: st.SearchStrategy[Pause] = HALF_PAUSED) -> ScaledObject:
    """A ScaledObject that every rule of validation allows."""
    minimum = draw(st.integers(0, 6))
    asked = draw(triggers())
    external = sum(trigger.ask.kind is MetricKind.EXTERNAL for trigger in asked)
    modifiers = draw(formulas(external)) if external and draw(st.integers(0, 2)) == 0 else None
    standing = fallbacks(tuple(FallbackBehavior) if modifiers else PLAIN, usable=_is_whole(modifiers))
    idle = draw(st.one_of(st.none(), st.integers(0, minimum - 1))) if minimum else None
    obj = an_object(
        triggers=asked,
        modifiers=modifiers,
        minimum=minimum,
        maximum=max(minimum, 1) + draw(st.integers(0, 60)),
        idle=idle,
        behavior=draw(st.one_of(st.none(), behaviors)),
        poll=draw(st.sampled_from([0.5, 1, 5, 10, 15, 30, 60, 300])),
        cooldown=draw(st.sampled_from([0, 30, 300])),
        initial_cooldown=draw(st.sampled_from([0, 300, 7200])),
        fallback=draw(st.one_of(st.none(), standing)),
        pause=draw(pause),
        force=draw(st.integers(0, 4)) == 0,
        mode=draw(st.sampled_from(Mode)),
        cadence=draw(st.sampled_from(Cadence)),
        tolerance=draw(fractions),
        downscale_window=draw(st.sampled_from([0, 60, 300])),
    )
    return obj if external else an_awake(obj)


def _is_whole(modifiers: Modifiers | None) -> bool:
    return modifiers is None or modifiers.target.amount % 1000 == 0


def an_awake(obj: ScaledObject) -> ScaledObject:
    """The object as it must be where nothing external could wake it: no zero, no idle count."""
    return replace(obj, min_replicas=max(obj.min_replicas, 1), idle_replicas=None, fallback=None)


samples = st.builds(
    Sample,
    value_milli=st.one_of(st.just(0), st.integers(0, 500_000), st.integers(-1000, 10**18)),
    active=st.booleans(),
    at=st.just(NOW),
    origin=st.sampled_from([Origin.MEASURED, Origin.NULL_AS_ZERO]),
)
gone = st.builds(Missing, reason=st.sampled_from(MissingReason), detail=st.just("gone"))
usages = st.builds(
    PodUsage,
    name=st.uuids().map(str),
    usage=st.one_of(st.none(), st.integers(0, 2000)),
    request=st.integers(1, 1000),
    ready=st.booleans(),
)
pod_samples = st.builds(PodSamples, pods=st.lists(usages, max_size=4).map(tuple), at=st.just(NOW))
slots = st.sampled_from([POLL, SYNC, BOTH, EXTRA])
holds = st.lists(st.builds(Hold, reason=st.sampled_from(HoldReason)), max_size=2).map(tuple)


@st.composite
def observations(
    draw: st.DrawFn,
    obj: ScaledObject,
    *,
    external: st.SearchStrategy[Measurement] | None = None,
    held: st.SearchStrategy[tuple[Hold, ...]] | None = None,
) -> Observation:
    """One tick's view of ``obj`` at ``NOW``."""
    current = draw(counts)
    ready = draw(st.integers(0, max(current, 1)))
    measured = tuple(
        draw(st.one_of(gone, pod_samples))
        if trigger.ask.kind is not MetricKind.EXTERNAL
        else draw(external if external is not None else st.one_of(samples, gone))
        for trigger in obj.triggers
    )
    return Observation(
        at=NOW,
        wall=NOW,
        slots=draw(slots),
        scale=ScaleStatus(
            spec=current,
            status=draw(st.one_of(st.just(current), st.integers(0, 60))),
            resource_version="1",
            uid=UID,
            pods=PodCount(total=ready, ready=ready),
        ),
        measurements=measured,
        holds=draw(held if held is not None else holds),
    )


recommendations = st.lists(st.builds(Recommendation, replicas=counts, at=past_instants), max_size=6).map(tuple)
changes = st.lists(st.builds(Change, pods=st.integers(1, 50), at=past_instants, spent=st.booleans()), max_size=5).map(
    tuple
)
trigger_memories = st.builds(
    TriggerMemory,
    failures=st.integers(0, 6),
    cached=st.none(),
    data_at=st.one_of(st.none(), past_instants),
    answered_at=st.one_of(st.none(), past_instants),
)


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """Any earlier tick of the builders' target."""
    replicas = draw(counts)
    return Past(
        first_at=START,
        last_at=draw(past_instants),
        replicas=replicas,
        resting=draw(st.booleans()),
        polled_at=draw(st.one_of(st.none(), past_instants)),
        synced_at=draw(st.one_of(st.none(), past_instants)),
        synced_replicas=draw(st.one_of(st.none(), counts)),
        cut_until=draw(st.one_of(st.none(), past_instants)),
        target=TARGET,
        target_uid=UID,
        original_replicas=draw(counts),
        paused=draw(st.booleans()),
        paused_replicas=draw(st.one_of(st.none(), counts)),
    )


@st.composite
def memories(draw: st.DrawFn) -> Memory:
    """Any memory at all, forged ones too."""
    return Memory(
        recommendations=draw(st.one_of(st.none(), recommendations)),
        grown=draw(changes),
        shrunk=draw(changes),
        last_active_at=draw(st.one_of(st.none(), past_instants.map(_whole))),
        triggers=draw(st.lists(trigger_memories, max_size=3).map(tuple)),
        past=draw(st.one_of(st.none(), pasts())),
        lost=draw(st.booleans()),
        unclean=draw(st.booleans()),
    )


def _whole(when: datetime) -> datetime:
    return when.replace(microsecond=0)
