"""A graph for many rows of numbers at once: its operations with one more axis in front.

`IN_ROWS` says how for each row of the table, complete by name.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextvars import Context
from typing import Any, NamedTuple

import numpy as np

import autograd
from autograd import TABLE, Node, Primitive, Tensor
from autograd.table import linalg, reductions

Shape = tuple[int, ...]


class Operand(NamedTuple):
    """An operand as it was and, where it has rows now, with them."""

    old: Any
    new: Node | None


Anew = Callable[[Node, Sequence[Operand], Shape], Any]  # a node, recorded with rows, of this shape


class RowByRow(Exception):
    """An operation of the graph is not known for many rows at once."""


def in_rows(nodes: Sequence[Node], changing: Collection[Node], rows: int) -> dict[Node, Node]:
    """What stands for each of `nodes` where the leaves `changing` have numbers for each row.

    A node that is the same in all rows stands for itself.

    Raises:
        RowByRow: not all of the operations are known for many rows.

    >>> from autograd import toposort
    >>> x, w = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    >>> out = (x * w).sum()
    >>> found = in_rows(toposort(out), [x], 5)
    >>> found[out].shape, found[w] is w
    ((5,), True)
    """
    with np.errstate(all="ignore"):  # in a context of its own, recording is on and not observed
        return Context().run(_in_rows, nodes, changing, rows)


def _in_rows(nodes: Sequence[Node], changing: Collection[Node], rows: int) -> dict[Node, Node]:
    found = {x: Tensor(np.broadcast_to(x.raw, (rows, *x.shape))) for x in changing}
    for node in nodes:
        news = [found.get(x) if isinstance(x, Node) else None for x in node.operands]
        if node.op is not None and any(x is not None for x in news):
            operands = list(map(Operand, node.operands, news))
            found[node] = _anew(node.op)(node, operands, (rows, *node.shape))
    return {node: found.get(node, node) for node in nodes}


def _anew(op: Primitive) -> Anew:
    if TABLE.get(op.name) is op:
        return IN_ROWS[op.name]
    return unknown if op.scalar is None else elementwise


def _aligned(x: Any, ndim: int, by: int) -> Any:
    """x of `ndim` axes after the rows with `by` more between."""
    return autograd.reshape(x, shape=(x.shape[0], *(1,) * (by - ndim), *x.shape[1:]))


def unknown(node: Node, operands: Sequence[Operand], shape: Shape) -> Any:
    raise RowByRow(str(node.op))


def elementwise(node: Node, operands: Sequence[Operand], shape: Shape) -> Any:
    """Each operand so that its rows meet the others'."""

    def fitting(operand: Operand) -> Any:
        old, new = operand
        if new is None:
            return old
        if type(old.raw) is float and node.precision != new.precision:  # a Value adapts to arrays
            new = autograd.astype(new, dtype=node.precision)
        return new if old.ndim == node.ndim else _aligned(new, old.ndim, node.ndim)

    assert node.op is not None
    return node.op.apply(tuple(map(fitting, operands)), node.params)


def _spread(operands: Sequence[Operand], rows: int) -> tuple[Any, ...]:
    """All operands with rows."""
    return tuple(
        autograd.broadcast_to(old, shape=(rows, *np.shape(old))) if new is None else new
        for old, new in operands
    )


def joined(node: Node, operands: Sequence[Operand], shape: Shape) -> Any:
    assert node.op is not None
    axis = 1 + node.params["axis"] % node.ndim
    return node.op.apply(_spread(operands, shape[0]), {"axis": axis})


def product(node: Node, operands: Sequence[Operand], shape: Shape) -> Any:
    """x @ y as a product of matrices: of two only, where y is the same in all rows."""
    left, right = operands
    x, y = (operand.old if operand.new is None else operand.new for operand in operands)
    if right.new is None and np.ndim(right.old) == 2:
        return autograd.reshape(autograd.reshape(x, shape=(-1, x.shape[-1])) @ y, shape=shape)
    if np.ndim(left.old) == 1:
        x = autograd.reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))
    if np.ndim(right.old) == 1:
        y = autograd.reshape(y, shape=(*y.shape, 1))
    ndim = max(np.ndim(left.old), np.ndim(right.old), 2)
    if left.new is not None:
        x = _aligned(x, x.ndim - 1, ndim)
    if right.new is not None:
        y = _aligned(y, y.ndim - 1, ndim)
    return autograd.reshape(autograd.matmul(x, y), shape=shape)


