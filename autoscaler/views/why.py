"""A record as a waterfall: from what was measured to what was written, one station per line."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from autoscaler.core.foreign import is_rivalled
from autoscaler.core.limits import behavior_in_force
from autoscaler.core.recommend import winner
from autoscaler.model.decision import Proposal, Reason, Stage, Step
from autoscaler.model.objects import MetricKind, MetricTarget, ScaleTarget, TargetType
from autoscaler.model.observation import Measurement, Missing, Origin, PodSamples, Sample
from autoscaler.model.record import (
    Applied,
    Broken,
    Decided,
    Failed,
    Outcome,
    Record,
    Superseded,
    Unknown,
    Unneeded,
    Unobserved,
    Withheld,
)
from autoscaler.model.text import plain
from autoscaler.model.value import value
from autoscaler.views.outlook import outlook
from autoscaler.views.rules import policies, reach
from autoscaler.views.series import number
from autoscaler.views.words import measured_by, reading, span, target, target_of

LONGEST = 400
WIDEST = 60
_SHORT = {"deployment": "deploy", "statefulset": "sts", "replicaset": "rs"}
_ORIGINS = {
    Origin.NULL_AS_ZERO: "no data, read as 0",
    Origin.CACHED: "kept from the last poll",
    Origin.FALLBACK: "from fallback",
    Origin.COMPOSED: "from the formula",
    Origin.FORECAST: "forecast",
}


@value
class Row:
    """One station: its name, what went in, and what came of it."""

    label: str
    left: str
    right: str = ""


def waterfall(record: Record, *, clock: Callable[[datetime], str]) -> tuple[str, ...]:
    """Write a record as lines of text. ``clock`` writes an instant of the wall for people."""
    return tuple(plain(line, LONGEST) for line in _lines(record, clock))


def _lines(record: Record, clock: Callable[[datetime], str]) -> tuple[str, ...]:
    match record:
        case Decided():
            return (_head(record, clock), *_aligned(tuple(_rows(record, clock))))
        case Unobserved(obj=obj, at=at, why=why):
            where = f"{obj.key.name}  unknown at {clock(at)}  {short(obj.target)} in {obj.key.namespace}"
            return (where, *_aligned((Row(label="scale", left=f"{why.reason.value}: {why.detail}"),)))
        case Broken(obj=obj, at=at, traceback=text):
            where = f"{obj.key.name}  broken at {clock(at)}  an error of the autoscaler's own; please report it"
            return (where, *text.splitlines())


def short(workload: ScaleTarget) -> str:
    """Name a workload as kubectl's users type it."""
    kind = workload.kind.lower()
    return f"{_SHORT.get(kind, kind)}/{workload.name}"


def _head(record: Decided, clock: Callable[[datetime], str]) -> str:
    decision = record.decision
    moved = f"{decision.current} → {decision.desired}" if decision.desired != decision.current else decision.current
    where = f"{short(record.obj.target)} in {record.obj.key.namespace}"
    return f"{record.obj.key.name}  {moved} at {clock(record.seen.wall)}  {where}"


def _aligned(rows: Sequence[Row]) -> Iterator[str]:
    """Put rows into columns; a text beyond ``WIDEST`` pushes what is right of it and widens no other line."""
    labels = max(len(row.label) for row in rows)
    lefts = max((len(row.left) for row in rows if row.right and len(row.left) <= WIDEST), default=0)
    for row in rows:
        yield f"  {row.label:<{labels}}  {row.left:<{lefts}}  {row.right}".rstrip()


def _rows(record: Decided, clock: Callable[[datetime], str]) -> Iterator[Row]:
    yield from _memory(record)
    for index, measured in enumerate(record.seen.measurements):
        yield _trigger(record, index, measured)
    for step in record.decision.steps:
        yield from _station(record, step)
    told = {step.reason.value for step in record.decision.steps}
    for hold in record.seen.holds:
        if hold.reason.value in told:
            continue
        until = f"nothing falls until {clock(hold.until)}" if hold.until else "nothing falls"
        yield Row(label="hold", left=f"{hold.reason.value} {hold.detail}".strip(), right=until)
    if record.seen.scale.rival is not None:
        right = "so nothing is written while it exists" if is_rivalled(record.obj, record.seen.scale) else "dry run"
        yield Row(label="rival", left=f"HPA {record.seen.scale.rival} scales the same target", right=right)
    yield _written(record)
    expected = outlook(record)
    if expected:
        yield Row(label="next", left=expected)


