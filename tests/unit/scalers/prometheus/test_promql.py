"""How far a query looks back, and what type it gives."""

from datetime import timedelta

import pytest

from autoscaler.scalers.prometheus.promql import Unparsed, looks_back, parse, result_type


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("sum(x)", None),
        ("sum(rate(x[5m]))", 300),
        ("sum(rate(x[5m] offset 1m))", 360),
        ("x offset 1h", 3600),
        ("x offset -5m", None),
        ("max_over_time(rate(x[5m])[1h:1m])", 3900),
        ("max_over_time(rate(x[5m] offset 10m)[1h:1m] offset 1d)", 86400 + 3600 + 900),
        ("sum(rate(x[1m])) / sum(rate(y[10m]))", 600),
        ("job:x:rate5m", 300),
        ("sum(x) keep_metric_names", 300),
    ],
)
def test_ranges_offsets_and_subqueries_add_up(query: str, seconds: int | None) -> None:
    """The longest way back counts; recorded names and what cannot be parsed count as five minutes."""
    assert looks_back(query) == (None if seconds is None else timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("1", "scalar"),
        ("(1 + 2) * 3", "scalar"),
        ("time()", "scalar"),
        ("scalar(x)", "scalar"),
        ('"text"', "string"),
        ("x[5m]", "matrix"),
        ("x[5m:1m]", "matrix"),
        ("x", "vector"),
        ("-x", "vector"),
        ("1 + x", "vector"),
        ("sum(x)", "vector"),
        ("hour()", "vector"),
    ],
)
def test_the_type_of_a_query_is_known(query: str, kind: str) -> None:
    """A scalar or a vector can be a sample, a string or a matrix cannot."""
    expression = parse(query)
    assert not isinstance(expression, Unparsed)
    assert result_type(expression) == kind
