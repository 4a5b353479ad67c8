from datetime import UTC, datetime, timedelta

import pytest

from autoscaler.manifests.document import SourceFile, read
from autoscaler.manifests.scaledobject import candidate, parse
from autoscaler.manifests.settings import Grant, Settings
from autoscaler.model.auth import AuthRef
from autoscaler.model.objects import Fallback, FallbackBehavior, Mode, ObjectKey, ScaleTarget, SelectPolicy
from autoscaler.model.text import Secret
from tests.unit.manifests.builders import SCALERS, WEB, judge, loaded, seen, web


def test_the_simplest_object_gets_every_default():
    """What is not written has KEDA's default: poll 30 s, cooldown 300 s, 0 to 100 replicas, a Deployment."""
    obj = loaded(WEB)
    assert obj.key == ObjectKey(namespace="demo", name="web")
    assert obj.target == ScaleTarget(namespace="demo", api_version="apps/v1", kind="Deployment", name="web")
    assert (obj.polling_interval, obj.cooldown) == (timedelta(seconds=30), timedelta(seconds=300))
    assert (obj.min_replicas, obj.max_replicas, obj.idle_replicas) == (0, 100, None)
    assert (obj.behavior, obj.fallback, obj.modifiers) == (None, None, None)
    assert obj.origin == "web.yaml"


def test_every_field_of_spec_is_taken():
    """Counts, periods, fallback and restore come over as written; min 0 and max 0 are not mistaken for absent."""
    obj = loaded(
        web(
            "pollingInterval: 5\ncooldownPeriod: 0\ninitialCooldownPeriod: 7\nidleReplicaCount: 0\nminReplicaCount: 2\n"
            "maxReplicaCount: 9\nfallback: {failureThreshold: 3, replicas: 4, behavior: currentReplicas}\n"
            "advanced: {restoreToOriginalReplicaCount: true}"
        )
    )
    assert (obj.polling_interval, obj.cooldown, obj.initial_cooldown) == (
        timedelta(seconds=5),
        timedelta(0),
        timedelta(seconds=7),
    )
    assert (obj.idle_replicas, obj.min_replicas, obj.max_replicas) == (0, 2, 9)
    assert obj.fallback == Fallback(threshold=3, replicas=4, behavior=FallbackBehavior.CURRENT)
    assert obj.restore_original


def test_settings_are_written_into_the_object():
    """Tolerance, downscale window and sync period come from the daemon, so that a decision has no other input (L3)."""
    settings = Settings(
        tolerance=0.2, downscale_window=timedelta(seconds=60), sync_interval=timedelta(seconds=5), dry_run=True
    )
    obj = loaded(WEB, settings)
    assert (obj.tolerance, obj.downscale_window, obj.sync_interval, obj.mode) == (
        0.2,
        timedelta(seconds=60),
        timedelta(seconds=5),
        Mode.DRY_RUN,
    )


def test_behavior_gets_the_hpas_defaults():
    """What behavior leaves open is filled in as the API server does, the downscale window from the settings."""
    obj = loaded(
        web(
            "advanced:\n  horizontalPodAutoscalerConfig:\n    behavior:\n      scaleUp:\n"
            "        stabilizationWindowSeconds: 30"
        ),
        Settings(downscale_window=timedelta(seconds=60)),
    )
    assert obj.behavior is not None
    assert obj.behavior.scale_up.window == timedelta(seconds=30)
    assert obj.behavior.scale_down.window == timedelta(seconds=60)
    assert len(obj.behavior.scale_up.policies) == 2


@pytest.mark.parametrize(
    ("annotation", "up", "down"),
    [
        ("paused-scale-in", SelectPolicy.MAX, SelectPolicy.DISABLED),
        ("paused-scale-out", SelectPolicy.DISABLED, SelectPolicy.MAX),
    ],
)
def test_a_pause_of_one_direction_makes_behavior_present(annotation, up, down):
    """paused-scale-in and paused-scale-out disable one direction, and the other gets the defaults of behavior (L3)."""
    behavior = loaded(web(annotations=f'autoscaling.keda.sh/{annotation}: "true"')).behavior
    assert behavior is not None
    assert (behavior.scale_up.select, behavior.scale_down.select) == (up, down)


