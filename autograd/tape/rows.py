"""A graph for many rows of numbers at once: its operations with one more axis in front."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextvars import Context
from typing import Any

import numpy as np

import autograd
from autograd import Node, Primitive, Tensor

Shape = tuple[int, ...]


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
        if any(isinstance(x, Node) and x in found for x in node.operands):
            operands = [(x, found.get(x) if isinstance(x, Node) else None) for x in node.operands]
            found[node] = _anew(node, operands, (rows, *node.shape))
    return {node: found.get(node, node) for node in nodes}


def _anew(node: Node, operands: Sequence[tuple[Any, Node | None]], shape: Shape) -> Any:
    """`node` from `operands`, each as it was and, where it has rows now, with them."""
    op, params = node.op, node.params
    assert op is not None
    if op.scalar is not None:
        return op.apply(tuple(_fitting(node, old, new) for old, new in operands), params)
    if op.name == "matmul":
        return autograd.reshape(_product(*operands), shape=shape)
    if op.name in ("concatenate", "stack"):
        spread = [_spread(shape[0], old, new) for old, new in operands]
        return op.apply(tuple(spread), {"axis": 1 + params["axis"] % node.ndim})
    if op.name not in OPERATIONS:
        raise RowByRow(str(op))
    ((old, new),) = operands
    return OPERATIONS[op.name](new, old.ndim, shape, **params)


def _aligned(x: Any, ndim: int, by: int) -> Any:
    """x of `ndim` axes after the rows with `by` more between."""
    return autograd.reshape(x, shape=(x.shape[0], *(1,) * (by - ndim), *x.shape[1:]))


def _fitting(node: Node, old: Any, new: Node | None) -> Any:
    """An operand of an elementwise operation, so that its rows meet the others'."""
    if new is None:
        return old
    if type(old.raw) is float and node.dtype != new.dtype:  # a Value adapts to arrays
        new = autograd.astype(new, dtype=node.dtype)
    return new if old.ndim == node.ndim else _aligned(new, old.ndim, node.ndim)


def _spread(rows: int, old: Any, new: Node | None) -> Any:
    if new is not None:
        return new
    return autograd.broadcast_to(old, shape=(rows, *np.shape(old)))


def _product(left: tuple[Any, Node | None], right: tuple[Any, Node | None]) -> Any:
    """x @ y as a product of matrices: of two only, where y is the same in all rows."""
    (old_x, new_x), (old_y, new_y) = left, right
    x, y = old_x if new_x is None else new_x, old_y if new_y is None else new_y
    if new_y is None and new_x is not None and np.ndim(old_y) == 2:
        return autograd.reshape(x, shape=(-1, x.shape[-1])) @ y
    if np.ndim(old_x) == 1:
        x = autograd.reshape(x, shape=(*x.shape[:-1], 1, x.shape[-1]))
    if np.ndim(old_y) == 1:
        y = autograd.reshape(y, shape=(*y.shape, 1))
    ndim = max(np.ndim(old_x), np.ndim(old_y), 2)
    if new_x is not None:
        x = _aligned(x, x.ndim - 1, ndim)
    if new_y is not None:
        y = _aligned(y, y.ndim - 1, ndim)
    return autograd.matmul(x, y)


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
    return autograd.sum_to(autograd.sum(x, axis=lead) if lead else x, shape=out)


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


def _reduced(op: Primitive) -> Callable[..., Any]:
    return lambda x, ndim, out, axis, keepdims: op(x, axis=_axes(axis, ndim), keepdims=keepdims)


def _last_axes(op: Primitive) -> Callable[..., Any]:
    return lambda x, ndim, out, **params: op.apply((x,), params)


# by name: (x with rows, its axes without them, the shape of the result, **params)
OPERATIONS: dict[str, Callable[..., Any]] = {
    "sum": _reduced(autograd.sum),
    "max": _reduced(autograd.max),
    "sum_to": _sum_to,
    "broadcast_to": _spread_to,
    "reshape": lambda x, ndim, out, shape: autograd.reshape(x, shape=out),
    "to_value": lambda x, ndim, out: autograd.reshape(x, shape=out),
    "transpose": _transposed,
    "take": lambda x, ndim, out, index: autograd.take.apply((x,), {"index": _index(index)}),
    "scatter": _scattered,
    "windows": _last_axes(autograd.windows),
    "overlap_add": _last_axes(autograd.overlap_add),
    "pad": lambda x, ndim, out, width, value: autograd.pad(x, ((0, 0), *width), value),
    "cumsum": _cumsum,
}
