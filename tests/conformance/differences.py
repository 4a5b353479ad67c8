"""Every difference from KEDA and the HPA that is intended; the README's table and the runner share it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One difference: what they do, what we do, and why."""

    theirs: str
    ours: str
    why: str


DIFFERENCES: dict[str, Row] = {
    "D1": Row(
        'an answer with HTTP 200 and "status":"error", or without a result, counts as empty and so as 0',
        "Missing and a failure, whatever `ignoreNullValues` says",
        "an error says nothing about load",
    ),
    "D2": Row("a scalar result is an error", "the scalar is the sample", "KEDA's documentation allows it"),
    "D3": Row(
        "a matrix counts as 0, a string ends in a panic or an error",
        "Missing that names the result type, and a failure",
        "no silent 0",
    ),
    "D4": Row("a sample whose value is `null` counts as −1", "Missing and a failure", "−1 was never measured"),
    "D5": Row(
        'empty and NaN count as 0 unless `ignoreNullValues: "false"`',
        "the same 0, marked as substituted; while the source guard holds it is Missing and changes nothing",
        "a source that comes back empty must not empty the cluster",
    ),
    "D6": Row(
        "`lastActiveTime` stands still while one trigger is active and another fails",
        "it is refreshed",
        "a busy object with one broken trigger would go to zero",
    ),
    "D7": Row(
        "with a missing TriggerAuthentication, Secret or key the query goes out without credentials",
        "Missing that names the reference",
        "credentials are not optional",
    ),
    "D8": Row(
        "`unsafeSsl` and `ca` have no effect in some combinations, `apiKey` and `oauth` never have",
        "every option works or is refused with a message",
        "no option may do nothing in silence",
    ),
    "D9": Row(
        "unknown metadata keys pass",
        "a warning with a suggestion; `check --strict` refuses",
        "a misspelt key looks like zero for ever",
    ),
    "D10": Row(
        "the rules of the admission webhook hold only where the webhook runs",
        "rules on replicas, idle, fallback, triggers, formulas and double targets hold wherever an object comes from; "
        "an invalid edit leaves the last good version running",
        "files have no webhook; serve on, but never what is invalid",
    ),
    "D11": Row(
        "a negative total for AverageValue is taken for an overflow and asks for the maximum",
        "it proposes 0, through window and policies as ever",
        "nothing below zero asks for everything",
    ),
    "D12": Row(
        "doubles beyond an integer's range wrap around on amd64",
        "they saturate; a composite that is not finite or beyond 64 bits is Missing",
        "a huge load must not read as none",
    ),
    "D13": Row(
        "when the triggers of an object cannot be built the poll ends in silence",
        "a record, a condition and a metric say so at every tick",
        "so that it can be seen why nothing happens",
    ),
    "D14": Row(
        "a trigger that fails is rebuilt and asked again in the same check",
        "it is asked once, or again within its deadline where the error deserves it",
        "one question, one answer",
    ),
    "D15": Row(
        "fallback never acts when a trigger cannot be built",
        "that is a failure like any other, a missing target alone is not counted",
        "fallback is there for it",
    ),
    "D16": Row(
        "one error drops all connections of an object",
        "the other triggers keep theirs",
        "there is nothing to rebuild",
    ),
    "D17": Row("metrics of deleted objects stay", "they go with the object", "stale series mislead"),
    "D18": Row(
        "growth waits for the HPA's next pass",
        "it comes at poll slots and when a policy frees, too",
        "sooner; only a scaleUp window with polls under 15 s can make it up to 15 s later",
    ),
    "D19": Row(
        "below min, inactive and with a failing trigger nothing is written",
        "min is restored",
        "what is unknown may grow",
    ),
    "D20": Row(
        "with an idle count above 0 the HPA lifts to min and KEDA lowers again, at every poll",
        "the idle count holds while inactive",
        "one loop does not fight itself",
    ),
    "D21": Row(
        "time without data uses up the cooldown",
        "while activity is unknown an awake object counts as active, unless `fallback.replicas` is 0",
        "an outage is not idleness",
    ),
    "D22": Row(
        "windows and scale events are lost with the process",
        "they are kept; time that nobody saw is seeded with the running count",
        "a restart decides as if it had not been",
    ),
    "D23": Row(
        "a write that meets another writer's count overwrites it",
        "the tick is decided again from that count",
        "the old decision was made for another count",
    ),
    "D24": Row(
        "a formula that fails or gives no finite number means inactive, healthy, and zero after the cooldown",
        "Missing",
        "an error is not idleness",
    ),
    "D25": Row(
        "a cached sample of a Value trigger is applied again to the pods it brought: 4, 8, 16, 32",
        "it is applied to the ready pods that were seen with it",
        "no compounding",
    ),
    "D26": Row(
        "every query is a GET with `time=`",
        "no `time=`; long queries go as POST, or as GET where POST is refused",
        "clocks differ, and so does what fits a URL",
    ),
    "D27": Row(
        "a failing source shrinks what depends on it",
        "the source guard holds it",
        "an outage of metrics must not become one of the service",
    ),
    "D28": Row(
        "history outlives a change of `scaleTargetRef`",
        "a new target starts with new, seeded memory",
        "another workload's past says nothing",
    ),
    "D29": Row(
        "ready pods are always listed",
        "only for Value, cpu and memory triggers; where that is refused `status.readyReplicas` is read",
        "least rights",
    ),
    "D30": Row("all objects poll at once at the start", "they are spread", "no wave of queries"),
    "D31": Row(
        '±Inf counts as 0 unless `ignoreNullValues: "false"`',
        "Missing and a failure",
        "a division by zero under overload is not idleness",
    ),
    "D32": Row("any number of HPAs may target a workload", "refused, or warned of", "two writers fight"),
    "D33": Row(
        "any address, any redirect, and any shared credential to any address",
        "addresses, redirects and the homes of credentials follow rules; what they refuse is Missing",
        "a tenant may not borrow the daemon's place or another's secret",
    ),
    "D34": Row(
        "`boundServiceAccountToken` has no audience and names any account",
        "the audience comes from the daemon's settings; without one it is refused",
        "a token for everything opens everything",
    ),
    "D35": Row(
        "all Secrets are listed and watched, files are read from any path",
        "Secrets by name alone, files below given roots",
        "least rights",
    ),
    "D36": Row(
        "answers of any size and coding; a namespace goes into the URL as it is; one pool of CAs for all",
        "limits, encoding, and one TLS context per credential",
        "one bad answer must not hurt the others",
    ),
    "D37": Row(
        "no shortest poll and no highest `maxReplicaCount`",
        "floors, and `--max-replicas-limit`",
        "fair shares",
    ),
    "D38": Row(
        "an old or cached answer counts",
        "an answer whose own time stands still or is too old is Missing",
        "a cache in front of Prometheus",
    ),
    "D39": Row("a scale event is dated after its write", "by the instant of its slot", "one clock"),
    "D40": Row(
        "there is an HPA object with its names, calls and health, and with its own way to zero",
        "there is none: between 1 and max the lowest is 1, zero belongs to activation, and no zero is recorded",
        "one loop",
    ),
    "D41": Row(
        "two copies of the status, so conditions fall back and failure counts run backwards",
        "one state",
        "one loop",
    ),
    "D42": Row(
        "JSON keys in any case, repeated keys merged",
        "keys as written, the last of repeated ones",
        "no server sends it",
    ),
}
