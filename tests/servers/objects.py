"""Kubernetes objects that tests create, as plain documents, and their paths."""

from collections.abc import Sequence

from tests.servers.api import Document

APPS = "/apis/apps/v1/namespaces"
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
RBAC = "/apis/rbac.authorization.k8s.io/v1/namespaces"


def path_of(namespace: str, kind: str, name: str = "") -> str:
    """Name the path of a namespaced object of ours, or of its collection; ``kind`` is the lower-case plural."""
    roots = {"deployments": APPS, "statefulsets": APPS, "replicasets": APPS, "roles": RBAC, "rolebindings": RBAC}
    return f"{roots.get(kind, '/api/v1/namespaces')}/{namespace}/{kind}" + (f"/{name}" if name else "")


def workload(kind: str, name: str, *, replicas: int = 1) -> Document:
    """Describe a Deployment, a StatefulSet or a ReplicaSet of pods that do nothing."""
    labels = {"app": name}
    container = {"name": "main", "image": "registry.invalid/nothing:1"}
    spec: Document = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
    }
    if kind == "StatefulSet":
        spec["serviceName"] = name
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def scalable_crd(*, group: str, plural: str, kind: str) -> Document:
    """Describe a custom resource with a scale subresource, its counts at .spec.replicas and .status.replicas."""
    counts = {"type": "object", "properties": {"replicas": {"type": "integer"}, "selector": {"type": "string"}}}
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": counts, "status": counts}}},
        "subresources": {
            "status": {},
            "scale": {
                "specReplicasPath": ".spec.replicas",
                "statusReplicasPath": ".status.replicas",
                "labelSelectorPath": ".status.selector",
            },
        },
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": [version],
        },
    }


def rule(groups: Sequence[str], resources: Sequence[str], verbs: Sequence[str]) -> Document:
    """Describe one rule of a Role."""
    return {"apiGroups": list(groups), "resources": list(resources), "verbs": list(verbs)}


def role(name: str, *rules: Document) -> Document:
    """Describe a Role."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": {"name": name},
        "rules": list(rules),
    }


def role_binding(role_name: str, *, service_account: str, namespace: str) -> Document:
    """Describe the binding of a Role to a ServiceAccount of the same namespace."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{role_name}-{service_account}"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": role_name},
        "subjects": [{"kind": "ServiceAccount", "name": service_account, "namespace": namespace}],
    }
