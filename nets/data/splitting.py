"""Splitting data into a training and a test part."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Part = tuple[NDArray[Any], NDArray[Any]]


def split(
    X: ArrayLike, y: ArrayLike, *, every: int = 5, rng: np.random.Generator | None = None
) -> tuple[Part, Part]:
    """Keep every fifth example of each class for testing, so that both parts have its proportions.

    Without `rng` the split is fixed: one in `every` counts in the order of the rows. With it, the
    rows are counted in a random order. Either way both parts keep the order of the rows.
    The digits' fixed split has 1,442 images to train on and 355 to test on; the same people wrote
    both parts.

    Args:
        X: the examples, shape (n, ...).
        y: their classes, shape (n,).
        every: one in `every` examples of a class is for testing; at least 2.
        rng: draws the order of counting.

    Returns:
        `(X_train, y_train), (X_test, y_test)`.

    Raises:
        ValueError: for labels that aren't one per example, or `every` below 2.

    >>> (X_train, y_train), (X_test, y_test) = split(range(10), [0, 1] * 5)
    >>> X_test, y_test
    (array([8, 9]), array([0, 1]))
    """
    examples, labels = np.asarray(X), np.asarray(y)
    if labels.ndim != 1 or examples.shape[:1] != labels.shape:
        raise ValueError(
            f"split: y must hold one label per example, got shapes {examples.shape} and "
            f"{labels.shape}; make their lengths agree"
        )
    if every < 2:
        raise ValueError(
            f"split: every must be at least 2, got {every}; below that nothing is left to train on"
        )
    order = np.arange(len(labels)) if rng is None else rng.permutation(len(labels))
    test = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        test[order[labels[order] == label][every - 1 :: every]] = True
    return (examples[~test], labels[~test]), (examples[test], labels[test])
