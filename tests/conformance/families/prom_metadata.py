"""KEDA's parsing of prometheus metadata, judged against ``PrometheusScaler.parse``."""

from datetime import timedelta
from typing import Any

from autoscaler.model.auth import AuthRef
from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask, TargetType
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.scalers.prometheus.scaler import LONGEST_QUERY, PrometheusScaler
from tests.certificates import authority
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

SERVER = "http://prom.example:9090"
LONGEST = -(-(2**63 - 1) // 1000)
REF = AuthRef(kind="TriggerAuthentication", namespace="default", name="auth")
_CLOUD_KEYS = frozenset(
    (
        "awsRegion",
        "identityOwner",
        "awsAccessKeyID",
        "awsAccessKeyIDFromEnv",
        "awsSecretAccessKeyFromEnv",
        "cloud",
        "azureManagedPrometheusResourceURL",
        "credentialsFromEnv",
        "credentialsFromEnvFile",
    )
)


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by metadata without scripted responses and a parsed block with an ``auth`` part."""
    given, out = vector["in"], vector["out"]
    if "responses" in given or "metadata" not in given:
        return False
    if "parsed" in out:
        return "auth" in out["parsed"]
    about = {"serverAddress", "serveraddress", "query"} & set(given["metadata"])
    return "error_class" in out and (bool(about) or "prometheus" in out.get("error", ""))


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare the class of an error, or every parsed value and the target."""
    given, out = vector["in"], vector["out"]
    ours = parse({**given, "authParams": _with_material(given.get("authParams", {}))}, SERVER)
    if (row := refused_by_us(given, ours)) is not None:
        return Explained(row=row) if "parsed" in out else Disagrees(expected=out, got=ours)
    if isinstance(ours, Faults):
        return judge_class(out.get("error_class"), ours)
    if "parsed" not in out:
        return Disagrees(expected=out["error_class"], got=ours)
    expected, got = _expected(out, given), _shown(ours.ask)
    if expected == got:
        return Agrees()
    if _overflows(given) and {**expected, "timeout": got["timeout"]} == got and got["timeout"] == LONGEST:
        return Explained(row="D12")
    return Disagrees(expected=expected, got=got)


def _with_material(parameters: dict[str, str]) -> dict[str, str]:
    """Put real PEM texts in place of the letters that stand for them here: what they hold is checked elsewhere."""
    pair = authority().sign("client")
    real = {"ca": authority().pem, "cert": pair.certificate, "key": pair.key}
    return {name: real[name] if name in real and text.strip() else text for name, text in parameters.items()}


def parse(given: dict[str, Any], server: str) -> Parsed | Faults:
    """Parse a vector's trigger as it would be in an object of the operator's."""
    spec = TriggerSpec(
        index=given.get("triggerIndex", 0),
        type="prometheus",
        metadata={key: text.replace("{SERVER}", server) for key, text in given["metadata"].items()},
        metric_type=given.get("metricType"),
        auth=REF if given.get("authParams") else None,
        pod_identity=given.get("podIdentity"),
        namespace="default",
        object_name="web",
        env=given.get("resolvedEnv", {}),
        as_metric_source=given.get("asMetricSource", False),
        path="spec.triggers[0]",
    )
    global_timeout = max(given.get("globalTimeoutMs", 3000), 0)
    scaler = PrometheusScaler(timedelta(milliseconds=global_timeout or 3000))
    return scaler.parse(spec, {key: Secret(text) for key, text in given.get("authParams", {}).items()})


def judge_class(expected: str | None, ours: Faults) -> Verdict:
    """Compare the class of KEDA's error with the reasons of our faults; its parser's panic is a bad value of ours."""
    wanted = "bad_value" if expected == "parser_panic" else expected
    reasons = {fault.reason for fault in ours.faults}
    return Agrees() if wanted in reasons else Disagrees(expected=expected, got=ours)


def refused_by_us(given: dict[str, Any], ours: Parsed | Faults) -> str | None:
    """Give the row that refuses a trigger which KEDA takes, by what stands in it; None where none does.

    The answer asserted is a fault of the row's own kind.
    """
    if not isinstance(ours, Faults):
        return None
    reasons = {fault.reason for fault in ours.faults}
    if {"missing_parameter", "bad_value", "not_in_enum", "exclusive_set", "auth_incomplete"} & reasons:
        return None if not _inline_key(given) or reasons != {"bad_value"} else "D8"
    if "pod_identity_conflict" in reasons or given.get("metricType") == "Utilization":
        return None
    if "not_supported" in reasons and _asks_unsupported(given):
        return "D8"
    if "metric_type" in reasons and given.get("metricType") not in (None, "", "Value", "AverageValue"):
        return "D8"
    if reasons in ({"bad_header"}, {"bad_parameter"}):
        return "D36"
    if reasons == {"bad_url"}:
        return "D33"
    if "too_long" in reasons and len(given["metadata"]["query"].encode()) > LONGEST_QUERY:
        return "D37"
    if reasons == {"query"}:
        return _query_row(given["metadata"]["query"].strip(), {fault.code for fault in ours.faults})
    return None


def _query_row(query: str, codes: set[str]) -> str | None:
    """A query that gives a string or a matrix is refused at load, and so is one whose brackets or strings are open."""
    if "E301" in codes:
        return "D3"
    unbalanced = any(query.count(left) != query.count(right) for left, right in ("()", "[]", "{}"))
    return "D10" if "E300" in codes and (unbalanced or any(query.count(quote) % 2 for quote in "\"'`")) else None


def _asks_unsupported(given: dict[str, Any]) -> bool:
    cloud = given.get("podIdentity") not in (None, "", "none")
    return cloud or bool(_CLOUD_KEYS & set(given["metadata"]))


def _overflows(given: dict[str, Any]) -> bool:
    """Say whether a time-out in milliseconds is beyond 64 bits of nanoseconds, where KEDA's wraps around."""
    text = given["metadata"].get("timeout", "").strip().removeprefix("+")
    return text.isdigit() and int(text) * 10**6 >= 2**63


def _inline_key(given: dict[str, Any]) -> bool:
    return "apiKey" in given["metadata"] and "apiKey" in mode_text(given)


def mode_text(given: dict[str, Any]) -> str:
    """Give the text in which a vector names its modes, from the first place that has any."""
    places = (given["metadata"], given.get("authParams", {}))
    texts = (place.get(key, "").strip() for place in places for key in ("authModes", "authMode"))
    return next((text for text in texts if text), "")


def _expected(out: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    parsed, spec = out["parsed"], out["spec"]
    amount = spec.get("average_value") or spec["value"]
    parameters = sorted((parsed["queryParameters"] or {}).items())
    if parsed["namespace"]:
        parameters = [("namespace", parsed["namespace"]), *parameters]
    return {
        "address": parsed["serverAddress"].rstrip("/") or given["metadata"]["serverAddress"],
        "query": parsed["query"],
        "milli": int(amount["milli"]),
        "type": spec["target_type"],
        "name": spec["name"],
        "activation": float(parsed["activationThreshold"]),
        "null_as_zero": parsed["ignoreNullValues"],
        "headers": sorted((parsed["customHeaders"] or {}).items()),
        "parameters": parameters,
        "unsafeSsl": parsed["unsafeSsl"],
        "modes": parsed["auth"]["modes"] or [],
        "timeout": -(-int(out["effective_timeout_ns"]) // 1000),
    }


def _shown(ask: Ask) -> dict[str, Any]:
    source, options = ask.question.source, dict(ask.question.source.options)
    assert ask.target.type in (TargetType.AVERAGE_VALUE, TargetType.VALUE)
    return {
        "address": source.addresses[0].rstrip("/"),
        "query": ask.question.text,
        "milli": ask.target.amount,
        "type": ask.target.type.value,
        "name": ask.metric,
        "activation": ask.activation,
        "null_as_zero": ask.null_as_zero,
        "headers": sorted(source.headers),
        "parameters": list(source.parameters),
        "unsafeSsl": options.get("unsafeSsl") == "true",
        "modes": options["authModes"].split(",") if options.get("authModes") else [],
        "timeout": source.deadline // timedelta(microseconds=1),
    }
