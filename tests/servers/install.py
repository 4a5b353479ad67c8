"""Install or build the test servers: ``python -m tests.servers.install``.

On Debian the programs are unpacked from packages (no root, nothing installed, no daemon started) and Kubernetes is
built from Debian's source; all of it lands in the cache folder.  Elsewhere what is found is used: in
``KUBEBUILDER_ASSETS`` and on the PATH.  Standard library only.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.servers.binaries import ASSETS, HERE, OF_KUBERNETES, PROGRAMS, cache_folder, installed, locate, missing

# Suite and package, in order of preference.  trixie's files stay; sid has the newest Prometheus, but a mirror may have
# lost it.  etcd 3.4 of bookworm serves too, without --unsafe-no-fsync.
PACKAGES = {
    "etcd": (("trixie", "etcd-server"), ("sid", "etcd-server"), ("bookworm", "etcd-server")),
    "prometheus": (("sid", "prometheus"), ("trixie", "prometheus"), ("bookworm", "prometheus")),
    "kubectl": (("sid", "kubectl"), ("trixie", "kubectl")),
}
KUBERNETES = ("kube-apiserver", "kube-controller-manager")
TOOLS = ("apt-get", "dpkg", "tar", "find", "xargs")
OPTIONAL = ("kubectl",)


def main() -> int:
    """Bring every program, print what was done, and answer 1 when one that tests need is missing."""
    began = time.monotonic()
    cache_folder().mkdir(parents=True, exist_ok=True)
    with _lock():
        reasons = {program: _bring(program) for program in PROGRAMS}
    for program in PROGRAMS:
        where = locate(program)
        print(f"{program:24} {_version(where)}  {where}" if where else f"{program:24} MISSING: {reasons[program]}")
    lacking = missing(*PROGRAMS)
    print(f"test servers: {len(PROGRAMS) - len(lacking)} of {len(PROGRAMS)} in {time.monotonic() - began:.0f} s")
    return 1 if set(lacking) - set(OPTIONAL) else 0


def _bring(program: str) -> str | None:
    """Install one program unless it is there; answer why that failed, or None."""
    if _is_chosen(program) or os.access(installed(program), os.X_OK):
        return None
    if absent := [tool for tool in TOOLS if shutil.which(tool) is None]:
        ours = f"put it where {ASSETS} points, or on the PATH" if program in OF_KUBERNETES else "put it on the PATH"
        return f"this machine is no Debian ({', '.join(absent)} not found); {ours}"
    if program in KUBERNETES:
        return _build_kubernetes()
    return _unpack(program)


def _is_chosen(program: str) -> bool:
    """Tell whether the user points at a program of their own."""
    return program in OF_KUBERNETES and ASSETS in os.environ and (Path(os.environ[ASSETS]) / program).exists()


@cache
def _build_kubernetes() -> str | None:
    print("building kube-apiserver and kube-controller-manager: 3 to 7 minutes on 2 cores", flush=True)
    return _run_script("build_kubernetes.sh", [], installed(KUBERNETES[0]).parent)


def _unpack(program: str) -> str | None:
    reasons = []
    for suite, package in PACKAGES[program]:
        print(f"unpacking {program} from Debian {suite}", flush=True)
        reason = _run_script("unpack_binary.sh", [suite, package, program], installed(program).parent)
        if reason is None:
            return None
        reasons.append(f"{suite}: {reason}")
    return "; ".join(reasons)


def _run_script(script: str, arguments: Sequence[str], target: Path) -> str | None:
    """Run a script that fills a folder, and move that into the cache whole: half a result is never used."""
    with tempfile.TemporaryDirectory(prefix="work-", dir=cache_folder()) as work:
        out, log = Path(work) / "out", cache_folder() / f"{target.name}.log"
        with log.open("wb") as sink:
            command = ["bash", str(HERE / script), *arguments, str(out), work]
            ended = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT)
        if ended.returncode:
            lines = log.read_text(errors="replace").splitlines()
            return f"{script} ended with {ended.returncode}: {lines[-1] if lines else 'no output'} (log: {log})"
        shutil.rmtree(target, ignore_errors=True)
        out.rename(target)
    return None


def _version(program: Path) -> str:
    """Ask a program for its version; its first line says it."""
    arguments = ["version", "--client"] if program.name == "kubectl" else ["--version"]
    ended = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30)
    return (ended.stdout or ended.stderr).partition("\n")[0][:60]


@contextmanager
def _lock() -> Iterator[None]:
    """Let one installer at a time fill the cache; the others wait and then find it warm."""
    with (cache_folder() / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
