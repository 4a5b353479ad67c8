"""The metrics-api trigger: the real parser, the real sender over sockets, and the real reader.

Endpoints of a service have addresses that no socket here can have: what would be asked of them is judged by their URLs,
and what they answer is read as it was scripted.
"""

from base64 import b64decode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask
from autoscaler.model.observation import Measurement, Missing, MissingReason, Sample
from autoscaler.model.text import Secret
from autoscaler.scalers.addresses import Refusal
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.endpoints import EndpointSlice, endpoint_urls, parse_service_url
from autoscaler.scalers.headers import refuse_name, reveal
from autoscaler.scalers.http import Sender
from autoscaler.scalers.metrics_api import MetricsApiScaler, pack
from autoscaler.scalers.plain_http import PlainHttpTransport
from autoscaler.scalers.prometheus.auth import Dress, dress
from tests.conformance.families.prom_metadata import REF, mode_text
from tests.conformance.families.prom_responses import Known, material, placed_answer, runner, server_tls
from tests.conformance.prom_rows import NOT_JUDGED, count_row, limits_row, redirect_row
from tests.conformance.triggers import differs, judge_refusal, parse
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict
from tests.scripted import Request, Scripted

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_UNREAD = frozenset(("wrong_kind", "not_a_quantity", "not_found", "bad_body", "bad_location", "bad_format"))
_BROKEN = frozenset(("bad_http", "connection_broken"))
_CLASSES = {
    MissingReason.MALFORMED: _UNREAD | _BROKEN,
    MissingReason.NOT_A_NUMBER: _UNREAD,
    MissingReason.HTTP_STATUS: frozenset(("http_status",)),
    MissingReason.EMPTY: frozenset(("all_endpoints_failed", "no_endpoints")),
    MissingReason.TIMEOUT: frozenset(("timeout",)),
    MissingReason.UNREACHABLE: _BROKEN | {"refused", "tls"},
    MissingReason.REFUSED: frozenset(("bad_redirect", "redirect_loop", "bad_url", "bad_header")),
}


