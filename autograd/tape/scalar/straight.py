"""Narrow parts of a scalar graph as generated functions of single floats."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.tape.scalar.group import Group, Stretch
from autograd.tape.scalar.read import Kind, Vertices

# What Python has an operator for, by what computes a row on floats; the others are called.
INFIX = {operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/"}

LONGEST = 50  # terms on a line


class Straight:
    """A generated function of single floats: one line for each node of a stretch.

    Where one of Python's functions raises, NumPy's answer (inf or nan) is needed: then the same
    nodes run as groups of one, by `exactly`.

    Args:
        numbers: all of the graph's, by address.
        address: of each vertex.
        stretch: whose members from `start` to `stop` are computed.
    """

    def __init__(
        self,
        numbers: NDArray[np.float64],
        address: Vertices,
        stretch: Stretch,
        start: int,
        stop: int,
        exactly: Callable[[Group], None],
    ) -> None:
        self.numbers, self.exactly = numbers, exactly
        self.stretch, self.start, self.stop = stretch, start, stop
        begins = np.append(stretch.starts, len(stretch.operands))[start : stop + 1]
        operands = address[stretch.operands[begins[0] : begins[-1]]]
        members = address[stretch.members[start:stop]]
        self.members = numbers[members[0] : members[-1] + 1]
        self.reads = np.setdiff1d(operands, members)
        place = np.concatenate([self.reads, members])  # a variable for each, numbered from 0
        order = np.argsort(place)
        given = [f"v{i}" for i in order[np.searchsorted(place, operands, sorter=order)].tolist()]
        ends = (begins - begins[0]).tolist()
        self.function = _function(
            len(self.reads),
            [stretch.kinds[code] for code in stretch.code[start:stop]],
            [given[i:j] for i, j in pairwise(ends)],
        )

    def __call__(self) -> None:
        try:
            self.members[:] = self.function(self.numbers[self.reads].tolist())
        except (ArithmeticError, ValueError):
            for i, group in enumerate(self.stretch.singly()):
                if self.start <= i < self.stop:
                    self.exactly(group)


def _function(
    reads: int, kinds: Sequence[Kind], operands: Sequence[Sequence[str]]
) -> Callable[[list[float]], list[float]]:
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
    variables = "".join(f"v{i}, " for i in range(reads))
    code = "\n    ".join(
        [
            "def straight(numbers):",
            *([f"{variables}= numbers"] if variables else []),
            *lines,
            f"return [{', '.join(computed)}]",
        ]
    )
    exec(compile(code, "<a stretch of a tape>", "exec"), names)
    function: Any = names["straight"]
    function.__code__ = _on_one_line(function.__code__)
    return function  # type: ignore[no-any-return]


def _on_one_line(code: CodeType) -> CodeType:
    """The same code without a place for each instruction, which would take as much memory again.

    An entry of the table says "the same line, no columns" (0xE8 and 0) for up to 8 code units of
    two bytes (CPython, Objects/locations.md).
    """
    entries, rest = divmod(len(code.co_code) // 2 - 1, 8)
    return code.replace(co_linetable=b"\xef\0" * entries + bytes([0xE8 | rest, 0]))
