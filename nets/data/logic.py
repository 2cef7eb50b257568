"""Truth tables of AND, OR and XOR."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_OUTPUTS = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "xor": (0, 1, 1, 0)}


def truth_table(
    gate: str, *, labels: tuple[int, int] = (0, 1)
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
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
