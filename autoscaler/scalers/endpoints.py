"""The endpoints behind a service's URL, asked one by one. Source: KEDA metrics_api_scaler.go, getEndpointsUrls...

What knows EndpointSlices hands them in; nothing here looks anything up.
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from autoscaler.model.value import value


@value
class EndpointSlice:
    """One slice of a service: its ports, and the addresses of endpoints that are ready."""

    namespace: str
    service: str
    ports: tuple[int, ...]
    addresses: tuple[str, ...]


@value
class ServiceUrl:
    """A URL of a service taken apart. ``port`` is None where it names none."""

    scheme: str
    service: str
    namespace: str
    port: int | None
    path: str


def parse_service_url(url: str) -> ServiceUrl | None:
    """Read ``http://service.namespace[...]:port/path``; None where it names no service. The query is dropped."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    labels = (parts.hostname or "").split(".")
    if parts.scheme not in ("http", "https") or len(labels) < 2 or not all(labels[:2]):
        return None
    return ServiceUrl(scheme=parts.scheme, service=labels[0], namespace=labels[1], port=port, path=parts.path)


def endpoint_urls(url: ServiceUrl, slices: Iterable[EndpointSlice]) -> tuple[str, ...]:
    """Give the URL of each ready endpoint once, in order; none for a URL without a path, as in KEDA.

    The port stays where the slice has it; another one is left to the scheme.
    """
    if not url.path:
        return ()
    default = url.port or (443 if url.scheme == "https" else 80)
    found: dict[str, None] = {}
    for held in slices:
        if (held.namespace, held.service) != (url.namespace, url.service):
            continue
        port = f":{default}" if default in held.ports else ""
        for address in held.addresses:
            host = f"[{address}]" if ":" in address else address
            found[f"{url.scheme}://{host}{port}{url.path}"] = None
    return tuple(found)
