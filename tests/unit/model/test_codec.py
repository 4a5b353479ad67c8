"""Values of the vocabulary survive the way to plain data and back; what does not fit is refused whole."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autoscaler.model.codec import (
    MOST,
    clamp_memory,
    decode_memory,
    decode_record,
    decode_source,
    encode_memory,
    encode_source,
)
from autoscaler.model.memory import Change, Contest, Memory, Past, Pending, Recommendation, TriggerMemory
from autoscaler.model.objects import ScaleTarget
from autoscaler.model.observation import (
    Origin,
    Sample,
)
from autoscaler.model.source import Sign, SourceHealth, SourceState
from tests.unit.builders import START, a_memory, a_past

NOW = datetime(2027, 1, 1, tzinfo=UTC)

instants = st.datetimes(datetime(2000, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))
counts = st.integers(0, MOST)
names = st.text(max_size=20)
samples = st.builds(
    Sample,
    value_milli=st.integers(-(2**63), 2**63 - 1),
    active=st.booleans(),
    at=instants,
    origin=st.sampled_from(Origin),
    ready=st.none() | counts,
)
pendings = st.builds(Pending, current=counts, base=counts, desired=counts, resource_version=names, at=instants)
contests = st.builds(
    Contest,
    moved=st.integers(-MOST, MOST),
    reversed_at=st.lists(instants, max_size=3).map(tuple),
    writer=st.none() | names,
)
pasts = st.builds(
    Past,
    first_at=instants,
    last_at=instants,
    replicas=counts,
    resting=st.booleans(),
    polled_at=st.none() | instants,
    synced_at=st.none() | instants,
    synced_replicas=st.none() | counts,
    cut_until=st.none() | instants,
    target=st.builds(ScaleTarget, namespace=names, api_version=names, kind=names, name=names),
    target_uid=names,
    original_replicas=counts,
    paused=st.booleans(),
    paused_replicas=st.none() | counts,
    pending=st.none() | pendings,
    contest=st.none() | contests,
)
changes = st.lists(st.builds(Change, pods=counts, at=instants, spent=st.booleans()), max_size=4).map(tuple)
memories = st.builds(
    Memory,
    recommendations=st.none()
    | st.lists(st.builds(Recommendation, replicas=counts, at=instants), max_size=5).map(tuple),
    grown=changes,
    shrunk=changes,
    last_active_at=st.none() | instants.map(lambda when: when.replace(microsecond=0)),
    triggers=st.lists(
        st.builds(
            TriggerMemory,
            failures=counts,
            cached=st.none() | samples,
            data_at=st.none() | instants,
            answered_at=st.none() | instants,
        ),
        max_size=3,
    ).map(tuple),
    past=st.none() | pasts,
    lost=st.booleans(),
    unclean=st.booleans(),
)
states = st.builds(
    SourceState,
    health=st.sampled_from(SourceHealth),
    since=instants,
    signs=st.frozensets(st.sampled_from(Sign)),
    clear_at=st.none() | instants,
    up=st.none() | st.floats(allow_nan=False),
    detail=names,
)
plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=10,
)


@given(memories)
def test_a_memory_survives_the_way_to_json_and_back(memory: Memory):
    """What is saved and loaded is what was remembered, to the microsecond."""
    assert decode_memory(msgspec.json.decode(msgspec.json.encode(encode_memory(memory))), NOW) == memory


@given(states)
def test_the_state_of_a_source_survives_the_way_to_json_and_back(state: SourceState):
    """What is saved of a source and loaded is what was known."""
    assert decode_source(json.loads(json.dumps(encode_source(state))), NOW) == state


@given(plain_data)
def test_no_plain_data_makes_decoding_raise(data: object):
    """Whatever a file holds, decoding gives a value or None."""
    assert decode_memory({"version": 1, "memory": data}, NOW) is None  # type: ignore[dict-item]
    assert decode_memory(data, NOW) is None  # type: ignore[arg-type]
    assert decode_source(data, NOW) is None  # type: ignore[arg-type]
    assert decode_record(data) is None  # type: ignore[arg-type]


@given(memories, st.data())
def test_a_memory_with_one_part_forged_is_refused_or_stays_within_what_is_possible(memory: Memory, data: st.DataObject):
    """Forged instants are clamped to now, forged counts to what a count can be."""
    plain = json.loads(json.dumps(encode_memory(memory)))
    places = list(_places(plain["memory"]))
    parent, key = data.draw(st.sampled_from(places))
    parent[key] = data.draw(
        st.integers() | st.just("9999-12-31T23:59:59.999999+00:00") | st.text(max_size=5) | st.none() | st.booleans()
    )
    found = decode_memory(plain, NOW)
    if found is None:
        return
    assert all(0 <= entry.replicas <= MOST and entry.at <= NOW for entry in found.recommendations or ())
    assert all(0 <= change.pods <= MOST and change.at <= NOW for change in (*found.grown, *found.shrunk))
    assert found.last_active_at is None or found.last_active_at <= NOW
    assert all(0 <= trigger.failures <= MOST for trigger in found.triggers)
    if found.past is not None:
        assert max(found.past.first_at, found.past.last_at) <= NOW
        assert 0 <= found.past.replicas <= MOST
        assert found.past.cut_until is None or found.past.cut_until <= NOW + timedelta(seconds=1800)


def _places(part: object):
    """Every place in plain data that can be overwritten."""
    entries = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, inner in entries:
        yield part, key
        yield from _places(inner)


@pytest.mark.parametrize("version", [0, 2, "1", None, True, 1.5])
def test_a_memory_of_another_version_is_lost(version: object):
    """A version that this program does not write is never guessed at."""
    plain = encode_memory(a_memory((3, 0)))
    assert decode_memory({**plain, "version": version}, NOW) is None  # type: ignore[dict-item]


def test_a_memory_without_one_of_its_fields_is_lost():
    """A torn memory is refused whole: half of one could let something fall."""
    plain = encode_memory(a_memory((3, 0)))
    assert isinstance(plain["memory"], dict)
    del plain["memory"]["grown"]
    assert decode_memory(plain, NOW) is None


def test_instants_of_the_future_become_now_except_those_that_lie_ahead_by_nature():
    """A clock that was wrong delays nothing for longer than a policy's longest period."""
    ahead = NOW + timedelta(days=400)
    past = Past(
        first_at=ahead,
        last_at=ahead,
        replicas=3,
        cut_until=NOW + timedelta(seconds=10),
        target=ScaleTarget(namespace="shop", name="web"),
        target_uid="u",
        original_replicas=1,
    )
    clamped = clamp_memory(Memory(last_active_at=ahead, past=past), now=NOW)
    assert clamped.last_active_at == NOW
    assert clamped.past is not None
    assert (clamped.past.first_at, clamped.past.last_at) == (NOW, NOW)
    assert clamped.past.cut_until == NOW + timedelta(seconds=10)


