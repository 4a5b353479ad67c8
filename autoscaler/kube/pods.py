"""Counts the ready pods of a target, for objects whose arithmetic needs them."""

from dataclasses import replace
from typing import Final

import msgspec

from autoscaler.kube.answers import decoded
from autoscaler.kube.client import Answer, Reader
from autoscaler.kube.discovery import KNOWN, object_path, segment
from autoscaler.model.objects import MetricKind, ScaledObject, ScaleTarget, TargetType
from autoscaler.model.observation import PodCount, ScaleStatus

PAGE: Final = "500"
LIST_SECONDS: Final = 3.0


class _Condition(msgspec.Struct):
    type: str = ""
    status: str = ""


class _PodStatus(msgspec.Struct):
    phase: str = ""
    conditions: tuple[_Condition, ...] = ()


class _Pod(msgspec.Struct):
    status: _PodStatus = msgspec.field(default_factory=_PodStatus)


class _ListMetadata(msgspec.Struct, rename={"cursor": "continue"}):
    cursor: str = ""


class _PodList(msgspec.Struct):
    items: tuple[_Pod, ...] = ()
    metadata: _ListMetadata = msgspec.field(default_factory=_ListMetadata)


class _WorkloadStatus(msgspec.Struct, rename="camel"):
    replicas: int = 0
    ready_replicas: int = 0


class _Workload(msgspec.Struct):
    status: _WorkloadStatus = msgspec.field(default_factory=_WorkloadStatus)


_PODS = msgspec.json.Decoder(_PodList)
_WORKLOAD = msgspec.json.Decoder(_Workload)


def needs_pods(obj: ScaledObject) -> bool:
    """Say whether the HPA's arithmetic counts this object's ready pods: Value targets, cpu and memory."""
    if any(trigger.ask.kind is MetricKind.RESOURCE for trigger in obj.triggers):
        return True
    if obj.modifiers is not None:
        return obj.modifiers.target.type is TargetType.VALUE
    return any(
        trigger.ask.target.type is TargetType.VALUE or trigger.ask.kind is not MetricKind.EXTERNAL
        for trigger in obj.triggers
    )


class Pods:
    """Lists pods by selector; where that is refused it reads the target's own status."""

    def __init__(self, client: Reader) -> None:
        self._client = client

    async def count(self, target: ScaleTarget, scale: ScaleStatus) -> ScaleStatus:
        """Add the pod count to a scale; it stays None where nothing could be counted."""
        if not scale.selector:
            return scale
        listed = await self._list(target.namespace, scale.selector)
        return replace(scale, pods=listed or await self._own_status(target))

    async def _list(self, namespace: str, selector: str) -> PodCount | None:
        query = {"labelSelector": selector, "limit": PAGE}
        total = ready = 0
        while True:
            reply = await self._client.get(
                f"/api/v1/namespaces/{segment(namespace)}/pods", query=query, timeout_seconds=LIST_SECONDS
            )
            page = decoded(reply.body, _PODS) if isinstance(reply, Answer) and reply.status == 200 else None
            if page is None:
                return None
            total += len(page.items)
            ready += sum(_is_ready(pod) for pod in page.items)
            if not page.metadata.cursor:
                return PodCount(total=total, ready=ready)
            query["continue"] = page.metadata.cursor

    async def _own_status(self, target: ScaleTarget) -> PodCount | None:
        if target.api_version != "apps/v1" or target.kind not in KNOWN:
            return None
        reply = await self._client.get(object_path(target, KNOWN[target.kind]), timeout_seconds=LIST_SECONDS)
        found = decoded(reply.body, _WORKLOAD) if isinstance(reply, Answer) and reply.status == 200 else None
        if found is None:
            return None
        return PodCount(total=found.status.replicas, ready=found.status.ready_replicas, exact=False)


def _is_ready(pod: _Pod) -> bool:
    """Count a pod as the HPA does: Running and Ready; one that is being deleted counts as well.

    Source: kubernetes replica_calculator.go, getReadyPodsCount.
    """
    return pod.status.phase == "Running" and any(
        condition.type == "Ready" and condition.status == "True" for condition in pod.status.conditions
    )
