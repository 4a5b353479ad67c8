"""Which triggers can be asked live: one whose questions nobody sends is refused when it is read."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from autoscaler.model.auth import Authentication
from autoscaler.model.faults import Fault, Faults, Severity
from autoscaler.model.objects import Ask
from autoscaler.model.observation import Measurement
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.scalers.addresses import AddressRules, parse_origin
from autoscaler.scalers.contract import Answer, Scaler
from autoscaler.scalers.credentials import away_from_home
from autoscaler.views.triggers import NOT_ASKED

TRANSPORTS = frozenset({"prometheus", "http", "cron"})
"""The rooms that send questions, by ``Source.transport``; the sampler is made with these."""


_ADDRESSES = frozenset({"serverAddress", "url"})
_ENDPOINTS = "aggregateFromKubeServiceEndpoints"


class Live:
    """A scaler whose questions must have somebody to send them. ``rules`` say which addresses the sender refuses."""

    def __init__(self, scaler: Scaler, rules: AddressRules) -> None:
        self._scaler = scaler
        self._rules = rules
        self.type = scaler.type
        self.keys = scaler.keys
        self.may_cache = scaler.may_cache

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        """Turn metadata into a question, and refuse one that could never be asked."""
        parsed = self._scaler.parse(spec, auth)
        known, ask = (parsed.faults, None) if isinstance(parsed, Faults) else (parsed.warnings, parsed.ask)
        found = (*known, *self._forbidden(spec), *_away(ask, spec))
        unasked = _unasked(ask, spec)
        if unasked is not None:
            return Faults(faults=(unasked, *found))
        return Faults(faults=found) if isinstance(parsed, Faults) else replace(parsed, warnings=found)

    def read(self, ask: Ask, answer: Answer, at: datetime) -> Measurement:
        """Turn an answer into a sample, or say why there is none."""
        return self._scaler.read(ask, answer, at)

    def _forbidden(self, spec: TriggerSpec) -> Iterator[Fault]:
        """Name an address that the sender will refuse, where it can be told without a look-up."""
        for key in _ADDRESSES & self.keys:
            origin = parse_origin(spec.metadata.get(key, "").partition("#")[0].partition("?")[0].strip())
            refusal = None if origin is None else self._rules.judge_literal(origin, spec.author)
            if refusal is not None:
                message = f"{refusal.detail}; until then the trigger gives no sample"
                path = f"{spec.path}.metadata.{key}"
                yield Fault(code="W124", severity=Severity.WARNING, path=path, message=message)


def _away(ask: Ask | None, spec: TriggerSpec) -> Iterator[Fault]:
    """Warn of a credential that an operator's trigger takes away from its home; a tenant's sends nothing then (S3)."""
    if ask is None or spec.auth is None or not (spec.servers or spec.namespaces):
        return
    anywhere = ("*",)  # what an annotation does not limit is no matter of an operator's own file
    at_home = Authentication(ref=spec.auth, references=(), servers=spec.servers, namespaces=spec.namespaces or anywhere)
    addresses = ask.question.source.addresses if spec.servers else ()
    away = away_from_home(at_home, spec.namespace, addresses)
    if away is not None:
        path = f"{spec.path}.authenticationRef"
        yield Fault(code="W125", severity=Severity.WARNING, path=path, message=f"{away}, or ask elsewhere")


def _unasked(ask: Ask | None, spec: TriggerSpec) -> Fault | None:
    """Say why nobody would send a question; None where somebody does. Without one, its type may tell."""
    source = None if ask is None else ask.question.source
    if spec.type in NOT_ASKED if source is None else source.transport not in TRANSPORTS:
        message = f"a {spec.type} trigger cannot be asked by this version; use a prometheus trigger for the same number"
        return Fault(code="E106", severity=Severity.ERROR, path=f"{spec.path}.type", message=message)
    if source is not None and ("aggregate", "true") in source.options:
        message = f"the endpoints of a service cannot be asked by this version; leave {_ENDPOINTS} out"
        path = f"{spec.path}.metadata.{_ENDPOINTS}"
        return Fault(code="E106", severity=Severity.ERROR, path=path, message=message)
    return None


def live(scalers: Mapping[str, Scaler], rules: AddressRules = AddressRules()) -> Mapping[str, Scaler]:  # noqa: B008
    """Give the same scalers, each refusing what nobody would send."""
    return {type: Live(scaler, rules) for type, scaler in scalers.items()}
