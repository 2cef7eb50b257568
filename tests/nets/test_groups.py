"""Parameters that are moved as one array move as they do one by one, to the bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nets
from autograd import Tensor, Value
from nets.train.groups import LARGE, grouped
from nets.train.optimiser import norm_of

# Gradients are drawn, and may be missing of all.
pytestmark = pytest.mark.filterwarnings("ignore:no parameter has a gradient")

MAKERS = {
    "SGD": lambda ps: nets.SGD(ps, lr=0.1, weight_decay=0.01),
    "momentum": lambda ps: nets.SGD(ps, lr=0.1, momentum=0.9, nesterov=True),
    "Adam": lambda ps: nets.Adam(ps, lr=0.1, weight_decay=0.1),
    "AdamW": lambda ps: nets.AdamW(ps, lr=0.1),
}


def parameters() -> list[Any]:
    rng = np.random.default_rng(0)
    return [
        Tensor(rng.normal(size=(2, 3))),
        Value(0.5),
        Tensor(rng.normal(size=4).astype(np.float32)),
        Tensor(rng.normal(size=LARGE + 1)),
        Value(-2.0),
        Tensor(np.zeros((0, 2))),
        Tensor(rng.normal(size=())),
    ]


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@given(missing=st.lists(st.sets(st.integers(0, 6)), min_size=1, max_size=4))
def test_at_once_and_one_by_one_are_the_same(make, missing) -> None:
    at_once, apart = parameters(), parameters()
    whole, single = make(at_once), make(apart)
    single.elementwise = False
    rng = np.random.default_rng(1)
    for without in missing:
        for i, (p, q) in enumerate(zip(at_once, apart, strict=True)):
            gradient = rng.normal(size=p.shape).astype(p.precision)
            p.grad = q.grad = None if i in without else gradient
        whole.step()
        single.step()
    for p, q in zip(at_once, apart, strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        assert type(p.data) is type(q.data)
    mine, other = whole.state_dict(), single.state_dict()
    assert list(mine) == list(other)
    for name, numbers in mine.items():
        np.testing.assert_array_equal(numbers, other[name])


def test_small_ones_of_a_kind_stand_together() -> None:
    assert [group.places.tolist() for group in grouped(parameters())] == [
        [0, 5, 6],
        [1, 4],
        [2],
        [3],
    ]


def test_data_given_by_the_user_is_never_written_into() -> None:
    mine = np.ones(LARGE + 5)
    p = Tensor(mine)
    held = p.data
    p.grad = np.ones(LARGE + 5)
    nets.SGD([p], lr=1.0).step()
    assert mine.sum() == LARGE + 5 == held.sum() and p.data.sum() == 0.0


@pytest.mark.parametrize("size", [0.0, 5e-324, 1e-200, 1e-30, 1.0, 1e30, 1e200, 1.7e308])
def test_the_norm_neither_overflows_nor_vanishes(size) -> None:
    assert norm_of([np.array([size * 0.6]), size * 0.8]) == pytest.approx(size, rel=1e-12, abs=0)
    assert norm_of([size * 0.6, size * 0.8]) == pytest.approx(size, rel=1e-12, abs=0)


def test_the_norm_of_float32_and_of_what_is_not_finite() -> None:
    big = np.full(4, 1e30, np.float32)
    assert norm_of([big]) == pytest.approx(2e30, rel=1e-6)
    assert norm_of([np.array([np.inf, 1.0])]) == np.inf
    assert np.isnan(norm_of([np.array([np.nan]), 1.0]))
    assert norm_of([]) == 0.0


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@given(missing=st.lists(st.sets(st.integers(0, 6)), min_size=1, max_size=3))
def test_gradients_that_are_given_are_those_of_the_parameters(make, missing) -> None:
    held, given_to = parameters(), parameters()
    mine, other = make(held), make(given_to)
    rng = np.random.default_rng(1)
    for without in missing:
        gradients = [
            None if i in without else rng.normal(size=p.shape).astype(p.precision)
            for i, p in enumerate(held)
        ]
        for p, gradient in zip(held, gradients, strict=True):
            p.grad = gradient
        mine.step()
        other.step(gradients)
    for p, q in zip(held, given_to, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
def test_one_array_of_gradients_moves_values(make) -> None:
    numbers = np.array([1.0, -2.0, 0.5])
    held, given_to = ([Value(x) for x in numbers] for _ in range(2))
    mixed = [Tensor(1.0), *map(Value, numbers)]  # a group of its own for the Tensor
    optimisers = make(held), make(given_to), make(mixed)
    for step in range(3):
        gradient = numbers * step + 1
        for p, g in zip(held, gradient.tolist(), strict=True):
            p.grad = g
        optimisers[0].step()
        optimisers[1].step(gradient)
        optimisers[2].step(np.array([0.0, *gradient]))
    assert [p.data for p in held] == [p.data for p in given_to] == [p.data for p in mixed[1:]]
    before = [p.data for p in held]
    for wrong in (gradient[:2], [1.0] * 4):
        with pytest.raises(ValueError, match="a gradient for each of the 3 parameters, got"):
            optimisers[0].step(wrong)
    assert [p.data for p in held] == before and optimisers[0].steps == 3


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize(
    ("gradient", "error", "match"),
    [
        (np.ones((3, 2)), ValueError, r"gradient must keep the shape \(2, 3\), got \(3, 2\)"),
        (0.5, ValueError, r"keep the shape \(2, 3\), got \(\)"),
        (np.ones((2, 3), np.float32), TypeError, "keep the dtype float64, got float32"),
        ("a", (TypeError, ValueError), "gradient must keep"),
    ],
)
def test_a_gradient_that_does_not_fit_moves_nothing(make, gradient, error, match) -> None:
    given_to = [Value(1.0), Tensor(np.ones((2, 3)))]
    optimiser = make(given_to)
    optimiser.step([0.25, np.ones((2, 3))])
    before, state = [p.data for p in given_to], optimiser.state_dict()
    with pytest.raises(error, match=match):
        optimiser.step([1.0, gradient])
    for p, data in zip(given_to, before, strict=True):
        np.testing.assert_array_equal(p.data, data)
    for name, numbers in optimiser.state_dict().items():
        np.testing.assert_array_equal(numbers, state[name])


def test_an_array_of_another_shape_moves_no_values() -> None:
    values = [Value(1.0), Value(2.0)]
    optimiser = nets.Adam(values)
    with pytest.raises(ValueError, match=r"gradient must keep the shape \(\), got \(1,\)"):
        optimiser.step(np.ones((2, 1)))
    assert [v.data for v in values] == [1.0, 2.0]
    assert not any(np.any(x) for x in optimiser.state_dict().values())


def test_values_of_a_class_of_ones_own_move() -> None:
    class Mine(Value):
        __slots__ = ()

    mine = Mine(2.0)
    (mine * mine).backward()
    nets.SGD([mine], lr=0.5).step()
    assert mine.data == 0.0
