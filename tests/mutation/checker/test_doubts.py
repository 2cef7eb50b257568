"""What is doubted: stairs, plateaus, far trials, bounds; and what a report makes of a failure."""

from __future__ import annotations

import math
import sys
from contextlib import nullcontext
from types import SimpleNamespace
from unittest.mock import call, patch

import numpy as np

import autograd
from autograd import Tensor, Value, sin
from autograd.errors import GradientError
from autograd.testing.checker import (
    culprit,
    directions,
    flatness,
    graphs,
    local,
    numeric,
    passes,
    promises,
    report,
    subject,
)
from autograd.testing.checker.calls import GraphCall
from autograd.testing.checker.flatness import A_STAIR, FAR, FINE, NEAR, TOO_NOISY
from autograd.testing.checker.graphs import Function
from autograd.testing.checker.numeric import JUMP, NOISY_TRIALS, OPINIONS, TRIALS, Verdict
from autograd.testing.checker.probe import SMALL, Probe
from autograd.testing.checker.report import Culprit, Extent, Finding, Report, written_at
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import a_finding, a_probe, a_slope, row, same
from tests.mutation.raising import raised, said

FUNCTIONS = (
    *functions_in(flatness, report, culprit),
    numeric.surest_slope,
    numeric.contradict,
    numeric.nearest,
    numeric.turns,
    numeric.kink,
    numeric.side_inside,
    numeric.judge,
    numeric.judge_kink,
    numeric.trial_points,
    subject.bounds_for,
    directions.alike,
    directions.halves,
    local.wrong_rule,
    Probe.extent,
    Probe.seen_at_once,
    Probe.at_once,
    Probe.findings,
    Probe.outputs,
    Probe.noise,
    Probe.directions,
    graphs.Function.__init__,
    graphs.Function.gradient,
    graphs.Function.line,
    graphs.Gradient.gradient,
    graphs.Gradient.line,
    GraphCall.numbers.fget,
    passes.broken_by_the_engine,
    promises.broken_promises,
)
OK, WRONG, KINK = Verdict.OK, Verdict.WRONG, Verdict.KINK
UNSURE, EDGE = Verdict.INCONCLUSIVE, Verdict.EDGE
PHI = np.sin


# --- slopes -----------------------------------------------------------------------------------


def test_slopes_that_contradict_each_other():
    for one, other, expected in (
        ((5.0, 0.5), (1.0, 0.5), False),
        ((5.01, 0.5), (1.0, 0.5), True),
        ((1.0, 0.5), (5.01, 0.5), True),
        ((-5.0, 0.25), (-1.01, 0.75), False),
        ((-5.02, 0.25), (-1.01, 0.75), True),
        ((3.0, 0.0), (3.0, 0.0), False),
        ((math.nan, math.inf), (3.0, 0.0), False),
    ):
        assert numeric.contradict(a_slope(*one), a_slope(*other)) is expected, (one, other)


def surest(*slopes, settled=None):
    with patch.object(numeric, "slope", side_effect=list(slopes)) as asked:
        found = numeric.surest_slope(PHI, 0.25, lambda one: one.error == settled)
    return found, asked.call_count


def test_how_far_a_function_moves_is_told_by_the_first_trial():
    first, second, third = a_slope(0.0, 5.0, 8.0), a_slope(0.0, 4.0, 3.0), a_slope(0.0, 1.0, 20.0)
    less = a_slope(0.0, 1.0, 5.0)
    assert surest(first, second, less, settled=1.0)[0] is less
    assert surest(first, second, third, settled=1.0) == (third._replace(change=8.0), 3)
    assert surest(first, second, settled=4.0)[0] is second
    alike = a_slope(0.0, 4.0, 8.0)
    assert surest(first, alike, settled=4.0)[0] is alike
    flat, slight = a_slope(0.0, 5.0, 0.0), a_slope(0.0, 5.0, 0.5)
    assert surest(flat, third, settled=1.0)[0] is third
    assert surest(slight, third, settled=1.0)[0] == third._replace(change=0.5)


def test_a_far_trial_that_contradicts_a_nearer_one_is_not_asked():
    near = [a_slope(0.0, 3.0), a_slope(100.0, 30.0), *[a_slope(0.0, 5.0)] * 3]
    plateau, wide = a_slope(1000.0, 0.001), a_slope(1.0, 2.0)
    found, count = surest(*near, plateau, wide, plateau, plateau)
    assert found is wide and count == len(TRIALS + NOISY_TRIALS)
    assert surest(*near, plateau, wide, plateau, plateau, settled=0.001)[0] is wide
    assert surest(a_slope(0.0, 3.0), a_slope(100.0, 0.5), settled=0.5)[0].value == 100.0
    middle = [a_slope(0.0, 3.0), a_slope(0.0, 30.0), a_slope(50.0, 0.1), *[a_slope(0.0, 5.0)] * 2]
    assert surest(*middle, *[a_slope(1.0, 0.01)] * 4)[0] is middle[2]


def a_kink(left, right, rtol=0.01):
    with patch.object(numeric, "one_sided", side_effect=[left, right]) as asked:
        found = numeric.kink(PHI, 0.25, rtol)
    radius, points = TRIALS[0]
    assert asked.mock_calls == [call(PHI, sign * radius, points, 0.25) for sign in (-1, 1)]
    assert found is None or found == (left, right)
    return found is not None


def flat(ts):
    return np.zeros(len(ts))


