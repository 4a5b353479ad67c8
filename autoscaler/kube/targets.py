"""Reads the scale of every target of a cohort, side by side."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from autoscaler.kube.answers import scale_of, unreadable
from autoscaler.kube.client import Answer, Reader
from autoscaler.kube.discovery import Discovery, collection_path, is_about_a_path
from autoscaler.kube.hpas import Hpas
from autoscaler.kube.pods import Pods, needs_pods
from autoscaler.kube.watch import Watches
from autoscaler.kube.writers import Writers
from autoscaler.model.objects import ScaleTarget
from autoscaler.model.observation import ScaleStatus, Unreadable, UnreadableReason
from autoscaler.model.turn import Cohort, Scales

SIDE_BY_SIDE: Final = 16
READ_SECONDS: Final = 3.0


class ScaleReader:
    """The loop's ``Targets``: from watches where these are given and sure, else one GET per target and tick.

    ``get`` on the scale subresources is all it needs. A GET that names no version is answered from what the store
    agreed on, so what we wrote is seen at once; ``note`` tells the watches. ``hpas`` names rivals, where it is given.
    """

    def __init__(
        self,
        client: Reader,
        discovery: Discovery,
        pods: Pods,
        watches: Watches | None = None,
        *,
        hpas: Hpas | None = None,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        self._client = client
        self._discovery = discovery
        self._pods = pods
        self._watches = watches
        self._hpas = hpas
        self._writers = Writers(client, discovery)
        self._read_seconds = read_seconds

    async def read(self, cohort: Cohort) -> Scales:
        """Give the scale of every target of the cohort; what cannot be read is Unreadable."""
        wanted: dict[ScaleTarget, bool] = {}
        for turn in cohort.turns:
            wanted[turn.obj.target] = wanted.get(turn.obj.target, False) or needs_pods(turn.obj)
        scales: dict[ScaleTarget, ScaleStatus | Unreadable] = {}
        for target, with_pods in wanted.items():
            known = None if with_pods else self._watched(target)
            if known is not None and (named := self._writers.named(target, known)) is not None:
                scales[target] = named
        rest = {target: with_pods for target, with_pods in wanted.items() if target not in scales}
        if rest:
            await self._discovery.learn(rest)
            await self._read_rest(rest, scales)
        if self._hpas is not None:
            await self._hpas.look({target.namespace for target in wanted})
            _name_rivals(self._hpas, scales)
        return scales

    def note(self, target: ScaleTarget, scale: ScaleStatus) -> None:
        """Take what the API server answered to a write or a read for what is."""
        collection = collection_path(target)
        if self._watches is not None and collection is not None:
            self._watches.note(collection, target.name, scale)

    async def _read_rest(
        self, rest: Mapping[ScaleTarget, bool], scales: dict[ScaleTarget, ScaleStatus | Unreadable]
    ) -> None:
        """Read side by side what takes a question, so many at a time."""
        waiting = iter(rest.items())

        async def read_on() -> None:
            for target, with_pods in waiting:
                scales[target] = await self._read(target, with_pods=with_pods)

        if len(rest) == 1:
            return await read_on()
        async with asyncio.TaskGroup() as group:
            for _ in range(min(len(rest), SIDE_BY_SIDE)):
                group.create_task(read_on())
        return None

    async def _read(self, target: ScaleTarget, *, with_pods: bool) -> ScaleStatus | Unreadable:
        scale = self._watched(target) or await read_scale(self._client, self._discovery, target, self._read_seconds)
        if isinstance(scale, Unreadable):
            return scale
        named = await self._writers.name(target, scale)
        return await self._pods.count(target, named) if with_pods else named

    def _watched(self, target: ScaleTarget) -> ScaleStatus | None:
        collection = collection_path(target)
        if self._watches is None or collection is None:
            return None
        return self._watches.scale(collection, target.name)


def _name_rivals(hpas: Hpas, scales: dict[ScaleTarget, ScaleStatus | Unreadable]) -> None:
    for target, scale in scales.items():
        rival = hpas.find(target)
        if rival is not None and isinstance(scale, ScaleStatus):
            scales[target] = replace(scale, rival=rival)


async def read_scale(
    client: Reader, discovery: Discovery, target: ScaleTarget, timeout_seconds: float
) -> ScaleStatus | Unreadable:
    """Read one scale subresource, without pods."""
    path = discovery.locate(target)
    if isinstance(path, Unreadable):
        return path
    reply = await client.get(path, timeout_seconds=timeout_seconds)
    if isinstance(reply, Answer) and reply.status == 200 and (scale := scale_of(reply.body)):
        return scale
    if isinstance(reply, Answer) and reply.status == 404:
        if is_about_a_path(reply):
            discovery.forget(target)
        return Unreadable(
            reason=UnreadableReason.NOT_FOUND,
            detail=f"{target} does not exist in namespace {target.namespace}; create it, or correct scaleTargetRef",
        )
    return unreadable(reply, f"the scale of {target} in {target.namespace}")
