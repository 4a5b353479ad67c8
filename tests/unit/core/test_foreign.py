"""Other writers: what counts as a foreign write, when the count is contested, and what an HPA beside us does."""

from dataclasses import replace

import pytest

from autoscaler.core.decide import decide
from autoscaler.core.foreign import ForeignWrite, contest_after, foreign_write, is_undisturbed, opponent
from autoscaler.core.remember import remember
from autoscaler.model.decision import Reason, Stage
from autoscaler.model.memory import Contest, Memory, Pending
from autoscaler.model.objects import Mode, Pause
from autoscaler.model.observation import Slot
from autoscaler.model.record import Applied, Superseded, Unneeded, Withheld
from tests.unit.builders import (
    BOTH,
    POLL,
    SYNC,
    a_decision,
    a_memory,
    a_past,
    a_scale,
    an_object,
    an_observation,
    applied,
    at,
    outcome_of,
)

WEB = an_object(10, poll=1)


def known(replicas: int = 5, **rest) -> Memory:
    return a_memory((replicas, 0), past=replace(a_past(replicas=replicas), **rest))


def contested(replicas: int = 5, *reversals: float, **rest) -> Memory:
    contest = Contest(reversed_at=tuple(map(at, reversals or (10, 20, 30))), writer="argocd")
    return known(replicas, contest=contest, **rest)


def test_a_count_that_another_wrote_is_a_foreign_write():
    """Who wrote, from what and to what: by managedFields, or nobody named."""
    assert foreign_write(WEB, known(5), a_scale(2, writer="kubectl")) == ForeignWrite(
        writer="kubectl", before=5, after=2
    )
    assert foreign_write(WEB, known(5), a_scale(2)) == ForeignWrite(writer=None, before=5, after=2)


def test_what_we_wrote_ourselves_is_none():
    """The remembered count, a landed write without an answer, an unrecorded one after a crash: all ours (L6, L7)."""
    pending = Pending(current=5, base=5, desired=8, resource_version="1", at=at(0))
    assert foreign_write(WEB, known(5), a_scale(5)) is None
    assert foreign_write(WEB, known(5, pending=pending), a_scale(8, version="2")) is None
    assert foreign_write(WEB, replace(known(5), unclean=True), a_scale(8)) is None
    assert foreign_write(WEB, replace(known(5), unclean=True), a_scale(8, writer="autoscaler")) is None


def test_a_write_that_another_is_named_for_is_foreign_even_after_a_crash():
    """managedFields outweigh the doubt of an unclean stop (L6)."""
    assert foreign_write(WEB, replace(known(5), unclean=True), a_scale(8, writer="kubectl")) is not None


def test_another_workload_of_the_name_is_no_foreign_write():
    """A target that was deleted and made again has its own count."""
    assert foreign_write(WEB, known(5), a_scale(1, uid="other")) is None
    assert foreign_write(WEB, Memory(), a_scale(1)) is None


def test_three_undone_writes_within_ten_minutes_are_a_contest():
    """Each write of ours that the next foreign write turns back counts; the tick that finds the third is in it."""
    memory, found = known(4), []
    for second in (0, 15, 30, 45):
        seen = an_observation(80, scale=a_scale(4, writer="argocd"), now=second)
        found.append(opponent(WEB, memory, seen))
        contest = contest_after(WEB, memory, seen, a_decision(8, current=4), applied(second))
        memory = known(8, contest=contest)
    assert found == [None, None, None, "argocd"]
    assert memory.past.contest == Contest(moved=4, reversed_at=(at(15), at(30), at(45)), writer="argocd")


def test_a_contest_ends_when_its_first_undone_write_is_ten_minutes_old():
    """Three within ten minutes, no longer."""
    memory = contested(5, 15, 30, 45)
    assert opponent(WEB, memory, an_observation(50, replicas=5, now=614)) == "argocd"
    assert opponent(WEB, memory, an_observation(50, replicas=5, now=615)) is None


def test_a_foreign_write_that_goes_our_way_undoes_nothing():
    """Somebody who grows what we have grown is no opponent, and neither is a second write of theirs."""
    grown = known(8, contest=Contest(moved=4))
    further = contest_after(WEB, grown, an_observation(80, replicas=12), a_decision(12, current=12), Unneeded())
    assert further == Contest()
    back = contest_after(
        WEB, known(12, contest=further), an_observation(80, replicas=3), a_decision(3, current=3), Unneeded()
    )
    assert back == Contest()


def test_a_write_that_is_overtaken_by_another_counts_as_found():
    """A foreign count that a conflict brings to light is a foreign write like one that the next tick sees."""
    memory = known(8, contest=Contest(moved=4))
    overtaken = Superseded(why="somebody wrote 4", found=4)
    found = contest_after(WEB, memory, an_observation(90, replicas=8, now=15), a_decision(9, current=8), overtaken)
    assert found == Contest(reversed_at=(at(15),))


