"""KEDA's whole loop: polls and metric requests of one object, judged step by step.

A ``poll`` step is a tick with a poll slot, judged by what activation leaves behind. An ``hpa:`` step is a metric
request, judged by the sync slot's failures and samples. Each step starts from what the recording says of the one
before, so that one intended difference does not hide the next.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from autoscaler.manifests.document import SourceFile, read
from autoscaler.manifests.scaledobject import Judged, candidate, parse
from autoscaler.manifests.settings import Settings
from autoscaler.model.decision import Activity, Reason
from autoscaler.model.faults import Severity
from autoscaler.model.memory import Memory, TriggerMemory
from autoscaler.model.objects import ScaledObject
from autoscaler.model.observation import Origin, Sample
from tests.conformance.loop_world import (
    GONE,
    SCALERS,
    START,
    Seen,
    State,
    advance,
    answer_of,
    answers_with,
    cached,
    is_nil,
    measure,
    shown,
    take,
)
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

_FOREVER = timedelta(days=365)
"""An interval that no gap between steps exceeds: these scenarios are on time."""
_JUDGED = ("Active", "Ready", "Fallback")
_FIELDS = ("replicas", "active_at", "counts", "conditions", "events", "metrics")
_RULES = ("E101", "E104", "E105", "E106", "E107", "E108")


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by its inputs: a spec and steps with an operation."""
    return "spec" in vector["in"] and "steps" in vector["in"] and "replicas" in vector["in"]


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare every step; where KEDA's goroutines race one of the recorded alternatives is enough."""
    out = vector["out"]
    if "buildError" in out:
        return _unbuilt(vector["in"], out["buildError"])
    verdicts = [_judge(vector["in"], each["steps"]) for each in out.get("alternatives", [out])]
    for kind in (Agrees, Explained):
        if (found := next((verdict for verdict in verdicts if isinstance(verdict, kind)), None)) is not None:
            return found
    return verdicts[0]


def _unbuilt(given: dict[str, Any], error: str) -> Verdict:
    """What KEDA cannot build is refused when it is loaded."""
    judged = _load(given, given.get("annotations", {}))
    return Agrees() if judged.obj is None else Disagrees(expected=error, got=judged.obj)


def _load(given: dict[str, Any], annotations: Mapping[str, str]) -> Judged:
    manifest = {
        "apiVersion": "keda.sh/v1alpha1",
        "kind": "ScaledObject",
        "metadata": {"name": "so", "namespace": "ns", "annotations": dict(annotations)},
        "spec": {"scaleTargetRef": {"name": "web"}, **given["spec"]},
    }
    document = read([SourceFile(path="vector", text=json.dumps(manifest))]).documents[0]
    return parse(candidate(document), SCALERS, Settings(), lambda _ref: None)


def _on_time(given: dict[str, Any], obj: ScaledObject) -> ScaledObject:
    created_at = START - timedelta(seconds=given["creationAge"])
    return replace(obj, polling_interval=_FOREVER, sync_interval=_FOREVER, created_at=created_at)


def _judge(given: dict[str, Any], recorded: list[dict[str, Any]]) -> Verdict:
    state = State(
        now=START,
        values={},
        ready=0,
        replicas=given["replicas"],
        annotations={},
        memory=Memory(),
        conditions={"Active": ("Unknown", ""), "Ready": ("Unknown", ""), "Fallback": ("Unknown", "")},
    )
    rows: list[str] = []
    for number, (step, out) in enumerate(zip(given["steps"], recorded, strict=True)):
        advance(state, step)
        judged = _load(given, state.annotations)
        if judged.obj is None:
            return _refused(judged)
        obj = _on_time(given, judged.obj)
        theirs = _theirs(state, out)
        ours = take(state, obj, step)
        if (row := _compare(state, obj, step, ours, theirs)) is None:
            return Disagrees(expected=(number, theirs), got=ours)
        rows += [row] if row else []
        _follow(state, obj, theirs, polled=step["op"] == "poll")
    return Explained(row=rows[0]) if rows else Agrees()


