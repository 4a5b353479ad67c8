"""Records as log events: a change is one line that is a whole record; trouble is told when it begins and ends."""

from collections.abc import Iterator, Mapping
from enum import Enum

from autoscaler.core.foreign import NOBODY_KNOWN, foreign_write, is_rivalled, is_undisturbed, opponent
from autoscaler.model.objects import ObjectKey, Source
from autoscaler.model.observation import Hold, Missing, MissingReason
from autoscaler.model.record import (
    Applied,
    Broken,
    Decided,
    Failed,
    Outcome,
    Record,
    Superseded,
    Unknown,
    Unneeded,
    Unobserved,
    Withheld,
)
from autoscaler.model.source import SourceHealth, SourceState
from autoscaler.model.text import plain
from autoscaler.model.value import value
from autoscaler.views.words import because, deciding, values


class Level(Enum):
    """How much an event wants to be read."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@value
class Event:
    """One line: a constant verb and its fields."""

    level: Level
    verb: str
    fields: Mapping[str, object]


@value
class Standing:
    """What the log has said of one object and need not say again.

    ``wish`` is the count that a dry run would write and from which, ``failure`` why the last write failed,
    ``unreadable`` why the scale cannot be read; None where there is no such thing. ``missing`` maps a trigger's metric
    to the reason; ``formula`` is whether the formula fails by itself; ``holds`` are the guards' words that keep it from
    falling now. ``rival`` is the HPA that scales the same target, ``contested`` whether others undo our writes.
    """

    wish: tuple[int, int] | None = None
    failure: str | None = None
    unreadable: str | None = None
    missing: Mapping[str, str]
    formula: bool = False
    holds: frozenset[str] = frozenset()
    paused: bool = False
    fallback: bool = False
    rival: str | None = None
    contested: bool = False


_EFFECTS = {
    SourceHealth.OK: "believed",
    SourceHealth.DEGRADED: "only what gets no whole answer is kept from shrinking",
    SourceHealth.BLIND: "nothing shrinks on it, growth goes on",
    SourceHealth.RECOVERING: "nothing shrinks on it before clear_at, growth goes on",
}
NOTHING_SAID = Standing(missing={})


def tell(before: Standing, record: Record, *, heartbeat: bool) -> tuple[Standing, tuple[Event, ...]]:
    """Give the events of one record, and what has then been said; debug events only with ``heartbeat``."""
    match record:
        case Decided():
            quiet = _is_quiet(record)
            if quiet and before is NOTHING_SAID and not heartbeat:
                return before, ()
            after = NOTHING_SAID if quiet else _standing(record)
            return after, tuple(_decided(before, after, record, _named(record.obj.key), heartbeat))
        case Unobserved(why=why):
            after = _with_unreadable(before, why.reason.value)
            if before.unreadable == why.reason.value:
                return after, ()
            fields = {"target": str(record.obj.target), "reason": why.reason.value, "detail": why.detail}
            return after, (_event(Level.WARNING, "scale unreadable", _named(record.obj.key), **fields),)
        case Broken(traceback=text):
            return before, (_event(Level.ERROR, "tick broke", _named(record.obj.key), traceback=text),)


def tell_source(before: SourceHealth | None, source: Source, state: SourceState) -> Event | None:
    """Give the event of a source whose state changed; None where it did not."""
    if before is state.health or (before is None and state.health is SourceHealth.OK):
        return None
    fields = {
        "source": str(source),
        "before": before.value if before else None,
        "now": state.health.value,
        "signs": "".join(sorted(sign.value for sign in state.signs)),
        "detail": state.detail or ("asked for the first time" if before is None else ""),
        "clear_at": state.clear_at.isoformat(timespec="seconds") if state.clear_at else None,
        "effect": _EFFECTS[state.health],
    }
    level = Level.WARNING if state.health is SourceHealth.BLIND else Level.INFO
    return _event(level, "source changed", {}, **{key: text for key, text in fields.items() if text})


def _is_quiet(record: Decided) -> bool:
    """Say whether there is nothing that would have to be told; steady state must cost next to nothing."""
    return (
        isinstance(record.outcome, Unneeded)
        and not record.seen.holds
        and not record.decision.fallbacks
        and not record.obj.pause.full
        and not any(isinstance(measured, Missing) for measured in record.seen.measurements)
        and not isinstance(record.decision.composite, Missing)
        and is_undisturbed(record.memory, record.seen.scale)
    )


def _standing(record: Decided) -> Standing:
    decision, outcome = record.decision, record.outcome
    seen = zip(record.obj.triggers, record.seen.measurements, strict=False)
    return Standing(
        wish=(decision.current, decision.desired) if isinstance(outcome, Withheld) else None,
        failure=outcome.why if isinstance(outcome, Failed | Unknown) else None,
        missing={
            trigger.ask.metric: measured.reason.value for trigger, measured in seen if isinstance(measured, Missing)
        },
        formula=_broken_formula(record) is not None,
        holds=frozenset(hold.reason.value for hold in _felt(record)),
        paused=record.obj.pause.full,
        fallback=bool(decision.fallbacks),
        rival=record.seen.scale.rival,
        contested=opponent(record.obj, record.memory, record.seen) is not None,
    )


def _broken_formula(record: Decided) -> str | None:
    """Say why the formula gives no number; None where it gives one, and where a missing trigger is told already."""
    found = record.decision.composite
    return found.detail if isinstance(found, Missing) and found.reason is MissingReason.FORMULA else None


def _felt(record: Decided) -> tuple[Hold, ...]:
    """Give the holds that changed this decision: where nothing wanted to fall, the source's own line is enough."""
    said = {step.reason.value for step in record.decision.steps}
    return tuple(hold for hold in record.seen.holds if hold.reason.value in said)


