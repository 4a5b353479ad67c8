"""Every reason of a step, in words: what ``autoscaler explain REASON`` prints."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from autoscaler.model.decision import Reason

MEANINGS: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.PAUSED: "An annotation pauses the object: nothing is measured. A count in paused-replicas is written "
        "when it appears or changes, and not enforced after that.",
        Reason.SEEDED: "The daemon has not seen this object without a gap: at first sight, after lost memory, a long "
        "silence, a pause or another target. The running count then counts as recommended now, so that no shrink "
        "comes sooner than a full window later.",
        Reason.FALLBACK_EXISTS: "A metric failed more often in a row than fallback.failureThreshold allows, so the "
        "fallback's count stands in for it.",
        Reason.COMPOSED: "The formula of scalingModifiers made one metric of all external ones.",
        Reason.SCALER_ACTIVE: "At least one trigger is above its activation threshold.",
        Reason.SCALER_NOT_ACTIVE: "No trigger is above its activation threshold.",
        Reason.SCALER_COOLDOWN: "No trigger is active, but cooldownPeriod has not passed since the last activity.",
        Reason.UNKNOWN_STATE: "No trigger is active as far as is known, and at least one is missing. Unknown is not "
        "idle: nothing goes to zero.",
        Reason.ACTIVATED: "A trigger became active while the target was at zero or idle: it is lifted to "
        "minReplicaCount (1 at least) and scaled on from there in the same tick.",
        Reason.DEACTIVATED: "Nothing was active for longer than cooldownPeriod: the target goes to zero, or to "
        "idleReplicaCount.",
        Reason.PAUSED_SCALE_IN: "The annotation paused-scale-in: no count falls, neither by the metrics (a step says "
        "ScaleDownLimit then) nor to zero or idle.",
        Reason.PAUSED_SCALE_OUT: "The annotation paused-scale-out: no count grows, neither by the metrics (a step says "
        "ScaleUpLimit then) nor from zero or idle; only minReplicaCount is still kept.",
        Reason.REPAIRED: "The count was below minReplicaCount and is lifted to it.",
        Reason.VALID_METRIC: "Every metric proposed a count; the highest is the recommendation.",
        Reason.FAILED_METRIC: "A metric gave nothing to go on and the others do not ask for more: the count stays.",
        Reason.PARTIAL_FAILURE: "A metric gave nothing to go on, but another asks for more: growth goes on, shrinking "
        "does not.",
        Reason.READY_FOR_NEW_SCALE: "The stabilization window holds nothing back.",
        Reason.SCALE_UP_STABILIZED: "A lower recommendation within the scaleUp window holds the growth back.",
        Reason.SCALE_DOWN_STABILIZED: "A higher recommendation within the scaleDown window holds the count up. Without "
        "behavior the window is 300 s (--downscale-stabilization).",
        Reason.DESIRED_WITHIN_RANGE: "Neither a policy nor a bound changed the number.",
        Reason.TOO_FEW: "The number was below minReplicaCount (1 while awake) and is lifted to it.",
        Reason.TOO_MANY: "The number was above maxReplicaCount and is cut to it: the workload may be short.",
        Reason.SCALE_UP_LIMIT: "A scale-up policy allows no more within its period; without behavior one tick at most "
        "doubles the count, or goes to 4.",
        Reason.SCALE_DOWN_LIMIT: "A scale-down policy allows no more within its period.",
        Reason.ABOVE_MAX: "The running count was above maxReplicaCount: it is set to it at once.",
        Reason.BELOW_MIN: "The running count was below minReplicaCount: it is set to it at once.",
        Reason.NOT_A_SYNC: "This tick served a poll or an extra slot, which may grow but not shrink. Shrinking comes "
        "at syncs, every 15 s (--sync-period), as in the HPA.",
        Reason.NOT_A_POLL: "The target rests, and this tick served no poll. Waking up comes at polls, every "
        "pollingInterval, as in KEDA.",
        Reason.FOREIGN_WRITER: "Somebody else undid three writes within ten minutes: until that stops, counts are "
        "written at syncs only. The log names the writer (event foreign write).",
        Reason.RESTORED: "The object was deleted and asked for the count its target had at first sight "
        "(restoreToOriginalReplicaCount).",
        Reason.SOURCE_BLIND: "The source fails, its probe is empty or low, or many of its triggers turned empty at "
        "once. Until it recovers, nothing that depends on it shrinks or goes to zero.",
        Reason.SOURCE_RECOVERING: "The source answers again, but queries still look back into the outage. Growth goes "
        "on, shrinking waits.",
        Reason.SOURCE_PARTIAL: "The source says that its answer may lack something: it may grow, not shrink.",
        Reason.FLEET: "Not built yet, so no decision gives it: a breaker that holds every shrink while more than half "
        "of the fleet wants to shrink at once.",
        Reason.SCALE_OUT_ONLY: "The object's mode lets it grow and never shrink.",
    }
)
"""One meaning per reason; a test holds it complete."""
