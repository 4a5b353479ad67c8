"""Sample values as Go reads them, and the one rounding to thousandths. Pure."""

import math
import re
from collections.abc import Callable

_DIGITS, _HEX_DIGITS = r"[0-9](?:_?[0-9])*", r"[0-9a-fA-F](?:_?[0-9a-fA-F])*"
_DECIMAL = re.compile(rf"[+-]?(?:{_DIGITS}\.?(?:{_DIGITS})?|\.{_DIGITS})(?:[eE][+-]?{_DIGITS})?")
_HEX = re.compile(rf"[+-]?0[xX]_?(?:{_HEX_DIGITS}\.?(?:{_HEX_DIGITS})?|\.{_HEX_DIGITS})[pP][+-]?{_DIGITS}")
_SPECIAL = re.compile(r"(?:[+-]?(?:inf|infinity)|nan)", re.IGNORECASE)
_LONGEST = 1000


def parse_float(text: str) -> float | None:
    """Read a number by the grammar of Go's strconv.ParseFloat; None where Go refuses it.

    Infinity and NaN are numbers here; what is beyond a double is not.
    """
    if len(text) > _LONGEST or not text.isascii():
        return None
    if _SPECIAL.fullmatch(text):
        return float(text)
    if _HEX.fullmatch(text):
        return _finite(float.fromhex, text.replace("_", ""))
    if _DECIMAL.fullmatch(text):
        return _finite(float, text)
    return None


def to_milli(number: float) -> int:
    """Round to whole thousandths as KEDA prints a quantity: three decimals, correctly rounded; -0 is 0.

    Source: KEDA scaler.go, GenerateMetricInMili.
    """
    if not math.isfinite(number):
        return 0
    return int(format(number, ".3f").replace(".", ""))


def _finite(convert: Callable[[str], float], text: str) -> float | None:
    try:
        number = convert(text)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
