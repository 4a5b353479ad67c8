"""A Prometheus that answers badly in every way: one clear line at each edge, and nothing shrinks on it."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.daemon import RunningDaemon, Stage, await_that, on_a_thread
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


def first_reasons(daemon: RunningDaemon) -> dict[str, list[str]]:
    """The reasons of the missing triggers by object, in order."""
    found: dict[str, list[str]] = {}
    for record in daemon.events("trigger missing"):
        found.setdefault(record["object"].split("/")[1], []).append(record["reason"])
    return found


def test_every_bad_answer_is_named_and_shrinks_nothing(stage: Stage):
    """Slow, broken off, 4xx, 5xx, HTML, half a body, NaN and nothing: the reason is logged once, the count stays."""
    flags = (
        "--guard-beat",
        "1s",
        "--guard-recovery-min",
        "2s",
        "--downscale-stabilization",
        "2s",
        "--sync-period",
        "1s",
    )
    with sources() as served:
        stage.make(*WAYS)
        objects = {
            name: stage.scaled(name, cooldown=2)
            .replace(stage.prometheus.url, source.url)
            .replace("threshold:", 'ignoreNullValues: "false", threshold:')
            for name, source in served.items()
        }
        daemon = stage.launch(*flags, name="bad", **objects)
        await_that(lambda: all(stage.replicas(name) == 4 for name in WAYS), within_seconds=20, what="all at 4")
        time.sleep(5)
        for name, source in served.items():
            source.wrong = WAYS[name][0]
        await_that(lambda: len(first_reasons(daemon)) == len(WAYS), within_seconds=15, what="a line for each")
        time.sleep(7)
        assert {name: stage.replicas(name) for name in WAYS} == dict.fromkeys(WAYS, 4)
        assert {name: reasons[0] for name, reasons in first_reasons(daemon).items()} == {
            name: reason for name, (_, reason) in WAYS.items()
        }
        for source in served.values():
            source.wrong = None
        await_that(lambda: len(daemon.events("trigger answered again")) >= len(WAYS), within_seconds=10, what="answers")
        assert daemon.get("/readyz")[0] == 200
