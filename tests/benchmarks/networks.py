"""Work on arrays: networks of three kinds, long elementwise chains, and second derivatives."""

from __future__ import annotations

import itertools
import math
from types import SimpleNamespace
from typing import Any

import numpy as np

SMALL = ((2, 16, 16, 1), 100, "float64")
LARGE = ((784, 256, 128, 10), 128, "float32")


# --- perceptrons of layers: squared error for one output, cross-entropy for several ---------------


def mlp_numbers(sizes: tuple[int, ...], batch: int, dtype: str) -> tuple[Any, Any, Any]:
    """[(W, b), ...], inputs, and targets (one-hot rows where there are several outputs)."""
    rng = np.random.default_rng(0)
    layers = [
        (rng.normal(size=(n, m)).astype(dtype) / np.sqrt(m).astype(dtype), np.zeros(n, dtype))
        for m, n in itertools.pairwise(sizes)
    ]
    x = rng.normal(size=(batch, sizes[0])).astype(dtype)
    if sizes[-1] == 1:
        return layers, x, rng.normal(size=(batch, 1)).astype(dtype)
    return layers, x, np.eye(sizes[-1], dtype=dtype)[rng.integers(sizes[-1], size=batch)]


def mlp_loss(library: Any, parameters: Any, x: Any, y: Any) -> Any:
    """The same formula in every library's terms: tanh and squares, or relu and cross-entropy."""
    regression = y.shape[1] == 1
    pairs = list(zip(parameters[::2], parameters[1::2], strict=True))
    for i, (w, b) in enumerate(pairs):
        x = x @ w.T + b
        if i < len(pairs) - 1:
            x = library.tanh(x) if regression else library.relu(x)
    if regression:
        return ((x - y) ** 2).sum() / len(y)
    return library.cross_entropy(x, y)


def plain_cross_entropy(numpy: Any) -> Any:
    """For a library with NumPy's functions."""

    def cross_entropy(x: Any, y: Any) -> Any:
        shifted = x - numpy.max(x, axis=1, keepdims=True)
        total = numpy.log(numpy.sum(numpy.exp(shifted), axis=1))
        return numpy.sum(total - numpy.sum(shifted * y, axis=1)) / len(y)

    return cross_entropy


def gradwalk_mlp(*arguments: Any) -> Any:
    import autograd
    from nets import cross_entropy

    layers, x, y = mlp_numbers(*arguments)
    parameters = [autograd.Tensor(p) for layer in layers for p in layer]
    library = SimpleNamespace(tanh=autograd.tanh, relu=autograd.relu, cross_entropy=cross_entropy)
    return parameters, (lambda: mlp_loss(library, parameters, x, y))


def gradwalk_mlp_eager(*arguments: Any) -> Any:
    return eager(*gradwalk_mlp(*arguments))


def eager(parameters: Any, loss: Any) -> Any:
    def step() -> Any:
        value = loss()
        value.backward()
        return value.data, [p.grad for p in parameters]

    return step


def replayed(parameters: Any, loss: Any) -> Any:
    from autograd.tape import Tape

    tape = Tape(loss(), [], wrt=parameters)
    return lambda: tape.value_and_grad(copy=False)


def gradwalk_mlp_replayed(*arguments: Any) -> Any:
    return replayed(*gradwalk_mlp(*arguments))


def torch_step(parameters: Any, loss: Any) -> Any:
    def step() -> Any:
        for p in parameters:
            p.grad = None
        value = loss()
        value.backward()
        return value.detach(), [p.grad for p in parameters]

    return step


def torch_mlp(*arguments: Any) -> Any:
    import torch

    layers, x, y = mlp_numbers(*arguments)
    parameters = [torch.tensor(p, requires_grad=True) for layer in layers for p in layer]
    library = SimpleNamespace(
        tanh=torch.tanh, relu=torch.relu, cross_entropy=torch.nn.functional.cross_entropy
    )
    x, y = torch.tensor(x), torch.tensor(y)
    return torch_step(parameters, lambda: mlp_loss(library, parameters, x, y))


def jax_mlp(*arguments: Any) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    layers, x, y = mlp_numbers(*arguments)
    parameters = [jax.numpy.asarray(p) for layer in layers for p in layer]
    library = SimpleNamespace(
        tanh=jax.numpy.tanh, relu=jax.nn.relu, cross_entropy=plain_cross_entropy(jax.numpy)
    )
    x, y = jax.numpy.asarray(x), jax.numpy.asarray(y)
    compiled = jax.jit(
        jax.value_and_grad(lambda parameters, x, y: mlp_loss(library, parameters, x, y))
    )
    return lambda: jax.block_until_ready(compiled(parameters, x, y))


