"""Batteries for the probe: along which lines a gradient is compared, and what is made of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import numpy as np

from autograd import Tensor, Value
from autograd.errors import GradientError
from autograd.testing.checker import probe
from autograd.testing.checker.numeric import EPS, Slope
from autograd.testing.checker.passes import TINY
from autograd.testing.checker.probe import Probe
from autograd.testing.checker.report import Finding
from autograd.testing.checker.subject import Call, Function
from autograd.testing.checker.verdict import Verdict
from autograd.testing.mutation.sources import functions_in

FUNCTIONS = functions_in(probe)
OK, WRONG, KINK = Verdict.OK, Verdict.WRONG, Verdict.KINK
UNSURE, EDGE = Verdict.INCONCLUSIVE, Verdict.EDGE


def a_probe(**attributes: Any) -> Any:
    """A probe that knows no more than these."""
    made = object.__new__(Probe)
    vars(made).update(attributes)
    return made


def a_slope(value: float, error: float, change: float = 1.0, radius: float = 1.0) -> Slope:
    return Slope(value, error, change, radius, 12, 0.0)


def a_finding(verdict: Verdict, numeric: float = 0.0, error: float = 0.0, **more: Any) -> Finding:
    given: dict[str, Any] = {"analytic": 0.0, "tolerance": 0.0, **more}
    return Finding(1, "x", None, None, numeric=numeric, error=error, verdict=verdict, **given)


def same(some: Any, others: Any) -> bool:
    return np.shape(some) == np.shape(others) and np.array_equal(some, others, equal_nan=True)


# --- directions -------------------------------------------------------------------------------


def places() -> None:
    """Parts of directions: which entries move, halves, sums."""
    grid = np.array([[0.0, -2.0, 0.0], [3.0, 0.0, 5.0]])
    single = np.array([[0.0, 0.0], [-4.0, 0.0]])
    assert probe.along(grid, [[math.nan, 1.0, math.inf], [10.0, math.nan, 100.0]]) == 528.0
    assert probe.along(np.array(2.0), 4.0) == 8.0 and type(probe.along(grid, grid)) is float
    first, second = probe.halves(grid)
    assert same(first, [[0.0, -2.0, 0.0], [3.0, 0.0, 0.0]]) and same(first + second, grid)
    four = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert same(probe.halves(four), [[0.0, 1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 3.0, 4.0]])
    assert probe.halves(single) == [] and probe.halves(np.zeros(2)) == []
    assert [probe.entry(x) for x in (grid, single, np.zeros(2), np.array(3.0))] == [1, -4, 1, 3]
    assert type(probe.entry(single)) is float
    assert probe.place_of(single) == (1, 0) and probe.place_of(np.array(3.0)) == ()
    assert probe.place_of(grid) is None and probe.place_of(np.zeros(2)) is None
    assert all(type(i) is int for i in probe.place_of(single) or ())
    rng, numbers = np.random.default_rng(0), {"a": 0.0, "b": np.array([-2.0, 1e-9, 300.0])}
    steps = probe.sizes(np.array([math.nan, 0.0, -2.0]))
    assert steps.tolist() == [probe.SMALLEST, probe.SMALLEST, 2.0]
    moved = probe.nearby(numbers, np.random.default_rng(0))
    parts = rng.uniform(-1, 1), rng.uniform(-1, 1, 3)
    assert type(moved["a"]) is float and math.isclose(moved["a"], 0.05 * parts[0] * 1e-3)
    assert same(moved["b"], numbers["b"] + 0.05 * parts[1] * np.array([2.0, 1e-3, 300.0]))


def beside() -> None:
    """Whether a function is continuous: within noise, or a thousandth of how far it moves."""
    for left, right, change, radius, expected in (
        (0.0, 8.0, 0.0, 1.0, True),
        (0.0, 8.1, 0.0, 1.0, False),
        (-8.1, 0.0, 0.0, 1.0, False),
        (0.0, -8.1, 0.0, 1.0, False),
        (8.1, 8.0, 0.0, 1.0, False),
        (16.0, 0.0, 4000.0, 4.0, True),
        (16.01, 0.0, 4000.0, 4.0, False),
        (math.nan, 0.0, 4000.0, 4.0, False),
    ):
        asked: list[Any] = []

        def phi(ts: Any, told: Any = (left, right), asked: Any = asked) -> Any:
            asked.append(ts)
            return np.array(told)

        found = probe.continuous(phi, a_slope(0.0, 0.0, change, radius), 0.125)
        assert found is expected, (left, right)
        assert same(asked, [[-1e-4 * radius, 1e-4 * radius]]) and type(asked[0]) is np.ndarray


def additions() -> None:
    """Whether derivatives add up, within four errors and the tolerance."""
    whole = a_finding(WRONG, numeric=-10.0, error=0.5, tolerance=0.75, scale=-2.0)  # so 20 ± 1
    for left, right, expected in (
        (a_finding(OK, 4.0, 0.25, scale=2.0), a_finding(OK, 2.0, 0.5, scale=-3.0), False),
        (a_finding(OK, 4.0, 0.25, scale=3.0), a_finding(OK, -2.0, 0.5, scale=-3.0), True),
        (a_finding(OK, 5.0, 0.25, scale=4.0), a_finding(OK, -5.5, 0.5, scale=-2.0), True),
        (a_finding(OK, 5.0, 0.25, scale=4.0), a_finding(OK, -5.8, 0.5, scale=-2.0), True),
        (a_finding(OK, 5.0, 0.25, scale=4.0), a_finding(OK, -6.8, 0.5, scale=-2.0), False),
        (a_finding(OK, 5.0, 0.25, scale=4.0), a_finding(OK, -6.7, 0.5, scale=-2.0), True),
        (a_finding(OK, 5.0, 0.25, scale=4.0), a_finding(OK, 6.8, 0.5, scale=-2.0), False),
        (a_finding(OK, 5.0, 0.0, scale=4.0), a_finding(OK, 2.75, 0.0, scale=-2.0), True),
        (a_finding(OK, 5.0, 0.0, scale=4.0), a_finding(OK, 2.76, 0.0, scale=-2.0), False),
        (a_finding(OK, 5.0, 0.0, scale=4.0), a_finding(OK, -2.75, 0.0, scale=-2.0), True),
        (a_finding(OK, 5.0, 0.0, scale=4.0), a_finding(OK, math.nan, 0.0), True),
    ):
        found = probe.additive(whole, [left, right])
        assert found is expected, (left, right, found)


def directions() -> None:
    """Entry by entry, or two draws of signs for groups of entries of similar weight."""
    x = np.array([[0.0, -2.0, 1e-4], [3.0, 5.0, -7.0]])
    size = np.array([[1e-3, 2.0, 1e-3], [3.0, 5.0, 7.0]])
    gradient = np.array([[1e6, -1.0, 8.0], [-0.1, 0.001, 1.0]])
    some = a_probe(
        subject=SimpleNamespace(numbers={"x": x, "s": -3.0}),
        gradients={"x": gradient, "s": 1.0},
    )
    for budget in (6, 7):
        found = list(some.directions("x", budget, np.random.default_rng(1)))
        expected = [np.diag(size.ravel())[i].reshape(2, 3) for i in range(6)]
        assert len(found) == 6 and all(map(same, found, expected))
    assert same(list(some.directions("s", 1, np.random.default_rng(1))), [3.0])
    order = [4, 2, 3, 1, 5, 0]  # |gradient · size|: 1000, 2, 0.008, 0.3, 0.005, 7
    for budget, groups in (
        (5, [order[:3], order[3:]]),
        (4, [order[:3], order[3:]]),
        (3, [order]),
        (1, [order]),
        (0, [order]),
    ):
        found = list(some.directions("x", budget, np.random.default_rng(1)))
        rng = np.random.default_rng(1)
        assert len(found) == 2 * len(groups)
        for direction, group in zip(found, [g for g in groups for _ in range(2)], strict=True):
            signs = np.zeros(6)
            signs[group] = rng.choice((-1.0, 1.0), len(group))
            assert same(direction, size * signs.reshape(2, 3)), budget


# --- closing in -------------------------------------------------------------------------------


class Narrowing:
    """A probe whose comparisons are told: those of which the test `fails` holds are `verdict`."""

    def __init__(
        self,
        fails: Callable[[list[int], list[int]], bool],
        verdict: Verdict = WRONG,
        parts: Verdict = OK,
        **more: Any,
    ) -> None:
        self.fails, self.verdict, self.parts, self.more = fails, verdict, parts, more
        self.asked: list[tuple[list[int], list[int]]] = []
        self.probe = a_probe(cotangent=np.ones(2), compared=self.compared)

    def compared(self, name: str, direction: np.ndarray, cotangent: np.ndarray) -> Finding:
        assert name == "x" and len(self.asked) < 20
        moving = np.flatnonzero(direction).tolist(), np.flatnonzero(cotangent).tolist()
        self.asked.append(moving)
        bad = self.fails(*moving)
        about = {"error": float(len(self.asked)), "index": moving[0], "output": moving[1]}
        made = a_finding(self.verdict if bad else self.parts)
        return probe.replace(made, **{**about, **self.more})

    def __call__(self, size: int = 4) -> tuple[Any, ...]:
        splits = iter(range(20))  # so that no mutant goes on for ever

        def halves(whole: np.ndarray, real: Any = probe.halves) -> Any:
            next(splits)
            return real(whole)

        with patch.object(probe, "halves", halves):
            found = self.probe.settled("x", np.ones(size))
        return found.verdict, found.index, found.output, found.note, len(self.asked)


def narrowing() -> None:
    """Which comparisons are asked for, and which one is told."""
    assert Narrowing(lambda d, c: False)() == (OK, [0, 1, 2, 3], [0, 1], "", 1)
    third = Narrowing(lambda d, c: 2 in d and 1 in c)
    assert third() == (WRONG, [2], [1], "", 6)
    assert third.asked[1:] == [
        ([0, 1], [0, 1]),
        ([2, 3], [0, 1]),
        ([2], [0, 1]),
        ([2], [0]),
        ([2], [1]),
    ]
    assert Narrowing(lambda d, c: 2 in d and 1 in c, UNSURE)() == (UNSURE, [2], [1], "", 6)
    together = Narrowing(lambda d, c: len(d) > 1)
    assert together(2) == (WRONG, [0, 1], [0], "", 6)
    mixed = Narrowing(lambda d, c: len(d) + len(c) > 3)
    assert mixed(2) == (WRONG, [0, 1], [0, 1], "", 5)
    unsure = Narrowing(lambda d, c: len(d) > 1, UNSURE)
    assert unsure(2) == (OK, [1], [0, 1], "", 3)
    kinked = Narrowing(lambda d, c: len(d) > 1, WRONG, KINK)
    assert kinked(2) == (KINK, [0, 1], [0, 1], "several kinks at once", 3)
    apart = Narrowing(lambda d, c: len(d) > 1, WRONG, numeric=1.0, error=0.0)
    assert apart(2) == (KINK, [0, 1], [0, 1], "several kinks at once", 3)
    alone = Narrowing(lambda d, c: True, numeric=1.0, error=0.0)
    assert alone(1) == (WRONG, [0], [0], "", 2)
    for verdicts, told in (([OK, KINK, WRONG, OK], 3), ([OK, UNSURE, OK], 2), ([OK, KINK], 2)):
        asked: list[Any] = []

        def directions(*given: Any, verdicts: Any = verdicts) -> range:
            assert given == ("x", 1, "rng")
            return range(len(verdicts))

        def settled(*given: Any, asked: list[Any] = asked, verdicts: Any = verdicts) -> Finding:
            asked.append(given)
            return a_finding(verdicts[given[1]])

        some = a_probe(directions=directions, settled=settled)
        assert [f.verdict for f in some.findings("x", 1, "rng")] == verdicts[:told]
        assert asked == [("x", i) for i in range(told)]


# --- one comparison ---------------------------------------------------------------------------


class Comparing:
    """One comparison, whose numeric derivatives are told, and what it asked for."""

    RTOL = 0.01

    def __init__(self, *numeric: Slope, **given: Any) -> None:
        self.numeric, self.asked = iter(numeric), list[Any]()
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
            stair=given.pop("stair", 0.0),
            **given,
        )

    def gradients(self, cotangent: Any, names: Any) -> Any:
        assert cotangent is self.cotangent and names == ["x"] and not self.whole
        return {"x": self.gradient}

    def is_noise(self, *given: Any) -> bool:
        self.asked.append(("noise", *given))
        return self.noisy

    def one_sided(self, *given: Any) -> Any:
        self.asked.append(("sides", *given))
        return self.sides

    def outputs(self, name: str, direction: Any, ts: Any) -> Any:
        assert name == "x" and direction is self.direction and ts == "ts"
        return iter(self.lines)

    def derivative(self, *given: Any) -> Slope:
        self.asked.append(("derivative", *given))
        return next(self.numeric)

    def repeated(self, *given: Any) -> Slope:
        self.asked.append(("again", *given))
        return next(self.numeric)

    def continuous(self, *given: Any) -> bool:
        self.asked.append(("beside", *given))
        return self.smooth

    def __call__(self) -> Finding:
        with (
            patch.object(probe, "surest_slope", self.derivative),
            patch.object(probe, "repeated", self.repeated),
            patch.object(probe, "continuous", self.continuous),
        ):
            self.found = self.probe.compared("x", self.direction, self.cotangent)
        return self.found

    @property
    def words(self) -> str:
        return " ".join(word for word, *_ in self.asked)


def comparing() -> None:
    """Which second opinions are asked for, and what the finding says."""
    right = Comparing(a_slope(100.0, 0.0))
    rounding = 8 * EPS * 100.0
    expected = a_finding(OK, -100.0, rounding, analytic=-100.0, tolerance=1.0, scale=-1.0)
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

    # told by (value, error): what is asked, and the verdict
    sided = UNSURE, "why", a_slope(8.0, 3.0), (10.0, 20.0)
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
        some = Comparing(*(a_slope(*pair) for pair in told), sides=sided)
        assert some().verdict is verdict and some.words == words, (told, some.words)
        if words.endswith("sides"):
            assert some.found.note == "why" and some.found.numeric == -8.0
            assert some.found.slopes == (-10.0, -20.0) and some.found.error == 3.0
            assert some.found.tolerance == 1.0
            (_, analytic, numeric, phi, noise), first = some.asked[-1], some.asked[0]
            value, error = told[-1]
            assert (analytic, phi, noise) == (100.0, *first[1:3])
            more = rounding if len(told) == 1 else 0.0
            assert same(numeric, a_slope(value, error + more))
        if "again" in words:
            (_, phi, numeric, noise), first = some.asked[1], some.asked[0]
            assert (phi, noise) == first[1:3]
            assert same(numeric, a_slope(told[0][0], told[0][1] + rounding))
        if "noise" in words:
            noisy = next(given for word, *given in some.asked if word == "noise")
            assert noisy[0] == "x" and noisy[1] is some.direction and noisy[2] is some.cotangent
            assert noisy[3] == 100.0 and same(noisy[4][0], told[-1][0])
    exact = Comparing(a_slope(3.0, 1.0), a_slope(3.0, 1.0), gradient=[0.0, 206.0, 0.0], sides=sided)
    with patch.object(probe, "EPS", 0.0):
        assert exact().verdict is UNSURE  # 100 errors exactly are not clear
    beyond = Comparing(a_slope(8.0, 3.0), a_slope(8.0, 3.0), noisy=True)
    assert (beyond().verdict, beyond.found.note) == (OK, "0 to within rounding")
    assert beyond.words == "derivative again noise"
    jump = Comparing(a_slope(50.0, 0.0), a_slope(50.0, 0.0), smooth=False, sides=sided)
    assert jump().verdict is UNSURE and jump.words == "derivative beside again noise sides"
    _, phi, numeric, noise = jump.asked[1]
    assert (phi, noise) == jump.asked[0][1:3] and same(numeric, a_slope(50.0, rounding))
    back = Comparing(
        a_slope(100.0, 2.0),
        direction=[0.0, -0.5, 0.0],
        gradient=[0, -200, 0],
        cotangent=[0.0, -4.0],
        sides=sided,
    )
    assert back().slopes == (10.0, 5.0) and back.found.numeric == 4.0
    down = Comparing(a_slope(-99.5, 0.0), gradient=[0, -200, 0])
    assert down().tolerance == 1.0 and down.found.verdict is OK
    lost = Comparing(a_slope(math.nan, math.inf), sides=(EDGE, "", a_slope(math.nan, math.inf), ()))
    assert lost().tolerance == 1.0 and lost.found.verdict is EDGE and math.isnan(lost.found.numeric)

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


def settling() -> None:
    """When one numeric derivative is certain enough, and what is sampled."""
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


# --- one-sided slopes -------------------------------------------------------------------------


def at_kinks() -> None:
    """What two one-sided slopes, and the limits on both sides, say of a function."""

    def side(value: float, error: float, change: float = 0.0, **more: Any) -> Slope:
        return a_slope(value, error, change)._replace(**{"limit": 0.0, **more})

    undefined = side(math.nan, math.inf, math.inf)
    numeric, noise = a_slope(50.0, 2.0), 0.125
    nowhere, halfway = "the function is not finite here", "the function is not finite on one side"
    for analytic, left, right, expected in (
        (1.0, undefined, undefined, (EDGE, nowhere, numeric, ())),
        (1.0, side(1.0, 0.0), undefined, (EDGE, halfway, numeric, ())),
        (1.0, undefined, side(1.0, 0.0), (EDGE, halfway, numeric, ())),
        (5.0, side(0.0, 0.0), side(10.0, 0.0), (KINK, "", numeric, (0.0, 10.0))),
        (5.0, side(10.0, 0.0), side(0.0, 0.0), (KINK, "", numeric, (10.0, 0.0))),
        (11.0, side(0.0, 0.0), side(10.0, 0.0), (WRONG, "", numeric, (0.0, 10.0))),
        (11.0, side(11.0, 0.0), side(11.0, 0.0), (OK, "", side(11.0, 0.0), ())),
        (12.0, side(11.0, 0.0), side(11.0, 0.0), (WRONG, "", side(11.0, 0.0), ())),
        (10.0, side(9.0, 0.1), side(9.3, 0.05), (WRONG, "", side(9.15, 0.1), ())),
        (10.0, side(9.0, 0.05), side(9.5, 0.1), (WRONG, "", numeric, (9.0, 9.5))),
        (9.25, side(9.0, 0.05), side(9.5, 0.09), (KINK, "", numeric, (9.0, 9.5))),
        # too uncertain
        (300.0, side(250.0, 3.1), side(300.0, 0.0), (OK, "on one side", side(300.0, 0.0), ())),
        (300.0, side(300.0, 0.0), side(250.0, 3.1), (OK, "on one side", side(300.0, 0.0), ())),
        (300.0, side(250.0, 3.1), side(250.0, 3.1), (WRONG, "", numeric, ())),
        (50.0, side(60.0, 3.1), side(40.0, 3.1), (UNSURE, probe.TOO_NOISY, numeric, ())),
        (50.0, side(60.0, 0.55), side(60.0, 0.55), (WRONG, "", side(60.0, 0.55), ())),
        (50.0, side(60.0, 0.65), side(60.0, 0.65), (UNSURE, probe.TOO_NOISY, numeric, ())),
        (50.0, side(60.0, 0.65, 66.0), side(60.0, 0.65), (WRONG, "", side(60.0, 0.65), ())),
        (50.0, side(60.0, 0.65), side(60.0, 0.65, 66.0), (WRONG, "", None, ())),
        (-50.0, side(-60.0, 0.55), side(-60.0, 0.55), (WRONG, "", side(-60.0, 0.55), ())),
        (-70.0, side(-60.0, 0.65), side(-60.0, 0.0), (WRONG, "", side(-60.0, 0.65), ())),
        (70.0, side(60.0, 0.65), side(60.0, 0.0), (WRONG, "", side(60.0, 0.65), ())),
        (50.0, side(-60.0, 0.55), side(0.0, 0.55), (WRONG, "", numeric, (-60.0, 0.0))),
        (50.0, side(0.0, 0.55), side(-60.0, 0.55), (WRONG, "", numeric, (0.0, -60.0))),
        (51.0, side(51.0, 3.0, 400.0), side(51.0, 3.0), (UNSURE, "", numeric, ())),
    ):
        asked: list[Any] = []

        def sides(*given: Any, told: Any = (left, right), asked: Any = asked) -> Any:
            asked.append(given)
            return told

        some = a_probe(rtol=0.01, order=1)
        with patch.object(probe, "sides", sides):
            found = some.one_sided(analytic, numeric, "phi", noise)
        assert asked == [("phi", noise)]
        assert found[0] is expected[0] and found[1] == expected[1], (analytic, left, right, found)
        assert expected[2] is None or np.allclose(found[2], expected[2], equal_nan=True), found
        assert found[3] == expected[3], found

    # jumps: more than 64 · noise = 8, and than a thousandth of how far φ moves
    for limits, change, radius, jumps in (
        ((0.0, 8.1), 0.0, 1.0, True),
        ((0.0, -8.1), 0.0, 1.0, True),
        ((-8.1, 0.0), 0.0, 1.0, True),
        ((8.1, 0.0), 0.0, 1.0, True),
        ((8.0, 0.0), 0.0, 1.0, False),
        ((0.0, 16.0), 4000.0, 4.0, False),
        ((0.0, 16.01), 4000.0, 4.0, True),
    ):
        for other in (0, 1):
            pair = [side(50.0, 0.0, limit=limit) for limit in limits]
            pair[other] = pair[other]._replace(change=change, radius=radius)
            for order, verdict in ((1, UNSURE), (2, KINK)):
                some = a_probe(rtol=0.01, order=order)
                with patch.object(probe, "sides", return_value=pair):
                    found = some.one_sided(50.0, numeric, "phi", noise)
                if jumps:
                    size = max(map(abs, limits))
                    assert found[:2] == (verdict, f"the function jumps by {size:.3g}")
                    assert found[2] is numeric and found[3] == (50.0, 50.0)
                else:
                    assert found[:2] == (OK, "")


# --- rounding ---------------------------------------------------------------------------------


def rounding() -> None:
    """What is 0 but for rounding; the largest gradient inside, and the height of a stair."""
    x, y = Value(3.0), Tensor([[2.0, -40.0]])
    out = (x * 5.0) * y
    some = Probe(
        Function(lambda x, y: x, (x, y)), Call({"x": x, "y": y}, out), [[0.5, -0.1]], 1, 0.1
    )
    assert some.order == 1 and some.rtol == 0.1 and some.cotangent.dtype == float
    assert same(some.cotangent, [[0.5, -0.1]]) and same(some.base, [[30.0, -600.0]])
    assert some.gradients["x"] == 25.0 and same(some.gradients["y"], [[7.5, -1.5]])
    assert some.inside == 25.0 and type(some.inside) is type(some.stair) is float
    assert math.isclose(some.stair, 4 * EPS * 75.0)
    lone = Probe(Function(lambda x: x, (x,)), Call({"x": x}, x * 4.0), -0.25, 1, 0.1)
    assert type(lone.base) is np.ndarray and same(lone.base, 12.0)
    assert lone.inside == 1.0 and math.isclose(lone.stair, 4 * EPS * 3.0)
    nothing = Tensor(np.zeros((0, 2)))
    void = Probe(
        Function(lambda x: x, (x,)), Call({"x": nothing}, nothing * 1.0), nothing.raw, 1, 0
    )
    assert void.inside == 0.0 and void.stair == 0.0
    spoiled = Probe(Function(lambda x: x, (x,)), Call({"x": x}, (x * 0.0).sqrt()), 1.0, 1, 0.1)
    assert spoiled.inside == math.inf and math.isfinite(spoiled.stair)

    asked: list[Any] = []

    class Subject:
        def __init__(self, moved: list[float]) -> None:
            self.numbers: dict[str, Any] = {"x": 3.0, "y": np.array([1.0, 2.0])}
            self.moved = moved

        @contextmanager
        def at(self, numbers: Any) -> Iterator[Any]:
            asked.append(numbers)
            yield SimpleNamespace(gradients=self.gradients)

        def gradients(self, cotangent: Any, names: Any) -> Any:
            assert cotangent == "cotangent" and names == ["y"]
            return {"y": [[self.moved[len(asked) - 1], math.nan]]}

    direction = np.array([[0.5, 0.0]])
    # `expected`: None where the gradient is too large to be looked at
    for analytic, value, error, moved, inside, expected in (
        (1e-13, 0.0, 0.0, [2e-13] * 4, 1.0, False),
        (1e-13, 0.0, 0.0, [2.6e-13, 2e-13, 2e-13, 2e-13], 1.0, True),
        (1e-13, 0.0, 0.0, [2e-13, 2e-13, 2e-13, 2.6e-13], 1.0, True),
        (1e-13, 0.0, 0.0, [2e-13, 2.4e-13, 2e-13, 2e-13], 1.0, False),
        (1e-13, 0.0, 0.0, [2e-13, 1.6e-13, 2e-13, 1.4e-13], 1.0, True),
        (-1e-13, 0.0, 0.0, [-2e-13, -1.6e-13, -2e-13, -2.4e-13], 1.0, False),
        (1e-13, 0.0, 0.7e-14, [2e-13] * 4, 1.0, True),
        (1e-13, 0.0, 0.6e-14, [2e-13] * 4, 1.0, False),
        (0.0, 1e-13, 0.7e-14, [0.0] * 4, 1.0, True),
        (0.0, -1e-13, 0.6e-14, [0.0] * 4, 1.0, False),
        (-1e-13, 0.0, 0.6e-14, [-2e-13] * 4, 1.0, False),
        (0.0, 0.0, 0.0, [0.0] * 4, 1.0, True),
        (2e-12, 0.0, 1.0, [0.0] * 4, 2.0, None),
        (2e-12, 0.0, 1e-12, [0.0] * 4, 2.0, True),
        (2.001e-12, 0.0, 1e-12, [0.0] * 4, 2.0, None),
        (-2.1e-12, 0.0, 1e-12, [0.0] * 4, 2.0, None),
        (0.0, 2.1e-12, 1e-12, [0.0] * 4, 2.0, None),
        (0.0, -2.1e-12, 1e-12, [0.0] * 4, 2.0, None),
        (math.inf, 0.0, 1e-12, [0.0] * 4, math.inf, None),
    ):
        asked.clear()
        subject = Subject(moved)
        some = a_probe(subject=subject, inside=inside)
        found = some.is_noise("y", direction, "cotangent", analytic, a_slope(value, error))
        assert found is bool(expected), (analytic, value, error, moved, found)
        assert len(asked) == (0 if expected is None else 4)
        rng = np.random.default_rng(0)
        for numbers in asked:
            assert numbers.keys() == subject.numbers.keys() and type(numbers["x"]) is float
            for key, number in subject.numbers.items():
                parts = 1 + rng.choice((-4 * EPS, 4 * EPS), np.shape(number))
                assert same(numbers[key], number * parts)


# --- outputs, called or replayed ---------------------------------------------------------------


def calling() -> None:
    """The outputs along a line, from the function or from its replay."""
    asked: list[Any] = []

    def f(x: Any, y: Any) -> Any:
        asked.append((x.raw, y.raw))
        np.zeros(1) / np.zeros(1)  # of which nobody is to hear
        if x.raw > 3.0:
            raise (ValueError if x.raw > 4.0 else ZeroDivisionError)("beyond")
        return x * y if x.raw >= 0 else y.sum()

    function = Function(f, (Value(2.0), Tensor([1.0, -3.0])))
    with np.errstate(all="ignore"), function.at({}) as call:
        some = Probe(function, call, np.ones(2), 1, 0.1)
    asked.clear()
    some.replay = None  # type: ignore[assignment]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = list(some.outputs("inputs[0]", np.array(0.5), np.array([1.0, -2.0, 3.0, 9.0])))
    assert same(found[:3], [[2.0, -6.0], [2.5, -7.5], [1.0, -3.0]])
    assert same(found[3:], np.full((2, 2), math.nan)) and all(type(y) is np.ndarray for y in found)
    assert [type(x) for x, _ in asked] == [float] * 4 and asked[0][0] == 2.5
    found = list(some.outputs("inputs[1]", np.array([0.0, 0.5]), np.array([2.0])))
    assert same(found, [[2.0, -6.0], [2.0, -4.0]]) and asked[-1][0] == 2.0
    said = ""
    try:
        list(some.outputs("inputs[0]", np.array(0.5), np.array([-6.0])))
    except GradientError as error:
        said = str(error)
    assert "f must return the same shape for the same shapes, got (2,) and () for other" in said

    single = Function(lambda x: x * 2.0, (Value(2.0),))
    with single.at({}) as call_of_one:
        one = Probe(single, call_of_one, 1.0, 1, 0.1)
    found = list(one.outputs("inputs[0]", np.array(0.5), np.array([1.0])))
    assert [type(y) for y in found] == [np.ndarray] * 2 and same(found, [4.0, 5.0])

    class Replayed:
        def __contains__(self, name: str) -> bool:
            return name == "inputs[1]"

        def __call__(self, numbers: Any, name: str, line: Any) -> Any:
            assert numbers is function.numbers and name == "inputs[1]"
            return (10.0 * x for x in line)

    some.replay = Replayed()  # type: ignore[assignment]
    found = list(some.outputs("inputs[1]", np.array([0.0, 0.5]), np.array([2.0])))
    assert same(found, [[10.0, -30.0], [10.0, -20.0]])
    found = list(some.outputs("inputs[0]", np.array(0.5), np.array([1.0])))
    assert same(found, [[2.0, -6.0], [2.5, -7.5]])
    del some.replay
    with patch.object(probe, "replay_of", lambda *given: given):
        subject, given, moved = some.replay  # type: ignore[misc]
    expected_numbers = probe.nearby(function.numbers, np.random.default_rng(0))
    assert subject is function and given is call
    assert moved.keys() == function.numbers.keys()
    assert all(same(moved[name], x) for name, x in expected_numbers.items())


BATTERIES: dict[str, Callable[[], Any]] = {
    "places": places,
    "beside": beside,
    "additions": additions,
    "directions": directions,
    "narrowing": narrowing,
    "comparing": comparing,
    "settling": settling,
    "kinks": at_kinks,
    "rounding": rounding,
    "calling": calling,
}
