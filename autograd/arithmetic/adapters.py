"""What NumPy's functions do on nodes: a line for each.

An adapter is called with what NumPy's parameters without default were given, in their order, and
with the others by NumPy's names; those that it lacks may only have their defaults, to which
`numpy_functions` sees. Functions in `PLAIN` give what is locally constant, or no numbers at all:
NumPy's own run on the plain numbers, and a tape is told of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.arithmetic import arrangements as arrange
from autograd.arithmetic import products as produce
from autograd.table import composites as c
from autograd.table import elementwise as e
from autograd.table import linalg, products, sorting, statistics
from autograd.table import transcendental as t
from autograd.table.contraction import dot
from autograd.table.indexing import cumsum
from autograd.table.masks import equal, floor, heaviside, isfinite, sign, where
from autograd.table.reductions import broadcast_to
from autograd.table.reductions import max as largest
from autograd.table.reductions import sum as total
from autograd.table.shapes import reshape, shape_of, transpose

Adapter = Callable[..., Any]


def clip(a: Any, a_min: Any = None, a_max: Any = None, min: Any = None, max: Any = None) -> Any:
    """By the row where the bounds are plain numbers, else by two rows that differentiate them."""
    lo, hi = min if a_min is None else a_min, max if a_max is None else a_max
    if all(bound is None or isinstance(bound, (int, float)) for bound in (lo, hi)):
        return e.clip(a, lo=lo, hi=hi)
    a = a if lo is None else e.maximum(a, lo)
    return a if hi is None else e.minimum(a, hi)


def average(a: Any, axis: Any = None, weights: Any = None, keepdims: bool = False) -> Any:
    if weights is None:
        return c.mean(a, axis, keepdims)
    if shape_of(weights) != shape_of(a):
        raise TypeError("np.average: weights= must have the shape of a here; broadcast them first")
    weighted = total(e.mul(a, weights), axis=axis, keepdims=keepdims)
    return e.div(weighted, total(weights, axis=axis, keepdims=keepdims))


def sort(a: Any, axis: int | None = -1) -> Any:
    return sorting.sort(arrange.ravel(a), axis=0) if axis is None else sorting.sort(a, axis=axis)


def solve(a: Any, b: Any) -> Any:
    """NumPy takes a right side of one axis for a vector."""
    if len(shape_of(b)) != 1:
        return linalg.solve(a, b)
    return arrange.squeeze(linalg.solve(a, arrange.expand_dims(b, -1)), -1)


def cholesky(a: Any, upper: bool = False) -> Any:
    return arrange.swapaxes(linalg.cholesky(a), -1, -2) if upper else linalg.cholesky(a)


def matrix_power(a: Any, n: int) -> Any:
    a, n = (linalg.inv(a), -n) if n < 0 else (a, n)
    found = e.mul(a, 0.0) + np.eye(shape_of(a)[-1]) if n == 0 else a
    for _ in range(n - 1):
        found = products.matmul(found, a)
    return found


def full_like(a: Any, fill_value: Any, shape: Any = None) -> Any:
    return broadcast_to(e.mul(fill_value, 1.0), shape=shape_of(a) if shape is None else shape)


def nan_to_num(x: Any, nan: Any = 0.0) -> Any:
    return where(isfinite(x), x, np.nan_to_num(getattr(x, "raw", x), nan=nan))


def several(function: Callable[[Any], Any]) -> Adapter:
    """Of several arguments a tuple."""
    return lambda *xs: function(xs[0]) if len(xs) == 1 else tuple(map(function, xs))


UFUNCS: dict[np.ufunc, Adapter] = {
    np.negative: e.neg,
    np.positive: lambda x: x,
    np.add: e.add,
    np.subtract: e.sub,
    np.multiply: e.mul,
    np.divide: e.div,
    np.power: e.pow,
    np.float_power: e.pow,
    np.square: c.square,
    np.reciprocal: lambda x: e.div(1.0, x),
    np.absolute: e.abs,
    np.fabs: e.abs,
    np.conjugate: lambda x: x,
    np.sign: sign,
    np.matmul: products.matmul,
    np.exp: e.exp,
    np.exp2: t.exp2,
    np.expm1: e.expm1,
    np.log: e.log,
    np.log2: t.log2,
    np.log10: t.log10,
    np.log1p: e.log1p,
    np.logaddexp: c.logaddexp,
    np.sqrt: e.sqrt,
    np.cbrt: t.cbrt,
    np.hypot: t.hypot,
    np.sin: e.sin,
    np.cos: e.cos,
    np.tan: t.tan,
    np.arcsin: t.arcsin,
    np.arccos: t.arccos,
    np.arctan: t.arctan,
    np.arctan2: t.arctan2,
    np.sinh: t.sinh,
    np.cosh: t.cosh,
    np.tanh: e.tanh,
    np.arcsinh: t.arcsinh,
    np.arccosh: t.arccosh,
    np.arctanh: t.arctanh,
    np.deg2rad: lambda x: e.mul(x, math.pi / 180),
    np.radians: lambda x: e.mul(x, math.pi / 180),
    np.rad2deg: lambda x: e.mul(x, 180 / math.pi),
    np.degrees: lambda x: e.mul(x, 180 / math.pi),
    np.maximum: e.maximum,
    np.minimum: e.minimum,
    np.isfinite: isfinite,
    np.fmax: lambda x, y: where(equal(x, x), where(equal(y, y), e.maximum(x, y), x), y),
    np.fmin: lambda x, y: where(equal(x, x), where(equal(y, y), e.minimum(x, y), x), y),
    np.heaviside: lambda x, y: where(equal(x, 0.0), y, heaviside(x)),
    np.logaddexp2: lambda x, y: e.div(c.logaddexp(e.mul(x, t.LN2), e.mul(y, t.LN2)), t.LN2),
    np.floor: floor,
    np.ceil: lambda x: e.neg(floor(e.neg(x))),
    np.remainder: e.mod,
    np.vecdot: lambda x, y: total(e.mul(x, y), axis=-1),
}
FUNCTIONS: dict[Any, Adapter] = {
    # reductions
    np.sum: total,
    np.mean: c.mean,
    np.prod: c.prod,
    np.max: largest,
    np.min: c.min,
    np.var: c.var,
    np.std: c.std,
    np.amax: largest,
    np.amin: c.min,
    np.average: average,
    np.cumsum: cumsum,
    np.cumprod: c.cumprod,
    np.ptp: lambda a, axis=None, keepdims=False: e.sub(
        largest(a, axis=axis, keepdims=keepdims), c.min(a, axis, keepdims)
    ),
    np.median: statistics.median,
    np.quantile: statistics.quantile,
    np.percentile: statistics.percentile,
    np.nansum: statistics.nansum,
    np.nanprod: statistics.nanprod,
    np.nanmean: statistics.nanmean,
    np.nanmax: statistics.nanmax,
    np.nanmin: statistics.nanmin,
    np.nanvar: statistics.nanvar,
    np.nanstd: statistics.nanstd,
    # elements
    np.where: lambda condition, x=None, y=None: where(condition, x, y),
    np.clip: clip,
    np.take: arrange.taken,
    np.sort: sort,
    np.partition: lambda a, kth, axis=-1: sort(a, axis),
    np.linspace: arrange.linspace,
    np.gradient: arrange.gradient,
    np.angle: lambda z: t.arctan2(0.0, z),
    np.imag: lambda val: e.mul(val, 0.0),
    np.sinc: c.sinc,
    np.interp: statistics.interp,
    np.diff: arrange.diff,
    np.select: arrange.select,
    np.nan_to_num: nan_to_num,
    np.copy: lambda a: e.mul(a, 1.0),
    np.real: lambda x: x,
    np.real_if_close: lambda a: a,
    np.full_like: full_like,
    # axes
    np.reshape: lambda a, shape: reshape(a, shape=shape),
    np.transpose: transpose,
    np.permute_dims: transpose,
    np.matrix_transpose: lambda x: arrange.swapaxes(x, -1, -2),
    np.ravel: arrange.ravel,
    np.squeeze: arrange.squeeze,
    np.expand_dims: arrange.expand_dims,
    np.swapaxes: arrange.swapaxes,
    np.moveaxis: arrange.moveaxis,
    np.rollaxis: arrange.rollaxis,
    np.broadcast_to: lambda array, shape: broadcast_to(array, shape=shape),
    np.atleast_1d: several(arrange.atleast_1d),
    np.atleast_2d: several(arrange.atleast_2d),
    np.atleast_3d: several(arrange.atleast_3d),
    np.meshgrid: arrange.meshgrid,
    np.broadcast_arrays: arrange.broadcast_arrays,
    # order and repetition
    np.flip: arrange.flip,
    np.flipud: lambda m: arrange.flip(m, 0),
    np.fliplr: lambda m: arrange.flip(m, 1),
    np.rot90: arrange.rot90,
    np.roll: arrange.roll,
    np.tile: arrange.tile,
    np.repeat: arrange.repeat,
    np.pad: arrange.padding,
    # diagonals and triangles
    np.diag: arrange.diag,
    np.diagflat: arrange.diagflat,
    np.diagonal: arrange.diagonal,
    np.trace: arrange.trace,
    np.tril: arrange.tril,
    np.triu: arrange.triu,
    # joining and splitting
    np.concatenate: arrange.joined,
    np.stack: arrange.stacked,
    np.hstack: arrange.hstack,
    np.vstack: arrange.vstack,
    np.dstack: arrange.dstack,
    np.column_stack: arrange.column_stack,
    np.append: arrange.append,
    np.split: arrange.split,
    np.array_split: arrange.array_split,
    np.hsplit: arrange.hsplit,
    np.vsplit: arrange.vsplit,
    np.dsplit: arrange.dsplit,
    np.unstack: arrange.unstack,
    # products
    np.dot: dot,
    np.vdot: produce.vdot,
    np.inner: produce.inner,
    np.outer: produce.outer,
    np.kron: produce.kron,
    np.tensordot: produce.tensordot,
    np.einsum: lambda *operands, optimize=False: produce.contracted(*operands),
    np.cross: produce.cross,
    # linear algebra
    np.linalg.norm: produce.norm,
    np.linalg.solve: solve,
    np.linalg.inv: linalg.inv,
    np.linalg.det: linalg.det,
    np.linalg.slogdet: linalg.slogdet,
    np.linalg.cholesky: cholesky,
    np.linalg.matrix_power: matrix_power,
    np.linalg.matrix_norm: lambda x, ord="fro", keepdims=False: produce.norm(
        x, ord, (-2, -1), keepdims
    ),
    np.linalg.vector_norm: produce.vector_norm,
    np.linalg.multi_dot: produce.multi_dot,
    np.linalg.matmul: products.matmul,
    np.linalg.outer: produce.outer,
    np.linalg.tensordot: produce.tensordot,
    np.linalg.vecdot: lambda x1, x2: total(e.mul(x1, x2), axis=-1),
    np.linalg.matrix_transpose: lambda x: arrange.swapaxes(x, -1, -2),
    np.linalg.diagonal: lambda x, offset=0: arrange.diagonal(x, offset, -2, -1),
    np.linalg.trace: lambda x, offset=0: arrange.trace(x, offset, -2, -1),
    np.linalg.cross: produce.cross,
    # of the shape alone
    np.zeros_like: lambda a: np.zeros(shape_of(a), a.precision),
    np.empty_like: lambda a: np.zeros(shape_of(a), a.precision),
    np.ones_like: lambda a: np.ones(shape_of(a), a.precision),
    np.shape: shape_of,
    np.ndim: lambda a: len(shape_of(a)),
    np.size: lambda a, axis=None: math.prod(shape_of(a)) if axis is None else shape_of(a)[axis],
}
PLAIN = (
    np.argmax,
    np.argmin,
    np.argsort,
    np.argwhere,
    np.nonzero,
    np.flatnonzero,
    np.argpartition,
    np.nanargmax,
    np.nanargmin,
    np.searchsorted,
    np.digitize,
    np.count_nonzero,
    np.lexsort,
    np.any,
    np.all,
    np.allclose,
    np.isclose,
    np.array_equal,
    np.array_equiv,
    np.isin,
    np.isposinf,
    np.isneginf,
    np.iscomplex,
    np.isreal,
    np.iscomplexobj,
    np.isrealobj,
    np.round,
    np.around,
    np.fix,
    np.array_repr,
    np.array_str,
    np.array2string,
    np.isnan,
    np.isinf,
    np.signbit,
    np.rint,
    np.trunc,
    np.logical_and,
    np.logical_or,
    np.logical_xor,
    np.logical_not,
    np.less,
    np.less_equal,
    np.greater,
    np.greater_equal,
    np.equal,
    np.not_equal,
)
# By the name under which a tape remembers one.
PLAIN_BY_NAME = {f"np.{function.__name__}": function for function in PLAIN}
