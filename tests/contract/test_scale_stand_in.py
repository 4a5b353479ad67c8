"""The demo's API server keeps the contract of the scale port."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.contract.scale_suite import ScalePortSuite
from tests.contract.worlds import StandIn, a_stand_in


class TestScaleOfTheStandIn(ScalePortSuite):
    """The stand-in."""

    @pytest.fixture
    async def world(self, tmp_path: Path) -> AsyncIterator[StandIn]:
        world, server = await a_stand_in(tmp_path)
        yield world
        await server.stop()
