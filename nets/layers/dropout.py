"""Dropout: a network that can't rely on any one of its neurons."""

from typing import Any

import numpy as np

import autograd
from autograd.tape import sample
from nets.layers.carriers import Numbers, steady_in_kind
from nets.layers.initialisers import checked_rng
from nets.layers.module import Parameterless


@steady_in_kind
def dropout(x: Numbers, p: float, rng: np.random.Generator) -> Any:
    """x with every element zeroed with probability p, and the others scaled by 1 / (1 − p).

    Source: N. Srivastava et al., "Dropout", JMLR 15 (2014).

    >>> dropout([1.0, 1.0, 1.0, 1.0], 0.5, np.random.default_rng(0))
    array([2., 0., 0., 0.])
    """
    if not 0 <= p < 1:
        raise ValueError(f"dropout: p must lie in [0, 1), got {p}; it is the part that is dropped")
    shape, single = np.shape(x), getattr(x, "dtype", None) == np.float32
    kept = sample(lambda: (rng.random(shape) >= p).astype(np.float32 if single else np.float64))
    return autograd.div(autograd.mul(x, kept), 1 - p)


class Dropout(Parameterless, steady=True):
    """In training, zero each number with probability p and scale the others by 1 / (1 − p).

    After `eval()` it is the identity.

    >>> layer = Dropout(0.5, rng=np.random.default_rng(0))
    >>> layer([1.0, 1.0, 1.0, 1.0])
    array([2., 0., 0., 0.])
    >>> layer.eval()([1.0, 1.0, 1.0, 1.0])
    [1.0, 1.0, 1.0, 1.0]
    """

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator) -> None:
        self.p, self.rng = p, checked_rng(rng)

    def forward(self, x: Numbers) -> Any:
        return dropout(x, self.p, self.rng) if self.training and self.p else x
