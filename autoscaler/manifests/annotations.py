"""The annotations of an object: KEDA's switches, and our own words in ``autoscaler.sh/spec``."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, PlainValidator, StrictBool, StrictStr
from pydantic_core import PydanticCustomError

from autoscaler.manifests.faults import error, warning
from autoscaler.manifests.known_annotations import IGNORE, KEDA, OURSELVES, OWN, OWNER
from autoscaler.manifests.load import load
from autoscaler.manifests.positions import data
from autoscaler.manifests.schema import fit
from autoscaler.manifests.written import MAX_INT32, Written
from autoscaler.model.faults import Fault
from autoscaler.model.objects import Author, Cadence, Mode, OnMissing, Pause
from autoscaler.model.text import plain
from autoscaler.model.value import value

_FALSE: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})
_SHORTEST: Final = 0.1
_COUNT = re.compile(r"[+-]?[0-9]+")


def _switch(raw: object) -> object:
    return {"on": True, "off": False}.get(raw, raw) if isinstance(raw, str) else raw


def _seconds(raw: object) -> float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and _SHORTEST <= raw <= MAX_INT32:
        return float(raw)
    raise PydanticCustomError("seconds", "seconds")


_Switch = Annotated[StrictBool, BeforeValidator(_switch)]


class WrittenGuards(Written):
    """``guards``."""

    source: _Switch = True
    fleet: _Switch = True


class WrittenWords(Written):
    """Our own words."""

    mode: Literal["active", "dry-run", "scale-out-only"] = "active"
    cadence: Literal["hpa", "poll"] = "hpa"
    polling_interval: Annotated[float, PlainValidator(_seconds)] | None = None
    on_missing: dict[StrictStr, Literal["keda", "hold", "zero", "error"]] | None = None
    guards: WrittenGuards = WrittenGuards()


@value
class OwnWords:
    """Our own words, defaults filled in. ``polling_interval`` is None where the KEDA field counts."""

    mode: Mode = Mode.ACTIVE
    cadence: Cadence = Cadence.HPA
    polling_interval: timedelta | None = None
    on_missing: Mapping[str, OnMissing]
    guard_source: bool = True
    guard_fleet: bool = True


def own_words(annotations: Mapping[str, str], author: Author) -> tuple[OwnWords, tuple[Fault, ...]]:
    """Read the annotation ``autoscaler.sh/spec``; without it every word has its default."""
    text = annotations.get(OWN)
    path = f"metadata.annotations.{OWN}"
    if text is None:
        return OwnWords(on_missing={}), ()
    loaded = load(text)
    if loaded.fault is not None:
        message = f"line {loaded.fault.line} of the annotation: {loaded.fault.message}"
        return OwnWords(on_missing={}), (error("E101", path, message),)
    if len(loaded.documents) > 1:
        return OwnWords(on_missing={}), (error("E101", path, "the annotation must hold one YAML document"),)
    raw = data(loaded.documents[0]) if loaded.documents else {}
    written, faults = fit(WrittenWords, raw, path)
    if written is None:
        return OwnWords(on_missing={}), faults
    words = _words(written)
    if author is Author.TENANT and words.polling_interval is not None and words.polling_interval < timedelta(seconds=1):
        faults += (error("E104", f"{path}.pollingInterval", "must be at least 1 second here (S8)"),)
    return words, faults


def pause(annotations: Mapping[str, str]) -> tuple[Pause, tuple[Fault, ...]]:
    """Read KEDA's pause annotations; beside our owner annotation ``paused`` is ours and pauses nothing.

    A ``paused-replicas`` that is no count pauses where the target stands, as it does under KEDA, which then reports
    a failure.
    """
    count, faults = _paused_replicas(annotations)
    return (
        Pause(
            paused=is_on(annotations, f"{KEDA}/paused") and not is_owned(annotations),
            replicas=count,
            scale_in=is_on(annotations, f"{KEDA}/paused-scale-in"),
            scale_out=is_on(annotations, f"{KEDA}/paused-scale-out"),
            uncounted=bool(faults),
        ),
        faults,
    )


def force_activation(annotations: Mapping[str, str]) -> bool:
    """Say whether the object counts as active whatever its triggers say."""
    return is_on(annotations, f"{KEDA}/force-activation")


def is_owned(annotations: Mapping[str, str]) -> bool:
    """Say whether the object was handed to us while KEDA is there."""
    return annotations.get(OWNER) == OURSELVES


def ignored(annotations: Mapping[str, str]) -> frozenset[str]:
    """Give the codes of warnings that the author has silenced."""
    return frozenset(annotations.get(IGNORE, "").replace(",", " ").split())


def is_on(annotations: Mapping[str, str], name: str) -> bool:
    """Read a switch as KEDA does: what is no boolean, empty text included, is on. Source: KEDA getBoolAnnotation."""
    return name in annotations and annotations[name] not in _FALSE


def _paused_replicas(annotations: Mapping[str, str]) -> tuple[int | None, tuple[Fault, ...]]:
    name = f"{KEDA}/paused-replicas"
    text = annotations.get(name)
    if text is None:
        return None, ()
    if _COUNT.fullmatch(text) and len(text) < 20 and 0 <= int(text) <= MAX_INT32:
        return int(text), ()
    message = (
        f'"{plain(text, 40)}" is no count of replicas: the object is paused where it is, and KEDA reports a failure; '
        "write a whole number from 0, in quotes"
    )
    return None, (warning("W120", f"metadata.annotations.{name}", message),)


def _words(written: WrittenWords) -> OwnWords:
    interval = written.polling_interval
    return OwnWords(
        mode=Mode(written.mode),
        cadence=Cadence(written.cadence),
        polling_interval=None if interval is None else timedelta(seconds=interval),
        on_missing={name: OnMissing(word) for name, word in (written.on_missing or {}).items()},
        guard_source=written.guards.source,
        guard_fleet=written.guards.fleet,
    )
