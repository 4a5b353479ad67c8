"""A sample in Prometheus' text format by a selector. Source: KEDA metrics_api_scaler.go, expfmt text_parse.go.

The first sample of the family that has every label counts; any operator of a matcher is read as equality, and
histograms and summaries are not looked into, all as in KEDA.
"""

import re
from collections.abc import Iterator, Mapping

from autoscaler.model.text import plain
from autoscaler.model.value import value
from autoscaler.scalers.locations.found import NotFound
from autoscaler.scalers.numbers import parse_float

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
_STRING = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|`[^`]*`"
_SELECTOR = re.compile(rf"(?P<name>{_NAME})?\s*(?:\{{(?P<inner>.*)\}})?", re.DOTALL)
_MATCHER = re.compile(
    rf"\s*(?:(?P<label>{_LABEL})\s*(?:=~|!~|!=|=)\s*(?P<text>{_STRING})|(?P<quoted>{_STRING}))\s*(?:,|$)"
)
_SAMPLE = re.compile(
    rf"(?P<name>{_NAME})[ \t]*(?:\{{(?P<labels>[^\n]*)\}})?[ \t]*(?P<value>[^\s{{}}]+)(?:[ \t]+(?P<at>-?[0-9]+))?"
)
_PAIR = re.compile(rf"[ \t]*(?P<label>{_LABEL})[ \t]*=[ \t]*\"(?P<text>(?:[^\"\\\n]|\\[\\\"n])*)\"[ \t]*(?:,|$)")
_TYPES = frozenset(("counter", "gauge", "histogram", "summary", "untyped"))
_COMPOSITE = frozenset(("histogram", "summary"))
_SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\'": "'", "\\n": "\n"}
_ESCAPE = re.compile(r"\\[\\\"'n]")


@value
class Selector:
    """A family's name and the labels its sample must have."""

    name: str
    labels: tuple[tuple[str, str], ...]


@value
class Line:
    """One sample; its family is the histogram's or summary's where it belongs to one."""

    family: str
    name: str
    labels: Mapping[str, str]
    number: float


class _BrokenError(Exception):
    pass


def parse_metric_selector(text: str) -> Selector | None:
    """Read ``name{label="x"}``; None where it is none."""
    match = _SELECTOR.fullmatch(text.strip())
    if match is None or not (match["name"] or match["inner"]):
        return None
    name, labels = match["name"] or "", list[tuple[str, str]]()
    inner, place = (match["inner"] or "").rstrip(), 0
    while place < len(inner):
        found = _MATCHER.match(inner, place)
        if found is None or (found["quoted"] and name):
            return None
        if found["quoted"]:
            name = _unquoted(found["quoted"])
        elif found["label"] == "__name__":
            name = _unquoted(found["text"])
        else:
            labels.append((found["label"], _unquoted(found["text"])))
        place = found.end()
    return Selector(name=name, labels=tuple(labels))


def find_in_metrics(body: bytes, location: str) -> float | NotFound:
    """Find the first sample that a selector names."""
    selector = parse_metric_selector(location)
    if selector is None:
        return NotFound(detail=f'valueLocation "{plain(location, 80)}" is no metric selector')
    types: dict[str, str] = {}
    try:
        lines = list(_lines(body.decode(), types))
    except (UnicodeDecodeError, _BrokenError):
        return NotFound(detail="the answer is not in Prometheus' text format")
    for line in lines:
        if line.family == selector.name and types.get(line.family) not in _COMPOSITE and _has(line, selector):
            return line.number
    return NotFound(detail=f'there is no sample "{plain(location, 80)}" in the answer')


def _has(line: Line, selector: Selector) -> bool:
    return all(label in line.labels and line.labels[label] == text for label, text in selector.labels)


def _lines(text: str, types: dict[str, str]) -> Iterator[Line]:
    seen: set[str] = set()
    for raw in text.split("\n"):
        line = raw.removesuffix("\r").lstrip(" \t")
        if line.startswith("#"):
            _note_type(line, types, seen)
        elif line:
            sample = _sample(line, types)
            seen.add(sample.family)
            yield sample


def _note_type(line: str, types: dict[str, str], seen: set[str]) -> None:
    words = line[1:].split()
    if not words or words[0] != "TYPE":
        return
    if len(words) != 3 or words[2].lower() not in _TYPES or words[1] in types or words[1] in seen:
        raise _BrokenError
    types[words[1]] = words[2].lower()


def _sample(line: str, types: Mapping[str, str]) -> Line:
    match = _SAMPLE.fullmatch(line)
    number = parse_float(match["value"]) if match and "_" not in match["value"] else None
    if match is None or number is None or match["value"].lower().startswith(("0x", "-0x", "+0x")):
        raise _BrokenError
    return Line(
        family=_family(match["name"], types),
        name=match["name"],
        labels=dict(_pairs(match["labels"] or "")),
        number=number,
    )


def _family(name: str, types: Mapping[str, str]) -> str:
    for kind, suffixes in _SUFFIXES.items():
        for suffix in suffixes:
            base = name.removesuffix(suffix)
            if base != name and types.get(base) == kind:
                return base
    return name


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    place, rest = 0, text.rstrip(" \t")
    while place < len(rest):
        match = _PAIR.match(rest, place)
        if match is None:
            raise _BrokenError
        yield match["label"], _ESCAPE.sub(lambda found: _ESCAPES[found[0]], match["text"])
        place = match.end()


def _unquoted(text: str) -> str:
    return text[1:-1] if text[0] == "`" else _ESCAPE.sub(lambda found: _ESCAPES[found[0]], text[1:-1])
