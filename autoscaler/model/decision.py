"""What one tick decides, and the steps that led there."""

from enum import Enum

from autoscaler.model.observation import Missing, Sample
from autoscaler.model.value import value


class Stage(Enum):
    """The station of a tick that a step belongs to."""

    PAUSE = "pause"
    SEED = "seed"
    FALLBACK = "fallback"
    COMPOSE = "formula"
    ACTIVATE = "activation"
    RECOMMEND = "recommendation"
    STABILIZE = "stabilization"
    LIMIT = "policies"
    BOUND = "bounds"
    SLOT = "slot"
    HOLD = "hold"
    RESTORE = "restore"


class Reason(Enum):
    """Why a step ended where it did: the HPA's words and KEDA's, where they have one."""

    PAUSED = "ScaledObjectPaused"
    SEEDED = "Seeded"
    FALLBACK_EXISTS = "FallbackExists"
    COMPOSED = "Composed"
    SCALER_ACTIVE = "ScalerActive"
    SCALER_NOT_ACTIVE = "ScalerNotActive"
    SCALER_COOLDOWN = "ScalerCooldown"
    UNKNOWN_STATE = "UnknownState"
    ACTIVATED = "KEDAScaleTargetActivated"
    DEACTIVATED = "KEDAScaleTargetDeactivated"
    PAUSED_SCALE_IN = "PausedScaleIn"
    PAUSED_SCALE_OUT = "PausedScaleOut"
    REPAIRED = "BelowMinReplicaCount"
    VALID_METRIC = "ValidMetricFound"
    FAILED_METRIC = "FailedGetMetric"
    PARTIAL_FAILURE = "PartialTriggerError"
    READY_FOR_NEW_SCALE = "ReadyForNewScale"
    SCALE_UP_STABILIZED = "ScaleUpStabilized"
    SCALE_DOWN_STABILIZED = "ScaleDownStabilized"
    DESIRED_WITHIN_RANGE = "DesiredWithinRange"
    TOO_FEW = "TooFewReplicas"
    TOO_MANY = "TooManyReplicas"
    SCALE_UP_LIMIT = "ScaleUpLimit"
    SCALE_DOWN_LIMIT = "ScaleDownLimit"
    ABOVE_MAX = "AboveMaxReplicas"
    BELOW_MIN = "BelowMinReplicas"
    NOT_A_SYNC = "NotASync"
    NOT_A_POLL = "NotAPoll"
    FOREIGN_WRITER = "ForeignWriter"
    RESTORED = "Restored"
    SOURCE_BLIND = "SourceBlind"
    SOURCE_RECOVERING = "SourceRecovering"
    SOURCE_PARTIAL = "SourcePartial"
    FLEET = "FleetBreaker"
    SCALE_OUT_ONLY = "ScaleOutOnly"


class Activity(Enum):
    """What step 5 and 6 made of the triggers."""

    ACTIVE = "active"
    FORCED = "forced"
    COOLING = "cooling"
    IDLE = "idle"
    UNKNOWN = "unknown"
    PAUSED = "paused"


@value
class Proposal:
    """What one metric asks for.

    ``trigger`` is an index, None for the composite. ``replicas`` None: nothing to go on, and ``fault`` says why.
    ``held``: inside the tolerance. ``ratio`` is usage over target, None where none was computed.
    """

    trigger: int | None
    replicas: int | None
    held: bool = False
    ratio: float | None = None
    fault: str | None = None


@value
class Step:
    """One station: the number before, the number after, and why."""

    stage: Stage
    before: int
    after: int
    reason: Reason
    detail: str = ""


@value
class Decision:
    """The number of one tick and how it came about.

    ``base`` is what limits and the scale event start from: ``current``, or what activation raised it to.
    ``recommendation`` is what the window records; None when nothing is recorded.
    ``forced`` marks a jump to min or max that bypasses every rule. ``steps`` is never empty and its last
    ``after`` is ``desired``. ``fallbacks`` are the triggers that fallback stood in for. ``composite`` is what the
    formula made of the external metrics; None without scalingModifiers, and where nothing was measured.
    """

    current: int
    base: int
    desired: int
    activity: Activity
    proposals: tuple[Proposal, ...] = ()
    recommendation: int | None = None
    forced: bool = False
    fallbacks: tuple[int, ...] = ()
    composite: Sample | Missing | None = None
    steps: tuple[Step, ...]
