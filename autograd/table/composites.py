"""Composites: functions made of primitives alone, with no rules of their own.

Each works on whatever primitives work on: Values, Tensors, raw numbers and arrays, and object
arrays of Values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from autograd.table import primitives as p

COMPOSITES: dict[str, Callable[..., Any]] = {}


def composite(function: Callable[..., Any]) -> Callable[..., Any]:
    COMPOSITES[function.__name__] = function
    return function


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    return (
        tuple(range(len(p.shape_of(x))))
        if axis is None
        else normalize_axis_tuple(axis, len(p.shape_of(x)))
    )


def _count(x: Any, axis: Any) -> int:
    return math.prod(p.shape_of(x)[i] for i in _axes(x, axis))


def _dropped(reduced: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """`reduced`, of which the reduced axes were kept as ones, without them."""
    if keepdims:
        return reduced
    axes = _axes(x, axis)
    return p.reshape(reduced, shape=tuple(n for i, n in enumerate(p.shape_of(x)) if i not in axes))


def _rows(x: Any, axis: Any) -> Any:
    """x with the elements that are reduced together in one new last axis."""
    axes = _axes(x, axis)
    rest = tuple(i for i in range(len(p.shape_of(x))) if i not in axes)
    x_shape = p.shape_of(x)
    return p.reshape(
        p.transpose(x, axes=rest + axes),
        shape=(*(x_shape[i] for i in rest), math.prod(x_shape[i] for i in axes)),
    )


@composite
def square(x: Any) -> Any:
    """x², elementwise.

    >>> square(-3.0)
    9.0
    """
    return p.mul(x, x)


@composite
def mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The mean over `axis` (None: all).

    >>> float(mean(np.array([1.0, 2.0, 6.0])))
    3.0
    """
    return p.div(p.sum(x, axis=axis, keepdims=keepdims), float(_count(x, axis)))


