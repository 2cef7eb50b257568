"""A second derivative is right, or NaN: it is made of no slope that was chosen for the first."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import autograd
from autograd import Tensor, Value, hessian


def second(make: Callable[[Any], Any], number: float) -> float:
    """The second derivative at a number, which is a Value and an element of an array."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        x, leaf = Tensor([number]), Value(number)
        found: float = hessian(make(leaf), leaf)
        assert_allclose(hessian(make(x).sum(), x), [[found]], rtol=1e-12, atol=1e-12)
    return found


def test_a_guess_is_warned_of() -> None:
    x = Value(0.0)
    with pytest.warns(RuntimeWarning, match="NaN"):
        assert math.isnan(hessian(abs(x * x), x))
    with np.errstate(all="ignore"), pytest.warns(RuntimeWarning, match="NaN"):
        assert math.isnan(hessian(autograd.sqrt(x * x) ** 2, x))


Tree = tuple[Any, ...]
Pair = tuple[Callable[[Any], Any], Callable[[Any], Any]]  # for nodes, and for mpmath

ROWS: dict[str, Pair] = {
    "sqrt": (autograd.sqrt, mpmath.sqrt),
    "log": (autograd.log, mpmath.log),
    "exp": (autograd.exp, mpmath.exp),
    "sin": (autograd.sin, mpmath.sin),
    "abs": (abs, abs),
    "relu": (autograd.relu, lambda x: max(x, mpmath.mpf(0))),
    "1/x": (lambda x: 1.0 / x, lambda x: 1 / x),
    "x^2": (lambda x: x**2, lambda x: x**2),
    "x^3": (lambda x: x**3.0, lambda x: x**3),
    "x^1.5": (lambda x: x**1.5, lambda x: x ** mpmath.mpf("1.5")),
    "x^0.25": (lambda x: x**0.25, lambda x: x ** mpmath.mpf("0.25")),
    "norm": (lambda x: autograd.sqrt(x * x), abs),
}
TREES = st.recursive(
    st.just(("x",)) | st.tuples(st.just("constant"), st.sampled_from((0.0, 1.0, -2.0))),
    lambda tree: (
        st.tuples(st.sampled_from(("add", "mul", "max")), tree, tree)
        | st.tuples(st.sampled_from(sorted(ROWS)), tree)
    ),
    max_leaves=6,
)


def computed(tree: Tree, x: Any, exact: bool) -> Any:
    kind, *rest = tree
    if kind == "x":
        return x
    if kind == "constant":
        return rest[0] + 0.0 * x
    a, *b = (computed(t, x, exact) for t in rest)
    if kind == "add":
        return a + b[0]
    if kind == "mul":
        return a * b[0]
    if kind == "max":
        return max(a, b[0]) if exact else autograd.maximum(a, b[0])
    made = ROWS[kind][exact](a)
    if exact and (isinstance(made, mpmath.mpc) or not mpmath.isfinite(made)):
        raise ValueError(f"{kind} has no real number here")
    return made


def limits(tree: Tree, at: float) -> list[float]:
    """f″(at) by exact second differences, to both sides, and around it, of two widths."""
    found: list[float] = []
    with mpmath.workdps(80):
        for width in (mpmath.mpf(10) ** -12, mpmath.mpf(10) ** -16):
            y = [computed(tree, at + i * width, True) for i in range(-2, 3)]
            found += [float((y[i] - 2 * y[i + 1] + y[i + 2]) / width**2) for i in range(3)]
    return found


@given(TREES, st.sampled_from((0.0, 1.0, -1.0, 2.0, 0.5)))
def test_second_derivatives_are_right_or_nan(tree, at) -> None:
    try:
        wanted = limits(tree, at)
    except (ZeroDivisionError, ValueError):  # it is not defined around there
        assume(False)
    assume(max(map(abs, wanted)) < 1e6)
    found = second(lambda x: computed(tree, x, False), at)
    assert math.isnan(found) or np.allclose(wanted, found, rtol=1e-5, atol=1e-6), wanted
