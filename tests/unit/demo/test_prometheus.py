"""The stand-in of Prometheus under the daemon's own questions."""

import aiohttp
import pytest

from autoscaler.demo.load import answer
from autoscaler.demo.prometheus import PrometheusStandIn
from autoscaler.model.turn import Probe
from autoscaler.scalers.contract import Response
from autoscaler.scalers.probes import probe_query, read_probe


@pytest.mark.parametrize(("second", "probe"), [(45.0, Probe(up=12.0, count=12.0)), (60.0, Probe(up=None, count=None))])
async def test_the_probe_counts_twelve_targets_and_none_in_the_outage(second: float, probe: Probe):
    """The source guard's probe finds the demo's twelve targets, and nothing while the metrics are gone."""
    server = PrometheusStandIn(answer, lambda: second)
    address = await server.start()
    try:
        url = f"{address}/api/v1/query"
        async with aiohttp.ClientSession() as session, session.get(url, params={"query": probe_query("up")}) as reply:
            response = Response(status=reply.status, content_type=reply.content_type, body=await reply.read())
    finally:
        await server.stop()
    assert read_probe(response).probe == probe
