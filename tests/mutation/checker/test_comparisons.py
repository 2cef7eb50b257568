"""One comparison: which second opinions are asked for, and what is made of them."""

from __future__ import annotations

import math
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

from autograd.testing.checker import probe
from autograd.testing.checker.flatness import FINE, TURNS
from autograd.testing.checker.numeric import EPS, TINY, TRIALS, Verdict
from autograd.testing.checker.subject import Inside
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import a_finding, a_probe, a_slope, same

FUNCTIONS = functions_in(probe)
OK, WRONG, KINK = Verdict.OK, Verdict.WRONG, Verdict.KINK
UNSURE, EDGE = Verdict.INCONCLUSIVE, Verdict.EDGE


class Comparing:
    """One comparison, whose numeric derivatives are told, and what it asked for."""

    RTOL = 0.01

    def __init__(self, *numeric, **given):
        self.numeric, self.asked, self.doubted = iter(numeric), [], []
        self.direction = np.array(given.pop("direction", [0.0, 0.5, 0.0]))
        self.cotangent = np.array(given.pop("cotangent", [0.0, -2.0]))
        self.gradient = np.array(given.pop("gradient", [math.nan, 200.0, math.inf]))
        self.smooth = given.pop("smooth", True)
        self.noisy, self.sides = given.pop("noisy", False), given.pop("sides", None)
        self.whole, self.lines = given.pop("whole", True), given.pop("lines", [])
        self.probe = a_probe(
            rtol=self.RTOL,
            order=2,
            base=np.array(given.pop("base", [3.0, 4.0])),
            cotangent=self.cotangent if self.whole else self.cotangent.copy(),
            gradients={"x": self.gradient if self.whole else None},
            call=SimpleNamespace(gradients=self.gradients),
            is_noise=self.is_noise,
            one_sided=self.one_sided,
            outputs=self.outputs,
            inside=Inside(0.0, given.pop("stair", 0.0)),
            eps=EPS,
            atol=given.pop("atol", 0.0),
            subject=SimpleNamespace(bounds=given.pop("bounds", {})),
        )
        self.first = given.pop("first", a_slope(math.nan, math.inf))
        self.apart, self.doubt = given.pop("apart", None), given.pop("doubt", ("", ""))
        self.side = given.pop("side", a_slope(math.nan, math.inf))
        self.near, self.neared = given.pop("near", None), []
        assert not given

    def gradients(self, cotangent, names):
        assert cotangent is self.cotangent and names == ["x"] and not self.whole
        return {"x": self.gradient}

    def slope(self, phi, *trial):
        assert trial[:2] == TRIALS[0]
        return self.first

    def kink(self, phi, noise, rtol):
        assert rtol == 0.1 * self.RTOL and callable(phi)
        return self.apart

    def side_inside(self, phi, noise):
        assert callable(phi)
        return self.side

    def nearest(self, *given):
        self.neared.append(given)
        return given[1] if self.near is None else self.near

    def stair(self, *given):
        self.doubted.append(("stair", *given))
        return self.doubt[0]

    def hidden(self, *given):
        self.doubted.append(("hidden", *given))
        return self.doubt[1]

    def is_noise(self, *given):
        if given[-1] is self.first:
            return False
        self.asked.append(("noise", *given))
        return self.noisy

    def one_sided(self, *given):
        self.asked.append(("sides", *given))
        return self.sides

    def outputs(self, name, direction, ts):
        assert name == "x" and direction is self.direction and ts == "ts"
        return iter(self.lines)

    def derivative(self, *given):
        self.asked.append(("derivative", *given))
        return next(self.numeric)

    def repeated(self, *given):
        self.asked.append(("again", *given))
        return next(self.numeric)

    def continuous(self, *given):
        self.asked.append(("beside", *given))
        return self.smooth

    def __call__(self):
        with (
            patch.object(probe, "surest_slope", self.derivative),
            patch.object(probe, "repeated", self.repeated),
            patch.object(probe, "continuous", self.continuous),
            patch.object(probe, "slope", self.slope),
            patch.object(probe, "kink", self.kink),
            patch.object(probe, "sides", lambda phi, noise: (phi, noise)),
            patch.object(probe, "side_inside", self.side_inside),
            patch.object(probe, "nearest", self.nearest),
            patch.object(probe, "stair", self.stair),
            patch.object(probe, "hidden", self.hidden),
        ):
            self.found = self.probe.compared("x", self.direction, self.cotangent)
        return self.found

    @property
    def words(self):
        return " ".join(word for word, *_ in self.asked)


