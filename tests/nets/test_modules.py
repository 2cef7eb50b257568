"""Every module: its gradients against numbers, and the same code at the resolution of Values."""

import copy
import pickle

import numpy as np
import pytest

import autograd
import nets
from autograd import Tensor
from autograd.tape import Tape
from autograd.testing import check_grads
from nets.layers import functional
from nets.layers.carriers import numbers

PLANE = (2, 3, 4)


def cases():
    """(module, input) for every module; the input a shape, or integers as they are."""
    rng = np.random.default_rng(0)
    yield nets.Linear(4, 3, rng=rng), (2, 4)
    yield nets.Linear(4, 3, rng=rng), (2, 3, 4)
    yield nets.Linear(4, 3, bias=False, rng=rng), (4,)
    yield nets.MLP(3, 4, 2, activation=autograd.tanh, rng=rng), (2, 3)
    yield nets.Sequential(nets.Linear(3, 2, rng=rng), autograd.sin, nets.Tanh()), (2, 3)
    for activation in (nets.Sigmoid, nets.Tanh, nets.ReLU, nets.LeakyReLU, nets.SiLU):
        yield activation(), PLANE
    yield nets.GELU(), PLANE
    yield nets.GELU("tanh"), PLANE
    yield nets.Softplus(), PLANE
    yield nets.Softmax(), PLANE
    yield nets.Softmax(0), PLANE
    yield nets.Conv1d(2, 3, 3, rng=rng), (2, 2, 5)
    yield nets.Conv1d(4, 4, 2, stride=2, padding=1, dilation=2, groups=2, rng=rng), (1, 4, 6)
    yield nets.Conv2d(2, 3, 3, padding=1, rng=rng), (2, 2, 4, 3)
    yield nets.Conv2d(2, 2, (2, 1), bias=False, rng=rng), (2, 3, 3)
    yield (
        nets.Conv2d(4, 2, (3, 2), (2, 1), (0, 1), dilation=(1, 2), groups=2, rng=rng),
        (1, 4, 5, 4),
    )
    yield nets.MaxPool2d(2), (1, 2, 4, 4)
    yield nets.MaxPool2d((3, 2), stride=(1, 2), padding=1), (2, 4, 4)
    yield nets.AvgPool2d(2), (1, 2, 4, 4)
    yield nets.AvgPool2d(3, stride=2, padding=1), (2, 5, 4)
    yield nets.GlobalAvgPool(), (2, 2, 3, 2)
    yield nets.Flatten(), PLANE
    yield nets.LayerNorm(4), PLANE
    yield nets.LayerNorm((3, 4), eps=0), PLANE
    yield nets.RMSNorm(4, eps=1e-5), PLANE
    yield nets.BatchNorm(3), (4, 3)
    yield nets.BatchNorm(2), (2, 2, 3, 2)
    yield nets.BatchNorm(3).eval(), (4, 3)
    yield nets.Residual(nets.Linear(3, 3, rng=rng)), (2, 3)
    yield nets.Residual(nets.Linear(3, 2, rng=rng), nets.Linear(3, 2, rng=rng)), (2, 3)
    yield nets.ResidualBlock(3, autograd.tanh, rng=rng), (2, 3)
    yield nets.Dropout(0.5, rng=rng).eval(), PLANE
    yield nets.Embedding(5, 3, rng=rng), np.array([[1, 4], [1, 0]])
    yield nets.MultiHeadAttention(4, 2, rng=rng), (2, 3, 4)
    yield nets.MultiHeadAttention(2, 1, bias=False, rng=rng), (3, 2)
    yield nets.TransformerBlock(4, 2, hidden=5, rng=rng), (3, 4)
    yield nets.DigitsNetwork(channels=1, rng=rng), (1, 8, 8)
    yield nets.CharacterTransformer(5, 3, width=4, heads=2, depth=1, rng=rng), np.array([[1, 4, 1]])


CASES = list(cases())
every_module = pytest.mark.parametrize(
    ("module", "given"), CASES, ids=[repr(module).splitlines()[0] for module, _ in CASES]
)