@composite
def var(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The variance over `axis`, Σ (x − mean)² / (n − ddof).

    >>> float(var(np.array([1.0, 2.0, 3.0]), ddof=1))
    1.0
    """
    deviation = p.sub(x, mean(x, axis, keepdims=True))
    total = p.sum(square(deviation), axis=axis, keepdims=keepdims)
    return p.div(total, float(max(_count(x, axis) - ddof, 0)))


@composite
def std(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    """The standard deviation over `axis`, √var.

    >>> float(std(np.array([1.0, 2.0, 3.0]), ddof=1))
    1.0
    """
    return p.sqrt(var(x, axis, ddof, keepdims))


@composite
def min(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The minimum over `axis` (None: all); ties share the gradient equally.

    >>> float(min(np.array([3.0, 1.0, 2.0])))
    1.0
    """
    return p.neg(p.max(p.neg(x), axis=axis, keepdims=keepdims))


@composite
def prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The product over `axis` (None: all), 1 for no elements.

    A tree of multiplications, so that gradients of every order are right where factors are 0.

    >>> float(prod(np.array([2.0, 3.0, 4.0])))
    24.0
    """
    rows = _rows(x, axis)
    if p.shape_of(rows)[-1] == 0:
        rows = p.add(p.sum(rows, axis=-1, keepdims=True), 1.0)
    while (n := p.shape_of(rows)[-1]) > 1:
        half = n // 2
        pairs = p.mul(rows[..., :half], rows[..., half : 2 * half])
        rows = p.concatenate(pairs, rows[..., 2 * half :], axis=-1) if n % 2 else pairs
    kept = tuple(1 if i in _axes(x, axis) else n for i, n in enumerate(p.shape_of(x)))
    return _dropped(p.reshape(rows, shape=kept), x, axis, keepdims)


@composite
def cumprod(x: Any, axis: int | None = None) -> Any:
    """The running product along `axis` (None: of all elements in a row).

    By doubling (Hillis and Steele, 1986): log₂ n multiplications, right where factors are 0.

    >>> cumprod(np.array([1.0, 2.0, 3.0]))
    array([1., 2., 6.])
    """
    if axis is None:
        x, axis = p.reshape(x, shape=-1), 0
    axis = _axes(x, axis)[0]

    def part(x: Any, start: int | None, stop: int | None) -> Any:
        return p.take(x, index=p.slices(len(p.shape_of(x)), axis, slice(start, stop)))

    x = p.reshape(x, shape=p.shape_of(x))
    shift = 1
    while shift < p.shape_of(x)[axis]:
        products = p.mul(part(x, shift, None), part(x, None, -shift))
        x = p.concatenate(part(x, None, shift), products, axis=axis)
        shift *= 2
    return x


@composite
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """ln Σ eˣ over `axis` (None: all), without overflow; −∞ where every x is.

    >>> float(logsumexp(np.array([1e4, 1e4]))) == 1e4 + math.log(2)
    True
    """
    top = p.stop_gradient(p.max(x, axis=axis, keepdims=True))
    top = p.where(p.isfinite(top), top, 0.0)
    total = p.sum(p.exp(p.sub(x, top)), axis=axis, keepdims=True)
    nothing = p.equal(total, 0.0)
    out = p.where(nothing, -math.inf, p.add(p.log(p.add(total, nothing)), top))
    return _dropped(out, x, axis, keepdims)


@composite
def logaddexp(x: Any, y: Any) -> Any:
    """ln(eˣ + eʸ), elementwise, without overflow; shapes broadcast.

    >>> logaddexp(-math.inf, 1.0)
    1.0
    """
    first = p.equal(p.maximum(x, y), x)
    high, low = p.where(first, x, y), p.where(first, y, x)
    return p.add(high, p.softplus(p.sub(low, p.where(p.isfinite(high), high, 0.0))))


@composite
def logsigmoid(x: Any) -> Any:
    """ln σ(x) = −softplus(−x), elementwise, without overflow.

    >>> logsigmoid(-1e4)
    -10000.0
    """
    return p.neg(p.softplus(p.neg(x)))


@composite
def softmax(x: Any, axis: Any = -1) -> Any:
    """eˣ / Σ eˣ along `axis`, without overflow.

    >>> softmax(np.array([0.0, 0.0, -math.inf]))
    array([0.5, 0.5, 0. ])
    """
    e = p.exp(p.sub(x, p.stop_gradient(p.max(x, axis=axis, keepdims=True))))
    return p.div(e, p.sum(e, axis=axis, keepdims=True))


@composite
def log_softmax(x: Any, axis: Any = -1) -> Any:
    """x − ln Σ eˣ along `axis`, without overflow.

    >>> log_softmax(np.array([1e4, 0.0]))
    array([     0., -10000.])
    """
    shifted = p.sub(x, p.stop_gradient(p.max(x, axis=axis, keepdims=True)))
    return p.sub(shifted, p.log(p.sum(p.exp(shifted), axis=axis, keepdims=True)))


@composite
def norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """√Σx² over `axis` (None: all), without overflow; value and gradient are 0 at 0.

    >>> float(norm(np.array([0.0, 3e200])))
    3e+200
    """
    scale = p.stop_gradient(p.max(p.abs(x), axis=axis, keepdims=True))
    scale = p.where(p.isfinite(scale), scale, 1.0)
    scale = p.add(scale, p.equal(scale, 0.0))
    total = p.sum(square(p.div(x, scale)), axis=axis, keepdims=True)
    zero = p.equal(total, 0.0)
    out = p.where(zero, 0.0, p.mul(p.sqrt(p.add(total, zero)), scale))
    return _dropped(out, x, axis, keepdims)


@composite
def dot(x: Any, y: Any) -> Any:
    """Σ over the last axis of x and the second to last (or only) of y; numbers multiply.

    >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    if len(p.shape_of(x)) == 0 or len(p.shape_of(y)) == 0:
        return p.mul(x, y)
    if len(p.shape_of(y)) <= 2:
        return p.matmul(x, y)
    letters = "abcdefghijklmnopqrstuvwxyz"
    mine, theirs = (
        letters[: len(p.shape_of(x)) - 1],
        letters[len(p.shape_of(x)) : len(p.shape_of(x)) + len(p.shape_of(y))],
    )
    shared = theirs[-2]
    return einsum(f"{mine}{shared},{theirs}->{mine}{theirs.replace(shared, '')}", x, y)


@composite
def einsum(subscripts: str, *operands: Any) -> Any:
    """Einstein's summation, as NumPy writes it: repeated, summed-out and `...` labels.

    The operands are contracted from left to right, each pair by one matrix product.

    >>> einsum("ij,j->i", np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1.0, -1.0]))
    array([-1., -1.])
    """
    terms, target, sizes = _subscripts(subscripts, operands)
    x, labels = _diagonal(operands[0], terms[0], sizes)
    for i, (y, term) in enumerate(zip(operands[1:], terms[1:], strict=True), start=2):
        y, others = _diagonal(y, term, sizes)
        needed = set(target).union(*terms[i:])
        x, labels = _contract(
            *_summed(x, labels, needed | set(others)),
            *_summed(y, others, needed | set(labels)),
            needed,
        )
    x, labels = _summed(x, labels, set(target))
    for label in target:
        if label not in labels:
            raise ValueError(
                f"einsum: the output label {label!r} stands in no operand of {subscripts!r}"
            )
    order = tuple(labels.index(label) for label in target)
    return x if order == tuple(range(len(order))) else p.transpose(x, axes=order)


def _subscripts(
    subscripts: str, operands: tuple[Any, ...]
) -> tuple[list[list[str]], list[str], dict[str, int]]:
    """A list of labels per operand, one of the output, and the size that each label stands for.

    `...` becomes the labels '0', '1', ..., which may broadcast.
    """
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    texts = left.split(",")
    if len(texts) != len(operands):
        raise ValueError(
            f"einsum: {subscripts!r} describes {len(texts)} operands, got {len(operands)}"
        )
    spare = [
        len(p.shape_of(x)) - len(t.replace("...", "")) for t, x in zip(texts, operands, strict=True)
    ]
    widest = max((n for n, t in zip(spare, texts, strict=True) if "..." in t), default=0)

    def labels(text: str, n: int) -> list[str]:
        head, dots, tail = text.partition("...")
        return [*head, *(str(i) for i in range(widest - n, widest) if dots), *tail]

    sizes: dict[str, int] = {}
    terms = []
    for text, n, x in zip(texts, spare, operands, strict=True):
        term = labels(text, n)
        if n < 0 or len(term) != len(p.shape_of(x)) or (not "".join(term).isalnum() and term):
            raise ValueError(f"einsum: the labels {text!r} do not fit the shape {p.shape_of(x)}")
        for label, size in zip(term, p.shape_of(x), strict=True):
            known = sizes.setdefault(label, size)
            if label.isdigit() and 1 in (known, size):
                sizes[label] = known * size
            elif known != size:
                raise ValueError(
                    f"einsum: the label {label!r} stands for both {known} and {size} "
                    f"in {subscripts!r}"
                )
        terms.append(term)
    if arrow:
        return terms, labels(right, widest), sizes
    every = [label for term in terms for label in term]
    once = sorted(label for label in set(every) if every.count(label) == 1 and label.isalpha())
    return terms, [*(str(i) for i in range(widest)), *once], sizes


def _diagonal(x: Any, labels: list[str], sizes: dict[str, int]) -> tuple[Any, list[str]]:
    """x with every label once (the diagonal along repeated ones), and no axis left to broadcast."""
    unique = list(dict.fromkeys(labels))
    if len(unique) < len(labels):
        grids = np.ix_(*(np.arange(sizes[label]) for label in unique))
        x = p.take(x, index=tuple(grids[unique.index(label)] for label in labels))
    full = [label for label, n in zip(unique, p.shape_of(x), strict=True) if n == sizes[label]]
    if len(full) < len(unique):
        x = p.reshape(x, shape=tuple(sizes[label] for label in full))
    return x, full


def _summed(x: Any, labels: list[str], needed: set[str]) -> tuple[Any, list[str]]:
    """x summed over the labels that nobody needs."""
    axes = tuple(i for i, label in enumerate(labels) if label not in needed)
    if axes:
        x = p.sum(x, axis=axes)
    return x, [label for label in labels if label in needed]


def _contract(x: Any, left: list[str], y: Any, right: list[str], needed: set[str]) -> Any:
    """Two operands as one batched matrix product, and the labels of the result."""
    batch = [label for label in left if label in right and label in needed]
    inner = [label for label in left if label in right and label not in needed]
    rows = [label for label in left if label not in right]
    columns = [label for label in right if label not in left]

    def arranged(z: Any, labels: list[str], groups: tuple[list[str], ...]) -> Any:
        axes = tuple(labels.index(label) for group in groups for label in group)
        sizes = [[p.shape_of(z)[labels.index(label)] for label in group] for group in groups]
        z = z if axes == tuple(range(len(axes))) else p.transpose(z, axes=axes)
        return p.reshape(z, shape=(*sizes[0], math.prod(sizes[1]), math.prod(sizes[2])))

    size = {
        **dict(zip(left, p.shape_of(x), strict=True)),
        **dict(zip(right, p.shape_of(y), strict=True)),
    }
    product = p.matmul(
        arranged(x, left, (batch, rows, inner)), arranged(y, right, (batch, inner, columns))
    )
    labels = batch + rows + columns
    return p.reshape(product, shape=tuple(size[label] for label in labels)), labels
