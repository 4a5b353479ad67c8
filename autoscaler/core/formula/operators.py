"""What the operators of a formula do. Source: expr-lang vm/runtime helpers.

Numbers follow IEEE 754 and 64-bit integers: division by zero gives infinities, never an error.
"""

import math
from collections.abc import Callable, Mapping
from datetime import timedelta

from autoscaler.core.formula.patterns import matches
from autoscaler.core.formula.power import power
from autoscaler.core.formula.values import (
    AnyKeyed,
    FormulaError,
    Groups,
    Instant,
    NoList,
    Span,
    Value,
    equal,
    is_nil,
    name_of,
    to_int,
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
            return Span(nanoseconds=wrap(left.unix - right.unix))
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


def raise_to(left: Value, right: Value) -> Value:
    """Raise to a power, as floats."""
    _demand_numbers("^", left, right)
    return power(float(left), float(right))  # type: ignore[arg-type]


def less(left: Value, right: Value) -> bool:
    """Say whether left is below right: numbers, texts, instants and durations among themselves."""
    if type(left) in NUMERIC and type(right) in NUMERIC:
        if type(left) is not type(right):
            return float(left) < float(right)  # type: ignore[arg-type]
        return left < right  # type: ignore[operator]
    match left, right:
        case (str(), str()):
            return left < right
        case (Instant(), Instant()):
            return left.unix < right.unix
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
            return _entry(pool, needle) is not None
    raise FormulaError(f"in needs a list or a map, found {name_of(pool)}")


def _on_texts(word: str, test: Callable[[str, str], bool]) -> Operator:
    def operator(left: Value, right: Value) -> Value:
        if isinstance(left, str) and isinstance(right, str):
            return test(left, right)
        if is_nil(left) or is_nil(right):
            return False
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


def cut(item: Value, what: str) -> int:
    """Take a whole number, or a float cut to one. Source: runtime.ToInt."""
    return to_int(item) if type(item) is float else whole(item, what)


def fetch(base: Value, key: Value) -> Value:
    """Take an element of a list, a byte of a text or what a map holds; a key that a map lacks gives nil."""
    match base:
        case dict():
            found = _entry(base, key)
            return found[0] if found else NoList() if isinstance(base, Groups) else None
        case list():
            return base[_place(len(base), key)]
        case str():
            held = to_bytes(base)
            return held[_place(len(held), key)]
    raise FormulaError(f"nothing can be taken out of {name_of(base)}")


class OutOfRangeError(FormulaError):
    """A list has no element at a place."""


def _place(size: int, key: Value) -> int:
    index = cut(key, "an index")
    if not -size <= index < size:
        raise OutOfRangeError(f"index out of range: {index} (the list has {size})")
    return index


def to_bytes(text: str) -> bytes:
    """Give a text's bytes; a byte that is no UTF-8 stands in a text as a lone surrogate."""
    try:
        return text.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return text.encode(errors="replace")


def to_text(held: bytes) -> str:
    """Give the text that bytes are."""
    return held.decode(errors="surrogateescape")


def part(text: str, low: int, high: int) -> str:
    """Cut a text at its bytes, as Go slices it."""
    return text[low:high] if text.isascii() else to_text(to_bytes(text)[low:high])


def _entry(base: dict[Value, Value], key: Value) -> tuple[Value] | None:
    """Find what a map holds under a key, which must be of the same type; None where it holds nothing."""
    if isinstance(key, (list, dict)) or not (isinstance(base, AnyKeyed) or key is None or isinstance(key, str)):
        raise FormulaError(f"{name_of(key)} cannot be a key of this map")
    if isinstance(base, AnyKeyed):
        return (base.typed[type(key), key],) if (type(key), key) in base.typed else None
    wanted = "" if key is None else key
    return (base[wanted],) if wanted in base else None


def _number(word: str, left: Value, right: Value, run: Callable[[float, float], float]) -> Value:
    _demand_numbers(word, left, right)
    result = run(left, right)  # type: ignore[arg-type]
    return wrap(result) if type(result) is int else result


def _demand_numbers(word: str, left: Value, right: Value) -> None:
    if type(left) not in NUMERIC or type(right) not in NUMERIC:
        raise FormulaError(f"{word} cannot be used on {name_of(left)} and {name_of(right)}")


def _moved(instant: Instant, span: Span) -> Instant:
    micro, beyond = divmod(instant.beyond + span.nanoseconds, 1000)
    try:
        return Instant(at=instant.at + timedelta(microseconds=micro), beyond=beyond)
    except OverflowError as error:
        raise FormulaError("that instant is out of range") from error


def _scaled(left: Value, right: Value) -> Value:
    """Multiply a duration; with a float it becomes one. Source: vm/runtime helpers, Multiply."""
    span, factor = (left, right) if isinstance(left, Span) else (right, left)
    assert isinstance(span, Span)
    if isinstance(factor, Span):
        return Span(nanoseconds=wrap(span.nanoseconds * factor.nanoseconds))
    if type(factor) is int:
        return Span(nanoseconds=wrap(span.nanoseconds * factor))
    if type(factor) is float:
        return span.nanoseconds * factor
    raise FormulaError(f"* cannot be used on {name_of(left)} and {name_of(right)}")


BINARY: Mapping[str, Operator] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": remainder,
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
"""Operators on two values; the others, which have a price or a side of their own, belong to the machine."""
