"""Along which lines a gradient is compared, and what adds up along them."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np

from autograd.testing.checker import directions, probe, subject
from autograd.testing.checker.numeric import EPS, Verdict
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import a_finding, a_probe, same

FUNCTIONS = (
    *functions_in(probe, directions),
    subject.sizes,
    subject.nearby,
)
OK, WRONG, KINK = Verdict.OK, Verdict.WRONG, Verdict.KINK
UNSURE, EDGE = Verdict.INCONCLUSIVE, Verdict.EDGE


def test_norms():
    for x, expected in (
        ([3.0, -4.0], 5.0),
        ([[3.0], [-4.0]], 5.0),
        ([3e300, 4e300], 5e300),
        ([-3e-200, 4e-200], 5e-200),
        ([-4e300, 3.0], 4e300),
        ([0.0, 0.0], 0.0),
        ([], 0.0),
        ([1.0, math.inf], math.inf),
        ([1.0, math.nan], math.inf),
    ):
        found = directions.norm(np.array(x))
        assert math.isclose(found, expected, rel_tol=1e-15) and type(found) is float, x


def test_parts_of_directions():
    grid = np.array([[0.0, -2.0, 0.0], [3.0, 0.0, 5.0]])
    single = np.array([[0.0, 0.0], [-4.0, 0.0]])
    assert directions.along(grid, [[math.nan, 1.0, math.inf], [10.0, math.nan, 100.0]]) == 528.0
    assert (
        directions.along(np.array(2.0), 4.0) == 8.0 and type(directions.along(grid, grid)) is float
    )
    first, second = directions.halves(grid)
    assert same(first, [[0.0, -2.0, 0.0], [3.0, 0.0, 0.0]]) and same(first + second, grid)
    four = np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    assert same(directions.halves(four), [[0.0, 1.0, 2.0, 0.0, 0.0], [0.0, 0.0, 0.0, 3.0, 4.0]])
    assert directions.halves(single) == [] and directions.halves(np.zeros(2)) == []
    assert [directions.entry(x) for x in (grid, single, np.zeros(2), np.array(3.0))] == [
        1,
        -4,
        1,
        3,
    ]
    assert type(directions.entry(single)) is float
    assert directions.place_of(single) == (1, 0) and directions.place_of(np.array(3.0)) == ()
    assert directions.place_of(grid) is None and directions.place_of(np.zeros(2)) is None
    assert all(type(i) is int for i in directions.place_of(single) or ())


def test_a_point_near_by():
    rng, numbers = np.random.default_rng(0), {"a": 0.0, "b": np.array([-2.0, 1e-9, 300.0])}
    steps = subject.sizes(np.array([math.nan, 0.0, -2.0]))
    assert steps.tolist() == [subject.SMALLEST, subject.SMALLEST, 2.0]
    bounds = {"a": (-1.0, 1.0)}
    some = SimpleNamespace(numbers=numbers, bounds=bounds)
    moved = subject.nearby(some, np.random.default_rng(0))
    parts = rng.uniform(-1, 1), rng.uniform(-1, 1, 3)
    assert type(moved["a"]) is float and math.isclose(moved["a"], 0.05 * parts[0] * 1e-3)
    assert same(moved["b"], numbers["b"] + 0.05 * parts[1] * np.array([2.0, 1e-3, 300.0]))
    bounds |= {"a": (0.0, 1e-9), "b": (-np.inf, np.array([-2.0, 0.0, 300.0]))}
    moved = subject.nearby(some, np.random.default_rng(0))
    assert 0.0 <= moved["a"] <= 1e-9 and (moved["b"] <= [-2.0, 0.0, 300.0]).all()


def test_whether_derivatives_add_up():
    """Within four errors and the tolerance."""
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


def test_directions():
    """Entry by entry, or two draws of signs for groups of entries of similar weight."""
    x = np.array([[0.0, -2.0, 1e-4], [3.0, 5.0, -7.0]])
    size = np.array([[1e-3, 2.0, 1e-3], [3.0, 5.0, 7.0]])
    gradient = np.array([[1e6, -1.0, 8.0], [-0.1, 0.001, 1.0]])
    some = a_probe(
        subject=SimpleNamespace(numbers={"x": x, "s": -3.0}),
        gradients={"x": gradient, "s": 1.0},
        base=np.array([1.0]),
        cotangent=np.array([1.0]),
        eps=EPS,
        rtol=1e-6,
    )
    for budget in (6, 7):
        found = list(some.directions("x", budget, np.random.default_rng(1)))
        expected = [np.diag(size.ravel())[i].reshape(2, 3) for i in range(6)]
        assert len(found) == 6 and all(map(same, found, expected))
    assert same(list(some.directions("s", 1, np.random.default_rng(1))), [3.0])
    decades = [[4, 2], [3], [1, 5], [0]]  # |gradient · size|: 1000, 2, 0.008, 0.3, 0.005, 7
    for budget, groups in ((5, decades), (0, decades)):
        found = list(some.directions("x", budget, np.random.default_rng(1)))
        rng = np.random.default_rng(1)
        assert len(found) == 2 * len(groups)
        for direction, group in zip(found, [g for g in groups for _ in range(2)], strict=True):
            signs = np.zeros(6)
            signs[group] = rng.choice((-1.0, 1.0), len(group))
            assert same(direction, size * signs.reshape(2, 3)), budget
