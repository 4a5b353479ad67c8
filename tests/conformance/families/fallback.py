"""KEDA's fallback: sequences of results of one object's metrics, judged against ``stand_in`` and ``failures``.

Every step of a vector is one slot, so a failing metric counts one. A step whose scale cannot be read is no tick of
ours: nothing is counted and nothing remembered (D15).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, TypeAlias, cast

from autoscaler.core.fallback import failures, is_configured, stand_in
from autoscaler.model.formula import Formula, Node
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import (
    Ask,
    Fallback,
    FallbackBehavior,
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
from autoscaler.model.observation import Measurement, Missing, MissingReason, PodCount, Sample, ScaleStatus, Slot
from autoscaler.model.quantity import parse_quantity
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

Health: TypeAlias = dict[str, tuple[int | None, str]]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
MISSING = Missing(reason=MissingReason.UNREACHABLE, detail="")
_LARGEST = 2**63 - 1
_ONE = frozenset({Slot.POLL})
_ERROR = "error"
_PANIC = "panic"
_UNREAD = ("replicasReadFails", "scaleFails")


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by its inputs: metrics with targets and a sequence of steps."""
    return "metrics" in vector["in"] and "steps" in vector["in"]


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare, step by step, each metric's value or error, the flag, the counts and the condition."""
    given = vector["in"]
    expected, as_keda = _recorded(vector["out"]), _answer(given, unread_counts=True)
    as_keda = [_judged(ours, theirs) for ours, theirs in zip(as_keda, expected, strict=True)]
    if _has_unread(given):
        ours = _answer(given, unread_counts=False)
        kept = all(ours[n]["health"] == ours[n - 1]["health"] for n in range(1, len(ours)) if "unread" in ours[n])
        return Explained(row="D15") if as_keda == expected and kept else Disagrees(expected=expected, got=as_keda)
    if as_keda == expected:
        return Agrees()
    if as_keda == _saturated(expected):
        return Explained(row="D12")
    return Disagrees(expected=expected, got=as_keda)


def _recorded(out: dict[str, Any]) -> list[dict[str, Any]]:
    steps = [
        {
            "results": {name: _recorded_result(result) for name, result in step["results"].items()},
            "health": {name: tuple(entry) for name, entry in step["health"].items()},
            "condition": tuple(step["fallbackCondition"]),
        }
        for step in out["steps"]
    ]
    return [{"configured": out["validFallback"], "health": {}}, *steps]


