"""Replaying a graph with Tensors: generated code, in buffers that are allocated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np

from autograd import Node, toposort
from autograd.core.numbers import Array
from autograd.tape.inplace import silent
from autograd.tape.profile import Profile, measured
from autograd.tape.rows import RowByRow, in_rows
from autograd.tape.tensor.code import block
from autograd.tape.tensor.emit import emitted

WORTH = 32  # rows, for which it pays to lay out a replay of many at once
ROOM = 1 << 20  # bytes of the buffers of a replay of many rows at once


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
        self.shapes = [node.shape for node in outputs]
        places = {leaf: i for i, leaf in enumerate(self.leaves)}
        self.places = [places[node] for node in inputs]
        self.program = emitted(nodes, outputs, first)
        self.programs: dict[tuple[int, tuple[bool, ...]], TensorReplay | None] = {}
        self._asked = 0  # for how many rows so far
        self._silently = silent()

    def __call__(
        self, data: Sequence[Any] | None, everything: bool, copy: bool = True
    ) -> list[float | Array]:
        numbers = [leaf.raw for leaf in self.leaves]
        if data is not None:
            for place, number in zip(self.places, data, strict=True):
                leaf = self.leaves[place]
                single = type(leaf.raw) is float
                numbers[place] = float(number) if single else np.asarray(number, leaf.dtype)
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

    def rows(self, data: Sequence[Array], everything: bool) -> list[float | Array]:
        count = len(data[0])
        width = min(1 << (count - 1).bit_length(), ROOM // (self.program.bytes + 1))  # few widths
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
            for part, shape in zip(zip(*parts, strict=True), self.shapes, strict=False)
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

        def runner(lines: list[str]) -> Callable[[], None]:
            compiled = compile("\n".join(lines), "<tape>", "exec")

            def run() -> None:
                self._silently(exec, compiled, names)

            return run

        return measured([(x.operation, 1, x.bytes, runner(block([x]))) for x in code.instructions])
