"""Convolution, pooling and attention against their definitions, and the errors they give."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
from autograd import Tensor, grad
from nets.layers import functional
from nets.layers.carriers import numbers

sizes, steps, pads = st.integers(1, 3), st.integers(1, 3), st.integers(0, 2)


def convolved(x, weight, bias, stride, padding, dilation, groups):
    """The definition of conv2d, written with loops."""
    batch, channels, *_ = x.shape
    x = np.pad(x, [(0, 0), (0, 0), *((p, p) for p in padding)])
    kernel = weight.shape[2:]
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    out = [(n - span) // s + 1 for n, span, s in zip(x.shape[2:], spans, stride, strict=True)]
    y = np.zeros((batch, len(weight), *out))
    part, inputs = len(weight) // groups, channels // groups
    for b, o, i, j in np.ndindex(*y.shape):
        y[b, o, i, j] = bias[o]
        for c, di, dj in np.ndindex(inputs, *kernel):
            row, column = i * stride[0] + di * dilation[0], j * stride[1] + dj * dilation[1]
            y[b, o, i, j] += weight[o, c, di, dj] * x[b, o // part * inputs + c, row, column]
    return y


@st.composite
def convolutions(draw):
    kernel, stride, dilation = (draw(st.tuples(sizes, sizes)) for _ in range(3))
    padding, groups = draw(st.tuples(pads, pads)), draw(st.integers(1, 2))
    inputs, outputs = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    plane = [draw(st.integers(1, 6)) for _ in range(2)]
    assume(all(n + 2 * p >= span for n, p, span in zip(plane, padding, spans, strict=True)))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    x = rng.integers(-5, 6, (draw(st.integers(0, 2)), inputs, *plane)).astype(float)
    weight = rng.integers(-5, 6, (outputs, inputs // groups, *kernel)).astype(float)
    bias = rng.integers(-5, 6, outputs).astype(float)
    return x, weight, bias, stride, padding, dilation, groups


@given(convolutions())
def test_conv2d_is_its_definition(case):
    assert np.array_equal(functional.conv2d(*case), convolved(*case))


@given(convolutions())
def test_the_gradients_of_conv2d_are_its_adjoints(case):
    """⟨g, conv(x, w)⟩ is linear in x and in w, so equal to ⟨x, ∂x⟩ and to ⟨w, ∂w⟩."""
    x, weight, _, *options = case
    X, W = Tensor(x), Tensor(weight)
    y = functional.conv2d(X, W, None, *options)
    g = np.random.default_rng(0).integers(-5, 6, y.shape).astype(float)
    dx, dw = grad(y, [X, W], g)
    assert np.vdot(g, y.data) == np.vdot(x, dx) == np.vdot(weight, dw)


def test_one_image_needs_no_batch_and_many_axes_may_lead():
    rng = np.random.default_rng(0)
    x, weight = rng.normal(size=(2, 3, 4, 5, 5)), rng.normal(size=(6, 4, 3, 3))
    y = functional.conv2d(x, weight)
    assert y.shape == (2, 3, 6, 3, 3)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_allclose(functional.conv2d(x[i, j], weight), y[i, j], rtol=1e-12)


@given(st.tuples(sizes, sizes), st.tuples(steps, steps), st.integers(0, 1), st.integers(0, 99))
def test_pooling_is_its_definition(size, stride, padding, seed):
    assume(2 * padding <= min(size))
    x = np.random.default_rng(seed).integers(-9, 10, (2, 5, 6)).astype(float)
    for pool, reduce, value in [
        (functional.max_pool2d, np.max, -np.inf),
        (functional.avg_pool2d, np.mean, 0.0),
    ]:
        padded = np.pad(x, [(0, 0), (padding,) * 2, (padding,) * 2], constant_values=value)
        rows, columns = (
            range(0, n - k + 1, s) for n, k, s in zip(padded.shape[1:], size, stride, strict=True)
        )
        expected = [
            [reduce(padded[:, i : i + size[0], j : j + size[1]], axis=(1, 2)) for j in columns]
            for i in rows
        ]
        y = pool(x, size, stride, padding)
        np.testing.assert_allclose(y, np.moveaxis(expected, 2, 0), rtol=1e-14)


def test_pools_don_t_overlap_by_default_and_ties_share():
    x = Tensor([[1.0, 1.0, 0.0], [0.0, 1.0, 9.0]])
    y = functional.max_pool2d(x, 2)
    assert y.shape == (1, 1)
    assert grad(y, x, [[3.0]]).tolist() == [[1, 1, 0], [0, 1, 0]]


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: functional.conv2d(np.ones((1, 3, 4, 4)), np.ones((2, 2, 3, 3))), "channels agree"),
        (lambda: functional.conv2d(np.ones((4, 4)), np.ones((2, 1, 3, 3))), "must have shapes"),
        (lambda: functional.conv1d(np.ones((2, 4)), np.ones((3, 1, 2)), groups=2), "must divide"),
        (
            lambda: functional.conv2d(np.ones((1, 2, 2)), np.ones((1, 1, 3, 3))),
            "windows: .* must fit",
        ),
        (lambda: functional.conv1d(np.ones((1, 4)), np.ones((1, 1, 2)), padding=-1), "padding"),
        (
            lambda: functional.conv1d(np.ones((1, 4)), np.ones((1, 1, 2)), padding=(1, 1)),
            "each of 1 axes",
        ),
        (lambda: functional.max_pool2d(np.ones((4, 4)), 2, padding=2), "at most half"),
        (lambda: functional.layer_norm(np.ones((2, 3)), 2), "normalized_shape"),
        (lambda: functional.batch_norm(np.ones(3)), "batch, channels"),
        (lambda: functional.gelu(1.0, "erf"), "'none' or 'tanh'"),
        (lambda: functional.dropout([1.0], 1.0, np.random.default_rng(0)), r"\[0, 1\)"),
        (lambda: functional.linear(np.ones((2, 3)), np.ones((4, 2))), "inner dimensions"),
    ],
)
def test_errors_say_what_is_wrong(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_attention_is_its_definition():
    rng = np.random.default_rng(0)
    q, k, v = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 5, 4)), rng.normal(size=(2, 5, 6))
    y = functional.attention(q, k, v)
    for b, i in itertools.product(range(2), range(3)):
        weights = np.exp(k[b] @ q[b, i] / 2)
        np.testing.assert_allclose(y[b, i], weights @ v[b] / weights.sum(), rtol=1e-12)


def test_every_function_works_on_tensors_arrays_and_object_arrays():
    """One code for all: the numbers agree whatever carries them."""
    rng = np.random.default_rng(0)
    image, w, vector = rng.normal(size=(2, 3, 4, 4)), rng.normal(size=(2, 3, 2, 2)), np.ones(4)
    calls = [
        (functional.conv2d, image, w),
        (functional.max_pool2d, image, 2),
        (functional.avg_pool2d, image, 2),
        (functional.global_avg_pool, image),
        (functional.layer_norm, image, 4, vector, vector),
        (functional.batch_norm, image, None, None, np.ones(3), np.ones(3)),
        (functional.attention, image, image, image),
        (functional.gelu, image),
        (functional.leaky_relu, image),
    ]
    for function, *arguments in calls:
        y = function(*arguments)
        assert type(y) is np.ndarray

        def of(carrier, arguments=arguments, function=function):
            return numbers(
                function(*(carrier(a) if isinstance(a, np.ndarray) else a for a in arguments))
            )

        assert np.array_equal(of(Tensor), y)
        np.testing.assert_allclose(of(autograd.as_values), y, rtol=1e-12, atol=1e-12)


@given(st.floats(-40, 40))
def test_gelu_and_its_approximation_are_close_and_differ(x):
    exact, approximate = functional.gelu(x), functional.gelu(x, approximate="tanh")
    assert abs(exact - approximate) < 1e-3
    assert exact == x if x > 10 else abs(exact) <= abs(x)
