"""The table: every differentiable primitive, one row each.

A rule `lambda g, out, x, y: ...` gives the upstream gradient `g` times the local derivative of
`out = op(x, y)`. It is written in the table's own arithmetic, so the same rule runs on floats, on
arrays, on nodes (gradients of gradients) and on symbols (the formula a learner reads). Masks and
branches are primitives too (`heaviside`, `equal`, `where`): a recorded rule stays right on other numbers.
Broadcasting is undone in the walk, in no rule.

Where mathematics leaves a choice: relu′(0) = 0, |x|′(0) = 0, ties in `maximum`/`max` share the
gradient equally, the derivative of x**0 is 0 everywhere, and `clip` passes it on at its bounds.
"""

from __future__ import annotations

import builtins
import math
import operator
from functools import reduce
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from autograd.core.node import Primitive
from autograd.table import checks as parameters
from autograd.table import kernels

TABLE: dict[str, Primitive] = {}

BELOW_ONE, POSITIVE, ANY = (-0.9, 2.0), (0.2, 5.0), (-2.0, 2.0)


def primitive(name: str, symbol: str, *columns: Any, **more: Any) -> Primitive:
    """Add a row to the table."""
    TABLE[name] = row = Primitive(name, symbol, *columns, **more)
    return row


# --- what forwards and rules share ------------------------------------------------------------


def shape_of(x: Any) -> tuple[int, ...]:
    """The shape of a node, an array, a symbol or a raw number."""
    try:
        return x.shape
    except AttributeError:
        return np.shape(x)


