"""Built-ins that evaluate an expression once per element. Source: expr-lang compiler.go and vm.go."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cmp_to_key, reduce
from itertools import islice
from typing import Protocol

from autoscaler.core.formula.operators import add, less, to_bytes, truth
from autoscaler.core.formula.tree import Kind
from autoscaler.core.formula.values import FormulaError, Groups, Instant, Value, name_of
from autoscaler.model.formula import Node


class Evaluator(Protocol):
    """What a built-in needs of the machine that runs it."""

    @property
    def now(self) -> Instant:
        """The observation's wall time."""

    def run(self, node: Node) -> Value:
        """Evaluate a node."""

    def spend(self, elements: int) -> None:
        """Pay for elements before they are made."""

    def spend_text(self, length: int) -> None:
        """Pay for a text before it is made."""

    def weigh(self, item: Value) -> None:
        """Pay for looking at all that a value holds."""

    def each(self, items: Sequence[Value], node: Node, *, first: int = 0) -> Iterator[Value]:
        """Evaluate a predicate for one element after the other, from the place ``first`` on."""

    def folding(self) -> AbstractContextManager[Callable[[Value], None]]:
        """Give the way to set ``#acc``."""


Predicate = Callable[..., Value]


def items_of(item: Value, word: str) -> list[Value]:
    """Take a list as it is."""
    if isinstance(item, list):
        return item
    raise FormulaError(f"{word} needs a list, found {name_of(item)}")


def _walked(item: Value, word: str) -> Sequence[Value]:
    """Take what can be walked through: also a text, byte by byte, and a map without anything."""
    if isinstance(item, str):
        return to_bytes(item)
    return [] if item == {} else items_of(item, word)


def _tests(machine: Evaluator, word: str, source: Node, test: Node) -> tuple[Sequence[Value], Iterator[bool]]:
    items = _walked(machine.run(source), word)
    return items, map(truth, machine.each(items, test))


def _all(machine: Evaluator, source: Node, test: Node) -> Value:
    return all(_tests(machine, "all", source, test)[1])


def _none(machine: Evaluator, source: Node, test: Node) -> Value:
    return not any(_tests(machine, "none", source, test)[1])


def _any(machine: Evaluator, source: Node, test: Node) -> Value:
    return any(_tests(machine, "any", source, test)[1])


def _one(machine: Evaluator, source: Node, test: Node) -> Value:
    return sum(_tests(machine, "one", source, test)[1]) == 1


def _filter(machine: Evaluator, source: Node, test: Node, body: Node | None = None) -> Value:
    return list(_passing(machine, "filter", source, test, body))


def _passing(machine: Evaluator, word: str, source: Node, test: Node, body: Node | None) -> Iterator[Value]:
    """Give what passes, or what ``body`` makes of it, one after the other."""
    items, tests = _tests(machine, word, source, test)
    for item, passed in zip(items, tests, strict=True):
        if passed:
            yield item if body is None else machine.run(body)


def _map(machine: Evaluator, source: Node, body: Node) -> Value:
    items = _walked(machine.run(source), "map")
    machine.spend(len(items))
    return list(machine.each(items, body))


def _count(machine: Evaluator, source: Node, test: Node | None = None, stop: Node | None = None) -> Value:
    """Count what passes; ``stop`` holds the number beyond which nobody asks."""
    if test is not None:
        most = stop.literal if stop is not None and isinstance(stop.literal, int) else None
        return sum(1 for _ in islice(filter(None, _tests(machine, "count", source, test)[1]), most))
    items = _walked(machine.run(source), "count")
    machine.spend(len(items))
    return sum(truth(item) for item in items)


def _find(machine: Evaluator, source: Node, test: Node, body: Node | None = None) -> Value:
    return next(_passing(machine, "find", source, test, body), None)


def _first_of_filter(machine: Evaluator, source: Node, test: Node, body: Node | None = None) -> Value:
    for item in _passing(machine, "filter", source, test, body):
        return item
    raise FormulaError("index out of range: 0 (the list has 0)")


def _find_index(machine: Evaluator, source: Node, test: Node) -> Value:
    return next((index for index, passed in enumerate(_tests(machine, "findIndex", source, test)[1]) if passed), None)


