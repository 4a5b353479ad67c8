"""A small fleet in which every metric has something to say."""

from dataclasses import replace
from datetime import timedelta

from autoscaler.core.decide import decide
from autoscaler.model.faults import Fault, Severity
from autoscaler.model.memory import Contest, Memory
from autoscaler.model.objects import Fallback, FallbackBehavior, Pause, ScaledObject, Trigger
from autoscaler.model.observation import (
    Hold,
    HoldReason,
    MissingReason,
    Observation,
    Origin,
    Unreadable,
    UnreadableReason,
)
from autoscaler.model.record import (
    Applied,
    Broken,
    Decided,
    Failed,
    Outcome,
    Round,
    Superseded,
    Unknown,
    Unneeded,
    Unobserved,
    Withheld,
)
from autoscaler.model.source import SourceHealth, SourceState
from autoscaler.model.turn import Report
from tests.unit.builders import (
    POLL,
    START,
    a_memory,
    a_past,
    a_sample,
    a_scale,
    a_trigger,
    an_object,
    an_observation,
    at,
    missing,
)
from tests.unit.formulas import a_composed

SOURCE = an_object().triggers[0].ask.question.source


def decided(
    obj: ScaledObject, seen: Observation, outcome: Outcome | None = None, memory: Memory | None = None
) -> Decided:
    """A record whose decision is the real one; applied in 50 ms where it changes something, unless said."""
    known = memory or a_memory(past=a_past(replicas=seen.scale.spec))
    decision = decide(obj, known, seen)
    if outcome is None:
        changes = decision.desired != decision.current
        outcome = Applied(at=seen.at, resource_version="2", took=timedelta(milliseconds=50)) if changes else Unneeded()
    return Decided(
        obj=obj,
        memory=known,
        seen=seen,
        decision=decision,
        outcome=outcome,
        lateness=timedelta(milliseconds=3),
        took=timedelta(milliseconds=20),
    )


def a_report(seconds: float = 0.05, *, failures: int = 0) -> Report:
    return Report(
        source=SOURCE,
        at=START,
        requests=2,
        failures=failures,
        took=timedelta(seconds=seconds),
        by_kind=(("timeout", failures),) if failures else (),
    )


def a_round(*records: Decided | Unobserved | Broken, health: SourceHealth = SourceHealth.OK) -> Round:
    state = SourceState(health=health, since=START, up=12.0)
    return Round(
        at=START,
        records=records,
        reports=(a_report(failures=int(health is SourceHealth.DEGRADED)),),
        sources={SOURCE: state},
    )


def _unverified(trigger: Trigger) -> Trigger:
    source = replace(trigger.ask.question.source, options=(("unsafeSsl", "true"),))
    return replace(trigger, ask=replace(trigger.ask, question=replace(trigger.ask.question, source=source)))


def the_fleet() -> tuple[dict, tuple[Round, ...], dict]:
    """Objects by key, two rounds of theirs, and what is wrong with one more."""
    busy = an_object(10, name="busy", maximum=10)
    failing = an_object(
        name="failing",
        triggers=(a_trigger(10, name="orders"), a_trigger(5, metric="s1-prometheus", name="paid")),
        fallback=Fallback(threshold=1, replicas=6, behavior=FallbackBehavior.STATIC),
    )
    held = an_object(10, name="held")
    hostile = an_object(10, name='a"b\\c\nd{}')
    paused = an_object(name="paused", pause=Pause(paused=True), triggers=(_unverified(a_trigger(10)),))
    gone = an_object(10, name="gone")
    broken = an_object(10, name="broken")
    rivalled = an_object(10, name="rivalled")
    fought = an_object(10, name="fought")
    summed, halved = a_composed("a + b", name="summed"), a_composed("a / b", name="halved")
    undone = Contest(moved=0, reversed_at=(at(-30), at(-20), at(-10)), writer="argocd-controller")
    hold = Hold(reason=HoldReason.SOURCE_BLIND, detail="came back empty")
    nothing = a_sample(0, origin=Origin.NULL_AS_ZERO)
    why = Unreadable(reason=UnreadableReason.NOT_FOUND, detail="no deployment web")
    records = (
        decided(busy, an_observation(212, replicas=7)),
        decided(
            failing,
            an_observation(34, missing(MissingReason.HTTP_STATUS), replicas=4),
            memory=a_memory(failures=(0, 4), past=a_past(replicas=4)),
        ),
        decided(held, an_observation(10, replicas=9, holds=(hold,))),
        decided(hostile, an_observation(nothing, replicas=1), Failed(why="forbidden", status=403)),
        decided(paused, an_observation(replicas=3)),
        decided(rivalled, an_observation(50, scale=a_scale(3, rival="keda-hpa-web")), Withheld(why="an HPA")),
        decided(
            fought,
            an_observation(50, scale=a_scale(2, writer="argocd-controller"), slots=POLL),
            memory=a_memory(past=replace(a_past(replicas=5), contest=undone)),
        ),
        decided(summed, an_observation(4, 6, replicas=3)),
        decided(halved, an_observation(4, 0, replicas=3)),
        Unobserved(obj=gone, memory=Memory(), at=START, why=why),
        Broken(obj=broken, memory=Memory(), at=START, traceback="Traceback"),
    )
    more = (
        decided(busy, an_observation(100, replicas=10, now=15)),
        decided(held, an_observation(30, replicas=9, now=15, holds=(hold,)), Withheld(why="dry run")),
    )
    objects = {record.obj.key: record.obj for record in records}
    faulty = {
        an_object(name="refused").key: (
            Fault(code="E104", severity=Severity.ERROR, path="spec", message="min > max"),
            Fault(code="W103", severity=Severity.WARNING, path="spec", message="unknown key"),
        )
    }
    return objects, (a_round(*records), a_round(*more, health=SourceHealth.DEGRADED)), faulty


OUTCOMES = (
    Applied(at=at(0), resource_version="2", took=timedelta(milliseconds=50)),
    Unneeded(),
    Withheld(why="dry run"),
    Superseded(why="another writer", found=3),
    Failed(why="forbidden", status=403),
    Unknown(why="no answer"),
)
