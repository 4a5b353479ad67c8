"""The log: a change is one line that is a whole record; trouble is told when it begins and when it ends."""

import io
import json
import os
import subprocess
import sys
from dataclasses import replace

from autoscaler.model.memory import Contest, Memory
from autoscaler.model.objects import Mode, Pause
from autoscaler.model.observation import Hold, HoldReason, Unreadable, UnreadableReason
from autoscaler.model.record import Broken, Failed, Record, Round, Unobserved, Withheld
from autoscaler.model.source import Sign, SourceHealth, SourceState
from autoscaler.sinks.log import Format, Log, make_logger
from tests.unit.builders import START, a_memory, a_past, a_scale, an_object, an_observation, at, missing
from tests.unit.sinks.fleet import SOURCE, decided

WEB = an_object(10, maximum=10, cooldown=15)


def logged(*records: Record, level: str = "info") -> list[dict]:
    """What the JSON log holds after one round per record, without the time of writing."""
    stream = io.StringIO()
    log = Log(make_logger(stream, form=Format.JSON, level=level), {record.obj.key: record.obj for record in records})
    for record in records:
        log(Round(at=START, records=(record,), sources={}))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    return [{key: part for key, part in line.items() if key != "timestamp"} for line in lines]


def events(*records: Record, level: str = "info") -> list[tuple[str, str]]:
    return [(line["level"], line["event"]) for line in logged(*records, level=level)]


def test_a_change_is_one_line_that_is_a_whole_record():
    """Object, numbers, words, values, station, reason and outcome stand in one line."""
    assert logged(decided(WEB, an_observation(212, replicas=7))) == [
        {
            "level": "info",
            "event": "scaled",
            "object": "shop/web",
            "target": "deployment/web",
            "current": 7,
            "desired": 10,
            "recommended": 22,
            "why": "212.0 / 10 → 22, held at maxReplicaCount 10 (12 short)",
            "values": {"s0-prometheus": "212.0/10"},
            "stage": "bounds",
            "reason": "TooManyReplicas",
            "activity": "active",
            "outcome": "applied",
            "at": "2026-01-01T00:00:00+00:00",
            "slots": "poll+sync",
            "lateness_ms": 3,
            "took_ms": 50,
        }
    ]


def test_a_tick_without_a_change_is_a_debug_line():
    """Steady state is silent, unless one listens to the heartbeat."""
    steady = decided(WEB, an_observation(70, replicas=7))
    assert events(steady) == []
    assert events(steady, level="debug") == [("debug", "ticked")]


def test_a_missing_trigger_warns_once_and_its_return_is_said_once():
    """An outage is two lines, however long it lasts."""
    down, up = decided(WEB, an_observation(missing(), replicas=7)), decided(WEB, an_observation(70, replicas=7))
    assert events(down, down, down, up, up) == [("warning", "trigger missing"), ("info", "trigger answered again")]


def test_a_missing_trigger_names_source_reason_and_detail():
    """The warning says whom to call."""
    line = logged(decided(WEB, an_observation(missing(), replicas=7)))[0]
    assert (line["trigger"], line["source"], line["reason"], line["detail"]) == (
        "s0-prometheus",
        "http://prometheus:9090",
        "unreachable",
        "gone",
    )


def test_an_unreadable_scale_warns_once_and_its_return_is_said_once():
    """A workload that is away is told when it goes and when it comes back."""
    why = Unreadable(reason=UnreadableReason.NOT_FOUND, detail="no deployment web in shop")
    away = Unobserved(obj=WEB, memory=Memory(), at=START, why=why)
    back = decided(WEB, an_observation(70, replicas=7))
    assert events(away, away, back, back) == [("warning", "scale unreadable"), ("info", "scale readable again")]


def test_an_outage_of_the_api_server_does_not_repeat_what_was_said_of_triggers():
    """What was said before an unreadable scale is still known after it."""
    down = decided(WEB, an_observation(missing(), replicas=7))
    why = Unreadable(reason=UnreadableReason.UNREACHABLE, detail="refused")
    away = Unobserved(obj=WEB, memory=Memory(), at=START, why=why)
    assert [event for _, event in events(down, away, down)] == [
        "trigger missing",
        "scale unreadable",
        "scale readable again",
    ]


def test_a_dry_run_says_each_wish_once():
    """A wish that stands is not repeated at every tick; a new one is said."""
    dry = an_object(10, maximum=10, mode=Mode.DRY_RUN)
    four = decided(dry, an_observation(34, replicas=1), Withheld(why="dry run"))
    two = decided(dry, an_observation(20, replicas=1), Withheld(why="dry run"))
    assert events(four, four, two) == [("info", "would scale"), ("info", "would scale")]
    assert logged(four)[0]["cause"] == "dry run"


