"""A real Kubernetes control plane: etcd, kube-apiserver, kube-controller-manager, and pods that become Ready."""

import base64
import json
import secrets
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers.api import Api, Document, RefusedError
from tests.servers.audit import POLICY, AuditLog
from tests.servers.binaries import locate, program
from tests.servers.objects import path_of, workload
from tests.servers.pods import PodReadier
from tests.servers.process import Process, ServerFailedError, free_port

ADMINS = ("admin", "system:kube-controller-manager", "pod-readier")
USERS = ("alice", "bob")


class ControlPlane:
    """One control plane on loopback, RBAC on: ``admin`` may do everything, others nothing until a test lets them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.url = f"https://127.0.0.1:{free_port()}"
        self.ca = folder / "certs" / "apiserver.crt"
        self._tokens = {user: secrets.token_hex(16) for user in (*ADMINS, *USERS)}
        self.admin = self.as_user("admin")
        self.audit = AuditLog(folder / "audit.log")
        self.pods = PodReadier(self.as_user("pod-readier"))
        self._etcd_url = f"http://127.0.0.1:{free_port()}"
        self._manager_port = free_port()
        self._write_files()
        self.etcd = Process(self._etcd_command(), folder / "etcd.log")
        self.apiserver = Process(self._apiserver_command(), folder / "kube-apiserver.log")
        manager = locate("kube-controller-manager")
        self.manager = Process(self._manager_command(manager), folder / "manager.log") if manager else None
        """None where the machine has none: then no controller makes pods, and deleted namespaces stay Terminating."""

    def start(self) -> None:
        """Start all of it and return when it serves; 7 s on two busy cores."""
        self.etcd.start()
        self.etcd.await_ready(lambda: _answers(f"{self._etcd_url}/health"))
        self._start_apiserver()
        if self.manager:
            self.manager.start()
            self.manager.await_ready(lambda: _answers(f"https://127.0.0.1:{self._manager_port}/healthz"))
            self.pods.start()

    def stop(self) -> None:
        """End all of it; etcd last, without it the API server lingers."""
        self.pods.stop()
        for process in (self.manager, self.apiserver, self.etcd):
            if process:
                process.stop()
        self.admin.close()

    def await_controllers(self) -> None:
        """Wait until a Deployment gets a Ready pod: the controllers begin some seconds after their process is ready."""
        path = path_of("default", "deployments", "warm-up")
        self.admin.create(path_of("default", "deployments"), workload("Deployment", "warm-up"))
        self.await_status(path, "readyReplicas", 1, within_seconds=60)
        self.admin.delete(path)

    def await_status(self, path: str, field: str, wanted: object, *, within_seconds: float = 15.0) -> None:
        """Wait until a field of an object's status is as wanted; an absent count is 0."""
        deadline = time.monotonic() + within_seconds
        while (found := self.admin.get(path).get("status", {}).get(field, 0)) != wanted:
            if time.monotonic() > deadline:
                raise ServerFailedError(f"{path}: {field} is {found} after {within_seconds} s, not {wanted}")
            time.sleep(0.05)

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Refuse connections for the length of a block; address, objects and tokens are the same afterwards."""
        # Asked politely the API server would wait for those who watch.
        self.apiserver.kill()
        try:
            yield
        finally:
            self._start_apiserver()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Answer nobody for the length of a block: connections are accepted by the kernel, and that is all."""
        self.apiserver.pause()
        try:
            yield
        finally:
            self.apiserver.resume()

    def as_user(self, user: str) -> Api:
        """Act as ``admin``, or as ``alice`` or ``bob``, who have no rights until a test binds them a Role."""
        return self.with_token(self._tokens[user])

    def with_token(self, token: str) -> Api:
        """Act as whoever the token belongs to."""
        return Api(self.url, token, self.ca)

    def token_for(self, namespace: str, service_account: str, *, seconds: int = 3600) -> str:
        """Ask for a ServiceAccount's token, and create the ServiceAccount if it is not there."""
        accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
        try:
            self.admin.create(accounts, {"metadata": {"name": service_account}})
        except RefusedError as refused:
            if refused.status != httpx.codes.CONFLICT:
                raise
        asked = {"spec": {"audiences": ["api"], "expirationSeconds": seconds}}
        granted = self.admin.create(f"{accounts}/{service_account}/token", asked)
        return str(granted["status"]["token"])

    def kubeconfig_for(self, token: str, *, namespace: str = "default") -> Path:
        """Write a kubeconfig with this token and name the file."""
        path = self.folder / f"kubeconfig-{secrets.token_hex(4)}.json"
        path.write_text(json.dumps(self._kubeconfig(token, namespace)))
        path.chmod(0o600)
        return path

    def admin_kubeconfig(self, *, namespace: str = "default") -> Path:
        """Write a kubeconfig for the admin and name the file."""
        return self.kubeconfig_for(self._tokens["admin"], namespace=namespace)

    def kubectl(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl as admin and return what it prints; a test that calls this needs the ``kubectl`` fixture."""
        command: list[str | Path] = [program("kubectl"), "--kubeconfig", self.admin_kubeconfig(), *arguments]
        ended = subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, f"kubectl {' '.join(arguments)}: {ended.stderr}"
        return ended.stdout

    def _start_apiserver(self) -> None:
        self.apiserver.start()
        self.apiserver.await_ready(self._is_serving)

    def _is_serving(self) -> bool:
        if not self.ca.exists():
            return False
        try:
            return self.admin.client.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _write_files(self) -> None:
        (self.folder / "sa.key").write_text(_signing_key())
        (self.folder / "audit.yaml").write_text(POLICY)
        rows = [f'{token},{user},{user},"{"system:masters" if user in ADMINS else "testers"}"'
                for user, token in self._tokens.items()]  # fmt: skip
        (self.folder / "tokens.csv").write_text("\n".join(rows) + "\n")
        manager = self._kubeconfig(self._tokens["system:kube-controller-manager"], "default")
        (self.folder / "manager.kubeconfig").write_text(json.dumps(manager))

    def _kubeconfig(self, token: str, namespace: str) -> Document:
        cluster = {"server": self.url, "certificate-authority": str(self.ca)}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "test", "user": {"token": token}}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
            "current-context": "test",
        }

    def _etcd_command(self) -> Sequence[str | Path]:
        etcd, peer = program("etcd"), f"http://127.0.0.1:{free_port()}"
        fast = [] if "etcd Version: 3.4" in _says(etcd, "--version") else ["--unsafe-no-fsync"]
        return [etcd, "--data-dir", self.folder / "etcd", "--listen-client-urls", self._etcd_url,
                "--advertise-client-urls", self._etcd_url, "--listen-peer-urls", peer,
                "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}", *fast]  # fmt: skip

    def _apiserver_command(self) -> Sequence[str | Path]:
        port = httpx.URL(self.url).port
        return [program("kube-apiserver"), f"--etcd-servers={self._etcd_url}", f"--cert-dir={self.folder / 'certs'}",
                "--bind-address=127.0.0.1", f"--secure-port={port}", "--service-cluster-ip-range=10.0.0.0/24",
                "--service-account-issuer=https://kubernetes.default.svc", "--api-audiences=api",
                f"--service-account-key-file={self.folder / 'sa.key'}",
                f"--service-account-signing-key-file={self.folder / 'sa.key'}",
                f"--token-auth-file={self.folder / 'tokens.csv'}", "--authorization-mode=RBAC",
                f"--audit-policy-file={self.folder / 'audit.yaml'}", f"--audit-log-path={self.audit.file}",
                "--disable-admission-plugins=ServiceAccount"]  # fmt: skip

    def _manager_command(self, manager: Path) -> Sequence[str | Path]:
        # 1.20 also opens an unencrypted port, on every address, unless told not to; newer ones no longer know the flag.
        plain_port = ["--port=0"] if " v1.20." in _says(manager, "--version") else []
        return [manager, f"--kubeconfig={self.folder / 'manager.kubeconfig'}", "--use-service-account-credentials",
                f"--service-account-private-key-file={self.folder / 'sa.key'}", f"--root-ca-file={self.ca}",
                "--leader-elect=false", "--bind-address=127.0.0.1", f"--secure-port={self._manager_port}", *plain_port,
                f"--cert-dir={self.folder / 'manager-certs'}",
                "--controllers=*,-nodelifecycle,-ttl,-nodeipam"]  # fmt: skip


def _signing_key() -> str:
    """Make a P-256 key in PEM; SEC 1 lets the public half be left out, and the servers compute it."""
    number = (secrets.randbits(255) | 1).to_bytes(32, "big")
    curve = bytes.fromhex("a00a06082a8648ce3d030107")
    content = bytes.fromhex("020101" + "0420") + number + curve
    body = base64.b64encode(bytes([0x30, len(content)]) + content).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{body}\n-----END EC PRIVATE KEY-----\n"


def _says(command: Path, *arguments: str) -> str:
    return subprocess.run([command, *arguments], capture_output=True, text=True, timeout=30).stdout


def _answers(url: str) -> bool:
    try:
        # The controller manager's certificate is its own and signed by nobody; the address is loopback.
        return httpx.get(url, verify=False, trust_env=False, timeout=2.0).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
