"""Powers are Go's, to the last bit."""

import math

import pytest

from autoscaler.core.formula.power import power

POWERS = [
    ((5.0, 123.0), 9.403954806578303e85),
    ((0.3, 3.0), 0.027),  # C's pow: 0.026999999999999996, which is cut to 26 thousandths
    ((-2.0, 3.0), -8.0),
    ((-2.0, -3.0), -0.125),
    ((2.0, -1074.0), 5e-324),
    ((2.0, 1024.0), math.inf),
    ((-2.0, 1025.0), -math.inf),
    ((10.0, -400.0), 0.0),
    ((4.0, 0.5), 2.0),
    ((4.0, -0.5), 0.5),
    ((32.0, 0.8), 16.000000000000004),
    ((25.0, 1.5), 125.0),  # C's exp and log: 124.99999999999997
    ((343.0, 1 / 3), 7.000000000000001),
    ((7.3, -2.6), 0.005693254049029388),
    ((-1.0, 1e19), 1.0),
    ((2.0, 1e19), math.inf),
    ((0.5, 1e19), 0.0),
    ((0.0, -1.0), math.inf),
    ((-0.0, -1.0), -math.inf),
    ((-0.0, -2.0), math.inf),
    ((-0.0, 3.0), -0.0),
    ((math.inf, -1.0), 0.0),
    ((-math.inf, 3.0), -math.inf),
    ((0.5, math.inf), 0.0),
    ((-1.0, math.inf), 1.0),
    ((math.nan, 0.0), 1.0),
    ((1.0, math.nan), 1.0),
    ((7.5, 1.0), 7.5),
]


@pytest.mark.parametrize(("given", "result"), POWERS)
def test_powers_are_gos(given, result):
    """The mantissa is squared and multiplied as Go's math.Pow does, and what is special is special there."""
    assert repr(power(*given)) == repr(result)


@pytest.mark.parametrize("given", [(-8.0, 1 / 3), (-1.0, 0.5), (math.nan, 2.0), (2.0, math.nan)])
def test_what_has_no_power_is_nan(given):
    """Neither a root of a negative number nor a power of what is no number."""
    assert math.isnan(power(*given))