def _with_unreadable(before: Standing, reason: str) -> Standing:
    return Standing(
        failure=before.failure,
        unreadable=reason,
        missing=before.missing,
        formula=before.formula,
        holds=before.holds,
        paused=before.paused,
        fallback=before.fallback,
        rival=before.rival,
        contested=before.contested,
    )


def _decided(
    before: Standing, after: Standing, record: Decided, named: Mapping[str, object], heartbeat: bool
) -> Iterator[Event]:
    if before.unreadable is not None:
        yield _event(Level.INFO, "scale readable again", named, target=str(record.obj.target))
    yield from _trigger_edges(before, after, record, named)
    yield from _other_edges(before, after, record, named)
    yield from _company(before, after, record, named)
    level, verb = _verb(before, after, record.outcome)
    if heartbeat or level is not Level.DEBUG:
        yield _event(level, verb, named, **_whole(record))


def _trigger_edges(before: Standing, after: Standing, record: Decided, named: Mapping[str, object]) -> Iterator[Event]:
    for trigger, measured in zip(record.obj.triggers, record.seen.measurements, strict=False):
        metric = trigger.ask.metric
        if isinstance(measured, Missing) and before.missing.get(metric) != measured.reason.value:
            fields = {"trigger": metric, "source": str(trigger.ask.question.source)}
            reason, detail = measured.reason.value, measured.detail
            yield _event(Level.WARNING, "trigger missing", named, **fields, reason=reason, detail=detail)
    for metric in before.missing.keys() - after.missing.keys():
        yield _event(Level.INFO, "trigger answered again", named, trigger=metric)


def _other_edges(before: Standing, after: Standing, record: Decided, named: Mapping[str, object]) -> Iterator[Event]:
    if after.formula and not before.formula and record.obj.modifiers is not None:
        text = plain(record.obj.modifiers.formula.text)
        yield _event(Level.WARNING, "formula failed", named, formula=text, detail=_broken_formula(record))
    elif before.formula and not after.formula:
        yield _event(Level.INFO, "formula worked again", named)
    for hold in _felt(record):
        if hold.reason.value not in before.holds:
            yield _event(Level.INFO, "hold began", named, reason=hold.reason.value, detail=hold.detail)
    for reason in sorted(before.holds - after.holds):
        yield _event(Level.INFO, "hold ended", named, reason=reason)
    if after.paused != before.paused:
        yield _event(Level.INFO, "paused" if after.paused else "resumed", named)
    if after.fallback != before.fallback:
        level = Level.WARNING if after.fallback else Level.INFO
        yield _event(level, "fallback began" if after.fallback else "fallback ended", named)


