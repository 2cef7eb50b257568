"""Fully connected layers, and modules in a row."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy as np

import autograd
from autograd import Tensor
from nets.layers.carriers import Activation, Given, Numbers, steady
from nets.layers.initialisers import default_uniform
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
    if np.shape(x) == ():
        raise ValueError(f"linear: x must have shape (..., in_features), got a single {x!r}")
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


def checked_activation(function: Any) -> Any:
    """`function`, which must be one, and no class of them."""
    if isinstance(function, type):
        raise TypeError(
            f"a step of a network must be a function or a module, got the class "
            f"{function.__name__}; make one of it: {function.__name__}()"
        )
    if not callable(function):
        raise TypeError(
            f"a step of a network must be a function or a module, got {type(function).__name__}"
        )
    return function


class Sequential(Module, steady=True):
    """Modules (or plain functions) in a row, named by their position as in PyTorch.

    >>> model = Sequential(Linear(2, 3, rng=np.random.default_rng(0)), autograd.tanh)
    >>> [name for name, _ in model.named_parameters()]
    ['0.weight', '0.bias']
    >>> len(model), model[0]
    (2, Linear(in_features=2, out_features=3): 9 parameters)
    """

    def __init__(self, *steps: Activation | Sequence[Activation]) -> None:
        if len(steps) == 1 and isinstance(steps[0], (list, tuple)):
            steps = tuple(steps[0])
        for i, step in enumerate(steps):
            setattr(self, str(i), checked_activation(step))

    def __len__(self) -> int:
        return sum(name.isdigit() for name in vars(self))

    @overload
    def __getitem__(self, place: int) -> Activation: ...
    @overload
    def __getitem__(self, place: slice) -> "Sequential": ...
    def __getitem__(self, place: int | slice) -> "Activation | Sequential":
        steps = list(self)[place]
        return Sequential(*steps) if isinstance(steps, list) else steps

    def __iter__(self) -> Iterator[Activation]:
        return (step for name, step in vars(self).items() if name.isdigit())

    def forward(self, x: Numbers) -> Any:
        for step in self:
            x = step(x)
        return x


class MLP(Module, steady=True):
    """A multi-layer perceptron, MM(σ(MM(... σ(MM(x))))): linear layers with σ between them.

    Args:
        widths: the number of features of the input, of each hidden layer, and of the output; those
            after the input may be a list, as in `MLP(3, [4, 4, 1])`.
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
        *widths: int | Sequence[int],
        activation: Activation = autograd.relu,
        bias: bool = True,
        rng: np.random.Generator,
    ) -> None:
        flat = np.concatenate([np.ravel(width) for width in widths]).tolist() if widths else []
        if len(flat) < 2:
            raise ValueError(
                f"MLP: widths must name at least an input and an output, got {widths}; "
                f"for example MLP(2, 16, 1, rng=rng)"
            )
        self.activation = checked_activation(activation)
        self.layers = [
            Linear(before, after, bias, rng=rng) for before, after in itertools.pairwise(flat)
        ]

    def forward(self, x: Numbers) -> Any:
        *hidden, last = self.layers
        for layer in hidden:
            x = self.activation(layer(x))
        return last(x)
