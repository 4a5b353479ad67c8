"""S11: a formula has a budget of text, parts, depth, steps and elements, and reaches nothing outside its values."""

import contextlib
import math
import random
from datetime import UTC

import pytest

from autoscaler.core.formula.machine import Machine
from autoscaler.core.formula.members import MEMBERS
from autoscaler.core.formula.operators import BINARY
from autoscaler.core.formula.signatures import SIGNATURES
from autoscaler.core.formula.tree import FUNCTIONS, MAX_DEPTH, MAX_NODES, MAX_STEPS, MAX_TEXT, PREDICATES
from autoscaler.core.formula.values import FormulaError, Instant, Span, Zone
from autoscaler.manifests.formula import parse_formula
from autoscaler.model.faults import Fault
from autoscaler.model.formula import Formula, Node
from tests.benchmarks.formula import NAMES, VALUES, WALL, Generator

REFUSED = {
    "1..1e9": 2,
    "9**9**9 + nosuch": 11,
    "a" + " + a" * MAX_DEPTH: None,
    "(" * (MAX_DEPTH + 6) + "a" + ")" * (MAX_DEPTH + 6): None,
    "-" * (MAX_DEPTH + 6) + "a": None,
    "max(" + "a, " * MAX_NODES + "a)": None,
    "[" * 2000: None,
    "let x = 1;" * 300 + "x": None,
    '"' + "x" * MAX_TEXT + '"': 1,
    "len(1..1000000000)": 6,
    "sum(map(1..9000, # * 2))": None,
    "map(1..200, map(1..200, #))[0][0]": None,
    'len(repeat("x", 1000000000))': 5,
    'len(fromJSON("[" + repeat("[],", 4000) + "1]"))': None,
    "count(1..500, (1..4000) == (1..4000))": None,
    'len(repeat(repeat("x", 9000), 9000))': 5,
    'count(1..900, "a" matches string(#))': None,
    'count(1..900, date("2024-01-02").Year() > #)': None,
    "len(flatten(reduce(1..90, [#acc], [])))": 5,
    "().__class__": 2,
    "a.__class__": 3,
    "now().__class__()": 7,
    'a["__class__"]': 3,
    "__import__('os')": 1,
}


SPLICES = ("", "(", ")", "{", "#", "??", '"', "\\", "\x00", "\ud800", "💥")


@pytest.mark.parametrize(
    "text", ['$env["\\x1b[31m\\u202e"]', 'int("\\x1b[31m")', "a" * 4000, "0x" + "f" * 4000, 'date("\x1b")']
)
def test_what_a_formula_says_of_its_own_text_is_plain(text):
    """S13: a message quotes an author's text with its control characters as escapes, and no more than some of it."""
    fault = parse_formula(text, NAMES, path="formula")
    assert isinstance(fault, Fault)
    assert fault.message.isprintable()
    assert len(fault.message) < 400


def test_what_fails_while_it_runs_quotes_plain_text():
    """S13: a failure's text goes into records as it is."""
    formula = parse_formula('a < 0 ? 1.0 : float("\\x1b[31m")', NAMES, path="formula")
    assert isinstance(formula, Formula)
    with pytest.raises(FormulaError) as caught:
        Machine(VALUES, Instant(at=WALL)).run(formula.root)
    assert caught.value.message == 'float cannot read "\\x1b[31m"'


@pytest.mark.parametrize(("text", "column"), REFUSED.items(), ids=lambda each: str(each)[:40])
def test_what_would_cost_too_much_is_a_fault(text, column):
    """An attack is a fault at load that points at its column; the trial run has the budget of any other."""
    fault = parse_formula(text, NAMES, path="formula")
    assert isinstance(fault, Fault)
    assert column in (None, fault.column)
    assert fault.caret is not None


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(a*)*b", "(.*)*x"])
def test_patterns_are_linear(pattern):
    """Patterns that explode elsewhere cost what any other does: RE2 never steps back."""
    formula = parse_formula(f'"{"a" * 2000}!" matches "{pattern}" ? 1 : 2', NAMES, path="formula")
    assert isinstance(formula, Formula)
    machine = Machine(VALUES, Instant(at=WALL))
    assert machine.run(formula.root) in (1.0, 2.0)
    assert MAX_STEPS - machine.steps < 1000


def test_a_value_that_grows_at_run_time_ends_with_the_budget():
    """What the trial run cannot see ends at run time, at 10,000 steps and elements."""
    formula = parse_formula("sum(map(1..int(a), # * 2))", NAMES, path="formula")
    assert isinstance(formula, Formula)
    machine = Machine({**VALUES, "a": 1e9}, Instant(at=WALL))
    with pytest.raises(FormulaError, match="more than 10000 steps"):
        machine.run(formula.root)


