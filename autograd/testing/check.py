"""`check_grads`: is the gradient of a function right?"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Node, grad
from autograd.testing.numeric import EPS, derivative
from autograd.testing.subject import GradientError, Subject


def check_grads(
    f: Any, *inputs: Any, order: int = 2, rtol: float = 1e-6, params: Any = None, seed: int = 0
) -> None:
    """Check the gradients of `f` for every Value and Tensor among `inputs`."""
    subject = Subject(f, inputs, params)
    rng = np.random.default_rng(seed)
    call = subject.call()
    cotangents = [rng.normal(size=y.shape) for y in call.outputs]
    gradients = contracted_gradients(call.outputs, list(call.leaves.values()), cotangents)
    for (name, leaf), gradient in zip(call.leaves.items(), gradients, strict=True):
        x = np.asarray(leaf._data, float)
        size = np.maximum(np.abs(x), 1e-3)
        units = range(x.size) if x.size <= 16 else [None] * 8
        for unit in units:
            if unit is None:
                u = size * rng.choice([-1.0, 1.0], x.shape)
            else:
                u = np.zeros(x.size)
                u[unit] = size.flat[unit]
                u = u.reshape(x.shape)

            def phi(t: float, name: str = name, x: np.ndarray = x, u: np.ndarray = u) -> float:
                moved = x + t * u
                number = float(moved) if type(leaf._data) is float else moved
                outputs = subject.call({name: number}).outputs
                return sum(
                    float(np.vdot(v, np.subtract(y._data, y0._data)))
                    for v, y, y0 in zip(cotangents, outputs, call.outputs, strict=True)
                )

            scale = sum(
                float(np.vdot(np.abs(v), np.abs(y._data)))
                for v, y in zip(cotangents, call.outputs, strict=True)
            )
            numeric = derivative(phi, EPS * scale, lambda s: s.error <= 0.1 * rtol * abs(s.value))
            analytic = float(np.vdot(gradient, u))
            if (
                abs(analytic - numeric.value)
                > rtol * max(abs(analytic), abs(numeric.value)) + 4 * numeric.error
            ):
                where = (
                    "along a random direction"
                    if unit is None
                    else f"at {np.unravel_index(unit, x.shape)}"
                )
                raise GradientError(
                    f"check_grads({subject.name}): the gradient for {name} is wrong {where}: "
                    f"analytic {analytic:.9g}, numeric {numeric.value:.9g} ± {numeric.error:.1g} (seed {seed})"
                )


def contracted_gradients(
    outputs: list[Node], leaves: list[Node], cotangents: list[Any]
) -> list[Any]:
    """Σ over the outputs of the vector-Jacobian products."""
    total: list[Any] = [0.0] * len(leaves)
    for y, v in zip(outputs, cotangents, strict=True):
        v = float(v) if type(y._data) is float else v
        total = [a + b for a, b in zip(total, grad(y, leaves, v), strict=True)]
    return total