def ready(module, given):
    """A copy with random parameters (ones and zeros hide errors), and an input."""
    rng = np.random.default_rng(1)
    module = copy.deepcopy(module)
    for parameter in module.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    return module, given if isinstance(given, np.ndarray) else Tensor(rng.normal(size=given))


def test_every_module_is_a_case():
    public = {x for x in vars(nets).values() if isinstance(x, type) and issubclass(x, nets.Module)}
    recurrent = {nets.RNN, nets.LSTM, nets.GRU}  # whose states are in test_recurrent.py
    assert {type(module) for module, _ in CASES} == public - {nets.Module} - recurrent


@every_module
def test_gradients_of_both_orders_are_right_for_the_input_and_every_parameter(module, given):
    module, x = ready(module, given)
    if type(module) is nets.Dropout:  # the identity after eval()
        return
    whole = sum(p.size for p in module.parameters()) > 200  # a network: fewer directions do
    check_grads(module, x, order=2, budget=2 if whole else 16)


@every_module
def test_every_parameter_matters(module, given):
    module, x = ready(module, given)
    y = module(x)
    cotangent = np.random.default_rng(2).normal(size=y.shape)
    parameters = module.parameters()
    for name, gradient in zip(
        dict(module.named_parameters()), autograd.grad(y, parameters, cotangent), strict=True
    ):
        assert np.any(gradient != 0), name


@every_module
def test_a_scalarized_module_has_the_same_values_and_gradients(module, given):
    module, x = ready(module, given)
    scalar = module.scalarize()
    assert all(isinstance(p, autograd.Value) for p in scalar.parameters())
    xs = x if isinstance(x, np.ndarray) else autograd.as_values(x.data)
    y, ys = module(x), scalar(xs)
    np.testing.assert_allclose(numbers(ys), y.data, rtol=1e-12, atol=1e-12)

    cotangent = np.random.default_rng(3).normal(size=y.shape)
    inputs = [] if isinstance(x, np.ndarray) else [x]
    flat = [*(xs.ravel() if inputs else ()), *scalar.parameters()]
    gradients = autograd.grad(y, inputs + module.parameters(), cotangent)
    scalars = autograd.grad(autograd.sum(autograd.mul(cotangent, ys)), flat)
    together = np.concatenate([g.ravel() for g in gradients])
    np.testing.assert_allclose(scalars, together, rtol=1e-12, atol=1e-12)


@every_module
def test_a_recorded_module_replays_on_other_numbers(module, given):
    """What modules record holds for all numbers: no branch or mask is taken from the first."""
    module, x = ready(module, given)
    cotangent = np.random.default_rng(4).normal(size=module(x).shape)

    def total(module, x):
        return autograd.sum(autograd.mul(cotangent, module(x)))

    leaves = [*module.parameters(), *([] if isinstance(x, np.ndarray) else [x])]
    tape = Tape(total(module, x), leaves)
    other, rng = copy.deepcopy(module), np.random.default_rng(5)
    for parameter in other.parameters():
        parameter.data = rng.normal(size=parameter.shape)
    z = x if isinstance(x, np.ndarray) else Tensor(rng.normal(size=x.shape))
    others = [*other.parameters(), *([] if z is x else [z])]
    expected = total(other, z)
    value, gradients = tape.value_and_grad(*(leaf.data for leaf in others))
    np.testing.assert_allclose(value, expected.data, rtol=1e-12, atol=1e-12)
    for found, right in zip(gradients, autograd.grad(expected, others), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)


@every_module
def test_raw_inputs_give_the_same_numbers(module, given):
    module, x = ready(module, given)
    raw = numbers(x)
    assert np.array_equal(numbers(module(raw)), numbers(module(x)))
    assert np.array_equal(numbers(module(raw.tolist())), numbers(module(x)))


