"""How a row of the table computes into a buffer: `call(*operands, out)`.

A row whose `array` is a NumPy ufunc has its answer already. The few others that matter for speed
are here, and the rest computes as ever and is copied.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import Primitive


def into(op: Primitive, params: dict[str, Any]) -> Callable[..., Any]:
    """`call(*operands, out)` that leaves in `out` what `op.array(*operands, **params)` returns."""
    if isinstance(op.array, np.ufunc):
        return op.array
    if op.name in CALLS:
        special: Callable[..., Any] = CALLS[op.name]
        return (lambda *buffers: special(*buffers, **params)) if params else special

    def copied(*buffers: Any) -> None:
        *operands, out = buffers
        np.copyto(out, op.array(*operands, **params))

    return copied


def power(x: Any, y: Any, out: np.ndarray) -> None:
    """As NumPy's operator does it: some exponents have a faster and more precise way."""
    if np.size(y) == 1 and np.shape(x) == out.shape:
        special = {2.0: np.square, 0.5: np.sqrt, -1.0: np.reciprocal}.get(float(np.reshape(y, ())))
        if special is not None:
            special(x, out)
            return
    np.power(x, y, out)


def sigmoid(x: Any, out: np.ndarray) -> None:
    np.negative(x, out)
    np.exp(out, out)
    np.add(out, 1.0, out)
    np.divide(1.0, out, out)


def extreme(choose: np.ufunc) -> Callable[..., Any]:
    def call(x: Any, *rest: Any) -> None:
        *others, out = rest
        if not others:
            np.copyto(out, x)
        for other in others:
            x = choose(x, other, out)

    return call


CALLS: dict[str, Callable[..., Any]] = {
    "pow": power,
    "sigmoid": sigmoid,
    "relu": lambda x, out: np.maximum(x, 0.0, out),
    "softplus": lambda x, out: np.logaddexp(x, 0.0, out),
    "clip": lambda x, out, lo, hi: np.clip(x, lo, hi, out),
    "maximum": extreme(np.maximum),
    "minimum": extreme(np.minimum),
    "step": lambda x, out: np.greater(x, 0.0, out),
    "equal": lambda x, y, out: np.equal(x, y, out),
    "isfinite": lambda x, out: np.isfinite(x, out),
    "abs": lambda x, out: np.abs(x, out),
}
