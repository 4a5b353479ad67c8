"""The daemon's settings: one declaration, from which flags, environment, settings file and help are made.

Flags win over the environment (``AUTOSCALER_<FLAG>``), that over the settings file, that over the defaults here.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

INPUT, CLUSTER, SOURCES, DECIDING, OUTPUT = "Input", "Cluster", "Sources", "Deciding", "Output"


MOMENT, ZERO = timedelta(milliseconds=100), timedelta(0)


def setting(
    default: Any, group: str, help: str, *, choices: tuple[str, ...] = (), metavar: str = "", least: timedelta = MOMENT
) -> Any:
    """Declare one setting; its flag is the field's name with dashes. ``least`` is the shortest duration it takes."""
    metadata = {"group": group, "help": help, "choices": choices, "metavar": metavar, "least": least}
    if isinstance(default, list):
        return field(default_factory=tuple, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that can be set, checked and complete."""

    recursive: bool = setting(False, INPUT, "Read folders below the given ones too.")
    state_dir: str | None = setting(
        None,
        INPUT,
        "Folder that keeps memory over a restart. Without it a restart holds replicas for a full window.",
        metavar="DIR",
    )
    max_replicas_limit: int = setting(1000, INPUT, "Refuse objects whose maxReplicaCount is higher.", metavar="N")

    kubeconfig: str | None = setting(
        None, CLUSTER, "Kubeconfig file; inside a cluster the service account is used.", metavar="FILE"
    )
    context: str | None = setting(None, CLUSTER, "Context of the kubeconfig.", metavar="NAME")
    namespace: str = setting(
        "",
        CLUSTER,
        "Namespace of documents that name none; else the kubeconfig context's, or the pod's.",
        metavar="NAME",
    )
    api_timeout: timedelta = setting(
        timedelta(seconds=5), CLUSTER, "How long one call to the API server may take.", metavar="DURATION"
    )
    writes_per_second: int = setting(
        20, CLUSTER, "Writes that leave in a second, growth first; two and a half times as many at once.", metavar="N"
    )

    via: str = setting(
        "auto",
        SOURCES,
        "How .svc addresses are reached: directly, or through the API server's service proxy.",
        choices=("auto", "direct", "proxy"),
    )
    map: tuple[str, ...] = setting([], SOURCES, "Ask NEW where an object says OLD (repeatable).", metavar="OLD=NEW")
    connections_per_server: int = setting(4, SOURCES, "Connections held to one source.", metavar="N")
    timeout: timedelta = setting(
        timedelta(seconds=3), SOURCES, "Deadline of a query whose trigger sets none.", metavar="DURATION"
    )
    allow_server: tuple[str, ...] = setting(
        [], SOURCES, "Origin that may be asked although its address is refused (repeatable).", metavar="ORIGIN"
    )
    insecure_tls: str = setting("allow", SOURCES, "Whether unsafeSsl is honoured.", choices=("allow", "never"))
    auth_root: str | None = setting(None, SOURCES, "Folder that filePath references must stay in.", metavar="DIR")
    auth_env: tuple[str, ...] = setting(
        [], SOURCES, "Environment variable that env references may read (repeatable).", metavar="NAME"
    )
    token_audience: tuple[str, ...] = setting(
        [], SOURCES, "Audience of a bound service account token (repeatable).", metavar="NAMESPACE/SA=AUDIENCE"
    )
    guard_beat: timedelta = setting(
        timedelta(seconds=15), SOURCES, "How often the source guard judges and probes.", metavar="DURATION"
    )
    guard_recovery_min: timedelta = setting(
        timedelta(seconds=60), SOURCES, "Shortest hold after a source was blind.", metavar="DURATION", least=ZERO
    )
    guard_recovery_max: timedelta = setting(
        timedelta(hours=1), SOURCES, "Longest hold after a source was blind.", metavar="DURATION", least=ZERO
    )
    guard_max_doubt: timedelta = setting(
        timedelta(minutes=10),
        SOURCES,
        "How long a doubt that the probe does not share is held.",
        metavar="DURATION",
        least=ZERO,
    )

    sync_period: timedelta = setting(
        timedelta(seconds=15), DECIDING, "Time between two syncs, as the HPA controller's.", metavar="DURATION"
    )
    tolerance: float = setting(0.1, DECIDING, "How far usage may be off before replicas change.", metavar="FRACTION")
    downscale_stabilization: timedelta = setting(
        timedelta(minutes=5), DECIDING, "Scale-down window where an object sets none.", metavar="DURATION", least=ZERO
    )

    listen: str = setting(
        "127.0.0.1:8080", OUTPUT, "Address of /metrics and the probes; 'off' opens no port.", metavar="HOST:PORT"
    )
    allow_host: tuple[str, ...] = setting(
        [], OUTPUT, "Host name under which /metrics and the probes may be asked (repeatable).", metavar="NAME"
    )
    log_format: str = setting(
        "auto",
        OUTPUT,
        "console for people, json for machines; auto looks at the terminal.",
        choices=("auto", "console", "json"),
    )
    log_level: str = setting(
        "info", OUTPUT, "Least important line that is shown.", choices=("debug", "info", "warning")
    )
