"""How a row of the table computes into a buffer: `call(*operands, out)`.

A row whose `array` is a NumPy ufunc has its answer already. The others for which memory or speed
asks for another call than the row's own are here; the rest computes as ever and is copied.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from functools import partial
from typing import Any

import numpy as np

from autograd import Primitive
from autograd.table.kernels import accumulate, is_fancy

# as NumPy's own type hints don't know all that these take
add: Any = np.add

POWERS = {2.0: np.square, 0.5: np.sqrt, -1.0: np.reciprocal}  # as NumPy's operator has them


def silent() -> Callable[..., Any]:
    """`run(function, *arguments)`, where NumPy does not warn: quicker than to enter `errstate`.

    One call at a time, as a context can't be entered twice.
    """
    context = Context()
    context.run(partial(np.seterr, all="ignore"))
    return context.run


def into(op: Primitive, params: dict[str, Any]) -> Callable[..., Any]:
    """`call(*operands, out)` that leaves in `out` what `op.array(*operands, **params)` returns."""
    if isinstance(op.array, np.ufunc):
        return op.array
    special = CALLS.get(op.name)
    if special is not None:
        return partial(special, **params) if params else special

    def copied(*buffers: Any) -> None:
        *operands, out = buffers
        np.copyto(out, op.array(*map(np.asarray, operands), **params))  # a leaf may be a float

    return copied


def power(x: Any, y: Any, out: np.ndarray) -> None:
    """As NumPy's operator does it: some exponents have a faster and more precise way."""
    if np.size(y) == 1 and np.shape(x) == out.shape:
        special = POWERS.get(float(np.reshape(y, ())))
        if special is not None:
            special(x, out)
            return
    np.power(x, y, out)


def sigmoid(x: Any, out: np.ndarray) -> None:
    np.negative(x, out)
    np.exp(out, out)
    np.add(out, 1.0, out)
    np.divide(1.0, out, out)


def relu(x: Any, out: np.ndarray) -> None:
    out.fill(0.0)
    np.maximum(x, out, out=out)  # twice as fast as with a number


def extreme(choose: np.ufunc) -> Callable[..., Any]:
    def call(x: Any, *rest: Any) -> None:
        *others, out = rest
        if not others:
            np.copyto(out, x)
        for other in others:
            x = choose(x, other, out=out)

    return call


def where(condition: Any, x: Any, y: Any, out: np.ndarray) -> None:
    np.copyto(out, y)
    np.copyto(out, x, where=np.not_equal(condition, 0.0))


def joined(join: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *buffers, axis: join(buffers[:-1], axis, buffers[-1])


def scatter(x: Any, out: np.ndarray, index: tuple[Any, ...], shape: tuple[int, ...]) -> None:
    out.fill(0.0)
    if is_fancy(index):
        accumulate(out, index, x)
    else:
        out[index] = x


def overlap_add(
    x: np.ndarray,
    out: np.ndarray,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    dilation: tuple[int, ...],
) -> None:
    n: Any = len(shape)
    counts, size = x.shape[-2 * n : -n], x.shape[-n:]
    out.fill(0.0)
    for offset in np.ndindex(*size):
        places: Any = tuple(
            slice(o * d, o * d + s * (c - 1) + 1, s)
            for o, d, s, c in zip(offset, dilation, stride, counts, strict=True)
        )
        part = out[(..., *places)]
        add(part, x[..., *offset], part)


def pad(x: Any, out: np.ndarray, width: tuple[tuple[int, int], ...], value: float) -> None:
    out.fill(value)
    inside = tuple(
        slice(before, n - after) for n, (before, after) in zip(out.shape, width, strict=True)
    )
    out[inside] = x


def sum_to(x: np.ndarray, out: np.ndarray, shape: tuple[int, ...]) -> None:
    lead = x.ndim - len(shape)
    axes = tuple(i for i in range(x.ndim) if i < lead or shape[i - lead] != x.shape[i])
    add.reduce(x, axes, None, out.reshape([n for i, n in enumerate(x.shape) if i not in axes]))


CALLS: dict[str, Callable[..., Any]] = {
    "pow": power,
    "sigmoid": sigmoid,
    "relu": relu,
    "softplus": lambda x, out: np.logaddexp(x, 0.0, out),
    "clip": lambda x, out, lo, hi: np.clip(x, lo, hi, out=out),
    "maximum": extreme(np.maximum),
    "minimum": extreme(np.minimum),
    "where": where,
    "astype": lambda x, out, dtype: np.copyto(out, x),
    "heaviside": lambda x, out: np.greater(x, 0.0, out),
    "equal": lambda x, y, out: np.equal(x, y, out),
    "isfinite": lambda x, out: np.isfinite(x, out),
    "sum_to": sum_to,
    "broadcast_to": lambda x, out, shape: np.copyto(out, x),
    "reshape": lambda x, out, shape: np.copyto(out.reshape(np.shape(x)), x),
    "transpose": lambda x, out, axes: np.copyto(out, np.transpose(x, axes)),
    "scatter": scatter,
    "overlap_add": overlap_add,
    "pad": pad,
    "concatenate": joined(np.concatenate),
    "stack": joined(np.stack),
    "to_value": lambda x, out: np.copyto(out, x),
}