def _last_index(machine: Evaluator, word: str, source: Node, test: Node) -> tuple[Sequence[Value], int | None]:
    items = _walked(machine.run(source), word)
    machine.spend(len(items))
    backwards = map(truth, machine.each(items[::-1], test))
    found = next((index for index, passed in enumerate(backwards) if passed), None)
    return items, None if found is None else len(items) - 1 - found


def _find_last(machine: Evaluator, source: Node, test: Node, body: Node | None = None) -> Value:
    items, index = _last_index(machine, "findLast", source, test)
    return None if index is None else _made_of(machine, items[index], body)


def _last_of_filter(machine: Evaluator, source: Node, test: Node, body: Node | None = None) -> Value:
    items, index = _last_index(machine, "filter", source, test)
    if index is None:
        raise FormulaError("index out of range: -1 (the list has 0)")
    return _made_of(machine, items[index], body)


def _made_of(machine: Evaluator, item: Value, body: Node | None) -> Value:
    return item if body is None else next(machine.each([item], body))


def _find_last_index(machine: Evaluator, source: Node, test: Node) -> Value:
    return _last_index(machine, "findLastIndex", source, test)[1]


def _sum(machine: Evaluator, source: Node, body: Node | None = None) -> Value:
    """Add up; a list of two or more that is written out is added from its end, as expr's optimizer does.

    The order shows in the last bit: a + (2 + b) is not (a + 2) + b, and one bit can be a thousandth.
    """
    items = _walked(machine.run(source), "sum")
    machine.spend(2 * len(items))
    if body is None and source.kind == Kind.LIST and len(items) > 1:
        return reduce(lambda total, item: add(item, total), items[::-1])
    total: Value = 0
    for part in iter(items) if body is None else machine.each(items, body):
        total = add(total, part)
    return total


def _group_by(machine: Evaluator, source: Node, body: Node) -> Value:
    items = _walked(machine.run(source), "groupBy")
    machine.spend(len(items))
    groups = Groups()
    for item, key in zip(items, machine.each(items, body), strict=True):
        if isinstance(key, (list, dict)):
            raise FormulaError(f"groupBy cannot group by {name_of(key)}")
        group = groups.setdefault(key, [])
        assert isinstance(group, list)
        group.append(item)
    return groups


def _sort_by(machine: Evaluator, source: Node, body: Node, order: Node | None = None) -> Value:
    items = _walked(machine.run(source), "sortBy")
    keys = list(machine.each(items, body))
    backwards = order is not None and descends(machine.run(order))
    return [items[index] for index in ordered(machine, keys, backwards=backwards)]


def descends(order: Value) -> bool:
    """Read the order of a sort: ``asc`` or ``desc``."""
    if order not in ("asc", "desc"):
        raise FormulaError("a sort's order must be asc or desc")
    return order == "desc"


def ordered(machine: Evaluator, keys: list[Value], *, backwards: bool) -> list[int]:
    """Give the places of ``keys`` in sorted order; equal ones stay as they stand."""
    machine.spend(len(keys) * max(len(keys).bit_length() // 2, 1))
    sign = -1 if backwards else 1

    def compare(one: int, other: int) -> int:
        return sign * (less(keys[other], keys[one]) - less(keys[one], keys[other]))

    return sorted(range(len(keys)), key=cmp_to_key(compare))


def _reduce(machine: Evaluator, source: Node, body: Node, initial: Node | None = None) -> Value:
    items = _walked(machine.run(source), "reduce")
    if initial is None and not items:
        raise FormulaError("reduce of an empty list needs an initial value")
    acc = items[0] if initial is None else machine.run(initial)
    with machine.folding() as keep:
        keep(acc)
        for result in machine.each(items, body, first=1 if initial is None else 0):
            acc = result
            keep(acc)
    return acc


PREDICATES: Mapping[str, Predicate] = {
    "all": _all,
    "none": _none,
    "any": _any,
    "one": _one,
    "filter": _filter,
    "map": _map,
    "count": _count,
    "find": _find,
    "findIndex": _find_index,
    "findLast": _find_last,
    "findLastIndex": _find_last_index,
    "sum": _sum,
    "groupBy": _group_by,
    "sortBy": _sort_by,
    "reduce": _reduce,
}
"""What each predicate built-in does with the nodes of its arguments."""
REWRITTEN: Mapping[str, Predicate] = {**PREDICATES, "filter[0]": _first_of_filter, "filter[-1]": _last_of_filter}
"""The same, and those that ``rewrite`` alone makes."""