def test_a_pause_that_says_false_changes_nothing():
    """paused-scale-in "false" leaves behavior absent, so the legacy rules stay."""
    assert loaded(web(annotations='autoscaling.keda.sh/paused-scale-in: "false"')).behavior is None


def test_a_missing_key_stands_where_metadata_begins_and_an_unknown_one_at_itself():
    """E102 points at the first line of metadata, W103 at the misspelt key, and the right one is suggested."""
    assert seen(WEB.replace("threshold:", "treshold:")) == [
        "12:9 E102 spec.triggers[0].metadata",
        "14:9 W103 spec.triggers[0].metadata.treshold",
    ]
    assert judge(WEB.replace("threshold:", "treshold:")).faults[1].message == ('unknown key; did you mean "threshold"?')


def test_every_fault_comes_at_once_in_the_order_of_the_document():
    """Schema, rules across fields, trigger metadata and annotations are all judged, whatever fails first."""
    text = web(
        "pollingInterval: 0\nminReplicaCount: 5\nmaxReplicaCount: 3\ncooldwonPeriod: 5",
        annotations='autoscaler.sh/spec: "mode: off-and-on"',
    ).replace('"10"', "10")
    assert seen(text) == [
        "7:5 E101 metadata.annotations.autoscaler.sh/spec.mode",
        "16:9 E101 spec.triggers[0].metadata.threshold",
        "17:3 E101 spec.pollingInterval",
        "18:3 E105 spec.minReplicaCount",
        "20:3 W103 spec.cooldwonPeriod",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("pollingInterval: 1.5", "pollingInterval must be a whole number, found the number 1.5"),
        ('pollingInterval: "5"', 'pollingInterval must be a number, found the text "5"; remove the quotes'),
        ("pollingInterval: fast", 'pollingInterval must be a whole number, found the text "fast"'),
        ("minReplicaCount: -1", "minReplicaCount must be at least 0, found the number -1"),
        ("maxReplicaCount: 0", "maxReplicaCount must be at least 1, found the number 0"),
        ("maxReplicaCount: 2147483648", "maxReplicaCount must be at most 2147483647, found the number 2147483648"),
        ("maxReplicaCount: true", "maxReplicaCount must be a whole number, found true"),
        ("advanced: 5", "advanced must be a mapping, found the number 5"),
        ("fallback: {replicas: 1}", "failureThreshold is required"),
        (
            "fallback: {replicas: 1, failureThreshold: 1, behavior: Static}",
            "behavior must be one of 'static', 'currentReplicas', 'currentReplicasIfHigher', "
            "'currentReplicasIfLower' or 'scalingModifiers', found the text \"Static\"; did you mean \"static\"?",
        ),
        (
            "advanced: {horizontalPodAutoscalerConfig: {behavior: {scaleUp: {selectPolicy: Maxx}}}}",
            'must be one of Max, Min, Disabled, found Maxx; did you mean "Max"?',
        ),
        (
            "advanced: {restoreToOriginalReplicaCount: yes please}",
            "restoreToOriginalReplicaCount must be true or false",
        ),
    ],
)
def test_a_misfit_says_what_was_wanted_and_what_was_found(line, message):
    """Types and ranges are KEDA's; the message names the field, the rule and what was found."""
    judged = judge(web(line))
    assert judged.obj is None
    assert [fault.message[: len(message)] for fault in judged.faults] == [message]


def test_a_number_in_metadata_must_be_quoted():
    """Trigger metadata holds text; the fix is written out."""
    (fault,) = judge(WEB.replace('"10"', "10")).faults
    assert fault.message == 'threshold must be text, found the number 10; write it in quotes: "10"'


def test_our_own_words_outside_their_annotation_warn():
    """KEDA drops fields it does not know, so mode in spec would be lost on the way back (W120)."""
    (fault,) = judge(web("mode: dry-run")).faults
    assert (fault.code, fault.path) == ("W120", "spec.mode")
    assert "autoscaler.sh/spec" in fault.message