def test_nearer_samples_that_contradict():
    """Each of the nearer trials is asked, and what contradicts is the one to contradict next."""
    for moved, radius, expected, count in (
        ({}, 0.1, (1.0, 0.1), 4),
        ({}, 50.0, (1.0, 50.0), 6),
        ({0.002: 2.0}, 0.1, (1.0, 1e-4), 4),
        ({1e-5: 3.0}, 0.1, (1.0, 1e-6), 4),
        ({0.002: 2.0, 1e-4: 2.0, 1e-5: 2.0, 1e-6: 2.0}, 0.1, (2.0, 0.002), 4),
        ({0.002: 2.0, 1e-6: 3.0}, 0.1, (3.0, 1e-6), 4),
        ({0.1: 2.0}, 0.1, (1.0, 0.1), 4),
        ({0.8: 2.0}, 50.0, (1.0, 0.1), 6),
    ):
        asked = []

        def told(phi, radius, points, noise, moved=moved, asked=asked):
            asked.append((phi, radius, points, noise))
            return numeric.Slope(moved.get(radius, 1.0), 0.0, 1.0, radius, points, 0.0)

        with patch.object(numeric, "slope", told):
            first = numeric.Slope(1.0, 0.0, 1.0, radius, 12, 0.0)
            found = numeric.nearest(flat, first, 0.25, 9.9)
        assert (found.value, found.radius) == expected, (moved, radius)
        nearer = sorted((t for t in (*TRIALS, (1e-4, 12)) if t[0] < radius), reverse=True)
        assert asked == [(flat, *trial, 0.25) for trial in nearer] and len(asked) == count


def test_differences_near_by_uphold_a_slope():
    found, other = a_slope(1.0, 0.0, radius=0.1), a_slope(99.0, 0.0)
    for left, right, apart, upheld in (
        ([-1e-5, -1e-6], [1e-5, 1e-6], 0.0, True),
        ([-1e-5, -2e-6], [1e-5, 1e-6], 5.0005, True),
        ([-1e-5, -2e-6], [1e-5, 1e-6], 4.9995, False),
        ([-1e-5, 0.0], [1e-5, 1e-6], 5.0005, True),
        ([-1e-5, 0.0], [1e-5, 1e-6], 4.9995, False),
        ([-1e-5, -1e-6], [3e-5, 1e-6], 10.001, True),
        ([-1e-5, -1e-6], [3e-5, 1e-6], 9.999, False),
        ([-1e-5, -1e-6], [1e-5, math.nan], 1e9, False),
    ):
        asked = []

        def phi(ts, told=(*left, *right), asked=asked):
            asked.append(ts)
            return np.array(told)

        with patch.object(numeric, "slope", lambda *given: other):
            assert (numeric.nearest(phi, found, 0.0, apart) is found) is upheld, (left, right)
        assert same(asked, [[-1e-5, -1e-6, 1e-5, 1e-6]])
    for error, upheld in ((0.99, True), (1.0, False), (9.0, False)):
        found = a_slope(0.0, error, radius=0.1)
        with patch.object(numeric, "slope", lambda *given: a_slope(99.0, 0.0)):
            assert (numeric.nearest(flat, found, 0.0, 0.0) is found) is upheld, error


def test_whether_a_function_turns_between_samples():
    noise = 0.125  # of which 64 are 8
    for analytic, change, error, radius, expected in (
        (100.0, 50.0, 51.0, 1.0, True),
        (-100.0, 50.0, 51.0, 1.0, True),
        (100.0, 50.0, 50.0, 1.0, False),
        (50.0, 50.0, 51.0, 1.0, False),
        (50.1, 50.0, 51.0, 1.0, True),
        (100.0, 8.0, 9.0, 1.0, False),
        (100.0, 8.1, 9.0, 1.0, True),
        (100.0, 8.1, 9.0, 0.5, False),
        (100.0, 4.1, 9.0, 2.0, True),
        (100.0, 50.0, math.inf, 1.0, False),
    ):
        found = numeric.Slope(0.0, error, change, radius, 12, 0.0)
        assert numeric.turns(found, analytic, noise) is expected, (analytic, change, error)


def test_kinks_that_are_certain_at_once():
    for left, right, expected in (
        ((0.0, 0.0, 0.0), (1.0, 0.0, 1.0), True),
        ((1.0, 0.0, 1.0), (0.0, 0.0, 0.0), True),
        ((-3.0, 0.0, 0.0), (-1.0, 0.0, 1.0), True),
        ((0.0, 0.04, 4.0), (1.0, 0.0, 0.0), True),
        ((0.0, 0.0, 4.0), (1.0, 0.04, 0.0), True),
        ((0.0, 0.041, 4.0), (1.0, 0.0, 0.0), False),
        ((0.0, 0.0, 4.0), (1.0, 0.041, 0.0), False),
        ((0.0, 0.041, 0.0), (1.0, 0.0, 4.0), False),
        ((2.0, 0.0, 4.0), (2.07, 0.0, 4.0), False),
        ((2.0, 0.0, 4.0), (2.09, 0.0, 4.0), True),
        ((2.09, 0.0, 4.0), (2.0, 0.0, 4.0), True),
        ((-2.0, 0.0, 4.0), (2.0, 0.0, 4.0), True),
        ((2.0, 0.0, 4.0), (2.0, 0.0, 4.0), False),
        ((0.0, math.inf, math.inf), (1.0, 0.0, 1.0), False),
        ((0.0, 0.0, 1.0), (1.0, 0.0, math.inf), False),
    ):
        assert a_kink(a_slope(*left), a_slope(*right)) is expected, (left, right)
    quarter = a_slope(0.0, 0.0, 4.0), a_slope(2.0, 0.0, 4.0)
    assert not a_kink(*quarter, rtol=0.25)
    assert a_kink(quarter[0], quarter[1]._replace(value=2.001), rtol=0.25)
    assert a_kink(a_slope(0.0, 0.01, 1.0), a_slope(9.0, 0.0, 1.0))


