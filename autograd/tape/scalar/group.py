"""Nodes that are computed together: those of one level and primitive, as one wide operation.

Levels that are too narrow for that are computed node by node, in stretches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Primitive, add
from autograd.tape.scalar.read import Graph, Kind, Vertices, counted

FEWEST_ALIKE = 8  # sums of one arity that are worth an operation of their own
MOST_PADDING = 1.5  # how much longer than the shortest the longest of sums done together may be
WIDTH = 40  # operands a group, below which a level is computed one by one

# --- groups -----------------------------------------------------------------------------------


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
class Stretch:
    """Levels too narrow for wide operations, one after the other.

    `members` are its vertices in an order of computation; member i was made by `kinds[code[i]]`, a
    primitive with its parameters, from the `operands` that start at `starts[i]`.
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
            op, params = self.kinds[code]
            operands = self.operands[self.starts[i] : ends[i], None]
            yield group_of(op, params, self.level, self.members[i : i + 1], operands)


def group_of(
    op: Primitive, params: dict[str, Any], level: int, members: Any, operands: Any
) -> Group:
    kind = Sums if op is add and len(operands) > 2 else Group
    return kind(op, params, level, members, operands)


# --- levels -----------------------------------------------------------------------------------


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
    level = _longest_paths(graph, vertices, start, start + arity)
    gradient = int(level[vertices < graph.boundary].max(initial=0)) + 1
    return Levels(vertices, start, arity, level, gradient)


def _longest_paths(graph: Graph, vertices: Vertices, start: Vertices, stop: Vertices) -> Vertices:
    """From a leaf; to the gradients after all else, which they find ready."""
    level, ready = [0] * graph.size, 0
    source = graph.source.tolist()
    edges = zip(vertices.tolist(), start.tolist(), stop.tolist(), strict=True)
    for part in (islice(edges, int(np.searchsorted(vertices, graph.boundary))), edges):
        for vertex, begin, end in part:
            highest = ready
            for operand in source[begin:end]:
                if level[operand] > highest:
                    highest = level[operand]
            level[vertex] = highest + 1
        ready = max(level)
    return np.array(level)[vertices]


# --- grouping ---------------------------------------------------------------------------------


def grouped(graph: Graph, levels: Levels) -> list[Group | Stretch]:
    """Everything that is to be computed."""
    _, _, arity, level, _ = levels
    code = graph.code[levels.vertices]
    order = np.lexsort((arity, code, level))
    new = np.ones(len(order), bool)
    new[1:] = np.any([np.diff(key[order]) != 0 for key in (arity, code, level)], axis=0)
    stretch = _narrow(levels, level[order[new]])[level]
    wide = [
        _group(graph, levels, part)
        for part in (np.split(order, np.flatnonzero(new)[1:]) if len(order) else ())
        if stretch[part[0]] < 0
    ]
    narrow = [
        _stretch(graph, levels, part) for part in split(np.flatnonzero(stretch >= 0), stretch)
    ]
    return [*narrow, *padded(wide, graph.zero)]


def _group(graph: Graph, levels: Levels, part: Vertices) -> Group:
    vertices, start, arity, level, _ = levels
    op, params = graph.kinds[graph.code[vertices[part[0]]]]
    operands = graph.source[start[part] + np.arange(arity[part[0]])[:, None]]
    return group_of(op, params, int(level[part[0]]), vertices[part], operands)


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
