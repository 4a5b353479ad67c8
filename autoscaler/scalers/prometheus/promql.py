"""A query read by a PromQL parser: how far it looks back, what type it gives, what its top is. Pure."""

from collections.abc import Iterator
from datetime import timedelta
from typing import TypeAlias

import promql_parser as promql

from autoscaler.model.value import value
from autoscaler.scalers.prometheus.scan import scan

Expression: TypeAlias = promql.Expr
UNKNOWN_RANGE = timedelta(minutes=5)
RECORDED_RANGE = timedelta(minutes=5)
_PANIC = "pyo3_runtime"
"""Where the parser's panics come from: ``x[1e30]`` is one, and it is no Exception, so it would end the process."""
_SCALAR_FUNCTIONS = frozenset(("scalar", "time", "pi"))


@value
class Unparsed:
    """The parser does not know this text; ``words`` are its own."""

    words: str


def parse(text: str) -> Expression | Unparsed:
    """Read a query; what only a newer or another server knows is Unparsed, and so is what is nested too deeply."""
    if scan(text).deep:
        return Unparsed(words="more than 100 brackets or 150 operators deep")
    try:
        return promql.parse(text)
    except ValueError as error:
        return Unparsed(words=str(error))
    except BaseException as error:
        if type(error).__module__ != _PANIC:
            raise
        return Unparsed(words="the parser gave up on it")


def looks_back(text: str) -> timedelta | None:
    """Give the longest range, offset and subquery of a query in sum; None where it has none.

    A query that cannot be parsed counts as five minutes, and so does a recorded name (one with ``:``).
    """
    expression = parse(text)
    if isinstance(expression, Unparsed):
        return UNKNOWN_RANGE
    longest = _reach(expression)
    return longest if longest > timedelta(0) else None


def walk(expression: Expression) -> Iterator[Expression]:
    """Give an expression and everything in it, outside first."""
    yield expression
    for child in children(expression):
        yield from walk(child)


def children(expression: Expression) -> tuple[Expression, ...]:
    """Give the direct parts of an expression."""
    match expression:
        case promql.AggregateExpr():
            param = expression.param
            return (expression.expr, param) if isinstance(param, promql.Expr) else (expression.expr,)
        case promql.BinaryExpr():
            return expression.lhs, expression.rhs
        case promql.UnaryExpr() | promql.ParenExpr() | promql.SubqueryExpr():
            return (expression.expr,)
        case promql.Call():
            return tuple(expression.args)
        case promql.MatrixSelector():
            return (expression.vector_selector,)
        case _:
            return ()


def bare(expression: Expression) -> Expression:
    """Drop the parentheses around an expression."""
    while isinstance(expression, promql.ParenExpr):
        expression = expression.expr
    return expression


def result_type(expression: Expression) -> str:
    """Say whether a query gives a scalar, a string, a matrix or a vector."""
    match bare(expression):
        case promql.NumberLiteral():
            return "scalar"
        case promql.StringLiteral():
            return "string"
        case promql.MatrixSelector() | promql.SubqueryExpr():
            return "matrix"
        case promql.UnaryExpr() as unary:
            return result_type(unary.expr)
        case promql.BinaryExpr() as binary:
            both = {result_type(binary.lhs), result_type(binary.rhs)}
            return "scalar" if both == {"scalar"} else "vector"
        case promql.Call() as call:
            return "scalar" if call.func.name in _SCALAR_FUNCTIONS else "vector"
        case _:
            return "vector"


def _reach(expression: Expression) -> timedelta:
    """Give how far before its evaluation an expression reads."""
    own = timedelta(0)
    match expression:
        case promql.MatrixSelector():
            own = expression.range
        case promql.SubqueryExpr():
            own = (expression.range or timedelta(0)) + _offset(expression)
        case promql.VectorSelector():
            own = _offset(expression) + (RECORDED_RANGE if ":" in (expression.name or "") else timedelta(0))
    return own + max((_reach(child) for child in children(expression)), default=timedelta(0))


def _offset(expression: "promql.VectorSelector | promql.SubqueryExpr") -> timedelta:
    offset = expression.offset or timedelta(0)
    return max(offset, timedelta(0))
