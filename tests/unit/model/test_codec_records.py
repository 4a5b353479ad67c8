"""Records and rounds survive the way to plain data and back, and say nothing that is secret."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from autoscaler.model.codec import (
    decode_record,
    encode_record,
    encode_round,
)
from autoscaler.model.formula import Formula, Node
from autoscaler.model.memory import Memory
from autoscaler.model.objects import MetricTarget, Modifiers, TargetType
from autoscaler.model.observation import (
    Hold,
    HoldReason,
    PodSamples,
    PodUsage,
    Unreadable,
    UnreadableReason,
)
from autoscaler.model.plaindata import decode, encode
from autoscaler.model.record import (
    Applied,
    Broken,
    Decided,
    Failed,
    Round,
    Superseded,
    Unknown,
    Unneeded,
    Unobserved,
    Withheld,
)
from autoscaler.model.source import Sign, SourceHealth, SourceState
from tests.unit.builders import START, a_behavior, a_decision, a_memory, an_object, an_observation, at, missing

FORMULA = Node(
    kind="binary",
    column=3,
    literal="+",
    children=(Node(kind="number", column=1, literal=1), Node(kind="number", column=5, literal=0.5)),
)
OBJECT = an_object(
    10,
    behavior=a_behavior(),
    modifiers=Modifiers(
        formula=Formula(text="1 + 0.5", root=FORMULA), target=MetricTarget(type=TargetType.VALUE, amount=1)
    ),
)
USAGE = PodSamples(pods=(PodUsage(name="web-0", usage=100, request=200),), at=START)
HOLD = Hold(reason=HoldReason.SOURCE_BLIND, detail="F", until=at(60))


@pytest.mark.parametrize(
    "outcome",
    [
        Applied(at=at(1), resource_version="7", took=timedelta(milliseconds=3)),
        Unneeded(),
        Withheld(why="dry run"),
        Superseded(why="another writer", found=4),
        Failed(why="forbidden", status=403),
        Unknown(why="no answer"),
    ],
)
def test_a_decided_record_survives_with_each_outcome(outcome):
    """A record can be read back whole, so that it can be decided again."""
    record = Decided(
        obj=OBJECT,
        memory=a_memory((3, 0)),
        seen=an_observation(12.5, missing(), USAGE, replicas=2, holds=(HOLD,)),
        decision=a_decision(3, current=2),
        outcome=outcome,
        lateness=timedelta(microseconds=1234),
    )
    assert decode_record(json.loads(json.dumps(encode_record(record)))) == record


def test_records_without_a_decision_survive():
    """What could not be seen, and what broke, is read back as it was."""
    why = Unreadable(reason=UnreadableReason.FORBIDDEN, detail="no right to get deployments/scale")
    for record in (
        Unobserved(obj=OBJECT, memory=Memory(), at=START, why=why),
        Broken(obj=OBJECT, memory=Memory(), at=START, traceback="Traceback ..."),
    ):
        assert decode_record(json.loads(json.dumps(encode_record(record)))) == record


def test_a_round_survives():
    """The facts of a cohort travel with its records."""
    state = SourceState(health=SourceHealth.BLIND, since=START, signs=frozenset({Sign.EMPTY, Sign.FAILING}))
    source = OBJECT.triggers[0].ask.question.source
    done = Round(at=START, records=(), sources={source: state})
    assert decode(Round, json.loads(json.dumps(encode_round(done)))) == done


def test_plain_data_uses_the_names_of_kubernetes():
    """Keys are in camel case, instants in UTC with their zone, durations in seconds."""
    plain = encode(an_object(10, poll=15))
    assert isinstance(plain, dict)
    assert plain["pollingInterval"] == 15.0
    assert plain["key"] == {"namespace": "shop", "name": "web"}
    assert encode(START) == "2026-01-01T00:00:00+00:00"


def test_numbers_that_json_lacks_travel_as_text():
    """JSON has no infinity; a ratio may be one."""
    assert encode(float("inf")) == "inf"
    assert decode(float, "inf") == float("inf")
    assert decode(float, "Infinity") is None


def test_what_a_source_is_sent_never_leaves():
    """A password in a header or parameter is written nowhere: not in a record, not in a round."""
    trigger = OBJECT.triggers[0]
    source = replace(
        trigger.ask.question.source, headers=(("Authorization", "Basic aHVudGVyMg=="),), parameters=(("key", "s3cret"),)
    )
    question = replace(trigger.ask.question, source=source)
    obj = replace(OBJECT, triggers=(replace(trigger, ask=replace(trigger.ask, question=question)),))
    text = json.dumps(encode_record(Broken(obj=obj, memory=Memory(), at=START, traceback="")))
    assert "aHVudGVyMg" not in text
    assert "s3cret" not in text
    assert "Authorization" in text
