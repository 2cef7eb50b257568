"""Where each number lies in one flat array: beside those that are read together with it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograd.tape.scalar.group import Group, Stretch
from autograd.tape.scalar.read import Flags, Graph, Vertices

Groups = list[Group | Stretch]


def placed(
    graph: Graph, leaves: int, groups: Sequence[Group | Stretch]
) -> tuple[Groups, Vertices, int]:
    """The groups with their members in order, the address of each vertex, and how many there are.

    First come `leaves` and constants, then what is computed, group by group. The address of what
    nobody needs is −1.
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
