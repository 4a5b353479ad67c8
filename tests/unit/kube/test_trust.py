"""TLS to the API server, and an authority that is replaced."""

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from autoscaler.kube.access import Access, Fixed
from autoscaler.kube.client import Answer, NoAnswer, Writer
from tests.certificates import Authority


@asynccontextmanager
async def secured(authority: Authority, folder: Path, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """An API server with a certificate of this authority."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({})

    pair, path = authority.sign(host), folder / "server.pem"
    path.write_text(pair.certificate + pair.key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(path)
    app = web.Application()
    app.router.add_get("/{tail:.*}", answer)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def a_client(address: str, authority: Path) -> Writer:
    from kubernetes.aio.client.configuration import Configuration

    configuration = Configuration(host=address)
    configuration.ssl_ca_cert = str(authority)
    access = Access(address=address, context="c", namespace="n", configuration=configuration, credential=Fixed(None))
    return Writer(access)


async def test_an_unknown_authority_is_refused(tmp_path: Path):
    """A server whose certificate another authority signed gets nothing, and the text says why."""
    ours, theirs, path = Authority("ours"), Authority("theirs"), tmp_path / "ca.crt"
    path.write_text(ours.pem)
    async with secured(theirs, tmp_path) as address:
        client = a_client(address, path)
        reply = await client.get("/x", timeout_seconds=5)
        await client.close()
    assert isinstance(reply, NoAnswer)
    assert (reply.sent, f"the certificate of {address} is not trusted" in reply.detail) == (False, True)


async def test_a_certificate_for_another_host_is_refused(tmp_path: Path):
    """The right authority is not enough: the name must be the server's."""
    ours, path = Authority(), tmp_path / "ca.crt"
    path.write_text(ours.pem)
    async with secured(ours, tmp_path, host="192.0.2.1") as address:
        client = a_client(address, path)
        reply = await client.get("/x", timeout_seconds=5)
        await client.close()
    assert isinstance(reply, NoAnswer)
    assert reply.untrusted


async def test_a_replaced_authority_is_picked_up(tmp_path: Path):
    """When the authority's file was replaced, the call that met the new server is made again with it (R28)."""
    old, new, path = Authority("old"), Authority("new"), tmp_path / "ca.crt"
    path.write_text(old.pem)
    os.utime(path, (1, 1))
    async with secured(new, tmp_path) as address:
        client = a_client(address, path)
        before = await client.get("/x", timeout_seconds=5)
        path.write_text(new.pem)
        after = await client.get("/x", timeout_seconds=5)
        await client.close()
    assert isinstance(before, NoAnswer)
    assert isinstance(after, Answer)