def test_one_side_alone_with_a_second_opinion():
    for left, right, sign in (
        ((7.0, 0.5), (3.0, math.inf), -1),
        ((7.0, math.inf), (3.0, 0.5), 1),
        ((7.0, 0.25), (3.0, 0.5), -1),
    ):
        best = a_slope(*(left if sign < 0 else right), radius=0.3)._replace(points=20)
        sides = {-1: a_slope(*left), 1: a_slope(*right), sign: best}
        for values, error in (((0.0, 0.0), None), ((0.125, -0.5), 0.625), ((0.1, 0.0), None)):
            others = [a_slope(best.value + value, 9.0) for value in values]
            with (
                patch.object(
                    numeric, "_side", side_effect=lambda phi, s, noise, sides=sides: sides[s]
                ) as one,
                patch.object(numeric, "one_sided", side_effect=others) as asked,
            ):
                found = numeric.side_inside(PHI, 0.25)
            assert one.mock_calls == [call(PHI, -1, 0.25), call(PHI, 1, 0.25)]
            assert asked.mock_calls == [
                call(PHI, 2 * sign * part * 0.3, 20, 0.25) for part in OPINIONS
            ]
            expected = best.error if error is None or error < best.error else error
            assert found == best._replace(error=expected) and type(found.error) is float


def test_an_absolute_error_that_may_pass():
    for analytic, atol, verdict in (
        (1.05, 0.0, WRONG),
        (1.05, 0.1, OK),
        (0.95, 0.1, OK),
        (1.2, 0.1, WRONG),
        (0.8, 0.1, WRONG),
        (1.005, 0.001, OK),
    ):
        assert numeric.judge(analytic, a_slope(1.0, 0.0), 0.01, atol) is verdict, analytic
        both = a_slope(0.5, 0.0), a_slope(1.0, 0.0)
        below = analytic < 1.0
        expected = KINK if below or verdict is OK else WRONG
        assert numeric.judge_kink(analytic, *both, 0.01, atol) is expected, analytic
    assert numeric.judge(1.0, a_slope(1.0, 0.05), 0.01) is UNSURE
    assert numeric.judge(1.0, a_slope(1.0, 0.05), 0.01, 0.05) is OK
    assert numeric.judge_kink(-1.005, a_slope(-1.0, 0.0), a_slope(0.5, 0.0), 0.01) is KINK
    assert numeric.judge_kink(-1.02, a_slope(-1.0, 0.0), a_slope(-0.5, 0.0), 0.01) is WRONG
    assert numeric.judge_kink(-1.02, a_slope(-1.0, 0.0), a_slope(0.1, 0.0), 0.01) is WRONG
    assert numeric.judge_kink(0.11, a_slope(-1.0, 0.0), a_slope(0.1, 0.0), 0.02) is KINK
    assert same(numeric.trial_points(0.5, 3), 0.5 * numeric._basis(3)[0])


# --- flatness ---------------------------------------------------------------------------------


def stairs(t):
    return np.floor(1000 * t + 0.5) / 1000


def test_stairs():
    assert flatness.stair(stairs, 0.0) == A_STAIR
    assert flatness.stair(lambda t: t, 0.0) == ""
    assert flatness.stair(lambda t: np.where(t > 0.001, t, 0.0), 0.0) == ""
    assert flatness.stair(lambda t: np.floor(1000 * t) / 1000, 0.0) == A_STAIR
    for place in range(len(NEAR)):

        def moving(t, place=place):
            return np.where(t == NEAR[place], -1e-9, stairs(t))

        assert flatness.stair(moving, 0.0) == "", place
    assert same(NEAR, [-1e-5, -0.5e-5, 0.5e-5, 1e-5])
    around = stairs(numeric.trial_points(*TRIALS[0]))
    expected = (around.max() - around.min()) * 2e-5 / 0.2
    assert flatness.stair(stairs, 0.9999 * expected / JUMP) == A_STAIR
    assert flatness.stair(stairs, 1.0001 * expected / JUMP) == ""
    exactly = np.ptp(around) * np.ptp(NEAR) / (2 * TRIALS[0][0])
    assert flatness.stair(stairs, exactly / JUMP) == ""
    assert flatness.stair(lambda t: -3 * stairs(t), 2.9999 * expected / JUMP) == A_STAIR


def test_stairs_of_finer_steps():
    """Those of which no step is as wide as what is looked at first."""
    for steps, scales, expected in (
        (3e5, (1.0,), ""),
        (3e5, FINE, A_STAIR),
        (3e7, FINE, A_STAIR),
        (3e7, (1.0, 1e-2), ""),
        (3e9, FINE, ""),
        (1e5, (1.0,), ""),
    ):
        for half in (0.0, 0.5):  # a jump at the point itself, or a step that it lies on

            def phi(t, steps=steps, half=half):
                return np.floor(steps * t + half) / steps

            assert flatness.stair(phi, 0.0, scales) == expected, (steps, scales, half)
    assert FINE == (1.0, 1e-2, 1e-4)
    for still in ([1.0, 1.0, 2.0, 3.0], [1.0, 2.0, 3.0, 3.0], [1.0, 2.0, 2.0, 3.0]):

        def some(t, still=still):
            return np.array(still) if len(t) == 4 else t

        assert flatness.stair(some, 0.0) == "", still


