"""KEDA's exchange with Prometheus: the real parser, the real sender over sockets, and the real reader.

Every recorded request carries ``time=`` and ours never does, so a vector with a request is explained by D26 at least.
"""

import asyncio
import json
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample
from autoscaler.model.spec import Parsed
from autoscaler.model.text import Secret
from autoscaler.scalers.credentials import Places, Resolver
from autoscaler.scalers.http import Sender
from autoscaler.scalers.numbers import parse_float, to_milli
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from autoscaler.scalers.prometheus.transport import PrometheusTransport
from tests.certificates import Pair, authority
from tests.conformance.families.prom_metadata import judge_class, parse, refused_by_us
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict
from tests.scripted import Request, Scripted, body, server_context

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_NOT_JUDGED = frozenset(("user-agent", "accept-encoding", "connection", "referer", "accept", "host"))
_CLASSES: dict[MissingReason, frozenset[str]] = {
    MissingReason.HTTP_STATUS: frozenset(("http_status",)),
    MissingReason.EMPTY: frozenset(("empty",)),
    MissingReason.AMBIGUOUS: frozenset(("multiple_elements",)),
    MissingReason.NOT_A_NUMBER: frozenset(("bad_number", "not_finite")),
    MissingReason.MALFORMED: frozenset(("bad_json", "short_value", "panic", "bad_http", "connection_broken")),
    MissingReason.TIMEOUT: frozenset(("timeout",)),
    MissingReason.UNREACHABLE: frozenset(("refused", "connection_broken", "tls", "bad_http")),
    MissingReason.REFUSED: frozenset(("bad_redirect", "redirect_loop", "bad_url", "bad_header")),
}


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by scripted responses to a query."""
    metadata = vector["in"]["metadata"]
    return "responses" in vector["in"] and "build" in vector["out"] and not {"url", "valueLocation"} & set(metadata)


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare the build, the requests and the result; what differs must be the answer of a row."""
    return _runner().run(_judge(vector["in"], vector["out"]))


async def _judge(given: dict[str, Any], out: dict[str, Any]) -> Verdict:
    given = {**given, "authParams": {key: _material(text) for key, text in given.get("authParams", {}).items()}}
    async with Scripted(given["responses"], tls=_server_tls(given.get("tls"))) as server:
        given = _placed(given, server)
        ours = parse(given, server.url)
        if isinstance(ours, Faults):
            return _judge_build(given, out, ours)
        if out["build"] != "ok":
            return Disagrees(expected=out["build"], got=ours)
        measured = await _ask(ours, given)
        return _judge_exchange(given, out, ours.ask, server, measured)


def _judge_build(given: dict[str, Any], out: dict[str, Any], ours: Faults) -> Verdict:
    if out["build"] != "ok":
        return judge_class(out["build"]["error_class"], ours)
    row = refused_by_us(given, ours)
    if row is None and {fault.reason for fault in ours.faults} == {"tls_material"}:
        row = "D8"  # a ca that is no certificate is dropped in silence there
    return Explained(row=row) if row is not None else Disagrees(expected=out, got=ours)


async def _ask(parsed: Parsed, given: dict[str, Any]) -> Measurement:
    sender = Sender()
    try:
        transport = PrometheusTransport(sender, _Known(given["authParams"]))
        question = parsed.ask.question
        answer = (await transport.fetch((question,)))[question]
        return PrometheusScaler().read(parsed.ask, answer, NOW)
    finally:
        await sender.close()


class _Known(Resolver):
    """Resolves every reference to the parameters of one vector."""

    def __init__(self, parameters: dict[str, str]) -> None:
        super().__init__(
            Places(
                find_authentication=lambda ref: None,
                find_secret=lambda namespace, name: None,
                find_config_map=lambda namespace, name: None,
                audiences={},
                environment={},
            )
        )
        self._parameters = {key: Secret(text) for key, text in parameters.items()}

    async def resolve(self, *_: object, **__: object) -> dict[str, Secret]:  # type: ignore[override]
        return self._parameters


def _judge_exchange(
    given: dict[str, Any], out: dict[str, Any], ask: Ask, server: Scripted, measured: Measurement
) -> Verdict:
    if "oauth" in _modes(given) and isinstance(measured, Missing) and measured.detail.startswith("no access token"):
        return Explained(row="D8")  # oauth works here, and the vector's token server does not
    rows = []
    wanted = out.get("requests", [])
    row = _requests_row(given, wanted, server)
    if row is None:
        return Disagrees(expected=wanted, got=[(r.method, r.target, r.headers) for r in server.requests])
    rows += row
    if out["result"].get("milli") == "0" and out.get("empty_counter") and not _is_marked(measured):
        return Disagrees(expected="a zero that is marked as substituted (D5)", got=measured)
    if not _agrees(out["result"], ask, measured):
        why = _result_row(given, ask, measured)
        if why is None:
            return Disagrees(expected=out["result"], got=measured)
        rows.append(why)
    return Explained(row="+".join(sorted(set(rows), key=lambda each: int(each[1:])))) if rows else Agrees()