ROUNDING = 8 * EPS * 100.0


def test_what_a_finding_says():
    right = Comparing(a_slope(100.0, 0.0))
    expected = a_finding(OK, -100.0, ROUNDING, analytic=-100.0, tolerance=1.0, scale=-1.0)
    expected = probe.replace(expected, order=2, index=(1,), output=(1,))
    assert right() == expected and right.words == "derivative"
    noise = right.asked[0][2]
    assert type(noise) is float and math.isclose(noise, 8 * EPS)
    hidden = Comparing(a_slope(100.0, 0.0), base=[math.inf, 4.0], cotangent=[1.0, -2.0])
    assert hidden() and math.isclose(hidden.asked[0][2], 8 * EPS)

    tiny = Comparing(a_slope(1.5e-300, 0.0, 0.0), gradient=[0.0, 2e-300, 0.0], noisy=True)
    assert (tiny().verdict, tiny.words, tiny.found.error) == (OK, "derivative noise", TINY)

    part = Comparing(a_slope(100.0, 0.0), whole=False)
    assert part() == expected


def test_several_entries_at_once():
    two = Comparing(
        a_slope(100.0, 0.0), direction=[0.5, 0.5, 0.0], gradient=[100.0, 100.0, math.nan]
    )
    assert (two().scale, two.found.index, two.found.analytic) == (-2.0, None, -50.0)
    assert two.found.tolerance == 0.5 and two.found.numeric == -50.0
    assert math.isclose(two.found.error, 4 * EPS * 100.0)
    signs = Comparing(
        a_slope(100.0, 0.0), direction=[-0.5, 0.5, 0.0], gradient=[-100.0, 100.0, math.nan]
    )
    assert math.isclose(signs().error, 4 * EPS * 100.0) and signs.found.verdict is OK


SIDED = probe.Opinion(UNSURE, "why", a_slope(8.0, 3.0), (10.0, 20.0))


def test_which_second_opinions_are_asked_for():
    # told by (value, error): what is asked, and the verdict
    for told, words, verdict in (
        ([(50.0, 0.1)], "derivative beside noise", WRONG),  # clear
        ([(150.0, 0.1)], "derivative beside noise", WRONG),
        ([(50.0, 0.51), (50.0, 0.51)], "derivative again noise sides", UNSURE),
        ([(90.0, 1.0), (90.0, 2.0)], "derivative again noise sides", UNSURE),
        ([(90.0, 1.0), (90.0, 3.0)], "derivative again noise sides", UNSURE),
        ([(90.0, 1.0), (100.0, 0.5)], "derivative again", OK),
        ([(100.0, 2.0)], "derivative noise sides", UNSURE),
        ([(math.nan, math.inf)], "derivative noise sides", UNSURE),
    ):
        some = Comparing(*(a_slope(*pair) for pair in told), sides=SIDED)
        assert some().verdict is verdict and some.words == words, (told, some.words)
        if words.endswith("sides"):
            assert some.found.note == "why" and some.found.numeric == -8.0
            assert some.found.slopes == (-10.0, -20.0) and some.found.error == 3.0
            assert some.found.tolerance == 1.0
            (_, analytic, numeric, *sides, noise, atol), first = some.asked[-1], some.asked[0]
            value, error = told[-1]
            assert (analytic, *sides) == (100.0, *first[1:3]) and (noise, atol) == (first[2], 0.0)
            more = ROUNDING if len(told) == 1 else 0.0
            assert same(numeric, a_slope(value, error + more))
        if "again" in words:
            (_, phi, numeric, noise), first = some.asked[1], some.asked[0]
            assert (phi, noise) == first[1:3]
            assert same(numeric, a_slope(told[0][0], told[0][1] + ROUNDING))
        if "noise" in words:
            noisy = next(given for word, *given in some.asked if word == "noise")
            assert noisy[0] == "x" and noisy[1] is some.direction and noisy[2] is some.cotangent
            assert noisy[3] == 100.0 and same(noisy[4][0], told[-1][0])


