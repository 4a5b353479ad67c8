"""Lists what mutmut's operators make of the core, and draws from it; nothing is run here.

A draw ranks changes by a hash of the seed and of what they change, so an edit elsewhere leaves it as it was. The words
of messages are free: a change of a text with a blank in it is no mutant.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256
from pathlib import Path

import libcst
from mutmut.mutation.file_mutation import Mutation, create_mutations, deep_replace

CORE = Path("autoscaler/core")


@dataclass(frozen=True)
class Mutant:
    """One change of one file: ``code`` is the whole file with it, ``path`` is relative to the tree."""

    id: str
    path: Path
    line: int
    before: str
    after: str
    code: str


@dataclass(frozen=True)
class _Change:
    id: str
    path: Path
    module: libcst.Module
    mutation: Mutation


def draw(tree: Path, count: int, seed: int) -> list[Mutant]:
    """Draw ``count`` mutants of the core below ``tree``, or all there are; the first of them are a draw, too."""
    changes = [change for path in sorted((tree / CORE).rglob("*.py")) for change in _changes(tree, path)]
    drawn: list[Mutant] = []
    for change in sorted(changes, key=lambda change: _hash(f"{seed} {change.id}")):
        if len(drawn) == count:
            break
        drawn += _applied(change)
    return drawn


def _changes(tree: Path, path: Path) -> Iterator[_Change]:
    relative = path.relative_to(tree)
    module, mutations, _, _ = create_mutations(str(relative), path.read_text())
    seen = Counter[str]()
    for mutation in mutations:
        if _is_prose(mutation.original_node):
            continue
        text = f"{relative}\n{_code(module, mutation.original_node)}\n{_code(module, mutation.mutated_node)}"
        yield _Change(_hash(f"{text}\n{seen[text]}")[:10], relative, module, mutation)
        seen[text] += 1


def _applied(change: _Change) -> Iterator[Mutant]:
    """Give the mutant, or nothing where it does not compile or is the same code."""
    source = change.module.code
    changed = deep_replace(change.module, change.mutation.original_node, change.mutation.mutated_node)
    assert isinstance(changed, libcst.Module), f"a change within {change.path} left no module"
    if changed.code != source and _compiles(changed.code):
        yield Mutant(change.id, change.path, *_difference(source, changed.code), changed.code)


def _difference(source: str, code: str) -> tuple[int, str, str]:
    """Give the first line that differs, counted from 1, and the lines that make way and come."""
    old, new = source.splitlines(), code.splitlines()
    parts = [part for part in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if part[0] != "equal"]
    _, start, _, begin, _ = parts[0]
    _, _, end, _, stop = parts[-1]
    return start + 1, _joined(old[start:end]), _joined(new[begin:stop])


def _joined(lines: list[str]) -> str:
    return " ".join(line.strip() for line in lines)


def _is_prose(node: libcst.CSTNode) -> bool:
    return isinstance(node, libcst.SimpleString) and " " in node.value


def _code(module: libcst.Module, node: libcst.CSTNode) -> str:
    return module.code_for_node(node)


def _compiles(code: str) -> bool:
    try:
        compile(code, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()