def _is_marked(measured: Measurement) -> bool:
    return isinstance(measured, Missing) or (isinstance(measured, Sample) and measured.origin is Origin.NULL_AS_ZERO)


def _agrees(expected: dict[str, Any], ask: Ask, measured: Measurement) -> bool:
    if isinstance(measured, Missing):
        return expected.get("error_class") in _CLASSES.get(measured.reason, frozenset())
    if not isinstance(measured, Sample) or "milli" not in expected:
        return False
    same = (measured.value_milli, measured.active) == (int(expected["milli"]), expected["active"])
    return same and ask.metric == expected["metric"]


def _requests_row(given: dict[str, Any], wanted: list[dict[str, Any]], server: Scripted) -> list[str] | None:
    """Give the rows by which our requests differ from the recorded ones; None where no row says so."""
    got, rows = server.requests, []
    if len(got) != len(wanted):
        extra = _count_row(given, wanted, got)
        if extra is None:
            return None
        rows.append(extra)
    for ours, theirs in zip(got, wanted, strict=False):
        if not _same_request(given, ours, theirs, rows):
            return None
    return rows


def _count_row(given: dict[str, Any], wanted: list[dict[str, Any]], got: list[Request]) -> str | None:
    modes = {answer.get("mode") for answer in given["responses"]}
    if modes == {"close"} and len(got) == 2 and len(wanted) == 1:
        return "D14"  # asked again within its deadline, since nothing had been answered
    works = given["metadata"].get("unsafeSsl") == "true" or given["authParams"].get("ca")
    if given.get("tls") is not None and works and (len(wanted), len(got)) == (0, 1):
        return "D8"  # unsafeSsl and ca work in every combination
    statuses = {answer.get("status") for answer in given["responses"]}
    if statuses <= {301, 302, 303, 307, 308} and len(wanted) == 10 and len(got) == 4:
        return "D33"  # three redirects at most
    return None


def _same_request(given: dict[str, Any], ours: Request, theirs: dict[str, Any], rows: list[str]) -> bool:
    pairs: list[tuple[str | None, str]] = [
        (name, text) for name, text in theirs["query"] if (name, text) != ("time", "{NOW}")
    ]
    if len(pairs) != len(theirs["query"]):
        rows.append("D26")
    if (ours.method, ours.path) != (theirs["method"], theirs["path"]):
        return False
    if not _same_pairs(ours.pairs, pairs):
        row = _pairs_row(given, ours, pairs)
        if row is None:
            return False
        rows.append(row)
    return _same_headers(given, ours, theirs, rows)


def _same_pairs(ours: list[tuple[str, str]], theirs: list[tuple[str | None, str]]) -> bool:
    return sorted(ours) == sorted((name or "", text) for name, text in theirs)


def _pairs_row(given: dict[str, Any], ours: Request, pairs: list[tuple[str | None, str]]) -> str | None:
    """A namespace arrives as it was written; the mode apiKey works, and its key is one more pair."""
    namespace = given["metadata"].get("namespace", "").strip()
    if namespace and _same_pairs(ours.pairs, [("query", given["metadata"]["query"]), ("namespace", namespace)]):
        return "D36"
    parameters = given["authParams"]
    key = (parameters.get("keyParamName", "api_key"), parameters.get("apiKey", ""))
    asked = "apiKey" in _modes(given) and parameters.get("method") == "query"
    return "D8" if asked and _same_pairs(ours.pairs, [*pairs, key]) else None


def _same_headers(given: dict[str, Any], ours: Request, theirs: dict[str, Any], rows: list[str]) -> bool:
    wanted = {
        (name.lower(), text)
        for name, texts in theirs["headers"].items()
        for text in texts
        if name.lower() not in _NOT_JUDGED
    }
    got = {(name.lower(), text) for name, text in ours.headers if name.lower() not in _NOT_JUDGED}
    if wanted == got:
        return True
    parameters = given["authParams"]
    key = (parameters.get("keyParamName", "X-API-KEY").lower(), parameters.get("apiKey", ""))
    if "apiKey" in _modes(given) and parameters.get("method", "header") == "header" and got == wanted | {key}:
        rows.append("D8")
        return True
    return False


def _modes(given: dict[str, Any]) -> str:
    return given["metadata"].get("authModes", "") or given["authParams"].get("authModes", "")


def _result_row(given: dict[str, Any], ask: Ask, measured: Measurement) -> str | None:
    """Give the row whose answer ours is, by what the server answered and what the object asks for."""
    answer = given["responses"][-1]
    tried: tuple[Callable[[], str | None], ...] = (
        lambda: _tls_row(given, measured),
        lambda: _limits_row(answer, measured),
        lambda: _body_row(answer, ask, measured),
    )
    return next((row for each in tried if (row := each()) is not None), None)


def _tls_row(given: dict[str, Any], measured: Measurement) -> str | None:
    """unsafeSsl and ca work in every combination."""
    if given.get("tls") is None or not isinstance(measured, Sample) or measured.value_milli != 5000:
        return None
    unsafe = given["metadata"].get("unsafeSsl") == "true"
    return "D8" if unsafe or given["authParams"].get("ca") else None


