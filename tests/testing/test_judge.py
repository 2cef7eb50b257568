"""The judge is not fooled where rounding, plateaus, stairs and unlike sizes hide an error."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Primitive, Tensor, Value
from autograd.errors import GradientError
from autograd.testing import Verdict, certify, check_grads, examine, examine_vjp

OK, WRONG, UNSURE = Verdict.OK, Verdict.WRONG, Verdict.INCONCLUSIVE
RNG = np.random.default_rng(7)


def verdict(f: Callable[..., Any], slope: Callable[..., Any], x: Any, **options: Any) -> Verdict:
    """On an elementwise function (or a sum) with this derivative."""
    return examine_vjp(f, lambda g, x: g * slope(x), np.array(x, float), **options).verdict


def zero(x: Any) -> Any:
    return 0.0 * x


# (function, derivative, point): what rounding hides of it
HIDDEN: dict[str, tuple[Callable[..., Any], Callable[..., Any], Any]] = {
    "a small kink on a large number": (
        lambda x: 1e6 + 1e-6 * np.abs(x - 0.95),
        lambda x: 1e-6 * np.sign(x - 0.95),
        1.0,
    ),
    "a ripple on a large number": (
        lambda x: 1e10 + 1e-3 * np.sin(50 * x),
        lambda x: 0.05 * np.cos(50 * x),
        1.0,
    ),
    "a parabola on a large number": (lambda x: 1e8 + 1e-8 * x**2, lambda x: 2e-8 * x, 1.0),
    "three decimals": (lambda x: np.round(np.sin(x), 3), np.cos, 0.7),
    "two decimals": (lambda x: np.round(x * x, 2), lambda x: 2 * x, 3.3),
    "a plateau": (lambda x: 1 - np.exp(-x * x), lambda x: 2 * x * np.exp(-x * x), 5.4),
    "a plateau of several": (
        lambda x: np.tanh((x * x).sum()),
        lambda x: 2 * x / np.cosh((x * x).sum()) ** 2,
        [2.0, 2.0, 2.0],
    ),
    "a small bump": (
        lambda x: 1 + 1e-9 * np.exp(-x * x),
        lambda x: -2e-9 * x * np.exp(-x * x),
        1.3,
    ),
}


@pytest.mark.parametrize("name", HIDDEN)
def test_a_zero_gradient_does_not_pass_where_rounding_hides_a_true_one(name) -> None:
    f, _, x = HIDDEN[name]
    assert verdict(f, zero, x) in (UNSURE, WRONG)


@pytest.mark.parametrize("name", HIDDEN)
def test_a_right_gradient_is_not_called_wrong_where_it_can_hardly_be_seen(name) -> None:
    f, slope, x = HIDDEN[name]
    assert verdict(f, slope, x) in (OK, UNSURE)


@pytest.mark.parametrize(
    ("f", "slope", "x"),
    [
        (lambda x: np.maximum(x - 0.95, 0) + 1, lambda x: 1.0 * (x > 0.95), 0.9),
        (lambda x: np.maximum(x, 0) + 1, lambda x: 1.0 * (x > 0), -1.0),
        (lambda x: zero(x) + 3, zero, 0.9),
        (np.floor, zero, 3.2),
        (np.tanh, lambda x: 1 - np.tanh(x) ** 2, 20.0),
        (lambda x: (x - 1) ** 2, lambda x: 2 * (x - 1), 1.0),
        (lambda x: 1e6 + (x - 1) ** 2, lambda x: 2 * (x - 1), 1.0),
        (np.cos, lambda x: -np.sin(x), 0.0),
    ],
)
def test_a_gradient_of_0_is_right_where_the_function_stands_still(f, slope, x) -> None:
    assert verdict(f, slope, x) is OK


def test_a_stair_is_told_from_rounding() -> None:
    report = examine_vjp(np.floor, lambda g, x: 0 * g, np.array(1000.5))
    assert report.verdict is UNSURE and "in many steps" in str(report)
    assert verdict(np.floor, np.ones_like, 3.2) is WRONG


@pytest.mark.parametrize("x", [0.7, 1.7, [0.1, -2.0, 0.5]])
@pytest.mark.parametrize(
    ("f", "slope"), [(np.sin, np.cos), (np.exp, np.exp), (np.tanh, lambda x: np.cosh(x) ** -2)]
)
def test_noise_follows_the_dtype_of_the_output(f, slope, x) -> None:
    def narrow(x: Any) -> Any:
        return f(x.astype(np.float32))

    assert verdict(narrow, slope, x) is OK
    assert verdict(narrow, lambda x: 1.01 * slope(x), x) is WRONG


@pytest.mark.parametrize("n", [40, 1000, 20_000])
def test_an_error_in_one_entry_shows_whatever_the_sizes_of_the_others(n) -> None:
    """Six powers of ten apart; errors of a thousandth, of which the docstring makes a promise."""
    weights = 10.0 ** RNG.uniform(-6, 0, n)
    for seed in range(10 if n < 2000 else 2):
        place = RNG.integers(n)

        def vjp(g: Any, x: Any, error: float, place: Any = place) -> Any:
            found = g * weights * np.cos(x)
            found[place] *= 1 + error
            return found

        for error, expected in ((0.0, OK), (1e-3, WRONG)):
            report = examine_vjp(
                lambda x: (np.sin(x) * weights).sum(),
                lambda g, x, error=error, vjp=vjp: vjp(g, x, error),
                RNG.normal(size=n),
                seed=seed,
            )
            assert report.verdict is expected, (place, error)
        assert report.findings[-1].index == (place,)
        assert report.findings[-1].extent.wrong == (place < 32)


# --- where a function may be called -----------------------------------------------------------


def bilinear(image: Any, point: Any) -> Any:
    (i, j), (a, b) = np.floor(point).astype(int), point % 1
    if min(i, j) < 0:
        raise IndexError
    return np.array([1 - a, a]) @ image[i : i + 2, j : j + 2] @ np.array([1 - b, b])


def bilinear_vjp(g: Any, image: Any, point: Any) -> Any:
    (i, j), (a, b) = np.floor(point).astype(int), point % 1
    found, corner = np.zeros_like(image), image[i : i + 2, j : j + 2]
    found[i : i + 2, j : j + 2] = g * np.outer([1 - a, a], [1 - b, b])
    along = [[-1, 1] @ corner @ [1 - b, b], [1 - a, a] @ corner @ [-1, 1]]
    return found, g * np.array(along)


def test_whatever_is_raised_away_from_the_point_is_outside_the_domain() -> None:
    point = np.array([1.3, 0.6])
    assert examine_vjp(bilinear, bilinear_vjp, RNG.normal(size=(3, 3)), point).verdict is OK


def test_bounds_are_kept_and_a_point_may_lie_on_one() -> None:
    called = []

    def logit(x: Any) -> Any:
        called.append(x.copy())
        return np.log(x / (1 - x))

    x = np.array([0.3, 0.99])
    report = examine_vjp(logit, lambda g, x: g / (x * (1 - x)), x, bounds=(0, 1))
    assert report.ok and np.min(called) >= 0 and np.max(called) <= 1
    for bounds in ((0, 1), {"inputs[0]": (np.zeros(2), np.ones(2))}):
        on = examine_vjp(np.sin, lambda g, x: g * np.cos(x), np.array([0.0, 1.0]), bounds=bounds)
        assert on.ok and on.findings[0].note == "on one side, at a bound"
        off = examine_vjp(np.sin, lambda g, x: g, np.array([0.0, 1.0]), bounds=bounds)
        assert off.verdict is WRONG and off.findings[-1].index == (1,)
    root = examine_vjp(lambda x: x**1.5, lambda g, x: 1.5 * g * x**0.5, np.zeros(1), bounds=(0, 1))
    assert root.verdict is not WRONG  # a branch point, of which a series knows too little
    assert not examine_vjp(np.sqrt, lambda g, x: g / x, np.zeros(1), bounds=(0, 1)).ok
    check_grads(autograd.log, Tensor([0.5, 0.9]), bounds=(0.1, 1.0))
    for bounds, said in (((0.4, 1), "must lie between its bounds"), ({"y": (0, 1)}, "are for inp")):
        with pytest.raises(ValueError, match=said):
            examine_vjp(np.sin, lambda g, x: g, x, bounds=bounds)


def test_small_errors_may_pass_by_their_size() -> None:
    x = np.array([math.pi / 2 + 1e-4, 0.99])

    def slope(x: Any) -> Any:
        return np.cos(x) + 1e-7

    assert verdict(np.sin, slope, x) is WRONG
    assert verdict(np.sin, slope, x, atol=1e-6) is OK
    assert verdict(np.sin, slope, x, atol=1e-9) is WRONG
    check_grads(lambda x: x * x.data, Tensor([1e-9]), order=1, atol=1e-8)


def test_at_a_kink_too() -> None:
    def above(x: Any) -> Any:
        return np.where(x < 0, -1.0, 1 + 1e-7)

    assert verdict(np.abs, above, [0.0], rtol=1e-9) is WRONG
    assert verdict(np.abs, above, [0.0], rtol=1e-9, atol=1e-6) is Verdict.KINK


def test_a_whole_line_of_points_in_one_call() -> None:
    shapes = []

    def f(x: Any, w: Any) -> Any:
        shapes.append(x.shape)
        return np.sin(x * w).sum(-1)

    def vjp(g: Any, x: Any, w: Any) -> Any:
        return g * w * np.cos(x * w), g * x * np.cos(x * w)

    x, w = RNG.normal(size=(2, 5))
    assert examine_vjp(f, vjp, x, w, batched=True).ok
    assert {len(shape) for shape in shapes} == {1, 2}
    count = len(shapes)
    assert examine_vjp(f, vjp, x, w).ok and len(shapes) - count > 5 * count
    alone = examine_vjp(lambda x, w: np.sin(x * w).sum(), vjp, x, w, batched=True)
    assert not alone.ok and "is it `batched`?" in str(alone)


def test_kinks_cost_little() -> None:
    def calls(f: Callable[..., Any], slope: Callable[..., Any], x: list[float]) -> int:
        count = []

        def counting(x: Any) -> Any:
            count.append(x)
            return f(x)

        assert examine_vjp(counting, lambda g, x: g * slope(x), np.array(x)).ok
        return len(count)

    relu, step = (lambda x: np.maximum(x, 0)), (lambda x: 1.0 * (x > 0))
    assert calls(relu, step, [0.0, 0.0]) < 5 * calls(relu, step, [1.0, 2.0])
    size, sign = (lambda x: np.abs(x).sum()), np.sign
    assert calls(size, sign, [0.0, 0.0, 1.0]) < 5 * calls(size, sign, [1.0, 2.0, 3.0])


# --- rows, and whom to blame ------------------------------------------------------------------


def own(name: str, forward: Any, rule: Any, **more: Any) -> Primitive:
    return Primitive(name, name, None, forward, (rule,), name, **more)


def test_where_nothing_can_be_checked_certifying_fails() -> None:
    def rule(g: Any, out: Any, x: Any) -> Any:
        return g / (x - 3)

    shifted = lambda x: np.log(x - 3)  # noqa: E731
    with pytest.raises(GradientError, match=r"certify\(bare\): there is nothing to check; give"):
        certify(own("bare", shifted, rule))
    unusable = own("odd", np.linalg.inv, rule, cases=[(((3,),), {})])
    with pytest.raises(GradientError, match="nothing to check"):
        certify(unusable)
    far = own("far", shifted, rule, cases=[(((3,),), {})], domain=((4.0, 5.0),))
    assert len(certify(far)) > 3  # not at ones, which are outside


def test_a_first_derivative_asks_for_no_rule_on_nodes() -> None:
    def rule(g: Any, out: Any, x: Any) -> Any:  # as SciPy's functions are: for arrays alone
        return g * np.vectorize(math.exp)(-(np.asarray(x) ** 2)) * 2 / math.sqrt(math.pi)

    erf = own("erf", np.vectorize(math.erf), rule)
    check_grads(erf, Tensor([0.1, 0.5]), order=1)
    report = examine(erf, Tensor([0.1, 0.5]))
    assert not report.ok and report.culprit.node.op is erf
    doubled = own("doubled", lambda x: x * x, lambda g, out, x: 2 * g * autograd.core.node.raw(x))
    second = examine(doubled, Tensor([0.1, 0.5]))
    assert not second.ok and "order=1 asks for no others" in str(second)


def test_the_culprit_is_found_from_the_direction_that_failed() -> None:
    def rule(g: Any, out: Any, x: Any) -> Any:
        found = np.array(2 * x * g)
        found[7] *= 1.5
        return found

    square = own("square", lambda x: x * x, rule)
    x = np.linspace(1.0, 2.0, 400)
    x[7] = 1e-5
    report = examine(lambda x: square(x * 1.0).sum(), Tensor(x), order=1)
    assert report.findings[-1].index == (7,)
    assert report.culprit.kind == "rule" and report.culprit.node.op is square
    assert "(test_judge.py:" in report.culprit.message


@pytest.mark.parametrize(
    ("f", "said"),
    [
        (lambda x: np.concatenate([x, np.ones(2)]).missing, "raises AttributeError"),
        (lambda x: np.array([x, 1.0]), "raises TypeError"),
        (lambda x: 1 / 0, "raises ZeroDivisionError"),
        (lambda x: None, "must return a Value or a Tensor"),
        (lambda x: {}, "got nothing"),
        (lambda x: iter([x]), "got list_iterator"),
        (lambda x: x * np.random.default_rng().normal(), "must be deterministic"),
    ],
)
def test_examine_never_raises(f, said) -> None:
    report = examine(f, Tensor([1.0, 2.0]))
    assert not report.ok and said in str(report) and "not checked" in report.summary


def test_what_a_report_says_of_wrong_entries() -> None:
    report = examine_vjp(np.sin, lambda g, x: 2 * g * np.cos(x), np.array([0.5, 1.0, 2.0]))
    assert "wrong in 3 of 3 entries, 2 times the numeric derivative" in str(report)
    assert "culprit: the gradient of sin (test_judge.py:" in str(report)
    dropped = examine_vjp(np.sin, lambda g, x: g * np.cos(x) * [1, 0, 3], np.ones(3))
    assert "wrong in 2 of 3 entries;" in str(dropped)
    flat = examine_vjp(lambda x: 0 * x + 1, lambda g, x: g, np.ones(2))
    assert "wrong in 2 of 2 entries;" in str(flat)
    assert "-0 " not in str(examine(lambda x: -0.0 * x, Value(1.0)))
