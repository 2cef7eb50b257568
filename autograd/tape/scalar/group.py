"""Nodes that are computed together: those of one level and primitive, as one wide operation.

Levels too narrow for that are computed node by node, in stretches; sums of products that form a
matrix product become one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Primitive, add, mul
from autograd.tape.scalar.read import Flags, Graph, Kind, Vertices, counted

FEWEST_ALIKE = 8  # sums of one arity that are worth an operation of their own
MOST_PADDING = 1.5  # how much longer than the shortest the longest of sums done together may be
WIDTH = 40  # operands a group, below which a level is computed one by one
SMALLEST = 256  # multiplications, below which a matrix product does not pay


@dataclass(frozen=True)
class Group:
    """Nodes that are computed together: `members`, R vertices, from `operands`, (arity, R)."""

    op: Primitive
    params: dict[str, Any]
    level: int
    members: Vertices
    operands: Vertices

    def reads(self) -> Vertices:
        """The vertices it reads, in the order in which it would like them to lie."""
        return self.operands.ravel()

    def reordered(self, order: Vertices) -> Group:
        """The members at these places, in this order."""
        return replace(self, members=self.members[order], operands=self.operands[:, order])

    @property
    def name(self) -> str:
        return self.op.name


class Sums(Group):
    """Sums of `arity` terms each, added in this order; shorter ones are padded with −0.0."""

    @property
    def name(self) -> str:
        return f"sum of {len(self.operands)}"


@dataclass(frozen=True)
class Contraction(Group):
    """A matrix product `left @ right`, (P, K) by (K, J), plus the terms in `operands`, (n, P·J)."""

    left: Vertices
    right: Vertices

    def reads(self) -> Vertices:
        return np.concatenate([self.left.ravel(), self.right.ravel(), self.operands.ravel()])

    def reordered(self, order: Vertices) -> Contraction:
        """Its members lie as the matrix product leaves them."""
        return self

    @property
    def name(self) -> str:
        (p, k), j = self.left.shape, self.right.shape[1]
        terms = f" + {len(self.operands)}" if len(self.operands) else ""
        return f"({p}, {k}) @ ({k}, {j}){terms}"


@dataclass(frozen=True)
class Stretch:
    """Levels too narrow for wide operations, one after the other.

    `members` are in an order of computation; member i was made by `kinds[code[i]]` from the
    `operands` that start at `starts[i]`.
    """

    kinds: list[Kind]
    level: int
    code: NDArray[np.int32]
    members: NDArray[np.int32]
    operands: NDArray[np.int32]
    starts: NDArray[np.int32]
    name = "one by one"

    def reads(self) -> NDArray[np.int32]:
        return self.operands

    def reordered(self, order: Vertices) -> Stretch:
        """Its members stay in their order of computation."""
        return self

    def singly(self) -> Iterator[Group]:
        """Its members as groups of one."""
        ends = np.append(self.starts[1:], len(self.operands)).tolist()
        for i, code in enumerate(self.code):
            operands = self.operands[self.starts[i] : ends[i], None]
            yield group_of(self.kinds[code], self.level, self.members[i : i + 1], operands)


Groups = list[Group | Stretch]


def group_of(kind: Kind, level: int, members: Any, operands: Any) -> Group:
    make = Sums if kind[0] is add and len(operands) > 2 else Group
    return make(*kind, level, members, operands)


# --- by level and primitive -------------------------------------------------------------------


class Levels(NamedTuple):
    """The results that are to be computed, in topological order, by the longest path to each.

    The operands of `vertices[i]` are the sources of `arity[i]` edges from `start[i]` on. Levels
    from `gradient` on are not needed for the first outputs.
    """

    vertices: Vertices
    start: Vertices
    arity: Vertices
    level: Vertices
    gradient: int


def levelled(graph: Graph) -> Levels:
    start = np.flatnonzero(np.diff(graph.owner, prepend=-1))
    arity = np.diff(start, append=len(graph.owner))
    vertices = graph.owner[start]
    depth, ready = [0] * graph.size, 0
    source = graph.source.tolist()
    edges = zip(vertices.tolist(), start.tolist(), (start + arity).tolist(), strict=True)
    # The gradients come after all else, which they find ready.
    for part in (islice(edges, int(np.searchsorted(vertices, graph.boundary))), edges):
        for vertex, begin, end in part:
            highest = ready
            for operand in source[begin:end]:
                if depth[operand] > highest:
                    highest = depth[operand]
            depth[vertex] = highest + 1
        ready = max(depth)
    level = np.array(depth)[vertices]
    gradient = int(level[vertices < graph.boundary].max(initial=0)) + 1
    return Levels(vertices, start, arity, level, gradient)


def grouped(graph: Graph, levels: Levels) -> Groups:
    """Everything that is to be computed."""
    _, _, arity, level, _ = levels
    code = graph.code[levels.vertices]
    order = np.lexsort((arity, code, level))
    new = np.ones(len(order), bool)
    new[1:] = np.any([np.diff(key[order]) != 0 for key in (arity, code, level)], axis=0)
    stretch = _narrow(levels, level[order[new]])[level]
    alike = np.split(order, np.flatnonzero(new)[1:]) if len(order) else ()
    wide = [_group(graph, levels, part) for part in alike if stretch[part[0]] < 0]
    narrow = split(np.flatnonzero(stretch >= 0), stretch)
    return [*(_stretch(graph, levels, part) for part in narrow), *padded(wide, graph.zero)]


def _group(graph: Graph, levels: Levels, part: Vertices) -> Group:
    vertices, start, arity, level, _ = levels
    kind = graph.kinds[graph.code[vertices[part[0]]]]
    operands = graph.source[start[part] + np.arange(arity[part[0]])[:, None]]
    return group_of(kind, int(level[part[0]]), vertices[part], operands)


def _stretch(graph: Graph, levels: Levels, part: Vertices) -> Stretch:
    vertices, start, arity, level, _ = levels
    part = part[np.argsort(level[part], kind="stable")]
    edges = np.repeat(start[part], arity[part]) + counted(arity[part])
    first = np.cumsum(arity[part]) - arity[part]
    arrays = graph.code[vertices[part]], vertices[part], graph.source[edges], first
    return Stretch(graph.kinds, int(level[part[0]]), *[x.astype(np.int32) for x in arrays])


def _narrow(levels: Levels, group_level: Vertices) -> Vertices:
    """For each level which stretch of narrow ones it belongs to, or -1 for a wide one."""
    level, gradient = levels.level, levels.gradient
    count = int(level.max(initial=gradient)) + 1
    operands = np.bincount(level, levels.arity, count)
    groups = np.bincount(group_level, minlength=count)
    narrow = operands < WIDTH * groups
    starts = narrow & ~np.append(False, narrow[:-1])
    starts[gradient] = narrow[gradient]
    run = np.cumsum(starts) - 1
    sizes = np.bincount(run[narrow], weights=groups[narrow], minlength=1)
    run[~narrow] = -1
    run[narrow & (sizes[run] < 2)] = -1
    return run


def padded(groups: list[Group], zero: int) -> Iterator[Group]:
    """Sums of which few have the same arity, together with their like, padded with −0.0.

    To add −0.0 changes nothing, not even the sign of a zero.
    """
    rare: list[Group] = []

    def together() -> Iterator[Group]:
        if rare:
            arity = len(rare[-1].operands)
            rows = [
                np.pad(g.operands, ((0, arity - len(g.operands)), (0, 0)), constant_values=zero)
                for g in rare
            ]
            members = np.concatenate([g.members for g in rare])
            yield Sums(add, {}, rare[0].level, members, np.concatenate(rows, axis=1))
            rare.clear()

    for group in groups:
        few = isinstance(group, Sums) and len(group.members) < FEWEST_ALIKE
        if rare and (
            group.level != rare[0].level
            or (few and len(group.operands) > MOST_PADDING * len(rare[0].operands))
        ):
            yield from together()
        if few:
            rare.append(group)
        else:
            yield group
    yield from together()


def split(places: Vertices, label: Vertices) -> list[Vertices]:
    """`places` in parts of one `label[place]` each."""
    places = places[np.argsort(label[places], kind="stable")]
    return np.split(places, np.flatnonzero(np.diff(label[places])) + 1) if len(places) else []


# --- matrix products --------------------------------------------------------------------------


def contracted(graph: Graph, groups: Groups) -> Groups:
    """The groups in which products inside matrix products are not computed by themselves."""
    exclusive = (graph.uses() == 1) & graph.made_by(mul)
    for group in groups:
        if isinstance(group, Stretch):
            exclusive[group.members] = False
    edges = np.flatnonzero(exclusive[graph.owner])
    left, right = np.zeros((2, graph.size), np.intp)
    left[graph.owner[edges[0::2]]] = graph.source[edges[0::2]]
    right[graph.owner[edges[1::2]]] = graph.source[edges[1::2]]

    gone = np.zeros(graph.size, bool)
    found: Groups = []
    for group in groups:
        if isinstance(group, Sums):
            for part, swallowed in contractions(group, exclusive, left, right):
                found.append(part)
                gone[swallowed] = True
        else:
            found.append(group)
    for i, group in enumerate(found):
        if gone[group.members].any():
            found[i] = group.reordered(np.flatnonzero(~gone[group.members]))
    return [group for group in found if len(group.members)]


def contractions(
    group: Sums, exclusive: Flags, left: Vertices, right: Vertices
) -> Iterator[tuple[Group, Vertices]]:
    """`group` in matrix products and the rest, each with the products that it swallows."""
    count = len(group.members)
    sides = np.sort([left[group.operands], right[group.operands]], axis=2)
    alike = (np.count_nonzero(np.diff(sides, axis=2), axis=2) < count - 1).all(axis=0)
    products = alike & exclusive[group.operands].all(axis=1)  # rows of terms to be contracted
    if products.sum() * count < SMALLEST:
        yield group, group.operands[:0]
        return
    terms = group.operands[products]
    left, right = left[terms], right[terms]
    row, rows = distinct(left)
    column, columns = distinct(right)
    block = _components(row, column)
    rest = np.ones(count, bool)
    for members in split(np.arange(len(block)), block):
        i, p = np.unique(row[members], return_inverse=True)
        j, q = np.unique(column[members], return_inverse=True)
        place = p * len(j) + q
        whole = len(members) == len(i) * len(j) == len(np.unique(place))
        if not whole or 1 in (len(i), len(j)) or len(members) * len(terms) < SMALLEST:
            continue
        members = members[np.argsort(place)]
        rest[members] = False
        added = group.operands[~products][:, members]
        factors = left[:, rows[i]].T, right[:, columns[j]]
        product = Contraction(group.op, {}, group.level, group.members[members], added, *factors)
        yield product, terms[:, members]
    if rest.any():
        yield group.reordered(np.flatnonzero(rest)), terms[:, :0]


def distinct(columns: Vertices) -> tuple[Vertices, Vertices]:
    """For each column of a matrix which of the distinct ones it is; and where these stand first.

    They are counted as they come, so that what reads them reads them in a natural order.
    """
    digest = np.random.default_rng(0).integers(1 << 62, size=len(columns)) @ columns
    _, first, which = np.unique(digest, return_index=True, return_inverse=True)
    if not np.array_equal(columns[:, first[which]], columns):  # two columns of one digest
        _, first, which = np.unique(columns, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return np.argsort(order)[which.ravel()], first[order]


def _components(row: Vertices, column: Vertices) -> Vertices:
    """The connected component of each edge of the bipartite graph of rows and columns."""
    label = row.copy()
    while True:
        by_column = np.full(column.max() + 1, len(row))
        np.minimum.at(by_column, column, label)
        by_row = np.full(row.max() + 1, len(row))
        np.minimum.at(by_row, row, by_column[column])
        if (by_row[row] == label).all():
            return label
        label = by_row[row]
