"""The numeric derivative: a Chebyshev series along a line, how far to trust it, and the verdict.

A function sampled at the Chebyshev points of [−h, h] has the series Σ cₖ Tₖ(t/h), whose derivative
at 0 is Σ cₖ k sin(kπ/2) / h. For a smooth function the coefficients fall geometrically until they
reach the function's own rounding noise, whatever its cause; so the tail of the series measures both
truncation and noise, and a kink shows as a tail that does not fall.
(L. N. Trefethen, "Approximation Theory and Approximation Practice", SIAM 2013, chapters 3, 8, 21.)
"""

import math
from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.polynomial.chebyshev import chebder, chebpts1, chebval, chebvander

EPS = float(np.finfo(float).eps)

# (radius, points) to try, radii as parts of each entry's size. The first serves smooth functions,
# the small ones those that wiggle or have kinks near by (networks of relus have thousands). Where
# the small radius is the less certain by far, the function is mostly rounding, and many points on
# large ones average that out.
TRIALS = ((0.1, 12), (1e-5, 12), (0.002, 12), (1e-6, 12), (0.8, 12))
NOISY_TRIALS = ((0.8, 512), (2.0, 512), (50.0, 64), (600.0, 64))
CERTAIN = 1e-9  # the error, as a part of the function's change, at which no other trial is needed
ONE_SIDED_TRIALS = ((0.1, 12), (0.002, 12), (1e-5, 12), (1e-6, 12))
NEARER = sorted((*TRIALS, (1e-4, 12)), reverse=True)  # closing in on the point, no gap too wide
NEAREST = np.array([1e-5, 1e-6])  # where differences are taken to see whether a slope holds there
TINY = 1e-290  # about where products of floats lose digits, and factors are no longer exact
OPINIONS = (0.83, 0.37)  # parts of a radius on which a slope is measured again
JUMP = 64.0  # times the noise, beyond which a step is none of rounding
TRUST = 4.0  # how many of its own error estimates a numeric derivative may be off

Curve = Callable[[np.ndarray], np.ndarray]  # a function of one number, given many at once
Test = Callable[["Slope"], bool]


class Slope(NamedTuple):
    """A numeric derivative: `value` ± `error`."""

    value: float
    error: float
    change: float  # how much the function moves per step, which a derivative of 0 is small against
    radius: float
    points: int
    limit: float  # what the function tends to at the end of a one-sided interval


@cache
def _basis(points: int) -> tuple[Any, ...]:
    """The Chebyshev points, the matrix from samples to coefficients, Tₖ′(0), Tₖ′(−1), Tₖ(−1)."""
    nodes = chebpts1(points)
    series = 2 / points * chebvander(nodes, points - 1).T
    series[0] /= 2
    each = np.eye(points)
    slopes = chebval(0.0, chebder(each)), chebval(-1.0, chebder(each))
    return nodes, series, *slopes, chebval(-1.0, each)


def slope(phi: Curve, radius: float, points: int = 12, noise: float = 0.0) -> Slope:
    """φ′(0) from samples in [−radius, radius]; `noise` is a known rounding error of φ.

    >>> found = slope(lambda t: t + t**3, 0.1)
    >>> round(found.value, 12), found.error < 1e-12
    (1.0, True)
    """
    _, _, weights, _, _ = _basis(points)
    return _fit(phi(trial_points(radius, points)), weights, radius, noise)


def trial_points(radius: float, points: int) -> np.ndarray:
    """Where `slope` samples φ."""
    nodes: np.ndarray = _basis(points)[0]
    return radius * nodes


def one_sided(phi: Curve, radius: float, points: int = 12, noise: float = 0.0) -> Slope:
    """φ′(0+) from samples in [0, radius] alone; φ′(0−) for a negative radius."""
    nodes, _, _, weights, _ = _basis(points)
    half = radius / 2
    return _fit(phi(half + half * nodes), weights, half, noise)


