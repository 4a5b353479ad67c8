"""Which targets an HPA scales, KEDA's own included: on those we do not act (D32)."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec

from autoscaler.kube.answers import decoded
from autoscaler.kube.client import Answer, Reader
from autoscaler.kube.discovery import segment
from autoscaler.model.objects import ScaleTarget
from autoscaler.model.text import plain

PAGE: Final = "500"
LIST_SECONDS: Final = 3.0
AGAIN_SECONDS: Final = 5.0
LISTS_A_SECOND: Final = 2.0  # over all namespaces; beyond ten of them each is listed less often
PATIENCE_SECONDS: Final = 0.1  # what a tick waits for a list that is due; a slower answer serves the next tick
REFUSED_SECONDS: Final = 600.0  # a refusal (403), or a server without HPAs (404), is taken for an answer so long


class _Reference(msgspec.Struct, rename="camel"):
    name: str = ""
    kind: str = ""
    api_version: str = ""


class _Spec(msgspec.Struct, rename="camel"):
    scale_target_ref: _Reference = msgspec.field(default_factory=_Reference)


class _Metadata(msgspec.Struct):
    name: str = ""


class _Hpa(msgspec.Struct):
    metadata: _Metadata
    spec: _Spec = msgspec.field(default_factory=_Spec)


class _PageMetadata(msgspec.Struct, rename={"cursor": "continue"}):
    cursor: str = ""


class _Page(msgspec.Struct):
    metadata: _PageMetadata
    items: tuple[_Hpa, ...] = ()


_PAGE = msgspec.json.Decoder(_Page)


@dataclass(slots=True)
class _Known:
    """One namespace's HPAs by what they refer to; ``again_at`` is when they are listed anew, never while they are."""

    again_at: float
    hpas: Mapping[tuple[str, str], tuple[_Hpa, ...]] = field(default_factory=dict)


class Hpas:
    """The HPAs of the namespaces that were asked about, listed by the first tick that finds the list 5 s old.

    So an HPA is seen by the tick after it appears. All objects of a namespace share its list.
    ``autoscaling/v1`` is asked for: every API server serves it, and shows every HPA in it whatever it was written as.
    Where the list is refused nothing is known, and a fight shows by what is written.
    """

    def __init__(self, client: Reader, clock: Callable[[], float] | None = None) -> None:
        self._client = client
        self._clock = clock or asyncio.get_running_loop().time
        self._known: dict[str, _Known] = {}
        self._free_at = float("-inf")

    async def look(self, namespaces: Iterable[str]) -> None:
        """See that these namespaces are known: the first look at one is waited for, later ones for a moment."""
        now = self._clock()
        due: list[asyncio.Task[None]] = []
        for namespace in namespaces:
            known = self._known.get(namespace)
            if known is None:
                await self._list(namespace)
            elif now >= known.again_at:
                known.again_at = float("inf")
                due.append(self._client.spawn(self._list(namespace, after_seconds=self._turn(now))))
        if due:
            await asyncio.wait(due, timeout=PATIENCE_SECONDS)

    def _turn(self, now: float) -> float:
        """Give how long the next list waits, so that there are two a second at most; up to ten may come at once."""
        at = max(self._free_at, now - AGAIN_SECONDS)
        self._free_at = at + 1 / LISTS_A_SECOND
        return max(0.0, at - now)

    def find(self, target: ScaleTarget) -> str | None:
        """Name the HPA that scales a target; None: none is known."""
        known = self._known.get(target.namespace)
        if known is None or not known.hpas:
            return None
        hpas = known.hpas.get((target.kind, target.name), ())
        return next((plain(hpa.metadata.name) for hpa in hpas if _is_meant(hpa, target)), None)

    async def _list(self, namespace: str, *, after_seconds: float = 0.0) -> None:
        """List one namespace; an answer that fails leaves what was known."""
        if after_seconds:
            await asyncio.sleep(after_seconds)
        found: dict[tuple[str, str], tuple[_Hpa, ...]] = {}
        path = f"/apis/autoscaling/v1/namespaces/{segment(namespace)}/horizontalpodautoscalers"
        query = {"limit": PAGE}
        while True:
            reply = await self._client.get(path, query=query, timeout_seconds=LIST_SECONDS)
            if isinstance(reply, Answer) and reply.status in (403, 404):
                self._known[namespace] = _Known(again_at=self._clock() + REFUSED_SECONDS)
                return
            page = decoded(reply.body, _PAGE) if isinstance(reply, Answer) and reply.status == 200 else None
            if page is None:
                known = self._known.setdefault(namespace, _Known(again_at=0.0))
                known.again_at = self._clock() + AGAIN_SECONDS
                return
            for hpa in page.items:
                to = hpa.spec.scale_target_ref
                found[to.kind, to.name] = (*found.get((to.kind, to.name), ()), hpa)
            if not page.metadata.cursor:
                break
            query["continue"] = page.metadata.cursor
        self._known[namespace] = _Known(again_at=self._clock() + AGAIN_SECONDS, hpas=found)


def _is_meant(hpa: _Hpa, target: ScaleTarget) -> bool:
    """Compare API groups, whatever their versions; an HPA may leave the version out."""
    written = hpa.spec.scale_target_ref.api_version
    return not written or written.rpartition("/")[0] == target.api_version.rpartition("/")[0]
