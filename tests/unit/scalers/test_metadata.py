"""How typed metadata is read."""

from datetime import timedelta

import pytest

from autoscaler.model.objects import MetricTarget, TargetType
from autoscaler.model.spec import TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.scalers.literals import parse_duration, parse_flag, parse_integer, parse_nanoseconds, parse_number
from autoscaler.scalers.metadata import Place, Reader


def a_reader(metadata, *, auth=None, env=None, metric_type=None, resolved=True):
    spec = TriggerSpec(
        index=0,
        type="probe",
        metadata=metadata,
        metric_type=metric_type,
        namespace="ns",
        object_name="so",
        env=env or {},
        path="spec.triggers[0]",
    )
    return Reader(spec, {k: Secret(v) for k, v in (auth or {}).items()} if resolved else None)


def codes(reader):
    return [(fault.code, fault.path.rpartition(".")[2]) for fault in reader.faults]


@pytest.mark.parametrize(
    ("text", "number"),
    [("10", 10.0), ("1e3", 1000.0), ("-0.5", -0.5), ("1E-2", 0.01), ("1e-400", 0.0)]
    + [(bad, None) for bad in (".5", "+1", "05", "0x10", "NaN", "1_000", "1.", "1e400", "null", '"5"', "5 6", "")],
)
def test_numbers_are_json_numbers(text, number):
    """A number is written as JSON writes it, and must fit a double."""
    assert parse_number(text) == number


@pytest.mark.parametrize(
    ("text", "bits", "number"),
    [
        ("5", 64, 5),
        ("-5", 64, -5),
        ("2147483647", 32, 2147483647),
        ("2147483648", 32, None),
        ("1.0", 64, None),
        ("1e3", 64, None),
        ("+5", 64, None),
        ("05", 64, None),
        ("9" * 5000, 64, None),
    ],
)
def test_integers_are_json_integers_of_a_width(text, bits, number):
    """A whole number has no fraction, no exponent and no leading zero, and fits its width."""
    assert parse_integer(text, bits) == number


@pytest.mark.parametrize("text", ["1", "t", "T", "TRUE", "true", "True"])
def test_true_has_six_spellings(text):
    """Go's six words for true are read as true."""
    assert parse_flag(text) is True


@pytest.mark.parametrize("text", ["yes", "on", "01", "tRUE", "y", ""])
def test_other_words_are_no_boolean(text):
    """What is neither of Go's words is refused, never guessed."""
    assert parse_flag(text) is None


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [("5s", 5 * 10**9), (".5s", 5 * 10**8), ("1h30m5s250ms", 5405250000000), ("500", 5 * 10**8), ("+5", 5 * 10**6)]
    + [("1ns", 1), ("1µs", 1000), ("1μs", 1000), ("0", 0), ("-0s", 0), ("0.999999ms", 999999)]
    + [("9223372036854775807", 2**63 - 1), ("0.99999999999999999999us", 1000), ("0.99999999999999999999h", 36 * 10**11)]
    + [(bad, None) for bad in ("1d", "5 s", "5S", "-1", "-1s", "1.5", "3e3", "1h 30m", "5sec", ".s", "9999999h")],
)
def test_durations_are_go_durations_or_milliseconds(text, nanoseconds):
    """A duration is Go's text or whole milliseconds, never negative, and saturates."""
    assert parse_nanoseconds(text) == nanoseconds


def test_the_shortest_duration_is_not_nothing():
    """A nanosecond becomes a microsecond, not zero, since zero means the default."""
    assert parse_duration("1ns") == timedelta(microseconds=1)


def test_every_fault_is_reported_at_once():
    """All faults of a trigger come together, in the order read, each with its path and class."""
    reader = a_reader({"threshold": "x", "safe": "maybe", "mode": "C", "headers": "a"})
    reader.required_number("threshold")
    reader.flag("safe", default=False)
    reader.choice("mode", ("a", "b"), default="a")
    reader.pairs("headers")
    reader.required_text("query")
    assert codes(reader) == [
        ("E101", "threshold"),
        ("E101", "safe"),
        ("E104", "mode"),
        ("E101", "headers"),
        ("E102", "metadata"),
    ]


def test_blank_is_absent_everywhere():
    """A blank text in one source gives way to the next source."""
    reader = a_reader({"user": "  "}, auth={"user": " ann \n"})
    assert reader.required_text("user", sources=(Place.METADATA, Place.AUTH)) == "ann"


def test_environment_is_named_by_a_key_of_its_own():
    """`userFromEnv` names a variable of the target's container."""
    reader = a_reader({"userFromEnv": "USER"}, env={"USER": "bob"})
    assert reader.text("user", sources=(Place.ENV,)) == "bob"


def test_unresolved_authentication_is_not_a_missing_parameter():
    """What only the unresolved authentication could hold is no fault of the manifest."""
    reader = a_reader({}, resolved=False)
    assert reader.required_text("user", sources=(Place.AUTH,)) == ""
    assert reader.refused() is None


def test_a_secret_is_never_shown_in_a_fault():
    """A faulty value that came from an authentication is hidden in the message."""
    reader = a_reader({}, auth={"mode": "hunter2"})
    reader.choices("mode", members=("basic",), sources=(Place.AUTH,))
    assert "hunter2" not in reader.faults[0].message


@pytest.mark.parametrize(
    ("given", "hint"),
    [("Bearer", '; did you mean "bearer"?'), ("basic,bearr", '; did you mean "bearer"?'), ("oauth", "")],
)
def test_a_word_that_is_nearly_a_choice_is_guessed(given: str, hint: str):
    """The message tells what was found and what was probably meant."""
    reader = a_reader({"authModes": given})
    reader.choices("authModes", members=("basic", "bearer"))
    assert reader.faults[0].message == f'authModes must be of basic, bearer, found "{given}"{hint}'


def test_a_hidden_word_is_not_guessed_at():
    """A suggestion would tell what a secret is near to."""
    reader = a_reader({}, auth={"mode": "basik"})
    reader.choices("mode", members=("basic",), sources=(Place.AUTH,))
    assert reader.faults[0].message == "mode must be of basic, found a hidden value"


def test_exclusive_members_count_repeats():
    """At most one of an exclusive set may be named, repeats included."""
    reader = a_reader({"authModes": "basic, basic"})
    assert reader.choices("authModes", members=("basic", "tls"), exclusive=("basic",)) == ()
    assert codes(reader) == [("E105", "authModes")]


def test_of_repeated_pairs_the_last_counts():
    """Pairs are trimmed, sorted by key, and of a repeated key the last wins."""
    assert a_reader({"h": "b = 2 ,a=1, b=3"}).pairs("h") == (("a", "1"), ("b", "3"))


@pytest.mark.parametrize("text", ["a", "a=b,", "a=b=c", "a:b", ","])
def test_pairs_have_exactly_one_equals_sign(text):
    """A pair without exactly one equals sign is refused."""
    reader = a_reader({"h": text})
    assert (reader.pairs("h"), codes(reader)) == ((), [("E101", "h")])


def test_metric_target_follows_the_metric_type():
    """Without metricType a target is an average; other words than the two are refused."""
    assert a_reader({}).metric_target(2500) == MetricTarget(type=TargetType.AVERAGE_VALUE, amount=2500)
    assert a_reader({}, metric_type="Value").metric_target(1).type is TargetType.VALUE
    refused = a_reader({}, metric_type="Utilization")
    refused.metric_target(1)
    assert [(fault.code, fault.path) for fault in refused.faults] == [("E104", "spec.triggers[0].metricType")]
