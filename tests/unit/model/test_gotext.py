"""Numbers and durations by Go's grammar."""

import math

import pytest

from autoscaler.model.gotext import parse_duration, parse_float, parse_int, show_float


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
        ("0xfp1_0", 15360.0),
        ("0." + "0" * 5000 + "1", 0.0),
        ("-Inf", -math.inf),
        ("+infinity", math.inf),
    ],
)
def test_what_go_reads_is_read(text, number):
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
        "0xe__p0",
        "0x1_p-3",
        "5f",
        "٣",
        "1,5",
        "9" * 5000,
        "1" * 500_000 + "x",
        "0x" + "1" * 500_000 + "x",
    ],
)
def test_what_go_refuses_is_none(text):
    """Blanks, missing exponents, signs of NaN, what is beyond a double and other scripts' digits."""
    assert parse_float(text) is None


def test_nan_is_a_number_here():
    """NaN is told from what is no number at all."""
    assert math.isnan(parse_float("NaN") or 0.0)


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("1h30m", 5_400_000_000_000),
        ("-1.5us", -1_500),
        ("+.5s", 500_000_000),
        ("0", 0),
        ("0.830103483285477580700h", 2_988_372_539_827),
        ("9223372036854775807ns", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
        ("9223372036854775808ns", None),
        ("", None),
        ("-", None),
        ("3", None),
        (".s", None),
        ("1h 5m", None),
        ("1" * 500_000, None),
    ],
)
def test_durations_are_read_as_go_does(text, nanoseconds):
    """Each number has a unit, a fraction is multiplied as a double, and all of it fits 64 bits (ParseDuration)."""
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize(
    ("text", "bits", "number"),
    [
        ("+007", 64, 7),
        ("0" * 40 + "7", 64, 7),
        ("-2147483648", 32, -(2**31)),
        ("2147483648", 32, None),
        ("1_0", 64, None),
        ("٣", 64, None),
        ("9" * 500_000, 64, None),
    ],
)
def test_integers_are_read_as_go_does(text, bits, number):
    """Zeros may lead, and what does not fit its bits is refused (ParseInt)."""
    assert parse_int(text, bits) == number


@pytest.mark.parametrize(
    ("number", "text"),
    [(1e6, "1e+06"), (123456.0, "123456"), (0.0001, "0.0001"), (1.5e-7, "1.5e-07"), (-0.0, "-0"), (math.inf, "+Inf")],
)
def test_floats_are_written_as_go_does(number, text):
    """The fewest digits, with an exponent from a million on and below a ten-thousandth (strconv, %g)."""
    assert show_float(number) == text
