"""Every finding's page: what it is, why it matters, how to fix it and what it looks like.

A code is never reused. E stops the object, W warns, I informs.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from autoscaler.model.value import value


@value
class Page:
    """What ``explain CODE`` prints. ``example`` is a piece of manifest, wrong line and right line."""

    code: str
    title: str
    why: str
    fix: str
    example: str


_MANIFEST: Final = (
    Page(
        code="E100",
        title="A file or folder that cannot be read",
        why="It is not there, may not be read, is no regular file, is not UTF-8 or is larger than 1 MiB: nothing is "
        "known of what it holds. What ran from it runs on, until it is read or a restart.",
        fix="Correct the path or the rights, bring the file or folder back, save it as UTF-8, or split it.",
        example="autoscaler check conf/     # no such folder\nautoscaler check config/   # meant",
    ),
    Page(
        code="E101",
        title="The manifest does not fit the schema",
        why="It is not YAML, a field has the wrong type or range, or a required field is missing. KEDA's API server "
        "refuses it too. The last good version of the object runs on.",
        fix="Correct the place named. Numbers stand without quotes in spec and with quotes in trigger metadata. Files "
        "have limits: 1 MiB, 64 levels, 20,000 values, 100 aliases, no tags, no key twice.",
        example='threshold: 10        # wrong: metadata holds text\nthreshold: "10"      # right',
    ),
    Page(
        code="E102",
        title="A trigger lacks a key that it needs",
        why="Without it there is no question to ask, or nothing to compare the answer with. KEDA accepts the object "
        "and then fails at every poll.",
        fix="Add the key named to the trigger's metadata. A key with empty text counts as missing.",
        example="type: prometheus\nmetadata:\n  query: sum(rate(http_requests_total[2m]))\n"
        '  threshold: "10"      # was missing',
    ),
    Page(
        code="W101",
        title="No object to check",
        why="The files are manifests, but none of them is a ScaledObject or a SeldonDeployment with kedaSpec, so a "
        "check that passes says nothing. Status 0, with --strict 1.",
        fix="Name the right files or folder (-R reads folders below), correct apiVersion and kind, or leave the "
        "finding out with --ignore W101 where files without objects are expected.",
        example="apiVersion: keda.sh/v1alpha1\nkind: ScaledObject",
    ),
    Page(
        code="W103",
        title="An unknown key",
        why="Nothing reads it, here or in KEDA, so whatever it was meant to set has its default. Annotations under "
        "autoscaler.sh/ and KEDA's prefixes count too: with a misspelt one an object is not paused, or writes.",
        fix="Correct the spelling where a suggestion is made, else remove the line.",
        example='treshold: "10"       # unknown\nthreshold: "10"      # meant',
    ),
    Page(
        code="E104",
        title="A value that cannot be used",
        why="The field is known and of the right type, but not this value: a word that is no choice, a number out of "
        "range, an address that cannot be reached by rule, a source of credentials that this version does not read.",
        fix="Use one of the values that the message names.",
        example="metricType: Utilization   # wrong for prometheus\nmetricType: AverageValue  # right",
    ),
    Page(
        code="E105",
        title="Fields that contradict each other",
        why="Each is fine alone, together they leave no number to choose: a minimum above the maximum, an idle count "
        "that is not below the minimum, two settings of which only one may be given.",
        fix="Change one of the two. idleReplicaCount must be below minReplicaCount; where that is absent, leave idle "
        "out. cpu and memory alone cannot wake a target from zero and need minReplicaCount 1 or more.",
        example="minReplicaCount: 5\nmaxReplicaCount: 3   # wrong: below the minimum\nmaxReplicaCount: 10  # right",
    ),
    Page(
        code="E106",
        title="A trigger that cannot work",
        why="There is no trigger at all, its type is unknown, two have one name or one metric, its authentication "
        "lacks a part, it asks for cached metrics where those make no sense (cpu, memory, cron), or nobody in this "
        "version asks it: cpu, memory, kubernetes-workload, and metrics-api with aggregateFromKubeServiceEndpoints.",
        fix="Give at least one trigger, each with a type from the list in the message and a name of its own. What is "
        "not asked can mostly be had from Prometheus, by a prometheus trigger.",
        example="type: promethues     # unknown\ntype: prometheus     # known",
    ),
    Page(
        code="E107",
        title="A fallback that could never act",
        why="fallback stands in for external metrics that fail. Where every trigger is cpu or memory there are none, "
        "and behavior scalingModifiers needs a formula.",
        fix="Remove fallback, or add an external trigger or the formula.",
        example="fallback:\n  failureThreshold: 3\n  replicas: 6\n  behavior: currentReplicas   # needs no formula",
    ),
    Page(
        code="E108",
        title="scalingModifiers that do not work",
        why="The formula does not parse, names something that is no trigger, fails when it is tried, or there is no "
        "target to compare its result with.",
        fix="Name every trigger that the formula uses, and give formula and target together. target is a number above "
        "0, in quotes.",
        example='scalingModifiers:\n  formula: "(queue + backlog) / 2"\n  target: "10"',
    ),
    Page(
        code="E109",
        title="Claimed twice",
        why="Two documents have one name, or two objects scale one target. Two writers would undo each other.",
        fix="Remove one. The one that governed the target last goes on, else the older one; where neither decides, "
        "none acts.",
        example="scaleTargetRef:\n  name: web            # also the target of another ScaledObject",
    ),
    Page(
        code="W120",
        title="KEDA would refuse or drop this",
        why="We run it, but going back to KEDA would not be one command.",
        fix="Put our own words into the annotation autoscaler.sh/spec; shorten names (an HPA is called "
        "keda-hpa-NAME and may have 63 characters).",
        example="metadata:\n  annotations:\n    autoscaler.sh/spec: |\n      mode: dry-run",
    ),
    Page(
        code="I121",
        title="A field without effect",
        why="It is allowed and does nothing beside the other fields: cooldownPeriod counts only where the target may "
        "go to zero or to idle.",
        fix="Leave it out, or set minReplicaCount: 0 or idleReplicaCount: 0 if that was meant.",
        example="minReplicaCount: 2\ncooldownPeriod: 60   # nothing to wait for",
    ),
)

_NOT_HERE: Final = (
    Page(
        code="I122",
        title="Credentials that are not among these documents",
        why="The trigger names a TriggerAuthentication, or that names a Secret or ConfigMap, that no document holds. "
        "Until one does the trigger gives no sample, since a query without its credentials would "
        "answer another question.",
        fix="Add the TriggerAuthentication, and its Secret, to the files; or correct authenticationRef.",
        example="authenticationRef:\n  name: prometheus-token",
    ),
    Page(
        code="W122",
        title="A Secret that does not give what is asked of it",
        why="The TriggerAuthentication, and the Secret or ConfigMap that it names, are among these documents, but the "
        "key is not in it, or its owner denies its use. The trigger gives no sample.",
        fix="Correct the key in secretTargetRef or configMapTargetRef, or add it to the Secret; remove the annotation "
        "autoscaler.sh/use: deny where its use is meant.",
        example="secretTargetRef:\n- parameter: bearerToken\n  name: prometheus-token\n  "
        "key: token   # must be a key of the Secret",
    ),
    Page(
        code="W124",
        title="A trigger that will give no sample",
        why="It is well-formed, and yet nothing will come of it: the time zone of a cron trigger is not known, or the "
        "address is one that the daemon does not connect to (link-local, cloud metadata, unspecified). Its object may "
        "grow on its other triggers and never shrinks.",
        fix="Correct the zone or the address; where such an address is meant, name it by --allow-server, here too.",
        example="timezone: Europe/Belrin   # no such zone\ntimezone: Europe/Berlin",
    ),
    Page(
        code="W125",
        title="A credential away from its home",
        why="The authentication names the servers it may be sent to (autoscaler.sh/servers), or the namespaces that "
        "may use it (autoscaler.sh/namespaces), and this trigger is none of them. An operator's file may do that, and "
        "it is sent; a tenant's trigger would give no sample.",
        fix="Correct the address, or add it to the annotation that the message names.",
        example="metadata:\n  annotations:\n    autoscaler.sh/servers: https://prometheus.monitoring.svc:9090",
    ),
    Page(
        code="I123",
        title="A kind that is not read",
        why="It belongs to KEDA, and this version does nothing with it.",
        fix="Leave it to KEDA, or write a ScaledObject.",
        example="kind: ScaledJob",
    ),
)

_QUERY: Final = (
    Page(
        code="E300",
        title="The query does not parse",
        why="A bracket or a string is open, or something is written that no Prometheus takes: rate() without a range, "
        "a label's value without quotes, a variable of Grafana. Every request would be refused with 400 and the "
        "trigger would never have a value.",
        fix="Mend it where the caret points. Beside an open bracket the query is judged as if it were closed.",
        example='rate(http_requests_total{app="web"}[2m]    # ( never closed\n'
        'rate(http_requests_total{app="web"}[2m])   # right',
    ),
    Page(
        code="W300",
        title="A query that is not known to be PromQL",
        why="It holds a function or a modifier that we do not know, or does not read as PromQL at all; a newer or "
        "another server may know more. It is sent as written, alone, and nothing else can be said of it.",
        fix="Check it against the server: check --live, or the Prometheus page.",
        example="a_function_of_another_server(http_requests_total)",
    ),
    Page(
        code="E301",
        title="The query gives no number",
        why="Its result is a string or a range of samples; a trigger needs one number per poll.",
        fix="Apply a function to the range, such as rate or max_over_time.",
        example="http_requests_total[2m]              # a range\nsum(rate(http_requests_total[2m]))   # a number",
    ),
    Page(
        code="W302",
        title="More than one series is possible",
        why="Nothing aggregates at the top, so the answer has a series per pod. KEDA takes that for an error from the "
        "second pod on, and then nothing scales.",
        fix="Aggregate: sum() for load, max() for what must not be exceeded.",
        example="rate(http_requests_total[2m])        # one per pod\nsum(rate(http_requests_total[2m]))   # one",
    ),
    Page(
        code="W303",
        title="An outage looks like idleness",
        why="or vector(0) and absent() turn missing data into a number, so a Prometheus that lost its targets reads "
        "as no load, and the workload shrinks while it is busy.",
        fix="Leave it out and let ignoreNullValues or onMissing say what no data means. Where zero is real, name a "
        "query that proves that the source is there.",
        example="sum(rate(http_requests_total[2m])) or vector(0)   # hides an outage\n"
        "sum(rate(http_requests_total[2m]))",
    ),
    Page(
        code="W304",
        title="The range may hold fewer than two samples",
        why="rate and its kin need two samples. With a range shorter than two scrapes the result is often empty, and "
        "empty is read as 0.",
        fix="Use a range of at least four scrape intervals: [2m] for a scrape every 30 s.",
        example="rate(http_requests_total[10s])   # two samples only if scraped every 5 s\n"
        "rate(http_requests_total[1m])",
    ),
    Page(
        code="W305",
        title="A division that can be 0/0",
        why="At night both sides are 0 and the result is NaN, which KEDA reads as 0 and we as no data.",
        fix="Keep the divisor above zero with clamp_min.",
        example="sum(errors) / sum(requests)                # NaN without traffic\n"
        "sum(errors) / clamp_min(sum(requests), 1)",
    ),
    Page(
        code="W308",
        title="The target type does not fit the value",
        why="AverageValue divides a total by its target; a value per pod (an average, a latency) is then divided "
        "again and never grows. Value compares as it stands; a total then never settles.",
        fix="Totals (sum) with AverageValue, values per pod (avg, a quantile) with metricType Value.",
        example="query: histogram_quantile(0.9, ...)   # a latency\nmetricType: Value",
    ),
)

PAGES: Final[Mapping[str, Page]] = MappingProxyType({page.code: page for page in (*_MANIFEST, *_NOT_HERE, *_QUERY)})
"""All pages, in the order of their codes' families."""
