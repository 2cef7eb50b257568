"""Replaying a scalar graph: wide NumPy operations on one flat array of all its numbers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

from autograd import Node
from autograd.tape.inplace import into, silent
from autograd.tape.profile import Profile, measured
from autograd.tape.scalar.layout import Contraction, Group, Layout, Stretch, Sums

TILE = 1 << 14  # numbers gathered at a time: they stay in the cache until they are used
WIDE = 64  # nodes a group, from which on rows are rather laid out one after the other
LINES = 200  # results of one generated function: the first 256 variables have short instructions

INFIX = {"add": "+", "sub": "-", "mul": "*", "div": "/"}

Call = tuple[Callable[..., Any], tuple[Any, ...]]
Gathering = Generator[Call, None, np.ndarray]  # the calls that fill an array, and the array


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
        self._scratch: list[np.ndarray] = []
        self._silently = silent()
        addresses, constants = layout.constants
        self.numbers[addresses] = constants if rows is None else constants[:, None]
        self.entries = [self._entry(group) for group in layout.groups]
        outputs = sum(group.level < layout.gradient_level for group in layout.groups)
        self.value = [call for entry in self.entries[:outputs] for call in entry.calls]
        self.everything = [call for entry in self.entries for call in entry.calls]

    def load(self, vertices: np.ndarray, data: Sequence[Any]) -> None:
        """Write `data` (numbers, or a row of them each) to leaves."""
        address = self.layout.address[vertices]
        if self.rows is None:
            self.numbers[address] = data
        else:
            for place, row in zip(address, data, strict=True):
                self.numbers[place] = row

    def run(self, calls: list[Call]) -> None:
        self._silently(_called, calls)

    # --- groups as calls ----------------------------------------------------------------------

    def _entry(self, group: Group | Stretch) -> Entry:
        if isinstance(group, Stretch):
            calls = list(self._stretch(group))
        else:
            calls = list(self._group(group))
        moved = len(group.reads()) + len(group.members)
        return Entry(group.name, len(group.members), 8 * moved, calls)

    def _group(self, group: Group) -> Iterator[Call]:
        if isinstance(group, Contraction):
            yield from self._contraction(group)
        elif isinstance(group, Sums):
            for part in self._tiles(len(group.operands), len(group.members)):
                if self.rows and self.wide and len(group.operands) > len(group.members):
                    terms = yield from self._matrix(group.operands[:, part].T, 0)  # long runs
                    yield np.add.reduce, (terms, 1, None, self._out(group.members[part]))
                    continue
                terms = yield from self._matrix(group.operands[:, part], 0)
                if terms.shape[1] == 1:  # a single sum, which `reduce` would add in pairs
                    yield _summed_in_order, (terms, self._out(group.members[part]))
                else:
                    yield np.add.reduce, (terms, 0, None, self._out(group.members[part]))
        else:
            call = into(group.op, group.params)
            for part in self._tiles(1, len(group.members)):
                operands: list[np.ndarray] = []
                for i, operand in enumerate(group.operands[:, part]):
                    operands.append((yield from self._operand(operand, i)))
                yield call, (*operands, self._out(group.members[part]))

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

    def _out(self, members: np.ndarray) -> np.ndarray:
        start = self.layout.address[members[0]]
        return self.numbers[start : start + len(members)]

    def _operand(self, vertices: np.ndarray, i: int) -> Gathering:
        """The numbers of `vertices`: a slice where they lie so, one where all are the same."""
        address = self.layout.address[vertices]
        if (address == address[0]).all():
            return self.numbers[address[0] : address[0] + 1]
        return (yield from self._gathered(vertices, i))

    def _gathered(self, vertices: np.ndarray, i: int) -> Gathering:
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

    def _matrix(self, vertices: np.ndarray, i: int) -> Gathering:
        flat = yield from self._gathered(vertices.ravel(), i)
        return flat.reshape(*vertices.shape, *self.numbers.shape[1:])

    def _buffer(self, i: int, length: int) -> np.ndarray:
        """Room for operand `i`; calls run one after the other, so that they can share it."""
        while len(self._scratch) <= i:
            self._scratch.append(np.empty(TILE))
        size = length * (self.rows or 1)
        if len(self._scratch[i]) < size:
            self._scratch[i] = np.empty(size)
        return self._array(length, self._scratch[i])

    def _array(self, length: int, memory: np.ndarray | None = None) -> np.ndarray:
        """An array of numbers for `length` nodes."""
        memory = np.empty(length * (self.rows or 1)) if memory is None else memory
        if self.rows is None:
            return memory[:length]
        flat = memory[: length * self.rows]
        return flat.reshape(self.rows, length).T if self.wide else flat.reshape(length, self.rows)

    # --- narrow stretches ---------------------------------------------------------------------

    def _stretch(self, stretch: Stretch) -> Iterator[Call]:
        if self.rows is not None:
            for group in stretch.singly():
                yield from self._group(group)
            return
        for start in range(0, len(stretch.members), LINES):
            yield Straight(self, stretch, start, min(start + LINES, len(stretch.members))), ()


class Straight:
    """A generated function of single floats: one line for each node of a stretch.

    Where one of Python's functions raises, NumPy's answer (inf or nan) is needed: then the same
    nodes run as groups of one.
    """

    def __init__(self, program: Program, stretch: Stretch, start: int, stop: int) -> None:
        self.program, self.stretch, self.start, self.stop = program, stretch, start, stop
        address = program.layout.address
        ends = np.append(stretch.starts[1:], len(stretch.operands))
        operands = address[stretch.operands[stretch.starts[start] : ends[stop - 1]]]
        members = address[stretch.members[start:stop]]
        self.members = program.numbers[members[0] : members[-1] + 1]
        self.reads = np.setdiff1d(operands, members)
        place = np.concatenate([self.reads, members])  # a variable for each, numbered from 0
        order = np.argsort(place)
        given = [f"v{i}" for i in order[np.searchsorted(place, operands, sorter=order)].tolist()]
        computed = [f"v{i}" for i in range(len(self.reads), len(place))]
        names: dict[str, Any] = {}
        lines = []
        begins = (stretch.starts[start:stop] - stretch.starts[start]).tolist()
        for kind, member, begin, end in zip(
            stretch.code[start:stop], computed, begins, [*begins[1:], len(operands)], strict=True
        ):
            op, params = stretch.kinds[kind]
            if op.name in INFIX:
                terms, rest = given[begin:end][:50], given[begin:end][50:]
                lines.append(f"{member} = {f' {INFIX[op.name]} '.join(terms)}")
                lines += [f"{member} += {term}" for term in rest]
            else:
                name = f"f{len(names)}" if params else op.name
                assert op.scalar is not None
                names[name] = partial(op.scalar, **params) if params else op.scalar
                lines.append(f"{member} = {name}({', '.join(given[begin:end])})")
        reads = "".join(f"v{i}, " for i in range(len(self.reads)))
        code = "\n    ".join(
            [
                "def straight(numbers):",
                *([f"{reads}= numbers"] if reads else []),
                *lines,
                f"return [{', '.join(computed)}]",
            ]
        )
        exec(compile(code, "<a stretch of a tape>", "exec"), names)
        self.function = names["straight"]
        self.function.__code__ = _on_one_line(self.function.__code__)

    def __call__(self) -> None:
        numbers = self.program.numbers
        try:
            self.members[:] = self.function(numbers[self.reads].tolist())
        except (ArithmeticError, ValueError):
            for i, group in enumerate(self.stretch.singly()):
                if self.start <= i < self.stop:
                    for call, arguments in self.program._group(group):
                        call(*arguments)


def _called(calls: list[Call]) -> None:
    for call, arguments in calls:
        call(*arguments)


def _on_one_line(code: CodeType) -> CodeType:
    """The same code without a place for each instruction, which would take as much memory again.

    An entry of the table says "the same line, no columns" (0xE8 and 0) for up to 8 code units of
    two bytes (CPython, Objects/locations.md).
    """
    entries, rest = divmod(len(code.co_code) // 2 - 1, 8)
    return code.replace(co_linetable=b"\xef\0" * entries + bytes([0xE8 | rest, 0]))


def _summed_in_order(terms: np.ndarray, out: np.ndarray) -> None:
    out[...] = np.add.accumulate(terms)[-1]


def _multiplied_rows(left: np.ndarray, right: np.ndarray, out: np.ndarray) -> None:
    """`left @ right` for each of the rows, which lie along the last axis."""
    np.einsum("pkr,kjr->pjr", left, right, out=out)


class ScalarReplay:
    """Replays a graph of Values: a `Program` of its layout for single numbers, others for rows."""

    ROOM = 1 << 19  # numbers in the flat array of a program for rows: they stay in the cache

    def __init__(
        self, nodes: list[Node], outputs: Sequence[Node], first: int, inputs: Sequence[Node]
    ) -> None:
        self.layout = Layout(nodes, outputs, first)
        self.first = first
        vertex = {leaf: i for i, leaf in enumerate(self.layout.leaves)}
        self.outputs = self.layout.address[self.layout.outputs]
        self.inputs = list(inputs)
        self.input_vertices = np.array([vertex[node] for node in inputs], np.intp)
        self.others = [leaf for leaf in self.layout.leaves if leaf not in set(inputs)]
        self.other_vertices = np.array([vertex[node] for node in self.others], np.intp)
        self.programs: dict[int | None, Program] = {}

    def _program(self, rows: int | None) -> Program:
        if rows not in self.programs:
            self.programs[rows] = Program(self.layout, rows)
        return self.programs[rows]

    def __call__(
        self, data: Sequence[Any] | None, everything: bool, copy: bool = True
    ) -> list[Any]:
        program = self._program(None)
        if data is None:
            data = [node.raw for node in self.inputs]
        program.load(self.input_vertices, data)
        program.load(self.other_vertices, [node.raw for node in self.others])
        program.run(program.everything if everything else program.value)
        return program.numbers[self.outputs if everything else self.outputs[: self.first]].tolist()

    def rows(self, data: Sequence[Any], everything: bool) -> list[Any]:
        count = len(data[0])
        width = 1 << (count - 1).bit_length()  # few widths, so few programs
        width = min(width, max(8, self.ROOM // self.layout.size))
        program = self._program(width)
        wanted = self.outputs if everything else self.outputs[: self.first]
        results = np.empty((len(wanted), count))
        program.load(self.other_vertices, [node.raw for node in self.others])
        for start in range(0, count, width):
            part = slice(start, min(start + width, count))
            for address, row in zip(self.layout.address[self.input_vertices], data, strict=True):
                program.numbers[address, : part.stop - start] = row[part]
            program.run(program.everything if everything else program.value)
            results[:, part] = program.numbers[wanted, : part.stop - start]
        return list(results)

    def profile(self) -> Profile:
        program = self._program(None)
        self(None, True)
        return measured(
            [
                (entry.name, entry.nodes, entry.bytes, partial(program.run, entry.calls))
                for entry in program.entries
            ]
        )
