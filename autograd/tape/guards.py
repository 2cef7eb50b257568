"""Numbers that leave a graph while it is recorded, and what became of them at a replay."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autograd import Node, Observer, describe, observing
from autograd.face import COMPARISONS

ENGINE = str(Path(sys.modules["autograd"].__file__ or "").parent)


class BranchError(RuntimeError):
    """A replay met numbers for which the recorded code would have gone another way."""


class Guard(NamedTuple):
    """`how` ('float', 'int' or a comparison's symbol) of `operands` gave `result` at `where`."""

    how: str
    operands: tuple[Any, ...]
    result: Any
    where: str

    def now(self, *data: Any) -> Any:
        """What it gives for other `data` of its operands."""
        if self.how in COMPARISONS:
            return COMPARISONS[self.how](*data)
        return (float if self.how == "float" else int)(np.reshape(data[0], ()))

    def holds(self, *data: Any) -> bool:
        return np.array_equal(self.now(*data), self.result, equal_nan=self.how == "float")

    def __str__(self) -> str:
        names = [
            describe(x) if isinstance(x, Node) else f"{x:g}" if np.ndim(x) == 0 else "an array"
            for x in self.operands
        ]
        return f" {self.how} ".join(names) if self.how in COMPARISONS else f"{self.how}({names[0]})"


class Guards(Observer):
    """Collects what Python code saw of the numbers of a graph: its comparisons, `float()`, `int()`.

    A `Tape` that is given them checks at each replay that all would turn out as they did.

    >>> from autograd import Value
    >>> from autograd.tape import Tape
    >>> x = Value(2.0, label="x")
    >>> with Guards() as guards:
    ...     y = x * x if x > 0 else -x
    >>> tape = Tape(y, [x], guards)
    >>> tape.value(3.0)
    9.0
    >>> tape.value(-3.0)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    autograd.tape.guards.BranchError: ... 'x' (Value 2) > 0 ... was True and is now False; ...
    """

    def __init__(self) -> None:
        self.found: list[Guard] = []

    def __enter__(self) -> Guards:
        self._mode = observing(self)
        self._mode.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._mode.__exit__(*exception)

    def escaped(self, node: Node, how: str, result: Any, *args: Any) -> None:
        where = _caller()
        if how == "data":
            warnings.warn(
                f"{describe(node)} was read as .data at {where} while a tape was being recorded: "
                f"a replay keeps that number; compute with the node itself, or draw it with "
                f"autograd.tape.draw",
                stacklevel=3,
            )
            return
        self.found.append(Guard(how, (node, *args), result, where))

    def check(self, data: list[list[Any]]) -> None:
        """Raise for the first guard that does not hold for its operands' `data`."""
        for guard, numbers in zip(self.found, data, strict=True):
            if not guard.holds(*numbers):
                raise BranchError(
                    f"a replay follows the branches that were recorded, but {guard} at "
                    f"{guard.where} was {guard.result} and is now {guard.now(*numbers)}; record "
                    f"the graph again, or use autograd.tape.compile, which does"
                )


def _caller() -> str:
    """File and line of the innermost frame outside the engine."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(ENGINE):
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
