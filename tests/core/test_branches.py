"""A branch that is not taken sends no NaN: `where` gives the gradients that Python's `if` gives."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, grad, heaviside, hessian, scalarize, where
from autograd.tape import Tape, compile

Tree = tuple[Any, ...]

SINGULAR: dict[str, Callable[[Any], Any]] = {
    "sqrt": autograd.sqrt,
    "log": autograd.log,
    "1/x": lambda x: 1.0 / x,
    "x^1.5": lambda x: x**1.5,
    "x^-2": lambda x: x**-2.0,
    "x^x": lambda x: x**x,
    "arcsin": autograd.arcsin,
    "arccosh": autograd.arccosh,
    "exp": lambda x: autograd.exp(400 * x),
    "tan": autograd.tan,
}
TREES = st.recursive(
    st.just(("x",)) | st.tuples(st.just("constant"), st.sampled_from((0.0, 1.0, -2.0))),
    lambda tree: (
        st.tuples(st.just("where"), st.sampled_from((0.0, 1.0, -1.0)), tree, tree)
        | st.tuples(st.just("add"), tree, tree)
        | st.tuples(st.just("mul"), tree, tree)
        | st.tuples(st.sampled_from(sorted(SINGULAR)), tree)
    ),
    max_leaves=8,
)
NUMBERS = st.sampled_from((0.0, 1.0, -1.0, 2.0, 0.5, -3.0))


def computed(tree: Tree, x: Any, choose: Callable[..., Any]) -> Any:
    kind, *rest = tree
    if kind == "x":
        return x
    if kind == "constant":
        return rest[0] + 0.0 * x
    if kind == "where":
        threshold, first, second = rest
        return choose(threshold, x, *(lambda t=t: computed(t, x, choose) for t in (first, second)))
    operands = [computed(t, x, choose) for t in rest]
    if kind == "add":
        return operands[0] + operands[1]
    return operands[0] * operands[1] if kind == "mul" else SINGULAR[kind](operands[0])


def by_if(threshold: float, x: Value, first: Any, second: Any) -> Any:
    return first() if x > threshold else second()


def by_where(threshold: float, x: Any, first: Any, second: Any) -> Any:
    return where(heaviside(x - threshold), first(), second())


def close(found: Any, wanted: Any) -> bool:
    return np.allclose(np.ravel(found).astype(float), wanted, rtol=1e-9, atol=1e-12)


@given(TREES, st.lists(NUMBERS, min_size=1, max_size=4))
def test_where_and_if_have_the_same_gradients(tree, numbers) -> None:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        leaves = [Value(x) for x in numbers]
        results = [computed(tree, x, by_if) for x in leaves]
        wanted = [grad(out, x) for out, x in zip(results, leaves, strict=True)]
        assume(all(math.isfinite(x.data) for x in results) and all(map(math.isfinite, wanted)))
        assume(max(map(abs, wanted)) < 1e12 and max(abs(x.data) for x in results) < 1e12)

        x = Tensor(numbers)
        out = computed(tree, x, by_where).sum()
        assert close(grad(out, x), wanted)
        assert close(grad(out, x, create_graph=True).data, wanted)
        out.backward()
        assert close(x.grad, wanted)
        for leaf, slope in zip(leaves, wanted, strict=True):
            assert close(grad(computed(tree, leaf, by_where), leaf), slope)
        scalars: dict[Any, Any] = {}
        single = scalarize(out, scalars)
        mine = list(scalars[x]) if x in scalars else []
        assert close(grad(single, mine), wanted) or not mine

        elsewhere = Tensor(np.full(len(numbers), 1.5))
        tape = Tape(computed(tree, elsewhere, by_where).sum(), [elsewhere], strict=False)
        assert close(tape.value_and_grad(numbers)[1][0], wanted)
        rows = tape.value_and_grad(np.array([numbers, [1.5] * len(numbers)]))[1][0]
        assert close(rows[0], wanted)
        compiled = compile(lambda x: computed(tree, x, by_where).sum())
        compiled(np.full(len(numbers), 1.5))
        assert close(compiled(np.array(numbers))[1][0], wanted)
        scalar = compile(lambda x: computed(tree, x, by_where))
        scalar(1.5)
        for number, slope in zip(numbers, wanted, strict=True):
            assert close(scalar(number)[1][0], slope)


def test_the_snippets() -> None:
    with np.errstate(all="ignore"):
        x = Tensor([-1.0, 0.0, 4.0])
        assert grad(np.where(x > 0, np.sqrt(x), 0).sum(), x).tolist() == [0.0, 0.0, 0.25]
        w, d = Tensor([1.0, 2.0]), Tensor([0.0, 2.0])
        assert [g.tolist() for g in grad((w / d)[d != 0].sum(), [w, d])] == [
            [0.0, 0.5],
            [0.0, -0.5],
        ]
        assert grad(np.log(x)[x > 0].sum(), x).tolist() == [0.0, 0.0, 0.25]
        second = hessian(np.where(x > 0, np.sqrt(x), 0).sum(), x)
        np.testing.assert_allclose(second, np.diag([0.0, 0.0, -1 / 32]))
        v = Value(0.0)
        assert grad(0 * v.sqrt(), v) == 0.0


def test_a_nan_with_a_real_cause_is_reported_as_before() -> None:
    x = Tensor([0.0, 4.0], label="x")
    with pytest.warns(RuntimeWarning, match="NaN: it first appears"):
        g = grad(np.sqrt(x * x).sum(), x)
    assert np.isnan(g[0]) and g[1] == 1.0


def test_a_walk_that_is_shown_is_settled_too() -> None:
    x = Tensor([0.0, 4.0], label="x")
    out = where(np.array([0.0, 1.0]), x.sqrt(), 0.0).sum()
    with np.errstate(all="ignore"):
        found = {step.node: step.gradient for step in autograd.steps(out)}
    assert found[x].tolist() == [0.0, 0.25]
    root = out.operands[0].operands[1]
    with np.errstate(all="ignore"):
        assert autograd.vjp(root, np.array([0.0, 1.0]))[0].tolist() == [0.0, 0.25]
    heard = []

    class Listener(autograd.Observer):
        def stepped(self, step: Any) -> None:
            heard.append(step.node)

    with autograd.observing(Listener()):
        out.backward()
    assert x.grad.tolist() == [0.0, 0.25] and len(heard) == len(set(heard))


def test_a_matrix_product_of_nothing_sends_nothing() -> None:
    x, w = Tensor([[1.0, 2.0]]), Tensor([[np.inf], [1.0]])
    out = where(np.zeros((1, 1)), x @ w, 0.0 * x.sum()).sum()
    assert grad(out, x).tolist() == [[0.0, 0.0]]
    empty = Tensor(np.zeros((0, 2)))
    assert grad((empty @ Tensor(np.ones((2, 2)))).sum(), empty, create_graph=True).shape == (0, 2)


@pytest.mark.parametrize("exponent", [1.5, 2.5, 3.5])
def test_a_fractional_power_that_is_not_taken_sends_no_nan_in_tapes(exponent) -> None:
    """Whatever the exponent: below 0 the power itself is none."""
    numbers = np.array([-1.0, 4.0])
    with np.errstate(all="ignore"):
        for x in (Tensor(numbers), Tensor([1.0, 1.0])):
            out = where(np.array([0.0, 1.0]), x**exponent, 0.0).sum()
            tape = Tape(out, [x], strict=False)
            found = tape.value_and_grad(numbers)[1][0]
            assert close(found, [0.0, exponent * 4.0 ** (exponent - 1)])
        for divisor in (np.inf, 0.0):
            x = Tensor([1.0, 1.0])
            out = where(np.array([0.0, 1.0]), x / np.array([divisor, 2.0]), 0.0).sum()
            assert close(Tape(out, [x]).value_and_grad([3.0, 5.0])[1][0], [0.0, 0.5])
