"""Where the programs of the test servers are found.  Standard library only, for the installer's sake."""

import hashlib
import os
import shutil
from pathlib import Path

ASSETS = "KUBEBUILDER_ASSETS"
OF_KUBERNETES = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl")
PROGRAMS = (*OF_KUBERNETES, "prometheus")
HERE = Path(__file__).parent


def cache_folder() -> Path:
    """Name the folder that keeps programs from one checkout to the next."""
    chosen = os.environ.get("AUTOSCALER_TEST_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "autoscaler-tests"


def recipe_key(*scripts: str) -> str:
    """Identify the recipe that these scripts beside this file are: a changed recipe fills a new folder."""
    text = b"".join((HERE / script).read_bytes() for script in scripts)
    return hashlib.sha256(text).hexdigest()[:12]


def installed(name: str) -> Path:
    """Name the cached program, whether or not it is there yet."""
    if name in ("kube-apiserver", "kube-controller-manager"):
        return cache_folder() / f"kubernetes-{recipe_key('build_kubernetes.sh')}" / name
    return cache_folder() / f"{name}-{recipe_key('unpack_binary.sh')}" / name


def locate(name: str) -> Path | None:
    """Find a program: where ``KUBEBUILDER_ASSETS`` points, in the cache, on the PATH; None when it is nowhere."""
    assets = os.environ.get(ASSETS)
    places = [Path(assets) / name] if assets and name in OF_KUBERNETES else []
    places.append(installed(name))
    for place in places:
        if os.access(place, os.X_OK):
            return place
    found = shutil.which(name)
    return Path(found) if found else None


def program(name: str) -> Path:
    """Find a program that must be there."""
    found = locate(name)
    assert found, f"{name} is missing: python -m tests.servers.install"
    return found


def missing(*names: str) -> list[str]:
    """Name those of the programs that are nowhere."""
    return [name for name in names if locate(name) is None]
