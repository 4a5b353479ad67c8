"""KEDA's exchange with Prometheus: the real parser, the real sender over sockets, and the real reader.

Every recorded request carries ``time=`` and ours never does, so a vector with a request is explained by D26 at least.
"""

import asyncio
import json
import ssl
from datetime import UTC, datetime
from functools import cache
from typing import Any

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask
from autoscaler.model.observation import Measurement, Missing, MissingReason, Origin, Sample
from autoscaler.model.spec import Parsed
from autoscaler.model.text import Secret
from autoscaler.scalers.credentials import Places, Resolver
from autoscaler.scalers.http import Sender
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from autoscaler.scalers.prometheus.transport import PrometheusTransport
from tests.certificates import Pair, authority
from tests.conformance.families.prom_metadata import judge_class, parse, refused_by_us
from tests.conformance.prom_rows import modes, requests_row, result_row
from tests.conformance.verdict import Agrees, Disagrees, Explained, Verdict
from tests.scripted import Scripted, server_context

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_CLASSES: dict[MissingReason, frozenset[str]] = {
    MissingReason.HTTP_STATUS: frozenset(("http_status",)),
    MissingReason.EMPTY: frozenset(("empty",)),
    MissingReason.AMBIGUOUS: frozenset(("multiple_elements",)),
    MissingReason.NOT_A_NUMBER: frozenset(("bad_number", "not_finite")),
    MissingReason.MALFORMED: frozenset(("bad_json", "short_value", "panic", "bad_http", "connection_broken")),
    MissingReason.TIMEOUT: frozenset(("timeout",)),
    MissingReason.UNREACHABLE: frozenset(("refused", "connection_broken", "tls", "bad_http")),
    MissingReason.REFUSED: frozenset(("bad_redirect", "redirect_loop", "bad_url", "bad_header")),
}


def recognise(vector: dict[str, Any]) -> bool:
    """Know the file by scripted responses to a query."""
    metadata = vector["in"]["metadata"]
    return "responses" in vector["in"] and "build" in vector["out"] and not {"url", "valueLocation"} & set(metadata)


def judge(vector: dict[str, Any]) -> Verdict:
    """Compare the build, the requests and the result; what differs must be the answer of a row."""
    return runner().run(_judge(vector["in"], vector["out"]))


async def _judge(given: dict[str, Any], out: dict[str, Any]) -> Verdict:
    given = {**given, "authParams": {key: material(text) for key, text in given.get("authParams", {}).items()}}
    async with Scripted(given["responses"], tls=server_tls(given.get("tls"))) as server:
        given = _placed(given, server)
        ours = parse(given, server.url)
        if isinstance(ours, Faults):
            return _judge_build(given, out, ours)
        if out["build"] != "ok":
            return Disagrees(expected=out["build"], got=ours)
        measured = await _ask(ours, given)
        return _judge_exchange(given, out, ours.ask, server, measured)


def _judge_build(given: dict[str, Any], out: dict[str, Any], ours: Faults) -> Verdict:
    if out["build"] != "ok":
        return judge_class(out["build"]["error_class"], ours)
    row = refused_by_us(given, ours)
    if row == "D33" and "error_class" not in out["result"] and not set("?#") & set(given["metadata"]["serverAddress"]):
        row = None  # KEDA asked it and was answered, and it has no part that an address may not have
    if row is None and {fault.reason for fault in ours.faults} == {"tls_material"}:
        row = "D8"  # a ca that is no certificate is dropped in silence there
    return Explained(row=row) if row is not None else Disagrees(expected=out, got=ours)


async def _ask(parsed: Parsed, given: dict[str, Any]) -> Measurement:
    sender = Sender()
    try:
        transport = PrometheusTransport(sender, Known(given["authParams"]))
        question = parsed.ask.question
        answer = (await transport.fetch((question,)))[question]
        return PrometheusScaler().read(parsed.ask, answer, NOW)
    finally:
        await sender.close()