def _refused(judged: Judged) -> Verdict:
    """The admission rules, which the scenario's object never met, hold here."""
    broken = [fault for fault in judged.faults if fault.severity is Severity.ERROR]
    by_rule = all(fault.code in _RULES for fault in broken)
    return Explained(row="D10") if broken and by_rule else Disagrees(expected="loaded", got=judged.faults)


def _follow(state: State, obj: ScaledObject, theirs: Seen, *, polled: bool) -> None:
    """Take over what is recorded, so that the next step starts where KEDA's does."""
    before = state.memory.triggers
    triggers = tuple(
        replace(
            before[index] if index < len(before) else TriggerMemory(),
            failures=theirs.counts.get(trigger.ask.metric, 0),
        )
        for index, trigger in enumerate(obj.triggers)
    )
    state.memory = replace(state.memory, last_active_at=theirs.active_at, triggers=triggers)
    state.replicas = theirs.replicas
    told = theirs.conditions if polled else {"Fallback": theirs.conditions["Fallback"]}
    state.conditions = state.conditions | told


def _theirs(state: State, out: dict[str, Any]) -> Seen:
    age = out.get("lastActiveAge")
    return Seen(
        replicas=out["replicas"],
        active_at=None if age is None else state.now - timedelta(seconds=age),
        counts={name: entry[0] for name, entry in out.get("health", {}).items() if entry[0]},
        conditions={name: (out["conditions"][name][0], out["conditions"][name][1]) for name in _JUDGED},
        events=tuple(sorted(event.split(" ")[1] for event in out.get("events", []))),
        metrics="error" if "hpaError" in out else out.get("hpaMetrics"),
    )


def _compare(state: State, obj: ScaledObject, step: dict[str, Any], ours: Seen, theirs: Seen) -> str | None:
    """Name the row that makes this step differ, "" where nothing does, None where no row explains it."""
    differs = {name for name in _FIELDS if getattr(ours, name) != getattr(theirs, name)}
    if not differs:
        return ""
    if state.missing:
        return _compare_unread(state, differs, ours, theirs)
    if step["op"] != "poll":
        return _compare_request(state, obj, step, differs, ours, theirs)
    match ours.activity:
        case Activity.ACTIVE | Activity.FORCED if ours.reason is Reason.PARTIAL_FAILURE:
            return "D6" if differs == {"active_at"} and ours.active_at == state.now else None
        case Activity.UNKNOWN if _is_unknown(state, obj, ours, theirs):
            if differs <= {"replicas", "active_at"}:
                return "D19" if ours.replicas > theirs.replicas == state.replicas else "D21"
            return "D24" if _is_failed_formula(state, obj, ours, theirs) else None
        case _:
            return None


def _compare_unread(state: State, differs: set[str], ours: Seen, theirs: Seen) -> str | None:
    """Without a target there is no tick of ours: it says so, counts nothing and answers nothing.

    KEDA goes on as long as its triggers are built; once one has failed it cannot build them, and its polls are silent.
    """
    if differs & {"replicas", "active_at"} or ours.events:
        return None
    silent = theirs.conditions == state.conditions and theirs.counts == ours.counts and not theirs.events
    return "D13" if silent and differs == {"conditions"} else "D15"


def _is_unknown(state: State, obj: ScaledObject, ours: Seen, theirs: Seen) -> bool:
    """Whether we did what an unknown activity calls for: repair min, and count an awake object as active.

    KEDA leaves the last active time alone, so its own is the one before.
    """
    raised = obj.idle_replicas is None and state.replicas < obj.min_replicas and not state.fails
    awake = state.replicas not in (0, obj.idle_replicas)
    created_at = obj.created_at or START
    waits = theirs.active_at is None and created_at + obj.initial_cooldown > state.now + obj.cooldown
    kept = ours.replicas == (obj.min_replicas if raised else state.replicas)
    return kept and ours.active_at == (state.now if awake and not waits else theirs.active_at)


