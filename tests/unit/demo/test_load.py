"""The demo's load: where it jumps, where it stays, and what the daemon is told of it."""

import pytest

from autoscaler.demo.load import JOB, QUERY, answer, is_outage, load_at
from autoscaler.demo.prometheus import Series, number_text


@pytest.mark.parametrize(
    ("second", "load"),
    [(0, 0), (10.9, 0), (11, 34), (27, 61.5), (43, 212), (70, 18), (75, 17.375), (136.9, 18), (137, 0), (500, 0)],
)
def test_the_load_at_a_second(second: float, load: float):
    """The load is nothing, then a ramp, a burst, an evening, and nothing again."""
    assert load_at(second) == pytest.approx(load)


def test_the_load_stays_where_no_further_change_is_due():
    """Until 0:27 four pods are enough, until 0:43 seven, and from 1:10 two."""
    assert max(load_at(second / 4) for second in range(11 * 4, 27 * 4)) <= 44
    assert max(load_at(second / 4) for second in range(27 * 4, 43 * 4)) <= 70
    assert max(load_at(second / 4) for second in range(70 * 4, 200 * 4)) <= 20
    assert min(load_at(second / 4) for second in range(43 * 4, 70 * 4)) > 100


def test_the_outage_answers_everything_with_nothing():
    """From 0:50 to 1:10 the query and the probe alike come back empty."""
    assert [is_outage(second) for second in (49.9, 50, 69.9, 70)] == [False, True, True, False]
    assert (answer(QUERY, 60), answer("sum(up) / count(up)", 60)) == ((), ())


def test_a_query_is_known_however_it_is_printed():
    """White space makes no other query; another query is not known."""
    printed = 'sum(\n  rate(http_requests_total{app="web"}[30s])\n)'
    assert answer(printed, 11) == (Series(labels={}, number=34.0),)
    assert answer("count(up) by (job, namespace)", 11) == (Series(labels=JOB, number=12.0),)
    assert answer("sum(rate(http_requests_total[30s]))", 11) is None


@pytest.mark.parametrize(
    ("number", "text"),
    [(34.0, "34"), (61.5, "61.5"), (1e21, "1000000000000000000000"), (1e-7, "0.0000001"), (0.0, "0"),
     (float("nan"), "NaN"), (float("inf"), "+Inf"), (float("-inf"), "-Inf")],
)  # fmt: skip
def test_a_number_is_written_as_prometheus_does(number: float, text: str):
    """Samples have no exponent, and words for what is not finite."""
    assert number_text(number) == text
