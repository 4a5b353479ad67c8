"""Probes and metrics on one listener: read-only, for known hosts only, and they tell the truth (S16)."""

import asyncio
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Protocol

from aiohttp import web
from aiohttp.typedefs import Handler

from autoscaler.model.fatal import FatalError
from autoscaler.model.text import plain
from autoscaler.sinks.gate import Gate, Limits

IDLE_SECONDS = 60.0
STOP_SECONDS = 0.2
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_HEADERS = {
    "Server": "autoscaler",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'",
    "Cache-Control": "no-store",
}
_HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[^\[\]:]+))(?::\d+)?", re.ASCII)
_OF_CLUSTERS = (".svc", ".svc.cluster.local")
_INDEX = "/metrics\n/livez\n/readyz (?verbose)\n/health/ping\n/health/status\n"


class Status(Protocol):
    """How a check came out."""

    @property
    def value(self) -> str:
        """Give ``ok``, ``warning`` or ``fail``."""


class Check(Protocol):
    """One line of the readiness detail."""

    @property
    def name(self) -> str:
        """What was looked at."""

    @property
    def status(self) -> Status:
        """Whether it is as it should be."""

    @property
    def detail(self) -> str:
        """What was found, for people."""


class Report(Protocol):
    """The answer to a probe."""

    @property
    def live(self) -> bool:
        """Whether the loop moves."""

    @property
    def ready(self) -> bool:
        """Whether objects are being scaled."""

    @property
    def checks(self) -> Sequence[Check]:
        """Why."""


class Vitals(Protocol):
    """Knows how the daemon is."""

    def report(self, now: datetime) -> Report:
        """Say how things stand at ``now`` (steady time)."""


class Web:
    """The listener of probes and metrics.

    ``metrics`` gives one family at a time. ``hosts`` are the names it answers to besides ``localhost`` and plain
    addresses, which no web page can borrow: a request under another name gets 421.
    """

    def __init__(
        self,
        vitals: Vitals,
        *,
        now: Callable[[], datetime],
        metrics: Callable[[], Iterator[str]],
        hosts: frozenset[str] = frozenset(),
        limits: Limits = Limits(),  # noqa: B008 a frozen value
    ) -> None:
        self._vitals = vitals
        self._now = now
        self._metrics = metrics
        self._limits = limits
        self._hosts = hosts | {"localhost"}
        self._runner = web.AppRunner(
            self._app(), access_log=None, keepalive_timeout=IDLE_SECONDS, shutdown_timeout=STOP_SECONDS
        )
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and give the port (that the system chose, for port 0); FatalError where that cannot be."""
        await self._runner.setup()
        inner = self._runner.server
        assert inner is not None
        try:
            self._server = await asyncio.get_running_loop().create_server(Gate(inner, self._limits), host, port)
        except OSError as error:
            await self._runner.cleanup()
            reason = error.strerror or type(error).__name__
            raise FatalError(
                f"cannot listen on {host}:{port} for metrics and probes: {reason}; choose another with --listen"
            ) from error
        bound: tuple[str, int] = self._server.sockets[0].getsockname()
        return bound[1]

    async def stop(self) -> None:
        """Stop listening and let open answers end."""
        if self._server is not None:
            self._server.close()
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._known_hosts_only], client_max_size=0)
        app.router.add_get("/", self._index)
        app.router.add_get("/metrics", self._exposition)
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/health/ping", self._ping)
        app.router.add_get("/health/status", self._status)
        app.on_response_prepare.append(_add_headers)
        return app

    @web.middleware
    async def _known_hosts_only(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        header = request.headers.get("Host", "")
        if not is_known(header, self._hosts):
            named = plain(header.partition(":")[0], 100) or "NAME"
            return web.Response(status=421, text=f"this host name is not served here: add --allow-host {named}\n")
        return await handler(request)

    async def _index(self, request: web.Request) -> web.Response:
        return web.Response(text=_INDEX)

    async def _exposition(self, request: web.Request) -> web.StreamResponse:
        """Stream family by family, so that the loop is never held for longer than one."""
        response = web.StreamResponse(headers={"Content-Type": METRICS_TYPE})
        try:
            async with asyncio.timeout(self._limits.answer_seconds):
                await response.prepare(request)
                for text in self._metrics() if request.method == "GET" else ():
                    await response.write(text.encode("utf-8"))
                    await asyncio.sleep(0)
                await response.write_eof()
        except TimeoutError:
            _hang_up(request)
        return response

    async def _livez(self, request: web.Request) -> web.Response:
        report = self._vitals.report(self._now())
        return _plain(report.live, report)

    async def _readyz(self, request: web.Request) -> web.Response:
        report = self._vitals.report(self._now())
        if "verbose" in request.query:
            return _detailed(report)
        return _plain(report.ready, report)

    async def _ping(self, request: web.Request) -> web.Response:
        report = self._vitals.report(self._now())
        return web.Response(text="pong\n") if report.live else _plain(False, report)

    async def _status(self, request: web.Request) -> web.Response:
        return _detailed(self._vitals.report(self._now()))


def _hang_up(request: web.Request) -> None:
    """Drop a client that does not read its answer."""
    if request.transport is not None:
        request.transport.abort()


def is_known(header: str, hosts: frozenset[str]) -> bool:
    """Say whether a Host header names us: an address, one of ``hosts``, or a Service; the port does not matter.

    No page on the web is called ``x.svc`` or ``x.svc.cluster.local``: those names exist in clusters alone.
    """
    found = _HOST.fullmatch(header.lower())
    if found is None:
        return False
    name = found["name"] or ""
    return name in hosts or name.endswith(_OF_CLUSTERS) or _is_address(name or found["six"])


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)


def _plain(well: bool, report: Report) -> web.Response:
    if well:
        return web.Response(text="ok\n")
    return web.Response(status=503, text=f"{_reason(report)}\n")


def _detailed(report: Report) -> web.Response:
    checks = [{"name": each.name, "status": each.status.value, "detail": each.detail} for each in report.checks]
    body: dict[str, object] = {
        "status": _worst(report),
        "live": report.live,
        "ready": report.ready,
        "checks": checks,
    }
    if not report.ready:
        body["reason"] = _reason(report)
    return web.json_response(body, status=200 if report.ready else 503, dumps=_dumps)


def _worst(report: Report) -> str:
    """Sum up: what is not ready fails, and what is ready may still want a person."""
    if not report.ready:
        return "fail"
    return "warning" if any(check.status.value == "warning" for check in report.checks) else "ok"


def _dumps(body: object) -> str:
    return json.dumps(body, ensure_ascii=False) + "\n"


def _reason(report: Report) -> str:
    failed = [f"{check.name}: {check.detail}" for check in report.checks if check.status.value == "fail"]
    return "; ".join(failed) or "stopping"
