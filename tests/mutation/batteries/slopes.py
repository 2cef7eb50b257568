"""Batteries for the numeric derivative and the verdict on an analytic one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any
from unittest.mock import call, patch

import numpy as np

from autograd.testing.checker import numeric, verdict
from autograd.testing.checker.numeric import (
    EPS,
    NOISY_TRIALS,
    ONE_SIDED_TRIALS,
    OPINIONS,
    TRIALS,
    Slope,
)
from autograd.testing.checker.verdict import Verdict, judge, judge_kink
from autograd.testing.mutation.sources import functions_in


def a_slope(value: float, error: float, change: float = 0.0) -> Slope:
    return Slope(value, error, change, 2.0, 5, 0.0)


# --- the series -------------------------------------------------------------------------------


def basis() -> None:
    """The points and the weights for them, against Tₖ(cos θ) = cos kθ and its known derivatives."""
    for points in (3, 12):
        nodes, matrix, centre, end, signs = numeric._basis.__wrapped__(points)
        orders = np.arange(points)
        cosines = np.cos(np.outer(np.arccos(nodes), orders))
        assert nodes.shape == (points,)
        assert np.allclose(np.cos(points * np.arccos(nodes)), 0, atol=1e-14)
        assert np.allclose(matrix @ cosines, np.eye(points), atol=1e-14)
        assert np.array_equal(centre, np.resize([0, 1, 0, -1], points) * orders)
        assert np.array_equal(end, np.resize([-1, 1], points) * orders**2)
        assert np.array_equal(signs, np.resize([1, -1], points))


def fitted(
    series: Sequence[float],
    weights: Sequence[float] = (0.0, 1.0, 0.0, -3.0),
    radius: float = 0.5,
    noise: float = 0.0,
) -> Slope:
    """What is made of a function with exactly these coefficients: zeros follow up to 8."""
    exact = None, np.eye(8), None, None, np.resize([1.0, -1.0], 8)

    def padded(given: Sequence[float]) -> np.ndarray:
        return np.array([*given, *[0.0] * (8 - len(given))])

    with patch.object(numeric, "_basis", return_value=exact):
        return numeric._fit(padded(series), padded(weights), radius, noise)


def series() -> None:
    """A slope and its error from coefficients, with every bound decided on both of its sides."""
    found = fitted([5.0, 2.0, 0.0, 1.0], radius=-0.5)
    assert found == (2.0, EPS * 10.0, 10.0, 0.5, 8, 2.0)
    assert [type(number) for number in found] == [float, float, float, float, int, float]

    # What is below twice the largest of the last third is noise, which counts as error.
    rms, tail = math.sqrt((9 + 4 + 4) / 3) * 1e-4, [2e-4, -3e-4, 2e-4]
    for third, kept in ((-6.01e-4, (1, -3)), (-5.99e-4, (1,))):
        head = [0.0, 2.0, 0.0, third, 0.0]
        found = fitted([*head, *tail])
        value = 2 * (2.0 - 3 * third * (len(kept) == 2))
        assert close(found.value, value)
        assert close(found.error, 2 * (3 * math.hypot(*kept) + 12) * rms)
    assert fitted([0.0, 2.0, 0.0, 0.0, 0.0, 1.0]).value == 0.0
    assert fitted([0.0, 2.0, 0.0, 0.0, 1.0]).value == 4.0
    assert fitted([7.0], noise=4.0) == (0.0, 2 * 12 * 4.0, 14.0, 0.5, 8, 7.0)
    assert fitted([0.0] * 8) == (0.0, 0.0, 0.0, 0.5, 8, 0.0)

    # Noise beyond which nothing changes does not average; the mean of 8 samples is half as noisy.
    for noise, effective in ((1.0, 1.0), (1 - 1e-9, 0.5)):
        found = fitted([0.0, 32.0], noise=noise)
        assert close(found.error, 2 * 15 * effective)
    assert fitted([0.0, 2.0], noise=1.0).value == 0.0
    assert fitted([0.0, 2.0], noise=1 - 1e-9).value == 4.0

    # Beyond the entry's own size, a series that resolves nothing tells nothing.
    for first, last, noise, radius, certain in (
        (1.0, 1e-3, 0.0, 1.5, True),
        (-1.0, 1.0005e-3, 0.0, 1.5, False),
        (-1.0, 0.9995e-3, 0.0, -1.5, True),
        (2.0, 1.9e-3, 0.0, 1.5, True),
        (0.5, 0.6e-3, 0.0, 1.5, False),
        (1.0, 0.5, 0.0, -1.5, False),
        (1.0, 0.5, 0.0, 1.0, True),
        (1.0, 0.5, 0.0, 0.5, True),
        (1.0, 16.0 / 1024, 1.0 / 1024, 1.5, True),
        (1.0, 16.0001 / 1024, 1.0 / 1024, 1.5, False),
    ):
        found = fitted([100.0, first, 0.0, 0.0, 0.0, last], radius=radius, noise=noise)
        assert (found.error < np.inf) == certain, (first, last, noise, radius)

    for number in (math.nan, math.inf, -math.inf):
        found = fitted([1.0, number], radius=-0.5)
        assert math.isnan(found.value) and math.isnan(found.limit)
        assert found[1:5] == (math.inf, math.inf, 0.5, 8)


def close(some: Any, others: Any, within: float = 1e-7) -> bool:
    return np.allclose(some, others, rtol=within, atol=0)


# --- the samples ------------------------------------------------------------------------------


def samples() -> None:
    """Where functions are sampled, on both sides or on one, and the slopes found there."""
    places: list[float] = []

    def cubic(t: np.ndarray) -> np.ndarray:
        places.extend(t)
        return 7.0 + 3.0 * t + 5.0 * t**2 + 2.0 * t**3

    found = numeric.slope(cubic, 0.5)
    assert close(found.value, 3.0) and found.error < 1e-12 and found.radius == 0.5
    assert close(sorted(places), -0.5 * np.cos((np.arange(12) + 0.5) * np.pi / 12))
    places.clear()
    found = numeric.one_sided(cubic, -0.5, 20)
    assert close(found.value, 3.0) and found.error < 1e-11 and found.radius == 0.25
    assert close(found.limit, 7.0) and found.points == 20
    assert close(sorted(places), -0.25 - 0.25 * np.cos((np.arange(20) + 0.5) * np.pi / 20))
    averaged = (3 * math.hypot(1, 3) + 12) * 0.01 / math.sqrt(6)
    assert close(numeric.slope(cubic, 0.5, 12, 0.01).error, averaged / 0.5)
    assert close(numeric.slope(cubic, 0.5, 12, 0.5).error, (3 + 12) * 0.5 / 0.5)
    assert close(numeric.one_sided(cubic, 0.5, 12, 0.5).error, (3 + 12) * 0.5 / 0.25)


# --- the radii --------------------------------------------------------------------------------


def settles(error: float | None, found: Slope) -> bool:
    return found.error == error


def radii() -> None:
    """Which radii are tried, and whose slope is taken."""
    phi = np.sin
    for errors, settled, chosen, tried in (
        ((3.0,), 3.0, 0, 1),
        ((3.0, 4.0, 5.0, 6.0), 6.0, 3, 4),
        ((3.0, 4.0, 2.0, 6.0, 5.0), None, 2, 5),
        ((3.0, 29.9, 5.0, 6.0, 7.0), None, 0, 5),
        ((3.0, 30.0, 5.0, 6.0, 7.0, 4.0, 2.0, 5.0, 6.0), None, 6, 9),
        ((3.0, 30.0, 5.0, 6.0, 7.0, 4.0, 2.0, 5.0, 6.0), 4.0, 5, 6),
        ((math.inf,) * 9, None, 0, 9),
    ):
        slopes = [a_slope(-i, error) for i, error in enumerate(errors)]
        with patch.object(numeric, "slope", side_effect=slopes) as asked:
            found = numeric.surest_slope(phi, 0.25, partial(settles, settled))
        assert found is slopes[chosen], (errors, settled)
        trials = (TRIALS + NOISY_TRIALS)[:tried]
        assert asked.mock_calls == [call(phi, *trial, 0.25) for trial in trials]

    certain, uncertain = a_slope(0.0, 1.0, 1e9), a_slope(0.0, 1.01, 1e9)
    nothing, undefined = a_slope(0.0, 0.0), a_slope(math.nan, math.inf, math.inf)
    for slopes, chosen in (
        ([certain], 0),
        ([nothing], 0),
        ([undefined, certain], 1),
        ([uncertain, certain], 1),
        ([a_slope(5.0, 0.5), certain], 0),
        ([a_slope(-i, error) for i, error in enumerate((4.0, 2.0, 1.0, 3.0))], 2),
    ):
        n = len(slopes)
        with patch.object(numeric, "one_sided", side_effect=[*slopes, *slopes]) as asked:
            left, right = numeric.sides(phi, 0.25)
        assert left is right is slopes[chosen], slopes
        expected = [
            call(phi, sign * radius, points, 0.25)
            for sign in (-1, 1)
            for radius, points in ONE_SIDED_TRIALS[:n]
        ]
        assert asked.mock_calls == expected
    left, right = a_slope(-1.0, 0.0), a_slope(1.0, 0.0)
    with patch.object(numeric, "one_sided", side_effect=[left, right]):
        assert numeric.sides(phi, 0.25) == (left, right)

    first = a_slope(3.0, 0.5)
    for values, value, error in (((3.25, 2.0), 3.0, 1.25), ((3.25, 3.125), 3.125, 0.5)):
        with patch.object(numeric, "slope", side_effect=[a_slope(v, 9.0) for v in values]) as asked:
            found = numeric.repeated(phi, first, 0.25)
        assert found == first._replace(value=value, error=error)
        assert type(found.value) is type(found.error) is float
        assert asked.mock_calls == [call(phi, part * 2.0, 5, 0.25) for part in OPINIONS]


# --- the judge --------------------------------------------------------------------------------


def verdicts() -> None:
    """The judge, on numbers for which every bound is decided on both of its sides."""

    slope = a_slope
    ok, wrong, unsure = Verdict.OK, Verdict.WRONG, Verdict.INCONCLUSIVE
    for analytic, found, expected in (
        (100.0, slope(100.0, 0.0), ok),
        (-100.0, slope(-100.0, 0.9), ok),  # an error below rtol · |value|
        (-100.0, slope(-100.0, 1.1), unsure),
        (100.9, slope(100.0, 0.0), ok),
        (-101.9, slope(-100.0, 0.0), wrong),
        (98.0, slope(100.0, 0.0), wrong),
        (104.9, slope(100.0, 0.99), ok),  # TRUST errors more are allowed
        (105.2, slope(100.0, 0.99), wrong),
        (100.0, slope(-100.0, 0.0), wrong),
        (0.0, slope(0.0, 0.0), ok),
        (0.0, slope(0.001, 0.001, 0.0), unsure),
        (0.0, slope(0.001, 0.001, 1.0), ok),  # nothing, measured by what the function moves
        (0.0, slope(0.001, 0.02, 1.0), unsure),
        (0.05, slope(0.05, 0.009, 1.0), unsure),
        (0.001, slope(0.0, 0.009, 1.0), ok),
        (-100.9, slope(-99.9, 0.0), ok),
        (-99.9, slope(-100.9, 0.0), ok),
        (100.0, slope(100.0, 1.0), ok),
        (0.5, slope(0.5, 1.0, 100.0), ok),
        (0.0, slope(0.0, 0.5), ok),
        (math.inf, slope(0.0, 0.0), wrong),
        (math.nan, slope(0.0, 0.0), wrong),
    ):
        assert judge(analytic, found, 0.01) == expected, (analytic, found)
    kink = Verdict.KINK
    for analytic, left, right, expected in (
        (0.0, slope(0.0, 0.0), slope(100.0, 0.0), kink),
        (100.9, slope(0.0, 0.0), slope(100.0, 0.0), kink),
        (101.1, slope(0.0, 0.0), slope(100.0, 0.0), wrong),
        (-0.9, slope(100.0, 0.0), slope(0.0, 0.0), kink),
        (-1.1, slope(100.0, 0.0), slope(0.0, 0.0), wrong),
        (-100.9, slope(0.0, 0.0), slope(-100.0, 0.0), kink),
        (-101.1, slope(0.0, 0.0), slope(-100.0, 0.0), wrong),
        (104.9, slope(0.0, 0.1), slope(100.0, 1.0), kink),  # TRUST of the larger error
        (105.1, slope(0.0, 1.0), slope(100.0, 0.1), wrong),
        (0.0, slope(0.0, 0.0), slope(0.0, 0.0), kink),
    ):
        assert judge_kink(analytic, left, right, 0.01) == expected, (analytic, left, right)
    assert [one for one in Verdict if one.passes] == [ok, kink]


FUNCTIONS = functions_in(numeric, verdict)
BATTERIES: dict[str, Callable[[], Any]] = {
    "Chebyshev points": basis,
    "series": series,
    "samples": samples,
    "radii": radii,
    "verdicts": verdicts,
}
