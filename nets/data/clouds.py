"""Points in the plane, in two classes: clouds, and the truth tables of AND, OR and XOR.

`circle`, `gaussians`, `spiral` and `xor` follow the definitions of the TensorFlow playground
(D. Smilkov et al., "Direct-manipulation visualization of deep networks", 2016;
https://playground.tensorflow.org), within about [-6, 6]²; `moons` is scikit-learn's.

`cloud(n, noise=0.0, rng=generator)` returns points, shape (n, 2) float64, and their classes, 0 or
1, shape (n,) int64 (`2 * y - 1` gives ±1), in random order. Each but `xor` draws class 1 for n/2 of
the points, rounded up. What `noise` means is the cloud's own. Each raises ValueError for an
impossible n or noise, and TypeError where rng is no `numpy.random.Generator`.
"""

import math
import operator

import numpy as np
from numpy.typing import NDArray

Cloud = tuple[NDArray[np.float64], NDArray[np.int64]]
_OUTPUTS = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "xor": (0, 1, 1, 0)}


def _sizes(name: str, n: int, noise: float, rng: np.random.Generator) -> tuple[int, int]:
    """How many points classes 1 and 0 get, once the arguments are known to be sound."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(
            f"{name}: rng must be a numpy.random.Generator, got {type(rng).__name__}; "
            "pass numpy.random.default_rng(seed)"
        )
    if operator.index(n) < 2:
        raise ValueError(f"{name}: n must be at least 2, one point per class, got {n}; raise it")
    if not 0 <= noise < math.inf:
        raise ValueError(f"{name}: noise must be finite and not negative, got {noise}; try 0.1")
    return (n + 1) // 2, n // 2


def _shuffled(X: NDArray[np.float64], y: NDArray[np.bool_], rng: np.random.Generator) -> Cloud:
    order = rng.permutation(len(X))
    return X[order], y[order].astype(np.int64)


def circle(n: int, *, noise: float = 0.0, rng: np.random.Generator) -> Cloud:
    """A disc of radius 2.5 (class 1) inside a ring of radii 3.5 to 5 (class 0).

    Noise shifts each point by up to 5·noise in x and y before it is labelled, not where it lies.

    >>> X, y = circle(200, rng=np.random.default_rng(0))
    >>> bool(((np.hypot(*X.T) < 2.5) == y).all())
    True
    """
    inside, outside = _sizes("circle", n, noise, rng)
    radius = np.concatenate([rng.uniform(0, 2.5, inside), rng.uniform(3.5, 5, outside)])
    angle = rng.uniform(0, 2 * np.pi, n)
    X = radius[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    labelled_at = X + noise * rng.uniform(-5, 5, (n, 2))
    return _shuffled(X, np.hypot(*labelled_at.T) < 2.5, rng)


def gaussians(n: int, *, noise: float = 0.0, rng: np.random.Generator) -> Cloud:
    """Two round Gaussians, about (2, 2) (class 1) and (-2, -2) (class 0).

    Noise widens them: the variance is 0.5 + 7·noise.

    >>> X, y = gaussians(200, rng=np.random.default_rng(0))
    >>> bool(((X.sum(axis=1) > 0) == y).all())
    True
    """
    positive, negative = _sizes("gaussians", n, noise, rng)
    y = np.repeat([True, False], [positive, negative])
    centres = np.where(y, 2.0, -2.0)[:, None]
    return _shuffled(centres + math.sqrt(0.5 + 7 * noise) * rng.normal(size=(n, 2)), y, rng)


def spiral(n: int, *, noise: float = 0.0, rng: np.random.Generator) -> Cloud:
    """Two interleaved spiral arms of 1¾ turns and radius 5; class 0 is class 1 turned by half.

    Noise moves each point by up to `noise` in x and y.

    >>> X, y = spiral(200, rng=np.random.default_rng(0))
    >>> bool(np.hypot(*X.T).max() < 5)
    True
    """
    sizes = _sizes("spiral", n, noise, rng)
    along = np.concatenate([np.arange(size) / size for size in sizes])
    y = np.repeat([True, False], sizes)
    angle = 1.75 * 2 * np.pi * along + np.where(y, 0, np.pi)
    X = 5 * along[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return _shuffled(X + noise * rng.uniform(-1, 1, (n, 2)), y, rng)


def xor(n: int, *, noise: float = 0.0, rng: np.random.Generator) -> Cloud:
    """Four squares about the axes, 0.3 away from them: class 1 where x and y have equal signs.

    The classes fall as chance will have it. Noise shifts each point by up to 5·noise in x and y
    before it is labelled, not where it lies.

    >>> X, y = xor(200, rng=np.random.default_rng(0))
    >>> bool(((X.prod(axis=1) > 0) == y).all())
    True
    """
    _sizes("xor", n, noise, rng)
    X = rng.uniform(-5, 5, (n, 2))
    X += np.where(X > 0, 0.3, -0.3)
    labelled_at = X + noise * rng.uniform(-5, 5, (n, 2))
    return _shuffled(X, labelled_at.prod(axis=1) >= 0, rng)


def moons(n: int, *, noise: float = 0.0, rng: np.random.Generator) -> Cloud:
    """Two interleaved half circles of radius 1: one about (1, ½) (class 1), one about the origin.

    Noise is the standard deviation of a Gaussian added to each coordinate.

    >>> X, y = moons(200, rng=np.random.default_rng(0))
    >>> bool(np.allclose(np.hypot(*X[y == 0].T), 1))
    True
    """
    lower, upper = _sizes("moons", n, noise, rng)
    below = np.linspace(0, np.pi, lower)
    above = np.linspace(0, np.pi, upper)
    right = np.stack([1 - np.cos(below), 0.5 - np.sin(below)], axis=1)
    left = np.stack([np.cos(above), np.sin(above)], axis=1)
    X = np.concatenate([right, left])
    y = np.repeat([True, False], [lower, upper])
    return _shuffled(X + noise * rng.normal(size=(n, 2)), y, rng)


def truth_table(gate: str, *, labels: tuple[int, int] = (0, 1)) -> Cloud:
    """The truth table of a two-input gate, rows in the order 00, 01, 10, 11.

    Args:
        gate: "and", "or" or "xor".
        labels: the labels for false and true; `(-1, 1)` is what a `Perceptron` learns from.

    Returns:
        The inputs, 0 or 1, shape (4, 2) float64, and the labels, shape (4,) int64.

    Raises:
        ValueError: for another gate.

    >>> X, y = truth_table("xor", labels=(-1, 1))
    >>> y
    array([-1,  1,  1, -1])
    """
    if gate not in _OUTPUTS:
        raise ValueError(f"truth_table: gate must be one of {', '.join(_OUTPUTS)}, got {gate!r}")
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
    return inputs, np.array(labels, dtype=np.int64)[list(_OUTPUTS[gate])]
