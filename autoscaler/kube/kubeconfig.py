"""Access by a kubeconfig, or by the service account of a pod."""

import base64
import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from autoscaler.kube.access import Access, Announce, Credential, Fixed, TokenFile
from autoscaler.kube.execute import ExecToken, Issued, Plugin, issue
from autoscaler.model.fatal import FatalError
from autoscaler.model.text import Secret, plain

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
DEFAULT_FILE: Final = "~/.kube/config"


async def find_access(
    *,
    kubeconfig: str | None,
    context: str | None,
    announce: Announce,
    environ: Mapping[str, str] = os.environ,
    service_account: Path = SERVICE_ACCOUNT,
) -> Access:
    """Find the API server: the given kubeconfig, else the pod's own account, else KUBECONFIG or ~/.kube/config.

    In a pod no kubeconfig is read unless one is named. FatalError says what is missing and what would help.
    """
    if kubeconfig is None and context is None and environ.get("KUBERNETES_SERVICE_HOST"):
        return in_cluster(environ, service_account)
    return await from_kubeconfig(kubeconfig or environ.get("KUBECONFIG") or DEFAULT_FILE, context, announce, environ)


def home_namespace(
    *,
    kubeconfig: str | None,
    context: str | None,
    environ: Mapping[str, str] = os.environ,
    service_account: Path = SERVICE_ACCOUNT,
) -> str:
    """Give the namespace of documents that name none, as kubectl finds it: the context's, or the pod's.

    Where there is no access to be found it is ``default``; ``find_access`` says what is missing.
    """
    from kubernetes.aio.config import ConfigException

    if kubeconfig is None and context is None and environ.get("KUBERNETES_SERVICE_HOST"):
        return _pod_namespace(service_account)
    try:
        merged = _merged(kubeconfig or environ.get("KUBECONFIG") or DEFAULT_FILE)
        chosen = merged["contexts"].get_with_name(context or merged["current-context"])["context"]
    except (FatalError, ConfigException):
        return "default"
    return str(chosen.safe_get("namespace") or "default")


def _pod_namespace(service_account: Path) -> str:
    file = service_account / "namespace"
    return file.read_text().strip() if file.is_file() else "default"


def in_cluster(environ: Mapping[str, str], service_account: Path = SERVICE_ACCOUNT) -> Access:
    """Use the service account that a pod is given."""
    from kubernetes.aio.client.configuration import Configuration

    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT", "443")
    authority = service_account / "ca.crt"
    if not authority.is_file():
        raise FatalError(
            f"KUBERNETES_SERVICE_HOST is set, but {authority} is missing: give the pod a service account token "
            "(automountServiceAccountToken), or name a --kubeconfig",
            exit_code=2,
        )
    configuration = Configuration(host=f"https://{f'[{host}]' if ':' in host else host}:{port}")
    configuration.ssl_ca_cert = str(authority)
    return Access(
        address=configuration.host,
        context="in-cluster",
        namespace=_pod_namespace(service_account),
        configuration=configuration,
        credential=TokenFile(service_account / "token"),
    )


async def from_kubeconfig(
    paths: str, context: str | None, announce: Announce, environ: Mapping[str, str] = os.environ
) -> Access:
    """Use one context of the kubeconfigs at ``paths`` (several are separated as in KUBECONFIG)."""
    from kubernetes.aio.client.configuration import Configuration
    from kubernetes.aio.config import ConfigException

    merged = _merged(paths)
    configuration = Configuration()
    try:
        _refuse_unknown(paths, context, merged)
        chosen = merged["contexts"].get_with_name(context or merged["current-context"])["context"]
        user = _user(merged, chosen)
        credential = await _renewable(user, announce)
        await _fill(configuration, merged, context)
    except ConfigException as error:
        raise FatalError(f"kubeconfig {paths}: {plain(str(error))}", exit_code=2) from error
    if credential is None:
        header = configuration.api_key.get("BearerToken")
        credential = Fixed(Secret(header) if header else None)
    configuration.proxy = configuration.proxy or _proxy(configuration.host, environ)
    return Access(
        address=configuration.host,
        context=context or merged["current-context"],
        namespace=chosen.safe_get("namespace") or "default",
        configuration=configuration,
        credential=credential,
    )


