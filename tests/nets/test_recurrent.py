"""Recurrent layers and RMS norm against finite differences, scalar graphs and written-out steps."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
import nets
from autograd import Tensor
from autograd.testing import check_grads
from nets.layers.carriers import numbers

KINDS = {"RNN": nets.RNN, "LSTM": nets.LSTM, "GRU": nets.GRU}


def rng(seed=0):
    return np.random.default_rng(seed)


def sigma(x):
    return 1 / (1 + np.exp(-x))


def by_hand(kind, state, x):
    """The outputs of one layer, step by step."""
    w_x, w_h, b_x, b_h = (
        state[f"{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    )
    h = c = np.zeros((len(x), w_h.shape[1]))
    outputs = []
    for t in range(x.shape[1]):
        a, b = x[:, t] @ w_x.T + b_x, h @ w_h.T + b_h
        if kind == "RNN":
            h = np.tanh(a + b)
        elif kind == "LSTM":
            i, f, g, o = np.split(a + b, 4, axis=1)
            c = sigma(f) * c + sigma(i) * np.tanh(g)
            h = sigma(o) * np.tanh(c)
        else:
            (ar, az, an), (br, bz, bn) = np.split(a, 3, axis=1), np.split(b, 3, axis=1)
            z = sigma(az + bz)
            h = (1 - z) * np.tanh(an + sigma(ar + br) * bn) + z * h
        outputs.append(h)
    return np.stack(outputs, axis=1), c


@pytest.mark.parametrize("name", KINDS)
def test_the_steps(name):
    model, x = KINDS[name](3, 4, rng=rng()), rng(1).normal(size=(2, 5, 3))
    expected, c = by_hand(name, model.state_dict(), x)
    outputs, state = model(x)
    np.testing.assert_allclose(outputs.data, expected, rtol=1e-12)
    last = state[0] if name == "LSTM" else state
    np.testing.assert_allclose(last.data, expected[None, :, -1], rtol=1e-12)
    if name == "LSTM":
        np.testing.assert_allclose(state[1].data, c[None], rtol=1e-12)
    assert [node.label for node in autograd.toposort(outputs) if node.op and node.label] == [
        "h1", "h2", "h3", "h4", "h5",
    ]  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("layers", "bias"), [(1, True), (2, False)])
def test_gradients(name, layers, bias):
    model = KINDS[name](2, 2, layers, bias, rng=rng())
    x = Tensor(rng(1).normal(size=(2, 3, 2)), label="x")
    check_grads(lambda x: model(x)[0], x, params=model.parameters())


@pytest.mark.parametrize("name", KINDS)
def test_a_state_that_is_handed_on_goes_on(name):
    model, x = KINDS[name](3, 4, 2, rng=rng()), rng(1).normal(size=(2, 6, 3))
    whole, end = model(x)
    first, state = model(x[:, :2])
    rest, state = model(x[:, 2:], state)
    both = np.concatenate([first.data, rest.data], axis=1)
    np.testing.assert_allclose(both, whole.data, rtol=1e-12)
    pairs = zip(end, state, strict=True) if name == "LSTM" else [(end, state)]
    for one, other in pairs:
        np.testing.assert_allclose(one.data, other.data, rtol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_single_numbers_compute_the_same(name):
    model, x = KINDS[name](2, 3, rng=rng()), rng(1).normal(size=(2, 3, 2))
    np.testing.assert_allclose(numbers(model.scalarize()(x)[0]), model(x)[0].data, rtol=1e-12)


@pytest.mark.parametrize("name", KINDS)
def test_float32_stays(name):
    model = KINDS[name](2, 3, rng=rng()).astype(np.float32)
    outputs, _ = model(np.ones((4, 2), np.float32))
    assert outputs.dtype == np.float32 and outputs.shape == (4, 3)


def test_what_does_not_fit():
    with pytest.raises(ValueError, match="sizes and layers must be at least 1, got 2, 0 and 1"):
        nets.GRU(2, 0, rng=rng())
    for shape in ((2, 5, 4), (2, 0, 3)):
        with pytest.raises(ValueError, match=r"LSTM: x must have shape \(..., time, 3\)"):
            nets.LSTM(3, 4, rng=rng())(np.zeros(shape))


class Last(nets.Module, steady=True):
    """A class from the last state."""

    def __init__(self, kind):
        self.body, self.head = kind(1, 12, rng=rng()), nets.Linear(12, 1, rng=rng(1))

    def forward(self, x):
        return self.head(self.body(x)[0][:, -1])


@pytest.mark.parametrize("name", KINDS)
def test_a_memory_of_the_first_step_is_learned(name):
    X = rng(2).normal(size=(120, 8, 1))
    y = (X[:, 0] > 0).astype(float)
    model = Last(KINDS[name])
    adam = nets.Adam(model.parameters(), lr=0.02)
    history = nets.fit(
        model, (X, y), loss=nets.log_loss, optimiser=adam, epochs=80, rng=rng(),
        metrics={"accuracy": nets.accuracy},
    )  # fmt: skip
    assert history["accuracy"][-1] >= 0.9


def test_rms_norm():
    x, weight = rng().normal(size=(3, 4)), rng(1).normal(size=4)
    expected = x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + 1e-5) * weight
    np.testing.assert_allclose(nets.functional.rms_norm(x, 4, weight, 1e-5), expected, rtol=1e-12)
    model = nets.RMSNorm((4,))
    check_grads(model, Tensor(x), params=model.parameters())
    np.testing.assert_allclose(numbers(model.scalarize()(x)), model(x).data, rtol=1e-12)
    assert nets.RMSNorm(4, elementwise_affine=False).parameters() == []
    single = model.astype(np.float32)(np.float32(x))
    assert single.dtype == np.float32
    with pytest.raises(ValueError, match=r"rms_norm: the last axes of x must be .*\(5,\)"):
        nets.RMSNorm(5)(x)


@pytest.mark.parametrize(
    ("options", "targets"),
    [
        ({"ignore_index": 1}, [0, 2, 1, 1]),
        ({"label_smoothing": 0.2}, [0, 2, 1, 1]),
        ({"label_smoothing": 1.0, "ignore_index": 0}, [0, 2, 1, 1]),
    ],
)
def test_options_of_cross_entropy(options, targets):
    z = Tensor(rng().normal(size=(4, 3)))
    check_grads(lambda z: nets.cross_entropy(z, targets, **options), z)
    scalars = nets.cross_entropy(autograd.as_values(z.data), targets, **options)
    np.testing.assert_allclose(numbers(scalars), nets.cross_entropy(z, targets, **options).data)


def test_padding_that_keeps_the_size():
    model = nets.Conv2d(1, 2, (3, 2), padding="same", dilation=(1, 2), rng=rng())
    x = rng(1).normal(size=(1, 1, 4, 3))
    check_grads(model, Tensor(x), params=model.parameters())
    np.testing.assert_allclose(numbers(model.scalarize()(x)), model(x).data, rtol=1e-12)