def test_a_failed_write_warns_once_per_cause():
    """A refusal is told with its status, and not again while it stays the same."""
    refused = decided(WEB, an_observation(34, replicas=1), Failed(why="may not patch deployments/scale", status=403))
    other = replace(refused, outcome=Failed(why="server error", status=500))
    assert events(refused, refused, other) == [("warning", "write failed"), ("warning", "write failed")]
    assert logged(refused)[0]["status"] == 403


def test_a_hold_is_said_when_it_begins_and_when_it_ends():
    """Nobody wonders why nothing shrinks."""
    hold = Hold(reason=HoldReason.SOURCE_BLIND, detail="came back empty")
    held = decided(WEB, an_observation(10, replicas=7, holds=(hold,)))
    free = decided(WEB, an_observation(70, replicas=7))
    assert events(held, held, free) == [("info", "hold began"), ("info", "hold ended")]


def test_a_hold_that_changes_nothing_is_not_said():
    """At a start every source recovers: a fleet that wants nothing else does not fill the log with it."""
    hold = Hold(reason=HoldReason.SOURCE_RECOVERING, detail="started")
    assert events(decided(WEB, an_observation(70, replicas=7, holds=(hold,)))) == []


def test_a_pause_is_said_when_it_begins_and_when_it_ends():
    """A paused object says so once."""
    paused = decided(replace(WEB, pause=Pause(paused=True)), an_observation(replicas=7))
    free = decided(WEB, an_observation(70, replicas=7))
    assert events(free, paused, paused, free) == [("info", "paused"), ("info", "resumed")]


def test_a_bug_of_ours_is_an_error_with_its_traceback():
    """An error shows where it happened, every time."""
    broken = Broken(obj=WEB, memory=Memory(), at=START, traceback='Traceback\n  File "x"\nValueError: \x1b[31m')
    lines = logged(broken, broken)
    assert [line["event"] for line in lines] == ["tick broke", "tick broke"]
    assert lines[0]["traceback"] == 'Traceback\n  File "x"\nValueError: \\x1b[31m'


def test_a_source_that_turns_blind_is_a_warning_and_its_way_back_is_said():
    """A source is told when its state changes and not in between."""
    stream = io.StringIO()
    log = Log(make_logger(stream, form=Format.JSON, level="info"), {})
    for health in (SourceHealth.OK, SourceHealth.BLIND, SourceHealth.BLIND, SourceHealth.RECOVERING, SourceHealth.OK):
        state = SourceState(health=health, since=START, signs=frozenset({Sign.EMPTY}))
        log(Round(at=START, records=(), sources={SOURCE: state}))
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["level"], line.get("before"), line["now"]) for line in lines] == [
        ("warning", "ok", "blind"),
        ("info", "blind", "recovering"),
        ("info", "recovering", "ok"),
    ]
    assert [line["effect"] for line in lines] == [
        "nothing shrinks on it, growth goes on",
        "nothing shrinks on it before clear_at, growth goes on",
        "believed",
    ]


def test_what_was_said_of_a_deleted_object_is_forgotten():
    """An object that comes back under its old name begins with a clean slate."""
    governed = {WEB.key: WEB}
    stream = io.StringIO()
    log = Log(make_logger(stream, form=Format.JSON, level="info"), governed)
    down = Round(at=START, records=(decided(WEB, an_observation(missing(), replicas=7)),), sources={})
    log(down)
    governed.clear()
    log(down)
    governed[WEB.key] = WEB
    log(down)
    assert stream.getvalue().count("trigger missing") == 2


def test_foreign_text_cannot_forge_a_line():
    """Control characters and newlines of a detail appear as escapes, on the console too."""
    detail = 'x\n2026-01-01 [error] scaled object="shop/other"\x1b]0;owned\x07'
    why = Unreadable(reason=UnreadableReason.SERVER, detail=detail)
    for form in Format:
        stream = io.StringIO()
        Log(make_logger(stream, form=form, level="info"), {})(
            Round(at=START, records=(Unobserved(obj=WEB, memory=Memory(), at=START, why=why),), sources={})
        )
        assert stream.getvalue().count("\n") == 1
        assert "\x1b" not in stream.getvalue()
        assert "\x07" not in stream.getvalue()


