"""What one tick sees of one object: samples or their absence, the scale, and the holds of guards."""

from datetime import datetime
from enum import Enum
from typing import TypeAlias

from autoscaler.model.value import value


class Origin(Enum):
    """Where a sample comes from."""

    MEASURED = "measured"
    NULL_AS_ZERO = "null as zero"
    CACHED = "cached"
    FALLBACK = "fallback"
    COMPOSED = "composed"
    FORECAST = "forecast"


class MissingReason(Enum):
    """Why a trigger gave no sample."""

    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    HTTP_STATUS = "http status"
    EMPTY = "empty"
    AMBIGUOUS = "ambiguous"
    NOT_A_NUMBER = "not a number"
    MALFORMED = "malformed"
    STALE = "stale"
    BLIND = "blind"
    REFUSED = "refused"
    UNRESOLVED = "unresolved"
    FORMULA = "formula"


class Slot(Enum):
    """What a tick serves (L1)."""

    POLL = "poll"
    SYNC = "sync"
    EXTRA = "extra"


class HoldReason(Enum):
    """Who says that nothing may fall."""

    SOURCE_BLIND = "SourceBlind"
    SOURCE_RECOVERING = "SourceRecovering"
    SOURCE_PARTIAL = "SourcePartial"
    FLEET = "FleetBreaker"
    SCALE_OUT_ONLY = "ScaleOutOnly"


@value
class Sample:
    """What a trigger measured.

    ``value_milli`` is in thousandths of the metric's own unit, rounded where it was made and nowhere else.
    ``at`` is the answer's own timestamp. ``ready`` is the ready count observed with a cached sample (D25).
    """

    value_milli: int
    active: bool
    at: datetime
    origin: Origin = Origin.MEASURED
    ready: int | None = None


@value
class PodUsage:
    """One pod as the HPA's resource calculator sees it (all amounts in thousandths).

    ``usage`` None: the pod has no sample. ``request`` None: the pod's request is not known. ``listed`` is False for a
    sample of a pod that the selector does not list.
    """

    name: str
    usage: int | None
    request: int | None = None
    ready: bool = True
    pending: bool = False
    ignored: bool = False
    listed: bool = True


@value
class PodSamples:
    """cpu or memory by pod, grouped as the HPA groups pods.

    ``fault`` names what makes a utilization impossible (a missing request), None when nothing does.
    """

    pods: tuple[PodUsage, ...]
    at: datetime
    fault: str | None = None


@value
class Missing:
    """A trigger that gave no sample. Never read as zero. ``detail`` is for people and already clean."""

    reason: MissingReason
    detail: str


Measurement: TypeAlias = Sample | PodSamples | Missing


@value
class PodCount:
    """Pods matched by the target's selector, and how many of them are Running and Ready.

    ``exact`` is False where pods may not be listed and the target's own status was read instead.
    """

    total: int
    ready: int
    exact: bool = True


@value
class ScaleStatus:
    """The scale subresource as read: ``spec`` and ``status`` are replicas.

    ``pods`` is None for objects that do not need them. ``writer`` is the last field manager of
    ``spec.replicas`` and ``written_at`` its time, None where managedFields do not tell. ``rival`` is the name of an
    HPA that scales the same target, None where none is known.
    """

    spec: int
    status: int
    resource_version: str
    uid: str
    selector: str = ""
    pods: PodCount | None = None
    writer: str | None = None
    written_at: datetime | None = None
    rival: str | None = None


class UnreadableReason(Enum):
    """Why a scale could not be read."""

    NOT_FOUND = "not found"
    NO_SCALE = "no scale subresource"
    FORBIDDEN = "forbidden"
    UNAUTHORIZED = "unauthorized"
    UNREACHABLE = "unreachable"
    TIMEOUT = "timeout"
    SERVER = "server error"


@value
class Unreadable:
    """A scale that could not be read; nothing is decided and nothing remembered."""

    reason: UnreadableReason
    detail: str


@value
class Hold:
    """A guard's word that nothing may fall. ``until`` is None where its end is not known."""

    reason: HoldReason
    detail: str = ""
    until: datetime | None = None


@value
class Observation:
    """All that one tick sees of one object.

    ``at`` is steady time, the instant of the slot; ``wall`` is for cron and for people.
    ``measurements`` stand in the order of the triggers.
    """

    at: datetime
    wall: datetime
    slots: frozenset[Slot]
    scale: ScaleStatus
    measurements: tuple[Measurement, ...]
    holds: tuple[Hold, ...] = ()
