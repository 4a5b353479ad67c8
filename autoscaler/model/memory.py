"""What one object's next tick must know of its earlier ones."""

from datetime import datetime

from autoscaler.model.objects import ScaleTarget
from autoscaler.model.observation import Sample
from autoscaler.model.value import value


@value
class Recommendation:
    """A raw number and the instant it was made; the unit of both stabilization windows."""

    replicas: int
    at: datetime


@value
class Change:
    """A scale event: how many pods an applied change moved, and when.

    ``spent`` marks a slot that a new event may take; a longer period later counts it again.
    """

    pods: int
    at: datetime
    spent: bool = False


@value
class TriggerMemory:
    """One trigger's past.

    ``failures`` counts in a row. ``cached`` is the last poll's sample, None after a Missing.
    ``data_at`` is when it last answered with data; ``answered_at`` the newest answer's own timestamp (D38).
    """

    failures: int = 0
    cached: Sample | None = None
    data_at: datetime | None = None
    answered_at: datetime | None = None


@value
class Pending:
    """A write whose outcome is unknown: settled by the next read (L7)."""

    current: int
    base: int
    desired: int
    resource_version: str
    at: datetime


@value
class Contest:
    """Whether others undo what we write to the count.

    ``moved`` is what our last write moved, 0 once somebody else has written. ``reversed_at`` are the instants at
    which writes of ours were found undone, oldest first. ``writer`` wrote last, None where nobody is named.
    """

    moved: int = 0
    reversed_at: tuple[datetime, ...] = ()
    writer: str | None = None


@value
class Past:
    """First and last tick, and what later turns are counted from.

    ``last_at`` is the newest tick and ``replicas`` the count after it. ``synced_at`` and ``synced_replicas`` belong
    to the last sync, the latter before its write. ``cut_until`` is when the earliest scale-up policy frees again
    (the extra tick), None when nothing was cut. ``paused`` and ``paused_replicas`` are what was last enforced.
    ``polled_at`` is the last poll. ``resting``: at zero or idle after the last tick. ``contest`` None: neither we nor
    others have written.
    """

    first_at: datetime
    last_at: datetime
    replicas: int
    resting: bool = False
    polled_at: datetime | None = None
    synced_at: datetime | None = None
    synced_replicas: int | None = None
    cut_until: datetime | None = None
    target: ScaleTarget
    target_uid: str
    original_replicas: int
    paused: bool = False
    paused_replicas: int | None = None
    pending: Pending | None = None
    contest: Contest | None = None


@value
class Memory:
    """One object's memory; the lists are in the HPA's slot order, which ``remember`` alone maintains.

    ``recommendations`` None: not yet seeded. ``last_active_at`` is whole seconds, None: never active.
    ``lost``: the store could not be read, so the object must be treated as old (L6); an object that a readable
    store does not know has ``lost`` False.
    """

    recommendations: tuple[Recommendation, ...] | None = None
    grown: tuple[Change, ...] = ()
    shrunk: tuple[Change, ...] = ()
    last_active_at: datetime | None = None
    triggers: tuple[TriggerMemory, ...] = ()
    past: Past | None = None
    lost: bool = False
    unclean: bool = False
