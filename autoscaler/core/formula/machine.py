"""Walks a formula's tree within a budget of steps (S11). Source: expr-lang vm/vm.go.

Nodes, elements that are made and dearer work are paid for in steps; ``prices`` says how many.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from autoscaler.core.formula import prices
from autoscaler.core.formula.builtins import FUNCTIONS
from autoscaler.core.formula.members import call_member
from autoscaler.core.formula.operators import BINARY, NUMERIC, cut, fetch, negate, part, raise_to, to_bytes, truth
from autoscaler.core.formula.predicates import REWRITTEN
from autoscaler.core.formula.prices import NODE
from autoscaler.core.formula.tree import MAX_STEPS, Kind
from autoscaler.core.formula.values import Env, FormulaError, Instant, Span, Value, is_nil, name_of
from autoscaler.model.formula import Node


class _ChainEnd(Exception):  # noqa: N818 - it ends a chain, it is no error
    """The base of a ``?.`` is nil, so its whole chain is."""


class Machine:
    """One evaluation: variables, the steps that are left, and the element that a predicate looks at."""

    __slots__ = ("_acc", "_element", "_index", "absent", "env", "lets", "now", "steps")

    def __init__(self, env: Env, now: Instant, absent: Value = None) -> None:
        self.env = env
        self.absent = absent
        self.now = now
        self.steps = MAX_STEPS
        self.lets: dict[str, Value] = {}
        self._element: Value = None
        self._index = 0
        self._acc: Value = None

    def run(self, node: Node) -> Value:
        """Evaluate a node. Raises FormulaError with the column of the innermost node that failed."""
        self.steps -= NODE
        if self.steps < 0:
            raise FormulaError(f"the formula takes more than {MAX_STEPS} steps", node.column)
        try:
            return _RUN[node.kind](self, node)
        except FormulaError as error:
            if error.column is None:
                error.column = node.column
            raise

    def spend(self, elements: int) -> None:
        """Pay for elements before they are made."""
        self.steps -= elements
        if self.steps < 0:
            raise FormulaError(f"the formula takes more than {MAX_STEPS} steps")

    def weigh(self, item: Value) -> None:
        """Pay for looking at all that a value holds."""
        pending = [item]
        while pending:
            part = pending.pop()
            if isinstance(part, str):
                self.spend_text(len(part))
            elif isinstance(part, (list, dict)):
                self.spend(len(part))
                held = part.values() if isinstance(part, dict) else part
                pending.extend(each for each in held if isinstance(each, (str, list, dict)))

    def spend_text(self, length: int) -> None:
        """Pay for a text before it is made."""
        self.spend(length // prices.LETTERS)

    def each(self, items: Sequence[Value], node: Node, *, first: int = 0) -> Iterator[Value]:
        """Evaluate a predicate for one element after the other, from the place ``first`` on."""
        before = self._element, self._index
        try:
            for index in range(first, len(items)):
                self._element, self._index = items[index], index
                yield self.run(node)
        finally:
            self._element, self._index = before

    @contextmanager
    def folding(self) -> Iterator[Callable[[Value], None]]:
        """Give the way to set ``#acc``; what it was before comes back at the end."""
        before = self._acc

        def keep(acc: Value) -> None:
            self._acc = acc

        try:
            yield keep
        finally:
            self._acc = before

    def pointed(self, name: object) -> Value:
        """Give what ``#``, ``#index`` or ``#acc`` stands for."""
        if name == "":
            return self._element
        return self._index if name == "index" else self._acc


def _literal(machine: Machine, node: Node) -> Value:
    return node.literal


def _name(machine: Machine, node: Node) -> Value:
    name = str(node.literal)
    return machine.lets[name] if name in machine.lets else machine.env.get(name)


def _env(machine: Machine, node: Node) -> Value:
    machine.spend(len(machine.env))
    made: dict[Value, Value] = {}
    made.update(machine.env.items())
    return made


def _unary(machine: Machine, node: Node) -> Value:
    item = machine.run(node.children[0])
    if node.literal == "not":
        return not truth(item)
    return negate(item) if node.literal == "-" else item  # a plus does nothing: compiler.go


def _binary(machine: Machine, node: Node) -> Value:
    word = str(node.literal)
    if word in _LAZY:
        return _LAZY[word](machine, *node.children)
    left, right = machine.run(node.children[0]), machine.run(node.children[1])
    if type(left) not in NUMERIC or type(right) not in NUMERIC:
        _pay(machine, word, left, right)
    return BINARY[word](left, right)


def _pay(machine: Machine, word: str, left: Value, right: Value) -> None:
    """Charge what an operator reads beyond two numbers; a pattern must be compiled first."""
    of_time = isinstance(left, (Instant, Span)) or isinstance(right, (Instant, Span))
    machine.spend(prices.INSTANT if of_time else prices.OTHERS)
    if isinstance(right, str) and word == "matches":
        machine.spend(prices.PATTERN + len(right))
    if isinstance(right, list) and word == "in":
        machine.spend(len(right))
    if isinstance(left, (str, list, dict)) and isinstance(right, (str, list, dict)):
        machine.weigh(left)
        machine.weigh(right)
    elif isinstance(right, (list, dict)):
        machine.weigh(right)


