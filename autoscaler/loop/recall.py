"""What the process before left: each object's memory waits here until the object is read, for it may be broken now."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from autoscaler.core.recall import recall
from autoscaler.loop.ports import Saved
from autoscaler.model.memory import Memory
from autoscaler.model.objects import ObjectKey

KEPT = timedelta(days=7)  # a memory that nobody claims for so long has nothing left to say


class Recall:
    """Saved memories that no object has claimed yet. They are saved again with the others, lest a typo forgets them."""

    def __init__(self, saved: Saved | None, now: datetime) -> None:
        self._lost = saved is None
        believed = {} if saved is None else _believed(saved, now)
        self._waiting = {key: memory for key, memory in believed.items() if not _is_old(memory, now)}

    @property
    def waiting(self) -> Mapping[ObjectKey, Memory]:
        """Give what nobody has claimed."""
        return MappingProxyType(self._waiting)

    def claim(self, key: ObjectKey) -> Memory:
        """Give an object's memory, once; a blank one where a readable store knew nothing of it (L6)."""
        return self._waiting.pop(key, None) or Memory(lost=self._lost)


def _believed(saved: Saved, now: datetime) -> Mapping[ObjectKey, Memory]:
    """Mark what was written before a crash, whose next tick must doubt it."""
    return {key: recall(memory, at=now, clean=saved.clean) for key, memory in saved.memories.items()}


def _is_old(memory: Memory, now: datetime) -> bool:
    return memory.past is not None and now - memory.past.last_at > KEPT
