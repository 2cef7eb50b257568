"""A scalar graph read into arrays: nodes become numbers (vertices), operands edges between them.

What need not be computed is folded: copies are looked through, chains of additions become sums.
"""

from collections.abc import Iterable, Sequence
from itertools import chain, repeat
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Node, Primitive, add, astype, mul, stop_gradient

Vertices = NDArray[np.intp]
Flags = NDArray[np.bool_]
Kind = tuple[Primitive, dict[str, Any]]  # a primitive with its parameters

COPIES = (stop_gradient, astype)  # on single floats they change nothing


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
        return table[self.code]

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
    made = [(op, dict(params)) for op, *params in rows]
    last = max((node.index for node in outputs[:first]), default=-1)
    boundary = len(leaves) + int((index[len(leaves) :] <= last).sum())
    constants, places = bits.view(np.float64), vertices_of(outputs, index)
    return Graph(len(leaves) + owner, source, made, code, constants, zero, places, boundary)


def vertices_of(operands: Iterable[Any], index: Vertices) -> Vertices:
    """The vertex of each node, by the `index` of all vertices; −1 for raw numbers."""
    wanted = np.fromiter(map(getattr, operands, repeat("index"), repeat(-1)), np.intp)
    order = np.argsort(index)
    oldest, newest = index[order[[0, -1]]]
    if newest - oldest < 4 * len(order):  # a table of all indices is the quicker way
        table = np.full(newest - oldest + 2, -1)
        table[index - oldest] = np.arange(len(order))
        return table[np.maximum(wanted - oldest, -1)]
    place = np.searchsorted(index, wanted, sorter=order)
    return np.where(wanted < 0, -1, order[place])


def counted(lengths: Vertices) -> Vertices:
    """0, 1, ... anew for each of `lengths`."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


# --- folding ----------------------------------------------------------------------------------


def folded(graph: Graph) -> Graph:
    """The graph without copies, results that nothing reads, and additions inside chains."""
    return without_chains(without_unused(without_copies(graph)))


def without_copies(graph: Graph) -> Graph:
    """Copies are what they copy, and so is 1·x where 1 is a gradient's seed: read x instead.

    Other multiplications by 1 stay, as their neighbours in a group may be by 2.
    """
    owner, source = graph.owner, graph.source
    seed = np.zeros(graph.size, bool)
    seed[graph.first_constant :] = graph.constants == 1.0
    first = np.diff(owner, prepend=-1) != 0
    neutral = first & seed[source] & graph.made_by(mul)[owner]
    neutral = np.flatnonzero(neutral & (owner >= graph.boundary))
    copies = np.flatnonzero(graph.made_by(*COPIES)[owner])
    alias = np.arange(graph.size)
    alias[owner[neutral]] = source[neutral + 1]
    alias[owner[copies]] = source[copies]
    alias = _followed(alias)
    return graph._replace(source=alias[source], outputs=alias[graph.outputs])


def without_unused(graph: Graph) -> Graph:
    while not (used := graph.uses()[graph.owner] > 0).all():
        graph = graph._replace(owner=graph.owner[used], source=graph.source[used])
    return graph


def without_chains(graph: Graph) -> Graph:
    """An addition that only another addition reads becomes part of that one.

    Terms stand in the order in which a chain adds them, so that its rounding stays the same.
    """
    owner, source, added = graph.owner, graph.source, graph.made_by(add)
    inner = (graph.uses() == 1)[source] & added[source] & added[owner]
    inner[1:] &= ~(inner[:-1] & (owner[1:] == owner[:-1]))  # a chain, not a tree
    root = np.arange(graph.size)
    root[source[inner]] = owner[inner]
    owner, source = _followed(root)[owner[~inner]], source[~inner]
    order = np.argsort(owner, kind="stable")
    return graph._replace(owner=owner[order], source=source[order])


def _followed(target: Vertices) -> Vertices:
    """Where each vertex ends up when it goes to its target, and to that one's, and so on."""
    while ((further := target[target]) != target).any():
        target = further
    return target