def _limits_row(answer: dict[str, Any], measured: Measurement) -> str | None:
    if not isinstance(measured, Missing) or measured.reason is not MissingReason.MALFORMED:
        return None
    codings = {text.lower() for name, text in answer.get("headers", []) if name.lower() == "content-encoding"}
    if codings and not codings <= {"gzip", "x-gzip", "identity"}:
        return "D36"
    _, _, after = answer.get("raw", "").partition("Connection: close\r\n\r\n")
    if "Content-Length: 105" in answer.get("raw", "") and len(after) > 105:
        return "D36"  # bytes behind the end of an answer make it no answer
    return "D36" if _depth(body(answer)) > 500 else None


def _depth(content: bytes) -> int:
    deepest = now = 0
    for byte in content:
        now += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, now)
    return deepest


def _body_row(answer: dict[str, Any], ask: Ask, measured: Measurement) -> str | None:
    """Read the body by the exact rules of the rows and ask whether ours is that reading."""
    repeated: list[str] = []
    try:
        read = json.loads(body(answer), object_pairs_hook=lambda pairs: _noting(pairs, repeated))
    except ValueError:
        return None
    row, expected = _reading(read if isinstance(read, dict) else {}, ask)
    if _is(expected, measured):
        return "D42" if repeated and row in ("D1", "") else row or None
    return None


def _noting(pairs: list[tuple[str, Any]], repeated: list[str]) -> dict[str, Any]:
    known = ("status", "data", "resulttype", "result", "metric", "value")
    names = [name for name, _ in pairs]
    repeated += [name for name in names if names.count(name) > 1 or (name.lower() in known and name not in _EXACT)]
    return dict(pairs)


_EXACT = frozenset(("status", "data", "resultType", "result", "metric", "value"))


def _reading(read: dict[str, Any], ask: Ask) -> tuple[str, int | MissingReason]:
    """Give the row that a decoded body touches, and its answer: thousandths or the reason of a Missing."""
    data = read.get("data") or {}
    result, kind = data.get("result"), data.get("resultType")
    if read.get("status") not in (None, "success") or result is None:
        return "D1", MissingReason.MALFORMED
    if kind in ("matrix", "string") or (len(result) == 1 and "values" in (result[0] or {})):
        return "D3", MissingReason.MALFORMED
    if kind == "scalar":
        return "D2", to_milli(float(result[1]))
    if len(result) > 1:
        return "", MissingReason.AMBIGUOUS
    point = (result[0] or {}).get("value") if result else None
    if not point:
        return "", 0 if ask.null_as_zero else MissingReason.EMPTY
    if len(point) < 2:
        return "", MissingReason.MALFORMED
    if point[1] is None:
        return "D4", MissingReason.NOT_A_NUMBER
    return _number(point[1], ask)


def _number(text: str, ask: Ask) -> tuple[str, int | MissingReason]:
    number = parse_float(text)
    if number in (float("inf"), float("-inf")):
        return "D31", MissingReason.NOT_A_NUMBER
    return "", MissingReason.NOT_A_NUMBER if number is None else to_milli(number)


def _is(expected: int | MissingReason, measured: Measurement) -> bool:
    if isinstance(expected, MissingReason):
        return isinstance(measured, Missing) and measured.reason is expected
    return isinstance(measured, Sample) and measured.value_milli == expected


def _placed(given: dict[str, Any], server: Scripted) -> dict[str, Any]:
    """Put the server's address and one where nothing listens into a vector."""
    texts = (("{SERVER}", server.url), ("{HOSTPORT}", f"127.0.0.1:{server.port}"), ("{REFUSED}", "http://127.0.0.1:1"))
    placed = json.dumps(given["metadata"])
    for mark, text in texts:
        placed = placed.replace(mark, text)
    server.answers = [_placed_answer(answer, server) for answer in given["responses"]]
    return {**given, "metadata": json.loads(placed)}


def _placed_answer(answer: dict[str, Any], server: Scripted) -> dict[str, Any]:
    headers = [[name, text.replace("{SERVER}", server.url)] for name, text in answer.get("headers", [])]
    return {**answer, "headers": headers}


def _material(text: str) -> str:
    names = {"ca.pem": authority().pem, "server.pem": _server().certificate, "server.key": _server().key}
    names |= {"client.pem": _client().certificate, "client.key": _client().key}
    for name, pem in names.items():
        text = text.replace(f"{{PEM:{name}}}", pem)
    return text


def _server_tls(kind: str | None) -> ssl.SSLContext | None:
    if kind is None:
        return None
    return server_context(_server(), authority().pem if kind == "mtls" else None)


@cache
def _server() -> Pair:
    return authority().sign("127.0.0.1", "localhost")


@cache
def _client() -> Pair:
    return authority().sign("client")


@cache
def _runner() -> asyncio.Runner:
    return asyncio.Runner()
