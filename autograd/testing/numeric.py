"""The numeric derivative: a Chebyshev series along a line, and how far it can be trusted.

A function sampled at the Chebyshev points of [−h, h] has the series Σ cₖ Tₖ(t/h), whose derivative
at 0 is Σ cₖ k sin(kπ/2) / h. For a smooth function the coefficients fall geometrically until they
reach the function's own rounding noise, whatever its cause; so the tail of the series measures both
truncation and noise, and a kink shows as a tail that does not fall.
(L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM 2013, chapters 3, 8, 21.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

EPS = float(np.finfo(float).eps)

POINTS = 12
_ANGLES = (np.arange(POINTS) + 0.5) * np.pi / POINTS
_NODES = np.cos(_ANGLES)
_SERIES = 2 / POINTS * np.cos(np.outer(np.arange(POINTS), _ANGLES))  # samples to coefficients
_SERIES[0] /= 2
_ORDERS = np.arange(POINTS)
_AT_CENTRE = _ORDERS * np.sin(_ORDERS * np.pi / 2).round()  # Tₖ′(0)
_AT_LEFT_END = (-1.0) ** (_ORDERS + 1) * _ORDERS**2  # Tₖ′(−1)

# Radii to try, as parts of each entry's size: the first serves most functions, smaller ones
# wiggly functions and those with a kink near by, larger ones functions that are mostly rounding.
RADII = (0.1, 0.0125, 0.8, 0.0015, 0.0002)


class Slope(NamedTuple):
    """A numeric derivative: `value` ± `error`, where the function changes by `change` per step."""

    value: float
    error: float
    change: float  # max |φ(t) − φ(0)| / h: what a derivative of 0 is small against
    radius: float


def slope(phi: Callable[[float], float], radius: float, noise: float = 0.0) -> Slope:
    """φ′(0) from samples in [−radius, radius]; `noise` is a known rounding error of φ."""
    return _fit(np.array([phi(t) for t in radius * _NODES]), _AT_CENTRE, radius, noise)


def right_slope(phi: Callable[[float], float], radius: float, noise: float = 0.0) -> Slope:
    """φ′(0+) from samples in [0, radius] alone; a negative radius gives φ′(0−)."""
    half = radius / 2
    return _fit(np.array([phi(half + half * t) for t in _NODES]), _AT_LEFT_END, half, noise)


def _fit(samples: np.ndarray, weights: np.ndarray, radius: float, noise: float) -> Slope:
    if not np.isfinite(samples).all():
        return Slope(np.nan, np.inf, np.inf, radius)
    series = _SERIES @ samples
    floor = max(np.abs(series[-4:]).max(), noise)
    above = np.flatnonzero(np.abs(series) > 2 * floor)
    last = int(above[-1]) if above.size else 0  # beyond it the coefficients are noise
    kept = slice(0, last + 1)
    value = weights[kept] @ series[kept] / radius
    error = (np.abs(weights[kept]).sum() + POINTS) * floor
    error += EPS * np.abs(weights * series).sum()
    return Slope(
        float(value), float(error / abs(radius)), float(np.ptp(samples) / abs(radius)), radius
    )


def derivative(
    phi: Callable[[float], float], noise: float = 0.0, wanted: Callable[[Slope], bool] = bool
) -> Slope:
    """The best of several radii, stopping at the first whose slope is `wanted`."""
    best = None
    for radius in RADII:
        found = slope(phi, radius, noise)
        if best is None or found.error < best.error:
            best = found
        if wanted(found):
            break
    assert best is not None
    return best
