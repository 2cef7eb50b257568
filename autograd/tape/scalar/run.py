"""Replaying a scalar graph: wide NumPy operations on one flat array of all its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd import Node
from autograd.tape.profile import Profile, measured
from autograd.tape.scalar.layout import laid_out
from autograd.tape.scalar.program import Program


class ScalarReplay:
    """Replays a graph of Values: a `Program` of its layout for single numbers, others for rows."""

    ROOM = 1 << 19  # numbers in the flat array of a program for rows: they stay in the cache

    def __init__(
        self, nodes: list[Node[Any]], outputs: Sequence[Node[Any]], first: int, inputs: Sequence[Node[Any]]
    ) -> None:
        self.layout = laid_out(nodes, outputs, first)
        self.first = first
        vertex = {leaf: i for i, leaf in enumerate(self.layout.leaves)}
        self.outputs = self.layout.outputs
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
