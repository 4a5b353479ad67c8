"""Rules across the fields of one ScaledObject, as a table; all of them are asked, wherever the object comes from (D10).

Source: KEDA scaledobject_webhook.go.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from autoscaler.manifests.faults import error, guess, note, warning
from autoscaler.manifests.modifiers import lets_fallback_act
from autoscaler.manifests.written import RESOURCE_TYPES, WrittenModifiers, WrittenSpec
from autoscaler.model.faults import Fault
from autoscaler.model.text import plain
from autoscaler.model.value import value

DEFAULT_MAX: Final = 100
_LONGEST_NAME: Final = 63
_HPA_PREFIX: Final = "keda-hpa-"


@value
class Case:
    """What a rule looks at. ``path`` is where ``spec`` stands, ``limit`` the daemon's highest maxReplicaCount or None.

    ``may_cache`` holds the trigger types that allow ``useCachedMetrics``, ``types`` all that are known.
    """

    name: str
    spec: WrittenSpec
    path: str
    types: frozenset[str]
    may_cache: frozenset[str]
    limit: int | None = None

    @property
    def low(self) -> int:
        """Give the minimum that the rules compare with: 0 where none is given, else at least 1."""
        given = self.spec.min_replica_count
        return 0 if given is None else max(given, 1)

    @property
    def high(self) -> int:
        """Give the maximum, defaults filled in."""
        given = self.spec.max_replica_count
        return DEFAULT_MAX if given is None else given

    @property
    def modifiers(self) -> WrittenModifiers | None:
        """Give the modifiers where they are in use."""
        found = None if self.spec.advanced is None else self.spec.advanced.scaling_modifiers
        return found if found is not None and found.in_use else None

    @property
    def only_resources(self) -> bool:
        """Say whether every trigger is cpu or memory."""
        return all(trigger.type in RESOURCE_TYPES for trigger in self.spec.triggers)


Rule: TypeAlias = Callable[[Case], Iterator[Fault]]


def judge(case: Case) -> tuple[Fault, ...]:
    """Ask every rule."""
    return tuple(fault for rule in RULES for fault in rule(case))


def _min_above_max(case: Case) -> Iterator[Fault]:
    if case.low > case.high:
        default = "" if case.spec.max_replica_count is not None else ", its default"
        yield error(
            "E105",
            f"{case.path}.minReplicaCount",
            f"minReplicaCount {case.low} is above maxReplicaCount {case.high}{default}; lower one or raise the other",
        )


def _idle_not_below_min(case: Case) -> Iterator[Fault]:
    idle = case.spec.idle_replica_count
    if idle is not None and idle >= case.low:
        given = (
            "minReplicaCount is not given" if case.spec.min_replica_count is None else f"minReplicaCount is {case.low}"
        )
        yield error(
            "E105",
            f"{case.path}.idleReplicaCount",
            f"idleReplicaCount {idle} must be below minReplicaCount, and {given}; set that to {idle + 1} or more",
        )


def _above_limit(case: Case) -> Iterator[Fault]:
    if case.limit is not None and case.high > case.limit:
        yield error(
            "E105",
            f"{case.path}.maxReplicaCount",
            f"maxReplicaCount {case.high} is above --max-replicas-limit {case.limit}; lower it, or raise the daemon's",
        )


def _zero_on_resources_alone(case: Case) -> Iterator[Fault]:
    target = case.spec.scale_target_ref
    plain_workload = (target.api_version or "apps/v1") == "apps/v1" and (target.kind or "Deployment") in (
        "Deployment",
        "StatefulSet",
    )
    if case.only_resources and plain_workload and not case.spec.min_replica_count:
        yield error(
            "E105",
            f"{case.path}.minReplicaCount",
            "cpu and memory alone cannot wake a target from zero; set minReplicaCount to 1 or more, or add a trigger",
        )


def _unknown_types(case: Case) -> Iterator[Fault]:
    for index, trigger in enumerate(case.spec.triggers):
        if trigger.type not in case.types:
            hint = guess(trigger.type, case.types)
            known = ", ".join(sorted(case.types))
            yield error(
                "E106",
                f"{case.path}.triggers[{index}].type",
                f'unknown trigger type "{plain(trigger.type, 60)}" (known: {known}){hint}',
            )


def _duplicate_names(case: Case) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for index, trigger in enumerate(case.spec.triggers):
        if not trigger.name:
            continue
        if trigger.name in first:
            yield error(
                "E106",
                f"{case.path}.triggers[{index}].name",
                f'triggers[{first[trigger.name]}] has the name "{plain(trigger.name, 60)}" already; give another',
            )
        first.setdefault(trigger.name, index)


def _cached(case: Case) -> Iterator[Fault]:
    for index, trigger in enumerate(case.spec.triggers):
        if trigger.use_cached_metrics and trigger.type in case.types - case.may_cache:
            yield error(
                "E106",
                f"{case.path}.triggers[{index}].useCachedMetrics",
                f"a {trigger.type} trigger cannot be cached; remove useCachedMetrics",
            )


def _fallback_without_external(case: Case) -> Iterator[Fault]:
    if case.spec.fallback is not None and case.modifiers is None and case.only_resources:
        yield error(
            "E107",
            f"{case.path}.fallback",
            "fallback stands in for external metrics, and every trigger is cpu or memory; remove it or add a trigger",
        )


def _fallback_without_formula(case: Case) -> Iterator[Fault]:
    fallback = case.spec.fallback
    if fallback is None or fallback.behavior != "scalingModifiers":
        return
    if case.modifiers is None or not case.modifiers.formula:
        yield error(
            "E107",
            f"{case.path}.fallback.behavior",
            "behavior scalingModifiers needs advanced.scalingModifiers.formula; add one or choose another behavior",
        )


def _fallback_beside_a_fraction(case: Case) -> Iterator[Fault]:
    modifiers = case.modifiers
    if case.spec.fallback is None or modifiers is None or not modifiers.target or lets_fallback_act(modifiers):
        return
    message = "fallback never acts beside a formula whose target is no whole number, in KEDA as here; round it"
    yield note("I121", f"{case.path}.fallback", message)


def _cooldown_without_zero(case: Case) -> Iterator[Fault]:
    spec = case.spec
    if spec.cooldown_period is not None and (spec.min_replica_count or 0) > 0 and spec.idle_replica_count != 0:
        yield note(
            "I121",
            f"{case.path}.cooldownPeriod",
            "cooldownPeriod has no effect while minReplicaCount is above 0 and idleReplicaCount is not 0",
        )


def _names_too_long_for_keda(case: Case) -> Iterator[Fault]:
    hpa = None if case.spec.advanced is None else case.spec.advanced.horizontal_pod_autoscaler_config
    custom = None if hpa is None else hpa.name
    if len(case.name.encode()) > _LONGEST_NAME:
        yield warning("W120", "metadata.name", f"KEDA refuses names of more than {_LONGEST_NAME} bytes; shorten it")
    elif len((custom or _HPA_PREFIX + case.name).encode()) > _LONGEST_NAME:
        where = f"{case.path}.advanced.horizontalPodAutoscalerConfig.name" if custom else "metadata.name"
        yield warning(
            "W120", where, f"KEDA refuses HPA names of more than {_LONGEST_NAME} bytes ({_HPA_PREFIX}NAME); shorten it"
        )


RULES: Final[tuple[Rule, ...]] = (
    _min_above_max,
    _idle_not_below_min,
    _above_limit,
    _zero_on_resources_alone,
    _unknown_types,
    _duplicate_names,
    _cached,
    _fallback_without_external,
    _fallback_without_formula,
    _fallback_beside_a_fraction,
    _cooldown_without_zero,
    _names_too_long_for_keda,
)
