from autoscaler.manifests.catalog import Catalog, Snapshot, update
from autoscaler.manifests.document import Away, SourceFile
from autoscaler.manifests.settings import Settings
from autoscaler.model.objects import ObjectKey, ScaleTarget
from autoscaler.model.text import Secret
from tests.unit.manifests.builders import SCALERS, T0, WEB, step, web
from tests.unit.manifests.test_auth import AUTH, SECRET

KEY = ObjectKey(namespace="demo", name="web")
TARGET = ScaleTarget(namespace="demo", name="web")
BROKEN = web("pollingInterval: 0")


def test_a_new_document_is_added_and_an_edit_changes_it():
    """The first sight adds, an edit changes, and the same again does nothing."""
    catalog, first = step(Catalog(), {"a.yaml": WEB})
    assert [obj.key for obj in first.added] == [KEY]
    catalog, second = step(catalog, {"a.yaml": web("maxReplicaCount: 7")})
    assert [obj.max_replicas for obj in second.changed] == [7]
    catalog, third = step(catalog, {"a.yaml": web("maxReplicaCount: 7")})
    assert (third.added, third.changed, third.removed) == ((), (), ())


def test_a_comment_is_no_change():
    """An edit that changes nothing of the object is none, wherever its lines moved to."""
    catalog, _ = step(Catalog(), {"a.yaml": WEB})
    _, changes = step(catalog, {"a.yaml": "# a comment\n" + WEB})
    assert (changes.added, changes.changed, changes.removed) == ((), (), ())


def test_an_invalid_change_keeps_the_last_good_version_running():
    """A fault in a document refuses it, and what ran goes on running, however long it lasts."""
    catalog, first = step(Catalog(), {"a.yaml": WEB})
    for after in (1, 100, 1000):
        catalog, changes = step(catalog, {"a.yaml": BROKEN}, after=after)
        (refused,) = changes.refused
        assert (refused.file, refused.subject, refused.key, refused.running) == (
            "a.yaml",
            "ScaledObject web",
            KEY,
            True,
        )
        assert catalog.objects == {KEY: first.added[0]}
    _, mended = step(catalog, {"a.yaml": WEB}, after=2000)
    assert (mended.refused, mended.changed, mended.removed) == ((), (), ())


def test_a_document_that_was_never_good_runs_not():
    """What is refused at first sight has nothing to go on with."""
    catalog, changes = step(Catalog(), {"a.yaml": BROKEN, "b.yaml": "a: [\n"})
    assert catalog.objects == {}
    assert [one.running for one in changes.refused] == [False, False]


def test_a_file_that_is_no_yaml_keeps_everything_it_gave():
    """A syntax error anywhere in a file leaves its objects as they were, and the file is named, with what goes on."""
    catalog, _ = step(Catalog(), {"a.yaml": WEB, "b.yaml": web(name="other", target="other")})
    catalog, changes = step(catalog, {"a.yaml": "a: [\n", "b.yaml": web(name="other", target="other")}, after=100)
    assert len(catalog.objects) == 2
    (refused,) = changes.refused
    assert (refused.file, refused.key, refused.running) == ("a.yaml", None, True)
    _, later = step(catalog, {"a.yaml": "a: [\n", "b.yaml": web(name="other", target="other")}, after=1000)
    assert later.removed == ()


def test_a_vanished_file_is_a_deletion_only_at_the_second_look_after_30_seconds():
    """Gone once, or for less than 30 s, is not deleted: a checkout or a mount may be under way."""
    other = {"b.yaml": web(name="other", target="other")}
    catalog, _ = step(Catalog(), {"a.yaml": WEB, **other})
    for after, told in ((100, (KEY,)), (110, ()), (129, ())):
        catalog, changes = step(catalog, other, after=after)
        assert (changes.vanished, changes.removed, KEY in catalog.objects) == (told, (), True)
    catalog, changes = step(catalog, other, after=130)
    assert (changes.removed, KEY in catalog.objects) == ((KEY,), False)


def test_a_file_that_comes_back_was_never_gone():
    """The time of a vanished file starts anew when it is seen again."""
    other = {"b.yaml": web(name="other", target="other")}
    catalog, _ = step(Catalog(), {"a.yaml": WEB, **other})
    catalog, _ = step(catalog, other, after=100)
    catalog, back = step(catalog, {"a.yaml": WEB, **other}, after=120)
    assert (back.returned, back.vanished) == ((KEY,), ())
    catalog, changes = step(catalog, other, after=140)
    assert changes.removed == ()
    _, changes = step(catalog, other, after=169)
    assert changes.removed == ()