def _company(before: Standing, after: Standing, record: Decided, named: Mapping[str, object]) -> Iterator[Event]:
    """Tell of other writers: each write of theirs, the HPA beside us, and whether they undo what we write."""
    written = foreign_write(record.obj, record.memory, record.seen.scale)
    if written is not None:
        fields = {"writer": written.writer or NOBODY_KNOWN, "before": written.before, "after": written.after}
        yield _event(Level.INFO, "foreign write", named, **fields)
    if after.rival is not None and after.rival != before.rival:
        refused = is_rivalled(record.obj, record.seen.scale)
        effect = "nothing is written until it is deleted, or the object here" if refused else "none on a dry run"
        level = Level.WARNING if refused else Level.INFO
        yield _event(level, "rival appeared", named, target=str(record.obj.target), hpa=after.rival, effect=effect)
    elif after.rival is None and before.rival is not None:
        yield _event(Level.INFO, "rival left", named, target=str(record.obj.target), hpa=before.rival)
    if after.contested and not before.contested:
        who = opponent(record.obj, record.memory, record.seen)
        effect = "counts are written at syncs only"
        yield _event(Level.WARNING, "contest began", named, reason="ForeignWriter", writer=who, effect=effect)
    elif before.contested and not after.contested:
        yield _event(Level.INFO, "contest ended", named, reason="ForeignWriter")


def _verb(before: Standing, after: Standing, outcome: Outcome) -> tuple[Level, str]:
    """Choose how loud the record itself is: what was said before is a heartbeat."""
    match outcome:
        case Applied():
            return Level.INFO, "scaled"
        case Unneeded():
            return Level.DEBUG, "ticked"
        case Withheld():
            return (Level.DEBUG if before.wish == after.wish else Level.INFO), "would scale"
        case Superseded():
            return Level.INFO, "write superseded"
        case Failed():
            return (Level.DEBUG if before.failure == after.failure else Level.WARNING), "write failed"
        case Unknown():
            return (Level.DEBUG if before.failure == after.failure else Level.WARNING), "write unanswered"


def _whole(record: Decided) -> dict[str, object]:
    """Give everything that a reader of one line needs."""
    decision, step = record.decision, deciding(record.decision)
    fields: dict[str, object] = {
        "target": str(record.obj.target),
        "current": decision.current,
        "desired": decision.desired,
        "recommended": decision.recommendation,
        "why": because(record),
        "values": values(record),
        "stage": step.stage.value,
        "reason": step.reason.value,
        "activity": decision.activity.value,
        "outcome": type(record.outcome).__name__.lower(),
        "at": record.seen.at.isoformat(),
        "slots": "+".join(sorted(slot.value for slot in record.seen.slots)),
        "lateness_ms": round(record.lateness.total_seconds() * 1000),
    }
    return {**{key: field for key, field in fields.items() if field is not None}, **_outcome(record.outcome)}


def _outcome(outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Applied(took=took):
            return {"took_ms": round(took.total_seconds() * 1000)}
        case Unneeded():
            return {}
        case Superseded(why=why, found=found):
            return {"cause": why} if found is None else {"cause": why, "found": found}
        case Failed(why=why, status=status):
            return {"cause": why} if status is None else {"cause": why, "status": status}
        case Withheld(why=why) | Unknown(why=why):
            return {"cause": why}


def _named(key: ObjectKey) -> dict[str, object]:
    return {"object": str(key)}


def _event(level: Level, verb: str, named: Mapping[str, object], **fields: object) -> Event:
    return Event(level=level, verb=verb, fields={**named, **fields})
