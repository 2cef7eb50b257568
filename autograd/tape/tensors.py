"""Replaying a graph with Tensors: a line of generated code a node, into buffers allocated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograd import Node, Primitive
from autograd.tape.inplace import into
from autograd.tape.profile import Profile, measured

# may return a view of their operand
VIEWS = ("reshape", "transpose", "take", "windows", "sum_to", "stop_gradient")
POWERS = {2.0: np.square, 0.5: np.sqrt, -1.0: np.reciprocal}  # as NumPy's operator has them
FEW = 16  # arrays of which the maximum is taken one by one


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


class Pool:
    """Buffers by size, handed out again once nobody reads them any more."""

    def __init__(self) -> None:
        self._free: dict[int, list[np.ndarray]] = {}
        self._taken: dict[int, np.ndarray] = {}
        self.bytes = 0

    def take(self, storage: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        size = int(np.prod(shape)) * dtype.itemsize
        size += -size % 64  # of few sizes, and aligned
        if self._free.get(size):
            memory = self._free[size].pop()
        else:
            memory = np.empty(size + 64, np.uint8)
            memory = memory[-memory.ctypes.data % 64 :][:size]
            self.bytes += size
        self._taken[storage] = memory
        return memory[: int(np.prod(shape)) * dtype.itemsize].view(dtype).reshape(shape)

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
        self._names: dict[str, Any] = {}
        self._numbers: dict[Node, Number] = {}
        self._pool = Pool()
        self._lines: list[tuple[str, str, int]] = []  # code, operation, bytes
        self._dying: dict[
            int, list[int]
        ] = {}  # position: the storages read there for the last time
        for i, leaf in enumerate(self.leaves):
            self._numbers[leaf] = Number(f"x{i}", leaf.shape, leaf.dtype, None, None)
        # nodes that only elementwise operations read: they broadcast by themselves
        whole = [x for node in results if node.op and node.op.scalar is None for x in node.operands]
        self._spread = set(results).difference(outputs, (x for x in whole if isinstance(x, Node)))
        last_read = self._last_reads(results, outputs)
        last = max((node.index for node in outputs[:first]), default=-1)
        value_lines = 0
        for i, node in enumerate(results):
            self._emit(i, node, last_read)
            if node.index <= last:
                value_lines = len(self._lines)
        self._outputs = [self._numbers[node] for node in outputs]
        self._scalar = [type(node._data) is float for node in outputs]
        self._value = self._function(value_lines, first)
        self._everything = self._function(len(self._lines), len(outputs))

    # --- running ------------------------------------------------------------------------------

    def __call__(
        self, data: Sequence[Any] | None, everything: bool, copy: bool = True
    ) -> list[Any]:
        numbers = [leaf._data for leaf in self.leaves]
        if data is not None:
            for place, number in zip(self._places, data, strict=True):
                leaf = self.leaves[place]
                single = type(leaf._data) is float
                numbers[place] = float(number) if single else np.asarray(number, leaf.dtype)
        with np.errstate(all="ignore"):
            results = (self._everything if everything else self._value)(*numbers)
        return [
            float(result) if scalar else np.array(result) if copy else result
            for result, scalar in zip(results, self._scalar, strict=False)
        ]

    def rows(self, data: Sequence[Any], everything: bool) -> list[Any]:
        results = [self(row, everything) for row in zip(*data, strict=True)]
        return [np.stack(result) for result in zip(*results, strict=True)]

    def profile(self) -> Profile:
        self(None, True)
        names = dict(self._names)
        names.update({self._numbers[leaf].name: leaf._data for leaf in self.leaves})

        def runner(line: str) -> Callable[[], None]:
            code = compile(line, "<tape>", "exec")

            def run() -> None:
                with np.errstate(all="ignore"):
                    exec(code, names)

            return run

        return measured([(name, 1, size, runner(line)) for line, name, size in self._lines])

    # --- generating ---------------------------------------------------------------------------

    def _function(self, lines: int, outputs: int) -> Callable[..., Any]:
        arguments = ", ".join(self._numbers[leaf].name for leaf in self.leaves)
        results = "".join(f"{number.name}, " for number in self._outputs[:outputs])
        code = "\n    ".join(
            [
                f"def replay({arguments}):",
                *(line for line, _, _ in self._lines[:lines]),
                f"return ({results})",
            ]
        )
        names = dict(self._names)
        exec(compile(code, "<tape>", "exec"), names)
        function: Callable[..., Any] = names["replay"]
        return function

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
        if not self._overwrite(i, node, number, operands, last_read):
            number.array = self._pool.take(i, node.shape, node.dtype)
        self._names[number.name] = number.array
        moved = sum(int(np.prod(x.shape)) * x.dtype.itemsize for x in (*operands, number))
        line = self._reduction(op, params, operands[0], number) or self._call(
            op, params, operands, number
        )
        self._lines.append((line, f"{op.name} {node.shape}", moved))
        self._dying.setdefault(last_read.get(node, i), []).append(i)
        for storage in self._dying.pop(i, ()):
            self._pool.give_back(storage)

    def _call(
        self, op: Primitive, params: dict[str, Any], operands: list[Number], out: Number
    ) -> str:
        """The line that computes `out` as the table has it, or as `inplace` does."""
        call: Callable[..., Any]
        constant = operands[-1].array if op.name == "pow" else None
        if type(constant) is float and constant in POWERS:
            call, operands = POWERS[constant], operands[:1]
        elif op.name == "matmul" and _column_by_row(operands):
            call = np.multiply
        else:
            call = into(op, params)
        name = call.__name__ if isinstance(call, np.ufunc) else f"{op.name}_{out.name}"
        self._names[name] = call
        return f"{name}({', '.join(x.name for x in (*operands, out))})"

    def _reduction(self, op: Primitive, params: dict[str, Any], x: Number, out: Number) -> str:
        """The line of a `sum`, `max` or `sum_to`, whose axes are known by now; or none."""
        if op.name == "sum_to":
            lead = len(x.shape) - len(out.shape)
            axes = tuple(i for i, n in enumerate(x.shape) if i < lead or out.shape[i - lead] != n)
            keep = lead == 0
            if not keep and len(axes) > lead:
                return ""
        elif op.name in ("sum", "max"):
            axes, keep = params["axis"], params["keepdims"]
        else:
            return ""
        ufunc = np.maximum if op.name == "max" else np.add
        places = x.shape[: len(axes)] if axes == tuple(range(len(axes or ()))) else ()
        if op.name == "max" and x.array is not None and 1 < np.prod(places) <= FEW and not keep:
            return self._maxima(x, out, places)
        name = f"{ufunc.__name__}_reduce"
        self._names[name] = ufunc.reduce
        return f"{name}({x.name}, {axes}, None, {out.name}, {keep})"

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
            self._names[name] = operand
            dtype = getattr(operand, "dtype", reader.dtype)
            return Number(name, np.shape(operand), dtype, operand, None)
        number = self._numbers[operand]
        weak = type(operand._data) is float and number.array is not None
        if not weak or reader.dtype == operand.dtype:
            return number
        cast = np.empty((), reader.dtype)
        name = f"c{len(self._names)}"
        self._names.update({name: cast, "copyto": np.copyto})
        self._lines.append((f"copyto({name}, {number.name})", "astype ()", 12))
        return Number(name, (), reader.dtype, cast, None)

    def _is_view(self, node: Node, number: Number, operand: Number) -> bool:
        """Whether the number can be had as a view of its operand's; then it is made one."""
        op, params = node.op, node.params
        assert op is not None
        if operand.array is None:  # of a leaf: to be taken at each replay
            if not np.may_share_memory(node._data, node.operands[0]._data):
                return False
            axes = params.get("axes")
            if op.name == "transpose" and axes in (None, (*range(node.ndim),)[::-1]):
                view = f"{operand.name}.T"
            elif op.name == "transpose":
                view = f"{operand.name}.transpose({axes})"
            elif op.name == "reshape":
                view = f"{operand.name}.reshape({params['shape']})"
            else:
                self._names[f"view_{number.name}"] = partial(op.array, **params)
                view = f"view_{number.name}({operand.name})"
            self._lines.append((f"{number.name} = {view}", f"{op.name} (view)", 0))
            number.storage = None
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
        self, i: int, node: Node, number: Number, operands: list[Number], last_read: dict[Node, int]
    ) -> bool:
        """Compute in the place of an operand that nobody reads afterwards, if there is one."""
        assert node.op is not None
        if node.op.scalar is None or node.op.name in ("where", "maximum", "minimum"):
            return False
        for operand, x in zip(node.operands, operands, strict=True):
            if (
                isinstance(operand, Node)
                and x.storage is not None
                and x.name == f"v{x.storage}"  # the buffer itself, not a view of it
                and (x.shape, x.dtype) == (number.shape, number.dtype)
                and last_read[operand] == i
                and all(y is x for y in operands if y.storage == x.storage)
            ):
                number.array = x.array
                self._pool.hand_over(x.storage, i)
                return True
        return False


def _column_by_row(operands: list[Number]) -> bool:
    left, right = (x.shape for x in operands)
    return min(len(left), len(right)) > 1 and left[-1] == 1
