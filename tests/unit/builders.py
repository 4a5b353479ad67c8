"""Builders of the vocabulary with irrelevant defaults, so that a test shows only what matters."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from autoscaler.model.decision import Activity, Decision, Reason, Stage, Step
from autoscaler.model.memory import Change, Memory, Past, Pending, Recommendation, TriggerMemory
from autoscaler.model.objects import (
    Ask,
    Behavior,
    Cadence,
    Fallback,
    MetricKind,
    MetricTarget,
    Mode,
    Modifiers,
    ObjectKey,
    Pause,
    Question,
    ScaledObject,
    ScaleTarget,
    Source,
    TargetType,
    Trigger,
)
from autoscaler.model.observation import (
    Hold,
    Measurement,
    Missing,
    MissingReason,
    Observation,
    Origin,
    PodCount,
    Sample,
    ScaleStatus,
    Slot,
)
from autoscaler.model.record import Applied, Outcome, Unneeded
from tests.unit.behaviors import DOWN as DOWN
from tests.unit.behaviors import UP as UP
from tests.unit.behaviors import a_behavior as a_behavior
from tests.unit.behaviors import percent as percent
from tests.unit.behaviors import pods as pods
from tests.unit.behaviors import rules as rules

START = datetime(2026, 1, 1, tzinfo=UTC)
TARGET = ScaleTarget(namespace="shop", name="web")
UID = "uid-1"
POLL, SYNC, EXTRA = frozenset({Slot.POLL}), frozenset({Slot.SYNC}), frozenset({Slot.EXTRA})
BOTH = POLL | SYNC
ACTIVE = (Activity.ACTIVE, Activity.FORCED)


def at(seconds: float) -> datetime:
    """The instant ``seconds`` after the start of a test's time."""
    return START + timedelta(seconds=seconds)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def a_trigger(
    target: float = 1,
    *,
    type: TargetType = TargetType.AVERAGE_VALUE,
    kind: MetricKind = MetricKind.EXTERNAL,
    name: str | None = None,
    metric: str = "s0-prometheus",
    activation: float = 0.0,
    cached: bool = False,
    query: str = "q",
) -> Trigger:
    """A trigger whose ``target`` is in whole units (percent for Utilization)."""
    amount = int(target) if type is TargetType.UTILIZATION else round(target * 1000)
    return Trigger(
        type="prometheus" if kind is MetricKind.EXTERNAL else "cpu",
        name=name,
        ask=Ask(
            question=Question(source=Source(transport="prometheus", addresses=("http://prometheus:9090",)), text=query),
            metric=metric,
            kind=kind,
            target=MetricTarget(type=type, amount=amount),
            activation=activation,
        ),
        use_cached=cached,
    )


def an_object(
    target: float = 1,
    *,
    triggers: Iterable[Trigger] | None = None,
    minimum: int = 0,
    maximum: int = 100,
    idle: int | None = None,
    behavior: Behavior | None = None,
    poll: float = 30,
    cooldown: float = 300,
    initial_cooldown: float = 0,
    fallback: Fallback | None = None,
    modifiers: Modifiers | None = None,
    pause: Pause = Pause(),  # noqa: B008  a frozen value
    force: bool = False,
    mode: Mode = Mode.ACTIVE,
    cadence: Cadence = Cadence.HPA,
    workload: ScaleTarget = TARGET,
    created_at: datetime | None = None,
    tolerance: float = 0.1,
    downscale_window: float = 300,
    name: str = "web",
) -> ScaledObject:
    """An object with one AverageValue trigger of ``target``, unless triggers are given."""
    return ScaledObject(
        key=ObjectKey(namespace="shop", name=name),
        target=workload,
        triggers=tuple(triggers) if triggers is not None else (a_trigger(target),),
        polling_interval=seconds(poll),
        cooldown=seconds(cooldown),
        initial_cooldown=seconds(initial_cooldown),
        min_replicas=minimum,
        max_replicas=maximum,
        idle_replicas=idle,
        behavior=behavior,
        tolerance=tolerance,
        downscale_window=seconds(downscale_window),
        modifiers=modifiers,
        fallback=fallback,
        pause=pause,
        force_activation=force,
        mode=mode,
        cadence=cadence,
        created_at=created_at,
    )