@every_module
def test_float32_stays_float32(module, given):
    module, x = ready(module, given)
    single = module.astype(np.float32)
    for mine, other in zip(single.parameters(), module.parameters(), strict=True):
        assert (mine.op, mine.dtype, mine.label) == (None, np.float32, other.label)
        assert other.dtype == np.float64
    y = single(x if isinstance(x, np.ndarray) else x.astype(np.float32))
    assert y.dtype == np.float32
    np.testing.assert_allclose(y.data, module(x).data, rtol=1e-4, atol=1e-5)


@every_module
def test_saving_copying_and_pickling_keep_the_function(module, given):
    module, x = ready(module, given)
    module.eval()
    expected = numbers(module(x))
    other = copy.deepcopy(module)
    for parameter in other.parameters():
        parameter.data = np.zeros(parameter.shape)
    other.load_state_dict(module.state_dict())
    for twin in (other, pickle.loads(pickle.dumps(module))):
        assert np.array_equal(numbers(twin(x)), expected)
        assert not set(twin.parameters()) & set(module.parameters())
    scalar = module.scalarize()
    for name, array in scalar.state_dict().items():
        assert np.array_equal(array, module.state_dict()[name])


def test_a_dropout_mask_is_constant_in_its_gradients():
    def dropped(x):
        return nets.Dropout(0.3, rng=np.random.default_rng(5))(x)

    x = Tensor(np.arange(1.0, 13.0).reshape(3, 4))
    check_grads(dropped, x)
    share = dropped(Tensor(np.ones(10_000))).data
    assert set(np.unique(share)) == {0.0, 1 / 0.7}
    assert abs((share == 0).mean() - 0.3) < 0.02


