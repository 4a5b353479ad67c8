"""The metrics-api trigger, judged at its two ends: what would be sent, and what is read from the scripted answer.

Nothing goes over a socket here: limits, redirects and connection errors belong to the sender, which the exchange of the
prometheus trigger judges. Of what fails on the wire the deadline and the refusal to read are judged.
"""

from base64 import b64decode
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from yarl import URL

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask
from autoscaler.model.observation import Measurement, Missing, MissingReason, Sample
from autoscaler.model.text import Secret
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.endpoints import EndpointSlice, endpoint_urls, parse_service_url
from autoscaler.scalers.headers import reveal
from autoscaler.scalers.metrics_api import MetricsApiScaler, pack
from autoscaler.scalers.prometheus.auth import GRANTED, Dress, dress
from tests.conformance.triggers import differs, judge_refusal, parse
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_SERVER = "http://metrics.test:8080"
_REFUSED = "http://refused.test:8080"
_IGNORED = frozenset(("Host", "User-Agent", "Accept-Encoding"))
_UNREAD = frozenset(("wrong_kind", "not_a_quantity", "not_found", "bad_body", "bad_location", "bad_format"))
_CLASSES = {
    MissingReason.MALFORMED: _UNREAD,
    MissingReason.NOT_A_NUMBER: _UNREAD,
    MissingReason.HTTP_STATUS: frozenset(("http_status",)),
    MissingReason.EMPTY: frozenset(("all_endpoints_failed", "no_endpoints")),
    MissingReason.TIMEOUT: frozenset(("timeout",)),
    MissingReason.UNREACHABLE: frozenset(("refused",)),
}


def recognise(vector: dict[str, Any]) -> bool:
    return vector["id"].startswith("metrics_api-") or "valueLocation" in vector["in"].get("metadata", {})


def judge(vector: dict[str, Any]) -> Verdict:
    given, expected = vector["in"], vector["out"]
    scaler = MetricsApiScaler(timedelta(milliseconds=given.get("globalTimeoutMs", 3000)))
    built = parse(scaler, given, {key: _placed(text) for key, text in given["metadata"].items()})
    if isinstance(built, Faults):
        return _judge_refusal(given, expected, built)
    if expected["build"] != "ok":
        return Disagrees(expected["build"], built)
    ask = built.ask
    if differs(expected["spec"], ask) or ask.question.source.deadline != _deadline(expected):
        return Disagrees((expected["spec"], expected["client_timeout_ms"]), ask)
    aggregate = bool(dict(ask.settings)["aggregate"])
    urls = _endpoints(given, ask) if aggregate else (ask.question.text,)
    row = _judge_requests(given, expected, ask, urls)
    if isinstance(row, Disagrees):
        return row
    answer = pack(_endpoint_answer(given, url) for url in urls) if aggregate else _answer(given, ask)
    return _judge_result(expected["result"], scaler.read(ask, answer, _AT), row)


def _judge_refusal(given: dict[str, Any], expected: dict[str, Any], faults: Faults) -> Verdict:
    """What KEDA finds when it asks, or never, is refused at load: a URL that is none, and what no mode means."""
    reasons = {fault.reason for fault in faults.faults}
    late = expected.get("result", {}).get("error_class")
    if reasons == {"bad_url"} and late in ("bad_url", "bad_service_url"):
        return Explained("D33")
    if reasons == {"bad_service_url"} and late == "bad_service_url":
        return Explained("D8")
    if expected["build"] == "ok" and reasons == {"not_supported"}:
        return Explained("D8")
    return judge_refusal(given, expected, faults)


def _deadline(expected: dict[str, Any]) -> timedelta:
    return timedelta(milliseconds=expected["client_timeout_ms"])


def _judge_requests(given: dict[str, Any], expected: dict[str, Any], ask: Ask, urls: tuple[str, ...]) -> Verdict:
    """Compare method, host, path, query and headers of every recorded request; a header that KEDA never sends is D8."""
    parameters = {key: Secret(text) for key, text in given.get("authParams", {}).items()}
    dressed = dress(ask.question.source, {**parameters, GRANTED: Secret("granted")})
    assert isinstance(dressed, Dress), dressed
    asked = {_shown(URL(url), dressed) for url in urls}
    wanted = {_recorded(request) for request in expected.get("requests", ())}
    if not wanted and expected["result"].get("error_class") in ("refused", "bad_url", "all_endpoints_failed"):
        return Agrees()
    if asked == wanted:
        return Agrees()
    without = {(*request[:-1], ()) for request in asked}
    mode = dict(ask.question.source.options).get("authModes")
    ours = {"custom": _custom(given), "oauth": (("authorization", "Bearer granted"),)}.get(mode or "")
    if without == wanted and _revealed(dressed) == ours:
        return Explained("D8")
    return Disagrees(sorted(wanted), sorted(asked))


