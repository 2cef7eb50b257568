"""Directions in which an input is moved."""

import math
from typing import Any

import numpy as np

from autograd.core.numbers import Array
from autograd.testing.checker.numeric import TINY
from autograd.testing.checker.subject import Number


def alike(weights: Array, count: int, least: float) -> list[Any]:
    """The places of `weights` in about `count` groups, none with more than a power of ten in it.

    Those below `least`, or below 1e-12 of the largest, count as that.
    """
    finite = np.where(np.isfinite(weights), weights, 0.0)
    least = max(least, 1e-12 * finite.max(initial=TINY))
    decades = np.floor(np.log10(np.maximum(finite, least)))
    by_weight = np.argsort(weights)
    groups = []
    for decade in np.unique(decades):
        members = by_weight[decades[by_weight] == decade]
        groups += np.array_split(members, max(count * len(members) // len(weights), 1))
    return groups


def along(direction: Array, gradient: Number) -> float:
    """⟨gradient, direction⟩ over the entries that move."""
    moving = np.flatnonzero(direction)
    return float((np.ravel(gradient)[moving] * np.ravel(direction)[moving]).sum())


def norm(x: Array) -> float:
    """√Σx², of numbers whose squares overflow, too."""
    largest = np.abs(x).max(initial=TINY)
    return float(largest * np.linalg.norm(x / largest)) if largest < math.inf else math.inf


def halves(direction: Array) -> list[Array]:
    """`direction` as the sum of two with half of its entries each; none where it has one entry."""
    places = np.flatnonzero(direction)
    if len(places) < 2:
        return []
    first = direction.copy()
    _, rest = np.array_split(places, 2)
    first.flat[rest] = 0.0
    return [first, direction - first]


def entry(direction: Array) -> float:
    """The one entry that is not 0; 1 where there are several."""
    places = np.flatnonzero(direction)
    return direction.flat[places].item() if len(places) == 1 else 1.0


def place_of(direction: Array) -> tuple[int, ...] | None:
    """The index of the one entry that is not 0; None where there are several."""
    places = np.argwhere(direction)
    return tuple(places.ravel().tolist()) if len(places) == 1 else None
