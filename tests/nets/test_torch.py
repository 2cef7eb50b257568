"""Against PyTorch: its state dicts load unchanged and give its outputs and gradients."""

import numpy as np
import pytest

import nets
from autograd import Tensor

torch = pytest.importorskip("torch", reason="compares with PyTorch: pip install torch")

SHAPE = (4, 3, 8)


def pairs():
    """(name, ours, theirs, input shape or integers)."""
    rng, nn = np.random.default_rng(0), torch.nn
    torch.manual_seed(0)
    yield "Linear", nets.Linear(8, 5, rng=rng), nn.Linear(8, 5), SHAPE
    yield (
        "Linear without bias",
        nets.Linear(8, 5, bias=False, rng=rng),
        nn.Linear(8, 5, bias=False),
        SHAPE,
    )
    for name, *sizes in [
        ("Conv2d", 4, 6, 3),
        ("Conv2d strided", 4, 6, (3, 2), (2, 1), (1, 0)),
        ("Conv2d dilated and grouped", 4, 6, 2, 1, 1, 2, 2),
    ]:
        yield name, nets.Conv2d(*sizes, rng=rng), nn.Conv2d(*sizes), (2, 4, 7, 6)
    conv = (4, 6, 3, 2, 1)
    yield "Conv1d", nets.Conv1d(*conv, rng=rng), nn.Conv1d(*conv), (2, 4, 9)
    yield "LayerNorm", nets.LayerNorm(8), nn.LayerNorm(8), SHAPE
    yield "LayerNorm of two axes", nets.LayerNorm((3, 8)), nn.LayerNorm((3, 8)), SHAPE
    yield "BatchNorm1d", nets.BatchNorm(8), nn.BatchNorm1d(8), (6, 8)
    yield "BatchNorm2d", nets.BatchNorm(3), nn.BatchNorm2d(3), (4, 3, 5, 2)
    yield (
        "BatchNorm without momentum",
        nets.BatchNorm(8, momentum=None),
        nn.BatchNorm1d(8, momentum=None),
        (6, 8),
    )
    yield "RMSNorm", nets.RMSNorm(8), nn.RMSNorm(8), SHAPE
    yield "RMSNorm of two axes", nets.RMSNorm((3, 8), 1e-3), nn.RMSNorm((3, 8), 1e-3), SHAPE
    same = {"padding": "same", "dilation": 2}
    yield (
        "Conv2d same",
        nets.Conv2d(4, 6, (3, 2), rng=rng, **same),
        nn.Conv2d(4, 6, (3, 2), **same),
        (2, 4, 5, 6),
    )
    yield "BatchNorm2d in use", nets.BatchNorm(3).eval(), nn.BatchNorm2d(3).eval(), (4, 3, 5, 2)
    tokens = np.array([[1, 0, 3], [3, 3, 9]])
    yield "Embedding", nets.Embedding(10, 4, rng=rng), nn.Embedding(10, 4), tokens
    yield "MaxPool2d", nets.MaxPool2d(3, 2, 1), nn.MaxPool2d(3, 2, 1), (2, 3, 7, 6)
    yield "AvgPool2d", nets.AvgPool2d(3, 2, 1), nn.AvgPool2d(3, 2, 1), (2, 3, 7, 6)
    yield "Flatten", nets.Flatten(), nn.Flatten(), SHAPE
    for name in ("Sigmoid", "Tanh", "ReLU", "LeakyReLU", "GELU", "SiLU", "Softplus"):
        yield name, getattr(nets, name)(), getattr(nn, name)(), SHAPE
    yield "GELU by tanh", nets.GELU("tanh"), nn.GELU("tanh"), SHAPE
    yield "Softmax", nets.Softmax(-1), nn.Softmax(-1), SHAPE
    yield (
        "Sequential",
        nets.Sequential(nets.Linear(8, 4, rng=rng), nets.ReLU(), nets.Linear(4, 2, rng=rng)),
        nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2)),
        SHAPE,
    )
    yield (
        "TransformerBlock",
        nets.TransformerBlock(8, 2, hidden=16, causal=False, rng=rng),
        nn.TransformerEncoderLayer(
            8, 2, 16, 0.0, activation="gelu", batch_first=True, norm_first=True
        ),
        SHAPE,
    )


PAIRS = list(pairs())


def close(ours, theirs):
    expected = theirs.detach().numpy()
    np.testing.assert_allclose(ours, expected, rtol=1e-10, atol=1e-10)
    assert np.shape(ours) == expected.shape


