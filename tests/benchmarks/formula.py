"""What generated formulas cost: `python -m tests.benchmarks.formula [COUNT] [SEED]`.

Each formula is parsed, then evaluated for its thread CPU time and once more for its memory. It fails if one evaluation
takes over 5 ms or 1 MiB. Parsing happens at load and is shown beside. A busy sibling thread stretches CPU time by half
or more, so a formula that looks dear is run four times more and the lowest counts: its cost does not change.
"""

import random
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from autoscaler.core.formula.evaluate import execute
from autoscaler.core.formula.values import FormulaError
from autoscaler.manifests.formula import parse_formula
from autoscaler.model.formula import Formula

LIMIT_MS, LIMIT_KIB = 5.0, 1024
REPEATS = 4
NAMES = ("a", "b", "c")
VALUES = {"a": 3.0, "b": 4.5, "c": 10.0}
WALL = datetime(2026, 1, 1, 8, 30, tzinfo=UTC)


class Generator:
    """Formulas of every part of the language, most of them valid, some of them meant to hurt."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed)

    def formula(self) -> str:
        return self.number(self.draw.randint(1, 6))

    def number(self, depth: int) -> str:
        if depth <= 0 or self.draw.random() < 0.15:
            return self.draw.choice([*NAMES, *NAMES, "0", "2", "7.5", "1e9", "-3", "0.001"])
        return self._one_of(self._numbers(), depth)

    def _numbers(self) -> list[Callable[[int], str]]:
        return [
            lambda d: f"({self.number(d)} {self.draw.choice('+-*/^')} {self.number(d)})",
            lambda d: f"({self.boolean(d)} ? {self.number(d)} : {self.number(d)})",
            lambda d: f"({self.draw.choice(NAMES)} ?? {self.number(d)})",
            lambda d: f"{self.draw.choice(['max', 'min', 'mean', 'median'])}({self.number(d)}, {self.numbers(d)})",
            lambda d: f"{self.draw.choice(['abs', 'ceil', 'floor', 'round', 'int', 'float'])}({self.number(d)})",
            lambda d: f"{self.draw.choice(['sum', 'len', 'max', 'median'])}({self.numbers(d)})",
            lambda d: f"count({self.numbers(d)}, {{# > {self.number(d)}}})",
            lambda d: f"reduce({self.numbers(d)}, #acc + #, 0)",
            lambda d: f"len({self.text(d)})",
            lambda d: f"(let x{d} = {self.number(d)}; x{d} * {self.number(d)})",
            lambda d: f"(int({self.number(d)}) % 7)",
            lambda d: f"now().{self.draw.choice(['Hour', 'Minute', 'Weekday', 'YearDay'])}()",
            lambda d: f"len(groupBy({self.numbers(d)}, #))",
            lambda d: f'len(split({self.text(d)}, "1"))',
            lambda d: f"({self.numbers(d)}[{self.draw.randint(-2, 3)}] ?? 1)",
            lambda d: f"len(uniq({self.numbers(d)}))",
        ]

    def boolean(self, depth: int) -> str:
        return self._one_of(
            [
                lambda d: f"{self.number(d)} {self.draw.choice(['<', '>', '<=', '>=', '==', '!='])} {self.number(d)}",
                lambda d: f"({self.boolean(d)} {self.draw.choice(['and', 'or', '&&', '||'])} true)",
                lambda d: f"not ({self.number(d)} in {self.numbers(d)})",
                lambda d: f"{self.draw.choice(['all', 'any', 'none', 'one'])}({self.numbers(d)}, # > 2)",
                lambda d: f'{self.text(d)} matches "{self.draw.choice(["(a+)+$", "[0-9]+", "(x|xx)*y", ".*.*.*z"])}"',
                lambda d: f"{self.text(d)} contains {self.text(d)}",
            ],
            depth,
        )

    def numbers(self, depth: int) -> str:
        if depth <= 0:
            return self.draw.choice(["[a, b, c]", "1..10", "1..100", "1..3000", "[1, 2.5, a]"])
        return self._one_of(
            [
                lambda d: f"[{self.number(d)}, {self.number(d)}]",
                lambda d: f"1..{self.draw.choice([3, 40, 700, 1500, 9000, 10**9])}",
                lambda d: f"map({self.numbers(d)}, # * {self.number(d)})",
                lambda d: f"filter({self.numbers(d)}, # > {self.number(d)})",
                lambda d: f"sort({self.numbers(d)})",
                lambda d: f"sortBy({self.numbers(d)}, -#)",
                lambda d: f"reverse({self.numbers(d)})",
                lambda d: f"concat({self.numbers(d)}, {self.numbers(d)})",
                lambda d: f"flatten([{self.numbers(d)}, [{self.numbers(d)}]])",
                lambda d: f"{self.numbers(d)}[1:{self.draw.randint(2, 50)}]",
            ],
            depth,
        )

    def text(self, depth: int) -> str:
        if depth <= 0:
            return self.draw.choice(['"abc"', '"aaaaaaaaaaaaaaaaaaaaaaaa!"', "'12'", "`x`", '"ß😀"'])
        return self._one_of(
            [
                lambda d: f"string({self.number(d)})",
                lambda d: f"string({self.numbers(d)})",
                lambda d: f"repeat({self.text(d)}, {self.draw.choice([2, 30, 900, 40000, 10**9])})",
                lambda d: f"({self.text(d)} + {self.text(d)})",
                lambda d: f"toJSON({self.numbers(d)})",
                lambda d: f"upper({self.text(d)})",
                lambda d: f'replace({self.text(d)}, "a", {self.text(d)})',
                lambda d: f'join(map({self.numbers(d)}, string(#)), ",")',
                lambda d: f"toBase64({self.text(d)})",
            ],
            depth,
        )

    def _one_of(self, choices: list[Callable[[int], str]], depth: int) -> str:
        return self.draw.choice(choices)(depth - 1)


@dataclass
class Worst:
    """The dearest formula by one measure."""

    amount: float = 0.0
    formula: str = ""

    def note(self, amount: float, formula: str) -> None:
        if amount > self.amount:
            self.amount, self.formula = amount, formula


@dataclass
class Costs:
    """What was met, and the dearest of it."""

    met: Counter[str] = field(default_factory=Counter)
    cpu_ms: Worst = field(default_factory=Worst)
    kib: Worst = field(default_factory=Worst)
    parse_ms: Worst = field(default_factory=Worst)
    over: int = 0


def run(formula: Formula) -> str:
    try:
        execute(formula, VALUES, WALL)
    except FormulaError:
        return "fails when it runs"
    return "gives a value"


def measure(text: str, costs: Costs) -> None:
    started = time.thread_time()
    parsed = parse_formula(text, NAMES, path="formula")
    costs.parse_ms.note((time.thread_time() - started) * 1000, text)
    if not isinstance(parsed, Formula):
        costs.met[f"refused: {parsed.reason}"] += 1
        return
    cpu_ms = _cpu_ms(parsed)
    for _ in range(REPEATS if cpu_ms > LIMIT_MS / 2 else 0):
        cpu_ms = min(cpu_ms, _cpu_ms(parsed))
    tracemalloc.start()
    costs.met[run(parsed)] += 1
    kib = tracemalloc.get_traced_memory()[1] / 1024
    tracemalloc.stop()
    costs.cpu_ms.note(cpu_ms, text)
    costs.kib.note(kib, text)
    costs.over += cpu_ms > LIMIT_MS or kib > LIMIT_KIB


def _cpu_ms(formula: Formula) -> float:
    started = time.thread_time()
    run(formula)
    return (time.thread_time() - started) * 1000


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    generator, costs = Generator(int(sys.argv[2]) if len(sys.argv) > 2 else 1), Costs()
    for _ in range(count):
        measure(generator.formula(), costs)
    for outcome, number in costs.met.most_common():
        print(f"{number:8}  {outcome}")
    for what, worst in (("ms to evaluate", costs.cpu_ms), ("KiB", costs.kib), ("ms to parse", costs.parse_ms)):
        print(f"{worst.amount:8.2f}  {what} at most: {worst.formula[:100]}")
    print(f"{costs.over} of {count} formulas over {LIMIT_MS} ms or {LIMIT_KIB} KiB")
    return 1 if costs.over else 0


if __name__ == "__main__":
    sys.exit(main())
