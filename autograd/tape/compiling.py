"""`compile`: a function recorded at its first call, replayed at the next ones."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial, update_wrapper
from typing import Any, NamedTuple, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Node, Tensor, Value
from autograd.core.node import raw
from autograd.core.numbers import Array
from autograd.errors import BranchError
from autograd.tape.arguments import (
    flattened,
    gradients_of,
    is_input,
    leaf,
    nested,
    signature,
)
from autograd.tape.captured import Captured
from autograd.tape.guards import Guards
from autograd.tape.tape import Tape

T = TypeVar("T")
Indices = NDArray[np.intp]

Wrt = Sequence[Node] | NDArray[np.object_] | None

KEPT = 8  # recordings of a signature, and signatures, that are kept

recording_now: ContextVar[Recording | None] = ContextVar("autograd_recording", default=None)


def sample(function: Callable[[], T]) -> T | Tensor:
    """`function()`, for random numbers: within a compiled function each replay calls it again.

    >>> rng = np.random.default_rng(0)
    >>> noisy = compile(lambda x: (x * sample(lambda: rng.random(2))).sum())
    >>> noisy(np.ones(2))[0] != noisy(np.ones(2))[0]
    np.True_
    """
    recording = recording_now.get()
    if recording is None:
        return function()
    number: Any = function()
    leaf = Tensor(number)
    recording.samples.append((leaf, function))
    return leaf


def tap(x: Node | NDArray[Any], function: Callable[[Any], object]) -> None:
    """`function(x)`, for what a computation leaves behind: running statistics, or a line in a log.

    Within a compiled function each replay calls it, on the plain numbers of `x` (a node, or an
    array of Values), once it is known that the replay holds.

    >>> @compile
    ... def loss(x):
    ...     square = x * x
    ...     tap(square, print)
    ...     return square + 1
    >>> loss(2.0)
    4.0
    (5.0, [4.0])
    >>> loss(3.0)
    9.0
    (10.0, [6.0])
    """
    recording = recording_now.get()
    if recording is None:
        function(x)
    else:
        recording.guards.tap(x, function)


class Index(NamedTuple):
    """The argument at `place` as integers below `size`: a frozen array, which is renewed."""

    place: int
    array: Indices
    size: int

    def renew(self, numbers: ArrayLike) -> bool:
        """Hold these numbers from now on; whether they may be an index."""
        self.array.flags.writeable = True
        with np.errstate(invalid="ignore"):  # NaN, which is found out below
            np.copyto(self.array, numbers, casting="unsafe")
        self.array.flags.writeable = False
        inside = (self.array >= 0) & (self.array < self.size)
        return bool((inside & (self.array == numbers)).all())


class Recording:
    """One trace of a function: its tape, and what to feed it."""

    def __init__(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Any],
        flat: Sequence[Any],
        wrt: Wrt,
    ) -> None:
        self.joined = isinstance(wrt, np.ndarray)
        self.given = [leaf(x) for x in flat]
        self.samples: list[tuple[Tensor, Callable[[], Any]]] = []
        self.sampled = True  # while recording, and not to be sampled again for the first replay
        self.indices: list[Index] = []
        self.guards = Guards()
        self._lock = threading.RLock()
        token = recording_now.set(self)
        try:
            with self.guards:
                rest = iter(self.given)
                output = function(*[nested(x, rest) for x in arguments])
        finally:
            recording_now.reset(token)
        if not isinstance(output, Node):
            raise TypeError(
                f"a compiled function must return a Value or a Tensor that was computed from its "
                f"arguments, got {type(output).__name__}"
            )
        inputs = [x for x in self.given if isinstance(x, Node)]
        # An index is renewed in the backward pass too, where that is not folded into constants.
        seed = Tensor(np.ones(output.shape, output.precision)) if self.indices else None
        leaves = wrt.ravel().tolist() if isinstance(wrt, np.ndarray) else wrt
        self.tape = Tape(output, inputs, self.guards, wrt=leaves, strict=False, seed=seed)
        self.guards.release()
        self.captured = Captured(function)

    def __call__(self, arguments: Sequence[Any]) -> tuple[float | Array, list[Any] | Array]:
        with self._lock:  # what is sampled, and the indices, are those of one replay
            for index in self.indices:
                if not index.renew(raw(arguments[index.place])):
                    raise BranchError("an argument holds what is no index")
            if not self.sampled:
                for leaf, function in self.samples:
                    leaf.data = function()
            self.sampled = False
            data = [raw(x) for x in arguments if is_input(x)]
            return self.tape.value_and_grad(*data, joined=self.joined)


class Compiled:
    """What `compile` returns: call it as the function, for its value and gradients."""

    def __init__(self, function: Callable[..., Any], wrt: Wrt = None) -> None:
        others = (
            [x for x in np.ravel(wrt) if not isinstance(x, Value)]
            if isinstance(wrt, np.ndarray)
            else []
        )
        if others:
            raise TypeError(
                f"an array of leaves to differentiate for must hold Values, got "
                f"{type(others[0]).__name__}; give Tensors in a list"
            )
        update_wrapper(self, function)
        self.function, self.wrt = function, wrt
        self.recordings: dict[tuple[Any, ...], list[Recording]] = {}

    def __call__(self, *arguments: Any) -> tuple[float | Array, list[Any] | Array]:
        flat = flattened(arguments)
        value, gradients = self._replayed(arguments, flat)
        if isinstance(self.wrt, np.ndarray):
            gradients = np.reshape(gradients, self.wrt.shape)
        elif flat is not arguments and self.wrt is None:
            gradients = gradients_of(arguments, gradients)
        return value, gradients

    def _replayed(
        self, arguments: Sequence[Any], flat: Sequence[Any]
    ) -> tuple[float | Array, list[Any] | Array]:
        recordings = self.recordings.setdefault(tuple(map(signature, arguments)), [])
        for recording in recordings:
            if not recording.captured.hold():
                continue
            try:
                return recording(flat)
            except BranchError:  # these numbers take another way
                continue
        recordings.insert(0, Recording(self.function, arguments, flat, self.wrt))
        del recordings[KEPT:]
        if len(self.recordings) > KEPT:
            del self.recordings[next(iter(self.recordings))]
        return recordings[0](flat)


@overload
def compile(function: Callable[..., Any], *, wrt: Wrt = None) -> Compiled: ...
@overload
def compile(function: None = None, *, wrt: Wrt = None) -> partial[Compiled]: ...
def compile(
    function: Callable[..., Any] | None = None, *, wrt: Wrt = None
) -> Compiled | partial[Compiled]:
    """Record `function` at its first call, and replay it at the next ones.

    The compiled function returns the value and the list of gradients for the arguments that are
    floats, floating arrays or nodes; with `wrt` for these leaves instead (a model's parameters).
    Of an array of Values they are one array of numbers, which an optimiser takes as it is.
    Arguments may be lists, tuples and dicts of these: so are their gradients, then.
    It is recorded anew for arguments of other shapes or dtypes, for other values of arguments that
    are no floating numbers (they may decide the structure), and where a comparison or `.item()` of
    a node turns out differently than in every recording so far. Other leaves are read afresh each
    time.

    Numbers and arrays that the function closes over are constants of a recording. They are looked
    at before each replay, and where one has changed the function is recorded anew (see `Captured`):
    what changes often is better an argument, and a large array that does not change is quicker to
    look at where it is read-only (`X.flags.writeable = False`). What the function reads in another
    way is frozen: what methods of other objects read, numbers in lists and dicts, files. Random
    numbers must be drawn by `sample`, indices that change be looked up by `lookup`, and what is to
    happen each time be done by `tap`, all of `autograd.tape`.

    Results are those of the function itself to the bit where sums are added up in the same order,
    and to 1e-13 of the largest (float32: 1e-5) elsewhere. A replay that turns out not to hold has
    drawn its random numbers: the recording that takes its place draws others.

    Args:
        function: of numbers or arrays, returns one node of a single number.
        wrt: leaves that the function uses: a list, or an array of Values.

    Raises:
        TypeError: the function does not return a node, or the array holds others than Values.

    Warns:
        UserWarning: `.data` of a node is read while recording: a replay keeps that number.

    >>> @compile
    ... def absolute(x):
    ...     return x if x > 0 else -x
    >>> absolute(2.0), absolute(-3.0)
    ((2.0, [1.0]), (3.0, [-1.0]))
    """
    return partial(Compiled, wrt=wrt) if function is None else Compiled(function, wrt)
