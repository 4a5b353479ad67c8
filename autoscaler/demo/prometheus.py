"""A stand-in of Prometheus' query API. It listens on loopback and knows what a function tells it.

It answers instant queries in the real protocol, errors included. Queries that travel together in one request, each
under a label of its own and joined by ``or``, are answered one by one and labelled as asked.
"""

import math
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from aiohttp import web

from autoscaler.model.value import value

MEMBER: Final = re.compile(
    r"label_replace\(\s*(?:\(\n(?P<query>.*?)\n\)|(?P<call>\w+\(\w+\)))"
    r'\s*,\s*"(?P<label>\w+)"\s*,\s*"(?P<mark>\w*)"\s*,\s*""\s*,\s*""\s*\)',
    re.DOTALL,
)


@value
class Series:
    """One series of an answer."""

    labels: Mapping[str, str]
    number: float


Answers = Callable[[str, float], tuple[Series, ...] | None]


class PrometheusStandIn:
    """Serves what ``answers(query, at)`` says: some series, none, or None for a query that it does not know.

    ``now`` gives Unix time in seconds; it stamps the answers and is ``at`` where a query names no time.
    """

    def __init__(self, answers: Answers, now: Callable[[], float]) -> None:
        self._answers = answers
        self._now = now
        self._runner = web.AppRunner(self._app(), access_log=None, handle_signals=False, shutdown_timeout=0.2)
        self.address = ""
        self.asked = 0

    async def start(self) -> str:
        """Listen on a free port, and give the address."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self.address

    async def stop(self) -> None:
        """Close the listener and every connection."""
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application()
        app.add_routes(
            [
                web.get("/-/ready", _said("Prometheus Server is Ready.\n")),
                web.get("/-/healthy", _said("Prometheus Server is Healthy.\n")),
                web.get("/api/v1/query", self._query),
                web.post("/api/v1/query", self._query),
            ]
        )
        return app

    async def _query(self, request: web.Request) -> web.Response:
        self.asked += 1
        fields = {**request.query, **{name: str(text) for name, text in (await request.post()).items()}}
        query = fields.get("query", "")
        if not query.strip():
            return _error('invalid parameter "query": unknown position: parse error: no expression found in input')
        at = self._now()
        if "time" in fields:
            asked_at = _seconds(fields["time"])
            if asked_at is None:
                return _error(f'invalid parameter "time": cannot parse "{fields["time"]}" to a valid timestamp')
            at = asked_at
        series = self._evaluate(query, at)
        if series is None:
            return _error('invalid parameter "query": 1:1: parse error: the stand-in does not know this query')
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": _vector(series, at)}})

    def _evaluate(self, query: str, at: float) -> tuple[Series, ...] | None:
        members = list(MEMBER.finditer(query))
        if not members:
            return self._answers(query, at)
        together: list[Series] = []
        for member in members:
            series = self._answers(member["query"] or member["call"], at)
            if series is None:
                return None
            own = {member["label"]: member["mark"]}
            together += [Series(labels={**one.labels, **own}, number=one.number) for one in series]
        return tuple(together)


def _vector(series: tuple[Series, ...], at: float) -> list[dict[str, object]]:
    return [{"metric": dict(one.labels), "value": [round(at, 3), number_text(one.number)]} for one in series]


def number_text(number: float) -> str:
    """Write a sample as Prometheus does: without an exponent, with NaN, +Inf and -Inf as words."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "+Inf" if number > 0 else "-Inf"
    return format(Decimal(repr(number)), "f").removesuffix(".0")


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None


def _error(why: str) -> web.Response:
    return web.json_response({"status": "error", "errorType": "bad_data", "error": why}, status=400)


def _said(text: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def say(request: web.Request) -> web.Response:
        return web.Response(text=text)

    return say
