"""The HPA's number formats: Go's fixed-width integers, its division, and float to integer casts that saturate (D12)."""

import math
from typing import NamedTuple, TypeAlias

I32_MAX, I32_MIN, I64_MAX, I64_MIN = 2**31 - 1, -(2**31), 2**63 - 1, -(2**63)

MILLI = 1e-3
"""A quantity is read back as digits times a power of ten: 1.005 is 1005 * 0.001, not 1005 / 1000."""

Band: TypeAlias = tuple[float, float]
"""The ratios, both ends included, at which nothing moves."""


class Wanted(NamedTuple):
    """What a replica calculator answers: the count, whether tolerance held it, and usage over target."""

    replicas: int
    held: bool
    ratio: float


def band(*, down: float, up: float) -> Band:
    """Give the tolerance band of two fractions. Source: kubernetes replica_calculator.go, Tolerances."""
    return (1.0 - down, 1.0 + up)


def divide(dividend: float, divisor: float) -> float:
    """Divide as IEEE does: by zero it gives an infinity, zero by zero NaN."""
    if divisor:
        return dividend / divisor
    return math.nan if dividend == 0 or dividend != dividend else math.copysign(math.inf, dividend)


def ceil_i32(number: float) -> int:
    """Round up to a 32-bit integer, saturating; NaN gives 0 (D12)."""
    return trunc_i32(math.ceil(number)) if math.isfinite(number) else trunc_i32(number)


def trunc_i32(number: float) -> int:
    """Cut to a 32-bit integer, saturating; NaN gives 0 (D12)."""
    if number != number:
        return 0
    if number >= I32_MAX:
        return I32_MAX
    return I32_MIN if number <= I32_MIN else int(number)


def trunc_i64(number: float) -> int:
    """Cut to a 64-bit integer, saturating (D12)."""
    if number >= 2.0**63:
        return I64_MAX
    return I64_MIN if number < -(2.0**63) else int(number)


def wrap_i32(number: int) -> int:
    """Wrap as Go's int32 addition does, on every platform."""
    return (number - I32_MIN) % 2**32 + I32_MIN


def wrap_i64(number: int) -> int:
    """Wrap as Go's int64 addition does, on every platform."""
    return (number - I64_MIN) % 2**64 + I64_MIN


def quotient(dividend: int, divisor: int) -> int:
    """Divide integers as Go does, toward zero."""
    size = abs(dividend) // abs(divisor)
    return size if (dividend < 0) == (divisor < 0) else -size
