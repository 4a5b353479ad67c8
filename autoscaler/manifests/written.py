"""A ScaledObject's ``spec`` as people write it: the fields, types and ranges that KEDA's schema demands, no more.

Source: KEDA scaledobject_types.go, scaletriggers_types.go; autoscaling/v2 for ``behavior``.
"""

import re
from typing import Annotated, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, StrictBool, StrictInt, StrictStr
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from autoscaler.model.quantity import parse_quantity

RESOURCE_TYPES: Final = frozenset({"cpu", "memory"})
"""Triggers whose metric is no external one."""
MAX_INT32: Final = 2**31 - 1
_QUANTITY = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?")


def _whole(raw: object) -> object:
    """JSON knows one kind of number, so the schema takes 5.0 for 5."""
    return int(raw) if isinstance(raw, float) and raw.is_integer() else raw


def _quantity(raw: object) -> int | str:
    """Take what the schema takes and Kubernetes reads: a whole number of 64 bits, or text."""
    raw = _whole(raw)
    if isinstance(raw, int) and not isinstance(raw, bool) and -(2**63) <= raw < 2**63:
        return raw
    if isinstance(raw, str) and _QUANTITY.fullmatch(raw) and parse_quantity(raw) is not None:
        return raw
    raise PydanticCustomError("quantity", "a quantity")


Whole = Annotated[StrictInt, BeforeValidator(_whole)]
Count = Annotated[Whole, Field(ge=0, le=MAX_INT32)]
Positive = Annotated[Whole, Field(ge=1, le=MAX_INT32)]
Int32 = Annotated[Whole, Field(ge=-MAX_INT32 - 1, le=MAX_INT32)]
Quantity = Annotated[int | str, PlainValidator(_quantity)]
Name = Annotated[StrictStr, Field(min_length=1)]


class Written(BaseModel):
    """What every part of a spec shares: KEDA's spelling, nothing unknown, nothing coerced, no input in errors."""

    model_config = ConfigDict(
        alias_generator=to_camel, extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=True
    )


class WrittenTarget(Written):
    """``scaleTargetRef``."""

    name: Name
    api_version: StrictStr | None = None
    kind: StrictStr | None = None
    env_source_container_name: StrictStr | None = None


class WrittenPolicy(Written):
    """One scaling policy."""

    type: StrictStr
    value: Int32
    period_seconds: Int32


class WrittenRules(Written):
    """One direction of ``behavior``. Its ranges are the HPA's business, not the schema's."""

    stabilization_window_seconds: Int32 | None = None
    select_policy: StrictStr | None = None
    policies: list[WrittenPolicy] | None = None
    tolerance: Quantity | None = None


class WrittenBehavior(Written):
    """``behavior``, as autoscaling/v2 has it."""

    scale_up: WrittenRules | None = None
    scale_down: WrittenRules | None = None


class WrittenHpa(Written):
    """``horizontalPodAutoscalerConfig``."""

    name: StrictStr | None = None
    behavior: WrittenBehavior | None = None


class WrittenModifiers(Written):
    """``scalingModifiers``."""

    formula: StrictStr | None = None
    target: StrictStr | None = None
    activation_target: StrictStr | None = None
    metric_type: Literal["AverageValue", "Value"] | None = None

    @property
    def in_use(self) -> bool:
        """Say whether any of the four fields is non-empty. Source: KEDA IsUsingModifiers."""
        return any((self.formula, self.target, self.activation_target, self.metric_type))


class WrittenAdvanced(Written):
    """``advanced``."""

    restore_to_original_replica_count: StrictBool | None = None
    horizontal_pod_autoscaler_config: WrittenHpa | None = None
    scaling_modifiers: WrittenModifiers | None = None


class WrittenAuthRef(Written):
    """``authenticationRef``."""

    name: StrictStr
    kind: Literal["TriggerAuthentication", "ClusterTriggerAuthentication"] | None = None


class WrittenTrigger(Written):
    """One entry of ``triggers``."""

    type: Name
    name: StrictStr | None = None
    metadata: dict[StrictStr, StrictStr]
    metric_type: StrictStr | None = None
    use_cached_metrics: StrictBool | None = None
    authentication_ref: WrittenAuthRef | None = None


class WrittenFallback(Written):
    """``fallback``."""

    failure_threshold: Count
    replicas: Count
    behavior: Literal[
        "static", "currentReplicas", "currentReplicasIfHigher", "currentReplicasIfLower", "scalingModifiers"
    ] = "static"


class WrittenSpec(Written):
    """``spec``."""

    scale_target_ref: WrittenTarget
    polling_interval: Positive | None = None
    cooldown_period: Count | None = None
    initial_cooldown_period: Count | None = None
    idle_replica_count: Count | None = None
    min_replica_count: Annotated[StrictInt, Field(ge=0, le=MAX_INT32)] | None = None
    max_replica_count: Positive | None = None
    advanced: WrittenAdvanced | None = None
    triggers: Annotated[list[WrittenTrigger], Field(min_length=1)]
    fallback: WrittenFallback | None = None
