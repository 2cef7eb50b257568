"""NumPy's functions on nodes: `np.exp(t)` records `exp`, what is not supported says so."""

from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from autograd.arithmetic.comparisons import COMPARING_UFUNCS, COMPARISONS
from autograd.core.node import Node, raw
from autograd.core.primitive import TABLE
from autograd.table.composites import COMPOSITES

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


def function_named(name: str) -> Callable[..., Any] | None:
    """The primitive or composite that NumPy's function of this name records."""
    name = ALIASES.get(name, name)
    return TABLE.get(name) or COMPOSITES.get(name)


def array_ufunc(node: Node, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """The method `__array_ufunc__` of nodes: what NumPy asks before it calls a ufunc on one."""
    if method == "__call__" and not options:
        if ufunc in COMPARING_UFUNCS:
            return COMPARISONS[COMPARING_UFUNCS[ufunc]](*map(raw, inputs))
        function = function_named(ufunc.__name__)
        if function is not None:
            return function(*inputs)
    wanted = f"np.{ufunc.__name__}" + ("" if method == "__call__" else f".{method}")
    if options:
        wanted += f" with {', '.join(options)}="
    _refuse(wanted)


def array_function(
    node: Node, func: Callable[..., Any], types: Any, args: Any, options: dict[str, Any]
) -> Any:
    """The method `__array_function__` of nodes: the same for NumPy's other functions."""
    if func in (np.shape, np.ndim, np.size):
        return getattr(node, func.__name__)
    function = function_named(func.__name__)
    if function is None:
        _refuse(f"np.{func.__name__}")
    return function(*args, **options)


def _refuse(wanted: str) -> NoReturn:
    known = [*TABLE, *COMPOSITES]
    names = sorted({*ALIASES, *(name for name in known if hasattr(np, name))})
    raise TypeError(
        f"{wanted} has no differentiable counterpart here; NumPy's functions that work on nodes: "
        f"{', '.join(names)} (or use .data for the plain numbers)"
    )
