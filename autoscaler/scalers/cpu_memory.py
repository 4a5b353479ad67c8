"""The cpu and memory triggers: resource metrics of the target's own pods. Source: KEDA cpu_memory_scaler.go."""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from autoscaler.model.faults import Faults
from autoscaler.model.gotext import parse_int
from autoscaler.model.objects import Ask, MetricKind, MetricTarget, Question, Source, TargetType
from autoscaler.model.observation import Measurement, Missing, MissingReason, PodSamples
from autoscaler.model.quantity import parse_quantity
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret, plain
from autoscaler.scalers.contract import Answer
from autoscaler.scalers.metadata import Reader

_SAMPLES = msgspec.json.Decoder(PodSamples)


class CpuMemoryScaler:
    """One of the two resources. The transport ``usage`` answers with PodSamples as JSON."""

    keys = frozenset(("value", "containerName", "type"))
    may_cache = False

    def __init__(self, resource: str) -> None:
        self.type = resource

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        """Turn metadata into a resource, a container and the target."""
        reader = Reader(spec, auth)
        if reader.text("type") is not None:
            message = "type is gone since KEDA 2.18: write metricType beside metadata"
            reader.fault("E105", "type", message, reason="other")
        text = reader.required_text("value")
        container = reader.text("containerName") or ""
        target = _target(reader, spec, text)
        if refused := reader.refused():
            return refused
        asked = f"{spec.namespace}/{spec.object_name} {self.type} {container}".rstrip()
        ask = Ask(
            question=Question(source=Source(transport="usage"), text=asked),
            metric=self.type,
            kind=MetricKind.CONTAINER_RESOURCE if container else MetricKind.RESOURCE,
            target=target,
            settings=(("container", container), ("resource", self.type)),
        )
        return Parsed(ask=ask)

    def read(self, ask: Ask, answer: Answer, at: datetime) -> Measurement:
        """Take the pods' usage as it comes; it is weighed where proposals are made."""
        if isinstance(answer, Missing):
            return answer
        try:
            return _SAMPLES.decode(answer.body)
        except msgspec.DecodeError:
            return Missing(reason=MissingReason.MALFORMED, detail=f"the {self.type} usage of pods could not be read")


def _target(reader: Reader, spec: TriggerSpec, text: str) -> MetricTarget:
    """Read percent for Utilization, a quantity for AverageValue; there is no default."""
    unread = MetricTarget(type=TargetType.UTILIZATION, amount=0)
    match spec.metric_type:
        case TargetType.UTILIZATION.value:
            percent = parse_int(text, 32)
            if percent is not None:
                return MetricTarget(type=TargetType.UTILIZATION, amount=percent)
            wanted = "a whole number of percent"
        case TargetType.AVERAGE_VALUE.value:
            quantity = parse_quantity(text)
            if quantity is not None:
                return MetricTarget(type=TargetType.AVERAGE_VALUE, amount=quantity.milli)
            wanted = "a quantity such as 500m or 1Gi"
        case _:
            reader.refuse_metric_type(TargetType.UTILIZATION, TargetType.AVERAGE_VALUE, reason="other")
            return unread
    if text:
        reader.fault("E104", "value", f'value must be {wanted}, found "{plain(text, 80)}"', reason="other")
    return unread
