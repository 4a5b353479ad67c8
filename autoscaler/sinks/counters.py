"""What is counted over the life of the process: a prometheus_client registry of our own, observed once per round."""

import platform
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from autoscaler import __version__
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.record import (
    Applied,
    Broken,
    Decided,
    Failed,
    Outcome,
    Record,
    Round,
    Superseded,
    Unknown,
    Unneeded,
    Unobserved,
    Withheld,
)
from autoscaler.views.metrics import BY_NAME

_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_OUTCOMES = (Applied, Withheld, Superseded, Failed, Unknown)


class Counters:
    """Counts rounds. ``state_age`` is read at each scrape, None while nothing is saved.

    ``process`` adds the memory and CPU of this process.
    """

    def __init__(self, state_age: Callable[[], timedelta | None], *, process: bool = True) -> None:
        self._registry = CollectorRegistry()
        self._ticks = self._counter("autoscaler_ticks_total")
        self._errors = self._counter("autoscaler_errors_total")
        self._writes = self._counter("autoscaler_writes_total")
        self._took = self._histogram("autoscaler_tick_seconds")
        self._late = self._histogram("autoscaler_tick_lateness_seconds")
        self._wrote = self._histogram("autoscaler_write_seconds")
        build = BY_NAME["autoscaler_build_info"]
        Gauge(build.name, build.meaning, build.labels, registry=self._registry).labels(
            __version__, platform.python_version()
        ).set(1)
        self._registry.register(_StateAge(state_age))
        if process:
            ProcessCollector(registry=self._registry)
        for result in ("decided", "unobserved", "broken"):
            self._ticks.labels(result)
        for outcome in _OUTCOMES:
            self._writes.labels(outcome.__name__.lower())

    def __call__(self, done: Round) -> None:
        """Count one round; its ticks began and ended together."""
        decided = [record for record in done.records if isinstance(record, Decided)]
        if decided:
            self._took.observe(max(record.took for record in decided).total_seconds())
            self._late.observe(max(0.0, max(record.lateness for record in decided).total_seconds()))
        for result, count in Tally(type(record).__name__.lower() for record in done.records).items():
            self._ticks.labels(result).inc(count)
        for kind, count in Tally(kind for record in done.records for kind in _errors(record)).items():
            self._errors.labels(kind).inc(count)
        for record in decided:
            self._count_outcome(record.outcome)

    def text(self) -> str:
        """Give everything that is counted as Prometheus text."""
        return generate_latest(_WithoutCreated(self._registry)).decode("utf-8")

    def _count_outcome(self, outcome: Outcome) -> None:
        if isinstance(outcome, Unneeded):
            return
        self._writes.labels(type(outcome).__name__.lower()).inc()
        if isinstance(outcome, Applied):
            self._wrote.observe(outcome.took.total_seconds())

    def _counter(self, name: str) -> Counter:
        metric = BY_NAME[name]
        return Counter(name, metric.meaning, metric.labels, registry=self._registry)

    def _histogram(self, name: str) -> Histogram:
        metric = BY_NAME[name]
        return Histogram(name, metric.meaning, metric.labels, registry=self._registry, buckets=_BUCKETS)


def _errors(record: Record) -> Iterator[str]:
    """Name what went wrong in one tick."""
    match record:
        case Decided(seen=seen, decision=decision, outcome=outcome):
            for measured in seen.measurements:
                if isinstance(measured, Missing):
                    yield f"trigger {measured.reason.value}"
            if isinstance(decision.composite, Missing) and decision.composite.reason is MissingReason.FORMULA:
                yield "formula"
            if isinstance(outcome, Failed | Unknown):
                yield f"write {type(outcome).__name__.lower()}"
        case Unobserved(why=why):
            yield f"scale {why.reason.value}"
        case Broken():
            yield "internal"


class _StateAge(Collector):
    """The age of the saved memory, absent while there is none."""

    def __init__(self, age: Callable[[], timedelta | None]) -> None:
        self._age = age

    def collect(self) -> Iterable[Metric]:
        """Give the family, empty or with one sample."""
        metric = BY_NAME["autoscaler_state_age_seconds"]
        family = Metric(metric.name, metric.meaning, metric.type.value)
        age = self._age()
        if age is not None:
            family.add_sample(metric.name, {}, age.total_seconds())
        yield family


class _WithoutCreated(Collector):
    """A registry without the ``_created`` series, which double the number of counters and tell nothing."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        """Give the families."""
        for family in self._registry.collect():
            kept = Metric(family.name, family.documentation, family.type, family.unit)
            kept.samples = [sample for sample in family.samples if not sample.name.endswith("_created")]
            yield kept
