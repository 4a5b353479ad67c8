"""Answers of the Prometheus query API, decoded strictly: one number, or why there is none. Pure.

Source: KEDA prometheus_scaler.go, ExecutePromQuery; where we differ: D1-D5, D31, D42.
"""

import math
import re
from datetime import UTC, datetime

import msgspec

from autoscaler.model.gotext import parse_float
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.value import value
from autoscaler.scalers.contract import Response
from autoscaler.scalers.quoting import quoted, unquoted

_MANY_BYTES = 65536  # from here on series are counted before they are looked at: 200,000 of them take 0.2 s
_ABSENT = msgspec.Raw(b"null")
_NO_WARNINGS = (b"null", b"[]")
_LONE_SURROGATE = re.compile(rb"\\u[dD](?:[89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|[c-fC-F][0-9a-fA-F]{2})")


class _Data(msgspec.Struct):
    resultType: str | None = None  # noqa: N815 the server's spelling
    result: msgspec.Raw = _ABSENT


class _Body(msgspec.Struct):
    status: str | None = None
    data: _Data | None = None
    error: msgspec.Raw = _ABSENT
    warnings: msgspec.Raw = _ABSENT


class _Series(msgspec.Struct):
    metric: dict[str, msgspec.Raw] | None = None
    value: list[msgspec.Raw] | None = None
    values: msgspec.Raw = _ABSENT


_bodies = msgspec.json.Decoder(_Body)
_vectors = msgspec.json.Decoder(list[_Series | None])
_points = msgspec.json.Decoder(list[msgspec.Raw])
_anything = msgspec.json.Decoder(object)
_texts = msgspec.json.Decoder(str)


@value
class Reading:
    """One number as the server gave it, infinite or NaN included; ``at`` None: it told no usable time."""

    number: float
    at: datetime | None


@value
class Empty:
    """An answer without any data, which a trigger may read as zero."""


def read_answer(response: Response, *, quote: bool = True) -> Reading | Empty | Missing:
    """Give the one number in an answer, or say why there is none.

    ``quote`` False keeps the server's own words out of what is said: it was shown credentials and may echo them (S14).
    """
    found = _read(response)
    if quote or not isinstance(found, Missing) or not 200 <= response.status <= 299:
        return found
    return Missing(reason=found.reason, detail=unquoted(found.detail))


def _read(response: Response) -> Reading | Empty | Missing:
    if not 200 <= response.status <= 299:
        return _refused(response)
    body = _decode(response.body)
    if isinstance(body, Missing):
        return body
    if body.status is not None and body.status != "success":
        return _malformed(f"the server answered an error{_words(body) or quoted(body.status, 40)}")
    if body.data is None or body.data.result == _ABSENT:
        return _malformed("the answer holds no result")
    return _read_result(body.data)


def is_partial(response: Response) -> bool:
    """Say whether the server warns that its answer may lack something."""
    if b'"warnings"' not in response.body:
        return False
    body = _decode(response.body)
    return isinstance(body, _Body) and bytes(body.warnings) not in _NO_WARNINGS


def read_labelled(response: Response, label: str) -> dict[str, float] | None:
    """Give the numbers of an answer's series by the value of ``label``; None where it cannot be read."""
    body = _decode(response.body) if response.status == 200 else None
    if not isinstance(body, _Body) or body.status != "success" or body.data is None:
        return None
    try:
        return _labelled(_vectors.decode(body.data.result), label)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def _labelled(series: list[_Series | None], label: str) -> dict[str, float] | None:
    found: dict[str, float] = {}
    for one in series:
        metric = (one.metric or {}) if one is not None else {}
        reading = _read_point(one.value or []) if one is not None else None
        if not isinstance(reading, Reading) or label not in metric:
            return None
        found[_texts.decode(metric[label])] = reading.number
    return found


