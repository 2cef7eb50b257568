"""A scalar graph laid out: read into arrays, folded, put into groups, and all in their places."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Node
from autograd.tape.scalar.group import Groups, contracted, grouped, levelled
from autograd.tape.scalar.read import Graph, Vertices, folded, read


def is_scalar(nodes: Sequence[Node]) -> bool:
    """Whether every node is a Value that elementwise primitives made."""
    return all(type(x.raw) is float and (x.op is None or x.op.scalar is not None) for x in nodes)


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
    groups, address = placed(graph, len(leaves), groups)
    constants = address[graph.first_constant :]
    used = constants >= 0
    given = constants[used], graph.constants[used]
    size, places = int(address.max()) + 1, address[graph.outputs]
    return Layout(leaves, groups, levels.gradient, address, size, given, places)


def placed(graph: Graph, leaves: int, groups: Groups) -> tuple[Groups, Vertices]:
    """The groups with their members in order, and the address of each vertex.

    Numbers lie beside those that are read together with them: first `leaves` and constants, then
    what is computed, group by group. From the last group to the first they say in which order
    they'd like to read. The address of what nobody needs is −1.
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
    found.reverse()
    used[:leaves] = used[graph.outputs] = True
    sources = np.r_[:leaves, graph.first_constant : graph.size]
    sources = sources[used[sources]]
    sources = sources[np.argsort(wish[sources], kind="stable")]
    everything = np.concatenate([sources, *(group.members for group in found)])
    address = np.full(graph.size, -1, np.intp)
    address[everything] = np.arange(len(everything))
    return found, address
