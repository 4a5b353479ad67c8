"""Trigger types as far as their place in an HPA goes: metric name, kind and target.

They are stand-ins: what surrounds triggers can be judged with them, while what a type demands of its metadata is judged
by the type's own family. prometheus is the real one in the family of HPAs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from autoscaler.manifests.faults import error
from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask, MetricKind, MetricTarget, Question, Source, TargetType
from autoscaler.model.quantity import parse_quantity
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret

KEYS = frozenset({"query", "serverAddress", "threshold", "value", "metricName"})
TYPES = ("prometheus", "cron", "cpu", "memory", "kafka", "external", "kubernetes-workload", "metrics-api", "loki")
UNCACHED = frozenset({"cron", "cpu", "memory"})


@dataclass(frozen=True)
class Anything:
    """A type that accepts every metadata."""

    type: str
    may_cache: bool = True
    keys: frozenset[str] = KEYS

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        return _parsed(spec, MetricTarget(type=TargetType.AVERAGE_VALUE, amount=1000), f"s{spec.index}-{spec.type}")


@dataclass(frozen=True)
class External:
    """A type whose metric is external: its name from the metadata, its target from one key."""

    type: str
    named: str
    target_key: str
    may_cache: bool = True
    keys: frozenset[str] = frozenset()

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        text = spec.metadata.get(self.target_key, "1" if self.type == "cron" else "")
        if spec.as_metric_source and not text:
            text = "1"
        if not text or float(text) <= 0 or spec.metric_type == "Utilization":
            return Faults(faults=(error("E104", f"{spec.path}.metadata", "no target"),))
        amount = 1000 if self.type == "cron" else round(float(text) * 1000)
        target = MetricTarget(type=TargetType(spec.metric_type or "AverageValue"), amount=amount)
        parts = {key: held.replace(".", "-") for key, held in spec.metadata.items()}
        return _parsed(spec, target, f"s{spec.index}-" + self.named.format(**parts, namespace=spec.namespace))


@dataclass(frozen=True)
class Resource:
    """cpu or memory."""

    type: str
    may_cache: bool = False
    keys: frozenset[str] = frozenset({"value", "containerName"})

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        text = spec.metadata.get("value", "")
        quantity = parse_quantity(text)
        whole = text.lstrip("-").isdecimal() and int(text) > 0
        fits = {"Utilization": whole, "AverageValue": quantity is not None and quantity.number > 0}
        if not fits.get(spec.metric_type or "", False):
            return Faults(faults=(error("E104", f"{spec.path}.metadata", "no target"),))
        amount = int(text) if spec.metric_type == "Utilization" else round(quantity.number * 1000) if quantity else 0
        container = spec.metadata.get("containerName")
        kind = MetricKind.CONTAINER_RESOURCE if container else MetricKind.RESOURCE
        target = MetricTarget(type=TargetType(spec.metric_type), amount=amount)
        return _parsed(spec, target, self.type, kind)


def _parsed(spec: TriggerSpec, target: MetricTarget, metric: str, kind: MetricKind = MetricKind.EXTERNAL) -> Parsed:
    question = Question(source=Source(transport=spec.type), text="")
    return Parsed(ask=Ask(question=question, metric=metric, kind=kind, target=target))


SCALERS = {name: Anything(type=name, may_cache=name not in UNCACHED) for name in TYPES}
"""For what is asked before any metadata is read."""

HPA_SCALERS = {
    "cron": External(type="cron", named="cron-Etc-UTC-08xxx-018xxx", target_key="none", may_cache=False),
    "kubernetes-workload": External(type="kubernetes-workload", named="workload-{namespace}", target_key="value"),
    "loki": External(type="loki", named="loki", target_key="threshold"),
    "metrics-api": External(type="metrics-api", named="metric-api-{valueLocation}", target_key="targetValue"),
    "cpu": Resource(type="cpu"),
    "memory": Resource(type="memory"),
}
"""For the HPA that an object would get; prometheus is the real one, beside them."""
