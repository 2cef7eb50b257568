"""`Tensor`: a node that holds a NumPy array."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd.arithmetic.face import Face
from autograd.arithmetic.operators import method
from autograd.core.node import Node, constant
from autograd.table import composites as functions
from autograd.table import primitives


class Tensor(Face, data_type=np.ndarray):
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

    def __init__(self, data: Any, label: str | None = None) -> None:
        self._become_leaf(self._coerce(data, None, "Tensor"), label)

    @staticmethod
    def _coerce(raw: Any, dtype: np.dtype | None, who: str) -> np.ndarray:
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

    # fmt: off
    sum, max, cumsum, astype = map(method, (primitives.sum, primitives.max, primitives.cumsum, primitives.astype))
    min, mean, var, std      = functions.min, functions.mean, functions.var, functions.std
    prod, cumprod, dot, norm = functions.prod, functions.cumprod, functions.dot, functions.norm
    logsumexp, softmax, log_softmax = functions.logsumexp, functions.softmax, functions.log_softmax
    # fmt: on

    def __getitem__(self, index: Any) -> Any:
        return primitives.take(self, index=index)

    def reshape(self, *shape: Any) -> Any:
        """The same elements in another shape: `t.reshape(2, -1)` or `t.reshape((2, -1))`."""
        return primitives.reshape(self, shape=shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        """The axes in another order: `t.transpose(1, 0)`, `t.transpose((1, 0))`, or reversed."""
        if not axes:
            return primitives.transpose(self)
        return primitives.transpose(self, axes=axes[0] if len(axes) == 1 else axes)

    @property
    def T(self) -> Any:
        """The axes reversed."""
        return primitives.transpose(self)

    @property
    def mT(self) -> Any:
        """The last two axes exchanged."""
        n = self.ndim
        return primitives.transpose(self, axes=(*range(n - 2), n - 1, n - 2))

    def item(self) -> float:
        """The only element, as a plain float."""
        return float(self)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a 0-d Tensor has no length; float(t) is its number")
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise TypeError(
            "a Tensor does not turn into an array by itself, which would cut it from the graph; "
            "use .data for the numbers"
        )

    def __repr__(self) -> str:
        text = np.array2string(self.raw, separator=", ", prefix="Tensor(")
        dtype = ", dtype=float32" if self.dtype == np.float32 else ""
        label = f", label={self.label!r}" if self.label else ""
        return f"Tensor({text}{dtype}{label})"
