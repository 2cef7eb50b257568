"""Composites: functions made of primitives alone, with no rules of their own.

Each works on whatever primitives work on: Values, Tensors, raw numbers and arrays, and object
arrays of Values.
"""

import builtins
import math
from collections.abc import Callable
from typing import Any

from numpy.lib.array_utils import normalize_axis_tuple

from autograd.table.elementwise import (
    abs,
    add,
    div,
    exp,
    log,
    maximum,
    mul,
    neg,
    root,
    sin,
    softplus,
    sub,
)
from autograd.table.indexing import concatenate, slices, take
from autograd.table.masks import equal, heaviside, isfinite, stop_gradient, where
from autograd.table.reductions import max, sum
from autograd.table.shapes import reshape, shape_of, transpose

COMPOSITES: dict[str, Callable[..., Any]] = {}


def composite(function: Callable[..., Any]) -> Callable[..., Any]:
    COMPOSITES[function.__name__] = function
    return function


def axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    return (
        tuple(range(len(shape_of(x))))
        if axis is None
        else normalize_axis_tuple(axis, len(shape_of(x)))
    )


def count_of(x: Any, axis: Any) -> int:
    return math.prod(shape_of(x)[i] for i in axes_of(x, axis))


def _is_empty(x: Any, axis: Any) -> bool:
    return 0 in shape_of(x) and count_of(x, axis) == 0


def _largest(x: Any, axis: Any) -> Any:
    """The maximum over `axis`, kept as ones: a constant to shift or scale by; 0 of no elements."""
    reduced = sum if _is_empty(x, axis) else max
    return stop_gradient(reduced(x, axis=axis, keepdims=True))


