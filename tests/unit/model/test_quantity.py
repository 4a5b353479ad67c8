"""Kubernetes quantities."""

import pytest

from autoscaler.model.quantity import Quantity, parse_double, parse_quantity


@pytest.mark.parametrize(
    ("text", "milli", "number"),
    [
        ("10", 10_000, 10.0),
        ("0.059", 59, 59 * 0.001),
        ("100m", 100, 0.1),
        ("1.2345", 1235, 1.2345),
        ("0.0001", 1, 100 * 1e-6),
        ("-0.0001", -1, -100 * 1e-6),
        ("2Ki", 2_048_000, 2048.0),
        ("1.5Gi", 1_610_612_736_000, 1_610_612_736.0),
        ("1e3", 1_000_000, 1000.0),
        ("1E-3", 1, 0.001),
        ("2E", 2 * 10**21, 2e18),
        ("-.5", -500, -0.5),
        ("+7.k", 7_000_000, 7000.0),
        ("1n", 1, 1e-9),
        ("Ki", 0, 0.0),
        (".", 0, 0.0),
        ("Ti", 0, 0.0),
        ("e-9", 0, 0.0),
        ("0Ei", 0, 0.0),
        ("9.2052Ti", 10_121_224_436_003_636, 10_121_224_436_003_635_200_000 * 1e-9),
        ("-0", 0, 0.0),
    ],
)
def test_quantities(text: str, milli: int, number: float):
    """A quantity has whole thousandths, away from zero, and the double that the HPA makes of it."""
    quantity = parse_quantity(text)
    assert quantity is not None
    assert (quantity.milli, quantity.number) == (milli, number)


@pytest.mark.parametrize(
    "text",
    ["", " 1", "1 ", "1e", "1e+", "NaN", "+-1", "1Kib", "1.2.3", "٣", "1_0", "0x1", "1e1.5", "Ei", "+.Pi", "e-10"],
)
def test_what_is_no_quantity(text: str):
    """Anything else is refused, blanks and other digits included."""
    assert parse_quantity(text) is None


def test_the_form_the_api_keeps():
    """The mantissa is whole and the exponent a multiple of three; two spellings of one number are equal."""
    assert parse_quantity("7238.83") == Quantity(mantissa=7238830, exponent=-3)
    assert parse_quantity("1000") == parse_quantity("1k") == Quantity(mantissa=1, exponent=3)
    assert parse_quantity("0.0000") == Quantity(mantissa=0, exponent=0)


def test_too_fine_and_too_large():
    """What is finer than a billionth rounds away from zero; a binary number beyond 64 bits saturates."""
    assert parse_quantity("0.1n") == parse_quantity("1n")
    assert parse_quantity("-0.1n") == parse_quantity("-1n")
    assert parse_quantity("7Ei") == parse_quantity("8070450532247928832")
    assert parse_quantity("8Ei") == parse_quantity("900Ei") == parse_quantity("9223372036854775807")
    assert parse_quantity("1e40") == parse_quantity("1e999999999")
    assert parse_quantity("9" * 401) is None
    assert parse_quantity("1e-999999999") == parse_quantity("1n")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1.5", 15 * 0.1),
        ("0.5u", 5 * 1e-7),
        ("-100m", -0.1),
        ("12345678901234567890", 1.234567890123457e19),
        ("9223372036854775807k", 9.223372036854777e21),
        ("3Ki", 3072.0),
        ("9Ei", 9.223372036854775807e18),
        ("1e30", 1e30),
        ("1e40", 1e32 * 1e8),
        ("1e400", float("inf")),
        ("0", 0.0),
        ("1.2.3", None),
    ],
)
def test_the_double_of_a_quantity_as_it_is_written(text: str, number: float | None):
    """Short texts are digits times a power, long ones count in billionths (quantity.go, AsApproximateFloat64)."""
    assert parse_double(text) == number