def _memory(record: Decided) -> Iterator[Row]:
    for step in record.decision.steps:
        if step.stage is Stage.SEED:
            yield Row(label="memory", left=step.detail, right=f"{step.before} counts as recommended now")


def _trigger(record: Decided, index: int, measured: Measurement) -> Row:
    label = f"trigger {index}"
    match measured:
        case Missing(reason=reason, detail=detail):
            return Row(label=label, left=f"{reason.value}: {detail}", right=_proposed(record, index))
        case PodSamples(pods=pods):
            return Row(label=label, left=f"{len(pods)} pods sampled", right=_proposed(record, index))
        case Sample():
            age = max(record.seen.at - measured.at, timedelta(0)).total_seconds()
            origin = f", {_ORIGINS[measured.origin]}" if measured.origin in _ORIGINS else ""
            left = f"{reading(measured.value_milli)}, {age:.1f} s old{origin}"
            return Row(label=label, left=left, right=_division(record, index, measured))


def _proposed(record: Decided, index: int) -> str:
    """Say what a trigger without one number asked for."""
    decision = record.decision
    if decision.composite is not None and record.obj.triggers[index].ask.kind is MetricKind.EXTERNAL:
        return ""
    for proposal in decision.proposals:
        if proposal.trigger == index and proposal.replicas is not None:
            standing = "fallback asks for" if index in decision.fallbacks else "→"
            return f"{standing} {proposal.replicas}"
    return "no proposal" if decision.proposals else ""


def _division(record: Decided, index: int, sample: Sample) -> str:
    """Write the HPA's arithmetic of one trigger; nothing where the tick ended before it."""
    if record.decision.composite is not None and record.obj.triggers[index].name:
        return f"{record.obj.triggers[index].name} = {number(sample.value_milli)}"
    found = next((found for found in record.decision.proposals if found.trigger == index), None)
    return "" if found is None else _quotient(record, found, sample, record.obj.triggers[index].ask.target)


def _formula(record: Decided, step: Step) -> Row:
    """Write the formula with its result and the HPA's arithmetic of it, or why there is no result."""
    modifiers, composite = record.obj.modifiers, record.decision.composite
    if modifiers is None or not isinstance(composite, Sample):
        return Row(label=step.stage.value, left=step.detail or step.reason.value)
    made = _ORIGINS[Origin.FALLBACK] if composite.origin is Origin.FALLBACK else plain(modifiers.formula.text, WIDEST)
    found = next((found for found in record.decision.proposals if found.trigger is None), None)
    right = "" if found is None else _quotient(record, found, composite, modifiers.target)
    return Row(label=step.stage.value, left=f"{made} = {number(composite.value_milli)}", right=right)


def _quotient(record: Decided, proposal: Proposal, sample: Sample, wanted: MetricTarget) -> str:
    if proposal.replicas is None:
        return proposal.fault or "no proposal"
    text = f"{reading(sample.value_milli)} / {target(wanted)}"
    if wanted.type is TargetType.AVERAGE_VALUE:
        text += f" per pod = {sample.value_milli / wanted.amount:.4g}" if wanted.amount else " per pod"
    elif proposal.ratio is not None:
        ready = record.seen.scale.pods.ready if record.seen.scale.pods else record.decision.base
        text += f" = {proposal.ratio:.2f} x {ready} ready"
    return f"{text} → {proposal.replicas}"


