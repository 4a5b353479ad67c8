"""The metrics-api trigger: where a number lies, and what is made of it."""

from datetime import UTC, datetime, timedelta

import pytest

from autoscaler.model.faults import Faults
from autoscaler.model.observation import Missing, MissingReason, Origin, Sample
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.scalers.contract import Response
from autoscaler.scalers.endpoints import EndpointSlice, endpoint_urls, parse_service_url
from autoscaler.scalers.metrics_api import MetricsApiScaler, pack

AT = datetime(2026, 1, 1, tzinfo=UTC)
BASE = {"url": "http://shop.example:8080/stats?all=1#x", "valueLocation": "a", "targetValue": "10"}
SCALER = MetricsApiScaler()


def parse(*, composed: bool = False, auth: dict[str, str] | None = None, **changes: str) -> Parsed | Faults:
    spec = TriggerSpec(
        index=1,
        type="metrics-api",
        metadata={**BASE, **changes},
        namespace="ns",
        object_name="so",
        env={},
        as_metric_source=composed,
        path="spec.triggers[1]",
    )
    return SCALER.parse(spec, {key: Secret(text) for key, text in (auth or {}).items()})


def read(body: str, location: str = "a", *, status: int = 200, **changes: str):
    built = parse(valueLocation=location, **changes)
    assert isinstance(built, Parsed), built
    return SCALER.read(built.ask, Response(status=status, content_type="", body=body.encode()), AT)


def codes(parsed: Parsed | Faults) -> list[tuple[str, str]]:
    assert isinstance(parsed, Faults), parsed
    return [(fault.code, fault.path.rpartition(".")[2]) for fault in parsed.faults]


@pytest.mark.parametrize(
    ("body", "location", "milli"),
    [
        ('{"a": 5}', "a", 5000),
        ('{"a": "1.5k"}', "a", 1_500_000),
        ('{"a": {"b": [1, 2.5]}}', "a.b.1", 2500),
        ('{"l": [{"n": "x", "v": 1}, {"n": "y", "v": 7}]}', 'l.#(n=="y").v', 7000),
        ('{"a": [1, 2, 3]}', "a.#", 3000),
        ('{"a": 1, "a": 2}', "a", 1000),
        ('{"a": 5,}', "a", 5000),
        ('\ufeff{"a": 5}', "a", 5000),
        ('{"b": {"a": 1}, "a": +5}', "a", 5000),
        ('{"x": "}", "a": {"b": 05}}', "a.b", 5000),
        ('{"n": 1}\n{"n": 2}', "..#", 2000),
    ],
)
def test_json_is_searched_by_gjson_paths(body, location, milli):
    """Numbers and quantities are found by path, in a broken body too as far as it goes; first keys win."""
    assert read(body, location).value_milli == milli


@pytest.mark.parametrize(
    ("body", "location"),
    [
        ('{"a": null}', "a"),
        ('{"a": true}', "a"),
        ('{"a": {}}', "a"),
        ('{"a": "5 "}', "a"),
        ("{}", "a"),
        ("", "a"),
        ("{a: 5}", "a"),
        ('{"a": }', "a"),
        ("[1]", "a"),
        ('{"a": 1}', ".a"),
        ('{"a": 1}', "a|b"),
        ("{" * 3000, "a.b"),
    ],
)
def test_what_is_no_number_is_missing(body, location):
    """Anything but a number or a quantity is Missing, never a zero."""
    got = read(body, location)
    assert isinstance(got, Missing)
    assert got.reason is MissingReason.MALFORMED


@pytest.mark.parametrize(
    ("body", "location", "milli"),
    [
        ("a: 5", "a", 5000),
        ("a:\n  b: [1, 2k]", "a.b.1", 2_000_000),
        ("a: 0x1F", "a", 31000),
        ("a: 017", "a", 15000),
        ("a: 1e3", "a", 1000000),
        ("7: {v: 1}", "7.v", 1000),
        ("a: 1", "a.b", 1000),
        ("<<: {a: 5}", "a", 5000),
        ("x: &x {b: 2}\na: *x", "a.b", 2000),
        ("a: 1\n---\na: 2", "a", 1000),
        ("a: '7'", "a", 7000),
    ],
)
def test_yaml_is_read_as_go_reads_it(body, location, milli):
    """Dotted paths, the numbers of go-yaml, the first document, aliases and merge keys."""
    assert read(body, location, format="yaml").value_milli == milli


@pytest.mark.parametrize(
    "body",
    [
        "a: [5",
        "- 5",
        "5",
        "",
        "a: 1\na: 2",
        "a: true",
        "a: ~",
        "a: 2025-01-01",
        "a: 18446744073709551615",
        "[" * 90000,
        "a: &a [*a]",
        "b: 1",
        "a: |\n  5\n",
    ],
)
def test_yaml_without_a_number_is_missing(body):
    """What go-yaml would not read as a number is Missing; depth is bounded and aliases are never expanded."""
    assert isinstance(read(body, format="yaml"), Missing)


METRICS = """# TYPE queue counter
queue{name="zero"} 0
queue{name="one", instance="x"} 1
# TYPE h histogram
h_bucket{le="+Inf"} 4
h_sum 5
temp 36.6 1700000000000
"""


@pytest.mark.parametrize(
    ("location", "milli"),
    [
        ("queue", 0),
        ('queue{name="one"}', 1000),
        ('{"queue", instance="x"}', 1000),
        ('queue{name=~"one"}', 1000),
        ("temp", 36600),
        ("temp{}", 36600),
        ('{__name__="temp"}', 36600),
        ("queue{name='one',}", 1000),
    ],
)
def test_metrics_are_found_by_selector(location, milli):
    """The first sample of the family with the labels counts; every operator of a matcher means equality."""
    assert read(METRICS, location, format="prometheus").value_milli == milli


