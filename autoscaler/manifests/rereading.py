"""Lets somebody wait until the watched files have been read again, for example after a 401 (D7)."""

import asyncio


class Rereading:
    """The pause of ``watch`` between two looks at the files, which ends early when somebody asks for a look."""

    def __init__(self) -> None:
        self._asked = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._served: list[asyncio.Future[None]] = []

    async def read_again(self) -> None:
        """Wait until the files have been looked at once more, and what changed in them is in force."""
        looked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(looked)
        self._asked.set()
        await looked

    async def pause(self, seconds: float) -> bool:
        """Tell those who waited for the look that has just ended, then wait for the time or for the next who asks.

        Says whether the whole time went by.
        """
        for looked in self._served:
            if not looked.done():
                looked.set_result(None)
        try:
            async with asyncio.timeout(seconds):
                await self._asked.wait()
        except TimeoutError:
            return True
        finally:
            self._asked.clear()
            self._served, self._waiting = self._waiting, []
        return False
