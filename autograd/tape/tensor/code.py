"""What the code of a replay is made of: numbers with names, their buffers, and instructions."""

import math
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Number(NamedTuple):
    """How a node's number is had in the generated code: under a name, and as a known array or not.

    `array` is the buffer, or a view of one, in which it always lies (for a constant the number
    itself); None for a leaf, whose array may be another at each replay, and for views of leaves.
    `storage` numbers what a view views.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    array: Any = None
    storage: int | None = None

    @property
    def size(self) -> int:
        return math.prod(self.shape)


class Pool:
    """Buffers, handed out again once they are given back: `taken` by storage, `bytes` in all."""

    def __init__(self) -> None:
        self._free: dict[int, list[NDArray[np.uint8]]] = {}
        self.taken: dict[int, NDArray[np.uint8]] = {}
        self.bytes = 0

    def take(self, storage: int, like: NDArray[Any]) -> NDArray[Any]:
        """A buffer of the shape, dtype and order in memory of `like`."""
        size = like.nbytes + -like.nbytes % 64  # of few sizes, and aligned
        if self._free.get(size):
            memory = self._free[size].pop()
        else:
            memory = np.empty(size + 64, np.uint8)
            memory = memory[-memory.ctypes.data % 64 :][:size]
            self.bytes += size
        self.taken[storage] = memory
        return np.ndarray(like.shape, like.dtype, memory, strides=like.strides)

    def give_back(self, storage: int) -> None:
        memory = self.taken.pop(storage, None)
        if memory is not None:
            self._free.setdefault(memory.size, []).append(memory)


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

    def function(self, arguments: list[str], results: list[str], count: int) -> Callable[..., Any]:
        """The first `count` instructions as a function."""
        lines = [
            f"def replay({', '.join(arguments)}):",
            *block(self.instructions[:count]),
            f"return [{', '.join(results)}]",
        ]
        names = dict(self.names)
        exec(compile("\n    ".join(lines), "<tape>", "exec"), names)
        return names["replay"]


def block(instructions: Sequence[Instruction]) -> list[str]:
    """Lines of code: instructions in a row that run in the same tiles share a loop."""
    code = []
    for tiles, chain in groupby(instructions, lambda instruction: instruction.tiles):
        loop, indent = ([f"for s in {tiles}:"], "    ") if tiles else ([], "")
        code += loop + [indent + instruction.code for instruction in chain]
    return code
