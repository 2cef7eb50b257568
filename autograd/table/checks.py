"""Checks of the primitives' parameters: what a user may write, in one clean form."""

import math
import operator
from typing import Any

import numpy as np

from autograd.core.numbers import frozen


def integers(who: str, numbers: Any) -> tuple[int, ...]:
    try:
        if not isinstance(numbers, (tuple, list, np.ndarray)):
            return (operator.index(numbers),)
        return tuple(map(operator.index, numbers))
    except TypeError:
        raise TypeError(
            f"{who} must be an integer or a tuple of integers, got {numbers!r}"
        ) from None


def axis(axis: Any, keepdims: bool) -> dict[str, Any]:
    axis = axis if axis is None else integers("axis", axis)
    return {"axis": axis, "keepdims": bool(keepdims)}


def one_axis(axis: Any) -> dict[str, Any]:
    (axis,) = integers("axis", axis)
    return {"axis": axis}


def shape(shape: Any) -> dict[str, Any]:
    return {"shape": integers("shape", shape)}


def axes(axes: Any) -> dict[str, Any]:
    return {"axes": axes if axes is None else integers("axes", axes)}


def index(index: Any, **more: Any) -> dict[str, Any]:
    """A tuple of slices, integers, None, Ellipsis and frozen arrays of integers or booleans."""
    items = []
    for item in index if isinstance(index, tuple) else (index,):
        if isinstance(item, (list, np.ndarray)):
            item = np.asarray(item)
            if item.size == 0 and item.dtype == float:
                item = item.astype(int)
            if item.dtype.kind not in "iub":
                raise IndexError(
                    f"take: an index array must hold integers or booleans, got dtype {item.dtype}; "
                    f"convert it with .astype(int)"
                )
            item = frozen(item)
        elif isinstance(item, (bool, np.bool_)):
            item = np.asarray(item)
        elif item is not None and item is not Ellipsis and not isinstance(item, slice):
            try:
                item = operator.index(item)
            except TypeError:
                raise IndexError(
                    f"take: an index must be an integer, a slice, None, ... or an array of "
                    f"integers or booleans, got {item!r}"
                ) from None
        items.append(item)
    return {"index": tuple(items), **more}


def windows(size: Any, stride: Any, dilation: Any) -> dict[str, Any]:
    size = integers("windows: size", size)
    return {"size": size, **window_steps("windows", len(size), stride, dilation)}


def overlap_add(shape: Any, stride: Any, dilation: Any) -> dict[str, Any]:
    shape = integers("overlap_add: shape", shape)
    return {"shape": shape, **window_steps("overlap_add", len(shape), stride, dilation)}


def window_steps(who: str, n: int, stride: Any, dilation: Any) -> dict[str, tuple[int, ...]]:
    steps = {
        "stride": integers(f"{who}: stride", stride),
        "dilation": integers(f"{who}: dilation", dilation),
    }
    steps = {name: s * n if len(s) == 1 else s for name, s in steps.items()}
    for name, s in steps.items():
        if len(s) != n or min(s) < 1:
            raise ValueError(
                f"{who}: {name} must be a positive integer for each of {n} axes, got {s}"
            )
    return steps


def pad(width: Any, value: float) -> dict[str, Any]:
    pairs = tuple(integers("pad: width", pair) for pair in width) if np.ndim(width) == 2 else None
    if pairs is None or any(len(pair) != 2 or min(pair) < 0 for pair in pairs):
        raise ValueError(f"pad: width must be a pair (before, after) for each axis, got {width!r}")
    return {"width": pairs, "value": float(value)}


def clip(lo: Any, hi: Any) -> dict[str, Any]:
    lo, hi = -math.inf if lo is None else float(lo), math.inf if hi is None else float(hi)
    if not lo <= hi:
        raise ValueError(f"clip: the bounds must satisfy lo <= hi, got lo={lo}, hi={hi}")
    return {"lo": lo, "hi": hi}


def dtype(dtype: Any) -> dict[str, Any]:
    dtype = np.dtype(dtype)
    if dtype not in (np.float32, np.float64):
        raise TypeError(f"astype: numbers are float64 or float32 here, got {dtype}")
    return {"dtype": dtype}


def inner_dimensions(x: tuple[int, ...], y: tuple[int, ...]) -> str:
    """What is wrong with the shapes of a matrix product."""
    if () in (x, y):
        return f"both operands must have at least one axis, got {x} @ {y}; use * to scale"
    return f"the inner dimensions must agree, got {x} @ {y}; did you mean a transpose?"


def squares(*shapes: tuple[int, ...]) -> str:
    """What is wrong with the shape of what should be square matrices."""
    (shape,) = shapes
    if len(shape) < 2 or shape[-1] != shape[-2]:
        return f"the matrices must be square, (..., n, n), got {shape}"
    return ""


def system(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """What is wrong with the shapes of A X = B."""
    problem = squares(a)
    if not problem and (len(b) < 2 or a[-1] != b[-2]):
        return f"the right sides must be (..., {a[-1]}, m), got {b}; a vector needs b[:, None]"
    if not problem and any(
        m != n and 1 not in (m, n) for m, n in zip(a[-3::-1], b[-3::-1], strict=False)
    ):
        return f"the batch axes must broadcast together, got {a} and {b}"
    return problem


def same(*shapes: tuple[int, ...]) -> str:
    """What is wrong with shapes that should be one."""
    return (
        "" if len(set(shapes)) == 1 else f"the shapes must agree, got {shapes[0]} and {shapes[1]}"
    )
