"""What ``check`` says of a query: what is wrong, what is doubtful, and nothing where all is well."""

import pytest

from autoscaler.model.faults import Severity
from autoscaler.model.objects import MetricTarget, TargetType
from autoscaler.scalers.prometheus.findings import judge_query

AVERAGE = MetricTarget(type=TargetType.AVERAGE_VALUE, amount=1000)
VALUE = MetricTarget(type=TargetType.VALUE, amount=1000)
BLOG = 'rate(seldon_api_executor_client_requests_seconds_count{seldon_app=~"sklearn"}[10s]'


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ('sum(rate(http_requests_total{namespace="shop",app="web"}[2m]))', AVERAGE),
        ('sum(vllm:num_requests_waiting{model_name="llama"})', AVERAGE),
        ("avg(vllm:gpu_cache_usage_perc)", VALUE),
        ("histogram_quantile(0.95, sum by (le) (rate(seconds_bucket[5m])))", VALUE),
        ("sum(rate(a_sum[1m])) / clamp_min(sum(rate(a_count[1m])), 1)", VALUE),
        ("sum(rate(a_sum[1m])) / (sum(rate(a_count[1m])) > 0)", VALUE),
        ("sum(queue_bytes) / 1024", AVERAGE),
        ("sum(used) / sum(capacity)", VALUE),
        ("max(kafka_consumergroup_lag)", AVERAGE),
        ('sum by (service) (rate(x{service="a"}[1m]))', AVERAGE),
        ("count(up == 1)", AVERAGE),
        ("sum(rate(x[1m])) > 5", AVERAGE),
        ("job:http_requests:rate5m", AVERAGE),
        ("topk(1, sum by (pod) (x))", AVERAGE),
        ("scalar(sum(x))", AVERAGE),
        ("hour() >= bool 8", AVERAGE),
        ("1", AVERAGE),
        ("sum(rate(x[30s]))", AVERAGE),
        ("sum(avg_over_time(x[10s]))", AVERAGE),
        ("max_over_time(sum(x)[1h:])", AVERAGE),
        ('sum(x) # a comment with ( and "', AVERAGE),
        ('sum(x{a="(", b=\'[\', c=`{"`})', AVERAGE),
        ("sum(\n  rate(x[1m])\n)", AVERAGE),
    ],
)
def test_a_sound_query_has_no_finding(query: str, target: MetricTarget) -> None:
    """A query that means what it says is left in peace."""
    assert judge_query(query, "query", target) == ()


@pytest.mark.parametrize(
    ("query", "target", "codes"),
    [
        (BLOG, AVERAGE, ["E300", "W304", "W302"]),
        ("sum(x", AVERAGE, ["E300"]),
        ("sum(x))", AVERAGE, ["E300"]),
        ("sum(x]", AVERAGE, ["E300"]),
        ('sum(x{a="b)', AVERAGE, ["E300"]),
        ("sum(x{a=`b)", AVERAGE, ["E300"]),
        ("sum(x) keep_metric_names", AVERAGE, ["W300"]),
        ("sum(rate(x[1m] smoothed))", AVERAGE, ["W300"]),
        ('"text"', AVERAGE, ["E301"]),
        ("x[5m]", AVERAGE, ["E301"]),
        ("sum(x)[1h:1m]", AVERAGE, ["E301"]),
        ("x", AVERAGE, ["W302"]),
        ("sum by (pod) (x)", AVERAGE, ["W302"]),
        ("sum without (pod) (x)", AVERAGE, ["W302"]),
        ("topk(3, x)", AVERAGE, ["W302"]),
        ("a / b", VALUE, ["W302"]),
        ("histogram_quantile(0.9, rate(x_bucket[5m]))", VALUE, ["W302"]),
        ("sum(x) or vector(0)", AVERAGE, ["W303"]),
        ("absent(up)", AVERAGE, ["W303"]),
        ("sum(rate(x[20s]))", AVERAGE, ["W304"]),
        ("sum(rate(a[1m])) / sum(rate(b[1m]))", VALUE, ["W305"]),
        ("avg(x)", AVERAGE, ["W308"]),
        ("sum(x)", VALUE, ["W308"]),
        ("histogram_quantile(0.9, sum by (le) (rate(x[5m])))", AVERAGE, ["W308"]),
    ],
)
def test_each_finding_has_its_code(query: str, target: MetricTarget, codes: list[str]) -> None:
    """What is certain to fail is an error, what is doubtful a warning."""
    found = judge_query(query, "query", target)
    assert [fault.code for fault in found] == codes
    assert [fault.severity is Severity.ERROR for fault in found] == [code.startswith("E") for code in codes]


def test_an_open_bracket_is_pointed_at() -> None:
    """E300 says where reading stopped and points at the bracket that was never closed, in its own line."""
    (fault,) = judge_query("sum(\n  rate(x[1m])", "query", AVERAGE)
    assert (fault.message, fault.excerpt, fault.caret) == (
        "2:14: unclosed left parenthesis (never closed)",
        "sum(",
        3,
    )
    blog = judge_query(BLOG, "query", AVERAGE)[0]
    assert (blog.message, blog.excerpt, blog.caret) == ("1:83: unclosed left parenthesis (never closed)", BLOG, 4)


def test_a_bracket_that_closes_nothing_is_pointed_at() -> None:
    """The character itself is meant."""
    (fault,) = judge_query("sum(x))", "query", AVERAGE)
    assert (fault.message, fault.caret) == ("1:7: unexpected right parenthesis (closes nothing)", 6)


