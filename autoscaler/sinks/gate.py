"""The limits of a listener, before any byte is parsed: connections, the size of a head, the time it may take (S16)."""

import asyncio
from collections.abc import Callable

from autoscaler.model.value import value

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_END_OF_HEAD = b"\r\n\r\n"


@value
class Limits:
    """What strangers may take: places, the size and time of a head, and the time of an answer."""

    connections: int = 64
    head_bytes: int = 8192
    head_seconds: float = 10.0
    answer_seconds: float = 30.0


class Gate:
    """Makes guarded protocols and knows which connections are open."""

    def __init__(self, inner: Callable[[], asyncio.Protocol], limits: Limits) -> None:
        self._inner = inner
        self.limits = limits
        self.open: set[Guarded] = set()

    def __call__(self) -> asyncio.Protocol:
        """Make the protocol of one connection."""
        return Guarded(self, self._inner())


class Guarded(asyncio.Protocol):
    """Stands between a connection and the protocol that serves it.

    No route takes a body, so every byte until an empty line is part of a head.
    """

    def __init__(self, gate: Gate, inner: asyncio.Protocol) -> None:
        self._gate = gate
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._admitted = False
        self._tail = b""
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection, or close it at once where there are too many."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if len(self._gate.open) >= self._gate.limits.connections:
            transport.abort()
            return
        self._admitted = True
        self._gate.open.add(self)
        self._start_clock()
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand bytes on as long as the head stays small; its clock stops with its end."""
        if not self._admitted or self._transport is None or self._transport.is_closing():
            return
        end = (self._tail + data).rfind(_END_OF_HEAD)
        self._tail = data[-3:] if len(data) >= 3 else (self._tail + data)[-3:]
        if end >= 0:
            self._stop_clock()
            self._size = 0
        else:
            self._size += len(data)
            if self._timer is None:
                self._start_clock()
        if max(self._size, len(data)) > self._gate.limits.head_bytes:
            self._refuse(_TOO_LARGE)
            return
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand on the end of what the client sends."""
        return self._inner.eof_received() if self._admitted else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._stop_clock()
        self._gate.open.discard(self)
        if self._admitted:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """Hand on that the client does not read."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that the client reads again."""
        self._inner.resume_writing()

    def _start_clock(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._gate.limits.head_seconds, self._refuse, _TOO_SLOW)

    def _stop_clock(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _refuse(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)
            self._transport.close()