def test_a_console_line_begins_with_time_level_and_verb():
    """People read the same fields in the same order."""
    stream = io.StringIO()
    Log(make_logger(stream, form=Format.CONSOLE, level="info"), {})(
        Round(at=START, records=(decided(WEB, an_observation(34, replicas=0)),), sources={})
    )
    _, _, line = stream.getvalue().partition("Z ")
    assert line.startswith("[info     ] scaled object=shop/web target=deployment/web current=0 desired=4 ")
    assert "why='active: 34.0 > 0; 34.0 / 10 → 4'" in line


FOREIGN = """
import logging, sys
from autoscaler.sinks.log import Format, configure_log
configure_log(sys.stdout, form=Format(sys.argv[1]), level="info")
logging.getLogger("lib").info("not heard")
try:
    secret = "hunter2"
    raise ValueError(secret)
except ValueError:
    logging.getLogger("lib").exception("it failed")
"""


def test_what_libraries_log_never_shows_the_text_of_exceptions_or_variables():
    """An exception of a library may hold what a request held: its type and frames are shown, its text is not."""
    for form in Format:
        done = subprocess.run([sys.executable, "-c", FOREIGN, form.value], capture_output=True, text=True, check=True)
        assert "it failed" in done.stdout
        assert "ValueError" in done.stdout
        assert "hunter2" not in done.stdout + done.stderr
        assert "not heard" not in done.stdout


NARROW = """
import sys
from autoscaler.sinks.log import Format, configure_log
configure_log(sys.stdout, form=Format(sys.argv[1]), level="info").info("scaled", why="34.0 / 10 → 4")
"""


def test_a_stream_without_utf8_gets_ascii():
    """A sign that the locale does not have stops no log line."""
    for form, shown in ((Format.CONSOLE, "34.0 / 10 -> 4"), (Format.JSON, "34.0 / 10 \\u2192 4")):
        environment = {"PATH": os.environ["PATH"], "PYTHONIOENCODING": "ascii"}
        done = subprocess.run(
            [sys.executable, "-c", NARROW, form.value], capture_output=True, text=True, check=True, env=environment
        )
        assert shown in done.stdout


def test_coming_to_rest_is_told_in_words():
    """The last step of a day reads like a sentence."""
    memory = a_memory(past=a_past(replicas=2, last=20))
    line = logged(decided(WEB, an_observation(0, replicas=2, now=30), memory=memory))[0]
    assert (line["desired"], line["why"], line["at"]) == (0, "idle for cooldownPeriod 15 s", at(30).isoformat())


def test_a_foreign_write_names_who_wrote_what():
    """A count that somebody else wrote is a line of its own, with the field manager where the API server tells."""
    seen = an_observation(70, scale=a_scale(7, writer="kubectl"))
    assert logged(decided(WEB, seen, memory=a_memory(past=a_past(replicas=3)))) == [
        {"level": "info", "event": "foreign write", "object": "shop/web", "writer": "kubectl", "before": 3, "after": 7}
    ]


def test_an_hpa_beside_us_warns_once():
    """A target that an HPA scales is a warning when it appears and a line when it has gone; the wish is told too."""
    scale = a_scale(7, rival="keda-hpa-web")
    beside = decided(WEB, an_observation(70, scale=scale))
    wish = decided(WEB, an_observation(100, scale=scale), Withheld(why="HPA keda-hpa-web scales the same target"))
    alone = decided(WEB, an_observation(70, replicas=7))
    assert events(beside, beside, wish, alone) == [
        ("warning", "rival appeared"),
        ("info", "would scale"),
        ("info", "rival left"),
    ]


def test_beside_an_hpa_a_dry_run_only_notes_it():
    """Running beside KEDA's HPA is what a dry run is for."""
    shadow = replace(WEB, mode=Mode.DRY_RUN)
    (line,) = logged(decided(shadow, an_observation(70, scale=a_scale(7, rival="keda-hpa-web"))))
    assert (line["level"], line["event"], line["effect"]) == ("info", "rival appeared", "none on a dry run")


def test_a_contest_warns_when_it_begins_and_is_told_when_it_ends():
    """Three undone writes within ten minutes are one warning that names the other writer."""
    undone = Contest(reversed_at=(at(0), at(10), at(20)), writer="argocd")
    memory = a_memory(past=replace(a_past(replicas=7), contest=undone))
    first, again, after = (decided(WEB, an_observation(70, replicas=7, now=s), memory=memory) for s in (30, 31, 900))
    lines = logged(first, again, after)
    assert [(line["level"], line["event"]) for line in lines] == [
        ("warning", "contest began"),
        ("info", "contest ended"),
    ]
    assert (lines[0]["reason"], lines[0]["writer"]) == ("ForeignWriter", "argocd")
