"""What an unquoted YAML scalar means, by the rules of the reader that kubectl uses.

PyYAML's own rules read ``1:30`` as 90; Kubernetes reads it as text.
"""

import re
from typing import Final, TypeAlias

Scalar: TypeAlias = bool | int | float | str | None

_WORDS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_PREFIXED = re.compile(r"([-+]?)0(?:b([01]+)|o?([0-7]+)|x([0-9a-fA-F]+))")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LONGEST_NUMBER: Final = 400
"""Beyond this many characters digits are text: Python refuses to convert very long ones."""


def resolve(text: str) -> Scalar:
    """Give the value of an unquoted scalar. Source: go-yaml v2 resolve.go, resolve."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER or text[0] not in "+-.0123456789":
        return text
    digits = text.replace("_", "")
    if _DECIMAL.fullmatch(digits):
        return int(digits)
    if match := _PREFIXED.fullmatch(digits):
        sign, binary, octal, hexadecimal = match.groups()
        size = int(binary, 2) if binary else int(octal, 8) if octal else int(hexadecimal, 16)
        return -size if sign == "-" else size
    return float(digits) if _FLOAT.fullmatch(digits) else text
