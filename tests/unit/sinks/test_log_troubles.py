"""Troubles in the log: each begins once and ends once, says what it comes from, and is true meanwhile."""

from dataclasses import replace

from autoscaler.model.objects import Fallback, Pause
from autoscaler.model.observation import Hold, HoldReason
from autoscaler.model.record import Record
from autoscaler.sinks.holding import NAMED
from tests.unit.builders import a_memory, an_object, an_observation, missing
from tests.unit.sinks.fleet import decided
from tests.unit.sinks.test_log import logged

WEB = an_object(10, maximum=10, cooldown=15)
RECOVERING = Hold(reason=HoldReason.SOURCE_RECOVERING, detail="first asked a moment ago")
BLIND = Hold(reason=HoldReason.SOURCE_BLIND, detail="no answer")


def edges(*records: Record) -> list[tuple[str, str]]:
    return [(line["event"], line["reason"]) for line in logged(*records) if "hold" in line["event"]]


def falling(*holds: Hold) -> Record:
    return decided(WEB, an_observation(10, replicas=7, holds=holds))


def content(*holds: Hold) -> Record:
    return decided(WEB, an_observation(70, replicas=7, holds=holds))


def test_a_hold_is_told_once_in_a_phase_however_often_it_matters():
    """Ticks that want nothing else do not end a hold: it ends when the source is believed again."""
    ticks = (content(RECOVERING), falling(RECOVERING), content(RECOVERING), falling(RECOVERING), content(RECOVERING))
    assert edges(*ticks) == [("hold began", "SourceRecovering")]
    assert edges(*ticks, content(), falling()) == [
        ("hold began", "SourceRecovering"),
        ("hold ended", "SourceRecovering"),
    ]


def test_a_hold_that_follows_another_begins_as_it_ends():
    """Nobody reads that a hold ended while the next one has begun unsaid."""
    assert edges(falling(BLIND), content(RECOVERING), content()) == [
        ("hold began", "SourceBlind"),
        ("hold began", "SourceRecovering"),
        ("hold ended", "SourceBlind"),
        ("hold ended", "SourceRecovering"),
    ]


def test_of_many_objects_that_are_held_the_first_few_are_named():
    """A fleet that is held as one does not fill the log: the others are counted."""
    fleet = [an_object(10, maximum=10, name=f"w{number}") for number in range(100)]
    held = [decided(obj, an_observation(10, replicas=7, holds=(RECOVERING,))) for obj in fleet]
    free = [decided(obj, an_observation(70, replicas=7)) for obj in fleet]
    lines = logged(*held, *free)
    assert [line["event"] for line in lines] == [
        *["hold began"] * NAMED,
        "more objects held",
        *["hold ended"] * NAMED,
        "other holds ended",
    ]
    assert (lines[-1]["reason"], lines[-1]["objects"]) == ("SourceRecovering", 100 - NAMED)


def test_a_pause_names_its_annotation_and_what_follows():
    """Whoever reads that an object is paused reads by what; a pause of one direction is one too."""
    free = decided(WEB, an_observation(70, replicas=7))
    kinds = (Pause(paused=True), Pause(replicas=3), Pause(scale_in=True), Pause(scale_out=True))
    paused = [decided(replace(WEB, pause=pause), an_observation(70, replicas=7)) for pause in kinds]
    lines = [line for line in logged(free, *paused, free) if line["event"] in ("paused", "resumed")]
    assert [(line["event"], line["annotation"].partition("/")[2], line.get("effect")) for line in lines] == [
        ("paused", "paused", "nothing is measured, and the count stays"),
        ("paused", "paused-replicas", "nothing is measured; 3 replicas are written once, and left alone after that"),
        ("paused", "paused-scale-in", "it grows and never shrinks"),
        ("resumed", "paused-replicas", None),
        ("paused", "paused-scale-out", "it shrinks and never grows, except to minReplicaCount"),
        ("resumed", "paused-scale-in", None),
        ("resumed", "paused-scale-out", None),
    ]


def test_a_pause_by_what_is_no_count_says_so():
    """The annotation that pauses is named, not the one that would have."""
    (line,) = logged(decided(replace(WEB, pause=Pause(uncounted=True)), an_observation(replicas=7)))
    assert (line["annotation"], line["effect"]) == (
        "autoscaling.keda.sh/paused-replicas",
        "it is no count: nothing is measured, and the count stays",
    )


def test_a_fallback_names_its_trigger_and_its_numbers():
    """A fallback that begins says for what, after how many failures, and which count it asks for."""
    obj = replace(WEB, fallback=Fallback(threshold=3, replicas=6))
    failing = a_memory(failures=(4,))
    acting = decided(obj, an_observation(missing(), replicas=7), memory=failing)
    over = decided(obj, an_observation(70, replicas=7))
    lines = [line for line in logged(acting, acting, over) if line["event"].startswith("fallback")]
    assert lines == [
        {
            "level": "warning",
            "event": "fallback began",
            "object": "shop/web",
            "trigger": "s0-prometheus",
            "failures": 6,
            "threshold": 3,
            "replicas": 6,
            "behavior": "static",
        },
        {"level": "info", "event": "fallback ended", "object": "shop/web", "trigger": "s0-prometheus"},
    ]
