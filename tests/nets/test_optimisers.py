"""Optimisers, clipping, schedules and initialisers."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nets
from autograd import Tensor, Value
from nets import SGD, Adam, AdamW
from nets.layers import initialisers
from nets.train import schedules

OPTIMISERS = [
    lambda p: SGD(p, 0.1),
    lambda p: SGD(p, 0.1, 0.9),
    lambda p: SGD(p, 0.1, 0.9, nesterov=True, weight_decay=0.1),
    lambda p: Adam(p, schedules.cosine(0.1, 10)),
    lambda p: Adam(p, 0.1, weight_decay=0.1),
    lambda p: AdamW(p, schedules.warm_up(schedules.step_decay(0.1, 3), 4)),
]
every_optimiser = pytest.mark.parametrize("build", OPTIMISERS)


def descend(parameters, optimiser, steps):
    """Minimise Σ (p − 1)⁴ + (p − 1)², over all parameters."""
    for _ in range(steps):
        total = Value(0.0)
        for p in parameters:
            e = (p - 1.0) * (p - 1.0)
            e = e + e * e
            total = total + (e if isinstance(e, Value) else e.sum())
        total.backward()
        optimiser.step()
    return [np.array(p.data) for p in parameters]


@every_optimiser
def test_going_on_from_a_state_gives_the_same_bits(build):
    def fresh():
        return [Tensor(np.linspace(0, 1.8, 6).reshape(2, 3)), Value(0.2)]

    whole = fresh()
    expected = descend(whole, build(whole), 7)
    first = fresh()
    optimiser = build(first)
    descend(first, optimiser, 3)
    later = [type(p)(p.data) for p in first]
    resumed = build(later)
    state = optimiser.state_dict()
    resumed.load_state_dict(state)
    for array in state.values():
        array[...] = 77  # the optimiser has copies
    assert all(map(np.array_equal, descend(later, resumed, 4), expected))
    assert resumed.steps == 7


@every_optimiser
def test_values_and_tensors_take_the_same_steps(build):
    start = np.linspace(0, 1.8, 6)
    tensor, values = [Tensor(start)], [Value(x) for x in start]
    (together,) = descend(tensor, build(tensor), 10)
    assert np.array_equal(descend(values, build(values), 10), together)
    assert all(type(v.data) is float for v in values)


@every_optimiser
def test_float32_parameters_stay_float32(build):
    parameters = [Tensor(np.ones(3, np.float32) * 2)]
    (data,) = descend(parameters, build(parameters), 3)
    assert data.dtype == np.float32


@given(st.floats(0.01, 0.4), st.integers(1, 20))
def test_sgd_on_a_parabola_is_the_closed_form(lr, steps):
    w = Value(3.0)
    optimiser = SGD([w], lr)
    for _ in range(steps):
        (w * w).backward()
        optimiser.step()
    assert w.data == pytest.approx(3 * (1 - 2 * lr) ** steps, rel=1e-12)


@given(st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-2))
def test_the_first_step_of_adam_is_lr_whatever_the_gradient(slope):
    w = Value(0.0)
    optimiser = Adam([w], lr=0.1)
    (w * slope).backward()
    optimiser.step()
    assert w.data == pytest.approx(-math.copysign(0.1, slope), rel=1e-5)


def test_gradients_that_are_nodes_count_as_their_numbers():
    moved = []
    for create_graph in (False, True):
        w = [Tensor([1.0, 2.0]), Value(3.0)]
        (w[0] * w[1]).sum().backward(create_graph=create_graph)
        assert nets.clip_grad_norm(w, 1.0) == pytest.approx(math.sqrt(9 + 9 + 9))
        SGD(w, 0.5).step()
        moved.append([*w[0].data, w[1].data])
    assert moved[0] == moved[1]


def test_a_parameter_without_a_gradient_stays():
    used, unused = Value(1.0), Value(5.0)
    optimiser = AdamW([used, unused], lr=0.1)
    (used * used).backward()
    optimiser.step()
    assert (used.data != 1, unused.data) == (True, 5)


@pytest.mark.parametrize(
    ("build", "error", "says"),
    [
        (lambda w: SGD([w], -1.0), ValueError, "lr must be finite and not negative"),
        (lambda w: SGD([w], math.nan), ValueError, "lr must be finite"),
        (lambda w: SGD([w], 0.1, 1.0), ValueError, "momentum must lie in"),
        (lambda w: SGD([w], 0.1, nesterov=True), ValueError, "needs a momentum"),
        (lambda w: Adam([w], betas=(0.9, 1.0)), ValueError, r"betas\[1\] must lie in"),
        (lambda w: AdamW([w], weight_decay=-1), ValueError, "weight_decay"),
        (lambda w: Adam([]), TypeError, "leaf Tensors or Values"),
        (lambda w: Adam([w * w]), TypeError, "leaf Tensors or Values"),
        (lambda w: Adam([np.ones(2)]), TypeError, "leaf Tensors or Values"),
    ],
)
def test_wrong_settings_are_clear_errors(build, error, says):
    with pytest.raises(error, match=says):
        build(Value(1.0))


def test_a_foreign_state_changes_nothing():
    p = [Tensor([1.0, 2.0])]
    optimiser = Adam(p, 0.1)
    descend(p, optimiser, 2)
    before = optimiser.state_dict()
    for foreign in (SGD(p).state_dict(), Adam([Tensor([1.0])]).state_dict(), {}):
        with pytest.raises(ValueError, match="names and shapes"):
            optimiser.load_state_dict(foreign)
    after = optimiser.state_dict()
    assert all(np.array_equal(before[name], after[name]) for name in before)


# --- clipping ---------------------------------------------------------------------------------


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=5), st.floats(1e-3, 1e4))
def test_clipping_keeps_the_direction_and_bounds_the_norm(slopes, bound):
    parameters = [Tensor([0.0, 0.0]), *(Value(0.0) for _ in slopes)]
    for p, slope in zip(parameters, [3.0, *slopes], strict=True):
        p.grad = slope
    before = np.hstack([p.grad for p in parameters])
    norm = nets.clip_grad_norm(parameters, bound)
    after = np.hstack([p.grad for p in parameters])
    assert norm == pytest.approx(np.linalg.norm(before), rel=1e-12)
    assert np.linalg.norm(after) <= bound * (1 + 1e-12)
    np.testing.assert_allclose(after, before * min(1, bound / norm), rtol=1e-12)


def test_clipping_bounds_gradients_whose_squares_overflow():
    w = Tensor([0.0, 0.0])
    w.grad = [3e200, 4e200]
    assert nets.clip_grad_norm([w], 1.0) == pytest.approx(5e200)
    assert w.grad == pytest.approx([0.6, 0.8])


def test_clipping_leaves_a_gradient_that_is_not_finite():
    w = Tensor([1.0, 2.0])
    w.grad = [math.inf, 1.0]
    assert nets.clip_grad_norm([w, Value(1.0)], 1.0) == math.inf
    assert w.grad.tolist() == [math.inf, 1.0]


def test_clipping_where_there_is_nothing_to_clip():
    empty = Tensor(np.zeros((0, 3)))
    empty.grad = np.zeros((0, 3))
    assert nets.clip_grad_norm([empty, Value(1.0)], 1.0) == 0.0


# --- schedules --------------------------------------------------------------------------------


@given(st.floats(1e-4, 1), st.integers(1, 50), st.floats(0, 1))
def test_cosine_falls_from_lr_to_its_floor(lr, steps, share):
    floor = lr * share
    rates = [schedules.cosine(lr, steps, floor)(step) for step in range(steps + 5)]
    assert rates[0] == pytest.approx(lr)
    assert rates[steps:] == pytest.approx([floor] * 5)
    assert all(after <= before * (1 + 1e-12) for before, after in itertools.pairwise(rates))


@given(st.integers(1, 20), st.integers(1, 20))
def test_warm_up_rises_to_the_schedule_and_follows_it(warm, steps):
    inner = schedules.cosine(0.3, steps)
    rates = [schedules.warm_up(inner, warm)(step) for step in range(warm + steps)]
    assert rates[:warm] == pytest.approx([0.3 * (i + 1) / warm for i in range(warm)])
    assert rates[warm:] == [inner(i) for i in range(steps)]


def test_an_optimiser_of_one_s_own_defines_update():
    class SignDescent(nets.Optimiser):
        def update(self, data, grad, lr, t, memory):
            return data - lr * np.sign(grad)

    parameters = [Tensor([3.0, -2.0])]
    np.testing.assert_allclose(descend(parameters, SignDescent(parameters, 0.5), 6), [[1.0, 1.0]])
    with pytest.raises(NotImplementedError, match=r"Optimiser must define update\(\.\.\.\)"):
        descend(parameters, nets.Optimiser(parameters, 0.5), 1)


def test_an_optimiser_follows_its_schedule():
    w = Value(0.0)
    optimiser = SGD([w], schedules.step_decay(1.0, every=2, factor=0.5))
    moves = []
    for _ in range(4):
        before = w.data
        (-1.0 * w).backward()
        optimiser.step()
        moves.append(w.data - before)
    assert moves == [1, 1, 0.5, 0.5]
    assert optimiser.lr == 0.25


# --- initialisers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("draw", "std"),
    [
        (initialisers.xavier_uniform, math.sqrt(2 / (150 + 200))),
        (initialisers.xavier_normal, math.sqrt(2 / (150 + 200))),
        (initialisers.he_uniform, math.sqrt(2 / 150)),
        (initialisers.he_normal, math.sqrt(2 / 150)),
        (initialisers.default_uniform, math.sqrt(1 / 3 / 150)),
    ],
)
def test_initial_weights_have_the_spread_of_their_formula(draw, std):
    weight = draw((40, 30, 5), np.random.default_rng(0))
    assert weight.std() == pytest.approx(std, rel=0.03)
    assert abs(weight.mean()) < 0.05 * std
    assert np.array_equal(weight, draw((40, 30, 5), np.random.default_rng(0)))
    assert not np.array_equal(weight, draw((40, 30, 5), np.random.default_rng(1)))
    if "uniform" in draw.__name__:
        assert abs(weight).max() <= std * math.sqrt(3)


def test_activations_keep_their_size_through_ten_layers_of_he_and_relu():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(100, 200))
    for _ in range(10):
        x = np.maximum(x @ initialisers.he_normal((200, 200), rng).T, 0)
    assert 0.3 < np.sqrt((x * x).mean()) < 3


@pytest.mark.parametrize("shape", [(3,), (0, 3), (3, 0)])
def test_a_weight_without_a_fan_is_a_clear_error(shape):
    with pytest.raises(ValueError, match="out_features, in_features"):
        initialisers.he_normal(shape, np.random.default_rng(0))
