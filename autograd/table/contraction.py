"""Einstein's summation and the products made of it, each a row of matrix products."""

import math
from typing import Any

import numpy as np

from autograd.table.composites import composite
from autograd.table.elementwise import mul
from autograd.table.indexing import take
from autograd.table.products import matmul
from autograd.table.reductions import sum as total
from autograd.table.shapes import reshape, shape_of, transpose


@composite
def dot(x: Any, y: Any) -> Any:
    """Σ over the last axis of x and the second to last (or only) of y; numbers multiply.

    >>> float(dot(np.array([1.0, 2.0]), np.array([3.0, 4.0])))
    11.0
    """
    if len(shape_of(x)) == 0 or len(shape_of(y)) == 0:
        return mul(x, y)
    if len(shape_of(y)) <= 2:
        return matmul(x, y)
    letters = "abcdefghijklmnopqrstuvwxyz"
    mine, theirs = (
        letters[: len(shape_of(x)) - 1],
        letters[len(shape_of(x)) : len(shape_of(x)) + len(shape_of(y))],
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
    return x if order == tuple(range(len(order))) else transpose(x, axes=order)


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
        len(shape_of(x)) - len(t.replace("...", "")) for t, x in zip(texts, operands, strict=True)
    ]
    widest = max((n for n, t in zip(spare, texts, strict=True) if "..." in t), default=0)

    def labels(text: str, n: int) -> list[str]:
        head, dots, tail = text.partition("...")
        return [*head, *(str(i) for i in range(widest - n, widest) if dots), *tail]

    sizes: dict[str, int] = {}
    terms = []
    for text, n, x in zip(texts, spare, operands, strict=True):
        term = labels(text, n)
        if n < 0 or len(term) != len(shape_of(x)) or (not "".join(term).isalnum() and term):
            raise ValueError(f"einsum: the labels {text!r} do not fit the shape {shape_of(x)}")
        for label, size in zip(term, shape_of(x), strict=True):
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
        x = take(x, index=tuple(grids[unique.index(label)] for label in labels))
    full = [label for label, n in zip(unique, shape_of(x), strict=True) if n == sizes[label]]
    if len(full) < len(unique):
        x = reshape(x, shape=tuple(sizes[label] for label in full))
    return x, full


def _summed(x: Any, labels: list[str], needed: set[str]) -> tuple[Any, list[str]]:
    """x summed over the labels that nobody needs."""
    axes = tuple(i for i, label in enumerate(labels) if label not in needed)
    if axes:
        x = total(x, axis=axes)
    return x, [label for label in labels if label in needed]


def _contract(x: Any, left: list[str], y: Any, right: list[str], needed: set[str]) -> Any:
    """Two operands as one batched matrix product, and the labels of the result."""
    batch = [label for label in left if label in right and label in needed]
    inner = [label for label in left if label in right and label not in needed]
    rows = [label for label in left if label not in right]
    columns = [label for label in right if label not in left]

    def arranged(z: Any, labels: list[str], groups: tuple[list[str], ...]) -> Any:
        axes = tuple(labels.index(label) for group in groups for label in group)
        sizes = [[shape_of(z)[labels.index(label)] for label in group] for group in groups]
        z = z if axes == tuple(range(len(axes))) else transpose(z, axes=axes)
        return reshape(z, shape=(*sizes[0], math.prod(sizes[1]), math.prod(sizes[2])))

    size = {
        **dict(zip(left, shape_of(x), strict=True)),
        **dict(zip(right, shape_of(y), strict=True)),
    }
    product = matmul(
        arranged(x, left, (batch, rows, inner)), arranged(y, right, (batch, inner, columns))
    )
    labels = batch + rows + columns
    return reshape(product, shape=tuple(size[label] for label in labels)), labels
