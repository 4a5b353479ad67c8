"""What an import may load: a fresh interpreter imports, and what it loaded is looked at."""

import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
KUBE = (
    "client",
    "connect",
    "discovery",
    "targets",
    "actuator",
    "pods",
    "proxy",
    "rights",
    "kubeconfig",
    "watch",
    "execute",
)


def loaded_by(statement: str) -> set[str]:
    """Run a statement in a fresh interpreter and name the modules it loaded."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    return set(done.stdout.split())


def below(modules: set[str], *packages: str) -> set[str]:
    """Give those that are one of the packages or lie below one."""
    return {name for name in modules if any(name == package or name.startswith(f"{package}.") for package in packages)}


def test_importing_the_command_line_stays_light():
    """--help answers within 150 ms, so the command line loads no client library."""
    modules = loaded_by("import autoscaler.cli.main")
    assert below(modules, "kubernetes", "httpx", "aiohttp") == set()


@pytest.mark.parametrize("module", KUBE)
def test_importing_a_module_of_kube_loads_no_client_library(module: str):
    """The room of the API server costs nothing until a client is made."""
    assert below(loaded_by(f"import autoscaler.kube.{module}"), "kubernetes", "aiohttp") == set()


def test_a_client_loads_no_typed_api_and_no_models():
    """A client in use loads neither the generated API classes nor the generated models: 89 MiB and 3 s."""
    statement = """
import asyncio
from autoscaler.kube.access import Access, Fixed
from autoscaler.kube.client import Writer
from kubernetes.aio.client.configuration import Configuration

async def main():
    configuration = Configuration(host="http://127.0.0.1:1")
    access = Access(address=configuration.host, context="c", namespace="n", configuration=configuration,
                    credential=Fixed(None))
    client = Writer(access)
    await client.get("/version", timeout_seconds=1)
    await client.close()

asyncio.run(main())
"""
    modules = loaded_by(statement)
    generated = {
        name
        for name in modules
        if name.startswith(("kubernetes.aio.client.api.", "kubernetes.client.api."))
        or ".client.models.v1_" in name
        or ".client.models.v2_" in name
    }
    assert "kubernetes.aio.client.api_client" in modules
    assert generated == set()