def test_an_empty_or_unreadable_folder_deletes_nothing():
    """A snapshot that is not settled is no look at all."""
    catalog, _ = step(Catalog(), {"a.yaml": WEB})
    for after in (100, 200, 300):
        catalog, changes = step(catalog, {}, after=after, settled=False)
        assert (changes.removed, KEY in catalog.objects) == ((), True)


def test_a_document_that_moves_to_another_file_is_not_touched():
    """The object is its namespace and name, not its file."""
    catalog, _ = step(Catalog(), {"a.yaml": WEB})
    _, changes = step(catalog, {"b.yaml": WEB}, after=5)
    assert ([obj.origin for obj in changes.changed], changes.removed) == (["b.yaml"], ())


def test_of_two_documents_of_one_name_the_one_that_runs_goes_on():
    """A copy of an object in another file is refused and says where the first is."""
    catalog, _ = step(Catalog(), {"b.yaml": WEB})
    catalog, changes = step(catalog, {"a.yaml": web("maxReplicaCount: 7"), "b.yaml": WEB})
    (refused,) = changes.refused
    assert (refused.file, refused.faults[0].code) == ("a.yaml", "E109")
    assert "b.yaml" in refused.faults[0].message
    assert catalog.objects[KEY].max_replicas == 100


def test_of_two_objects_on_one_target_the_one_that_governed_goes_on():
    """The newcomer is refused, though it comes first by file and name; both cannot scale one workload."""
    catalog, _ = step(Catalog(), {"b.yaml": WEB})
    catalog, changes = step(catalog, {"a.yaml": web(name="another"), "b.yaml": WEB})
    assert [one.key.name for one in changes.refused if one.key] == ["another"]
    assert list(catalog.objects) == [KEY]


def test_memory_says_who_governed_after_a_restart():
    """Where nothing runs yet, what memory knows of the target decides."""
    files = {"a.yaml": web(name="another"), "b.yaml": WEB}
    catalog, changes = step(Catalog(), files, governed={TARGET: KEY})
    assert list(catalog.objects) == [KEY]
    assert "already" in changes.refused[0].faults[0].message


def test_where_nothing_decides_neither_acts_and_both_say_so():
    """Two new objects on one target, of files, are both refused and name each other."""
    catalog, changes = step(Catalog(), {"a.yaml": web(name="another"), "b.yaml": WEB})
    assert catalog.objects == {}
    assert [(one.key.name, one.faults[0].code) for one in changes.refused if one.key] == [
        ("another", "E109"),
        ("web", "E109"),
    ]
    assert "demo/web" in changes.refused[0].faults[0].message


def test_a_version_of_a_kind_is_no_other_target():
    """apps/v1 and apps/v1beta1 name the same Deployment; another group or kind does not."""
    beta = web(name="another").replace("    name: web\n", "    name: web\n    apiVersion: apps/v1beta1\n")
    _, changes = step(Catalog(), {"a.yaml": beta, "b.yaml": WEB})
    assert len(changes.refused) == 2
    stateful = web(name="another").replace("    name: web\n", "    name: web\n    kind: StatefulSet\n")
    _, changes = step(Catalog(), {"a.yaml": stateful, "b.yaml": WEB})
    assert changes.refused == ()


def test_credentials_in_the_same_files_reach_the_triggers():
    """A trigger's authentication and its Secret are found in any file, in any order, and shown in none."""
    text = WEB + "      authenticationRef: {name: prom}\n"
    catalog, changes = step(Catalog(), {"a.yaml": text, "b.yaml": AUTH + "---\n" + SECRET})
    assert changes.findings == ()
    assert changes.added[0].triggers[0].ask.settings == (("auth", "bearerToken"),)
    (ref,) = catalog.authentications
    grant = catalog.grant(ref)
    assert grant is not None
    assert grant.parameters == {"bearerToken": Secret("hush")}
    assert "hush" not in repr(catalog).replace("Secret(***)", "")


def test_an_authentication_that_is_nowhere_is_noted():
    """The object runs, and the note says that its trigger will give no sample."""
    _, changes = step(Catalog(), {"a.yaml": WEB + "      authenticationRef: {name: prom}\n"})
    assert [(one.fault.code, one.fault.line) for one in changes.findings] == [("I122", 15)]
    assert len(changes.added) == 1


def test_a_broken_authentication_leaves_the_last_good_one():
    """What was known of credentials stays known while its document is invalid."""
    catalog, _ = step(Catalog(), {"b.yaml": AUTH + "---\n" + SECRET})
    broken = AUTH.replace("secretTargetRef", "hashiCorpVault")
    catalog, changes = step(catalog, {"b.yaml": broken + "---\n" + SECRET}, after=100)
    assert len(catalog.authentications) == 1
    assert [one.subject for one in changes.refused] == ["TriggerAuthentication prom"]


