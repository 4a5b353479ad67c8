"""A memory that was stored, as the next process may believe it (L6)."""

from dataclasses import replace
from datetime import datetime

from autoscaler.model.memory import Memory, Recommendation


def recall(memory: Memory, *, at: datetime, clean: bool) -> Memory:
    """Take up a stored memory, whose instants lie no later than ``at``, in a process that starts at ``at``.

    A paused count is written once more, since each process does so once. After an unclean stop the newest
    recommendation counts as made at ``at``: later ones of the same number were not stored.
    """
    past = memory.past
    recommendations = memory.recommendations
    return replace(
        memory,
        recommendations=_renewed(recommendations, at) if recommendations and not clean else recommendations,
        past=None if past is None else replace(past, paused_replicas=None),
        unclean=memory.unclean or not clean,
    )


def _renewed(entries: tuple[Recommendation, ...], at: datetime) -> tuple[Recommendation, ...]:
    newest = max(range(len(entries)), key=lambda index: entries[index].at)
    return (*entries[:newest], replace(entries[newest], at=at), *entries[newest + 1 :])
