"""NumPy's ways to arrange, repeat and join elements, for nodes: all of them by primitives.

Each has the name and the meaning of NumPy's function.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd.table import reductions
from autograd.table.elementwise import sub
from autograd.table.indexing import concatenate, scatter, stack, take
from autograd.table.indexing import pad as padded
from autograd.table.masks import where
from autograd.table.reductions import broadcast_to
from autograd.table.shapes import reshape, shape_of, transpose

# --- axes ---------------------------------------------------------------------------------------


def ravel(a: Any) -> Any:
    return reshape(a, shape=(-1,))


def expand_dims(a: Any, axis: Any) -> Any:
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    ndim = len(shape_of(a)) + len(axes)
    new, old = normalize_axis_tuple(axes, ndim), iter(shape_of(a))
    return reshape(a, shape=tuple(1 if i in new else next(old) for i in range(ndim)))


def squeeze(a: Any, axis: Any = None) -> Any:
    shape = shape_of(a)
    ones = [i for i, n in enumerate(shape) if n == 1]
    axes = ones if axis is None else normalize_axis_tuple(axis, len(shape))
    if not set(axes) <= set(ones):
        raise ValueError(f"np.squeeze: only axes of size 1 can be left out, got shape {shape}")
    return reshape(a, shape=tuple(n for i, n in enumerate(shape) if i not in axes))


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    ndim = len(shape_of(a))
    sources = normalize_axis_tuple(source, ndim, "source")
    places = normalize_axis_tuple(destination, ndim, "destination")
    if len(sources) != len(places):
        raise ValueError("np.moveaxis: source and destination must have as many axes")
    order = [i for i in range(ndim) if i not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        order.insert(place, axis)
    return transpose(a, axes=tuple(order))


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(len(shape_of(a))))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return transpose(a, axes=tuple(order))


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    ndim = len(shape_of(a))
    axis, start = normalize_axis_index(axis, ndim), start + ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


def atleast_1d(x: Any) -> Any:
    return x if shape_of(x) else reshape(x, shape=(1,))


def atleast_2d(x: Any) -> Any:
    x = atleast_1d(x)
    return x if len(shape_of(x)) > 1 else expand_dims(x, 0)


def atleast_3d(x: Any) -> Any:
    x = atleast_2d(x) if len(shape_of(x)) != 1 else reshape(x, shape=(1, -1))
    return x if len(shape_of(x)) > 2 else expand_dims(x, -1)


# --- order and repetition -----------------------------------------------------------------------


def flip(m: Any, axis: Any = None) -> Any:
    shape = shape_of(m)
    axes = range(len(shape)) if axis is None else normalize_axis_tuple(axis, len(shape))
    if not shape:
        return m
    turned = tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(len(shape)))
    return take(m, index=turned)


def rot90(m: Any, k: int = 1, axes: Sequence[int] = (0, 1)) -> Any:
    first, second = normalize_axis_tuple(axes, len(shape_of(m)))
    for _ in range(k % 4):
        m = swapaxes(flip(m, second), first, second)
    return m


def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), shape=shape_of(a))
    shifts, axes = np.broadcast_arrays(shift, axis)
    for n, i in zip(shifts.ravel().tolist(), axes.ravel().tolist(), strict=True):
        size = shape_of(a)[i]
        places = (np.arange(size) - n) % size if size else np.arange(0)
        a = take_along(a, places, normalize_axis_index(i, len(shape_of(a))))
    return a


def take_along(x: Any, places: Any, axis: int) -> Any:
    """The elements at integer `places` of one axis."""
    return take(x, index=(*(slice(None),) * axis, places))


def taken(a: Any, indices: Any, axis: int | None = None) -> Any:
    """What np.take does."""
    a, axis = (ravel(a), 0) if axis is None else (a, normalize_axis_index(axis, len(shape_of(a))))
    return take_along(a, np.asarray(indices), axis)


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    a, axis = (ravel(a), 0) if axis is None else (a, normalize_axis_index(axis, len(shape_of(a))))
    return take_along(a, np.repeat(np.arange(shape_of(a)[axis]), repeats), axis)


def tile(A: Any, reps: Any) -> Any:
    reps = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    ndim = max(len(reps), len(shape_of(A)))
    shape = (1,) * (ndim - len(shape_of(A))) + shape_of(A)
    reps = (1,) * (ndim - len(reps)) + reps
    A = reshape(A, shape=tuple(n for size in shape for n in (1, size)))
    A = broadcast_to(A, shape=tuple(n for pair in zip(reps, shape, strict=True) for n in pair))
    return reshape(A, shape=tuple(r * n for r, n in zip(reps, shape, strict=True)))


def meshgrid(*xs: Any, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"np.meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    n, swapped = len(xs), indexing == "xy" and len(xs) > 1
    places = [1, 0, *range(2, n)] if swapped else list(range(n))
    grids = [
        reshape(x, shape=tuple(-1 if i == place else 1 for i in range(n)))
        for x, place in zip(xs, places, strict=True)
    ]
    shape = np.broadcast_shapes(*map(shape_of, grids))
    return tuple(grids if sparse else (broadcast_to(x, shape=shape) for x in grids))


# --- diagonals and triangles --------------------------------------------------------------------


def tril(m: Any, k: int = 0) -> Any:
    return where(_lower(m, k), m, 0.0)


def triu(m: Any, k: int = 0) -> Any:
    return where(_lower(m, k - 1), 0.0, m)


def _lower(m: Any, k: int) -> Any:
    rows, columns = (shape_of(m) * 2)[-2:]  # of a vector as many as columns, as NumPy has it
    return np.tri(rows, columns, k)


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    a = moveaxis(a, (axis1, axis2), (-2, -1))
    rows, columns = shape_of(a)[-2:]
    count = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    steps = np.arange(count)
    return take(a, index=(..., steps - min(offset, 0), steps + max(offset, 0)))


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return reductions.sum(diagonal(a, offset, axis1, axis2), axis=-1)


def diag(v: Any, k: int = 0) -> Any:
    if len(shape_of(v)) not in (1, 2):
        raise ValueError(f"np.diag: takes a vector or a matrix, got shape {shape_of(v)}")
    return diagonal(v, k) if len(shape_of(v)) == 2 else diagflat(v, k)


def diagflat(v: Any, k: int = 0) -> Any:
    v = ravel(v)
    n, steps = shape_of(v)[0] + abs(k), np.arange(shape_of(v)[0])
    places = (steps - min(k, 0), steps + max(k, 0))
    return scatter(v, index=places, shape=(n, n))


# --- joining and splitting ----------------------------------------------------------------------


def joined(arrays: Any, axis: int | None = 0) -> Any:
    """What np.concatenate does."""
    if axis is None:
        return concatenate(*map(ravel, arrays), axis=0)
    return concatenate(*arrays, axis=axis)


def stacked(arrays: Any, axis: int = 0) -> Any:
    """What np.stack does."""
    return stack(*arrays, axis=axis)


def vstack(tup: Any) -> Any:
    return concatenate(*map(atleast_2d, tup), axis=0)


def hstack(tup: Any) -> Any:
    tup = list(map(atleast_1d, tup))
    return concatenate(*tup, axis=0 if len(shape_of(tup[0])) == 1 else 1)


def dstack(tup: Any) -> Any:
    return concatenate(*map(atleast_3d, tup), axis=2)


def column_stack(tup: Any) -> Any:
    return concatenate(
        *(reshape(x, shape=(-1, 1)) if len(shape_of(x)) < 2 else x for x in tup), axis=1
    )


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return joined((arr, values), axis)


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    axis = normalize_axis_index(axis, len(shape_of(ary)))
    places = np.array_split(np.arange(shape_of(ary)[axis]), indices_or_sections)
    return [
        take(ary, index=(*(slice(None),) * axis, slice(start, start + len(p))))
        for p in places
        for start in [int(p[0]) if len(p) else 0]
    ]


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    if np.ndim(indices_or_sections) == 0 and shape_of(ary)[axis] % indices_or_sections:
        raise ValueError(
            f"np.split: an axis of {shape_of(ary)[axis]} does not split into "
            f"{indices_or_sections} equal parts; use np.array_split"
        )
    return array_split(ary, indices_or_sections, axis)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 0 if len(shape_of(ary)) == 1 else 1)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 0)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return split(ary, indices_or_sections, 2)


def diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    for _ in range(n):
        i = normalize_axis_index(axis, len(shape_of(a)))
        later = take(a, index=(*(slice(None),) * i, slice(1, None)))
        a = sub(later, take(a, index=(*(slice(None),) * i, slice(None, -1))))
    return a


def padding(array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0.0) -> Any:
    """What np.pad does, in the modes constant, edge, reflect, symmetric and wrap."""
    shape = shape_of(array)
    if not shape:
        return array
    pairs = np.broadcast_to(np.asarray(pad_width), (len(shape), 2)).tolist()
    if mode == "constant":
        return padded(array, width=pairs, value=constant_values)
    if mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise TypeError(
            f"np.pad: mode={mode!r} is not supported; "
            f"use constant, edge, reflect, symmetric or wrap"
        )
    for axis, (pair, size) in enumerate(zip(pairs, shape, strict=True)):
        places = np.pad(np.arange(size), pair, mode)  # type: ignore[call-overload]
        array = take_along(array, places, axis)
    return array


# --- of several kinds -----------------------------------------------------------------------------


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ValueError("np.select: there must be as many conditions as choices")
    found = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        found = where(condition, choice, found)
    return found


def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*map(shape_of, args))
    return tuple(broadcast_to(x, shape=shape) for x in args)


def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    x = moveaxis(x, axis, 0)
    return tuple(x[i] for i in range(shape_of(x)[0]))


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, axis: int = 0) -> Any:
    ndim = max(len(shape_of(start)), len(shape_of(stop)))
    shares = np.linspace(0.0, 1.0, num, endpoint=endpoint).reshape(-1, *(1,) * ndim)
    return moveaxis(start * (1 - shares) + stop * shares, 0, axis)


def gradient(f: Any, *varargs: Any, axis: Any = None) -> Any:
    """By differences of neighbours, central inside, for evenly spaced numbers."""
    ndim = len(shape_of(f))
    axes = normalize_axis_tuple(range(ndim) if axis is None else axis, ndim)
    steps = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    if len(steps) != len(axes) or any(np.ndim(step) for step in steps):
        raise TypeError("np.gradient: one number for the spacing, or one an axis, is supported")
    found = []
    for i, step in zip(axes, steps, strict=True):
        x = moveaxis(f, i, 0)
        inside = sub(x[2:], x[:-2]) / 2
        slopes = concatenate(x[1:2] - x[:1], inside, x[-1:] - x[-2:-1], axis=0) / step
        found.append(moveaxis(slopes, 0, i))
    return found[0] if len(found) == 1 else tuple(found)
