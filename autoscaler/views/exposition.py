"""The newest records as Prometheus text, family by family.

Everything here that bears an object's name is made from what is there now, so what is deleted vanishes.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TypeAlias

from autoscaler.core.foreign import opponent
from autoscaler.model.decision import Decision, Reason, Stage
from autoscaler.model.faults import Fault, Severity
from autoscaler.model.objects import MetricKind, ObjectKey, ScaledObject, Source, TargetType
from autoscaler.model.observation import Missing, Sample
from autoscaler.model.record import Broken, Decided, Unobserved
from autoscaler.model.source import SourceHealth
from autoscaler.model.value import value
from autoscaler.views import metrics
from autoscaler.views.entry import Entry, SourceEntry, TriggerEntry, source_labels
from autoscaler.views.series import family, labels, number

Faulty: TypeAlias = Mapping[ObjectKey, Collection[Fault]]
Pairs: TypeAlias = Iterable[tuple[str, str]]

_MOVED_BY = frozenset((Stage.STABILIZE, Stage.LIMIT, Stage.BOUND, Stage.SLOT, Stage.HOLD))
_WORST = (SourceHealth.BLIND, SourceHealth.RECOVERING, SourceHealth.DEGRADED, SourceHealth.OK)


@value
class Shown:
    """What one scrape shows: every object's newest record, every source, and what is wrong with refused versions.

    ``refused`` counts the documents that do not count; ``away`` says that files are away.
    """

    entries: Sequence[Entry]
    sources: Mapping[Source, SourceEntry]
    faulty: Faulty
    refused: int = 0
    away: bool = False


def families(shown: Shown) -> Iterator[str]:
    """Give the text of one family after the other; a family without a series is empty text."""
    for metric in (*metrics.KEDA, *metrics.OBJECTS, *metrics.SOURCES, *metrics.DOCUMENTS):
        name = metric.name
        yield family(
            metric,
            [f"{name}{{{label}}} {number}" if label else f"{name} {number}" for label, number in _SERIES[name](shown)],
        )


def _decisions(shown: Shown) -> Iterator[tuple[Entry, Decided]]:
    for entry in shown.entries:
        if isinstance(entry.record, Decided):
            yield entry, entry.record


def _samples(shown: Shown) -> Iterator[tuple[TriggerEntry, Sample]]:
    for entry, record in _decisions(shown):
        for trigger, seen in zip(entry.triggers, record.seen.measurements, strict=False):
            if isinstance(seen, Sample):
                yield trigger, seen


def _external(shown: Shown) -> Iterator[TriggerEntry]:
    """Give the triggers whose failures are counted: cpu and memory are not (L5)."""
    for entry in shown.entries:
        for trigger, named in zip(entry.record.obj.triggers, entry.triggers, strict=True):
            if trigger.ask.kind is MetricKind.EXTERNAL:
                yield named


def _per_object(read: Callable[[ScaledObject], int]) -> Callable[[Shown], Pairs]:
    return lambda shown: ((entry.labels, str(read(entry.record.obj))) for entry in shown.entries)


def _per_decision(read: Callable[[Decision], int | None]) -> Callable[[Shown], Pairs]:
    """Make the series of one number of a decision, absent where there is none."""

    def series(shown: Shown) -> Pairs:
        found = ((entry.labels, read(record.decision)) for entry, record in _decisions(shown))
        return ((label, str(number)) for label, number in found if number is not None)

    return series


def _raw(decision: Decision) -> int | None:
    """Give what the metrics alone ask for; what the window records is higher while a source is held."""
    found = (step for step in decision.steps if step.stage is Stage.RECOMMEND)
    return next((step.after for step in found if step.reason is not Reason.FAILED_METRIC), None)


def _latencies(shown: Shown) -> Pairs:
    took = {key: repr(entry.took.total_seconds()) for key, entry in shown.sources.items() if entry.took is not None}
    for entry in shown.entries:
        for trigger, named in zip(entry.record.obj.triggers, entry.triggers, strict=True):
            if trigger.ask.question.source in took:
                yield named.kedas, took[trigger.ask.question.source]


def _by_namespace(shown: Shown) -> Pairs:
    counts = Counter(entry.record.obj.key.namespace for entry in shown.entries)
    return ((labels(("type", "namespace"), ("scaled_object", name)), str(count)) for name, count in counts.items())


def _by_type(shown: Shown) -> Pairs:
    counts = Counter(trigger.type for entry in shown.entries for trigger in entry.record.obj.triggers)
    return ((labels(("type",), (name,)), str(count)) for name, count in counts.items())


def _faults(shown: Shown) -> Pairs:
    for key, faults in shown.faulty.items():
        for code in sorted({fault.code for fault in faults if fault.severity is Severity.ERROR}):
            yield labels((*metrics.OBJECT, "code"), (key.namespace, key.name, code)), "1"


def _targets(shown: Shown) -> Pairs:
    for entry in shown.entries:
        for trigger, named in zip(entry.record.obj.triggers, entry.triggers, strict=True):
            target = trigger.ask.target
            yield named.ours, str(target.amount) if target.type is TargetType.UTILIZATION else number(target.amount)


def _missing(shown: Shown) -> Pairs:
    for entry, record in _decisions(shown):
        for trigger, seen in zip(entry.triggers, record.seen.measurements, strict=False):
            if isinstance(seen, Missing):
                yield f'{trigger.ours},reason="{seen.reason.value}"', "1"


def _proposed(shown: Shown) -> Pairs:
    for entry, record in _decisions(shown):
        for proposal in record.decision.proposals:
            if proposal.trigger is not None and proposal.replicas is not None:
                yield entry.triggers[proposal.trigger].ours, str(proposal.replicas)


def _fallbacks(shown: Shown) -> Pairs:
    for entry, record in _decisions(shown):
        for index in record.decision.fallbacks:
            yield entry.triggers[index].ours, "1"


def _unverified(shown: Shown) -> Pairs:
    for entry in shown.entries:
        for trigger, named in zip(entry.record.obj.triggers, entry.triggers, strict=True):
            if ("unsafeSsl", "true") in trigger.ask.question.source.options:
                yield named.ours, "1"


def _composites(shown: Shown) -> Pairs:
    for entry, record in _decisions(shown):
        if isinstance(record.decision.composite, Sample):
            yield entry.labels, number(record.decision.composite.value_milli)


def _failed_formulas(shown: Shown) -> Pairs:
    for entry, record in _decisions(shown):
        if isinstance(record.decision.composite, Missing):
            yield f'{entry.labels},reason="{record.decision.composite.reason.value}"', "1"


def _limited(shown: Shown) -> Pairs:
    for entry, record in _decisions(shown):
        steps = record.decision.steps
        moved = {step.reason.value for step in steps if step.before != step.after and step.stage in _MOVED_BY}
        for reason in sorted(moved):
            yield f'{entry.labels},reason="{reason}"', "1"


def _held(shown: Shown) -> Pairs:
    for entry, record in _decisions(shown):
        for reason in sorted({hold.reason.value for hold in record.seen.holds}):
            yield f'{entry.labels},reason="{reason}"', "1"


def _rivals(shown: Shown) -> Pairs:
    for entry, record in _decisions(shown):
        if record.seen.scale.rival is not None:
            yield f"{entry.labels},{labels(('hpa',), (record.seen.scale.rival,))}", "1"


def _foreign_writers(shown: Shown) -> Pairs:
    for entry, record in _decisions(shown):
        who = opponent(record.obj, record.memory, record.seen)
        if who is not None:
            yield f"{entry.labels},{labels(('writer',), (who,))}", "1"


def _unreadable(shown: Shown) -> Pairs:
    for entry in shown.entries:
        if isinstance(entry.record, Unobserved):
            yield f'{entry.labels},reason="{entry.record.why.reason.value}"', "1"


def _ticked_at(shown: Shown) -> Pairs:
    for entry in shown.entries:
        at = entry.record.seen.at if isinstance(entry.record, Decided) else entry.record.at
        yield entry.labels, repr(at.timestamp())


def _lateness(shown: Shown) -> Pairs:
    for _, record in _decisions(shown):
        key = record.obj.key
        named = labels(("namespace", "type", "resource"), (key.namespace, "scaledobject", key.name))
        yield named, repr(max(record.lateness, timedelta(0)).total_seconds())


def _by_labels(shown: Shown) -> Iterable[tuple[str, Sequence[SourceEntry]]]:
    """Put sources together that share address and credential: what else tells them apart may be a tenant's secret."""
    merged: dict[str, list[SourceEntry]] = {}
    for source, entry in shown.sources.items():
        merged.setdefault(labels(metrics.SOURCE, source_labels(source)), []).append(entry)
    return merged.items()


