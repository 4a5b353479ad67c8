"""Texts of trigger metadata to values, by the parsing rules of Go that leak into KEDA's API.

Every function gives None for a text that Go refuses; who asks says which field it was.
"""

import math
import re
from datetime import timedelta

from autoscaler.model import gotext

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_JSON_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_LONGEST = 2**63 - 1


def trim(text: str) -> str:
    """Drop the blanks that Go's strings.TrimSpace drops, at both ends."""
    return text.strip(gotext.BLANKS)


def parse_flag(text: str) -> bool | None:
    """Read a boolean. Source: Go strconv.ParseBool."""
    if text in _TRUE:
        return True
    return False if text in _FALSE else None


def parse_number(text: str) -> float | None:
    """Read a JSON number within the range of a double. Source: KEDA typed_config.go, Go encoding/json."""
    if not _JSON_NUMBER.fullmatch(text):
        return None
    number = float(text)
    return number if math.isfinite(number) else None


def parse_integer(text: str, bits: int = 64) -> int | None:
    """Read a JSON integer that fits ``bits`` bits. Source: KEDA typed_config.go, Go encoding/json."""
    return gotext.parse_int(text, bits) if _JSON_INTEGER.fullmatch(text) else None


def parse_nanoseconds(text: str) -> int | None:
    """Read a Go duration, else whole milliseconds, as nanoseconds; negative ones are None.

    Milliseconds beyond 64 bits of nanoseconds saturate where KEDA's wrap (D12).
    """
    if (nanoseconds := gotext.parse_duration(text)) is not None:
        return nanoseconds if nanoseconds >= 0 else None
    milliseconds = gotext.parse_int(text)
    if milliseconds is None or milliseconds < 0:
        return None
    return min(milliseconds * 10**6, _LONGEST)


def parse_duration(text: str) -> timedelta | None:
    """Read a duration, rounded up to whole microseconds so that a nanosecond is not nothing."""
    nanoseconds = parse_nanoseconds(text)
    return None if nanoseconds is None else timedelta(microseconds=-(-nanoseconds // 1000))


def parse_items(text: str, separator: str = ",") -> tuple[str, ...]:
    """Split a list; its items are trimmed and may be empty."""
    return tuple(trim(item) for item in text.split(separator))


def parse_pairs(text: str, separator: str = ",") -> tuple[tuple[str, str], ...] | None:
    """Read ``a=b,c=d`` as pairs sorted by key; of a repeated key the last counts."""
    found: dict[str, str] = {}
    for item in parse_items(text, separator):
        key, equals, value = item.partition("=")
        if not equals or "=" in value:
            return None
        found[trim(key)] = trim(value)
    return tuple(sorted(found.items()))
