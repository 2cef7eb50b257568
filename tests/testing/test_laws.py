"""Every law, on functions that obey it and on functions that do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, mul, softmax
from autograd.testing import GradientError, expressions, networks, replaced
from autograd.testing.laws import (
    equivariant,
    homogeneous,
    invariant,
    linear_in_cotangent,
    replay_equals_eager,
    sum_rule,
    symmetric_hessian,
    values_equal_tensors,
)

rng = np.random.default_rng(0)
X = Tensor(rng.normal(size=(4, 3)), label="X")
W = Tensor(rng.normal(size=(3, 3)), label="W")
SQUARED_COTANGENT = (lambda g, out, x, y: g * g * y, mul.vjps[1])
SHARED_COTANGENT = (lambda g, out, x, y: g * x, lambda g, out, x, y: g * y)  # the wrong variable
FORGETFUL = (lambda g, out, x, y: g * 0.5 * y, mul.vjps[1])


def layer_norm(x):
    centred = x - autograd.mean(x, axis=-1, keepdims=True)
    return centred / autograd.std(x, axis=-1, keepdims=True)


def attention(x, w):
    return softmax(x @ w @ autograd.transpose(x)) @ x


@given(st.one_of(expressions(scalar=False), networks()))
def test_every_graph_is_linear_in_the_cotangent(e):
    linear_in_cotangent(e, *e.inputs)


@given(networks(smooth=True))
def test_every_smooth_network_has_a_symmetric_hessian(network):
    symmetric_hessian(network, *network.inputs)


@given(expressions(smooth=True))
def test_every_smooth_expression_has_a_symmetric_hessian(e):
    symmetric_hessian(e, *e.inputs)


@given(st.one_of(expressions(smooth=True), networks(smooth=True)))
def test_every_smooth_graph_replays(e):
    replay_equals_eager(e, *e.inputs)


@given(st.one_of(expressions(), networks()))
def test_every_graph_is_equal_to_its_scalar_graph(e):
    values_equal_tensors(e, *e.inputs, rtol=1e-11)


def test_the_laws_hold_for_values_and_functions_of_several_inputs():
    a, b = Value(0.7), Value(-1.2)

    def f(a, b):
        return (a * b + a).tanh() * b

    linear_in_cotangent(f, a, b)
    symmetric_hessian(f, a, b)
    replay_equals_eager(f, a, b)
    values_equal_tensors(f, a, b)
    sum_rule(f, lambda a, b: a / b, a, b)
    homogeneous(lambda a, b: a * a * b / (a + b), a, b, degree=2)


def test_linearity_in_the_cotangent_fails_for_a_rule_that_is_not():
    with replaced(mul, vjps=SQUARED_COTANGENT), pytest.raises(GradientError, match="linearity"):
        linear_in_cotangent(lambda x: x * 2.0, X)
    constant = (lambda g, out, x, y: g * y + 1e-3, mul.vjps[1])
    with replaced(mul, vjps=constant), pytest.raises(GradientError):
        linear_in_cotangent(lambda x: x * 2.0, X)


def test_euler_s_theorem():
    homogeneous(lambda x: x * x * x, X, degree=3)
    homogeneous(autograd.norm, X, degree=1)
    homogeneous(attention, X, Tensor(np.zeros((3, 3))), degree=1)
    homogeneous(layer_norm, X, degree=0)
    homogeneous(autograd.relu, X, degree=1)
    with pytest.raises(GradientError, match="degree 2"):
        homogeneous(lambda x: x * x * x, X, degree=2)
    with pytest.raises(GradientError):
        homogeneous(lambda x: x * x + 1e-3, X, degree=2)
    with replaced(mul, vjps=FORGETFUL), pytest.raises(GradientError):
        homogeneous(lambda x: x * x, X, degree=2)


def test_symmetry_of_the_hessian():
    symmetric_hessian(attention, X, W)
    with replaced(mul, vjps=SHARED_COTANGENT), pytest.raises(GradientError, match="symmetry"):
        symmetric_hessian(lambda x, w: autograd.sin(x @ w) * x, X, W)


def test_equivariance_under_permutation():
    equivariant(attention, X, W)
    equivariant(layer_norm, X, axis=0)
    equivariant(layer_norm, X, axis=1)
    equivariant(autograd.tanh, X, axis=1)
    with pytest.raises(GradientError, match="equivariance under"):
        equivariant(lambda x: autograd.cumsum(x, axis=0), X)
    positions = np.arange(4.0)[:, None]
    with pytest.raises(GradientError):
        equivariant(lambda x: x + positions, X)

    def detached_at_the_front(x):  # the value is equivariant, the gradient is not
        mask = np.array([0.0, 1.0, 1.0, 1.0])[:, None]
        return x * mask + autograd.stop_gradient(x) * (1 - mask)

    with pytest.raises(GradientError, match="of the gradient"):
        equivariant(detached_at_the_front, X)


def test_two_rows_are_always_exchanged_whatever_the_seed():
    positions = np.arange(2.0)[:, None]
    for seed in range(6):
        with pytest.raises(GradientError):
            equivariant(lambda x: x + positions, Tensor(X.data[:2]), seed=seed)


def test_invariance():
    invariant(softmax, lambda x: x + 100.0, X)
    invariant(autograd.log_softmax, lambda x: x - 3.0, X)
    invariant(layer_norm, lambda x: 2.5 * x + 7.0, X)
    invariant(lambda x, w: autograd.sum(layer_norm(x) @ w), lambda x: 3.0 * x, X, W)
    with pytest.raises(GradientError, match="invariance does not hold"):
        invariant(softmax, lambda x: 2.0 * x, X)
    with pytest.raises(GradientError, match="of the gradient"):
        invariant(lambda x: x - autograd.stop_gradient(x.mean()), lambda x: x + 1.0 * x.mean(), X)
    with pytest.raises(GradientError, match=r"the shapes are \(3, 3\) and \(4, 3\)"):
        invariant(autograd.tanh, lambda x: x[1:], X)


def test_the_sum_rule():
    sum_rule(autograd.sin, lambda x: x @ W, X)
    wrong = (lambda g, out, x, y: 2 * g, autograd.add.vjps[1])
    with replaced(autograd.add, vjps=wrong), pytest.raises(GradientError, match="sum rule"):
        sum_rule(autograd.sin, autograd.cos, X)


def test_a_replay_equals_an_eager_run():
    replay_equals_eager(attention, X, W)
    replay_equals_eager(lambda x: autograd.maximum(x, 0.1), X)
    with pytest.raises(GradientError, match="recompute"):
        replay_equals_eager(lambda x: x * x.data, X)
    with pytest.raises(GradientError):
        replay_equals_eager(lambda x: x / autograd.sum(x).item(), X)


def test_a_scalar_graph_equals_its_tensor_graph():
    values_equal_tensors(attention, X, W)
    values_equal_tensors(lambda x, w: x.tanh(), X, W)  # an input that takes no part
    array = autograd.tanh.array
    with (
        replaced(autograd.tanh, array=lambda x: array(x) * (1 + 1e-9)),
        pytest.raises(GradientError, match="scalarized"),
    ):
        values_equal_tensors(autograd.tanh, X)


@pytest.mark.parametrize("seed", range(5))
def test_gradients_that_cancel_are_equal_up_to_the_rounding_of_what_cancels(seed):
    b, a = Tensor([1.0, 2.0, 0.5]), Value(1.0)
    values_equal_tensors(lambda b, a: b + a - a, b, a, seed=seed)
    linear_in_cotangent(lambda b, a: autograd.log(autograd.exp(b * a)) - b * a, b, a, seed=seed)


def test_a_nan_breaks_every_law():
    with pytest.raises(GradientError):
        linear_in_cotangent(lambda x: x * np.nan, X)
