"""A scalar graph laid out: its nodes in groups, each of which is one wide NumPy operation.

Nodes become numbers, and each pass is arithmetic on arrays of them: the graph is read, folded,
put into groups by (level, primitive), sums of products are contracted, and all get their places.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Node
from autograd.tape.scalar.contract import contracted
from autograd.tape.scalar.fold import folded
from autograd.tape.scalar.group import Group, Stretch, grouped, levelled
from autograd.tape.scalar.place import placed
from autograd.tape.scalar.read import Vertices, read


def is_scalar(nodes: Sequence[Node[Any]]) -> bool:
    """Whether every node is a Value that elementwise primitives made."""
    return all(
        type(node.raw) is float and (node.op is None or node.op.scalar is not None)
        for node in nodes
    )


class Layout(NamedTuple):
    """The groups of a scalar graph, and where each number lies in one flat array.

    - `leaves`: the nodes without operands, vertices 0, 1, ...
    - `groups`, in the order of computation; those of levels from `gradient_level` on are not
      needed for the first outputs.
    - `address[vertex]`: the place of its number; `size` places in all.
    - `constants`: (addresses, numbers).
    - `outputs`: the addresses of the outputs.
    """

    leaves: list[Node[Any]]
    groups: list[Group | Stretch]
    gradient_level: int
    address: Vertices
    size: int
    constants: tuple[Vertices, NDArray[np.float64]]
    outputs: Vertices


def laid_out(nodes: Sequence[Node[Any]], outputs: Sequence[Node[Any]], first: int) -> Layout:
    """The graph `nodes` of `outputs`, of which the `first` are to be had without the others."""
    leaves = [node for node in nodes if node.op is None]
    results = [node for node in nodes if node.op is not None]
    graph = folded(read(leaves, results, outputs, first))
    levels = levelled(graph)
    groups = contracted(graph, grouped(graph, levels))
    groups.sort(key=lambda group: group.level)
    groups, address, size = placed(graph, len(leaves), groups)
    constants = address[graph.first_constant :]
    used = constants >= 0
    return Layout(
        leaves,
        groups,
        levels.gradient,
        address,
        size,
        (constants[used], graph.constants[used]),
        address[graph.outputs],
    )
