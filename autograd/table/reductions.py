"""Rows that reduce axes, and `broadcast_to`, which makes them."""

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd.core.primitive import Case, primitive
from autograd.table import checks, kernels
from autograd.table.elementwise import maximum, shared
from autograd.table.masks import equal
from autograd.table.shapes import reshape, shape_of

AXIS = {"axis": None, "keepdims": False}
CASES: tuple[Case, ...] = (
    (((3, 4),), {}),
    (((3, 4),), {"axis": 0}),
    (((3, 4),), {"axis": -1, "keepdims": True}),
    (((2, 3, 4),), {"axis": (0, 2)}),
    (((),), {}),
    (((1, 1),), {"axis": 1}),
)


def with_axes(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`g`, which was reduced over `axis` of x, with the reduced axes back as ones."""
    if keepdims or axis is None:  # a number broadcasts as it is
        return g
    axes = normalize_axis_tuple(axis, len(shape_of(x)))
    return reshape(g, shape=tuple(1 if i in axes else n for i, n in enumerate(shape_of(x))))


def sum_back(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return broadcast_to(with_axes(g, x, axis, keepdims), shape=shape_of(x))


def max_back(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    largest = with_axes(out, x, axis, keepdims)
    ties = equal(x, largest)
    share = ties / sum(ties, axis=axis, keepdims=True)
    return shared(with_axes(g, x, axis, keepdims), share, x, largest)


def max_of_objects(x: np.ndarray, axis: Any, keepdims: bool) -> Any:
    """`maximum` of all elements at once, so that ties share equally here too."""
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    rows = np.transpose(x, rest + axes).reshape(
        *(x.shape[i] for i in rest), math.prod(x.shape[i] for i in axes)
    )
    out = np.empty(rows.shape[:-1], object)
    for place in np.ndindex(*out.shape):
        out[place] = maximum(*rows[place])
    out = np.expand_dims(out, axes) if keepdims else out
    return out if out.ndim else out[()]


# fmt: off
sum = primitive("sum", "Σ", None, np.sum, (sum_back,), "The sum over `axis` (None: all).",
                params=AXIS, prepare=checks.axis, linear=True, remedy="scale the summands down first",
                cases=CASES,
                says="Σ copies: each element receives the upstream gradient of its sum.")
max = primitive("max", "max", None, kernels.largest, (max_back,),
                "The maximum over `axis` (None: all); ties share the gradient equally.",
                params=AXIS, prepare=checks.axis, objects=max_of_objects, kinks="ties share the gradient equally",
                cases=CASES,
                says="max routes: the largest element receives everything; ties share.")
broadcast_to = primitive("broadcast_to", "broadcast", None, kernels.broadcast_copy,
                         (lambda g, out, x, shape: sum_to(g, shape=shape_of(x)),),
                         "x repeated to `shape`, as NumPy broadcasts; adjoint of sum_to.",
                         params={"shape": ()}, prepare=checks.shape, linear=True,
                         cases=((((3, 1),), {"shape": (2, 3, 4)}), (((),), {"shape": (2,)}),
                                (((2, 3),), {"shape": (2, 3)})),
                         says="Copies add up: an element receives the sum over its copies.")
sum_to = primitive("sum_to", "Σ→", None, kernels.sum_to_shape,
                   (lambda g, out, x, shape: broadcast_to(g, shape=shape_of(x)),),
                   "x summed over the axes along which `shape` would be broadcast; adjoint of broadcast_to.",
                   params={"shape": ()}, prepare=checks.shape, linear=True, view=True,
                   cases=((((2, 3, 4),), {"shape": (3, 1)}), (((2,),), {"shape": ()}), (((2, 3),), {"shape": (2, 3)})))
to_value = primitive("to_value", "value", None, kernels.only_number,
                     (lambda g, out, x: broadcast_to(g, shape=shape_of(x)),), "A 0-d Tensor as a Value.",
                     linear=True, cases=((((),), {}),))
