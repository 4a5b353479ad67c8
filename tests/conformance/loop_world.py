"""One ScaledObject in KEDA's recorded scenarios: what our core makes of a poll and of a metric request.

There is no HPA in these scenarios, so a poll leaves behind what activation made of the count.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from autoscaler.core.decide import decide
from autoscaler.core.fallback import failures, is_configured, stand_in
from autoscaler.core.formula.evaluate import compose
from autoscaler.core.remember import remember
from autoscaler.model.decision import Activity, Decision, Reason, Stage
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import FallbackBehavior, MetricKind, ScaledObject, Trigger
from autoscaler.model.observation import (
    Measurement,
    Missing,
    MissingReason,
    Observation,
    PodCount,
    Sample,
    ScaleStatus,
    Slot,
)
from autoscaler.model.record import Applied, Failed, Unneeded
from autoscaler.scalers.contract import Response
from autoscaler.scalers.cpu_memory import CpuMemoryScaler
from autoscaler.scalers.cron import CronScaler
from autoscaler.scalers.kubernetes_workload import KubernetesWorkloadScaler

START = datetime(2000, 1, 1, 1, tzinfo=UTC)
SCALERS = {
    scaler.type: scaler
    for scaler in (KubernetesWorkloadScaler(), CronScaler(), CpuMemoryScaler("cpu"), CpuMemoryScaler("memory"))
}
GONE = Missing(reason=MissingReason.UNREACHABLE, detail="query failed")
_UNREAD = ("False", "ErrorGettingCurrentReplicas")
_POLL, _SYNC = frozenset({Slot.POLL}), frozenset({Slot.SYNC})
_AWAKENED = (Activity.ACTIVE, Activity.FORCED)


@dataclass
class State:
    """What a step starts from: KEDA's own record of the step before, and our memory of the same.

    ``missing`` and ``fails`` are the target's: it cannot be read, its scale cannot be written. ``stood_in`` is what
    fallback made of the last poll's measurements.
    """

    now: datetime
    values: dict[str, int | None]
    ready: int
    replicas: int
    annotations: Mapping[str, str]
    memory: Memory
    conditions: dict[str, tuple[str, str]]
    missing: bool = False
    fails: bool = False
    stood_in: tuple[Measurement, ...] = ()


@dataclass(frozen=True)
class Seen:
    """What is judged of one step, ours or KEDA's."""

    replicas: int
    active_at: datetime | None
    counts: dict[str, int]
    conditions: dict[str, tuple[str, str]]
    events: tuple[str, ...] = ()
    metrics: object = None
    activity: Activity | None = None
    reason: Reason | None = None


def advance(state: State, step: dict[str, Any]) -> None:
    """Let time pass and the world change."""
    state.now += timedelta(seconds=step["dt"])
    state.values.update(step["values"])
    state.ready = step.get("readyPods", state.ready)
    state.replicas = step.get("setReplicas", state.replicas)
    state.annotations = step.get("annotations", state.annotations)
    state.missing = step.get("targetMissing", state.missing)
    state.fails = step.get("updateFails", state.fails)


def take(state: State, obj: ScaledObject, step: dict[str, Any]) -> Seen:
    """Serve one step: a poll, or the request for a metric. A target that cannot be read is no tick."""
    if step["op"] != "poll":
        name = step["op"].removeprefix("hpa:")
        return replace(still(state, obj), metrics="error") if state.missing else _request(state, obj, name)
    if state.missing:
        return replace(still(state, obj), conditions=state.conditions | {"Ready": _UNREAD})
    return still(state, obj) if obj.pause.full else _poll(state, obj, fails=state.fails)


def still(state: State, obj: ScaledObject) -> Seen:
    """A step that leaves everything as it was."""
    counts = _named(obj, _counts(state, obj))
    return Seen(
        replicas=state.replicas, active_at=state.memory.last_active_at, counts=counts, conditions=state.conditions
    )


