"""Which trigger types there are: the built-in ones and those of other packages, by name."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from importlib.metadata import EntryPoint, entry_points

from autoscaler.scalers.contract import Scaler
from autoscaler.scalers.cpu_memory import CpuMemoryScaler
from autoscaler.scalers.cron import CronScaler
from autoscaler.scalers.kubernetes_workload import KubernetesWorkloadScaler
from autoscaler.scalers.metrics_api import MetricsApiScaler
from autoscaler.scalers.prometheus.scaler import DEADLINE, PrometheusScaler

GROUP = "autoscaler.scalers"


class DuplicateTypeError(ValueError):
    """Two modules claim one trigger type; the message names both."""


def built_in(deadline: timedelta = DEADLINE) -> tuple[Scaler, ...]:
    """Give the scalers of this package; ``deadline`` is for triggers without a ``timeout`` (KEDA's global 3 s)."""
    return (
        PrometheusScaler(deadline),
        CronScaler(),
        CpuMemoryScaler("cpu"),
        CpuMemoryScaler("memory"),
        KubernetesWorkloadScaler(),
        MetricsApiScaler(deadline),
    )


def build_registry(scalers: Iterable[Scaler]) -> Mapping[str, Scaler]:
    """Give scalers by type; raises DuplicateTypeError where two claim one."""
    found: dict[str, Scaler] = {}
    for scaler in scalers:
        other = found.setdefault(scaler.type, scaler)
        if other is not scaler:
            claims = f"{_home(other)} and by {_home(scaler)}"
            raise DuplicateTypeError(f'trigger type "{scaler.type}" is claimed by {claims}')
    return found


def foreign(wanted: Iterable[str]) -> tuple[Scaler, ...]:
    """Load the scalers of other packages for these types alone: what nobody names is never imported (S18).

    Raises DuplicateTypeError where two packages offer one type.
    """
    offers: dict[str, EntryPoint] = {}
    for offer in entry_points(group=GROUP):
        if offer.name in offers:
            raise DuplicateTypeError(
                f'trigger type "{offer.name}" is claimed by {offers[offer.name].value} and by {offer.value}'
            )
        offers[offer.name] = offer
    return tuple(offers[name].load()() for name in sorted(set(wanted) & set(offers)))


def _home(scaler: Scaler) -> str:
    return type(scaler).__module__
