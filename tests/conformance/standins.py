"""Stand-ins for trigger types, as far as what surrounds a trigger is judged.

What a type demands of its metadata is judged by the type's own family.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask, MetricTarget, Question, Source, TargetType
from autoscaler.model.observation import Measurement, Missing, MissingReason
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.scalers.metadata import Reader
from autoscaler.scalers.numbers import to_milli

KEYS = frozenset({"query", "serverAddress", "threshold", "value", "metricName"})
TYPES = ("prometheus", "cron", "cpu", "memory", "kafka", "external")
UNCACHED = frozenset({"cron", "cpu", "memory"})


@dataclass(frozen=True)
class Anything:
    """A type that accepts every metadata."""

    type: str
    may_cache: bool = True
    keys: frozenset[str] = KEYS

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        return _parsed(spec, MetricTarget(type=TargetType.AVERAGE_VALUE, amount=1000))


@dataclass(frozen=True)
class Loki:
    """A type that KEDA has and we have not: one external metric, its target in ``threshold``."""

    type: str = "loki"
    may_cache: bool = True
    keys: frozenset[str] = KEYS

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        reader = Reader(spec, auth)
        for name in ("serverAddress", "query"):
            reader.required_text(name)
        target = reader.metric_target(to_milli(reader.required_number("threshold")))
        return reader.refused() or _parsed(spec, target)

    def read(self, ask: Ask, answer: object, at: datetime) -> Measurement:
        return Missing(reason=MissingReason.UNREACHABLE, detail="only loaded, never asked")


def _parsed(spec: TriggerSpec, target: MetricTarget) -> Parsed:
    question = Question(source=Source(transport=spec.type), text="")
    return Parsed(ask=Ask(question=question, metric=f"s{spec.index}-{spec.type}", target=target))


SCALERS = {name: Anything(type=name, may_cache=name not in UNCACHED) for name in TYPES}
"""For what KEDA asks before it reads any metadata."""
