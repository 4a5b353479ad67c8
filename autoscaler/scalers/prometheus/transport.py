"""The transport of prometheus sources."""

from autoscaler.scalers.credentials import Resolver
from autoscaler.scalers.http import Sender
from autoscaler.scalers.prometheus.query import build_call
from autoscaler.scalers.transport import HttpTransport


class PrometheusTransport(HttpTransport):
    """Asks the query API."""

    def __init__(self, sender: Sender, resolver: Resolver) -> None:
        super().__init__(sender, resolver, build_call)