def test_an_unknown_field_suggests_its_neighbour():
    """A field that nobody knows has no effect; where one is close it is named."""
    (fault,) = judge(web("advanced: {horizontalPodAutoscalerConfg: {}}")).faults
    assert fault.path.endswith(".horizontalPodAutoscalerConfg")
    assert fault.message == 'unknown field; did you mean "horizontalPodAutoscalerConfig"?'


def test_a_name_that_the_api_server_would_refuse_is_refused():
    """Names and labels follow the API server's rules."""
    assert seen(web(name="We_b")) == ["4:3 E101 metadata.name"]


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        ('labels: {"a b": x}', True),
        ("labels: {A.b/c: x}", True),
        ('labels: {team: "y z"}', True),
        ("labels: {a.b/c: X_y}", False),
        ("annotations: {a/b/c: x}", True),
        ("annotations: {Kube.io/x: y z}", False),
        ("annotations: {-a: x}", True),
    ],
)
def test_labels_and_annotations_have_keys_that_the_api_server_takes(line, refused):
    """A key is a name, or a domain, a slash and a name; case counts only in a label's domain. Source: objectmeta.go."""
    judged = judge(WEB.replace("  namespace: demo\n", f"  namespace: demo\n  {line}\n"))
    assert [fault.path.split(".")[1] for fault in judged.faults] == [line.partition(":")[0]] * refused


def test_an_annotation_that_is_null_is_an_empty_text():
    """The API server stores an empty text for it, and KEDA takes an empty paused for yes."""
    obj = loaded(web(annotations="autoscaling.keda.sh/paused:"))
    assert obj.pause.paused


@pytest.mark.parametrize(
    ("tolerance", "refused"), [("1.0", False), ('"1e2"', False), ("0.1", True), ("1e20", True), ('"\u0661"', True)]
)
def test_a_tolerance_is_a_quantity(tolerance, refused):
    """The schema takes text or a whole number of 64 bits, and JSON knows one kind of number."""
    hpa = f"{{behavior: {{scaleUp: {{tolerance: {tolerance}}}}}}}"
    judged = judge(web(f"advanced: {{horizontalPodAutoscalerConfig: {hpa}}}"))
    assert (judged.obj is None) is refused


def test_a_warning_can_be_silenced_and_an_error_cannot():
    """autoscaler.sh/ignore drops warnings by their code."""
    quiet = web("cooldwonPeriod: 5\npollingInterval: 0", annotations='autoscaler.sh/ignore: "W103, E101"')
    assert [line.split()[1] for line in seen(quiet)] == ["E101"]


def test_times_and_uid_of_a_file_are_those_of_a_copy():
    """creationTimestamp counts only where the API server says it; a file counts from first sight."""
    text = WEB.replace(
        "  namespace: demo\n", "  namespace: demo\n  uid: u-1\n  creationTimestamp: 2026-01-02T03:04:05Z\n"
    )
    (document,) = read([SourceFile(path="a", text=text)]).documents
    assert (loaded(text).created_at, loaded(text).uid) == (None, "")
    live = type(document)(**{**{f: getattr(document, f) for f in document.__slots__}, "live": True})
    obj = parse(candidate(live), SCALERS, Settings(), lambda _ref: None).obj
    assert obj is not None
    assert (obj.created_at, obj.uid) == (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "u-1")


@pytest.mark.parametrize(
    ("ref", "asked"),
    [
        ("{name: a}", AuthRef(kind="TriggerAuthentication", namespace="demo", name="a")),
        (
            "{name: a, kind: ClusterTriggerAuthentication}",
            AuthRef(kind="ClusterTriggerAuthentication", namespace="", name="a"),
        ),
    ],
)
def test_a_trigger_is_parsed_with_what_its_authentication_gives(ref, asked):
    """The reference is looked up by kind and namespace, and the scaler gets the parameters."""
    text = WEB + f"      authenticationRef: {ref}\n"
    (document,) = read([SourceFile(path="a", text=text)]).documents
    asks = []

    def resolve(found):
        asks.append(found)
        return Grant(parameters={"bearerToken": Secret("x")}, pod_identity="aws")

    obj = parse(candidate(document), SCALERS, Settings(), resolve).obj
    assert obj is not None
    assert (asks, obj.triggers[0].ask.settings) == ([asked], (("auth", "bearerToken"),))
