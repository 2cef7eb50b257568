"""Replaying a scalar graph: wide NumPy operations on one flat array of all its numbers.

Its narrow parts run as generated functions of single floats.
"""

import operator
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain, islice, pairwise
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Node
from autograd.core.numbers import Array
from autograd.tape.inplace import into, silent
from autograd.tape.profile import Profile, measured
from autograd.tape.scalar.group import Contraction, Group, Stretch, Sums
from autograd.tape.scalar.layout import Layout, laid_out
from autograd.tape.scalar.read import Kind, Vertices

TILE = 1 << 14  # numbers gathered at a time: they stay in the cache until they are used
WIDE = 64  # nodes a group, from which on rows are rather laid out one after the other
LINES = 200  # results of one generated function: the first 256 variables have short instructions
LONGEST = 50  # terms on a line of it
ROOM = 1 << 19  # numbers in the flat array of a program for rows: they stay in the cache

# What Python has an operator for, by what computes a row on floats; the others are called.
INFIX = {operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/"}

Call = tuple[Callable[..., Any], tuple[Any, ...]]
Numbers = NDArray[np.float64]
Gathering = Generator[Call, None, Numbers]  # the calls that fill an array, and the array


class Program:
    """A layout's groups as calls on one array of numbers.

    Args:
        layout: of the graph.
        rows: None for single numbers; or how many there are of each node.

    `calls` has a list for each group, `numbers` a row of numbers for each address. Where groups are
    wide, their nodes lie side by side in memory (which is what matrix products want), where they
    are narrow, the rows do.
    """

    def __init__(self, layout: Layout, rows: int | None = None) -> None:
        self.layout, self.rows = layout, rows
        self.wide = rows is None or layout.size > WIDE * len(layout.groups)
        self.numbers = self._array(layout.size, np.zeros(layout.size * (rows or 1)))
        self._scratch: dict[int, Numbers] = {}
        self._silently = silent()
        addresses, constants = layout.constants
        self.numbers[addresses] = constants if rows is None else constants[:, None]
        self.calls = [list(self._calls(group)) for group in layout.groups]
        outputs = sum(group.level < layout.gradient_level for group in layout.groups)
        self.value = list(chain(*self.calls[:outputs]))
        self.everything = list(chain(*self.calls))

    def load(self, places: Vertices, data: Sequence[Any]) -> None:
        """Write these numbers to leaves, the same in all rows."""
        self.numbers[places] = data if self.rows is None else np.reshape(data, (-1, 1))

    def run(self, calls: list[Call]) -> None:
        self._silently(_called, calls)

    def _calls(self, group: Group | Stretch) -> Iterator[Call]:
        if isinstance(group, Stretch):
            return self._stretch(group)
        if isinstance(group, Contraction):
            return self._contraction(group)
        return self._sums(group) if isinstance(group, Sums) else self._group(group)

    def _stretch(self, stretch: Stretch) -> Iterator[Call]:
        if self.rows is not None:
            for group in stretch.singly():
                yield from self._calls(group)
            return
        for start in range(0, len(stretch.members), LINES):
            yield self._straight(stretch, start, min(start + LINES, len(stretch.members))), ()

    def _straight(self, stretch: Stretch, start: int, stop: int) -> Callable[[], None]:
        """What computes the members of a stretch from `start` to `stop`.

        Where one of Python's functions raises, NumPy's answer (inf or nan) is needed: then the same
        nodes run as groups of one.
        """
        numbers, address = self.numbers, self.layout.address
        begins = np.append(stretch.starts, len(stretch.operands))[start : stop + 1]
        operands = address[stretch.operands[begins[0] : begins[-1]]]
        members = address[stretch.members[start:stop]]
        results = numbers[members[0] : members[-1] + 1]
        reads = np.setdiff1d(operands, members)
        place = np.concatenate([reads, members])  # a variable for each, numbered from 0
        order = np.argsort(place)
        given = [f"v{i}" for i in order[np.searchsorted(place, operands, sorter=order)].tolist()]
        kinds = [stretch.kinds[code] for code in stretch.code[start:stop]]
        ends = (begins - begins[0]).tolist()
        function = _function(len(reads), kinds, [given[i:j] for i, j in pairwise(ends)])

        def run() -> None:
            try:
                results[:] = function(numbers[reads].tolist())
            except (ArithmeticError, ValueError):
                for group in islice(stretch.singly(), start, stop):
                    _called(self._calls(group))

        return run

    def _group(self, group: Group) -> Iterator[Call]:
        call = into(group.op, group.params)
        for part in self._tiles(1, len(group.members)):
            operands: list[Numbers] = []
            for i, operand in enumerate(group.operands[:, part]):
                operands.append((yield from self._operand(operand, i)))
            yield call, (*operands, self._out(group.members[part]))

    def _sums(self, group: Sums) -> Iterator[Call]:
        many = len(group.operands) > len(group.members)
        along = self.rows is not None and self.wide and many  # long runs
        for part in self._tiles(len(group.operands), len(group.members)):
            operands, out = group.operands[:, part], self._out(group.members[part])
            terms = yield from self._matrix(operands.T if along else operands, 0)
            if not along and terms.shape[1] == 1:  # one sum, which `reduce` would add in pairs
                yield _summed_in_order, (terms, out)
            else:
                yield np.add.reduce, (terms, int(along), None, out)

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
        size = length * (self.rows or 1)
        if len(self._scratch.get(i, ())) < size:
            self._scratch[i] = np.empty(max(size, TILE))
        return self._array(length, self._scratch[i])

    def _array(self, length: int, memory: Numbers) -> Numbers:
        """The numbers of `length` nodes, in this memory."""
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


def _function(reads: int, kinds: list[Kind], operands: list[list[str]]) -> Callable[..., Any]:
    """A function of the numbers v0, v1, ... that computes the next ones by `kinds`, in order."""
    names: dict[str, Any] = {}
    lines = []
    computed = [f"v{reads + i}" for i in range(len(kinds))]
    for member, (op, params), given in zip(computed, kinds, operands, strict=True):
        assert op.scalar is not None
        if op.scalar in INFIX:
            lines.append(f"{member} = {f' {INFIX[op.scalar]} '.join(given[:LONGEST])}")
            lines += [f"{member} += {term}" for term in given[LONGEST:]]
        else:
            name = f"f{len(names)}" if params else op.name
            names[name] = partial(op.scalar, **params) if params else op.scalar
            lines.append(f"{member} = {name}({', '.join(given)})")
    head = f"def straight(numbers):\n    [{', '.join(f'v{i}' for i in range(reads))}] = numbers"
    code = "\n    ".join([head, *lines, f"return [{', '.join(computed)}]"])
    exec(compile(code, "<a stretch of a tape>", "exec"), names)
    function = names["straight"]
    function.__code__ = _on_one_line(function.__code__)
    return function


def _on_one_line(code: CodeType) -> CodeType:
    """The same code without a place for each instruction, which would take as much memory again.

    An entry of the table says "the same line, no columns" (0xE8 and 0) for up to 8 code units of
    two bytes (CPython, Objects/locations.md).
    """
    entries, rest = divmod(len(code.co_code) // 2 - 1, 8)
    return code.replace(co_linetable=b"\xef\0" * entries + bytes([0xE8 | rest, 0]))


class ScalarReplay:
    """Replays a graph of Values: a `Program` of its layout for single numbers, others for rows."""

    def __init__(
        self, nodes: list[Node], outputs: Sequence[Node], first: int, inputs: Sequence[Node]
    ) -> None:
        self.layout, self.first, self.inputs = laid_out(nodes, outputs, first), first, list(inputs)
        place = dict(zip(self.layout.leaves, self.layout.address, strict=False))  # they come first
        self._places = np.array([place.pop(leaf) for leaf in self.inputs], np.intp)
        self.others, self._other_places = list(place), np.array([*place.values()], np.intp)
        self.programs: dict[int | None, Program] = {}

    def _program(self, rows: int | None) -> Program:
        if rows not in self.programs:
            self.programs[rows] = Program(self.layout, rows)
        return self.programs[rows]

    def __call__(self, data: list[Any] | None, everything: bool, copy: bool = True) -> Numbers:
        program = self._program(None)
        if data is None:
            data = [node.raw for node in self.inputs]
        program.load(self._places, data)
        program.load(self._other_places, [node.raw for node in self.others])
        program.run(program.everything if everything else program.value)
        return program.numbers[self.layout.outputs[: None if everything else self.first]]

    def rows(self, data: Sequence[Array], everything: bool) -> list[Array]:
        count = len(data[0])
        width = 1 << (count - 1).bit_length()  # few widths, so few programs
        width = min(width, max(8, ROOM // self.layout.size))
        program = self._program(width)
        wanted = self.layout.outputs[: None if everything else self.first]
        results = np.empty((len(wanted), count))
        program.load(self._other_places, [node.raw for node in self.others])
        for start in range(0, count, width):
            part = slice(start, min(start + width, count))
            for address, row in zip(self._places, data, strict=True):
                program.numbers[address, : part.stop - start] = row[part]
            program.run(program.everything if everything else program.value)
            results[:, part] = program.numbers[wanted, : part.stop - start]
        return list(results)

    def profile(self) -> Profile:
        program = self._program(None)
        self(None, True)
        operations = []
        for group, calls in zip(self.layout.groups, program.calls, strict=True):
            moved = 8 * (len(group.reads()) + len(group.members))
            run = partial(program.run, calls)
            operations.append((group.name, len(group.members), moved, run))
        return measured(operations)