def test_a_late_answer_is_our_write():
    """A write without an answer that turns out to have landed can be undone like any other."""
    pending = Pending(current=5, base=5, desired=8, resource_version="1", at=at(0))
    memory = known(5, pending=pending)
    landed = an_observation(80, scale=a_scale(8, version="2"), now=1)
    assert contest_after(WEB, memory, landed, a_decision(8, current=8), Unneeded()) == Contest(moved=3)


@pytest.mark.parametrize(("slots", "desired"), [(POLL, 5), (SYNC, 10), (BOTH, 10), (frozenset({Slot.EXTRA}), 5)])
def test_a_contested_count_is_written_at_syncs_only(slots, desired):
    """Growth at poll and extra slots waits for the next sync, and the step says who undoes our writes."""
    decision = decide(WEB, contested(5), an_observation(100, replicas=5, now=31, slots=slots))
    assert decision.desired == desired
    if desired == 5:
        step = decision.steps[-1]
        assert (step.stage, step.before, step.after, step.reason) == (Stage.SLOT, 10, 5, Reason.FOREIGN_WRITER)
        assert step.detail == "argocd undid 3 writes within 10 min"


def test_a_bound_waits_for_the_sync_too():
    """Who fights over max is answered at the next sync, not at every poll."""
    small = an_object(10, poll=1, maximum=4)
    assert decide(small, contested(5), an_observation(100, replicas=5, now=31, slots=POLL)).desired == 5
    assert decide(small, contested(5), an_observation(100, replicas=5, now=31, slots=SYNC)).desired == 4


def test_a_resting_object_still_wakes():
    """At zero there are no syncs: waking comes a sync period after the last undone write."""
    asleep = contested(0, 10, 20, 30, resting=True)
    early = decide(WEB, asleep, an_observation(100, replicas=0, now=31, slots=POLL))
    late = decide(WEB, asleep, an_observation(100, replicas=0, now=45, slots=POLL))
    assert (early.desired, late.desired > 0) == (0, True)


def test_a_paused_count_is_written_whoever_else_writes():
    """paused-replicas is the author's own word, written once."""
    paused = an_object(10, pause=Pause(replicas=2))
    assert decide(paused, contested(5), an_observation(replicas=5, now=31, slots=POLL)).desired == 2


def test_what_gives_way_is_remembered_as_nothing_written():
    """A growth that waits leaves no event, no new count, and the contest as it was."""
    memory, seen = contested(5), an_observation(100, replicas=5, now=31, slots=POLL)
    decision = decide(WEB, memory, seen)
    after = remember(WEB, memory, seen, decision, outcome_of(decision, 31))
    assert (after.past.replicas, after.grown) == (5, ())
    assert after.past.contest == memory.past.contest


def test_an_applied_write_is_known_to_be_ours():
    """What was moved stays in memory until somebody else writes."""
    seen = an_observation(80, replicas=5, now=15)
    after = remember(WEB, known(5), seen, a_decision(8, current=5), applied(15))
    assert after.past.contest == Contest(moved=3)
    assert is_undisturbed(after, a_scale(8))
    assert not is_undisturbed(after, a_scale(5))


def test_while_an_hpa_has_the_target_nothing_is_remembered():
    """What another autoscaler did is no past of ours: its end is seeded like any unseen time (L6, D32)."""
    memory = known(5)
    seen = an_observation(20, scale=a_scale(9, rival="keda-hpa-web"), now=15)
    decision = decide(WEB, memory, seen)
    assert remember(WEB, memory, seen, decision, Withheld(why="an HPA")) is memory
    assert not is_undisturbed(memory, seen.scale)


def test_a_dry_run_beside_an_hpa_remembers():
    """Running beside KEDA's HPA is what a dry run is for."""
    shadow = an_object(10, mode=Mode.DRY_RUN)
    seen = an_observation(20, scale=a_scale(9, rival="keda-hpa-web"), now=15)
    after = remember(shadow, known(9), seen, decide(shadow, known(9), seen), Withheld(why="dry run"))
    assert after.past.last_at == at(15)


def test_what_a_known_hpa_writes_is_told_once_when_it_has_gone():
    """While it is there its writes are its own matter; what it left is one foreign write."""
    assert foreign_write(WEB, known(5), a_scale(9, rival="keda-hpa-web")) is None
    assert foreign_write(WEB, known(5), a_scale(9)) == ForeignWrite(writer=None, before=5, after=9)


def test_the_end_of_an_hpa_holds_the_count_it_left():
    """After an HPA has gone, its count stands for a full window before anything shrinks."""
    seen = an_observation(10, replicas=9, now=200)
    decision = decide(WEB, known(5), seen)
    assert decision.desired == 9
    assert decision.steps[0].reason is Reason.SEEDED
    assert isinstance(outcome_of(decision, 200), Unneeded | Applied)
