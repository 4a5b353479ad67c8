"""Which addresses may be asked, and by whose objects (S1). Pure: no look-up, no socket.

Two checks stand in a row: the text of an address when a trigger is read, and every resolved address when a socket is
made for it, whatever name, redirect or retry led there.
"""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TypeAlias
from urllib.parse import quote

from yarl import URL

from autoscaler.model.objects import Author
from autoscaler.model.text import plain
from autoscaler.model.value import value
from autoscaler.scalers.quoting import quoted

_Ip: TypeAlias = IPv4Address | IPv6Address
_METADATA = frozenset(
    ip_address(text) for text in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "169.254.169.254")
)
_NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
_BAD_ESCAPE = re.compile("%(?![0-9a-fA-F]{2})")
_USERINFO = re.compile("[-0-9A-Za-z._:~!$&'()*+,;=%@]*")
_HOST = re.compile("[0-9A-Za-z._-]+|[0-9a-fA-F:.]+(?:%[0-9A-Za-z._-]+)?")
_AS_WRITTEN = "/%:@!$&'()*+,;=~[]"
_PORTS = {"http": 80, "https": 443}


@value
class Origin:
    """Scheme, host and port of a server, in lower case, the port always given."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"


@value
class Address:
    """A checked address: its text without credentials, its origin, and the ``user:password`` it carried, if any."""

    text: str
    origin: Origin
    userinfo: tuple[str, str] | None = None


@value
class Refusal:
    """Why something may not be asked or sent; for people, already clean."""

    detail: str


def parse_address(text: str) -> Address | Refusal:
    """Read the address of a server as it stands in a manifest."""
    shown = plain(_without_userinfo(text), 120)
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        return Refusal(detail=f'address "{shown}" holds a control character: remove it')
    if "?" in text or "#" in text:
        return Refusal(detail=f'address "{shown}" may hold neither "?" nor "#": use queryParameters')
    if _BAD_ESCAPE.search(text) or "\\" in text:
        return Refusal(detail=f'address "{shown}" holds a "%" that is no escape, or a backslash: write %25 or /')
    url = _parse(text)
    if url is None or url.scheme not in _PORTS or not url.host or url.host_port_subcomponent is None:
        return Refusal(detail=f'address "{shown}" is none: write http://host:port or https://host:port')
    told, at, _ = text.partition("://")[2].partition("/")[0].rpartition("@")
    if _USERINFO.fullmatch(told) is None:
        return Refusal(detail=f'address "{shown}" has a user or password with a character that must be escaped')
    userinfo = (url.user or "", url.password or "") if at else None
    path = quote(_path(text), safe=_AS_WRITTEN)
    return Address(text=f"{url.origin()}{path}", origin=_origin(url), userinfo=userinfo)


def parse_origin(text: str) -> Origin | None:
    """Read ``scheme://host[:port]``; None where it is no origin."""
    address = parse_address(text)
    return address.origin if isinstance(address, Address) else None


def origin_of(url: URL) -> Origin:
    """Give the origin of a URL that came out of ``parse_address`` or ``join``."""
    return _origin(url)


def join(base: URL, location: str) -> URL | Refusal:
    """Resolve a redirect's Location against the URL that answered."""
    shown = quoted(_without_userinfo(location), 80)
    bare = any(ord(char) < 0x21 or ord(char) == 0x7F for char in location)
    if bare or _BAD_ESCAPE.search(location.partition("?")[0]):
        return Refusal(detail=f"redirected to what is no URL{shown}")
    target = _parse(location)
    joined = base.join(target) if target is not None and (target.host or not target.scheme) else None
    if joined is None or joined.scheme not in _PORTS or not joined.host or joined.raw_user or joined.raw_password:
        return Refusal(detail=f"redirected to what may not be followed{shown}")
    return joined


