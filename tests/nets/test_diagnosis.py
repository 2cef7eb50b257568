"""`diagnose` names what was broken on purpose, and says nothing of what is healthy."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pytest

import autograd
import nets
from autograd import Tensor
from nets import MLP, Linear, Module, Sequential, diagnose


def rng(seed=0):
    return np.random.default_rng(seed)


X = rng(1).normal(size=(60, 4))
SIGNS = (X[:, :1] > 0).astype(float)
CLASSES = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)


def mlp(*widths, activation=autograd.relu, seed=0):
    return MLP(*widths, activation=activation, rng=rng(seed))


def scaled(model, factor):
    for parameter in model.parameters():
        parameter.data = parameter.data * factor
    return model


def dead():
    model = mlp(4, 16, 1)
    model.layers[0].bias.data -= 9.0
    return model, X, SIGNS, nets.log_loss


def half_dead():
    model = mlp(4, 16, 1)
    model.layers[0].bias.data[:10] = -9.0
    return model, X, SIGNS, nets.log_loss


def alike():
    model = mlp(4, 16, 1, activation=autograd.tanh)
    model.layers[0].weight.data = np.full((16, 4), 0.3)
    model.layers[0].bias.data = np.zeros(16)
    return model, X, SIGNS, nets.log_loss


def unused():
    class Half(Module):
        def __init__(self):
            self.used, self.forgotten = Linear(4, 1, rng=rng()), Linear(4, 1, rng=rng())

        def forward(self, x):
            return self.used(x)

    return Half(), X, SIGNS, nets.log_loss


def recurrent(factor, size=1e-3):
    model = nets.RNN(4, 8, rng=rng())
    model.weight_hh_l0.data = np.eye(8) * factor
    model.bias_ih_l0.data = model.bias_hh_l0.data = np.zeros(8)
    sequences = size * rng(2).normal(size=(10, 30, 4))
    return model, sequences, np.ones((10, 8)), lambda out, y: nets.mean_squared_error(out[:, -1], y)


def own_softmax(axis):
    return lambda x: autograd.softmax(x, axis=axis)


BROKEN = {
    "dead ReLUs": (dead, "relu after layers.0: all 16 units are dead"),
    "some dead ReLUs": (half_dead, "relu after layers.0: 10 of 16 units are dead"),
    "saturated tanh": (
        lambda: (scaled(mlp(4, 16, 1, activation=autograd.tanh), 50), X, SIGNS, nets.log_loss),
        "tanh after layers.0: .*% of its outputs are saturated",
    ),
    "saturated sigmoid": (
        lambda: (scaled(mlp(4, 16, 1, activation=autograd.sigmoid), 50), X, SIGNS, nets.log_loss),
        "sigmoid after layers.0: .*% of its outputs are saturated",
    ),
    "vanishing gradients": (
        lambda: (mlp(4, *[16] * 12, 1, activation=autograd.sigmoid), X, SIGNS, nets.log_loss),
        "gradients vanish from layers.12 back to layers.0",
    ),
    "exploding gradients": (
        lambda: (scaled(mlp(4, *[16] * 8, 1), 12), X, SIGNS, nets.mean_squared_error),
        "gradients explode from layers.8 back to layers.0",
    ),
    "vanishing through time": (
        lambda: recurrent(0.5),
        "vanish through time, from h30 to h1: by a factor",
    ),
    "exploding through time": (
        lambda: recurrent(2.0, 1e-12),
        "explode through time, from h30 to h1",
    ),
    "softmax twice": (
        lambda: (Sequential(mlp(4, 8, 3), nets.Softmax()), X, CLASSES, nets.cross_entropy),
        "cross_entropy takes another one",
    ),
    "softmax twice, with options": (
        lambda: (
            Sequential(mlp(4, 8, 3), nets.Softmax()),
            X,
            CLASSES,
            partial(nets.cross_entropy, label_smoothing=0.1),
        ),
        "cross_entropy takes another one",
    ),
    "sigmoid before log_loss": (
        lambda: (Sequential(mlp(4, 8, 1), nets.Sigmoid()), X, SIGNS, nets.log_loss),
        "log_loss takes another one",
    ),
    "softmax along the examples": (
        lambda: (Sequential(mlp(4, 8, 3), own_softmax(0)), X, CLASSES, nets.cross_entropy),
        "the softmax goes along the examples; pass axis=-1",
    ),
    "a ReLU at the end": (
        lambda: (Sequential(mlp(4, 8, 1), nets.ReLU()), X, -SIGNS, nets.mean_squared_error),
        "leave the last ReLU out",
    ),
    "units that are alike": (alike, "layers.0: all its units have the same weights"),
    "a layer that is not used": (unused, "forgotten.weight: the loss does not depend on it"),
    "inputs out of scale": (
        lambda: (mlp(4, 8, 1), 1e4 * X, SIGNS, nets.log_loss),
        "the inputs are as large as .*e\\+04: scale them",
    ),
    "an output that is not finite": (
        lambda: (scaled(mlp(4, 8, 8, 1), 1e200), X, SIGNS, nets.log_loss),
        "the output is not finite, first after layers",
    ),
    "an output that is constant": (
        lambda: (scaled(mlp(4, 8, 1), 0.0), X, SIGNS, nets.log_loss),
        "the output is the same for all examples",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named(name):
    make, expected = BROKEN[name]
    found = diagnose(*make())
    assert any(re.search(expected, remark) for remark in found.remarks), found
    assert not found.ok and "nothing odd" not in str(found)


HEALTHY = {
    "mlp": lambda: (mlp(4, 16, 1), X, SIGNS, nets.log_loss),
    "tanh": lambda: (mlp(4, 16, 16, 1, activation=autograd.tanh), X, SIGNS, nets.log_loss),
    "sigmoid": lambda: (mlp(4, 16, 1, activation=autograd.sigmoid), X, SIGNS, nets.log_loss),
    "classes": lambda: (mlp(4, 16, 3), X, CLASSES, nets.cross_entropy),
    "regression": lambda: (mlp(4, 16, 1), X, X[:, :1] ** 2, nets.mean_squared_error),
    "linear": lambda: (Linear(4, 3, rng=rng()), X, CLASSES, nets.cross_entropy),
    "leaky": lambda: (
        Sequential(Linear(4, 16, rng=rng()), nets.LeakyReLU(), Linear(16, 1, rng=rng())),
        X,
        SIGNS,
        nets.log_loss,
    ),
    "batch norm": lambda: (
        Sequential(
            Linear(4, 16, rng=rng()), nets.BatchNorm(16), nets.ReLU(), nets.Dropout(0.2, rng=rng()),
            Linear(16, 1, rng=rng()),
        ),
        X,
        SIGNS,
        nets.log_loss,
    ),
    "digits": lambda: (nets.DigitsNetwork(rng=rng()), *digits(), nets.cross_entropy),
    "text": lambda: (
        nets.CharacterTransformer(20, context=8, width=16, rng=rng()),
        rng(1).integers(0, 20, (6, 8)),
        rng(2).integers(0, 20, (6, 8)),
        nets.cross_entropy,
    ),
    "lstm": lambda: (
        nets.LSTM(4, 8, rng=rng()),
        rng(2).normal(size=(10, 12, 4)),
        np.zeros((10, 8)),
        lambda out, y: nets.mean_squared_error(out[:, -1], y),
    ),
}  # fmt: skip


def digits():
    images, labels = nets.data.digits()
    return images[:80], labels[:80]


@pytest.mark.parametrize("name", HEALTHY)
@pytest.mark.parametrize("trained", [False, True])
def test_of_a_healthy_network_nothing_is_said(name, trained):
    model, inputs, targets, loss = HEALTHY[name]()
    if trained:
        adam = nets.Adam(model.parameters(), lr=0.003)
        for _ in range(30):
            outputs = model(inputs)
            loss(outputs[0] if isinstance(outputs, tuple) else outputs, targets).backward()
            adam.step()
    assert diagnose(model, inputs, targets, loss, lr=0.003).remarks == []


def test_nothing_is_left_behind():
    model, *_ = HEALTHY["batch norm"]()
    model(X).sum().backward()
    state, grads = model.state_dict(), [p.grad.copy() for p in model.parameters()]
    generator = model[3].rng.bit_generator.state
    diagnose(model.eval(), X, SIGNS, nets.log_loss)
    assert all(np.array_equal(a, model.state_dict()[name]) for name, a in state.items())
    assert all(np.array_equal(g, p.grad) for g, p in zip(grads, model.parameters(), strict=True))
    assert model[3].rng.bit_generator.state == generator and not model[3].training


def test_the_table_and_the_numbers():
    model = mlp(4, 8, 1)
    found = diagnose(model, X, SIGNS, nets.log_loss, lr=0.05)
    first, relu, last = found.layers
    assert [first.path, relu.path, last.path] == ["layers.0", "relu after layers.0", "layers.1"]
    nets.log_loss(model(X), SIGNS).backward()
    weight, bias = model.layers[1].parameters()
    norm = float(np.sqrt((weight.grad**2).sum() + (bias.grad**2).sum()))
    size = float(np.sqrt((weight.data**2).sum() + (bias.data**2).sum()))
    assert last.gradient == pytest.approx(norm) and last.update == pytest.approx(0.05 * norm / size)
    hidden = np.maximum(0, X @ model.layers[0].weight.data.T + model.layers[0].bias.data)
    assert relu.dead == np.mean((hidden == 0).all(axis=0))
    assert relu.spread == pytest.approx(hidden.std())
    table = str(found).splitlines()
    assert table[0].split() == [
        "layer",
        "spread",
        "dead",
        "saturated",
        "flow",
        "gradient",
        "update",
    ]
    assert table[1].startswith("layers.0 Linear") and table[-1] == "nothing odd"
    assert "<pre>" in found._repr_html_() and repr(found) == str(found)


def test_the_size_of_steps():
    model, inputs, targets, loss = HEALTHY["mlp"]()
    bold = diagnose(model, inputs, targets, loss, lr=50.0)
    assert any("lower the learning rate" in remark for remark in bold.remarks)
    timid = diagnose(model, inputs, targets, loss, lr=1e-9)
    assert timid.remarks == [
        "no step changes weights by more than a ten-millionth: raise the learning rate"
    ]


def test_without_a_loss_the_units_are_looked_at():
    model, inputs, *_ = dead()
    found = diagnose(model, inputs)
    assert "are dead" in found.remarks[0] and np.isnan(found.layers[0].flow)
    with pytest.raises(ValueError, match="y and loss belong together"):
        diagnose(model, inputs, SIGNS)
    with pytest.raises(ValueError, match=r"before scalarize\(\)"):
        diagnose(model.scalarize(), inputs)


def test_pictures():
    pytest.importorskip("matplotlib")
    by_layer = diagnose(*HEALTHY["mlp"]()).plot()
    assert by_layer.get_xticklabels()[0].get_text() == "layers.0"
    through_time = diagnose(*recurrent(0.5))
    assert len(through_time.through_time) == 30
    shown = [label.get_text() for label in through_time.plot().get_xticklabels()]
    assert shown == ["h1", "h4", "h7", "h10", "h13", "h16", "h19", "h22", "h25", "h28"]


def test_fit_watches():
    model, inputs, targets, loss = half_dead()
    adam = nets.Adam(model.parameters(), lr=1e-4)
    history = nets.fit(
        model, (inputs, targets), loss=loss, optimiser=adam, epochs=3, rng=rng(), watch=True
    )
    (remark,) = history.remarks
    assert remark.startswith("after epoch 1: relu after layers.0: 10 of 16") and remark in str(
        history
    )


def test_what_is_odd_is_noted_once_however_it_changes():
    model = MLP(4, 16, 1, activation=autograd.tanh, rng=rng())
    scaled(model, 8)
    adam = nets.Adam(model.parameters(), lr=0.05)
    history = nets.fit(
        model, (X, SIGNS), loss=nets.log_loss, optimiser=adam, epochs=6, rng=rng(), watch=True
    )
    assert sum("saturated" in remark for remark in history.remarks) == 1


def test_an_activation_s_own_parts_are_not_taken_for_activations():
    for activation in (nets.SiLU(), nets.GELU("tanh"), nets.LeakyReLU()):
        model = Sequential(Linear(4, 8, rng=rng()), activation, Linear(8, 1, rng=rng()))
        found = diagnose(scaled(model, 50), X, SIGNS, nets.log_loss)
        assert [layer.kind for layer in found.layers] == ["Linear", "Linear"]
        assert not any("saturated" in remark for remark in found.remarks)


def test_a_layer_that_is_used_twice_is_looked_at_twice():
    class Twice(Module):
        def __init__(self):
            self.layer = Linear(4, 4, rng=rng())

        def forward(self, x):
            hidden = autograd.relu(self.layer(x))
            return autograd.relu(self.layer(hidden) * 0.0 - 1.0)

    remarks = diagnose(Twice(), X).remarks
    assert remarks[0].startswith("relu after layer: all 4 units are dead")


def test_of_recurrent_layers_on_each_other_the_last_is_followed():
    model = nets.GRU(4, 8, 2, rng=rng())
    found = diagnose(
        model, rng(1).normal(size=(5, 6, 4)), np.zeros((5, 8)),
        lambda out, y: nets.mean_squared_error(out[:, -1], y),
    )  # fmt: skip
    assert len(found.through_time) == 6


def test_units_of_images_are_channels():
    class Image(Module):
        def __init__(self):
            self.convolution = nets.Conv2d(1, 4, 3, padding="same", rng=rng())

        def forward(self, x):
            return autograd.relu(self.convolution(x))

    model = Image()
    model.convolution.bias.data[:3] = -99.0
    found = diagnose(model, rng(1).normal(size=(5, 1, 6, 6)))
    assert "3 of 4 units are dead" in found.remarks[0]


def test_a_tensor_is_no_parameter_where_it_is_the_input():
    assert diagnose(mlp(4, 8, 1), Tensor(X).data).ok
