"""Holds in the log: of many objects that one guard holds the first few are named, the others counted."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from autoscaler.model.objects import ObjectKey
from autoscaler.views.event import Event, Level, event

NAMED: Final = 5
"""So many objects of one reason have lines of their own; a fleet of hundreds is held as one at every start."""


@dataclass
class _Held:
    """The objects that one reason holds now. ``counted`` is how many were not named since the first of them."""

    named: set[ObjectKey] = field(default_factory=set)
    others: set[ObjectKey] = field(default_factory=set)
    counted: int = 0


class Holding:
    """Passes lines on, but for those of holds beyond the first few. Objects that are not governed are not held."""

    def __init__(self, governed: Collection[ObjectKey]) -> None:
        self._governed = governed
        self._by_reason: dict[object, _Held] = {}

    def take(self, key: ObjectKey, told: Event) -> Event | None:
        """Give the line to write for one that was told; None where it is counted only."""
        if told.verb not in ("hold began", "hold ended"):
            return told
        held = self._by_reason.setdefault(told.fields["reason"], _Held())
        return self._began(held, key, told) if told.verb == "hold began" else self._ended(held, key, told)

    def _began(self, held: _Held, key: ObjectKey, told: Event) -> Event | None:
        held.named = {each for each in held.named if each in self._governed}
        if len(held.named) < NAMED:
            held.named.add(key)
            return told
        is_first = not held.others
        held.others.add(key)
        held.counted = 1 if is_first else held.counted + 1
        if not is_first:
            return None
        fields = {"reason": told.fields["reason"], "named": NAMED, "see": "the metric autoscaler_held names them all"}
        return event(Level.INFO, "more objects held", {}, **fields)

    def _ended(self, held: _Held, key: ObjectKey, told: Event) -> Event | None:
        if key not in held.others:
            held.named.discard(key)
            return told
        held.others.discard(key)
        if any(each in self._governed for each in held.others):
            return None
        held.others.clear()
        fields = {"reason": told.fields["reason"], "objects": held.counted}
        return event(Level.INFO, "other holds ended", {}, **fields)
