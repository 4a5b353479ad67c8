"""The cpu and memory triggers: targets and what is read."""

from datetime import UTC, datetime

import msgspec
import pytest

from autoscaler.model.faults import Faults
from autoscaler.model.objects import MetricKind, MetricTarget, TargetType
from autoscaler.model.observation import Missing, MissingReason, PodSamples, PodUsage
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.scalers.contract import Response
from autoscaler.scalers.cpu_memory import CpuMemoryScaler

AT = datetime(2026, 1, 1, tzinfo=UTC)


def parse(metric_type: str | None = "Utilization", **metadata: str) -> Parsed | Faults:
    spec = TriggerSpec(
        index=0,
        type="cpu",
        metadata={"value": "60", **metadata},
        metric_type=metric_type,
        namespace="ns",
        object_name="so",
        env={},
        path="spec.triggers[0]",
    )
    return CpuMemoryScaler("cpu").parse(spec, {})


def reasons(parsed: Parsed | Faults) -> list[tuple[str, str]]:
    assert isinstance(parsed, Faults), parsed
    return [(fault.code, fault.path.rpartition(".")[2]) for fault in parsed.faults]


@pytest.mark.parametrize(
    ("metric_type", "text", "target"),
    [
        ("Utilization", " 60 ", MetricTarget(type=TargetType.UTILIZATION, amount=60)),
        ("AverageValue", "500m", MetricTarget(type=TargetType.AVERAGE_VALUE, amount=500)),
        ("AverageValue", "1Gi", MetricTarget(type=TargetType.AVERAGE_VALUE, amount=1024**3 * 1000)),
        ("AverageValue", "50.5", MetricTarget(type=TargetType.AVERAGE_VALUE, amount=50_500)),
    ],
)
def test_targets(metric_type, text, target):
    """Utilization is whole percent, AverageValue a quantity in thousandths."""
    built = parse(metric_type, value=text)
    assert isinstance(built, Parsed)
    assert built.ask.target == target


@pytest.mark.parametrize("metric_type", [None, "Value", "utilization", "Foo"])
def test_the_metric_type_must_be_given(metric_type):
    """There is no default metricType for resources."""
    refused = parse(metric_type)
    assert reasons(refused) == [("E104", "metricType")]
    assert isinstance(refused, Faults)
    assert "metadata" not in refused.faults[0].path, "it stands beside metadata"


@pytest.mark.parametrize(
    ("metric_type", "text"), [("Utilization", "50.5"), ("Utilization", "2147483648"), ("AverageValue", "abc")]
)
def test_values_that_are_none(metric_type, text):
    """What is no percentage or no quantity is a fault, never a crash."""
    assert reasons(parse(metric_type, value=text)) == [("E104", "value")]


def test_missing_value_and_old_type_are_told_together():
    """Every fault at once: the removed key and the missing value."""
    assert reasons(parse(value="", type="Utilization")) == [("E105", "type"), ("E102", "metadata")]


def test_a_container_makes_a_container_metric():
    """With containerName the metric is of that container alone."""
    built = parse(containerName=" app ")
    assert isinstance(built, Parsed)
    assert built.ask.kind is MetricKind.CONTAINER_RESOURCE
    assert dict(built.ask.settings)["container"] == "app"
    plain = parse()
    assert isinstance(plain, Parsed)
    assert plain.ask.kind is MetricKind.RESOURCE
    assert plain.ask.question != built.ask.question


def test_usage_is_read_as_it_was_gathered():
    """The pods' usage comes ready from its transport; what cannot be read is Missing."""
    built = parse()
    assert isinstance(built, Parsed)
    samples = PodSamples(pods=(PodUsage(name="p", usage=250, request=500),), at=AT)
    answer = Response(status=200, content_type="application/json", body=msgspec.json.encode(samples))
    assert CpuMemoryScaler("cpu").read(built.ask, answer, AT) == samples
    broken = CpuMemoryScaler("cpu").read(built.ask, Response(status=200, content_type="", body=b"{}"), AT)
    assert isinstance(broken, Missing)
    assert broken.reason is MissingReason.MALFORMED