def _refuse_unknown(paths: str, context: str | None, merged: Any) -> None:
    """Name the contexts there are where the one that is wanted is none of them."""
    known = [plain(str(each["name"]), 80) for each in merged.value.get("contexts") or ()]
    if context is not None and context not in known:
        given = f"the contexts there are: {', '.join(known)}" if known else "it holds none"
        raise FatalError(f"kubeconfig {paths}: no context {plain(context, 80)}; {given}", exit_code=2)


async def _fill(configuration: Any, merged: Any, context: str | None) -> None:
    """Let the library fill address, TLS, proxy and what is fixed of the credential."""
    from kubernetes.aio.config import kube_config

    loader: Any = kube_config.KubeConfigLoader  # it has no types
    await loader(merged, active_context=context, config_base_path=None).load_and_set(configuration)


def _merged(paths: str) -> Any:
    """Read the files; the first one that names a thing wins, as in kubectl."""
    import yaml
    from kubernetes.aio.config import kube_config

    merger: Any = kube_config.KubeConfigMerger  # it has no types
    found = [path for path in paths.split(os.pathsep) if path and Path(path).expanduser().is_file()]
    if not found:
        raise FatalError(
            f"no kubeconfig at {paths}: name one with --kubeconfig or KUBECONFIG, or run in a pod", exit_code=2
        )
    try:
        return merger(os.pathsep.join(found)).config
    except (yaml.YAMLError, OSError, AttributeError, TypeError, KeyError) as error:
        raise FatalError(f"kubeconfig {paths} cannot be read: {type(error).__name__}", exit_code=2) from error


def _user(merged: Any, chosen: Any) -> Any:
    """Find the user of a context; one without any gets an empty one, which the library's loader expects."""
    name = chosen.safe_get("user")
    user = merged["users"].get_with_name(name, safe=True) if name and merged.safe_get("users") else None
    if user is not None:
        return user["user"]
    if name:
        raise FatalError(f"the kubeconfig's context names the user {plain(name)}, who is not in it", exit_code=2)
    nobody = "autoscaler-nobody"
    merged.value.setdefault("users", []).append({"name": nobody, "user": {"username": ""}})
    chosen.value["user"] = nobody
    return merged["users"].get_with_name(nobody)["user"]


async def _renewable(user: Any, announce: Announce) -> Credential | None:
    """Take what is renewed while we run out of the library's hands; None: nothing is."""
    if (path := user.safe_get("tokenFile")) and not user.safe_get("exec"):
        folder = Path(user.path).parent if user.path else Path()
        return TokenFile(folder / path)
    if not user.safe_get("exec"):
        return None
    plugin = msgspec.convert(user["exec"].value, Plugin)
    issued = await issue(plugin, announce)
    del user.value["exec"]
    _put_certificate(user.value, issued)
    return ExecToken(plugin, announce, issued)


def _put_certificate(user: dict[str, str], issued: Issued) -> None:
    if issued.certificate and issued.key:
        user["client-certificate-data"] = base64.b64encode(issued.certificate.encode()).decode()
        user["client-key-data"] = base64.b64encode(issued.key.reveal().encode()).decode()


def _proxy(address: str, environ: Mapping[str, str]) -> str | None:
    """Settle once whether HTTPS_PROXY and NO_PROXY mean this API server."""
    parts = urlsplit(address)
    names = (f"{parts.scheme}_proxy", "all_proxy")
    found = [environ.get(name) or environ.get(name.upper()) for name in names]
    proxy = next((text for text in found if text), None)
    spared = (environ.get("no_proxy") or environ.get("NO_PROXY") or "").split(",")
    return None if any(_is_spared(parts.hostname or "", entry.strip()) for entry in spared) else proxy


def _is_spared(host: str, entry: str) -> bool:
    """Match one entry of NO_PROXY: a name with those below it, an address, a range, or everything."""
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        name = entry.removeprefix("*").removeprefix(".")
        return entry == "*" or (bool(name) and (host == name or host.endswith(f".{name}")))
