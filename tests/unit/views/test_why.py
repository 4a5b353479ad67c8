"""A record as a waterfall: from what was measured to what was written."""

from dataclasses import replace
from datetime import datetime

import pytest

from autoscaler.model.memory import Memory
from autoscaler.model.objects import Pause, TargetType
from autoscaler.model.observation import Hold, HoldReason, Slot, Unreadable, UnreadableReason
from autoscaler.model.record import Broken, Failed, Superseded, Unknown, Unobserved, Withheld
from autoscaler.views.signs import in_ascii
from autoscaler.views.why import waterfall
from tests.unit.builders import (
    POLL,
    START,
    a_behavior,
    a_memory,
    a_past,
    a_sample,
    a_scale,
    a_trigger,
    an_object,
    an_observation,
    at,
    missing,
    percent,
    rules,
)
from tests.unit.formulas import a_composed
from tests.unit.sinks.fleet import decided

WEB = an_object(10, maximum=10, cooldown=15, behavior=a_behavior(down=rules(percent(100), window=20)))


def clock(instant: datetime) -> str:
    seconds = (instant - START).total_seconds()
    return f"{int(seconds // 60)}:{seconds % 60:04.1f}"


def shown(record) -> str:
    return "\n".join(waterfall(record, clock=clock))


def row(record, label: str) -> str:
    """The one line of a station."""
    found = [line.strip() for line in waterfall(record, clock=clock) if line.startswith(f"  {label} ")]
    assert len(found) == 1, shown(record)
    return " ".join(found[0].split())


def test_a_long_text_widens_no_other_line():
    """What a server said may be long; it pushes only its own line, and the other columns stay together."""
    long = replace(missing(), detail="http://prometheus:9090: " + "x" * 100)
    two = an_object(triggers=(a_trigger(10), a_trigger(10, metric="s1-prometheus", name="other")))
    lines = waterfall(decided(two, an_observation(30, long, replicas=2)), clock=clock)
    assert max(len(line) for line in lines if "xxx" not in line) < 100
    assert any("x" * 100 in line for line in lines)


def test_the_whole_way_from_a_value_to_a_write():
    """Every number in the screen is one that the decision used."""
    seen = an_observation(a_sample(212, when=at(42.6)), replicas=7, now=43)
    memory = a_memory(past=a_past(replicas=7, last=42))
    assert shown(decided(WEB, seen, memory=memory)) == "\n".join(
        [
            "web  7 → 10 at 0:43.0  deploy/web in shop",
            "  trigger 0      212.0, 0.4 s old          212.0 / 10 per pod = 21.2 → 22",
            "  tolerance      212.0 / (10 x 7) = 3.03   outside 0.9 .. 1.1",
            "  stabilization  up 0 s                    no effect",
            "  policies up    4 pods or 100 % per 15 s  at most 14",
            "  bounds         min 0, max 10             22 → 10  TooManyReplicas",
            "  written        10                        accepted in 50 ms",
            "  next           fewer below 90.0 for 20 s; zero after 15 s at 0 or less",
        ]
    )


def test_waking_up_shows_what_woke_it():
    """From zero the activation comes first, and the metrics go on from there."""
    record = decided(WEB, an_observation(34, replicas=0))
    assert row(record, "activation") == "activation active 0 → 1 KEDAScaleTargetActivated"
    assert row(record, "tolerance") == "tolerance 34.0 / (10 x 1) = 3.40 outside 0.9 .. 1.1"
    assert row(record, "next").startswith("next more above 44.0; fewer at 30.0 or less for 20 s")


def test_going_to_sleep_shows_the_cooldown():
    """Zero is explained by activity, not by arithmetic."""
    record = decided(WEB, an_observation(0, replicas=2, now=30), memory=a_memory(past=a_past(replicas=2, last=20)))
    assert row(record, "activation") == "activation idle 2 → 0 KEDAScaleTargetDeactivated"
    assert row(record, "next") == "next wakes above 0"


def test_a_window_that_holds_is_shown_with_its_length():
    """A shrink that waits says for how long the window is."""
    record = decided(WEB, an_observation(18, replicas=10), memory=a_memory((10, -5), past=a_past(replicas=10)))
    assert row(record, "stabilization") == "stabilization down 20 s 2 → 10 ScaleDownStabilized"
    assert row(record, "written") == "written nothing 10 is there already"


def test_a_policy_that_cuts_is_shown_with_its_numbers():
    """Growth that is limited says by which policy and to how many."""
    record = decided(replace(WEB, max_replicas=100), an_observation(600, replicas=2))
    assert row(record, "policies up") == "policies up 4 pods or 100 % per 15 s 60 → 6 ScaleUpLimit"


def test_the_legacy_rules_are_named():
    """Without behavior the growth limit is the HPA's old one."""
    record = decided(an_object(10), an_observation(600, replicas=2))
    assert row(record, "policies up") == "policies up twice the count, 4 at least 60 → 4 ScaleUpLimit"


def test_a_missing_trigger_is_shown_with_its_reason():
    """What is missing is named, and never looks like zero."""
    record = decided(WEB, an_observation(missing(), replicas=2))
    assert row(record, "trigger 0") == "trigger 0 unreachable: gone no proposal"
    assert row(record, "recommendation") == "recommendation gone nothing to go on: 2 stays"