@pytest.mark.parametrize("location", ["h_sum", "h", "nosuch", 'queue{name="x"}', "sum(queue)", "queue{", "1"])
def test_metrics_that_are_not_found_are_missing(location):
    """Histograms are not looked into, and what is no selector finds nothing."""
    assert isinstance(read(METRICS, location, format="prometheus"), Missing)


@pytest.mark.parametrize(
    "body", ["temp 0x10", "temp", "<html>", "temp 5 x", "# TYPE temp nonsense\ntemp 1", "t{a=b} 1"]
)
def test_text_that_is_no_metrics_is_missing(body):
    """One broken line breaks the answer."""
    assert isinstance(read(body, "temp", format="prometheus"), Missing)


def test_infinity_is_missing_and_nan_is_a_substituted_zero():
    """An infinite value is Missing (D31); NaN is 0, marked and never active."""
    assert read("temp +Inf", "temp", format="prometheus").reason is MissingReason.NOT_A_NUMBER
    wanted = Sample(value_milli=0, active=False, at=AT, origin=Origin.NULL_AS_ZERO)
    assert read("temp NaN", "temp", format="prometheus", activationTargetValue="-1") == wanted


@pytest.mark.parametrize("status", [201, 204, 301, 404, 500])
def test_only_200_is_an_answer(status):
    """Any other status is Missing, and says which."""
    got = read('{"a": 5}', status=status)
    assert (got.reason, str(status) in got.detail) == (MissingReason.HTTP_STATUS, True)


@pytest.mark.parametrize(("threshold", "active"), [("4.999", True), ("5", False)])
def test_activity_is_strict(threshold, active):
    """Active is above activationTargetValue."""
    assert read('{"a": 5}', activationTargetValue=threshold).active is active


def test_the_question_is_the_url():
    """Path and query are kept, the fragment goes, and the deadline is the trigger's timeout."""
    built = parse(timeout="150", valueLocation="a.b(c)")
    assert isinstance(built, Parsed)
    question = built.ask.question
    assert question.text == "http://shop.example:8080/stats?all=1"
    assert question.source.addresses == ("http://shop.example:8080",)
    assert question.source.deadline == timedelta(milliseconds=150)
    assert built.ask.metric == "s1-metric-api-a-b-c-"


def test_a_url_is_sent_as_it_is_written():
    """Escapes, dots and brackets stay; a user and password become a header (net/url RequestURI)."""
    built = parse(url="http://u:p@shop.example/../%41/[x]?q=%zz&r=a b")
    assert isinstance(built, Parsed)
    assert built.ask.question.text == "http://shop.example/../%41/[x]?q=%zz&r=a%20b"
    assert built.ask.question.source.headers == (("Authorization", "Basic dTpw"),)


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"targetValue": "0"}, ("E104", "targetValue")),
        ({"format": "JSON"}, ("E104", "format")),
        ({"url": "file:///etc/passwd"}, ("E104", "url")),
        ({"valueLocation": " "}, ("E102", "metadata")),
        ({"valueLocation": "a." * 300}, ("E104", "valueLocation")),
        ({"aggregateFromKubeServiceEndpoints": "true", "url": "http://svc:80/m"}, ("E104", "url")),
        ({"authMode": "bearer"}, ("E106", "authModes")),
    ],
)
def test_faults_name_their_key(changes, fault):
    """What cannot be asked or read is refused at load, at its key."""
    assert codes(parse(**changes)) == [fault]


SLICE = EndpointSlice(namespace="ns", service="svc", ports=(8080,), addresses=("10.0.0.1", "10.0.0.2"))


@pytest.mark.parametrize(
    ("url", "urls"),
    [
        ("http://svc.ns.svc:8080/m?x=1", ("http://10.0.0.1:8080/m", "http://10.0.0.2:8080/m")),
        ("http://svc.ns:9090/m", ("http://10.0.0.1/m", "http://10.0.0.2/m")),
        ("http://svc.ns:8080", ()),
        ("http://other.ns:8080/m", ()),
    ],
)
def test_endpoints_of_a_service(url, urls):
    """Each ready address is asked once, path kept and query dropped; a URL without a path has none."""
    service = parse_service_url(url)
    assert service is not None
    assert endpoint_urls(service, (SLICE, SLICE)) == urls


@pytest.mark.parametrize(("how", "milli"), [("average", 1500), ("sum", 3000), ("max", 2000), ("min", 1000)])
def test_endpoints_are_aggregated(how, milli):
    """Endpoints that fail are left out while another answers."""
    changes = {"url": "http://svc.ns:8080/m", "aggregateFromKubeServiceEndpoints": "true", "aggregationType": how}
    built = parse(**changes)
    assert isinstance(built, Parsed)
    answers = [Response(status=200, content_type="", body=f'{{"a": {number}}}'.encode()) for number in (1, 2)]
    lost = Missing(reason=MissingReason.TIMEOUT, detail="late")
    failed = Response(status=500, content_type="", body=b"")
    assert SCALER.read(built.ask, pack([*answers, failed, lost]), AT).value_milli == milli
    assert SCALER.read(built.ask, pack([failed, lost]), AT).reason is MissingReason.EMPTY


@pytest.mark.parametrize("form", ["json", "yaml", "prometheus"])
def test_a_location_has_a_longest_length(form: str):
    """It is followed at every poll, so an author's text is bounded whatever the format."""
    assert isinstance(parse(format=form, valueLocation="a" * 512), Parsed)
    assert codes(parse(format=form, valueLocation="a" * 513)) == [("E104", "valueLocation")]