def _poll(state: State, obj: ScaledObject, *, fails: bool) -> Seen:
    found = tuple(measure(state, trigger) for trigger in obj.triggers)
    seen = _observation(state, found, _POLL)
    whole = decide(obj, state.memory, seen)
    acted = next(number for number, step in enumerate(whole.steps) if step.stage is Stage.ACTIVATE)
    decision = replace(whole, desired=whole.base, forced=False, steps=whole.steps[: acted + 1])
    changes = decision.base != state.replicas
    state.stood_in = stand_in(obj, state.memory, found, seen.scale, _POLL).measurements
    refused = Failed(why="refused")
    applied = Applied(at=state.now, resource_version="2", took=timedelta(0))
    outcome = (refused if fails else applied) if changes else Unneeded()
    state.memory = remember(obj, state.memory, seen, decision, outcome)
    counts = tuple(trigger.failures for trigger in state.memory.triggers)
    events = (*_moved(decision, changes=changes, fails=fails), *_told(state, obj, decision, found, counts))
    return Seen(
        replicas=state.replicas if fails else decision.base,
        active_at=state.memory.last_active_at,
        counts=_named(obj, counts),
        conditions=_conditions(obj, decision, counts),
        events=tuple(sorted(events)),
        activity=decision.activity,
        reason=decision.steps[-1].reason,
    )


def _request(state: State, obj: ScaledObject, name: str) -> Seen:
    """One request for a metric: its triggers' failures are counted, its value is the sample after fallback."""
    unasked = still(state, obj)
    asked = _asked(obj, name)
    if not asked:
        return replace(unasked, metrics="error")
    past = _counts(state, obj)
    part, memory, found = _part(state, obj, asked, past)
    after = list(past)
    for index, count in zip(asked, failures(part, memory, found, _SYNC), strict=True):
        after[index] = count
    conditions = state.conditions | {"Fallback": _fallback_condition(obj, tuple(after))}
    counts = _named(obj, tuple(after))
    return replace(unasked, counts=counts, conditions=conditions, metrics=_metrics(state, obj, asked, past))


def answers_with(state: State, obj: ScaledObject, name: str, counts: Mapping[str, int]) -> tuple[object, ...]:
    """Give the answers to a request that leaves these counts behind, as another copy of the status has them.

    Two, because such a copy may hold a count for a trigger that has just answered, and then its variable may be nil.
    """
    asked = _asked(obj, name)
    if not asked:
        return ()
    after = tuple(counts.get(trigger.ask.metric, 0) for trigger in obj.triggers)
    past = tuple(max(count - 1, 0) for count in after)
    return _metrics(state, obj, asked, past), _metrics(state, obj, asked, past, after)


def _asked(obj: ScaledObject, name: str) -> list[int]:
    """Which triggers a request asks: those of its name, all of them beside a formula."""
    return [
        index
        for index, trigger in enumerate(obj.triggers)
        if trigger.ask.kind is MetricKind.EXTERNAL
        and (obj.modifiers is not None or trigger.ask.metric.lower() == name.lower())
    ]


def _part(
    state: State, obj: ScaledObject, asked: Sequence[int], past: Sequence[int]
) -> tuple[ScaledObject, Memory, tuple[Measurement, ...]]:
    part = replace(obj, triggers=tuple(obj.triggers[index] for index in asked))
    memory = Memory(triggers=tuple(TriggerMemory(failures=past[index]) for index in asked))
    return part, memory, tuple(cached(state, index) or measure(state, obj.triggers[index]) for index in asked)


def _metrics(
    state: State, obj: ScaledObject, asked: Sequence[int], past: Sequence[int], after: Sequence[int] = ()
) -> object:
    part, memory, found = _part(state, obj, asked, past)
    stood_in = stand_in(part, memory, found, _observation(state, found, _SYNC).scale, _SYNC)
    if obj.modifiers is None:
        return shown(part.triggers[0].ask.metric, stood_in.measurements[0])
    nil = stood_in.nil + tuple(place for place, index in enumerate(asked) if after and is_nil(obj, after[index]))
    composite = compose(part, stood_in.measurements, nil, at=state.now, wall=state.now)
    return shown("composite-metric", composite)


def is_nil(obj: ScaledObject, count: int) -> bool:
    """Say whether a trigger that failed so often in a row has a nil variable."""
    rule = obj.fallback
    return rule is not None and rule.behavior is FallbackBehavior.SCALING_MODIFIERS and count > rule.threshold


def shown(name: str, found: Measurement) -> object:
    """Give a sample as the request's answer shows it."""
    return [[name, str(found.value_milli)]] if isinstance(found, Sample) else "error"


def answer_of(state: State, obj: ScaledObject, index: int, found: Measurement, counts: Mapping[str, int]) -> object:
    """Give the answer to a request for one trigger that measured this, and that leaves these counts behind."""
    metric = obj.triggers[index].ask.metric
    part = replace(obj, triggers=(obj.triggers[index],))
    memory = Memory(triggers=(TriggerMemory(failures=max(counts.get(metric, 0) - 1, 0)),))
    scale = _observation(state, (found,), _SYNC).scale
    return shown(metric, stand_in(part, memory, (found,), scale, _SYNC).measurements[0])


