"""What a trigger type is: two pure methods. Protocols and their values, no code."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, TypeAlias

from autoscaler.model.faults import Faults
from autoscaler.model.objects import Ask, Question
from autoscaler.model.observation import Measurement, Missing
from autoscaler.model.spec import Parsed, TriggerSpec
from autoscaler.model.text import Secret
from autoscaler.model.value import value


@value
class Response:
    """A complete answer over HTTP: status, the content type, and the inflated body."""

    status: int
    content_type: str
    body: bytes


Answer: TypeAlias = Response | Missing


class Scaler(Protocol):
    """A trigger type. It holds no client, no logger, no clock and no ScaledObject."""

    @property
    def type(self) -> str:
        """The word in ``spec.triggers[].type``."""

    @property
    def keys(self) -> frozenset[str]:
        """Every metadata key it knows, so that others can be pointed out (D9)."""

    @property
    def may_cache(self) -> bool:
        """Whether ``useCachedMetrics`` is allowed."""

    def parse(self, spec: TriggerSpec, auth: Mapping[str, Secret] | None) -> Parsed | Faults:
        """Turn metadata into a question, its target and its activation threshold; every fault at once.

        ``auth`` holds the resolved parameters, empty without an authenticationRef, None where they cannot be
        resolved now (D7: asking then gives Missing, parsing goes on).
        """

    def read(self, ask: Ask, answer: Answer, at: datetime) -> Measurement:
        """Turn an answer into a sample, or say why there is none. ``at`` is when it was asked."""


class Transport(Protocol):
    """Sends questions of one kind of source."""

    async def fetch(self, questions: tuple[Question, ...]) -> Mapping[Question, Answer]:
        """Answer every question within its source's deadline; a failure is a Missing. Never raises."""