def _fit(samples: np.ndarray, weights: np.ndarray, radius: float, noise: float) -> Slope:
    points, size = len(samples), abs(radius)
    if not np.isfinite(samples).all():
        return Slope(np.nan, np.inf, np.inf, size, points, np.nan)
    _, matrix, _, _, signs = _basis(points)
    series = matrix @ samples
    change = np.ptp(samples)
    if change > 32 * noise:  # rounding errors differ from sample to sample: they average
        noise *= (2 / points) ** 0.5
    tail = series[-points // 3 :]
    floor, rms = max(np.abs(tail).max(), noise), max(math.hypot(*tail) / len(tail) ** 0.5, noise)
    above = np.flatnonzero(np.abs(series) > 2 * floor)
    kept = slice(max(above, default=0) + 1)  # beyond, the coefficients are noise
    terms = weights * series
    error = (3 * np.linalg.norm(weights[kept]) + 12) * rms + EPS * np.abs(terms).sum()
    if size > 1 and floor > max(32 * noise, 1e-3 * np.abs(series[1:]).max()):
        error = np.inf  # φ turns more often than there are points: this says nothing of φ′(0)
    return Slope(
        value=float(terms[kept].sum() / radius),
        error=float(error / size),
        change=float(change / size),
        radius=size,
        points=points,
        limit=float((signs * series)[kept].sum()),
    )


def surest_slope(phi: Curve, noise: float, settled: Test) -> Slope:
    """φ′(0): the most certain slope of several radii, up to the first that is `settled`."""
    found: list[Slope] = []
    for trials in (TRIALS, NOISY_TRIALS):
        for trial in trials:
            one = slope(phi, *trial, noise)
            if found and 0 < found[0].change < one.change:  # what is far away says nothing here
                one = one._replace(change=found[0].change)
            if trials is NOISY_TRIALS and any(contradict(one, near) for near in found):
                continue  # far away φ has come to rest, or turns: what is nearer knows better
            if settled(one):
                return one
            found.append(one)
        if found[1].error < 10 * found[0].error:
            break
    return min(found, key=lambda one: one.error)


def contradict(one: Slope, other: Slope) -> bool:
    """Whether they differ by more than their errors allow."""
    return abs(one.value - other.value) > TRUST * (one.error + other.error)


def nearest(phi: Curve, found: Slope, noise: float, apart: float) -> Slope:
    """`found`, or a slope from nearer samples that contradicts it: φ may turn between others.

    None is asked where differences agree with a slope that is certain, to a tenth of how far it is
    `apart` from what is doubted.
    """
    left, right = np.split(phi(np.concatenate([-NEAREST, NEAREST])), 2)
    beside = np.abs((right - left) / (2 * NEAREST) - found.value).max()
    if found.error < found.change and beside <= 0.1 * apart:
        return found
    for radius, points in NEARER:
        if radius < found.radius:
            near = slope(phi, radius, points, noise)
            found = near if contradict(near, found) else found
    return found


def turns(found: Slope, analytic: float, noise: float) -> bool:
    """Whether samples that differ as if by chance leave room for a slope as steep as `analytic`."""
    moves = found.change * found.radius > JUMP * noise
    return moves and abs(analytic) > found.change and found.change < found.error < math.inf


def kink(phi: Curve, noise: float, rtol: float) -> tuple[Slope, Slope] | None:
    """φ′(0−) and φ′(0+), where both are certain at once, and differ."""
    radius, points = TRIALS[0]
    left, right = (one_sided(phi, sign * radius, points, noise) for sign in (-1, 1))
    change, error = max(left.change, right.change), max(left.error, right.error)
    sure = error <= rtol * change < np.inf and abs(left.value - right.value) > 2 * rtol * change
    return (left, right) if sure else None


def sides(phi: Curve, noise: float) -> tuple[Slope, Slope]:
    """φ′(0−) and φ′(0+): the most certain of several radii each, up to one that is certain."""
    return _side(phi, -1, noise), _side(phi, 1, noise)


def side_inside(phi: Curve, noise: float) -> Slope:
    """The one-sided slope where φ is known on one side alone, with a second opinion as its error.

    Its interval may begin at a branch point, for which the tail of a series says too little.
    """
    sign, best = min(
        ((sign, _side(phi, sign, noise)) for sign in (-1, 1)), key=lambda found: found[1].error
    )
    radii = [2 * sign * part * best.radius for part in OPINIONS]
    others = [one_sided(phi, radius, best.points, noise).value for radius in radii]
    return best._replace(error=max(best.error, float(np.ptp([best.value, *others]))))


def _side(phi: Curve, sign: int, noise: float) -> Slope:
    found = []
    for radius, points in ONE_SIDED_TRIALS:
        one = one_sided(phi, sign * radius, points, noise)
        found.append(one)
        if one.error <= CERTAIN * one.change < np.inf:
            break
    return min(found, key=lambda one: one.error)


def repeated(phi: Curve, first: Slope, noise: float) -> Slope:
    """The same derivative from other samples, whose spread counts as error: a second opinion."""
    others = [slope(phi, part * first.radius, first.points, noise) for part in OPINIONS]
    values = [first.value, *(other.value for other in others)]
    error = max(first.error, float(np.ptp(values)))
    return first._replace(value=float(np.median(values)), error=error)


class Verdict(StrEnum):
    """What a comparison says; `passes` where the gradient need not be blamed."""

    OK = "ok"
    KINK = "kink"
    INCONCLUSIVE = "inconclusive"
    EDGE = "edge of the domain"
    WRONG = "wrong"

    @property
    def passes(self) -> bool:
        return self in (Verdict.OK, Verdict.KINK)


def judge(analytic: float, numeric: Slope, rtol: float, atol: float = 0.0) -> Verdict:
    """Ok needs agreement and a numeric derivative that is as certain as is asked for.

    So an analytic derivative that is off by 10 times that is never ok: it is wrong, or
    inconclusive.
    """
    size = max(abs(analytic), abs(numeric.value))
    apart, allowed = abs(analytic - numeric.value), max(rtol * size, atol)
    if not apart <= allowed + TRUST * numeric.error or math.isinf(size):
        return Verdict.WRONG
    stationary = max(size, numeric.error) <= rtol * numeric.change
    if numeric.error <= allowed or stationary or size == 0:
        return Verdict.OK
    return Verdict.INCONCLUSIVE


def judge_kink(
    analytic: float, left: Slope, right: Slope, rtol: float, atol: float = 0.0
) -> Verdict:
    """At a kink every slope between the left and the right one is a generalized derivative.

    (F. H. Clarke, "Optimization and Nonsmooth Analysis", 1983.)
    """
    lo, hi = sorted((left.value, right.value))
    slack = max(rtol * max(abs(lo), abs(hi)), atol) + TRUST * max(left.error, right.error)
    return Verdict.KINK if lo - slack <= analytic <= hi + slack else Verdict.WRONG
