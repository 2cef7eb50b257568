"""Composites of elements in order, and of what is there where NaN stands for what is missing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.table.composites import composite, dropped, prod, rows_of, square
from autograd.table.elementwise import add, div, mul, neg, root, sub
from autograd.table.indexing import stack, take
from autograd.table.masks import equal, heaviside, where
from autograd.table.reductions import max, sum
from autograd.table.shapes import reshape, shape_of
from autograd.table.sorting import sort

# --- in order -----------------------------------------------------------------------------------


@composite
def quantile(x: Any, q: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The `q`-quantile over `axis` (None: all), linear between neighbours; NaN where one is.

    Args:
        x: numbers.
        q: from 0 to 1; an array of them gives as many results along a new first axis.
        axis: as for `sum`.
        keepdims: as for `sum`.

    Raises:
        ValueError: a `q` lies outside, or there are no elements.

    >>> float(quantile([1.0, 2.0, 4.0], 0.75))
    3.0
    """
    places = np.asarray(q, float)
    rows = rows_of(x, axis)
    n = shape_of(rows)[-1]
    if not ((places >= 0) & (places <= 1)).all() or n == 0:
        raise ValueError(f"quantile: q must lie from 0 to 1, of at least one element, got {q}")
    rows = sort(rows, axis=-1)
    last = rows[..., n - 1 :]
    kept = [1 if i in _reduced(x, axis) else size for i, size in enumerate(shape_of(x))]

    def at(place: float) -> Any:
        low = min(int(place), n - 1)
        high, part = min(low + 1, n - 1), place - int(place)
        found = rows[..., low : low + 1]
        if part:
            found = add(mul(found, 1 - part), mul(rows[..., high : high + 1], part))
        found = where(equal(last, last), found, math.nan)  # a NaN was sorted to the end
        return dropped(reshape(found, shape=kept), x, axis, keepdims)

    if places.ndim == 0:
        return at(float(places) * (n - 1))
    found = [at(float(place) * (n - 1)) for place in places.ravel()]
    return reshape(stack(*found), shape=places.shape + shape_of(found[0]))


def _reduced(x: Any, axis: Any) -> tuple[int, ...]:
    ndim = len(shape_of(x))
    axes = range(ndim) if axis is None else [axis] if np.ndim(axis) == 0 else axis
    return tuple(a % ndim for a in axes)


@composite
def percentile(x: Any, q: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """`quantile` with `q` from 0 to 100.

    >>> float(percentile([1.0, 2.0, 4.0], 75.0))
    3.0
    """
    return quantile(x, np.asarray(q, float) / 100, axis, keepdims)


@composite
def median(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The middle element over `axis` (None: all), the mean of the two of an even number.

    >>> float(median([1.0, 7.0, 2.0]))
    2.0
    """
    return quantile(x, 0.5, axis, keepdims)


# --- with NaN left out --------------------------------------------------------------------------


@composite
def nansum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum over `axis` of what is no NaN; no gradient goes to a NaN.

    >>> float(nansum([1.0, np.nan, 2.0]))
    3.0
    """
    return sum(where(equal(x, x), x, 0.0), axis=axis, keepdims=keepdims)


@composite
def nanprod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product over `axis` of what is no NaN.

    >>> float(nanprod([2.0, np.nan, 3.0]))
    6.0
    """
    return prod(where(equal(x, x), x, 1.0), axis, keepdims)


@composite
def nanmean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over `axis` of what is no NaN.

    >>> float(nanmean([1.0, np.nan, 2.0]))
    1.5
    """
    there = sum(equal(x, x), axis=axis, keepdims=keepdims)
    return div(nansum(x, axis, keepdims), there)


@composite
def nanvar(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The variance over `axis` of what is no NaN, Σ (x − mean)² / (n − ddof).

    >>> float(nanvar([1.0, np.nan, 3.0]))
    1.0
    """
    deviation = where(equal(x, x), sub(x, nanmean(x, axis, keepdims=True)), 0.0)
    there = sum(equal(x, x), axis=axis, keepdims=keepdims)
    return div(sum(square(deviation), axis=axis, keepdims=keepdims), sub(there, float(ddof)))


@composite
def nanstd(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The standard deviation over `axis` of what is no NaN, √nanvar.

    >>> float(nanstd([1.0, np.nan, 3.0]))
    1.0
    """
    return root(nanvar(x, axis, ddof, keepdims))


@composite
def nanmax(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The maximum over `axis` of what is no NaN; NaN where nothing else is there.

    >>> float(nanmax([1.0, np.nan, 2.0]))
    2.0
    """
    top = max(where(equal(x, x), x, -math.inf), axis=axis, keepdims=keepdims)
    return where(sum(equal(x, x), axis=axis, keepdims=keepdims), top, math.nan)


@composite
def nanmin(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The minimum over `axis` of what is no NaN; NaN where nothing else is there.

    >>> float(nanmin([1.0, np.nan, 2.0]))
    1.0
    """
    return neg(nanmax(neg(x), axis, keepdims))


# --- between points -----------------------------------------------------------------------------


@composite
def interp(x: Any, xp: Any, fp: Any) -> Any:
    """The line through the points (`xp`, `fp`) at `x`, constant beyond its ends.

    Differentiable in all three; at a point itself the derivative is that to its right.

    Args:
        x: where, of any shape.
        xp: ascending, (n,).
        fp: (n,).

    >>> float(interp(1.5, [1.0, 2.0], [10.0, 20.0]))
    15.0
    """
    n = math.prod(shape_of(xp))
    if len(shape_of(xp)) != 1 or shape_of(xp) != shape_of(fp) or n == 0:
        raise ValueError(
            f"interp: xp and fp must be of one shape (n,), n ≥ 1, got {shape_of(xp)} and "
            f"{shape_of(fp)}"
        )
    shape = shape_of(x)
    xs, fs, x = (reshape(z, shape=(-1,)) for z in (xp, fp, x))
    x = reshape(x, shape=(-1, 1))
    left, right = take(xs, index=slice(None, -1)), take(xs, index=slice(1, None))
    low, high = take(fs, index=slice(None, -1)), take(fs, index=slice(1, None))
    slope = div(sub(high, low), sub(right, left))
    line = add(mul(slope, sub(x, left)), low)
    back = add(mul(slope, sub(x, right)), high)  # as NumPy does where infinities meet
    line = where(equal(line, line), line, where(equal(x, left), low, back))
    # Pieces are chosen, not added up: what other pieces come to is nothing to a point.
    before, behind = heaviside(sub(left, x)), heaviside(sub(right, x))
    inside = sum(where(mul(sub(1.0, before), behind), line, 0.0), axis=-1)
    x, first, last = reshape(x, shape=(-1,)), take(xs, index=0), take(xs, index=-1)
    found = where(heaviside(sub(last, x)), inside, take(fs, index=-1))
    found = where(heaviside(sub(first, x)), take(fs, index=0), found)
    return reshape(where(equal(x, x), found, math.nan), shape=shape)
