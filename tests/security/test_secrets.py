"""S14: whatever fails, a credential is in nothing that anybody sees."""

from base64 import b64encode
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from autoscaler.model.objects import Ask
from autoscaler.model.observation import Missing
from autoscaler.model.turn import Samples
from autoscaler.scalers.http import Sender
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from autoscaler.scalers.prometheus.transport import PrometheusTransport
from autoscaler.scalers.sampler import CohortSampler
from tests.scripted import Scripted
from tests.unit.scalers.builders import REF, a_cohort, a_resolver, an_ask

CANARY = "c4n4ry-5ecret&%"
MODES: dict[str, dict[str, str]] = {
    "bearer": {"bearerToken": CANARY},
    "basic": {"username": "somebody", "password": CANARY},
    "custom": {"customAuthHeader": "X-Token", "customAuthValue": CANARY},
    "apiKey": {"apiKey": CANARY},
    "apiKey,": {"apiKey": CANARY, "method": "query"},
}
ECHO = f"you sent {CANARY} {b64encode(CANARY.encode()).decode()} {b64encode(f'somebody:{CANARY}'.encode()).decode()}"
FAILURES: dict[str, dict[str, Any]] = {
    "400 that echoes": {"status": 400, "body": '{"status":"error","errorType":"bad_data","error":"' + ECHO + '"}'},
    "422 that echoes": {"status": 422, "body": '{"status":"error","error":"' + quote(CANARY) + '"}'},
    "401 that echoes": {"status": 401, "body": ECHO},
    "403": {"status": 403, "body": ECHO, "headers": [["X-Echo", CANARY]]},
    "500": {"status": 500, "body": ECHO},
    "503 that echoes": {"status": 503, "body": '{"error":"' + ECHO + '"}'},
    "200 error": {"body": '{"status":"error","error":"' + ECHO + '"}'},
    "200 odd status": {"body": '{"status":"' + CANARY + '"}'},
    "200 html": {"body": "<html>" + ECHO},
    "200 no number": {"body": '{"data":{"result":[{"value":[1,"' + CANARY + '"]}]}}'},
    "200 two series": {"body": '{"data":{"result":[{"metric":{"a":"' + CANARY + '"}},{}]}}'},
    "200 matrix": {"body": '{"data":{"resultType":"matrix","result":[]}}'},
    "empty": {"body": ""},
    "echoed coding": {"body": "x", "headers": [["Content-Encoding", CANARY]]},
    "echoed type": {"body": "x", "headers": [["Content-Type", CANARY]]},
    "redirect elsewhere": {"status": 302, "headers": [["Location", f"http://elsewhere:1/{quote(CANARY)}"]]},
    "redirect to itself": {"status": 307, "headers": [["Location", f"/{quote(CANARY)}"]]},
    "redirect with the secret as host": {"status": 302, "headers": [["Location", "http://c4n4ry-5ecret:1/"]]},
    "closed": {"mode": "close"},
    "cut": {"mode": "truncated", "body": ECHO},
    "no http": {"raw": ECHO + "\r\n\r\n"},
    "bad header": {"raw": f"HTTP/1.1 200 OK\r\n{CANARY}\r\n\r\n"},
    "bad status": {"raw": f"HTTP/1.1 {CANARY} OK\r\n\r\n"},
    "hang": {"mode": "hang"},
    "hang within the body": {"mode": "hang_body", "body": ECHO},
}


@pytest.mark.parametrize(("mode", "failure"), list(product(MODES, FAILURES)))
async def test_no_failure_shows_a_credential(
    mode: str, failure: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Samples, reports, log and output hold no canary, raw or encoded, whatever the server does with it."""
    async with Scripted([FAILURES[failure]]) as server:
        ask = an_ask(MODES[mode], auth=REF, authModes=mode.strip(","), serverAddress=server.url, timeout="100")
        samples = await _sample(ask, MODES[mode])
        assert server.connections
    (measured,) = next(iter(samples.by_object.values()))
    assert isinstance(measured, Missing)
    captured = capfd.readouterr()
    seen = "\n".join((repr(samples), repr(ask), caplog.text, captured.out, captured.err))
    assert [shape for shape in _shapes(CANARY) if shape in seen] == []


async def test_a_transport_keeps_no_secret_in_sight() -> None:
    """The repr of what holds secrets does not show them."""
    resolver = a_resolver({"bearerToken": CANARY})
    resolved = await resolver.resolve(REF, "shop")
    assert CANARY not in repr(resolved)


async def _sample(ask: Ask, parameters: dict[str, str]) -> Samples:
    sender = Sender()
    transport = PrometheusTransport(sender, a_resolver(parameters))
    sampler = CohortSampler({"prometheus": PrometheusScaler()}, {"prometheus": transport})
    try:
        return await sampler.sample(a_cohort({"web": ask}))
    finally:
        await sampler.close()
        await sender.close()


def _shapes(text: str) -> tuple[str, ...]:
    raw = text.encode()
    return text, b64encode(raw).decode(), quote(text), raw.hex(), b64encode(f"somebody:{text}".encode()).decode()
