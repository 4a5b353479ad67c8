"""A real API server keeps the contract of the scale port."""

import pytest

from tests.contract.scale_suite import ScalePortSuite
from tests.contract.worlds import Real
from tests.servers.control_plane import ControlPlane

pytestmark = pytest.mark.e2e


class TestScaleOfARealServer(ScalePortSuite):
    """kube-apiserver."""

    @pytest.fixture
    def world(self, control_plane: ControlPlane, namespace: str) -> Real:
        return Real(control_plane, namespace)


class TestScaleOfARealServerWatched(ScalePortSuite):
    """kube-apiserver, with scales read from a watch."""

    watching = True

    @pytest.fixture
    def world(self, control_plane: ControlPlane, namespace: str) -> Real:
        return Real(control_plane, namespace)
