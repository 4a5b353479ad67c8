"""Finding the API server and our credential there."""

import base64
import json
import os
import stat
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from autoscaler.kube.access import Access
from autoscaler.kube.execute import Plugin, issue
from autoscaler.kube.kubeconfig import find_access, from_kubeconfig, home_namespace, in_cluster
from autoscaler.model.fatal import FatalError
from autoscaler.model.text import Secret

SERVER = "http://api.example.com:6443"


def silent(text: str) -> None:
    """Announce to nobody."""


def a_kubeconfig(folder: Path, user: dict[str, Any] | None, *, server: str = SERVER, name: str = "config") -> str:
    context = {"cluster": "c", "namespace": "shop"} | ({"user": "u"} if user is not None else {})
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "prod",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user}] if user is not None else [],
        "contexts": [{"name": "prod", "context": context}],
    }
    path = folder / name
    path.write_text(json.dumps(document))
    return str(path)


async def load(paths: str, context: str | None = None, environ: Mapping[str, str] | None = None) -> Access:
    return await from_kubeconfig(paths, context, silent, environ or {})


def a_plugin(folder: Path, code: str) -> dict[str, Any]:
    """A program of the user's that prints a credential."""
    path = folder / "plugin.py"
    path.write_text(code)
    return {"apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(path)]}


ISSUES = """
import json, os, pathlib, sys
asked = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
count = pathlib.Path(__file__).with_suffix(".count")
turn = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(turn))
print(json.dumps({"apiVersion": asked["apiVersion"], "kind": "ExecCredential", "status": {"token": f"token-{turn}"}}))
"""


async def test_a_token_of_a_kubeconfig(tmp_path: Path):
    """Address, default namespace and token come from the current context."""
    access = await load(a_kubeconfig(tmp_path, {"token": "t"}))
    assert (access.address, access.context, access.namespace) == (SERVER, "prod", "shop")
    assert await access.credential.header() == Secret("Bearer t")


async def test_the_first_of_several_files_wins(tmp_path: Path):
    """KUBECONFIG may name several files; missing ones are passed over."""
    first = a_kubeconfig(tmp_path, {"token": "first"}, name="first")
    second = a_kubeconfig(tmp_path, {"token": "second"}, name="second")
    access = await load(os.pathsep.join([str(tmp_path / "gone"), first, second]))
    assert await access.credential.header() == Secret("Bearer first")


async def test_a_password_of_a_kubeconfig(tmp_path: Path):
    """A user name and a password become a Basic header."""
    access = await load(a_kubeconfig(tmp_path, {"username": "u", "password": "p"}))
    assert await access.credential.header() == Secret("Basic " + base64.b64encode(b"u:p").decode())


async def test_a_token_file_is_found_beside_its_kubeconfig(tmp_path: Path):
    """A relative tokenFile is meant from the kubeconfig's folder, and is read again when it changes."""
    (tmp_path / "token").write_text("from-file")
    access = await load(a_kubeconfig(tmp_path, {"tokenFile": "token"}))
    assert await access.credential.header() == Secret("Bearer from-file")


async def test_a_context_without_user_is_nobody(tmp_path: Path):
    """A cluster behind kubectl proxy needs no user."""
    access = await load(a_kubeconfig(tmp_path, None, server="https://127.0.0.1:1"))
    assert await access.credential.header() is None


async def test_a_plugin_gives_and_renews_the_token(tmp_path: Path):
    """A program that the kubeconfig names is announced, gives the token, and is asked again after a 401."""
    said: list[str] = []
    path = a_kubeconfig(tmp_path, {"exec": a_plugin(tmp_path, ISSUES)})
    access = await from_kubeconfig(path, None, said.append, {})
    assert await access.credential.header() == Secret("Bearer token-1")
    assert await access.credential.renew()
    assert await access.credential.header() == Secret("Bearer token-2")
    assert said[0] == f"asking {sys.executable} for credentials (up to 30 s)"


async def test_a_hanging_plugin_is_ended(tmp_path: Path):
    """A program that gives nothing in its time is killed and named."""
    plugin = Plugin(command=sys.executable, args=("-c", "import signal; signal.pause()"))
    with pytest.raises(FatalError, match=r"gave nothing in 0 s") as caught:
        await issue(plugin, silent, patience_seconds=0.3)
    assert caught.value.exit_code == 3


async def test_a_failing_plugin_is_told_in_its_words(tmp_path: Path):
    """What a program complains of is shown, cleaned."""
    code = "import sys; sys.stderr.write('\\x1b[1mlog in first'); sys.exit(4)"
    with pytest.raises(FatalError, match=r"ended with 4: \\x1b\[1mlog in first"):
        await issue(Plugin(command=sys.executable, args=("-c", code)), silent)


async def test_a_missing_plugin_is_named_with_its_hint():
    """A program that is not installed is named, with the kubeconfig's own hint."""
    with pytest.raises(FatalError, match=r"cannot start no-such-login.*install it from here"):
        await issue(Plugin(command="no-such-login", install_hint="install it from here"), silent)


async def test_a_plugin_that_prints_nothing_useful():
    """Output that is no credential is an error that says so."""
    with pytest.raises(FatalError, match="printed no ExecCredential"):
        await issue(Plugin(command=sys.executable, args=("-c", "print('hello')")), silent)


async def test_a_missing_kubeconfig_is_named(tmp_path: Path):
    """Where no kubeconfig is, the message says what was looked for and what would help."""
    with pytest.raises(FatalError, match=r"no kubeconfig at .*gone.*--kubeconfig") as caught:
        await load(str(tmp_path / "gone"))
    assert caught.value.exit_code == 2


async def test_an_unknown_context_is_named_and_the_known_ones_too(tmp_path: Path):
    """A context that is not in the file is an error that names it, and what to choose from."""
    with pytest.raises(FatalError, match=r"no context elsewhere; the contexts there are: prod$"):
        await load(a_kubeconfig(tmp_path, {"token": "t"}), "elsewhere")


async def test_a_broken_kubeconfig_shows_none_of_its_text(tmp_path: Path):
    """A file that is no YAML is named; its text, which may hold secrets, is not."""
    path = tmp_path / "config"
    path.write_text("token: s3cr3t\n  - : [")
    with pytest.raises(FatalError) as caught:
        await load(str(path))
    assert str(path) in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


@pytest.mark.parametrize(
    ("no_proxy", "expected"),
    [
        ("", "http://proxy:3128"),
        ("example.com", None),
        (".example.com", None),
        ("*", None),
        ("other.com", "http://proxy:3128"),
    ],
)
async def test_a_proxy_is_settled_once(tmp_path: Path, no_proxy: str, expected: str | None):
    """HTTP(S)_PROXY and NO_PROXY decide, when the access is made, how the API server is reached."""
    access = await load(
        a_kubeconfig(tmp_path, {"token": "t"}), environ={"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": no_proxy}
    )
    assert access.configuration.proxy == expected


def a_service_account(folder: Path) -> Path:
    for name, text in {"token": "pod-token", "ca.crt": "", "namespace": "scaling"}.items():
        (folder / name).write_text(text)
    return folder


IN_A_POD = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}


