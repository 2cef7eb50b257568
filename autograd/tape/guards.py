"""Numbers that leave a graph while it is recorded, and what became of them at a replay."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Node, Observer, Value, describe, observing
from autograd.arithmetic.adapters import PLAIN_BY_NAME
from autograd.arithmetic.comparisons import COMPARISONS
from autograd.core.callers import users_frame, warn
from autograd.core.node import current_mode
from autograd.errors import BranchError


def is_observed() -> bool:
    """Whether somebody is to hear of every node that is recorded, as `detect_anomaly` is."""
    return bool(current_mode().observers)


class Guard(NamedTuple):
    """`how` ('item' or a comparison's symbol) of `operands` gave `result` at `where`."""

    how: str
    operands: tuple[Any, ...]
    result: Any
    where: str

    def now(self, *data: Any) -> Any:
        """What it gives for other `data` of its operands."""
        function = COMPARISONS.get(self.how) or PLAIN_BY_NAME.get(self.how)
        if function is not None:
            return function(*data)
        return float(np.reshape(data[0], ()))

    def holds(self, *data: Any) -> bool:
        return np.array_equal(self.now(*data), self.result, equal_nan=self.how == "item")

    def __str__(self) -> str:
        names = [
            describe(x) if isinstance(x, Node) else repr(x) if np.ndim(x) == 0 else "an array"
            for x in self.operands
        ]
        if self.how in PLAIN_BY_NAME:
            return f"{self.how}({', '.join(names)})"
        return f" {self.how} ".join(names) if self.how in COMPARISONS else f"the item of {names[0]}"


class Tap(NamedTuple):
    """`function` is to be called on the numbers of `elements`, in this shape."""

    elements: tuple[Any, ...]
    shape: tuple[int, ...] | None
    function: Callable[[Any], object]


class Guards(Observer):
    """Collects what Python code saw of the numbers of a graph: its comparisons, and `item()`.

    A `Tape` that is given them checks at each replay that all would turn out as they did, and then
    calls what was told to `tap` a number.

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
    autograd.errors.BranchError: ... 'x' (Value 2) > 0 ... was True and is now False; ...
    """

    def __init__(self) -> None:
        self.found: list[Guard] = []
        self.taps: list[Tap] = []

    def __enter__(self) -> Guards:
        self._mode = observing(self)
        self._mode.__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        self._mode.__exit__(*exception)

    def escaped(self, node: Node, how: str, result: Any, *args: Any) -> None:
        where = _caller()
        if how == "data":
            warn(
                f"{describe(node)} was read as .data at {where} while a tape was being recorded: "
                f"a replay keeps that number; compute with the node itself, or draw it with "
                f"autograd.tape.sample"
            )
            return
        operands = args if how in PLAIN_BY_NAME else (node, *args)
        self.found.append(Guard(how, operands, result, where))

    def __bool__(self) -> bool:
        return bool(self.found or self.taps)

    def tap(self, x: Node | NDArray[Any], function: Callable[[Any], object]) -> None:
        """Have `function` called on the number of `x`, a node or an array of Values."""
        if isinstance(x, Node):
            self.taps.append(Tap((x,), None, function))
        else:
            self.taps.append(Tap(tuple(np.ravel(x)), np.shape(x), function))

    def release(self) -> None:
        """Let go of the graphs of what is tapped, once a tape knows them."""
        leaf = Value(0.0)
        self.taps = [
            tap._replace(elements=tuple(leaf if isinstance(x, Node) else x for x in tap.elements))
            for tap in self.taps
        ]

    def watched(self) -> list[Node]:
        """The nodes whose numbers `check` is to be given."""
        groups = [*(guard.operands for guard in self.found), *(tap.elements for tap in self.taps)]
        return [x for group in groups for x in group if isinstance(x, Node)]

    def check(self, numbers: Iterable[Any]) -> None:
        """With the numbers of what is `watched`: raise if a guard does not hold, else call taps."""
        numbers = iter(numbers)

        def data(group: tuple[Any, ...]) -> list[Any]:
            return [next(numbers) if isinstance(x, Node) else x for x in group]

        for guard in self.found:
            now = data(guard.operands)
            if not guard.holds(*now):
                raise BranchError(
                    f"a replay follows the branches that were recorded, but {guard} at "
                    f"{guard.where} was {guard.result} and is now {guard.now(*now)}; record "
                    f"the graph again, or use autograd.tape.compile, which does"
                )
        for elements, shape, function in self.taps:
            found = data(elements)
            function(found[0] if shape is None else np.reshape(found, shape))


def _caller() -> str:
    """File and line of the user's code."""
    frame = users_frame() or sys._getframe(1)
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}"
