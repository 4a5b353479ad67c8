"""KEDA's executor: one decision on waking, resting and repairing, judged against activation and what it remembers.

A vector's conditions are translated from the step that activation took; the HPA's health in Ready is D40. What a push
changes in ``triggersActivity`` is left out: no trigger of ours pushes.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from autoscaler.core.activation import Activation, activate, active_triggers
from autoscaler.core.remember import remember
from autoscaler.manifests.annotations import force_activation, pause
from autoscaler.model.decision import Activity, Decision, Reason
from autoscaler.model.formula import Formula, Node
from autoscaler.model.memory import Memory, Past
from autoscaler.model.objects import (
    Ask,
    Fallback,
    MetricTarget,
    Modifiers,
    ObjectKey,
    Question,
    ScaledObject,
    ScaleTarget,
    Source,
    TargetType,
    Trigger,
)
from autoscaler.model.observation import Missing, MissingReason, Observation, Sample, ScaleStatus, Slot
from autoscaler.model.record import Applied, Failed, Outcome, Unneeded
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEY = ObjectKey(namespace="ns", name="so")
TARGET = ScaleTarget(namespace="ns", name="target")
_ACTIVE = (Activity.ACTIVE, Activity.FORCED)
_OVERLAYS = ("HPAMetricsUnavailable", "ScalingDegraded")
_TRIGGER = Trigger(
    type="prometheus",
    ask=Ask(
        question=Question(source=Source(transport="prometheus"), text="q"),
        metric="s0-prometheus",
        target=MetricTarget(type=TargetType.AVERAGE_VALUE, amount=1000),
    ),
)
_MODIFIERS = Modifiers(
    formula=Formula(text="a", root=Node(kind="name", column=1, literal="a")), target=_TRIGGER.ask.target
)


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by its inputs: a decision is asked for with ``isActive`` and ``isError``."""
    return "isActive" in vector["in"] and "isError" in vector["in"]


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare the count written, the conditions, the last active time, the event and which triggers are active."""
    given, recorded = vector["in"], vector["out"]
    if "panic" in recorded:
        return Agrees()
    expected, got = _recorded(recorded), _answer(given)
    if "pushMetric" not in given and (ours := _active_triggers(given)) != recorded.get("triggersActivity", {}):
        return Disagrees(expected=recorded.get("triggersActivity"), got=ours)
    blurred = ("lastActive",) if given.get("lastActiveAge") == 0 else ()  # now before and after: no trace of a refresh
    if _same(got, expected, blurred):
        return Agrees()
    for row, answer in _rows(given, expected):
        if _same(got, answer, blurred):
            return Explained(row=row)
    return Disagrees(expected=expected, got=got)


def _recorded(out: dict[str, Any]) -> dict[str, Any]:
    return {
        "scaleTo": out.get("scaleTo", []),
        "conditions": {name: tuple(each[:2]) for name, each in out.get("conditions", {}).items()},
        "lastActive": out.get("lastActive") == "now",
        "events": [tuple(event[:2]) for event in out.get("events", [])],
    }


def _same(one: dict[str, Any], other: dict[str, Any], blurred: tuple[str, ...]) -> bool:
    return all(one[name] == other[name] for name in one if name not in blurred)


def _rows(given: dict[str, Any], expected: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The rows that this vector's content calls for, each with the whole answer that is ours."""
    found: list[tuple[str, dict[str, Any]]] = []
    ours, ready = expected, expected["conditions"].get("Ready", ("", ""))[1]
    forced = force_activation(given.get("annotations", {}))
    active = given["isActive"] or forced
    if ready in _OVERLAYS:
        ours = {**ours, "conditions": {**ours["conditions"], "Ready": _own_ready(ready, active=active)}}
        found.append(("D40", ours))
    current, minimum, idle = _current(given), given.get("min", 0), given.get("idle")
    if not active and idle == current and ours["scaleTo"] == [idle]:
        found.append(("D20", {**ours, "scaleTo": [], "events": []}))
    if not given["isError"]:
        return found
    if active and current >= max(minimum if idle is not None else 1, 1):
        found.append(("D6", {**ours, "lastActive": True}))
    if not active and given.get("fallbackReplicas") != 0:
        refreshed = current > 0 and current != idle and not _waits_longer(given)
        if idle is None and current < minimum:
            found.append(("D19", {**ours, "scaleTo": _unless_unread(given, minimum), "lastActive": refreshed}))
        elif refreshed:
            found.append(("D21", {**ours, "lastActive": True}))
    return found


def _waits_longer(given: dict[str, Any]) -> bool:
    """Say whether the initial cooldown of an object that was never active outlasts a cooldown that begins now."""
    left = given.get("initialCooldown", 0) - given["creationAge"]
    return given.get("lastActiveAge") is None and left > given.get("cooldown", 300)


def _own_ready(overlay: str, *, active: bool) -> tuple[str, str]:
    """Ready without the health of an HPA: what KEDA's row says of our own triggers."""
    if overlay == "HPAMetricsUnavailable":
        return ("True", "ScaledObjectReady")
    return ("Unknown", "PartialTriggerError") if active else ("False", "TriggerError")


def _unless_unread(given: dict[str, Any], replicas: int) -> list[int]:
    """A write starts with a read of the scale; where that fails nothing is written."""
    return [] if given.get("scaleGetFails") else [replicas]


