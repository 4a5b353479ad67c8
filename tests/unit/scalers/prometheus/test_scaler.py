"""Metadata of the prometheus trigger becomes a question, and an answer a sample."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Author, MetricTarget, Source, TargetType
from autoscaler.model.observation import Missing, MissingReason, Origin, Sample
from autoscaler.model.spec import Parsed
from autoscaler.scalers.contract import Response
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from tests.unit.scalers.builders import NOW, REF, SHARED, a_spec, an_ask, parse


def test_a_full_trigger_is_one_question() -> None:
    """Every key has its place in the ask: where it goes, with what, and how its answer is read."""
    ask = an_ask(
        {"bearerToken": "x"},
        serverAddress="http://prom:9090/base",
        query="sum(rate(x[2m]))",
        threshold="2.5",
        activationThreshold="0.5",
        namespace="ns",
        queryParameters="b=2,a=1",
        customHeaders="X-Scope-OrgID=7",
        ignoreNullValues="false",
        unsafeSsl="true",
        timeout="5s",
        authModes="bearer",
    )
    assert ask.question.source == Source(
        transport="prometheus",
        addresses=("http://prom:9090/base",),
        credential=REF,
        headers=(("X-Scope-OrgID", "7"),),
        parameters=(("namespace", "ns"), ("a", "1"), ("b", "2")),
        options=(("authModes", "bearer"), ("unsafeSsl", "true")),
        deadline=timedelta(seconds=5),
    )
    assert (ask.question.text, ask.metric) == ("sum(rate(x[2m]))", "s0-prometheus")
    assert ask.target == MetricTarget(type=TargetType.AVERAGE_VALUE, amount=2500)
    assert (ask.activation, ask.null_as_zero, ask.looks_back) == (0.5, False, timedelta(minutes=2))


def test_whose_credentials_are_used_is_part_of_the_source() -> None:
    """S3: a tenant's source says so, and a shared credential's source names the namespace that uses it."""
    assert an_ask(author=Author.TENANT).question.source.options == (("author", "tenant"),)
    assert an_ask(auth=SHARED).question.source.options == (("namespace", "shop"),)


def test_a_password_in_the_address_is_sent_as_a_header() -> None:
    """``user:password@`` works as in KEDA and stays out of the address; a header of the author's own wins."""
    source = an_ask(serverAddress="http://u:p@prom:9090").question.source
    assert (str(source), source.headers) == ("http://prom:9090", (("Authorization", "Basic dTpw"),))
    own = an_ask(serverAddress="http://u:p@prom:9090", customHeaders="authorization=mine").question.source
    assert own.headers == (("authorization", "mine"),)


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"threshold": None}, ["metadata"]),
        ({"threshold": "many"}, ["metadata.threshold"]),
        ({"serverAddress": "prom:9090"}, ["metadata.serverAddress"]),
        ({"query": "sum(x"}, ["metadata.query"]),
        ({"awsRegion": "eu-west-1"}, ["metadata.awsRegion"]),
        ({"cloud": "Private"}, ["metadata.cloud"]),
        ({"credentialsFromEnv": "X"}, ["metadata.credentialsFromEnv"]),
        ({"authModes": "oauth"}, ["metadata.authModes"]),
        ({"authModes": "bearer"}, ["metadata.authModes"]),
        ({"authModes": "bearer,basic"}, ["metadata.authModes"]),
        ({"customHeaders": "Host=evil"}, ["metadata.customHeaders"]),
        ({"query": "x" * 70000}, ["metadata.query"]),
    ],
)
def test_a_fault_names_its_field(changes: dict[str, str | None], paths: list[str]) -> None:
    """Every mistake is found at load and named by its path; what is not supported says so."""
    parsed = parse(**changes)
    assert isinstance(parsed, Faults)
    errors = [fault for fault in parsed.faults if fault.code.startswith("E")]
    assert [fault.path.removeprefix("spec.triggers[0].") for fault in errors] == paths


def test_every_fault_is_found_at_once() -> None:
    """A trigger with four mistakes has four faults."""
    parsed = parse(threshold="x", timeout="y", ignoreNullValues="z", query="sum(x")
    assert isinstance(parsed, Faults)
    assert len(parsed.faults) == 4


def test_a_cloud_identity_is_refused_by_name() -> None:
    """D8: an identity that would be ignored in silence is a fault."""
    parsed = PrometheusScaler().parse(replace(a_spec(), pod_identity="azure-workload"), {})
    assert isinstance(parsed, Faults)
    assert "azure-workload" in parsed.faults[0].message


def test_without_resolved_credentials_parsing_goes_on() -> None:
    """D7: what cannot be resolved now is no fault of the trigger; asking it will say what is missing."""
    parsed = PrometheusScaler().parse(a_spec(auth=REF, authModes="bearer"), None)
    assert isinstance(parsed, Parsed)


