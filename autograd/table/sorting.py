"""Rows that put elements in order: `sort`, and what brings gradients there and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.core.primitive import Case, primitive
from autograd.table import checks
from autograd.table.elementwise import maximum, minimum
from autograd.table.indexing import pad, slices, take
from autograd.table.masks import chosen, equal, where


def numbers_of(x: Any) -> Any:
    """The plain numbers of an array, which may be one of Values."""
    if np.asarray(x).dtype != object:
        return x
    return np.vectorize(lambda v: getattr(v, "raw", v), otypes=[float])(x)


def order(x: np.ndarray, axis: int) -> np.ndarray:
    """Where along `axis` the smallest element stands, the second smallest, ...; ties as they are."""
    return np.argsort(numbers_of(x), axis, kind="stable")


def arranged(y: Any, x: Any, axis: int, places: Callable[..., Any]) -> np.ndarray:
    """The elements of y at `places(x, axis)`."""
    if np.shape(y) != np.shape(x) or np.ndim(x) == 0:
        raise ValueError("what is put in order must have the shape of what decides on it")
    return np.take_along_axis(np.asarray(y), places(x, axis), axis)


def ranks(x: np.ndarray, axis: int) -> np.ndarray:
    """In which place along `axis` each element stands in the order."""
    return np.argsort(order(x, axis), axis)


def sort_of_objects(x: np.ndarray, axis: int) -> np.ndarray:
    """By exchanges of neighbours, each a `minimum` and a `maximum`, which stay right on replays."""
    rows = np.moveaxis(x, axis, -1).copy()
    n = rows.shape[-1]
    for place in np.ndindex(rows.shape[:-1]):
        row = rows[place]
        for last in range(n - 1, 0, -1):
            for i in range(last):
                row[i], row[i + 1] = minimum(row[i], row[i + 1]), maximum(row[i], row[i + 1])
    return np.moveaxis(rows, -1, axis)


def sort_back(g: Any, out: Any, x: Any, axis: int) -> Any:
    back = unsorted_by(g, x, axis=axis)
    return chosen(
        back, 1.0, x, lambda: where(unsorted_by(ties(out, axis), x, axis=axis), x, math.nan)
    )


def ties(x: Any, axis: int) -> Any:
    """Where along `axis` sorted elements equal one beside them."""
    axis = normalize_axis_index(axis, x.ndim)
    width = tuple((int(i == axis),) * 2 for i in range(x.ndim))
    padded = pad(x, width=width, value=math.nan)
    before, after = (
        take(padded, index=slices(x.ndim, axis, part)) for part in (slice(-2), slice(2, None))
    )
    return maximum(equal(x, before), equal(x, after))


AXIS: dict[str, Any] = {"axis": -1}
PAIRS: tuple[Case, ...] = (
    (((3, 4), (3, 4)), {}),
    (((3, 4), (3, 4)), {"axis": 0}),
    (((5,), (5,)), {}),
)

# fmt: off
sort        = primitive("sort", "sort", None, np.sort, (sort_back,),
                        "The elements along `axis`, smallest first.",
                        params=AXIS, prepare=checks.one_axis, objects=sort_of_objects, kinks="ties keep their order",
                        cases=((((3, 4),), {}), (((3, 4),), {"axis": 0}), (((5,),), {}), (((2, 1),), {}),
                               (((0, 2),), {})))
sorted_by   = primitive("sorted_by", "sorted by", None, lambda y, x, axis: arranged(y, x, axis, order),
                        (lambda g, out, y, x, axis: unsorted_by(g, x, axis=axis), None),
                        "The elements of y along `axis` in the order that sorts x; adjoint of unsorted_by.",
                        params=AXIS, prepare=checks.one_axis, diagnosis=checks.same, cases=PAIRS)
unsorted_by = primitive("unsorted_by", "unsorted by", None, lambda y, x, axis: arranged(y, x, axis, ranks),
                        (lambda g, out, y, x, axis: sorted_by(g, x, axis=axis), None),
                        "The elements of y along `axis` where those of x were before sorting; adjoint of sorted_by.",
                        params=AXIS, prepare=checks.one_axis, diagnosis=checks.same, cases=PAIRS)