def dropped(reduced: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`reduced`, of which the reduced axes were kept as ones, without them."""
    if keepdims:
        return reduced
    axes = axes_of(x, axis)
    return reshape(reduced, shape=tuple(n for i, n in enumerate(shape_of(x)) if i not in axes))


def rows_of(x: Any, axis: Any) -> Any:
    """x with the elements that are reduced together in one new last axis."""
    axes = axes_of(x, axis)
    rest = tuple(i for i in range(len(shape_of(x))) if i not in axes)
    x_shape = shape_of(x)
    return reshape(
        transpose(x, axes=rest + axes),
        shape=(*(x_shape[i] for i in rest), math.prod(x_shape[i] for i in axes)),
    )


@composite
def square(x: Any) -> Any:
    """x², elementwise.

    >>> square(-3.0)
    9.0
    """
    return mul(x, x)


@composite
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over `axis` (None: all).

    >>> float(mean([1.0, 2.0, 6.0]))
    3.0
    """
    return div(sum(x, axis=axis, keepdims=keepdims), float(count_of(x, axis)))


@composite
def var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The variance over `axis`, Σ (x − mean)² / (n − ddof).

    >>> float(var([1.0, 2.0, 3.0], ddof=1))
    1.0
    """
    deviation = sub(x, mean(x, axis, keepdims=True))
    total = sum(square(deviation), axis=axis, keepdims=keepdims)
    return div(total, float(builtins.max(count_of(x, axis) - ddof, 0)))


@composite
def std(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The standard deviation over `axis`, √var; the gradient is 0 where all numbers are equal.

    >>> float(std([1.0, 2.0, 3.0], ddof=1))
    1.0
    """
    spread = var(x, axis, ddof, keepdims)
    return spread if count_of(x, axis) == 1 and ddof == 0 else root(spread)  # one has none at all


@composite
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The minimum over `axis` (None: all); ties share the gradient equally.

    >>> float(min([3.0, 1.0, 2.0]))
    1.0
    """
    return neg(max(neg(x), axis=axis, keepdims=keepdims))


@composite
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product over `axis` (None: all), 1 for no elements.

    A tree of multiplications, so that gradients of every order are right where factors are 0.

    >>> float(prod([2.0, 3.0, 4.0]))
    24.0
    """
    rows = rows_of(x, axis)
    if shape_of(rows)[-1] == 0:
        rows = add(sum(rows, axis=-1, keepdims=True), 1.0)
    while (n := shape_of(rows)[-1]) > 1:
        pairs = mul(rows[..., : n - 1 : 2], rows[..., 1::2])  # of neighbours: a 0 meets no ∞ early
        rows = concatenate(pairs, rows[..., n - 1 :], axis=-1) if n % 2 else pairs
    kept = tuple(1 if i in axes_of(x, axis) else n for i, n in enumerate(shape_of(x)))
    return dropped(reshape(rows, shape=kept), x, axis, keepdims)


@composite
def cumprod(x: Any, axis: int | None = None) -> Any:
    """The running product along `axis` (None: of all elements in a row).

    By doubling (Hillis and Steele, 1986): log₂ n multiplications, right where factors are 0.

    >>> cumprod([1.0, 2.0, 3.0])
    array([1., 2., 6.])
    """
    if axis is None:
        x, axis = reshape(x, shape=-1), 0
    axis = axes_of(x, axis)[0]

    def part(x: Any, start: int | None, stop: int | None) -> Any:
        return take(x, index=slices(len(shape_of(x)), axis, slice(start, stop)))

    x = reshape(x, shape=shape_of(x))
    shift = 1
    while shift < shape_of(x)[axis]:
        products = mul(part(x, shift, None), part(x, None, -shift))
        x = concatenate(part(x, None, shift), products, axis=axis)
        shift *= 2
    return x


@composite
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """ln Σ eˣ over `axis` (None: all), without overflow; −∞ of no elements.

    Infinities share the gradient equally.

    >>> float(logsumexp([1e4, 1e4])) == 1e4 + math.log(2)
    True
    """
    if _is_empty(x, axis):
        return add(sum(x, axis=axis, keepdims=keepdims), -math.inf)
    top = max(x, axis=axis, keepdims=True)
    finite = isfinite(top)
    shift = where(finite, stop_gradient(top), 0.0)
    total = sum(exp(where(finite, sub(x, shift), 0.0)), axis=axis, keepdims=True)
    out = where(finite, add(log(total), shift), top)
    return dropped(out, x, axis, keepdims)


@composite
def logaddexp(x: Any, y: Any) -> Any:
    """ln(eˣ + eʸ), elementwise, without overflow; shapes broadcast.

    >>> logaddexp(-math.inf, 1.0)
    1.0
    """
    top = maximum(x, y)
    first = equal(top, x)
    high, low = where(first, x, y), where(first, y, x)
    finite = isfinite(high)
    gap = where(finite, sub(low, where(finite, high, 0.0)), -math.inf)
    return where(mul(equal(x, y), sub(1.0, finite)), top, add(high, softplus(gap)))


@composite
def logsigmoid(x: Any) -> Any:
    """ln σ(x) = −softplus(−x), elementwise, without overflow.

    >>> logsigmoid(-1e4)
    -10000.0
    """
    return neg(softplus(neg(x)))


@composite
def sinc(x: Any) -> Any:
    """sin(πx) / πx, elementwise, 1 at 0.

    By its power series where the quotient's derivatives would cancel.

    >>> float(sinc(0.0)), round(float(sinc(0.5)), 6)
    (1.0, 0.63662)
    """
    z = mul(x, math.pi)
    near = heaviside(sub(2.0, abs(z)))
    inner, outer = where(near, z, 0.0), where(near, 2.0, z)
    series, negative_square = 1.0, neg(square(inner))
    for n in range(26, 0, -2):
        series = add(div(mul(series, negative_square), float(n * (n + 1))), 1.0)
    return where(near, series, div(sin(outer), outer))


@composite
def softmax(x: Any, axis: Any = -1) -> Any:
    """eˣ / Σ eˣ along `axis`, without overflow.

    >>> softmax([0.0, 0.0, -math.inf])
    array([0.5, 0.5, 0. ])
    """
    e = exp(sub(x, _largest(x, axis)))
    return div(e, sum(e, axis=axis, keepdims=True))


@composite
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """x − ln Σ eˣ along `axis`, without overflow.

    >>> log_softmax([1e4, 0.0])
    array([     0., -10000.])
    """
    shifted = sub(x, _largest(x, axis))
    if _is_empty(x, axis):
        return shifted
    return sub(shifted, log(sum(exp(shifted), axis=axis, keepdims=True)))


@composite
def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """√Σx² over `axis` (None: all), without overflow; value and gradient are 0 at 0.

    0 of no elements.

    >>> float(norm([0.0, 3e200]))
    3e+200
    """
    scale = _largest(abs(x), axis)
    scale = where(isfinite(scale), scale, 1.0)
    scale = add(scale, equal(scale, 0.0))
    total = sum(square(div(x, scale)), axis=axis, keepdims=True)
    out = mul(root(total), scale)
    return dropped(out, x, axis, keepdims)