def test_opinions_at_their_bounds():
    exact = Comparing(a_slope(3.0, 1.0), a_slope(3.0, 1.0), gradient=[0.0, 206.0, 0.0], sides=SIDED)
    exact.probe.eps = 0.0
    assert exact().verdict is UNSURE  # 100 errors exactly are not clear
    beyond = Comparing(a_slope(8.0, 3.0), a_slope(8.0, 3.0), noisy=True)
    assert (beyond().verdict, beyond.found.note) == (OK, "0 to within rounding")
    assert beyond.words == "derivative again noise"
    jump = Comparing(a_slope(50.0, 0.0), a_slope(50.0, 0.0), smooth=False, sides=SIDED)
    assert jump().verdict is UNSURE and jump.words == "derivative beside again noise sides"
    _, phi, numeric, noise = jump.asked[1]
    assert (phi, noise) == jump.asked[0][1:3] and same(numeric, a_slope(50.0, ROUNDING))
    back = Comparing(
        a_slope(100.0, 2.0),
        direction=[0.0, -0.5, 0.0],
        gradient=[0, -200, 0],
        cotangent=[0.0, -4.0],
        sides=SIDED,
    )
    assert back().slopes == (10.0, 5.0) and back.found.numeric == 4.0
    down = Comparing(a_slope(-99.5, 0.0), gradient=[0, -200, 0])
    assert down().tolerance == 1.0 and down.found.verdict is OK
    lost = Comparing(
        a_slope(math.nan, math.inf), sides=probe.Opinion(EDGE, "", a_slope(math.nan, math.inf))
    )
    assert lost().tolerance == 1.0 and lost.found.verdict is EDGE and math.isnan(lost.found.numeric)


def test_an_absolute_error_along_the_direction():
    for value, verdict in ((103.0, OK), (97.0, OK), (105.0, WRONG)):
        some = Comparing(a_slope(value, 0.0), atol=8.0, sides=SIDED)
        assert some().verdict is verdict and type(some.found.tolerance) is float
        assert some.found.tolerance == 4.0
    assert some.probe.is_settled(100.0, a_slope(103.0, 0.4), 4.0)
    assert not some.probe.is_settled(100.0, a_slope(103.0, 0.41), 4.0)
    assert not some.probe.is_settled(100.0, a_slope(103.0, 0.4))
    assert some.found.direction is some.direction


def test_kinks_that_are_certain_at_once():
    left, right = a_slope(10.0, 0.0), a_slope(20.0, 0.0)
    first = a_slope(95.0, 3.0)
    kinked = Comparing(first=first, apart=(left, right), sides=SIDED, atol=8.0)
    assert kinked().note == "why" and kinked.words == "sides"
    _, analytic, numeric, one, other, noise, atol = kinked.asked[-1]
    assert (analytic, one, other, atol) == (100.0, left, right, 4.0)
    assert same(numeric, a_slope(95.0, 3.0 + ROUNDING)) and math.isclose(noise, 8 * EPS)
    sure = Comparing(first=a_slope(100.0, 0.0), apart="nobody asks")
    assert sure().verdict is OK and sure.asked == []
    noisy = Comparing(a_slope(100.0, 0.0), noisy=True)
    noisy()
    assert noisy.asked[0][3](a_slope(100.0, 2.0))


def test_points_on_a_bound():
    edge, side = probe.Opinion(EDGE, "edge", a_slope(math.nan, math.inf)), a_slope(100.0, 0.0)
    undefined = a_slope(math.nan, math.inf)
    for bounds, told, sides, expected in (
        ({"x": (0, 1)}, side, edge, (OK, "on one side, at a bound")),
        ({"x": (0, 1)}, a_slope(50.0, 0.0), edge, (WRONG, "on one side, at a bound")),
        ({"x": (0, 1)}, undefined, edge, (EDGE, "edge")),
        ({"y": (0, 1)}, side, edge, (EDGE, "edge")),
        ({}, side, edge, (EDGE, "edge")),
        ({"x": (0, 1)}, side, SIDED, (UNSURE, "why")),
    ):
        some = Comparing(undefined, bounds=bounds, side=told, sides=sides)
        assert (some().verdict, some.found.note) == expected
    within = Comparing(undefined, bounds={"x": (0, 1)}, side=a_slope(103.0, 0.0), sides=edge)
    assert within().verdict is WRONG
    within = Comparing(
        undefined, bounds={"x": (0, 1)}, side=a_slope(103.0, 0.0), sides=edge, atol=8.0
    )
    assert within().verdict is OK and within.found.numeric == -103.0


