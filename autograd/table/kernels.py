"""Forward passes, on raw numbers, that Python and NumPy do not have in one call.

What a replay wants in a buffer takes `out` after its operands, as ufuncs do. The shapes were
checked then when the graph was recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.lib.stride_tricks import sliding_window_view


def mask(condition: np.ndarray, *like: Any) -> np.ndarray:
    """A boolean array as 0.0 and 1.0, in the floating dtype of `like`."""
    return condition.astype(np.result_type(*like))


def scalar_extreme(choose: Callable[..., float]) -> Callable[..., float]:
    """Python's `max` or `min`, but a NaN stays one as in NumPy."""
    return lambda *xs: choose(xs) if all(x == x for x in xs) else math.nan


def scalar_sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def array_sigmoid(x: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", under="ignore"):  # exp(-x) = inf gives the right 0
        return sigmoid(x)


def sigmoid(x: Any, out: np.ndarray | None = None) -> Any:
    return np.divide(1, np.add(1, np.exp(np.negative(x, out), out), out), out)


ERF_STEPS, ERF_END = 1024, 6  # grid points a unit; from here on erf is 1 in float64


@cache
def erf_grid(dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """erf and its derivative at 0, 1/1024, ..., 6."""
    points = np.arange(ERF_STEPS * ERF_END + 1) / ERF_STEPS
    slopes = 2 / math.sqrt(math.pi) * np.exp(-points * points)
    return np.array([math.erf(x) for x in points], dtype), slopes.astype(dtype)


def array_erf(x: np.ndarray) -> np.ndarray:
    """erf, which NumPy lacks: its Taylor series at the nearest grid point."""
    values, slopes = erf_grid(x.dtype)
    flat, out = np.ravel(x), np.empty(x.size, x.dtype)
    for start in range(0, x.size, 1 << 13):  # parts that stay in the cache
        part = flat[start : start + (1 << 13)]
        size = np.minimum(np.abs(part), ERF_END)
        with np.errstate(invalid="ignore"):  # NaN has no nearest point, and stays NaN in `d`
            i = np.rint(size * ERF_STEPS).astype(np.intp)
        a = i.astype(x.dtype)
        a *= 1 / ERF_STEPS
        d, square = size - a, a * a
        series = d * (a * (3 - 2 * square) / 6 + d * 0.1)  # 1/10: the fifth order's, at 0
        series += (2 * square - 1) / 3
        series *= d
        series -= a
        series *= d
        series += 1
        series *= d
        series *= slopes.take(i, mode="clip")
        series += values.take(i, mode="clip")
        np.copysign(series, part, out[start : start + (1 << 13)])
    return out.reshape(np.shape(x))


def scalar_softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


def only_number(x: Any) -> Any:
    """The number, or the Value, in a 0-d array."""
    if not isinstance(x, np.ndarray):
        return float(x)
    if x.ndim:
        raise ValueError("only a single number, of shape (), becomes a Value; index or sum it")
    return x.item()


def broadcast_copy(x: Any, out: np.ndarray | None = None, *, shape: tuple[int, ...]) -> np.ndarray:
    """A broadcast array of its own memory: quicker to make, and to use, than NumPy's view."""
    if out is None:
        if np.ndim(x) > len(shape):  # the assignment would drop leading axes of length 1
            raise ValueError(f"it has {np.ndim(x)} axes, which do not broadcast to {shape}")
        out = np.empty(shape, getattr(x, "dtype", np.float64))
    out[...] = x
    return out


def largest(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    try:
        return np.max(x, axis, keepdims=keepdims)
    except ValueError as error:
        if np.size(x) or isinstance(error, AxisError):
            raise
        raise ValueError(
            "there is no largest and no smallest of no elements; leave them out, or concatenate a "
            "number that is smaller (larger) than all"
        ) from None


@lru_cache(32)
def ones(n: int, dtype: np.dtype) -> np.ndarray:
    return np.ones(n, dtype)


def sum_to_shape(x: Any, out: np.ndarray | None = None, *, shape: tuple[int, ...]) -> Any:
    have, size = np.shape(x), math.prod(shape)
    lead = len(have) - len(shape)
    if have[lead:] == shape:  # the usual case: a bias, broadcast over rows
        if size == 1 or x.dtype == object:  # one column NumPy adds up in pairs
            return np.add.reduce(x, axis=tuple(range(lead)), out=out)
        rows = x.reshape(math.prod(have[:lead]), size)
        row = None if out is None else out.reshape(size)
        return np.dot(ones(len(rows), x.dtype), rows, row).reshape(shape)  # fast, and precise
    if lead < 0 or any(n not in (1, m) for n, m in zip(shape, have[lead:], strict=True)):
        raise ValueError(f"{have} does not come from broadcasting {shape}")
    axes = [i for i in range(len(have)) if i < lead or shape[i - lead] != have[i]]
    kept = [1 if i in axes else n for i, n in enumerate(have)]  # a sum of all objects is no array
    row = None if out is None else out.reshape(kept)
    return np.add.reduce(x, axis=tuple(axes), out=row, keepdims=True).reshape(shape)


def is_fancy(index: tuple[Any, ...]) -> bool:
    """Whether an element may be taken twice, so that gradients must be added up."""
    return any(isinstance(i, np.ndarray) and i.dtype != bool for i in index)


FEW = 1000  # numbers, of which `add.at` makes short work in any case


def accumulate(out: np.ndarray, index: tuple[Any, ...], x: Any) -> None:
    """`out[index] += x`, repeated indices accumulating.

    Whole rows are added number by number along flat arrays, where `add.at` is ten times as fast.
    """
    lead, row = out.shape[: len(index)], out.shape[len(index) :]
    if np.size(x) < FEW or not row or any(not is_fancy((i,)) for i in index):
        np.add.at(out, index, x)
        return
    rows = np.arange(math.prod(lead)).reshape(lead)[index]
    places = rows[..., None] * math.prod(row) + np.arange(math.prod(row))
    x = np.broadcast_to(x, rows.shape + row)
    np.add.at(out.ravel(), places.ravel(), x.ravel())


def scatter_into(
    x: Any, out: np.ndarray | None = None, *, index: tuple[Any, ...], shape: tuple[int, ...]
) -> np.ndarray:
    x = np.asarray(x)
    if out is None:
        out = np.full(shape, 0.0, x.dtype)
    else:
        out.fill(0.0)
    if is_fancy(index):
        accumulate(out, index, x)
        return out
    if x.ndim > np.ndim(out[index]):  # the assignment would drop leading axes of length 1
        raise ValueError(f"it has {x.ndim} axes, which do not broadcast to {np.shape(out[index])}")
    out[index] = x
    return out


def view_windows(
    x: np.ndarray, size: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> np.ndarray:
    n = len(size)
    spans = tuple((k - 1) * d + 1 for k, d in zip(size, dilation, strict=True))
    if np.ndim(x) < n or any(
        have < span for have, span in zip(np.shape(x)[-n:], spans, strict=True)
    ):
        raise ValueError(f"a window spanning {spans} must fit into the last {n} axes; pad first")
    view = sliding_window_view(x, spans, axis=tuple(range(-n, 0)))
    steps: Any = (slice(None, None, step) for step in (*stride, *dilation))
    return view[..., *steps]


def add_windows(
    x: np.ndarray,
    out: np.ndarray | None = None,
    *,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> np.ndarray:
    n: Any = len(shape)
    if np.ndim(x) < 2 * n:
        raise ValueError(f"windows over {n} axes have at least {2 * n}, got {np.ndim(x)}")
    counts, size = x.shape[-2 * n : -n], x.shape[-n:]
    if out is None:
        fitting = tuple(
            (have - (k - 1) * d - 1) // s + 1
            for have, k, s, d in zip(shape, size, stride, dilation, strict=True)
        )
        if counts != fitting:
            raise ValueError(
                f"{fitting} windows of {size} stand on the shape {shape}, got {counts}"
            )
        # In the memory order of x, so that what is added is contiguous where x is.
        whole = x.shape[: -2 * n] + shape
        out = np.full_like(x, 0.0, shape=whole + (1,) * n).reshape(whole)
    else:
        out.fill(0.0)
    for offset in np.ndindex(*size):
        places: Any = tuple(
            slice(o * d, o * d + s * (c - 1) + 1, s)
            for o, d, s, c in zip(offset, dilation, stride, counts, strict=True)
        )
        part: Any = out[..., *places]
        np.add(part, x[..., *offset], part)
    return out


def pad_with(
    x: Any, out: np.ndarray | None = None, *, width: tuple[tuple[int, int], ...], value: float
) -> np.ndarray:
    if out is None:
        if len(width) != np.ndim(x):
            raise ValueError(
                f"a pair (before, after) for each of {np.ndim(x)} axes, got {len(width)}"
            )
        shape = tuple(
            n + before + after for n, (before, after) in zip(np.shape(x), width, strict=True)
        )
        out = np.full_like(x, value, shape=shape)  # unlike np.pad, in the memory order of x
    else:
        out.fill(value)
    out[tuple(slice(b, b + n) for n, (b, _) in zip(np.shape(x), width, strict=True))] = x
    return out
