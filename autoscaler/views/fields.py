"""Every field that is read, with its type, default and meaning: what ``autoscaler explain spec.FIELD`` prints.

A test holds this table against the schema that manifests are read by.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from autoscaler.model.value import value


@value
class Field:
    """One field. ``path`` has no indices; ``default`` is empty where the field is required or simply absent."""

    path: str
    type: str
    default: str = ""
    required: bool = False
    meaning: str


def field(path: str, kind: str, meaning: str, *, default: str = "", required: bool = False) -> Field:
    """Make one row of the table."""
    return Field(path=path, type=kind, default=default, required=required, meaning=meaning)


_SPEC: Final = (
    field("spec.scaleTargetRef", "object", "The workload to scale, in the object's own namespace.", required=True),
    field("spec.scaleTargetRef.name", "text", "Name of the workload.", required=True),
    field("spec.scaleTargetRef.apiVersion", "text", "API version of the workload's kind.", default="apps/v1"),
    field("spec.scaleTargetRef.kind", "text", "Any kind that has a scale subresource.", default="Deployment"),
    field(
        "spec.scaleTargetRef.envSourceContainerName",
        "text",
        "Container whose environment a trigger's ...FromEnv keys read.",
        default="the first container",
    ),
    field(
        "spec.pollingInterval",
        "seconds, from 1",
        "Time between two polls, start to start. Between polls an awake object also ticks every 15 s (--sync-period), "
        "as the HPA does. For fractions use pollingInterval in the annotation autoscaler.sh/spec.",
        default="30",
    ),
    field(
        "spec.cooldownPeriod",
        "seconds, from 0",
        "How long after the last activity the target goes to zero, or to idleReplicaCount.",
        default="300",
    ),
    field(
        "spec.initialCooldownPeriod",
        "seconds, from 0",
        "The same wait for an object that has never been active, counted from its creation.",
        default="0",
    ),
    field("spec.idleReplicaCount", "count, below minReplicaCount", "Replicas while nothing is active, instead of min."),
    field(
        "spec.minReplicaCount",
        "count, from 0",
        "Fewest replicas while awake (1 at least). 0 lets the target go to zero when nothing is active.",
        default="0",
    ),
    field("spec.maxReplicaCount", "count, from 1", "Most replicas.", default="100"),
    field("spec.triggers", "list", "What is measured; the highest proposal of all triggers counts.", required=True),
    field("spec.triggers.type", "text", "Trigger type: autoscaler explain triggers.", required=True),
    field("spec.triggers.name", "text, unique", "Name of the trigger, for formulas, metrics and our own words."),
    field("spec.triggers.metadata", "map of text", "Settings of the trigger type, all text.", required=True),
    field(
        "spec.triggers.metricType",
        "AverageValue, Value or Utilization",
        "AverageValue divides the value by the target; Value multiplies ready pods by value over target; Utilization "
        "is for cpu and memory.",
        default="AverageValue",
    ),
    field(
        "spec.triggers.useCachedMetrics",
        "true or false",
        "Ask the source at polls only; syncs in between use the last poll's sample.",
        default="false",
    ),
    field("spec.triggers.authenticationRef", "object", "Where the trigger's credentials are declared."),
    field("spec.triggers.authenticationRef.name", "text", "Name of the authentication.", required=True),
    field(
        "spec.triggers.authenticationRef.kind",
        "TriggerAuthentication or ClusterTriggerAuthentication",
        "Kind of the authentication.",
        default="TriggerAuthentication",
    ),
    field("spec.fallback", "object", "What stands in for an external metric that keeps failing."),
    field(
        "spec.fallback.failureThreshold",
        "count, from 0",
        "The fallback acts once a metric has failed more often than this in a row.",
        required=True,
    ),
    field("spec.fallback.replicas", "count, from 0", "Replicas that the failing metric then asks for.", required=True),
    field(
        "spec.fallback.behavior",
        "static, currentReplicas, currentReplicasIfHigher, currentReplicasIfLower or scalingModifiers",
        "Which count stands in: the given one, the current one, or the higher or lower of both.",
        default="static",
    ),
    field("spec.advanced", "object", "Rules of scaling."),
    field(
        "spec.advanced.restoreToOriginalReplicaCount",
        "true or false",
        "Put the target back to the count it had at first sight when the object is deleted.",
        default="false",
    ),
    field("spec.advanced.horizontalPodAutoscalerConfig", "object", "What KEDA copies into its HPA."),
    field("spec.advanced.horizontalPodAutoscalerConfig.name", "text", "Name of KEDA's HPA; without effect here."),
    field(
        "spec.advanced.horizontalPodAutoscalerConfig.behavior",
        "object",
        "Windows, policies and tolerance of the HPA (autoscaling/v2). Absent: growth to twice the count or 4 per tick, "
        "shrinking held for 300 s.",
    ),
    field("spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleUp", "object", "Rules of growth."),
    field("spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown", "object", "Rules of shrinking."),
    field("spec.advanced.scalingModifiers", "object", "A formula over all external metrics, judged as one metric."),
    field("spec.advanced.scalingModifiers.formula", "text", "The formula; triggers appear by their names."),
    field("spec.advanced.scalingModifiers.target", "number as text", "Target of the formula's result."),
    field(
        "spec.advanced.scalingModifiers.activationTarget",
        "number as text",
        "The object is active while the formula's result is above it.",
        default="0",
    ),
    field(
        "spec.advanced.scalingModifiers.metricType",
        "AverageValue or Value",
        "How the result becomes replicas.",
        default="AverageValue",
    ),
)

RULES: Final = (
    field(
        "stabilizationWindowSeconds",
        "seconds, 0 to 3600",
        "The count leaves the current one only as far as every recommendation of this long agrees.",
        default="0 up, 300 down",
    ),
    field("selectPolicy", "Max, Min or Disabled", "Which of several policies decides.", default="Max"),
    field(
        "policies",
        "list",
        "How far one period may go: type Pods or Percent, value, periodSeconds.",
        default="4 pods or 100 % per 15 s up, 100 % per 15 s down",
    ),
    field("policies.type", "Pods or Percent", "Unit of value.", required=True),
    field("policies.value", "count, from 1", "Most pods or percent within the period.", required=True),
    field("policies.periodSeconds", "seconds, 1 to 1800", "Length of the period.", required=True),
    field("tolerance", "quantity", "How far usage may be off before replicas change.", default="0.1"),
)
"""Fields of scaleUp and of scaleDown."""

_PREFIX: Final = "spec.advanced.horizontalPodAutoscalerConfig.behavior"
_BEHAVIOR: Final = tuple(
    field(f"{_PREFIX}.{way}.{rule.path}", rule.type, rule.meaning, default=rule.default, required=rule.required)
    for way in ("scaleUp", "scaleDown")
    for rule in RULES
)

ANNOTATIONS: Final = (
    field("autoscaling.keda.sh/paused", "true or false", "Measure nothing, keep the current count."),
    field("autoscaling.keda.sh/paused-replicas", "count", "Measure nothing; set this count once."),
    field("autoscaling.keda.sh/paused-scale-in", "true or false", "Never shrink and never go to zero."),
    field("autoscaling.keda.sh/paused-scale-out", "true or false", "Never grow, except to minReplicaCount."),
    field("autoscaling.keda.sh/force-activation", "true or false", "Count as active whatever the triggers say."),
    field("autoscaler.sh/spec", "YAML", "Our own words: mode, cadence, pollingInterval, onMissing, guards."),
    field(
        "autoscaler.sh/owner",
        "autoscaler",
        "The object was taken over from KEDA: paused beside it keeps KEDA's hands off and pauses nothing here.",
    ),
    field("autoscaler.sh/ignore", "codes", "Findings that check leaves out for this object."),
)

WORDS: Final = (
    field(
        "mode",
        "active, dry-run or scale-out-only",
        "What may be written: everything, nothing, or growth alone.",
        default="active",
    ),
    field(
        "cadence",
        "hpa or poll",
        "Whether an awake object also ticks every 15 s between polls, or at polls only.",
        default="hpa",
    ),
    field("pollingInterval", "seconds, from 0.1", "As spec.pollingInterval, with fractions; it wins over the field."),
    field(
        "onMissing",
        "map of trigger name to keda, hold, zero or error",
        "What an answer without data means: what ignoreNullValues says; unknown, so grow but never shrink; zero; "
        "an error.",
        default="keda",
    ),
    field("guards.source", "on or off", "Whether the source guard may hold this object.", default="on"),
    field("guards.fleet", "on or off", "Read for a breaker that is not built yet; it has no effect.", default="on"),
)
"""Fields inside the annotation ``autoscaler.sh/spec``."""

FIELDS: Final[Mapping[str, Field]] = MappingProxyType({one.path: one for one in (*_SPEC, *_BEHAVIOR)})
"""All fields of ``spec``, by path."""
