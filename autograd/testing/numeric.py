"""The numeric derivative: a Chebyshev series along a line, and how far it can be trusted.

A function sampled at the Chebyshev points of [−h, h] has the series Σ cₖ Tₖ(t/h), whose derivative
at 0 is Σ cₖ k sin(kπ/2) / h. For a smooth function the coefficients fall geometrically until they
reach the function's own rounding noise, whatever its cause; so the tail of the series measures both
truncation and noise, and a kink shows as a tail that does not fall.
(L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM 2013, chapters 3, 8, 21.)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np

EPS = float(np.finfo(float).eps)

# (radius, points) to try, radii as parts of each entry's size. The first serves smooth functions,
# the small ones those that wiggle or have kinks near by (networks of relus have thousands). Where
# the small radius is the less certain by far, the function is mostly rounding, and many points on
# large ones average that out.
TRIALS = ((0.1, 12), (1e-5, 12), (0.002, 12), (1e-6, 12), (0.8, 12))
NOISY_TRIALS = ((0.8, 512), (2.0, 512), (50.0, 64), (600.0, 64))
CERTAIN = 1e-9  # the error, as a part of the function's change, at which no other trial is needed
ONE_SIDED_TRIALS = ((0.1, 12), (0.002, 12), (1e-5, 12), (1e-6, 12))


class Slope(NamedTuple):
    """A numeric derivative: `value` ± `error`.

    - `change`: how much the function moves per step, which a derivative of 0 is small against.
    - `limit`: what the function tends to at the end of a one-sided interval.
    """

    value: float
    error: float
    change: float
    radius: float
    points: int
    limit: float


@cache
def _basis(points: int) -> tuple[np.ndarray, ...]:
    """The Chebyshev points, the matrix from samples to coefficients, Tₖ′(0), Tₖ′(−1), Tₖ(−1)."""
    orders = np.arange(points)
    angles = (orders + 0.5) * np.pi / points
    series = 2 / points * np.cos(np.outer(orders, angles))
    series[0] /= 2
    at_centre = orders * np.sin(orders * np.pi / 2).round()
    signs = (-1.0) ** orders
    return np.cos(angles), series, at_centre, -signs * orders**2, signs


def slope(
    phi: Callable[[float], float], radius: float, points: int = 12, noise: float = 0.0
) -> Slope:
    """φ′(0) from samples in [−radius, radius]; `noise` is a known rounding error of φ.

    >>> found = slope(lambda t: t + t**3, 0.1)
    >>> found.value, found.error < 1e-12
    (1.0, True)
    """
    nodes, _, weights, _, _ = _basis(points)
    return _fit(np.array([phi(t) for t in radius * nodes]), weights, radius, noise)


def one_sided(
    phi: Callable[[float], float], radius: float, points: int = 12, noise: float = 0.0
) -> Slope:
    """φ′(0+) from samples in [0, radius] alone; φ′(0−) for a negative radius."""
    nodes, _, _, weights, _ = _basis(points)
    half = radius / 2
    return _fit(np.array([phi(half + half * t) for t in nodes]), weights, half, noise)


def _fit(samples: np.ndarray, weights: np.ndarray, radius: float, noise: float) -> Slope:
    if not np.isfinite(samples).all():
        return Slope(np.nan, np.inf, np.inf, abs(radius), len(samples), np.nan)
    points = len(samples)
    _, matrix, _, _, signs = _basis(points)
    series = matrix @ samples
    if np.ptp(samples) > 32 * noise:  # rounding errors differ from sample to sample: they average
        noise *= (2 / points) ** 0.5
    tail = series[-points // 3 :]
    floor, rms = max(np.abs(tail).max(), noise), max(np.linalg.norm(tail) / len(tail) ** 0.5, noise)
    above = np.flatnonzero(np.abs(series) > 2 * floor)
    kept = slice(0, int(above[-1]) + 1 if above.size else 1)  # beyond, the coefficients are noise
    value = weights[kept] @ series[kept] / radius
    error = (3 * np.linalg.norm(weights[kept]) + 12) * rms + EPS * np.abs(weights * series).sum()
    if abs(radius) > 1 and floor > max(32 * noise, 1e-3 * np.abs(series[1:]).max()):
        error = np.inf  # φ turns more often than there are points: this says nothing of φ′(0)
    return Slope(
        value=float(value),
        error=float(error / abs(radius)),
        change=float(np.ptp(samples) / abs(radius)),
        radius=abs(radius),
        points=points,
        limit=float(signs[kept] @ series[kept]),
    )


def derivative(
    phi: Callable[[float], float], noise: float, settled: Callable[[Slope], bool]
) -> Slope:
    """φ′(0): the most certain slope of several radii, up to the first that is `settled`."""
    found: list[Slope] = []
    for trial in TRIALS + NOISY_TRIALS:
        if len(found) == len(TRIALS) and found[1].error < 10 * found[0].error:
            break
        found.append(slope(phi, *trial, noise))
        if settled(found[-1]):
            return found[-1]
    return min(found, key=lambda one: one.error)


def sides(phi: Callable[[float], float], noise: float) -> tuple[Slope, Slope]:
    """φ′(0−) and φ′(0+): the most certain of several radii each, up to one that is certain."""
    found: list[Slope] = []
    for sign in (-1, 1):
        tried = []
        for radius, points in ONE_SIDED_TRIALS:
            tried.append(one_sided(phi, sign * radius, points, noise))
            if tried[-1].error < np.inf and tried[-1].error <= CERTAIN * tried[-1].change:
                break
        found.append(min(tried, key=lambda one: one.error))
    return found[0], found[1]


def repeated(phi: Callable[[float], float], first: Slope, noise: float) -> Slope:
    """The same derivative from other samples, whose spread counts as error: a second opinion."""
    factors = (0.83, 0.37)
    others = [slope(phi, factor * first.radius, first.points, noise) for factor in factors]
    values = [first.value, *(other.value for other in others)]
    error = max(first.error, float(np.ptp(values)))
    return first._replace(value=float(np.median(values)), error=error)