def test_continuity():
    """Within noise, a thousandth of how far it moves, or four times how far it scatters beside."""
    for left, right, change, radius, expected in (
        (0.0, 8.0, 0.0, 1.0, True),
        (0.0, 8.1, 0.0, 1.0, False),
        (-8.1, 0.0, 0.0, 1.0, False),
        (0.0, -8.1, 0.0, 1.0, False),
        (8.1, 8.0, 0.0, 1.0, False),
        (16.0, 0.0, 16000.0, 4.0, True),
        (16.01, 0.0, 16000.0, 4.0, False),
        (8.5, 0.0, 34000.0, 0.25, True),
        (8.6, 0.0, 34000.0, 0.25, False),
        ([9.0, 9.0, 11.0, 11.0], 0.0, 0.0, 1.0, False),
        ([8.0, 10.0, 10.0, 11.0], 0.0, 0.0, 1.0, True),
        (0.0, [-8.0, -10.0, -10.0, -11.0], 0.0, 1.0, True),
        (math.nan, 0.0, 16000.0, 4.0, False),
    ):
        asked = []

        def phi(ts, told=(left, right), asked=asked):
            asked.append(ts)
            return np.concatenate([np.broadcast_to(side, 4) for side in told])

        found = flatness.continuous(phi, numeric.Slope(0.0, 0.0, change, radius, 12, 0.0), 0.125)
        assert found is expected, (left, right)
        places = min(radius, 1.0) * 1e-4 * np.array([0.4, 0.6, 0.8, 1.0])
        assert same(asked, [[*-places, *places]]) and type(asked[0]) is np.ndarray


def told(moved):
    """φ at the far points, 0 but where it is told."""
    return lambda t: np.array([moved.get(float(at), 0.0) for at in t])


def test_what_noise_hides():
    noise, radius = 1e-6, 1e-5
    limit = JUMP * noise
    for moved, radius_, expected in (
        ({}, radius, ""),
        ({0.1: 1.01 * limit}, radius, TOO_NOISY),
        ({-0.1: -1.01 * limit}, radius, TOO_NOISY),
        ({0.1: 0.99 * limit}, radius, ""),
        ({0.7: 1.0005 * limit}, radius, TOO_NOISY),
        ({5.0: 10 * limit}, 0.5, TOO_NOISY),
        ({5.0: 5.05 * limit}, radius, TOO_NOISY),
        ({5.0: 4.95 * limit}, radius, ""),
        ({-600.0: 606.0 * limit}, radius, TOO_NOISY),
        ({-600.0: 594.0 * limit}, radius, ""),
        ({0.7: 1.4 * limit}, 0.49, TOO_NOISY),
        ({0.7: 1.4 * limit}, 0.51, ""),
        ({0.1: 1.01 * limit, 0.7: 2.0 * limit}, 0.2, TOO_NOISY),
        ({-50.0: 100 * limit}, 0.49, TOO_NOISY),
        ({-50.0: 100 * limit}, 0.51, ""),
    ):
        assert flatness.hidden(told(moved), noise, radius_) == expected, (moved, radius_)
    assert flatness.hidden(told({0.1: 1.0}), 0.0, 1e-5) == ""
    assert list(FAR) == sorted(FAR) and same(FAR, -FAR[::-1])


# --- directions and outputs -------------------------------------------------------------------


def test_groups_of_one_power_of_ten():
    weights = np.array([3.0, 0.5, 40.0, 2.0, 0.06, 7.0, math.nan, math.inf])

    def grouped(count, least):
        return [sorted(group.tolist()) for group in directions.alike(weights, count, least)]

    decades = [[4, 6, 7], [1], [0, 3, 5], [2]]
    assert grouped(1, 0.05) == decades and grouped(0, 0.05) == decades
    assert grouped(1, 0.5) == [[1, 4, 6, 7], [0, 3, 5], [2]]
    assert grouped(8, 0.5) == [[4], [1], [7], [6], [3], [0], [5], [2]]
    assert [g.tolist() for g in directions.alike(np.array([2.0, 1.0, 3.0, 4.0]), 2, 0.0)] == [
        [1, 0],
        [2, 3],
    ]
    for top in (1.0, 100.0, 1e-3):
        tiny = directions.alike(top * np.array([1e-30, 1.0, 1.5e-13, 1.5e-11]), 1, 0.0)
        assert [group.tolist() for group in tiny] == [[0, 2], [3], [1]]
    least = directions.alike(np.array([9.995, 2e-11, 1e-13]), 1, 0.0)
    assert [group.tolist() for group in least] == [[2], [1], [0]]
    assert directions.alike(np.zeros(0), 1, 0.0) == []
    assert same(directions.halves(np.array([1.0, 2.0])), [[1.0, 0.0], [0.0, 2.0]])
    assert len(directions.alike(np.zeros(3), 1, 0.0)) == 1
    uneven = directions.alike(np.array([1.0] * 6 + [10.0] * 2), 4, 0.0)
    assert [len(group) for group in uneven] == [2, 2, 2, 2]


