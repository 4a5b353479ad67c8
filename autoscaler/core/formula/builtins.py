"""The built-ins on numbers and any value, and the table of all that take values. Source: expr-lang builtin/lib.go."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from autoscaler.core.formula import lists, texts, times
from autoscaler.core.formula.operators import less, negate, whole
from autoscaler.core.formula.predicates import Evaluator
from autoscaler.core.formula.show import show
from autoscaler.core.formula.tree import MAX_DEPTH
from autoscaler.core.formula.values import (
    FormulaError,
    Named,
    Span,
    Value,
    is_number,
    name_of,
    to_int,
    wrap,
)
from autoscaler.model.gotext import parse_float, parse_int
from autoscaler.model.text import plain

Function = Callable[..., Value]


def _len(machine: Evaluator, item: Value) -> Value:
    if isinstance(item, (str, list, dict)):
        return len(item)
    raise FormulaError(f"len needs a text, a list or a map, found {name_of(item)}")


def _type(machine: Evaluator, item: Value) -> Value:
    return name_of(item)


def _abs(machine: Evaluator, item: Value) -> Value:
    number = _demand(item, "abs")
    return negate(number) if number < 0 else number


def _ceil(machine: Evaluator, item: Value) -> Value:
    return _whole_float(_demand(item, "ceil"), math.ceil)


def _floor(machine: Evaluator, item: Value) -> Value:
    return _whole_float(_demand(item, "floor"), math.floor)


def _round(machine: Evaluator, item: Value) -> Value:
    return _whole_float(_demand(item, "round"), _half_away)


def _whole_float(number: float, cut: Callable[[float], int]) -> float:
    return math.copysign(cut(number), number) if math.isfinite(number) else float(number)


def _half_away(number: float) -> int:
    low = math.floor(abs(number))
    size = low + 1 if abs(number) - low >= 0.5 else low
    return size if number >= 0 else -size


def _int(machine: Evaluator, item: Value) -> Value:
    if type(item) is int:
        return item
    if type(item) is float:
        return to_int(item)
    if isinstance(item, Span):
        return item.nanoseconds
    if isinstance(item, Named):
        return item.number
    if isinstance(item, str) and (number := parse_int(item)) is not None:
        return number
    raise FormulaError(f"int cannot read {_described(item)}")


def _float(machine: Evaluator, item: Value) -> Value:
    if is_number(item):
        return float(item)  # type: ignore[arg-type]
    if isinstance(item, str) and (number := parse_float(item)) is not None:
        return number
    raise FormulaError(f"float cannot read {_described(item)}")


def _described(item: Value) -> str:
    return f'"{plain(item[:40])}"' if isinstance(item, str) else name_of(item)


def _string(machine: Evaluator, item: Value) -> Value:
    machine.weigh(item)
    text = show(item)
    machine.spend_text(3 * len(text))
    return text


def _demand(item: Value, word: str) -> int | float:
    if isinstance(item, (int, float)) and not isinstance(item, bool):
        return item
    raise FormulaError(f"{word} needs a number, found {name_of(item)}")


def _max(machine: Evaluator, *items: Value) -> Value:
    return _extreme(machine, "max", items, less)


def _min(machine: Evaluator, *items: Value) -> Value:
    return _extreme(machine, "min", items, lambda a, b: less(b, a))


def _extreme(machine: Evaluator, word: str, items: tuple[Value, ...], beaten: Callable[[Value, Value], bool]) -> Value:
    if len(items) == 1 and not isinstance(items[0], list):
        return items[0]
    best: Value = None
    for item in _numbers(machine, word, items):
        if best is None or beaten(best, item):
            best = item
    return best


def _numbers(machine: Evaluator, word: str, items: tuple[Value, ...] | list[Value], depth: int = 0) -> Iterator[float]:
    if depth > MAX_DEPTH:
        raise FormulaError(f"lists nested too deep for {word}")
    machine.spend(2 * len(items))
    for item in items:
        if isinstance(item, list):
            yield from _numbers(machine, word, item, depth + 1)
        else:
            yield _measured(item, word) if word == "median" else _demand(item, word)


def _measured(item: Value, word: str) -> float:
    """Take a number, or the one that a duration or a month is."""
    if isinstance(item, Span):
        return item.nanoseconds
    return item.number if isinstance(item, Named) else _demand(item, word)


def _mean(machine: Evaluator, *items: Value) -> Value:
    count, total = _summed(machine, items, 0)
    return total / count if count else 0.0


def _summed(machine: Evaluator, items: Sequence[Value], depth: int) -> tuple[int, float]:
    """Count and add up: a list within counts by its own sum, which shows in the last bit. Source: lib.go, mean."""
    if depth > MAX_DEPTH:
        raise FormulaError("lists nested too deep for mean")
    machine.spend(2 * len(items))
    count, total = 0, 0.0
    for item in items:
        held, size = _summed(machine, item, depth + 1) if isinstance(item, list) else (1, _measured(item, "mean"))
        count, total = count + held, total + size
    return count, total


def _median(machine: Evaluator, *items: Value) -> Value:
    numbers = sorted((float(number) for number in _numbers(machine, "median", items)), key=_nan_first)
    middle = len(numbers) // 2
    if not numbers:
        return 0.0
    return numbers[middle] if len(numbers) % 2 else (numbers[middle - 1] + numbers[middle]) / 2


def _nan_first(number: float) -> tuple[bool, float]:
    return (False, 0.0) if math.isnan(number) else (True, number)


def _on_bits(word: str, run: Callable[[int, int], int]) -> Function:
    def function(machine: Evaluator, left: Value, right: Value) -> Value:
        return wrap(run(whole(left, f"an argument of {word}"), whole(right, f"an argument of {word}")))

    return function


def _bitnot(machine: Evaluator, item: Value) -> Value:
    return ~whole(item, "the argument of bitnot")


def _shifted(number: int, places: int) -> int:
    return wrap(number << _places(places)) if places < 64 else 0


def _places(places: int) -> int:
    if places < 0:
        raise FormulaError(f"bits cannot be shifted by {places}")
    return min(places, 64)


FUNCTIONS: Mapping[str, Function] = {
    "len": _len,
    "type": _type,
    "abs": _abs,
    "ceil": _ceil,
    "floor": _floor,
    "round": _round,
    "int": _int,
    "float": _float,
    "string": _string,
    "max": _max,
    "min": _min,
    "mean": _mean,
    "median": _median,
    "bitand": _on_bits("bitand", lambda a, b: a & b),
    "bitor": _on_bits("bitor", lambda a, b: a | b),
    "bitxor": _on_bits("bitxor", lambda a, b: a ^ b),
    "bitnand": _on_bits("bitnand", lambda a, b: a & ~b),
    "bitnot": _bitnot,
    "bitshl": _on_bits("bitshl", _shifted),
    "bitshr": _on_bits("bitshr", lambda a, b: a >> _places(b)),
    "bitushr": _on_bits("bitushr", lambda a, b: (a % 2**64) >> _places(b)),
    **lists.FUNCTIONS,
    **texts.FUNCTIONS,
    **times.FUNCTIONS,
}
"""What each built-in does with its arguments' values."""
