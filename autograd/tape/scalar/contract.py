"""Sums of products that form a matrix product become one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from autograd import mul
from autograd.tape.scalar.group import Group, Stretch, Sums, split
from autograd.tape.scalar.read import Flags, Graph, Vertices

SMALLEST = 256  # multiplications, below which a matrix product does not pay


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


def contracted(graph: Graph, groups: Sequence[Group | Stretch]) -> list[Group | Stretch]:
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
    found: list[Group | Stretch] = []
    for group in groups:
        terms = products_in(group, exclusive, left, right) if isinstance(group, Sums) else None
        if isinstance(group, Sums) and terms is not None:
            for part, swallowed in contractions(group, terms, left, right):
                found.append(part)
                gone[swallowed] = True
        else:
            found.append(group)
    found = [
        group.reordered(np.flatnonzero(~gone[group.members]))
        if gone[group.members].any()
        else group
        for group in found
    ]
    return [group for group in found if len(group.members)]


def products_in(group: Sums, exclusive: Flags, left: Vertices, right: Vertices) -> Flags | None:
    """Which terms of the sums are products that might be contracted; None if it does not pay."""
    several = [varieties(side[group.operands]) < len(group.members) for side in (left, right)]
    products: Flags = np.all([*several, exclusive[group.operands].all(axis=1)], axis=0)
    return products if products.sum() * len(group.members) >= SMALLEST else None


def contractions(
    group: Sums, products: Flags, left: Vertices, right: Vertices
) -> Iterator[tuple[Group, Vertices]]:
    """`group` in matrix products and the rest, each with the products that it swallows."""
    terms = group.operands[products]
    left, right = left[terms], right[terms]
    row, rows = distinct(left)
    column, columns = distinct(right)
    block = _components(row, column)
    rest = np.ones(len(group.members), bool)
    for members in split(np.arange(len(block)), block):
        i, p = np.unique(row[members], return_inverse=True)
        j, q = np.unique(column[members], return_inverse=True)
        shape = len(i), len(j)
        if len(members) != len(i) * len(j) or len(members) * len(terms) < SMALLEST:
            continue
        place = p * shape[1] + q
        if min(shape) == 1 or len(np.unique(place)) != len(members):
            continue
        members = members[np.argsort(place)]
        rest[members] = False
        product = Contraction(
            group.op,
            {},
            group.level,
            group.members[members],
            group.operands[~products][:, members],
            left[:, rows[i]].T,
            right[:, columns[j]],
        )
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


def varieties(rows: Vertices) -> Vertices:
    """How many different vertices stand in each row."""
    return np.asarray(1 + np.count_nonzero(np.diff(np.sort(rows, axis=1), axis=1), axis=1))


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
