"""What the daemon does beside its ticks: keeping memory on disk and garbage out of the way."""

import asyncio
import gc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from autoscaler.loop.ports import Saved, Store
from autoscaler.loop.vitals import Vitals

BULK = 50  # so many new objects at once are worth a full collection
TROUBLE = "state"


class Keeper:
    """Saves on one thread of its own, so that saves never overlap and a slow disk stops nobody."""

    def __init__(self, store: Store, vitals: Vitals) -> None:
        self._store = store
        self._vitals = vitals
        self._show(store.fault)
        self._disk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="state")

    async def save(self, saved: Saved) -> None:
        """Write everything; what keeps it from being written is shown, and no reason to end."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._disk, self._store.save, saved)
            fault = self._store.fault
        except Exception as error:  # a store that breaks must not take the loop along: deciding goes on without it
            fault = f"saving broke with {type(error).__name__}"
        self._show(fault)

    def _show(self, fault: str | None) -> None:
        if fault is None:
            self._vitals.troubles.pop(TROUBLE, None)
        else:
            self._vitals.troubles[TROUBLE] = f"{fault}; memory is lost with this process"


async def collect(is_idle: Callable[[], bool], every_seconds: float) -> None:
    """Collect garbage now and then, when no tick is under way."""
    while True:
        await asyncio.sleep(every_seconds)
        if is_idle():
            gc.collect()


def settle_garbage() -> None:
    """Keep what was just loaded out of every later collection; a full one stops a large fleet for 0.4 s."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
