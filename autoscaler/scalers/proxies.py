"""Proxies from the environment, chosen as Go chooses them, read once at start. Pure.

A proxy looks names up where we cannot see it, so behind one the socket check protects nobody. What is asked through a
proxy is therefore checked by our own look-up first, and a tenant's object goes through one only to a server that
``--allow-server`` names.
"""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from autoscaler.model.value import value
from autoscaler.scalers.addresses import Origin


@value
class Proxies:
    """``http`` and ``https`` are proxy URLs, None where there is none; ``bypass`` are the words of NO_PROXY."""

    http: str | None = None
    https: str | None = None
    bypass: tuple[str, ...] = ()

    def choose(self, origin: Origin) -> str | None:
        """Give the proxy for a server; None: connect directly. Source: Go httpproxy, useProxy."""
        proxy = self.https if origin.scheme == "https" else self.http
        if proxy is None or origin.host == "localhost" or _is_loopback(origin.host):
            return None
        return None if any(_matches(word, origin) for word in self.bypass) else proxy


def proxies_from(environment: Mapping[str, str]) -> Proxies:
    """Read HTTP_PROXY, HTTPS_PROXY and NO_PROXY, upper case before lower."""

    def read(name: str) -> str | None:
        return environment.get(name) or environment.get(name.lower()) or None

    words = tuple(word.strip().lower() for word in (read("NO_PROXY") or "").split(",") if word.strip())
    return Proxies(http=_with_scheme(read("HTTP_PROXY")), https=_with_scheme(read("HTTPS_PROXY")), bypass=words)


def _with_scheme(proxy: str | None) -> str | None:
    return f"http://{proxy}" if proxy and "://" not in proxy else proxy


def _matches(word: str, origin: Origin) -> bool:
    if word == "*":
        return True
    host, colon, port = word.rpartition(":")
    if colon and port.isdigit() and not host.endswith(":"):
        if int(port) != origin.port:
            return False
        word = host.strip("[]")
    if _is_ip(origin.host):
        return _holds(word, origin.host)
    domain = word.removeprefix("*")
    if domain.startswith("."):
        return origin.host.endswith(domain)
    return origin.host == domain or origin.host.endswith(f".{domain}")


def _holds(word: str, host: str) -> bool:
    try:
        return ip_address(host) in ip_network(word, strict=False)
    except ValueError:
        return False


def _is_ip(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_ip(host) and ip_address(host).is_loopback