def matrices(node: Node, operands: Sequence[Operand], shape: Shape) -> Any:
    """An operation on stacks of matrices, to which the rows are one more axis."""
    assert node.op is not None
    return node.op(operands[0].new)


def _solved(node: Node, operands: Sequence[Operand], shape: Shape) -> Any:
    ndim = max(np.ndim(old) for old, _ in operands)
    a, b = (old if new is None else _aligned(new, np.ndim(old), ndim) for old, new in operands)
    return linalg.solve(a, b)


def alone(function: Callable[..., Any]) -> Anew:
    """An operation on one operand, from `function(x, ndim, shape, **params)`.

    It is given x with rows, its axes without them, and the result's shape.
    """

    def anew(node: Node, operands: Sequence[Operand], shape: Shape) -> Any:
        ((old, new),) = operands
        return function(new, old.ndim, shape, **node.params)

    return anew


def _axes(axis: Iterable[int] | None, ndim: int) -> Shape:
    return tuple(1 + a % ndim for a in (range(ndim) if axis is None else axis))


def _index(index: tuple[Any, ...]) -> tuple[Any, ...]:
    """All rows, and the index in each. NumPy moves the rows where it is in parts."""
    listed = [i for i, item in enumerate(index) if isinstance(item, (int, np.ndarray))]
    if any(isinstance(i, np.ndarray) for i in index) and listed[-1] - listed[0] >= len(listed):
        raise RowByRow(f"index {index}")
    return (slice(None), *index)


def _sum_to(x: Any, ndim: int, out: Shape, shape: Shape) -> Any:
    lead = tuple(range(1, 1 + ndim - len(shape)))
    return autograd.sum_to(reductions.sum(x, axis=lead) if lead else x, shape=out)


def _cumsum(x: Any, ndim: int, out: Shape, axis: int | None) -> Any:
    if axis is None or ndim == 0:
        return autograd.cumsum(autograd.reshape(x, shape=out), axis=1)
    return autograd.cumsum(x, axis=1 + axis % ndim)


def _transposed(x: Any, ndim: int, out: Shape, axes: Shape | None) -> Any:
    return autograd.transpose(x, axes=(0, *_axes(axes or range(ndim)[::-1], ndim)))


def _scattered(x: Any, ndim: int, out: Shape, index: tuple[Any, ...], shape: Shape) -> Any:
    x = _aligned(x, ndim, np.ndim(np.broadcast_to(0.0, shape)[index]))  # which x broadcasts to
    return autograd.scatter.apply((x,), {"index": _index(index), "shape": out})


def _spread_to(x: Any, ndim: int, out: Shape, shape: Shape) -> Any:
    return autograd.broadcast_to(_aligned(x, ndim, len(shape)), shape=out)


def _reduced(op: Primitive) -> Anew:
    return alone(lambda x, n, out, axis, keepdims: op(x, axis=_axes(axis, n), keepdims=keepdims))


IN_ROWS: dict[str, Anew] = {
    **{name: elementwise for name, op in TABLE.items() if op.scalar is not None},
    "sum": _reduced(reductions.sum),
    "max": _reduced(reductions.max),
    "sum_to": alone(_sum_to),
    "broadcast_to": alone(_spread_to),
    "reshape": alone(lambda x, ndim, out, shape: autograd.reshape(x, shape=out)),
    "transpose": alone(_transposed),
    "take": alone(lambda x, ndim, out, index: autograd.take.apply((x,), {"index": _index(index)})),
    "scatter": alone(_scattered),
    "windows": alone(lambda x, ndim, out, **params: autograd.windows.apply((x,), params)),
    "overlap_add": alone(lambda x, ndim, out, **params: autograd.overlap_add.apply((x,), params)),
    "pad": alone(lambda x, ndim, out, width, value: autograd.pad(x, ((0, 0), *width), value)),
    "cumsum": alone(_cumsum),
    "concatenate": joined,
    "stack": joined,
    "to_value": alone(lambda x, ndim, out: autograd.reshape(x, shape=out)),
    "matmul": product,
    "sort": alone(lambda x, n, out, axis: autograd.sort(x, axis=1 + axis % n)),
    "sorted_by": joined,
    "unsorted_by": joined,
    "solve": _solved,
    **dict.fromkeys(("inv", "det", "cofactors", "logabsdet", "signdet", "cholesky"), matrices),
}