def test_how_much_is_wrong():
    numbers = {"x": np.array([[2.0, -4.0, 0.0]]), "many": np.ones(40)}
    asked = []

    def compared(name, direction, cotangent):
        asked.append((name, direction, cotangent))
        return next(findings)

    some = a_probe(subject=SimpleNamespace(numbers=numbers), compared=compared, cotangent="c")
    for told_, expected in (
        ([(WRONG, 2.0, 1.0), (OK, 1.0, 1.0), (WRONG, -4.0, -2.0)], (2, 3, 2.0)),
        ([(WRONG, 2.0, 1.0), (KINK, 1.0, 1.0), (WRONG, -4.1, -2.0)], (2, 3, None)),
        ([(WRONG, 2.0, 0.0), (OK, 1.0, 1.0), (OK, 0.0, 0.0)], (1, 3, None)),
        ([(WRONG, 0.0, 1.0), (WRONG, 0.0, 1.0), (OK, 0.0, 0.0)], (2, 3, None)),
        ([(WRONG, -2.0, 1.0), (OK, 1.0, 1.0), (OK, 0.0, 0.0)], (1, 3, -2.0)),
        ([(WRONG, 2.0, 1.0), (WRONG, 2.00003, 1.0), (OK, 0.0, 0.0)], (2, 3, None)),
        ([(WRONG, 2.0, 1.0), (WRONG, 2.00001, 1.0), (OK, 0.0, 0.0)], (2, 3, 2.0)),
        ([(OK, 2.0, 1.0)] * 3, (0, 3, None)),
        ([(WRONG, 0.5, 1.0), (OK, 1.0, 1.0), (OK, 0.0, 0.0)], (1, 3, 0.5)),
    ):
        asked.clear()
        findings = (a_finding(verdict, n, analytic=a) for verdict, a, n in told_)
        assert some.extent("x") == expected, told_
        assert same([d for _, d, _ in asked], [[[2, 0, 0]], [[0, 4, 0]], [[0, 0, 1e-3]]])
        assert {(name, c) for name, _, c in asked} == {("x", "c")}
    findings = (a_finding(WRONG, 1.0, analytic=3.0) for _ in range(99))
    assert some.extent("many") == (32, 32, 3.0)
    small = iter([a_finding(WRONG, 1.0, analytic=1e-9), a_finding(WRONG, 1.0, analytic=2e-9)])
    findings = small
    some.subject.numbers["two"] = np.ones(2)
    assert some.extent("two") == (2, 2, None)


class Counted:
    """Twice the numbers, at once."""

    def __init__(self):
        self.lines = []

    def __contains__(self, name):
        return name == "x"

    def __call__(self, numbers, name, others):
        self.lines.append([np.array(x) for x in others])
        assert numbers == NUMBERS and name == "x"
        return (2.0 * x for x in self.lines[-1])


NUMBERS = {"x": np.array([1.0, 3.0]), "y": np.array([1.0])}


def test_small_inputs_are_seen_at_once():
    line = Counted()
    some = a_probe(
        subject=SimpleNamespace(numbers=NUMBERS, bounds={}),
        line=line,
        seen={},
        base=np.zeros(2),
        gradients={"x": np.ones(2)},
    )
    both = [np.array([1.0, 0.0]), np.array([0.0, 3.0])]
    assert some.seen_at_once("x", both) is both and len(line.lines) == 1
    ts = numeric.trial_points(*TRIALS[0])
    points = [NUMBERS["x"], *(NUMBERS["x"] + t * d for d in both for t in ts)]
    assert same(line.lines[0], points) and len(some.seen) == 2
    for direction in both:
        found = list(some.outputs("x", direction, ts))
        assert same(found, [2 * NUMBERS["x"], *(2 * (NUMBERS["x"] + t * direction) for t in ts)])
    assert len(line.lines) == 1
    list(some.outputs("x", both[0], 0.5 * ts))
    assert len(line.lines) == 2
    some.seen.clear()
    some.subject.bounds = {"x": (0.0, 9.0)}
    assert some.seen_at_once("x", both) is both and not some.seen
    ts = np.array([0.5, -2.0, 1.0])
    within = list(some.outputs("x", both[0], ts))
    assert same(within, [[2, 6], [3, 6], [math.nan] * 2, [4, 6]]) and len(line.lines) == 3
    some.subject.bounds, some.line = {}, None
    assert some.seen_at_once("x", both) is both and not some.seen
    some.line = line
    assert some.seen_at_once("y", both) is both and not some.seen and len(line.lines) == 3


def test_a_line_that_leaves_the_domain_is_called_one_by_one():
    class Leaving(Counted):
        def __call__(self, numbers, name, others):
            raise self.error
            yield

    line = Leaving()
    some = a_probe(
        subject=SimpleNamespace(numbers=NUMBERS, bounds={}),
        line=line,
        seen={},
        base=np.zeros(2),
        called=lambda name, points: iter([name, *points]),
    )
    line.error = ArithmeticError()
    direction = np.array([1.0, 0.0])
    assert some.seen_at_once("x", [direction]) == [direction] and not some.seen
    found = list(some.outputs("x", direction, np.array([0.5])))
    assert found[0] == "x" and same(found[1:], [[1.0, 3.0], [1.5, 3.0]])
    line.error = GradientError("no")
    assert said(some.seen_at_once, "x", [direction]) == "GradientError: no"
    assert said(list, some.outputs("x", direction, np.array([0.5]))) == "GradientError: no"


def test_which_inputs_are_seen_at_once():
    for size, at_once in ((1, True), (SMALL, True), (SMALL + 1, False)):
        asked = []
        some = a_probe(
            subject=SimpleNamespace(numbers={"x": np.ones(size)}),
            directions=lambda *given: iter("ab"),
            settled=lambda name, direction: a_finding(OK),
            seen_at_once=lambda name, every, asked=asked: asked.append((name, every)) or every,
        )
        assert len(list(some.findings("x", 3, "rng"))) == 2
        assert asked == ([("x", ["a", "b"])] if at_once else [])


def test_outputs_within_bounds():
    called = []

    def f(x):
        called.append(x.data.copy())
        return x * 2.0

    number = np.array([1.0, 3.0])
    function = Function(f, (Tensor(number),), bounds=([0.5, 2.0], [1.3, 4.0]))
    with function.at({}) as made:
        some = Probe(function, made, np.ones(2), 1, 0.1)
    some.line = None
    called.clear()
    ts = np.array([0.5, -0.5, 0.51, -0.51, 0.25, 0.0])
    found = list(some.outputs("inputs[0]", np.array([1.0, 0.0]), ts))
    nowhere = [math.nan] * 2
    assert same(found, [[2, 6], nowhere, [1, 6], nowhere, nowhere, [2.5, 6], [2, 6]])
    assert same(called, [[0.5, 3], [1.25, 3], [1.0, 3.0]])
    found = list(some.outputs("inputs[0]", np.array([0.0, 2.0]), ts))
    assert same(found, [[2, 6], [2, 8], [2, 4], nowhere, nowhere, [2, 7], [2, 6]])
    free = Function(f, (Tensor(number),))
    with free.at({}) as made:
        other = Probe(free, made, np.ones(2), 1, 0.1)
    other.line = None
    many = np.ones(SMALL + 1)
    assert other.outputs("inputs[0]", many, ts) is not None
    found = list(other.outputs("inputs[0]", np.array([1.0, 0.0]), ts))
    assert same([y[0] for y in found], [2, 3, 1, 3.02, 0.98, 2.5, 2])