def _station(record: Decided, step: Step) -> Iterator[Row]:
    match step.stage:
        case Stage.ACTIVATE:
            if step.reason is not Reason.SCALER_ACTIVE:
                yield _activation(record, step)
        case Stage.COMPOSE:
            yield _formula(record, step)
        case Stage.FALLBACK | Stage.PAUSE | Stage.RESTORE:
            yield Row(label=step.stage.value, left=step.detail or step.reason.value, right=_move(step))
        case Stage.RECOMMEND:
            yield from _tolerance(record)
            if step.reason is Reason.FAILED_METRIC:
                yield Row(label="recommendation", left=step.detail, right=f"nothing to go on: {step.after} stays")
            elif step.reason is Reason.PARTIAL_FAILURE:
                yield Row(label="recommendation", left=step.detail, right="may grow on the rest, not shrink")
        case Stage.STABILIZE:
            yield Row(label="stabilization", left=_window(record, step), right=_move(step) or "no effect")
        case Stage.LIMIT | Stage.BOUND:
            yield from _limits(record, step)
        case Stage.SLOT | Stage.HOLD:
            yield Row(label=step.stage.value, left=step.detail or step.reason.value, right=_move(step))
        case Stage.SEED:
            return


def _move(step: Step) -> str:
    return f"{step.before} → {step.after}  {step.reason.value}" if step.before != step.after else ""


def _activation(record: Decided, step: Step) -> Row:
    left = record.decision.activity.value
    if step.reason is Reason.SCALER_COOLDOWN and record.memory.last_active_at is not None:
        idle = max(record.seen.at - record.memory.last_active_at, timedelta(0))
        left += f", active {span(timedelta(seconds=round(idle.total_seconds())))} ago"
    return Row(label="activation", left=left, right=_move(step) or step.reason.value)


def _tolerance(record: Decided) -> Iterator[Row]:
    best = winner(record.decision.proposals)
    if best is None or best.ratio is None:
        return
    rules = behavior_in_force(record.obj)
    down, up = (rules.scale_down.tolerance, rules.scale_up.tolerance) if rules else (record.obj.tolerance,) * 2
    where = "inside" if best.held else "outside"
    yield Row(label="tolerance", left=_usage(record), right=f"{where} {1 - down:g} .. {1 + up:g}")


def _usage(record: Decided) -> str:
    """Write usage over target of the metric that decides."""
    best = winner(record.decision.proposals)
    assert best is not None, f"nothing proposes for {record.obj.key}"
    assert best.ratio is not None, f"no ratio for {record.obj.key}"
    measured, wanted = measured_by(record, best), target_of(record.obj, best)
    if not isinstance(measured, Sample) or wanted is None or wanted.type is not TargetType.AVERAGE_VALUE:
        return f"usage / target = {best.ratio:.2f}"
    status = record.decision.base if record.decision.base > record.decision.current else record.seen.scale.status
    return f"{reading(measured.value_milli)} / ({target(wanted)} x {status}) = {best.ratio:.2f}"


def _window(record: Decided, step: Step) -> str:
    rules = behavior_in_force(record.obj)
    if rules is None:
        return f"down {span(record.obj.downscale_window)}"
    rises = step.before > record.decision.base
    return f"up {span(rules.scale_up.window)}" if rises else f"down {span(rules.scale_down.window)}"


def _limits(record: Decided, step: Step) -> Iterator[Row]:
    obj, base = record.obj, record.decision.base
    if not record.decision.forced and step.before != base:
        rises = step.before > base
        moved = _move(step) if step.stage is Stage.LIMIT else ""
        yield Row(
            label=f"policies {'up' if rises else 'down'}",
            left=policies(obj, rises=rises),
            right=moved or reach(record, rises=rises),
        )
    moved = _move(step) if step.stage is Stage.BOUND else ""
    yield Row(label="bounds", left=f"min {obj.min_replicas}, max {obj.max_replicas}", right=moved or "inside")


def _written(record: Decided) -> Row:
    desired = record.decision.desired
    left, right = _outcome(record.outcome, desired)
    return Row(label="written", left=left, right=right)


def _outcome(outcome: Outcome, desired: int) -> tuple[str, str]:
    match outcome:
        case Applied(took=took):
            return str(desired), f"accepted in {took.total_seconds() * 1000:.0f} ms"
        case Unneeded():
            return "nothing", f"{desired} is there already"
        case Withheld(why=why):
            return "nothing", f"{desired} withheld: {why}"
        case Superseded(why=why):
            return "nothing", why
        case Failed(why=why):
            return "nothing", f"{desired} refused: {why}"
        case Unknown(why=why):
            return f"{desired}, perhaps", why
