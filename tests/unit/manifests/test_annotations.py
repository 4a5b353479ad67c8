from datetime import timedelta

import pytest

from autoscaler.manifests.annotations import force_activation, is_on, own_words, pause
from autoscaler.manifests.known_annotations import ON_OBJECTS, OWN, OWNER
from autoscaler.model.objects import Author, Cadence, Mode, OnMissing, Pause
from tests.unit.manifests.builders import WEB, judge, loaded, seen, web

KEDA = "autoscaling.keda.sh"


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("true", True),
        ("1", True),
        ("", True),
        ("yes", True),
        ("false", False),
        ("F", False),
        ("0", False),
        ("no", True),
    ],
)
def test_a_switch_is_on_unless_it_says_false_in_gos_words(text, on):
    """What is no boolean to Go, empty text included, is on."""
    assert is_on({"x": text}, "x") is on
    assert not is_on({}, "x")


def test_pause_annotations_are_taken():
    """paused, paused-replicas and the two directions each set their field."""
    annotations = {
        f"{KEDA}/paused": "true",
        f"{KEDA}/paused-replicas": "3",
        f"{KEDA}/paused-scale-in": "",
        f"{KEDA}/paused-scale-out": "false",
    }
    assert pause(annotations) == (Pause(paused=True, replicas=3, scale_in=True, scale_out=False), ())
    assert force_activation({f"{KEDA}/force-activation": "t"})


def test_paused_replicas_beats_a_pause_that_says_false():
    """The presence of paused-replicas alone pauses."""
    found, _ = pause({f"{KEDA}/paused": "false", f"{KEDA}/paused-replicas": "0"})
    assert (found.paused, found.replicas, found.full) == (False, 0, True)


@pytest.mark.parametrize("text", ["", "x", "-1", "1.5", "2147483648", "9" * 30])
def test_a_paused_count_that_is_none_pauses_where_the_target_stands(text):
    """The wish to pause is clear though the count is not, so nothing moves, and a warning says why."""
    found, (fault,) = pause({f"{KEDA}/paused-replicas": text})
    assert (found, found.full) == (Pause(uncounted=True), True)
    assert fault.code == "W120"


def test_kedas_pause_is_ours_where_we_own_the_object():
    """Beside autoscaler.sh/owner, paused keeps KEDA's hands off and pauses nothing of ours; paused-replicas does."""
    owned = {"autoscaler.sh/owner": "autoscaler", f"{KEDA}/paused": "true"}
    assert pause(owned) == (Pause(), ())
    assert pause({**owned, f"{KEDA}/paused-replicas": "2"}) == (Pause(replicas=2), ())


@pytest.mark.parametrize(("owner", "paused"), [("autoscaler", False), ("keda", True), ("Autoscaler", True), ("", True)])
def test_only_our_own_name_makes_kedas_pause_ours(owner, paused):
    """A takeover is one word: anything but ``autoscaler`` leaves the pause what KEDA means by it."""
    obj = loaded(web(annotations=f"autoscaler.sh/owner: '{owner}'\n{KEDA}/paused: 'true'"))
    assert obj.pause == Pause(paused=paused)
    assert obj.pause.full is paused


def test_our_own_words_are_read_from_their_annotation():
    """mode, cadence, pollingInterval, onMissing and guards come from YAML inside autoscaler.sh/spec."""
    text = WEB.replace("- type: prometheus", "- name: load\n      type: prometheus").replace(
        "  namespace: demo\n",
        f"  namespace: demo\n  annotations:\n    {OWN}: |\n      mode: scale-out-only\n      cadence: poll\n"
        "      pollingInterval: 0.5\n      onMissing: {load: hold}\n      guards: {source: off, fleet: 'on'}\n",
    )
    obj = loaded(text)
    assert (obj.mode, obj.cadence, obj.polling_interval) == (
        Mode.SCALE_OUT_ONLY,
        Cadence.POLL,
        timedelta(seconds=0.5),
    )
    assert obj.triggers[0].on_missing is OnMissing.HOLD
    assert (obj.guard_source, obj.guard_fleet) == (False, True)


