"""`Tensor`: a node that holds a NumPy array."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from autograd.arithmetic.nodes import NumericNode
from autograd.arithmetic.operators import method
from autograd.core.node import Node
from autograd.core.numbers import Array, constant
from autograd.table import composites, contraction, elementwise, indexing, reductions, shapes

Axis = int | tuple[int, ...] | None
Operand = Node | ArrayLike


class Operator(Protocol):
    """A Tensor with whatever computes with it is a Tensor."""

    def __call__(self, other: Operand, /) -> Tensor: ...


class Over(Protocol):
    """A reduction over `axis`; None is all of them."""

    def __call__(self, axis: Axis = None, keepdims: bool = False) -> Tensor: ...


class Spread(Protocol):
    """The same, with the degrees of freedom that are lost."""

    def __call__(self, axis: Axis = None, ddof: int = 0, keepdims: bool = False) -> Tensor: ...


class Running(Protocol):
    """Sums or products so far, along `axis`; None: of all elements in a row."""

    def __call__(self, axis: int | None = None) -> Tensor: ...


class Along(Protocol):
    """Normalized along `axis`."""

    def __call__(self, axis: Axis = -1) -> Tensor: ...


# A row or a composite as a method, whose type says what a user calls it with.
over = cast(Callable[[Callable[..., Any]], Over], method)
spread = cast(Callable[[Callable[..., Any]], Spread], method)
running = cast(Callable[[Callable[..., Any]], Running], method)
along = cast(Callable[[Callable[..., Any]], Along], method)


def numpy_method(function: Callable[..., Any]) -> Any:
    """NumPy's function as a method of its first argument."""

    def method(self: Tensor, *args: Any, **options: Any) -> Any:
        return function(self, *args, **options)

    method.__name__, method.__doc__ = function.__name__, f"np.{function.__name__} of this."
    return method