def test_dropout_drops_in_training_only_and_the_same_for_the_same_seed():
    x = np.ones((4, 5))
    one, two = (nets.Dropout(0.5, rng=np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(one(x), two(x))
    assert not np.array_equal(one(x), x)
    assert one.eval()(x) is x


# --- what differs from module to module -------------------------------------------------------


def test_batch_norm_follows_the_batches_and_uses_them_after_eval():
    rng = np.random.default_rng(0)
    norm = nets.BatchNorm(2)
    for _ in range(300):
        norm(rng.normal([3.0, -1.0], [2.0, 0.5], size=(50, 2)))
    np.testing.assert_allclose(norm.running_mean, [3, -1], atol=0.2)
    np.testing.assert_allclose(norm.running_var, [4, 0.25], rtol=0.2)
    assert norm.num_batches_tracked == 300
    before = norm.state_dict()
    y = norm.eval()([[3.0, -1.0], [5.0, -0.5]]).data
    np.testing.assert_allclose(y, [[0, 0], [1, 1]], atol=0.3)
    assert all(np.array_equal(before[name], array) for name, array in norm.state_dict().items())


def test_batch_norm_refuses_a_batch_without_a_variance():
    with pytest.raises(ValueError, match="at least 2 numbers per channel"):
        nets.BatchNorm(2)(np.ones((1, 2)))
    nets.BatchNorm(2).eval()(np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"\(batch, 2, \.\.\.\), got \(4, 3\)"):
        nets.BatchNorm(2)(np.ones((4, 3)))


def test_causal_attention_sees_only_the_past():
    rng = np.random.default_rng(0)
    block = nets.TransformerBlock(4, 2, rng=rng)
    x = Tensor(rng.normal(size=(5, 4)))
    jacobian = np.abs(autograd.jacobian(block(x), x)).sum(axis=(1, 3))
    assert (jacobian[np.triu_indices(5, 1)] == 0).all()
    assert (jacobian[np.tril_indices(5)] > 0).all()
    block.causal = False
    assert (np.abs(autograd.jacobian(block(x), x)).sum(axis=(1, 3)) > 0).all()


def test_attention_does_not_depend_on_the_order_of_keys():
    rng = np.random.default_rng(0)
    layer = nets.MultiHeadAttention(4, 2, rng=rng)
    query, key = rng.normal(size=(3, 4)), rng.normal(size=(5, 4))
    order = rng.permutation(5)
    np.testing.assert_allclose(layer(query, key).data, layer(query, key[order]).data, rtol=1e-12)
    mask = np.arange(5) < 3
    np.testing.assert_allclose(
        layer(query, key, mask=mask).data, layer(query, key[:3]).data, rtol=1e-12
    )


def test_attention_refuses_a_mask_that_hides_everything():
    q = np.ones((2, 3))
    with pytest.raises(ValueError, match="every query look somewhere"):
        functional.attention(q, q, q, np.zeros((2, 2), bool))
    with pytest.raises(ValueError, match="booleans"):
        functional.attention(q, q, q, np.zeros((2, 2)))


@pytest.mark.parametrize(
    ("indices", "error"), [([0, 5], ValueError), ([-1], ValueError), ([0.5], TypeError)]
)
def test_embedding_refuses_what_is_no_row(indices, error):
    with pytest.raises(error, match="embedding: indices must"):
        nets.Embedding(5, 2, rng=np.random.default_rng(0))(indices)


def test_residual_asks_for_a_projection_where_widths_differ():
    block = nets.Residual(nets.Linear(3, 2, rng=np.random.default_rng(0)))
    with pytest.raises(ValueError, match="pass a projection"):
        block(np.ones((4, 3)))


@pytest.mark.parametrize(
    "build",
    [
        lambda rng: nets.Linear(2, 3, rng=rng),
        lambda rng: nets.Conv2d(1, 2, 3, rng=rng),
        lambda rng: nets.MLP(2, 2, rng=rng),
        lambda rng: nets.Embedding(2, 2, rng=rng),
        lambda rng: nets.Dropout(rng=rng),
        lambda rng: nets.MultiHeadAttention(2, 2, rng=rng),
    ],
)
def test_a_seed_in_place_of_a_generator_is_a_clear_error(build):
    with pytest.raises(TypeError, match=r"numpy\.random\.Generator, got int"):
        build(0)


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (lambda rng: nets.Linear(0, 2, rng=rng), "positive sizes"),
        (lambda rng: nets.Conv2d(3, 4, 3, groups=2, rng=rng), "groups must divide"),
        (lambda rng: nets.Conv2d(1, 1, (3, 3, 3), rng=rng), "kernel_size must be"),
        (lambda rng: nets.Conv1d(1, 1, 0, rng=rng), "positive sizes"),
        (lambda rng: nets.MultiHeadAttention(4, 3, rng=rng), "num_heads must divide"),
        (lambda rng: nets.MLP(2, rng=rng), "at least an input and an output"),
    ],
)
def test_sizes_that_do_not_fit_are_clear_errors(build, says):
    with pytest.raises(ValueError, match=says):
        build(np.random.default_rng(0))


def test_the_same_seed_gives_the_same_bits():
    for (one, _), (two, _) in zip(cases(), cases(), strict=True):
        for name, array in one.state_dict().items():
            assert np.array_equal(array, two.state_dict()[name]), name


@pytest.mark.parametrize(
    ("build", "given", "result"),
    [
        (lambda rng: nets.Linear(4, 3, rng=rng), (0, 5, 4), (0, 5, 3)),
        (lambda rng: nets.Conv2d(2, 3, 3, rng=rng), (0, 2, 5, 4), (0, 3, 3, 2)),
        (lambda rng: nets.MaxPool2d(2), (0, 2, 4, 4), (0, 2, 2, 2)),
        (lambda rng: nets.Flatten(), (0, 2, 3), (0, 6)),
        (lambda rng: nets.LayerNorm(4), (0, 4), (0, 4)),
        (lambda rng: nets.TransformerBlock(4, 2, rng=rng), (0, 3, 4), (0, 3, 4)),
    ],
)
def test_an_empty_batch_gives_an_empty_result_and_gradients_of_0(build, given, result):
    module = build(np.random.default_rng(0))
    x = Tensor(np.zeros(given))
    y = module(x)
    assert y.shape == result
    for node, gradient in zip(
        [x, *module.parameters()],
        autograd.grad(y, [x, *module.parameters()], np.zeros(result)),
        strict=True,
    ):
        assert np.array_equal(gradient, np.zeros(node.shape))