def _judged(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    """Leave out what cannot be compared: a step in which KEDA's code panicked has counts, but no answer."""
    if _PANIC in theirs.get("results", {}).values():
        return {**theirs, "health": ours["health"]}
    return ours


def _recorded_result(result: dict[str, Any]) -> object:
    if "panic" in result:
        return _PANIC
    if "error" in result:
        return _ERROR
    return (result["metric"]["name"], int(result["metric"]["milli"]), result["fallback"])


def _saturated(expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What overflowed to the lowest 64-bit number is the highest one with us."""
    return [
        {**step, "results": {n: _saturated_result(r) for n, r in step["results"].items()}}
        if "results" in step
        else step
        for step in expected
    ]


def _saturated_result(result: object) -> object:
    match result:
        case (name, milli, flag) if milli == -_LARGEST - 1:
            return (name, _LARGEST, flag)
        case _:
            return result


def _has_unread(given: dict[str, Any]) -> bool:
    return bool(given.get("noTargetGVKR")) or any(step.get(word) for step in given["steps"] for word in _UNREAD)


def _answer(given: dict[str, Any], *, unread_counts: bool) -> list[dict[str, Any]]:
    health: Health = {
        name: (entry.get("numberOfFailures"), entry["status"]) for name, entry in given.get("health", {}).items()
    }
    whole = _object(given, [metric["name"] for metric in given["metrics"]])
    answers: list[dict[str, Any]] = [{"configured": is_configured(whole), "health": {}}]
    for step in given["steps"]:
        unread = given.get("noTargetGVKR") or any(step.get(word) for word in _UNREAD)
        if unread and not unread_counts:
            answers.append({"results": {}, "health": dict(health), "condition": ("", ""), "unread": True})
        else:
            answers.append(_step(given, step, health))
    return answers


def _step(given: dict[str, Any], step: dict[str, Any], health: Health) -> dict[str, Any]:
    names = [metric["name"] for metric in given["metrics"] if metric["name"] in step["results"]]
    obj = _object(given, names)
    memory = Memory(triggers=tuple(TriggerMemory(failures=health.get(n, (0, ""))[0] or 0) for n in names))
    found = tuple(_measured(step["results"][name]) for name in names)
    counts = failures(obj, memory, found, _ONE)
    stood_in = stand_in(obj, memory, found, _scale(step), _ONE)
    if is_configured(obj):
        for name, count, measured in zip(names, counts, found, strict=True):
            health[name] = (count, "Failing" if measured is MISSING else "Happy")
    blind = _needs_count(given) and bool(step.get("replicasReadFails") or given.get("noTargetGVKR"))
    results: dict[str, object] = {}
    for index, name in enumerate(names):
        if index in stood_in.nil:
            results[name] = (name, -1000, False)
        elif index in stood_in.indices and blind:
            results[name] = _ERROR
        else:
            shown = "composite-metric" if obj.modifiers is not None and index in stood_in.indices else name
            results[name] = _result(shown, stood_in.measurements[index], falls_back=index in stood_in.indices)
    return {"results": results, "health": dict(health), "condition": _condition(obj, health)}


def _needs_count(given: dict[str, Any]) -> bool:
    """Only the word itself spares KEDA a look at the present count; the default, which means the same, does not."""
    return bool(given.get("fallback", {}).get("behavior") != "static")


def _result(name: str, found: Measurement, *, falls_back: bool) -> object:
    return (name, found.value_milli, falls_back) if isinstance(found, Sample) else _ERROR


def _condition(obj: ScaledObject, health: Mapping[str, tuple[int | None, str]]) -> tuple[str, str]:
    if obj.fallback is None or not is_configured(obj) or not health:
        return ("Unknown", "")
    threshold = obj.fallback.threshold
    exists = any(status == "Failing" and (count or 0) > threshold for count, status in health.values())
    return ("True", "FallbackExists") if exists else ("False", "NoFallbackFound")


def _measured(text: str | None) -> Measurement:
    return MISSING if text is None else Sample(value_milli=int(_milli(text)), active=True, at=NOW)


def _scale(step: dict[str, Any]) -> ScaleStatus:
    pods = None
    if not step.get("podListFails") and not step.get("scaleFails"):
        ready = sum(_is_ready(pod, step.get("selector", "app=web")) for pod in step.get("pods", []))
        pods = PodCount(total=len(step.get("pods", [])), ready=ready)
    current = step["currentReplicas"]
    return ScaleStatus(spec=current, status=current, resource_version="1", uid="u", pods=pods)


def _is_ready(pod: dict[str, Any], selector: str) -> bool:
    if pod["phase"] != "Running" or pod["ready"] != "True" or pod.get("ns", "ns") != "ns":
        return False
    key, _, wanted = selector.partition("=")
    return bool(pod["labels"].get(key) == wanted)


def _object(given: dict[str, Any], names: list[str]) -> ScaledObject:
    by_name = {metric["name"]: metric for metric in given["metrics"]}
    written = given.get("scalingModifiers", {})
    modifiers = _modifiers(written) if any(written.values()) else None
    return ScaledObject(
        key=ObjectKey(namespace="ns", name="so"),
        target=ScaleTarget(namespace="ns", name="web"),
        triggers=tuple(_trigger(by_name[name]) for name in names),
        modifiers=modifiers,
        fallback=_fallback(given.get("fallback"), written.get("target", "") if modifiers is not None else None),
    )


def _fallback(written: dict[str, Any] | None, target: str | None) -> Fallback | None:
    if written is None:
        return None
    known = {behavior.value: behavior for behavior in FallbackBehavior}
    return Fallback(
        threshold=written["failureThreshold"],
        replicas=written["replicas"],
        behavior=known.get(written["behavior"], FallbackBehavior.STATIC),
        usable=target is None or _is_whole(target),
    )


def _is_whole(target: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]+", target) is not None and 0 < int(target) <= _LARGEST


def _modifiers(written: dict[str, Any]) -> Modifiers:
    target = written.get("target", "")
    return Modifiers(
        formula=Formula(text="a", root=Node(kind="name", column=1, literal="a")),
        target=_target(written.get("metricType") or "AverageValue", target if _is_whole(target) else "1"),
    )


def _trigger(metric: dict[str, Any]) -> Trigger:
    return Trigger(
        type="prometheus",
        ask=Ask(
            question=Question(source=Source(transport="prometheus"), text="q"),
            metric=metric["name"],
            target=_target(metric["targetType"], metric["target"]),
        ),
    )


def _target(kind: str, text: str) -> MetricTarget:
    """A target as the vector has it: finer than thousandths too, which no trigger can be given."""
    milli = _milli(text)
    return MetricTarget(type=TargetType(kind), amount=int(milli) if milli.denominator == 1 else cast(int, milli))


def _milli(text: str) -> Fraction:
    found = parse_quantity(text)
    assert found is not None, f"no quantity: {text}"
    return Fraction(found.mantissa) * Fraction(10) ** (found.exponent + 3)