class Tensor(NumericNode[Array, Operator], data_type=np.ndarray):
    """An array node: numbers of one shape that remember how they were made.

    Args:
        data: an array or nested lists of real numbers, copied; float32 stays, integers become
            float64.
        label: a name for messages and drawings.

    Raises:
        ValueError: `data` is ragged.
        TypeError: `data` is not of real numbers.

    >>> W = Tensor([[1.0, 2.0], [3.0, 4.0]], label="W")
    >>> (W @ np.array([1.0, -1.0])).sum().backward()
    >>> W.grad
    array([[ 1., -1.],
           [ 1., -1.]])
    """

    __slots__ = ()

    def __init__(self, data: ArrayLike, label: str | None = None) -> None:
        self.become_leaf(self.coerce(data, None, "Tensor"), label)

    @staticmethod
    def coerce(raw: Any, dtype: np.dtype[Any] | None, who: str) -> Array:
        if isinstance(raw, Node):
            raise TypeError(
                f"{who} must be raw numbers, got a {type(raw).__name__}; pass its .data"
            )
        array = constant(raw, dtype, who)
        if isinstance(array, np.ndarray) and array.dtype == object:
            raise TypeError(
                f"{who} must be raw numbers, got an array of objects; "
                f"use autograd.stack to make a Tensor of Values"
            )
        array = np.array(array, dtype if isinstance(array, float) else None)
        array.flags.writeable = False
        return array

    def fitted(self, contribution: Any) -> Any:
        shape, dtype = self.raw.shape, self.raw.dtype
        if isinstance(contribution, (np.generic, float)):  # as NumPy returns for shape ()
            contribution = np.asarray(contribution)
        if type(contribution) is np.ndarray:
            if contribution.shape != shape:
                contribution = reductions.sum_to.array(contribution, shape=shape)
        elif not isinstance(contribution, Tensor) or contribution.shape != shape:
            contribution = reductions.sum_to(contribution, shape=shape)
        if contribution.dtype != dtype:
            contribution = elementwise.astype(contribution, dtype=dtype)
        return contribution

    # --- methods, as NumPy's arrays have them -------------------------------------------------

    # fmt: off
    sum, mean, prod = over(reductions.sum), over(composites.mean), over(composites.prod)
    max, min, norm  = over(reductions.max), over(composites.min), over(composites.norm)
    logsumexp       = over(composites.logsumexp)
    var, std        = spread(composites.var), spread(composites.std)
    cumsum, cumprod = running(indexing.cumsum), running(composites.cumprod)
    softmax         = along(composites.softmax)
    log_softmax     = along(composites.log_softmax)
    # fmt: on

    def dot(self, other: Operand) -> Tensor:
        """Σ over the last axis of this and the second to last (or only) of `other`."""
        product: Tensor = contraction.dot(self, other)
        return product

    def astype(self, dtype: DTypeLike) -> Tensor:
        """The same numbers as float32 or float64."""
        cast: Tensor = elementwise.astype(self, dtype=dtype)
        return cast

    def __getitem__(self, index: Any) -> Tensor:
        part: Tensor = indexing.take(self, index=index)
        return part

    def reshape(self, *shape: Any) -> Tensor:
        """The same elements in another shape: `t.reshape(2, -1)` or `t.reshape((2, -1))`."""
        same: Tensor = shapes.reshape(self, shape=shape[0] if len(shape) == 1 else shape)
        return same

    def transpose(self, *axes: Any) -> Tensor:
        """The axes in another order: `t.transpose(1, 0)`, `t.transpose((1, 0))`, or reversed."""
        order = axes[0] if len(axes) == 1 else axes or None
        turned: Tensor = shapes.transpose(self, axes=order)
        return turned

    @property
    def T(self) -> Tensor:
        """The axes reversed."""
        turned: Tensor = shapes.transpose(self)
        return turned

    @property
    def mT(self) -> Tensor:
        """The last two axes exchanged."""
        n = self.ndim
        return self.transpose((*range(n - 2), n - 1, n - 2))

    @property
    def dtype(self) -> np.dtype[Any]:
        """float64 or float32."""
        return self.raw.dtype

    # fmt: off
    ravel, flatten, copy  = numpy_method(np.ravel), numpy_method(np.ravel), numpy_method(np.copy)
    squeeze, swapaxes     = numpy_method(np.squeeze), numpy_method(np.swapaxes)
    repeat, take, ptp     = numpy_method(np.repeat), numpy_method(np.take), numpy_method(np.ptp)
    diagonal, trace       = numpy_method(np.diagonal), numpy_method(np.trace)
    argmax, argmin        = numpy_method(np.argmax), numpy_method(np.argmin)
    argsort, nonzero      = numpy_method(np.argsort), numpy_method(np.nonzero)
    any, all, round       = numpy_method(np.any), numpy_method(np.all), numpy_method(np.round)
    # fmt: on

    def clip(self, lo: Any = None, hi: Any = None) -> Tensor:  # bounds may be arrays or nodes
        """min(max(x, lo), hi), elementwise; the gradient passes where lo ≤ x ≤ hi."""
        clipped: Any = np.clip(cast(Any, self), lo, hi)
        return clipped

    @property
    def real(self) -> Tensor:
        """Itself: numbers are real here."""
        return self

    def conj(self) -> Tensor:
        """Itself: numbers are real here."""
        return self

    def __contains__(self, number: object) -> bool:
        return bool(np.any(self == number))

    def __setitem__(self, index: Any, number: Any) -> NoReturn:
        raise TypeError(
            "the numbers of a graph are not written into; build the new Tensor by np.where, "
            "np.stack or np.concatenate, or assign a leaf's .data"
        )

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a 0-d Tensor has no length; t.item() is its number")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    if not TYPE_CHECKING:  # for a type checker it would make an array of a Tensor

        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            if sys._getframe(1).f_globals.get("__name__", "").startswith("numpy.testing"):
                return self.raw  # which is compared and dropped
            raise TypeError(
                "a Tensor does not turn into an array by itself, which would cut it from the "
                "graph; use .data for the numbers, np.stack for one Tensor of several"
            )

    def __repr__(self) -> str:
        text = np.array2string(self.raw, separator=", ", prefix="Tensor(")
        dtype = ", dtype=float32" if self.dtype == np.float32 else ""
        label = f", label={self.label!r}" if self.label else ""
        return f"Tensor({text}{dtype}{label})"
