"""Which annotations somebody reads: a misspelt one would say nothing, and the object would act as if it were absent."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from autoscaler.manifests.faults import closest, warning
from autoscaler.model.faults import Fault
from autoscaler.model.text import plain

PREFIX: Final = "autoscaler.sh"
KEDA: Final = "autoscaling.keda.sh"
OWN: Final = f"{PREFIX}/spec"
OWNER: Final = f"{PREFIX}/owner"
IGNORE: Final = f"{PREFIX}/ignore"
OURSELVES: Final = "autoscaler"

ON_AUTHENTICATIONS: Final = frozenset({f"{PREFIX}/servers", f"{PREFIX}/namespaces"})
ON_SECRETS: Final = frozenset({f"{PREFIX}/use"})
ON_OBJECTS: Final = frozenset(
    {
        OWN,
        OWNER,
        IGNORE,
        f"{KEDA}/paused",
        f"{KEDA}/paused-replicas",
        f"{KEDA}/paused-scale-in",
        f"{KEDA}/paused-scale-out",
        f"{KEDA}/force-activation",
        "scaledobject.keda.sh/name",
        "scaledobject.keda.sh/transfer-hpa-ownership",
        "scaledobject.keda.sh/hpa-excluded-labels",
        "validations.keda.sh/hpa-ownership",
        "scaledjob.keda.sh/name",
        "scaledjob.keda.sh/generation",
        "scaledjob.keda.sh/job-excluded-labels",
    }
)
"""Ours, and all that KEDA reads or writes, whatever it is for."""


def unknown_annotations(annotations: Mapping[str, str], known: Collection[str] = ON_OBJECTS) -> Iterator[Fault]:
    """Warn of each annotation under our prefix or one of KEDA's that nobody reads, and of an owner that is nobody."""
    for key in annotations:
        prefix, _, name = key.partition("/")
        if key not in known and name and _is_guarded(prefix):
            meant = _meant(prefix, name, known)
            hint = f'did you mean "{meant}"?' if meant else "it has no effect, remove it"
            yield warning("W103", f"metadata.annotations.{key}", f"unknown annotation; {hint}")
    owner = annotations.get(OWNER, OURSELVES)
    if OWNER in known and owner != OURSELVES:
        message = (
            f'unknown owner "{plain(owner, 40)}": the object is not taken over, so a pause meant for KEDA pauses it '
            f'here too; write "{OURSELVES}", or remove the annotation'
        )
        yield warning("W103", f"metadata.annotations.{OWNER}", message)


def _is_guarded(prefix: str) -> bool:
    return prefix in (PREFIX, "keda.sh") or prefix.endswith(".keda.sh")


def _meant(prefix: str, name: str, known: Collection[str]) -> str | None:
    """Give the annotation that was probably meant: one of the same prefix first, else one of a like name."""
    beside = {key.partition("/")[2]: key for key in sorted(known) if key.startswith(f"{prefix}/")}
    anywhere = {key.partition("/")[2]: key for key in sorted(known)}
    for names in (beside, anywhere):
        found = closest(name, names)
        if found is not None:
            return names[found]
    return None