@pytest.mark.parametrize(
    ("text", "milli", "active"),
    [
        ("5", 5000, True),
        ("0", 0, False),
        ("0.0004", 0, True),
        ("1.0005", 1000, True),
        ("1.0015", 1002, True),
        ("-3", -3000, False),
        ("1e3", 1000000, True),
        ("0x1p4", 16000, True),
        ("1_000", 1000000, True),
        ("1e15", 10**18, True),
    ],
)
def test_numbers_are_rounded_to_thousandths_once(text: str, milli: int, active: bool) -> None:
    """The value is rounded as KEDA prints it; activity is judged on the number as it came."""
    assert _read(f'{{"data":{{"result":[{{"value":[1767225600,"{text}"]}}]}}}}') == Sample(
        value_milli=milli, active=active, at=NOW
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"status":"error","error":"no"}', MissingReason.MALFORMED),
        ('{"status":"success"}', MissingReason.MALFORMED),
        ('{"data":{"resultType":"matrix","result":[]}}', MissingReason.MALFORMED),
        ('{"data":{"resultType":"string","result":[1,"a"]}}', MissingReason.MALFORMED),
        ('{"data":{"result":[{"value":[1,null]}]}}', MissingReason.NOT_A_NUMBER),
        ('{"data":{"result":[{"value":[1,"+Inf"]}]}}', MissingReason.NOT_A_NUMBER),
        ('{"data":{"result":[{"value":[1,"1e400"]}]}}', MissingReason.NOT_A_NUMBER),
        ('{"data":{"result":[{"value":[1,5]}]}}', MissingReason.MALFORMED),
        ('{"data":{"result":[{},{}]}}', MissingReason.AMBIGUOUS),
        ("<html>", MissingReason.MALFORMED),
        ("", MissingReason.MALFORMED),
    ],
)
def test_what_is_no_reading_is_missing_whatever_nulls_mean(body: str, reason: MissingReason) -> None:
    """D1, D3, D4, D31: an error, a matrix, a null or an infinity is never a zero."""
    found = _read(body)
    assert isinstance(found, Missing)
    assert found.reason is reason


def test_a_scalar_is_a_sample() -> None:
    """D2: ``scalar(...)`` gives its value."""
    found = _read('{"status":"success","data":{"resultType":"scalar","result":[1767225600,"7"]}}')
    assert found == Sample(value_milli=7000, active=True, at=NOW)


def test_nan_is_a_marked_zero_unless_nulls_are_errors() -> None:
    """D5: NaN is 0 marked as substituted, or Missing."""
    body = '{"data":{"result":[{"value":[1767225600,"NaN"]}]}}'
    assert _read(body) == Sample(value_milli=0, active=False, at=NOW, origin=Origin.NULL_AS_ZERO)
    strict = _read(body, ignoreNullValues="false")
    assert isinstance(strict, Missing)
    assert strict.reason is MissingReason.NOT_A_NUMBER


def test_a_negative_activation_makes_a_substituted_zero_active() -> None:
    """The substituted zero is compared like any zero."""
    found = _read('{"data":{"result":[]}}', activationThreshold="-1")
    assert isinstance(found, Sample)
    assert found.active


def test_the_servers_words_are_told() -> None:
    """A refused query comes with the server's own message, cleaned."""
    found = _read('{"status":"error","errorType":"bad_data","error":"parse \\u001b error"}', status=400)
    assert found == Missing(
        reason=MissingReason.HTTP_STATUS, detail='the server answered status 400: "parse \\x1b error"'
    )


def test_the_answers_own_time_counts() -> None:
    """D38: a sample is dated by the answer; an answer without a usable time by when it was asked."""
    dated = _read('{"data":{"result":[{"value":[1700000000.25,"5"]}]}}')
    undated = _read('{"data":{"result":[{"value":["x","5"]}]}}')
    assert isinstance(dated, Sample)
    assert isinstance(undated, Sample)
    assert (dated.at, undated.at) == (datetime(2023, 11, 14, 22, 13, 20, 250000, tzinfo=UTC), NOW)


def _read(body: str, *, status: int = 200, **changes: str) -> object:
    response = Response(status=status, content_type="application/json", body=body.encode())
    return PrometheusScaler().read(an_ask(**changes), response, NOW)


@pytest.mark.parametrize(
    "body",
    [
        '{"error":5,"errorType":[],"warnings":"x","data":{"result":[{"value":[1767225600,"5"]}]}}',
        '{"data":{"resultType":"scalar","result":[{"metric":{},"value":[1767225600,"5"]}]}}',
        '{"data":{"resultType":"scalar","result":[1767225600,"5"]}}',
    ],
)
def test_what_decides_nothing_is_not_looked_at(body: str) -> None:
    """Words of the server may be of any type, and a vector is one whatever it is called (ExecutePromQuery)."""
    assert _read(body) == Sample(value_milli=5000, active=True, at=NOW)


def test_a_number_beyond_any_double_breaks_a_sample_wherever_it_stands() -> None:
    """Go decodes every element of a value, what is nested in them too (encoding/json)."""
    measured = _read('{"data":{"result":[{"value":[1767225600,"5",[{"a":1e999}]]}]}}')
    assert isinstance(measured, Missing)
    assert measured.reason is MissingReason.MALFORMED
