"""Every metric that ``/metrics`` shows, as one table: the contract, and what ``autoscaler explain METRIC`` prints."""

from enum import Enum

from autoscaler.model.value import value


class MetricType(Enum):
    """The types of the exposition format."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


@value
class Metric:
    """One family. ``labels`` are in the order in which they are written; ``meaning`` is its HELP line."""

    name: str
    type: MetricType
    labels: tuple[str, ...] = ()
    meaning: str


OBJECT = ("namespace", "scaledObject")
TRIGGER = ("namespace", "scaledObject", "trigger", "metric")
KEDA_TRIGGER = ("namespace", "metric", "scaledObject", "scaler", "triggerIndex", "type")
SOURCE = ("source", "credential")


def _gauge(name: str, labels: tuple[str, ...], meaning: str) -> Metric:
    return Metric(name=name, type=MetricType.GAUGE, labels=labels, meaning=meaning)


def _counter(name: str, labels: tuple[str, ...], meaning: str) -> Metric:
    return Metric(name=name, type=MetricType.COUNTER, labels=labels, meaning=meaning)


def _histogram(name: str, labels: tuple[str, ...], meaning: str) -> Metric:
    return Metric(name=name, type=MetricType.HISTOGRAM, labels=labels, meaning=meaning)


KEDA: tuple[Metric, ...] = (
    _gauge("keda_scaler_active", KEDA_TRIGGER, "Whether the trigger is above its activation threshold (1) or not (0)."),
    _gauge("keda_scaler_metrics_value", KEDA_TRIGGER, "The trigger's newest sample, in the metric's own unit."),
    _gauge("keda_scaler_metrics_latency_seconds", KEDA_TRIGGER, "How long the trigger's source last took to answer."),
    _counter(
        "keda_scaler_detail_errors_total", KEDA_TRIGGER, "Ticks in which the trigger was asked and gave no sample."
    ),
    _counter(
        "keda_scaler_empty_upstream_responses_total",
        ("namespace", "scaledResource", "triggerName", "metricName", "resourceType", "ignoreNullValues"),
        "Ticks in which the trigger's source answered without data.",
    ),
    _counter("keda_scaled_object_errors_total", OBJECT, "Ticks of the object with a missing sample, scale or result."),
    _gauge("keda_scaled_object_paused", OBJECT, "Whether the object is paused (1) or not (0)."),
    _gauge(
        "keda_internal_scale_loop_latency_seconds",
        ("namespace", "type", "resource"),
        "How long after its slot the object's last tick began.",
    ),
    _gauge("keda_resource_registered_total", ("type", "namespace"), "Objects that are governed, by namespace."),
    _gauge("keda_trigger_registered_total", ("type",), "Triggers of the governed objects, by type."),
)

OBJECTS: tuple[Metric, ...] = (
    _gauge("autoscaler_current_replicas", OBJECT, "spec.replicas of the target as the last tick read it."),
    _gauge("autoscaler_desired_replicas", OBJECT, "Replicas that the last tick decided on."),
    _gauge(
        "autoscaler_recommended_replicas",
        OBJECT,
        "The raw recommendation of the last tick, before window, policies and bounds; absent where there was none.",
    ),
    _gauge("autoscaler_min_replicas", OBJECT, "minReplicaCount of the object."),
    _gauge("autoscaler_max_replicas", OBJECT, "maxReplicaCount of the object."),
    _gauge(
        "autoscaler_limited",
        (*OBJECT, "reason"),
        "1 for each reason that moved the last tick's number away from the recommendation.",
    ),
    _gauge("autoscaler_activity", (*OBJECT, "activity"), "1 for what the last tick made of the object's triggers."),
    _gauge("autoscaler_held", (*OBJECT, "reason"), "1 for each guard that keeps the object from falling."),
    _gauge(
        "autoscaler_rival",
        (*OBJECT, "hpa"),
        "1 while an HPA scales the same target: nothing is written, unless as a dry run.",
    ),
    _gauge(
        "autoscaler_foreign_writer",
        (*OBJECT, "writer"),
        "1 while others undo what is written; counts are then written at syncs only.",
    ),
    _counter("autoscaler_foreign_writes_total", OBJECT, "Writes of spec.replicas by others, as the ticks found them."),
    _gauge("autoscaler_scale_unreadable", (*OBJECT, "reason"), "1 while the target's scale cannot be read."),
    _gauge("autoscaler_tick_broken", OBJECT, "1 while the object's ticks end in an error of the daemon's own."),
    _gauge(
        "autoscaler_object_fault",
        (*OBJECT, "code"),
        "1 for each error in the object's newest version; the last good version runs on.",
    ),
    _gauge("autoscaler_last_tick_timestamp_seconds", OBJECT, "Instant of the object's last tick, in Unix seconds."),
    _gauge("autoscaler_trigger_value", TRIGGER, "The trigger's newest sample; absent while it is missing."),
    _gauge("autoscaler_trigger_target", TRIGGER, "What the sample is compared with (threshold)."),
    _gauge(
        "autoscaler_trigger_proposed_replicas",
        TRIGGER,
        "Replicas that the trigger alone asks for; absent where it gave nothing to go on.",
    ),
    _gauge("autoscaler_trigger_missing", (*TRIGGER, "reason"), "1 while the trigger gives no sample, and why."),
    _gauge("autoscaler_trigger_fallback", TRIGGER, "1 while fallback stands in for the trigger."),
    _gauge(
        "autoscaler_trigger_unverified_tls",
        TRIGGER,
        "1 for a trigger that accepts any certificate of its source (unsafeSsl).",
    ),
    _gauge(
        "autoscaler_formula_value",
        OBJECT,
        "What the formula of scalingModifiers made of the triggers in the last tick; absent while it gives no number.",
    ),
    _gauge(
        "autoscaler_formula_missing",
        (*OBJECT, "reason"),
        "1 while the formula gives no number, and why: formula where it fails itself, else a trigger's reason.",
    ),
)

SOURCES: tuple[Metric, ...] = (
    _gauge(
        "autoscaler_source_state",
        (*SOURCE, "state"),
        "1 for the state of the source (ok, degraded, blind, recovering), 0 for the others; "
        "the worst where several share address and credential.",
    ),
    _gauge("autoscaler_source_targets_up", SOURCE, "Scrape targets that are up, by the source's last probe."),
    _counter("autoscaler_source_requests_total", SOURCE, "Requests sent to the source."),
    _counter(
        "autoscaler_source_failures_total",
        (*SOURCE, "kind"),
        "Requests to the source without a usable answer, by kind.",
    ),
)

DOCUMENTS: tuple[Metric, ...] = (
    _gauge(
        "autoscaler_refused_documents",
        (),
        "Documents that do not count because something is wrong with them; where one ran before, that runs on.",
    ),
    _gauge(
        "autoscaler_files_away",
        (),
        "1 while a file cannot be read or a folder holds no manifest: what ran from it runs on.",
    ),
)

COUNTED: tuple[Metric, ...] = (
    _counter("autoscaler_ticks_total", ("result",), "Ticks of objects: decided, unobserved (no scale) or broken."),
    _counter("autoscaler_errors_total", ("kind",), "What went wrong in ticks, by kind."),
    _counter("autoscaler_writes_total", ("outcome",), "Decisions that differed from the current count, by outcome."),
    _histogram("autoscaler_tick_seconds", (), "How long a tick took, from asking to remembering."),
    _histogram("autoscaler_tick_lateness_seconds", (), "How long after its slot a tick began."),
    _histogram("autoscaler_write_seconds", (), "How long an accepted write took."),
)

PROCESS: tuple[Metric, ...] = (
    _gauge("autoscaler_state_age_seconds", (), "Age of the saved memory; absent while none is saved."),
    _gauge("autoscaler_build_info", ("version", "python"), "Always 1; which build runs."),
)

ALL: tuple[Metric, ...] = (*KEDA, *OBJECTS, *SOURCES, *DOCUMENTS, *COUNTED, *PROCESS)
BY_NAME = {metric.name: metric for metric in ALL}