def mygrad_mlp(*arguments: Any) -> Any:
    import mygrad
    from mygrad.nnet.activations import relu
    from mygrad.nnet.losses import softmax_crossentropy

    layers, x, y = mlp_numbers(*arguments)
    parameters = [mygrad.tensor(p) for layer in layers for p in layer]
    classes = y.argmax(axis=1)
    library = SimpleNamespace(
        tanh=mygrad.tanh, relu=relu, cross_entropy=lambda x, y: softmax_crossentropy(x, classes)
    )

    def step() -> Any:
        value = mlp_loss(library, parameters, x, y)
        value.backward()
        return value.data, [p.grad for p in parameters]

    return step


def hips_mlp(*arguments: Any) -> Any:
    import autograd.numpy as numpy

    import autograd

    layers, x, y = mlp_numbers(*arguments)
    parameters = [p for layer in layers for p in layer]
    library = SimpleNamespace(
        tanh=numpy.tanh,
        relu=lambda x: numpy.maximum(x, 0),
        cross_entropy=plain_cross_entropy(numpy),
    )

    def loss(parameters: Any) -> Any:
        return mlp_loss(library, parameters, x, y)

    both = autograd.value_and_grad(loss)  # type: ignore[attr-defined]  # of the other autograd
    return lambda: both(parameters)


def tinygrad_mlp(*arguments: Any) -> Any:
    from tinygrad import Tensor, TinyJit

    layers, x, y = mlp_numbers(*arguments)
    parameters = [Tensor(p).realize() for layer in layers for p in layer]
    library = SimpleNamespace(
        tanh=Tensor.tanh, relu=Tensor.relu, cross_entropy=lambda x, y: x.cross_entropy(y)
    )
    inputs, targets = Tensor(x).realize(), Tensor(y).realize()

    @TinyJit
    def jitted() -> Any:
        value = mlp_loss(library, parameters, inputs, targets)
        return [t.realize() for t in (value, *value.gradient(*parameters))]

    def step() -> Any:
        value, *gradients = (t.numpy() for t in jitted())
        return value, gradients

    return step


def numpy_mlp(sizes: tuple[int, ...], batch: int, dtype: str) -> Any:
    """By hand, as one would write it with every buffer allocated beforehand."""
    layers, x, y = mlp_numbers(sizes, batch, dtype)
    regression = sizes[-1] == 1
    outs = [np.empty((batch, n), dtype) for n in sizes[1:]]
    backs = [np.empty((batch, n), dtype) for n in sizes[1:]]
    masks = [np.empty((batch, n), bool) for n in sizes[1:]]
    zeros = [np.zeros((batch, n), dtype) for n in sizes[1:]]
    ones, one, scale = np.ones(batch, dtype), np.ones((), dtype), np.full((), 2 / batch, dtype)
    gradients = [(np.empty_like(w), np.empty_like(b)) for w, b in layers]
    column = np.empty((batch, 1), dtype)
    last = len(layers) - 1

    def step() -> Any:
        h = x
        for i, (w, b) in enumerate(layers):
            h = np.dot(h, w.T, outs[i])
            np.add(h, b, h)
            if i < last:
                np.tanh(h, h) if regression else np.maximum(h, zeros[i], out=h)
        g = backs[last]
        if regression:
            np.subtract(h, y, g)
            loss = np.vdot(g, g) / batch
            np.multiply(g, scale, g)
        else:
            np.maximum.reduce(h, axis=1, keepdims=True, out=column)
            np.subtract(h, column, out=h)
            np.exp(h, out=g)
            np.add.reduce(g, axis=1, keepdims=True, out=column)
            np.divide(g, column, out=g)
            np.log(column, out=column)
            np.subtract(h, column, out=h)
            loss = -np.vdot(h, y) / batch
            np.subtract(g, y, out=g)
            np.divide(g, batch, out=g)
        for i in range(last, -1, -1):
            w, b = gradients[i]
            np.dot(g.T, outs[i - 1] if i else x, w)
            np.dot(ones, g, b)
            if i:
                h, back = outs[i - 1], backs[i - 1]
                np.dot(g, layers[i][0], back)
                if regression:
                    np.multiply(h, h, h)
                    np.subtract(one, h, h)
                else:
                    np.greater(h, zeros[i - 1], masks[i - 1])
                    np.copyto(h, masks[i - 1])
                g = np.multiply(back, h, back)
        return loss, [p for pair in gradients for p in pair]

    return step


MLP = {
    "gradwalk replayed": gradwalk_mlp_replayed,
    "gradwalk eager": gradwalk_mlp_eager,
    "NumPy by hand": numpy_mlp,
    "PyTorch": torch_mlp,
    "JAX jit": jax_mlp,
    "MyGrad": mygrad_mlp,
    "HIPS autograd": hips_mlp,
    "tinygrad": tinygrad_mlp,
}