def test_onmissing_names_a_trigger_that_exists():
    """A name that no trigger has is a mistake, and the nearest name is suggested."""
    text = web(annotations=f'{OWN}: "onMissing: {{laod: hold}}"').replace(
        "- type: prometheus", "- name: load\n      type: prometheus"
    )
    (fault,) = judge(text).faults
    assert (fault.code, fault.line) == ("E104", 7)
    assert fault.message == 'no trigger has the name "laod"; did you mean "load"?'


@pytest.mark.parametrize(
    ("yaml", "found"),
    [
        ("mode: fast", "7:5 E101 metadata.annotations.autoscaler.sh/spec.mode"),
        ("pollingInterval: 0.05", "7:5 E101 metadata.annotations.autoscaler.sh/spec.pollingInterval"),
        ("pollingInterval: true", "7:5 E101 metadata.annotations.autoscaler.sh/spec.pollingInterval"),
        ("guards: {source: maybe}", "7:5 E101 metadata.annotations.autoscaler.sh/spec.guards.source"),
        ("moed: active", "7:5 W103 metadata.annotations.autoscaler.sh/spec.moed"),
        ("just text", "7:5 E101 metadata.annotations.autoscaler.sh/spec"),
        ("a: [", "7:5 E101 metadata.annotations.autoscaler.sh/spec"),
        ("a: &a [*a]", "7:5 E101 metadata.annotations.autoscaler.sh/spec"),
        ("---\\na: 1\\n---\\nb: 2", "7:5 E101 metadata.annotations.autoscaler.sh/spec"),
    ],
)
def test_a_fault_inside_the_annotation_stands_at_the_annotation(yaml, found):
    """YAML inside an annotation is read by the same bounded loader, and its faults point at the annotation."""
    assert seen(web(annotations=f'{OWN}: "{yaml}"')) == [found]


def test_an_empty_annotation_says_nothing():
    """An annotation without content leaves every word at its default."""
    assert seen(web(annotations=f'{OWN}: ""')) == []


def test_a_tenant_polls_at_least_a_second_apart():
    """Polling faster than once a second is for whoever runs the daemon (S8)."""
    annotations = {OWN: "pollingInterval: 0.5"}
    assert own_words(annotations, Author.OPERATOR)[1] == ()
    assert [fault.code for fault in own_words(annotations, Author.TENANT)[1]] == ["E104"]


@pytest.mark.parametrize(
    ("annotation", "fault"),
    [
        ('autoscaler.sh/sepc: "mode: dry-run"', f'unknown annotation; did you mean "{OWN}"?'),
        (f'{KEDA}/pause: "true"', f'unknown annotation; did you mean "{KEDA}/paused"?'),
        (f'{KEDA}/Paused: "true"', f'unknown annotation; did you mean "{KEDA}/paused"?'),
        ('keda.sh/paused: "true"', f'unknown annotation; did you mean "{KEDA}/paused"?'),
        ('scaledobject.keda.sh/paused: "true"', f'unknown annotation; did you mean "{KEDA}/paused"?'),
        ("autoscaler.sh/xyz: a", "unknown annotation; it has no effect, remove it"),
        (
            "autoscaler.sh/owner: autoscalr",
            'unknown owner "autoscalr": the object is not taken over, so a pause meant for KEDA pauses it here too; '
            'write "autoscaler", or remove the annotation',
        ),
    ],
)
def test_an_annotation_that_nobody_reads_is_a_warning(annotation, fault):
    """A typo in a key that should pause an object, or keep it from acting, is told where it stands."""
    (found,) = judge(web(annotations=annotation)).faults
    name = annotation.partition(":")[0]
    assert (found.code, found.path, found.message) == ("W103", f"metadata.annotations.{name}", fault)
    assert (found.line, found.column) == (7, 5)


@pytest.mark.parametrize("name", sorted(ON_OBJECTS - {OWN, OWNER}))
def test_an_annotation_that_keda_or_we_read_is_none(name):
    """What KEDA reads or writes, a ScaledJob's included, never warns; nor do other people's annotations."""
    assert seen(web(annotations=f'{name}: "1"')) == []
    assert seen(web(annotations='notkeda.sh/paused: "1"')) == []
    assert seen(web(annotations="autoscaler.sh/owner: autoscaler")) == []
