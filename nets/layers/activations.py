"""Activation functions that `autograd` lacks, and all of them as modules."""

import math
from typing import Any

import autograd
from nets.layers.carriers import Numbers, steady_in_kind
from nets.layers.module import Parameterless


@steady_in_kind
def leaky_relu(x: Numbers, negative_slope: float = 0.01) -> Any:
    """max(0, x) + negative_slope · min(0, x), elementwise; its derivative at 0 is 0.

    >>> leaky_relu(-2.0)
    -0.02
    """
    below = autograd.relu(autograd.neg(x))
    return autograd.sub(autograd.relu(x), autograd.mul(negative_slope, below))


@steady_in_kind
def gelu(x: Numbers, approximate: str = "none") -> Any:
    """x · Φ(x) with the normal distribution Φ, elementwise; or, with "tanh", its approximation.

    Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units (GELUs)", 2016.

    >>> round(gelu(1.0), 6), round(gelu(1.0, approximate="tanh"), 6)
    (0.841345, 0.841192)
    """
    if approximate == "none":
        inner = autograd.erf(autograd.div(x, math.sqrt(2)))
    elif approximate == "tanh":
        cube = autograd.mul(autograd.mul(autograd.square(x), x), 0.044715)
        inner = autograd.tanh(autograd.mul(autograd.add(x, cube), math.sqrt(2 / math.pi)))
    else:
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    return autograd.mul(autograd.mul(x, 0.5), autograd.add(inner, 1.0))


@steady_in_kind
def silu(x: Numbers) -> Any:
    """x · σ(x), elementwise, also known as swish.

    >>> round(silu(1.0), 6)
    0.731059
    """
    return autograd.mul(x, autograd.sigmoid(x))


class Sigmoid(Parameterless, steady=True):
    """σ(z) = 1 / (1 + e⁻ᶻ); σ′ = σ (1 − σ).

    >>> Sigmoid()(0.0)
    0.5
    """

    def forward(self, z: Numbers) -> Any:
        return autograd.sigmoid(z)


class Tanh(Parameterless, steady=True):
    """(eᶻ − e⁻ᶻ) / (eᶻ + e⁻ᶻ); tanh′ = 1 − tanh².

    >>> Tanh()(0.0)
    0.0
    """

    def forward(self, z: Numbers) -> Any:
        return autograd.tanh(z)


class ReLU(Parameterless, steady=True):
    """max(0, z); its derivative is 1 where z > 0, and 0 elsewhere.

    >>> ReLU()([-1.0, 2.0])
    array([0., 2.])
    """

    def forward(self, z: Numbers) -> Any:
        return autograd.relu(z)


class LeakyReLU(Parameterless, steady=True):
    """max(0, z) + negative_slope · min(0, z).

    >>> LeakyReLU(0.1)([-1.0, 2.0])
    array([-0.1,  2. ])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, z: Numbers) -> Any:
        return leaky_relu(z, self.negative_slope)


class GELU(Parameterless, steady=True):
    """z · Φ(z); with approximate="tanh" by a formula that is faster here.

    >>> GELU()(0.0)
    0.0
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, z: Numbers) -> Any:
        return gelu(z, self.approximate)


class SiLU(Parameterless, steady=True):
    """z · σ(z).

    >>> SiLU()(0.0)
    0.0
    """

    def forward(self, z: Numbers) -> Any:
        return silu(z)


class Softplus(Parameterless, steady=True):
    """ln(1 + eᶻ), a smooth ReLU.

    >>> round(Softplus()(0.0), 6)
    0.693147
    """

    def forward(self, z: Numbers) -> Any:
        return autograd.softplus(z)


class Softmax(Parameterless, steady=True):
    """eᶻ / Σ eᶻ along `dim`.

    >>> Softmax()([0.0, 0.0])
    array([0.5, 0.5])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, z: Numbers) -> Any:
        return autograd.softmax(z, axis=self.dim)
