"""A trigger as it was written, on its way from a manifest to a scaler's ``parse``."""

from collections.abc import Mapping

from autoscaler.model.auth import AuthRef
from autoscaler.model.faults import Fault
from autoscaler.model.objects import Ask, Author
from autoscaler.model.value import value


@value
class TriggerSpec:
    """One entry of ``spec.triggers`` with what a scaler needs to know around it.

    ``path`` is where it stands (``spec.triggers[0]``). ``env`` is the target container's environment, empty where it is
    not known. ``granted`` are the parameters that its authentication names, None where it has none or they are not
    known. ``pod_identity`` is the provider its authentication asks for, None where it asks for none. ``servers`` and
    ``namespaces`` are where its authentication is at home, empty where that is not said (S3).
    ``as_metric_source``: scalingModifiers are in use, so a scaler may relax what it demands.
    """

    index: int
    type: str
    name: str | None = None
    metadata: Mapping[str, str]
    metric_type: str | None = None
    use_cached: bool = False
    auth: AuthRef | None = None
    granted: frozenset[str] | None = None
    pod_identity: str | None = None
    servers: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    namespace: str
    object_name: str
    author: Author = Author.OPERATOR
    env: Mapping[str, str]
    as_metric_source: bool = False
    path: str


@value
class Parsed:
    """A trigger that can be asked, and what is odd about it all the same (warnings only)."""

    ask: Ask
    warnings: tuple[Fault, ...] = ()
