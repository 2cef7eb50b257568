"""A scalar graph read into arrays: nodes become numbers (vertices), operands edges between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Node, Primitive

Vertices = NDArray[np.intp]
Flags = NDArray[np.bool_]
Kind = tuple[Primitive, dict[str, Any]]  # a primitive with its parameters


class Graph(NamedTuple):
    """Vertices are numbered leaves first, then results in recorded order, then distinct constants.

    - `owner`, `source`: edges; vertex `owner[e]` has `source[e]` as its next operand.
    - `kinds`, `code`: `kinds[code[v]]` made v; −1 where nothing did.
    - `constants`: the numbers of the last vertices; `zero` is the vertex of −0.0.
    - `outputs`: the vertices of the outputs. Results from `boundary` on are not needed for the
      first ones.
    """

    owner: Vertices
    source: Vertices
    kinds: list[Kind]
    code: Vertices
    constants: NDArray[np.float64]
    zero: int
    outputs: Vertices
    boundary: int

    @property
    def size(self) -> int:
        return len(self.code)

    @property
    def first_constant(self) -> int:
        return len(self.code) - len(self.constants)

    def made_by(self, *ops: Primitive) -> Flags:
        """Which vertices one of `ops` made."""
        table = np.array([op in ops for op, _ in self.kinds] + [False])  # the last: not made at all
        made: Flags = table[self.code]
        return made

    def uses(self) -> NDArray[np.intp]:
        """How often each vertex is read; outputs once more than what may be folded away."""
        uses = np.bincount(self.source, minlength=self.size)
        uses[self.outputs] += 2
        return uses


def read(leaves: list[Node], results: list[Node], outputs: Sequence[Node], first: int) -> Graph:
    """The graph of `outputs`, of which the `first` are to be had without the others."""
    nodes = [*leaves, *results]
    operands = [node.operands for node in results]
    arity = np.fromiter(map(len, operands), np.intp, len(operands))
    index = np.fromiter(map(attrgetter("index"), nodes), np.intp, len(nodes))
    source = vertices_of(chain.from_iterable(operands), index)
    owner = np.repeat(np.arange(len(results)), arity)

    raw = np.flatnonzero(source < 0)
    place = zip(owner[raw].tolist(), counted(arity)[raw].tolist(), strict=True)
    numbers = np.array([-0.0, *[operands[i][j] for i, j in place]])
    bits, which = np.unique(numbers.view(np.int64), return_inverse=True)
    zero, source[raw] = len(index) + which[0], len(index) + which[1:]

    kinds: dict[Any, int] = {}
    code = np.full(len(index) + len(bits), -1)
    code[len(leaves) : len(index)] = [
        kinds.setdefault((node.op, *node.params.items()) if node.params else node.op, len(kinds))
        for node in results
    ]
    rows = [kind if isinstance(kind, tuple) else (kind,) for kind in kinds]
    last = max((node.index for node in outputs[:first]), default=-1)
    return Graph(
        len(leaves) + owner,
        source,
        [(op, dict(params)) for op, *params in rows],
        code,
        bits.view(np.float64),
        zero,
        vertices_of(outputs, index),
        len(leaves) + int((index[len(leaves) :] <= last).sum()),
    )


def vertices_of(operands: Iterable[Any], index: Vertices) -> Vertices:
    """The vertex of each node, by the `index` of all vertices; −1 for raw numbers."""
    wanted = np.fromiter(map(getattr, operands, repeat("index"), repeat(-1)), np.intp)
    order = np.argsort(index)
    oldest, newest = index[order[[0, -1]]]
    if newest - oldest < 4 * len(order):  # a table of all indices is the quicker way
        table = np.full(newest - oldest + 2, -1)
        table[index - oldest] = np.arange(len(order))
        found: Vertices = table[np.maximum(wanted - oldest, -1)]
        return found
    place = np.searchsorted(index, wanted, sorter=order)
    return np.where(wanted < 0, -1, order[place])


def counted(lengths: Vertices) -> Vertices:
    """0, 1, ... anew for each of `lengths`."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
