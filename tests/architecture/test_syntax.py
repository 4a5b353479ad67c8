"""What may stand in the source at all, read off its syntax trees (S19); each exception is named with its reason."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PACKAGE = CHECKOUT / "autoscaler"
LONGEST = 300

RUNS_TEXT = frozenset({"eval", "exec", "compile", "__import__"})
REBUILDS_OBJECTS = frozenset({"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"})
STARTS_PROCESSES = frozenset({"subprocess", "pty", "multiprocessing"})
SYSTEM_CLOCKS = frozenset({"datetime.now", "datetime.utcnow", "datetime.today", "date.today"})

UNVERIFIED = {"autoscaler/scalers/tls.py": "unsafeSsl of a trigger, counted, and off under --insecure-tls never (S15)"}

BROAD = {
    "autoscaler/loop/tick.py": (2, "around one object: its decision, and its write"),
    "autoscaler/loop/daemon.py": (3, "around one cohort, one restore, and one sink: none may silence the others"),
    "autoscaler/loop/chores.py": (1, "around one save: deciding goes on without a store"),
    "autoscaler/cli/serve.py": (1, "around one reading of the files: what was read before runs on"),
    "autoscaler/scalers/prometheus/promql.py": (1, "around the parser, whose panics have no type of their own"),
}

CLOCKS = {
    "autoscaler/loop/daemon.py": "APScheduler's own clock, to call it back after the wall stepped",
    "autoscaler/kube/execute.py": "a credential's expiry is an instant of the wall",
    "autoscaler/cli/check.py": "check has no loop and no clock",
    "autoscaler/cli/demo.py": "the demo's stand-ins live on the machine's time",
    "autoscaler/demo/workloads.py": "managedFields of the stand-in carry the wall's time",
}

LOOP_TIME = {
    "autoscaler/cli/relay.py": "deadlines",
    "autoscaler/kube": "deadlines and pauses of calls",
    "autoscaler/scalers": "deadlines of questions",
}


def modules(root: Path = PACKAGE) -> Iterator[tuple[str, ast.Module]]:
    """Every module with its path from the checkout."""
    for path in sorted(root.rglob("*.py")):
        yield path.relative_to(CHECKOUT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def nodes() -> Iterator[tuple[str, ast.AST]]:
    for name, tree in modules():
        for node in ast.walk(tree):
            yield name, node


def imported(node: ast.AST) -> list[str]:
    """The top-level packages that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [(node.module or "").partition(".")[0]]
    return []


def is_covered(name: str, places: Mapping[str, object]) -> bool:
    return any(name == place or name.startswith(f"{place}/") for place in places)


def places_of(is_found) -> set[str]:
    return {name for name, node in nodes() if is_found(node)}


def test_no_text_is_run_as_code():
    """Formulas, locations and selectors are parsed and walked by us; nothing is evaluated."""
    assert places_of(lambda n: isinstance(n, ast.Call) and ast.unparse(n.func) in RUNS_TEXT) == set()


def test_no_object_is_rebuilt_from_bytes():
    """State and answers are plain data: whoever can write a file cannot make us run what is in it."""
    assert places_of(lambda n: bool(REBUILDS_OBJECTS.intersection(imported(n)))) == set()


def test_no_shell_is_started():
    """A kubeconfig's credential plugin, and the demo's own verbs, are started by name and never through a shell."""
    shells = {"os.system", "os.popen", "asyncio.create_subprocess_shell"}
    assert places_of(lambda n: isinstance(n, ast.keyword) and n.arg == "shell") == set()
    assert places_of(lambda n: isinstance(n, ast.Call) and ast.unparse(n.func) in shells) == set()
    assert places_of(lambda n: bool(STARTS_PROCESSES.intersection(imported(n)))) == set()
    starts = places_of(lambda n: isinstance(n, ast.Attribute) and n.attr == "create_subprocess_exec")
    assert starts == {"autoscaler/kube/execute.py", "autoscaler/cli/demo.py"}


def test_certificates_are_verified_everywhere_but_in_one_named_place():
    """TLS without verification exists once, where it is counted and can be forbidden."""

    def is_unverified(node: ast.AST) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr in ("CERT_NONE", "CERT_OPTIONAL", "_create_unverified_context", "check_hostname")
        if isinstance(node, ast.keyword) and isinstance(node.value, ast.Constant):
            return node.arg in ("verify", "verify_ssl", "ssl", "check_hostname") and node.value.value is False
        return False

    assert places_of(is_unverified) == set(UNVERIFIED)


def test_broad_excepts_stand_in_named_places_only():
    """A bug of ours ends one object's tick, one cohort's or one chore's, and is told; anywhere else it propagates.

    What cleans up and raises on is none: nothing ends there.
    """

    def is_broad(node: ast.AST) -> bool:
        if not isinstance(node, ast.ExceptHandler) or ast.unparse(node.body[-1]) == "raise":
            return False
        kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        return any(k is None or ast.unparse(k) in ("Exception", "BaseException") for k in kinds)

    found = Counter(name for name, node in nodes() if is_broad(node))
    assert found == {name: count for name, (count, _) in BROAD.items()}


def test_nobody_swallows_in_silence():
    """An ``except`` whose body is ``pass`` names a narrow type, and ``contextlib.suppress`` does too."""

    def is_silent(node: ast.AST) -> bool:
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("suppress"):
            return any(ast.unparse(kind) in ("Exception", "BaseException") for kind in node.args)
        if not isinstance(node, ast.ExceptHandler) or not all(isinstance(line, ast.Pass) for line in node.body):
            return False
        return node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")

    assert places_of(is_silent) == set()


def test_the_time_is_asked_for_in_one_place():
    """The loop's clock is ``loop/clock.py``; the core has none, and each other look at the machine's clock is named."""
    assert places_of(lambda n: "time" in imported(n)) == {"autoscaler/loop/clock.py"}
    looks = places_of(lambda n: isinstance(n, ast.Call) and ast.unparse(n.func) in SYSTEM_CLOCKS)
    assert looks == set(CLOCKS)


def test_the_event_loops_time_measures_deadlines_in_adapters_only():
    """What decides and remembers goes by the loop's ``Clock`` port and never by asyncio's."""

    def is_loop_time(node: ast.AST) -> bool:
        return isinstance(node, ast.Attribute) and node.attr == "time" and "loop" in ast.unparse(node.value)

    assert {name for name in places_of(is_loop_time) if not is_covered(name, LOOP_TIME)} == set()


def test_every_file_is_one_idea_under_300_lines():
    """A file that outgrows its limit is two ideas."""
    sizes = {
        path.relative_to(CHECKOUT).as_posix(): len(path.read_text(encoding="utf-8").splitlines())
        for root in ("autoscaler", "docs")
        for path in (CHECKOUT / root).rglob("*.py")
    }
    assert {name: size for name, size in sizes.items() if size >= LONGEST} == {}
