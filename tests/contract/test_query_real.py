"""A real Prometheus keeps the contract of the query API."""

import anyio.to_thread
import pytest

from tests.contract.query_suite import QuerySuite
from tests.servers.prometheus import Prometheus

pytestmark = pytest.mark.e2e


class OneSeries:
    """A Prometheus with one series that is pushed into it."""

    def __init__(self, server: Prometheus) -> None:
        self._server = server
        self.url = server.url

    async def set(self, number: float | None) -> None:
        if number is None:
            await anyio.to_thread.run_sync(lambda: self._server.withdraw("demo_load", app="web"))
        else:
            await anyio.to_thread.run_sync(lambda: self._server.push("demo_load", number, app="web"))


class TestQueriesOfARealServer(QuerySuite):
    """Prometheus."""

    @pytest.fixture
    async def server(self, own_prometheus: Prometheus) -> OneSeries:
        series = OneSeries(own_prometheus)
        await series.set(34)
        return series