def _current(given: dict[str, Any]) -> int:
    """The count that KEDA reads: the target's own, or the scale's where the target has none or cannot be read."""
    own = "scaleReplicas" if _is_without(given) and "scaleReplicas" in given else "currentReplicas"
    current: int = given[own]
    return current


def _answer(given: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = {"scaleTo": [], "conditions": {}, "lastActive": False, "events": []}
    if _is_unreadable(given):
        return {**answer, "conditions": {"Ready": ("False", "ErrorGettingCurrentReplicas")}}
    obj = _object(given)
    if obj.pause.full:
        paused = {"Paused": ("True", "ScaledObjectPaused"), "Ready": ("True", "ScaledObjectReady")}
        return {**answer, "conditions": paused}
    current = _current(given)
    past = _memory(given, current)
    done = activate(obj, past, current=current, active=given["isActive"], missing=given["isError"], at=NOW, holds=())
    fails = bool(given.get("updateFails") or given.get("scaleGetFails"))
    after = remember(obj, past, _seen(given, current), _decision(done, current), _outcome(done, current, fails=fails))
    return {
        "scaleTo": _unless_unread(given, done.base) if done.base != current else [],
        "conditions": {"Active": _active(done), "Ready": _ready(obj, done)},
        "lastActive": after.last_active_at == NOW,
        "events": _events(done, current, fails=fails),
    }


def _is_unreadable(given: dict[str, Any]) -> bool:
    """Whether no count can be had: kinds beside KEDA's own are read by their scale where they have none."""
    return _is_without(given) and (given.get("kind") != "Custom" or bool(given.get("scaleGetFails")))


def _is_without(given: dict[str, Any]) -> bool:
    return bool(given.get("readFails")) or "currentReplicas" not in given


def _object(given: dict[str, Any]) -> ScaledObject:
    annotations = given.get("annotations", {})
    stopped, _ = pause(annotations)
    replicas = given.get("fallbackReplicas")
    return ScaledObject(
        key=KEY,
        target=TARGET,
        triggers=(_TRIGGER,),
        cooldown=timedelta(seconds=given.get("cooldown", 300)),
        initial_cooldown=timedelta(seconds=given.get("initialCooldown", 0)),
        min_replicas=given.get("min", 0),
        max_replicas=given.get("max", 100),
        idle_replicas=given.get("idle"),
        fallback=None if replicas is None else Fallback(threshold=3, replicas=replicas),
        pause=stopped,
        force_activation=force_activation(annotations),
        created_at=NOW - timedelta(seconds=given["creationAge"]),
    )


def _memory(given: dict[str, Any], current: int) -> Memory:
    age = given.get("lastActiveAge")
    return Memory(
        recommendations=(),
        last_active_at=None if age is None else NOW - timedelta(seconds=age),
        past=Past(
            first_at=NOW, last_at=NOW, replicas=current, target=TARGET, target_uid="u", original_replicas=current
        ),
    )


def _seen(given: dict[str, Any], current: int) -> Observation:
    missing = Missing(reason=MissingReason.UNREACHABLE, detail="")
    found = missing if given["isError"] else Sample(value_milli=1000, active=given["isActive"], at=NOW)
    scale = ScaleStatus(spec=current, status=current, resource_version="1", uid="u")
    return Observation(at=NOW, wall=NOW, slots=frozenset({Slot.POLL}), scale=scale, measurements=(found,))


def _active_triggers(given: dict[str, Any]) -> dict[str, bool]:
    """Which triggers make the object active; where KEDA names its composite, a formula speaks for them all."""
    names, active = given.get("externalMetricNames", []), given.get("activeTriggers", [])
    composed = "composite-metric" in active
    triggers = tuple(replace(_TRIGGER, ask=replace(_TRIGGER.ask, metric=name)) for name in names)
    obj = replace(_object(given), triggers=triggers, modifiers=_MODIFIERS if composed else None)
    found = tuple(Sample(value_milli=1000, active=composed or name in active, at=NOW) for name in names)
    indices = active_triggers(obj, found, ())
    return {name: index in indices for index, name in enumerate(names)}


def _decision(done: Activation, current: int) -> Decision:
    return Decision(current=current, base=done.base, desired=done.base, activity=done.activity, steps=(done.step,))


def _outcome(done: Activation, current: int, *, fails: bool) -> Outcome:
    if done.base == current:
        return Unneeded()
    return Failed(why="refused") if fails else Applied(at=NOW, resource_version="2", took=timedelta(0))


def _active(done: Activation) -> tuple[str, str]:
    if done.activity in _ACTIVE:
        return ("True", "ScalerActive")
    return ("False", "ScalerCooldown" if done.activity is Activity.COOLING else "ScalerNotActive")


def _ready(obj: ScaledObject, done: Activation) -> tuple[str, str]:
    if done.step.reason is Reason.PARTIAL_FAILURE:
        return ("Unknown", "PartialTriggerError")
    if done.activity is Activity.UNKNOWN and obj.fallback is None:
        return ("False", "TriggerError")
    return ("True", "ScaledObjectReady")


def _events(done: Activation, current: int, *, fails: bool) -> list[tuple[str, str]]:
    word = {Reason.ACTIVATED: "KEDAScaleTargetActivat", Reason.DEACTIVATED: "KEDAScaleTargetDeactivat"}
    if done.base == current or done.step.reason not in word:
        return []
    return [("Warning", word[done.step.reason] + "ionFailed") if fails else ("Normal", word[done.step.reason] + "ed")]
