"""From apiVersion and kind to the path of a scale subresource, by the API server's own list of kinds."""

import asyncio
import difflib
from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import msgspec

from autoscaler.kube.answers import decoded, refusal_of, unreadable
from autoscaler.kube.client import Answer, Reader
from autoscaler.model.objects import ScaleTarget
from autoscaler.model.observation import Unreadable, UnreadableReason
from autoscaler.model.value import value

KNOWN: Final = {"Deployment": "deployments", "StatefulSet": "statefulsets", "ReplicaSet": "replicasets"}
AGAIN_SECONDS: Final = 10.0  # a kind that was not there is looked for again after this
TIMEOUT_SECONDS: Final = 5.0


class _Entry(msgspec.Struct):
    name: str = ""
    kind: str = ""
    namespaced: bool = False


class _List(msgspec.Struct):
    resources: tuple[_Entry, ...] = ()


_LIST = msgspec.json.Decoder(_List)


@value
class Resource:
    """One kind as the API server serves it: its word in paths, and whether it can be scaled."""

    plural: str
    namespaced: bool = True
    scalable: bool = True


class Discovery:
    """What kinds there are. Filled by ``learn``; ``locate`` answers from what is known."""

    def __init__(self, client: Reader) -> None:
        self._client = client
        self._kinds: dict[str, dict[str, Resource]] = {}
        self._faults: dict[str, Unreadable] = {}
        self._asked_at: dict[str, float] = {}

    async def learn(self, targets: Iterable[ScaleTarget]) -> None:
        """Ask for the kinds of these targets that are not known, each API group at most once in ten seconds."""
        now = asyncio.get_running_loop().time()
        for version in {target.api_version for target in targets if self._resource(target) is None}:
            if now - self._asked_at.get(version, -AGAIN_SECONDS) >= AGAIN_SECONDS:
                self._asked_at[version] = now
                await self._ask(version)

    def locate(self, target: ScaleTarget) -> str | Unreadable:
        """Give the path of the target's scale, or say why it has none."""
        found = self._resource(target)
        if found is None:
            return self._faults.get(target.api_version) or self._no_such_kind(target)
        if not found.namespaced:
            return _no_scale(f"{target.kind} of {target.api_version} is not namespaced, and only such kinds are scaled")
        if not found.scalable:
            return _no_scale(
                f"{target.kind} of {target.api_version} has no scale subresource; "
                "add subresources.scale to its CustomResourceDefinition, or name a kind that has one"
            )
        return object_path(target, found.plural) + "/scale"

    def forget(self, target: ScaleTarget) -> None:
        """Look the kind up again next time: its path was answered with 404."""
        self._kinds.pop(target.api_version, None)

    def plural(self, target: ScaleTarget) -> str | None:
        """Give the kind's word in paths, None while it is not known."""
        found = self._resource(target)
        return found.plural if found else None

    def _resource(self, target: ScaleTarget) -> Resource | None:
        if target.api_version == "apps/v1" and target.kind in KNOWN:
            return Resource(plural=KNOWN[target.kind])
        return self._kinds.get(target.api_version, {}).get(target.kind)

    async def _ask(self, version: str) -> None:
        reply = await self._client.get(group_path(version), timeout_seconds=TIMEOUT_SECONDS)
        listed = decoded(reply.body, _LIST) if isinstance(reply, Answer) and reply.status == 200 else None
        if listed is not None:
            self._kinds[version] = _resources(listed)
            self._faults.pop(version, None)
        elif isinstance(reply, Answer) and reply.status == 404:
            self._faults[version] = Unreadable(
                reason=UnreadableReason.NOT_FOUND,
                detail=f"the API server does not serve {version}; install the CustomResourceDefinition that brings it",
            )
        else:
            self._faults[version] = unreadable(reply, f"the kinds of {version}")

    def _no_such_kind(self, target: ScaleTarget) -> Unreadable:
        known = self._kinds.get(target.api_version) or dict.fromkeys(KNOWN)
        near = difflib.get_close_matches(target.kind, known, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"it has {', '.join(sorted(known)[:8])}"
        return Unreadable(
            reason=UnreadableReason.NOT_FOUND, detail=f"{target.api_version} has no kind {target.kind}; {hint}"
        )


def group_path(version: str) -> str:
    """Give the path of a group's version: ``apps/v1`` or the core's ``v1``."""
    return ("/apis/" if "/" in version else "/api/") + "/".join(segment(part) for part in version.split("/"))


def collection_path(target: ScaleTarget) -> str | None:
    """Give the path of the target's collection where its counts stand at known places; None for custom kinds."""
    if target.api_version != "apps/v1" or target.kind not in KNOWN:
        return None
    return f"{group_path(target.api_version)}/namespaces/{segment(target.namespace)}/{KNOWN[target.kind]}"


def object_path(target: ScaleTarget, plural: str) -> str:
    """Give the path of one object."""
    return f"{group_path(target.api_version)}/namespaces/{segment(target.namespace)}/{plural}/{segment(target.name)}"


def segment(name: str) -> str:
    """Write a name as one segment of a path; no name leads out of its place (S12)."""
    return quote(name, safe="") if name.strip(".") else quote(name, safe="").replace(".", "%2E") or "%20"


def is_about_a_path(reply: Answer) -> bool:
    """Tell an unknown path from an object that does not exist: the latter's refusal names it."""
    details = refusal_of(reply.body).details
    return reply.status == 404 and (details is None or not details.name)


def _resources(listed: _List) -> dict[str, Resource]:
    names = {entry.name for entry in listed.resources}
    return {
        entry.kind: Resource(plural=entry.name, namespaced=entry.namespaced, scalable=f"{entry.name}/scale" in names)
        for entry in listed.resources
        if "/" not in entry.name
    }


def _no_scale(detail: str) -> Unreadable:
    return Unreadable(reason=UnreadableReason.NO_SCALE, detail=detail)
