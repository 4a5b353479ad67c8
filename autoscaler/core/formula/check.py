"""What a formula's nodes give, known before it runs. Source: expr-lang checker/checker.go, with triggers as floats.

It refuses what cannot work; what it cannot know it lets pass, and the trial run or the machine finds it.
"""

import math
from collections.abc import Callable, Mapping

from autoscaler.core.formula.patterns import is_pattern
from autoscaler.core.formula.shapes import (
    BOOL,
    FLOAT,
    INT,
    LIST,
    NIL,
    TEXT,
    UNKNOWN,
    CheckError,
    Shape,
    Sort,
    list_of,
    operate,
)
from autoscaler.core.formula.signatures import give, give_member
from autoscaler.core.formula.tree import FUNCTIONS, PREDICATES, Kind
from autoscaler.core.formula.values import wrap
from autoscaler.model.formula import Node

_TESTED = frozenset(("all", "none", "any", "one", "filter", "find", "findIndex", "findLast", "findLastIndex", "count"))


def check(root: Node, names: frozenset[str]) -> Shape:
    """Give the shape of a formula's result. Raises CheckError at the first node that cannot work.

    ``names`` are the triggers that have a variable; one of them hides a built-in of its name.
    """
    return _Checker(names).visit(root)


class _Checker:
    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self.lets: dict[str, Shape] = {}
        self.scopes: list[Mapping[str, Shape]] = []

    def visit(self, node: Node) -> Shape:
        return _VISIT[node.kind](self, node)

    def each(self, node: Node, **pointed: Shape) -> Shape:
        """Visit a predicate with what ``#`` and its like stand for."""
        self.scopes.append(pointed)
        try:
            return self.visit(node)
        finally:
            self.scopes.pop()


def _literal(checker: _Checker, node: Node) -> Shape:
    match node.literal:
        case None:
            return NIL
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return FLOAT
        case _:
            return TEXT


def _name(checker: _Checker, node: Node) -> Shape:
    name = str(node.literal)
    if name in checker.lets:
        return checker.lets[name]
    if name in checker.names:
        return FLOAT
    if name in FUNCTIONS or name in PREDICATES:
        return Shape(sort=Sort.FUNCTION)
    raise CheckError(f'there is no trigger named "{name}"', node.column, unknown_name=True)


def _env(checker: _Checker, node: Node) -> Shape:
    return UNKNOWN


def _unary(checker: _Checker, node: Node) -> Shape:
    shape = checker.visit(node.children[0])
    if node.literal == "not":
        if shape.sort in (Sort.BOOL, Sort.UNKNOWN):
            return BOOL
    elif shape.is_number or shape.sort is Sort.UNKNOWN:
        return shape
    raise CheckError(f"{node.literal} cannot be used on {shape}", node.column)


def _binary(checker: _Checker, node: Node) -> Shape:
    left, right = checker.visit(node.children[0]), checker.visit(node.children[1])
    word, column = str(node.literal), node.column
    if word == "matches" and isinstance(pattern := node.children[1].literal, str) and not is_pattern(pattern):
        raise CheckError("the pattern is not valid", node.children[1].column)
    if word == "%" and constant(node.children[1]) == 0 and constant(node.children[0]) is not None:
        raise CheckError("integer divide by zero", column)
    return operate(word, left, right, column)


def constant(node: Node) -> int | None:
    """Give the whole number that a node of whole numbers alone stands for; None for any other node."""
    if node.kind == Kind.LITERAL:
        return node.literal if type(node.literal) is int else None
    if node.kind not in (Kind.UNARY, Kind.BINARY) or node.literal not in _FOLDED:
        return None
    parts = [constant(child) for child in node.children]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if len(known) == 1:
        return -known[0] if node.literal == "-" else known[0]
    left, right = known
    if node.literal == "%":
        return right and int(math.copysign(abs(left) % abs(right), left))
    return wrap({"+": left + right, "-": left - right, "*": left * right}[str(node.literal)])


_FOLDED = frozenset(("+", "-", "*", "%"))


def _condition(checker: _Checker, node: Node) -> Shape:
    test = checker.visit(node.children[0])
    if test.sort not in (Sort.BOOL, Sort.UNKNOWN):
        raise CheckError(f"a condition must be true or false, this is {test}", node.children[0].column)
    then, other = checker.visit(node.children[1]), checker.visit(node.children[2])
    if NIL in (then, other):
        return other if then == NIL else then
    return then if other.sort in (then.sort, Sort.UNKNOWN) else UNKNOWN


def _in_env(checker: _Checker, key: Node, *, optional: bool) -> Shape:
    """Give what ``$env`` holds under a name that is written out; others are found when it runs."""
    name = key.literal if key.kind == Kind.LITERAL else None
    if isinstance(name, str) and name in checker.names:
        return FLOAT
    if isinstance(name, str) and not optional:
        raise CheckError(f'there is no trigger named "{name}"', key.column, unknown_name=True)
    return UNKNOWN


def _member(checker: _Checker, node: Node) -> Shape:
    if node.children[0].kind == Kind.ENV:
        checker.visit(node.children[1])
        return _in_env(checker, node.children[1], optional=node.literal is True)
    base, key = checker.visit(node.children[0]), checker.visit(node.children[1])
    match base.sort:
        case Sort.UNKNOWN:
            return UNKNOWN
        case Sort.LIST if key.sort in (Sort.INT, Sort.UNKNOWN):
            return base.element or UNKNOWN
        case Sort.MAP if base.keyed_by_text and key.sort not in (Sort.TEXT, Sort.UNKNOWN):
            raise CheckError(f"a map's keys are texts, this is {key}", node.column)
        case Sort.MAP:
            return base.element or UNKNOWN
    raise CheckError(f"nothing can be taken out of {base} with {key}", node.column)