def cached(state: State, index: int) -> Sample | None:
    """Give the sample that the last poll left for a trigger with cached metrics."""
    return state.memory.triggers[index].cached if index < len(state.memory.triggers) else None


def _counts(state: State, obj: ScaledObject) -> tuple[int, ...]:
    past = state.memory.triggers
    return tuple(past[index].failures if index < len(past) else 0 for index in range(len(obj.triggers)))


def _named(obj: ScaledObject, counts: tuple[int, ...]) -> dict[str, int]:
    """The counts that are not zero, by metric."""
    return {t.ask.metric: n for t, n in zip(obj.triggers, counts, strict=True) if n and _counts_for(obj, t)}


def _counts_for(obj: ScaledObject, trigger: Trigger) -> bool:
    return is_configured(obj) and trigger.ask.kind is MetricKind.EXTERNAL


def _observation(state: State, found: tuple[Measurement, ...], slots: frozenset[Slot]) -> Observation:
    pods = PodCount(total=state.ready, ready=state.ready)
    scale = ScaleStatus(spec=state.replicas, status=state.replicas, resource_version="1", uid="u", pods=pods)
    return Observation(at=state.now, wall=state.now, slots=slots, scale=scale, measurements=found)


def measure(state: State, trigger: Trigger) -> Measurement:
    """Let the scaler read what the world would answer."""
    if trigger.type in ("cpu", "memory"):
        return GONE
    pods = [{"labels": {"trig": name}, "phase": "Running"} for name, n in state.values.items() for _ in range(n or 0)]
    if (
        trigger.type == "kubernetes-workload"
        and state.values.get(trigger.ask.question.text.removeprefix("trig="), 0) is None
    ):
        return GONE
    answer = Response(status=200, content_type="application/json", body=json.dumps(pods).encode())
    return SCALERS[trigger.type].read(trigger.ask, answer, state.now)


def _conditions(obj: ScaledObject, decision: Decision, counts: tuple[int, ...]) -> dict[str, tuple[str, str]]:
    if decision.activity in _AWAKENED:
        active = ("True", "ScalerActive")
    else:
        active = ("False", "ScalerCooldown" if decision.activity is Activity.COOLING else "ScalerNotActive")
    ready = ("True", "ScaledObjectReady")
    if decision.steps[-1].reason is Reason.PARTIAL_FAILURE:
        ready = ("Unknown", "PartialTriggerError")
    elif decision.activity is Activity.UNKNOWN and obj.fallback is None:
        ready = ("False", "TriggerError")
    return {"Active": active, "Ready": ready, "Fallback": _fallback_condition(obj, counts)}


def _fallback_condition(obj: ScaledObject, counts: tuple[int, ...]) -> tuple[str, str]:
    if obj.fallback is None or not any(_counts_for(obj, trigger) for trigger in obj.triggers):
        return ("Unknown", "")
    exists = any(count > obj.fallback.threshold for count in counts)
    return ("True", "FallbackExists") if exists else ("False", "NoFallbackFound")


def _moved(decision: Decision, *, changes: bool, fails: bool) -> tuple[str, ...]:
    words = {Reason.ACTIVATED: "KEDAScaleTargetActivat", Reason.DEACTIVATED: "KEDAScaleTargetDeactivat"}
    reason = decision.steps[-1].reason
    return (words[reason] + ("ionFailed" if fails else "ed"),) if changes and reason in words else ()


def _told(
    state: State, obj: ScaledObject, decision: Decision, found: Sequence[Measurement], counts: Sequence[int]
) -> tuple[str, ...]:
    """What is told of the triggers: one word for each that gave nothing, and one where fallback begins or ends."""
    word = "KEDAScalerFailed" if obj.modifiers is None else "KEDAMetricSourceFailed"
    silent = [
        index
        for index, measured in enumerate(found)
        if obj.triggers[index].ask.kind is MetricKind.EXTERNAL
        and isinstance(measured, Missing)
        and index not in decision.fallbacks
        and not (is_configured(obj) and is_nil(obj, counts[index]))
    ]
    falls, fell = bool(decision.fallbacks), state.conditions["Fallback"][0] == "True"
    edge = () if falls is fell else ("ScaledObjectFallback" + ("Activated" if falls else "Deactivated"),)
    return (word,) * len(silent) + edge
