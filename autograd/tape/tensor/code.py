"""The code of a replay as it is generated: instructions, and what their names stand for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, NamedTuple


class Instruction(NamedTuple):
    """A line of code: what it does, the bytes it moves, and the name of the tiles it runs in."""

    code: str
    operation: str
    bytes: int
    tiles: str | None


class Code:
    """A function in the making: its `instructions`, and the `names` that they use."""

    def __init__(self) -> None:
        self.names: dict[str, Any] = {}
        self.instructions: list[Instruction] = []

    def bind(self, name: str, meaning: Any) -> str:
        """Have `name` stand for something from now on; the name."""
        self.names[name] = meaning
        return name

    def constant(self, number: Any) -> str:
        return self.bind(f"c{len(self.names)}", number)

    def append(self, code: str, operation: str, size: int = 0, tiles: str | None = None) -> None:
        self.instructions.append(Instruction(code, operation, size, tiles))

    def function(
        self, arguments: Iterable[str], results: Sequence[str], count: int
    ) -> Callable[..., list[Any]]:
        """The first `count` instructions as a function."""
        lines = [
            f"def replay({', '.join(arguments)}):",
            *block(self.instructions[:count]),
            f"return [{', '.join(results)}]",
        ]
        names = dict(self.names)
        exec(compile("\n    ".join(lines), "<tape>", "exec"), names)
        function: Callable[..., list[Any]] = names["replay"]
        return function


def block(instructions: Sequence[Instruction]) -> list[str]:
    """Lines of code: instructions in a row that run in the same tiles share a loop."""
    code = []
    for tiles, chain in groupby(instructions, lambda instruction: instruction.tiles):
        loop, indent = ([f"for s in {tiles}:"], "    ") if tiles else ([], "")
        code += loop + [indent + instruction.code for instruction in chain]
    return code
