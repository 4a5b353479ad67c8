"""Records as log events: a change is one line that is a whole record; trouble is told when it begins and ends."""

from collections.abc import Iterator, Mapping

from autoscaler.core.foreign import NOBODY_KNOWN, foreign_write, is_rivalled, is_undisturbed, opponent
from autoscaler.model.objects import Pause, Source
from autoscaler.model.observation import Missing
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
from autoscaler.views.event import NOTHING_SAID, Event, Level, Standing, about, event
from autoscaler.views.troubles import broken_formula, held, other_edges, pauses, trigger_edges
from autoscaler.views.words import because, deciding, values

_EFFECTS = {
    SourceHealth.OK: "believed",
    SourceHealth.DEGRADED: "only what gets no whole answer is kept from shrinking",
    SourceHealth.BLIND: "nothing shrinks on it, growth goes on",
    SourceHealth.RECOVERING: "nothing shrinks on it before clear_at, growth goes on",
}
_NO_PAUSE = Pause()


def tell(before: Standing, record: Record, *, heartbeat: bool) -> tuple[Standing, tuple[Event, ...]]:
    """Give the events of one record, and what has then been said; debug events only with ``heartbeat``."""
    match record:
        case Decided():
            quiet = _is_quiet(record)
            if quiet and before is NOTHING_SAID and not heartbeat:
                return before, ()
            after = NOTHING_SAID if quiet else _standing(before, record)
            return after, tuple(_decided(before, after, record, about(record.obj.key), heartbeat))
        case Unobserved(why=why):
            after = _with_unreadable(before, why.reason.value)
            if before.unreadable == why.reason.value:
                return after, ()
            fields = {"target": str(record.obj.target), "reason": why.reason.value, "detail": why.detail}
            return after, (event(Level.WARNING, "scale unreadable", about(record.obj.key), **fields),)
        case Broken(traceback=text):
            return before, (event(Level.ERROR, "tick broke", about(record.obj.key), traceback=text),)


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
    return event(level, "source changed", {}, **{key: text for key, text in fields.items() if text})


def _is_quiet(record: Decided) -> bool:
    """Say whether there is nothing that would have to be told; steady state must cost next to nothing."""
    return (
        isinstance(record.outcome, Unneeded)
        and not record.seen.holds
        and not record.decision.fallbacks
        and record.obj.pause == _NO_PAUSE
        and not any(isinstance(measured, Missing) for measured in record.seen.measurements)
        and not isinstance(record.decision.composite, Missing)
        and is_undisturbed(record.memory, record.seen.scale)
    )


def _standing(before: Standing, record: Decided) -> Standing:
    decision, outcome = record.decision, record.outcome
    seen = zip(record.obj.triggers, record.seen.measurements, strict=False)
    return Standing(
        wish=(decision.current, decision.desired) if isinstance(outcome, Withheld) else None,
        failure=outcome.why if isinstance(outcome, Failed | Unknown) else None,
        missing={
            trigger.ask.metric: measured.reason.value for trigger, measured in seen if isinstance(measured, Missing)
        },
        formula=broken_formula(record) is not None,
        holds=held(before, record),
        paused=frozenset(pauses(record.obj.pause)),
        fallback=frozenset(record.obj.triggers[index].ask.metric for index in decision.fallbacks),
        rival=record.seen.scale.rival,
        contested=opponent(record.obj, record.memory, record.seen) is not None,
    )


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
        yield event(Level.INFO, "scale readable again", named, target=str(record.obj.target))
    yield from trigger_edges(before, after, record, named)
    yield from other_edges(before, after, record, named)
    yield from _company(before, after, record, named)
    level, verb = _verb(before, after, record.outcome)
    if heartbeat or level is not Level.DEBUG:
        yield event(level, verb, named, **_whole(record))


def _company(before: Standing, after: Standing, record: Decided, named: Mapping[str, object]) -> Iterator[Event]:
    """Tell of other writers: each write of theirs, the HPA beside us, and whether they undo what we write."""
    written = foreign_write(record.obj, record.memory, record.seen.scale)
    if written is not None:
        fields = {"writer": written.writer or NOBODY_KNOWN, "before": written.before, "after": written.after}
        yield event(Level.INFO, "foreign write", named, **fields)
    if after.rival is not None and after.rival != before.rival:
        refused = is_rivalled(record.obj, record.seen.scale)
        effect = "nothing is written until it is deleted, or the object here" if refused else "none on a dry run"
        level = Level.WARNING if refused else Level.INFO
        yield event(level, "rival appeared", named, target=str(record.obj.target), hpa=after.rival, effect=effect)
    elif after.rival is None and before.rival is not None:
        yield event(Level.INFO, "rival left", named, target=str(record.obj.target), hpa=before.rival)
    if after.contested and not before.contested:
        who = opponent(record.obj, record.memory, record.seen)
        effect = "counts are written at syncs only"
        yield event(Level.WARNING, "contest began", named, reason="ForeignWriter", writer=who, effect=effect)
    elif before.contested and not after.contested:
        yield event(Level.INFO, "contest ended", named, reason="ForeignWriter")


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
