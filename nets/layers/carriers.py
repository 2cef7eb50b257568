"""What layers compute on: Tensors, plain numbers, object arrays of Values.

The latter are what scalarized networks compute on. To type checkers, what a Tensor takes part in is
a Tensor. Of anything else the result is `Any`: NumPy's types don't tell numbers from Values.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Node, Tensor, Value

Numbers = Tensor | Value | ArrayLike  # an object array of Values is an ArrayLike
Recorded = TypeVar("Recorded", Tensor, Value)
Given = Numbers | None  # for a parameter that a layer may do without
Parameter = Tensor | Value  # what is learned
Activation = Callable[[Any], Any]  # one that serves them all


def numbers(x: Numbers) -> NDArray[Any]:
    """The plain numbers of a node, an array, a list or an object array of Values.

    >>> numbers(Tensor([1.0, 2.0]))
    array([1., 2.])
    """
    if isinstance(x, Node):
        return np.asarray(x.data)
    array = np.asarray(x)
    if array.dtype != object:
        return array
    plain = np.empty(array.shape)
    for place, element in np.ndenumerate(array):
        plain[place] = element.data if isinstance(element, Node) else element
    return plain
