"""Prometheus' text format, line by line, as strict as Go reads it. Pure.

Source: prometheus/common expfmt text_parse.go.
"""

import re
from collections.abc import Iterator, Mapping

from autoscaler.model.gotext import parse_float
from autoscaler.model.value import value
from autoscaler.scalers.locations.selector_text import NAME

COMPOSITE: Mapping[str, str] = {
    "histogram": "le",
    "gauge_histogram": "le",
    "gaugehistogram": "le",
    "summary": "quantile",
}
"""Kinds of families whose samples belong together, and the label that tells them apart."""
_TOLD = r"(?:[^\"\\\n]|\\[\\\"n])*"
_SAMPLE = re.compile(
    rf"(?P<name>{NAME})?+[ \t]*+(?:\{{(?P<labels>[^\n]*)\}})?[ \t]*+(?P<value>[^\s{{}}]++)(?:[ \t]++-?[0-9]++)?"
)
_ITEM = re.compile(
    rf"[ \t]*(?:(?P<label>[a-zA-Z_][a-zA-Z0-9_]*)|\"(?P<quoted>{_TOLD})\")[ \t]*"
    rf"(?:=[ \t]*\"(?P<text>{_TOLD})\"[ \t]*)?(?:,|$)"
)
_COMMENT = re.compile(r"#[ \t]*(?P<word>HELP|TYPE)[ \t]+(?P<rest>.*)", re.DOTALL)
_NOTED = re.compile(rf"(?:(?P<name>{NAME})|\"(?P<quoted>{_TOLD})\")(?:[ \t]+(?P<said>.*))?", re.DOTALL)
_BAD_ESCAPE = re.compile(r"\\(?![\\n\"])")
_PAIRED = re.compile(r"\\[\\n\"]")
_TYPES = frozenset((*COMPOSITE, "counter", "gauge", "untyped"))
_SUFFIXES = {"le": ("_bucket", "_sum", "_count"), "quantile": ("_sum", "_count")}
_NO_NUMBER = frozenset("pP_")
_ESCAPES = {"\\\\": "\\", '\\"': '"', "\\n": "\n"}


@value
class Line:
    """One sample; its family is the histogram's or summary's where it belongs to one."""

    family: str
    kind: str
    labels: Mapping[str, str]
    number: float


class BrokenTextError(Exception):
    """A text that is not in the format."""


class _Families:
    """What is known of families so far: that they are there, their kinds, and which have a help text."""

    def __init__(self) -> None:
        self.kinds: dict[str, str | None] = {}
        self.helped: set[str] = set()

    def enter(self, name: str) -> str:
        """Give the family a name belongs to, a new one where there is none."""
        if name not in self.kinds:
            for base, suffix in ((name.removesuffix(suffix), suffix) for suffix in ("_bucket", "_sum", "_count")):
                bound = COMPOSITE.get(self.kinds.get(base) or "", "")
                if base not in ("", name) and suffix in _SUFFIXES.get(bound, ()):
                    return base
            self.kinds[name] = None
        return name


def read_lines(text: str) -> Iterator[Line]:
    """Read every sample; raises BrokenTextError at the first line that is none."""
    families = _Families()
    for raw in text.replace("\r\n", "\n").split("\n"):
        line = raw.lstrip(" \t")
        if line.startswith("#"):
            _note(line, families)
        elif line:
            yield _sample(line, families)


def _note(line: str, families: _Families) -> None:
    """Take what a HELP or TYPE line says; any other comment, and one that ends early, says nothing."""
    comment = _COMMENT.fullmatch(line)
    if comment is None or not comment["rest"]:
        return
    noted = _NOTED.fullmatch(comment["rest"])
    if noted is None:
        raise BrokenTextError
    family = families.enter(noted["name"] or _told(noted["quoted"]))
    said = noted["said"]
    if not said:
        return
    if comment["word"] == "HELP":
        if family in families.helped or _BAD_ESCAPE.search(_PAIRED.sub("", said)):
            raise BrokenTextError
        families.helped.add(family)
        return
    if families.kinds[family] is not None or said.lower() not in _TYPES:
        raise BrokenTextError
    families.kinds[family] = said.lower()


def _sample(line: str, families: _Families) -> Line:
    match = _SAMPLE.fullmatch(line)
    if match is None:
        raise BrokenTextError
    number = _number(match["value"])
    name, labels = _named(match["name"] or "", match["labels"] or "")
    family = families.enter(name)
    kind = families.kinds[family] = families.kinds[family] or "untyped"
    return Line(family=family, kind=kind, labels=_checked(labels, COMPOSITE.get(kind)), number=number)


def _number(text: str) -> float:
    """Read a number as the text format knows it: no underscores, no exponent of two."""
    number = parse_float(text) if _NO_NUMBER.isdisjoint(text) else None
    if number is None:
        raise BrokenTextError
    return number


def _named(name: str, text: str) -> tuple[str, list[tuple[str, str]]]:
    """Take labels apart; a name that stands before no brace stands among them, once."""
    place, rest, pairs, may_name = 0, text.rstrip(" \t"), list[tuple[str, str]](), not name
    while place < len(rest):
        match = _ITEM.match(rest, place)
        if match is None:
            raise BrokenTextError
        label = match["label"] or _told(match["quoted"])
        if match["text"] is not None:
            pairs.append((label, _told(match["text"])))
        elif name or not may_name or not label:
            raise BrokenTextError
        else:
            name = label
        place = match.end()
    if not name:
        raise BrokenTextError
    return name, pairs


def _checked(pairs: list[tuple[str, str]], bound: str | None) -> Mapping[str, str]:
    """Give the labels; each stands once, and what bounds a bucket or a quantile is a number."""
    for label, text in pairs:
        if label == bound:
            _number(text)
    labels = [(label, text) for label, text in pairs if label != bound]
    found = dict(labels)
    if len(found) < len(labels) or "__name__" in found:
        raise BrokenTextError
    return found


def _told(text: str) -> str:
    return _PAIRED.sub(lambda found: _ESCAPES[found[0]], text)
