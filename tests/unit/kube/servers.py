"""API servers that misbehave, on real sockets."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from autoscaler.kube.access import Access, Credential, Fixed
from autoscaler.kube.client import Reader, Writer

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def served(handler: Handler, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Answer every request by ``handler``, and give the address."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, host, 0).start()
    host, port = runner.addresses[0][:2]
    try:
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def access_to(address: str, credential: Credential | None = None) -> Access:
    """Access without TLS."""
    from kubernetes.aio.client.configuration import Configuration

    configuration = Configuration(host=address)
    return Access(
        address=address,
        context="test",
        namespace="shop",
        configuration=configuration,
        credential=credential or Fixed(None),
    )


@asynccontextmanager
async def a_writer(address: str, credential: Credential | None = None) -> AsyncIterator[Writer]:
    """A client that may patch."""
    client = Writer(access_to(address, credential))
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def a_reader(address: str) -> AsyncIterator[Reader]:
    """A client that may not."""
    client = Reader(access_to(address))
    try:
        yield client
    finally:
        await client.close()


def status(code: int, message: str, reason: str = "", **headers: str) -> web.Response:
    """A refusal as the API server writes it."""
    document = {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": code}
    return web.json_response(
        document, status=code, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
