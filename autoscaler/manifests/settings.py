"""What loading needs from outside a document: the daemon's settings, the trigger types, the credentials."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Protocol, TypeAlias

from autoscaler.manifests.document import DEFAULT_NAMESPACE
from autoscaler.model.auth import AuthRef
from autoscaler.model.faults import Faults
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.model.value import value


class Scaler(Protocol):
    """The half of a trigger type that loading needs."""

    @property
    def type(self) -> str:
        """The word in ``spec.triggers[].type``."""

    @property
    def keys(self) -> frozenset[str]:
        """Every metadata key it knows."""

    @property
    def may_cache(self) -> bool:
        """Whether ``useCachedMetrics`` is allowed."""

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        """Turn metadata into a question; every fault at once."""


Scalers: TypeAlias = Mapping[str, Scaler]


@value
class Grant:
    """What is known of an authentication while a trigger is read.

    ``parameters`` is None where not all of them are among the documents: they are resolved when they are needed.
    ``names`` are the parameters it will give, None where only its file knows them. ``absent`` are the documents it
    names that are not there, ``unusable`` those that are there and do not give what it wants, both for people.
    ``pod_identity`` is the provider it asks for, None where it asks for none. ``refused``: its own document is faulty.
    ``servers`` and ``namespaces`` are its home, empty where its document names none (S3).
    """

    parameters: Mapping[str, Secret] | None
    names: frozenset[str] | None = None
    absent: tuple[str, ...] = ()
    unusable: tuple[str, ...] = ()
    pod_identity: str | None = None
    refused: bool = False
    servers: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()


Resolve: TypeAlias = Callable[[AuthRef], Grant | None]
"""Looks an authentication up; None where the documents hold none of that name."""


@value
class Settings:
    """The daemon's settings that loading writes into every object (L3).

    ``dry_run`` forces that mode everywhere. ``max_replicas_limit`` is None where there is none (D37). ``namespace`` is
    for documents that name none.
    """

    tolerance: float = 0.1
    downscale_window: timedelta = timedelta(seconds=300)
    sync_interval: timedelta = timedelta(seconds=15)
    dry_run: bool = False
    max_replicas_limit: int | None = None
    namespace: str = DEFAULT_NAMESPACE
