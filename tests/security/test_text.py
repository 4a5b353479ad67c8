"""S13: foreign text reaches logs, metrics, screens and annotations only as harmless text."""

import io
import json
import unicodedata
from datetime import datetime
from itertools import chain

import pytest
from prometheus_client.parser import text_string_to_metric_families

from autoscaler.cli.check import Result, write_github, write_json, write_text
from autoscaler.cli.output import Screen
from autoscaler.manifests.document import Finding
from autoscaler.model.faults import Fault, Severity
from autoscaler.model.memory import Memory
from autoscaler.model.observation import Missing, MissingReason, Unreadable, UnreadableReason
from autoscaler.model.record import Record, Round, Unobserved
from autoscaler.model.source import SourceHealth, SourceState
from autoscaler.model.text import plain
from autoscaler.sinks.counters import Counters
from autoscaler.sinks.latest import Latest
from autoscaler.sinks.log import Format, Log, make_logger
from autoscaler.views.why import waterfall
from tests.unit.builders import START, a_trigger, an_object, an_observation
from tests.unit.sinks.fleet import SOURCE, a_round, decided

PIECES = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil\x1b\\link",
    "\x9b2J",
    "\r\nlevel=error forged",
    '\n{"level":"error","event":"forged"}',
    "\u2028line",
    "\u2029paragraph",
    "\u202eltr",
    "\u2066isolate\u2069",
    "\ufeffmark",
    "\x00nul",
    "\x08\x08\x08back",
    "\x7fdelete",
    "\ud800surrogate",
    "\U000e0001tag",
    '"} 1\nfake_metric{a="',
    "\\",
    '\\"',
    "[/]",
    "[link=http://evil]x[/link]",
    "</script><script>alert(1)</script>",
    "=cmd|' /C calc'!A0",
    "%s%n{0}{name}",
    "::error file=x::forged",
)
HOSTILE = [
    before + piece + after for piece in PIECES for before in ("", "a", "a b ") for after in ("", "z", " y z", "x" * 300)
]


def is_harmless(text: str, *, allowed: str = "\n") -> bool:
    """No control, format, surrogate, private or unassigned character, and no line separator."""
    return all(
        char in allowed or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for char in text
    )


def clock(instant: datetime) -> str:
    return instant.isoformat()


def records(text: str) -> tuple[Record, ...]:
    """Records that carry one text wherever foreign text can stand, cleaned as every adapter cleans it."""
    shown = plain(text)
    obj = an_object(10, name="web", triggers=(a_trigger(10),))
    why = Unreadable(reason=UnreadableReason.SERVER, detail=shown)
    return (
        decided(obj, an_observation(Missing(reason=MissingReason.MALFORMED, detail=shown), replicas=2)),
        Unobserved(obj=obj, memory=Memory(), at=START, why=why),
    )


def test_there_are_three_hundred_strings():
    """The list is as long as the rule says."""
    assert len(HOSTILE) == 300


@pytest.mark.parametrize("form", Format)
def test_a_log_line_is_one_harmless_line(form: Format):
    """No text starts a second line or steers the terminal, cleaned before or not."""
    for text in HOSTILE:
        for name in (plain(text), text):
            stream = io.StringIO()
            log = Log(make_logger(stream, form=form, level="debug"), {})
            obj = an_object(10, name=name)
            log(Round(at=START, records=(decided(obj, an_observation(34, replicas=1)),), sources={}))
            (line,) = stream.getvalue().split("\n")[:-1]
            assert is_harmless(line, allowed="")
            if form is Format.JSON:
                assert json.loads(line)["event"] == "scaled"


def test_metrics_always_parse():
    """Names of any shape leave a text that the parser of Prometheus reads, with no family added."""
    for text in HOSTILE:
        obj = an_object(10, name=text, triggers=(a_trigger(10, name=text, metric=text),))
        latest, counters = Latest({obj.key: obj}, lambda key=obj.key: {key: ()}), Counters(lambda: None, process=False)
        for sink in (latest, counters):
            sink(a_round(decided(obj, an_observation(34, replicas=1))))
        exposed = "".join(chain(latest.families(), (counters.text(),)))
        exposed.encode("utf-8")
        names = {family.name for family in text_string_to_metric_families(exposed)}
        assert all(name.startswith(("autoscaler_", "keda_")) for name in names)


def test_a_waterfall_is_harmless():
    """Nothing drawn for a record can draw by itself."""
    for text in HOSTILE:
        for record in records(text):
            for line in waterfall(record, clock=clock):
                assert is_harmless(line, allowed="")


def test_findings_are_harmless_in_every_format():
    """A hostile manifest cannot forge an annotation or steer a terminal through check."""
    for text in HOSTILE:
        shown = plain(text)
        fault = Fault(code="E101", severity=Severity.ERROR, path=f"spec.{shown}", message=shown, line=1, column=1)
        finding = Finding(file=text, subject=shown, fault=fault)
        result = Result(files=1, objects=0, findings=(finding,), ignored=0, unreadable=(), derived=())
        for write in (write_text, write_json, write_github):
            stream = io.StringIO()
            write(result, Screen(stream, "never"))
            assert is_harmless(stream.getvalue()), (write, text)
        stream = io.StringIO()
        write_github(result, Screen(stream, "never"))
        assert stream.getvalue().count("\n") == 1


def test_a_source_that_lies_about_itself_is_logged_harmlessly():
    """The detail of a source's state is foreign text like any other."""
    for text in HOSTILE:
        stream = io.StringIO()
        log = Log(make_logger(stream, form=Format.CONSOLE, level="info"), {})
        state = SourceState(health=SourceHealth.BLIND, since=START, detail=text)
        log(Round(at=START, records=(), sources={SOURCE: state}))
        assert stream.getvalue().count("\n") == 1
        assert is_harmless(stream.getvalue())
