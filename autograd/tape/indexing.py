"""`lookup`: taking elements by indices that change from one replay to the next."""

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Node, Tensor, add, clip, describe, equal, floor, sub, take, where
from autograd.tape.compiling import Index, Indices, recording_now


def lookup(x: Node | ArrayLike, *index: Node | ArrayLike) -> Any:
    """`x[index]` for arrays of integers: one for each of the first axes, broadcast together.

    Within a compiled function an index may also be one of its floating arguments, of whole numbers
    that are not negative; each replay then takes the new ones. Of Values, in an array or in lists,
    any Value may be an index.

    Raises:
        TypeError: an index into a Tensor is another node.
        ValueError: an index holds no such numbers; an integer one may be negative, as in NumPy.

    >>> from autograd.tape import compile
    >>> @compile
    ... def picked(x, i):
    ...     return lookup(x, i).sum()
    >>> x = np.array([1.0, 2.0, 4.0])
    >>> [float(picked(x, np.array(i))[0]) for i in ([0.0, 1.0], [2.0, 2.0])]
    [3.0, 8.0]
    >>> from autograd import Value
    >>> rows = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    >>> lookup(rows, Value(1.0), 0)
    Value(3.0)
    """
    if not isinstance(x, Node) and (rows := np.asarray(x)).dtype == object:
        return _looked_up(rows, index)
    if not any(isinstance(i, Node) for i in index):
        return take(x, index=index)
    node = x if isinstance(x, Node) else Tensor(x)  # else nothing would be recorded
    followed = tuple(
        _followed(i, node.shape[axis]) if isinstance(i, Node) else i for axis, i in enumerate(index)
    )
    return take(node, index=followed)


def _followed(argument: Node, size: int) -> Indices:
    """The integers in an argument of the function that is recorded, to be renewed by replays."""
    recording = recording_now.get()
    given = recording.given if recording else []
    place = next((place for place, node in enumerate(given) if node is argument), None)
    if recording is None or place is None:
        raise TypeError(
            f"an index must be raw integers, or an argument of the function that is compiled, got "
            f"{describe(argument)}; a number that was computed can't be followed into an index"
        )
    index = Index(place, np.empty(argument.shape, np.intp), size)
    if not index.renew(argument.raw):
        raise ValueError(
            f"an index must be whole numbers from 0 to {size - 1}, got {argument.raw.min():g} "
            f"to {argument.raw.max():g}"
        )
    recording.indices.append(index)
    return index.array


def _looked_up(x: NDArray[Any], index: tuple[Any, ...]) -> Any:
    """`x[index]` of an array of Values, by integers and Values."""
    if len(index) > x.ndim:
        raise IndexError(
            f"lookup takes an index for each axis, got {len(index)} for the shape {x.shape}"
        )
    indices = np.broadcast_arrays(*[np.asarray(i, object) for i in index])
    shape = np.broadcast_shapes(*[i.shape for i in indices])
    found = np.empty(shape + x.shape[len(index) :], object)
    for place in np.ndindex(shape):
        found[place] = reduce(_chosen, [i[place] for i in indices], x)
    return found if found.ndim else found[()]


def _chosen(rows: NDArray[Any], i: Any) -> Any:
    """The row at `i`. By a Value: the sum of all, of which the others are nothing."""
    if not isinstance(i, Node):
        return rows[i]
    nearest = clip(floor(i), lo=0.0, hi=max(len(rows) - 1.0, 0.0))
    if not (len(rows) and sub(i, nearest) == 0):  # under `compile`, a guard
        raise ValueError(
            f"an index into {len(rows)} rows must be a whole number from 0, got {describe(i)}"
        )
    return reduce(add, [where(equal(i, float(k)), row, 0.0) for k, row in enumerate(rows)])
