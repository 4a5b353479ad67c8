"""What people declare: a ScaledObject with its triggers, rules and our own words, as one frozen value.

Loading fills every default, so nothing later asks whether a field was given.
"""

from datetime import datetime, timedelta
from enum import Enum

from autoscaler.model.auth import AuthRef
from autoscaler.model.formula import Formula
from autoscaler.model.value import value


class Author(Enum):
    """Who wrote an object: whoever runs the daemon, or a tenant of the cluster (the stricter rules)."""

    OPERATOR = "operator"
    TENANT = "tenant"


class Mode(Enum):
    """What the daemon may do to the target of one object."""

    ACTIVE = "active"
    DRY_RUN = "dry-run"
    SCALE_OUT_ONLY = "scale-out-only"


class Cadence(Enum):
    """Where sync slots fall: every sync period as the HPA's passes do, or only on poll slots."""

    HPA = "hpa"
    POLL = "poll"


class OnMissing(Enum):
    """What an answer without data means for one trigger (decisions, our own words)."""

    KEDA = "keda"
    HOLD = "hold"
    ZERO = "zero"
    ERROR = "error"


class MetricKind(Enum):
    """How the HPA would classify the metric of a trigger."""

    EXTERNAL = "External"
    RESOURCE = "Resource"
    CONTAINER_RESOURCE = "ContainerResource"


class TargetType(Enum):
    """How a sample becomes replicas."""

    AVERAGE_VALUE = "AverageValue"
    VALUE = "Value"
    UTILIZATION = "Utilization"


class PolicyType(Enum):
    """The unit of a scaling policy."""

    PODS = "Pods"
    PERCENT = "Percent"


class SelectPolicy(Enum):
    """Which of several policies decides."""

    MAX = "Max"
    MIN = "Min"
    DISABLED = "Disabled"


class FallbackBehavior(Enum):
    """Which replica count a failing metric stands for (KEDA fallback.go)."""

    STATIC = "static"
    CURRENT = "currentReplicas"
    CURRENT_IF_HIGHER = "currentReplicasIfHigher"
    CURRENT_IF_LOWER = "currentReplicasIfLower"
    SCALING_MODIFIERS = "scalingModifiers"


@value
class ObjectKey:
    """The identity of a ScaledObject."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@value
class ScaleTarget:
    """The workload whose scale subresource is read and written."""

    namespace: str
    api_version: str = "apps/v1"
    kind: str = "Deployment"
    name: str

    def __str__(self) -> str:
        return f"{self.kind.lower()}/{self.name}"


@value
class MetricTarget:
    """What a metric is compared with.

    ``amount`` is in thousandths of the metric's unit, in whole percent for Utilization.
    """

    type: TargetType
    amount: int


@value
class Source:
    """Where a question goes; questions to equal sources share connections and fate.

    ``transport`` names the room that sends it (``prometheus``, ``http``, ``cron``, ``pods``, ``usage``).
    ``credential`` is the reference to an authentication, never a secret; None: no credentials.
    ``options`` are transport settings such as TLS switches, as sorted pairs.
    """

    transport: str
    addresses: tuple[str, ...] = ()
    credential: AuthRef | None = None
    headers: tuple[tuple[str, str], ...] = ()
    parameters: tuple[tuple[str, str], ...] = ()
    options: tuple[tuple[str, str], ...] = ()
    deadline: timedelta = timedelta(seconds=3)

    def __str__(self) -> str:
        return self.addresses[0] if self.addresses else self.transport


@value
class Question:
    """What is sent: equal questions are sent once."""

    source: Source
    text: str


@value
class Ask:
    """A trigger's question, the target its answer is compared with, and how the answer is read.

    ``metric`` is the external metric's name as KEDA names it (``s0-prometheus``).
    ``activation`` is compared strictly: active is above it.
    ``null_as_zero``: an answer without data reads as 0, marked as substituted (D5).
    ``looks_back``: longest range, offset and subquery of the query; None where it has none.
    ``settings`` are what the scaler's ``read`` needs beyond this, as sorted pairs.
    """

    question: Question
    metric: str
    kind: MetricKind = MetricKind.EXTERNAL
    target: MetricTarget
    activation: float = 0.0
    null_as_zero: bool = True
    looks_back: timedelta | None = None
    settings: tuple[tuple[str, str], ...] = ()


@value
class Trigger:
    """One entry of ``spec.triggers``. ``name`` is None when the author gave none."""

    type: str
    name: str | None = None
    ask: Ask
    use_cached: bool = False
    on_missing: OnMissing = OnMissing.KEDA


@value
class ScalingPolicy:
    """At most ``amount`` pods, or percent, within ``period``."""

    type: PolicyType
    amount: int
    period: timedelta


@value
class ScalingRules:
    """One direction of ``behavior``, defaults filled in. ``tolerance`` is a fraction (0.1 is 10 %)."""

    window: timedelta
    select: SelectPolicy
    policies: tuple[ScalingPolicy, ...]
    tolerance: float


@value
class Behavior:
    """The HPA's ``behavior`` with every default filled in."""

    scale_up: ScalingRules
    scale_down: ScalingRules


@value
class Fallback:
    """What stands in for a metric that failed more than ``threshold`` times in a row.

    ``usable`` False: a formula's target is written as anything but a whole number above zero, so that it never acts.
    Source: KEDA fallback.go, validateFallback.
    """

    threshold: int
    replicas: int
    behavior: FallbackBehavior = FallbackBehavior.STATIC
    usable: bool = True


@value
class Modifiers:
    """``scalingModifiers``: one composite sample replaces all external ones."""

    formula: Formula
    target: MetricTarget
    activation: float = 0.0


@value
class Pause:
    """The pause annotations. ``replicas`` is None without a count in ``paused-replicas``.

    ``uncounted``: it is there and holds no count, which pauses where the target stands.
    """

    paused: bool = False
    replicas: int | None = None
    scale_in: bool = False
    scale_out: bool = False
    uncounted: bool = False

    @property
    def full(self) -> bool:
        """Say whether nothing is measured and nothing decided."""
        return self.paused or self.uncounted or self.replicas is not None


@value
class ScaledObject:
    """One ScaledObject, complete: what ``decide`` reads and nothing else.

    ``behavior`` None means the HPA's legacy rules, which use ``tolerance`` and ``downscale_window``.
    ``min_replicas`` is 0 where the author gave none. ``created_at`` None: a file, first sight counts.
    ``uid`` is empty for files; ``origin`` names the document for people (``config/web.yaml``).
    """

    key: ObjectKey
    target: ScaleTarget
    triggers: tuple[Trigger, ...]
    polling_interval: timedelta = timedelta(seconds=30)
    sync_interval: timedelta = timedelta(seconds=15)
    cooldown: timedelta = timedelta(seconds=300)
    initial_cooldown: timedelta = timedelta(0)
    min_replicas: int = 0
    max_replicas: int = 100
    idle_replicas: int | None = None
    behavior: Behavior | None = None
    tolerance: float = 0.1
    downscale_window: timedelta = timedelta(seconds=300)
    modifiers: Modifiers | None = None
    fallback: Fallback | None = None
    pause: Pause = Pause()
    force_activation: bool = False
    restore_original: bool = False
    mode: Mode = Mode.ACTIVE
    cadence: Cadence = Cadence.HPA
    guard_source: bool = True
    guard_fleet: bool = True
    author: Author = Author.OPERATOR
    created_at: datetime | None = None
    uid: str = ""
    origin: str = ""

    @property
    def awake_floor(self) -> int:
        """Give the lowest count while awake: the HPA's minReplicas."""
        return max(self.min_replicas, 1)
