"""A laid-out scalar graph as calls of NumPy's functions on one flat array of all its numbers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd.tape.inplace import into, silent
from autograd.tape.scalar.contract import Contraction
from autograd.tape.scalar.group import Group, Stretch, Sums
from autograd.tape.scalar.layout import Layout
from autograd.tape.scalar.read import Vertices
from autograd.tape.scalar.straight import Straight

TILE = 1 << 14  # numbers gathered at a time: they stay in the cache until they are used
WIDE = 64  # nodes a group, from which on rows are rather laid out one after the other
LINES = 200  # results of one generated function: the first 256 variables have short instructions

Call = tuple[Callable[..., Any], tuple[Any, ...]]
Numbers = NDArray[np.float64]
Gathering = Generator[Call, None, Numbers]  # the calls that fill an array, and the array


class Entry(NamedTuple):
    """A group in a program: its name, nodes, bytes moved, and its calls."""

    name: str
    nodes: int
    bytes: int
    calls: list[Call]


class Program:
    """A layout's groups as calls on one array of numbers.

    Args:
        layout: of the graph.
        rows: None for single numbers; or how many there are of each node.

    `numbers` has a row of numbers for each address. Where groups are wide, their nodes lie side by
    side in memory (which is what matrix products want), where they are narrow, the rows do.
    """

    def __init__(self, layout: Layout, rows: int | None = None) -> None:
        self.layout, self.rows = layout, rows
        self.wide = rows is None or layout.size > WIDE * len(layout.groups)
        self.numbers = self._array(layout.size)
        self.numbers.fill(0.0)
        self._scratch: list[Numbers] = []
        self._silently = silent()
        addresses, constants = layout.constants
        self.numbers[addresses] = constants if rows is None else constants[:, None]
        self.entries = [self._entry(group) for group in layout.groups]
        outputs = sum(group.level < layout.gradient_level for group in layout.groups)
        self.value = [call for entry in self.entries[:outputs] for call in entry.calls]
        self.everything = [call for entry in self.entries for call in entry.calls]

    def load(self, places: Vertices, data: Sequence[Any]) -> None:
        """Write `data` (numbers, or a row of them each) to leaves."""
        if self.rows is None:
            self.numbers[places] = data
        else:
            for place, row in zip(places, data, strict=True):
                self.numbers[place] = row

    def run(self, calls: list[Call]) -> None:
        self._silently(_called, calls)

    # --- groups as calls ----------------------------------------------------------------------

    def _entry(self, group: Group | Stretch) -> Entry:
        moved = len(group.reads()) + len(group.members)
        return Entry(group.name, len(group.members), 8 * moved, list(self._calls(group)))

    def _calls(self, group: Group | Stretch) -> Iterator[Call]:
        match group:
            case Stretch():
                yield from self._stretch(group)
            case Contraction():
                yield from self._contraction(group)
            case Sums():
                yield from self._sums(group)
            case _:
                yield from self._group(group)

    def _stretch(self, stretch: Stretch) -> Iterator[Call]:
        if self.rows is not None:
            for group in stretch.singly():
                yield from self._calls(group)
            return
        count, address = len(stretch.members), self.layout.address
        for start in range(0, count, LINES):
            stop = min(start + LINES, count)
            yield Straight(self.numbers, address, stretch, start, stop, self._exactly), ()

    def _exactly(self, group: Group) -> None:
        _called(self._calls(group))

    def _group(self, group: Group) -> Iterator[Call]:
        call = into(group.op, group.params)
        for part in self._tiles(1, len(group.members)):
            operands: list[Numbers] = []
            for i, operand in enumerate(group.operands[:, part]):
                operands.append((yield from self._operand(operand, i)))
            yield call, (*operands, self._out(group.members[part]))

    def _sums(self, group: Sums) -> Iterator[Call]:
        along = self.rows and self.wide and len(group.operands) > len(group.members)  # long runs
        for part in self._tiles(len(group.operands), len(group.members)):
            operands, out = group.operands[:, part], self._out(group.members[part])
            terms = yield from self._matrix(operands.T if along else operands, 0)
            if along:
                yield np.add.reduce, (terms, 1, None, out)
            elif terms.shape[1] == 1:  # a single sum, which `reduce` would add in pairs
                yield _summed_in_order, (terms, out)
            else:
                yield np.add.reduce, (terms, 0, None, out)

    def _contraction(self, group: Contraction) -> Iterator[Call]:
        left = yield from self._matrix(group.left, 0)
        right = yield from self._matrix(group.right, 1)
        shape = len(group.left), group.right.shape[1]
        out = self._out(group.members)
        product = out.reshape(*shape, *self.numbers.shape[1:])
        if self.rows is None:
            yield np.matmul, (left, right, product)
        elif self.wide:
            yield np.matmul, tuple(np.moveaxis(x, 2, 0) for x in (left, right, product))
        else:
            yield _multiplied_rows, (left, right, product)
        for term in group.operands:
            operand = yield from self._operand(term, 0)
            yield np.add, (out, operand, out)

    def _tiles(self, arity: int, members: int) -> Iterator[slice]:
        width = max(1, TILE // (max(arity, 1) * (self.rows or 1)))
        for start in range(0, members, width):
            yield slice(start, min(start + width, members))

    def _out(self, members: Vertices) -> Numbers:
        start = self.layout.address[members[0]]
        return self.numbers[start : start + len(members)]

    def _operand(self, vertices: Vertices, i: int) -> Gathering:
        """The numbers of `vertices`: a slice where they lie so, one where all are the same."""
        address = self.layout.address[vertices]
        if (address == address[0]).all():
            return self.numbers[address[0] : address[0] + 1]
        return (yield from self._gathered(vertices, i))

    def _gathered(self, vertices: Vertices, i: int) -> Gathering:
        address = self.layout.address[vertices]
        step = int(address[1] - address[0]) if len(address) > 1 else 1
        if step > 0 and (np.diff(address) == step).all():
            return self.numbers[address[0] : address[-1] + 1 : step]
        buffer = self._buffer(i, len(address))
        if self.wide:  # and so of the order that `take` takes
            yield self.numbers.T.take, (address, -1, buffer.T, "clip")
        else:
            yield self.numbers.take, (address, 0, buffer, "clip")
        return buffer

    def _matrix(self, vertices: Vertices, i: int) -> Gathering:
        flat = yield from self._gathered(vertices.ravel(), i)
        return flat.reshape(*vertices.shape, *self.numbers.shape[1:])

    def _buffer(self, i: int, length: int) -> Numbers:
        """Room for operand `i`; calls run one after the other, so that they can share it."""
        while len(self._scratch) <= i:
            self._scratch.append(np.empty(TILE))
        size = length * (self.rows or 1)
        if len(self._scratch[i]) < size:
            self._scratch[i] = np.empty(size)
        return self._array(length, self._scratch[i])

    def _array(self, length: int, memory: Numbers | None = None) -> Numbers:
        """An array of numbers for `length` nodes."""
        memory = np.empty(length * (self.rows or 1)) if memory is None else memory
        if self.rows is None:
            return memory[:length]
        flat = memory[: length * self.rows]
        return flat.reshape(self.rows, length).T if self.wide else flat.reshape(length, self.rows)


def _called(calls: Iterable[Call]) -> None:
    for call, arguments in calls:
        call(*arguments)


def _summed_in_order(terms: Numbers, out: Numbers) -> None:
    out[...] = np.add.accumulate(terms)[-1]


def _multiplied_rows(left: Numbers, right: Numbers, out: Numbers) -> None:
    """`left @ right` for each of the rows, which lie along the last axis."""
    np.einsum("pkr,kjr->pjr", left, right, out=out)