def _compare_request(
    state: State, obj: ScaledObject, step: dict[str, Any], differs: set[str], ours: Seen, theirs: Seen
) -> str | None:
    """After a request KEDA's second copy of the status shows: conditions fall back, counts and times may too.

    Where the counts of that copy make the whole answer, it is the copy's doing. A fallback value that a poll left in
    the cache is such a copy: KEDA takes it for a success, we ask again. And where another trigger failed, KEDA has
    dropped the whole cache, while we keep this trigger's sample.
    """
    if not (differs <= {"conditions", "counts", "active_at", "metrics"} and _is_one_state(state, obj, ours)):
        return None
    if "metrics" not in differs:
        return "D41"
    by_copy = answers_with(state, obj, step["op"].removeprefix("hpa:"), theirs.counts)
    if theirs.counts != ours.counts and theirs.metrics in by_copy:
        return "D41"
    if obj.modifiers is not None:
        failed = theirs.metrics == [] and "error" in by_copy and _has_variables(state, obj, theirs)
        return ("D24" if ours.metrics == "error" else "D41") if failed else None
    index = next(n for n, trigger in enumerate(obj.triggers) if trigger.ask.metric.lower() in step["op"].lower())
    return _compare_cached(state, obj, index, ours, theirs) if obj.triggers[index].use_cached else None


def _compare_cached(state: State, obj: ScaledObject, index: int, ours: Seen, theirs: Seen) -> str | None:
    """Where the last poll had a sample we give it, and KEDA may have dropped it; where it had none we ask again."""
    trigger, kept = obj.triggers[index], cached(state, index)
    if kept is not None:
        live = answer_of(state, obj, index, measure(state, trigger), theirs.counts)
        return "D16" if ours.metrics == shown(trigger.ask.metric, kept) and theirs.metrics == live else None
    polled = state.stood_in[index] if state.stood_in else GONE
    if isinstance(polled, Sample) and polled.origin is not Origin.FALLBACK:
        return None
    failed = answer_of(state, obj, index, GONE, theirs.counts)
    return "D41" if theirs.metrics in (failed, shown(trigger.ask.metric, polled)) else None


def _is_one_state(state: State, obj: ScaledObject, ours: Seen) -> bool:
    """Whether the request left us as we were, but for counts that went up by one or back to zero."""
    kept = all(ours.conditions[name] == state.conditions[name] for name in ("Active", "Ready"))
    before = {t.ask.metric: m.failures for t, m in zip(obj.triggers, state.memory.triggers, strict=False)}
    steps = all(count in (before.get(name, 0), before.get(name, 0) + 1) for name, count in ours.counts.items())
    return kept and steps and ours.active_at == state.memory.last_active_at


def _is_failed_formula(state: State, obj: ScaledObject, ours: Seen, theirs: Seen) -> bool:
    """Whether the formula alone failed, every trigger giving a sample or nil, and we say that something is wrong.

    KEDA takes the object for idle and well, and puts it to rest.
    """
    if obj.modifiers is None or not _has_variables(state, obj, ours):
        return False
    ready = ("False", "TriggerError") if obj.fallback is None else ("True", "ScaledObjectReady")
    conditions = theirs.conditions | {"Active": ("False", "ScalerNotActive"), "Ready": ready}
    events = tuple(event for event in theirs.events if not event.startswith("KEDAScaleTargetDeactivat"))
    return (ours.conditions, ours.events, ours.counts) == (conditions, events, theirs.counts)


def _has_variables(state: State, obj: ScaledObject, seen: Seen) -> bool:
    """Whether every trigger has a sample, or a count by which its variable is nil."""
    return all(
        isinstance(measure(state, trigger), Sample) or is_nil(obj, seen.counts.get(trigger.ask.metric, 0))
        for trigger in obj.triggers
    )
