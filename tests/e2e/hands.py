"""Our side of a real API server: reader, writer and what they may."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from autoscaler.kube.kubeconfig import find_access
from tests.contract.worlds import Hands
from tests.servers.control_plane import ControlPlane
from tests.servers.objects import path_of, role, role_binding, rule


@contextlib.asynccontextmanager
async def hands_for(kubeconfig: Path, namespace: str) -> AsyncIterator[Hands]:
    access = await find_access(kubeconfig=str(kubeconfig), context=None, announce=print, environ={})
    hands = Hands(access, namespace)
    try:
        yield hands
    finally:
        await hands.close()


def grant(plane: ControlPlane, namespace: str, *rules: dict[str, object]) -> Path:
    """Make the account ``scaler`` with these rights, and its kubeconfig."""
    token = plane.token_for(namespace, "scaler")
    plane.admin.create(path_of(namespace, "roles"), role("scaler", *rules))
    plane.admin.create(
        path_of(namespace, "rolebindings"), role_binding("scaler", service_account="scaler", namespace=namespace)
    )
    return plane.kubeconfig_for(token, namespace=namespace)


SCALE = rule(["apps"], ["deployments/scale"], ["get", "patch"])
