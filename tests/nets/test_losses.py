"""The losses: their definitions, their gradients, and their steadiness at the extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
import nets
from autograd import Tensor, grad
from autograd.testing import check_grads

logits = st.lists(st.floats(-1000, 1000), min_size=1, max_size=5)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("loss", "targets"),
    [
        (nets.sum_of_squared_errors, np.linspace(-1, 1, 12).reshape(3, 4)),
        (nets.mean_squared_error, np.linspace(-1, 1, 12).reshape(3, 4)),
        (nets.log_loss, np.linspace(0, 1, 12).reshape(3, 4)),
        (nets.hinge, np.resize([1.0, -1.0, 1.0], (3, 4))),
        (nets.cross_entropy, np.array([3, 0, 1])),
        (nets.cross_entropy, np.full((3, 4), 0.25)),
    ],
)
def test_gradients_of_both_orders_and_the_scalar_form_are_right(loss, targets, rng):
    z = Tensor(rng.normal(size=(3, 4)))
    check_grads(lambda z: loss(z, targets), z, order=2)
    scalars = autograd.as_values(z.data)
    whole, single = loss(z, targets), loss(scalars, targets)
    assert single.data == pytest.approx(whole.item(), rel=1e-12)
    np.testing.assert_allclose(
        grad(single, list(scalars.flat)), grad(whole, z).ravel(), rtol=1e-12, atol=1e-15
    )


def test_soft_targets_may_be_nodes(rng):
    z, d = Tensor(rng.normal(size=(2, 3))), Tensor(rng.uniform(size=(2, 3)))
    for loss in (nets.cross_entropy, nets.log_loss, nets.mean_squared_error):
        check_grads(loss, z, d)


def test_the_gradient_of_the_sum_of_squared_errors_is_the_error(rng):
    y, d = Tensor(rng.normal(size=5)), rng.normal(size=5)
    np.testing.assert_allclose(grad(nets.sum_of_squared_errors(y, d), y), y.data - d, rtol=1e-15)


@given(logits)
def test_log_loss_is_its_definition_and_never_overflows(z):
    z = np.array(z)
    for d in (0.0, 1.0, 0.3):
        loss = nets.log_loss(z, np.full(z.shape, d))
        assert 0 <= loss <= 1000
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            p = 1 / (1 + np.exp(-z))
            expected = -(d * np.log(p) + (1 - d) * np.log(1 - p)).mean()
        if np.abs(z).max() < 20:
            np.testing.assert_allclose(loss, expected, rtol=1e-6, atol=1e-9)


@given(st.lists(st.floats(-1000, 1000), min_size=2, max_size=5), st.data())
def test_cross_entropy_of_a_class_is_that_of_its_one_hot_distribution(z, data):
    k = data.draw(st.integers(0, len(z) - 1))
    loss = nets.cross_entropy([z], [k])
    assert loss == nets.cross_entropy([z], np.eye(len(z))[[k]])
    assert 0 <= loss <= 2000 + np.log(len(z))
    assert nets.cross_entropy(np.array(z) + 7, k) == pytest.approx(loss.item(), abs=1e-10)


def test_cross_entropy_of_two_classes_is_log_loss(rng):
    z, d = rng.normal(size=6), rng.integers(2, size=6)
    both = np.stack([np.zeros(6), z], axis=1)
    assert nets.cross_entropy(both, d) == pytest.approx(nets.log_loss(z, d), rel=1e-14)


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ([0, 3], "between 0 and 2, got 0 to 3"),
        ([-1, 0], "between 0 and 2"),
        ([0.0, 1.0], "must be integers of shape"),
        ([0, 1, 2], "must be integers of shape"),
    ],
)
def test_cross_entropy_refuses_classes_that_are_none(targets, says):
    with pytest.raises(ValueError, match=says):
        nets.cross_entropy(np.zeros((2, 3)), targets)


@pytest.mark.parametrize(
    "loss",
    [nets.sum_of_squared_errors, nets.mean_squared_error, nets.log_loss, nets.hinge],
)
def test_shapes_must_agree_rather_than_broadcast(loss):
    with pytest.raises(ValueError, match=r"same shape, got \(4, 1\) and \(4,\)"):
        loss(np.zeros((4, 1)), np.zeros(4))


def test_zero_one_counts_what_is_misclassified():
    scores = Tensor([[0.2, 0.7, 0.1], [0.9, 0.0, 0.1], [0.3, 0.3, 0.4]])
    assert nets.zero_one(scores, [1, 0, 0]) == 1
    assert nets.zero_one(scores.data[0], 1) == 0
    assert nets.zero_one(autograd.as_values([1.0, -1.0, 0.0]), [1, -1, -1]) == 1
    with pytest.raises(ValueError, match="same shape"):
        nets.zero_one(scores, [1, 0])
