"""The API server's audit log: who asked for what, when, and what the server answered."""

import json
import threading
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.servers.api import Document

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})

# The servers' own traffic is left out; of every other write the body is kept.  One event per request, when answered.
POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: None
    users: ["system:apiserver", "system:kube-controller-manager", "pod-readier"]
  - level: None
    userGroups: ["system:serviceaccounts:kube-system"]
  - level: Request
    verbs: [create, update, patch, delete, deletecollection]
  - level: Metadata
"""


@dataclass(frozen=True, slots=True)
class Audited:
    """One answered request."""

    at: datetime
    """When the server received it, to the microsecond."""
    user: str
    verb: str
    """Kubernetes' word: get, list, watch, create, update, patch, delete."""
    namespace: str
    resource: str
    """The lower-case plural, or the path for what is no resource."""
    name: str
    subresource: str
    """Empty for the object itself."""
    status: int
    body: Document | None
    """What was sent; None for reads."""
    user_agent: str


class AuditLog:
    """Reads the log that the API server appends to; each line once, however often it is asked."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._read_to = 0
        self._events: list[Audited] = []
        self._lock = threading.Lock()

    def requests(self, *, namespace: str | None = None, user: str | None = None) -> list[Audited]:
        """List what was asked, oldest first, by anybody and anywhere unless a namespace or a user is named."""
        return [
            event
            for event in self._all()
            if (namespace is None or event.namespace == namespace) and (user is None or event.user == user)
        ]

    def writes(self, *, namespace: str | None = None, user: str | None = None) -> list[Audited]:
        """List the requests that would change something, whatever they were answered."""
        return [event for event in self.requests(namespace=namespace, user=user) if event.verb in WRITES]

    def scale_writes(self, *, namespace: str | None = None, name: str | None = None) -> list[Audited]:
        """List the writes to scale subresources."""
        return [
            event
            for event in self.writes(namespace=namespace)
            if event.subresource == "scale" and (name is None or event.name == name)
        ]

    def _all(self) -> list[Audited]:
        """Take in what was appended, up to the last whole line, and give everything, oldest first."""
        with self._lock:
            if self.file.exists():
                with self.file.open("rb") as log:
                    log.seek(self._read_to)
                    whole = log.read().rpartition(b"\n")[0]
                if whole:
                    self._read_to += len(whole) + 1
                    self._events += [_read(json.loads(line)) for line in whole.splitlines()]
                    self._events.sort(key=lambda event: event.at)
            return list(self._events)


def _read(event: Document) -> Audited:
    target = event.get("objectRef", {})
    return Audited(
        at=datetime.fromisoformat(event["requestReceivedTimestamp"].replace("Z", "+00:00")),
        user=event["user"].get("username", ""),
        verb=event["verb"],
        namespace=target.get("namespace", ""),
        resource=target.get("resource", event["requestURI"]),
        name=target.get("name", ""),
        subresource=target.get("subresource", ""),
        status=event.get("responseStatus", {}).get("code", 0),
        body=event.get("requestObject"),
        user_agent=event.get("userAgent", ""),
    )
