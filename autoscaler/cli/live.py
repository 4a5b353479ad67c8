"""Which triggers can be asked live: a type whose questions nobody sends is refused when it is read."""

from collections.abc import Mapping
from datetime import datetime

from autoscaler.model.faults import Fault, Faults, Severity
from autoscaler.model.objects import Ask
from autoscaler.model.observation import Measurement
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.scalers.contract import Answer, Scaler

TRANSPORTS = frozenset({"prometheus", "http", "cron"})
"""The rooms that send questions, by ``Source.transport``; the sampler is made with these."""


class Live:
    """A scaler whose questions must have somebody to send them."""

    def __init__(self, scaler: Scaler) -> None:
        self._scaler = scaler
        self.type = scaler.type
        self.keys = scaler.keys
        self.may_cache = scaler.may_cache

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        """Turn metadata into a question, and refuse one that could never be asked."""
        parsed = self._scaler.parse(spec, auth)
        if isinstance(parsed, Faults) or parsed.ask.question.source.transport in TRANSPORTS:
            return parsed
        message = f"a {self.type} trigger cannot be asked by this version; use a prometheus trigger for the same number"
        return Faults(faults=(Fault(code="E106", severity=Severity.ERROR, path=f"{spec.path}.type", message=message),))

    def read(self, ask: Ask, answer: Answer, at: datetime) -> Measurement:
        """Turn an answer into a sample, or say why there is none."""
        return self._scaler.read(ask, answer, at)


def live(scalers: Mapping[str, Scaler]) -> Mapping[str, Scaler]:
    """Give the same scalers, each refusing what nobody would send."""
    return {type: Live(scaler) for type, scaler in scalers.items()}
