"""What is said of a sample that could not be had."""

from dataclasses import replace

import pytest

from autoscaler.model.auth import AuthRef
from autoscaler.model.objects import Question, Source
from autoscaler.model.observation import Missing, MissingReason
from autoscaler.scalers.contract import Answer, Response
from autoscaler.scalers.failures import NO_NAME, NO_TLS, REFUSED
from autoscaler.scalers.remedies import addressed

PROMETHEUS = Source(transport="prometheus", addresses=("http://prom.mon.svc:9090/mimir",))
LOGIN = AuthRef(kind="TriggerAuthentication", namespace="shop", name="login")
FOUND = Missing(reason=MissingReason.HTTP_STATUS, detail="the server answered so")


def said(found: Missing, source: Source, answer: Answer, text: str = "up") -> str:
    return addressed(found, Question(source=source, text=text), answer).detail


def failed(detail: str, source: Source = PROMETHEUS, reason: MissingReason = MissingReason.UNREACHABLE) -> str:
    missing = Missing(reason=reason, detail=detail)
    return said(missing, source, missing)


def answered(status: int, source: Source = PROMETHEUS, body: bytes = b"", kind: str = "", text: str = "up") -> str:
    return said(FOUND, source, Response(status=status, content_type=kind, body=body), text)


@pytest.mark.parametrize(
    ("detail", "remedy"),
    [
        (REFUSED, "nothing listens there: see whether the server runs, and whether address and port are right"),
        (NO_NAME, "outside the cluster use --via proxy or --map OLD=NEW; inside it, correct the Service's name"),
        (NO_TLS, "https is spoken to it: if its port serves plain http, write http:// in the address"),
    ],
)
def test_a_server_that_cannot_be_reached_is_named_with_a_remedy(detail: str, remedy: str):
    """The address comes first, then what is wrong, then what to do."""
    assert failed(detail) == f"http://prom.mon.svc:9090/mimir: {detail}; {remedy}"


def test_the_proxy_is_offered_for_services_alone():
    """A name outside the cluster is not one that the API server could reach."""
    elsewhere = replace(PROMETHEUS, addresses=("https://prometheus.example.com",))
    assert failed(NO_NAME, elsewhere).endswith("correct the host's name, or the name server's records")


@pytest.mark.parametrize(
    ("host", "full"),
    [("prometheus", "prometheus.NAMESPACE.svc"), ("prometheus.monitoring", "prometheus.monitoring.svc")],
)
def test_a_short_name_is_most_likely_a_service_of_the_cluster(host: str, full: str):
    """What is written in a cluster without .svc cannot be looked up outside it; the longer name can be asked there."""
    short = replace(PROMETHEUS, addresses=(f"http://{host}:9090",))
    assert f"outside the cluster a Service is written {full}, or use --map OLD=NEW" in failed(NO_NAME, short)


def test_a_certificate_that_is_not_trusted_says_where_its_authority_goes():
    """The field is named, and what the other way out is."""
    said_of = failed("the server's certificate is self-signed and not trusted")
    assert said_of.endswith("give its authority as ca in the TriggerAuthentication, or renew the certificate")


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_that_has_enough_is_looked_after_at_its_own_place(status: int):
    """Too many requests and no service are the server's own words; its log and limits say more."""
    assert answered(status).endswith("it is overloaded, limits who asks, or is starting: see its own log and limits")


def test_a_timeout_says_how_long_it_was_waited_for():
    """The deadline is the trigger's own and can be raised."""
    assert "it has 3 s; " in failed("no complete answer in time", reason=MissingReason.TIMEOUT)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_names_what_it_was_asked_with(status: int):
    """Which credentials were used is named, by reference and mode, and no value of theirs."""
    with_login = replace(PROMETHEUS, credential=LOGIN, options=(("authModes", "basic"),))
    assert "asked without credentials: name a TriggerAuthentication in authenticationRef" in answered(status)
    assert "it was asked with TriggerAuthentication shop/login (authModes basic)" in answered(status, with_login)


def test_a_404_shows_the_path_that_was_asked():
    """Most often the path of serverAddress is wrong."""
    assert answered(404).endswith("it was asked at /mimir/api/v1/query")
    other = replace(PROMETHEUS, transport="http")
    assert answered(404, other, text="http://a:1/stats?key=x").endswith("it was asked at /stats")


def test_http_spoken_to_an_https_port_is_recognised():
    """Go's servers say so in a 400."""
    body = b"Client sent an HTTP request to an HTTPS server.\n"
    assert answered(400, body=body).endswith("it serves https: write https:// in the address")


def test_a_web_page_is_no_answer():
    """A login page answers 200; what it is, is said in words."""
    assert "a web page came instead of data" in answered(200, kind="text/html; charset=utf-8")


def test_what_has_no_remedy_still_has_its_address():
    """Every sample that is missing names the server it is missing from; what asks no server stays as it is."""
    assert answered(500) == "http://prom.mon.svc:9090/mimir: the server answered so"
    assert said(FOUND, Source(transport="cron"), FOUND) == "the server answered so"
