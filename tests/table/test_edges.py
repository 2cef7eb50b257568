"""Rows and composites at special numbers: right, as mpmath has it, or NaN; the same in all forms.

Where a derivative of first order does not exist, a row chooses one and says so in its `kinks`;
derivatives of second order are then NaN, or those of the branch that was chosen.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import mpmath as mp
import numpy as np
import pytest

import autograd
from autograd import TABLE, Tensor, Value, grad, hessian, scalarize
from autograd.table.composites import COMPOSITES
from autograd.tape import Tape

NUMBERS = (
    0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    3.0,
    1e-8,
    30.0,
    -30.0,
    1e150,
    -1e150,
    1e308,
    -1e308,
    5e-324,
)
PAIRS = (0.0, 1.0, -1.0, 0.5, 2.0, -2.0, 3.0, 1e150)
Reference = Callable[..., Any]

UNARY: dict[str, Reference] = {
    "neg": lambda x: -x,
    "exp": mp.exp,
    "exp2": lambda x: mp.mpf(2) ** x,
    "log": mp.log,
    "log2": lambda x: mp.log(x, 2),
    "log10": mp.log10,
    "log1p": mp.log1p,
    "expm1": mp.expm1,
    "sqrt": mp.sqrt,
    "root": mp.sqrt,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "arcsin": mp.asin,
    "arccos": mp.acos,
    "arctan": mp.atan,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "arcsinh": mp.asinh,
    "arccosh": mp.acosh,
    "arctanh": mp.atanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)) if x < 0 else x + mp.log1p(mp.exp(-x)),
    "erf": mp.erf,
    "relu": lambda x: max(x, mp.mpf(0)),
    "abs": abs,
    "sign": mp.sign,
    "heaviside": lambda x: mp.mpf(x > 0),
    "floor": mp.floor,
    "isfinite": lambda x: mp.mpf(1),
    "stop_gradient": lambda x: x,
    "square": lambda x: x * x,
    "sinc": lambda x: mp.sinpi(x) / (mp.pi * x) if x else mp.mpf(1),
    "logsigmoid": lambda x: -(mp.log1p(mp.exp(-x)) if x > 0 else mp.log1p(mp.exp(x)) - x),
}
BINARY: dict[str, Reference] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
    "pow": lambda x, y: x**y,
    "mod": lambda x, y: x - y * mp.floor(x / y),
    "hypot": mp.hypot,
    "direction": lambda x, y: x / mp.hypot(x, y),
    "arctan2": mp.atan2,
    "logaddexp": lambda x, y: max(x, y) + mp.log1p(mp.exp(-abs(x - y))),
    "maximum": max,
    "minimum": min,
    "equal": lambda x, y: mp.mpf(x == y),
    "marked": lambda y, x: y,
}
NOT_HERE = {"where", "clip", "astype", "subgradient"}  # of more operands, or with parameters

mp.mp.dps = 800  # so that small steps from large numbers keep their digits


def function_of(name: str) -> Any:
    return TABLE.get(name) or COMPOSITES[name]


def test_every_elementwise_row_is_swept() -> None:
    rows = {name for name, row in TABLE.items() if row.scalar is not None}
    assert rows - NOT_HERE == (set(UNARY) | set(BINARY)) - {
        "square",
        "sinc",
        "logsigmoid",
        "logaddexp",
    }


def slopes(f: Reference, at: tuple[float, ...], orders: tuple[int, ...]) -> Iterator[Any]:
    """The partial derivative as approached from either side of each number that varies."""
    steps = [mp.mpf(10) ** -24 * min(abs(mp.mpf(x)) or 1, 1) for x in at]
    for signs in itertools.product((1, -1), repeat=len(at)):
        point = [mp.mpf(x) + s * h * 3 for x, s, h in zip(at, signs, steps, strict=True)]
        yield _difference(f, point, steps, orders)


def _difference(f: Reference, point: list[Any], steps: list[Any], orders: tuple[int, ...]) -> Any:
    for i, n in enumerate(orders):
        if n:
            less = tuple(n - (k == i) for k, n in enumerate(orders))
            moved = [[x + (k == i) * s * steps[i] for k, x in enumerate(point)] for s in (1, -1)]
            high, low = (_difference(f, m, steps, less) for m in moved)
            return (high - low) / (2 * steps[i])
    return f(*point)


def limit(f: Reference, at: tuple[float, ...], orders: tuple[int, ...]) -> float | None:
    """The derivative where it is the same from all sides and no complex number; else None."""
    try:
        found = list(slopes(f, at, orders))
    except (ValueError, ZeroDivisionError, OverflowError, TypeError, mp.NoConvergence):
        return None
    if any(isinstance(x, mp.mpc) or not mp.isfinite(x) for x in found):
        return None
    low, high = min(found), max(found)
    middle = (low + high) / 2
    scale = max(abs(low), abs(high))
    if high - low > mp.mpf(10) ** -9 * max(scale, mp.mpf(10) ** -9):
        return None
    if 0.0 in at and scale > mp.mpf(10) ** 12:
        return None  # on the way to a pole
    return float(middle)


def close(found: float, wanted: float) -> bool:
    if math.isinf(wanted) or abs(wanted) > 1e300:
        return math.isinf(found) or abs(found) > 1e299
    return math.isclose(found, wanted, rel_tol=1e-7, abs_tol=1e-9)


def derivatives(f: Any, at: tuple[float, ...]) -> tuple[list[float], list[list[float]]]:
    leaves = [Value(x) for x in at]
    out = f(*leaves)
    return grad(out, leaves), hessian(out, leaves)


# Locally constant, and taken as a constant where they jump; or a number in place of an infinity.
CHOSEN = {
    "marked",
    "sign",
    "heaviside",
    "floor",
    "equal",
    "stop_gradient",
    "mod",
    "isfinite",
}


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_first_and_second_derivatives_are_right_or_nan(name) -> None:
    reference, wrong = UNARY.get(name) or BINARY[name], []
    points = [(x,) for x in NUMBERS] if name in UNARY else list(itertools.product(PAIRS, repeat=2))
    for at in points:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            if not math.isfinite(function_of(name)(*at)):
                continue
            first, second = derivatives(function_of(name), at)
        n = len(at)
        for i in range(n):
            wanted = limit(reference, at, tuple(int(k == i) for k in range(n)))
            if wanted is not None and name not in CHOSEN and not close(first[i], wanted):
                wrong.append((at, i, first[i], wanted))
            for j in range(n):
                orders = tuple(int(k == i) + int(k == j) for k in range(n))
                wanted = limit(reference, at, orders)
                found = second[i][j]
                if (
                    wanted is not None
                    and name not in CHOSEN
                    and not math.isnan(found)
                    and not close(found, wanted)
                ):
                    wrong.append((at, (i, j), found, wanted))
    assert not wrong, wrong[:6]


@pytest.mark.parametrize("name", [*UNARY, *BINARY])
def test_all_forms_agree(name) -> None:
    """Values, Tensors, tapes and scalarized graphs, in numbers and derivatives of both orders."""
    f = function_of(name)
    points = [(x,) for x in NUMBERS] if name in UNARY else list(itertools.product(PAIRS, repeat=2))
    for at in points:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            leaves = [Value(x) for x in at]
            out = f(*leaves)
            wanted = [out.data, grad(out, leaves), hessian(out, leaves)]
            tensors = [Tensor([x]) for x in at]
            whole = f(*tensors).sum()
            found = [whole.item(), [g.item() for g in grad(whole, tensors)]]
            np.testing.assert_allclose(found[0], wanted[0], rtol=1e-12)
            np.testing.assert_allclose(found[1], wanted[1], rtol=1e-9)
            blocks = [[block.item() for block in row] for row in hessian(whole, tensors)]
            np.testing.assert_allclose(blocks, wanted[2], rtol=1e-7)
            value, gradients = Tape(whole, tensors, strict=False).value_and_grad(*[[x] for x in at])
            np.testing.assert_allclose(value, wanted[0], rtol=1e-12)
            np.testing.assert_allclose(np.ravel(gradients), wanted[1], rtol=1e-9)
            scalars: dict[Any, Any] = {}
            single = scalarize(whole, scalars)
            mine = [scalars[t][0] for t in tensors if t in scalars]
            np.testing.assert_allclose(grad(single, mine), wanted[1], rtol=1e-9)


@pytest.mark.parametrize(
    ("make", "at", "wanted"),
    [
        (lambda z: autograd.norm(z) ** 2, [0.0, 0.0], "nan"),
        (lambda z: autograd.std(z) ** 2, [2.0, 2.0], "nan"),
        (lambda z: autograd.hypot(z[0], z[1]) ** 2, [0.0, 0.0], "nan"),
        (lambda z: abs(z[0]) ** 2 + z[1], [0.0, 0.0], "nan"),
        (lambda z: (z * z).sum() ** 1.0, [0.0, 0.0], [[2.0, 0.0], [0.0, 2.0]]),
        (lambda z: autograd.std(z[:1]) + z[1] ** 2, [2.0, 1.0], [[0.0, 0.0], [0.0, 2.0]]),
    ],
)
def test_what_is_conical_has_no_second_derivative(make, at, wanted) -> None:
    z = Tensor(at)
    assert np.isfinite(grad(make(z), z)).all()
    if wanted == "nan":
        with pytest.warns(RuntimeWarning, match="NaN"):
            found = hessian(make(z), z)
        assert np.isnan(found).any() and (np.isnan(found) | (found == 0)).all()
    else:
        np.testing.assert_allclose(hessian(make(z), z), wanted, atol=1e-12)


KINKS: list[tuple[Any, list[float], Any]] = [
    (lambda x: abs(x), [0.0], math.nan),
    (lambda x: autograd.relu(x), [0.0], math.nan),
    (lambda x: abs(x) ** 2, [0.0], 2.0),
    (lambda x: autograd.maximum(x, -x) ** 2, [0.0], 2.0),
    (lambda x: autograd.maximum(x, x) ** 2, [0.0], 2.0),
    (lambda x: autograd.minimum(x, x, x) ** 2, [1.0], 2.0),
    (lambda x: autograd.relu(x) ** 2, [0.0], math.nan),
    (lambda x: x * autograd.relu(x), [0.0], math.nan),
    (lambda x: autograd.clip(x, 0.0, 1.0) ** 2, [0.0], math.nan),
    (lambda x: autograd.clip(x, 0.0, 1.0) ** 2, [1.0], math.nan),
    (lambda x: autograd.clip(x, 0.0, 1.0) ** 2, [0.5], 2.0),
    (lambda x: (autograd.relu(x) + autograd.relu(-x)) ** 2, [0.0], 2.0),
    (lambda x: abs(x - 1.0) * (x - 1.0), [1.0], math.nan),
    (lambda x, y: autograd.maximum(x, y), [1.0, 1.0], [[math.nan] * 2] * 2),
    (lambda x, y: autograd.maximum(x, y) ** 2, [1.0, 1.0], [[math.nan] * 2] * 2),
    (lambda x, y: autograd.minimum(x, y, 3.0) ** 2, [1.0, 2.0], [[2.0, 0.0], [0.0, 0.0]]),
    (lambda x, y: autograd.maximum(x, y) * autograd.minimum(x, y), [1.0, 1.0], [[0, 1], [1, 0]]),
    (lambda x, y: y * abs(x), [0.0, 2.0], [[math.nan, math.nan], [math.nan, 0.0]]),
    (lambda x, y: y * autograd.sqrt(x), [0.0, 0.0], [[0.0, math.nan], [math.nan, 0.0]]),
    (lambda x, y: autograd.hypot(x, y) ** 2, [0.0, 0.0], [[2.0, 0.0], [0.0, 2.0]]),
    # A branch that is not taken, and a factor of 0, depend on no choice.
    (lambda x: autograd.where(x > 5.0, abs(x), x * x), [0.0], 2.0),
    (lambda x: autograd.relu(x) * 0.0 + x * x, [0.0], 2.0),
    (lambda x, y: autograd.relu(x) + y * y, [0.0, 3.0], [[math.nan, 0.0], [0.0, 2.0]]),
]  # fmt: skip


@pytest.mark.parametrize(("make", "at", "wanted"), KINKS)
def test_at_a_kink_the_second_derivative_is_right_or_nan(make, at, wanted) -> None:
    """And of no two that are elements of one array does one spoil the other."""
    wanted = np.reshape(wanted, (len(at), len(at)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        leaves = [Value(x) for x in at]
        found = np.array(hessian(make(*leaves), leaves), float)
        # the second element away from the kink
        tensors = [Tensor([x, x + 0.25 / (i + 1)]) for i, x in enumerate(at)]
        blocks = np.array(hessian(make(*tensors).sum(), tensors), float)
    right = (found == wanted) | np.isnan(found)
    assert right.all() and np.isnan(found[np.isnan(wanted)]).all(), found
    np.testing.assert_array_equal(blocks[:, :, 0, 0], found)
    assert np.isfinite(blocks[:, :, 1, 1]).all()
    assert not blocks[:, :, 0, 1].any() and not blocks[:, :, 1, 0].any()


@pytest.mark.parametrize("axis", [None, 0])
def test_tied_elements_have_no_second_derivative(axis) -> None:
    x = Tensor([[1.0, 3.0], [1.0, 2.0]])
    with pytest.warns(RuntimeWarning, match="NaN") if axis == 0 else warnings.catch_warnings():
        found = hessian((x.max(axis=axis) ** 2).sum(), x).reshape(4, 4)
    tied = [0, 2] if axis == 0 else []
    assert np.isnan(found[np.ix_(tied, tied)]).all()
    assert found[1, 1] == 2.0 and np.isnan(found).sum() == len(tied) ** 2


def test_the_median_of_ties_is_good_for_one_order() -> None:
    pair = Tensor([3.0, 1.0, 3.0, 2.0])  # whose median is the mean of 2 and 3, from either
    with pytest.warns(RuntimeWarning, match="NaN"):
        found = hessian(np.median(pair) ** 2, pair)
    assert np.isnan(found[0, 0]) and found[3, 3] == 0.5
    for few in (np.zeros(0), np.zeros((2, 0)), np.ones((0, 2)), np.ones(1)):
        x = Tensor(few)
        assert (hessian((np.sort(x) ** 2).sum(), x) == 2.0 * few.size).all()


@pytest.mark.parametrize(
    ("sides", "wanted"),
    [
        ((math.inf, 1.0), (1.0, 0.0)),
        ((-2.0, -math.inf), (0.0, -1.0)),
        ((math.inf, -math.inf), (math.sqrt(0.5), -math.sqrt(0.5))),
        ((1e308, -1e308), (math.sqrt(0.5), -math.sqrt(0.5))),
    ],
)
def test_an_infinite_side_is_all_of_a_distance(sides, wanted) -> None:
    for leaves in (list(map(Value, sides)), [Tensor([x]) for x in sides]):
        found = np.ravel(grad(autograd.hypot(*leaves), leaves))
        np.testing.assert_allclose(found, wanted, rtol=1e-15)
        np.testing.assert_allclose(
            np.ravel(grad(autograd.arctan2(*leaves), leaves)), [0.0, 0.0], atol=1e-307
        )
        second = np.array(hessian(autograd.hypot(*leaves), leaves), float)
        np.testing.assert_allclose(second, np.zeros_like(second), atol=1e-307)


def test_powers_of_0_have_the_same_mixed_derivative_from_both_sides() -> None:
    for exponent in (1.5, 2.0, 3.0):
        x, y = Value(0.0), Value(exponent)
        found = hessian(x**y, [x, y])
        assert found[0][1] == found[1][0] == found[1][1] == 0.0


@pytest.mark.parametrize("x", [0.0, 1e-9, 0.1, 0.3, 0.5, 0.6366, 0.64, 1.0, -1.7, 2.0, 40.5])
def test_sinc_is_precise_to_second_order(x) -> None:
    v = Value(x)
    out = autograd.sinc(v)
    found = [out.data, grad(out, v), hessian(out, [v])[0][0]]
    function = UNARY["sinc"]
    for order, number in enumerate(found):
        wanted = float(
            mp.diff(function, x, order, h=mp.mpf(10) ** -60) if order else function(mp.mpf(x))
        )
        assert number == pytest.approx(wanted, rel=4e-15, abs=2e-15), order
    assert float(np.sinc(x)) == pytest.approx(found[0], rel=1e-14, abs=1e-16)


def test_the_snippets() -> None:
    x, y = Value(2.0), Value(0.0)
    np.testing.assert_allclose(hessian(x**y, [x, y]), [[0, 0.5], [0.5, math.log(2) ** 2]])
    for name in ("std", "norm"):
        t = Tensor([0.0, 0.0, 0.0])
        assert grad(getattr(autograd, name)(t), t).tolist() == [0.0, 0.0, 0.0]
    t = Tensor([5.0, 5.0])
    assert grad(t.std(), t).tolist() == [0.0, 0.0]
    assert autograd.prod([0, 1e200, 1, 1e200]) == 0.0
    p = Tensor([0, 1e200, 1, 1e200])
    assert grad(p.prod(), p).tolist() == [math.inf, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "numbers", list(itertools.product((-math.inf, 0.0, 1.0, math.inf), repeat=2))
)
def test_weights_of_infinities_sum_to_1(numbers) -> None:
    a, b = map(Value, numbers)
    weights = grad(autograd.logaddexp(a, b), [a, b])
    t = Tensor(list(numbers))
    np.testing.assert_allclose(weights, grad(t.logsumexp(), t))
    assert sum(weights) == pytest.approx(1.0) and min(weights) >= 0
    assert autograd.logaddexp(a, b) == np.logaddexp(*numbers) == t.logsumexp()
