"""The asks of a cohort become measurements, one each, and reports of their sources."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from autoscaler.model.objects import Ask, ObjectKey, Question
from autoscaler.model.observation import Missing, MissingReason, Origin, Sample
from autoscaler.model.turn import Cohort, Reply, Samples
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.credentials import Resolver
from autoscaler.scalers.http import Sender
from autoscaler.scalers.probes import Prober
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from autoscaler.scalers.prometheus.transport import PrometheusTransport
from autoscaler.scalers.sampler import CohortSampler, Local
from tests.scripted import Scripted, vector_answer
from tests.unit.scalers.builders import NOW, REF, a_cohort, a_resolver, an_ask, places

TOLD = datetime(2023, 11, 14, 22, 13, 20, 500000, tzinfo=UTC)
FIVE = Sample(value_milli=5000, active=True, at=TOLD)
EMPTY = {"body": '{"status":"success","data":{"resultType":"vector","result":[]}}'}
PARTIAL = {"body": vector_answer("5")["body"].replace('{"status"', '{"warnings":["one store is gone"],"status"')}


async def test_each_object_gets_its_sample_with_the_answers_own_time() -> None:
    """A sample carries the number and the timestamp that the server gave, not when it was asked."""
    async with Scripted([vector_answer("5")]) as server:
        samples = await _sample(a_cohort({"web": an_ask(serverAddress=server.url)}))
    assert samples.by_object == {_key("web"): (FIVE,)}


async def test_equal_questions_are_sent_once() -> None:
    """Two objects that ask the same share one request; both are heard."""
    async with Scripted([vector_answer("5")]) as server:
        ask = an_ask(serverAddress=server.url)
        samples = await _sample(a_cohort({"a": ask, "b": an_ask(serverAddress=server.url, threshold="20")}))
        assert len(server.requests) == 1
    (report,) = samples.reports
    assert samples.by_object == {_key("a"): (FIVE,), _key("b"): (FIVE,)}
    assert (report.requests, report.failures, [heard.reply for heard in report.heard]) == (1, 0, [Reply.DATA] * 2)


async def test_a_slow_source_does_not_spoil_another() -> None:
    """One source hangs until its deadline; the other's sample of the same cohort is there, and both are reported."""
    async with Scripted([{"mode": "hang"}]) as slow, Scripted([vector_answer("5")]) as quick:
        asks = {"a": an_ask(serverAddress=slow.url, timeout="100"), "b": an_ask(serverAddress=quick.url)}
        samples = await _sample(a_cohort(asks))
    (missing,) = samples.by_object[_key("a")]
    assert isinstance(missing, Missing)
    assert (missing.reason, samples.by_object[_key("b")]) == (MissingReason.TIMEOUT, (FIVE,))
    assert [(report.requests, report.failures, report.by_kind) for report in samples.reports] == [
        (1, 1, (("timeout", 1),)),
        (1, 0, ()),
    ]


async def test_what_is_heard_of_a_source_follows_from_its_answer() -> None:
    """The source guard hears data, nothing, a part, a refusal of the question, or a failure."""
    heard = {}
    for name, answer in {
        "data": vector_answer("5"),
        "two series": {"body": '{"data":{"result":[{},{}]}}'},
        "empty": EMPTY,
        "partial": PARTIAL,
        "bad query": {"status": 400, "body": '{"status":"error","error":"parse error"}'},
        "unauthorized": {"status": 401},
        "overloaded": {"status": 503},
        "html": {"body": "<html>"},
    }.items():
        async with Scripted([answer]) as server:
            samples = await _sample(a_cohort({"web": an_ask(serverAddress=server.url)}))
            (report,) = samples.reports
            heard[name] = (report.heard[0].reply, report.failures)
    assert heard == {
        "data": (Reply.DATA, 0),
        "two series": (Reply.DATA, 0),
        "empty": (Reply.EMPTY, 0),
        "partial": (Reply.PARTIAL, 0),
        "bad query": (Reply.REFUSED, 0),
        "unauthorized": (Reply.FAILED, 1),
        "overloaded": (Reply.FAILED, 1),
        "html": (Reply.FAILED, 1),
    }


async def test_no_data_is_a_marked_zero_or_missing() -> None:
    """D5: an empty answer is 0, marked as substituted; with ignoreNullValues false it is Missing."""
    async with Scripted([EMPTY]) as server:
        asks = {
            "a": an_ask(serverAddress=server.url),
            "b": an_ask(serverAddress=server.url, query="y", ignoreNullValues="false"),
        }
        samples = await _sample(a_cohort(asks))
    assert samples.by_object[_key("a")] == (Sample(value_milli=0, active=False, at=NOW, origin=Origin.NULL_AS_ZERO),)
    assert samples.by_object[_key("b")] == (
        Missing(reason=MissingReason.EMPTY, detail=f"{server.url}: the answer holds no data"),
    )


