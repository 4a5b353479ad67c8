"""A stand-in of the Kubernetes API server, as far as scaling Deployments goes. It listens on loopback.

It answers in the real protocol, refusals included; a client cannot tell. It keeps nothing and runs nothing.
"""

import hmac
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from autoscaler.demo.workloads import RefusedError, Workload, Workloads
from autoscaler.model.text import Secret

VERSION: Final = {"major": "1", "minor": "36", "gitVersion": "v1.36.0-demo", "platform": "demo"}
KINDS: Final = (
    {"name": "deployments", "singularName": "deployment", "namespaced": True, "kind": "Deployment",
     "verbs": ["get"], "shortNames": ["deploy"]},
    {"name": "deployments/scale", "singularName": "", "namespaced": True, "group": "autoscaling", "version": "v1",
     "kind": "Scale", "verbs": ["get", "patch"]},
)  # fmt: skip
OPEN: Final = frozenset({"/readyz", "/livez", "/healthz"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class KubeStandIn:
    """Serves some workloads to whoever holds the token, on a free port of loopback."""

    def __init__(self, workloads: Workloads, token: Secret) -> None:
        self._workloads = workloads
        self._token = token
        self._runner = web.AppRunner(self._app(), access_log=None, handle_signals=False, shutdown_timeout=0.2)
        self.address = ""

    async def start(self) -> str:
        """Listen, and give the address."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.address = f"http://{host}:{port}"
        return self.address

    async def stop(self) -> None:
        """Close the listener and every connection."""
        await self._runner.cleanup()

    def kubeconfig(self, namespace: str = "demo") -> dict[str, object]:
        """Give the kubeconfig that leads here, to be written with mode 0600."""
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "demo",
            "clusters": [{"name": "demo", "cluster": {"server": self.address}}],
            "users": [{"name": "demo", "user": {"token": self._token.reveal()}}],
            "contexts": [{"name": "demo", "context": {"cluster": "demo", "user": "demo", "namespace": namespace}}],
        }

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        one = "/apis/apps/v1/namespaces/{namespace}/deployments/{name}"
        app.add_routes(
            [
                *(web.get(path, _ok) for path in sorted(OPEN)),
                web.get("/version", _constant(VERSION)),
                web.get("/api", _constant({"kind": "APIVersions", "versions": ["v1"]})),
                web.get("/api/v1", _constant(_resources("v1", ()))),
                web.get("/apis", _constant(_groups())),
                web.get("/apis/apps", _constant(_group("apps"))),
                web.get("/apis/apps/v1", _constant(_resources("apps/v1", KINDS))),
                web.get(one, self._get),
                web.get(f"{one}/scale", self._get_scale),
                web.patch(f"{one}/scale", self._patch_scale),
                web.get("/api/v1/namespaces/{namespace}/pods", self._pods),
                web.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", _review),
            ]
        )
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let nobody in without the token, and answer a refusal as a Status."""
        shown = request.headers.get("Authorization", "").encode()
        if request.path not in OPEN and not hmac.compare_digest(shown, f"Bearer {self._token.reveal()}".encode()):
            return _status(RefusedError(401, "Unauthorized", "Unauthorized"))
        try:
            return await handler(request)
        except RefusedError as refused:
            return _status(refused)
        except web.HTTPNotFound:
            return _status(RefusedError(404, "NotFound", "the server could not find the requested resource"))
        except web.HTTPMethodNotAllowed:
            return _status(
                RefusedError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
            )

    def _find(self, request: web.Request) -> Workload:
        return self._workloads.find(request.match_info["namespace"], request.match_info["name"])

    async def _get(self, request: web.Request) -> web.Response:
        return web.json_response(_deployment(self._find(request), self._workloads))

    async def _get_scale(self, request: web.Request) -> web.Response:
        return web.json_response(_scale(self._find(request)))

    async def _patch_scale(self, request: web.Request) -> web.Response:
        workload = self._find(request)
        metadata, replicas = await _merge_patch(request)
        if replicas is not None:
            self._workloads.scale(
                workload,
                replicas,
                manager=request.query.get("fieldManager", "unknown"),
                version=metadata.get("resourceVersion"),
                uid=metadata.get("uid"),
            )
        return web.json_response(_scale(workload))

    async def _pods(self, request: web.Request) -> web.Response:
        pairs = (part.split("=", 1) for part in request.query.get("labelSelector", "").split(",") if "=" in part)
        found = self._workloads.matching(request.match_info["namespace"], dict(pairs))
        items = [
            _pod(workload, number, ready=self._workloads.is_ready(made_at))
            for workload in found
            for number, made_at in enumerate(workload.pods)
        ]
        return web.json_response({"kind": "PodList", "apiVersion": "v1", "metadata": {}, "items": items})


async def _merge_patch(request: web.Request) -> tuple[dict[str, str], int | None]:
    """Read what a merge patch of a scale may set: the preconditions and the count."""
    if request.content_type != "application/merge-patch+json":
        raise RefusedError(415, "UnsupportedMediaType", "the body of the request was in an unknown format")
    try:
        patch = json.loads(await request.text())
        metadata, replicas = patch.get("metadata", {}), patch.get("spec", {}).get("replicas")
    except (ValueError, AttributeError) as error:
        raise RefusedError(400, "BadRequest", "the patch is not a JSON object") from error
    if replicas is not None and (not isinstance(replicas, int) or isinstance(replicas, bool)):
        raise RefusedError(400, "BadRequest", "spec.replicas is not an integer")
    return metadata, replicas


async def _ok(request: web.Request) -> web.Response:
    return web.Response(text="ok")


async def _review(request: web.Request) -> web.Response:
    """Allow everything: whoever got here holds the only token."""
    asked = json.loads(await request.text())
    return web.json_response({**asked, "status": {"allowed": True}}, status=201)


def _constant(document: Mapping[str, object]) -> Handler:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response(document)

    return answer


def _status(refused: RefusedError) -> web.Response:
    document = {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": refused.message,
        "reason": refused.reason,
        "details": {"name": refused.name, "group": "apps", "kind": "deployments"} if refused.name else {},
        "code": refused.code,
    }
    return web.json_response(document, status=refused.code)


def _groups() -> dict[str, object]:
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group("apps"), _group("authorization.k8s.io")]}


