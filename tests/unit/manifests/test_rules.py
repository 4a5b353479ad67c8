import pytest

from autoscaler.manifests.settings import Settings
from tests.unit.manifests.builders import SCALERS, WEB, judge, web

CPU = """\
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
metadata: {name: web, namespace: demo}
spec:
  scaleTargetRef: {name: web}
  triggers:
    - {type: cpu, metricType: Utilization, metadata: {value: "50"}}
"""


def codes(text: str, settings: Settings = Settings()) -> list[str]:  # noqa: B008
    return [f"{fault.code} {fault.path}" for fault in judge(text, settings).faults]


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("minReplicaCount: 5\nmaxReplicaCount: 4", ["E105 spec.minReplicaCount"]),
        ("minReplicaCount: 101", ["E105 spec.minReplicaCount"]),
        ("minReplicaCount: 5\nmaxReplicaCount: 5", []),
        ("idleReplicaCount: 0", ["E105 spec.idleReplicaCount"]),
        ("idleReplicaCount: 0\nminReplicaCount: 0", []),
        ("idleReplicaCount: 2\nminReplicaCount: 2", ["E105 spec.idleReplicaCount"]),
        ("idleReplicaCount: 1\nminReplicaCount: 2", []),
        ("cooldownPeriod: 5\nminReplicaCount: 1", ["I121 spec.cooldownPeriod"]),
        ("cooldownPeriod: 5\nminReplicaCount: 1\nidleReplicaCount: 0", []),
        ("cooldownPeriod: 5", []),
        (
            "fallback: {failureThreshold: 1, replicas: 1, behavior: scalingModifiers}",
            ["E107 spec.fallback.behavior"],
        ),
    ],
)
def test_counts_that_contradict_each_other_are_refused(spec, expected):
    """min is at most max, idle is below min, and fallback has what it needs, by KEDA's arithmetic of defaults."""
    assert codes(web(spec)) == expected


def test_the_default_maximum_is_named():
    """Where maxReplicaCount is absent the message says that 100 is its default."""
    (fault,) = judge(web("minReplicaCount: 101")).faults
    assert fault.message == (
        "minReplicaCount 101 is above maxReplicaCount 100, its default; lower one or raise the other"
    )


def test_the_daemons_limit_on_replicas_is_a_rule():
    """An object that asks for more than --max-replicas-limit is refused, its default of 100 included (D37)."""
    assert codes(web("maxReplicaCount: 11"), Settings(max_replicas_limit=10)) == ["E105 spec.maxReplicaCount"]
    assert codes(WEB, Settings(max_replicas_limit=10)) == ["E105 spec.maxReplicaCount"]
    assert codes(web("maxReplicaCount: 10"), Settings(max_replicas_limit=10)) == []


def test_cpu_alone_cannot_wake_a_target():
    """With cpu and memory alone minReplicaCount must be at least 1, and fallback has nothing to stand in for."""
    assert codes(CPU) == ["E105 spec.minReplicaCount"]
    assert codes(CPU + "  minReplicaCount: 1\n") == []
    assert codes(CPU + "  minReplicaCount: 1\n  fallback: {failureThreshold: 1, replicas: 1}\n") == [
        "E107 spec.fallback"
    ]
    assert codes(CPU.replace("{name: web}\n", "{name: web, kind: Rollout, apiVersion: argoproj.io/v1alpha1}\n")) == []


def test_no_triggers_is_no_object():
    """triggers must hold at least one entry."""
    text = WEB[: WEB.index("  triggers:")] + "  triggers: []\n"
    assert codes(text) == ["E106 spec.triggers"]


def test_an_unknown_type_lists_the_known_ones_and_the_nearest():
    """The message names every type that is known, and the one that was probably meant."""
    (fault,) = judge(WEB.replace("type: prometheus", "type: promethues")).faults
    assert (fault.code, fault.line, fault.column) == ("E106", 10, 7)
    assert fault.message == (
        f'unknown trigger type "promethues" (known: {", ".join(sorted(SCALERS))}); did you mean "prometheus"?'
    )


def test_names_and_metrics_of_triggers_are_unique():
    """Two triggers of one name cannot be told apart in a formula or a metric; no name at all is fine."""
    second = '    - {type: prometheus, name: a, metadata: {threshold: "1"}}\n'
    assert codes(WEB + second + second) == ["E106 spec.triggers[2].name"]
    assert codes(WEB + second.replace("name: a, ", "") * 2) == []


def test_cached_metrics_are_refused_where_they_make_no_sense():
    """cron, cpu and memory cannot be cached."""
    cron = '    - {type: cron, useCachedMetrics: true, metadata: {threshold: "1"}}\n'
    assert codes(WEB + cron) == ["E106 spec.triggers[1].useCachedMetrics"]
    assert codes(WEB + cron.replace("cron", "prometheus")) == []


@pytest.mark.parametrize(
    ("name", "spec", "expected"),
    [
        ("a" * 54, "", []),
        ("a" * 55, "", ["W120 metadata.name"]),
        ("a" * 55, "advanced: {horizontalPodAutoscalerConfig: {name: h}}", []),
        (
            "a",
            f"advanced: {{horizontalPodAutoscalerConfig: {{name: {'h' * 64}}}}}",
            ["W120 spec.advanced.horizontalPodAutoscalerConfig.name"],
        ),
        ("a" * 64, "", ["W120 metadata.name"]),
    ],
)
def test_names_that_are_too_long_for_keda_only_warn(name, spec, expected):
    """KEDA puts names into an HPA's name and a label; we do not, so the way back is all that is at stake (D10)."""
    assert codes(web(spec, name=name)) == expected


def test_behavior_that_the_api_server_would_refuse_is_refused():
    """The HPA's own ranges and words hold for behavior."""
    spec = "advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleDown: {selectPolicy: Nonsense}}}}"
    path = "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.selectPolicy"
    assert codes(web(spec)) == [f"E104 {path}"]