def test_bounds_that_are_given():
    numbers = {"x": np.array([1.0, 2.0]), "y": 3.0}
    assert subject.bounds_for(numbers, None) == {}
    assert subject.bounds_for(numbers, (0.0, 5.0)) == {"x": (0.0, 5.0), "y": (0.0, 5.0)}
    assert subject.bounds_for(numbers, {"y": (3.0, 3.0)}) == {"y": (3.0, 3.0)}
    pairs = {"x": ([1.0, 2.0], [1.0, 2.0])}
    assert subject.bounds_for(numbers, pairs) == pairs
    assert subject.bounds_for(numbers, pairs) is not pairs
    for bounds, said_ in (
        ({"z": (0, 1)}, "ValueError: bounds are for x, y, got some for z"),
        ((1.5, 5.0), "ValueError: x must lie between its bounds 1.5 and 5.0"),
        ((0.0, 1.5), "ValueError: x must lie between its bounds 0.0 and 1.5"),
        ({"y": (0.0, 2.0)}, "ValueError: y must lie between its bounds 0.0 and 2.0"),
    ):
        assert said(subject.bounds_for, numbers, bounds) == said_


def test_noise_of_the_output():
    some = a_probe(eps=0.25, base=np.array([3.0, math.inf, -4.0]))
    assert some.noise(np.array([1.0, 1.0, 1.0])) == 1.25
    assert some.noise(np.array([2.0, 5.0, 0.0])) == 1.5 and type(some.noise(np.ones(3))) is float


def test_what_is_hidden_is_in_one_group():
    x = np.array([1.0, 1e-2, 1e-4])
    some = a_probe(
        subject=SimpleNamespace(numbers={"x": x}),
        gradients={"x": np.ones(3)},
        base=np.array([1.0]),
        cotangent=np.array([1.0]),
        eps=1e-8,
        rtol=1e-4,
    )
    rng = np.random.default_rng(0)
    assert [np.count_nonzero(d) for d in some.directions("x", 2, rng)] == [2, 2, 1, 1]
    some.eps = 1e-12
    assert [np.count_nonzero(d) for d in some.directions("x", 2, rng)] == [1] * 6
    some.eps, some.rtol = 1e-8, 1.0
    assert [np.count_nonzero(d) for d in some.directions("x", 2, rng)] == [1] * 6
    some.eps, some.subject.numbers["x"] = 0.0995, np.array([2.0, 20.0, 20.0])
    assert [np.count_nonzero(d) for d in some.directions("x", 2, rng)] == [1, 1, 2, 2]
    some.eps, some.subject.numbers["x"] = 1e-16, np.ones(12)
    some.gradients["x"] = np.ones(12)
    for budget, groups in ((11, 5), (8, 4), (6, 3), (5, 2), (4, 2), (1, 1), (0, 1)):
        found = [np.count_nonzero(d) for d in some.directions("x", budget, rng)]
        assert len(found) == 2 * groups and sum(found) == 24, budget


# --- whom to blame ----------------------------------------------------------------------------


def located(f, x, direction, verdict=WRONG, **more):
    function = Function(f, (x,))
    with function.at({}) as made:
        size = made.output.shape
        found = Report("f", 0, 1e-6)
        at = None if direction is None else np.array(direction, float)
        findings = [Finding(1, "inputs[0]", None, None, 1, 2, 0, 0, verdict, direction=at)]
        found.findings = [*more.get("before", []), *findings]
        cotangent = np.ones(size)
        yield function, made, cotangent, found


def test_how_nodes_move_along_a_direction():
    ((function, made, _, found),) = located(lambda x: sin(3 * x), Tensor([1.0, 2.0]), [1.0, 4.0])
    finding = found.findings[0]
    tangents = culprit.tangents_of(function, made, finding)
    x, scaled, out = culprit.recorded(made.output)
    assert list(tangents) == [x, scaled, out]
    assert np.allclose(tangents[x], [1, 4]) and np.allclose(tangents[scaled], [3, 12])
    assert np.allclose(tangents[out], [3 * np.cos(3), 12 * np.cos(6)], rtol=1e-5)
    number = Value(2.0)
    ((function, made, _, found),) = located(lambda x: x * x, number, 1.0)
    tangents = culprit.tangents_of(function, made, found.findings[0])
    assert math.isclose(tangents[made.output], 4.0, rel_tol=1e-6)
    for changing in (
        lambda x: x * x if x.data == 2.0 else x + x,
        lambda x: x * x if x.data >= 2.0 else x + x,
        lambda x: x * x if x.data <= 2.0 else x * x * x,
    ):
        ((function, made, _, found),) = located(changing, number, 1.0)
        assert culprit.tangents_of(function, made, found.findings[0]) == {}


def one_entry(g, out, x):
    sent = np.array(2.0 * g * x)
    sent.flat[3] *= 1.5
    return sent