def a_sample(
    value: float,
    *,
    active: bool | None = None,
    when: datetime = START,
    origin: Origin = Origin.MEASURED,
    ready: int | None = None,
) -> Sample:
    """A sample of ``value`` whole units, active above zero unless said."""
    return Sample(
        value_milli=round(value * 1000),
        active=value > 0 if active is None else active,
        at=when,
        origin=origin,
        ready=ready,
    )


def missing(reason: MissingReason = MissingReason.UNREACHABLE) -> Missing:
    return Missing(reason=reason, detail="gone")


def a_scale(
    replicas: int = 1,
    *,
    status: int | None = None,
    ready: int | None = None,
    total: int | None = None,
    version: str = "1",
    uid: str = UID,
    writer: str | None = None,
    rival: str | None = None,
) -> ScaleStatus:
    """A scale whose status follows its spec; pods are counted only where ``ready`` is given."""
    count = None if ready is None else PodCount(total=ready if total is None else total, ready=ready)
    return ScaleStatus(
        spec=replicas,
        status=replicas if status is None else status,
        resource_version=version,
        uid=uid,
        pods=count,
        writer=writer,
        rival=rival,
    )


def an_observation(
    *measured: float | Measurement,
    replicas: int = 1,
    now: float = 0,
    slots: frozenset[Slot] = BOTH,
    scale: ScaleStatus | None = None,
    holds: tuple[Hold, ...] = (),
) -> Observation:
    """An observation at second ``now``; plain numbers become samples of that very instant."""
    return Observation(
        at=at(now),
        wall=at(now),
        slots=slots,
        scale=scale if scale is not None else a_scale(replicas),
        measurements=tuple(a_sample(m, when=at(now)) if isinstance(m, int | float) else m for m in measured),
        holds=holds,
    )


def a_past(
    *,
    replicas: int = 1,
    last: float = 0,
    first: float = 0,
    resting: bool = False,
    synced: float | None = None,
    synced_replicas: int | None = None,
    workload: ScaleTarget = TARGET,
    uid: str = UID,
    original: int = 1,
    paused: bool = False,
    paused_replicas: int | None = None,
    pending: Pending | None = None,
) -> Past:
    """A past whose last tick was a sync at second ``last`` with ``replicas``, unless said."""
    return Past(
        first_at=at(first),
        last_at=at(last),
        replicas=replicas,
        resting=resting,
        polled_at=at(last),
        synced_at=at(last if synced is None else synced),
        synced_replicas=replicas if synced_replicas is None else synced_replicas,
        target=workload,
        target_uid=uid,
        original_replicas=original,
        paused=paused,
        paused_replicas=paused_replicas,
        pending=pending,
    )


def a_memory(
    *recommendations: tuple[int, float],
    grown: Iterable[tuple[int, float]] = (),
    shrunk: Iterable[tuple[int, float]] = (),
    active: float | None = 0,
    failures: Iterable[int] = (),
    past: Past | None = None,
    lost: bool = False,
    unclean: bool = False,
) -> Memory:
    """A memory of an object that has ticked; pairs are (number, second)."""
    return Memory(
        recommendations=tuple(Recommendation(replicas=n, at=at(t)) for n, t in recommendations),
        grown=tuple(Change(pods=n, at=at(t)) for n, t in grown),
        shrunk=tuple(Change(pods=n, at=at(t)) for n, t in shrunk),
        last_active_at=None if active is None else at(active),
        triggers=tuple(TriggerMemory(failures=n) for n in failures),
        past=past if past is not None else a_past(),
        lost=lost,
        unclean=unclean,
    )


def a_decision(
    desired: int = 1,
    *,
    current: int = 1,
    base: int | None = None,
    activity: Activity = Activity.ACTIVE,
    recommendation: int | None = None,
    forced: bool = False,
) -> Decision:
    """A decision with one step from ``current`` to ``desired``."""
    return Decision(
        current=current,
        base=current if base is None else base,
        desired=desired,
        activity=activity,
        recommendation=recommendation,
        forced=forced,
        steps=(Step(stage=Stage.RECOMMEND, before=current, after=desired, reason=Reason.VALID_METRIC),),
    )


def applied(now: float) -> Applied:
    return Applied(at=at(now), resource_version="2", took=timedelta(milliseconds=50))


def outcome_of(decision: Decision, now: float) -> Outcome:
    """What an actuator that always succeeds answers."""
    return Unneeded() if decision.desired == decision.current else applied(now)