def test_generated_formulas_stay_within_their_budget():
    """Whatever a formula holds, it is refused, fails as a value, or ends within its steps; nothing else escapes."""
    generator = Generator(seed=11)
    outcomes = {"refused": 0, "failed": 0, "value": 0}
    for _ in range(200):
        formula = parse_formula(generator.formula(), NAMES, path="formula")
        if isinstance(formula, Fault):
            outcomes["refused"] += 1
            continue
        machine = Machine(VALUES, Instant(at=WALL))
        failure = failure_of(machine, formula)
        outcomes["value" if failure is None else "failed"] += 1
        assert machine.steps < MAX_STEPS
        assert machine.steps >= 0 if failure is None else failure.column is not None
    assert outcomes["value"] > 100


def failure_of(machine: Machine, formula: Formula) -> FormulaError | None:
    try:
        machine.run(formula.root)
    except FormulaError as error:
        return error
    return None


def test_mutated_formulas_give_a_formula_or_a_fault():
    """A formula cut and spliced at random is parsed or refused, never a crash."""
    generator = Generator(seed=12)
    for _ in range(300):
        text, other = generator.formula(), generator.formula()
        cut = generator.draw.randrange(len(text) + 1)
        mixed = (
            text[:cut]
            + generator.draw.choice(["", "(", ")", "{", "#", "??", '"', "\\", "\x00", "\ud800", "💥"])
            + other
        )
        assert isinstance(parse_formula(mixed, NAMES, path="formula"), (Formula, Fault))


VALUE_POOL = {
    "nothing": None,
    "yes": True,
    "three": 3,
    "least": -(2**63),
    "half": 0.5,
    "endless": math.inf,
    "odd": math.nan,
    "text": "abc",
    "halves": "ß😀\ud800",
    "list": [1, 2.5, "x", [2, [3]], None],
    "map": {"k": 1},
    "span": Span(nanoseconds=2**63 - 1),
    "instant": Instant(at=WALL),
    "zone": Zone(zone=UTC),
}
OPERATORS = (*BINARY, "and", "or", "??", "..")
METHODS = sorted({name for members in MEMBERS.values() for name in members} | {"__class__", "at", "nanoseconds"})


class Trees:
    """Trees that no checker has seen: any operator, built-in or method on any value."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def tree(self, depth: int) -> Node:
        if depth == 0:
            return self.node("name", self.draw.choice(list(VALUE_POOL)))
        kind = self.draw.choice(["binary", "unary", "member", "slice", "method", "call", "predicate", "list"])
        parts = [self.tree(depth - 1) for _ in range(3)]
        match kind:
            case "binary":
                return self.node(kind, self.draw.choice(OPERATORS), *parts[:2])
            case "unary":
                return self.node(kind, self.draw.choice(["-", "+", "not"]), parts[0])
            case "member":
                return self.node(kind, False, *parts[:2])
            case "method":
                return self.node(kind, self.draw.choice(METHODS), *parts[: self.draw.randint(1, 3)])
            case "call":
                name = self.draw.choice(sorted(SIGNATURES))
                return self.node(kind, name, *parts[: len(SIGNATURES[name].takes)][: self.draw.choice([1, 2, 3])])
            case "predicate":
                body = self.node("binary", self.draw.choice(OPERATORS), self.node("pointer", ""), parts[1])
                return self.node("call", self.draw.choice(sorted(PREDICATES)), parts[0], body)
        return self.node(kind, None, *parts)

    def node(self, kind: str, literal: str | bool | None, *children: Node) -> Node:
        return Node(kind=kind, column=1, literal=literal, children=children)


def is_complete(node: Node) -> bool:
    """Say whether every call has as many arguments as its built-in takes, as the checker makes sure."""
    if node.kind == "call" and node.literal in SIGNATURES:
        signature = SIGNATURES[str(node.literal)]
        if not len(signature.takes) - signature.optional <= len(node.children) <= len(signature.takes):
            return False
    return all(map(is_complete, node.children))


def test_any_tree_gives_a_value_or_a_formulas_failure():
    """Whatever meets whatever, nothing but a formula's own failure escapes."""
    trees = Trees(seed=13)
    met = 0
    while met < 3000:
        tree = trees.tree(trees.draw.randint(1, 3))
        if not is_complete(tree):
            continue
        met += 1
        with contextlib.suppress(FormulaError):
            Machine(VALUE_POOL, Instant(at=WALL)).run(tree)


def test_every_builtin_has_an_implementation_and_a_signature():
    """The list of built-ins is the whole of what a formula can call."""
    from autoscaler.core.formula import builtins, predicates

    assert set(builtins.FUNCTIONS) == FUNCTIONS
    assert set(predicates.PREDICATES) == PREDICATES
    assert len(FUNCTIONS | PREDICATES) == 71