def _revealed(dressed: Dress) -> tuple[tuple[str, str], ...]:
    return tuple((name.lower(), text) for name, text in reveal(dressed.headers))


def _custom(given: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    parameters = given.get("authParams", {})
    return ((parameters.get("customAuthHeader", "").lower(), parameters.get("customAuthValue", "")),)


def _shown(url: URL, dressed: Dress) -> tuple[Any, ...]:
    parts = urlsplit(str(url))
    pairs = [
        *parse_qsl(parts.query, keep_blank_values=True),
        *((key, text.reveal()) for key, text in dressed.parameters),
    ]
    headers = tuple(sorted(_revealed(dressed)))
    return "GET", _host(parts.netloc), parts.path or "/", tuple(pairs), headers


def _host(netloc: str) -> str:
    return "{HOST}" if netloc in _SERVER else netloc.removesuffix(":80")


def _recorded(request: dict[str, Any]) -> tuple[Any, ...]:
    headers = [
        (name.lower(), text) for name, texts in request["headers"].items() if name not in _IGNORED for text in texts
    ]
    host = request["headers"]["Host"][0].removesuffix(":80")
    return request["method"], host, request["path"], tuple(map(tuple, request["query"])), tuple(sorted(headers))


def _judge_result(expected: dict[str, Any], got: Measurement, row: Verdict) -> Verdict:
    match got:
        case Missing(reason=reason) if expected.get("error_class") in _CLASSES.get(reason, ()):
            return row
        case Missing(reason=MissingReason.NOT_A_NUMBER) if (
            expected.get("milli") == "0" and "error_class" not in expected
        ):
            return Explained("D31")  # an infinite value is 0 in KEDA, active or not by its sign
        case Sample(value_milli=milli, active=active) if (str(milli), active) == (
            expected.get("milli"),
            expected.get("active"),
        ):
            return row
    return Disagrees(expected, got)


def _answer(given: dict[str, Any], ask: Ask) -> Answer:
    if ask.question.text.startswith(_REFUSED):
        return Missing(reason=MissingReason.UNREACHABLE, detail="nothing listens there")
    scripted = given["responses"][0]
    late = timedelta(milliseconds=scripted.get("delay_ms", 0)) > ask.question.source.deadline
    if late or scripted["mode"] == "hang":
        return Missing(reason=MissingReason.TIMEOUT, detail="no answer in time")
    return _response(scripted)


def _response(scripted: dict[str, Any]) -> Response:
    body = b64decode(scripted["body_b64"]) if "body_b64" in scripted else scripted.get("body", "").encode()
    return Response(status=scripted["status"], content_type="", body=body)


def _endpoints(given: dict[str, Any], ask: Ask) -> tuple[str, ...]:
    service = parse_service_url(ask.question.text)
    assert service is not None, ask.question.text
    return endpoint_urls(service, [_slice(entry) for entry in given.get("slices", ())])


def _slice(entry: dict[str, Any]) -> EndpointSlice:
    ready = [endpoint for endpoint in entry["endpoints"] if endpoint.get("ready")]
    addresses = tuple(address for endpoint in ready for address in endpoint["addresses"])
    return EndpointSlice(
        namespace=entry["ns"], service=entry["service"], ports=tuple(entry["ports"]), addresses=addresses
    )


def _endpoint_answer(given: dict[str, Any], url: str) -> Answer:
    parts = urlsplit(url)
    scripted = given.get("answers", {}).get(f"{parts.hostname}:{parts.port or 80}")
    if scripted is None:
        return Missing(reason=MissingReason.UNREACHABLE, detail="nothing listens there")
    return _response(scripted)


def _placed(text: str) -> str:
    host = urlsplit(_SERVER).netloc
    return text.replace("{SERVER}", _SERVER).replace("{HOSTPORT}", host).replace("{REFUSED}", _REFUSED)
