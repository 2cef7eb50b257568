"""Replaying a graph with Tensors: generated code, in buffers that are allocated once.

The code has a line for each node, such as `add(v3, v4, v5)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Node, toposort
from autograd.core.numbers import Array
from autograd.tape.inplace import may_overwrite, silent
from autograd.tape.profile import Profile, measured
from autograd.tape.rows import RowByRow, in_rows
from autograd.tape.tensor.code import Code, Number, Pool, block
from autograd.tape.tensor.lines import Call, View, reading_of, view

BIG = 1 << 23  # bytes of an array, from which on elementwise operations go through it tile by tile
TILE = 1 << 18  # bytes of a tile, which stays in the cache from one operation to the next
WORTH = 32  # rows, for which it pays to lay out a replay of many at once
ROOM = 1 << 20  # bytes of the buffers of a replay of many rows at once


class Program(NamedTuple):
    """The code of a graph: what the leaves are called in it, and where the outputs are.

    The first `value` instructions are enough for the first outputs. The buffers take `bytes`.
    """

    code: Code
    arguments: list[str]
    results: list[str]
    value: int
    bytes: int


def emitted(nodes: Sequence[Node], outputs: Sequence[Node], first: int) -> Program:
    """The program for the graph `nodes` of `outputs`, of which the `first` come first."""
    emitter = Emitter(nodes, outputs)
    last = max((node.index for node in outputs[:first]), default=-1)
    value = 0
    for i, node in enumerate(emitter.results):
        emitter.emit(i, node)
        if node.index <= last:
            value = len(emitter.code.instructions)
    names = [(emitter.numbers[node].name, type(node.raw) is float) for node in outputs]
    arguments = [emitter.numbers[leaf].name for leaf in emitter.leaves]
    results = [f"float({name})" if single else name for name, single in names]
    return Program(emitter.code, arguments, results, value, emitter.pool.bytes)


def possible_views(results: Sequence[Node], outputs: Sequence[Node]) -> dict[Node, View]:
    """The nodes that might be views of their operands, and would serve as such."""
    whole = {x for node in results if node.op and node.op.scalar is None for x in _nodes(node)}
    whole.update(outputs)
    found = {}
    for node in results:
        kind = reading_of(node.op).view if node.op else None
        if kind is not None and kind.serves(node, node not in whole):
            found[node] = kind
    return found


def last_reads(
    results: Sequence[Node], outputs: Sequence[Node], views: dict[Node, View]
) -> dict[Node, int]:
    """For each node the position of the last one to read it, or what views it."""
    last = dict.fromkeys(outputs, len(results))
    for i, node in reversed(list(enumerate(results))):
        until = max(i, last.get(node, i)) if node in views else i
        for operand in _nodes(node):
            last[operand] = max(last.get(operand, 0), until)
    return last


def _nodes(node: Node) -> list[Node]:
    return [x for x in node.operands if isinstance(x, Node)]


class Emitter:
    """Goes through a graph once, and gives each node its number, and what computes it its line.

    A view of a buffer costs nothing; a view of a leaf is taken anew. A buffer that is read for the
    last time is used again.
    """

    def __init__(self, nodes: Sequence[Node], outputs: Sequence[Node]) -> None:
        self.leaves = [node for node in nodes if node.op is None]
        self.results = [node for node in nodes if node.op is not None]
        self.code, self.pool = Code(), Pool()
        leaves = enumerate(self.leaves)
        self.numbers = {leaf: Number(f"x{i}", leaf.shape, leaf.precision) for i, leaf in leaves}
        self.views = possible_views(self.results, outputs)
        self.last_read = last_reads(self.results, outputs, self.views)
        self.dying: dict[int, list[int]] = {}  # position: storages read there for the last time

    def emit(self, i: int, node: Node) -> None:
        op, name = node.op, f"v{i}"
        assert op is not None
        operands = [self._operand(x, node) for x in node.operands]
        if node in self.views:
            found = view(self.views[node], node, operands[0], name, self.code)
            if found is not None:
                self.numbers[node] = found
                return
        array = self._place(i, node, operands)
        self.numbers[node] = out = Number(name, node.shape, node.precision, array, i)
        self.code.bind(name, array)
        tiles = self._tiles(operands, out) if op.scalar is not None else None
        line = reading_of(op).line(Call(op, node.params, operands, out, tiles), self.code)
        moved = sum(x.size * x.dtype.itemsize for x in (*operands, out))
        title = f"{op.name} {node.shape}" + (" in tiles" if tiles else "")
        self.code.append(line, title, moved, tiles)
        self.dying.setdefault(self.last_read.get(node, i), []).append(i)
        for storage in self.dying.pop(i, ()):
            self.pool.give_back(storage)

    def _operand(self, operand: Any, reader: Node) -> Number:
        """An operand as `reader` takes it: a Value counts as a Python float, which has no dtype."""
        if not isinstance(operand, Node):
            dtype = getattr(operand, "dtype", reader.precision)
            name = self.code.constant(np.asarray(operand, dtype))  # sooner taken than a float
            return Number(name, np.shape(operand), dtype, operand)
        number = self.numbers[operand]
        weak = type(operand.raw) is float and number.array is not None
        if not weak or reader.precision == operand.precision:
            return number
        cast = np.empty((), reader.precision)
        name = self.code.constant(cast)
        self.code.bind("copyto", np.copyto)
        self.code.append(f"copyto({name}, {number.name})", "astype ()", 12)
        return Number(name, (), reader.precision, cast)

    def _place(self, i: int, node: Node, operands: Sequence[Number]) -> NDArray[Any]:
        """A buffer for `node`: that of an operand that nobody reads afterwards, if there is one."""
        assert node.op is not None
        like = np.empty_like(node.raw)  # dense, in the order in which it was recorded
        if may_overwrite(node.op):
            for operand, x in zip(node.operands, operands, strict=True):
                if (
                    isinstance(operand, Node)
                    and self.last_read[operand] == i
                    and x.storage is not None
                    and x.name == f"v{x.storage}"  # the buffer itself, not a view of it
                    and x.array.strides == like.strides
                    and (x.shape, x.dtype) == (like.shape, like.dtype)
                    and all(y is x for y in operands if y.storage == x.storage)
                ):
                    self.pool.taken[i] = self.pool.taken.pop(x.storage)
                    return x.array
        return self.pool.take(i, like)

    def _tiles(self, operands: Sequence[Number], out: Number) -> str | None:
        """The name of the slices of rows in which to compute `out`; None: all of it at once.

        A chain of such lines runs tile by tile, so that none may write where another reads later:
        what it reads lies as its results do, or in memory of another size, which they don't get.
        """
        array = out.array
        if array.nbytes < BIG or not array.flags.c_contiguous:
            return None
        rows = TILE * len(array) // array.nbytes
        alike = out.shape, out.dtype
        apart = [
            x.storage
            for x in operands
            if (x.shape, x.dtype) != alike or x.array is None or not x.array.flags.c_contiguous
        ]
        own, *others = (self.pool.taken[i].size for i in (out.storage, *apart) if i is not None)
        if rows == 0 or own in others:
            return None
        name = f"tiles_{'_'.join(map(str, out.shape))}_{out.dtype}"
        return self.code.bind(name, [slice(i, i + rows) for i in range(0, len(array), rows)])


class TensorReplay:
    """Replays a graph in which Tensors take part.

    `programs` has the replay of so many rows at once, by how many and which inputs differ in them;
    None where they are done row by row.
    """

    def __init__(
        self, nodes: list[Node], outputs: Sequence[Node], first: int, inputs: Sequence[Node]
    ) -> None:
        self.leaves = [node for node in nodes if node.op is None]
        self.nodes, self.outputs, self.first = nodes, list(outputs), first
        places = {leaf: i for i, leaf in enumerate(self.leaves)}
        self.places = [places[node] for node in inputs]
        self.program = emitted(nodes, outputs, first)
        self.programs: dict[tuple[int, tuple[bool, ...]], TensorReplay | None] = {}
        self._asked = 0  # for how many rows so far
        self._silently = silent()

    def __call__(self, data: list[Any] | None, everything: bool, copy: bool = True) -> list[Any]:
        numbers = [leaf.raw for leaf in self.leaves]
        if data is not None:
            for place, number in zip(self.places, data, strict=True):
                leaf = self.leaves[place]
                single = type(leaf.raw) is float
                numbers[place] = float(number) if single else np.asarray(number, leaf.precision)
        results = (self._everything if everything else self._value)(*numbers)
        return [x if type(x) is float else np.array(x) for x in results] if copy else results

    @cached_property
    def _value(self) -> Callable[..., list[Any]]:
        code, arguments, results, count, _ = self.program
        return partial(self._silently, code.function(arguments, results[: self.first], count))

    @cached_property
    def _everything(self) -> Callable[..., list[Any]]:
        code, arguments, results, *_ = self.program
        return partial(self._silently, code.function(arguments, results, len(code.instructions)))

    def rows(self, data: Sequence[Array], everything: bool) -> list[Array]:
        count = len(data[0])
        width = min(1 << (count - 1).bit_length(), ROOM // (self.program.bytes + 1))  # few widths
        changing = tuple(x.strides[0] != 0 for x in data)  # others were given once for all rows
        self._asked += count
        pays = width > 1 and self._asked > WORTH
        together = self._together(width, changing) if pays else None
        if together is None:
            results = [self(list(row), everything) for row in zip(*data, strict=True)]
            return [np.stack(result) for result in zip(*results, strict=True)]
        parts = []
        for start in range(0, count, width):
            rows = np.minimum(np.arange(start, start + width), count - 1)
            given = [x[rows] if many else x[0] for x, many in zip(data, changing, strict=True)]
            parts.append(together(given, everything))
        return [
            np.concatenate([np.broadcast_to(x, (width, *node.shape)) for x in part])[:count]
            for part, node in zip(zip(*parts, strict=True), self.outputs, strict=False)
        ]

    def _together(self, width: int, changing: tuple[bool, ...]) -> TensorReplay | None:
        """The replay of `width` rows at once, where they differ in the inputs `changing`."""
        key = width, changing
        if key not in self.programs:
            inputs = [self.leaves[place] for place in self.places]
            many = [x for x, changes in zip(inputs, changing, strict=True) if changes]
            try:
                found = in_rows(self.nodes, many, width)
            except RowByRow:
                self.programs[key] = None
            else:
                outputs = [found[node] for node in self.outputs]
                inputs = [found[node] for node in inputs]
                graph = toposort(*outputs)
                graph += set(inputs).difference(graph)
                self.programs[key] = TensorReplay(graph, outputs, self.first, inputs)
        return self.programs[key]

    def profile(self) -> Profile:
        self(None, True)
        code = self.program.code
        leaves = dict(zip(self.program.arguments, [leaf.raw for leaf in self.leaves], strict=True))
        names = {**code.names, **leaves}

        operations = []
        for x in code.instructions:
            compiled = compile("\n".join(block([x])), "<tape>", "exec")
            run = partial(self._silently, exec, compiled, names)
            operations.append((x.operation, 1, x.bytes, run))
        return measured(operations)
