"""The cron trigger: replicas between two schedules. Source: KEDA cron_scaler.go."""

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from autoscaler.model.faults import Fault, Faults, Severity
from autoscaler.model.objects import Ask, Question, Source
from autoscaler.model.observation import Measurement, Missing, MissingReason, Sample
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret, plain
from autoscaler.scalers.contract import Answer
from autoscaler.scalers.metadata import Reader
from autoscaler.scalers.numbers import to_milli
from autoscaler.scalers.schedule import find_zone, next_firing, parse_schedule

_NEVER = datetime.min.replace(tzinfo=UTC)
_IN_NAMES = str.maketrans({" ": "", "*": "x", "/": "Sl", "?": "Qm", ",": "Cm"})
_NORMAL = str.maketrans(dict.fromkeys("/.:%()", "-"))


class CronScaler:
    """Asks nobody: the observation's wall time is all it reads."""

    type = "cron"
    keys = frozenset(("start", "end", "timezone", "desiredReplicas"))
    may_cache = False

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        """Turn metadata into a question that needs no network."""
        reader = Reader(spec, auth)
        start, end = _schedule(reader, "start"), _schedule(reader, "end")
        zone = reader.required_text("timezone")
        desired = reader.required_integer("desiredReplicas")
        if start and start == end:
            reader.fault("E105", "end", "start and end must differ: change one", reason="start_equals_end")
        if desired == 0 and not any(fault.path.endswith(".desiredReplicas") for fault in reader.faults):
            reader.fault("E104", "desiredReplicas", "desiredReplicas must not be 0", reason="zero_replicas")
        target = reader.metric_target(1000)
        if refused := reader.refused():
            return refused
        ask = Ask(
            question=Question(source=Source(transport="cron"), text=f"{start} until {end} ({zone})"),
            metric=_metric(spec.index, zone, start, end),
            target=target,
            settings=(("desired", str(desired)), ("end", end), ("start", start), ("timezone", zone)),
        )
        return Parsed(ask=ask, warnings=_warnings(spec, zone))

    def read(self, ask: Ask, answer: Answer, at: datetime) -> Measurement:
        """Give the replicas between a start and an end, else 0. ``at`` is wall time."""
        if isinstance(answer, Missing):
            return answer
        settings = dict(ask.settings)
        zone = find_zone(settings["timezone"])
        if zone is None:
            detail = f'there is no time zone "{plain(settings["timezone"], 80)}"'
            return Missing(reason=MissingReason.MALFORMED, detail=detail)
        active = _is_between(_firing(settings["start"], zone, at), _firing(settings["end"], zone, at), at)
        return Sample(value_milli=to_milli(float(settings["desired"])) if active else 0, active=active, at=at)


def _schedule(reader: Reader, name: str) -> str:
    text = reader.required_text(name)
    if text and parse_schedule(text) is None:
        wanted = "five fields such as 0 8 * * 1-5 (minute, hour, day of month, month, day of week 0-6)"
        reader.fault("E104", name, f'{name} must be {wanted}, found "{plain(text, 80)}"', reason="bad_schedule")
    return text


def _firing(text: str, zone: ZoneInfo, at: datetime) -> datetime:
    """Give the next firing; what never fires counts as long past, as in KEDA."""
    schedule = parse_schedule(text)
    assert schedule is not None, f"{text} was parsed at load"
    return next_firing(schedule, zone, at) or _NEVER


def _is_between(start: datetime, end: datetime, at: datetime) -> bool:
    """Say whether the next thing to happen is the end.

    Beside a doubled half hour the next firing can lie before now: robfig/cron goes back to the start of the hour.
    """
    if start < end:
        return start < at < end
    return start < at or at < end


def _metric(index: int, zone: str, start: str, end: str) -> str:
    name = f"cron-{zone}-{start.translate(_IN_NAMES)}-{end.translate(_IN_NAMES)}"
    return f"s{index}-{name.translate(_NORMAL)}"


def _warnings(spec: TriggerSpec, zone: str) -> tuple[Fault, ...]:
    if find_zone(zone) is not None:
        return ()
    message = f'there is no time zone "{plain(zone, 80)}", so no sample: name one such as Europe/Berlin'
    path = f"{spec.path}.metadata.timezone"
    return (Fault(code="W124", severity=Severity.WARNING, path=path, message=message, reason="timezone"),)
