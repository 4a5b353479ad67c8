"""A parsed formula of ``scalingModifiers``, as a plain tree."""

from autoscaler.model.value import value


@value
class Node:
    """One node: an operator, a call, a name or a literal.

    ``kind`` names the node, ``literal`` is its name or constant, ``column`` counts from 1 in the author's text.
    """

    kind: str
    column: int
    literal: bool | int | float | str | None = None
    children: tuple["Node", ...] = ()


@value
class Formula:
    """The author's text and its tree."""

    text: str
    root: Node
