"""The parts of lark's tree of a formula, and rows of operands and operators read from the left."""

from typing import TypeAlias

from lark import Token, Tree

Branch: TypeAlias = Tree[Token]


class Misplaced(Exception):  # noqa: N818 - it becomes a fault
    """Something that may not stand where it stands. ``offset`` counts from 0 in the parsed text."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Link:
    """What follows an operand: an operator, or a pipe with its call."""

    def __init__(self, tree: Branch) -> None:
        self.negated = tree.data == "negated"
        self.arguments = tree
        if tree.data == "pipe":
            pipe, name, arguments = tree.children
            self.token, self.name = token_of(pipe), token_of(name)
            self.arguments = branch(arguments)
        else:
            operator = tree.children[1] if self.negated else branch(tree.children[0]).children[0]
            self.token = self.name = token_of(operator)
        self.word = str(self.token)


class Row:
    """A row of operands and operators, read from the left."""

    def __init__(self, tree: Branch) -> None:
        self._parts: list[Token | Branch | Link] = []
        self._next = 0
        self._add_operand(branch(tree.children[0]))
        for link in map(branch, tree.children[1:]):
            self._parts.append(Link(link))
            if link.data != "pipe":
                self._add_operand(branch(link.children[-1]))

    def _add_operand(self, operand: Branch) -> None:
        while len(operand.children) == 2:
            self._parts.append(token_of(operand.children[0]))
            operand = branch(operand.children[1])
        self._parts.append(branch(operand.children[0]))

    def _peek(self) -> Token | Branch | Link | None:
        return self._parts[self._next] if self._next < len(self._parts) else None

    def advance(self) -> None:
        """Go on to the next part."""
        self._next += 1

    def link(self) -> Link | None:
        """Give the operator that is next, None where an operand or nothing is."""
        part = self._peek()
        return part if isinstance(part, Link) else None

    def prefix(self) -> Token | None:
        """Take the prefix that is next, if one is."""
        part = self._peek()
        if isinstance(part, Token):
            self._next += 1
            return part
        return None

    def primary(self) -> Branch:
        """Take the operand that must be next."""
        part = self._peek()
        assert isinstance(part, Tree)
        self._next += 1
        return part


def first_token(tree: Token | Branch) -> Token:
    """Give the first token under a branch; an empty one has a token without a place."""
    while isinstance(tree, Tree):
        if not tree.children:
            return Token("EMPTY", "")
        tree = tree.children[0]
    return tree


def flat(tree: Branch) -> list[Token | Branch]:
    """Unroll the left recursion of a sequence."""
    parts: list[Token | Branch] = []
    while len(tree.children) == 2:
        parts.append(tree.children[1])
        tree = branch(tree.children[0])
    return [tree.children[0], *reversed(parts)]


def is_map(tree: Branch) -> bool:
    """Say whether an expression is a map written out and nothing else."""
    while tree.data in ("row", "operand", "primary") and tree.children:
        if len(tree.children) != 1:
            inner = tree.children[0]
            if isinstance(inner, Token):
                return False
            tree = inner
        else:
            tree = branch(tree.children[0])
    return bool(tree.data == "map_atom")


def branch(part: Token | Branch) -> Branch:
    """Take a part that the grammar makes a branch."""
    assert isinstance(part, Tree)
    return part


def token_of(part: Token | Branch) -> Token:
    """Take a part that the grammar makes a token."""
    assert isinstance(part, Token)
    return part


def place_of(token: Token) -> int:
    """Give where a token begins, from 0."""
    return token.start_pos or 0


def place_of_tree(tree: Branch) -> int:
    """Give where a branch begins, from 0."""
    return place_of(first_token(tree))