def test_an_output_that_is_not_finite():
    infinite, zeros = [0.0, math.inf, 0.0], [0.0, 0.0, 0.0]
    for gradient, base, expected in (
        (infinite, [3.0, math.inf], (EDGE, "the output, or its derivative, is not finite here")),
        (infinite, [math.inf, 4.0], (EDGE, "the output, or its derivative, is not finite here")),
        (infinite, [3.0, 0.0], (WRONG, "")),
        ([0.0, 200.0, 0.0], [3.0, math.inf], (WRONG, "")),
        (zeros, [3.0, math.inf], (OK, "")),
    ):
        wrong = probe.Opinion(WRONG, "", a_slope(0.0, math.inf))
        some = Comparing(a_slope(0.0, 0.0), gradient=gradient, base=base, sides=wrong)
        assert (some().verdict, some.found.note) == expected, (gradient, base)
    unsure = Comparing(a_slope(0.0, 0.0), gradient=infinite, base=[3.0, math.inf], sides=SIDED)
    assert unsure().verdict is UNSURE
    assert math.copysign(1.0, some.found.analytic) == math.copysign(1.0, some.found.numeric) == 1.0


def test_a_wrong_derivative_is_looked_at_again_nearer_by():
    right = Comparing(a_slope(100.0, 0.0))
    assert right().verdict is OK and right.neared == []
    near = a_slope(100.0, 0.25)
    upheld = Comparing(a_slope(50.0, 0.0), near=near)
    assert upheld().verdict is OK and upheld.found.numeric == -100.0
    ((phi, found, noise, apart),) = upheld.neared
    assert apart == 50.0
    above = Comparing(a_slope(170.0, 0.0), near=near)
    above()
    assert above.neared[0][3] == 70.0
    assert callable(phi) and same(found, a_slope(50.0, ROUNDING)) and math.isclose(noise, 8 * EPS)
    unsure = Comparing(a_slope(50.0, 0.0), near=a_slope(60.0, 11.0), sides=SIDED)
    assert unsure().verdict is UNSURE
    within = Comparing(a_slope(50.0, 0.0), near=a_slope(97.0, 0.0), atol=8.0)
    assert within().verdict is OK
    wrong = probe.Opinion(WRONG, "", a_slope(50.0, 0.0))
    for change, error, expected in (
        (80.0, 90.0, (UNSURE, TURNS)),
        (80.0, 70.0, (WRONG, "")),
        (2e4, 3e4, (WRONG, "")),
    ):
        near = a_slope(-1e6, error, change)
        some = Comparing(a_slope(50.0, 0.0), near, near=near, gradient=[0.0, 2e4, 0.0], sides=wrong)
        assert (some().verdict, some.found.note) == expected, (change, error)


def test_a_derivative_that_overflows():
    infinite = [0.0, math.inf, 0.0]
    overflow = probe.Opinion(WRONG, "", a_slope(math.inf, 0.0))
    some = Comparing(a_slope(math.inf, 0.0), gradient=infinite, sides=overflow)
    assert some().verdict is EDGE
    finite = probe.Opinion(WRONG, "", a_slope(3.0, 0.0))
    some = Comparing(a_slope(3.0, 0.0), gradient=infinite, sides=finite)
    assert some().verdict is WRONG


