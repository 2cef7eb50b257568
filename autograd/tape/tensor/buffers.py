"""Where a node's number lies, and the memory for it, used again once nobody reads it any more."""

from __future__ import annotations

import math
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
    """Buffers by size, handed out again once they are given back. `bytes` in all."""

    def __init__(self) -> None:
        self._free: dict[int, list[NDArray[np.uint8]]] = {}
        self._taken: dict[int, NDArray[np.uint8]] = {}
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
        self._taken[storage] = memory
        return np.ndarray(like.shape, like.dtype, memory, strides=like.strides)

    def size(self, storage: int) -> int:
        return self._taken[storage].size

    def hand_over(self, storage: int, to: int) -> None:
        self._taken[to] = self._taken.pop(storage)

    def give_back(self, storage: int) -> None:
        memory = self._taken.pop(storage, None)
        if memory is not None:
            self._free.setdefault(memory.size, []).append(memory)
