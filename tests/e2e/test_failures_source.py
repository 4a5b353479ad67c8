"""A Prometheus that answers badly in every way: one clear line at each edge, and nothing shrinks on it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import pytest

from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that
from tests.e2e.threads import on_a_thread
from tests.scripted import Scripted, vector_answer

pytestmark = pytest.mark.e2e

NAN = '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"NaN"]}]}}'
EMPTY = '{"status":"success","data":{"resultType":"vector","result":[]}}'
HTML = {"status": 200, "headers": [("Content-Type", "text/html")], "body": "<html><body>log in</body></html>"}
REFUSED = '{"status":"error","errorType":"bad_data","error":"parse error"}'
WAYS = {
    "slow": ({"mode": "hang"}, "timeout"),
    "closed": ({"mode": "close"}, "unreachable"),
    "bad": ({"status": 400, "body": REFUSED}, "http status"),
    "unwell": ({"status": 503, "body": "not ready"}, "http status"),
    "html": (HTML, "malformed"),
    "half": ({"mode": "truncated", "body": '{"status":"succ'}, "malformed"),
    "nan": ({"body": NAN}, "not a number"),
    "nothing": ({"body": EMPTY}, "empty"),
}
"""How a source goes wrong, and the reason that the log then names."""


class Source(Scripted):
    """A source that answers every question well until it is told to go wrong."""

    wrong: dict[str, object] | None = None

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        self.answers = [self.wrong or vector_answer("35", at=time.time())]
        await super()._answer(writer)


@contextmanager
def sources() -> Iterator[dict[str, Source]]:
    """Serve one source for each way on a thread of its own."""
    served = {name: Source([]) for name in WAYS}
    with on_a_thread() as do:
        for source in served.values():
            do(source.__aenter__())
        yield served
        for source in served.values():
            do(source.__aexit__())


@dataclass
class Bad:
    """What came of one object for each way."""

    held: dict[str, int]
    reasons: dict[str, list[str]]
    ready: int


def reasons_since(daemon: RunningDaemon, place: int) -> dict[str, list[str]]:
    """The reasons of the missing triggers by object, in order, from a place of the log on."""
    found: dict[str, list[str]] = {}
    for record in daemon.records[place:]:
        if record["event"] == "trigger missing":
            found.setdefault(record["object"].split("/")[1], []).append(record["reason"])
    return found


def play(stage: Stage) -> Bad:
    """Four replicas each; then every source goes wrong in its way for longer than window and cooldown, and recovers."""
    flags = (*FAST, "--downscale-stabilization", "2s", "--sync-period", "1s")
    with sources() as served:
        stage.make(*WAYS)
        objects = {
            name: stage.scaled(name, cooldown=2)
            .replace(stage.prometheus.url, source.url)
            .replace("threshold:", 'ignoreNullValues: "false", threshold:')
            for name, source in served.items()
        }
        daemon = stage.launch(*flags, **objects)
        await_that(lambda: all(stage.replicas(name) == 4 for name in WAYS), what="all at 4")
        time.sleep(5)
        place = len(daemon.records)
        for name, source in served.items():
            source.wrong = WAYS[name][0]
        await_that(lambda: len(reasons_since(daemon, place)) == len(WAYS), what="a line for each")
        time.sleep(7)
        held, reasons = {name: stage.replicas(name) for name in WAYS}, reasons_since(daemon, place)
        for source in served.values():
            source.wrong = None
        await_that(lambda: len(daemon.events("trigger answered again")) >= len(WAYS), what="answers")
        return Bad(held, reasons, daemon.get("/readyz")[0])


def test_every_bad_answer_is_named(played: Bad):
    """Slow, broken off, 4xx, 5xx, HTML, half a body, NaN and nothing: the log names the reason once."""
    assert {name: reasons[0] for name, reasons in played.reasons.items()} == {
        name: reason for name, (_, reason) in WAYS.items()
    }
    assert all(before != after for reasons in played.reasons.values() for before, after in pairwise(reasons))


def test_no_bad_answer_shrinks_anything(played: Bad):
    """While a source answers badly its objects keep their counts, and when it is well the daemon is ready."""
    assert (played.held, played.ready) == (dict.fromkeys(WAYS, 4), 200)
