"""Data that vanishes from a source that looks well: its history decides whether that is idleness."""

import pytest

from autoscaler.core.vanished import Question, ask
from autoscaler.model.source import Sign
from autoscaler.model.turn import Kept, Probe, Reply
from tests.unit.builders import a_sample, an_object, at
from tests.unit.core.watch import BLIND, OK, RECOVERING, WELL, Watch, a_calm_watch, is_blind, key_of

ONE = Probe(up=1, count=1)


def a_small_source() -> Watch:
    """A source with one target, far too few for the probe's ratio to be judged."""
    watch = Watch()
    assert watch.hear(probe=ONE, beats=40).health is OK
    return watch


def vanish(watch: Watch) -> None:
    """The one busy trigger turns empty; the probe is as it was."""
    assert watch.hear({"web": Reply.EMPTY}, probe=ONE, beat=5).health is OK


def test_an_emptiness_is_not_believed_before_the_source_was_asked_for_its_history():
    """The zero of a trigger that had data a moment ago is Missing until the source has shown what it kept."""
    watch = a_small_source()
    counted_at = watch.now
    vanish(watch)
    assert watch.recalls() == counted_at
    assert is_blind(watch.believes(watch.zero, data_at=counted_at))


def test_a_source_that_kept_its_history_is_believed():
    """Its targets of then are still there: the data is gone because the load is, and the zero counts."""
    watch = a_small_source()
    vanish(watch)
    asked = Kept(asked_at=at(watch.now), count=1)
    assert watch.hear({"web": Reply.EMPTY}, probe=ONE, beat=5, kept=asked).health is OK
    assert watch.recalls() is None
    assert watch.believes(watch.zero, data_at=watch.now - 10) == watch.zero


def test_a_source_that_lost_its_history_is_blind():
    """A store that restarted empty within a beat shows nothing of the past: sign P, and the trigger is distrusted."""
    watch = a_small_source()
    had_at = watch.now
    vanish(watch)
    state = watch.hear({"web": Reply.EMPTY}, probe=ONE, beat=5, kept=Kept(asked_at=at(watch.now), count=None))
    assert (state.health, state.signs) == (BLIND, {Sign.PROBE})
    assert is_blind(watch.believes(watch.zero, data_at=had_at))
    assert watch.hear({"web": Reply.EMPTY}, probe=ONE, beats=2).health is RECOVERING
    assert watch.hear({"web": Reply.EMPTY}, probe=ONE, beats=8).health is OK
    assert is_blind(watch.believes(watch.zero, data_at=had_at))


def test_half_of_the_targets_is_history_enough():
    """A source that still shows half of what was counted kept its history; one that shows less did not."""
    for count, health in ((5, OK), (4, BLIND)):
        watch = a_calm_watch()
        watch.hear({"web": Reply.EMPTY}, beat=5)
        kept = Kept(asked_at=at(watch.now), count=count)
        assert watch.hear({"web": Reply.EMPTY}, beat=5, kept=kept).health is health


def test_an_answer_to_an_earlier_question_is_none():
    """What was asked before the data vanished says nothing about it."""
    watch = a_small_source()
    earlier = watch.now
    vanish(watch)
    state = watch.hear({"web": Reply.EMPTY}, probe=ONE, beat=5, kept=Kept(asked_at=at(earlier), count=None))
    assert state.health is OK
    assert watch.recalls() == earlier


def test_a_request_that_failed_answers_nothing():
    """Without an answer the question stands; after two beats it is dropped, for then F or P speaks."""
    watch = a_small_source()
    vanish(watch)
    lost = Kept(asked_at=at(watch.now), count=None)
    assert watch.hear({"web": Reply.EMPTY}, probe=None, beat=5, kept=lost).health is OK
    assert watch.recalls() is not None
    watch.hear({"web": Reply.EMPTY}, probe=None, beat=30)
    assert watch.recalls() is None


def test_a_source_without_targets_of_its_own_is_not_asked():
    """Where the probe never counted anything there is nothing to miss, and empty counts as before."""
    watch = Watch()
    watch.hear(probe=None, beats=40)
    watch.hear({"web": Reply.EMPTY}, probe=None, beat=5)
    assert watch.recalls() is None
    assert watch.believes(watch.zero, data_at=watch.now - 5) == watch.zero


@pytest.mark.parametrize(("probed", "asks"), [(0, True), (-0.001, False), (None, False)])
def test_an_old_probe_tells_nothing_of_what_should_be_there(probed: float | None, asks: bool):
    """A question is put by a probe of the last ten minutes."""
    voices = ((key_of("web"), 0),)
    question = ask(voices, WELL, None if probed is None else at(probed), at(600))
    expected = None if probed is None else Question(since=at(600), of=at(probed), targets=10, voices=frozenset(voices))
    assert question == (expected if asks else None)


def test_triggers_that_follow_wait_for_the_same_answer():
    """Another trigger of the source that turns empty meanwhile is not believed either."""
    watch = Watch()
    watch.hear({"web": Reply.DATA, "api": Reply.DATA}, probe=ONE, beats=40)
    watch.hear({"api": Reply.EMPTY}, probe=ONE, beat=5)
    had_at = watch.now - 5
    assert watch.believes(watch.zero, data_at=had_at) == watch.zero
    watch.hear({"web": Reply.EMPTY}, probe=ONE, beat=5)
    assert is_blind(watch.believes(watch.zero, data_at=had_at))


def test_an_object_at_zero_asks_nothing():
    """Series that go because we took their pods away are no news."""
    watch = a_small_source()
    asleep = frozenset({an_object().key})
    watch.hear({"web": Reply.EMPTY}, probe=ONE, beat=5, asleep=asleep)
    assert watch.recalls() is None


def test_data_is_believed_while_the_question_is_open():
    """Only emptiness waits: a trigger that answers with data is followed at once."""
    watch = a_small_source()
    vanish(watch)
    found = a_sample(7, when=at(watch.now))
    assert watch.believes(found, data_at=watch.now - 5) == found
