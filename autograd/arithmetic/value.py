"""`Value`: a node that holds one Python float."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, overload

import numpy as np
from numpy.typing import ArrayLike

from autograd.arithmetic.nodes import NumericNode
from autograd.arithmetic.quick import quick, swept
from autograd.arithmetic.tensor import Tensor
from autograd.core.node import EVERYDAY, Node, current_mode, indices, next_index
from autograd.core.numbers import Array, constant
from autograd.table.reductions import sum_to, to_value


class Operator(Protocol):
    """A Value with a number is a Value, with an array a Tensor."""

    @overload
    def __call__(self, other: Value | float, /) -> Value: ...
    @overload
    def __call__(self, other: Tensor | Array, /) -> Tensor: ...


@quick
class Value(NumericNode[float, Operator], data_type=float):
    """A scalar node: a number that remembers how it was made.

    Args:
        data: a real number.
        label: a name for messages and drawings.

    Raises:
        TypeError: `data` is not a single real number.

    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> e = (a * b + a).tanh()
    >>> e.backward()
    >>> round(a.grad, 6), round(b.grad, 6)
    (-0.002682, 0.002682)
    """

    __slots__ = ()
    swept = swept

    def __init__(self, data: float, label: str | None = None) -> None:
        self.become_leaf(self.coerce(data, None, "Value"), label)

    @property
    def data(self) -> float:
        """The number itself. Assigning rebinds a leaf, as in `p.data -= lr * p.grad`.

        What was recorded with the old number is stale from then on: its backward pass says so.
        """
        return self.raw if current_mode() is EVERYDAY else super().data

    @data.setter
    def data(self, number: float) -> None:
        if self.op is None and type(number) is float:
            self.raw, self.index = number, next_index()
        else:
            self._assign(number)

    @property
    def grad(self) -> float | None:
        """The gradient that the last backward pass left here, None before one reached it."""
        return self.raw_grad

    @grad.setter
    def grad(self, number: float | None) -> None:
        if number is None or type(number) is float:
            self.raw_grad = number
        else:
            self._set_grad(number)

    @staticmethod
    def coerce(raw: Any, dtype: np.dtype[Any] | None, who: str) -> float:
        if type(raw) is float:
            return raw
        if isinstance(raw, Node):
            raise TypeError(
                f"{who} must be a raw number, got a {type(raw).__name__}; pass its .data"
            )
        number = constant(raw, None, who)
        if isinstance(number, np.ndarray) and (number.shape != () or number.dtype == object):
            raise TypeError(
                f"{who} must be a single number, got shape {number.shape}; use a Tensor"
            )
        return float(number)

    def fitted(self, contribution: Any) -> Any:
        if type(contribution) is float or isinstance(contribution, Value):
            return contribution
        return to_value(sum_to(contribution, shape=()))

    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value({self.raw!r}{label})"


def assign(values: Sequence[Value], numbers: ArrayLike) -> None:
    """New data for many leaf Values at once: `value.data = number` for each, or for none.

    Raises:
        TypeError: one is no Value, or a number is no real number.
        ValueError: a Value is no leaf, or there are not as many numbers as Values.

    >>> a, b = Value(1.0), Value(2.0)
    >>> assign([a, b], np.array([3.0, 4.0]))
    >>> a, b
    (Value(3.0), Value(4.0))
    """
    array = constant(numbers, None, "assign")
    if np.shape(array) != (len(values),):
        raise ValueError(
            f"assign needs a number for each of the {len(values)} Values, got shape "
            f"{np.shape(array)}"
        )
    for value in values:
        if not isinstance(value, Value):
            raise TypeError(
                f"assign moves Values, got {type(value).__name__}; assign to the .data of Tensors"
            )
        if value.op is not None:
            value.must_be_leaf()
    numbered = zip(values, array.tolist(), indices)  # noqa: B905 (indices never end)
    for value, number, index in numbered:
        value.raw, value.index = number, index