async def test_an_unresolved_credential_is_missing_and_sends_nothing() -> None:
    """D7: without its credential a question is not asked, the reason names the reference, the source is not blamed."""
    async with Scripted([vector_answer("5")]) as server:
        ask = an_ask(auth=REF, serverAddress=server.url)
        samples = await _sample(a_cohort({"web": ask}), Resolver(places()))
        assert server.connections == 0
    (report,) = samples.reports
    assert samples.by_object[_key("web")] == (
        Missing(
            reason=MissingReason.UNRESOLVED,
            detail=f"{server.url}: TriggerAuthentication shop/login does not exist",
        ),
    )
    assert (report.requests, report.failures, report.heard[0].reply) == (0, 0, Reply.REFUSED)


async def test_a_refused_credential_is_resolved_again_at_once() -> None:
    """On a 401 the credential is looked up anew, and a rotated one is used in the same tick."""

    class Rotating(Resolver):
        async def resolve(self, *args: object, anew: bool = False, **options: object):  # type: ignore[no-untyped-def, override]
            return await a_resolver({"bearerToken": "new" if anew else "old"}).resolve(REF, "shop")

    async with Scripted([{"status": 401}, vector_answer("5")]) as server:
        ask = an_ask({"bearerToken": "x"}, auth=REF, authModes="bearer", serverAddress=server.url)
        samples = await _sample(a_cohort({"web": ask}), Rotating(places()))
        assert [request.header("Authorization") for request in server.requests] == [["Bearer old"], ["Bearer new"]]
    assert samples.by_object[_key("web")] == (FIVE,)


async def test_a_refused_credential_that_is_still_the_same_is_not_sent_again() -> None:
    """A 401 with unchanged credentials is a failure after one request."""
    async with Scripted([{"status": 401}]) as server:
        ask = an_ask({"bearerToken": "x"}, auth=REF, authModes="bearer", serverAddress=server.url)
        await _sample(a_cohort({"web": ask}), a_resolver({"bearerToken": "x"}))
        assert len(server.requests) == 1


async def test_the_next_address_is_asked_where_one_does_not_answer() -> None:
    """A source with several addresses is asked at the first that answers."""
    async with Scripted([vector_answer("5")]) as server:
        ask = an_ask(serverAddress="http://127.0.0.1:1")
        source = _with_addresses(ask, ("http://127.0.0.1:1", server.url))
        samples = await _sample(a_cohort({"web": source}))
    assert samples.by_object[_key("web")] == (FIVE,)


async def test_a_trigger_without_a_transport_is_missing() -> None:
    """What this process cannot ask is Missing with a reason, and other triggers are asked."""
    sampler = CohortSampler({"prometheus": PrometheusScaler()}, {})
    samples = await sampler.sample(a_cohort({"web": an_ask()}))
    (missing,) = samples.by_object[_key("web")]
    assert isinstance(missing, Missing)
    assert missing.reason is MissingReason.REFUSED


async def test_triggers_that_need_no_network_are_read_at_once() -> None:
    """The local transport answers every question with nothing."""
    question = an_ask().question
    assert await Local().fetch((question,)) == {question: Response(status=200, content_type="", body=b"")}


async def test_a_hanging_probe_delays_no_sample() -> None:
    """Samples are there while the probe still waits; the probe's answer belongs to a later report."""
    started = asyncio.Event()

    class Hanging:
        async def fetch(self, questions: tuple[Question, ...]) -> Mapping[Question, Answer]:
            started.set()
            await asyncio.Event().wait()
            return {}

    async with Scripted([vector_answer("5")]) as server:
        sender = Sender()
        transport = PrometheusTransport(sender, a_resolver({}))
        sampler = CohortSampler({"prometheus": PrometheusScaler()}, {"prometheus": transport}, Prober(Hanging()))
        samples = await sampler.sample(a_cohort({"web": an_ask(serverAddress=server.url)}))
        await started.wait()
        await sampler.close()
        await sender.close()
    assert samples.by_object == {_key("web"): (FIVE,)}
    assert samples.reports[0].probe is None


async def _sample(cohort: Cohort, resolver: Resolver | None = None) -> Samples:
    sender = Sender()
    transport = PrometheusTransport(sender, resolver or a_resolver({}))
    sampler = CohortSampler({"prometheus": PrometheusScaler()}, {"prometheus": transport})
    try:
        return await sampler.sample(cohort)
    finally:
        await sampler.close()
        await sender.close()


def _key(name: str) -> ObjectKey:
    return ObjectKey(namespace="shop", name=name)


def _with_addresses(ask: Ask, addresses: tuple[str, ...]) -> Ask:
    source = replace(ask.question.source, addresses=addresses)
    return replace(ask, question=replace(ask.question, source=source))


async def test_a_report_says_what_was_wrong_with_the_last_failure() -> None:
    """Whoever asks why a source is blind reads the cause, without the address again and the server's own words."""
    told = []
    for answer in (
        {"status": 401},
        {"status": 503, "body": '{"status":"error","error":"hush hush"}'},
        {"body": "<html>"},
    ):
        async with Scripted([answer]) as server:
            samples = await _sample(a_cohort({"web": an_ask(serverAddress=server.url)}))
        told.append(samples.reports[0].failure)
    assert [text.partition(";")[0] for text in told[:2]] == [
        "the server answered status 401",
        "the server answered status 503",
    ]
    assert "JSON" in told[2]
