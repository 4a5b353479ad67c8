"""Powers as Go's math.Pow has them on amd64, to the last bit.

A thousandth can hang on that bit: 0.3 ^ 3 is 0.027 here and a hair less to C, 25 ^ 1.5 is 125.
Source: Go math/pow.go, math/log.go and math/exp_amd64.s.
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
        made = _exponential(part * _logarithm(base))
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


def _logarithm(number: float) -> float:
    """Give the natural logarithm of a number above 0."""
    mantissa, twos = math.frexp(number)
    if mantissa < math.sqrt(2) / 2:
        mantissa, twos = mantissa * 2, twos - 1
    f = mantissa - 1
    s = f / (2 + f)
    s2 = s * s
    s4 = s2 * s2
    t1 = s2 * (6.666666666666735130e-01 + s4 * (2.857142874366239149e-01 + s4 * (_L5 + s4 * 1.479819860511658591e-01)))
    t2 = s4 * (3.999999999940941908e-01 + s4 * (2.222219843214978396e-01 + s4 * 1.531383769920937332e-01))
    half = 0.5 * f * f
    return twos * 6.93147180369123816490e-01 - (
        (half - (s * (half + (t1 + t2)) + twos * 1.90821492927058770002e-10)) - f
    )


_L5 = 1.818357216161805012e-01
_TERMS = (
    *(1.9841269841269841270e-4, 1.3888888888888888889e-3, 8.3333333333333333333e-3, 4.1666666666666666667e-2),
    *(1.6666666666666666667e-1, 0.5, 1.0),
)
"""Of the series of e to the x, from the eighth down."""


def _exponential(number: float) -> float:
    """Give e to a power of some hundreds at most, with fused multiplications as a processor of today has them."""
    twos = round(number * 1.4426950408889634073599246810018920)
    rest = _fused(-float(twos), 0.69314718055966295651160180568695068359375, number)
    rest = _fused(-float(twos), 0.28235290563031577122588448175013436025525412068e-12, rest) * 0.0625
    series = 2.4801587301587301587e-5
    for term in _TERMS:
        series = _fused(rest, series, term)
    made = rest * series
    for _ in range(3):
        made *= made + 2.0
    return math.ldexp(_fused(made + 2.0, made, 1.0), twos)


def _fused(a: float, b: float, c: float) -> float:
    """Give a * b + c, rounded once. Source: Boldo and Melquiond, Emulation of a FMA (2008)."""
    product, lost = _product(a, b)
    low, tail = _sum(c, lost)
    high, rest = _sum(product, low)
    return high + _odd_sum(tail, rest)


def _product(a: float, b: float) -> tuple[float, float]:
    """Give a product and what rounding took from it."""
    product = a * b
    a_high, b_high = _high(a), _high(b)
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def _high(number: float) -> float:
    """Give the upper half of a number's digits."""
    shifted = number * 134217729.0
    return shifted - (shifted - number)


def _sum(a: float, b: float) -> tuple[float, float]:
    """Give a sum and what rounding took from it."""
    total = a + b
    other = total - a
    return total, (a - (total - other)) + (b - other)


def _odd_sum(a: float, b: float) -> float:
    """Add; what is not exact is rounded to the neighbour whose last bit is set."""
    total, lost = _sum(a, b)
    if lost and not int(math.frexp(total)[0] * 2.0**53) & 1:
        return math.nextafter(total, math.inf if lost > 0 else -math.inf)
    return total
