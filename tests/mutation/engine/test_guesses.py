"""What is made of a guess says NaN where it is differentiated again; what cannot change is none."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

import autograd
from autograd import (
    TABLE,
    Observer,
    Tensor,
    Value,
    grad,
    heaviside,
    hessian,
    jacobian,
    jvp,
    observing,
    where,
)
from autograd.core.guesses import may_vary

MASK = np.array([1.0, 0.0, 1.0])


def second(make: Callable[[Any], Any], *numbers: float) -> Any:
    """The Hessian at these numbers, which are Values and the elements of an array."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        x = Tensor(numbers)
        out = hessian(make(x).sum(), x)
        for i, number in enumerate(numbers):
            leaf = Value(number)
            assert_allclose(hessian(make(leaf), leaf), out[i, i], rtol=1e-12, atol=1e-12)
    return out


# fmt: off
GUESSED: dict[str, tuple[Callable[[Any], Any], float]] = {  # the function, its f″(0)
    "|x²|": (lambda x: abs(x * x), 2.0),
    "−|x²|": (lambda x: -abs(x * x), -2.0),
    "|x³|": (lambda x: abs(x * x * x), 0.0),
    "relu(x²)": (lambda x: autograd.relu(x * x), 2.0),
    "max(x², 0)": (lambda x: autograd.maximum(x * x, 0.0), 2.0),
    "min(x², 3x²)": (lambda x: autograd.minimum(x * x, 3.0 * x * x), 2.0),
    "clip(x²)": (lambda x: autograd.clip(x * x, 0.0, 1.0), 2.0),
    "√(x²)²": (lambda x: autograd.sqrt(x * x) ** 2, 2.0),
    "(x²)^½ squared": (lambda x: ((x * x) ** 0.5) ** 2, 2.0),
    "√x to the 4th": (lambda x: autograd.sqrt(x) ** 4, 2.0),
    "relu(√x)²": (lambda x: autograd.relu(autograd.sqrt(x)) ** 2, math.nan),
    "cos(√(x²))": (lambda x: autograd.cos(autograd.sqrt(x * x)), -1.0),
    "∛x cubed": (lambda x: autograd.cbrt(x) ** 3, 0.0),
}
CERTAIN: dict[str, tuple[Callable[[Any], Any], float]] = {
    "x² + 0·√x": (lambda x: x * x + 0.0 * autograd.sqrt(x), 2.0),
    "(x + 0·√x)²": (lambda x: (x + 0.0 * autograd.sqrt(x)) ** 2, 2.0),
    "(x + mask·√x)²": (lambda x: (x + heaviside(x - 1.0) * autograd.sqrt(x)) ** 2, 2.0),
    "where(x > 1, √x, x)²": (lambda x: where(heaviside(x - 1.0), autograd.sqrt(x), x) ** 2, 2.0),
    "x · where(x > 1, log x, x)": (
        lambda x: x * where(heaviside(x - 1.0), autograd.log(x), x), 2.0),
    "relu(0·x) · x": (lambda x: autograd.relu(0.0 * x) * x, 0.0),
    "x² + 0·|x²|": (lambda x: x * x + 0.0 * abs(x * x), 2.0),
    "ln(e²ˣ + e²ˣ)": (lambda x: autograd.logaddexp(2.0 * x, x * 2.0), 0.0),
    "ln(e²ˣ + e²ˣ) · x": (lambda x: autograd.logaddexp(2.0 * x, x * 2.0) * x, 4.0),
    "(relu(√x − 5) + x)²": (lambda x: (autograd.relu(autograd.sqrt(x) - 5.0) + x) ** 2, 2.0),
    "(max(√x − 5, 0) + x)²": (
        lambda x: (autograd.maximum(autograd.sqrt(x) - 5.0, 0.0) + x) ** 2, 2.0),
    "|0·x| + x²": (lambda x: abs(0.0 * x) + x * x, 2.0),
}
# fmt: on


def test_what_is_made_of_a_guess_is_nan():
    for name, (make, wanted) in GUESSED.items():
        found = second(make, 0.0, 0.25)
        assert math.isnan(found[0, 0]), (name, wanted)
        assert math.isfinite(found[1, 1]) and found[0, 1] == found[1, 0] == 0.0


def test_what_cannot_change_is_no_guess():
    for make, wanted in CERTAIN.values():
        found = second(make, 0.0, 0.25)
        assert found[0, 0] == wanted and found[0, 1] == found[1, 0] == 0.0


def test_a_guess_goes_through_products_sums_and_shapes():
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        z = Tensor([[0.0, 0.0], [1.0, 2.0]])
        norms = autograd.sqrt((z * z).sum(axis=1))
        found = hessian((norms**2).sum(), z).reshape(4, 4)
        assert np.isnan(found[:2, :2]).all()
        assert_array_equal(found[2:, 2:], 2 * np.eye(2))
        assert not found[:2, 2:].any() and not found[2:, :2].any()

        a = Tensor([[0.0, 1.0], [2.0, 0.0]])
        made = abs(autograd.concatenate([a, a.T]).reshape(2, 4)[:, ::-1] ** 2).sum()
        found = hessian(made, a).reshape(4, 4)
        assert np.isnan(found[[0, 3], [0, 3]]).all()
        assert_array_equal(found[[1, 2], [1, 2]], [4.0, 4.0])
        assert np.isnan(found).sum() == 2 and np.nansum(found) == 8.0

        x = Tensor([0.0])
        largest = autograd.stack([(x * x)[0], -1.0]).max()
        assert np.isnan(hessian(abs(largest), x)).all()
        assert np.isnan(hessian(autograd.stack([(x * x)[0], 0.0]).max(), x)).all()

        y = Tensor([0.0, 2.0])
        found = hessian(abs((-y * y).max()), y)
        assert math.isnan(found[0, 0]) and found[1, 1] == 0.0

        m = Tensor(np.eye(2))  # |m₀₀ m₁₁ − m₀₁ m₁₀ − 1|
        assert math.isnan(hessian(abs(np.linalg.det(m) - 1.0), m)[0, 1, 1, 0])


