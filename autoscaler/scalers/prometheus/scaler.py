"""The prometheus trigger: metadata to a question, an answer to a sample. Pure.

Source: KEDA prometheus_scaler.go; where we differ: D1-D8, D26, D31, D33, D36.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from autoscaler.model.auth import AuthRef
from autoscaler.model.faults import Fault, Faults, Severity
from autoscaler.model.objects import Ask, Author, MetricTarget, Question, Source
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.scalers.addresses import Address, Refusal, parse_address
from autoscaler.scalers.contract import Answer
from autoscaler.scalers.headers import basic, refuse_name, refuse_value
from autoscaler.scalers.metadata import Reader
from autoscaler.scalers.numbers import to_milli
from autoscaler.scalers.prometheus.answer import Empty, Reading, read_answer
from autoscaler.scalers.prometheus.auth import EVERYWHERE, read_modes
from autoscaler.scalers.prometheus.findings import judge_query
from autoscaler.scalers.prometheus.promql import looks_back

DEADLINE = timedelta(seconds=3)
LONGEST_QUERY = 65536
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_CLUSTER = "ClusterTriggerAuthentication"
_CLOUD: Mapping[str, str] = {
    "awsRegion": "signing for AWS",
    "identityOwner": "signing for AWS",
    "awsAccessKeyID": "signing for AWS",
    "awsAccessKeyIDFromEnv": "signing for AWS",
    "awsSecretAccessKeyFromEnv": "signing for AWS",
    "cloud": "Azure managed Prometheus",
    "azureManagedPrometheusResourceURL": "Azure managed Prometheus",
    "credentialsFromEnv": "Google managed Prometheus",
    "credentialsFromEnvFile": "Google managed Prometheus",
}
_KEYS = frozenset(
    [
        "serverAddress",
        "query",
        "threshold",
        "activationThreshold",
        "namespace",
        "queryParameters",
        "customHeaders",
        "ignoreNullValues",
        "unsafeSsl",
        "timeout",
        "authModes",
        "authMode",
        "apiKey",
        "method",
        "keyParamName",
    ]
)


class PrometheusScaler:
    """Reads ``type: prometheus``. ``deadline`` is for triggers without a ``timeout`` of their own."""

    type = "prometheus"
    keys = _KEYS | frozenset(_CLOUD)
    may_cache = True

    def __init__(self, deadline: timedelta = DEADLINE) -> None:
        self._deadline = deadline

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        """Turn metadata into a question, its target and its activation threshold; every fault at once."""
        reader = Reader(spec, auth)
        target = reader.metric_target(to_milli(reader.required_number("threshold")))
        query = reader.required_text("query")
        source = self._source(reader)
        activation = reader.number("activationThreshold")
        null_as_zero = reader.flag("ignoreNullValues", default=True)
        _refuse_cloud(reader)
        if len(query.encode()) > LONGEST_QUERY:
            reader.fault("E104", "query", f"query is longer than {LONGEST_QUERY // 1024} KiB: shorten it")
        findings = _findings(spec, query, target) if query else ()
        reader.faults.extend(each for each in findings if each.severity is Severity.ERROR)
        if (refused := reader.refused()) is not None:
            return Faults(faults=(*refused.faults, *(each for each in findings if each.severity is not Severity.ERROR)))
        ask = Ask(
            question=Question(source=source, text=query),
            metric=f"s{spec.index}-prometheus",
            target=target,
            activation=activation or 0.0,
            null_as_zero=null_as_zero,
            looks_back=looks_back(query),
        )
        return Parsed(ask=ask, warnings=findings)

    def read(self, ask: Ask, answer: Answer, at: datetime) -> Measurement:
        """Turn an answer into a sample, or say why there is none. ``at`` stands in where the answer tells no time."""
        if isinstance(answer, Missing):
            return answer
        match read_answer(answer, quote=ask.question.source.credential is None):
            case Missing() as missing:
                return missing
            case Empty():
                return _zero_or(ask, at, MissingReason.EMPTY, "the answer holds no data")
            case Reading(number=number, at=told):
                return _sample(ask, number, told or at)

    def _source(self, reader: Reader) -> Source:
        """Read where the question goes and with what."""
        address = _address(reader)
        headers = _headers(reader, address)
        timeout = reader.duration("timeout")
        return Source(
            transport="prometheus",
            addresses=(address.text,) if address is not None else (),
            credential=reader.spec.auth,
            headers=headers,
            parameters=_parameters(reader),
            options=_options(reader, read_modes(reader)),
            deadline=timeout or self._deadline,
        )


def _findings(spec: TriggerSpec, query: str, target: MetricTarget) -> tuple[Fault, ...]:
    """Judge the query by what its value is for: a value that goes into a formula has no target of its own."""
    return judge_query(query, f"{spec.path}.metadata.query", None if spec.as_metric_source else target)


def _sample(ask: Ask, number: float, at: datetime) -> Measurement:
    if number != number:
        return _zero_or(ask, at, MissingReason.NOT_A_NUMBER, "the value is NaN")
    if number in (float("inf"), float("-inf")):
        return Missing(reason=MissingReason.NOT_A_NUMBER, detail="the value is infinite")
    return Sample(value_milli=to_milli(number), active=number > ask.activation, at=at)


def _zero_or(ask: Ask, at: datetime, reason: MissingReason, detail: str) -> Measurement:
    """Read no data as zero where ``ignoreNullValues`` says so, marked as substituted (D5)."""
    if not ask.null_as_zero:
        return Missing(reason=reason, detail=detail)
    return Sample(value_milli=0, active=ask.activation < 0, at=at, origin=Origin.NULL_AS_ZERO)


def _address(reader: Reader) -> Address | None:
    text = reader.required_text("serverAddress")
    address = parse_address(text) if text else None
    if isinstance(address, Refusal):
        reader.fault("E104", "serverAddress", address.detail, reason="bad_url")
        return None
    return address


def _headers(reader: Reader, address: Address | None) -> tuple[tuple[str, str], ...]:
    """Read ``customHeaders``; a password in the address becomes a header unless they hold one (S1, S12)."""
    headers = reader.pairs("customHeaders")
    for name, text in headers:
        refusal = refuse_name(name) or refuse_value(name, text)
        if refusal is not None:
            reader.fault("E104", "customHeaders", refusal.detail, reason="bad_header")
    if address is None or address.userinfo is None or any(name.lower() == "authorization" for name, _ in headers):
        return headers
    return (*headers, ("Authorization", basic(*address.userinfo)))


def _parameters(reader: Reader) -> tuple[tuple[str, str], ...]:
    """Read ``namespace`` and ``queryParameters``; they are encoded when they are sent (D36)."""
    parameters = reader.pairs("queryParameters")
    namespace = reader.text("namespace")
    for key, texts in (("namespace", (namespace or "",)), ("queryParameters", sum(parameters, ()))):
        if any(_CONTROL.search(text) for text in texts):
            reader.fault("E104", key, f"{key} holds a control character: remove it", reason="bad_parameter")
    return (("namespace", namespace), *parameters) if namespace is not None else parameters


def _options(reader: Reader, modes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Gather what the transport needs beside: modes, TLS, and on whose behalf credentials are used (S3)."""
    found = {"unsafeSsl": "true"} if reader.flag("unsafeSsl", default=False) else {}
    if modes:
        found["authModes"] = ",".join(modes)
    if "apiKey" in modes:
        found["method"] = reader.text("method", sources=EVERYWHERE) or "header"
        if (name := reader.text("keyParamName", sources=EVERYWHERE)) is not None:
            found["keyParamName"] = name
    if reader.spec.author is Author.TENANT:
        found["author"] = Author.TENANT.value
    if _is_shared(reader.spec.auth):
        found["namespace"] = reader.spec.namespace
    return tuple(sorted(found.items()))


def _is_shared(ref: AuthRef | None) -> bool:
    return ref is not None and ref.kind == _CLUSTER


def _refuse_cloud(reader: Reader) -> None:
    """Say plainly what is not supported, where KEDA would go on without it (D8)."""
    for key, what in _CLOUD.items():
        if reader.find(key):
            reader.fault("E104", key, f"{what} is not supported: remove {key}", reason="not_supported")
    identity = reader.spec.pod_identity
    if identity not in (None, "", "none") and not reader.find("authModes", "authMode", sources=EVERYWHERE):
        message = f"pod identity {identity} is not supported by the prometheus trigger: use authModes"
        path = f"{reader.spec.path}.authenticationRef"
        reader.faults.append(
            Fault(code="E104", severity=Severity.ERROR, path=path, message=message, reason="not_supported")
        )
