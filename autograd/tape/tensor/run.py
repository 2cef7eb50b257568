"""Replaying a graph with Tensors: a line of generated code a node, into buffers allocated once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np

from autograd import Node, Primitive, toposort
from autograd.table.kernels import ones
from autograd.tape.inplace import POWERS, into, may_overwrite, silent
from autograd.tape.profile import Profile, measured
from autograd.tape.rows import RowByRow, in_rows

# may return a view of their operand
VIEWS = ("reshape", "transpose", "take", "windows", "sum_to", "stop_gradient")
SHORT = 1 << 12  # numbers that a dot product adds up as precisely as NumPy does in pairs
FEW = 16  # arrays of which the maximum is taken one by one
WORTH = 32  # rows, for which it pays to lay out a replay of many at once
ROOM = 1 << 20  # bytes of the buffers of a replay of many rows at once
BIG = 1 << 23  # bytes of an array, from which on elementwise operations go through it tile by tile
TILE = 1 << 18  # bytes of a tile, which stays in the cache from one operation to the next


@dataclass
class Number:
    """How a node's number is had in the generated code: under a name, and as a known array or not.

    `array` is the buffer, or a view of one, in which it always lies; None for a leaf, whose array
    may be another at each replay, and for views of leaves. `storage` numbers what a view views.
    """

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype
    array: Any
    storage: int | None


class Line(NamedTuple):
    """A line of code: what it does, the bytes it moves, and the name of the tiles it runs in."""

    code: str
    operation: str
    bytes: int
    tiles: str | None = None


class Pool:
    """Buffers by size, handed out again once nobody reads them any more."""

    def __init__(self) -> None:
        self._free: dict[int, list[np.ndarray]] = {}
        self._taken: dict[int, np.ndarray] = {}
        self.bytes = 0

    def take(self, storage: int, like: np.ndarray) -> np.ndarray:
        """A buffer of the shape, dtype and order in memory of `like`."""
        size = like.nbytes + -like.nbytes % 64  # of few sizes, and aligned
        if self._free.get(size):
            memory = self._free[size].pop()
        else:
            memory = np.empty(size + 64, np.uint8)
            memory = memory[-memory.ctypes.data % 64 :][:size]
            self.bytes += size
        self._taken[storage] = memory
        return np.ndarray(like.shape, like.dtype, memory, strides=like.strides)

    def size(self, storage: int) -> int:
        return self._taken[storage].size

    def hand_over(self, storage: int, to: int) -> None:
        self._taken[to] = self._taken.pop(storage)

    def give_back(self, storage: int) -> None:
        memory = self._taken.pop(storage, None)
        if memory is not None:
            self._free.setdefault(memory.size, []).append(memory)


class TensorReplay:
    """Replays a graph in which Tensors take part.

    A node becomes a line such as `add(v3, v4, v5)`, which computes into the buffer `v5`; a view
    of a buffer costs nothing; a view of a leaf is taken anew. A buffer that is read for the last
    time is used again.
    """

    def __init__(
        self, nodes: list[Node], outputs: Sequence[Node], first: int, inputs: Sequence[Node]
    ) -> None:
        self.leaves = [node for node in nodes if node.op is None]
        places = {leaf: i for i, leaf in enumerate(self.leaves)}
        self._places = [places[node] for node in inputs]
        results = [node for node in nodes if node.op is not None]
        self._silently = silent()
        self._names: dict[str, Any] = {}
        self._numbers: dict[Node, Number] = {}
        self._pool = Pool()
        self._lines: list[Line] = []
        self._dying: dict[int, list[int]] = {}  # position: storages read there for the last time
        for i, leaf in enumerate(self.leaves):
            self._numbers[leaf] = Number(f"x{i}", leaf.shape, leaf.dtype, None, None)
        # nodes that only elementwise operations read: they broadcast by themselves
        whole = [x for node in results if node.op and node.op.scalar is None for x in node.operands]
        self._spread = set(results).difference(outputs, (x for x in whole if isinstance(x, Node)))
        last_read = self._last_reads(results, outputs)
        last = max((node.index for node in outputs[:first]), default=-1)
        self._value_lines, self._first = 0, first
        for i, node in enumerate(results):
            self._emit(i, node, last_read)
            if node.index <= last:
                self._value_lines = len(self._lines)
        self._wanted, self._shapes = list(outputs), [node.shape for node in outputs]
        self._asked = 0  # for how many rows so far
        self._programs: dict[tuple[int, tuple[bool, ...]], TensorReplay | None] = {}
        names = [(self._numbers[node].name, type(node.raw) is float) for node in outputs]
        self._outputs = [f"float({name})" if single else name for name, single in names]

    # --- running ------------------------------------------------------------------------------

    def __call__(
        self, data: Sequence[Any] | None, everything: bool, copy: bool = True
    ) -> list[Any]:
        numbers = [leaf.raw for leaf in self.leaves]
        if data is not None:
            for place, number in zip(self._places, data, strict=True):
                leaf = self.leaves[place]
                single = type(leaf.raw) is float
                numbers[place] = float(number) if single else np.asarray(number, leaf.dtype)
        results = (self._everything if everything else self._value)(*numbers)
        return [x if type(x) is float else np.array(x) for x in results] if copy else results

    def rows(self, data: Sequence[Any], everything: bool) -> list[Any]:
        count = len(data[0])
        width = min(1 << (count - 1).bit_length(), ROOM // (self._pool.bytes + 1))  # few widths
        changing = tuple(x.strides[0] != 0 for x in data)  # others were given once for all rows
        self._asked += count
        pays = width > 1 and self._asked > WORTH
        together = self._together(width, changing) if pays else None
        if together is None:
            results = [self(row, everything) for row in zip(*data, strict=True)]
            return [np.stack(result) for result in zip(*results, strict=True)]
        parts = []
        for start in range(0, count, width):
            rows = np.minimum(np.arange(start, start + width), count - 1)
            given = [x[rows] if many else x[0] for x, many in zip(data, changing, strict=True)]
            parts.append(together(given, everything))
        return [
            np.concatenate([np.broadcast_to(x, (width, *shape)) for x in part])[:count]
            for part, shape in zip(zip(*parts, strict=True), self._shapes, strict=False)
        ]

    def _together(self, width: int, changing: tuple[bool, ...]) -> TensorReplay | None:
        """The replay of `width` rows at once, where they differ in the inputs `changing`."""
        key = width, changing
        if key not in self._programs:
            nodes = list(self._numbers)
            inputs = [self.leaves[place] for place in self._places]
            many = [x for x, changes in zip(inputs, changing, strict=True) if changes]
            try:
                found = in_rows(nodes, many, width)
            except RowByRow:
                self._programs[key] = None
            else:
                outputs = [found[node] for node in self._wanted]
                inputs = [found[node] for node in inputs]
                graph = toposort(*outputs)
                graph += set(inputs).difference(graph)
                self._programs[key] = TensorReplay(graph, outputs, self._first, inputs)
        return self._programs[key]

    def profile(self) -> Profile:
        self(None, True)
        names = dict(self._names)
        names.update({self._numbers[leaf].name: leaf.raw for leaf in self.leaves})

        def runner(block: list[str]) -> Callable[[], None]:
            code = compile("\n".join(block), "<tape>", "exec")

            def run() -> None:
                self._silently(exec, code, names)

            return run

        return measured(
            [(line.operation, 1, line.bytes, runner(_block([line]))) for line in self._lines]
        )

    # --- generating ---------------------------------------------------------------------------

    @cached_property
    def _value(self) -> Callable[..., Any]:
        return self._function(self._value_lines, self._first)

    @cached_property
    def _everything(self) -> Callable[..., Any]:
        return self._function(len(self._lines), len(self._outputs))

    def _function(self, lines: int, outputs: int) -> Callable[..., Any]:
        arguments = ", ".join(self._numbers[leaf].name for leaf in self.leaves)
        results = ", ".join(self._outputs[:outputs])
        code = "\n    ".join(
            [
                f"def replay({arguments}):",
                *_block(self._lines[:lines]),
                f"return [{results}]",
            ]
        )
        names = dict(self._names)
        exec(compile(code, "<tape>", "exec"), names)
        return partial(self._silently, names["replay"])

    def _last_reads(self, results: list[Node], outputs: Sequence[Node]) -> dict[Node, int]:
        """For each node the position of the last one to read it, or what views it."""
        last: dict[Node, int] = dict.fromkeys(outputs, len(results))
        for i, node in reversed(list(enumerate(results))):
            until = max(i, last.get(node, i)) if self._may_be_view(node) else i
            for operand in node.operands:
                if isinstance(operand, Node):
                    last[operand] = max(last.get(operand, 0), until)
        return last

    def _emit(self, i: int, node: Node, last_read: dict[Node, int]) -> None:
        op, params = node.op, node.params
        assert op is not None
        operands = [self._operand(x, node) for x in node.operands]
        number = self._numbers[node] = Number(f"v{i}", node.shape, node.dtype, None, i)
        if self._may_be_view(node) and self._is_view(node, number, operands[0]):
            return
        number.storage = i
        like = np.empty_like(node.raw)  # dense, in the order in which it was recorded
        if not self._overwrite(i, node, number, operands, like, last_read):
            number.array = self._pool.take(i, like)
        self._names[number.name] = number.array
        moved = sum(math.prod(x.shape) * x.dtype.itemsize for x in (*operands, number))
        tiles = self._tiles(op, operands, number)
        code = self._reduction(op, params, operands[0], number) or self._call(
            op, params, operands, number, tiles
        )
        title = f"{op.name} {node.shape}" + (" in tiles" if tiles else "")
        self._lines.append(Line(code, title, moved, tiles))
        self._dying.setdefault(last_read.get(node, i), []).append(i)
        for storage in self._dying.pop(i, ()):
            self._pool.give_back(storage)

    def _call(
        self,
        op: Primitive,
        params: dict[str, Any],
        operands: list[Number],
        out: Number,
        tiles: str | None,
    ) -> str:
        """The line that computes `out` as the table has it, or as `inplace` does."""
        constant = operands[-1].array if op.name == "pow" else None
        call: Any
        if type(constant) is float and constant in POWERS:
            call, operands = POWERS[constant], operands[:1]
        elif op.name == "matmul" and max(len(x.shape) for x in operands) <= 2:
            call = np.dot  # the same product, called more cheaply
        else:
            call = into(op, params)
        shared = call is np.dot or isinstance(call, np.ufunc)
        name = call.__name__ if shared else f"{op.name}_{out.name}"
        self._names[name] = call
        arguments = [x.name for x in (*operands, out)]
        for i, x in enumerate((*operands, out)):
            if op.scalar is not None and x.shape and math.prod(x.shape) == 1 < math.prod(out.shape):
                arguments[i] += ".reshape(())"  # NumPy takes one number sooner than a row of it
            elif tiles and (len(x.shape), x.shape[:1]) == (len(out.shape), out.shape[:1]):
                arguments[i] += "[s]"
        return f"{name}({', '.join(arguments)})"

    def _tiles(self, op: Primitive, operands: list[Number], out: Number) -> str | None:
        """The name of the slices of rows in which to compute `out`; None: all of it at once.

        A chain of such lines runs tile by tile, so that none may write where another reads later:
        what it reads lies as its results do, or in memory of another size, which they don't get.
        """
        array = out.array
        if op.scalar is None or array.nbytes < BIG or not array.flags.c_contiguous:
            return None
        rows = TILE * len(array) // array.nbytes
        apart = [
            x
            for x in operands
            if (x.shape, x.dtype) != (out.shape, out.dtype)
            or not (x.array is None or x.array.flags.c_contiguous)
        ]
        own, *others = (self._pool.size(x.storage) for x in (out, *apart) if x.storage is not None)
        if rows == 0 or own in others:
            return None
        name = f"tiles_{'_'.join(map(str, out.shape))}_{out.dtype}"
        self._names[name] = [slice(i, i + rows) for i in range(0, len(array), rows)]
        return name

    def _reduction(self, op: Primitive, params: dict[str, Any], x: Number, out: Number) -> str:
        """The line of a `sum`, `max` or `sum_to`, whose axes are known by now; or none."""
        if op.name == "sum_to":
            lead = len(x.shape) - len(out.shape)
            axes = tuple(i for i, n in enumerate(x.shape) if i < lead or out.shape[i - lead] != n)
            keep = lead == 0
            if not keep and len(axes) > lead:
                return ""
            precise = math.prod(out.shape) > 1 or math.prod(x.shape) <= SHORT
            if not keep and out.shape and precise:
                return self._summed_rows(x, out)
        elif op.name in ("sum", "max"):
            axes, keep = params["axis"], params["keepdims"]
        else:
            return ""
        ufunc = np.maximum if op.name == "max" else np.add
        places = x.shape[: len(axes)] if axes == tuple(range(len(axes or ()))) else ()
        if op.name == "max" and x.array is not None and 1 < math.prod(places) <= FEW and not keep:
            return self._maxima(x, out, places)
        name = f"{ufunc.__name__}_reduce"
        self._names[name] = ufunc.reduce
        return f"{name}({x.name}, {axes}, None, {out.name}, {keep})"

    def _summed_rows(self, x: Number, out: Number) -> str:
        """The product that `kernels.sum_to_shape` takes for a sum over leading axes of rows."""
        size = math.prod(out.shape)
        rows = math.prod(x.shape[: -len(out.shape)])
        name = f"ones_{out.name}"
        self._names.update({"dot": np.dot, name: ones(rows, x.dtype)})
        matrix = x.name if len(x.shape) == 2 else f"{x.name}.reshape({rows}, {size})"
        flat = out.name if len(out.shape) == 1 else f"{out.name}.reshape({size})"
        return f"dot({name}, {matrix}, {flat})"

    def _maxima(self, x: Number, out: Number, places: tuple[int, ...]) -> str:
        """The maximum of a few arrays, which is quicker than over leading axes of one."""
        parts = []
        for place in np.ndindex(*places):
            parts.append(f"{x.name}_{'_'.join(map(str, place))}")
            self._names[parts[-1]] = x.array[(*place, ...)]  # a view, of one number too
        self._names["maximum"] = np.maximum
        lines = [f"maximum({parts[0]}, {parts[1]}, out={out.name})"]
        lines += [f"maximum({out.name}, {part}, out={out.name})" for part in parts[2:]]
        return "; ".join(lines)

    def _operand(self, operand: Any, reader: Node) -> Number:
        """An operand as `reader` takes it: a Value counts as a Python float, which has no dtype."""
        if not isinstance(operand, Node):
            name = f"c{len(self._names)}"
            dtype = getattr(operand, "dtype", reader.dtype)
            self._names[name] = np.asarray(operand, dtype)  # which NumPy takes sooner than a float
            return Number(name, np.shape(operand), dtype, operand, None)
        number = self._numbers[operand]
        weak = type(operand.raw) is float and number.array is not None
        if not weak or reader.dtype == operand.dtype:
            return number
        cast = np.empty((), reader.dtype)
        name = f"c{len(self._names)}"
        self._names.update({name: cast, "copyto": np.copyto})
        self._lines.append(Line(f"copyto({name}, {number.name})", "astype ()", 12))
        return Number(name, (), reader.dtype, cast, None)

    def _is_view(self, node: Node, number: Number, operand: Number) -> bool:
        """Whether the number can be had as a view of its operand's; then it is made one."""
        op, params = node.op, node.params
        assert op is not None
        if operand.array is None:  # of a leaf: to be taken at each replay
            if not np.may_share_memory(node.raw, node.operands[0].raw):
                return False
            axes = params.get("axes")
            number.storage = None
            if op.name == "transpose" and axes in (None, (*range(node.ndim),)[::-1]):
                number.name = f"{operand.name}.T".removesuffix(".T.T")  # there and back again
                return True
            if op.name == "transpose":
                view = f"{operand.name}.transpose({axes})"
            elif op.name == "reshape":
                view = f"{operand.name}.reshape({params['shape']})"
            else:
                self._names[f"view_{number.name}"] = partial(op.array, **params)
                view = f"view_{number.name}({operand.name})"
            self._lines.append(Line(f"{number.name} = {view}", f"{op.name} (view)", 0))
            return True
        if op.name == "pow":
            array = operand.array
        elif op.name == "broadcast_to":
            array = np.broadcast_to(operand.array, node.shape)
        else:
            with np.errstate(all="ignore"):  # nobody has written to the buffer yet
                array = np.asarray(op.array(operand.array, **params))
        if not np.may_share_memory(array, operand.array):
            return False
        number.array, number.storage = array, operand.storage
        self._names[number.name] = array
        return True

    def _may_be_view(self, node: Node) -> bool:
        """Whether it might be a view of its operand, and would serve as one."""
        assert node.op is not None
        if node.op.name == "broadcast_to":  # matrix products want it spelled out
            return node in self._spread
        if node.op.name == "pow":
            return type(node.operands[1]) is float and node.operands[1] == 1.0
        return node.op.name in VIEWS

    def _overwrite(
        self,
        i: int,
        node: Node,
        number: Number,
        operands: list[Number],
        like: np.ndarray,
        last_read: dict[Node, int],
    ) -> bool:
        """Compute in the place of an operand that nobody reads afterwards, if there is one."""
        assert node.op is not None
        if not may_overwrite(node.op):
            return False
        for operand, x in zip(node.operands, operands, strict=True):
            if (
                isinstance(operand, Node)
                and x.storage is not None
                and x.name == f"v{x.storage}"  # the buffer itself, not a view of it
                and (x.shape, x.dtype, x.array.strides) == (like.shape, like.dtype, like.strides)
                and last_read[operand] == i
                and all(y is x for y in operands if y.storage == x.storage)
            ):
                number.array = x.array
                self._pool.hand_over(x.storage, i)
                return True
        return False


def _block(lines: list[Line]) -> list[str]:
    """The code of `lines`: those in a row that run in the same tiles share a loop."""
    code = []
    for tiles, chain in groupby(lines, lambda line: line.tiles):
        loop, indent = ([f"for s in {tiles}:"], "    ") if tiles else ([], "")
        code += loop + [indent + line.code for line in chain]
    return code
