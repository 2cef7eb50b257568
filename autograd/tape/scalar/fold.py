"""What need not be computed: copies are looked through, and chains of additions become sums."""

from __future__ import annotations

import numpy as np

from autograd import add, astype, mul, stop_gradient
from autograd.tape.scalar.read import Graph, Vertices

COPIES = (stop_gradient, astype)  # on single floats they change nothing


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
