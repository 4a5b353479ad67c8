"""The state of a source of samples, as the source guard folds it from answers."""

from datetime import datetime
from enum import Enum

from autoscaler.model.value import value


class SourceHealth(Enum):
    """Whether a source is believed (guards, section 1)."""

    OK = "ok"
    DEGRADED = "degraded"
    BLIND = "blind"
    RECOVERING = "recovering"


class Sign(Enum):
    """Why a source is blind: requests fail, the probe is empty or low, or many triggers turned empty at once."""

    FAILING = "F"
    PROBE = "P"
    EMPTY = "E"


@value
class SourceState:
    """What is known of one source. Its history lives beside it in the guard; sinks see this.

    ``since`` is when this health began; ``signs`` are those in force; ``clear_at`` is when recovering ends for the
    longest query, None outside recovering. ``up`` is the last probe's count of targets that are up.
    """

    health: SourceHealth
    since: datetime
    signs: frozenset[Sign] = frozenset()
    clear_at: datetime | None = None
    up: float | None = None
    detail: str = ""