def test_the_rule_that_fails_along_the_direction():
    square = row(one_entry, name="square")
    x = np.linspace(1.0, 2.0, 50)

    def blamed(direction, f=lambda x: square(x * 2.0) + x, verdict=WRONG, **more):
        ((function, made, cotangent, found),) = located(f, Tensor(x), direction, verdict, **more)
        return list(culprit.failing(function, made, cotangent, found))

    along = np.zeros(50)
    along[3] = 1.0
    (fault,) = blamed(along)
    assert fault.kind == "rule" and fault.node.op is square and fault.operand == 0
    assert fault.message.startswith("the rule of square((50,)) for its operand 0: analytic ")
    assert "(test_doubts.py:" in fault.message
    assert blamed(np.roll(along, 1)) == [] and blamed(along, verdict=OK) == []
    assert blamed(None) == [] and blamed(along, verdict=UNSURE) == []
    before = Finding(1, "inputs[0]", None, None, 1, 2, 0, 0, WRONG, direction=np.roll(along, 1))
    assert blamed(along, before=[before]) == []
    apart = Tensor([1.0]) * 3.0
    assert len(blamed(along, f=lambda x: square(x * 2.0) + apart.sum() * 0.0)) == 1
    ((function, made, cotangent, found),) = located(
        lambda x: square(x * 2.0), Tensor(x), along, before=[]
    )
    assert culprit.locate(function, made, cotangent, found).node.op is square
    weighted = lambda x: square(x * 2.0) * np.roll(along, 1)  # noqa: E731
    assert blamed(along, f=weighted) == []  # nothing comes from above
    stopped = blamed(along, f=lambda x: square(x * 2.0) + autograd.stop_gradient(x * 3.0))
    assert [f.node.op for f in stopped] == [square]
    calls = []
    changing = lambda x: calls.append(1) or (square(x) if len(calls) == 1 else x * x * x)  # noqa: E731
    assert blamed(along, f=changing) == []
    twice = blamed(along, f=lambda x: square(x * 2.0) + square(x * 3.0))
    assert [f.node.op for f in twice] == [square, square]
    ((*given, found),) = located(lambda x: square(x * 2.0), Tensor(x), np.full(50, 1e308))
    assert culprit.locate(*given, found).node.op is square  # which is wrong anyway


def test_what_fails_is_named_before_what_is_wrong_elsewhere():
    def first_entry(g, out, x):
        sent = np.array(2.0 * g * x)
        sent.flat[0] *= 1.5
        return sent

    elsewhere, square = row(first_entry, name="elsewhere"), row(one_entry, name="square")
    x, along = np.linspace(1.0, 2.0, 50), np.eye(50)[3]
    (given,) = located(lambda x: square(elsewhere(x)), Tensor(x), along)
    assert culprit.locate(*given).node.op is square
    (given,) = located(lambda x: square(elsewhere(x)), Tensor(x), None)
    assert culprit.locate(*given).node.op is elsewhere
    thrice = row(lambda g, out, x: 3.0 * g * x, name="thrice")
    (given,) = located(lambda x: thrice(x * 2.0), Value(2.0), 1.0)
    assert [f.node.op for f in culprit.failing(*given)] == [thrice]


def test_of_a_second_derivative_no_direction_is_followed():
    thrice = row(lambda g, out, x: 3.0 * g * x, name="thrice")
    gradient = Function(lambda x: sin(thrice(x)), (Value(0.7),)).gradient(0.5)
    wrong = Report("f", 0, 1e-6)
    wrong.findings = [Finding(2, "inputs[0]", None, None, 1, 2, 0, 0, WRONG, direction=np.ones(()))]
    with gradient.at({}) as made:
        assert list(culprit.failing(gradient, made, 1.0, wrong)) == []


def test_where_a_wrong_rule_stands():
    def left(g, out, x, y):
        return 2.0 * g * y

    def right(g, out, x, y):
        return 2.0 * g * x

    def every(i, g, out, *xs):
        return 2.0 * g

    lines = [rule.__code__.co_firstlineno for rule in (left, right, every)]
    product = row((left, right), lambda x, y: x * y, "product")(Value(2.0), Value(3.0))
    added = row(every, lambda *xs: sum(xs), "added", variadic=True)(Value(2.0), Value(3.0))
    for node, place, line in ((product, 0, 0), (product, 1, 1), (added, 0, 2), (added, 1, 2)):
        finding = Finding(1, str(place), None, None, 1.0, 2.0, 0.5, 0.0, WRONG)
        blame = local.wrong_rule(node, finding)
        name = f"{node.op.name}((), ())"
        numbers = "analytic 1, numeric 2 ± 0.5"
        said_ = f"the rule of {name} for its operand {place}: {numbers}"
        assert blame == ("rule", f"{said_} (test_doubts.py:{lines[line]})", node, place)


class FromElsewhere:
    pass


def test_functions_as_subjects():
    for home, there in (("torch._tensor", "torch"), ("jaxlib._jax", "jax"), ("jax", "jax")):
        FromElsewhere.__module__ = home
        refused = said(Function, abs, (FromElsewhere(),))
        assert f"got FromElsewhere; for those use autograd.testing.{there}" in refused
    for home in ("torchvision", "numpy"):
        FromElsewhere.__module__ = home
        assert "wrap what is to be checked in a Value" in said(Function, abs, (FromElsewhere(),))
    function = Function(lambda x: x * x, (Value(2.0),))
    assert function.bounds == {}
    second = function.gradient(0.5)
    third = second.gradient(0.25)
    assert (second.subject, second.numbers["cotangent"]) == (function, 0.5)
    assert (third.subject, third.numbers["cotangent′"]) == (second, 0.25)
    with patch.object(graphs, "replay_of", lambda *given: given):
        assert function.line("call", "moved") == (function, "call", "moved")
        assert second.line("call", "moved") == (second, "call", "moved")
    with function.at({}) as made:
        assert made.numbers == {"inputs[0]": 2.0}