class Known(Resolver):
    """Resolves every reference to the parameters of one vector."""

    def __init__(self, parameters: dict[str, str]) -> None:
        super().__init__(
            Places(
                find_authentication=lambda ref: None,
                find_secret=lambda namespace, name: None,
                find_config_map=lambda namespace, name: None,
                audiences={},
                environment={},
            )
        )
        self._parameters = {key: Secret(text) for key, text in parameters.items()}

    async def resolve(self, *_: object, **__: object) -> dict[str, Secret]:  # type: ignore[override]
        return self._parameters


def _judge_exchange(
    given: dict[str, Any], out: dict[str, Any], ask: Ask, server: Scripted, measured: Measurement
) -> Verdict:
    if "oauth" in modes(given) and isinstance(measured, Missing) and measured.detail.startswith("no access token"):
        return Explained(row="D8")  # oauth works here, and the vector's token server does not
    rows = []
    wanted = out.get("requests", [])
    row = requests_row(given, wanted, server)
    if row is None:
        return Disagrees(expected=wanted, got=[(r.method, r.target, r.headers) for r in server.requests])
    rows += row
    if out["result"].get("milli") == "0" and out.get("empty_counter") and not _is_marked(measured):
        return Disagrees(expected="a zero that is marked as substituted (D5)", got=measured)
    if not _agrees(out["result"], ask, measured):
        why = result_row(given, ask, measured)
        if why is None:
            return Disagrees(expected=out["result"], got=measured)
        rows.append(why)
    return Explained(row="+".join(sorted(set(rows), key=lambda each: int(each[1:])))) if rows else Agrees()


def _is_marked(measured: Measurement) -> bool:
    return isinstance(measured, Missing) or (isinstance(measured, Sample) and measured.origin is Origin.NULL_AS_ZERO)


def _agrees(expected: dict[str, Any], ask: Ask, measured: Measurement) -> bool:
    if isinstance(measured, Missing):
        return expected.get("error_class") in _CLASSES.get(measured.reason, frozenset())
    if not isinstance(measured, Sample) or "milli" not in expected:
        return False
    same = (measured.value_milli, measured.active) == (int(expected["milli"]), expected["active"])
    return same and ask.metric == expected["metric"]


def _placed(given: dict[str, Any], server: Scripted) -> dict[str, Any]:
    """Put the server's address and one where nothing listens into a vector."""
    texts = (("{SERVER}", server.url), ("{HOSTPORT}", f"127.0.0.1:{server.port}"), ("{REFUSED}", "http://127.0.0.1:1"))
    placed = json.dumps(given["metadata"])
    for mark, text in texts:
        placed = placed.replace(mark, text)
    server.answers = [placed_answer(answer, server) for answer in given["responses"]]
    return {**given, "metadata": json.loads(placed)}


def placed_answer(answer: dict[str, Any], server: Scripted) -> dict[str, Any]:
    """Put the server's address into the headers of a scripted answer."""
    headers = [[name, text.replace("{SERVER}", server.url)] for name, text in answer.get("headers", [])]
    return {**answer, "headers": headers}


def material(text: str) -> str:
    """Put certificates and keys in place of the words that stand for them."""
    names = {"ca.pem": authority().pem, "server.pem": _server().certificate, "server.key": _server().key}
    names |= {"client.pem": _client().certificate, "client.key": _client().key}
    for name, pem in names.items():
        text = text.replace(f"{{PEM:{name}}}", pem)
    return text


def server_tls(kind: str | None) -> ssl.SSLContext | None:
    """Give the scripted server's TLS context; None where it speaks plainly."""
    if kind is None:
        return None
    return server_context(_server(), authority().pem if kind == "mtls" else None)


@cache
def _server() -> Pair:
    return authority().sign("127.0.0.1", "localhost")


@cache
def _client() -> Pair:
    return authority().sign("client")


@cache
def runner() -> asyncio.Runner:
    """Give the one event loop of this process."""
    return asyncio.Runner()
