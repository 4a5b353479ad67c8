"""References to credentials: where they are looked up, who may use them, and what a wrong one says."""

import os
from pathlib import Path
from typing import Any

import pytest

from autoscaler.model.auth import Authentication, AuthRef, Reference, ReferenceKind
from autoscaler.model.objects import Author
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.model.text import Secret
from autoscaler.scalers.credentials import Resolver
from autoscaler.scalers.files import read_parameters
from tests.unit.scalers.builders import REF, SHARED, places

SECRET = Reference(parameter="token", kind=ReferenceKind.SECRET, name="s", key="k")
MAP = Reference(parameter="token", kind=ReferenceKind.CONFIG_MAP, name="m", key="k")
ENV = Reference(parameter="token", kind=ReferenceKind.ENV, name="TOKEN")
FILE = Reference(parameter="", kind=ReferenceKind.FILE, name="login.json")
TOKEN = Reference(parameter="token", kind=ReferenceKind.TOKEN, name="scraper")
KEPT = {"k": Secret("kept")}


def resolver(
    *references: Reference, ref: AuthRef = REF, annotated: dict[str, Any] | None = None, **found: Any
) -> Resolver:
    authentication = Authentication(ref=ref, references=references, **(annotated or {}))
    return Resolver(places(**{"find_authentication": {ref: authentication}.get, **found}))


async def test_a_secret_is_looked_up_in_the_namespace_of_its_authentication() -> None:
    """A TriggerAuthentication reads its own namespace, a cluster-wide one the cluster objects' namespace."""
    asked = []

    def find(namespace: str, name: str) -> dict[str, Secret]:
        asked.append((namespace, name))
        return KEPT

    for ref in (REF, SHARED):
        found = await resolver(SECRET, ref=ref, find_secret=find).resolve(ref, "shop")
        assert found == {"token": Secret("kept")}
    assert asked == [("shop", "s"), ("autoscaler", "s")]


async def test_later_places_overwrite_earlier_ones() -> None:
    """For one parameter a Secret beats a ConfigMap, and that beats the environment, whatever their order."""
    found = await resolver(
        SECRET,
        MAP,
        ENV,
        environment={"TOKEN": "env"},
        find_config_map=lambda namespace, name: {"k": Secret("map")},
        find_secret=lambda namespace, name: KEPT,
    ).resolve(REF, "shop")
    assert found == {"token": Secret("kept")}


@pytest.mark.parametrize(
    ("references", "found", "words"),
    [
        ((SECRET,), {}, 'TriggerAuthentication shop/login: secretTargetRef "shop/s" does not exist'),
        ((SECRET,), {"find_secret": lambda ns, name: {"other": Secret("x")}}, 'has no key "k"'),
        ((MAP,), {}, 'configMapTargetRef "shop/m" does not exist'),
        ((ENV,), {}, 'env "TOKEN" is not set or not named by --auth-env'),
        ((TOKEN,), {"audiences": {("shop", "scraper"): "prom"}}, 'boundServiceAccountToken "scraper" does not exist'),
    ],
)
async def test_a_reference_that_leads_nowhere_is_named(
    references: tuple[Reference, ...], found: dict[str, Any], words: str
) -> None:
    """D7: a missing Secret, key, ConfigMap or variable is Missing and says which, never an empty credential."""
    result = await resolver(*references, **found).resolve(REF, "shop")
    assert isinstance(result, Missing)
    assert result.reason is MissingReason.UNRESOLVED
    assert words in result.detail


async def test_a_missing_authentication_is_named() -> None:
    """D7: a reference to an authentication that does not exist sends nothing and says so."""
    found = await Resolver(places()).resolve(REF, "shop")
    assert found == Missing(reason=MissingReason.UNRESOLVED, detail="TriggerAuthentication shop/login does not exist")


async def test_a_secret_that_may_not_be_used_is_refused() -> None:
    """S6: what a look-up refuses (``autoscaler.sh/use: deny``) stays refused."""
    denied = Missing(reason=MissingReason.REFUSED, detail="denied")
    assert await resolver(SECRET, find_secret=lambda ns, name: denied).resolve(REF, "shop") == denied


async def test_what_is_not_loaded_is_fetched_by_name() -> None:
    """S6: a Secret that no file holds is fetched from the cluster, by namespace and name."""
    asked = []

    async def fetch(namespace: str, name: str) -> dict[str, Secret]:
        asked.append((namespace, name))
        return KEPT

    found = resolver(SECRET, fetch_secret=fetch)
    assert isinstance(found.resolve_loaded(REF, "shop"), Missing)
    assert await found.resolve(REF, "shop") == {"token": Secret("kept")}
    assert asked == [("shop", "s")]


async def test_a_rotated_secret_is_seen_at_once() -> None:
    """Nothing is kept between two resolutions."""
    kept = dict(KEPT)
    found = resolver(SECRET, find_secret=lambda ns, name: kept)
    first = await found.resolve(REF, "shop")
    kept["k"] = Secret("rotated")
    assert (first, await found.resolve(REF, "shop")) == ({"token": Secret("kept")}, {"token": Secret("rotated")})