def compare(ours, theirs, y, y_theirs, inputs, inputs_theirs):
    """Outputs, and gradients of inputs and parameters under a random cotangent."""
    close(y.data, y_theirs)
    cotangent = np.random.default_rng(2).normal(size=y.shape)
    y.backward(cotangent)
    y_theirs.backward(torch.tensor(cotangent))
    for x, x_theirs in zip(inputs, inputs_theirs, strict=True):
        close(x.grad, x_theirs.grad)
    named = dict(ours.named_parameters())
    assert named.keys() == dict(theirs.named_parameters()).keys()
    for name, parameter in theirs.named_parameters():
        close(named[name].grad, parameter.grad)


def loaded(ours, theirs):
    """Both with the same random parameters, `ours` by loading the state dict of `theirs`."""
    theirs = theirs.double()
    with torch.no_grad():
        for parameter in theirs.parameters():
            parameter.normal_()
    ours.load_state_dict(theirs.state_dict())
    return ours, theirs


@pytest.mark.parametrize(
    ("ours", "theirs", "given"), [p[1:] for p in PAIRS], ids=[p[0] for p in PAIRS]
)
def test_a_state_dict_loads_and_gives_the_same_outputs_and_gradients(ours, theirs, given):
    ours, theirs = loaded(ours, theirs)
    if isinstance(given, np.ndarray):
        inputs, inputs_theirs = [], []
        y, y_theirs = ours(given), theirs(torch.tensor(given))
    else:
        x = np.random.default_rng(1).normal(size=given)
        inputs, inputs_theirs = [Tensor(x)], [torch.tensor(x, requires_grad=True)]
        y, y_theirs = ours(*inputs), theirs(*inputs_theirs)
    compare(ours, theirs, y, y_theirs, inputs, inputs_theirs)
    for name, buffer in theirs.state_dict().items():
        close(ours.state_dict()[name], buffer)