def _group(name: str) -> dict[str, object]:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"kind": "APIGroup", "name": name, "versions": [version], "preferredVersion": version}


def _resources(version: str, kinds: tuple[dict[str, object], ...]) -> dict[str, object]:
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": list(kinds)}


def _metadata(workload: Workload) -> dict[str, object]:
    return {
        "name": workload.name,
        "namespace": workload.namespace,
        "uid": workload.uid,
        "resourceVersion": str(workload.version),
    }


def _scale(workload: Workload) -> dict[str, object]:
    """Write the scale as Kubernetes does, which leaves out a count of 0 in ``spec``."""
    owner = {
        "manager": workload.manager,
        "operation": "Update",
        "apiVersion": "apps/v1",
        "time": workload.written_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": {"f:replicas": {}}},
        "subresource": "scale",
    }
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {**_metadata(workload), "managedFields": [owner]},
        "spec": {"replicas": workload.replicas} if workload.replicas else {},
        "status": {"replicas": len(workload.pods), "selector": _selector(workload)},
    }


def _deployment(workload: Workload, workloads: Workloads) -> dict[str, object]:
    ready = workloads.ready(workload)
    return {
        "kind": "Deployment",
        "apiVersion": "apps/v1",
        "metadata": _metadata(workload),
        "spec": {"replicas": workload.replicas, "selector": {"matchLabels": dict(workload.labels)}},
        "status": {"replicas": len(workload.pods), **({"readyReplicas": ready} if ready else {})},
    }


def _pod(workload: Workload, number: int, *, ready: bool) -> dict[str, object]:
    word = "True" if ready else "False"
    return {
        "metadata": {
            "name": f"{workload.name}-{number}",
            "namespace": workload.namespace,
            "labels": dict(workload.labels),
        },
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": word}]},
    }


def _selector(workload: Workload) -> str:
    return ",".join(f"{name}={text}" for name, text in sorted(workload.labels.items()))
