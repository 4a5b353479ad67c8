"""Credentials on their way: tokens that the API server issues, and Secrets that change while the daemon runs."""

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator

import pytest

from tests.e2e.daemon import FAST, RunningDaemon, Stage, await_that
from tests.e2e.threads import on_a_thread
from tests.scripted import Scripted, vector_answer
from tests.servers.objects import path_of, role, role_binding, rule

pytestmark = pytest.mark.e2e

AUTHENTICATION = """\
apiVersion: keda.sh/v1alpha1
kind: TriggerAuthentication
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{{reference}}}
---
"""
TOKEN = "boundServiceAccountToken: [{{parameter: bearerToken, serviceAccountName: {account}}}]"
SECRET_REFERENCE = "secretTargetRef: [{parameter: bearerToken, name: login, key: token}]"
SECRET = """\
apiVersion: v1
kind: Secret
metadata: {{name: login, namespace: {namespace}}}
stringData: {{token: {token}}}
"""


class Guarded(Scripted):
    """A Prometheus that answers bearers of an accepted token, of any where none is named, and 401 to others."""

    accepted: str | None = None

    async def _answer(self, writer: asyncio.StreamWriter) -> None:
        accepted = self.accepted is None or self.requests[-1].header("Authorization") == [f"Bearer {self.accepted}"]
        self.answers = [vector_answer("35", at=time.time()) if accepted else {"status": 401}]
        await super()._answer(writer)

    @property
    def bearers(self) -> list[str]:
        """What was presented, in order."""
        return [text for request in list(self.requests) for text in request.header("Authorization")]


@pytest.fixture
def server() -> Iterator[Guarded]:
    """Serve one on a thread of its own."""
    guarded = Guarded([])
    with on_a_thread() as do:
        do(guarded.__aenter__())
        yield guarded
        do(guarded.__aexit__())


def guarded_object(stage: Stage, server: Guarded, name: str, reference: str) -> str:
    """An object that presents a bearer token to the server, and its authentication."""
    scaled = stage.scaled(name).replace(stage.prometheus.url, server.url)
    bearer = scaled.replace('threshold: "10"}', 'threshold: "10", authModes: bearer}')
    document = AUTHENTICATION.format(name=name, namespace=stage.namespace, reference=reference)
    return f"{document}{bearer}    authenticationRef: {{name: {name}}}\n"


def claims(token: str) -> dict[str, object]:
    """Read what a token says, without judging its signature."""
    middle = token.removeprefix("Bearer ").split(".")[1]
    return json.loads(urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))


def missing(daemon: RunningDaemon, name: str) -> dict[str, str]:
    """The line of an object's missing trigger."""
    found = [each for each in daemon.events("trigger missing") if each["object"].endswith(f"/{name}")]
    return found[0] if found else {}


def test_a_token_is_bound_to_the_audience_that_the_settings_name(stage: Stage, server: Guarded):
    """The daemon presents a token of the named account for the mapped audience; unmapped it asks for none."""
    plane, namespace = stage.plane, stage.namespace
    for account in ("reader", "other"):
        plane.token_for(namespace, account)
    create = rule([""], ["serviceaccounts/token"], ["create"]) | {"resourceNames": ["reader", "unmapped"]}
    plane.admin.create(path_of(namespace, "roles"), role("tokens", create))
    binding = role_binding("tokens", service_account="scaler", namespace=namespace)
    plane.admin.create(path_of(namespace, "rolebindings"), binding)
    stage.make("mapped", "unmapped", "forbidden")
    audiences = {"reader": "https://prometheus.example", "other": "https://other.example"}
    mapping = [word for name, text in audiences.items() for word in ("--token-audience", f"{namespace}/{name}={text}")]
    accounts = {"mapped": "reader", "unmapped": "unmapped", "forbidden": "other"}
    objects = {name: guarded_object(stage, server, name, TOKEN.format(account=of)) for name, of in accounts.items()}
    daemon = stage.launch(*FAST, *mapping, name="tokens", **objects)
    stage.await_replicas("mapped", 4)
    await_that(lambda: missing(daemon, "unmapped") and missing(daemon, "forbidden"), what="two missing triggers")
    assert set(server.bearers) == {server.bearers[0]}
    said = claims(server.bearers[0])
    assert (said["aud"], said["sub"]) == (["https://prometheus.example"], f"system:serviceaccount:{namespace}:reader")
    refused, forbidden = missing(daemon, "unmapped"), missing(daemon, "forbidden")
    assert (refused["reason"], forbidden["reason"]) == ("refused", "unresolved")
    assert f"has no audience: give --token-audience {namespace}/unmapped=AUDIENCE" in refused["detail"]
    assert "a token of service account other" in forbidden["detail"]
    assert (stage.replicas("unmapped"), stage.replicas("forbidden")) == (0, 0)
    lacks = daemon.await_event("rights missing")
    assert lacks["rights"] == f"create serviceaccounts/token of other in {namespace}"
    asked = [event for event in plane.audit.requests(namespace=namespace) if event.subresource == "token"]
    assert "unmapped" not in {event.name for event in asked}
    assert sum(event.name == "reader" and event.user.endswith(":scaler") for event in asked) == 1
    assert server.bearers[0].removeprefix("Bearer ") not in json.dumps(daemon.records)


def test_a_secret_that_changes_is_presented_at_the_next_tick(stage: Stage, server: Guarded):
    """An edited Secret serves the ticks after its file was read; one that arrives during a 401 ends it, in one tick;
    one that is there when the 401 comes costs no tick at all."""
    namespace = stage.namespace
    stage.make("rotated")
    daemon = stage.launch(
        *FAST,
        name="rotated",
        secret=SECRET.format(namespace=namespace, token="first"),
        rotated=guarded_object(stage, server, "rotated", SECRET_REFERENCE),
    )
    stage.await_replicas("rotated", 4)
    assert set(server.bearers) == {"Bearer first"}
    daemon.write("secret.yaml", SECRET.format(namespace=namespace, token="second"))
    await_that(lambda: server.bearers[-1] == "Bearer second", within_seconds=15, what="the second token")
    assert not missing(daemon, "rotated")
    server.accepted = "third"
    await_that(lambda: missing(daemon, "rotated"), what="a 401")
    assert missing(daemon, "rotated")["reason"] == "http status"
    assert stage.replicas("rotated") == 4
    daemon.write("secret.yaml", SECRET.format(namespace=namespace, token="third"))
    daemon.await_event("trigger answered again", within_seconds=15)
    daemon.write("secret.yaml", SECRET.format(namespace=namespace, token="fourth"))
    server.accepted = "fourth"
    await_that(lambda: server.bearers[-1] == "Bearer fourth", what="the fourth token")
    assert sum(each["object"].endswith("/rotated") for each in daemon.events("trigger missing")) == 1
    for token in ("first", "second", "third", "fourth"):
        assert f"Bearer {token}" not in json.dumps(daemon.records)
