"""A step of training: a network 2-8-8-1 with tanh, mini-batches of 10, mean squared error, Adam.

Each contender makes 100 steps, one epoch of 1,000 examples, and gives the loss of the last one.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

SIZES, BATCH, EXAMPLES = (2, 8, 8, 1), 10, 1000


def examples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(EXAMPLES, SIZES[0]))
    return x, np.sin(x[:, :1] * 3) * x[:, 1:]


def weights() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    pairs = itertools.pairwise(SIZES)
    return [a for m, n in pairs for a in (rng.normal(size=(n, m)) / math.sqrt(m), np.zeros(n))]


def gradwalk() -> Any:
    import nets

    x, y = examples()

    def step() -> Any:
        rng = np.random.default_rng(2)
        model = nets.MLP(*SIZES, activation=np.tanh, rng=np.random.default_rng(0))
        for parameter, start in zip(model.parameters(), weights(), strict=True):
            parameter.data = start
        history = nets.fit(
            model,
            (x, y),
            loss=nets.mean_squared_error,
            optimiser=nets.Adam(model.parameters(), lr=1e-2),
            epochs=20,
            batch_size=BATCH,
            rng=rng,
        )
        return history["loss"][-1], [p.data for p in model.parameters()]

    return step


def by_hand() -> Any:
    """With the shuffles that `fit` draws."""
    x, y = examples()

    def step() -> Any:
        rng = np.random.default_rng(2)
        parameters = weights()
        means, squares = ([np.zeros_like(p) for p in parameters] for _ in range(2))
        t = 0
        for _ in range(20):
            order, total = rng.permutation(EXAMPLES), 0.0
            for first in range(0, EXAMPLES, BATCH):
                rows = order[first : first + BATCH]
                a, b, c, d, e, f = parameters
                h0 = x[rows]
                h1 = np.tanh(h0 @ a.T + b)
                h2 = np.tanh(h1 @ c.T + d)
                error = h2 @ e.T + f - y[rows]
                total += float((error * error).mean())
                g3 = error * (2 / BATCH)
                g2 = g3 @ e * (1 - h2 * h2)
                g1 = g2 @ c * (1 - h1 * h1)
                gradients = (g1.T @ h0, g1.sum(0), g2.T @ h1, g2.sum(0), g3.T @ h2, g3.sum(0))
                t += 1
                for i, g in enumerate(gradients):
                    means[i] = 0.9 * means[i] + 0.1 * g
                    squares[i] = 0.999 * squares[i] + 0.001 * g * g
                    scale = np.sqrt(squares[i]) / math.sqrt(1 - 0.999**t) + 1e-8
                    parameters[i] = parameters[i] - 1e-2 / (1 - 0.9**t) * means[i] / scale
        return total / (EXAMPLES / BATCH), parameters

    return step


FIT = {"gradwalk replayed": gradwalk, "NumPy by hand": by_hand}