def _chain(checker: _Checker, node: Node) -> Shape:
    return checker.visit(node.children[0])


def _method(checker: _Checker, node: Node) -> Shape:
    if node.children[0].kind == Kind.ENV and node.literal in checker.names:
        raise CheckError(f'"{node.literal}" is a value and cannot be called', node.column)
    base, *arguments = (checker.visit(child) for child in node.children)
    return give_member(base, str(node.literal), arguments, node.column)


def _slice(checker: _Checker, node: Node) -> Shape:
    base, low, high = (checker.visit(child) for child in node.children)
    if base.sort not in (Sort.TEXT, Sort.LIST, Sort.UNKNOWN):
        raise CheckError(f"only texts and lists have slices, this is {base}", node.column)
    for bound in (low, high):
        if bound.sort not in (Sort.INT, Sort.UNKNOWN, Sort.NIL):
            raise CheckError(f"a slice's bounds are whole numbers, this is {bound}", node.column)
    return base


def _list(checker: _Checker, node: Node) -> Shape:
    shapes = [checker.visit(child) for child in node.children]
    same = bool(shapes) and all(shape.sort is shapes[0].sort for shape in shapes)
    return list_of(shapes[0] if same else UNKNOWN)


def _map(checker: _Checker, node: Node) -> Shape:
    for child in node.children:
        checker.visit(child)
    return Shape(sort=Sort.MAP, keyed_by_text=True)


def _pointer(checker: _Checker, node: Node) -> Shape:
    name = str(node.literal)
    if name in checker.scopes[-1]:
        return checker.scopes[-1][name]
    raise CheckError(f"#{name} means nothing here", node.column)


def _let(checker: _Checker, node: Node) -> Shape:
    name = str(node.literal)
    if name in checker.names or name in FUNCTIONS or name in PREDICATES or name in checker.lets:
        raise CheckError(f'"{name}" has a meaning already: choose another name', node.column)
    shape, outer = checker.visit(node.children[0]), checker.lets
    checker.lets = {**outer, name: shape}
    try:
        return checker.visit(node.children[1])
    finally:
        checker.lets = outer


def _sequence(checker: _Checker, node: Node) -> Shape:
    return [checker.visit(child) for child in node.children][-1]


def _call(checker: _Checker, node: Node) -> Shape:
    name = str(node.literal)
    if name in checker.lets and checker.lets[name].sort in (Sort.UNKNOWN, Sort.FUNCTION):
        return UNKNOWN
    if name in checker.names or name in checker.lets or name == "$env":
        raise CheckError(f'"{name}" is a value and cannot be called', node.column)
    if name in PREDICATES:
        return _predicate(checker, node, name)
    if name not in FUNCTIONS:
        raise CheckError(f'there is no function "{name}"', node.column, unknown_name=True)
    if name == "get" and len(node.children) == 2 and node.children[0].kind == Kind.ENV:
        return _in_env(checker, node.children[1], optional=True)
    return give(name, [checker.visit(child) for child in node.children], node.column)


def _predicate(checker: _Checker, node: Node, name: str) -> Shape:
    source = checker.visit(node.children[0])
    if source.sort not in (Sort.LIST, Sort.UNKNOWN):
        raise CheckError(f"{name} takes a list, this is {source}", node.children[0].column)
    element = source.element or UNKNOWN
    if len(node.children) == 1:
        return INT if name == "count" else element
    extra = [checker.visit(child) for child in node.children[2:]] if name == "reduce" else []
    pointed = {"": element, **_POINTED.get(name, {})}
    body = checker.each(node.children[1], **pointed)
    if body.sort is Sort.NIL:
        raise CheckError(f"what {name} evaluates gives nil", node.children[1].column)
    if name in _TESTED and body.sort not in (Sort.BOOL, Sort.UNKNOWN):
        raise CheckError(f"what {name} evaluates must be true or false, this is {body}", node.children[1].column)
    extra = extra or [checker.visit(child) for child in node.children[2:]]
    if name == "sortBy" and extra and extra[0].sort not in (Sort.TEXT, Sort.UNKNOWN):
        raise CheckError(f"a sort's order is a text, this is {extra[0]}", node.children[2].column)
    return UNKNOWN if name == "sortBy" and source == UNKNOWN else _GIVES[name](element, body)


_POINTED: Mapping[str, Mapping[str, Shape]] = {"map": {"index": INT}, "reduce": {"index": INT, "acc": UNKNOWN}}
"""What ``#index`` and ``#acc`` stand for, in those that have them."""

_GIVES: Mapping[str, Callable[[Shape, Shape], Shape]] = {
    "all": lambda element, body: BOOL,
    "none": lambda element, body: BOOL,
    "any": lambda element, body: BOOL,
    "one": lambda element, body: BOOL,
    "filter": lambda element, body: list_of(element),
    "map": lambda element, body: list_of(body),
    "find": lambda element, body: element,
    "findLast": lambda element, body: element,
    "findIndex": lambda element, body: INT,
    "findLastIndex": lambda element, body: INT,
    "count": lambda element, body: INT,
    "sum": lambda element, body: body,
    "groupBy": lambda element, body: Shape(sort=Sort.MAP, element=LIST),
    "sortBy": lambda element, body: list_of(element),
    "reduce": lambda element, body: body,
}

_VISIT: Mapping[str, Callable[[_Checker, Node], Shape]] = {
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
