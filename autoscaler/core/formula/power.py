"""Powers as Go's math.Pow has them, to the last bit where the exponent is whole.

A thousandth can hang on that bit: 0.3 ^ 3 is 0.027 here and a hair less to C, which is cut to 26. Source: Go math/pow.go.
"""

import math

_EXTREME = 1 << 12


def power(base: float, exponent: float) -> float:
    """Raise to a power; what has no value is NaN, what is too large infinite."""
    if exponent == 0.0 or base == 1.0:
        return 1.0
    if exponent == 1.0:
        return base
    if not (base and math.isfinite(base) and math.isfinite(exponent)):
        return _special(base, exponent)
    if abs(exponent) == 0.5:
        root = math.sqrt(base) if base > 0 else math.nan
        return root if exponent > 0 else 1 / root
    part, whole = math.modf(abs(exponent))
    if part and base < 0:
        return math.nan
    if whole >= 2.0**63:
        return 1.0 if base == -1.0 else 0.0 if (abs(base) < 1) == (exponent > 0) else math.inf
    return _raised(base, part, int(whole), inverse=exponent < 0)


def _special(base: float, exponent: float) -> float:
    try:
        return math.pow(base, exponent)
    except ValueError:  # zero to a negative power
        odd = exponent % 2 == 1
        return math.copysign(math.inf, base) if odd else math.inf


def _raised(base: float, part: float, whole: int, *, inverse: bool) -> float:
    """Square and multiply the mantissa, with the exponent of two beside it."""
    made, twos = 1.0, 0
    if part:
        if part > 0.5:
            part, whole = part - 1, whole + 1
        made = math.exp(part * math.log(base))
    mantissa, step = math.frexp(base)
    while whole:
        if abs(step) > _EXTREME:
            twos += step
            break
        if whole & 1:
            made, twos = made * mantissa, twos + step
        mantissa, step, whole = mantissa * mantissa, step * 2, whole >> 1
        if mantissa < 0.5:
            mantissa, step = mantissa * 2, step - 1
    made, twos = (1 / made, -twos) if inverse else (made, twos)
    try:
        return math.ldexp(made, twos)
    except OverflowError:
        return math.copysign(math.inf, made)
