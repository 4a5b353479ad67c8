"""What is kept of one object and of one source between two scrapes: the newest record, and what is counted."""

from datetime import timedelta

from autoscaler.core.foreign import foreign_write
from autoscaler.model.objects import ScaledObject, Source, Trigger
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample
from autoscaler.model.record import Broken, Decided, Record, Unobserved
from autoscaler.model.source import SourceState
from autoscaler.model.turn import Report
from autoscaler.model.value import value
from autoscaler.views import metrics
from autoscaler.views.series import labels

_GO_NAMES = {"metrics-api": "metricsAPIScaler", "cpu": "cpuMemoryScaler", "memory": "cpuMemoryScaler"}


@value
class TriggerEntry:
    """One trigger's labels, ready to write, and its counts."""

    ours: str
    kedas: str
    empties: str
    errors: int = 0
    empty: int = 0


@value
class Entry:
    """One object's newest record, its labels ready to write, and its counts since the process began."""

    record: Record
    labels: str
    triggers: tuple[TriggerEntry, ...]
    errors: int = 0
    foreign: int = 0


@value
class SourceEntry:
    """One source's newest state and duration, and its counts; ``state`` None: not judged yet."""

    state: SourceState | None = None
    took: timedelta | None = None
    requests: int = 0
    failures: tuple[tuple[str, int], ...] = ()


def fold(before: Entry | None, record: Record) -> Entry:
    """Put a new record in the place of the one before; counts go on as long as the trigger is the same."""
    triggers = _triggers(before, record.obj)
    if isinstance(record, Decided):
        triggers = tuple(
            _counted(entry, seen) for entry, seen in zip(triggers, _padded(record, len(triggers)), strict=True)
        )
    return Entry(
        record=record,
        labels=before.labels if before else labels(metrics.OBJECT, (record.obj.key.namespace, record.obj.key.name)),
        triggers=triggers,
        errors=(before.errors if before else 0) + _failed(record),
        foreign=(before.foreign if before else 0) + _is_overwritten(record),
    )


def fold_source(before: SourceEntry, report: Report, state: SourceState | None) -> SourceEntry:
    """Add one report to what is known of its source."""
    failures = dict(before.failures)
    for kind, count in report.by_kind:
        failures[kind] = failures.get(kind, 0) + count
    return SourceEntry(
        state=state or before.state,
        took=report.took,
        requests=before.requests + report.requests,
        failures=tuple(sorted(failures.items())),
    )


def source_labels(source: Source) -> tuple[str, str]:
    """Name a source by its first address and its credential, empty where it has none."""
    return str(source), str(source.credential or "")


def _failed(record: Record) -> bool:
    match record:
        case Decided(seen=seen, decision=decision):
            return any(isinstance(measured, Missing) for measured in (*seen.measurements, decision.composite))
        case Unobserved() | Broken():
            return True


def _padded(record: Decided, count: int) -> tuple[Measurement | None, ...]:
    """A paused tick measures nothing."""
    seen = record.seen.measurements
    return seen if len(seen) == count else (None,) * count


def _is_overwritten(record: Record) -> bool:
    """Say whether the tick found a count that somebody else wrote."""
    return isinstance(record, Decided) and foreign_write(record.obj, record.memory, record.seen.scale) is not None


def _counted(entry: TriggerEntry, seen: Measurement | None) -> TriggerEntry:
    missing = isinstance(seen, Missing)
    empty = (isinstance(seen, Missing) and seen.reason is MissingReason.EMPTY) or (
        isinstance(seen, Sample) and seen.origin is Origin.NULL_AS_ZERO
    )
    if not missing and not empty:
        return entry
    return TriggerEntry(
        ours=entry.ours,
        kedas=entry.kedas,
        empties=entry.empties,
        errors=entry.errors + missing,
        empty=entry.empty + empty,
    )


def _triggers(before: Entry | None, obj: ScaledObject) -> tuple[TriggerEntry, ...]:
    if before is not None and before.record.obj is obj:
        return before.triggers
    known = {entry.kedas: entry for entry in before.triggers} if before else {}
    fresh = (_labelled(obj, index, trigger) for index, trigger in enumerate(obj.triggers))
    return tuple(known.get(entry.kedas, entry) for entry in fresh)


def _labelled(obj: ScaledObject, index: int, trigger: Trigger) -> TriggerEntry:
    key, metric = obj.key, trigger.ask.metric
    scaler = trigger.name or _go_name(trigger.type)
    return TriggerEntry(
        ours=labels(metrics.TRIGGER, (key.namespace, key.name, str(index), metric)),
        kedas=labels(metrics.KEDA_TRIGGER, (key.namespace, metric, key.name, scaler, str(index), "scaledobject")),
        empties=labels(
            metrics.BY_NAME["keda_scaler_empty_upstream_responses_total"].labels,
            (
                key.namespace,
                key.name,
                trigger.name or "",
                metric,
                "scaledobject",
                "true" if trigger.ask.null_as_zero else "false",
            ),
        ),
    )


def _go_name(kind: str) -> str:
    """Name an unnamed trigger as KEDA does, by the type of its scaler. Source: KEDA scalers_builder.go."""
    first, *rest = kind.split("-")
    return _GO_NAMES.get(kind, first + "".join(part.capitalize() for part in rest) + "Scaler")