async def test_a_pod_uses_its_account_and_reads_no_kubeconfig(tmp_path: Path):
    """In a pod the service account counts, whatever KUBECONFIG says (S18)."""
    environ = {**IN_A_POD, "KUBECONFIG": a_kubeconfig(tmp_path, {"token": "evil"})}
    access = await find_access(
        kubeconfig=None, context=None, announce=silent, environ=environ, service_account=a_service_account(tmp_path)
    )
    assert (access.address, access.namespace) == ("https://10.0.0.1:443", "scaling")
    assert await access.credential.header() == Secret("Bearer pod-token")


async def test_a_named_kubeconfig_counts_in_a_pod_too(tmp_path: Path):
    """What the command line names is used."""
    access = await find_access(
        kubeconfig=a_kubeconfig(tmp_path, {"token": "t"}), context=None, announce=silent, environ=IN_A_POD
    )
    assert access.address == SERVER


def test_documents_without_a_namespace_belong_where_kubectl_would_put_them(tmp_path: Path):
    """The context's namespace counts, in a pod the pod's; without either, or without access, it is default."""
    named = a_kubeconfig(tmp_path, {"token": "t"})
    assert home_namespace(kubeconfig=named, context=None) == "shop"
    assert home_namespace(kubeconfig=None, context=None, environ={"KUBECONFIG": named}) == "shop"
    assert home_namespace(kubeconfig=named, context="other") == "default"
    assert home_namespace(kubeconfig="/nowhere", context=None) == "default"
    Path(named).write_text(Path(named).read_text().replace('"namespace": "shop"', '"namespace": ""'))
    assert home_namespace(kubeconfig=named, context=None) == "default"
    account = a_service_account(tmp_path)
    assert home_namespace(kubeconfig=None, context=None, environ=IN_A_POD, service_account=account) == "scaling"


def test_a_pod_without_an_account_is_told_so(tmp_path: Path):
    """A pod whose account is not mounted gets an error that names the field to set."""
    with pytest.raises(FatalError, match="automountServiceAccountToken"):
        in_cluster(IN_A_POD, tmp_path)


def test_an_address_of_version_six_is_bracketed(tmp_path: Path):
    """A cluster on IPv6 is reached as well."""
    access = in_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1"}, a_service_account(tmp_path))
    assert access.address == "https://[fd00::1]:443"


async def test_a_plugins_certificate_lands_in_private_files(tmp_path: Path):
    """A key that a plugin issues is readable by us alone."""
    status = {"clientCertificateData": "CERT", "clientKeyData": "KEY"}
    plugin = a_plugin(tmp_path, f"import json; print(json.dumps({{'status': {status}}}))")
    access = await load(a_kubeconfig(tmp_path, {"exec": plugin}, server="https://127.0.0.1:1"))
    key = Path(access.configuration.key_file)
    assert key.read_text() == "KEY"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert await access.credential.header() is None