@value
class AddressRules:
    """Who may be asked.

    ``allowed`` are the origins of ``--allow-server``: they may be asked whatever they resolve to, and once there is
    one, tenants may ask no other. ``own`` are addresses and ports of our listeners and of the API server, which no
    tenant may reach.
    """

    allowed: frozenset[Origin] = frozenset()
    own: frozenset[tuple[str, int]] = frozenset()

    def admits(self, origin: Origin, author: Author) -> Refusal | None:
        """Judge an origin before anything is looked up; None where it may be tried."""
        if author is Author.TENANT and self.allowed and origin not in self.allowed:
            return Refusal(detail=f"{origin} is not among the servers of --allow-server: add it there")
        return None

    def trusts(self, origin: Origin) -> bool:
        """Say whether the origin is exempt from the check on the socket."""
        return origin in self.allowed

    def judge(self, resolved: str, port: int, author: Author) -> Refusal | None:
        """Judge one resolved address, just before a socket is made for it; None where it may be reached."""
        kind = _forbidden(resolved)
        if kind is None and author is Author.TENANT:
            kind = self._forbidden_to_tenants(resolved, port)
        if kind is None:
            return None
        return Refusal(detail=f"address {plain(resolved, 60)} is {kind}: if it is meant, name it by --allow-server")

    def judge_literal(self, origin: Origin, author: Author) -> Refusal | None:
        """Judge an origin whose host is an address and no name, as its socket will be; None where that is not known."""
        try:
            ip_address(origin.host.partition("%")[0])
        except ValueError:
            return None
        return None if self.trusts(origin) else self.judge(origin.host, origin.port, author)

    def _forbidden_to_tenants(self, resolved: str, port: int) -> str | None:
        for ip in _meanings(ip_address(resolved.partition("%")[0])):
            if ip.is_loopback:
                return "a loopback address"
            if (str(ip), port) in self.own:
                return "the API server's or the daemon's own"
        return None


def allow(texts: Iterable[str]) -> frozenset[Origin]:
    """Read the values of ``--allow-server``; raises ValueError naming the one that is no origin."""
    origins = set()
    for text in texts:
        origin = parse_origin(text)
        if origin is None:
            raise ValueError(f'--allow-server "{plain(text, 80)}": write scheme://host:port')
        origins.add(origin)
    return frozenset(origins)


def _parse(text: str) -> URL | None:
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        return None
    sound = _HOST.fullmatch(url.raw_host or "") is not None and (port is None or 0 < port < 65536)
    return url if sound or not url.absolute else None


def _origin(url: URL) -> Origin:
    return Origin(scheme=url.scheme, host=(url.raw_host or "").lower().rstrip("."), port=url.port or _PORTS[url.scheme])


def _path(text: str) -> str:
    """Give the path as it was written, dots and double slashes included: the server decides what it means."""
    _, slash, path = text.partition("://")[2].partition("/")
    return slash + path


def _without_userinfo(text: str) -> str:
    scheme, slashes, rest = text.partition("://")
    if not slashes:
        return text
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _forbidden(resolved: str) -> str | None:
    for ip in _meanings(ip_address(resolved.partition("%")[0])):
        if ip in _METADATA:
            return "a cloud metadata address"
        if ip.is_link_local:
            return "a link-local address"
        if ip.is_unspecified or (ip.version == 4 and str(ip).startswith("0.")):
            return "an unspecified address"
        if ip.is_multicast or str(ip) == "255.255.255.255":
            return "a multicast or broadcast address"
    return None


def _meanings(ip: _Ip) -> tuple[_Ip, ...]:
    """Give an address and the IPv4 address that it wraps (mapped, compatible, 6to4, NAT64)."""
    if isinstance(ip, IPv4Address):
        return (ip,)
    wrapped = ip.ipv4_mapped or ip.sixtofour
    if wrapped is None and any(ip in network for network in _NAT64):
        wrapped = IPv4Address(int(ip) & 0xFFFFFFFF)
    if wrapped is None and int(ip) > 1 and int(ip) >> 32 == 0:
        wrapped = IPv4Address(int(ip))
    return (ip, wrapped) if wrapped is not None else (ip,)
