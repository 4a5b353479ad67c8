"""The HPA's number formats."""

import math

import pytest

from autoscaler.core.numbers import (
    I32_MAX,
    I32_MIN,
    I64_MAX,
    I64_MIN,
    band,
    ceil_i32,
    divide,
    quotient,
    trunc_i32,
    wrap_i32,
    wrap_i64,
)


def test_division_by_zero_is_ieee():
    """By zero a number gives an infinity of its sign, zero and NaN give NaN."""
    assert divide(3.0, 2.0) == 1.5
    assert divide(3.0, 0.0) == math.inf
    assert divide(-3.0, 0.0) == -math.inf
    assert math.isnan(divide(0.0, 0.0))
    assert math.isnan(divide(math.nan, 0.0))


@pytest.mark.parametrize(
    ("number", "up", "cut"),
    [
        (2.1, 3, 2),
        (-2.1, -2, -2),
        (2.0, 2, 2),
        (math.nan, 0, 0),
        (math.inf, I32_MAX, I32_MAX),
        (-math.inf, I32_MIN, I32_MIN),
        (2147483646.5, I32_MAX, 2147483646),
        (1e300, I32_MAX, I32_MAX),
        (-1e300, I32_MIN, I32_MIN),
        (-2147483648.5, I32_MIN, I32_MIN),
        (-2147483647.5, -2147483647, -2147483647),
    ],
)
def test_floats_saturate(number: float, up: int, cut: int):
    """What is beyond 32 bits becomes the largest or smallest of them, on every platform (D12)."""
    assert (ceil_i32(number), trunc_i32(number)) == (up, cut)


def test_integers_wrap():
    """Integer sums wrap, as Go's do everywhere."""
    assert (wrap_i32(I32_MAX), wrap_i32(I32_MAX + 1), wrap_i32(I32_MIN - 1)) == (I32_MAX, I32_MIN, I32_MAX)
    assert (I32_MAX, I32_MIN, I64_MAX, I64_MIN) == (2147483647, -2147483648, 2**63 - 1, -(2**63))
    assert (wrap_i64(2**63 - 1), wrap_i64(2**63), wrap_i64(-(2**63) - 1)) == (2**63 - 1, -(2**63), 2**63 - 1)


def test_quotients_go_toward_zero():
    """Integers divide toward zero, whatever their signs."""
    assert [quotient(a, b) for a, b in ((7, 2), (-7, 2), (7, -2), (-7, -2), (0, -3))] == [3, -3, -3, 3, 0]


def test_the_band_of_a_tolerance_is_computed_in_doubles():
    """0.82 lies outside a tolerance of 0.18, because 1 - 0.18 is a little more in doubles."""
    assert band(down=0.18, up=0.1) == (0.8200000000000001, 1.1)
