"""The demo's Prometheus answers as the real one does."""

import time
from collections.abc import AsyncIterator

import pytest

from autoscaler.demo.prometheus import PrometheusStandIn, Series
from tests.contract.query_suite import QUERY, QuerySuite


class OneSeries:
    """A stand-in with one series."""

    def __init__(self) -> None:
        self.number: float | None = 34.0
        self.server = PrometheusStandIn(self.answer, time.time)
        self.url = ""

    def answer(self, query: str, at: float) -> tuple[Series, ...] | None:
        if query != QUERY:
            return None
        return () if self.number is None else (Series(labels={}, number=self.number),)

    async def set(self, number: float | None) -> None:
        self.number = number


class TestQueriesOfTheStandIn(QuerySuite):
    """The stand-in."""

    @pytest.fixture
    async def server(self) -> AsyncIterator[OneSeries]:
        series = OneSeries()
        series.url = await series.server.start()
        yield series
        await series.server.stop()
