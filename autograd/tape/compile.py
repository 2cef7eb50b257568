"""`compile`: a function recorded at its first call, replayed at the next ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import update_wrapper
from typing import Any

import numpy as np

from autograd import Node, Tensor, Value
from autograd.tape.guards import BranchError, Guards
from autograd.tape.tape import Tape

KEPT = 8  # recordings of a signature, and signatures, that are kept

Draws = list[tuple[Tensor, Callable[[], Any]]]
_draws: ContextVar[Draws | None] = ContextVar("autograd_draws", default=None)


def draw(function: Callable[[], Any]) -> Any:
    """`function()`, for random numbers: within a compiled function each replay calls it again.

    >>> rng = np.random.default_rng(0)
    >>> noisy = compile(lambda x: (x * draw(lambda: rng.random(2))).sum())
    >>> noisy(np.ones(2))[0] != noisy(np.ones(2))[0]
    np.True_
    """
    draws = _draws.get()
    if draws is None:
        return function()
    leaf = Tensor(function())
    draws.append((leaf, function))
    return leaf


class Recording:
    """One trace of a function: its tape, and what to feed it."""

    def __init__(
        self, function: Callable[..., Any], arguments: Sequence[Any], wrt: Sequence[Node] | None
    ) -> None:
        given = [_leaf(x) for x in arguments]
        self.draws: Draws = []
        self.drawn = True  # while recording, and not to be drawn again for the first replay
        token = _draws.set(self.draws)
        try:
            with Guards() as guards:
                output = function(*given)
        finally:
            _draws.reset(token)
        if not isinstance(output, Node):
            raise TypeError(
                f"a compiled function must return a Value or a Tensor that was computed from its "
                f"arguments, got {type(output).__name__}"
            )
        inputs = [x for x in given if isinstance(x, Node)]
        self.tape = Tape(output, inputs, guards, wrt=wrt, strict=False)

    def __call__(self, arguments: Sequence[Any]) -> tuple[Any, list[Any]]:
        if not self.drawn:
            for leaf, function in self.draws:
                leaf.data = function()
        self.drawn = False
        data = [_number(x) for x in arguments if _is_input(x)]
        return self.tape.value_and_grad(*data)


class Compiled:
    """What `compile` returns: call it as the function, for its value and gradients."""

    def __init__(self, function: Callable[..., Any], wrt: Sequence[Node] | None = None) -> None:
        update_wrapper(self, function)
        self.function, self.wrt = function, wrt
        self.recordings: dict[tuple[Any, ...], list[Recording]] = {}

    def __call__(self, *arguments: Any) -> tuple[Any, list[Any]]:
        signature = tuple(_signature(x) for x in arguments)
        recordings = self.recordings.setdefault(signature, [])
        for recording in recordings:
            try:
                return recording(arguments)
            except BranchError:  # these numbers take another way
                continue
        recordings.insert(0, Recording(self.function, arguments, self.wrt))
        del recordings[KEPT:]
        if len(self.recordings) > KEPT:
            del self.recordings[next(iter(self.recordings))]
        return recordings[0](arguments)


def compile(
    function: Callable[..., Any] | None = None, *, wrt: Sequence[Node] | None = None
) -> Any:
    """Record `function` at its first call, and replay it at the next ones.

    The compiled function returns the value and the list of gradients for the arguments that are
    floats, floating arrays or nodes; with `wrt` for these leaves instead (a model's parameters).
    It is recorded anew for arguments of other shapes or dtypes, for other values of arguments that
    are no floating numbers (they may decide the structure), and where a comparison, `float()` or
    `int()` of a node turns out differently than in every recording so far. Other leaves are read
    afresh each time; numbers that are drawn inside must be drawn by `autograd.tape.draw`.

    Args:
        function: of numbers or arrays, returns one node of a single number.
        wrt: leaves that the function uses.

    Raises:
        TypeError: the function does not return a node.

    Warns:
        UserWarning: `.data` of a node is read while recording: a replay keeps that number.

    >>> @compile
    ... def absolute(x):
    ...     return x if x > 0 else -x
    >>> absolute(2.0), absolute(-3.0)
    ((2.0, [1.0]), (3.0, [-1.0]))
    """
    if function is None:
        return lambda function: Compiled(function, wrt)
    return Compiled(function, wrt)


def _is_input(x: Any) -> bool:
    """Whether it may be differentiated; anything else decides the structure."""
    return isinstance(x, (float, np.floating, Node)) or (
        isinstance(x, np.ndarray) and x.dtype.kind == "f"
    )


def _number(x: Any) -> Any:
    return x._data if isinstance(x, Node) else x


def _leaf(x: Any) -> Any:
    if isinstance(x, Node):
        return x.detach(x.label)
    if not _is_input(x):
        return x
    return Tensor(x) if isinstance(x, np.ndarray) else Value(x)


def _signature(x: Any) -> Any:
    if _is_input(x):
        number = _number(x)
        return np.shape(number), getattr(number, "dtype", float)
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype, x.tobytes()
    return type(x), x
