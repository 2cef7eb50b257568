"""NumPy's products and norms, for nodes: all of them by primitives.

Each has the name, the parameters and the meaning of NumPy's function.
"""

from __future__ import annotations

import math
import string
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd.arithmetic.arrangements import moveaxis, ravel, squeeze
from autograd.table import reductions
from autograd.table.composites import norm as euclidean
from autograd.table.contraction import einsum
from autograd.table.elementwise import abs as absolute
from autograd.table.elementwise import mul
from autograd.table.elementwise import pow as power
from autograd.table.indexing import stack
from autograd.table.products import matmul
from autograd.table.shapes import reshape, shape_of

LABELS = string.ascii_letters  # of einsum

# --- products -----------------------------------------------------------------------------------


def outer(a: Any, b: Any) -> Any:
    return mul(reshape(a, shape=(-1, 1)), reshape(b, shape=(1, -1)))


def inner(a: Any, b: Any) -> Any:
    if not shape_of(a) or not shape_of(b):
        return mul(a, b)
    return tensordot(a, b, (-1, -1))


def vdot(a: Any, b: Any) -> Any:
    return matmul(ravel(a), ravel(b))


def kron(a: Any, b: Any) -> Any:
    ndim = max(len(shape_of(a)), len(shape_of(b)))
    m, n = ((1,) * (ndim - len(shape_of(z))) + shape_of(z) for z in (a, b))
    apart = [size for k in m for size in (k, 1)], [size for k in n for size in (1, k)]
    product = mul(reshape(a, shape=apart[0]), reshape(b, shape=apart[1]))
    return reshape(product, shape=tuple(i * j for i, j in zip(m, n, strict=True)))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Each pair of axes becomes one label of an einsum."""
    mine, theirs = len(shape_of(a)), len(shape_of(b))
    if isinstance(axes, (int, np.integer)):
        left, right = list(range(mine - axes, mine)), list(range(axes))
    else:
        left, right = ([side] if np.ndim(side) == 0 else list(side) for side in axes)
    if len(left) != len(right):
        raise ValueError("np.tensordot: as many axes of each operand must be given")
    first, second = list(LABELS[:mine]), list(LABELS[mine : mine + theirs])
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    rest = [c for c in first if c not in second] + [c for c in second if c not in first]
    return einsum(f"{''.join(first)},{''.join(second)}->{''.join(rest)}", a, b)


def contracted(*operands: Any) -> Any:
    """np.einsum in both of its forms: subscripts first, or a list of labels behind each operand."""
    if isinstance(operands[0], str):
        return einsum(*operands)
    *pairs, target = operands if len(operands) % 2 else (*operands, None)

    def text(labels: Any) -> str:
        return "".join("..." if label is Ellipsis else LABELS[label] for label in labels)

    subscripts = ",".join(map(text, pairs[1::2]))
    return einsum(subscripts + ("" if target is None else f"->{text(target)}"), *pairs[::2])


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(a, axisa, 0), moveaxis(b, axisb, 0)
    if shape_of(a)[0] != 3 or shape_of(b)[0] != 3:
        raise ValueError("np.cross: the vectors must have 3 elements")
    parts = [a[i] * b[j] - a[j] * b[i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return moveaxis(stack(*parts, axis=0), 0, axisc)


def multi_dot(arrays: Any) -> Any:
    found, *rest = arrays
    for x in rest:
        found = matmul(found, x)
    return found


# --- norms --------------------------------------------------------------------------------------


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """What np.linalg.norm does, but for the norms that need singular values."""
    ndim = len(shape_of(x))
    if axis is None and (ord is None or ndim == 0):
        return euclidean(x, axis, keepdims)
    axes = normalize_axis_tuple(range(ndim) if axis is None else axis, ndim)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes, keepdims)
    if len(axes) != 2:
        raise ValueError("np.linalg.norm: an order needs one axis, or the two of matrices")
    if ord in (None, "fro"):
        return euclidean(x, axes, keepdims)
    if ord not in (1, -1, math.inf, -math.inf):
        raise TypeError(
            f"np.linalg.norm: ord={ord!r} of matrices is not supported; use 'fro', ±1 or ±inf"
        )
    rows, columns = axes if abs(ord) == 1 else axes[::-1]
    sums = reductions.sum(absolute(x), axis=rows, keepdims=True)
    found = _extreme(sums, ord > 0, columns)
    return found if keepdims else squeeze(found, axes)


def _extreme(x: Any, largest: bool, axis: Any) -> Any:
    top = reductions.max(x if largest else -x, axis=axis, keepdims=True)
    return top if largest else -top


def _vector_norm(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    if ord is None or ord == 2:
        return euclidean(x, axes, keepdims)
    if not isinstance(ord, (int, float)) or ord == 0:
        raise TypeError(
            f"np.linalg.norm: ord={ord!r} of vectors is not supported; use p ≠ 0 or ±inf"
        )
    if math.isinf(ord):
        found = _extreme(absolute(x), ord > 0, axes)
        return found if keepdims else squeeze(found, axes)
    total = reductions.sum(power(absolute(x), float(ord)), axis=axes, keepdims=keepdims)
    return total if ord == 1 else power(total, 1 / ord)


def vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    x, axis = (ravel(x), 0) if axis is None and not keepdims else (x, axis)
    axes = normalize_axis_tuple(range(len(shape_of(x))) if axis is None else axis, len(shape_of(x)))
    return _vector_norm(x, ord, axes, keepdims)
