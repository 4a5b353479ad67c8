"""A decision in a few words, and the numbers in it, as people read them."""

from datetime import timedelta

from autoscaler.core.recommend import winner
from autoscaler.model.decision import Activity, Decision, Proposal, Reason, Stage, Step
from autoscaler.model.objects import MetricTarget, ScaledObject, TargetType
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, PodSamples, Sample
from autoscaler.model.record import Decided
from autoscaler.views.series import number

COMPOSITE = "composite-metric"
"""KEDA's name of what the formula makes."""
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
    """Give each trigger's value over its target, and the formula's, or why it has none, by the metric's name."""
    seen = zip(record.obj.triggers, record.seen.measurements, strict=False)
    found = {trigger.ask.metric: value_of_target(trigger.ask.target, measured) for trigger, measured in seen}
    if record.obj.modifiers is not None and record.decision.composite is not None:
        found[COMPOSITE] = value_of_target(record.obj.modifiers.target, record.decision.composite)
    return found


def value_of_target(wanted: MetricTarget, measured: Measurement) -> str:
    """Write a measurement over its target: ``34.0/10``, or the reason why it is missing."""
    match measured:
        case Sample(value_milli=milli):
            return f"{reading(milli)}/{target(wanted)}"
        case PodSamples(pods=pods):
            return f"{len(pods)} pods/{target(wanted)}"
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


def measured_by(record: Decided, proposal: Proposal) -> Measurement | None:
    """Give the measurement that a proposal was made from: a trigger's, or what the formula gave."""
    if proposal.trigger is None:
        return record.decision.composite
    seen = record.seen.measurements
    return seen[proposal.trigger] if proposal.trigger < len(seen) else None


def target_of(obj: ScaledObject, proposal: Proposal) -> MetricTarget | None:
    """Give what a proposal's metric is compared with."""
    if proposal.trigger is None:
        return obj.modifiers.target if obj.modifiers else None
    return obj.triggers[proposal.trigger].ask.target


def arithmetic(obj: ScaledObject, proposal: Proposal, measured: Measurement | None) -> str:
    """Write how one metric came to its replicas: ``34.0 / 10 → 4``."""
    if proposal.replicas is None:
        return proposal.fault or "no sample"
    wanted = target_of(obj, proposal)
    if not isinstance(measured, Sample) or wanted is None:
        ratio = "" if proposal.ratio is None else f"{proposal.ratio:.2f} x target "
        return f"{ratio}→ {proposal.replicas}"
    kept = " (within tolerance)" if proposal.held else ""
    made = "formula " if measured.origin is Origin.COMPOSED else ""
    return f"{made}{reading(measured.value_milli)} / {target(wanted)} → {proposal.replicas}{kept}"


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
            return f"activity unknown: {_unknown(record.decision.composite)}"
        case reason if reason in _GUARDS:
            return _hold(step)
        case Reason.SCALER_NOT_ACTIVE if not record.decision.proposals:
            return "idle"
        case _:
            return ""


def _unknown(composite: Sample | Missing | None) -> str:
    by_itself = isinstance(composite, Missing) and composite.reason is MissingReason.FORMULA
    return "the formula gives no number" if by_itself else "a trigger is missing"


def _activity(record: Decided) -> str:
    """Name the trigger that woke the object, and what it rose above."""
    modifiers, composite = record.obj.modifiers, record.decision.composite
    if modifiers is not None and isinstance(composite, Sample) and composite.active:
        return f"formula {reading(composite.value_milli)} > {modifiers.activation:g}"
    for trigger, measured in zip(record.obj.triggers, record.seen.measurements, strict=False):
        if isinstance(measured, Sample) and measured.active:
            return f"{reading(measured.value_milli)} > {trigger.ask.activation:g}"
    return "a trigger is active"


def _recommendation(record: Decided, step: Step) -> str:
    if step.reason is Reason.FAILED_METRIC:
        return f"no recommendation: {step.detail}" if step.detail else "no recommendation"
    known = [proposal for proposal in record.decision.proposals if proposal.replicas is not None]
    best = winner(known) or known[0]
    return arithmetic(record.obj, best, measured_by(record, best))


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
