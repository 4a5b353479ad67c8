"""The prometheus trigger against a real Prometheus: what is sent is understood, and what comes back is read."""

from datetime import UTC, datetime

import pytest

from autoscaler.model.objects import Question
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample
from autoscaler.model.turn import Probe
from autoscaler.scalers.http import Sender
from autoscaler.scalers.probes import probe_query, read_probe
from tests.servers.prometheus import Prometheus
from tests.unit.scalers.builders import a_source, an_ask, answer, measure

pytestmark = pytest.mark.e2e


async def test_the_number_that_was_stored_is_measured(prometheus: Prometheus) -> None:
    """A pushed value comes back as a sample that is dated by the server, now."""
    prometheus.push("trigger_value", 7.25, case="value")
    found = await _measured(prometheus, 'sum(trigger_value{case="value"})')
    assert isinstance(found, Sample)
    assert (found.value_milli, found.active, found.origin) == (7250, True, Origin.MEASURED)
    assert abs((datetime.now(UTC) - found.at).total_seconds()) < 5


async def test_a_query_beyond_what_fits_a_url_is_understood(prometheus: Prometheus) -> None:
    """A question of 20 kB goes as a form and gives the same number."""
    prometheus.push("trigger_value", 3, case="long")
    padding = "|".join(f"other-{number}" for number in range(2000))
    found = await _measured(prometheus, f'sum(trigger_value{{case=~"long|{padding}"}})')
    assert isinstance(found, Sample)
    assert found.value_milli == 3000


async def test_each_kind_of_result_is_told_apart(prometheus: Prometheus) -> None:
    """A scalar is a sample, nothing a marked zero, two series ambiguous, an infinity no number."""
    prometheus.push("trigger_value", 1, case="kinds", pod="a")
    prometheus.push("trigger_value", 2, case="kinds", pod="b")
    selector = 'trigger_value{case="kinds"}'
    found = {
        "scalar": await _measured(prometheus, f"scalar(sum({selector}))"),
        "empty": await _measured(prometheus, "sum(trigger_nothing)"),
        "two": await _measured(prometheus, selector),
        "infinite": await _measured(prometheus, f"sum({selector}) / 0"),
        "nan": await _measured(prometheus, f"(sum({selector}) * 0) / 0"),
    }
    seen = {
        name: measured.reason if isinstance(measured, Missing) else (measured.value_milli, measured.origin)
        for name, measured in found.items()
        if isinstance(measured, Missing | Sample)
    }
    assert seen == {
        "scalar": (3000, Origin.MEASURED),
        "empty": (0, Origin.NULL_AS_ZERO),
        "two": MissingReason.AMBIGUOUS,
        "infinite": MissingReason.NOT_A_NUMBER,
        "nan": (0, Origin.NULL_AS_ZERO),
    }


async def test_a_query_that_the_server_refuses_comes_with_its_words(prometheus: Prometheus) -> None:
    """What only our parser lets pass is told in the server's own words."""
    found = await _measured(prometheus, "sum(no_such_function_here)  keep_metric_names")
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.HTTP_STATUS
    assert "status 400" in found.detail
    assert "parse error" in found.detail


async def test_the_probe_counts_what_is_scraped(prometheus: Prometheus) -> None:
    """One request gives how many targets there are and how many of them are up; none are told apart from nought."""
    sender = Sender()
    source = a_source(prometheus.url)
    seen = []
    for selector in ('up{job="test"}', 'up{job="nobody"}'):
        seen.append(read_probe(await answer(sender, Question(source=source, text=probe_query(selector)))).probe)
    await sender.close()
    assert seen == [Probe(up=1.0, count=1.0), Probe(up=None, count=None)]


async def _measured(prometheus: Prometheus, query: str) -> Measurement:
    sender = Sender()
    try:
        return await measure(an_ask(serverAddress=prometheus.url, query=query), sender)
    finally:
        await sender.close()