def _decode(content: bytes) -> _Body | Missing:
    try:
        return _bodies.decode(content)
    except RecursionError:
        return _malformed("the answer is nested too deeply")
    except (msgspec.MsgspecError, ValueError):
        mended = _LONE_SURROGATE.sub(rb"\\ufffd", content)
        if mended != content:
            return _decode(mended)
        shown = quoted(content[:60].decode("utf-8", "replace"), 60)
        return _malformed(f"the answer is no JSON of the query API{shown or ': it is empty'}")


def _read_result(data: _Data) -> Reading | Empty | Missing:
    try:
        match data.resultType:
            case "scalar" if (point := _points.decode(data.result)) and not _is_series(point[0]):
                return _read_point(point)
            case "matrix" | "string":
                return _malformed(f"the query gives a {data.resultType}: it must give a scalar or a vector")
            case _:
                many = len(data.result) > _MANY_BYTES and len(_points.decode(data.result))
                return _ambiguous(many) if many > 1 else _read_vector(_vectors.decode(data.result))
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return _malformed("the result is not what the query API gives")


def _is_series(element: msgspec.Raw) -> bool:
    """Say whether the first element of a result is one of a vector's, whatever the result is called."""
    return bytes(element)[:1] == b"{" or element == _ABSENT


def _read_vector(series: list[_Series | None]) -> Reading | Empty | Missing:
    if not series:
        return Empty()
    if len(series) > 1:
        return _ambiguous(len(series))
    one = series[0]
    if one is not None and one.values != _ABSENT:
        return _malformed("the query gives a matrix: it must give a scalar or a vector")
    if one is None or not one.value:
        return Empty()
    return _read_point(one.value)


def _ambiguous(count: int) -> Missing:
    detail = f"the query gives {count} series, and one is wanted: aggregate, for example with sum(...)"
    return Missing(reason=MissingReason.AMBIGUOUS, detail=detail)


def _read_point(point: list[msgspec.Raw]) -> Reading | Missing:
    """Read ``[time, "number"]``; elements after these are ignored, as KEDA ignores them."""
    if len(point) < 2:
        return _malformed("a sample has no value")
    if any(_is_beyond(bytes(element)) for element in point[:8]):
        return _malformed("a sample holds a number beyond any double")
    if point[1] == _ABSENT:
        return Missing(reason=MissingReason.NOT_A_NUMBER, detail="the sample's value is null")
    if bytes(point[1])[:1] != b'"':
        return _malformed("a sample's value is no text")
    try:
        text = _texts.decode(point[1])
    except (msgspec.MsgspecError, ValueError):
        text = ""
    number = parse_float(text)
    if number is None:
        return Missing(reason=MissingReason.NOT_A_NUMBER, detail=f"the sample's value is no number{quoted(text, 40)}")
    return _timed(number, bytes(point[0]))


def _is_beyond(element: bytes) -> bool:
    """Say whether an element is or holds a number beyond any double, which Go's decoder refuses."""
    if element[:1] not in (b"[", b"{"):
        return _is_number(element) and not math.isfinite(float(element))
    try:
        _anything.decode(element)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return True
    return False


def _is_number(element: bytes) -> bool:
    return element[:1].isdigit() or element[:1] == b"-"


def _timed(number: float, stamp: bytes) -> Reading:
    if not _is_number(stamp):
        return Reading(number=number, at=None)
    try:
        return Reading(number=number, at=datetime.fromtimestamp(float(stamp), UTC))
    except (OverflowError, ValueError, OSError):
        return Reading(number=number, at=None)


def _refused(response: Response) -> Missing:
    body = _decode(response.body) if response.status in (400, 422, 503) else None
    words = _words(body) if isinstance(body, _Body) else ""
    return Missing(reason=MissingReason.HTTP_STATUS, detail=f"the server answered status {response.status}{words}")


def _words(body: _Body) -> str:
    """Give the server's own words, where they are a text: nothing depends on them."""
    try:
        return quoted(_texts.decode(body.error), 160)
    except (msgspec.MsgspecError, ValueError):
        return ""


def _malformed(detail: str) -> Missing:
    return Missing(reason=MissingReason.MALFORMED, detail=detail)
