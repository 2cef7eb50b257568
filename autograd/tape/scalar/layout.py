"""A scalar graph laid out: its nodes in groups, each of which is one wide NumPy operation.

Nodes become numbers (vertices), and everything here is arithmetic on arrays of them: copies are
looked through, chains of additions fold into sums of many terms, and what is left is grouped by
(level, primitive). Sums of products that form a matrix product become one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, repeat
from operator import attrgetter
from typing import Any

import numpy as np

from autograd import TABLE, Node, Primitive

ADD, MUL = TABLE["add"], TABLE["mul"]
COPIES = (TABLE["stop_gradient"], TABLE["astype"])  # on single floats they change nothing

SMALLEST_CONTRACTION = 256  # multiplications, below which a matrix product does not pay
FEWEST_ALIKE = 8  # sums of one arity that are worth an operation of their own
MOST_PADDING = 1.5  # how much longer than the shortest the longest of sums done together may be
WIDTH = 40  # operands a group, below which a level is computed one by one


def is_scalar(nodes: Sequence[Node]) -> bool:
    """Whether every node is a Value that elementwise primitives made."""
    return all(
        type(node.raw) is float and (node.op is None or node.op.scalar is not None)
        for node in nodes
    )


# --- groups -----------------------------------------------------------------------------------


@dataclass
class Group:
    """Nodes that are computed together: `members`, R vertices, from `operands`, (arity, R)."""

    op: Primitive
    params: dict[str, Any]
    level: int
    members: np.ndarray
    operands: np.ndarray

    def reads(self) -> np.ndarray:
        """The vertices it reads, in the order in which it would like them to lie."""
        return self.operands.ravel()

    def reorder(self, order: np.ndarray) -> None:
        self.members, self.operands = self.members[order], self.operands[:, order]

    @property
    def name(self) -> str:
        return self.op.name


class Sums(Group):
    """Sums of `arity` terms each, added in this order; shorter ones are padded with −0.0."""

    @property
    def name(self) -> str:
        return f"sum of {len(self.operands)}"


@dataclass
class Contraction(Group):
    """A matrix product `left @ right`, (P, K) by (K, J), plus the terms in `operands`, (n, P·J)."""

    left: np.ndarray
    right: np.ndarray

    def reads(self) -> np.ndarray:
        return np.concatenate([self.left.ravel(), self.right.ravel(), self.operands.ravel()])

    def reorder(self, order: np.ndarray) -> None:
        """Its members lie as the matrix product leaves them."""

    @property
    def name(self) -> str:
        (p, k), j = self.left.shape, self.right.shape[1]
        terms = f" + {len(self.operands)}" if len(self.operands) else ""
        return f"({p}, {k}) @ ({k}, {j}){terms}"


@dataclass
class Stretch:
    """Levels too narrow for wide operations, one after the other.

    `members` are its vertices in an order of computation; member i was made by `kinds[code[i]]`, a
    primitive with its parameters, from the `operands` that start at `starts[i]`.
    """

    kinds: list[tuple[Primitive, dict[str, Any]]]
    level: int
    code: np.ndarray
    members: np.ndarray
    operands: np.ndarray
    starts: np.ndarray
    name = "one by one"

    def reads(self) -> np.ndarray:
        return self.operands

    def reorder(self, order: np.ndarray) -> None:
        """Its members stay in their order of computation."""

    def singly(self) -> Iterator[Group]:
        """Its members as groups of one."""
        ends = np.append(self.starts[1:], len(self.operands)).tolist()
        for i, code in enumerate(self.code):
            op, params = self.kinds[code]
            operands = self.operands[self.starts[i] : ends[i], None]
            kind = Sums if op is ADD and len(operands) > 2 else Group
            yield kind(op, params, self.level, self.members[i : i + 1], operands)


# --- the graph as numbers ---------------------------------------------------------------------


class Layout:
    """The groups of a scalar graph, and where each vertex lies in one flat array.

    Vertices are numbered leaves first, then results in recorded order, then the distinct constants.

    - `leaves`: the nodes without operands, vertices 0, 1, ...
    - `groups`, in the order of computation.
    - `address[vertex]`: the place of its number; `size` places in all.
    - `constants`: (addresses, numbers).
    - `outputs`: the vertices of the outputs.
    """

    def __init__(self, nodes: list[Node], outputs: Sequence[Node], first: int) -> None:
        """The graph `nodes` of `outputs`, of which the `first` are to be had without the others."""
        self.leaves = [node for node in nodes if node.op is None]
        results = [node for node in nodes if node.op is not None]
        self._read(results)
        self.outputs = self._vertices(outputs)
        last = max((node.index for node in outputs[:first]), default=-1)
        boundary = len(self.leaves) + sum([node.index <= last for node in results])
        del self._index
        self._look_through_copies(boundary)
        self._drop_unused()
        self._fold_chains()
        self.groups = self._grouped(boundary)
        self._place()

    def _vertices(self, operands: Iterable[Any]) -> np.ndarray:
        """The vertex of each node; −1 for raw numbers."""
        index = np.fromiter(map(getattr, operands, repeat("index"), repeat(-1)), np.intp)
        order = np.argsort(self._index)
        oldest, newest = self._index[order[[0, -1]]]
        if newest - oldest < 4 * len(order):  # a table of all indices is the quicker way
            table = np.full(newest - oldest + 2, -1)
            table[self._index - oldest] = np.arange(len(order))
            return table[np.maximum(index - oldest, -1)]
        place = np.searchsorted(self._index, index, sorter=order)
        return np.where(index < 0, -1, order[place])

    def _read(self, results: list[Node]) -> None:
        """Edges: `owner[e]` has `source[e]` as its next operand; `kinds[code[v]]` made v."""
        leaves, nodes = len(self.leaves), [*self.leaves, *results]
        operands = [node.operands for node in results]
        arity = np.fromiter(map(len, operands), np.intp, len(operands))
        self._index = np.fromiter(map(attrgetter("index"), nodes), np.intp, len(nodes))
        source = self._vertices(chain.from_iterable(operands))
        owner = np.repeat(np.arange(len(results)), arity)
        self.owner = leaves + owner

        raw = np.flatnonzero(source < 0)
        place = zip(owner[raw].tolist(), _counted(arity)[raw].tolist(), strict=True)
        numbers = np.array([-0.0, *[operands[i][j] for i, j in place]])
        bits, which = np.unique(numbers.view(np.int64), return_inverse=True)
        self.first_constant = leaves + len(results)
        self.zero, source[raw] = self.first_constant + which[0], self.first_constant + which[1:]
        self.source, self.numbers = source, bits.view(np.float64)
        self.count = self.first_constant + len(bits)

        kinds: dict[Any, int] = {}
        self.code = np.full(self.count, -1)
        self.code[leaves : self.first_constant] = [
            kinds.setdefault(
                (node.op, *node.params.items()) if node.params else node.op, len(kinds)
            )
            for node in results
        ]
        rows = [kind if isinstance(kind, tuple) else (kind,) for kind in kinds]
        self.kinds = [(op, dict(params)) for op, *params in rows]

    def _made_by(self, *ops: Primitive) -> np.ndarray:
        """Which vertices one of `ops` made."""
        table = np.array([op in ops for op, _ in self.kinds] + [False])  # the last: not made at all
        return table[self.code]

    def _look_through_copies(self, boundary: int) -> None:
        """Copies are what they copy, and so is 1·x where 1 is a gradient's seed: read x instead.

        Other multiplications by 1 stay, as their neighbours in a group may be by 2.
        """
        seed = np.zeros(self.count, bool)
        seed[self.first_constant :] = self.numbers == 1.0
        first = np.diff(self.owner, prepend=-1) != 0
        neutral = first & seed[self.source] & self._made_by(MUL)[self.owner]
        neutral = np.flatnonzero(neutral & (self.owner >= boundary))
        copies = np.flatnonzero(self._made_by(*COPIES)[self.owner])
        alias = np.arange(self.count)
        alias[self.owner[neutral]] = self.source[neutral + 1]
        alias[self.owner[copies]] = self.source[copies]
        while ((further := alias[alias]) != alias).any():
            alias = further
        self.source, self.outputs = alias[self.source], alias[self.outputs]

    def _uses(self) -> np.ndarray:
        uses = np.bincount(self.source, minlength=self.count)
        uses[self.outputs] += 2  # never folded into anything
        return uses

    def _drop_unused(self) -> None:
        """Forget the edges of results that nothing reads."""
        while not (used := self._uses()[self.owner] > 0).all():
            self.owner, self.source = self.owner[used], self.source[used]

    def _fold_chains(self) -> None:
        """An addition that only another addition reads becomes part of that one.

        Terms stand in the order in which a chain adds them, so that its rounding stays the same.
        """
        add = self._made_by(ADD)
        inner = (self._uses() == 1)[self.source] & add[self.source] & add[self.owner]
        inner[1:] &= ~(inner[:-1] & (self.owner[1:] == self.owner[:-1]))  # a chain, not a tree
        root = np.arange(self.count)
        root[self.source[inner]] = self.owner[inner]
        while ((further := root[root]) != root).any():
            root = further
        owner, source = root[self.owner[~inner]], self.source[~inner]
        order = np.argsort(owner, kind="stable")
        self.owner, self.source = owner[order], source[order]

    def _levels(
        self, vertices: np.ndarray, start: np.ndarray, stop: np.ndarray, boundary: int
    ) -> np.ndarray:
        """The longest path to each of `vertices`, which are in topological order.

        From a leaf; to the gradients, from `boundary` on, after all else, which they find ready.
        """
        level, ready = [0] * self.count, 0
        source = self.source.tolist()
        edges = zip(vertices.tolist(), start.tolist(), stop.tolist(), strict=True)
        for part in (islice(edges, int(np.searchsorted(vertices, boundary))), edges):
            for vertex, begin, end in part:
                highest = ready
                for operand in source[begin:end]:
                    if level[operand] > highest:
                        highest = level[operand]
                level[vertex] = highest + 1
            ready = max(level)
        return np.array(level)[vertices]

    # --- groups -------------------------------------------------------------------------------

    def _grouped(self, boundary: int) -> list[Group | Stretch]:
        """Everything to compute, level by level; first what leads to the outputs."""
        start = np.flatnonzero(np.diff(self.owner, prepend=-1))
        arity = np.diff(start, append=len(self.owner))
        vertices = self.owner[start]
        level = self._levels(vertices, start, start + arity, boundary)
        self.gradient_level = int(level[vertices < boundary].max(initial=0)) + 1
        code = self.code[vertices]
        order = np.lexsort((arity, code, level))
        new = np.ones(len(order), bool)
        new[1:] = np.any([np.diff(key[order]) != 0 for key in (arity, code, level)], axis=0)
        run = self._narrow(level, arity, level[order[new]])[level]

        found: list[Group | Stretch] = []
        for part in _split(np.flatnonzero(run >= 0), run):
            part = part[np.argsort(level[part], kind="stable")]
            edges = np.repeat(start[part], arity[part]) + _counted(arity[part])
            first = np.cumsum(arity[part]) - arity[part]
            arrays = code[part], vertices[part], self.source[edges], first
            small = [x.astype(np.int32) for x in arrays]
            found.append(Stretch(self.kinds, int(level[part[0]]), *small))
        exclusive = (self._uses() == 1) & self._made_by(MUL)
        exclusive[vertices[run >= 0]] = False
        groups: list[Group] = []
        for part in np.split(order, np.flatnonzero(new)[1:]) if len(order) else ():
            if run[part[0]] >= 0:
                continue
            op, params = self.kinds[code[part[0]]]
            n = arity[part[0]]
            kind = Sums if op is ADD and n > 2 else Group
            operands = self.source[start[part] + np.arange(n)[:, None]]
            groups.append(kind(op, params, int(level[part[0]]), vertices[part], operands))
        found += self._contracted(_padded(groups, self.zero), exclusive)
        return sorted(found, key=lambda group: group.level)

    def _narrow(self, level: np.ndarray, arity: np.ndarray, group_level: np.ndarray) -> np.ndarray:
        """For each level which stretch of narrow ones it belongs to, or -1 for a wide one."""
        levels = int(level.max(initial=self.gradient_level)) + 1
        operands = np.bincount(level, arity, levels)
        groups = np.bincount(group_level, minlength=levels)
        narrow = operands < WIDTH * groups
        starts = narrow & ~np.append(False, narrow[:-1])
        starts[self.gradient_level] = narrow[self.gradient_level]
        run = np.cumsum(starts) - 1
        sizes = np.bincount(run[narrow], weights=groups[narrow], minlength=1)
        run[~narrow] = -1
        run[narrow & (sizes[run] < 2)] = -1
        return run

    def _contracted(self, groups: Iterable[Group], exclusive: np.ndarray) -> Iterator[Group]:
        """Sums of products as matrix products where they are: no product is computed by itself."""
        edges = np.flatnonzero(exclusive[self.owner])
        left, right = np.zeros((2, self.count), np.intp)
        left[self.owner[edges[0::2]]] = self.source[edges[0::2]]
        right[self.owner[edges[1::2]]] = self.source[edges[1::2]]
        gone = np.zeros(self.count, bool)
        found: list[Group] = []
        for group in groups:
            if isinstance(group, Sums):
                products = exclusive[group.operands].all(axis=1)
                for side in (left, right):
                    products &= _varieties(side[group.operands]) < len(group.members)
                if products.sum() * len(group.members) >= SMALLEST_CONTRACTION:
                    found += _contractions(group, products, left, right, gone)
                    continue
            found.append(group)
        for group in found:
            if gone[group.members].any():
                group.reorder(np.flatnonzero(~gone[group.members]))
            if len(group.members):
                yield group

    # --- places -------------------------------------------------------------------------------

    def _place(self) -> None:
        """Consumers, from the last to the first, say in which order they'd like to read."""
        wish, clock = np.zeros(self.count, np.int64), 0
        for group in reversed(self.groups):
            group.reorder(np.argsort(wish[group.members], kind="stable"))
            reads = group.reads()
            wish[reads] = np.arange(clock, clock + len(reads))
            clock += len(reads)
        used = np.zeros(self.count, bool)
        used[: len(self.leaves)] = used[self.outputs] = True
        for group in self.groups:
            used[group.reads()] = True
        sources = np.r_[: len(self.leaves), self.first_constant : self.count]
        sources = sources[used[sources]]
        sources = sources[np.argsort(wish[sources], kind="stable")]
        placed = np.concatenate([sources, *(group.members for group in self.groups)])
        self.address = np.full(self.count, -1, np.intp)
        self.address[placed] = np.arange(len(placed))
        self.size = len(placed)
        constant = np.flatnonzero(used[self.first_constant :])
        self.constants = self.address[self.first_constant + constant], self.numbers[constant]
        del self.owner, self.source, self.code


