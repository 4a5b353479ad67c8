"""The kinds of values in a formula as faults name them, and a formula of each."""

BOOL, INT, FLOAT, TEXT = "a boolean", "a whole number", "a number", "a text"
LIST, MAP, UNKNOWN, NIL = "a list", "a map", "something not known before it runs", "nil"
INSTANT, SPAN, ZONE = "an instant", "a duration", "a time zone"

SOME = {
    NIL: "nil",
    BOOL: "true",
    INT: "1",
    FLOAT: "a",
    TEXT: '"x"',
    LIST: "[1]",
    MAP: '{"k": 1}',
    INSTANT: "now()",
    SPAN: 'duration("1s")',
    ZONE: 'timezone("UTC")',
}
"""A formula of each kind."""
NUMBERS = (INT, FLOAT)