def test_doubts():
    for value, analytic, doubt, expected in (
        (50.0, 100.0, ("a stair", "hidden"), (UNSURE, "a stair")),
        (50.0, 100.0, ("", "hidden"), (WRONG, "")),
        (50.0, 0.0, ("", "hidden"), (UNSURE, "hidden")),
        (50.0, 0.0, ("a stair", ""), (UNSURE, "a stair")),
        (50.0, 0.0, ("", ""), (WRONG, "")),
        (0.0, 0.0, ("", "hidden"), (UNSURE, "hidden")),
        (0.0, 0.0, ("a stair", ""), (UNSURE, "a stair")),
        (100.0, 100.0, ("a stair", "hidden"), (OK, "")),
        (1.0, 1.0, ("a stair", "hidden"), (OK, "")),
        (-1.0, -1.0, ("a stair", "hidden"), (OK, "")),
        (2.0, 1.0, ("", "hidden"), (WRONG, "")),
        (-2.0, -1.0, ("", "hidden"), (WRONG, "")),
    ):
        some = Comparing(a_slope(value, 0.0), gradient=[0.0, 2 * analytic, 0.0], doubt=doubt)
        assert (some().verdict, some.found.note) == expected, (value, analytic, doubt)
        assert expected[0] is not UNSURE or some.found.numeric == -value + 0.0
    fine = Comparing(a_slope(100.0, 0.0))
    assert fine().verdict is OK and fine.doubted == []
    unsure = Comparing(a_slope(0.0, 0.0), gradient=[0.0, 0.0, 0.0])
    unsure()
    (_, same_phi, same_noise, radius), (_, phi, noise, scales) = unsure.doubted
    assert phi is same_phi and noise == same_noise and radius == 1.0 and scales == FINE
    assert callable(phi) and math.isclose(noise, 8 * EPS)
    wrong = Comparing(a_slope(50.0, 0.0))
    wrong()
    assert [told[0] for told in wrong.doubted] == ["stair"] and wrong.doubted[0][3] == (1.0,)


def test_stairs():
    for slope_, stair, verdict in (
        (a_slope(0.0, 0.0, 0.0, 0.5), 51.0, UNSURE),
        (a_slope(0.0, 0.0, 0.0, 0.5), 50.0, WRONG),
        (a_slope(0.0, 0.0, 1.0, 0.5), 51.0, WRONG),
        (a_slope(100.0, 0.0, 0.0, 0.5), 51.0, OK),
        (a_slope(-200.0, 0.0, 0.0, 0.5), 99.0, WRONG),
    ):
        some = Comparing(slope_, stair=stair)
        assert some().verdict is verdict, (slope_, stair)
        assert some.found.note == (probe.TOO_NOISY if verdict is UNSURE else "")


def test_when_one_numeric_derivative_is_certain_enough():
    one = Comparing(a_slope(100.0, 0.0))
    one()
    certain = one.asked[0][3]
    for value, error, expected in (
        (100.0, 0.0999, True),
        (100.0, 0.1, True),
        (100.0, 0.1001, False),
        (200.0, 0.1999, True),
        (80.0, 0.2, True),  # wrong, and clearly
        (80.0, 0.3, False),
        (120.0, 0.15, True),
        (120.0, 0.3, False),
        (-200.0, 7.0, False),
        (-200.0, 6.9, True),
        (math.inf, math.inf, False),
        (math.nan, math.inf, False),
    ):
        assert certain(a_slope(value, error)) == expected, (value, error)
    assert not certain(a_slope(100.0, 1.0, 1e9))
    down = Comparing(a_slope(-100.0, 0.0), gradient=[0.0, -200.0, 0.0])
    down()
    assert not down.asked[0][3](a_slope(-79.0, 0.3))
    nothing = Comparing(a_slope(0.0, 0.0), gradient=[0.0, 0.0, 0.0])
    nothing()
    certain = nothing.asked[0][3]
    assert certain(a_slope(0.001, 0.001)) and not certain(a_slope(0.5, 0.1))
    assert not certain(a_slope(0.001, 0.001, 0.001)) and certain(a_slope(0.0, 0.0, 0.0))


def test_what_is_sampled():
    rows = [np.array(row) for row in ([3.0, 4.0], [5.0, 7.0], [3.0, math.inf], [math.nan, 4.0])]
    some = Comparing(a_slope(100.0, 0.0), cotangent=[1.0, -2.0], lines=rows)
    some()
    sampled = some.asked[0][1]("ts")
    assert same(sampled, [-4.0, -math.inf, math.nan]) and type(sampled) is np.ndarray
    infinite = [np.array(row) for row in ([3.0, math.inf], [5.0, math.inf], [5.0, 1.0])]
    some = Comparing(a_slope(100.0, 0.0), cotangent=[1.0, -2.0], lines=infinite)
    some()
    with np.errstate(invalid="ignore"):
        assert same(some.asked[0][1]("ts"), np.array([2.0, math.inf]))
