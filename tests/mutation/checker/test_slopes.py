"""The numeric derivative and the verdict on an analytic one, to the last digit and bound."""

from __future__ import annotations

import math
from functools import partial
from unittest.mock import call, patch

import numpy as np

from autograd.testing.checker import numeric
from autograd.testing.checker.numeric import (
    EPS,
    NOISY_TRIALS,
    ONE_SIDED_TRIALS,
    OPINIONS,
    TRIALS,
    Slope,
    Verdict,
    judge,
    judge_kink,
)
from autograd.testing.mutation.sources import functions_in

FUNCTIONS = functions_in(numeric)


def a_slope(value, error, change=0.0):
    return Slope(value, error, change, 2.0, 5, 0.0)


# --- the series -------------------------------------------------------------------------------


def test_chebyshev_points():
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


def fitted(series, radius=0.5, noise=0.0):
    """What is made of a function with exactly these coefficients: zeros follow up to 8."""
    exact = None, np.eye(8), None, None, np.resize([1.0, -1.0], 8)

    def padded(given):
        return np.array([*given, *[0.0] * (8 - len(given))])

    with patch.object(numeric, "_basis", return_value=exact):
        return numeric._fit(padded(series), padded((0.0, 1.0, 0.0, -3.0)), radius, noise)


def test_a_slope_from_coefficients():
    found = fitted([5.0, 2.0, 0.0, 1.0], radius=-0.5)
    assert found == (2.0, EPS * 10.0, 10.0, 0.5, 8, 2.0)
    assert [type(number) for number in found] == [float, float, float, float, int, float]


def test_what_is_below_twice_the_largest_of_the_last_third_is_noise():
    """Which counts as error."""
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


def test_noise_beyond_which_nothing_changes_does_not_average():
    """The mean of 8 samples is half as noisy."""
    for noise, effective in ((1.0, 1.0), (1 - 1e-9, 0.5)):
        found = fitted([0.0, 32.0], noise=noise)
        assert close(found.error, 2 * 15 * effective)
    assert fitted([0.0, 2.0], noise=1.0).value == 0.0
    assert fitted([0.0, 2.0], noise=1 - 1e-9).value == 4.0


def test_beyond_the_entry_s_own_size_a_series_that_resolves_nothing_tells_nothing():
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


def test_what_is_not_finite_has_no_slope():
    for number in (math.nan, math.inf, -math.inf):
        found = fitted([1.0, number], radius=-0.5)
        assert math.isnan(found.value) and math.isnan(found.limit)
        assert found[1:5] == (math.inf, math.inf, 0.5, 8)


def close(some, others, within=1e-7):
    return np.allclose(some, others, rtol=within, atol=0)


# --- the samples ------------------------------------------------------------------------------


def test_where_functions_are_sampled_on_both_sides_or_on_one():
    places = []

    def cubic(t):
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


PHI = np.sin


def settles(error, found):
    return found.error == error


def test_which_radii_are_tried_and_whose_slope_is_taken():
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
            found = numeric.surest_slope(PHI, 0.25, partial(settles, settled))
        assert found is slopes[chosen], (errors, settled)
        trials = (TRIALS + NOISY_TRIALS)[:tried]
        assert asked.mock_calls == [call(PHI, *trial, 0.25) for trial in trials]


def test_which_radii_are_tried_on_one_side():
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
            left, right = numeric.sides(PHI, 0.25)
        assert left is right is slopes[chosen], slopes
        expected = [
            call(PHI, sign * radius, points, 0.25)
            for sign in (-1, 1)
            for radius, points in ONE_SIDED_TRIALS[:n]
        ]
        assert asked.mock_calls == expected
    left, right = a_slope(-1.0, 0.0), a_slope(1.0, 0.0)
    with patch.object(numeric, "one_sided", side_effect=[left, right]):
        assert numeric.sides(PHI, 0.25) == (left, right)


def test_another_opinion_is_asked_at_other_radii():
    first = a_slope(3.0, 0.5)
    for values, value, error in (((3.25, 2.0), 3.0, 1.25), ((3.25, 3.125), 3.125, 0.5)):
        with patch.object(numeric, "slope", side_effect=[a_slope(v, 9.0) for v in values]) as asked:
            found = numeric.repeated(PHI, first, 0.25)
        assert found == first._replace(value=value, error=error)
        assert type(found.value) is type(found.error) is float
        assert asked.mock_calls == [call(PHI, part * 2.0, 5, 0.25) for part in OPINIONS]


# --- the judge --------------------------------------------------------------------------------


# every bound is decided on both of its sides


def test_verdicts():
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


def test_verdicts_at_kinks():
    slope, kink, wrong = a_slope, Verdict.KINK, Verdict.WRONG
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


def test_what_passes():
    assert [one for one in Verdict if one.passes] == [Verdict.OK, Verdict.KINK]
