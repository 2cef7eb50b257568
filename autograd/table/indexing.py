"""Rows that take elements out, put them in, and put arrays together."""

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from autograd.core.primitive import primitive
from autograd.table import checks, kernels
from autograd.table.shapes import reshape, shape_of


def slices(ndim: int, axis: int, part: slice) -> tuple[slice, ...]:
    """The index that takes `part` along one axis and everything along the others."""
    return (*(slice(None),) * axis, part, *(slice(None),) * (ndim - axis - 1))


def flip(x: Any, axis: int) -> Any:
    return take(x, index=slices(x.ndim, axis, slice(None, None, -1)))


def unpadded(x: Any, width: tuple[tuple[int, int], ...]) -> tuple[slice, ...]:
    return tuple(
        slice(before, before + n) for n, (before, _) in zip(shape_of(x), width, strict=True)
    )


def cumsum_back(g: Any, out: Any, x: Any, axis: int | None) -> Any:
    axis = 0 if axis is None else normalize_axis_index(axis, g.ndim)
    return reshape(flip(cumsum(flip(g, axis), axis=axis), axis), shape=shape_of(x))


def concatenate_back(i: int, g: Any, out: Any, *xs: Any, axis: int) -> Any:
    axis = normalize_axis_index(axis, out.ndim)
    start = sum(shape_of(x)[axis] for x in xs[:i])
    return take(g, index=slices(out.ndim, axis, slice(start, start + shape_of(xs[i])[axis])))


def stack_back(i: int, g: Any, out: Any, *xs: Any, axis: int) -> Any:
    axis = normalize_axis_index(axis, out.ndim)
    return take(g, index=(*(slice(None),) * axis, i))


# fmt: off
take = primitive("take", "[]", None, lambda x, index: x[index],
                 (lambda g, out, x, index: scatter(g, index=index, shape=shape_of(x)),),
                 "x[index] with NumPy's basic, boolean and integer indexing; adjoint of scatter.",
                 params={"index": ...}, prepare=checks.index, linear=True, view=True,
                 cases=((((3, 4),), {"index": (slice(None, None, 2), 1)}),
                        (((3, 4),), {"index": np.array([[0, 2], [2, 2]])}),
                        (((3, 4),), {"index": (np.array([0, 0]), np.array([1, 1]))}),
                        (((3,),), {"index": np.array([True, False, True])}), (((3, 4),), {"index": (None, ..., -1)})),
                 says="What was taken receives; whatever was taken twice receives both.")
scatter = primitive("scatter", "scatter", None, kernels.scatter_into,
                    (lambda g, out, x, index, shape: take(g, index=index),),
                    "Zeros of `shape` with x added at `index`, repeated indices accumulating; adjoint of take.",
                    params={"index": ..., "shape": ()},
                    prepare=lambda index, shape: checks.index(index, **checks.shape(shape)), linear=True,
                    cases=((((2, 2),), {"index": (slice(None, None, 2), slice(1, 3)), "shape": (3, 4)}),
                           (((3,),), {"index": np.array([1, 1, 0]), "shape": (4,)})))
pad = primitive("pad", "pad", None, kernels.pad_with,
                (lambda g, out, x, width, value: take(g, index=unpadded(x, width)),),
                "x with `width` = ((before, after), ...) elements of `value` around it.",
                params={"width": (), "value": 0.0}, prepare=checks.pad,
                cases=((((2, 3),), {"width": ((1, 0), (2, 1))}), (((3,),), {"width": ((0, 2),), "value": 5.0})))
cumsum = primitive("cumsum", "cumsum", None, np.cumsum,
                   (cumsum_back,), "The running sum along `axis` (None: of all elements in a row).",
                   params={"axis": None}, linear=True,
                   cases=((((3, 4),), {"axis": 0}), (((3, 4),), {"axis": -1}), (((3, 2),), {})))
concatenate = primitive("concatenate", "concat", None, lambda *xs, axis: np.concatenate(xs, axis),
                        (concatenate_back,), "The operands end to end along `axis`.",
                        variadic=True, params={"axis": 0}, linear=True,
                        cases=((((2, 3), (1, 3)), {}), (((2, 3), (2, 1), (2, 2)), {"axis": -1})),
                        says="Each part receives its own piece of the upstream gradient.")
stack = primitive("stack", "stack", None, lambda *xs, axis: np.stack(xs, axis),
                  (stack_back,), "The operands, of one shape, side by side along a new `axis`.",
                  variadic=True, params={"axis": 0}, linear=True,
                  cases=((((2, 3), (2, 3)), {}), (((2,), (2,), (2,)), {"axis": -1}), (((), ()), {})),
                  says="Each part receives its own piece of the upstream gradient.")
