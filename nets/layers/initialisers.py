"""How weights begin: each function draws an array of a weight's shape from an explicit generator.

Weights have PyTorch's layout, `(out_features, in_features, *kernel)`. Same seed, same bits.
"""

import math

import numpy as np

Shape = tuple[int, ...]


def checked_rng(rng: object) -> np.random.Generator:
    """`rng`, or a TypeError where it is no generator."""
    if isinstance(rng, np.random.Generator):
        return rng
    raise TypeError(
        f"rng must be a numpy.random.Generator, got {type(rng).__name__}; "
        f"pass numpy.random.default_rng(seed)"
    )


def _fans(shape: Shape) -> tuple[int, int]:
    """How many numbers enter and leave a unit: (fan_in, fan_out)."""
    if len(shape) < 2 or min(shape) < 1:
        raise ValueError(
            f"a weight must have a shape (out_features, in_features, ...) of positive sizes, "
            f"got {shape}"
        )
    kernel = math.prod(shape[2:])
    return shape[1] * kernel, shape[0] * kernel


def default_uniform(
    shape: Shape, rng: np.random.Generator, fan_in: int | None = None
) -> np.ndarray:
    """U(−1/√fan_in, 1/√fan_in): PyTorch's default for linear and convolutional layers.

    `fan_in` is given for a bias, whose shape doesn't show it.

    >>> abs(default_uniform((3, 4), np.random.default_rng(0))).max() <= 0.5
    np.True_
    """
    bound = 1 / math.sqrt(_fans(shape)[0] if fan_in is None else fan_in)
    return checked_rng(rng).uniform(-bound, bound, shape)


def xavier_uniform(shape: Shape, rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    """U(−a, a) with a = gain · √(6 / (fan_in + fan_out)).

    Source: X. Glorot and Y. Bengio, "Understanding the difficulty of training deep feedforward
    neural networks", AISTATS 2010.

    >>> xavier_uniform((2, 4), np.random.default_rng(0)).shape
    (2, 4)
    """
    bound = gain * math.sqrt(6 / sum(_fans(shape)))
    return checked_rng(rng).uniform(-bound, bound, shape)


def xavier_normal(shape: Shape, rng: np.random.Generator, gain: float = 1.0) -> np.ndarray:
    """N(0, σ²) with σ = gain · √(2 / (fan_in + fan_out)); source as for `xavier_uniform`.

    >>> xavier_normal((2, 4), np.random.default_rng(0)).shape
    (2, 4)
    """
    return checked_rng(rng).normal(0.0, gain * math.sqrt(2 / sum(_fans(shape))), shape)


def he_uniform(shape: Shape, rng: np.random.Generator, gain: float = math.sqrt(2)) -> np.ndarray:
    """U(−a, a) with a = gain · √(3 / fan_in); √2 is the gain for ReLU.

    Source: K. He et al., "Delving deep into rectifiers", ICCV 2015.

    >>> he_uniform((2, 4), np.random.default_rng(0)).shape
    (2, 4)
    """
    bound = gain * math.sqrt(3 / _fans(shape)[0])
    return checked_rng(rng).uniform(-bound, bound, shape)


def he_normal(shape: Shape, rng: np.random.Generator, gain: float = math.sqrt(2)) -> np.ndarray:
    """N(0, σ²) with σ = gain / √fan_in; √2 is the gain for ReLU; source as for `he_uniform`.

    >>> he_normal((2, 4), np.random.default_rng(0)).shape
    (2, 4)
    """
    return checked_rng(rng).normal(0.0, gain / math.sqrt(_fans(shape)[0]), shape)
