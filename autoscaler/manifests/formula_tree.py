"""Lark's tree of a formula to ours: operators ranked, names told from built-ins, literals read.

Source: expr-lang parser/parser.go and parser/operator; its loop over a row of operators is kept as it is, for what it
makes of ``not``, ``??`` and chains of comparisons.
"""

from collections.abc import Mapping

from lark import Token

from autoscaler.core.formula.tree import MAX_DEPTH, PREDICATES, Kind
from autoscaler.manifests.formula_literals import read_number, read_text
from autoscaler.manifests.formula_rows import (
    Branch,
    Link,
    Misplaced,
    Row,
    branch,
    first_token,
    flat,
    is_map,
    place_of,
    place_of_tree,
    token_of,
)
from autoscaler.model.formula import Node

_UNARY: Mapping[str, int] = {"not": 50, "!": 50, "-": 90, "+": 90}
_BINARY: Mapping[str, int] = {
    "|": 0,
    **dict.fromkeys(("or", "||"), 10),
    **dict.fromkeys(("and", "&&"), 15),
    **dict.fromkeys(("==", "!=", "<", ">", ">=", "<="), 20),
    **dict.fromkeys(("in", "matches", "contains", "startsWith", "endsWith"), 20),
    "..": 25,
    **dict.fromkeys(("+", "-"), 30),
    **dict.fromkeys(("*", "/", "%"), 60),
    **dict.fromkeys(("**", "^"), 100),
    "??": 500,
}
_RIGHT = frozenset(("**", "^"))
_COMPARISONS = frozenset(("<", ">", "<=", ">="))
_SAME: Mapping[str, str] = {"&&": "and", "||": "or", "!": "not"}
_CONSTANTS: Mapping[str, bool | None] = {"true": True, "false": False, "nil": None}
_TAKES: Mapping[str, tuple[int, int]] = {"count": (1, 2), "sum": (1, 2), "sortBy": (2, 3), "reduce": (2, 3)}


