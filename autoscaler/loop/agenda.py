"""Whose turn it is, and when: a heap of turns with at most one per object."""

import heapq
from collections.abc import Iterator
from datetime import datetime

from autoscaler.model.objects import ObjectKey
from autoscaler.model.turn import Turn


class Agenda:
    """Turns by instant. A turn that is due is taken off; its owner puts the next one back when the tick has ended."""

    def __init__(self) -> None:
        self._turns: dict[ObjectKey, tuple[int, Turn]] = {}
        self._heap: list[tuple[datetime, int, ObjectKey]] = []
        self._count = 0

    def put(self, turn: Turn) -> None:
        """Set an object's next turn, in place of the one it has."""
        self._count += 1
        self._turns[turn.obj.key] = (self._count, turn)
        heapq.heappush(self._heap, (turn.at, self._count, turn.obj.key))

    def drop(self, key: ObjectKey) -> None:
        """Forget an object's turn, if it has one."""
        self._turns.pop(key, None)

    def take(self, now: datetime) -> Iterator[Turn]:
        """Take off and give every turn that is due, oldest first."""
        while self._heap and self._heap[0][0] <= now:
            _, number, key = heapq.heappop(self._heap)
            held = self._turns.get(key)
            if held is not None and held[0] == number:
                del self._turns[key]
                yield held[1]

    def __len__(self) -> int:
        return len(self._turns)