def test_a_forged_contest_ends_with_its_ten_minutes():
    """Undone writes cannot lie ahead of now, or a forged state would keep growth to syncs for ever."""
    past = replace(a_past(), contest=Contest(moved=-(10**12), reversed_at=(NOW + timedelta(days=1),) * 9))
    clamped = clamp_memory(Memory(past=past), now=NOW)
    assert clamped.past is not None
    assert clamped.past.contest == Contest(moved=-MOST, reversed_at=(NOW,) * 3)


def test_counts_are_clamped_to_the_most_that_an_object_may_have():
    """A forged recommendation holds no more than maxReplicaCount."""
    memory = Memory(recommendations=(Recommendation(replicas=10**6, at=START), Recommendation(replicas=-5, at=START)))
    clamped = clamp_memory(memory, now=NOW, most=10)
    assert clamped.recommendations is not None
    assert [entry.replicas for entry in clamped.recommendations] == [10, 0]


def test_recovery_never_ends_sooner_than_was_saved_nor_more_than_an_hour_from_now():
    """Loading may lengthen a hold and never shortens it."""
    soon = SourceState(health=SourceHealth.RECOVERING, since=START, clear_at=NOW + timedelta(minutes=5))
    far = SourceState(health=SourceHealth.RECOVERING, since=NOW + timedelta(days=1), clear_at=NOW + timedelta(days=9))
    assert decode_source(encode_source(soon), NOW) == soon
    clamped = decode_source(encode_source(far), NOW)
    assert clamped is not None
    assert (clamped.since, clamped.clear_at) == (NOW, NOW + timedelta(hours=1))