@pytest.mark.parametrize(
    ("namespaces", "servers", "address", "admitted"),
    [
        ((), (), "http://prom:9090", False),
        (("shop",), (), "http://prom:9090", False),
        ((), ("http://prom:9090",), "http://prom:9090", False),
        (("shop",), ("http://prom:9090",), "http://prom:9090", True),
        (("*",), ("http://prom:9090",), "http://prom:9090/base", True),
        (("other",), ("http://prom:9090",), "http://prom:9090", False),
        (("shop",), ("http://prom:9090",), "http://prom:9091", False),
        (("shop",), ("http://prom:9090",), "https://prom:9090", False),
        (("shop",), ("http://prom:9090",), "http://prom.evil:9090", False),
        (("shop",), ("http://prom",), "http://prom:80", True),
    ],
)
async def test_a_tenant_uses_a_shared_credential_at_its_home_alone(
    namespaces: tuple[str, ...], servers: tuple[str, ...], address: str, admitted: bool
) -> None:
    """S3: a cluster-wide authentication goes to the origins and namespaces it names; operators are not bound."""
    annotated = {"namespaces": namespaces, "servers": servers}
    shared = resolver(SECRET, ref=SHARED, annotated=annotated, find_secret=lambda ns, name: KEPT)
    tenant = await shared.resolve(SHARED, "shop", author=Author.TENANT, addresses=(address,))
    operator = await shared.resolve(SHARED, "shop", addresses=(address,))
    assert (not isinstance(tenant, Missing), isinstance(operator, dict)) == (admitted, True)
    if isinstance(tenant, Missing):
        assert tenant.reason is MissingReason.REFUSED
        assert "autoscaler.sh/" in tenant.detail


async def test_a_tenants_authentication_serves_its_own_namespace() -> None:
    """S3: an authentication of another namespace is refused to tenants."""
    found = await resolver(SECRET, find_secret=lambda ns, name: KEPT).resolve(REF, "other", author=Author.TENANT)
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.REFUSED


async def test_a_tenant_reads_no_variable_of_ours() -> None:
    """S5: the daemon's environment is the operator's alone."""
    found = await resolver(ENV, environment={"TOKEN": "x"}).resolve(REF, "shop", author=Author.TENANT)
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.REFUSED


async def test_a_token_is_requested_with_the_audience_of_the_settings() -> None:
    """S4: the audience comes from --token-audience, and the token is of the object's namespace."""
    asked = []

    async def request(namespace: str, account: str, audience: str, /, *, anew: bool) -> Secret:
        asked.append((namespace, account, audience, anew))
        return Secret("token")

    audiences = {("shop", "scraper"): "prometheus"}
    tokens = resolver(TOKEN, request_token=request, audiences=audiences)
    assert await tokens.resolve(REF, "shop") == {"token": Secret("token")}
    assert await tokens.resolve(REF, "shop", anew=True) == {"token": Secret("token")}
    assert asked == [("shop", "scraper", "prometheus", False), ("shop", "scraper", "prometheus", True)]


async def test_what_is_loaded_is_renewed_before_a_refused_credential_is_resolved_again() -> None:
    """After a 401 the documents are read again first; before it nobody waits for them."""
    held, reads = {"k": Secret("old")}, []

    async def read_again() -> None:
        reads.append(len(reads))
        held["k"] = Secret("new")

    secrets = resolver(SECRET, find_secret=lambda _namespace, _name: dict(held), read_again=read_again)
    assert await secrets.resolve(REF, "shop") == {"token": Secret("old")}
    assert await secrets.resolve(REF, "shop", anew=True) == {"token": Secret("new")}
    assert reads == [0]


async def test_a_token_without_an_audience_is_refused() -> None:
    """S4: an account without a mapping is refused before anything is requested; the message is the flag to give."""
    asked: list[str] = []

    async def request(namespace: str, account: str, audience: str, /, *, anew: bool) -> Secret:
        asked.append(account)
        return Secret("token")

    found = await resolver(TOKEN, request_token=request, audiences={("other", "scraper"): "x"}).resolve(REF, "shop")
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.REFUSED
    assert ("--token-audience shop/scraper=" in found.detail, asked) == (True, [])


async def test_a_file_stands_for_all_other_places(tmp_path: Path) -> None:
    """filePath is a JSON object of texts; what stands beside it in the authentication is not read."""
    (tmp_path / "login.json").write_text('{"token": "from file", "user": "u"}')
    found = await resolver(FILE, SECRET, ref=SHARED, auth_root=tmp_path).resolve(SHARED, "shop")
    assert found == {"token": Secret("from file"), "user": Secret("u")}


def test_a_file_is_read_below_its_root_alone(tmp_path: Path) -> None:
    """S5: absolute paths, .., links that lead out, FIFOs, folders and large files are refused without waiting."""
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "outside.json").write_text('{"a": "b"}')
    (root / "in.json").write_text('{"a": "b"}')
    (root / "link.json").symlink_to("in.json")
    (root / "out.json").symlink_to("../outside.json")
    (root / "loop").symlink_to("loop")
    (root / "folder").mkdir()
    (root / "large.json").write_text('{"a": "' + "b" * 70000 + '"}')
    (root / "list.json").write_text('["a"]')
    os.mkfifo(root / "fifo")
    names = ("in.json", "link.json", "out.json", "../outside.json", "/proc/self/environ", "fifo", "folder", "loop")
    names += ("large.json", "absent", "list.json", "a\0b")
    found = {name: read_parameters(root, name) for name in names}
    read = {name for name, result in found.items() if not isinstance(result, Missing)}
    refused = {name for name, result in found.items() if _reason(result) is MissingReason.REFUSED}
    assert read == {"in.json", "link.json"}
    assert refused == {"out.json", "../outside.json", "/proc/self/environ", "fifo", "folder", "large.json"}
    assert _reason(read_parameters(None, "in.json")) is MissingReason.REFUSED


def _reason(result: object) -> MissingReason | None:
    return result.reason if isinstance(result, Missing) else None
