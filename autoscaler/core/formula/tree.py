"""The shape of a formula's tree: its kinds of nodes and its limits (S11)."""

from enum import StrEnum

MAX_TEXT = 4096
"""Longest formula, in bytes of UTF-8."""
MAX_NODES = 1000
MAX_DEPTH = 64
MAX_STEPS = 10_000
"""Most nodes evaluated and elements made in one evaluation."""


class Kind(StrEnum):
    """What ``Node.kind`` says, with what ``literal`` and ``children`` then are.

    Predicates are plain children: the function that takes one evaluates it once per element.
    """

    LITERAL = "literal"
    """literal: the constant; None is nil."""
    NAME = "name"
    """literal: a trigger or a ``let``."""
    ENV = "env"
    """``$env``: every trigger by name."""
    UNARY = "unary"
    """literal: ``-`` ``+`` ``not``; one child."""
    BINARY = "binary"
    """literal: the operator; two children."""
    CONDITION = "condition"
    """children: condition, then, else."""
    MEMBER = "member"
    """children: base and key; literal True where a missing base ends the chain (``?.``)."""
    CHAIN = "chain"
    """one child, whose ``?.`` may end it."""
    METHOD = "method"
    """literal: the name; children: base and arguments."""
    CALL = "call"
    """literal: the name of a built-in; children: arguments."""
    SLICE = "slice"
    """children: base, from, to; a bound that is absent is the literal nil."""
    LIST = "list"
    MAP = "map"
    """children: key, value, key, value and so on."""
    POINTER = "pointer"
    """literal: empty for ``#``, else ``index`` or ``acc``."""
    LET = "let"
    """literal: the name; children: value and body."""
    SEQUENCE = "sequence"
    """children: expressions; the last one counts."""


PREDICATES = frozenset(
    (
        *("all", "none", "any", "one", "filter", "map", "find", "findIndex", "findLast", "findLastIndex"),
        *("count", "sum", "groupBy", "sortBy", "reduce"),
    )
)
"""Built-ins whose second argument is evaluated once per element."""

FUNCTIONS = frozenset(
    (
        *("len", "type", "abs", "ceil", "floor", "round", "int", "float", "string"),
        *("trim", "trimPrefix", "trimSuffix", "upper", "lower", "split", "splitAfter", "replace", "repeat", "join"),
        *("indexOf", "lastIndexOf", "hasPrefix", "hasSuffix", "max", "min", "mean", "median"),
        *("toJSON", "fromJSON", "toBase64", "fromBase64", "now", "duration", "date", "timezone"),
        *("first", "last", "get", "take", "keys", "values", "toPairs", "fromPairs", "reverse", "uniq", "concat"),
        *("flatten", "sort", "bitand", "bitor", "bitxor", "bitnand", "bitnot", "bitshl", "bitshr", "bitushr"),
    )
)
"""The other built-ins."""