def kept(g: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`g`, which was reduced over `axis` of x, with the reduced axes back as ones."""
    if keepdims or axis is None:  # a number broadcasts as it is
        return g
    axes = normalize_axis_tuple(axis, len(shape_of(x)))
    return reshape(g, shape=tuple(1 if i in axes else n for i, n in enumerate(shape_of(x))))


def as_matrices(g: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    """The operands of x @ y and its gradient with the axes that `@` lends to vectors."""
    if x.ndim > 1 and y.ndim > 1:
        return g, x, y
    batch, rows = shape_of(g), () if x.ndim == 1 else shape_of(x)[-2:-1]
    columns = () if y.ndim == 1 else shape_of(y)[-1:]
    batch = batch[: len(batch) - len(rows) - len(columns)]
    g = reshape(g, shape=batch + (rows or (1,)) + (columns or (1,)))
    x = x if x.ndim > 1 else reshape(x, shape=(1, -1))
    y = y if y.ndim > 1 else reshape(y, shape=(-1, 1))
    return g, x, y


def matmul_left(g: Any, out: Any, x: Any, y: Any) -> Any:
    g, x, y = as_matrices(g, x, y)
    return g @ y.mT


def matmul_right(g: Any, out: Any, x: Any, y: Any) -> Any:
    vector = y.ndim == 1
    g, x, y = as_matrices(g, x, y)
    result = x.mT @ g
    return reshape(result, shape=shape_of(result)[:-1]) if vector else result


def slices(ndim: int, axis: int, part: slice) -> tuple[slice, ...]:
    """The index that takes `part` along one axis and everything along the others."""
    return (*(slice(None),) * axis, part, *(slice(None),) * (ndim - axis - 1))


def flip(x: Any, axis: int) -> Any:
    return take(x, index=slices(x.ndim, axis, slice(None, None, -1)))


def cumsum_back(g: Any, out: Any, x: Any, axis: int | None) -> Any:
    axis = 0 if axis is None else normalize_axis_index(axis, g.ndim)
    return reshape(flip(cumsum(flip(g, axis), axis=axis), axis), shape=shape_of(x))


def concatenate_back(i: int, g: Any, out: Any, *xs: Any, axis: int) -> Any:
    axis = normalize_axis_index(axis, out.ndim)
    start = builtins.sum(shape_of(x)[axis] for x in xs[:i])
    return take(g, index=slices(out.ndim, axis, slice(start, start + shape_of(xs[i])[axis])))


def stack_back(i: int, g: Any, out: Any, *xs: Any, axis: int) -> Any:
    axis = normalize_axis_index(axis, out.ndim)
    return take(g, index=(*(slice(None),) * axis, i))


def extreme_back(i: int, g: Any, out: Any, *xs: Any) -> Any:
    """Ties share the gradient equally."""
    ties = [equal(x, out) for x in xs]
    return g * ties[i] / reduce(operator.add, ties)


def max_back(g: Any, out: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    ties = equal(x, kept(out, x, axis, keepdims))
    return kept(g, x, axis, keepdims) * ties / sum(ties, axis=axis, keepdims=True)


def max_of_objects(x: np.ndarray, axis: Any, keepdims: bool) -> Any:
    """`maximum` of all elements at once, so that ties share equally here too."""
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(axis, x.ndim)
    rest = tuple(i for i in range(x.ndim) if i not in axes)
    rows = np.transpose(x, rest + axes).reshape(
        *(x.shape[i] for i in rest), math.prod(x.shape[i] for i in axes)
    )
    out = np.empty(rows.shape[:-1], object)
    for where_ in np.ndindex(*out.shape):
        out[where_] = maximum(*rows[where_])
    out = np.expand_dims(out, axes) if keepdims else out
    return out if out.ndim else out[()]


def unpadded(x: Any, width: tuple[tuple[int, int], ...]) -> tuple[slice, ...]:
    return tuple(
        slice(before, before + n) for n, (before, _) in zip(shape_of(x), width, strict=True)
    )


REDUCE = {"axis": None, "keepdims": False}
REDUCTIONS: Any = (
    (((3, 4),), {}),
    (((3, 4),), {"axis": 0}),
    (((3, 4),), {"axis": -1, "keepdims": True}),
    (((2, 3, 4),), {"axis": (0, 2)}),
    (((),), {}),
    (((1, 1),), {"axis": 1}),
)

# --- the table --------------------------------------------------------------------------------
# fmt: off

# name, symbol, forward on floats, forward on arrays, one rule per operand, meaning and shapes

neg      = primitive("neg", "−", operator.neg, np.negative, (lambda g, out, x: -g,), "−x, elementwise.", linear=True)
add      = primitive("add", "+", operator.add, np.add,      (lambda g, out, x, y: g,     lambda g, out, x, y: g),            "x + y, elementwise; shapes broadcast.", domain=(ANY, ANY), remedy="bound what is added", linear=True, symmetric=True)
sub      = primitive("sub", "−", operator.sub, np.subtract, (lambda g, out, x, y: g,     lambda g, out, x, y: -g),           "x − y, elementwise; shapes broadcast.", domain=(ANY, ANY), remedy="don't subtract infinities from each other", linear=True)
mul      = primitive("mul", "×", operator.mul, np.multiply, (lambda g, out, x, y: g * y, lambda g, out, x, y: g * x),        "x × y, elementwise; shapes broadcast.", domain=(ANY, ANY), remedy="choose with where instead of multiplying by a mask", symmetric=True)
div      = primitive("div", "÷", operator.truediv, np.true_divide, (lambda g, out, x, y: g / y, lambda g, out, x, y: -g * out / y), "x / y, elementwise; shapes broadcast.", domain=(ANY, POSITIVE), remedy="keep the divisor away from 0 (a variance with ddof=1 needs two samples)")
pow      = primitive("pow", "^", math.pow, operator.pow, (
    lambda g, out, x, y: g * y * pow(x, y - 1 + equal(y, 0.0)),
    lambda g, out, x, y: g * out * log(x + equal(x, 0.0)),
), "x ** y, elementwise; shapes broadcast. The derivative of x**0 is 0, that of 0**y in y too.", domain=(POSITIVE, ANY), remedy="raise only positive numbers to fractional or negative powers")

exp      = primitive("exp",      "exp",      math.exp,   np.exp,   (lambda g, out, x: g * out,),             "eˣ, elementwise.", remedy="subtract the largest operand first, as softmax and logsumexp do")
log      = primitive("log",      "ln",       math.log,   np.log,   (lambda g, out, x: g / x,),               "The natural logarithm, elementwise.", domain=(POSITIVE,), remedy="keep the operand above 0, or use log_softmax, logsumexp or logsigmoid")
sqrt     = primitive("sqrt",     "√",        math.sqrt,  np.sqrt,  (lambda g, out, x: g / (2 * out),),       "√x, elementwise.", domain=(POSITIVE,), remedy="keep the operand above 0 before the root (where after it is too late), or use norm")
sin      = primitive("sin",      "sin",      math.sin,   np.sin,   (lambda g, out, x: g * cos(x),),          "sin x, elementwise, x in radians.")
cos      = primitive("cos",      "cos",      math.cos,   np.cos,   (lambda g, out, x: -g * sin(x),),         "cos x, elementwise, x in radians.")
tanh     = primitive("tanh",     "tanh",     math.tanh,  np.tanh,  (lambda g, out, x: g * (1 - out * out),), "(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ), elementwise.")
sigmoid  = primitive("sigmoid",  "σ",        kernels.scalar_sigmoid, kernels.array_sigmoid, (lambda g, out, x: g * out * (1 - out),), "1 / (1 + e⁻ˣ), elementwise.")
relu     = primitive("relu",     "relu",     lambda x: 0.0 if x <= 0 else x, lambda x: np.maximum(x, 0), (lambda g, out, x: g * heaviside(x),), "max(0, x), elementwise; relu′(0) = 0.", kinks="relu′(0) = 0")
erf      = primitive("erf",      "erf",      math.erf,   kernels.array_erf, (lambda g, out, x: g * (2 / math.sqrt(math.pi)) * exp(-(x * x)),), "2/√π ∫₀ˣ e^(−t²) dt, elementwise: the normal distribution's, up to scale.")
softplus = primitive("softplus", "softplus", kernels.scalar_softplus, lambda x: np.logaddexp(x, 0), (lambda g, out, x: g * sigmoid(x),), "ln(1 + eˣ), elementwise, without overflow.")
log1p    = primitive("log1p",    "log1p",    math.log1p, np.log1p, (lambda g, out, x: g / (1 + x),),         "ln(1 + x), elementwise, precise near 0.", domain=(BELOW_ONE,))
expm1    = primitive("expm1",    "expm1",    math.expm1, np.expm1, (lambda g, out, x: g * (out + 1),),       "eˣ − 1, elementwise, precise near 0.")
abs      = primitive("abs",      "abs",      math.fabs,  np.abs,   (lambda g, out, x: g * sign(x),),         "|x|, elementwise; its derivative at 0 is 0.", kinks="|x|′(0) = 0")
clip     = primitive("clip",     "clip",     lambda x, lo, hi: x if x != x else builtins.min(builtins.max(x, lo), hi), lambda x, lo, hi: np.clip(x, lo, hi), (lambda g, out, x, lo, hi: g * equal(x, out),), "min(max(x, lo), hi), elementwise; passes the gradient on where lo ≤ x ≤ hi.", params={"lo": None, "hi": None}, prepare=parameters.clip, cases=((((3, 4),), {"lo": -0.5, "hi": 1.0}), (((),), {"lo": 0.0}), (((2,),), {"hi": 0.3})), kinks="at lo and hi, where the gradient passes")
maximum  = primitive("maximum",  "max",      kernels.scalar_extreme(builtins.max), lambda *xs: reduce(np.maximum, xs), (extreme_back,), "The largest of the operands, elementwise; ties share the gradient equally.", variadic=True, domain=(ANY,), kinks="ties share the gradient equally", symmetric=True)
minimum  = primitive("minimum",  "min",      kernels.scalar_extreme(builtins.min), lambda *xs: reduce(np.minimum, xs), (extreme_back,), "The smallest of the operands, elementwise; ties share the gradient equally.", variadic=True, domain=(ANY,), kinks="ties share the gradient equally", symmetric=True)
where    = primitive("where",    "where",    lambda c, x, y: x if c else y, lambda c, x, y: np.where(c, x, y), (None, lambda g, out, c, x, y: where(c, g, 0.0), lambda g, out, c, x, y: where(c, 0.0, g)), "x where c is not 0, else y, elementwise; shapes broadcast.", domain=(ANY, ANY, ANY), kinks="jumps where c becomes 0")
astype   = primitive("astype",   "astype",   lambda x, dtype: x, lambda x, dtype: np.asarray(x).astype(dtype), (lambda g, out, x, dtype: g,), "x in another floating dtype.", params={"dtype": np.float64}, prepare=parameters.dtype, cases=((((3,),), {"dtype": np.float64}),), linear=True)

# locally constant, so without a rule: masks, and what is to be left out of the derivative
sign     = primitive("sign",     "sign", lambda x: x if x == 0 or x != x else math.copysign(1.0, x), np.sign, (None,), "−1, 0 or 1, elementwise; locally constant.")
heaviside = primitive("heaviside", "step", lambda x: 1.0 if x > 0 else 0.0, lambda x: kernels.mask(x > 0, x), (None,), "1 where x > 0, else 0, elementwise; locally constant.")
equal    = primitive("equal",    "=",    lambda x, y: 1.0 if x == y else 0.0, lambda x, y: kernels.mask(np.equal(x, y), x, y), (None, None), "1 where x = y, else 0, elementwise; shapes broadcast; locally constant.", domain=(ANY, ANY), symmetric=True)
isfinite = primitive("isfinite", "isfinite", lambda x: 1.0 if math.isfinite(x) else 0.0, lambda x: kernels.mask(np.isfinite(x), x), (None,), "1 where x is neither infinite nor NaN, else 0, elementwise; locally constant.")
stop_gradient = primitive("stop_gradient", "stop", lambda x: x, lambda x: x, (None,), "x, taken as a constant: no gradient passes.", linear=True, view=True)

# linear maps of whole arrays, each beside its adjoint
sum          = primitive("sum",          "Σ",       None, np.sum, (lambda g, out, x, axis, keepdims: broadcast_to(kept(g, x, axis, keepdims), shape=shape_of(x)),), "The sum over `axis` (None: all).", params=REDUCE, prepare=parameters.axis, cases=REDUCTIONS, remedy="scale the summands down first", linear=True)
broadcast_to = primitive("broadcast_to", "broadcast", None, kernels.broadcast_copy, (lambda g, out, x, shape: sum_to(g, shape=shape_of(x)),), "x repeated to `shape`, as NumPy broadcasts; adjoint of sum_to.", params={"shape": ()}, prepare=parameters.shape, cases=((((3, 1),), {"shape": (2, 3, 4)}), (((),), {"shape": (2,)}), (((2, 3),), {"shape": (2, 3)})), linear=True)
sum_to       = primitive("sum_to",       "Σ→",      None, kernels.sum_to_shape, (lambda g, out, x, shape: broadcast_to(g, shape=shape_of(x)),), "x summed over the axes along which `shape` would be broadcast; adjoint of broadcast_to.", params={"shape": ()}, prepare=parameters.shape, cases=((((2, 3, 4),), {"shape": (3, 1)}), (((2,),), {"shape": ()}), (((2, 3),), {"shape": (2, 3)})), linear=True, view=True)
reshape      = primitive("reshape",      "reshape", None, np.reshape, (lambda g, out, x, shape: reshape(g, shape=shape_of(x)),), "The same elements in another `shape` (−1: as many as remain).", params={"shape": (-1,)}, prepare=parameters.shape, cases=((((3, 4),), {"shape": (2, -1)}), (((),), {"shape": (1, 1)}), (((0, 3),), {"shape": (3, 0)})), linear=True, view=True)
transpose    = primitive("transpose",    "ᵀ",       None, np.transpose, (lambda g, out, x, axes: g.T if axes is None else transpose(g, axes=np.argsort([a % len(axes) for a in axes])),), "The axes in another order (None: reversed).", params={"axes": None}, prepare=parameters.axes, cases=((((3, 4),), {}), (((2, 3, 4),), {"axes": (1, 2, 0)}), (((2, 3, 4),), {"axes": (-1, 0, 1)})), linear=True, view=True)
take         = primitive("take",         "[]",      None, lambda x, index: x[index], (lambda g, out, x, index: scatter(g, index=index, shape=shape_of(x)),), "x[index] with NumPy's basic, boolean and integer indexing; adjoint of scatter.", params={"index": ...}, prepare=parameters.index, cases=((((3, 4),), {"index": (slice(None, None, 2), 1)}), (((3, 4),), {"index": np.array([[0, 2], [2, 2]])}), (((3, 4),), {"index": (np.array([0, 0]), np.array([1, 1]))}), (((3,),), {"index": np.array([True, False, True])}), (((3, 4),), {"index": (None, ..., -1)})), linear=True, view=True)
scatter      = primitive("scatter",      "scatter", None, kernels.scatter_into, (lambda g, out, x, index, shape: take(g, index=index),), "Zeros of `shape` with x added at `index`, repeated indices accumulating; adjoint of take.", params={"index": ..., "shape": ()}, prepare=lambda index, shape: parameters.index(index, **parameters.shape(shape)), cases=((((2, 2),), {"index": (slice(None, None, 2), slice(1, 3)), "shape": (3, 4)}), (((3,),), {"index": np.array([1, 1, 0]), "shape": (4,)})), linear=True)
windows      = primitive("windows",      "windows", None, kernels.view_windows, (lambda g, out, x, size, stride, dilation: overlap_add(g, shape=shape_of(x)[-len(size):], stride=stride, dilation=dilation),), "Sliding windows over the last axes, (..., *n) to (..., *positions, *size), as a view; adjoint of overlap_add.", params={"size": (), "stride": 1, "dilation": 1}, prepare=parameters.windows, cases=((((2, 5, 6),), {"size": (2, 3)}), (((7,),), {"size": 3, "stride": 2}), (((1, 6, 5),), {"size": (2, 2), "stride": (2, 1), "dilation": (1, 2)})), linear=True, view=True)
overlap_add  = primitive("overlap_add",  "overlap", None, kernels.add_windows, (lambda g, out, x, shape, stride, dilation: windows(g, size=shape_of(x)[-len(shape):], stride=stride, dilation=dilation),), "Windows (..., *positions, *size) added up where they overlap, to (..., *shape); adjoint of windows.", params={"shape": (), "stride": 1, "dilation": 1}, prepare=parameters.overlap_add, cases=((((4, 4, 2, 3),), {"shape": (5, 6)}), (((3, 3),), {"shape": 7, "stride": 2})), linear=True)
pad          = primitive("pad",          "pad",     None, kernels.pad_with, (lambda g, out, x, width, value: take(g, index=unpadded(x, width)),), "x with `width` = ((before, after), ...) elements of `value` around it.", params={"width": (), "value": 0.0}, prepare=parameters.pad, cases=((((2, 3),), {"width": ((1, 0), (2, 1))}), (((3,),), {"width": ((0, 2),), "value": 5.0})))
cumsum       = primitive("cumsum",       "cumsum",  None, np.cumsum, (cumsum_back,), "The running sum along `axis` (None: of all elements in a row).", params={"axis": None}, cases=((((3, 4),), {"axis": 0}), (((3, 4),), {"axis": -1}), (((3, 2),), {})), linear=True)
concatenate  = primitive("concatenate",  "concat",  None, lambda *xs, axis: np.concatenate(xs, axis), (concatenate_back,), "The operands end to end along `axis`.", variadic=True, params={"axis": 0}, cases=((((2, 3), (1, 3)), {}), (((2, 3), (2, 1), (2, 2)), {"axis": -1})), linear=True)
stack        = primitive("stack",        "stack",   None, lambda *xs, axis: np.stack(xs, axis), (stack_back,), "The operands, of one shape, side by side along a new `axis`.", variadic=True, params={"axis": 0}, cases=((((2, 3), (2, 3)), {}), (((2,), (2,), (2,)), {"axis": -1}), (((), ()), {})), linear=True)
to_value     = primitive("to_value",     "value",   None, kernels.only_number, (lambda g, out, x: broadcast_to(g, shape=shape_of(x)),), "A 0-d Tensor as a Value.", cases=((((),), {}),), linear=True)

max          = primitive("max",          "max",     None, np.max, (max_back,), "The maximum over `axis` (None: all); ties share the gradient equally.", params=REDUCE, prepare=parameters.axis, objects=max_of_objects, cases=REDUCTIONS, kinks="ties share the gradient equally")
matmul       = primitive("matmul",       "@",       None, np.matmul, (matmul_left, matmul_right), "x @ y: (..., n, k) @ (..., k, m) to (..., n, m); vectors as in NumPy; batch axes broadcast.", diagnosis=parameters.inner_dimensions, domain=(ANY, ANY), cases=((((2, 3), (3, 4)), {}), (((3,), (3,)), {}), (((2, 3), (3,)), {}), (((3,), (3, 2)), {}), (((5, 2, 3), (3, 4)), {}), (((3,), (2, 3, 4)), {}), (((2, 4, 3), (3,)), {}), (((2, 1, 2, 3), (4, 3, 2)), {}), (((1, 1), (1, 1)), {}), (((0, 3), (3, 2)), {})), remedy="scale the operands down first")
# fmt: on
