"""Residual connections: a module learns what to add to its input.

Source: K. He et al., "Deep residual learning for image recognition", CVPR 2016.
"""

import numpy as np

import autograd
from autograd import Tensor
from nets.layers.carriers import Activation, Numbers
from nets.layers.linear import Linear
from nets.layers.module import Module


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