# --- modules: the same parameters, under the same names, in our modules and in PyTorch's ----------


def lenet_numbers() -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 1, 28, 28)).astype(np.float32)
    return x, rng.integers(10, size=64)


def lenet() -> Any:
    import nets

    rng = np.random.default_rng(0)
    return nets.Sequential(
        nets.Conv2d(1, 6, 5, padding=2, rng=rng),
        nets.ReLU(),
        nets.MaxPool2d(2),
        nets.Conv2d(6, 16, 5, rng=rng),
        nets.ReLU(),
        nets.MaxPool2d(2),
        nets.Flatten(),
        nets.Linear(400, 120, rng=rng),
        nets.ReLU(),
        nets.Linear(120, 84, rng=rng),
        nets.ReLU(),
        nets.Linear(84, 10, rng=rng),
    ).astype(np.float32)


def gradwalk_lenet() -> Any:
    from nets import cross_entropy

    model, (x, y) = lenet(), lenet_numbers()
    return list(model.parameters()), (lambda: cross_entropy(model(x), y))


def torch_lenet() -> Any:
    import torch

    x, y = map(torch.tensor, lenet_numbers())
    nn = torch.nn
    model = nn.Sequential(
        *(nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten()),
        *(nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)),
    )
    model.load_state_dict({k: torch.tensor(v) for k, v in lenet().state_dict().items()})
    return torch_step(list(model.parameters()), lambda: nn.functional.cross_entropy(model(x), y))


def mygrad_lenet() -> Any:
    import mygrad
    from mygrad.nnet.activations import relu
    from mygrad.nnet.layers import conv_nd, max_pool
    from mygrad.nnet.losses import softmax_crossentropy

    x, y = lenet_numbers()
    parameters = [mygrad.tensor(p.data) for p in lenet().parameters()]

    def loss() -> Any:
        w, b, v, c, *dense = parameters
        h = relu(conv_nd(x, w, stride=1, padding=2) + b.reshape(1, -1, 1, 1))
        h = relu(conv_nd(max_pool(h, (2, 2), 2), v, stride=1) + c.reshape(1, -1, 1, 1))
        h = max_pool(h, (2, 2), 2).reshape(len(y), -1)
        for i in range(0, len(dense), 2):
            h = h @ dense[i].T + dense[i + 1]
            h = relu(h) if i < 4 else h
        return softmax_crossentropy(h, y)

    return eager(parameters, loss)


LENET = {
    "gradwalk replayed": lambda: replayed(*gradwalk_lenet()),
    "gradwalk eager": lambda: eager(*gradwalk_lenet()),
    "PyTorch": torch_lenet,
    "MyGrad": mygrad_lenet,
}


def block() -> Any:
    import nets

    model = nets.TransformerBlock(128, 4, 512, causal=False, rng=np.random.default_rng(0))
    return model.astype(np.float32)


def block_numbers() -> Any:
    return np.random.default_rng(0).normal(size=(8, 64, 128)).astype(np.float32)


def gradwalk_block() -> Any:
    model, x = block(), block_numbers()
    return list(model.parameters()), (lambda: (model(x) ** 2).mean())


def torch_block() -> Any:
    import torch

    model = torch.nn.TransformerEncoderLayer(
        128, 4, 512, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
    )
    model.load_state_dict({k: torch.tensor(v) for k, v in block().state_dict().items()})
    x = torch.tensor(block_numbers())
    return torch_step(list(model.parameters()), lambda: (model(x) ** 2).mean())