def recognise(vector: dict[str, Any]) -> bool:
    return vector["id"].startswith("metrics_api-") or "valueLocation" in vector["in"].get("metadata", {})


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare the build, the requests and the result; what differs must be the answer of a row."""
    return runner().run(_judge(vector["in"], vector["out"]))


async def _judge(given: dict[str, Any], out: dict[str, Any]) -> Verdict:
    texts = {key: material(text) for key, text in given.get("authParams", {}).items()}
    given = {"responses": [{"status": 200}], **given, "authParams": texts}
    async with Scripted((), tls=server_tls(given.get("tls"))) as server:
        server.answers = [placed_answer(answer, server) for answer in given["responses"]]
        metadata = {key: _placed(text, server) for key, text in given["metadata"].items()}
        scaler = MetricsApiScaler(timedelta(milliseconds=given.get("globalTimeoutMs", 3000)))
        built = parse(scaler, given, metadata, REF if texts else None)
        if isinstance(built, Faults):
            return _judge_refusal(given, out, built)
        if out["build"] != "ok":
            return Disagrees(out["build"], built)
        ask = built.ask
        if differs(out["spec"], ask) or ask.question.source.deadline != _deadline(out):
            return Disagrees((out["spec"], out["client_timeout_ms"]), ask)
        if dict(ask.settings)["aggregate"]:
            return _judge_endpoints(given, out, scaler, ask)
        measured = scaler.read(ask, await _fetch(given, ask), _AT)
        return _judge_exchange(given, out, server, measured)


def _judge_refusal(given: dict[str, Any], expected: dict[str, Any], faults: Faults) -> Verdict:
    """What KEDA finds when it asks, or never, is refused at load: a URL that is none, and what no mode means."""
    reasons = {fault.reason for fault in faults.faults}
    late = expected.get("result", {}).get("error_class")
    if reasons == {"bad_url"} and late is not None:
        return Explained("D33")
    if reasons == {"bad_service_url"} and late == "bad_service_url":
        return Explained("D8")
    if expected["build"] == "ok" and reasons == {"not_supported"}:
        return Explained("D8")
    return judge_refusal(given, expected, faults)


def _deadline(expected: dict[str, Any]) -> timedelta:
    return timedelta(milliseconds=expected["client_timeout_ms"])


async def _fetch(given: dict[str, Any], ask: Ask) -> Answer:
    sender = Sender()
    try:
        transport = PlainHttpTransport(sender, Known(given["authParams"]))
        return (await transport.fetch((ask.question,)))[ask.question]
    finally:
        await sender.close()


def _judge_exchange(given: dict[str, Any], out: dict[str, Any], server: Scripted, got: Measurement) -> Verdict:
    if "oauth" in mode_text(given) and isinstance(got, Missing) and got.detail.startswith("no access token"):
        return Explained("D8")  # oauth works here, and the vector's token server does not
    if (row := _header_row(given, got)) is not None and not server.requests:
        return Explained(row)
    wanted = out.get("requests", [])
    rows = _request_rows(given, wanted, server.requests)
    if rows is None:
        return Disagrees(wanted, [(r.method, r.target, r.headers) for r in server.requests])
    expected = out["result"]
    if not _is_result(expected, got):
        row = redirect_row(given, got) or limits_row(given["responses"][-1], got) or _infinite_row(expected, got)
        if row is None:
            return Disagrees(expected, got)
        rows.append(row)
    return Explained("+".join(sorted(set(rows), key=lambda each: int(each[1:])))) if rows else Agrees()


def _request_rows(given: dict[str, Any], wanted: list[dict[str, Any]], got: list[Request]) -> list[str] | None:
    """Give the rows by which our requests differ from the recorded ones; None where no row says so."""
    rows = []
    if len(got) != len(wanted):
        row = count_row(given, wanted, got)
        if row is None:
            return None
        rows.append(row)
    for ours, theirs in zip(got, wanted, strict=False):
        pairs = sorted(_decoded(name, text) for name, text in theirs["query"] if name or text)
        if (ours.method, ours.path, sorted(ours.pairs)) != (theirs["method"], theirs["path"], pairs):
            return None
        told = {(name, text) for name, texts in theirs["headers"].items() for text in texts}
        ours_told, theirs_told = _judged(ours.headers), _judged(told)
        if ours_told == theirs_told:
            continue
        if "custom" not in mode_text(given) or ours_told != theirs_told | {_custom(given)}:
            return None
        rows.append("D8")  # a header that KEDA never sends
    return rows


def _decoded(name: str | None, text: str) -> tuple[str, str]:
    """Give a recorded pair; one that Go could not decode is as it was sent."""
    if name is not None:
        return name, text
    name, _, text = text.partition("=")
    return name, text


def _header_row(given: dict[str, Any], got: Measurement) -> str | None:
    """A key whose header is ours alone, or cannot be sent, is refused."""
    refused = isinstance(got, Missing) and got.reason is MissingReason.REFUSED
    name = given["metadata"].get("keyParamName") or given["authParams"].get("keyParamName", "")
    return "D36" if refused and name and refuse_name(name) is not None else None


def _judged(headers: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(name.lower(), text) for name, text in headers if name.lower() not in NOT_JUDGED}


def _custom(given: dict[str, Any]) -> tuple[str, str]:
    parameters = given["authParams"]
    return parameters.get("customAuthHeader", "").lower(), parameters.get("customAuthValue", "")


def _is_result(expected: dict[str, Any], got: Measurement) -> bool:
    match got:
        case Missing(reason=reason):
            return expected.get("error_class") in _CLASSES.get(reason, frozenset())
        case Sample(value_milli=milli, active=active):
            return (str(milli), active) == (expected.get("milli"), expected.get("active"))
        case _:
            return False


def _infinite_row(expected: dict[str, Any], got: Measurement) -> str | None:
    """An infinite value is 0 in KEDA, active or not by its sign."""
    infinite = isinstance(got, Missing) and got.reason is MissingReason.NOT_A_NUMBER
    return "D31" if infinite and expected.get("milli") == "0" and "error_class" not in expected else None


def _judge_endpoints(given: dict[str, Any], out: dict[str, Any], scaler: MetricsApiScaler, ask: Ask) -> Verdict:
    """Compare which endpoints would be asked for what, and what is made of their answers."""
    service = parse_service_url(ask.question.text)
    assert service is not None, ask.question.text
    urls = endpoint_urls(service, [_slice(entry) for entry in given.get("slices", ())])
    asked = {_endpoint_request(given, ask, url) for url in urls}
    wanted = {_recorded(request) for request in out.get("requests", ())}
    failed = out["result"].get("error_class") == "all_endpoints_failed" and not wanted
    if asked != wanted and not failed:
        return Disagrees(sorted(wanted), sorted(asked))
    got = scaler.read(ask, pack(_endpoint_answer(given, url) for url in urls), _AT)
    if _is_result(out["result"], got):
        return Agrees()
    row = _infinite_row(out["result"], got)
    return Explained(row) if row is not None else Disagrees(out["result"], got)


def _endpoint_request(given: dict[str, Any], ask: Ask, url: str) -> tuple[Any, ...]:
    dressed = dress(ask.question.source, {key: Secret(text) for key, text in given["authParams"].items()})
    assert isinstance(dressed, Dress), dressed
    headers = reveal(dressed.headers)
    assert not isinstance(headers, Refusal), headers
    parts = urlsplit(url)
    pairs = [*parse_qsl(parts.query), *((key, text.reveal()) for key, text in dressed.parameters)]
    return _host(parts.netloc), parts.path or "/", tuple(pairs), frozenset(_judged(headers))


def _recorded(request: dict[str, Any]) -> tuple[Any, ...]:
    told = _judged({(name, text) for name, texts in request["headers"].items() for text in texts})
    host = _host(request["headers"]["Host"][0])
    return host, request["path"], tuple(map(tuple, request["query"])), frozenset(told)


def _host(netloc: str) -> str:
    return netloc.removesuffix(":80")


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
    body = b64decode(scripted["body_b64"]) if "body_b64" in scripted else scripted.get("body", "").encode()
    return Response(status=scripted["status"], content_type="", body=body)


def _placed(text: str, server: Scripted) -> str:
    text = text.replace("{SERVER}", server.url).replace("{HOSTPORT}", f"127.0.0.1:{server.port}")
    return text.replace("{REFUSED}", "http://127.0.0.1:1")
