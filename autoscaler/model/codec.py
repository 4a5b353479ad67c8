"""Memories, source states, records and rounds to plain data and back, with a version (S17, R13).

What does not fit exactly is refused whole: a torn, forged or newer memory is a lost one.
"""

import dataclasses
from datetime import datetime, timedelta

from autoscaler.model.memory import Change, Contest, Memory, Past, Recommendation, TriggerMemory
from autoscaler.model.plaindata import Plain, decode, encode
from autoscaler.model.record import Broken, Decided, Record, Round, Unobserved
from autoscaler.model.source import SourceState

VERSION = 1
MOST = 2**31 - 1
_LONGEST_CUT = timedelta(seconds=1800)
_LONGEST_RECOVERY = timedelta(hours=1)
_MOST_REVERSALS = 3
_RECORDS: dict[str, type[Decided] | type[Unobserved] | type[Broken]] = {
    kind.__name__: kind for kind in (Decided, Unobserved, Broken)
}


def encode_memory(memory: Memory) -> dict[str, Plain]:
    """Give a memory as plain data that names its version."""
    return {"version": VERSION, "memory": encode(memory)}


def decode_memory(data: Plain, now: datetime) -> Memory | None:
    """Read a memory back, its instants clamped to ``now``; None where it is torn, forged or of another version."""
    if not isinstance(data, dict) or data.get("version") != VERSION or isinstance(data.get("version"), bool):
        return None
    memory = decode(Memory, data.get("memory"))
    return None if memory is None else clamp_memory(memory, now=now)


def encode_source(state: SourceState) -> Plain:
    """Give the state of a source as plain data."""
    return encode(state)


def decode_source(data: Plain, now: datetime) -> SourceState | None:
    """Read the state of a source back; ``clear_at`` stays ahead of ``now``, but never by more than an hour."""
    state = decode(SourceState, data)
    if state is None:
        return None
    clear_at = state.clear_at and min(state.clear_at, now + _LONGEST_RECOVERY)
    return dataclasses.replace(state, since=min(state.since, now), clear_at=clear_at)


def encode_record(record: Record) -> dict[str, Plain]:
    """Give one record as plain data, with a version and a ``kind``."""
    body = encode(record)
    assert isinstance(body, dict)
    return {"version": VERSION, **body}


def encode_round(done: Round) -> dict[str, Plain]:
    """Give one round as plain data."""
    body = encode(done)
    assert isinstance(body, dict)
    return {"version": VERSION, **body}


def decode_record(data: Plain) -> Record | None:
    """Read a record back; None where it is torn or of another version."""
    if not isinstance(data, dict) or data.get("version") != VERSION:
        return None
    kind = _RECORDS.get(str(data.get("kind")))
    return None if kind is None else decode(kind, data)


def clamp_memory(memory: Memory, *, now: datetime, most: int = MOST) -> Memory:
    """Force instants to ``now`` at the latest and counts into [0, ``most``]: memory may delay a fall, never cause one.

    Source: S17, L6.
    """
    return dataclasses.replace(
        memory,
        recommendations=memory.recommendations
        and tuple(
            Recommendation(replicas=_within(entry.replicas, most), at=min(entry.at, now))
            for entry in memory.recommendations
        ),
        grown=tuple(_clamped_change(change, now, most) for change in memory.grown),
        shrunk=tuple(_clamped_change(change, now, most) for change in memory.shrunk),
        last_active_at=memory.last_active_at and min(memory.last_active_at, now.replace(microsecond=0)),
        triggers=tuple(_clamped_trigger(trigger, now) for trigger in memory.triggers),
        past=memory.past and _clamped_past(memory.past, now, most),
    )


def _clamped_change(change: Change, now: datetime, most: int) -> Change:
    return dataclasses.replace(change, pods=_within(change.pods, most), at=min(change.at, now))


def _clamped_trigger(trigger: TriggerMemory, now: datetime) -> TriggerMemory:
    cached = trigger.cached
    if cached is not None:
        ready = None if cached.ready is None else _within(cached.ready, MOST)
        cached = dataclasses.replace(cached, at=min(cached.at, now), ready=ready)
    return TriggerMemory(
        failures=_within(trigger.failures, MOST),
        cached=cached,
        data_at=trigger.data_at and min(trigger.data_at, now),
        answered_at=trigger.answered_at and min(trigger.answered_at, now),
    )


def _clamped_past(past: Past, now: datetime, most: int) -> Past:
    """``cut_until`` is ahead of now by its nature: at most by the longest period of a policy."""
    pending = past.pending
    if pending is not None:
        pending = dataclasses.replace(
            pending,
            current=_within(pending.current, MOST),
            base=_within(pending.base, MOST),
            desired=_within(pending.desired, most),
            at=min(pending.at, now),
        )
    return dataclasses.replace(
        past,
        first_at=min(past.first_at, now),
        last_at=min(past.last_at, now),
        replicas=_within(past.replicas, MOST),
        polled_at=past.polled_at and min(past.polled_at, now),
        synced_at=past.synced_at and min(past.synced_at, now),
        synced_replicas=None if past.synced_replicas is None else _within(past.synced_replicas, MOST),
        cut_until=past.cut_until and min(past.cut_until, now + _LONGEST_CUT),
        original_replicas=_within(past.original_replicas, MOST),
        paused_replicas=None if past.paused_replicas is None else _within(past.paused_replicas, MOST),
        pending=pending,
        contest=past.contest and _clamped_contest(past.contest, now),
    )


def _clamped_contest(contest: Contest, now: datetime) -> Contest:
    moved = min(max(contest.moved, -MOST), MOST)
    return dataclasses.replace(
        contest, moved=moved, reversed_at=tuple(min(at, now) for at in contest.reversed_at[-_MOST_REVERSALS:])
    )


def _within(count: int, most: int) -> int:
    return min(max(count, 0), most)
