"""The kubelet's part: pods that are Pending become Running and Ready, with no node and no scheduler."""

import json
import threading
from datetime import UTC, datetime

import httpx

from tests.servers.api import Api, Document, RefusedError

STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


class PodReadier:
    """A thread that watches the pods of every namespace and answers for the kubelet."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._held: frozenset[str] = frozenset()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="pod-readier")
        self._made = 0

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end; it does so with the watch, within two seconds."""
        self._stopping.set()

    def hold(self, namespace: str) -> None:
        """Leave new pods of a namespace Pending, as on a cluster without room."""
        self._held = self._held | {namespace}

    def release(self, namespace: str) -> None:
        """Make the namespace's pods Ready again, those that were held first."""
        self._held = self._held - {namespace}
        for pod in self._api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]:
            self._look_at(pod)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._follow()
            except (httpx.TransportError, RefusedError):
                # The test has stopped the API server, or has an object deleted under us: look again.
                self._stopping.wait(0.2)

    def _follow(self) -> None:
        """List, then watch from there on until the server says that the list is too old."""
        listed = self._api.get("/api/v1/pods")
        for pod in listed["items"]:
            self._look_at(pod)
        version = listed["metadata"]["resourceVersion"]
        while not self._stopping.is_set():
            query = f"/api/v1/pods?watch=1&timeoutSeconds=2&allowWatchBookmarks=true&resourceVersion={version}"
            with self._api.client.stream("GET", query) as events:
                for line in events.iter_lines():
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        return
                    version = event["object"]["metadata"]["resourceVersion"]
                    if event["type"] == "ADDED":
                        self._look_at(event["object"])

    def _look_at(self, pod: Document) -> None:
        meta = pod["metadata"]
        if pod["status"].get("phase") != "Pending" or meta["namespace"] in self._held or "deletionTimestamp" in meta:
            return
        self._made += 1
        address = f"10.1.{self._made // 250 % 250}.{self._made % 250 + 1}"
        path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status"
        try:
            self._api.patch(path, {"status": _status(pod, address)}, content_type=STRATEGIC_MERGE_PATCH)
        except RefusedError as refused:
            # 404: deleted meanwhile. 409 or 422: made Ready by the other thread that looks, `release`.
            if refused.status not in (404, 409, 422):
                raise


def _status(pod: Document, address: str) -> Document:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ends = pod["spec"].get("restartPolicy") in ("Never", "OnFailure")
    state: Document = {"running": {"startedAt": now}}
    if ends:
        state = {"terminated": {"exitCode": 0, "reason": "Completed", "startedAt": now, "finishedAt": now}}
    ready = "False" if ends else "True"
    return {
        "phase": "Succeeded" if ends else "Running",
        "startTime": now,
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [
            {"type": kind, "status": "True" if kind == "Initialized" else ready, "lastTransitionTime": now}
            for kind in ("Initialized", "ContainersReady", "Ready")
        ],
        "containerStatuses": [
            {
                "name": container["name"],
                "image": container["image"],
                "imageID": "",
                "ready": not ends,
                "started": not ends,
                "restartCount": 0,
                "state": state,
            }
            for container in pod["spec"]["containers"]
        ],
    }
