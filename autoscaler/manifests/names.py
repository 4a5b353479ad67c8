"""Which names Kubernetes takes, and where.

Source: kubernetes apimachinery pkg/util/validation, pkg/api/validation/path and pkg/apis/core/validation.
"""

import re
from collections.abc import Iterator
from typing import Final

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", re.ASCII)
_QUALIFIED = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)
_CONTAINER_RESOURCES: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
_OF_QUOTAS: Final = frozenset(
    {
        "pods",
        "services",
        "secrets",
        "configmaps",
        "resourcequotas",
        "replicationcontrollers",
        "persistentvolumeclaims",
        "storage",
        "requests.storage",
        "services.nodeports",
        "services.loadbalancers",
        *(f"{side}.{name}" for side in ("requests", "limits") for name in _CONTAINER_RESOURCES),
    }
)
_LONGEST_LABEL: Final = 63
_LONGEST_SUBDOMAIN: Final = 253


def is_label(name: str) -> bool:
    """Say whether a name may be that of a container."""
    return len(name) <= _LONGEST_LABEL and _LABEL.fullmatch(name) is not None


def is_subdomain(name: str) -> bool:
    """Say whether a name may be that of an object."""
    return len(name) <= _LONGEST_SUBDOMAIN and _SUBDOMAIN.fullmatch(name) is not None


def segment_problems(name: str) -> Iterator[str]:
    """Name everything that keeps a name out of a path of the API."""
    if name in (".", ".."):
        yield f"must not be '{name}'"
        return
    yield from (f"must not contain '{char}'" for char in "/%" if char in name)


def container_resource_problems(name: str) -> Iterator[str]:
    """Name everything that keeps a container from requesting a resource: a standard one, or one with a domain."""
    domain, slash, last = name.rpartition("/")
    if slash:
        if not is_subdomain(domain) or not _is_qualified(last) or domain.startswith("requests."):
            yield "must be a resource with a domain of its own"
        return
    if name in _CONTAINER_RESOURCES or name.startswith("hugepages-"):
        return
    if name not in _OF_QUOTAS:
        yield "must be a standard resource, or have a domain"
    yield "must be a resource that a container can request"


def _is_qualified(name: str) -> bool:
    return len(name) <= _LONGEST_LABEL and _QUALIFIED.fullmatch(name) is not None