def test_a_guess_goes_through_matrices_and_nowhere_else():
    w = Tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    x = Tensor([[0.0, 1.0, 1.0, 2.0], [0.0, 1.0, 3.0, 1.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for out in (autograd.relu(w @ x).sum(), abs(w @ x).sum()):
            by_w, by_x = grad(out, [w, x], create_graph=True)
            across = jacobian(by_w, x)  # by the first column of x it is the slope itself
            assert np.isnan(across[:, :, :, 0]).all() and np.isfinite(across[:, :, :, 1:]).all()
            across = jacobian(by_x, w)
            assert np.isnan(across[:, 0]).all() and np.isfinite(across[:, 1:]).all()


def test_guesses_of_several_paths_add_up():
    x = Tensor([0.0, 1.0, 2.0])
    square = x * x
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for out in (abs(square) + abs(square - 1.0), abs(square - 1.0) + abs(square)):
            found = hessian(out.sum(), x)
            assert_array_equal(np.isnan(found), np.diag([True, True, False]))


def test_a_step_settles_a_nan_and_passes_a_guess_on():
    x = Tensor([1.0, 0.0, 2.0])
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        side = autograd.sqrt(x * x)
        found = hessian((abs(side - 1.0) * side * side).sum(), x)
        assert_array_equal(np.isnan(found), np.diag([True, True, False]))


def test_a_guess_is_right_for_one_order():
    x, c = Tensor([1.0, 2.0, 3.0]), Tensor(1.0)
    first = grad(abs(x - c * c).sum(), c, create_graph=True)
    assert first.shape == () and first.item() == -4.0
    assert grad(abs(x - c * c).sum(), x, create_graph=True).tolist() == [0.0, 1.0, 1.0]


def test_guesses_are_made_behind_the_scenes():
    """No number is read of which an observer would say that it leaves the graph."""
    read = []

    class Listener(Observer):
        def escaped(self, node, how, result, *args):
            read.append(how)

    w, x = Tensor([[1.0, 2.0], [3.0, 4.0]]), Tensor([0.0, 0.0])
    with np.errstate(all="ignore"), observing(Listener()):
        for out in (
            autograd.sqrt(x * x) ** 2,
            abs((w @ x) ** 2),
            autograd.maximum(x * 2.0, x * (x + 1.0)),
            abs(x * x) * (x + 1.0),
        ):
            grad(out.sum(), [w, x], create_graph=True)
    assert not read


def test_a_jvp_is_of_one_order():
    x = Tensor([0.0, 0.25])
    with np.errstate(all="ignore"):
        for make, wanted in ((abs, [0.0, 0.0625]), (autograd.sqrt, [0.0, 0.5])):
            assert jvp(make(x * x) ** 2, x, np.ones(2)).tolist() == wanted


def test_what_may_vary():
    x = Tensor([0.0, 0.0, 2.0])
    mask = heaviside(x - 1.0)
    for made, wanted in (
        (x, [True] * 3),
        (mask, [False] * 3),
        (mask * x, [False, False, True]),
        (x * mask, [False, False, True]),
        (x * x, [True] * 3),
        (x * autograd.exp(x), [True] * 3),
        (0.0 * x + x * 0.0, [False] * 3),
        (where(mask, x, 1.0), [False, False, True]),
        (where(mask, 1.0, x), [True, True, False]),
        ((mask * x).sum(), True),
        ((mask * x)[:2].sum(), False),
        (mask * x @ np.ones(3), True),
        ((mask * x)[:2] @ np.ones(2), False),
        (autograd.stack([mask * x, mask])[:, 1:], [[False, True], [False, False]]),
        (-(mask * x) + 1.0, [False, False, True]),
        (x - 2.0 * x, [True] * 3),
        (np.diag([1.0, 0.0, 1.0]) @ (mask * x), [True] * 3),
        (autograd.concatenate([mask * x, np.zeros(2)]), [False, False, True, False, False]),
        (Value(0.0) * 1.0, True),
        (TABLE["subgradient"](x, MASK, x + 1.0, 0.0), [True, False, True]),
        (TABLE["subgradient"](x * 0.0, MASK, x, 0.0), [True, True, False]),  # at the kink
        (np.ones(2), [False] * 2),
    ):
        assert may_vary(made).tolist() == wanted


def test_a_leaf_that_was_assigned_new_data_may_vary():
    x = Value(0.0)
    made = x * 2.0
    x.data = 0.0
    assert may_vary(made).tolist() is True
