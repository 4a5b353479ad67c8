"""How the parts are put together, for ``run``, ``plan`` and the tests alike: what reads, what asks, what writes."""

import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TextIO

from autoscaler.cli.given import audiences_given, folder_given, pairs
from autoscaler.cli.library import Library, rules_of
from autoscaler.cli.live import TRANSPORTS
from autoscaler.cli.relay import RelayingSender
from autoscaler.core.signs import GuardSettings
from autoscaler.kube.actuator import ScaleActuator, Withholding
from autoscaler.kube.budget import Budget
from autoscaler.kube.client import NoAnswer, Reader, Writer
from autoscaler.kube.connect import reach
from autoscaler.kube.discovery import Discovery
from autoscaler.kube.hpas import Hpas
from autoscaler.kube.kubeconfig import find_access, home_namespace
from autoscaler.kube.pods import Pods
from autoscaler.kube.proxy import ServiceProxy, Via
from autoscaler.kube.targets import ScaleReader
from autoscaler.kube.tokens import Tokens
from autoscaler.kube.watch import Watches
from autoscaler.loop.ports import Actuator, Clock
from autoscaler.model.fatal import FatalError
from autoscaler.model.observation import Unreadable, UnreadableReason
from autoscaler.model.saved import Saved
from autoscaler.scalers.contract import Transport
from autoscaler.scalers.credentials import Places, Resolver
from autoscaler.scalers.http import SenderSettings
from autoscaler.scalers.plain_http import PlainHttpTransport
from autoscaler.scalers.probes import Prober, ProbeSettings
from autoscaler.scalers.prometheus.transport import PrometheusTransport
from autoscaler.scalers.proxies import proxies_from
from autoscaler.scalers.sampler import CohortSampler, Local
from autoscaler.settings import Settings


class NoStore:
    """The store of a daemon without a state folder: every start is lost memory, which only delays falls (L6)."""

    fault: str | None = None

    def load(self) -> Saved | None:
        """Know nothing."""
        return None

    def save(self, saved: Saved) -> None:
        """Keep nothing."""

    def age(self) -> None:
        """Give no age: there is no state."""

    def close(self) -> None:
        """Hold nothing."""


class ServerProbe:
    """Asks the API server whether it is there."""

    def __init__(self, client: Reader, timeout_seconds: float) -> None:
        self._client = client
        self._timeout_seconds = timeout_seconds

    async def probe(self) -> Unreadable | None:
        """Give None when it answered and knows us, else why not."""
        reply = await self._client.get("/version", timeout_seconds=self._timeout_seconds)
        if isinstance(reply, NoAnswer):
            return Unreadable(reason=UnreadableReason.UNREACHABLE, detail=reply.detail)
        if reply.status == 401:
            return Unreadable(reason=UnreadableReason.UNAUTHORIZED, detail="it no longer accepts our credentials")
        if reply.status >= 500:
            return Unreadable(reason=UnreadableReason.SERVER, detail=f"status {reply.status}")
        return None


@dataclass
class Outside:
    """Everything that reaches out of the process, ready to use; ``close`` ends it."""

    client: Reader
    version: str
    discovery: Discovery
    targets: ScaleReader
    actuator: Actuator
    sampler: CohortSampler
    sender: RelayingSender
    server: ServerProbe

    async def close(self) -> None:
        """Close every connection."""
        await self.sampler.close()
        await self.sender.close()
        await self.client.close()


def at_home(settings: Settings) -> Settings:
    """Settle the namespace of documents that name none."""
    if settings.namespace:
        return settings
    return replace(settings, namespace=home_namespace(kubeconfig=settings.kubeconfig, context=settings.context))


def guard_of(settings: Settings) -> GuardSettings:
    """Take the source guard's settings out of the daemon's."""
    if settings.guard_recovery_min > settings.guard_recovery_max:
        raise FatalError("--guard-recovery-min is longer than --guard-recovery-max", exit_code=2)
    return GuardSettings(
        beat=settings.guard_beat,
        recovery_min=settings.guard_recovery_min,
        recovery_max=settings.guard_recovery_max,
        max_doubt=settings.guard_max_doubt,
    )


async def reach_out(
    settings: Settings,
    library: Library,
    clock: Clock,
    *,
    writes: bool,
    watches: bool = False,
    read_again: Callable[[], Awaitable[None]] | None = None,
) -> Outside:
    """Connect to the API server and make what asks, reads and writes. Without ``writes`` nothing made here can write.

    With ``watches`` scales come from list-watches where the rights allow it, which costs a hundredth of a GET each.
    ``read_again`` renews the library's documents when a source refused a credential of them.
    FatalError says what is missing.
    """
    mapped, sending = pairs("--map", settings.map), sender_settings(settings)  # what is wrong here need not wait
    places = places_of(settings, library)
    access = await find_access(kubeconfig=settings.kubeconfig, context=settings.context, announce=announce)
    writer = Writer(access) if writes else None
    client = writer or Reader(access)
    try:
        version = await reach(client, announce=announce)
    except BaseException:
        await client.close()
        raise
    discovery = Discovery(client)
    proxy = ServiceProxy(client, via=Via(settings.via), mapped=mapped)
    sender = RelayingSender(sending, proxy)
    resolver = Resolver(replace(places, request_token=Tokens(client, clock.now).request, read_again=read_again))
    transport = PrometheusTransport(sender, resolver)
    prober = Prober(transport, ProbeSettings(beat=settings.guard_beat))
    transports: dict[str, Transport] = {  # live.TRANSPORTS names these
        "prometheus": transport,
        "http": PlainHttpTransport(sender, resolver),
        "cron": Local(),
    }
    assert transports.keys() == TRANSPORTS, "what is read as live must have somebody to send it"
    sampler = CohortSampler(library.scalers, transports, prober)
    patience = settings.api_timeout.total_seconds()
    budget = Budget(rate=settings.writes_per_second)
    followed = Watches(client) if watches else None
    targets = ScaleReader(client, discovery, Pods(client), followed, hpas=Hpas(client), read_seconds=patience)
    return Outside(
        client=client,
        version=version,
        discovery=discovery,
        targets=targets,
        actuator=Withholding()
        if writer is None
        else ScaleActuator(writer, discovery, clock.now, budget, noticed=targets.note),
        sampler=sampler,
        sender=sender,
        server=ServerProbe(client, patience),
    )


def sender_settings(settings: Settings) -> SenderSettings:
    """Take the sender's settings out of the daemon's."""
    return SenderSettings(
        rules=rules_of(settings),
        proxies=proxies_from(os.environ),
        connections=settings.connections_per_server,
        insecure_tls=settings.insecure_tls == "allow",
    )


def places_of(settings: Settings, library: Library) -> Places:
    """Say where credentials may be looked for."""
    return Places(
        find_authentication=library.authentication,
        find_secret=library.secret,
        find_config_map=library.config_map,
        audiences=audiences_given(settings.token_audience),
        environment={name: os.environ[name] for name in settings.auth_env if name in os.environ},
        auth_root=folder_given("--auth-root", settings.auth_root) if settings.auth_root else None,
        cluster_namespace=settings.namespace,
    )


def announce(text: str) -> None:
    """Tell the person at the terminal what is about to run on their behalf."""
    print(text, file=sys.stderr)


def is_terminal(stream: TextIO) -> bool:
    """Say whether a person is looking."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"
