"""Raw numbers: what a graph takes in, in the one form in which it computes with them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.core.data import Data

Array = NDArray[np.floating[Any]]
Objects = NDArray[np.object_]  # of Values, and of numbers

FLOATS = (np.dtype(np.float64), np.dtype(np.float32))
# The arrays that hold plain numbers; other subclasses mean more by them: a mask, a product, units.
ARRAYS: tuple[type, ...] = (np.ndarray, np.memmap, Data)

# Which class of node holds which type of number: `float` and `np.ndarray`. The classes enter
# themselves (see `Node`).
HOLDERS: dict[type, Any] = {}


def constant(raw: Any, dtype: np.dtype[Any] | None = None, who: str = "autograd") -> Any:
    """A raw operand as a float or a float array (`dtype` is what integers become).

    Object arrays pass unchanged where every element is a `Value` or a number.
    """
    if type(raw) is np.ndarray and raw.dtype in FLOATS:
        return raw
    if isinstance(raw, (bool, int, float, np.bool_, np.integer, np.floating)):
        return float(raw)
    if isinstance(raw, np.ndarray) and type(raw) not in ARRAYS:
        filled = ".filled(...) it first" if isinstance(raw, np.ma.MaskedArray) else "np.asarray(x)"
        raise TypeError(
            f"{who}: an operand must be a plain array, got {type(raw).__name__}, whose meaning "
            f"would be lost; pass {filled}"
        )
    if not isinstance(raw, (np.ndarray, list, tuple)):
        raise TypeError(
            f"{who}: an operand must be a number, an array, a Value or a Tensor, "
            f"got {_named(type(raw))}"
        )
    try:
        array = np.asarray(raw)
    except ValueError as error:
        raise ValueError(
            f"{who}: nested lists must not be ragged; make the rows equally long"
        ) from error
    if array.dtype in FLOATS:
        return array
    if array.dtype.kind in "biu":
        return array.astype(dtype or FLOATS[0])
    if array.dtype == object:
        for element in array.flat:
            if not isinstance(element, (HOLDERS[float], float, int)):
                found = type(element).__name__
                raise TypeError(
                    f"{who}: an object array must hold Values or numbers, found {found}"
                )
        return array
    raise TypeError(
        f"{who}: numbers must be real, float64 or float32, got dtype {array.dtype}; "
        f"convert them with .astype(float)"
    )


def _named(kind: type) -> str:
    """The name of a class, with its module where that says more: `torch.Tensor`."""
    within = kind.__module__
    return kind.__name__ if within == "builtins" else f"{within}.{kind.__name__}"


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """`array`, or a copy of it where somebody could still write into it; read-only."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            array = array.copy()
            array.flags.writeable = False
            return array
        owner = owner.base
    return array


def boxed(element: Any) -> Objects:
    """`element` as an object array: itself, or the one element of a 0-d one."""
    if isinstance(element, np.ndarray):
        return element
    box = np.empty((), object)
    box[()] = element
    return box
