"""What the probes say."""

from dataclasses import replace

import pytest

from autoscaler.loop.vitals import Status, Vitals, told
from autoscaler.model.memory import Contest, Memory
from autoscaler.model.observation import ScaleStatus, Unreadable, UnreadableReason
from autoscaler.model.record import Applied, Decided, Failed, Outcome, Round, Unknown, Unneeded
from autoscaler.model.source import Sign, SourceHealth, SourceState
from tests.unit.builders import (
    START,
    a_decision,
    a_memory,
    a_past,
    a_scale,
    a_trigger,
    an_object,
    an_observation,
    at,
    seconds,
)


def a_healthy_one() -> Vitals:
    vitals = Vitals(started_at=START, objects=1, loaded=True)
    vitals.beat_at = vitals.tick_at = vitals.server_seen_at = at(100)
    return vitals


def failing(vitals: Vitals, second: float) -> list[str]:
    return [check.name for check in vitals.report(at(second)).checks if check.status is Status.FAIL]


def test_a_daemon_that_ticks_is_live_and_ready():
    """Beats, ticks, objects and an API server that answered: ready."""
    report = a_healthy_one().report(at(101))
    assert (report.live, report.ready) == (True, True)


def test_a_loop_that_stands_still_is_neither_live_nor_ready():
    """Ten seconds without a beat end both, so that Kubernetes restarts the process."""
    report = a_healthy_one().report(at(111))
    assert (report.live, report.ready) == (False, False)


def test_ticks_that_stopped_make_it_not_ready_but_leave_it_alive():
    """Ticks that no longer end are said, by name and age."""
    vitals = a_healthy_one()
    vitals.beat_at = at(200)
    assert failing(vitals, 200) == ["ticks"]
    assert vitals.report(at(200)).live


def test_an_api_server_that_cannot_be_reached_makes_it_not_ready_and_says_why():
    """The reason and the detail of the failed call are in the answer."""
    vitals = a_healthy_one()
    vitals.server = Unreadable(reason=UnreadableReason.UNREACHABLE, detail="connection refused")
    report = vitals.report(at(101))
    assert not report.ready
    assert "unreachable: connection refused" in [check.detail for check in report.checks]


def test_nothing_loaded_yet_is_not_ready():
    """Before the first objects are read there is nothing to promise."""
    assert "objects" in failing(Vitals(started_at=START), 1)


def test_a_refused_change_is_said_but_the_last_good_version_keeps_it_ready():
    """An invalid edit shows in the detail; the object runs on."""
    vitals = a_healthy_one()
    vitals.refused["shop/web"] = "spec.maxReplicaCount: 0 is not at least 1"
    report = vitals.report(at(101))
    assert report.ready
    assert warnings(vitals) == {
        "objects": "1 loaded, 1 refused",
        "shop/web": "spec.maxReplicaCount: 0 is not at least 1",
    }


def warnings(vitals: Vitals) -> dict[str, str]:
    """What wants a person, by name."""
    return {check.name: check.detail for check in vitals.report(at(101)).checks if check.status is Status.WARNING}


def test_a_start_on_refused_documents_alone_is_not_ready():
    """With nothing loaded and documents refused nothing is scaled, and the probe says so."""
    vitals = a_healthy_one()
    vitals.objects = 0
    assert failing(vitals, 101) == []
    vitals.refused["web.yaml ScaledObject web"] = "E104 min > max"
    assert failing(vitals, 101) == ["objects"]


def test_troubles_warn_and_leave_it_ready():
    """Files that are away and a state folder that cannot be written want a person, and scaling goes on."""
    vitals = a_healthy_one()
    vitals.troubles["state"] = "cannot use the state folder /nowhere: no such file"
    assert vitals.report(at(101)).ready
    assert warnings(vitals) == vitals.troubles


def test_a_source_that_is_not_ok_warns_and_says_what_follows():
    """State, since, signs in words and the consequence; a source that is well, or no longer asked, is not named."""
    vitals, source = a_healthy_one(), a_trigger().ask.question.source
    why = "no request got a usable answer yet (the last one: connection refused)"
    blind = SourceState(health=SourceHealth.BLIND, since=at(0), signs=frozenset({Sign.FAILING}), detail=why)
    vitals.note(Round(at=at(30), records=(), sources={source: blind}))
    assert vitals.report(at(101)).ready
    assert list(warnings(vitals)) == [f"source {source}"]
    (detail,) = warnings(vitals).values()
    assert detail.endswith(f"Z: {why}; nothing shrinks on it")
    vitals.forget_sources(())
    assert warnings(vitals) == {}


@pytest.mark.parametrize("health", SourceHealth)
def test_every_state_of_a_source_is_said_by_its_name(health: SourceHealth):
    """The words begin with the state that the metric and the log name."""
    assert told(SourceState(health=health, since=START, clear_at=at(60))).startswith(f"{health.value} since ")


