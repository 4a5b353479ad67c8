"""Every trigger type with the keys of its metadata: what ``autoscaler explain trigger.TYPE`` prints."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from autoscaler.views.fields import Field, field

_PROMETHEUS: Final = (
    field("serverAddress", "URL", "Where the query API is: http or https, no query part.", required=True),
    field("query", "PromQL", "What is asked; it must give one number.", required=True),
    field("threshold", "number", "Target of the metric.", required=True),
    field("activationThreshold", "number", "The trigger is active while its value is above it.", default="0"),
    field("namespace", "text", "Sent as the parameter namespace, for servers that divide tenants by it."),
    field("queryParameters", "k=v,k=v", "More parameters of the request; values are never shown."),
    field("customHeaders", "k=v,k=v", "More headers of the request; values are never shown."),
    field(
        "ignoreNullValues",
        "true or false",
        "Whether an answer without data reads as 0 (marked as substituted, and not believed while the source is blind) "
        "or as an error.",
        default="true",
    ),
    field(
        "unsafeSsl",
        "true or false",
        "Accept any certificate; seen in autoscaler_trigger_unverified_tls.",
        default="false",
    ),
    field("timeout", "duration or milliseconds", "Deadline of one question.", default="3s (--timeout)"),
    field("authModes", "list of basic, bearer, tls, custom, apiKey", "How to authenticate; needs authenticationRef."),
)

_CRON: Final = (
    field("timezone", "IANA time zone", "Zone in which start and end are read.", required=True),
    field("start", "cron, five fields", "When the replicas are wanted from.", required=True),
    field("end", "cron, five fields", "Until when they are wanted; it must differ from start.", required=True),
    field("desiredReplicas", "count, not 0", "Replicas between start and end.", required=True),
)

_RESOURCE: Final = (
    field(
        "value",
        "percent or quantity",
        "Percent of the requests with metricType Utilization, an amount per pod with AverageValue.",
        required=True,
    ),
    field("containerName", "text", "Measure this container alone instead of whole pods."),
)

_WORKLOAD: Final = (
    field("podSelector", "label selector", "Pods of the object's namespace that are counted.", required=True),
    field("value", "number, above 0", "Pods per replica.", required=True),
    field("activationValue", "number", "The trigger is active while more pods than this match.", default="0"),
    field("groupByNode", "true or false", "Count the nodes of the pods instead.", default="false"),
)

_METRICS_API: Final = (
    field("url", "URL", "What is asked by GET; only status 200 is an answer.", required=True),
    field(
        "valueLocation",
        "path",
        'Where the number is: a GJSON path, a dotted path for yaml, name{label="x"} for prometheus.',
        required=True,
    ),
    field("targetValue", "number, not 0", "Target of the metric.", required=True),
    field("activationTargetValue", "number", "The trigger is active while its value is above it.", default="0"),
    field("format", "json, yaml, xml or prometheus", "How the answer is written.", default="json"),
    field(
        "aggregateFromKubeServiceEndpoints",
        "true or false",
        "Ask every endpoint of the service in the URL instead of one. This version asks no endpoints: with true the "
        "object is refused (E106).",
        default="false",
    ),
    field(
        "aggregationType",
        "average, sum, max or min",
        "What the endpoints' numbers become; of no effect without aggregateFromKubeServiceEndpoints.",
        default="average",
    ),
    field(
        "unsafeSsl",
        "true or false",
        "Accept any certificate; seen in autoscaler_trigger_unverified_tls.",
        default="false",
    ),
    field("timeout", "duration or milliseconds", "Deadline of one question.", default="3s (--timeout)"),
    field("authModes", "list of apiKey, basic, bearer, tls", "How to authenticate; needs authenticationRef."),
    field("method", "header or query", "Where an apiKey goes.", default="header"),
    field("keyParamName", "text", "Header or parameter that holds an apiKey.", default="X-API-KEY, api_key"),
)

TRIGGERS: Final[Mapping[str, tuple[Field, ...]]] = MappingProxyType(
    {
        "prometheus": _PROMETHEUS,
        "cron": _CRON,
        "cpu": _RESOURCE,
        "memory": _RESOURCE,
        "kubernetes-workload": _WORKLOAD,
        "metrics-api": _METRICS_API,
    }
)
"""Metadata of each trigger type."""

_NOT_ASKED: Final = (
    "This version reads this type and does not ask it: an object with such a trigger is refused (E106), by check as by "
    "plan and run. Have the same number from Prometheus, by a prometheus trigger."
)
NOT_ASKED: Final[Mapping[str, str]] = MappingProxyType(
    {"cpu": _NOT_ASKED, "memory": _NOT_ASKED, "kubernetes-workload": _NOT_ASKED}
)
"""What to know of the types whose questions nobody sends."""
