"""Numbers and texts as a formula writes them. Source: expr-lang parser.go and lexer/lexer.go."""

import re
from collections.abc import Mapping

from lark import Token

from autoscaler.manifests.formula_rows import Misplaced, place_of
from autoscaler.model.gotext import parse_float

_ESCAPES: Mapping[str, str] = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
}
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))",
    re.DOTALL,
)
_REPLACEMENT = "\ufffd"
"""What a half of a character becomes, as in Go."""


def read_number(token: Token) -> int | float:
    """Read a number in any base. Raises Misplaced where it does not fit 64 bits."""
    text = str(token).replace("_", "")
    if text[:2].lower() in ("0x", "0o", "0b"):
        number: int | float | None = int(text, 0)
    elif set(text) & set(".eE"):
        number = parse_float(text)
    else:
        number = int(text)
    if number is None or (isinstance(number, int) and number >= 2**63):
        raise Misplaced(f"{token} is no number that fits 64 bits", place_of(token))
    return number


def read_text(token: Token) -> str:
    """Read a text, quoted or raw. Raises Misplaced at an unknown escape."""
    body = str(token)[1:-1]
    if token.type == "RAW":
        return body.replace("``", "`")
    return _ESCAPE.sub(lambda match: _unescaped(match, token), body)


def _unescaped(match: re.Match[str], token: Token) -> str:
    """Give the character of an escape; of the quotes only the text's own can be escaped."""
    if match[6] == str(token)[0]:
        return match[6]
    if match[6] in _ESCAPES:
        return _ESCAPES[match[6]]
    code = match[1] or match[2] or match[3] or match[4]
    number = int(code, 16) if code else int(match[5], 8) if match[5] else -1
    if 0xD800 <= number <= 0xDFFF:
        return _REPLACEMENT
    if 0 <= number <= 0x10FFFF:
        return chr(number)
    raise Misplaced(f"{match[0]} is no escape of a text", place_of(token))
