"""The built-ins on lists and maps. Source: expr-lang builtin/lib.go and builtin.go."""

from collections.abc import Callable, Iterator, Mapping

from autoscaler.core.formula.operators import OutOfRangeError, fetch, whole
from autoscaler.core.formula.predicates import Evaluator, descends, items_of, ordered
from autoscaler.core.formula.tree import MAX_DEPTH
from autoscaler.core.formula.values import AnyKeyed, FormulaError, Groups, NoList, Value, equal, is_nil, name_of

Function = Callable[..., Value]


def _first(machine: Evaluator, item: Value) -> Value:
    return _at(item, 0)


def _last(machine: Evaluator, item: Value) -> Value:
    return _at(item, -1)


def _at(item: Value, place: int) -> Value:
    """Take an element; of what has none, nil, whatever it is. Source: builtin.go, first and last recover."""
    try:
        return fetch(item, place)
    except FormulaError:
        return None


def _get(machine: Evaluator, base: Value, key: Value) -> Value:
    """Take as ``fetch`` does, but nil where there is nothing. Source: builtin/lib.go, get."""
    if not isinstance(base, (list, dict, str)):
        return None
    try:
        found = fetch(base, key)
        return None if isinstance(base, Groups) and is_nil(found) else found
    except OutOfRangeError:
        return None


def _take(machine: Evaluator, item: Value, size: Value) -> Value:
    items, count = items_of(item, "take"), whole(size, "the number to take")
    if count < 0:
        raise FormulaError(f"take cannot take {count} elements")
    machine.spend(min(count, len(items)))
    return items[:count]


def _map_of(item: Value, word: str) -> dict[Value, Value]:
    if isinstance(item, dict):
        return item
    raise FormulaError(f"{word} needs a map, found {name_of(item)}")


def _keys(machine: Evaluator, item: Value) -> Value:
    held = _map_of(item, "keys")
    machine.spend(len(held))
    return list(held)


def _values(machine: Evaluator, item: Value) -> Value:
    held = _map_of(item, "values")
    machine.spend(len(held))
    return list(held.values())


def _to_pairs(machine: Evaluator, item: Value) -> Value:
    held = _map_of(item, "toPairs")
    machine.spend(3 * len(held))
    return [[key, each] for key, each in held.items()]


def _from_pairs(machine: Evaluator, item: Value) -> Value:
    pairs = items_of(item, "fromPairs")
    machine.spend(len(pairs))
    made = AnyKeyed()
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and not isinstance(pair[0], (list, dict))):
            raise FormulaError("fromPairs needs pairs of a key and a value")
        made[pair[0]] = pair[1]
    return made


def _reverse(machine: Evaluator, item: Value) -> Value:
    items = items_of(item, "reverse")
    machine.spend(len(items))
    return items[::-1]


def _uniq(machine: Evaluator, item: Value) -> Value:
    kept: list[Value] = []
    for each in items_of(item, "uniq"):
        machine.spend(3 * len(kept))
        if isinstance(each, (str, list, dict)):
            for _ in range(len(kept)):
                machine.weigh(each)
        if not any(equal(each, other) for other in kept):
            kept.append(each)
    return kept


def _concat(machine: Evaluator, *items: Value) -> Value:
    made: list[Value] = []
    for item in items:
        more = items_of(item, "concat")
        machine.spend(len(more))
        made.extend(more)
    return made


def _flatten(machine: Evaluator, item: Value) -> Value:
    return list(_flat(machine, items_of(item, "flatten"), 0))


def _flat(machine: Evaluator, items: list[Value], depth: int) -> Iterator[Value]:
    if depth > MAX_DEPTH:
        raise FormulaError("lists nested too deep to flatten")
    machine.spend(len(items))
    for item in items:
        if isinstance(item, list):
            yield from _flat(machine, item, depth + 1)
        else:
            yield item


def _sort(machine: Evaluator, item: Value, order: Value = "asc") -> Value:
    """Sort a list; what is none gives one that was never made. Source: builtin.go, sort."""
    backwards = descends(order)
    if not isinstance(item, list):
        return NoList()
    return [item[index] for index in ordered(machine, item, backwards=backwards)]


FUNCTIONS: Mapping[str, Function] = {
    "first": _first,
    "last": _last,
    "get": _get,
    "take": _take,
    "keys": _keys,
    "values": _values,
    "toPairs": _to_pairs,
    "fromPairs": _from_pairs,
    "reverse": _reverse,
    "uniq": _uniq,
    "concat": _concat,
    "flatten": _flatten,
    "sort": _sort,
}
"""The built-ins on lists and maps."""