def _padded(groups: list[Group], zero: int) -> Iterator[Group]:
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
            yield Sums(ADD, {}, rare[0].level, members, np.concatenate(rows, axis=1))
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


def _contractions(
    group: Sums, products: np.ndarray, left: np.ndarray, right: np.ndarray, gone: np.ndarray
) -> Iterator[Group]:
    """`group` in matrix products and the rest. `gone` notes the products that they swallow."""
    terms = group.operands[products]
    left, right = left[terms], right[terms]
    row, rows = _distinct(left)
    column, columns = _distinct(right)
    block = _components(row, column)
    rest = np.ones(len(group.members), bool)
    for members in _split(np.arange(len(block)), block):
        i, p = np.unique(row[members], return_inverse=True)
        j, q = np.unique(column[members], return_inverse=True)
        shape = len(i), len(j)
        if len(members) != len(i) * len(j) or len(members) * len(terms) < SMALLEST_CONTRACTION:
            continue
        place = p * shape[1] + q
        if min(shape) == 1 or len(np.unique(place)) != len(members):
            continue
        members = members[np.argsort(place)]
        rest[members] = False
        gone[terms[:, members]] = True
        yield Contraction(
            group.op,
            {},
            group.level,
            group.members[members],
            group.operands[~products][:, members],
            left[:, rows[i]].T,
            right[:, columns[j]],
        )
    if rest.any():
        group.reorder(np.flatnonzero(rest))
        yield group


def _distinct(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each column of a matrix which of the distinct ones it is; and where these stand first.

    They are counted as they come, so that what reads them reads them in a natural order.
    """
    digest = np.random.default_rng(0).integers(1 << 62, size=len(columns)) @ columns
    _, first, which = np.unique(digest, return_index=True, return_inverse=True)
    if not np.array_equal(columns[:, first[which]], columns):  # two columns of one digest
        _, first, which = np.unique(columns, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return np.argsort(order)[which.ravel()], first[order]


def _varieties(rows: np.ndarray) -> np.ndarray:
    """How many different vertices stand in each row."""
    return 1 + (np.diff(np.sort(rows, axis=1), axis=1) != 0).sum(axis=1)


def _split(places: np.ndarray, label: np.ndarray) -> list[np.ndarray]:
    """`places` in parts of one `label[place]` each."""
    places = places[np.argsort(label[places], kind="stable")]
    return np.split(places, np.flatnonzero(np.diff(label[places])) + 1) if len(places) else []


def _counted(lengths: np.ndarray) -> np.ndarray:
    """0, 1, ... anew for each of `lengths`."""
    return np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)


def _components(row: np.ndarray, column: np.ndarray) -> np.ndarray:
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
