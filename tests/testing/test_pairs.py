"""Gradients written elsewhere, right and wrong ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_st

from autograd.errors import GradientError
from autograd.testing import (
    Verdict,
    check_forward_backward,
    check_jac,
    check_vjp,
    examine_forward_backward,
    examine_jac,
    examine_vjp,
)
from autograd.testing.elsewhere.pair import Pair, examine_pair

Written = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]
RNG = np.random.default_rng(3)
X, Y, W = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2))


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def softmax_vjp(g: Any, x: Any) -> Any:
    y = softmax(x)
    return y * (g - (g * y).sum(axis=1, keepdims=True))


def normalized(x: Any) -> Any:
    return (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 1e-5)


def normalized_vjp(g: Any, x: Any) -> Any:
    spread, y = np.sqrt(x.var(axis=0) + 1e-5), normalized(x)
    return (g - g.mean(axis=0) - y * (g * y).mean(axis=0)) / spread


def picked(x: Any, index: Any) -> Any:
    return x[index] ** 2


def picked_vjp(g: Any, x: Any, index: Any) -> Any:
    found = np.zeros_like(x)
    np.add.at(found, index, 2 * x[index] * g)
    return found


def convolved(x: Any, k: Any) -> Any:
    return np.convolve(x, k, "valid")


def convolved_vjp(g: Any, x: Any, k: Any) -> Any:
    return np.convolve(g, k[::-1]), np.convolve(x[::-1], g, "valid")[::-1][: len(k)][::-1]


PAIRS: dict[str, Written] = {
    "sin": (np.sin, lambda g, x: g * np.cos(x), (X,)),
    "product": (np.multiply, lambda g, x, y: (g * y, g * x), (X, Y)),
    "matmul": (np.matmul, lambda g, x, w: [g @ w.T, x.T @ g], (X, W)),
    "norm": (np.linalg.norm, lambda g, x: g * x / np.linalg.norm(x), (X,)),
    "solve": (
        np.linalg.solve,
        lambda g, a, b: (
            -np.outer(np.linalg.solve(a.T, g), np.linalg.solve(a, b)),
            np.linalg.solve(a.T, g),
        ),
        (X[:3] + 3 * np.eye(3), Y[0]),
    ),
    "det": (
        np.linalg.det,
        lambda g, a: g * np.linalg.det(a) * np.linalg.inv(a).T,
        (X[:3] + 2 * np.eye(3),),
    ),
    "softmax": (softmax, softmax_vjp, (X,)),
    "batch norm": (normalized, normalized_vjp, (X,)),
    "picked": (picked, picked_vjp, (X[0], np.array([0, 2, 2, 1]))),
    "logsumexp": (lambda x: np.log(np.exp(x).sum()), lambda g, x: g * softmax(x[None])[0], (X[0],)),
    "cumsum": (np.cumsum, lambda g, x: np.cumsum(g[::-1])[::-1], (X[0],)),
    "max": (np.max, lambda g, x: g * (x == x.max()), (X,)),
    "relu": (lambda x: np.maximum(x, 0), lambda g, x: g * (x > 0), (X,)),
    "number": (lambda x: x**3, lambda g, x: 3 * x**2 * g, (np.array(1.5),)),
    "unused": (lambda x, y: x * 2, lambda g, x, y: (2 * g, None), (X, Y)),
}


def spoilt(vjp: Callable[..., Any], by: float, everywhere: bool) -> Callable[..., Any]:
    def wrong(g: Any, *arrays: Any) -> Any:
        found = vjp(g, *arrays)
        parts = list(found) if isinstance(found, (tuple, list)) else [found]
        parts[0] = np.array(parts[0], float)
        if everywhere:
            parts[0] *= 1 + by
        else:
            i = np.unravel_index(np.abs(parts[0]).argmax(), np.shape(parts[0]))
            parts[0][i] *= 1 + by
        return parts

    return wrong


@pytest.mark.parametrize("name", PAIRS)
def test_right_ones_pass_and_wrong_ones_do_not(name) -> None:
    f, vjp, arrays = PAIRS[name]
    for seed in range(4):
        check_vjp(f, vjp, *arrays, seed=seed)
        for by in (1e-3, 1e-5):
            for everywhere in (True, False):
                report = examine_vjp(f, spoilt(vjp, by, everywhere), *arrays, seed=seed)
                assert report.verdict is Verdict.WRONG


def test_only_what_is_asked_for_is_checked() -> None:
    def vjp(g: Any, x: Any, y: Any) -> Any:
        return g * y, g * 7

    check_vjp(np.multiply, vjp, X, Y, wrt=[0])
    check_vjp(np.multiply, lambda g, x, y: g * y, X, Y, wrt=[0])
    with pytest.raises(GradientError, match=r"multiply: wrong"):
        check_vjp(np.multiply, vjp, X, Y)
    for wrt in ([1], [], [0, 5]):
        with pytest.raises(TypeError, match=r"picked: .* must be arrays of floats, got .*1: int64"):
            check_vjp(picked, picked_vjp, X[0], np.array([1]), wrt=wrt)


@pytest.mark.parametrize(
    ("vjp", "said"),
    [
        (
            lambda g, x: (g * x).sum(),
            r"inputs\[0\]: a gradient of shape \(\) for an",
        ),
        (lambda g, x: (g, g, g), "a gradient for each of 1 arrays, got 3"),
        (lambda g, x: g @ np.ones((5, 5)), "the backward pass raises ValueError: matmul"),
        (
            lambda g, x: x.sort(),
            r"must leave its inputs alone, .* inputs\[0\]",
        ),
        (lambda g, x: np.multiply(g, 2, out=g), "must leave its cotangent alone"),
        (lambda g, x: g * x + 1.0, "0 cotangents must give 0 times the gradient"),
    ],
)
def test_what_is_wrong_with_the_form_is_said(vjp, said) -> None:
    with pytest.raises(GradientError, match=said):
        check_vjp(lambda x: x * x / 2, vjp, np.array([3.0, 2.0, 1.0]))


def test_what_is_no_array_of_real_numbers_is_named() -> None:
    x = np.ones((2, 3))
    for result, got in (
        (lambda x: (x, x), "got tuple; check one output at a time.*check_forward_backward"),
        (lambda x: (x, "cache"), "got tuple"),
        (lambda x: x + 1j, "got one of complex128"),
        (lambda x: None, "got one of object"),
    ):
        with pytest.raises(GradientError, match=rf"<lambda> must give an array .*{got}"):
            check_vjp(result, lambda g, x: g, x)
    with pytest.raises(GradientError, match=r"gradient of sin must give an array .* complex128"):
        check_vjp(np.sin, lambda g, x: g * (1 + 1j), x)


def test_what_is_given_is_left_alone() -> None:
    x, index = np.array([1.0, 2.0]), np.array([0, 1])

    def f(x: Any, index: Any) -> Any:
        index[:] = 7  # of its own copy
        return x * x

    with pytest.raises(GradientError, match=r"f must leave its inputs alone, .* inputs\[1\]"):
        check_vjp(f, lambda g, x, index: 2 * x * g, x, index)
    assert x.tolist() == [1.0, 2.0] and index.tolist() == [0, 1]
    with pytest.raises(GradientError, match="deterministic"):
        check_vjp(lambda x: x * np.random.default_rng().normal(), lambda g, x: g, x)


def test_jacobians_of_numbers_and_vectors() -> None:
    x0 = [0.3, -1.2, 2.0]
    check_jac(lambda x: np.sum(x**3), lambda x: 3 * x**2, x0)
    check_jac(lambda x: x[:2] * x[1:], lambda x: [[x[1], x[0], 0], [0, x[2], x[1]]], x0)
    with pytest.raises(GradientError, match=r"inputs\[0\]\[1\]"):
        check_jac(lambda x: np.sum(x**3), lambda x: 3 * x**2 + [0, 1e-4, 0], x0)


def test_a_layer_in_two_functions() -> None:
    def forward(x: Any, w: Any, b: Any) -> Any:
        out = np.maximum(x @ w + b, 0)
        return out, (x, w, out > 0)

    def backward(g: Any, cache: Any, of_bias: Any = lambda g: g.sum(axis=0)) -> Any:
        x, w, mask = cache
        g = g * mask
        return g @ w.T, x.T @ g, of_bias(g)

    b = np.array([0.1, -0.2])
    check_forward_backward(forward, backward, X, W, b)
    with pytest.raises(GradientError, match=r"forward: wrong(.|\n)*inputs\[2\]"):
        check_forward_backward(
            forward, lambda g, c: backward(g, c, lambda g: g.mean(axis=0)), X, W, b
        )


def test_float32_is_checked_in_float64_first() -> None:
    x = X.astype(np.float32)
    check_vjp(np.sin, lambda g, x: g * np.cos(x), x)

    def only_wide(g: Any, x: Any) -> Any:
        return g * np.cos(x) * (1 if x.dtype == np.float64 else 1.01)

    with pytest.raises(GradientError, match=r"the float32 gradient is .* off that in float64"):
        check_vjp(np.sin, only_wide, x)


def cube(**more: Any) -> Pair:
    return Pair(
        "cube",
        {"x": np.array([1.0, 2.0])},
        lambda given: given["x"] ** 3,
        lambda g, given: {"x": 3 * g * given["x"] ** 2},
        **more,
    )


@pytest.mark.parametrize(
    ("many", "used"),
    [
        (lambda numbers, name, line: line**3, True),
        (lambda numbers, name, line: line**2, False),
        (lambda numbers, name, line: 1 / 0, False),
        (lambda numbers, name, line: line[0], False),
        (lambda numbers, name, line: np.where(line == [1.0, 2.0], line**3, 0.0), False),
    ],
)
def test_a_line_at_once_is_used_where_it_gives_what_calls_give(many, used) -> None:
    pair = cube(many=many)
    assert examine_pair(pair).ok and pair.tried is used


def test_a_pair_that_can_be_differentiated_again() -> None:
    def again(error: float) -> Callable[..., Pair]:
        def second(pair: Pair, cotangent: Any) -> Pair:
            return Pair(
                "the gradient of cube",
                {**pair.numbers, "g": cotangent},
                lambda given: 3 * given["g"] * given["x"] ** 2,
                lambda v, given: {
                    "x": 6 * (1 + error) * v * given["g"] * given["x"],
                    "g": 3 * v * given["x"] ** 2,
                },
            )

        return second

    report = examine_pair(cube(again=again(0.0)), order=2)
    assert report.ok and {f.name for f in report.findings if f.order == 2} == {"x", "g"}
    assert examine_pair(cube(again=again(0.0))).level == 1
    wrong = examine_pair(cube(again=again(1e-5)), order=2)
    assert wrong.verdict is Verdict.WRONG and "order=1" in str(wrong)


def test_reports_of_all_kinds() -> None:
    assert examine_jac(lambda x, a: a * x**2, lambda x, a: np.diag(2 * a * x), [1.0, 3.0], 2.0).ok
    wrong = examine_jac(lambda x: x**2, lambda x: np.diag(x), [1.0, 3.0])
    assert "0.5 times the numeric derivative" in str(wrong)
    report = examine_forward_backward(lambda x: (x**2, x), lambda g, x: 3 * g * x, X)
    assert "1.5 times the numeric derivative" in str(report)
    uncertain = examine_vjp(lambda x: 1e10 + 1e-3 * np.sin(x), lambda g, x: 1e-3 * g * np.cos(x), X)
    assert uncertain.verdict is Verdict.INCONCLUSIVE and uncertain.culprit is None


@given(numpy_st.arrays(float, 3, elements=st.floats(-3, 3)))
def test_drawn_points(x: Any) -> None:
    """Those of which nothing can be said are rejected."""

    def norm(x: Any) -> Any:
        return np.sqrt((x * x).sum() + 1e-12)

    check_vjp(norm, lambda g, x: g * x / norm(x), x)
