"""Activation functions as modules, for use in `Sequential`; as functions they are in `autograd`.

They have no parameters and work elementwise, except Softmax.
"""

from __future__ import annotations

from typing import Any

import autograd
from nets.layers import functional
from nets.layers.module import Module

__all__ = ["GELU", "LeakyReLU", "ReLU", "SiLU", "Sigmoid", "Softmax", "Softplus", "Tanh"]


class Sigmoid(Module):
    """σ(z) = 1 / (1 + e⁻ᶻ); σ′ = σ (1 − σ).

    >>> Sigmoid()(0.0)
    0.5
    """

    def forward(self, z: Any) -> Any:
        return autograd.sigmoid(z)


class Tanh(Module):
    """(eᶻ − e⁻ᶻ) / (eᶻ + e⁻ᶻ); tanh′ = 1 − tanh².

    >>> Tanh()(0.0)
    0.0
    """

    def forward(self, z: Any) -> Any:
        return autograd.tanh(z)


class ReLU(Module):
    """max(0, z); its derivative is 1 where z > 0, and 0 elsewhere.

    >>> ReLU()([-1.0, 2.0])
    array([0., 2.])
    """

    def forward(self, z: Any) -> Any:
        return autograd.relu(z)


class LeakyReLU(Module):
    """max(0, z) + negative_slope · min(0, z).

    >>> LeakyReLU(0.1)([-1.0, 2.0])
    array([-0.1,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, z: Any) -> Any:
        return functional.leaky_relu(z, self.negative_slope)


class GELU(Module):
    """z · Φ(z); with approximate="tanh" by a formula that is faster here.

    >>> GELU()(0.0)
    0.0
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, z: Any) -> Any:
        return functional.gelu(z, self.approximate)


class SiLU(Module):
    """z · σ(z).

    >>> SiLU()(0.0)
    0.0
    """

    def forward(self, z: Any) -> Any:
        return functional.silu(z)


class Softplus(Module):
    """ln(1 + eᶻ), a smooth ReLU.

    >>> round(Softplus()(0.0), 6)
    0.693147
    """

    def forward(self, z: Any) -> Any:
        return autograd.softplus(z)


class Softmax(Module):
    """eᶻ / Σ eᶻ along `dim`.

    >>> Softmax()([0.0, 0.0])
    array([0.5, 0.5])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, z: Any) -> Any:
        return autograd.softmax(z, axis=self.dim)