def mygrad_block() -> Any:
    """MyGrad has no erf, and is lent ours."""
    import mygrad
    from mygrad.nnet.activations import softmax
    from mygrad.operation_base import Operation

    from autograd.table.kernels import array_erf

    class Erf(Operation):  # type: ignore[misc]  # MyGrad's classes are untyped
        def __call__(self, x: Any) -> Any:
            self.variables = (x,)
            return array_erf(x.data)

        def backward_var(self, grad: Any, index: int, **_: Any) -> Any:
            x = self.variables[index].data
            return grad * (2 / math.sqrt(math.pi)) * np.exp(-x * x)

    p = {name: mygrad.tensor(number) for name, number in block().state_dict().items()}
    x = block_numbers()
    batch, tokens, width = x.shape

    def norm(x: Any, name: str) -> Any:
        centred = x - x.mean(axis=-1, keepdims=True)
        deviation = mygrad.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-5)
        return centred / deviation * p[f"{name}.weight"] + p[f"{name}.bias"]

    def linear(x: Any, name: str) -> Any:
        return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]

    def heads(x: Any, i: int) -> Any:
        rows = slice(i * width, (i + 1) * width)
        x = x @ p["self_attn.in_proj_weight"][rows].T + p["self_attn.in_proj_bias"][rows]
        return mygrad.swapaxes(x.reshape(batch, tokens, 4, width // 4), 1, 2)

    def loss() -> Any:
        z = mygrad.tensor(x.reshape(-1, width), constant=True)
        h = norm(z, "norm1")
        q, k, v = (heads(h, i) for i in range(3))
        y = softmax(q @ mygrad.swapaxes(k, 2, 3) / math.sqrt(width // 4), axis=-1) @ v
        z = z + linear(mygrad.swapaxes(y, 1, 2).reshape(-1, width), "self_attn.out_proj")
        h = linear(norm(z, "norm2"), "linear1")
        h = h * 0.5 * (mygrad.execute_op(Erf, h / math.sqrt(2)) + 1.0)
        return ((z + linear(h, "linear2")) ** 2).mean()

    return eager(list(p.values()), loss)


TRANSFORMER = {
    "gradwalk replayed": lambda: replayed(*gradwalk_block()),
    "gradwalk eager": lambda: eager(*gradwalk_block()),
    "PyTorch": torch_block,
    "MyGrad": mygrad_block,
}


# --- GELU of so many numbers that they don't fit into the cache -----------------------------------

MANY = np.random.default_rng(0).normal(size=2_000_000)


def gelu_loss(library: Any, x: Any) -> Any:
    return (0.5 * x * (1.0 + library.tanh(0.79788456 * (x + 0.044715 * x * x * x)))).sum()


def gradwalk_gelu() -> Any:
    import autograd

    x = autograd.Tensor(MANY)
    return [x], (lambda: gelu_loss(autograd, x))


def torch_gelu() -> Any:
    import torch

    x = torch.tensor(MANY, requires_grad=True)
    return torch_step([x], lambda: gelu_loss(torch, x))


def mygrad_gelu() -> Any:
    import mygrad

    x = mygrad.tensor(MANY)
    return eager([x], lambda: gelu_loss(mygrad, x))


GELU = {
    "gradwalk replayed": lambda: replayed(*gradwalk_gelu()),
    "gradwalk eager": lambda: eager(*gradwalk_gelu()),
    "PyTorch": torch_gelu,
    "MyGrad": mygrad_gelu,
}


# --- the Hessian of a network 3-8-2 for all of its 50 parameters at once --------------------------


def hessian_loss(numpy: Any, p: Any) -> Any:
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(10, 3)), rng.normal(size=(10, 2))
    h = numpy.tanh(x @ p[:24].reshape(3, 8) + p[24:32])
    return ((h @ p[32:48].reshape(8, 2) + p[48:] - y) ** 2).sum() / len(x)


HESSIAN_AT = np.random.default_rng(0).normal(size=50)


def gradwalk_hessian_eager() -> Any:
    import autograd

    p = autograd.Tensor(HESSIAN_AT)

    def step() -> Any:
        loss = hessian_loss(autograd, p)
        return loss.data, [autograd.hessian(loss, p)]

    return step


def gradwalk_hessian_replayed() -> Any:
    """Hessian times vector, on one tape, for all unit vectors."""
    import autograd
    from autograd.tape import Tape

    p, v = autograd.Tensor(HESSIAN_AT), autograd.Tensor(np.zeros(50))
    loss = hessian_loss(autograd, p)
    first = autograd.grad(loss, p, create_graph=True)
    product = autograd.grad((first * v).sum(), p, create_graph=True)
    tape = Tape([loss, product], [p, v])
    unit = np.eye(50)

    def step() -> Any:
        losses, rows = tape.value(p.data, unit)
        return losses[0], [rows]

    return step


def hips_hessian() -> Any:
    import autograd.numpy as numpy

    import autograd

    def loss(p: Any) -> Any:
        return hessian_loss(numpy, p)

    def step() -> Any:
        return loss(HESSIAN_AT), [autograd.hessian(loss)(HESSIAN_AT)]

    return step


def jax_hessian() -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    at = jax.numpy.asarray(HESSIAN_AT)

    def loss(p: Any) -> Any:
        return hessian_loss(jax.numpy, p)

    both = jax.jit(lambda p: (loss(p), [jax.hessian(loss)(p)]))
    return lambda: jax.block_until_ready(both(at))


HESSIAN = {
    "gradwalk replayed": gradwalk_hessian_replayed,
    "gradwalk eager": gradwalk_hessian_eager,
    "HIPS autograd": hips_hessian,
    "JAX jit": jax_hessian,
}
