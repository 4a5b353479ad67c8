"""Kubernetes quantities: text to an exact number, its thousandths, and the double the HPA compares tolerances with.

Source: kubernetes apimachinery pkg/api/resource, quantity.go.
"""

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
