"""Layers of one matrix of weights, and modules made of modules: in a row, or around others."""

import itertools
import math
from collections.abc import Iterator
from typing import Any, overload

import numpy as np

import autograd
from autograd import Node, Tensor
from autograd.tape import lookup
from nets.layers.carriers import Activation, Given, Numbers, steady
from nets.layers.initialisers import checked_rng, default_uniform
from nets.layers.module import Module


@overload
def linear(x: Numbers, weight: Tensor, bias: Given = ...) -> Tensor: ...
@overload
def linear(x: Numbers, weight: Numbers, bias: Given = ...) -> Any: ...
@steady
def linear(x: Numbers, weight: Numbers, bias: Given = None) -> Any:
    """x Wᵀ + b: (..., in_features) to (..., out_features), W of shape (out_features, in_features).

    >>> linear([1.0, 2.0], [[3.0, 4.0]], [0.5])
    array([11.5])
    """
    *batch, features = np.shape(x)
    if len(batch) > 1:  # one product of matrices is much faster than a batch of small ones
        x = autograd.reshape(x, shape=(math.prod(batch), features))
    y = autograd.matmul(x, autograd.transpose(weight))
    y = y if bias is None else autograd.add(y, bias)
    return autograd.reshape(y, shape=(*batch, np.shape(weight)[0])) if len(batch) > 1 else y


class Linear(Module, steady=True):
    """A layer of neurons: x Wᵀ + b, the lecture's MM.

    Parameters: `weight` of shape (out_features, in_features), `bias` of shape (out_features,), or
    None. Input (..., in_features), output (..., out_features). Both begin as
    U(−1/√in_features, 1/√in_features), PyTorch's default.

    >>> Linear(3, 2, rng=np.random.default_rng(0))
    Linear(in_features=3, out_features=2): 8 parameters
    """

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, *, rng: np.random.Generator
    ) -> None:
        self.in_features, self.out_features = in_features, out_features
        self.weight = Tensor(default_uniform((out_features, in_features), rng))
        self.bias = Tensor(default_uniform((out_features,), rng, in_features)) if bias else None

    def forward(self, x: Numbers) -> Tensor:
        return linear(x, self.weight, self.bias)


@overload
def embedding(indices: Numbers, weight: Tensor) -> Tensor: ...
@overload
def embedding(indices: Numbers, weight: Numbers) -> Any: ...
@steady
def embedding(indices: Numbers, weight: Numbers) -> Any:
    """The rows `indices` of `weight`: integers of shape (...) to (..., features).

    >>> embedding([1, 0], [[0.0, 0.5], [1.0, 1.5]])
    array([[1. , 1.5],
           [0. , 0.5]])
    """
    if not isinstance(indices, Node):
        indices, rows = np.asarray(indices), np.shape(weight)[0]
        if indices.dtype.kind not in "iu":
            raise TypeError(
                f"embedding: indices must be integers, got dtype {indices.dtype}; "
                f"convert them with .astype(int)"
            )
        if indices.size and not 0 <= indices.min() <= indices.max() < rows:
            raise ValueError(
                f"embedding: indices must lie between 0 and {rows - 1}, got "
                f"{indices.min()} to {indices.max()}; give the table a row for each"
            )
    return lookup(weight, indices)


class Embedding(Module, steady=True):
    """A table of vectors: integers of shape (...) to (..., embedding_dim).

    Parameters: `weight` of shape (num_embeddings, embedding_dim), N(0, 1) at first as in PyTorch.

    >>> table = Embedding(10, 3, rng=np.random.default_rng(0))
    >>> table([[1, 2], [3, 4]]).shape
    (2, 2, 3)
    """

    def __init__(
        self, num_embeddings: int, embedding_dim: int, *, rng: np.random.Generator
    ) -> None:
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.weight = Tensor(checked_rng(rng).normal(size=(num_embeddings, embedding_dim)))

    def forward(self, indices: Numbers) -> Tensor:
        return embedding(indices, self.weight)