def test_kinds_of_others_are_none_of_our_business_and_kedas_are_named():
    """A Deployment in the same file is skipped in silence; a ScaledJob is noted; an old ScaledObject is refused."""
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\n"
        "apiVersion: keda.sh/v1alpha1\nkind: ScaledJob\nmetadata: {name: job}\n---\n"
        "apiVersion: keda.k8s.io/v1alpha1\nkind: ScaledObject\nmetadata: {name: old}\n"
    )
    _, changes = step(Catalog(), {"a.yaml": text})
    assert [(one.fault.code, one.subject) for one in changes.findings] == [
        ("I123", "ScaledJob job"),
        ("E101", "ScaledObject old"),
    ]


def test_a_document_without_namespace_gets_the_given_one():
    """What names no namespace lies in the one of the settings, as with kubectl -n."""
    text = WEB.replace("  namespace: demo\n", "")
    snapshot = Snapshot(files=(SourceFile(path="a.yaml", text=text),))
    catalog, _ = step(Catalog(), {"a.yaml": text})
    assert [str(key) for key in catalog.objects] == ["default/web"]
    settings = Settings(namespace="shop")
    _, changes = update(Catalog(), snapshot, SCALERS, settings, at=T0, governed={})
    assert [str(obj.key) for obj in changes.added] == ["shop/web"]


def test_a_list_stands_for_its_items():
    """What kubectl get -o yaml prints is read item by item."""
    items = "\n".join("  " + line for line in WEB.splitlines())
    _, changes = step(Catalog(), {"a.yaml": f"apiVersion: v1\nkind: List\nitems:\n-{items[1:]}\n"})
    assert [obj.key for obj in changes.added] == [KEY]


def test_a_manifest_says_what_it_is():
    """A document without apiVersion and kind is no manifest."""
    _, changes = step(Catalog(), {"a.yaml": "- a\n---\nkind: ScaledObject\n"})
    assert [one.fault.path for one in changes.findings] == ["", "apiVersion"]


def test_what_runs_without_a_valid_document_still_owns_its_target():
    """A newcomer is refused while the last good version of another object scales the target."""
    catalog, _ = step(Catalog(), {"a.yaml": WEB})
    catalog, changes = step(catalog, {"a.yaml": BROKEN, "b.yaml": web(name="another")})
    assert list(catalog.objects) == [KEY]
    assert [(one.key.name, one.faults[0].code) for one in changes.refused if one.key] == [
        ("web", "E101"),
        ("another", "E109"),
    ]


def test_a_renamed_object_takes_over_when_the_old_name_is_gone():
    """For 30 s the old name governs and the new one waits; then they change places in one step."""
    catalog, _ = step(Catalog(), {"a.yaml": WEB})
    catalog, first = step(catalog, {"a.yaml": web(name="another")}, after=10)
    assert (first.added, list(catalog.objects)) == ((), [KEY])
    _, second = step(catalog, {"a.yaml": web(name="another")}, after=40)
    assert ([obj.key.name for obj in second.added], second.removed) == (["another"], (KEY,))


def test_an_object_that_moves_to_a_taken_target_stays_where_it_was():
    """A move to another object's target is refused, and the last good version scales the old one."""
    files = {"a.yaml": WEB, "b.yaml": web(name="other", target="other")}
    catalog, _ = step(Catalog(), files)
    catalog, changes = step(catalog, {**files, "a.yaml": web(target="other")}, after=10)
    assert catalog.objects[KEY].target == TARGET
    assert [(one.key, one.running) for one in changes.refused] == [(KEY, True)]


def test_only_what_changed_is_read_again():
    """An unchanged file keeps the very objects it gave, unless credentials changed."""
    files = {"a.yaml": WEB, "b.yaml": web(name="other", target="other")}
    catalog, _ = step(Catalog(), files)
    before = catalog.objects[KEY]
    edited = {**files, "b.yaml": web("maxReplicaCount: 5", name="other", target="other")}
    catalog, changes = step(catalog, edited)
    assert catalog.objects[KEY] is before
    assert [obj.key.name for obj in changes.changed] == ["other"]
    catalog, changes = step(catalog, {**edited, "c.yaml": AUTH})
    assert catalog.objects[KEY] is not before
    assert changes.changed == ()


def test_what_ran_from_a_folder_that_is_gone_is_known_to_run_on():
    """A folder that cannot be read is no file that never held anything."""
    catalog, _ = step(Catalog(), {"live/a.yaml": WEB})
    gone = Snapshot(
        files=(SourceFile(path="live", problem="no such file or directory"),),
        away=(Away(path="live", why="no such file or directory"),),
    )
    catalog, changes = update(catalog, gone, SCALERS, Settings(), at=T0, governed={})
    (refused,) = changes.refused
    assert (refused.file, refused.faults[0].code, refused.running) == ("live", "E100", True)
    assert KEY in catalog.objects
