"""Probes of the source guard: one a beat, history where the guard wants it, and what their answers tell."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from autoscaler.model.objects import Ask
from autoscaler.model.observation import Missing, MissingReason, Slot
from autoscaler.model.turn import Kept, Probe
from autoscaler.scalers.contract import Response
from autoscaler.scalers.http import Sender
from autoscaler.scalers.probes import Prober, ProbeSettings, probe_query, read_probe
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from autoscaler.scalers.prometheus.transport import PrometheusTransport
from autoscaler.scalers.sampler import CohortSampler
from tests.scripted import Scripted
from tests.unit.scalers.builders import NOW, REF, a_cohort, a_resolver, an_ask

EMPTY = {"body": '{"status":"success","data":{"resultType":"vector","result":[]}}'}
PROBE = {
    "body": '{"status":"success","data":{"resultType":"vector","result":['
    '{"metric":{"autoscaler_probe":"sum"},"value":[1,"7"]},{"metric":{"autoscaler_probe":"count"},"value":[1,"9"]}]}}'
}
HISTORY = {
    "body": str(PROBE["body"]).replace(
        '"result":[', '"result":[{"metric":{"autoscaler_probe":"kept"},"value":[1,"8"]},', 1
    )
}


async def test_one_probe_a_beat_per_source_travels_beside_the_questions() -> None:
    """A source that awake objects use is probed once per beat, with its own credentials, in one request."""
    async with Scripted([PROBE]) as server:
        sender = Sender()
        transport = PrometheusTransport(sender, a_resolver({"bearerToken": "x"}))
        prober = Prober(transport, ProbeSettings(beat=timedelta(seconds=15)))
        ask = an_ask({"bearerToken": "x"}, auth=REF, authModes="bearer", serverAddress=server.url)
        for seconds in (0, 5, 10, 15):
            prober.start(a_cohort({"a": ask, "b": ask}, at=NOW + timedelta(seconds=seconds)))
            found = await _collected(prober, ask)
            assert (found is not None) == (seconds in (0, 15))
        await prober.close()
        await sender.close()
    assert [dict(request.pairs)["query"] for request in server.requests] == [probe_query("up")] * 2
    assert server.requests[0].header("Authorization") == ["Bearer x"]


async def test_sleeping_objects_probe_nothing() -> None:
    """A turn that only polls belongs to an object at rest: its source is not probed."""
    async with Scripted([PROBE]) as server:
        sender = Sender()
        prober = Prober(PrometheusTransport(sender, a_resolver({})))
        prober.start(a_cohort({"a": an_ask(serverAddress=server.url)}, slot=Slot.POLL))
        await prober.close()
        await sender.close()
        assert server.connections == 0


def test_what_a_probe_told() -> None:
    """An empty answer is a probe without numbers; a failure is none; a query the server refuses tells nothing."""
    body = str(PROBE["body"]).encode()
    assert read_probe(Response(status=200, content_type="", body=body)).probe == Probe(up=7.0, count=9.0)
    assert read_probe(Response(status=200, content_type="", body=EMPTY["body"].encode())).probe == Probe(
        up=None, count=None
    )
    failed = read_probe(Missing(reason=MissingReason.TIMEOUT, detail=""))
    assert (failed.probe, failed.failure) == (None, MissingReason.TIMEOUT)
    refused = read_probe(Response(status=422, content_type="", body=b""))
    assert (refused.probe, refused.failure) == (None, None)


async def test_history_is_asked_for_once_with_the_next_probe() -> None:
    """Where the guard wants it, one probe asks for the count of then too, at once and with the same credentials."""
    async with Scripted([PROBE, HISTORY]) as server:
        sender = Sender()
        prober = Prober(PrometheusTransport(sender, a_resolver({"bearerToken": "x"})))
        ask = an_ask({"bearerToken": "x"}, auth=REF, authModes="bearer", serverAddress=server.url)
        cohort = a_cohort({"a": ask})
        wanting = replace(
            cohort, at=NOW + timedelta(seconds=1), recalls={ask.question.source: NOW - timedelta(seconds=139.5)}
        )
        prober.start(cohort)
        prober.start(wanting)
        await _collected(prober, ask)
        prober.start(wanting)
        prober.start(wanting)
        await asyncio.wait([task for task in asyncio.all_tasks() if task.get_name() == "probe"])
        probed = prober.collect([ask.question.source])[ask.question.source]
        prober.start(replace(cohort, at=wanting.at))
        await prober.close()
        await sender.close()
    asked = [dict(request.pairs)["query"] for request in server.requests]
    assert asked == [probe_query("up"), probe_query("up", timedelta(seconds=140.5))]
    assert "count(up offset 141s)" in asked[1]
    assert server.requests[1].header("Authorization") == ["Bearer x"]
    assert (probed.probe, probed.kept) == (Probe(up=7.0, count=9.0), Kept(asked_at=wanting.at, count=8.0))


def test_what_does_not_answer_shows_no_history() -> None:
    """An empty answer, a failure or a refused query is an answer without history; an ordinary probe is none."""
    empty = Response(status=200, content_type="", body=EMPTY["body"].encode())
    refused = Response(status=422, content_type="", body=b"")
    nothing = Kept(asked_at=NOW, count=None)
    for answer in (empty, refused, Missing(reason=MissingReason.TIMEOUT, detail="")):
        assert read_probe(answer, asked_at=NOW).kept == nothing
        assert read_probe(answer).kept is None


async def test_a_report_tells_what_the_source_kept() -> None:
    """The answer about history reaches the guard in the source's report."""
    answers = []
    async with Scripted([HISTORY]) as server:
        sender = Sender()
        transport = PrometheusTransport(sender, a_resolver({}))
        sampler = CohortSampler({"prometheus": PrometheusScaler()}, {"prometheus": transport}, Prober(transport))
        ask = an_ask(serverAddress=server.url, query="ambiguous")
        cohort = replace(a_cohort({"web": ask}), recalls={ask.question.source: NOW - timedelta(minutes=3)})
        while not answers:
            (report,) = (await sampler.sample(cohort)).reports
            answers += [report.kept] if report.kept else []
        await sampler.close()
        await sender.close()
    assert answers == [Kept(asked_at=NOW, count=8.0)]


async def _collected(prober: Prober, ask: Ask) -> Probe | None:
    """Let the probes under way end, then collect."""
    if under_way := [task for task in asyncio.all_tasks() if task.get_name() == "probe"]:
        await asyncio.wait(under_way)
    found = prober.collect([ask.question.source])
    return found[ask.question.source].probe if found else None
