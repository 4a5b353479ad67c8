import math

import pytest

from autoscaler.manifests.scalars import resolve


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("on", True),
        ("No", False),
        ("10", 10),
        ("-3", -3),
        ("0x10", 16),
        ("010", 8),
        ("0o10", 8),
        ("0b11", 3),
        ("1_000", 1000),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".5", 0.5),
        (".inf", math.inf),
        ("1:30", "1:30"),
        ("2026-01-01", "2026-01-01"),
        ("1.2.3", "1.2.3"),
        ("10s", "10s"),
        ("tRue", "tRue"),
        ("-", "-"),
        ("9" * 500, "9" * 500),
    ],
)
def test_an_unquoted_scalar_means_what_it_means_to_kubectl(text, meant):
    """Words, numbers and text are told apart as go-yaml does: 1:30 is text, 010 is eight."""
    assert (resolve(text), type(resolve(text))) == (meant, type(meant))


def test_not_a_number_is_a_number():
    """.nan is a float."""
    found = resolve(".nan")
    assert isinstance(found, float)
    assert math.isnan(found)
