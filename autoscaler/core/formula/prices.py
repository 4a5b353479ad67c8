"""What a formula's parts cost of its budget (S11).

A step is a tenth to a fifth of a microsecond on a quiet machine, so 10,000 of them end within 2 ms there and within
5 ms on a busy one. ``python -m tests.benchmarks.formula`` shows it.
"""

from collections.abc import Mapping

NODE = 3
"""A node that is evaluated."""
LETTERS = 8
"""Characters of text that one step pays for."""
OTHERS = 3
"""An operator on anything but two numbers."""
INSTANT = 40
"""An operator on an instant or a duration."""
POWER = 20
"""A power."""
ROOT = 100
"""A power whose exponent is no whole number, beside that."""
METHOD = 20
"""A method of an instant or a duration."""
LAYOUT = 8
"""A character of an instant's layout."""
PATTERN = 50
"""A pattern, beside its length."""
CALL = 3
"""A built-in that is not named below."""
CALLS: Mapping[str, int] = {
    "string": 15,
    "int": 10,
    "float": 10,
    "toJSON": 15,
    "fromJSON": 30,
    "toBase64": 10,
    "fromBase64": 10,
    "indexOf": 10,
    "lastIndexOf": 10,
    "max": 10,
    "min": 10,
    "mean": 10,
    "median": 10,
    "duration": 30,
}
"""Built-ins that convert, or walk in Python, and so take longer than others."""
