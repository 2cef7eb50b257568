"""How each row of the table computes into a buffer: `call(*operands, out)`.

The one place that says so, complete by name: a row that `INTO` lacks is a failing test.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import Context
from enum import Enum
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import TABLE, Primitive
from autograd.table import kernels

Call = Callable[..., Any]

POWERS = {2.0: np.square, 0.5: np.sqrt, -1.0: np.reciprocal}  # as NumPy's operator has them


def silent() -> Call:
    """`run(function, *arguments)`, where NumPy does not warn: quicker than to enter `errstate`.

    One call at a time, as a context can't be entered twice.
    """
    context = Context()
    context.run(partial(np.seterr, all="ignore"))
    return context.run


def into(op: Primitive, params: dict[str, Any]) -> Call:
    """`call(*operands, out)` that leaves in `out` what `op.array(*operands, **params)` returns."""
    way = way_of(op)
    if way is Way.OWN:
        return op.array
    call = partial(_copied, op) if way is Way.COPIED else way
    return partial(call, **params) if params else call


def may_overwrite(op: Primitive) -> bool:
    """Whether `out` may be one of the operands: elementwise, and nothing is read after a write."""
    return op.scalar is not None and way_of(op) not in WRITING_FIRST


def way_of(op: Primitive) -> Call | Way:
    """The entry of `op`; a primitive that is not the table's has its own function."""
    if TABLE.get(op.name) is op:
        return INTO[op.name]
    return Way.OWN if isinstance(op.array, np.ufunc) else Way.COPIED


def _copied(op: Primitive, *buffers: Any, **params: Any) -> None:
    *operands, out = buffers
    np.copyto(out, op.array(*map(np.asarray, operands), **params))  # a leaf may be a float


def power(x: Any, y: Any, out: NDArray[Any]) -> None:
    """As NumPy's operator does it: some exponents have a faster and more precise way."""
    if np.size(y) == 1 and np.shape(x) == out.shape:
        special = POWERS.get(float(np.reshape(y, ())))
        if special is not None:
            special(x, out)
            return
    np.power(x, y, out)


def relu(x: Any, out: NDArray[Any]) -> None:
    out.fill(0.0)
    np.maximum(x, out, out=out)  # twice as fast as with a number


def extreme(choose: np.ufunc) -> Call:
    def call(x: Any, *rest: Any) -> None:
        *others, out = rest
        if not others:
            np.copyto(out, x)
        for other in others:
            x = choose(x, other, out=out)

    return call


largest, smallest = extreme(np.maximum), extreme(np.minimum)


def where(condition: Any, x: Any, y: Any, out: NDArray[Any]) -> None:
    np.copyto(out, y)
    np.copyto(out, x, where=np.not_equal(condition, 0.0))


def joined(join: Call) -> Call:
    return lambda *buffers, axis: join(buffers[:-1], axis, buffers[-1])


WRITING_FIRST = (relu, largest, smallest, where)  # their `out` must be none of the operands


class Way(Enum):
    OWN = "the row's own function is a ufunc, and takes a buffer"
    COPIED = "computes as ever, and is copied"


INTO: dict[str, Call | Way] = {
    **{name: Way.OWN for name, op in TABLE.items() if isinstance(op.array, np.ufunc)},
    **dict.fromkeys(("erf", "direction", "stop_gradient", "take", "windows", "cumsum"), Way.COPIED),
    **dict.fromkeys(("sort", "sorted_by", "unsorted_by", "solve", "inv", "det"), Way.COPIED),
    **dict.fromkeys(("cofactors", "logabsdet", "signdet", "cholesky"), Way.COPIED),
    "pow": power,
    "sigmoid": kernels.sigmoid,
    "relu": relu,
    "softplus": lambda x, out: np.logaddexp(x, 0.0, out),
    "clip": lambda x, out, lo, hi: np.clip(x, lo, hi, out=out),
    "maximum": largest,
    "minimum": smallest,
    "where": where,
    "astype": lambda x, out, dtype: np.copyto(out, x),
    "heaviside": lambda x, out: np.greater(x, 0.0, out),
    "equal": lambda x, y, out: np.equal(x, y, out),
    "marked": lambda y, x, out: np.copyto(out, y),
    "subgradient": lambda g, s, x, y, out: np.multiply(g, s, out),
    "isfinite": lambda x, out: np.isfinite(x, out),
    "sum": lambda x, out, axis, keepdims: np.add.reduce(x, axis, out=out, keepdims=keepdims),
    "max": lambda x, out, axis, keepdims: np.maximum.reduce(x, axis, out=out, keepdims=keepdims),
    "sum_to": kernels.sum_to_shape,
    "broadcast_to": kernels.broadcast_copy,
    "reshape": lambda x, out, shape: np.copyto(out.reshape(np.shape(x)), x),
    "transpose": lambda x, out, axes: np.copyto(out, np.transpose(x, axes)),
    "scatter": kernels.scatter_into,
    "overlap_add": kernels.add_windows,
    "pad": kernels.pad_with,
    "concatenate": joined(np.concatenate),
    "stack": joined(np.stack),
    "to_value": lambda x, out: np.copyto(out, x),
}
