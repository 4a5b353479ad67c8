"""How many writes may leave: 20 a second and 50 at once where nothing else is set, growth first (R27)."""

import asyncio
import heapq
import itertools
from typing import Final

RATE: Final = 20.0
BURST: Final = 2.5  # seconds' worth of writes, which may leave at once


class Budget:
    """A bucket of writes with a queue in which growth and the largest relative need come first."""

    def __init__(self, *, rate: float = RATE, burst: float | None = None) -> None:
        self._rate = rate
        self._burst = rate * BURST if burst is None else burst
        self._left = self._burst
        self._filled_at = 0.0
        self._rests_until = 0.0
        self._order = itertools.count()
        self._queue: list[tuple[bool, float, int, asyncio.Future[None]]] = []
        self._timer: asyncio.TimerHandle | None = None

    async def take(self, *, within_seconds: float, current: int, desired: int) -> bool:
        """Wait for leave to write; say no when it does not come in time."""
        self._refill()
        if not self._queue and self._rests_until <= self._filled_at and self._left >= 1:
            self._left -= 1
            return True
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        need = abs(desired - current) / max(current, 1)
        heapq.heappush(self._queue, (desired < current, -need, next(self._order), turn))
        self._arm()
        try:
            async with asyncio.timeout(within_seconds):
                await turn
        except TimeoutError:
            return False
        return True

    @property
    def rate(self) -> float:
        """Writes a second."""
        return self._rate

    def rest(self, seconds: float) -> None:
        """Let nothing leave for a while: the API server asked for it."""
        self._rests_until = max(self._rests_until, asyncio.get_running_loop().time() + seconds)

    def _refill(self) -> None:
        now = asyncio.get_running_loop().time()
        self._left = min(self._burst, self._left + (now - self._filled_at) * self._rate)
        self._filled_at = now

    def _arm(self) -> None:
        if self._timer is None and self._queue:
            wait = max((1 - self._left) / self._rate, self._rests_until - self._filled_at, 0.001)
            self._timer = asyncio.get_running_loop().call_later(wait, self._serve)

    def _serve(self) -> None:
        self._timer = None
        self._refill()
        while self._queue and self._left >= 1 and self._rests_until <= self._filled_at:
            turn = heapq.heappop(self._queue)[3]
            if not turn.done():
                turn.set_result(None)
                self._left -= 1
        self._arm()