def _and(machine: Machine, left: Node, right: Node) -> Value:
    """Take the right side as it is: that it is true or false is seen by what uses it. Source: compiler.go."""
    return machine.run(right) if truth(machine.run(left)) else False


def _or(machine: Machine, left: Node, right: Node) -> Value:
    return True if truth(machine.run(left)) else machine.run(right)


def _coalesce(machine: Machine, left: Node, right: Node) -> Value:
    item = machine.run(left)
    return machine.run(right) if is_nil(item) else item


def _range(machine: Machine, left: Node, right: Node) -> Value:
    low, high = cut(machine.run(left), "a range's start"), cut(machine.run(right), "a range's end")
    machine.spend(max(high - low + 1, 0))
    return list(range(low, high + 1))


def _power(machine: Machine, left: Node, right: Node) -> Value:
    base, exponent = machine.run(left), machine.run(right)
    machine.spend(prices.POWER + prices.ROOT if isinstance(exponent, float) and exponent % 1 else prices.POWER)
    return raise_to(base, exponent)


_LAZY: Mapping[str, Callable[[Machine, Node, Node], Value]] = {
    "^": _power,
    "**": _power,
    "and": _and,
    "or": _or,
    "??": _coalesce,
    "..": _range,
}


def _condition(machine: Machine, node: Node) -> Value:
    test, then, other = node.children
    return machine.run(then if truth(machine.run(test)) else other)


def _member(machine: Machine, node: Node) -> Value:
    if node.children[0].kind == Kind.ENV:
        name = machine.run(node.children[1])
        if name is None or isinstance(name, str):
            return machine.env.get(name or "", machine.absent)
        raise FormulaError(f"a trigger's name is a text, found {name_of(name)}")
    base = machine.run(node.children[0])
    if node.literal is True and is_nil(base):
        raise _ChainEnd
    return fetch(base, machine.run(node.children[1]))


def _chain(machine: Machine, node: Node) -> Value:
    try:
        return machine.run(node.children[0])
    except _ChainEnd:
        return None


def _slice(machine: Machine, node: Node) -> Value:
    base, low, high = (machine.run(child) for child in node.children)
    if not isinstance(base, (str, list)):
        raise FormulaError(f"only texts and lists have slices, found {name_of(base)}")
    size = len(to_bytes(base)) if isinstance(base, str) else len(base)
    first = 0 if low is None else _bound(cut(low, "a slice's start"), size)
    last = size if high is None else _bound(cut(high, "a slice's end"), size)
    machine.spend(max(last - first, 0))
    return part(base, first, last) if isinstance(base, str) else base[first:last]


def _bound(index: int, size: int) -> int:
    return max(size + index, 0) if index < 0 else min(index, size)


def _list(machine: Machine, node: Node) -> Value:
    machine.spend(len(node.children))
    return [machine.run(child) for child in node.children]


def _map(machine: Machine, node: Node) -> Value:
    items = [machine.run(child) for child in node.children]
    if wrong := next((key for key in items[::2] if not isinstance(key, str)), None):
        raise FormulaError(f"a map's keys are texts, found {name_of(wrong)}")
    made: dict[Value, Value] = {}
    for key, item in zip(items[::2], items[1::2], strict=True):
        made.setdefault(key, item)  # of two alike the first stays, as in vm.go, OpMap
    return made


def _pointer(machine: Machine, node: Node) -> Value:
    return machine.pointed(node.literal)


def _let(machine: Machine, node: Node) -> Value:
    name, outer = str(node.literal), machine.lets
    item = machine.run(node.children[0])
    machine.lets = {**outer, name: item}
    try:
        return machine.run(node.children[1])
    finally:
        machine.lets = outer


def _sequence(machine: Machine, node: Node) -> Value:
    item: Value = None
    for child in node.children:
        item = machine.run(child)
    return item


def _call(machine: Machine, node: Node) -> Value:
    name = str(node.literal)
    if (predicate := REWRITTEN.get(name)) is not None:
        return predicate(machine, *node.children)
    arguments = [machine.run(child) for child in node.children]
    machine.spend(prices.CALLS.get(name, prices.CALL))
    if name not in FUNCTIONS:
        raise FormulaError(f'"{name}" is a value and cannot be called')
    return FUNCTIONS[name](machine, *arguments)


def _method(machine: Machine, node: Node) -> Value:
    base, *arguments = (machine.run(child) for child in node.children)
    letters = sum(len(argument) for argument in arguments if isinstance(argument, str))
    machine.spend(prices.METHOD + prices.LAYOUT * letters)
    return call_member(base, str(node.literal), arguments)


_RUN: Mapping[str, Callable[[Machine, Node], Value]] = {
    Kind.LITERAL.value: _literal,
    Kind.NAME.value: _name,
    Kind.ENV.value: _env,
    Kind.UNARY.value: _unary,
    Kind.BINARY.value: _binary,
    Kind.CONDITION.value: _condition,
    Kind.MEMBER.value: _member,
    Kind.CHAIN.value: _chain,
    Kind.METHOD.value: _method,
    Kind.CALL.value: _call,
    Kind.SLICE.value: _slice,
    Kind.LIST.value: _list,
    Kind.MAP.value: _map,
    Kind.POINTER.value: _pointer,
    Kind.LET.value: _let,
    Kind.SEQUENCE.value: _sequence,
}
