"""Texts of trigger metadata to values, by the parsing rules of Go that leak into KEDA's API.

Every function gives None for a text that Go refuses; who asks says which field it was.
"""

import math
import re
from collections.abc import Mapping
from datetime import timedelta

BLANKS = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_JSON_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_INTEGER = re.compile(r"[+-]?[0-9]+")
_DURATION = re.compile(r"(?P<sign>[+-]?)(?P<parts>(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_PART = re.compile(r"(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<unit>ns|us|µs|μs|ms|s|m|h)")
_UNITS: Mapping[str, int] = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_TRUE = frozenset(("1", "t", "T", "TRUE", "true", "True"))
_FALSE = frozenset(("0", "f", "F", "FALSE", "false", "False"))
_LONGEST = 2**63 - 1


def trim(text: str) -> str:
    """Drop the blanks that Go's strings.TrimSpace drops, at both ends."""
    return text.strip(BLANKS)


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
    return _fitting(text, bits) if _JSON_INTEGER.fullmatch(text) else None


def parse_plain_integer(text: str, bits: int = 64) -> int | None:
    """Read a decimal integer, leading zeros and plus sign allowed. Source: Go strconv.ParseInt."""
    return _fitting(text, bits) if _INTEGER.fullmatch(text) else None


def parse_nanoseconds(text: str) -> int | None:
    """Read a Go duration, else whole milliseconds, as nanoseconds; negative ones are None.

    Milliseconds beyond 64 bits of nanoseconds saturate where KEDA's wrap (D12).
    """
    if (nanoseconds := _go_duration(text)) is not None:
        return nanoseconds if nanoseconds >= 0 else None
    milliseconds = parse_plain_integer(text)
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


def _fitting(text: str, bits: int) -> int | None:
    if len(text) > 64:
        return None
    number = int(text)
    return number if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else None


def _go_duration(text: str) -> int | None:
    """Source: Go time.ParseDuration."""
    if text in ("0", "+0", "-0"):
        return 0
    match = _DURATION.fullmatch(text)
    if match is None or len(text) > 256:
        return None
    total = sum(_nanoseconds(part) for part in _PART.finditer(match["parts"]))
    if total > _LONGEST:
        return None
    return -total if match["sign"] == "-" else total


def _nanoseconds(part: re.Match[str]) -> int:
    """Read one number and its unit; a fraction is multiplied as a double, which may cost it a nanosecond."""
    unit = _UNITS[part["unit"]]
    fraction, scale = _leading_fraction(part["fraction"] or "")
    return int(part["whole"] or "0") * unit + int(float(fraction) * (unit / scale))


def _leading_fraction(digits: str) -> tuple[int, float]:
    """Take the digits of a fraction that 63 bits hold, and what they are to be divided by."""
    fraction, scale = 0, 1.0
    for digit in digits:
        if fraction > _LONGEST // 10 or fraction * 10 + int(digit) > _LONGEST + 1:
            break
        fraction, scale = fraction * 10 + int(digit), scale * 10
    return fraction, scale