def broken(number=(1.0, 2.0), recorded=True, **tampering):
    function = Function(lambda x: x * x, (Tensor(np.array(number)),))
    tampering = {"grad": autograd.grad, **tampering}
    with function.at({}) as made, patch.multiple(passes, **tampering):
        return list(passes.broken_by_the_engine(made, np.array([1.0, 0.5]), recorded))


def test_what_backward_must_leave_alone():
    def seeding(output, seed, **more):
        autograd.backward(output, seed.copy(), **more)
        seed[0] = 7.0

    def writing(output, seed, **more):
        autograd.backward(output, seed, **more)
        raw = output.operands[0].raw
        raw.flags.writeable = True
        raw[0] = 7.0

    assert broken() == [] and broken((math.nan, 2.0)) == []
    assert "backward() changes its seed" in broken(backward=seeding)
    assert "backward() changes the input inputs[0]" in broken(backward=writing)

    def recording(*given, create_graph=False):
        found = autograd.grad(*given, create_graph=create_graph)
        return [g * 2.0 for g in found] if create_graph else found

    assert broken(grad=recording) == ["inputs[0]: with create_graph the gradient is another"]
    assert broken(grad=recording, recorded=False) == []


def test_promises_where_a_number_is_nan():
    for number in ((math.nan, 2.0), (1.0, 2.0)):
        function = Function(lambda x: x * x, (Tensor(np.array(number)),))
        with function.at({}) as made:
            assert list(promises.broken_promises(function, made, np.ones(2))) == []
    shaped = SimpleNamespace(
        raw=np.ones(2),
        numbers={"x": np.ones(2)},
        gradients=lambda cotangent: {"x": (cotangent + 1.0)[None]},
    )
    other = SimpleNamespace(rounding=0.0, name="f", at=lambda moved: nullcontext(shaped))
    assert list(promises.broken_promises(other, shaped, np.ones(2))) == [
        "x: a gradient of shape (1, 2) for an input of shape (2,)"
    ]


def test_inputs_that_are_no_numbers():
    for number, verdict, kind in ((math.nan, EDGE, "edge"), (math.nan, WRONG, "unknown"),
                                  (2.0, EDGE, "unknown")):  # fmt: skip
        ((function, made, cotangent, found),) = located(
            lambda x: x * 2.0, Tensor([1.0, number]), None, verdict
        )
        blame = culprit.locate(function, made, cotangent, found)
        assert blame.kind == kind, (number, verdict)
        if kind == "edge":
            assert blame.message == "inputs[0] itself: it is not finite everywhere"
            assert blame.node is made.leaves["inputs[0]"]


# --- reports ----------------------------------------------------------------------------------


def test_what_a_report_remarks():
    some = Report("f", 7, 1e-6, [a_finding(WRONG)])
    assert some.remarks == [] and some.summary == "f: wrong (rtol 1e-06, seed 7)"
    some.culprit, some.level = Culprit("rule", "he"), 2
    second = "first derivatives are right; order=1 asks for no others"
    assert some.remarks == ["culprit: he", second] and str(some).endswith(f"he\n{second}")
    fine = Report("f", 7, 1e-6, [a_finding(OK)], level=2)
    assert fine.remarks == [] and fine.atol == 0.0 and fine.order == 1 and fine.cause is None
    unchecked = Report("f", 7, 1e-6, problems=["a"], heading="not checked")
    assert unchecked.summary == "f: not checked (rtol 1e-06, seed 7)"
    assert "#2e9e5b" in fine._repr_html_() and "#d98e04" in unchecked._repr_html_()
    assert str(Extent(2, 3, None)) == "wrong in 2 of 3 entries"
    assert str(Extent(2, 3, 0.5)) == "wrong in 2 of 3 entries, 0.5 times the numeric derivative"
    wrong = a_finding(WRONG, extent=Extent(1, 2, None))
    assert wrong.explained == "along a random direction; wrong in 1 of 2 entries"


def test_where_a_function_stands():
    line = test_where_a_function_stands.__code__.co_firstlineno
    assert written_at(test_where_a_function_stands) == f" (test_doubts.py:{line})"
    assert written_at(np.sin) == written_at(None) == ""


def test_what_a_report_requires():
    fine, wrong = Report("f", 0, 1e-6, [a_finding(OK)]), Report("f", 0, 1e-6, [a_finding(WRONG)])
    unsure, edge = (Report("f", 0, 1e-6, [a_finding(v)]) for v in (UNSURE, EDGE))
    raising = Report("f", 0, 1e-6, problems=["a"], cause=KeyError("mine"))
    rejected = []

    def hypothesis(inside):
        made = SimpleNamespace(
            currently_in_test_context=lambda: inside, reject=lambda: rejected.append(1) or 1 / 0
        )
        return patch.dict(sys.modules, {"hypothesis": made})

    for within in (hypothesis(False), patch.dict(sys.modules, {"hypothesis": None})):
        with within:
            assert said(fine.require) == ""
            for some in (wrong, unsure, edge):
                assert said(some.require) == f"GradientError: {some}"
            assert said(raising.require) == "KeyError: 'mine'" and not rejected
    with hypothesis(True):
        assert said(fine.require) == "" and said(wrong.require) == f"GradientError: {wrong}"
        assert said(raising.require) == "KeyError: 'mine'" and not rejected
        for some in (unsure, edge):
            assert said(some.require).startswith("ZeroDivisionError")
    assert len(rejected) == 2
    gone = {name: module for name, module in sys.modules.items() if name != "hypothesis"}
    with patch.object(report, "sys", SimpleNamespace(modules=gone)):
        assert said(unsure.require) == f"GradientError: {unsure}"
    with hypothesis(False):
        assert raised(wrong.require).report is wrong
