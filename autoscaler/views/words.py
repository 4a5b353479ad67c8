"""A decision in a few words, and the numbers in it, as people read them."""

from datetime import timedelta

from autoscaler.core.recommend import winner
from autoscaler.model.decision import Activity, Decision, Proposal, Reason, Stage, Step
from autoscaler.model.objects import MetricTarget, ScaledObject, TargetType, Trigger
from autoscaler.model.observation import Measurement, Missing, PodSamples, Sample
from autoscaler.model.record import Decided
from autoscaler.views.series import number

_GUARDS = {
    Reason.SOURCE_BLIND: "source blind",
    Reason.SOURCE_RECOVERING: "source recovering",
    Reason.SOURCE_PARTIAL: "source answers in part",
    Reason.FLEET: "fleet breaker open",
    Reason.SCALE_OUT_ONLY: "mode scale-out-only",
}


def because(record: Decided) -> str:
    """Say in one line why the count is what it is."""
    obj, decision = record.obj, record.decision
    parts = [part for step in decision.steps if (part := _said(record, step))]
    if decision.desired < decision.current and _falls_by_metric(decision):
        window = obj.behavior.scale_down.window if obj.behavior else obj.downscale_window
        if window:
            parts.append(f"and nothing higher in the last {span(window)}")
    return _joined(parts) or "nothing to do"


def deciding(decision: Decision) -> Step:
    """Give the step that set the final number: the last one that moved it, else the last."""
    moved = [step for step in decision.steps if step.before != step.after]
    return moved[-1] if moved else decision.steps[-1]


def values(record: Decided) -> dict[str, str]:
    """Give each trigger's value over its target, or why it has none, by the metric's name."""
    seen = zip(record.obj.triggers, record.seen.measurements, strict=False)
    return {trigger.ask.metric: value_of_target(trigger, measured) for trigger, measured in seen}


def value_of_target(trigger: Trigger, measured: Measurement) -> str:
    """Write a measurement over its target: ``34.0/10``, or the reason why it is missing."""
    match measured:
        case Sample(value_milli=milli):
            return f"{reading(milli)}/{target(trigger.ask.target)}"
        case PodSamples(pods=pods):
            return f"{len(pods)} pods/{target(trigger.ask.target)}"
        case Missing(reason=reason):
            return reason.value


def reading(milli: int) -> str:
    """Write a measured value with one digit after the point, more where they matter."""
    exact = number(milli)
    if "." not in exact:
        return f"{exact}.0"
    return exact if abs(milli) < 10_000 else f"{milli / 1000:.1f}"


def target(wanted: MetricTarget) -> str:
    """Write what a metric is compared with."""
    return f"{wanted.amount} %" if wanted.type is TargetType.UTILIZATION else number(wanted.amount)


