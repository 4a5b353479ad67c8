"""A memory that was stored, as the next process may believe it (L6)."""

from dataclasses import replace
from datetime import datetime

from autoscaler.model.memory import Change, Memory, Past, Recommendation, TriggerMemory


def recall(memory: Memory, *, at: datetime, clean: bool) -> Memory:
    """Take up a stored memory at instant ``at``.

    Instants after ``at`` become ``at``. A paused count is written once more, since each process does so once. After
    an unclean stop the newest recommendation counts as made at ``at``: later ones of the same number were not stored.
    """
    past = memory.past
    return replace(
        memory,
        recommendations=_recommendations(memory.recommendations, at, clean=clean),
        grown=tuple(_change(change, at) for change in memory.grown),
        shrunk=tuple(_change(change, at) for change in memory.shrunk),
        last_active_at=_until(memory.last_active_at, at),
        triggers=tuple(_trigger(trigger, at) for trigger in memory.triggers),
        past=None if past is None else _past(past, at),
        unclean=memory.unclean or not clean,
    )


def _recommendations(
    entries: tuple[Recommendation, ...] | None, at: datetime, *, clean: bool
) -> tuple[Recommendation, ...] | None:
    if not entries:
        return entries
    newest = max(range(len(entries)), key=lambda index: entries[index].at)
    return tuple(
        replace(entry, at=at) if entry.at > at or (index == newest and not clean) else entry
        for index, entry in enumerate(entries)
    )


def _change(change: Change, at: datetime) -> Change:
    return replace(change, at=at) if change.at > at else change


def _trigger(trigger: TriggerMemory, at: datetime) -> TriggerMemory:
    return replace(trigger, data_at=_until(trigger.data_at, at))


def _past(past: Past, at: datetime) -> Past:
    return replace(
        past,
        first_at=min(past.first_at, at),
        last_at=min(past.last_at, at),
        polled_at=_until(past.polled_at, at),
        synced_at=_until(past.synced_at, at),
        paused_replicas=None,
    )


def _until(instant: datetime | None, at: datetime) -> datetime | None:
    return None if instant is None else min(instant, at)
