"""Typed reading of trigger metadata: each parameter from its sources, every fault at once.

It knows no trigger type. Source: KEDA scalersconfig/typed_config.go.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from enum import Enum
from typing import TypeVar

from autoscaler.model.faults import Fault, Faults, Severity
from autoscaler.model.objects import MetricTarget, TargetType
from autoscaler.model.spec import TriggerSpec
from autoscaler.model.text import Secret, plain
from autoscaler.model.value import value
from autoscaler.scalers.literals import (
    parse_duration,
    parse_flag,
    parse_integer,
    parse_items,
    parse_number,
    parse_pairs,
    trim,
)

T = TypeVar("T")


class Place(Enum):
    """Where a parameter may be given."""

    METADATA = "triggerMetadata"
    AUTH = "authParams"
    ENV = "resolvedEnv"


METADATA_ONLY = (Place.METADATA,)


@value
class Found:
    """A parameter's trimmed text and where it was found; what comes from AUTH or ENV is never shown."""

    name: str
    text: str
    place: Place

    @property
    def shown(self) -> str:
        """Give the text for a message."""
        return f'"{plain(self.text, 80)}"' if self.place is Place.METADATA else "a hidden value"


class Reader:
    """Reads the parameters of one trigger and collects ``faults`` on the way.

    ``sources`` are tried in order, and in each the spellings in order; the first text that is not blank wins.
    Where authentication cannot be resolved now (``unresolved``), what it could hold is not called missing (D7).
    Required values that are missing read as an empty text or 0, and a fault says so.
    """

    def __init__(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> None:
        self.spec = spec
        self.faults: list[Fault] = []
        self.unresolved = auth is None
        self._auth = auth or {}

    def text(self, *names: str, sources: Iterable[Place] = METADATA_ONLY) -> str | None:
        """Read a text; None where it is absent or blank."""
        found = self.find(*names, sources=sources)
        return found.text if found else None

    def required_text(self, *names: str, sources: Iterable[Place] = METADATA_ONLY) -> str:
        """Read a text that must be there."""
        found = self._require(names, sources)
        return found.text if found else ""

    def secret(self, *names: str, sources: Iterable[Place] = (Place.AUTH,)) -> Secret | None:
        """Read a text that must not be shown; None where it is absent or blank."""
        found = self.find(*names, sources=sources)
        return Secret(found.text) if found else None

    def number(self, name: str, *, sources: Iterable[Place] = METADATA_ONLY) -> float | None:
        """Read a JSON number; None where it is absent or faulty."""
        return self._converted(self.find(name, sources=sources), parse_number, "a number such as 2.5 or 1e3")

    def required_number(self, name: str, *, sources: Iterable[Place] = METADATA_ONLY) -> float:
        """Read a JSON number that must be there."""
        number = self._converted(self._require((name,), sources), parse_number, "a number such as 2.5 or 1e3")
        return number if number is not None else 0.0

    def integer(self, name: str, *, bits: int = 64, sources: Iterable[Place] = METADATA_ONLY) -> int | None:
        """Read a JSON integer of so many bits; None where it is absent or faulty."""
        return self._converted(self.find(name, sources=sources), _of_bits(bits), "a whole number such as 5")

    def required_integer(self, name: str, *, bits: int = 64, sources: Iterable[Place] = METADATA_ONLY) -> int:
        """Read a JSON integer that must be there."""
        number = self._converted(self._require((name,), sources), _of_bits(bits), "a whole number such as 5")
        return number if number is not None else 0

    def flag(self, name: str, *, default: bool, sources: Iterable[Place] = METADATA_ONLY) -> bool:
        """Read a boolean."""
        flag = self._converted(self.find(name, sources=sources), parse_flag, '"true" or "false"')
        return default if flag is None else flag

    def duration(self, name: str, *, sources: Iterable[Place] = METADATA_ONLY) -> timedelta | None:
        """Read a duration, rounded up to microseconds; None where it is absent or faulty, zero where it says zero."""
        wanted = "a duration such as 30s or 1m30s, or whole milliseconds, and not negative"
        return self._converted(self.find(name, sources=sources), parse_duration, wanted)

    def pairs(self, name: str, *, sources: Iterable[Place] = METADATA_ONLY) -> tuple[tuple[str, str], ...]:
        """Read ``a=b,c=d`` as sorted pairs; empty where it is absent or faulty."""
        return self._converted(self.find(name, sources=sources), parse_pairs, "pairs such as a=b,c=d") or ()

    def choice(
        self, name: str, members: Iterable[str], *, default: str, sources: Iterable[Place] = METADATA_ONLY
    ) -> str:
        """Read one of ``members``, case-sensitive; ``default`` where it is absent or faulty."""
        found = self.find(name, sources=sources)
        if found is None or not self._all_members(found, (found.text,), tuple(members)):
            return default
        return found.text

    def choices(
        self,
        *names: str,
        members: Iterable[str],
        exclusive: Iterable[str] = (),
        sources: Iterable[Place] = METADATA_ONLY,
    ) -> tuple[str, ...]:
        """Read a list of ``members``, at most one of them (counting repeats) out of ``exclusive``."""
        found = self.find(*names, sources=sources)
        if found is None:
            return ()
        chosen, rivals = parse_items(found.text), tuple(exclusive)
        if not self._all_members(found, chosen, tuple(members)):
            return ()
        if sum(item in rivals for item in chosen) > 1:
            wanted = f"only one of {', '.join(rivals)}, found {found.shown}: keep one"
            self.fault("E105", found.name, f"{found.name} may name {wanted}", reason="exclusive_set")
            return ()
        return chosen

    def metric_target(self, amount: int) -> MetricTarget:
        """Give the target of an external metric; ``amount`` is in thousandths.

        Source: KEDA scaler.go, GetMetricTargetType. Words that KEDA hands on to an API server which refuses them are
        refused here (D8).
        """
        word = self.spec.metric_type or TargetType.AVERAGE_VALUE.value
        if word in (TargetType.AVERAGE_VALUE.value, TargetType.VALUE.value):
            return MetricTarget(type=TargetType(word), amount=amount)
        self.refuse_metric_type(TargetType.AVERAGE_VALUE, TargetType.VALUE, reason="metric_type")
        return MetricTarget(type=TargetType.AVERAGE_VALUE, amount=amount)

    def refuse_metric_type(self, *wanted: TargetType, reason: str) -> None:
        """Add a fault about ``metricType``, which stands beside metadata and is none of the ``wanted``."""
        word, members = self.spec.metric_type or "", tuple(one.value for one in wanted)
        found = f'found "{plain(word, 80)}"{_nearest(word, members)}' if word else "found none: set it"
        text = f"metricType must be {' or '.join(members)} for {self.spec.type} triggers, {found}"
        self.faults.append(self._made("E104", f"{self.spec.path}.metricType", text, reason))

    def find(self, *names: str, sources: Iterable[Place] = METADATA_ONLY) -> Found | None:
        """Look a parameter up; None where no source holds more than blanks."""
        for place in sources:
            for name in names:
                if text := trim(self._raw(name, place)):
                    return Found(name=name, text=text, place=place)
        return None

    def is_given(self, *names: str, sources: Iterable[Place] = METADATA_ONLY) -> bool:
        """Say whether a parameter is there, or may be: an authentication counts by what it names while unresolved."""
        places = tuple(sources)
        if self.find(*names, sources=places):
            return True
        if not (self.unresolved and Place.AUTH in places):
            return False
        return self.spec.granted is None or not self.spec.granted.isdisjoint(names)

    def fault(self, code: str, name: str, message: str, *, reason: str = "bad_value") -> None:
        """Add a fault of the scaler's own about the parameter ``name``; without a name it is about all of metadata."""
        place = f"{self.spec.path}.metadata.{name}" if name else f"{self.spec.path}.metadata"
        self.faults.append(self._made(code, place, message, reason))

    def refused(self) -> Faults | None:
        """Give all faults found so far; None where there is none."""
        return Faults(faults=tuple(self.faults)) if self.faults else None

    def _raw(self, name: str, place: Place) -> str:
        match place:
            case Place.METADATA:
                return self.spec.metadata.get(name, "")
            case Place.AUTH:
                return self._auth[name].reveal() if name in self._auth else ""
            case Place.ENV:
                return self.spec.env.get(self.spec.metadata.get(f"{name}FromEnv", ""), "")

    def _require(self, names: tuple[str, ...], sources: Iterable[Place]) -> Found | None:
        places = tuple(sources)
        found = self.find(*names, sources=places)
        if found is None and not (self.unresolved and Place.AUTH in places):
            elsewhere = "" if places == (Place.METADATA,) else f" in {' or '.join(_PLACES[place] for place in places)}"
            self.fault("E102", "", f'{self.spec.type} needs "{names[0]}"{elsewhere}', reason="missing_parameter")
        return found

    def _converted(self, found: Found | None, parse: Callable[[str], T | None], wanted: str) -> T | None:
        if found is None:
            return None
        converted = parse(found.text)
        if converted is None:
            self.fault("E101", found.name, f"{found.name} must be {wanted}, found {found.shown}")
        return converted

    def _all_members(self, found: Found, chosen: tuple[str, ...], members: tuple[str, ...]) -> bool:
        if all(item in members for item in chosen):
            return True
        wanted = f"{found.name} must be of {', '.join(members)}, found {found.shown}{_meant(found, chosen, members)}"
        self.fault("E104", found.name, wanted, reason="not_in_enum")
        return False

    def _made(self, code: str, path: str, message: str, reason: str) -> Fault:
        return Fault(code=code, severity=Severity.ERROR, path=path, message=message, reason=reason)


_PLACES: Mapping[Place, str] = {
    Place.METADATA: "metadata",
    Place.AUTH: "the TriggerAuthentication",
    Place.ENV: "the target's environment (…FromEnv)",
}


def _meant(found: Found, chosen: tuple[str, ...], members: tuple[str, ...]) -> str:
    """Suggest the member that is nearest to the first item that is none; nothing of what is never shown."""
    if found.place is not Place.METADATA:
        return ""
    return _nearest(next((item for item in chosen if item not in members), ""), members)


def _nearest(wrong: str, members: tuple[str, ...]) -> str:
    folded = {member.lower(): member for member in members}
    near = difflib.get_close_matches(wrong[:100].lower(), folded, n=1, cutoff=0.7)
    return f'; did you mean "{folded[near[0]]}"?' if near else ""


def _of_bits(bits: int) -> Callable[[str], int | None]:
    return lambda text: parse_integer(text, bits)
