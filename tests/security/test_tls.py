"""S15: servers are verified, with TLS 1.2 or newer, and a credential's authority is its alone."""

import ssl

import pytest

from autoscaler.model.observation import Measurement, Missing, MissingReason, Sample
from autoscaler.scalers.http import Sender, SenderSettings
from autoscaler.scalers.tls import TlsMaterial, build_context
from tests.certificates import Authority, Pair, authority
from tests.scripted import Scripted, server_context, vector_answer
from tests.unit.scalers.builders import REF, a_resolver, an_ask, measure


async def test_a_server_of_the_given_authority_is_believed() -> None:
    """``ca`` is trusted beside the system's authorities, without any authentication mode."""
    found = await _ask(authority().sign("127.0.0.1"), {"ca": authority().pem})
    assert isinstance(found, Sample)


@pytest.mark.parametrize(
    ("pair", "why"),
    [
        (authority().sign("127.0.0.1", days=(-3, -2)), "has expired"),
        (authority().sign("127.0.0.1", days=(2, 3)), "is not valid yet"),
        (authority().sign("prom.example"), "is for another"),
        (Authority("foreign").sign("127.0.0.1"), "authority that is not trusted"),
    ],
    ids=["expired", "early", "wrong host", "foreign authority"],
)
async def test_a_server_that_cannot_be_verified_is_unreachable_and_says_why(pair: Pair, why: str) -> None:
    """Each way in which a certificate fails has its own words, and no request is sent."""
    found = await _ask(pair, {"ca": authority().pem})
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.UNREACHABLE
    assert why in found.detail


async def test_an_authority_given_once_opens_no_door_for_others() -> None:
    """A's ca does not make B's question trust A's server, in one process, after A has asked."""
    async with Scripted([vector_answer("5")], tls=server_context(authority().sign("127.0.0.1"))) as server:
        sender = Sender()
        with_ca = an_ask({"ca": authority().pem}, serverAddress=server.url)
        first = await measure(with_ca, sender, a_resolver({"ca": authority().pem}))
        second = await measure(an_ask(serverAddress=server.url), sender)
        other = an_ask({"ca": Authority().pem}, serverAddress=server.url)
        third = await measure(other, sender, a_resolver({"ca": Authority("other").pem}))
        await sender.close()
    assert isinstance(first, Sample)
    assert [type(second), type(third)] == [Missing, Missing]


async def test_a_client_certificate_is_shown_and_needed() -> None:
    """``cert`` and ``key`` identify us to a server that asks for it."""
    own = authority().sign("client")
    parameters = {"ca": authority().pem, "cert": own.certificate, "key": own.key}
    async with Scripted(
        [vector_answer("5")], tls=server_context(authority().sign("127.0.0.1"), authority().pem)
    ) as server:
        sender = Sender()
        ask = an_ask(parameters, serverAddress=server.url, authModes="tls")
        shown = await measure(ask, sender, a_resolver(parameters))
        hidden = await measure(
            an_ask({"ca": authority().pem}, serverAddress=server.url), sender, a_resolver({"ca": authority().pem})
        )
        await sender.close()
    assert isinstance(shown, Sample)
    assert isinstance(hidden, Missing)


async def test_unsafe_ssl_is_counted_and_can_be_forbidden() -> None:
    """``unsafeSsl`` works where it is set, is counted, and is refused under ``--insecure-tls never``."""
    async with Scripted([vector_answer("5")], tls=server_context(Authority().sign("elsewhere"))) as server:
        ask = an_ask(serverAddress=server.url, unsafeSsl="true")
        sender, strict = Sender(), Sender(SenderSettings(insecure_tls=False))
        found, refused = await measure(ask, sender), await measure(ask, strict)
        await sender.close()
        await strict.close()
    assert isinstance(found, Sample)
    assert sender.unverified == 1
    assert isinstance(refused, Missing)
    assert refused.reason is MissingReason.REFUSED


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_a_server_that_offers_only_old_tls_is_unreachable() -> None:
    """TLS 1.1 and older are not spoken."""
    old = server_context(authority().sign("127.0.0.1"))
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    found = await _ask(None, {"ca": authority().pem}, tls=old)
    assert isinstance(found, Missing)
    assert found.reason is MissingReason.UNREACHABLE


def test_contexts_verify_and_start_at_tls_1_2() -> None:
    """A context without material checks names and certificates, and nothing below TLS 1.2 is allowed."""
    context = build_context(TlsMaterial())
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


async def _ask(pair: Pair | None, parameters: dict[str, str], *, tls: ssl.SSLContext | None = None) -> Measurement:
    context = tls or server_context(pair or authority().sign("127.0.0.1"))
    async with Scripted([vector_answer("5")], tls=context) as server:
        sender = Sender()
        ask = an_ask(parameters, auth=REF, serverAddress=server.url)
        found = await measure(ask, sender, a_resolver(parameters))
        await sender.close()
        assert isinstance(found, Sample) or not server.requests
        return found
