"""The one rounding of sample values."""

import math

import pytest

from autoscaler.scalers.numbers import to_milli


@pytest.mark.parametrize(
    ("number", "milli"),
    [
        (1.0005, 1000),
        (1.0015, 1002),
        (0.0005, 1),
        (0.0025, 3),
        (0.0625, 62),
        (-0.0, 0),
        (2.5, 2500),
        (1e15, 10**18),
        (math.inf, 0),
    ],
)
def test_thousandths_are_rounded_as_printed(number: float, milli: int) -> None:
    """Three decimals of the exact binary value, ties to even; what is not finite is 0."""
    assert to_milli(number) == milli