def _source_states(shown: Shown) -> Pairs:
    for name, entries in _by_labels(shown):
        found = {entry.state.health for entry in entries if entry.state is not None}
        worst = next((health for health in _WORST if health in found), None)
        if worst is not None:
            yield from ((f'{name},state="{health.value}"', str(int(health is worst))) for health in SourceHealth)


def _source_ups(shown: Shown) -> Pairs:
    for name, entries in _by_labels(shown):
        ups = [entry.state.up for entry in entries if entry.state is not None and entry.state.up is not None]
        if ups:
            yield name, repr(float(min(ups)))


def _source_requests(shown: Shown) -> Pairs:
    return ((name, str(sum(entry.requests for entry in entries))) for name, entries in _by_labels(shown))


def _source_failures(shown: Shown) -> Pairs:
    for name, entries in _by_labels(shown):
        counts: Counter[str] = Counter()
        for entry in entries:
            counts.update(dict(entry.failures))
        yield from ((f"{name},{labels(('kind',), (kind,))}", str(count)) for kind, count in sorted(counts.items()))


_SERIES: Mapping[str, Callable[[Shown], Pairs]] = {
    "keda_scaler_active": lambda shown: ((named.kedas, str(int(seen.active))) for named, seen in _samples(shown)),
    "keda_scaler_metrics_value": lambda shown: (
        (named.kedas, number(seen.value_milli)) for named, seen in _samples(shown)
    ),
    "keda_scaler_metrics_latency_seconds": _latencies,
    "keda_scaler_detail_errors_total": lambda shown: ((named.kedas, str(named.errors)) for named in _external(shown)),
    "keda_scaler_empty_upstream_responses_total": lambda shown: (
        (named.empties, str(named.empty)) for named in _external(shown)
    ),
    "keda_scaled_object_errors_total": lambda shown: ((entry.labels, str(entry.errors)) for entry in shown.entries),
    "keda_scaled_object_paused": _per_object(lambda obj: int(obj.pause.full)),
    "keda_internal_scale_loop_latency_seconds": _lateness,
    "keda_resource_registered_total": _by_namespace,
    "keda_trigger_registered_total": _by_type,
    "autoscaler_current_replicas": _per_decision(lambda decision: decision.current),
    "autoscaler_desired_replicas": _per_decision(lambda decision: decision.desired),
    "autoscaler_recommended_replicas": _per_decision(_raw),
    "autoscaler_min_replicas": _per_object(lambda obj: obj.min_replicas),
    "autoscaler_max_replicas": _per_object(lambda obj: obj.max_replicas),
    "autoscaler_limited": _limited,
    "autoscaler_activity": lambda shown: (
        (f'{entry.labels},activity="{record.decision.activity.value}"', "1") for entry, record in _decisions(shown)
    ),
    "autoscaler_held": _held,
    "autoscaler_rival": _rivals,
    "autoscaler_foreign_writer": _foreign_writers,
    "autoscaler_foreign_writes_total": lambda shown: ((entry.labels, str(entry.foreign)) for entry in shown.entries),
    "autoscaler_scale_unreadable": _unreadable,
    "autoscaler_tick_broken": lambda shown: (
        (entry.labels, "1") for entry in shown.entries if isinstance(entry.record, Broken)
    ),
    "autoscaler_object_fault": _faults,
    "autoscaler_last_tick_timestamp_seconds": _ticked_at,
    "autoscaler_trigger_value": lambda shown: (
        (named.ours, number(seen.value_milli)) for named, seen in _samples(shown)
    ),
    "autoscaler_trigger_target": _targets,
    "autoscaler_trigger_proposed_replicas": _proposed,
    "autoscaler_trigger_missing": _missing,
    "autoscaler_trigger_fallback": _fallbacks,
    "autoscaler_trigger_unverified_tls": _unverified,
    "autoscaler_formula_value": _composites,
    "autoscaler_formula_missing": _failed_formulas,
    "autoscaler_source_state": _source_states,
    "autoscaler_source_targets_up": _source_ups,
    "autoscaler_source_requests_total": _source_requests,
    "autoscaler_source_failures_total": _source_failures,
    "autoscaler_refused_documents": lambda shown: (("", str(shown.refused)),),
    "autoscaler_files_away": lambda shown: (("", str(int(shown.away))),),
}
