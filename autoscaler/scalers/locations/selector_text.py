"""A metric selector of PromQL as KEDA uses it: a name, and labels that are compared for equality. Pure.

Source: prometheus promql/parser lex.go, parse.go, ParseMetricSelector; util/strutil quote.go.
"""

import re

from autoscaler.model.value import value

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
_GAP = r"(?:[ \t\r\n]|#[^\n]*(?:\n|\Z))*+"
_CODE = r"[0-7]{3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}"
_STRING = rf"\"(?:[^\"\\\n]|\\(?:[abfnrtv\\\"]|{_CODE}))*\"|'(?:[^'\\\n]|\\(?:[abfnrtv\\']|{_CODE}))*'|`[^`]*`"
_SELECTOR = re.compile(rf"{_GAP}(?P<name>{NAME})?{_GAP}(?:\{{(?P<inner>.*)\}})?{_GAP}", re.DOTALL)
_MATCHER = re.compile(
    rf"{_GAP}(?:(?P<label>{_LABEL}|{_STRING}){_GAP}(?:=~|!~|!=|=){_GAP}(?P<text>{_STRING})|(?P<named>{_STRING})){_GAP}"
    rf"(?:,{_GAP}|\Z)"
)
_ESCAPE = re.compile(rf"\\({_CODE}|.)")
_LETTERS = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92, '"': 34, "'": 39}
_LAST = 0x10FFFF


@value
class Selector:
    """A family's name and the labels its sample must have."""

    name: str
    labels: tuple[tuple[str, str], ...]


def parse_metric_selector(text: str) -> Selector | None:
    """Read ``name{label="x"}``; None where it is none. A name before the brace counts, else the last within."""
    match = _SELECTOR.fullmatch(text)
    if match is None or not (match["name"] or match["inner"]):
        return None
    named, labels = "", list[tuple[str, str]]()
    inner, place = match["inner"] or "", 0
    while place < len(inner):
        found = _MATCHER.match(inner, place)
        if found is None:
            return None
        label = "__name__" if found["named"] else _unquoted(found["label"])
        told = _unquoted(found["named"] or found["text"])
        if label is None or told is None:
            return None
        if label == "__name__":
            named = told
        else:
            labels.append((label, told))
        place = found.end()
    return Selector(name=match["name"] or named, labels=tuple(labels))


def _unquoted(text: str) -> str | None:
    """Give what a string says, or a bare label; None where an escape is beyond the characters there are."""
    if text[0] not in "\"'`":
        return text
    if text[0] == "`":
        return text[1:-1]
    said, place = bytearray(), 1
    for escape in _ESCAPE.finditer(text, 1, len(text) - 1):
        said += text[place : escape.start()].encode(errors="surrogatepass")
        told = _said(escape[1])
        if told is None:
            return None
        said += told
        place = escape.end()
    said += text[place:-1].encode(errors="surrogatepass")
    return said.decode(errors="surrogateescape")


def _said(escape: str) -> bytes | None:
    if len(escape) == 1:
        return bytes((_LETTERS[escape],))
    number = int(escape, 8) if escape[0].isdigit() else int(escape[1:], 16)
    if escape[0] in "uU":
        return None if number > _LAST or 0xD800 <= number < 0xE000 else chr(number).encode()
    return bytes((number,)) if number < 256 else None
