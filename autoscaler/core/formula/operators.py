"""What the operators of a formula do. Source: expr-lang vm/runtime helpers.

Numbers follow IEEE 754 and 64-bit integers: division by zero gives infinities, never an error.
"""

import math
from collections.abc import Callable, Mapping

from autoscaler.core.formula.patterns import matches
from autoscaler.core.formula.values import (
    FormulaError,
    Instant,
    Span,
    Value,
    equal,
    name_of,
    to_delta,
    to_span,
    wrap,
)

Operator = Callable[[Value, Value], Value]
NUMERIC = frozenset((int, float))
"""The types of numbers; a bool is none."""


def add(left: Value, right: Value) -> Value:
    """Add numbers, join texts, move instants."""
    if type(left) in NUMERIC and type(right) in NUMERIC:
        return _number("+", left, right, lambda a, b: a + b)
    match left, right:
        case (str(), str()):
            return left + right
        case (Instant(), Span()):
            return _moved(left, right)
        case (Span(), Instant()):
            return _moved(right, left)
        case (Span(), Span()):
            return Span(nanoseconds=wrap(left.nanoseconds + right.nanoseconds))
    return _number("+", left, right, lambda a, b: a + b)


def subtract(left: Value, right: Value) -> Value:
    """Subtract numbers; tell instants apart."""
    match left, right:
        case (Instant(), Instant()):
            return to_span(left.at - right.at)
        case (Instant(), Span()):
            return _moved(left, Span(nanoseconds=-right.nanoseconds))
        case (Span(), Span()):
            return Span(nanoseconds=wrap(left.nanoseconds - right.nanoseconds))
    return _number("-", left, right, lambda a, b: a - b)


def multiply(left: Value, right: Value) -> Value:
    """Multiply numbers and durations."""
    if isinstance(left, Span) or isinstance(right, Span):
        return _scaled(left, right)
    return _number("*", left, right, lambda a, b: a * b)


def divide(left: Value, right: Value) -> Value:
    """Divide as floats; by zero gives an infinity or NaN."""
    _demand_numbers("/", left, right)
    a, b = float(left), float(right)  # type: ignore[arg-type]
    if b != 0.0:
        return a / b
    if a == 0.0 or math.isnan(a):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def remainder(left: Value, right: Value) -> Value:
    """Give the rest of an integer division, with the sign of the left side."""
    if type(left) is not int or type(right) is not int:
        raise FormulaError(f"% needs whole numbers, found {name_of(left)} and {name_of(right)}")
    if right == 0:
        raise FormulaError("integer divide by zero")
    return int(math.copysign(1, left)) * (abs(left) % abs(right))


def power(left: Value, right: Value) -> Value:
    """Raise to a power, as floats. Source: Go math.Pow."""
    _demand_numbers("^", left, right)
    a, b = float(left), float(right)  # type: ignore[arg-type]
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:
        if a == 0.0:
            return math.copysign(math.inf, a) if b % 2 == 1 else math.inf
        return math.nan


def less(left: Value, right: Value) -> bool:
    """Say whether left is below right: numbers, texts, instants and durations among themselves."""
    if type(left) in NUMERIC and type(right) in NUMERIC:
        return left < right  # type: ignore[operator]
    match left, right:
        case (str(), str()):
            return left < right
        case (Instant(), Instant()):
            return left.at < right.at
        case (Span(), Span()):
            return left.nanoseconds < right.nanoseconds
    raise FormulaError(f"{name_of(left)} and {name_of(right)} have no order")


def at_most(left: Value, right: Value) -> bool:
    """Say whether left is not above right; NaN never is."""
    return less(left, right) or equal(left, right)


def contained(needle: Value, pool: Value) -> bool:
    """Say whether a list holds a value, or a map a key."""
    match pool:
        case None:
            return False
        case list():
            return any(equal(item, needle) for item in pool)
        case dict():
            return isinstance(needle, (str, int, float, bool)) and needle in pool
    raise FormulaError(f"in needs a list or a map, found {name_of(pool)}")


def _on_texts(word: str, test: Callable[[str, str], bool]) -> Operator:
    def operator(left: Value, right: Value) -> Value:
        if isinstance(left, str) and isinstance(right, str):
            return test(left, right)
        raise FormulaError(f"{word} needs two texts, found {name_of(left)} and {name_of(right)}")

    return operator


def negate(item: Value) -> Value:
    """Change a number's sign."""
    if type(item) is float:
        return -item
    if type(item) is int:
        return wrap(-item)
    raise FormulaError(f"- needs a number, found {name_of(item)}")


def truth(item: Value) -> bool:
    """Take a boolean as it is; nothing else counts as one."""
    if item is True or item is False:
        return item
    raise FormulaError(f"a condition must be true or false, found {name_of(item)}")


def whole(item: Value, what: str) -> int:
    """Take a whole number as it is."""
    if type(item) is int:
        return item
    raise FormulaError(f"{what} must be a whole number, found {name_of(item)}")


def fetch(base: Value, key: Value) -> Value:
    """Take an element of a list or a map; a key that a map lacks gives nil."""
    match base:
        case dict():
            return base.get(key) if isinstance(key, (str, int, float, bool)) or key is None else None
        case list():
            index = int(key) if type(key) is float and abs(key) < 2**31 else whole(key, "an index")
            if not -len(base) <= index < len(base):
                raise FormulaError(f"index out of range: {index} (the list has {len(base)})")
            return base[index]
    raise FormulaError(f"nothing can be taken out of {name_of(base)}")


def _number(word: str, left: Value, right: Value, run: Callable[[float, float], float]) -> Value:
    _demand_numbers(word, left, right)
    result = run(left, right)  # type: ignore[arg-type]
    return wrap(result) if type(result) is int else result


def _demand_numbers(word: str, left: Value, right: Value) -> None:
    if type(left) not in NUMERIC or type(right) not in NUMERIC:
        raise FormulaError(f"{word} cannot be used on {name_of(left)} and {name_of(right)}")


def _moved(instant: Instant, span: Span) -> Instant:
    try:
        return Instant(at=instant.at + to_delta(span))
    except OverflowError as error:
        raise FormulaError("that instant is out of range") from error


def _scaled(left: Value, right: Value) -> Value:
    span, factor = (left, right) if isinstance(left, Span) else (right, left)
    assert isinstance(span, Span)
    if isinstance(factor, Span):
        return Span(nanoseconds=wrap(span.nanoseconds * factor.nanoseconds))
    if type(factor) is int:
        return Span(nanoseconds=wrap(span.nanoseconds * factor))
    if type(factor) is float and math.isfinite(product := span.nanoseconds * factor):
        return Span(nanoseconds=wrap(int(product)))
    raise FormulaError(f"* cannot be used on {name_of(left)} and {name_of(right)}")


BINARY: Mapping[str, Operator] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
    "^": power,
    "**": power,
    "==": equal,
    "!=": lambda a, b: not equal(a, b),
    "<": less,
    ">": lambda a, b: less(b, a),
    "<=": at_most,
    ">=": lambda a, b: at_most(b, a),
    "in": contained,
    "contains": _on_texts("contains", lambda a, b: b in a),
    "startsWith": _on_texts("startsWith", str.startswith),
    "endsWith": _on_texts("endsWith", str.endswith),
    "matches": _on_texts("matches", matches),
}
"""Operators that need both sides; ``and``, ``or``, ``??`` and ``..`` belong to the machine."""
