"""By which rows of the table of differences our exchange with Prometheus differs from KEDA's recorded one.

Every rule looks at what a vector holds and asserts the answer that is ours.
"""

import json
from collections.abc import Callable
from typing import Any

from autoscaler.model.gotext import parse_float
from autoscaler.model.objects import Ask
from autoscaler.model.observation import Measurement, Missing, MissingReason, Sample
from autoscaler.scalers.numbers import to_milli
from tests.scripted import Request, Scripted, body

NOT_JUDGED = frozenset(("user-agent", "accept-encoding", "connection", "referer", "accept", "host"))


def requests_row(given: dict[str, Any], wanted: list[dict[str, Any]], server: Scripted) -> list[str] | None:
    """Give the rows by which our requests differ from the recorded ones; None where no row says so."""
    got, rows = server.requests, []
    if len(got) != len(wanted):
        extra = count_row(given, wanted, got)
        if extra is None:
            return None
        rows.append(extra)
    for ours, theirs in zip(got, wanted, strict=False):
        if not _same_request(given, ours, theirs, rows):
            return None
    return rows


def count_row(given: dict[str, Any], wanted: list[dict[str, Any]], got: list[Request]) -> str | None:
    """Give the row by which we send more requests or fewer; None where no row says so."""
    played = {answer.get("mode") for answer in given["responses"]}
    if played == {"close"} and len(got) == 2 and len(wanted) == 1:
        return "D14"  # asked again within its deadline, since nothing had been answered
    works = given["metadata"].get("unsafeSsl") == "true" or given["authParams"].get("ca")
    if given.get("tls") is not None and works and (len(wanted), len(got)) == (0, 1):
        return "D8"  # unsafeSsl and ca work in every combination
    if _redirects(given) and 0 < len(got) < len(wanted):
        return "D33"  # three redirects at most, and none to another server
    return None


def _redirects(given: dict[str, Any]) -> bool:
    first = given["responses"][0]
    named = any(name.lower() == "location" for name, _ in first.get("headers", []))
    return first.get("status") in (301, 302, 303, 307, 308) and named


def redirect_row(given: dict[str, Any], measured: Measurement) -> str | None:
    """What points to another server, or points on for too long, is refused."""
    refused = isinstance(measured, Missing) and measured.reason is MissingReason.REFUSED
    return "D33" if refused and _redirects(given) else None


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
    key = (_parameter(given, "keyParamName", "api_key"), _parameter(given, "apiKey"))
    asked = "apiKey" in modes(given) and _parameter(given, "method") == "query"
    return "D8" if asked and _same_pairs(ours.pairs, [*pairs, key]) else None


def _same_headers(given: dict[str, Any], ours: Request, theirs: dict[str, Any], rows: list[str]) -> bool:
    wanted = {
        (name.lower(), text)
        for name, texts in theirs["headers"].items()
        for text in texts
        if name.lower() not in NOT_JUDGED
    }
    got = {(name.lower(), text) for name, text in ours.headers if name.lower() not in NOT_JUDGED}
    if wanted == got:
        return True
    key = (_parameter(given, "keyParamName", "X-API-KEY").lower(), _parameter(given, "apiKey"))
    if "apiKey" in modes(given) and _parameter(given, "method", "header") == "header" and got == wanted | {key}:
        rows.append("D8")
        return True
    return False


def modes(given: dict[str, Any]) -> str:
    """Give the text in which a vector names its modes."""
    return _parameter(given, "authModes") or _parameter(given, "authMode")


def _parameter(given: dict[str, Any], name: str, default: str = "") -> str:
    """Give a parameter of the mode apiKey, from metadata before authentication."""
    places: tuple[dict[str, str], ...] = (given["metadata"], given["authParams"])
    return next((text for place in places if (text := place.get(name, "").strip())), default)


def result_row(given: dict[str, Any], ask: Ask, measured: Measurement) -> str | None:
    """Give the row whose answer ours is, by what the server answered and what the object asks for."""
    answer = given["responses"][-1]
    tried: tuple[Callable[[], str | None], ...] = (
        lambda: _tls_row(given, measured),
        lambda: redirect_row(given, measured),
        lambda: limits_row(answer, measured),
        lambda: _body_row(answer, ask, measured),
    )
    return next((row for each in tried if (row := each()) is not None), None)


def _tls_row(given: dict[str, Any], measured: Measurement) -> str | None:
    """unsafeSsl and ca work in every combination."""
    if given.get("tls") is None or not isinstance(measured, Sample) or measured.value_milli != 5000:
        return None
    unsafe = given["metadata"].get("unsafeSsl") == "true"
    return "D8" if unsafe or given["authParams"].get("ca") else None


def limits_row(answer: dict[str, Any], measured: Measurement) -> str | None:
    """Give the row of an answer that is too deep, too long or packed as nobody asked for."""
    if not isinstance(measured, Missing) or measured.reason is not MissingReason.MALFORMED:
        return None
    codings = {text.lower() for name, text in answer.get("headers", []) if name.lower() == "content-encoding"}
    if codings and not codings <= {"gzip", "identity"}:
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
    if kind == "scalar" and result and not isinstance(result[0], dict | None):
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
