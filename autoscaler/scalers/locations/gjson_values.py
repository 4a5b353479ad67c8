"""JSON as GJSON sees it: text that is scanned and never validated. Pure.

Texts hold one byte a character (``latin-1``), so that broken UTF-8 is carried through as it is.
Source: tidwall/gjson gjson.go, Parse, parseAny, parseSquash, unescape.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum

from autoscaler.model.gotext import parse_float
from autoscaler.model.value import value
from autoscaler.scalers.locations.gjson_budget import BYTES_A_STEP, Budget

BLANKS = "".join(map(chr, range(33)))
"""What GJSON passes over where it trims."""
_STRING = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)"', re.DOTALL)
_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|[{}\[\]()]', re.DOTALL)
_NUMBER_END = re.compile(r"[\x00-\x20,\]}]|\Z")
_LITERAL = re.compile(r".[a-z]*", re.DOTALL)
_START = re.compile(r'["{\[ntf+\-0-9iIN]')
_START_OR_END = re.compile(r'["{\[ntf+\-0-9iIN\]]')
_HEX = re.compile("[0-9a-fA-F]{4}")
_SCALAR = re.compile(r"(?:[+\-0-9iIN]|n(?!u|\Z))[^\x00-\x20,\]}]*|[ntf][a-z]*")
_NOT_BLANK = re.compile(r"[^\x00-\x20]")
_NOT_JOINT = re.compile(r"[^\x00-\x20,:]")
_NUMERIC = frozenset("+-0123456789iIN")
_WHOLE = re.compile("-?[0-9]*")
_ESCAPES = {"\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"'}
_SKIPPER = json.JSONDecoder(parse_int=float, strict=False)
_STEPS_A_VALUE = 4


class Kind(Enum):
    """What a value is; an absent one is NULL without any text."""

    NULL = "Null"
    FALSE = "False"
    NUMBER = "Number"
    STRING = "String"
    TRUE = "True"
    JSON = "JSON"


@value
class Found:
    """A value in its own text. ``text`` is what a string says, ``number`` what a number is."""

    kind: Kind = Kind.NULL
    raw: str = ""
    text: str = ""
    number: float = 0.0

    @property
    def exists(self) -> bool:
        """Say whether there is anything, be it null."""
        return self.kind is not Kind.NULL or bool(self.raw)

    @property
    def shown(self) -> str:
        """Give the value as a text."""
        match self.kind:
            case Kind.NUMBER:
                return self.raw if _WHOLE.fullmatch(self.raw) else format(Decimal(repr(self.number)), "f")
            case Kind.STRING:
                return self.text
            case Kind.TRUE | Kind.FALSE:
                return str(self.kind.value).lower()
            case Kind.JSON:
                return self.raw
            case _:
                return ""

    def opens(self, bracket: str) -> bool:
        """Say whether this is a list (``[``) or an object (``{``)."""
        return self.kind is Kind.JSON and self.raw.startswith(bracket)


def go_float(text: str) -> float:
    """Read a number as Go does when its error is ignored: 0 for none, infinite beyond a double."""
    number = parse_float(text)
    if number is not None:
        return number
    try:
        huge = float(text.replace("_", "")) if text[:1] in "+-.0123456789" else 0.0
    except ValueError:
        return 0.0
    return huge if huge in (float("inf"), float("-inf")) else 0.0


def string_at(text: str, place: int) -> tuple[int, Found] | None:
    """Read the string whose quote is at ``place``; None where it never ends."""
    match = _STRING.match(text, place)
    if match is None:
        return None
    inner = match[1]
    said = unescape(inner) if "\\" in inner else inner
    return match.end(), Found(kind=Kind.STRING, raw=match[0], text=said)


def block_end(text: str, place: int, budget: Budget) -> int:
    """Give the place after the brackets that open at ``place``.

    The end of the text where they never close, and one more where a string in them does not.
    """
    if text[place] in "{[" and budget.surprises:
        try:
            end: int = _SKIPPER.raw_decode(text, place)[1]
        except (ValueError, RecursionError):
            budget.surprises -= 1
        else:
            budget.passed(place, end)
            budget.decoded(text.count(",", place, end))
            return end
    return _closing(text, place, budget)


def squash_end(text: str, place: int) -> int:
    """Give the place after the string that stands at ``place``, or after what any other character there opens."""
    if text[place : place + 1] == '"':
        match = _STRING.match(text, place)
        return match.end() if match else len(text)
    return _closing(text, place, Budget(steps=len(text)))


def _closing(text: str, place: int, budget: Budget) -> int:
    depth, end = 1, place + 1
    for token in _BRACKETS.finditer(text, place + 1):
        depth += (token[0] in "{[(") - (token[0] in "}])")
        budget.passed(end, token.end())
        end = token.end()
        if depth == 0:
            return end
        if token[0][0] == '"' and _STRING.fullmatch(token[0]) is None:
            return len(text) + 1
    return len(text)


def scalar_at(text: str, place: int) -> tuple[int, Found]:
    """Read a number or a literal; its first character says which."""
    first = text[place]
    if first in _NUMERIC or (first == "n" and place + 1 < len(text) and text[place + 1] != "u"):
        raw = text[place : _ended(text, place)]
        return place + len(raw), Found(kind=Kind.NUMBER, raw=raw, number=go_float(raw))
    match = _LITERAL.match(text, place)
    assert match is not None, "there is a character"
    kind = {"t": Kind.TRUE, "f": Kind.FALSE}.get(first, Kind.NULL)
    return match.end(), Found(kind=kind, raw=match[0])


def passed_over(text: str, place: int, budget: Budget) -> int:
    """Give the place after the value at ``place``; beyond the text where a string never ends."""
    first = text[place]
    if first in "{[":
        return block_end(text, place, budget)
    budget.spend()
    match = (_STRING if first == '"' else _SCALAR).match(text, place)
    return match.end() if match else len(text) + 1


def value_from(text: str, place: int, budget: Budget, *, in_list: bool = False) -> int | None:
    """Give where the next value begins, or the list ends; whatever else stands before it is passed over."""
    match = (_START_OR_END if in_list else _START).search(text, place)
    if match is None:
        return None
    start = match.start()
    if start - place > BYTES_A_STEP:
        budget.passed(place, start)
    return start


def any_at(text: str, place: int, budget: Budget) -> tuple[int, Found] | None:
    """Read the next value at or after ``place``; None where there is none, or a string that never ends."""
    start = value_from(text, place, budget)
    return None if start is None else value_at(text, start, budget)


def value_at(text: str, place: int, budget: Budget) -> tuple[int, Found] | None:
    """Read the value that begins at ``place``; None where it is a string that never ends."""
    budget.spend(_STEPS_A_VALUE)
    if text[place] == '"':
        read = string_at(text, place)
        if read is not None and "\\" in read[1].raw:
            budget.resolved(read[1].raw)
        return read
    if text[place] in "{[":
        end = block_end(text, place, budget)
        return end, Found(kind=Kind.JSON, raw=text[place:end])
    return scalar_at(text, place)


def parse(text: str) -> Found:
    """Read a whole text as one value; behind an opening bracket nothing is looked at."""
    match = _NOT_BLANK.search(text)
    if match is None:
        return Found()
    place, first = match.start(), match[0]
    if first in "{[":
        return Found(kind=Kind.JSON, raw=text[place:])
    if first == '"':
        found = string_at(text, place)
        return found[1] if found else Found(kind=Kind.STRING, raw=text[place:], text=text[place + 1 :])
    if first in _NUMERIC or first in "ntf":
        return scalar_at(text, place)[1]
    return Found()


def members(found: Found, budget: Budget) -> Iterator[tuple[Found, Found]]:
    """Give keys and values of an object, values of a list with an empty key, or a lone value itself."""
    if found.kind is not Kind.JSON:
        if found.exists:
            yield Found(), found
        return
    text, place, key = found.raw, 1, Found()
    while place < len(text):
        if found.opens("{"):
            quote = text.find('"', place)
            read = string_at(text, quote) if quote >= 0 else None
            if read is None:
                return
            place, key = read
        joint = _NOT_JOINT.search(text, place)
        item = any_at(text, joint.start(), budget) if joint else None
        if item is None:
            return
        place = item[0] + 1
        yield key, item[1]


def unescape(text: str) -> str:
    """Resolve the escapes of a string up to the first that is none."""
    said: list[str] = []
    place = 0
    while place < len(text):
        char = text[place]
        place += 1
        if char < " ":
            break
        if char != "\\":
            said.append(char)
            continue
        escaped = text[place : place + 1]
        place += 1
        if escaped in _ESCAPES:
            said.append(_ESCAPES[escaped])
        elif escaped == "u" and place + 4 <= len(text):
            point, place = _code_point(text, place)
            said.append(point)
        else:
            break
    return "".join(said)


def quote(text: str) -> str:
    """Write a text as a JSON string."""
    return json.dumps(text, ensure_ascii=False)


def _code_point(text: str, place: int) -> tuple[str, int]:
    """Read four hex digits, two pairs of surrogates as one, as UTF-8 a byte a character."""
    number, place = _hex(text[place : place + 4]), place + 4
    if 0xD800 <= number < 0xE000:
        second = (
            _hex(text[place + 2 : place + 6]) if text[place : place + 2] == "\\u" and place + 6 <= len(text) else -1
        )
        place += 6 if second >= 0 else 0
        paired = number < 0xDC00 and 0xDC00 <= second < 0xE000
        number = 0x10000 + ((number - 0xD800) << 10) + second - 0xDC00 if paired else 0xFFFD
    return chr(number).encode().decode("latin-1"), place


def _hex(digits: str) -> int:
    return int(digits, 16) if _HEX.fullmatch(digits) else 0


def _ended(text: str, place: int) -> int:
    match = _NUMBER_END.search(text, place + 1)
    return match.start() if match else len(text)