def test_a_daemon_that_stops_is_not_ready():
    """Between SIGTERM and the end no traffic of probes counts on it."""
    vitals = a_healthy_one()
    vitals.stopping = True
    assert not vitals.report(at(101)).ready


def test_a_slow_poll_is_no_silence():
    """How long ticks may be silent follows the longest interval in use."""
    vitals = a_healthy_one()
    vitals.tick_due = seconds(1200)
    vitals.beat_at = at(700)
    assert failing(vitals, 700) == []


def noted(scale: ScaleStatus, memory: Memory, vitals: Vitals) -> list[str]:
    """The readiness detail after one tick of ``shop/web``."""
    obj, seen = an_object(10), an_observation(10, scale=scale, now=30)
    record = Decided(obj=obj, memory=memory, seen=seen, decision=a_decision(), outcome=Unneeded())
    vitals.note(Round(at=seen.at, records=(record,), sources={}))
    report = vitals.report(at(101))
    assert report.ready
    return [check.detail for check in report.checks if check.name == "shop/web"]


def test_other_writers_are_said_and_leave_it_ready():
    """An HPA beside us and a count that others contest stand in the detail while they last."""
    vitals, memory = a_healthy_one(), a_memory(past=a_past())
    contest = Contest(reversed_at=(at(0), at(10), at(20)), writer="argocd")
    fought = a_memory(past=replace(a_past(), contest=contest))
    assert noted(a_scale(rival="keda-hpa-web"), memory, vitals) == [
        "HPA keda-hpa-web scales the same target: nothing is written while it exists"
    ]
    assert noted(a_scale(), fought, vitals) == [
        "ForeignWriter: argocd undoes what is written; counts are written at syncs only"
    ]
    assert noted(a_scale(), memory, vitals) == []


def written(vitals: Vitals, outcome: Outcome) -> list[str]:
    """What the readiness detail says of writes after one tick of ``shop/web`` that ended so."""
    record = Decided(
        obj=an_object(10), memory=a_memory(), seen=an_observation(10), decision=a_decision(), outcome=outcome
    )
    vitals.note(Round(at=START, records=(record,), sources={}))
    return [f"{check.status.value} {check.detail}" for check in vitals.report(at(101)).checks if check.name == "writes"]


def test_writes_that_are_refused_are_said_until_one_is_taken_or_none_is_needed():
    """One object of two warns; what came of a write nobody knows changes nothing; all of them: not ready."""
    vitals, forbidden = a_healthy_one(), Failed(why="may not patch deployments/scale", status=403)
    vitals.objects = 2
    said = "shop/web: may not patch deployments/scale"
    fine = "ok no write that is still needed was refused"
    assert written(vitals, forbidden) == [f"warning {said}"]
    assert written(vitals, Unknown(why="no answer")) == [f"warning {said}"]
    vitals.objects = 1
    assert failing(vitals, 101) == ["writes"]
    assert written(vitals, Unneeded()) == [fine]
    assert written(vitals, forbidden) == [f"fail {said}"]
    assert written(vitals, Applied(at=START, resource_version="2", took=seconds(0))) == [fine]
    written(vitals, forbidden)
    vitals.forget("shop/web")
    assert failing(vitals, 101) == []


def test_a_fleet_none_of_whose_scales_may_be_read_is_not_ready():
    """Where every object is barred nothing can be done, and the answer names the first of them and why."""
    vitals = a_healthy_one()
    vitals.unreadable["shop/web"] = Unreadable(
        reason=UnreadableReason.FORBIDDEN, detail="may not get deployments/scale"
    )
    assert failing(vitals, 101) == ["targets"]
    vitals.objects = 2
    assert failing(vitals, 101) == []


def test_targets_that_do_not_exist_are_no_fault_of_ours():
    """A workload that is not there yet leaves the daemon ready, or nothing could be installed before it."""
    vitals = a_healthy_one()
    vitals.unreadable["shop/web"] = Unreadable(
        reason=UnreadableReason.NOT_FOUND, detail="deployment/web does not exist"
    )
    assert failing(vitals, 101) == []


def test_memory_that_could_not_be_used_is_a_warning_for_a_while():
    """Whoever looks after a start sees that the saved memory was no memory; ten minutes later nothing follows of it."""
    vitals = a_healthy_one()
    vitals.lost = "memory.v1 cannot be used (its checksum does not fit): the save before it is used"
    assert [(check.name, check.status) for check in vitals.report(at(101)).checks if check.detail == vitals.lost] == [
        ("memory", Status.WARNING)
    ]
    assert vitals.report(at(101)).ready
    assert all(check.name != "memory" for check in vitals.report(at(601)).checks)
