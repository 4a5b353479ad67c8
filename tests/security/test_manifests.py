"""S10: one bounded loader for manifests. S13 and S14 as far as manifests go."""

import random
import time

import pytest

from autoscaler.manifests.catalog import Catalog
from autoscaler.manifests.load import load
from autoscaler.scalers.registry import build_registry, built_in
from tests.unit.manifests.builders import WEB, step, web
from tests.unit.manifests.test_auth import AUTH, SECRET
from tests.unit.manifests.test_seldon import MODEL

BUDGET_SECONDS = 0.05
CANARY = "c4n4ry-5ecret"

PIECES = (
    *("[", "]", "{", "}", ":", "- ", "&a ", "*a", "!!x ", "'", '"', "\n", "\t", "|", ">", "0", "-1", "null", "\x00"),
    *("é", "\u202e", "1e400", "~", "<<: *a", "---\n", "%", "@", "spec:", "triggers:", "metadata:", "9" * 30, ".nan"),
)

HOSTILE = {
    "brackets": "[" * 100_000,
    "braces": "{" * 100_000,
    "dashes": "- " * 100_000,
    "questions": "? " * 100_000,
    "anchors": "&a " * 10_000,
    "alias bomb": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)),
    "merge bomb": "a0: &a0 {x: 1}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 120)),
    "values": "- x\n" * 200_000,
    "documents": "---\n" * 200_000,
    "a quote that never ends": "a: '" + "x" * 900_000,
    "a key twice": WEB + WEB,
    "a tag": "a: !!python/object/apply:os.system ['true']\n",
    "deep indentation": "\n".join(" " * n + "a:" for n in range(1_000)),
    "a comment": "#" * 1_000_000 + "\nx: [",
    "two mebibytes": "a: " + "x" * 2_000_000,
    "an anchor in itself": "a: &a [*a]",
    "control characters": "a: \x00\x1b[2J",
    "a long key": "x" * 900_000 + ": [",
    "digits": "a: [" + "9" * 900_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_manifest_is_refused_with_its_place_in_time(name):
    """Bombs, depth, tags, double keys: a fault with line, column and fix within 50 ms of processor time."""
    began = time.process_time()
    loaded = load(HOSTILE[name])
    spent = time.process_time() - began
    assert loaded.fault is not None
    assert (loaded.fault.line or 0) > 0
    assert (loaded.fault.column or 0) > 0
    assert len(loaded.fault.message) <= 200
    assert spent < BUDGET_SECONDS * 4, f"{spent:.3f} s"
    assert loaded.documents == ()


def test_the_last_good_version_outlives_every_hostile_one():
    """Whatever a file turns into, the object that it gave runs on."""
    catalog, _ = step(Catalog(), {"a.yaml": WEB})
    for number, text in enumerate(HOSTILE.values()):
        catalog, changes = step(catalog, {"a.yaml": text}, after=number * 60)
        assert (len(catalog.objects), changes.removed) == (1, ())
        assert changes.refused


@pytest.mark.parametrize("name", HOSTILE)
def test_yaml_inside_an_annotation_has_the_same_limits(name):
    """The annotation autoscaler.sh/spec goes through the same loader."""
    if len(HOSTILE[name]) > 900_000:
        return
    text = "".join(char if char.isprintable() or char == "\n" else f"\\x{ord(char):02x}" for char in HOSTILE[name])
    quoted = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\\\\x", "\\x")
    _, changes = step(Catalog(), {"a.yaml": web(annotations=f'autoscaler.sh/spec: "{quoted}"')})
    assert changes.added == ()
    assert [one.fault.code for one in changes.findings] == ["E101"]


def test_mutated_manifests_never_raise_and_lose_nothing():
    """2,000 random edits of good manifests: each is read, or refused as a value; what ran goes on running."""
    dice = random.Random(20260101)
    seeds = (WEB, MODEL, AUTH + "---\n" + SECRET, web("fallback: {failureThreshold: 3, replicas: 1}"))
    scalers = build_registry(built_in())
    good, _ = step(Catalog(), {"good.yaml": WEB}, scalers=scalers)
    for number in range(2_000):
        text = mutate(dice.choice(seeds), dice)
        catalog, changes = step(good, {"bad.yaml": text.replace("name: web", f"name: w{number}")}, scalers=scalers)
        assert len(catalog.objects) >= 1
        assert all(len(one.fault.message) <= 400 for one in changes.findings)


def mutate(text: str, dice: random.Random) -> str:
    for _ in range(dice.randint(1, 6)):
        at, cut = dice.randrange(len(text) + 1), dice.choice((0, 0, 1, 5, 40))
        text = text[:at] + dice.choice(PIECES) + text[at + cut :]
    return text


@pytest.mark.parametrize("evil", ["\x1b]0;owned\x07", "a\nlevel=error msg=forged", "\u202egnp.exe", "x" * 5_000])
def test_foreign_text_is_cleaned_before_it_is_said(evil):
    """Control and bidi characters and length: names, keys, types and paths of a manifest come out plain (S13)."""
    quoted = '"' + "".join(f"\\u{ord(char):04x}" for char in evil) + '"'
    text = (
        WEB.replace("threshold:", f"{quoted}:").replace("- type: prometheus", f"- type: {quoted}") + f"  {quoted}: 1\n"
    )
    _, changes = step(Catalog(), {"a.yaml": text})
    said = " ".join(f"{one.subject} {one.fault.path} {one.fault.message}" for one in changes.findings)
    assert changes.findings
    assert all(char.isprintable() for char in said)
    assert "\u202e" not in said
    assert max(len(one.fault.message) for one in changes.findings) < 600


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{value: aHVzaA==}", f"{{value: {CANARY}}}"),
        ("{value: aHVzaA==}", f"[{CANARY}]"),
        ("{other: hush hush}", f"{{other: [{CANARY}]}}"),
        ("{other: hush hush}", CANARY),
        ("{other: hush hush}", f"{{other: {CANARY}, other: {CANARY}}}"),
        ("{other: hush hush}", f"{{other: {CANARY}"),
        ("kind: Secret", f"kind: Secret\nother: &x {CANARY}\nmore: *y"),
        ("metadata: {name: token", f"type: {CANARY}\nmetadata: {{name: [1]"),
    ],
)
def test_a_secret_shows_in_no_fault_and_no_repr(old, new):
    """A broken Secret is refused by place and type; nothing of its values is in findings, catalog or changes (S14)."""
    catalog, changes = step(Catalog(), {"a.yaml": AUTH + "---\n" + SECRET.replace(old, new), "b.yaml": WEB})
    assert CANARY not in f"{changes!r} {catalog!r}"


def test_metadata_of_a_trigger_is_not_repeated_in_faults():
    """People put tokens into metadata; a misfit names the key and the kind of value, not the value."""
    text = WEB.replace('"10"', f"[{CANARY}]")
    _, changes = step(Catalog(), {"a.yaml": text})
    assert [one.fault.code for one in changes.findings] == ["E101"]
    assert CANARY not in repr(changes)


def test_a_query_that_makes_the_parser_panic_is_only_unknown():
    """A panic of the query parser is no Exception; it must not end the process but warn, and the object runs."""
    text = WEB.replace("sum(rate(http_requests_total[1m]))", "sum(rate(http_requests_total[1e30]))")
    _, changes = step(Catalog(), {"a.yaml": text}, scalers=build_registry(built_in()))
    assert [one.fault.code for one in changes.findings] == ["W300"]
    assert len(changes.added) == 1
