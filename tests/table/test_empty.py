"""Axes of one and of no elements: every row gives the same eagerly, taped and scalarized."""

import math
import warnings

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd
from autograd import TABLE, Tensor, Value, grad, scalarize, sum_to
from autograd.tape import Tape

SHAPES = hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=2)
REDUCING = ["sum", "mean", "prod", "max", "min", "var", "std", "norm", "logsumexp"]
ALONG = ["softmax", "log_softmax", "cumsum", "cumprod"]
UNARY = [op for op in TABLE.values() if op.scalar and len(op.vjps) == 1 and not op.variadic]
BINARY = [op for op in TABLE.values() if op.scalar and len(op.vjps) == 2]


def filled(shape):
    """Numbers of this shape in which rows are smooth, and no two are the same."""
    return Tensor(np.linspace(0.6, 1.4, math.prod(shape)).reshape(shape))


def plain(found):
    """The numbers of an array of Values, all of which must be some."""
    values = np.asarray(found, object)
    assert all(type(v) is Value for v in values.flat)
    return np.array([v.data for v in values.flat]).reshape(values.shape)


def agree(function, *shapes):
    """All ways to compute `function`, and its gradients to second order, agree."""
    xs = [filled(shape) for shape in shapes]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NaNs, of which NumPy warns
        y = function(*xs)
        loss = y.sum()
        gradients = grad(loss, xs, create_graph=True)
        for node in (y, loss, *gradients):
            found = scalarize(node)
            assert isinstance(found, Value) == (node.shape == ())
            np.testing.assert_allclose(plain(found), node.raw, atol=1e-12)
        scalars = {}
        scalarize(loss, scalars).backward()
        value, taped = Tape(loss, xs, strict=False).value_and_grad()
        np.testing.assert_allclose(value, loss.raw)
        for x, gradient, replayed in zip(xs, gradients, taped, strict=True):
            assert gradient.shape == x.shape
            np.testing.assert_allclose(replayed, gradient.raw, atol=1e-12)
            leaves = np.ravel(scalars[x]) if x in scalars else [Value(0.0)] * x.size
            reached = [0.0 if v.grad is None else v.grad for v in leaves]
            np.testing.assert_allclose(reached, gradient.raw.ravel(), atol=1e-12)


@pytest.mark.parametrize("name", REDUCING)
@given(shape=SHAPES, data=st.data())
def test_reductions(name, shape, data):
    axes = st.none() | st.integers(-len(shape), len(shape) - 1) if shape else st.none()
    axis, keepdims = data.draw(axes), data.draw(st.booleans())

    def reduced(x):
        return getattr(autograd, name)(x, axis=axis, keepdims=keepdims)

    if name in ("max", "min") and 0 in (shape if axis is None else (shape[axis],)):
        with pytest.raises(ValueError, match="of no elements"):
            reduced(filled(shape))
        return
    agree(reduced, shape)


@pytest.mark.parametrize("name", ALONG)
@given(shape=SHAPES.filter(bool), data=st.data())
def test_along_an_axis(name, shape, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    agree(lambda x: getattr(autograd, name)(x, axis=axis), shape)


@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.name)
@given(shape=SHAPES)
def test_elementwise_rows(op, shape):
    agree(op, shape)


@pytest.mark.parametrize("op", BINARY, ids=lambda op: op.name)
@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_side=2, max_dims=3))
@example(shapes=hnp.BroadcastableShapes(((1,), (1, 2)), (1, 2)))
@example(shapes=hnp.BroadcastableShapes(((1,), (2, 0)), (2, 0)))
def test_broadcast_rows(op, shapes):
    agree(op, *shapes.input_shapes)


@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=1, base_shape=(2, 1, 2), min_side=0))
@example(shapes=hnp.BroadcastableShapes(((1,),), (1,)))
@example(shapes=hnp.BroadcastableShapes(((1, 1),), (1,)))
def test_sums_to_a_shape_and_back(shapes):
    (small,) = shapes.input_shapes
    big = np.broadcast_shapes(small, (2, 1, 2))
    agree(lambda x: sum_to(x, shape=small), big)
    agree(lambda x: autograd.broadcast_to(x, shape=big), small)


@given(
    hnp.mutually_broadcastable_shapes(
        signature="(m,k),(k,n)->(m,n)", min_side=0, max_side=2, max_dims=1
    )
)
def test_products(shapes):
    agree(autograd.matmul, *shapes.input_shapes)


@given(SHAPES.filter(bool))
def test_rows_that_move_elements(shape):
    agree(lambda x: x.T, shape)
    agree(lambda x: x[:1], shape)
    agree(lambda x: x[None], shape)
    agree(lambda x: x[np.array([], int)], shape)
    agree(lambda x: autograd.pad(x, width=[(1, 0)] * x.ndim), shape)
    agree(lambda x: autograd.concatenate([x, x], axis=-1), shape)
    agree(lambda x: autograd.stack([x, x]), shape)
    agree(lambda x: x.reshape(*shape[::-1]), shape)
    agree(lambda x: x.reshape(-1) if x.size else x.reshape(0), shape)


# --- what is said of single cases ---------------------------------------------------------------


def test_a_sum_to_one_element_is_an_array_of_one():
    found = scalarize(sum_to(Tensor([[1.0, 2.0]]), shape=(1,)))
    assert found.shape == (1,)
    assert found[0].data == 3.0
    b = Tensor([2.0])
    scalars = {}
    scalarize((b * Tensor(np.ones((3, 2)))).sum(), scalars).backward()
    assert scalars[b][0].grad == 6.0


def test_an_empty_sum_is_a_value():
    found = scalarize(Tensor(np.ones((0, 3))).sum())
    assert isinstance(found, Value)
    assert found.data == 0.0
    found.backward()
    assert found.grad == 1.0


@pytest.mark.parametrize("make", [Tensor, np.asarray], ids=["tensor", "array"])
def test_what_no_elements_come_to(make):
    none, rows = make(np.ones(0)), make(np.ones((3, 0)))

    def number(x):
        return x.data if isinstance(x, Tensor) else x

    assert number(autograd.sum(none)) == number(autograd.norm(none)) == 0.0
    assert number(autograd.prod(none)) == 1.0
    assert number(autograd.logsumexp(none)) == -math.inf
    np.testing.assert_array_equal(number(autograd.norm(rows, axis=1)), np.zeros(3))
    assert autograd.softmax(none).shape == autograd.log_softmax(none).shape == (0,)
    assert autograd.softmax(rows).shape == (3, 0)
    with pytest.warns(RuntimeWarning):
        assert math.isnan(number(autograd.mean(none)))
    for name in ("max", "min"):
        with pytest.raises(ValueError, match="of no elements"):
            getattr(autograd, name)(none)


def test_gradients_of_no_elements_are_empty():
    x = Tensor(np.ones((3, 0)))
    for loss in (x.softmax().sum(), x.norm(), x.logsumexp(axis=1).exp().sum(), x.prod()):
        assert grad(loss, x).shape == (3, 0)
