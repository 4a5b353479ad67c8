"""Where credentials are kept: references only, never what they point to."""

from enum import Enum

from autoscaler.model.value import value


@value
class AuthRef:
    """Names a TriggerAuthentication, or a ClusterTriggerAuthentication (whose namespace is empty)."""

    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace + '/' if self.namespace else ''}{self.name}"


class ReferenceKind(Enum):
    """The kinds of places a parameter can come from (KEDA's TriggerAuthentication)."""

    SECRET = "secretTargetRef"  # noqa: S105  the name of a field
    CONFIG_MAP = "configMapTargetRef"
    ENV = "env"
    FILE = "filePath"
    TOKEN = "boundServiceAccountToken"  # noqa: S105  the name of a field


@value
class Reference:
    """One parameter of an authentication and where its value is kept.

    ``name`` is the Secret, ConfigMap, environment variable, file or service account; ``key`` is empty where the kind
    has none.
    """

    parameter: str
    kind: ReferenceKind
    name: str
    key: str = ""


@value
class Authentication:
    """A TriggerAuthentication or ClusterTriggerAuthentication as loaded.

    ``pod_identity`` is the provider's name, None where none is asked for. ``servers`` are the origins a credential may
    go to and ``namespaces`` who may use it, both empty where the annotation is absent (S3).
    """

    ref: AuthRef
    references: tuple[Reference, ...]
    pod_identity: str | None = None
    servers: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    origin: str = ""
