"""Builders for tests of triggers: everything that a test does not say is ordinary."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from autoscaler.model.auth import Authentication, AuthRef, Reference, ReferenceKind
from autoscaler.model.faults import Faults
from autoscaler.model.objects import (
    Ask,
    Author,
    ObjectKey,
    Question,
    ScaledObject,
    ScaleTarget,
    Source,
    Trigger,
)
from autoscaler.model.observation import Measurement, Slot
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.model.turn import Cohort, Turn
from autoscaler.scalers.contract import Answer
from autoscaler.scalers.credentials import Places, Resolver
from autoscaler.scalers.http import Sender
from autoscaler.scalers.prometheus.scaler import PrometheusScaler
from autoscaler.scalers.prometheus.transport import PrometheusTransport

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REF = AuthRef(kind="TriggerAuthentication", namespace="shop", name="login")
SHARED = AuthRef(kind="ClusterTriggerAuthentication", namespace="", name="login")


def a_spec(*, author: Author = Author.OPERATOR, auth: AuthRef | None = None, **changes: Any) -> TriggerSpec:
    """Describe a prometheus trigger; ``changes`` are metadata, None takes a key away."""
    metadata = {"serverAddress": "http://prom:9090", "query": "sum(x)", "threshold": "10", **changes}
    return TriggerSpec(
        index=0,
        type="prometheus",
        metadata={key: text for key, text in metadata.items() if text is not None},
        auth=auth,
        namespace="shop",
        object_name="web",
        author=author,
        env={},
        path="spec.triggers[0]",
    )


def an_ask(parameters: Mapping[str, str] | None = None, **changes: Any) -> Ask:
    """Parse a trigger that must be right."""
    parsed = parse(parameters, **changes)
    assert isinstance(parsed, Parsed), parsed
    return parsed.ask


def parse(parameters: Mapping[str, str] | None = None, **changes: Any) -> Parsed | Faults:
    """Parse a trigger with resolved parameters."""
    given = {key: Secret(text) for key, text in (parameters or {}).items()}
    auth = changes.pop("auth", REF if given else None)
    return PrometheusScaler().parse(a_spec(auth=auth, **changes), given)


def a_source(url: str, **changes: Any) -> Source:
    """Give a prometheus source."""
    return Source(**{"transport": "prometheus", "addresses": (url,), **changes})


def places(**changes: Any) -> Places:
    """Give places in which nothing can be found."""
    nothing: dict[str, Any] = {
        "find_authentication": lambda ref: None,
        "find_secret": lambda namespace, name: None,
        "find_config_map": lambda namespace, name: None,
        "audiences": {},
        "environment": {},
    }
    return Places(**{**nothing, **changes})


def a_resolver(parameters: Mapping[str, str], ref: AuthRef = REF, **changes: Any) -> Resolver:
    """Resolve one authentication, whose parameters are kept in one Secret."""
    references = tuple(
        Reference(parameter=name, kind=ReferenceKind.SECRET, name="kept", key=name) for name in parameters
    )
    authentication = Authentication(ref=ref, references=references, **changes)
    kept = {name: Secret(text) for name, text in parameters.items()}
    return Resolver(
        places(
            find_authentication=lambda wanted: authentication if wanted == ref else None,
            find_secret=lambda namespace, name: kept if name == "kept" else None,
        )
    )


async def answer(sender: Sender, question: Question, resolver: Resolver | None = None) -> Answer:
    """Ask one question through the transport."""
    transport = PrometheusTransport(sender, resolver or Resolver(places()))
    return (await transport.fetch((question,)))[question]


async def measure(ask: Ask, sender: Sender, resolver: Resolver | None = None) -> Measurement:
    """Ask one trigger's question and read the answer."""
    return PrometheusScaler().read(ask, await answer(sender, ask.question, resolver), NOW)


def a_cohort(asks: Mapping[str, Ask], *, at: datetime = NOW, slot: Slot = Slot.SYNC) -> Cohort:
    """Give one object per ask, each named by its key, all due at one instant."""
    turns = []
    for name, ask in asks.items():
        obj = ScaledObject(
            key=ObjectKey(namespace="shop", name=name),
            target=ScaleTarget(namespace="shop", name=name),
            triggers=(Trigger(type="prometheus", ask=ask),),
        )
        turns.append(Turn(obj=obj, at=at, slots=frozenset({slot}), asks=(0,)))
    return Cohort(at=at, wall=at, turns=tuple(turns))


def soon(seconds: float = 3.0) -> float:
    """Give a deadline in the event loop's time."""
    return asyncio.get_running_loop().time() + seconds


MILLISECONDS = timedelta(milliseconds=1)
