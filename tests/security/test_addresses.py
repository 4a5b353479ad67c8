"""S1: which addresses may be asked, by whom, whatever the name, the redirect or the retry that led there."""

from collections.abc import Callable

import pytest
from yarl import URL

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Author
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.scalers.addresses import Address, AddressRules, Refusal, allow, parse_address, parse_origin
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.http import Call, Sender, SenderSettings
from autoscaler.scalers.proxies import Proxies, proxies_from
from tests.scripted import Scripted, vector_answer
from tests.unit.scalers.builders import parse, soon

TEXTS = [
    "file:///etc/passwd",
    "ftp://prom:9090",
    "gopher://prom:70",
    "prom:9090",
    "//prom:9090",
    "/only/a/path",
    "",
    "http://",
    "http://:9090",
    "http://prom:9090?x=1",
    "http://prom:9090/#part",
    "http://prom:99999",
    "http://prom:0",
    "http://pr om:9090",
    "http://prom\r\nHost: evil:9090",
    "http://prom\t:9090",
    "http://prom:9090/\x00",
    "http://prom:9090/%zz",
    "http://prom\\@evil:9090",
    "http://[::1",
    "http://prom:9090:9090",
    "http://prom:port",
]
LOOPBACK = [
    "http://127.0.0.1:{port}",
    "http://127.1:{port}",
    "http://0x7f.1:{port}",
    "http://0x7f000001:{port}",
    "http://2130706433:{port}",
    "http://017700000001:{port}",
    "http://127.0.0.01:{port}",
    "http://localhost:{port}",
    "http://LOCALHOST:{port}",
    "http://user:pass@127.0.0.1:{port}",
    "http://[::ffff:127.0.0.1]:{port}",
    "http://[::ffff:7f00:1]:{port}",
    "http://127.8.9.10:{port}",
]
FORBIDDEN = [
    "169.254.169.254",
    "169.254.0.1",
    "fe80::1",
    "fe80::1%lo",
    "fd00:ec2::254",
    "100.100.100.200",
    "168.63.129.16",
    "0.0.0.0",
    "0.1.2.3",
    "::",
    "224.0.0.1",
    "ff02::1",
    "255.255.255.255",
    "::ffff:169.254.169.254",
    "::169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::ffff:0.0.0.0",
    "::ffff:100.100.100.200",
]


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_no_plain_http_address_is_refused_at_load(text: str) -> None:
    """An address must be http or https with a host, and hold no query, fragment or control character."""
    assert isinstance(parse_address(text), Refusal)
    parsed = parse(serverAddress=text or "  x")
    assert isinstance(parsed, Faults)
    assert [fault.path for fault in parsed.faults] == ["spec.triggers[0].metadata.serverAddress"]


def test_a_password_in_an_address_leaves_the_address() -> None:
    """``user:password@`` becomes a header; the address that people see has none."""
    address = parse_address("http://user:pa%40ss@prom:9090/base")
    assert isinstance(address, Address)
    assert (address.text, address.userinfo) == ("http://prom:9090/base", ("user", "pa@ss"))


def test_user_and_password_are_read_as_go_reads_them() -> None:
    """An empty user is one, and a character that must be escaped makes the address none (net/url validUserinfo)."""
    address = parse_address("http://@prom:9090")
    assert isinstance(address, Address)
    assert address.userinfo == ("", "")
    assert isinstance(parse_address("http://user:pa ss@prom:9090"), Refusal)


@pytest.mark.parametrize("spelling", LOOPBACK)
async def test_a_tenant_reaches_no_loopback_listener_by_any_spelling(spelling: str) -> None:
    """What resolves to a loopback address is refused on the socket, before a connection."""
    async with Scripted([vector_answer("5")]) as server:
        found = await _ask(spelling.format(port=server.port), Author.TENANT)
        assert (_reason(found), server.connections) == (MissingReason.REFUSED, 0)


@pytest.mark.parametrize("resolved", FORBIDDEN)
async def test_nobody_reaches_metadata_link_local_or_group_addresses(resolved: str) -> None:
    """Addresses that are nobody's Prometheus are refused for operators too, in each of their forms."""
    found = await _ask("http://prom.example:9090", Author.OPERATOR, look_up=_always(resolved))
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.REFUSED
    assert resolved.partition("%")[0] in found.detail
    assert "--allow-server" in found.detail


async def test_a_name_that_resolves_badly_the_second_time_is_refused_then() -> None:
    """Every connection is checked, so a resolver that flips after a first good answer gains nothing."""
    async with Scripted([vector_answer("5")]) as server:
        answers = iter(("127.0.0.1", "169.254.169.254"))
        sender = Sender(look_up=lambda host, port, family: [(2, next(answers))])
        call = Call(url=URL(f"http://prom.example:{server.port}/"))
        first, second = [await sender.send(call, soon()) for _ in range(2)]
        await sender.close()
    assert isinstance(first, Response)
    assert (_reason(second), server.connections) == (MissingReason.REFUSED, 1)


@pytest.mark.parametrize(
    ("origin", "refused"),
    [
        ("http://169.254.169.254", True),
        ("http://[fe80::1]:9090", True),
        ("http://[::ffff:169.254.169.254]", True),
        ("http://0.0.0.0:9090", True),
        ("http://10.0.0.7:9090", False),
        ("http://prometheus:9090", False),
        ("http://100.100.100.200:9090", False),
    ],
)
def test_an_address_that_stands_in_a_manifest_is_judged_as_its_socket_will_be(origin: str, refused: bool) -> None:
    """What needs no look-up can be told at load; what --allow-server admits is admitted there too."""
    allowed = parse_origin("http://100.100.100.200:9090")
    found = parse_origin(origin)
    assert allowed is not None
    assert found is not None
    rules = AddressRules(allowed=frozenset({allowed}))
    assert (rules.judge_literal(found, Author.OPERATOR) is not None) is refused


