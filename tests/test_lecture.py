"""The lecture's worked example of backpropagation, number by number."""

from __future__ import annotations

import pytest

from autograd import Value, grad
from autograd.arithmetic import lecture as lesson

W = list(lesson.WEIGHTS)


@pytest.fixture
def weights():
    return {name: Value(w, label=name) for name, w in lesson.WEIGHTS.items()}


@pytest.fixture
def parts(weights):
    parts = lesson.error(weights)
    parts["E"].backward()
    return parts


def test_forward_pass(parts):
    found = {name: round(part.data, 6) for name, part in parts.items()}
    assert found == {"h1": 0.680267, "h2": 0.663739, "y": 0.690283, "E": 0.018104}


def test_gradients(weights, parts):
    found = [round(w.grad, 6) for w in weights.values()]
    assert found == [0.027674, 0.027002, 0.000929, 0.002389, 0.002860, 0.007354]


def test_new_weights_and_second_forward_pass(weights, parts):
    updated = lesson.updated(weights)
    found = [round(w.data, 6) for w in updated.values()]
    assert found == [0.272326, 0.872998, 0.099071, 0.797611, 0.397140, 0.592646]
    assert round(lesson.error(updated)["y"].data, 6) == 0.682019


def test_the_lectures_own_rounded_figures_agree(weights, parts):
    net1 = 0.35 * 0.1 + 0.9 * 0.8
    net2 = 0.9 * 0.6 + 0.35 * 0.4
    assert (net1, net2) == pytest.approx((0.755, 0.68))
    assert parts["h1"].data == pytest.approx(0.68, abs=5e-4)
    assert parts["h2"].data == pytest.approx(0.6637, abs=1e-4)
    assert parts["y"].data == pytest.approx(0.69, abs=5e-4)
    updated = lesson.updated(weights)
    assert updated["w1"].data == pytest.approx(0.272392, abs=1e-4)
    assert updated["w2"].data == pytest.approx(0.87305, abs=1e-4)


def test_the_hidden_layer_is_updated_with_the_old_output_weights(weights, parts):
    updated = lesson.updated(weights)
    mixed = {**weights, "w1": updated["w1"], "w2": updated["w2"]}
    wrong = weights["w3"].data - grad(lesson.error(mixed)["E"], weights["w3"])
    assert round(updated["w3"].data, 6) == 0.099071
    assert round(wrong, 6) != 0.099071


def test_the_lectures_formulas(weights, parts):
    """∂E/∂w for the output and the hidden layer as the slides write them."""
    h1, h2, y = (parts[name].data for name in ("h1", "h2", "y"))
    w1, w2 = lesson.WEIGHTS["w1"], lesson.WEIGHTS["w2"]
    x1, x2 = lesson.INPUTS.values()
    delta = (y - lesson.TARGET) * y * (1 - y)
    by_hand = [
        delta * h1,
        delta * h2,
        delta * w1 * h1 * (1 - h1) * x1,
        delta * w1 * h1 * (1 - h1) * x2,
        delta * w2 * h2 * (1 - h2) * x1,
        delta * w2 * h2 * (1 - h2) * x2,
    ]
    assert [w.grad for w in weights.values()] == pytest.approx(by_hand, rel=1e-14)


@pytest.mark.parametrize(
    ("name", "derivative"),
    [
        ("sigmoid", lambda s: s * (1 - s)),
        ("tanh", lambda t: 1 - t**2),
        ("relu", lambda r: float(r > 0)),
    ],
)
@pytest.mark.parametrize("z", [-2.0, -0.5, 0.0, 0.5, 2.0])
def test_the_derivatives_of_the_lectures_activations(name, derivative, z):
    x = Value(z)
    out = getattr(x, name)()
    out.backward()
    assert x.grad == pytest.approx(derivative(out.data), abs=1e-15)