@pytest.mark.parametrize(
    ("query", "message", "pointed_at"),
    [
        (
            "sum(rate(x[5 min]))",
            "1:11: [5 min] is no range: a duration is a number and its unit, [5m]",
            "[5 min]))",
        ),
        ("sum(rate(x[5min]))", "1:12: 5min is no duration: write it like 30s, 5m or 1h", "5min]))"),
        (
            "sum(rate(x[$__rate_interval]))",
            "1:12: $__rate_interval is a variable of Grafana, which no Prometheus knows: write a range such as [5m]",
            "$__rate_interval]))",
        ),
        ("sum(x{queue=orders})", '1:13: the value of a label stands in quotes: write "orders"', "orders})"),
        ("sum(x{shard=5})", '1:13: the value of a label stands in quotes: write "5"', "5})"),
        (
            "histogram_quantile(x)",
            "1:1: expected 2 argument(s) in call to 'histogram_quantile', got 1",
            "histogram_quantile(x)",
        ),
        ("topk(x)", "wrong number of arguments for aggregate expression provided, expected 2, got 1", None),
        ("# nothing", "no expression found in input", None),
    ],
)
def test_what_every_prometheus_refuses_is_an_error(query: str, message: str, pointed_at: str | None) -> None:
    """The parser's word stands where no server could know better, with its place and what to write instead."""
    (fault,) = judge_query(query, "query", AVERAGE)
    assert (fault.code, fault.severity, fault.message) == ("E300", Severity.ERROR, message)
    shown = None if fault.excerpt is None or fault.caret is None else fault.excerpt[fault.caret :]
    assert shown == pointed_at


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("summ(x)", '1:1: Prometheus has no function "summ" that we know (did you mean "sum"?)'),
        ("summ by (app) (x)", '1:1: Prometheus has no function "summ" that we know (did you mean "sum"?)'),
        ("1 + average(x)", '1:5: Prometheus has no function "average" that we know (did you mean "avg"?)'),
        ("sum(zstd(x))", '1:5: Prometheus has no function "zstd" that we know'),
        ("sum(rate(x))", "1:5: rate() of Prometheus takes a range: give one, such as rate(x[5m])"),
        ("sum(rate(x[5m])) / sum(rate(y))", "1:24: rate() of Prometheus takes a range: give one, such as rate(x[5m])"),
        ("sum(x[5m])", "expected type vector in aggregation expression, got matrix"),
        ("{}", "vector selector must contain at least one non-empty matcher"),
        ("rate(x[5m], 2)", "1:1: expected 1 argument(s) in call to 'rate', got 2"),
        ("sum(rate(x[5m+1m]))", "unexpected character inside brackets: '+'"),
        ("sum(x) keep_metric_names", "this is no PromQL that we know (invalid promql query)"),
        ("x unless by (a)", "this is no PromQL that we know (invalid promql query)"),
    ],
)
def test_what_another_server_may_know_is_a_warning(query: str, message: str) -> None:
    """Functions and modifiers that we do not know are sent, and types that VictoriaMetrics would convert."""
    (fault,) = judge_query(query, "query", AVERAGE)
    assert (fault.code, fault.severity) == ("W300", Severity.WARNING)
    assert fault.message == f"{message}; it is sent as it stands, and the server will tell"


@pytest.mark.parametrize("query", ['sum(x{a="rate(y)", b="$c"})', "sum(x) # rate(y) [5 min] $d", "sum(x{a=~`$`})"])
def test_what_stands_in_texts_and_comments_is_no_mistake(query: str) -> None:
    """A dollar is an anchor of a regular expression, and a comment may say anything."""
    assert judge_query(query, "query", AVERAGE) == ()


def test_the_scrape_interval_that_a_short_range_needs_is_named() -> None:
    """W304 says how often one would have to scrape."""
    (fault,) = judge_query("sum(rate(x[10s]))", "query", AVERAGE)
    assert fault.message == "[10s] holds two samples only if the scrape interval is 5 s or less"


def test_a_value_that_goes_into_a_formula_is_not_judged_by_its_target() -> None:
    """With scalingModifiers no trigger's value is divided among replicas, so W308 is silent."""
    assert judge_query("avg(x)", "query", None) == ()


@pytest.mark.parametrize(
    "query",
    [
        "(" * 30000 + "x" + ")" * 30000,
        "1+" * 32000 + "1",
        "-" * 64000 + "x",
        "x or " * 12000 + "x",
        "abs(" * 10000 + "x" + ")" * 10000,
        "-(" * 3000 + "1" + ")" * 3000,
        "sum(" * 20000,
    ],
    ids=["brackets", "sums", "signs", "sets", "calls", "signs and brackets", "open"],
)
def test_a_query_nested_without_measure_is_not_parsed(query: str) -> None:
    """What would overflow the parser's stack is recognised before it: the process lives, and the query is sent."""
    assert [fault.code for fault in judge_query(query, "query", AVERAGE)] in (["W300"], ["E300"])


@pytest.mark.parametrize("query", ["abs(" * 99 + "x" + ")" * 99, "1+" * 149 + "x", "abs(-" * 99 + "x" + ")" * 99])
def test_what_is_nested_within_measure_is_judged(query: str) -> None:
    """A hundred brackets or 150 operators are within what can be walked."""
    assert [fault.code for fault in judge_query(query, "query", AVERAGE)] == ["W302"]
