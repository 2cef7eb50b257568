"""What layers compute on: Tensors, plain numbers, object arrays of Values.

The latter are what scalarized networks compute on. To type checkers, what is made of a Tensor is a
Tensor. Of anything else the result is `Any`: NumPy's types don't tell numbers from Values.
"""

from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Node, Tensor, Value

Numbers = Tensor | Value | ArrayLike  # an object array of Values is an ArrayLike
Given = Numbers | None  # for a parameter that a layer may do without
Parameter = Tensor | Value  # what is learned
Activation = Callable[[Any], Any]  # one that serves them all
Recorded = TypeVar("Recorded", Tensor, Value)
Function = TypeVar("Function", bound=Callable[..., Any])
P = ParamSpec("P")


def numbers(x: Numbers) -> NDArray[Any]:
    """The plain numbers of a node, an array, a list or an object array of Values.

    >>> numbers(Tensor([1.0, 2.0]))
    array([1., 2.])
    """
    if isinstance(x, Node):
        return np.array(x.data)
    array = np.asarray(x)
    if array.dtype != object:
        return array
    plain = np.empty(array.shape)
    for place, element in np.ndenumerate(array):
        plain[place] = element.data if isinstance(element, Node) else element
    return plain


def steady(function: Function) -> Function:
    """Declare that `function` only computes, and does the same at each step (see `nets.fit`).

    >>> @steady
    ... def halved(x):
    ...     return x / 2
    >>> halved.steady
    True
    """
    vars(function)["steady"] = True
    return function


class InKind(Protocol[P]):
    """To type checkers, a function whose result is of its first argument's kind."""

    @overload
    def __call__(self, x: Recorded, /, *more: P.args, **options: P.kwargs) -> Recorded: ...
    @overload
    def __call__(self, x: Numbers, /, *more: P.args, **options: P.kwargs) -> Any: ...


def steady_in_kind(function: Callable[Concatenate[Any, P], Any]) -> InKind[P]:
    """Declare that `function` is steady, and its result of its first argument's kind."""
    typed: Any = steady(function)
    return typed