class Sequential(Module, steady=True):
    """Modules (or plain functions) in a row, named by their position as in PyTorch.

    >>> model = Sequential(Linear(2, 3, rng=np.random.default_rng(0)), autograd.tanh)
    >>> [name for name, _ in model.named_parameters()]
    ['0.weight', '0.bias']
    """

    def __init__(self, *steps: Activation) -> None:
        for i, step in enumerate(steps):
            setattr(self, str(i), step)

    def __iter__(self) -> Iterator[Activation]:
        return (step for name, step in vars(self).items() if name.isdigit())

    def forward(self, x: Numbers) -> Any:
        for step in self:
            x = step(x)
        return x


class MLP(Module, steady=True):
    """A multi-layer perceptron, MM(σ(MM(... σ(MM(x))))): linear layers with σ between them.

    Args:
        widths: the number of features of the input, of each hidden layer, and of the output.
        activation: σ, any elementwise function.
        bias: whether the layers have biases.
        rng: draws the initial weights.

    >>> model = MLP(3, 2, 1, activation=autograd.tanh, rng=np.random.default_rng(0))
    >>> model
    MLP(activation=tanh): 11 parameters
      layers.0: Linear(in_features=3, out_features=2): 8 parameters
      layers.1: Linear(in_features=2, out_features=1): 3 parameters
    >>> [p.label for p in model.parameters()]
    ['layers.0.weight', 'layers.0.bias', 'layers.1.weight', 'layers.1.bias']
    """

    def __init__(
        self,
        *widths: int,
        activation: Activation = autograd.relu,
        bias: bool = True,
        rng: np.random.Generator,
    ) -> None:
        if len(widths) < 2:
            raise ValueError(
                f"MLP: widths must name at least an input and an output, got {widths}; "
                f"for example MLP(2, 16, 1, rng=rng)"
            )
        self.activation = activation
        self.layers = [
            Linear(before, after, bias, rng=rng) for before, after in itertools.pairwise(widths)
        ]

    def forward(self, x: Numbers) -> Any:
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        return last(x)


class Residual(Module, steady=True):
    """z + module(z), for any module; projection(z) + module(z) where their shapes differ.

    Args:
        module: what is added to the input.
        projection: brings the input to the shape of the module's output, for example a
            `Linear`, or a `Conv2d` with kernel_size=1; None where that is its own shape.

    >>> Residual(autograd.tanh)([0.0, 1.0])
    array([0.        , 1.76159416])
    """

    def __init__(self, module: Activation, projection: Activation | None = None) -> None:
        self.module, self.projection = module, projection

    def forward(self, z: Numbers) -> Tensor:
        y = self.module(z)
        z = z if self.projection is None else self.projection(z)
        if np.shape(z) != np.shape(y):
            raise ValueError(
                f"Residual: both paths must give the same shape, got {np.shape(z)} past the module "
                f"and {np.shape(y)} through it; pass a projection to the module's width"
            )
        return autograd.add(z, y)


class ResidualBlock(Module, steady=True):
    """The lecture's block, z + σ(MM(σ(MM(z)))): (..., features) to the same shape.

    Parameters: `linear1` and `linear2`, each Linear(features, features).

    >>> block = ResidualBlock(3, autograd.tanh, rng=np.random.default_rng(0))
    >>> block
    ResidualBlock(activation=tanh): 24 parameters
      linear1: Linear(in_features=3, out_features=3): 12 parameters
      linear2: Linear(in_features=3, out_features=3): 12 parameters
    """

    def __init__(
        self, features: int, activation: Activation = autograd.relu, *, rng: np.random.Generator
    ) -> None:
        self.activation = activation
        self.linear1 = Linear(features, features, rng=rng)
        self.linear2 = Linear(features, features, rng=rng)

    def forward(self, z: Numbers) -> Tensor:
        inner = self.activation(self.linear1(z))
        return autograd.add(z, self.activation(self.linear2(inner)))
