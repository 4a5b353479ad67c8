"""What one may ask of the API server: a client that reads, and one that writes as well."""

import asyncio
import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Final
from urllib.parse import unquote, urlencode

from autoscaler.kube.access import Access
from autoscaler.kube.channel import JSON, Answer, Channel, NoAnswer, Reply, Request

__all__ = ["Answer", "NoAnswer", "Reader", "Reply", "Request", "Writer"]

REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
MERGE_PATCH: Final = "application/merge-patch+json"
TOKENS: Final = re.compile(r"/api/v1/namespaces/[^/?#]+/serviceaccounts/[^/?#]+/token")
RELAYED: Final = re.compile(r"/api/v1/namespaces/[^/?#]+/services/[^/?#]+/proxy(/[^?#]*)?")


class Reader:
    """A client that can read and ask what it may do, and nothing else: what a dry run gets."""

    verbs: frozenset[str] = frozenset({"GET", "POST"})

    def __init__(self, access: Access) -> None:
        self._channel = Channel(access, self.verbs)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def access(self) -> Access:
        """Say where this client goes."""
        return self._channel.access

    async def close(self) -> None:
        """End what runs in the background, then close every connection."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._channel.close()

    def spawn(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        """Run work that lives as long as this client."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def watch(self, path: str, take: Callable[[bytes], bool], *, idle_seconds: float) -> Reply:
        """Read a path that never ends, chunk by chunk."""
        return await self._channel.stream(Request(verb="GET", path=path), take, idle_seconds=idle_seconds)

    async def get(
        self, path: str, *, timeout_seconds: float, query: Mapping[str, str] | None = None, accept: str = JSON
    ) -> Reply:
        """Read one path."""
        full = f"{path}?{urlencode(query)}" if query else path
        request = Request(verb="GET", path=full, headers={"Accept": accept})
        return await self._channel.send(request, timeout_seconds=timeout_seconds)

    async def review(self, body: Mapping[str, object], *, timeout_seconds: float) -> Reply:
        """Ask whether we may do something; nothing is stored."""
        return await self._channel.send(Request(verb="POST", path=REVIEWS, body=body), timeout_seconds=timeout_seconds)

    async def issue(self, path: str, body: Mapping[str, object], *, timeout_seconds: float) -> Reply:
        """Ask for a token of a service account; no other path can be reached this way, and nothing is stored."""
        assert TOKENS.fullmatch(path), path
        return await self._channel.send(Request(verb="POST", path=path, body=body), timeout_seconds=timeout_seconds)

    async def relay(self, request: Request, *, timeout_seconds: float) -> Reply:
        """Pass a question to a Service through the API server's proxy; no other path can be reached this way."""
        head = request.path.partition("?")[0]
        assert RELAYED.fullmatch(head), head
        assert not {".", ".."} & set(unquote(head).split("/")), head
        return await self._channel.send(request, timeout_seconds=timeout_seconds)


class Writer(Reader):
    """A client that can patch as well."""

    verbs = frozenset({"GET", "POST", "PATCH"})

    async def patch(
        self, path: str, body: Mapping[str, object], *, timeout_seconds: float, query: Mapping[str, str]
    ) -> Reply:
        """Merge ``body`` into what is stored at ``path``."""
        request = Request(
            verb="PATCH", path=f"{path}?{urlencode(query)}", headers={"Content-Type": MERGE_PATCH}, body=body
        )
        return await self._channel.send(request, timeout_seconds=timeout_seconds)
