"""A stored memory, as the next process may believe it."""

from dataclasses import replace

from autoscaler.core.recall import recall
from autoscaler.model.memory import Memory
from tests.unit.builders import a_memory, a_past, at


def test_after_an_orderly_stop_all_is_believed():
    """A memory whose instants lie behind is taken as it is."""
    memory = a_memory((4, 0), (5, 10), grown=[(1, 5)], shrunk=[(1, 6)], active=9, past=a_past(last=10))
    assert recall(memory, at=at(20), clean=True) == memory
    assert recall(Memory(), at=at(20), clean=True) == Memory()


def test_after_a_crash_the_newest_recommendation_is_of_now():
    """Later recommendations of the same number were not stored, so the newest counts as made at the start."""
    memory = a_memory((4, 3), (5, 10), (6, 7))
    found = recall(memory, at=at(20), clean=False)
    assert found == replace(a_memory((4, 3), (5, 20), (6, 7)), unclean=True)
    assert recall(a_memory(), at=at(20), clean=False) == replace(a_memory(), unclean=True)


def test_a_crash_is_not_forgotten():
    """A memory that was unclean stays so until a tick has looked."""
    assert recall(a_memory(unclean=True), at=at(20), clean=True).unclean


def test_a_paused_count_is_written_once_per_process():
    """Which paused count was enforced is not carried over."""
    past = a_past(paused=True, paused_replicas=3)
    assert recall(a_memory(past=past), at=at(20), clean=True).past == replace(past, paused_replicas=None)
