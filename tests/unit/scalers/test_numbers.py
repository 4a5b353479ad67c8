"""Sample values by Go's grammar, and the one rounding."""

import math

import pytest

from autoscaler.scalers.numbers import parse_float, to_milli


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5", 5.0),
        ("-5.", -5.0),
        (".5", 0.5),
        ("+1e3", 1000.0),
        ("1e-400", 0.0),
        ("0x1.8p1", 3.0),
        ("1_000.5_0", 1000.5),
        ("0x_1p0", 1.0),
        ("-Inf", -math.inf),
        ("+infinity", math.inf),
    ],
)
def test_what_go_reads_is_read(text: str, number: float) -> None:
    """Decimals, exponents, hexadecimal floats with an exponent, underscores between digits and infinities."""
    assert parse_float(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "",
        " 5",
        "5 ",
        "0x10",
        "1e400",
        "0x1p9999",
        "+NaN",
        "-nan",
        "_1",
        "1_",
        "1__0",
        "1e",
        "5f",
        "٣",
        "1,5",
        "9" * 5000,
    ],
)
def test_what_go_refuses_is_none(text: str) -> None:
    """Blanks, missing exponents, signs of NaN, what is beyond a double and other scripts' digits."""
    assert parse_float(text) is None


def test_nan_is_a_number_here() -> None:
    """NaN is told from what is no number at all."""
    assert math.isnan(parse_float("NaN") or 0.0)


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
