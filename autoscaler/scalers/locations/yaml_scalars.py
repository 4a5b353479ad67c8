"""YAML scalars as go-yaml reads them. Pure. Source: gopkg.in/yaml.v3 resolve.go.

A node's tag is empty where none is written: what a plain text means is found here, not by the library.
"""

import math
import re
from base64 import b64decode
from typing import TypeAlias

import yaml

from autoscaler.model.gotext import parse_float, show_float
from autoscaler.model.value import value

_PREFIX = "tag:yaml.org,2002:"
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INTEGER = re.compile(r"([-+]?)(0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9][0-9]*)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt\s].*)?")
_SIGNS = frozenset("+-0123456789")
_RESOLVED = frozenset(("str", "bool", "int", "float", "null", "timestamp"))
_WORDS: "dict[str, tuple[str, bool | float | None]]" = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), ("null", None)),
    **dict.fromkeys(("true", "True", "TRUE"), ("bool", True)),
    **dict.fromkeys(("false", "False", "FALSE"), ("bool", False)),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), ("float", math.nan)),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), ("float", math.inf)),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), ("float", -math.inf)),
}


@value
class Instant:
    """A scalar that is a point in time, by its text."""

    text: str


Scalar: TypeAlias = "int | float | bool | str | Instant | None"


class BrokenYamlError(Exception):
    """A document that go-yaml does not decode."""


def tag_of(node: yaml.Node) -> str:
    """Give a node's tag as it is written, without the prefix of YAML's own; empty where there is none."""
    tag = str(node.tag or "")
    return "" if tag == "!" else tag.removeprefix(_PREFIX)


def is_text(node: yaml.ScalarNode) -> bool:
    """Say whether a scalar is a text whatever it looks like."""
    tag = tag_of(node)
    return tag == "str" or (not tag and bool(node.style))


def read_scalar(node: yaml.ScalarNode) -> Scalar:
    """Read a scalar; raises BrokenYamlError where its tag says something else than its text."""
    text, tag = str(node.value), tag_of(node)
    if is_text(node):
        return text
    if tag == "binary":
        return _binary(text)
    if tag and tag not in _RESOLVED:
        return text
    kind, found = _resolve(text, may_be_instant=tag in ("", "timestamp"))
    if tag == "float" and kind == "int" and isinstance(found, int) and found < 2**63:
        return float(found)
    if tag not in ("", kind):
        raise BrokenYamlError
    return found


def key_of(scalar: Scalar) -> str:
    """Give a key as Go prints it."""
    match scalar:
        case None:
            return "<nil>"
        case bool():
            return "true" if scalar else "false"
        case float():
            return show_float(scalar)
        case Instant(text=text):
            year, *others = text.split("-")
            return "-".join((year, *(part.zfill(2) for part in others))) + " 00:00:00 +0000 UTC"
        case _:
            return str(scalar)


def _resolve(text: str, *, may_be_instant: bool) -> "tuple[str, Scalar]":
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == "." and (number := parse_float(text)) is not None:
        return "float", number
    if text[0] in _SIGNS:
        if may_be_instant and _DATE.fullmatch(text):
            return "timestamp", Instant(text=text)
        found = _number(text.replace("_", ""))
        if found is not None:
            return ("float" if isinstance(found, float) else "int"), found
    return "str", text


def _number(text: str) -> int | float | None:
    """Read digits in any base, octal also as ``017``; what is beyond 64 bits is a float by its decimal digits."""
    if whole := _INTEGER.fullmatch(text):
        number = _whole(whole[2].lower()) * (-1 if whole[1] == "-" else 1)
        if -(2**63) <= number < (2**63 if whole[1] else 2**64):
            return number
    return parse_float(text) if _FLOAT.fullmatch(text) else None


def _whole(digits: str) -> int:
    for prefix, base in (("0x", 16), ("0o", 8), ("0b", 2)):
        if digits.startswith(prefix):
            return int(digits[2:], base)
    return int(digits, 8 if digits.startswith("0") and digits != "0" else 10)


def _binary(text: str) -> str:
    try:
        return b64decode("".join(text.split()), validate=True).decode(errors="replace")
    except ValueError as error:
        raise BrokenYamlError from error
