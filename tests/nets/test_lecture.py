"""The lecture's systems and their numbers, each test named after what it shows."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd
import nets
from autograd import Node, Tensor, Value, as_values, grad, jacobian, toposort
from nets.layers import functional
from nets.layers.carriers import numbers


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def with_data(module, **data):
    """`module` with the given parameters: `weight=...`, or `layers_0_weight=...`."""
    named = {name.replace(".", "_"): p for name, p in module.named_parameters()}
    assert data.keys() <= named.keys()
    for name, numbers_ in data.items():
        named[name].data = numbers_
    return module


def zeroed(module):
    for parameter in module.parameters():
        parameter.data = np.zeros(parameter.shape)
    return module


# --- multi-layer networks ---------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_an_mlp_with_one_hidden_layer_solves_xor(seed):
    X, y = nets.data.truth_table("xor")
    model = nets.MLP(2, 8, 1, activation=autograd.tanh, rng=np.random.default_rng(seed))
    optimiser = nets.Adam(model.parameters(), lr=0.1)
    targets = y.reshape(-1, 1).astype(float)
    assert nets.zero_one(model(X), targets) > 0
    for _ in range(100):
        loss = nets.log_loss(model(X), targets)
        loss.backward()
        optimiser.step()
    assert nets.zero_one(model(X), targets) == 0
    assert loss.item() < 0.05


def network_3_2_1():
    model = nets.Sequential(
        nets.MLP(3, 2, 1, activation=autograd.sigmoid, bias=False, rng=np.random.default_rng(0)),
        nets.Sigmoid(),
    )
    W1, W2 = (p.data.T for p in model.parameters())  # as the lecture writes them
    return model, W1, W2


def test_the_3_2_1_network_has_the_shapes_of_the_lecture():
    model, W1, W2 = network_3_2_1()
    y = model(np.array([[0.5, -1.0, 2.0]]))
    products = [node for node in toposort(y) if node.op and node.op.name == "matmul"]
    assert [[np.shape(x) for x in (*node.operands, node)] for node in products] == [
        [(1, 3), (3, 2), (1, 2)],
        [(1, 2), (2, 1), (1, 1)],
    ]
    assert (W1.shape, W2.shape, y.shape) == ((3, 2), (2, 1), (1, 1))


def test_the_scalar_and_the_matrix_form_of_the_3_2_1_network_agree():
    model, W1, W2 = network_3_2_1()
    x1, x2, x3 = x = np.array([0.5, -1.0, 2.0])
    (w11, w12), (w21, w22), (w31, w32) = as_values(W1, "w")
    ((w1,), (w2,)) = as_values(W2, "w")
    h1 = autograd.sigmoid(w11 * x1 + w21 * x2 + w31 * x3)
    h2 = autograd.sigmoid(w12 * x1 + w22 * x2 + w32 * x3)
    y = autograd.sigmoid(w1 * h1 + w2 * h2)
    by_hand = [y.data, *grad(y, [w11, w21, w31, w12, w22, w32, w1, w2])]

    matrix = model(x[None])
    scalar = model.scalarize()
    (single,) = scalar(x)
    for output, parameters in [(matrix, model.parameters()), (single, scalar.parameters())]:
        gradients = np.concatenate([np.ravel(g) for g in grad(output, parameters)])
        np.testing.assert_allclose([output.item(), *gradients], by_hand, rtol=1e-12)


def test_the_six_relus_give_the_z_of_the_lecture(rng):
    model = with_data(
        nets.MLP(1, 6, 1, rng=rng),
        layers_0_weight=[[-5.0], [-1.2], [1.2], [1.2], [2.0], [5.0]],
        layers_0_bias=[-7.7, -1.3, 1.0, -0.2, -1.1, -5.0],
        layers_1_weight=[[-1.0, -1.0, -1.0, 1.0, 1.0, 1.0]],
        layers_1_bias=[0.0],
    )
    x = np.arange(-2, 2.5, 0.5)[:, None]
    expected = [-3.4, -0.5, 0, -0.4, -1, -1.2, -0.3, 3.2, 6.7]
    np.testing.assert_allclose(model(x).data.ravel(), expected, atol=1e-14)
    np.testing.assert_allclose(numbers(model.scalarize()(x)).ravel(), expected, atol=1e-14)


def interpolating(function, width, rng):
    """The ReLU network that meets `function` at width + 1 equidistant points of [-1, 1]."""
    knots = np.linspace(-1, 1, width + 1)
    slopes = np.diff(function(knots)) / np.diff(knots)
    return with_data(
        nets.MLP(1, width, 1, rng=rng),
        layers_0_weight=np.ones((width, 1)),
        layers_0_bias=-knots[:-1],
        layers_1_weight=np.diff(slopes, prepend=0)[None],
        layers_1_bias=function(knots[:1]),
    )


@pytest.mark.parametrize(
    "function", [np.exp, lambda x: np.sin(5 * x), lambda x: np.abs(x - 0.3), np.cbrt]
)
def test_the_error_on_a_continuous_function_falls_with_the_width(function, rng):
    x = np.linspace(-1, 1, 2001)[:, None]
    widths = [2, 8, 32, 128, 512]
    errors = [
        np.abs(interpolating(function, width, rng)(x).data - function(x)).max() for width in widths
    ]
    assert all(after < 0.7 * before for before, after in itertools.pairwise(errors))
    assert errors[-1] < 0.1


@pytest.mark.parametrize("seed", range(3))
def test_the_error_after_training_falls_with_the_width(seed):
    x = np.linspace(-1, 1, 64)[:, None]
    errors = []
    for width in (1, 3, 8):
        model = nets.MLP(1, width, 1, activation=autograd.tanh, rng=np.random.default_rng(seed))
        optimiser = nets.Adam(model.parameters(), lr=nets.schedules.cosine(0.05, steps=600))
        for _ in range(600):
            loss = nets.mean_squared_error(model(x), np.sin(8 * x))
            loss.backward()
            optimiser.step()
        errors.append(loss.item())
    assert all(after < 0.7 * before for before, after in itertools.pairwise(errors))


# --- backpropagation --------------------------------------------------------------------------


def test_one_step_on_the_lecture_s_network_moves_the_weights_as_computed_there(rng):
    """x = (0.35, 0.9), target 0.5, η = 1; the lecture rounds to three digits on the way."""
    model = nets.Sequential(
        nets.MLP(2, 2, 1, activation=autograd.sigmoid, bias=False, rng=rng), nets.Sigmoid()
    )
    hidden, output = model.parameters()
    hidden.data, output.data = [[0.1, 0.8], [0.4, 0.6]], [[0.3, 0.9]]
    optimiser = nets.SGD(model.parameters(), lr=1.0)
    y = model([0.35, 0.9])
    np.testing.assert_allclose(y.data, [0.69], atol=5e-4)
    nets.sum_of_squared_errors(y, [0.5]).backward()
    optimiser.step()
    np.testing.assert_allclose(output.data, [[0.272392, 0.87305]], atol=5e-4)
    np.testing.assert_allclose(hidden.data, [[0.09916, 0.79784], [0.3972, 0.5928]], atol=5e-4)
    after = model([0.35, 0.9])
    assert 0.5 < after.item() < y.item()


def test_the_layered_recursion_by_hand_equals_backward(rng):
    """∂E/∂y = y − t at the top; ∂E/∂z = ∂E/∂y f′(z); ∂E/∂y = Σ w ∂E/∂z one layer below."""
    sizes = (3, 4, 5, 2)
    weights = [Tensor(rng.normal(size=s)) for s in itertools.pairwise(sizes)]
    y, t = [Tensor(rng.normal(size=3))], rng.normal(size=2)
    z = []
    for W in weights:
        z.append(autograd.matmul(y[-1], W))
        y.append(autograd.sigmoid(z[-1]))
    nets.sum_of_squared_errors(y[-1], t).backward()

    dE_dy = y[-1].data - t
    for layer in (2, 1, 0):
        out = y[layer + 1].data
        np.testing.assert_allclose(y[layer + 1].grad, dE_dy, rtol=1e-13)
        dE_dz = dE_dy * out * (1 - out)
        np.testing.assert_allclose(z[layer].grad, dE_dz, rtol=1e-13)
        dE_dw = np.outer(y[layer].data, dE_dz)
        np.testing.assert_allclose(weights[layer].grad, dE_dw, rtol=1e-13)
        dE_dy = weights[layer].data @ dE_dz
    np.testing.assert_allclose(y[0].grad, dE_dy, rtol=1e-13)


# --- convolution ------------------------------------------------------------------------------

CURVE = np.zeros((7, 7))
CURVE[[0, 1, 2, 3, 4, 5], [5, 4, 3, 3, 3, 3]] = 30
BACK_OF_THE_MOUSE = np.array(
    [
        [0, 0, 0, 0, 0, 0, 30],
        [0, 0, 0, 0, 50, 50, 50],
        [0, 0, 0, 20, 50, 0, 0],
        [0, 0, 0, 50, 50, 0, 0],
        [0, 0, 0, 50, 50, 0, 0],
        [0, 0, 0, 50, 50, 0, 0],
        [0, 0, 0, 50, 50, 0, 0],
    ]
)
ELSEWHERE = np.array(
    [
        [0, 0, 0, 0, 0, 0, 0],
        [0, 40, 0, 0, 0, 0, 0],
        [40, 0, 40, 0, 0, 0, 0],
        [40, 20, 0, 0, 0, 0, 0],
        [0, 50, 0, 0, 0, 0, 0],
        [0, 0, 50, 0, 0, 0, 0],
        [25, 25, 0, 50, 0, 0, 0],
    ]
)


def test_the_curve_detector_gives_6600_on_the_curve_and_0_elsewhere(rng):
    detector = with_data(nets.Conv2d(1, 1, 7, bias=False, rng=rng), weight=CURVE[None, None])
    assert detector(BACK_OF_THE_MOUSE[None]).data == 6600
    assert detector(ELSEWHERE[None]).data == 0


def test_a_flipped_kernel_would_give_3600_so_convolution_here_is_cross_correlation():
    flipped = CURVE[None, None, ::-1, ::-1]
    assert functional.conv2d(BACK_OF_THE_MOUSE[None], flipped) == 3600


def connections(outputs, inputs, parameters):
    """Which input meets which weight, in the graph itself: the products of the two."""
    inputs, parameters = set(inputs), set(parameters)
    products = [
        node
        for node in toposort(*outputs)
        if node.op and node.op.name == "mul" and {*node.operands} & inputs
    ]
    assert all(len({*node.operands} & parameters) == 1 for node in products)
    return len(products), len(parameters & set(toposort(*outputs)))


def test_3_taps_over_5_inputs_have_13_edges_and_3_parameters_a_dense_layer_25_and_25(rng):
    convolution = nets.Conv1d(1, 1, 3, padding=1, bias=False, rng=rng).scalarize()
    x = as_values(rng.normal(size=(1, 5)))
    y = convolution(x).ravel()
    assert y.shape == (5,)
    assert connections(y, x.flat, convolution.parameters()) == (3 * 3 + 2 * 2, 3)

    dense = nets.Linear(5, 5, bias=False, rng=rng).scalarize()
    assert connections(dense(x).ravel(), x.flat, dense.parameters()) == (5 * 5, 25)


# --- residual connections ---------------------------------------------------------------------


@pytest.mark.parametrize("activation", [autograd.tanh, autograd.relu])
def test_a_residual_block_with_zero_weights_is_the_identity_with_jacobian_one(activation, rng):
    block = zeroed(nets.ResidualBlock(4, activation, rng=rng))
    z = Tensor(rng.normal(size=4))
    assert np.array_equal(block(z).data, z.data)
    assert np.array_equal(jacobian(block(z), z), np.eye(4))


def test_a_residual_block_is_what_the_lecture_writes(rng):
    block = nets.ResidualBlock(3, autograd.tanh, rng=rng)
    z = rng.normal(size=3)
    (W1, b1), (W2, b2) = (
        (layer.weight.data, layer.bias.data) for layer in (block.linear1, block.linear2)
    )
    expected = z + np.tanh(W2 @ np.tanh(W1 @ z + b1) + b2)
    np.testing.assert_allclose(block(z).data, expected, rtol=1e-14)


@given(st.floats(-10, 10))
def test_the_gradient_vanishes_in_20_sigmoids_but_not_in_their_residual_twin(x):
    rng = np.random.default_rng(0)

    def layer():
        one = with_data(nets.Linear(1, 1, bias=False, rng=rng), weight=[[1.0]])
        return nets.Sequential(one, nets.Sigmoid())

    x = Tensor([x])
    plain = nets.Sequential(*(layer() for _ in range(20)))
    assert 0 < grad(plain(x), x)[0] <= 0.25**20
    twin = nets.Sequential(*(nets.Residual(layer()) for _ in range(20)))
    assert grad(twin(x), x)[0] >= 1


# --- layer normalization ----------------------------------------------------------------------

vectors = st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=8).filter(
    lambda v: len(set(v)) > 1
)
scales = st.floats(1e-150, 1e150)


def test_layer_norm_of_1_2_3_4(rng):
    expected = [-1.341641, -0.447214, 0.447214, 1.341641]
    np.testing.assert_allclose(nets.LayerNorm(4, eps=0)([1, 2, 3, 4]).data, expected, atol=5e-7)
    gamma, beta = rng.normal(size=(2, 4))
    general = functional.layer_norm([1, 2, 3, 4], 4, gamma, beta, eps=0)
    np.testing.assert_allclose(general, beta + gamma * expected, atol=5e-6)


@given(vectors, scales)
def test_layer_norm_is_scaling_invariant_for_every_positive_alpha(vector, alpha):
    norm = nets.LayerNorm(len(vector), eps=0)
    z = np.array(vector)
    np.testing.assert_allclose(norm(alpha * z).data, norm(z).data, rtol=1e-10, atol=1e-12)


@given(vectors, st.integers(-900, 900))
def test_layer_norm_is_scaling_invariant_to_the_bit_for_powers_of_two(vector, exponent):
    norm = nets.LayerNorm(len(vector), eps=0)
    z = np.array(vector)
    assert np.array_equal(norm(2.0**exponent * z).data, norm(z).data)


@given(vectors, scales)
def test_the_sign_of_layer_norm_flips_for_negative_alpha(vector, alpha):
    norm = nets.LayerNorm(len(vector), eps=0)
    z = np.array(vector)
    np.testing.assert_allclose(norm(-alpha * z).data, -norm(z).data, rtol=1e-10, atol=1e-12)


@given(st.integers(0, 2**32), scales)
def test_layer_norm_of_a_scaled_linear_layer_is_that_of_the_layer_itself(seed, alpha):
    """LN(MM_{αW,αb}(z)) = LN(MM_{W,b}(z)), so the gradient is orthogonal to (W, b)."""
    rng = np.random.default_rng(seed)
    W, b = Tensor(rng.normal(size=(5, 3))), Tensor(rng.normal(size=5))
    z, cotangent = rng.normal(size=3), rng.normal(size=5)

    def normed(W, b):
        return functional.layer_norm(functional.linear(z, W, b), 5, eps=0)

    y = normed(W, b)
    np.testing.assert_allclose(normed(alpha * W, alpha * b).data, y.data, rtol=1e-9, atol=1e-10)
    dW, db = grad(y, [W, b], cotangent)
    along, size = np.vdot(W.data, dW) + np.vdot(b.data, db), np.abs(W.data * dW).sum()
    assert abs(along) <= 1e-12 * (size + np.abs(b.data * db).sum())


@given(st.floats(-1e300, 1e300), st.integers(1, 9))
def test_a_constant_vector_at_eps_0_gives_zeros_and_the_gradient_0(number, width):
    z = Tensor(np.full(width, number))
    assume(np.isfinite(z.data.sum()))
    y = functional.layer_norm(z, width, eps=0)
    assert np.array_equal(y.data, np.zeros(width))
    assert np.array_equal(grad(y, z, np.arange(1.0, width + 1)), np.zeros(width))


# --- two resolutions --------------------------------------------------------------------------


def test_a_whole_network_is_the_same_in_scalars_and_in_tensors(rng):
    """Convolution, residual, norm, pooling and a loss: one number and one gradient per weight."""
    model = nets.Sequential(
        nets.Conv2d(1, 2, 3, padding=1, rng=rng),
        nets.Residual(nets.Sequential(nets.LayerNorm((4, 4)), nets.ReLU())),
        nets.MaxPool2d(2),
        nets.Flatten(),
        nets.Linear(8, 3, rng=rng),
    )
    scalar, x, targets = model.scalarize(), rng.normal(size=(2, 1, 4, 4)), [2, 0]
    loss, single = (nets.cross_entropy(m(x), targets) for m in (model, scalar))
    assert isinstance(single, Value)
    assert all(isinstance(x, (Value, float)) for n in toposort(single) for x in n.operands)
    np.testing.assert_allclose(single.data, loss.item(), rtol=1e-12)
    gradients = np.concatenate([g.ravel() for g in grad(loss, model.parameters())])
    np.testing.assert_allclose(grad(single, scalar.parameters()), gradients, rtol=1e-12, atol=1e-15)
    expanded = {}
    again = autograd.scalarize(loss, expanded)
    leaves = [v for p in model.parameters() for v in expanded[p].flat]
    np.testing.assert_allclose(grad(again, leaves), gradients, rtol=1e-12, atol=1e-15)
    assert isinstance(again, Node)
