"""Kubernetes quantities: text to an exact number, its thousandths, and the double the HPA compares tolerances with.

Source: kubernetes apimachinery pkg/api/resource, quantity.go.
"""

import math
import re
from fractions import Fraction

from autoscaler.model.value import value

_TEXT = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([A-Za-z]*(?:[+-]?[0-9]+)?)", re.ASCII)
_EXPONENT = re.compile(r"[eE]([+-]?[0-9]+)", re.ASCII)
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NANO = 10**9
_LARGEST = 2**63 - 1
_LONG = 10**18
_SHORT_DIGITS = 18
_FARTHEST = 308
_LONGEST = 400
"""More characters than any double has digits; Python refuses to read very long numbers."""


@value
class Quantity:
    """An exact number as the API server keeps it: ``mantissa`` times ten to the ``exponent``, a multiple of three."""

    mantissa: int
    exponent: int

    @property
    def milli(self) -> int:
        """Give whole thousandths, rounded away from zero."""
        power = self.exponent + 3
        if power >= 0:
            return self.mantissa * int(10**power)
        size = -(-abs(self.mantissa) // int(10**-power))
        return size if self.mantissa >= 0 else -size

    @property
    def number(self) -> float:
        """Give the double the HPA makes of it: ``0.059`` is 59 times 0.001, not the nearest double to 0.059.

        Longer than 18 digits it counts in billionths.
        """
        mantissa, exponent = self.mantissa, self.exponent
        if exponent < 0 and abs(mantissa) >= _LONG:
            mantissa, exponent = mantissa * int(10 ** (exponent + 9)), -9
        power = int(10 ** abs(exponent))
        return float(mantissa) * (float(power) if exponent >= 0 else 1.0 / power)


def parse_quantity(text: str) -> Quantity | None:
    """Read a quantity; None where the text is none.

    What is finer than a billionth is rounded away from zero, binary ones beyond 64 bits saturate.
    """
    if not 0 < len(text) <= _LONGEST or (matched := _TEXT.fullmatch(text)) is None:
        return None
    sign, whole, fraction, suffix = matched.groups()
    unit = _unit(suffix)
    if unit is None or (not whole and not fraction and _is_far(unit)):
        return None
    fraction = fraction or ""
    size = Fraction(int((whole + fraction) or "0"), 10 ** len(fraction)) * unit
    nanos = -(-size.numerator * _NANO // size.denominator)
    if suffix in _BINARY:
        nanos = min(nanos, _LARGEST * _NANO)
    return _canonical(-nanos if sign == "-" else nanos)


def parse_double(text: str) -> float | None:
    """Read a quantity as the double that Go makes of it as it was written; None where it is none.

    Short ones are their digits times a power of ten or two, all others count in billionths: ``0.5u`` is 5 times 1e-7.
    ``Quantity.number`` is the double of what the API server writes anew. Source: quantity.go, AsApproximateFloat64.
    """
    quantity = parse_quantity(text)
    matched = _TEXT.fullmatch(text)
    if quantity is None or matched is None:
        return None
    sign, whole, fraction, suffix = matched.groups()
    fraction = fraction or ""
    size = _short_double(whole.lstrip("0") or "0", fraction, suffix)
    if size is None:
        nanos = abs(quantity.mantissa) * int(10 ** (quantity.exponent + 9))
        size = float(_LARGEST) if nanos == _LARGEST * _NANO and suffix in _BINARY else _double(nanos) * (1.0 / _NANO)
    return -size if sign == "-" and size else size


def _short_double(whole: str, fraction: str, suffix: str) -> float | None:
    """Give the double of so few digits that Go keeps them as they are; None for more."""
    digits, count = int(whole + fraction), len(whole) + len(fraction)
    if suffix in _BINARY:
        power = _BINARY[suffix]
        short = not fraction and len(whole) <= 14 - power * 3 // 10 and digits << power <= _LARGEST
        return float(digits << power) if short else None
    exponent = (_DECIMAL[suffix] if suffix in _DECIMAL else int(suffix[1:])) - len(fraction)
    if count > _SHORT_DIGITS or exponent < -9:
        return None
    if exponent <= 0:
        return float(digits) if exponent == 0 else float(digits) * (1.0 / 10**-exponent)
    if exponent > _FARTHEST:
        return float(digits) * math.inf
    return float(digits) * (float(f"1e{exponent // 32 * 32}") * float(f"1e{exponent % 32}"))


def _double(number: int) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _unit(suffix: str) -> Fraction | None:
    if suffix in _DECIMAL:
        return Fraction(10) ** _DECIMAL[suffix]
    if suffix in _BINARY:
        return Fraction(2 ** _BINARY[suffix])
    exponent = _EXPONENT.fullmatch(suffix)
    return Fraction(10) ** max(min(int(exponent.group(1)), 40), -40) if exponent else None


def _is_far(unit: Fraction) -> bool:
    """Say whether a unit is out of the reach of 64-bit numbers, where a suffix without digits is no longer zero."""
    return unit < Fraction(1, _NANO) or unit in (2**50, 2**60)


def _canonical(nanos: int) -> Quantity:
    """Take as many thousands out of the mantissa as leave it whole."""
    exponent = -9
    while nanos and nanos % 1000 == 0:
        nanos //= 1000
        exponent += 3
    return Quantity(mantissa=nanos, exponent=exponent if nanos else 0)