def test_a_hold_is_shown_once():
    """A guard that held a shrink is one line, with what it saw."""
    hold = Hold(reason=HoldReason.SOURCE_BLIND, detail="came back empty")
    record = decided(WEB, an_observation(10, replicas=9, holds=(hold,)))
    assert row(record, "hold") == "hold came back empty 1 → 9 SourceBlind"


def test_a_hold_that_changed_nothing_is_shown_too():
    """Whoever reads about growth still learns that nothing could have shrunk."""
    hold = Hold(reason=HoldReason.SOURCE_RECOVERING, detail="looks back [30s]", until=at(60))
    record = decided(WEB, an_observation(95, replicas=9, holds=(hold,)))
    assert row(record, "hold") == "hold SourceRecovering looks back [30s] nothing falls until 1:00.0"


def test_a_slot_that_may_not_shrink_is_named():
    """A poll between two syncs says why it left the count alone."""
    record = decided(
        replace(WEB, behavior=a_behavior(down=rules(percent(100)))), an_observation(10, replicas=5, slots=POLL)
    )
    assert Slot.SYNC not in record.seen.slots
    assert row(record, "slot") == "slot NotASync 1 → 5 NotASync"


def test_a_pause_is_all_there_is_to_say():
    """A paused object shows the pause and the count it keeps."""
    record = decided(replace(WEB, pause=Pause(replicas=4)), an_observation(replicas=2))
    assert row(record, "pause") == "pause ScaledObjectPaused 2 → 4 ScaledObjectPaused"


def test_a_value_target_shows_the_ready_pods():
    """Value multiplies ready pods by the ratio."""
    obj = an_object(triggers=(a_trigger(10, type=TargetType.VALUE),))
    record = decided(obj, an_observation(25, scale=a_scale(4, ready=3)))
    assert row(record, "trigger 0").endswith("25.0 / 10 = 2.50 x 3 ready → 8")


@pytest.mark.parametrize(
    ("outcome", "line"),
    [
        (Withheld(why="--dry-run writes nothing"), "written nothing 4 withheld: --dry-run writes nothing"),
        (Failed(why="may not patch deployments/scale", status=403), "written nothing 4 refused: may not patch"),
        (Superseded(why="another wrote 9", found=9), "written nothing another wrote 9"),
        (Unknown(why="no answer in 1 s"), "written 4, perhaps no answer in 1 s"),
    ],
)
def test_every_outcome_is_told(outcome, line):
    """The last station says whether the number reached the cluster."""
    assert row(decided(WEB, an_observation(34, replicas=1), outcome), "written").startswith(line)


def test_a_scale_that_cannot_be_read_says_why():
    """Without a scale there is no decision, and the reason stands alone."""
    why = Unreadable(reason=UnreadableReason.FORBIDDEN, detail="may not get deployments/scale in shop")
    record = Unobserved(obj=WEB, memory=Memory(), at=at(5), why=why)
    assert shown(record) == (
        "web  unknown at 0:05.0  deploy/web in shop\n  scale  forbidden: may not get deployments/scale in shop"
    )


def test_a_bug_of_ours_is_shown_with_its_traceback():
    """A broken tick asks to be reported."""
    record = Broken(obj=WEB, memory=Memory(), at=at(5), traceback="Traceback\n\x1b[31mValueError")
    assert shown(record) == (
        "web  broken at 0:05.0  an error of the autoscaler's own; please report it\nTraceback\n\\x1b[31mValueError"
    )


def test_foreign_text_cannot_draw_on_the_screen():
    """Names and details lose their control characters on the way to a terminal."""
    why = Unreadable(reason=UnreadableReason.SERVER, detail="\x1b]0;owned\x07\nweb  9 → 1")
    lines = waterfall(Unobserved(obj=WEB, memory=Memory(), at=at(5), why=why), clock=clock)
    assert len(lines) == 2
    assert "\x1b" not in "".join(lines)


def test_signs_have_a_plain_form():
    """A terminal without UTF-8 sees ASCII and readable escapes."""
    assert in_ascii("7 → 10… naïve ☃") == "7 -> 10... na\\xefve \\u2603"


def test_an_hpa_beside_us_is_a_line_of_its_own():
    """A plan shows its number as ever, and that the daemon would not write it."""
    text = shown(decided(WEB, an_observation(50, scale=a_scale(5, rival="keda-hpa-web"))))
    assert "HPA keda-hpa-web scales the same target  so nothing is written while it exists" in text


def test_a_formula_is_shown_with_its_variables_and_its_arithmetic():
    """Each trigger names its variable, and the formula its text, its value and what the HPA makes of it."""
    record = decided(a_composed("(a + b) / 2", maximum=10), an_observation(4, 6, replicas=2))
    assert shown(record).splitlines()[1:5] == [
        "  trigger 0      4.0, 0.0 s old               a = 4",
        "  trigger 1      6.0, 0.0 s old               b = 6",
        "  formula        (a + b) / 2 = 5              5.0 / 2 per pod = 2.5 → 3",
        "  tolerance      5.0 / (2 x 2) = 1.25         outside 0.9 .. 1.1",
    ]


def test_a_formula_that_fails_says_why():
    """The reason stands where the value would."""
    record = decided(a_composed("int(a) % int(b)"), an_observation(4, 0, replicas=2))
    assert row(record, "formula") == "formula integer divide by zero, at column 8"
    assert row(record, "activation") == "activation unknown UnknownState"
