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
from autograd.tape.scalar.read import Flags, Graph, Vertices, read


def is_scalar(nodes: Sequence[Node]) -> bool:
    """Whether every node is a Value that elementwise primitives made."""
    return all(
        type(node.raw) is float and (node.op is None or node.op.scalar is not None)
        for node in nodes
    )


Groups = list[Group | Stretch]


class Layout(NamedTuple):
    """The groups of a scalar graph, and where each number lies in one flat array.

    - `leaves`: the nodes without operands, vertices 0, 1, ...
    - `groups`, in the order of computation; those of levels from `gradient_level` on are not
      needed for the first outputs.
    - `address[vertex]`: the place of its number; `size` places in all.
    - `constants`: (addresses, numbers).
    - `outputs`: the addresses of the outputs.
    """

    leaves: list[Node]
    groups: Groups
    gradient_level: int
    address: Vertices
    size: int
    constants: tuple[Vertices, NDArray[np.float64]]
    outputs: Vertices


def laid_out(nodes: Sequence[Node], outputs: Sequence[Node], first: int) -> Layout:
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


def placed(
    graph: Graph, leaves: int, groups: Sequence[Group | Stretch]
) -> tuple[Groups, Vertices, int]:
    """The groups with their members in order, the address of each vertex, and how many there are.

    Numbers lie beside those that are read together with them: first `leaves` and constants, then
    what is computed, group by group. The address of what nobody needs is −1.
    """
    groups, wish, used = _as_read(graph, groups)
    used[:leaves] = used[graph.outputs] = True
    sources = np.r_[:leaves, graph.first_constant : graph.size]
    sources = sources[used[sources]]
    sources = sources[np.argsort(wish[sources], kind="stable")]
    everything = np.concatenate([sources, *(group.members for group in groups)])
    address = np.full(graph.size, -1, np.intp)
    address[everything] = np.arange(len(everything))
    return groups, address, len(everything)


def _as_read(graph: Graph, groups: Sequence[Group | Stretch]) -> tuple[Groups, Vertices, Flags]:
    """The groups in the order that their readers wish for, these wishes, and what is read at all.

    Consumers, from the last to the first, say in which order they'd like to read.
    """
    wish, used, clock = np.zeros(graph.size, np.int64), np.zeros(graph.size, bool), 0
    found: Groups = []
    for group in reversed(groups):
        group = group.reordered(np.argsort(wish[group.members], kind="stable"))
        reads = group.reads()
        wish[reads] = np.arange(clock, clock + len(reads))
        used[reads] = True
        clock += len(reads)
        found.append(group)
    return found[::-1], wish, used