class Builder:
    """Builds one tree. ``names`` hide built-ins; ``shift`` characters were put before the author's text."""

    def __init__(self, names: frozenset[str], shift: int) -> None:
        self._names = names
        self._shift = shift
        self._depth = 0
        self._closures = 0

    def build(self, start: Branch) -> Node:
        """Build the whole. Raises Misplaced."""
        return self._sequence(branch(start.children[0]))

    def column(self, offset: int) -> int:
        """Give the author's column of a place in the parsed text."""
        return max(offset - self._shift, 0) + 1

    def _node(self, kind: Kind, token: Token, *children: Node, literal: bool | int | float | str | None = None) -> Node:
        return Node(kind=kind.value, column=self.column(place_of(token)), literal=literal, children=children)

    def _sequence(self, tree: Branch) -> Node:
        parts = [branch(child) for child in flat(tree)]
        nodes = [self._expression(part) for part in parts]
        if len(nodes) == 1:
            return nodes[0]
        return Node(kind=Kind.SEQUENCE.value, column=nodes[0].column, children=tuple(nodes))

    def _expression(self, tree: Branch) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Misplaced(f"nested deeper than {MAX_DEPTH}", place_of(first_token(tree)))
        node = self._build_expression(tree)
        self._depth -= 1
        return node

    def _build_expression(self, tree: Branch) -> Node:
        match tree.data, tree.children:
            case "row", _:
                return self._row(tree)
            case "condition", [test, then, other]:
                tested = self._expression(branch(test))
                branches = self._expression(branch(then)), self._expression(branch(other))
                return Node(kind=Kind.CONDITION.value, column=tested.column, children=(tested, *branches))
            case "elvis", [test, other]:
                tested, second = self._expression(branch(test)), self._expression(branch(other))
                return Node(kind=Kind.CONDITION.value, column=tested.column, children=(tested, tested, second))
            case "let", [_, name, item, body]:
                children = self._expression(branch(item)), self._sequence(branch(body))
                return self._node(Kind.LET, token_of(name), *children, literal=str(token_of(name)))
        return self._if(tree)

    def _if(self, tree: Branch) -> Node:
        word, test, then, _, otherwise = tree.children
        other = branch(branch(otherwise).children[0])
        children = (
            self._expression(branch(test)),
            self._sequence(branch(then)),
            self._expression(other) if other.data == "if_" else self._sequence(other),
        )
        return self._node(Kind.CONDITION, token_of(word), *children)

    def _row(self, tree: Branch) -> Node:
        row = Row(tree)
        return self._ranked(row, 0)

    def _ranked(self, row: Row, least: int) -> Node:
        """Take operators of at least this rank. Source: parser.go, parseExpression."""
        left, previous = self._operand(row), ""
        while (link := row.link()) is not None and _BINARY[link.word] >= least:
            row.advance()
            if link.word == "|":
                left = self._call(link.name, link.arguments, (left,))
            elif previous == "??" and link.word != "??":
                raise Misplaced(f"?? and {link.word} cannot be mixed: put one into parentheses", place_of(link.token))
            else:
                left = self._joined(row, link, left)
            previous = link.word
        return left

    def _joined(self, row: Row, link: Link, left: Node) -> Node:
        rank = _BINARY[link.word]
        if link.word in _COMPARISONS:
            return self._compared(row, link, left)
        right = self._ranked(row, rank if link.word in _RIGHT else rank + 1)
        joined = self._binary(link, left, right)
        return self._node(Kind.UNARY, link.token, joined, literal="not") if link.negated else joined

    def _compared(self, row: Row, link: Link, left: Node) -> Node:
        """Join ``1 < a < 10`` as ``1 < a and a < 10``."""
        whole: Node | None = None
        while True:
            right = self._ranked(row, _BINARY[link.word] + 1)
            part = self._binary(link, left, right)
            whole = part if whole is None else self._node(Kind.BINARY, link.token, whole, part, literal="and")
            following = row.link()
            if following is None or following.word not in _COMPARISONS:
                return whole
            row.advance()
            left, link = right, following

    def _binary(self, link: Link, left: Node, right: Node) -> Node:
        return self._node(Kind.BINARY, link.token, left, right, literal=_SAME.get(link.word, link.word))

    def _operand(self, row: Row) -> Node:
        prefix = row.prefix()
        if prefix is None:
            return self._primary(row.primary())
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Misplaced(f"nested deeper than {MAX_DEPTH}", place_of(prefix))
        node = self._ranked(row, _UNARY[str(prefix)])
        self._depth -= 1
        return self._node(Kind.UNARY, prefix, node, literal=_SAME.get(str(prefix), str(prefix)))

    def _primary(self, tree: Branch) -> Node:
        """Build what stands alone and what is taken out of it: of a number, true, false and nil nothing is."""
        atom, tails = branch(tree.children[0]), [branch(child) for child in tree.children[1:]]
        if tails and (atom.data == "number" or (atom.data == "name" and str(atom.children[0]) in _CONSTANTS)):
            raise Misplaced(f"nothing can be taken out of {atom.children[0]}", place_of_tree(atom))
        return self._tails(self._atom(atom), tails)

    def _tails(self, node: Node, tails: list[Branch]) -> Node:
        chained = False
        for tail in tails:
            if chained and tail.data not in _DOTTED:
                node, chained = self._chained(node), False
            node = self._tail(node, tail)
            chained = chained or str(tail.data).startswith("optional")
        return self._chained(node) if chained else node

    def _chained(self, node: Node) -> Node:
        return Node(kind=Kind.CHAIN.value, column=node.column, children=(node,))

    def _tail(self, node: Node, tail: Branch) -> Node:
        name = str(tail.data)
        if name.startswith("slice"):
            return self._slice(node, tail, name)
        optional = name.startswith("optional")
        parts = [child for child in tail.children if not (isinstance(child, Token) and child.type == "QUESTION_DOT")]
        if name.endswith("index"):
            key = self._expression(branch(parts[0]))
            return Node(kind=Kind.MEMBER.value, column=key.column, literal=optional, children=(node, key))
        token = token_of(branch(parts[0]).children[0])
        if name.endswith("method"):
            arguments = self._arguments(branch(parts[1]))
            return self._node(Kind.METHOD, token, node, *arguments, literal=str(token))
        return self._node(
            Kind.MEMBER, token, node, self._node(Kind.LITERAL, token, literal=str(token)), literal=optional
        )

    def _slice(self, node: Node, tail: Branch, name: str) -> Node:
        absent = Node(kind=Kind.LITERAL.value, column=node.column)
        bounds = [self._expression(branch(child)) for child in tail.children]
        low = bounds[0] if name in ("slice_from", "slice_both") else absent
        high = bounds[-1] if name in ("slice_to", "slice_both") else absent
        return Node(kind=Kind.SLICE.value, column=node.column, children=(node, low, high))

    def _atom(self, tree: Branch) -> Node:
        match tree.data, tree.children:
            case "group", [inner]:
                return self._sequence(branch(inner))
            case "list", items:
                nodes = [self._expression(branch(item)) for item in items]
                return self._listed(Kind.LIST, tree, nodes)
            case "map_atom", [pairs]:
                return self._map(branch(pairs))
            case (("call" | "builtin_call"), [name, arguments]):
                return self._call(token_of(name), branch(arguments), (), hidden=tree.data == "builtin_call")
            case (("element" | "pointer" | "element_member"), _):
                return self._pointer(tree)
        return self._leaf(token_of(tree.children[0]))

    def _listed(self, kind: Kind, tree: Branch, nodes: list[Node]) -> Node:
        column = nodes[0].column if nodes else 1
        return Node(kind=kind.value, column=column, children=tuple(nodes))

    def _leaf(self, token: Token) -> Node:
        match token.type:
            case "NUMBER":
                return self._node(Kind.LITERAL, token, literal=read_number(token))
            case "STRING" | "RAW":
                return self._node(Kind.LITERAL, token, literal=read_text(token))
        if str(token) in _CONSTANTS:
            return self._node(Kind.LITERAL, token, literal=_CONSTANTS[str(token)])
        if token == "$env":  # noqa: S105 - a token of the grammar
            return self._node(Kind.ENV, token)
        return self._node(Kind.NAME, token, literal=str(token))

    def _map(self, tree: Branch) -> Node:
        nodes: list[Node] = []
        for pair in map(branch, tree.children):
            key, item = (branch(child) for child in pair.children)
            nodes += [self._key(key.children[0]), self._expression(item)]
        return self._listed(Kind.MAP, tree, nodes)

    def _key(self, key: Token | Branch) -> Node:
        if isinstance(key, Token):
            return self._node(Kind.LITERAL, key, literal=read_text(key) if key.type in ("STRING", "RAW") else str(key))
        return self._sequence(key)

    def _pointer(self, tree: Branch) -> Node:
        token = first_token(tree)
        if self._closures == 0:
            raise Misplaced(f"{token} means something only inside a function such as filter", place_of(token))
        name = str(tree.children[1]) if tree.data == "pointer" else ""
        node = self._node(Kind.POINTER, token, literal=name)
        if tree.data != "element_member":
            return node
        return self._node(Kind.MEMBER, token, node, self._node(Kind.LITERAL, token, literal=str(token)), literal=False)

    def _call(self, name: Token, arguments: Branch, first: tuple[Node, ...], *, hidden: bool = False) -> Node:
        word = str(name)
        if word in PREDICATES and (hidden or word not in self._names):
            return self._predicate(name, arguments, first)
        return self._node(Kind.CALL, name, *first, *self._arguments(arguments), literal=word)

    def _arguments(self, tree: Branch) -> list[Node]:
        for child in map(branch, tree.children):
            if child.data == "predicate":
                raise Misplaced(
                    "braces hold what is evaluated per element, which this does not take", place_of_tree(child)
                )
        return [self._expression(branch(child)) for child in tree.children]

    def _predicate(self, name: Token, tree: Branch, first: tuple[Node, ...]) -> Node:
        nodes, children = list(first), [branch(child) for child in tree.children]
        least, most = _TAKES.get(str(name), (2, 2))
        if not least <= len(nodes) + len(children) <= most:
            raise Misplaced(
                f"{name} takes {least} to {most} arguments, found {len(nodes) + len(children)}", place_of(name)
            )
        for child in children:
            nodes.append(self._closure(child) if len(nodes) == 1 else self._argument(child))
        return self._node(Kind.CALL, name, *nodes, literal=str(name))

    def _argument(self, child: Branch) -> Node:
        if child.data == "predicate":
            raise Misplaced(
                "braces hold what is evaluated per element, which is the second argument", place_of_tree(child)
            )
        return self._expression(child)

    def _closure(self, child: Branch) -> Node:
        if is_map(child):
            raise Misplaced("a map may not stand where what is evaluated per element does", place_of_tree(child))
        self._closures += 1
        node = self._sequence(branch(child.children[0])) if child.data == "predicate" else self._expression(child)
        self._closures -= 1
        return node


_DOTTED = frozenset(("member", "optional_member", "method", "optional_method", "optional_index"))
