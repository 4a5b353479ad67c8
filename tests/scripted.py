"""A server that plays scripted answers over raw sockets and notes what it was sent, to the byte."""

import asyncio
import ssl
import tempfile
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from tests.certificates import Pair


@dataclass
class Request:
    """One request as it came in."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The decoded pairs of the query."""
        pieces = [piece.partition("=") for piece in self.target.partition("?")[2].split("&") if piece]
        return [(unquote_plus(name), unquote_plus(text)) for name, _, text in pieces]

    def header(self, name: str) -> list[str]:
        """Every value of a header, in any case of its name."""
        return [text for each, text in self.headers if each.lower() == name.lower()]


@dataclass
class Scripted:
    """The i-th request gets the i-th answer, the last one repeats; every answer closes its connection.

    An answer has ``mode``, ``status``, ``headers``, a body as ``body``, ``body_b64`` or ``body_repeat``, ``chunked``,
    ``delay_ms`` or, instead of all of it, ``raw``.
    """

    answers: Sequence[dict[str, Any]]
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _server: asyncio.Server | None = None
    _serving: set[asyncio.Task[None]] = field(default_factory=set)
    _over: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> "Scripted":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._over.set()
        await asyncio.gather(*self._serving)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    async def _pause(self, seconds: float) -> None:
        """Let time pass, but not beyond the test's end."""
        try:
            async with asyncio.timeout(seconds):
                await self._over.wait()
        except TimeoutError:
            pass

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        self.connections += 1
        try:
            self.requests.append(await read_request(reader))
            await self._answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            self._serving.discard(task)
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        answer = self.answers[min(len(self.requests), len(self.answers)) - 1]
        mode = answer.get("mode", "normal")
        if mode == "close":
            return
        if mode == "hang":
            await self._over.wait()
        if answer.get("delay_ms"):
            await self._pause(answer["delay_ms"] / 1000)
        writer.write(render(answer, longer=10 if mode in ("hang_body", "truncated") else 0))
        await writer.drain()
        if mode == "hang_body":
            await self._over.wait()


async def read_request(reader: asyncio.StreamReader) -> Request:
    """Read one request, its body by Content-Length."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape")
    first, *lines = head.rstrip("\r\n").split("\r\n")
    method, _, rest = first.partition(" ")
    headers = [(name, text.strip()) for name, _, text in (line.partition(":") for line in lines)]
    request = Request(method=method, target=rest.rpartition(" ")[0], headers=headers)
    if length := request.header("Content-Length"):
        request.body = await reader.readexactly(int(length[0]))
    return request


def render(answer: dict[str, Any], *, longer: int = 0) -> bytes:
    """Give an answer's bytes; ``longer`` promises more than there is."""
    if "raw" in answer:
        return str(answer["raw"]).encode()
    content, status = body(answer), answer.get("status", 200)
    head = [f"HTTP/1.1 {status} Any", *(f"{name}: {text}" for name, text in answer.get("headers", []))]
    if answer.get("chunked"):
        head.append("Transfer-Encoding: chunked")
        content = b"%x\r\n%b\r\n0\r\n\r\n" % (len(content), content) if content else b"0\r\n\r\n"
    elif status not in (204, 304):
        head.append(f"Content-Length: {len(content) + longer}")
    return "\r\n".join([*head, "Connection: close", "", ""]).encode() + content


def body(answer: dict[str, Any]) -> bytes:
    """Give an answer's body."""
    if "body_b64" in answer:
        return b64decode(answer["body_b64"])
    if "body_repeat" in answer:
        return "".join(text * times for text, times in answer["body_repeat"]).encode()
    return str(answer.get("body") or "").encode("utf-8", "surrogatepass")


def server_context(pair: Pair, clients: str | None = None) -> ssl.SSLContext:
    """Make a server's TLS context; with ``clients`` it wants certificates signed by that authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(f"{pair.certificate}\n{pair.key}")
        file.flush()
        context.load_cert_chain(file.name)
    if clients is not None:
        context.load_verify_locations(cadata=clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def vector_answer(value: str, *, at: float = 1_700_000_000.5) -> dict[str, Any]:
    """Script an answer of the query API with one sample."""
    result = f'{{"metric":{{}},"value":[{at},"{value}"]}}'
    return {"body": f'{{"status":"success","data":{{"resultType":"vector","result":[{result}]}}}}'}
