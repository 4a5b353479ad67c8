"""What the loop needs of the outside: protocols, no code."""

from datetime import datetime, timedelta
from typing import Protocol

from autoscaler.model.record import Decided, Outcome, Round
from autoscaler.model.saved import Saved as Saved
from autoscaler.model.turn import Cohort, Samples, Scales


class Clock(Protocol):
    """Two clocks: steady time decides, wall time is for cron and for people. Both aware, UTC."""

    def now(self) -> datetime:
        """Steady time: it never steps back and goes on while the machine sleeps."""

    def wall(self) -> datetime:
        """The machine's own idea of the time."""

    def until(self, at: datetime) -> timedelta:
        """How long the event loop must wait for an instant of steady time; a clock may run faster than the machine."""


class Sampler(Protocol):
    """Asks the sources of a cohort."""

    async def sample(self, cohort: Cohort) -> Samples:
        """Give one measurement per asked trigger; what is late or broken is a Missing. Never raises."""


class Targets(Protocol):
    """Reads scale subresources."""

    async def read(self, cohort: Cohort) -> Scales:
        """Give the scale of every target of the cohort; what cannot be read is Unreadable. Never raises."""


class Actuator(Protocol):
    """Writes scale subresources."""

    async def apply(self, record: Decided, *, deadline: datetime) -> Outcome:
        """Write ``decision.desired``, once, before ``deadline`` (steady time) or not at all. Never raises."""


class Store(Protocol):
    """Keeps memories over a restart."""

    @property
    def fault(self) -> str | None:
        """Why the last save failed; None where it did not."""

    def load(self) -> Saved | None:
        """Give what was saved last; None where nothing readable is there (lost memory, L6)."""

    def save(self, saved: Saved) -> None:
        """Write everything, atomically; a failure is counted and shown, never raised."""


class Sink(Protocol):
    """Something that shows records. It returns at once."""

    def __call__(self, done: Round) -> None:
        """Take one round."""