@pytest.mark.parametrize("kind", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("options", [(3, 4), (3, 4, 2), (3, 4, 2, False)])
def test_recurrent_layers(kind, options):
    ours = getattr(nets, kind)(*options, rng=np.random.default_rng(0))
    theirs = getattr(torch.nn, kind)(*options[:3], bias=len(options) < 4, batch_first=True)
    ours, theirs = loaded(ours, theirs)
    x = np.random.default_rng(1).normal(size=(2, 5, 3))
    mine, other = Tensor(x), torch.tensor(x, requires_grad=True)
    (y, state), (y_theirs, state_theirs) = ours(mine), theirs(other)
    pairs = zip(state, state_theirs, strict=True) if kind == "LSTM" else [(state, state_theirs)]
    for one, another in pairs:
        close(one.data, another)
    compare(ours, theirs, y, y_theirs, [mine], [other])


@pytest.mark.parametrize("causal", [False, True])
def test_multi_head_attention_of_itself_and_of_others(causal):
    ours, theirs = loaded(
        nets.MultiHeadAttention(8, 2, rng=np.random.default_rng(0)),
        torch.nn.MultiheadAttention(8, 2, batch_first=True),
    )
    rng = np.random.default_rng(1)
    q, k, v = (rng.normal(size=shape) for shape in [(4, 3, 8), (4, 5, 8), (4, 5, 8)])
    for arrays in ([q], [q, k, v]):
        inputs = [Tensor(a) for a in arrays]
        inputs_theirs = [torch.tensor(a, requires_grad=True) for a in arrays]
        keys = inputs_theirs[len(arrays) // 2].shape[1]
        hidden = torch.ones(3, keys, dtype=torch.bool).triu(1) if causal else None
        q_k_v = inputs_theirs * (3 // len(arrays))
        y_theirs, _ = theirs(*q_k_v, attn_mask=hidden, need_weights=False)
        theirs.zero_grad()
        compare(ours, theirs, ours(*inputs, causal=causal), y_theirs, inputs, inputs_theirs)


def test_our_state_dict_loads_there_too():
    ours = nets.MultiHeadAttention(8, 2, rng=np.random.default_rng(0))
    theirs = torch.nn.MultiheadAttention(8, 2).double()
    theirs.load_state_dict({n: torch.tensor(a) for n, a in ours.state_dict().items()})
    close(ours.in_proj_weight.data, theirs.in_proj_weight)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("Linear", (300, 200)),
        ("Conv1d", (60, 70, 5)),
        ("Conv2d", (20, 60, 5)),
        ("Embedding", (300, 200)),
        ("MultiHeadAttention", (60, 2)),
    ],
)
def test_initial_parameters_are_drawn_from_the_same_distributions(name, sizes):
    theirs = getattr(torch.nn, name.replace("Head", "head"))(*sizes).double().state_dict()
    ours = getattr(nets, name)(*sizes, rng=np.random.default_rng(0)).state_dict()
    for path, expected in theirs.items():
        mine, expected = ours[path], expected.numpy()
        np.testing.assert_allclose(mine.std(), expected.std(), rtol=0.2, err_msg=path)
        np.testing.assert_allclose(abs(mine).max(), abs(expected).max(), rtol=0.25, err_msg=path)


def test_losses_are_the_same():
    rng = np.random.default_rng(0)
    z, d = rng.normal(size=(6, 4)) * 5, rng.uniform(size=(6, 4))
    classes, distributions = rng.integers(4, size=6), d / d.sum(axis=1, keepdims=True)
    functional = torch.nn.functional
    for ours, theirs, targets in [
        (nets.cross_entropy, functional.cross_entropy, classes),
        (nets.cross_entropy, functional.cross_entropy, distributions),
        (nets.log_loss, functional.binary_cross_entropy_with_logits, d),
        (nets.mean_squared_error, functional.mse_loss, d),
    ]:
        mine, other = Tensor(z), torch.tensor(z, requires_grad=True)
        loss, loss_theirs = ours(mine, targets), theirs(other, torch.tensor(targets))
        loss.backward()
        loss_theirs.backward()
        close(loss.data, loss_theirs)
        close(mine.grad, other.grad)


@pytest.mark.parametrize("options", [{"ignore_index": 1}, {"label_smoothing": 0.2}])
def test_options_of_cross_entropy(options):
    rng = np.random.default_rng(0)
    z, classes = rng.normal(size=(6, 4)) * 5, rng.integers(4, size=6)
    mine, other = Tensor(z), torch.tensor(z, requires_grad=True)
    loss = nets.cross_entropy(mine, classes, **options)
    theirs = torch.nn.functional.cross_entropy(other, torch.tensor(classes), **options)
    loss.backward()
    theirs.backward()
    close(loss.data, theirs)
    close(mine.grad, other.grad)


@pytest.mark.parametrize(
    ("ours", "theirs", "options"),
    [
        (nets.RMSprop, "RMSprop", {"lr": 0.1}),
        (nets.RMSprop, "RMSprop", {"momentum": 0.9, "weight_decay": 0.1, "alpha": 0.8}),
        (nets.Adagrad, "Adagrad", {"lr": 0.1}),
        (nets.Adagrad, "Adagrad", {"lr": 0.1, "weight_decay": 0.1}),
        (nets.SGD, "SGD", {"lr": 0.1}),
        (nets.SGD, "SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}),
        (nets.SGD, "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
        (nets.Adam, "Adam", {"lr": 0.1}),
        (nets.Adam, "Adam", {"betas": (0.8, 0.9), "eps": 1e-3, "weight_decay": 0.1}),
        (nets.AdamW, "AdamW", {"lr": 0.1}),
        (nets.AdamW, "AdamW", {"lr": 0.1, "weight_decay": 0.3}),
    ],
)
def test_optimisers_take_the_same_steps(ours, theirs, options):
    start = np.random.default_rng(0).normal(size=(3, 2))
    mine, other = Tensor(start), torch.tensor(start, requires_grad=True)
    optimiser = ours([mine], **options)
    optimiser_theirs = getattr(torch.optim, theirs)([other], **options)
    for _ in range(20):
        for p, o in ((mine, optimiser), (other, optimiser_theirs)):
            if p is other:
                o.zero_grad()
            ((p * p * p * p).sum() - (p * p).sum()).backward()
            o.step()
    np.testing.assert_allclose(mine.data, other.detach().numpy(), rtol=1e-12, atol=1e-13)


def test_gradient_clipping_is_the_same():
    mine, other = Tensor([3.0, 4.0]), torch.tensor([3.0, 4.0], requires_grad=True)
    (mine * mine).sum().backward()
    (other * other).sum().backward()
    norm = torch.nn.utils.clip_grad_norm_([other], 1.0)
    assert nets.clip_grad_norm([mine], 1.0) == pytest.approx(norm.item())
    np.testing.assert_allclose(mine.grad, other.grad.numpy(), rtol=1e-6)  # PyTorch adds 1e-6


@pytest.mark.parametrize("ours", ["xavier_uniform", "xavier_normal"])
def test_xavier_is_the_same_distribution(ours):
    mine = getattr(nets.initialisers, ours)((200, 50, 3), np.random.default_rng(0))
    theirs = getattr(torch.nn.init, f"{ours}_")(torch.empty(200, 50, 3))
    assert abs(mine.std() / theirs.std().item() - 1) < 0.02


@pytest.mark.parametrize("ours", ["he_uniform", "he_normal"])
def test_he_is_the_same_distribution(ours):
    mine = getattr(nets.initialisers, ours)((200, 50, 3), np.random.default_rng(0))
    theirs = getattr(torch.nn.init, ours.replace("he", "kaiming") + "_")(
        torch.empty(200, 50, 3), nonlinearity="relu"
    )
    assert abs(mine.std() / theirs.std().item() - 1) < 0.02