def span(length: timedelta) -> str:
    """Write a duration in seconds, or in minutes and hours where they are whole and long."""
    seconds = length.total_seconds()
    if seconds >= 600 and seconds % 60 == 0:
        minutes = int(seconds // 60)
        return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
    return f"{seconds:g} s"


def arithmetic(obj: ScaledObject, proposal: Proposal, measured: Measurement | None) -> str:
    """Write how one metric came to its replicas: ``34.0 / 10 → 4``."""
    if proposal.replicas is None:
        return proposal.fault or "no sample"
    wanted = obj.modifiers.target if proposal.trigger is None and obj.modifiers else None
    if wanted is None and proposal.trigger is not None:
        wanted = obj.triggers[proposal.trigger].ask.target
    if not isinstance(measured, Sample) or wanted is None:
        ratio = "" if proposal.ratio is None else f"{proposal.ratio:.2f} x target "
        return f"{ratio}→ {proposal.replicas}"
    kept = " (within tolerance)" if proposal.held else ""
    return f"{reading(measured.value_milli)} / {target(wanted)} → {proposal.replicas}{kept}"


def _said(record: Decided, step: Step) -> str:
    """Say what one step adds to the story; nothing where it changed nothing that a reader would miss."""
    match step.stage:
        case Stage.ACTIVATE:
            return _activation(record, step)
        case Stage.PAUSE:
            count = record.obj.pause.replicas
            return "paused" if count is None else f"paused at {count} replicas"
        case Stage.FALLBACK:
            return f"fallback for {step.detail}"
        case Stage.RECOMMEND:
            return _recommendation(record, step)
        case Stage.RESTORE:
            return "object deleted; original replica count restored"
        case Stage.SLOT if step.reason is Reason.NOT_A_POLL:
            return "active, wakes at the next poll"
        case Stage.SLOT if step.reason is Reason.SCALER_NOT_ACTIVE:
            return "idle"
        case _ if step.before == step.after:
            return ""
        case Stage.STABILIZE:
            return f"held at {step.after} by the stabilization window"
        case Stage.LIMIT:
            return f"limited to {step.after} by policy"
        case Stage.BOUND:
            return _bound(record.obj, step)
        case Stage.SLOT if step.reason is Reason.FOREIGN_WRITER:
            return f"{step.detail}; waits for a sync"
        case Stage.SLOT:
            return "shrinks only at a sync"
        case Stage.HOLD:
            return _hold(step)
        case Stage.SEED | Stage.COMPOSE:
            return ""


def _activation(record: Decided, step: Step) -> str:
    match step.reason:
        case Reason.ACTIVATED:
            forced = record.decision.activity is Activity.FORCED
            return "active by annotation" if forced else f"active: {_activity(record)}"
        case Reason.DEACTIVATED:
            return f"idle for cooldownPeriod {span(record.obj.cooldown)}"
        case Reason.REPAIRED:
            return f"below minReplicaCount {record.obj.min_replicas}"
        case Reason.SCALER_COOLDOWN:
            return f"idle, cooldownPeriod {span(record.obj.cooldown)} not over"
        case Reason.PAUSED_SCALE_IN | Reason.PAUSED_SCALE_OUT:
            return f"{step.reason.value} holds it"
        case Reason.UNKNOWN_STATE:
            return "activity unknown: a trigger is missing"
        case reason if reason in _GUARDS:
            return _hold(step)
        case Reason.SCALER_NOT_ACTIVE if not record.decision.proposals:
            return "idle"
        case _:
            return ""


def _activity(record: Decided) -> str:
    """Name the trigger that woke the object, and what it rose above."""
    for trigger, measured in zip(record.obj.triggers, record.seen.measurements, strict=False):
        if isinstance(measured, Sample) and measured.active:
            return f"{reading(measured.value_milli)} > {trigger.ask.activation:g}"
    return "a trigger is active"


def _recommendation(record: Decided, step: Step) -> str:
    if step.reason is Reason.FAILED_METRIC:
        return f"no recommendation: {step.detail}" if step.detail else "no recommendation"
    known = [proposal for proposal in record.decision.proposals if proposal.replicas is not None]
    best = winner(known) or known[0]
    seen = record.seen.measurements
    measured = seen[best.trigger] if best.trigger is not None and best.trigger < len(seen) else None
    return arithmetic(record.obj, best, measured)


def _bound(obj: ScaledObject, step: Step) -> str:
    match step.reason:
        case Reason.TOO_MANY:
            return f"held at maxReplicaCount {obj.max_replicas} ({step.before - step.after} short)"
        case Reason.TOO_FEW:
            return f"held at minReplicaCount {step.after}"
        case Reason.ABOVE_MAX:
            return f"above maxReplicaCount {obj.max_replicas}"
        case _:
            return f"below minReplicaCount {step.after}"


def _hold(step: Step) -> str:
    detail = f": {step.detail}" if step.detail else ""
    return f"{_GUARDS[step.reason]}{detail}; no shrinking"


def _falls_by_metric(decision: Decision) -> bool:
    return not decision.forced and deciding(decision).stage in (
        Stage.RECOMMEND,
        Stage.STABILIZE,
        Stage.LIMIT,
        Stage.BOUND,
    )


def _joined(parts: list[str]) -> str:
    """Join what activation and the metrics said with a semicolon, the rest with commas, as people write it."""
    text = parts[0] if parts else ""
    for part in parts[1:]:
        text += (", " if part.startswith(("held", "limited", "and ", "shrinks")) else "; ") + part
    return text
