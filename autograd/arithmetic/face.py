"""What `Value` and `Tensor` have in common: operators, methods, NumPy's protocols, `backward`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arithmetic.operators import Arithmetic, method
from autograd.core import walk as graph
from autograd.core.node import Node
from autograd.table import composites as functions
from autograd.table import primitives

# NumPy's name where it is not the table's
ALIASES = {
    "subtract": "sub",
    "multiply": "mul",
    "divide": "div",
    "true_divide": "div",
    "negative": "neg",
    "power": "pow",
    "absolute": "abs",
    "fabs": "abs",
    "amax": "max",
    "amin": "min",
}
COMPARISONS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_COMPARING_UFUNCS = {np.less: "<", np.less_equal: "<=", np.greater: ">", np.greater_equal: ">="}


def function_named(name: str) -> Callable[..., Any] | None:
    """The primitive or composite that NumPy's function of this name records."""
    name = ALIASES.get(name, name)
    return primitives.TABLE.get(name) or functions.COMPOSITES.get(name)


def comparison(symbol: str) -> Callable[[Any, Any], Any]:
    """A comparison of numbers: a bool or an array of them, no node."""
    compare = COMPARISONS[symbol]

    def method(self: Face, other: Any) -> Any:
        right = other.raw if isinstance(other, Node) else other
        return self._escape(symbol, compare(self.raw, right), other)

    return method


class Face(Arithmetic, Node):
    """A node with operators and methods."""

    __slots__ = ()

    # fmt: off
    __lt__, __le__ = comparison("<"), comparison("<=")
    __gt__, __ge__ = comparison(">"), comparison(">=")

    exp, log, log1p, expm1 = map(method, (primitives.exp, primitives.log, primitives.log1p, primitives.expm1))
    sin, cos, tanh, sqrt   = map(method, (primitives.sin, primitives.cos, primitives.tanh, primitives.sqrt))
    relu, softplus, abs    = map(method, (primitives.relu, primitives.softplus, primitives.abs))
    sigmoid, clip          = map(method, (primitives.sigmoid, primitives.clip))
    square, logsigmoid     = functions.square, functions.logsigmoid

    backward     = graph.backward
    __deepcopy__ = graph.copy_graph
    # fmt: on

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__" and not kwargs:
            if ufunc in _COMPARING_UFUNCS:
                return COMPARISONS[_COMPARING_UFUNCS[ufunc]](
                    *[x.raw if isinstance(x, Node) else x for x in inputs]
                )
            function = function_named(ufunc.__name__)
            if function is not None:
                return function(*inputs)
        wanted = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
        if kwargs:
            wanted += f" with {', '.join(kwargs)}="
        raise TypeError(
            f"{wanted} has no differentiable counterpart here; NumPy's functions that work on nodes: "
            f"{', '.join(_numpy_functions())} (or use .data for the plain numbers)"
        )

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func in (np.shape, np.ndim, np.size):
            return getattr(self, func.__name__)
        function = function_named(func.__name__)
        if function is None:
            raise TypeError(
                f"np.{func.__name__} has no differentiable counterpart here; NumPy's functions that "
                f"work on nodes: {', '.join(_numpy_functions())} (or use .data for the plain numbers)"
            )
        return function(*args, **kwargs)


def _numpy_functions() -> list[str]:
    known = [*primitives.TABLE, *functions.COMPOSITES]
    names = {alias for alias, name in ALIASES.items()} | {n for n in known if hasattr(np, n)}
    return sorted(names)
