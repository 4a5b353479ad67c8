"""Pods as the API server lists them and as the metrics API measures them: what cpu and memory triggers are made of.

Amounts are in thousandths: millicores, and thousandths of a byte.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum

from autoscaler.model.value import value


class Phase(Enum):
    """A pod's phase."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUCCEEDED = "Succeeded"
    FAILED = "Failed"
    UNKNOWN = "Unknown"


class Readiness(Enum):
    """The status of a pod's Ready condition."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


@value
class Container:
    """A container and what it requests; ``sidecar``: an init container that restarts always."""

    name: str
    requests: Mapping[str, int]
    sidecar: bool = False


@value
class Pod:
    """One pod of a target.

    ``ready`` is None without a Ready condition, ``ready_since`` its last change. ``started_at`` is None before the
    kubelet has seen the pod. ``requests`` are those on the level of the pod.
    """

    name: str
    phase: Phase
    deleting: bool = False
    ready: Readiness | None = None
    ready_since: datetime | None = None
    started_at: datetime | None = None
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    requests: Mapping[str, int]
    overhead: Mapping[str, int]


@value
class PodMetrics:
    """One pod's usage by container, each a pair of its name and its usage by resource, measured over ``window``."""

    pod: str
    at: datetime
    window: timedelta
    usage: tuple[tuple[str, Mapping[str, int]], ...]
