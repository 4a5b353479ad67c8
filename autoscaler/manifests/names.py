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
_NATIVE: Final = "kubernetes.io/"
_REQUESTS: Final = "requests."
_HUGEPAGES: Final = "hugepages-"
_LONGEST_LABEL: Final = 63
_LONGEST_SUBDOMAIN: Final = 253


def is_label(name: str) -> bool:
    """Say whether a name may be that of a container."""
    return len(name) <= _LONGEST_LABEL and _LABEL.fullmatch(name) is not None


def is_subdomain(name: str) -> bool:
    """Say whether a name may be that of an object."""
    return len(name) <= _LONGEST_SUBDOMAIN and _SUBDOMAIN.fullmatch(name) is not None


def is_key(name: str) -> bool:
    """Say whether a name may be the key of a label: a word, after a domain and a slash or not."""
    return not any(_qualified_problems(name))


def is_label_value(text: str) -> bool:
    """Say whether a text may be a label's value: a word, or nothing."""
    return not text or (is_key(text) and "/" not in text)


def segment_problems(name: str) -> Iterator[str]:
    """Name everything that keeps a name out of a path of the API."""
    if name in (".", ".."):
        yield f"must not be '{name}'"
        return
    yield from (f"must not contain '{char}'" for char in "/%" if char in name)


def container_resource_problems(name: str) -> Iterator[str]:
    """Name everything that keeps a container from requesting a resource: a standard one, or one with a domain."""
    unqualified = tuple(_qualified_problems(name))
    yield from unqualified
    if "/" in name:
        if _NATIVE not in name and (name.startswith(_REQUESTS) or any(_qualified_problems(_REQUESTS + name))):
            yield "must be a resource with a domain of its own"
        return
    if name in _CONTAINER_RESOURCES or name.startswith(_HUGEPAGES):
        return
    if not unqualified and name not in _OF_QUOTAS and not name.startswith(_REQUESTS + _HUGEPAGES):
        yield "must be a standard resource, or have a domain"
    yield "must be a resource that a container can request"


def _qualified_problems(name: str) -> Iterator[str]:
    domain, slash, last = name.rpartition("/")
    if "/" in domain:
        yield "must have one '/' at most"
        return
    if slash and not domain:
        yield "must not have an empty domain"
    elif slash and not is_subdomain(domain):
        yield "must have a domain of lower case letters, digits, '-' and '.'"
    if not last:
        yield "must not be empty"
    elif len(last) > _LONGEST_LABEL:
        yield f"must not be longer than {_LONGEST_LABEL} characters"
    if _QUALIFIED.fullmatch(last) is None:
        yield "must be letters, digits, '-', '_' and '.', with a letter or digit at both ends"