async def test_of_several_addresses_only_the_allowed_are_tried() -> None:
    """A name with a good and a bad address is asked at the good one."""
    async with Scripted([vector_answer("5")]) as server:
        sender = Sender(look_up=lambda host, port, family: [(2, "169.254.169.254"), (2, "127.0.0.1")])
        found = await sender.send(Call(url=URL(f"http://prom.example:{server.port}/")), soon())
        await sender.close()
    assert isinstance(found, Response)


async def test_a_tenant_does_not_reach_the_api_server_or_our_own_listeners() -> None:
    """Addresses that the daemon names as its own are refused to tenants and open to operators."""
    rules = AddressRules(own=frozenset({("10.96.0.1", 443)}))
    assert rules.judge("10.96.0.1", 443, Author.TENANT) is not None
    assert rules.judge("::ffff:10.96.0.1", 443, Author.TENANT) is not None
    assert rules.judge("10.96.0.1", 443, Author.OPERATOR) is None
    assert rules.judge("10.96.0.1", 9090, Author.TENANT) is None


async def test_allow_server_admits_one_origin_again() -> None:
    """``--allow-server`` opens exactly one scheme, host and port, to tenants as well."""
    async with Scripted([vector_answer("5")]) as server, Scripted([vector_answer("5")]) as other:
        rules = AddressRules(allowed=allow([server.url]))
        admitted = await _ask(server.url, Author.TENANT, rules=rules)
        refused = await _ask(other.url, Author.TENANT, rules=rules)
        assert isinstance(admitted, Response)
        assert (_reason(refused), other.connections) == (MissingReason.REFUSED, 0)


async def test_once_servers_are_allowed_tenants_get_only_these() -> None:
    """With a list, a tenant's other addresses are refused before a look-up; an operator's are not."""
    async with Scripted([vector_answer("5")]) as server:
        rules = AddressRules(allowed=allow(["http://prom:9090"]))
        looked_up: list[str] = []

        def look_up(host: str, port: int, family: int) -> list[tuple[int, str]]:
            looked_up.append(host)
            return [(2, "127.0.0.1")]

        address = f"http://elsewhere:{server.port}"
        refused = await _ask(address, Author.TENANT, rules=rules, look_up=look_up)
        assert (_reason(refused), looked_up) == (MissingReason.REFUSED, [])
        assert isinstance(await _ask(address, Author.OPERATOR, rules=rules, look_up=look_up), Response)


def test_an_allowed_server_that_is_no_origin_is_named() -> None:
    """A bad value of ``--allow-server`` stops the daemon with the value in the message."""
    with pytest.raises(ValueError, match="prom:9090"):
        allow(["prom:9090"])


async def test_behind_a_proxy_the_target_is_looked_up_and_judged() -> None:
    """A proxy does not widen what may be reached: targets are judged first, and a tenant needs --allow-server."""
    async with Scripted([vector_answer("5")]) as proxy:
        proxies = Proxies(http=proxy.url)
        target = "http://prom.example:9090"
        bad = await _ask(target, Author.OPERATOR, proxies=proxies, look_up=_always("169.254.169.254"))
        tenant = await _ask(target, Author.TENANT, proxies=proxies, look_up=_always("192.0.2.1"))
        assert (_reason(bad), _reason(tenant), proxy.connections) == (MissingReason.REFUSED, MissingReason.REFUSED, 0)
        good = await _ask(target, Author.OPERATOR, proxies=proxies, look_up=_always("192.0.2.1"))
        assert isinstance(good, Response)
        assert proxy.requests[0].target == "http://prom.example:9090/"


def test_proxies_are_chosen_as_go_chooses_them() -> None:
    """NO_PROXY knows names, suffixes, ports, addresses and networks; loopback never goes through a proxy."""
    environment = {"HTTP_PROXY": "proxy:3128", "no_proxy": ".svc,prom.example:9090,10.0.0.0/8,other"}
    proxies = proxies_from(environment)
    chosen = {
        text: proxies.choose(address.origin)
        for text in (
            "http://a.svc",
            "http://prom.example:9090",
            "http://prom.example:80",
            "http://10.1.2.3",
            "http://sub.other",
            "http://127.0.0.1",
            "http://localhost",
            "https://a.example",
            "http://a.example",
        )
        if isinstance(address := parse_address(text), Address)
    }
    through = {text for text, proxy in chosen.items() if proxy is not None}
    assert through == {"http://prom.example:80", "http://a.example"}


async def _ask(
    address: str,
    author: Author,
    *,
    rules: AddressRules | None = None,
    proxies: Proxies | None = None,
    look_up: Callable[[str, int, int], list[tuple[int, str]]] | None = None,
) -> Answer:
    settings = SenderSettings(rules=rules or AddressRules(), proxies=proxies or Proxies())
    sender = Sender(settings, look_up) if look_up is not None else Sender(settings)
    parsed = parse_address(address)
    assert isinstance(parsed, Address), parsed
    try:
        return await sender.send(Call(url=URL(parsed.text + "/"), author=author), soon())
    finally:
        await sender.close()


def _always(resolved: str) -> Callable[[str, int, int], list[tuple[int, str]]]:
    return lambda host, port, family: [(10 if ":" in resolved else 2, resolved)]


def _reason(found: Answer) -> MissingReason | None:
    return found.reason if isinstance(found, Missing) else None
