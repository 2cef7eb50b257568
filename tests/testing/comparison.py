"""The comparison set: functions, points and planted errors on which gradient checkers are measured.

A function is written for any library with NumPy's names: `f(m, x)`, where `m` is that library and
x a vector of three numbers. Every function comes with 40 points. An error is planted by letting x
pass through an identity whose rule multiplies the gradient by 1 + ε.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

POINTS = 40
PLANTED = (1e-3, 1e-5)


class Entry(NamedTuple):
    """A function on the box [low, high]³; `kinked` pins its first entries to a kink."""

    name: str
    f: Callable[[Any, Any], Any]
    low: float = -2.0
    high: float = 2.0
    dtype: Any = np.float64
    kinked: tuple[float, ...] = ()

    def points(self) -> Iterator[np.ndarray]:
        """The same points everywhere: a Kronecker sequence, which needs no random numbers."""
        roots = np.sqrt([2.0, 3.0, 5.0])
        for k in range(1, POINTS + 1):
            x = self.low + (self.high - self.low) * ((k * roots) % 1.0)
            x[: len(self.kinked)] = self.kinked
            yield x.astype(self.dtype)


def sigmoid(m: Any, x: Any) -> Any:
    return 1 / (1 + m.exp(-x))


def softmax(m: Any, x: Any) -> Any:
    return m.exp(x) / m.sum(m.exp(x))


def layer_norm(m: Any, x: Any) -> Any:
    d = x - m.sum(x) / 3
    return d / m.sqrt(m.sum(d * d) / 3 + 1e-5)


def rosenbrock(m: Any, x: Any) -> Any:
    return 100 * (x[1] - x[0] ** 2) ** 2 + (1 - x[0]) ** 2 + x[2] ** 2


def relu(m: Any, x: Any) -> Any:
    return m.maximum(x, 0 * x)


SET = [
    # everyday functions
    Entry("sin", lambda m, x: m.sin(x)),
    Entry("exp", lambda m, x: m.exp(x)),
    Entry("log", lambda m, x: m.log(x), 0.2, 5.0),
    Entry("sqrt", lambda m, x: m.sqrt(x), 0.2, 5.0),
    Entry("cube", lambda m, x: x**3, 0.2, 2.0),
    Entry("reciprocal", lambda m, x: 1 / x, 0.2, 5.0),
    Entry("tanh", lambda m, x: m.tanh(x)),
    Entry("sigmoid", sigmoid),
    Entry("softplus", lambda m, x: m.log(1 + m.exp(x))),
    Entry("gauss", lambda m, x: m.exp(-x * x)),
    Entry("rational", lambda m, x: x / (1 + x * x)),
    Entry("x log x", lambda m, x: x * m.log(x), 0.4, 5.0),
    Entry("product", lambda m, x: x[0] * x[1] * x[2], 0.2, 2.0),
    Entry("quotient", lambda m, x: x[0] / x[1] + x[2], 0.2, 2.0),
    Entry("cos of product", lambda m, x: m.cos(x[0] * x[1]) + x[2], 0.2, 2.0),
    Entry("norm", lambda m, x: m.sqrt(m.sum(x * x)), 0.2, 2.0),
    Entry("softmax", softmax),
    Entry("logsumexp", lambda m, x: m.log(m.sum(m.exp(x)))),
    Entry("layer norm", layer_norm, 0.2, 2.0),
    Entry("rosenbrock", rosenbrock, 1.2, 2.0),
    Entry("sinc", lambda m, x: m.sin(x) / x, 0.5, 3.0),
    # tiny and huge numbers
    Entry("tiny sum", lambda m, x: 1e-6 * m.sum(x)),
    Entry("tinier square", lambda m, x: 1e-9 * x * x, 0.2, 2.0),
    Entry("huge sum of squares", lambda m, x: 1e12 * m.sum(x * x), 0.2, 2.0),
    Entry("log of tiny", lambda m, x: m.log(x), 1e-6, 1e-4),
    Entry("sqrt of tiny", lambda m, x: m.sqrt(x), 1e-6, 1e-4),
    Entry("reciprocal of tiny", lambda m, x: 1 / x, 1e-5, 1e-3),
    Entry("slow sine", lambda m, x: 1e6 * m.sin(1e-3 * x), 0.2, 2.0),
    # wiggly and steep
    Entry("sin 50x", lambda m, x: m.sin(50 * x)),
    Entry("runge", lambda m, x: 1 / (1 + 25 * x * x), 0.05, 1.0),
    Entry("steep tanh", lambda m, x: m.tanh(30 * x), -0.2, 0.2),
    Entry("steep exp", lambda m, x: m.exp(20 * x), -1.0, 1.0),
    # large constants that swallow digits
    Entry("1e8 + sin", lambda m, x: 1e8 + m.sin(x), 0.1, 1.4),
    Entry("(1e6 + sin) − 1e6", lambda m, x: (1e6 + m.sin(x)) - 1e6, 0.1, 1.4),
    # kinks, at them and near them
    Entry("relu at 0", relu, 0.2, 2.0, kinked=(0.0,)),
    Entry("abs at 0", lambda m, x: m.abs(x), kinked=(0.0, 0.0)),
    Entry("max of ties", lambda m, x: m.max(x) + m.sum(x * x), 0.2, 2.0, kinked=(2.5, 2.5)),
    Entry("relu near 0", relu, 0.2, 2.0, kinked=(1e-3, -1e-4)),
    # float32
    Entry("float32 sin", lambda m, x: m.sin(x), dtype=np.float32),
    Entry("float32 sigmoid", sigmoid, dtype=np.float32),
    Entry("float32 softmax", softmax, dtype=np.float32),
    Entry("float32 log", lambda m, x: m.log(x), 0.2, 5.0, np.float32),
    Entry("float32 relu at 0", relu, 0.2, 2.0, np.float32, kinked=(0.0,)),
]
