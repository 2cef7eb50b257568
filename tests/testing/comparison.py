"""The comparison sets: functions, points and planted errors to measure gradient checkers on.

A function is written for any library with NumPy's names: `f(m, x)`, where `m` is that library and
x a vector. Every function comes with 40 points. An error is planted by letting x pass through an
identity whose rule multiplies the gradient by 1 + ε.

`SET` was at hand while `check_grads` was written. `HELD_OUT` was not: it was written down, with its
intervals, before the checker ran on any of it; nothing in it has been changed or left out since.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np

POINTS = 40
PLANTED = (1e-3, 1e-5)


PRIMES = [p for p in range(2, 312) if all(p % q for q in range(2, p))]


class Entry(NamedTuple):
    """A function on a box [low, high]ⁿ; `kinked` pins its first entries to a kink.

    With `values` it works on one number at a time, so x may be a list of them. What is our `own`
    (networks) is nobody else's to check.
    """

    name: str
    f: Callable[[Any, Any], Any]
    low: float = -2.0
    high: float = 2.0
    dtype: Any = np.float64
    kinked: tuple[float, ...] = ()
    size: int = 3
    values: bool = False
    own: bool = False

    def points(self) -> Iterator[np.ndarray]:
        """The same points everywhere: a Kronecker sequence, which needs no random numbers."""
        roots = np.sqrt(PRIMES[: self.size])
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


# --- held out ---------------------------------------------------------------------------------


def neuron(m: Any, x: Any) -> Any:
    return m.tanh(x[0] * x[1] + x[2] * x[3] + x[4])


def horner(m: Any, x: Any) -> Any:
    total = 0.3
    for c in (-1.2, 0.7, 2.1, -0.4, 1.3, -0.9, 0.2, 0.6):
        total = total * x[0] + c
    return total


def continued_fraction(m: Any, x: Any) -> Any:
    total = x[5]
    for i in (4, 3, 2, 1, 0):
        total = x[i] + 1 / total
    return total


def deep_chain(m: Any, x: Any) -> Any:
    z = x[0]
    for _ in range(100):
        z = z + 0.05 * m.sin(x[1] * z) - 0.01 * x[2]
    return z


def logistic_map(m: Any, x: Any) -> Any:
    for _ in range(8):
        x = 3.7 * x * (1 - x)
    return x


def python_branch(m: Any, x: Any) -> Any:
    return x[0] * x[0] * x[1] if x[0] > 0 else x[1] - 3 * x[0]


def cross_entropy(m: Any, x: Any) -> Any:
    return m.log(m.sum(m.exp(x))) - x[2]


def normalized_rows(m: Any, x: Any) -> Any:
    rows = m.reshape(x, (4, 4))
    d = rows - m.sum(rows, axis=1, keepdims=True) / 4
    return d / m.sqrt(m.sum(d * d, axis=1, keepdims=True) / 4 + 1e-5)


def matrix_product(m: Any, x: Any) -> Any:
    return m.matmul(m.reshape(x[:6], (2, 3)), m.reshape(x[6:], (3, 2)))


def quadratic_form(m: Any, x: Any) -> Any:
    return m.sum(x[:3] * m.matmul(m.reshape(x[3:], (3, 3)), x[:3]))


def perceptron(m: Any, x: Any) -> Any:
    hidden = m.tanh(m.matmul(m.reshape(x[:12], (4, 3)), x[12:15]) + x[15:19])
    return m.sum(hidden * x[19:23])


def attention(m: Any, x: Any) -> Any:
    query, key, value = (m.reshape(x[i : i + 6], (3, 2)) for i in (0, 6, 12))
    scores = m.exp(m.matmul(query, key.T) / 2**0.5)
    return m.matmul(scores / m.sum(scores, axis=1, keepdims=True), value)


def variance(m: Any, x: Any) -> Any:
    d = x - m.sum(x) / 5
    return m.sum(d * d) / 5


def naive_variance(m: Any, x: Any) -> Any:
    mean = m.sum(x) / 5
    return m.sum(x * x) / 5 - mean * mean


def huber(m: Any, x: Any) -> Any:
    return m.where(m.abs(x) < 1, 0.5 * x * x, m.abs(x) - 0.5)


@cache
def network(name: str) -> Any:
    """One of our networks, the same each time."""
    import nets

    rng = np.random.default_rng(11)
    make: dict[str, Callable[[], Any]] = {
        "tanh": lambda: nets.MLP(2, 8, 1, activation=np.tanh, rng=rng),
        "relu": lambda: nets.MLP(3, 16, 16, 2, rng=rng),
        "classifier": lambda: nets.MLP(4, 8, 3, rng=rng),
        "attention": lambda: nets.MultiHeadAttention(4, 2, rng=rng),
        "block": lambda: nets.TransformerBlock(4, 2, rng=rng),
        "convolution": lambda: nets.Sequential(
            nets.Conv2d(1, 2, 3, rng=rng), nets.GELU(), nets.AvgPool2d(2)
        ),
        "pooling": lambda: nets.Sequential(nets.Conv2d(1, 2, 2, rng=rng), nets.MaxPool2d(2)),
        "residual": lambda: nets.Residual(nets.LayerNorm(6), nets.Linear(6, 6, rng=rng)),
        "scalars": lambda: nets.MLP(2, 8, 8, 1, activation=np.tanh, rng=rng).scalarize(),
    }
    return make[name]()


def net(name: str, *shape: int) -> Callable[[Any, Any], Any]:
    return lambda m, x: network(name)(m.reshape(x, shape))


def loss_of_net(m: Any, x: Any) -> Any:
    import nets

    return nets.cross_entropy(net("classifier", 3, 4)(m, x), np.array([0, 2, 1]))


HELD_OUT = [
    # one number at a time
    Entry("neuron", neuron, -1.0, 1.0, size=5, values=True),
    Entry("(ab + c)d", lambda m, x: (x[0] * x[1] + x[2]) * x[3], 0.5, 2.0, size=4, values=True),
    Entry("polynomial", horner, -1.5, 1.5, size=1, values=True),
    Entry("continued fraction", continued_fraction, 0.5, 3.0, size=6, values=True),
    Entry("deep chain", deep_chain, 0.2, 2.0, values=True),
    Entry("python branch", python_branch, size=2, values=True),
    Entry("power", lambda m, x: x[0] ** 2.5 / x[1] ** 0.5, 0.2, 4.0, size=2, values=True),
    Entry(
        "max of equal values",
        lambda m, x: m.maximum(x[0], x[1]) * x[2],
        0.2,
        2.0,
        kinked=(1.0, 1.0),
        values=True,
    ),
    # reductions, matrices, layers
    Entry("cross entropy", cross_entropy, size=5),
    Entry("expected score", lambda m, x: m.sum(softmax(m, x) * x), size=4),
    Entry("normalized rows", normalized_rows, size=16),
    Entry("matrix product", matrix_product, size=12),
    Entry("quadratic form", quadratic_form, 0.2, 2.0, size=12),
    Entry("perceptron", perceptron, -1.0, 1.0, size=23),
    Entry("attention", attention, size=18),
    Entry("mean of 64 squares", lambda m, x: m.sum(x * x) / 64, size=64),
    Entry("entropy of 30", lambda m, x: -m.sum(softmax(m, x) * m.log(softmax(m, x))), size=30),
    Entry("log determinant", lambda m, x: m.log(x[0] * x[3] - x[1] * x[2] + 5), 0, 2, size=4),
    Entry("logistic map", logistic_map, 0.1, 0.9),
    # large offsets
    Entry("variance around 1e4", variance, 1e4, 1e4 + 1, size=5),
    Entry("naive variance around 100", naive_variance, 100.0, 101.0, size=5),
    Entry("softmax around 1000", lambda m, x: softmax(m, x - 1000), 1000.0, 1002.0, size=4),
    Entry("1e7 + cos", lambda m, x: 1e7 + m.cos(x), 0.2, 1.4),
    Entry("(1e5 + x)² − 1e10", lambda m, x: (1e5 + x) ** 2 - 1e10, 0.2, 2.0),
    # tiny and huge
    Entry("tiny product", lambda m, x: 1e-12 * x[0] * x[1] * x[2], 0.2, 2.0),
    Entry("tanh of 1e5 x", lambda m, x: m.tanh(1e5 * x), 1e-6, 1e-5),
    Entry("1/x² of tiny", lambda m, x: 1 / (x * x), 1e-4, 1e-3),
    Entry("log of huge", lambda m, x: m.log(x), 1e6, 1e8),
    Entry("wide tanh", lambda m, x: 1e9 * m.tanh(1e-4 * x), 1e3, 1e4),
    # oscillating and steep
    Entry("x sin 200x", lambda m, x: x * m.sin(200 * x), 0.5, 2.0),
    Entry("beats", lambda m, x: m.cos(x) * m.cos(31 * x), 0.1, 3.0),
    Entry("chirp", lambda m, x: m.sin(5 * x * x), 1.0, 4.0),
    Entry("steep sigmoid", lambda m, x: sigmoid(m, 80 * x), -0.1, 0.1),
    Entry("narrow bump", lambda m, x: m.exp(-50 * (x - 1) ** 2), 0.5, 1.5),
    # kinks
    Entry("|x|³", lambda m, x: m.abs(x) ** 3, -1.0, 1.0),
    Entry("leaky relu at 0", lambda m, x: m.where(x > 0, x, 0.01 * x), kinked=(0.0, 0.0), size=4),
    Entry("hinge at the margin", lambda m, x: m.sum(relu(m, 1 - x)), 0.0, 0.9, kinked=(1.0,)),
    Entry(
        "three equal maxima",
        lambda m, x: m.max(x) + m.sum(x * x),
        0.2,
        2.0,
        kinked=(3.0, 3.0, 3.0),
        size=5,
    ),
    Entry("clip at the bound", lambda m, x: m.clip(x, -1, 1), -0.9, 0.9, kinked=(1.0,)),
    Entry("|x|y + yz at 0", lambda m, x: m.abs(x[0]) * x[1] + x[1] * x[2], 0.2, 2, kinked=(0.0,)),
    Entry("huber at its switch", huber, kinked=(1.0,)),
    # float32
    Entry("float32 perceptron", perceptron, -1.0, 1.0, np.float32, size=23),
    Entry("float32 normalized rows", normalized_rows, dtype=np.float32, size=16),
    Entry("float32 mean", lambda m, x: m.sum(x) / 40, dtype=np.float32, size=40),
    Entry("float32 abs at 0", lambda m, x: m.abs(x), dtype=np.float32, kinked=(0.0,)),
    Entry("float32 50 + sin", lambda m, x: 50 + m.sin(x), 0.1, 1.4, np.float32),
    # networks
    Entry("net of tanh", net("tanh", 3, 2), size=6, own=True),
    Entry("net of relus", net("relu", 4, 3), size=12, own=True),
    Entry("loss of a classifier", loss_of_net, size=12, own=True),
    Entry("multi-head attention", net("attention", 1, 3, 4), size=12, own=True),
    Entry("transformer block", net("block", 1, 3, 4), size=12, own=True),
    Entry("convolution", net("convolution", 1, 1, 6, 6), size=36, own=True),
    Entry("max pooling", net("pooling", 1, 1, 5, 5), size=25, own=True),
    Entry("residual of layer norm", net("residual", 3, 6), size=18, own=True),
    Entry("net of values", lambda m, x: network("scalars")(x), size=2, values=True, own=True),
]
