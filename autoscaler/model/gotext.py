"""Numbers and durations as Go's standard library reads and writes them: KEDA's texts mean what they mean to Go. Pure.

Source: Go strconv, time and strings.
"""

import math
import re
from collections.abc import Callable, Mapping

BLANKS = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
"""What unicode.IsSpace names, and strings.TrimSpace drops."""
_DIGITS, _HEX_DIGITS = r"[0-9]++(?:_[0-9]++)*+", r"[0-9a-fA-F]++(?:_[0-9a-fA-F]++)*+"  # kept: no way back is stored
_DECIMAL = re.compile(rf"[+-]?(?:{_DIGITS}(?:\.(?:{_DIGITS})?)?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEX = re.compile(rf"[+-]?0[xX]_?(?:{_HEX_DIGITS}(?:\.(?:{_HEX_DIGITS})?)?|\.{_HEX_DIGITS})[pP][+-]?{_DIGITS}")
_SPECIAL = re.compile(r"(?:[+-]?(?:inf|infinity)|nan)", re.IGNORECASE)
_INTEGER = re.compile(r"[+-]?[0-9]{1,64}")
_UNIT = "ns|us|µs|μs|ms|s|m|h"
_DURATION = re.compile(rf"(?P<sign>[+-]?)(?P<parts>(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:{_UNIT}))+)")
_PART = re.compile(rf"(?P<whole>[0-9]*)(?:\.(?P<fraction>[0-9]*))?(?P<unit>{_UNIT})")
_NANOSECONDS: Mapping[str, int] = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "μs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_LONGEST = 256
_LARGEST = 2**63 - 1


def parse_float(text: str) -> float | None:
    """Read a number; None where Go refuses it. Source: strconv.ParseFloat.

    Infinity and NaN are numbers here; what is beyond a double is not.
    """
    if _DECIMAL.fullmatch(text):
        return _finite(float, text)
    if _SPECIAL.fullmatch(text):
        return float(text)
    if _HEX.fullmatch(text):
        return _finite(float.fromhex, text.replace("_", ""))
    return None


def parse_int(text: str, bits: int = 64) -> int | None:
    """Read a decimal integer, leading zeros and plus sign allowed. Source: strconv.ParseInt."""
    if not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else None


def parse_duration(text: str) -> int | None:
    """Read a duration (``1h30m``) as nanoseconds, negative ones too. Source: time.ParseDuration."""
    if text in ("0", "+0", "-0"):
        return 0
    match = _DURATION.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    total = sum(_nanoseconds(part) for part in _PART.finditer(match["parts"]))
    if match["sign"] == "-":
        return -total if total <= _LARGEST + 1 else None
    return total if total <= _LARGEST else None


def show_float(number: float, *, below: int = 6, above: int = -4) -> str:
    """Write a float with the fewest digits, with an exponent outside ``above`` .. ``below``. Source: strconv, %g."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    sign, digits, exponent = _shortest(number)
    if exponent < above or exponent >= below:
        tail = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{tail}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    if exponent < 0:
        return f"{sign}0.{'0' * (-exponent - 1)}{digits}"
    whole, tail = digits[: exponent + 1].ljust(exponent + 1, "0"), digits[exponent + 1 :]
    return f"{sign}{whole}.{tail}" if tail else sign + whole


def _finite(convert: Callable[[str], float], text: str) -> float | None:
    try:
        number = convert(text)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _nanoseconds(part: re.Match[str]) -> int:
    """Read one number and its unit; a fraction is multiplied as a double, which may cost it a nanosecond."""
    unit = _NANOSECONDS[part["unit"]]
    fraction, scale = _leading_fraction(part["fraction"] or "")
    return int(part["whole"] or "0") * unit + int(float(fraction) * (unit / scale))


def _leading_fraction(digits: str) -> tuple[int, float]:
    """Take the digits of a fraction that 63 bits hold, and what they are to be divided by."""
    fraction, scale = 0, 1.0
    for digit in digits:
        if fraction > _LARGEST // 10 or fraction * 10 + int(digit) > _LARGEST + 1:
            break
        fraction, scale = fraction * 10 + int(digit), scale * 10
    return fraction, scale


def _shortest(number: float) -> tuple[str, str, int]:
    """Give sign, digits and exponent of the shortest text that reads back as the same number."""
    mantissa, _, power = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = int(power or "0") + len(whole) - 1 - (len(whole + fraction) - len(digits))
    sign = "-" if math.copysign(1.0, number) < 0 else ""
    return sign, digits.rstrip("0") or "0", exponent if number else 0
