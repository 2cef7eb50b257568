"""Replaying a scalar graph: wide NumPy operations on one flat array of all its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from autograd import Node
from autograd.core.numbers import Array
from autograd.tape.profile import Profile, measured
from autograd.tape.scalar.layout import laid_out
from autograd.tape.scalar.program import Program
from autograd.tape.scalar.read import Vertices


class ScalarReplay:
    """Replays a graph of Values: a `Program` of its layout for single numbers, others for rows."""

    ROOM = 1 << 19  # numbers in the flat array of a program for rows: they stay in the cache

    def __init__(
        self, nodes: list[Node], outputs: Sequence[Node], first: int, inputs: Sequence[Node]
    ) -> None:
        self.layout = laid_out(nodes, outputs, first)
        self.first = first
        self.inputs, given = list(inputs), set(inputs)
        self.others = [leaf for leaf in self.layout.leaves if leaf not in given]
        vertex = {leaf: i for i, leaf in enumerate(self.layout.leaves)}

        def places(leaves: Sequence[Node]) -> Vertices:
            return self.layout.address[np.array([vertex[leaf] for leaf in leaves], np.intp)]

        self._places, self._other_places = places(self.inputs), places(self.others)
        self.programs: dict[int | None, Program] = {}

    def _program(self, rows: int | None) -> Program:
        if rows not in self.programs:
            self.programs[rows] = Program(self.layout, rows)
        return self.programs[rows]

    def _wanted(self, everything: bool) -> Vertices:
        return self.layout.outputs if everything else self.layout.outputs[: self.first]

    def __call__(
        self, data: Sequence[Any] | None, everything: bool, copy: bool = True
    ) -> list[float | Array]:
        program = self._program(None)
        if data is None:
            data = [node.raw for node in self.inputs]
        program.load(self._places, data)
        program.load(self._other_places, [node.raw for node in self.others])
        program.run(program.everything if everything else program.value)
        numbers: list[float | Array] = program.numbers[self._wanted(everything)].tolist()
        return numbers

    def rows(self, data: Sequence[Array], everything: bool) -> list[float | Array]:
        count = len(data[0])
        width = 1 << (count - 1).bit_length()  # few widths, so few programs
        width = min(width, max(8, self.ROOM // self.layout.size))
        program = self._program(width)
        wanted = self._wanted(everything)
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
        return measured(
            [
                (entry.name, entry.nodes, entry.bytes, partial(program.run, entry.calls))
                for entry in program.entries
            ]
        )
