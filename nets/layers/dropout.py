"""Dropout: a network that can't rely on any one of its neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from nets.layers import functional
from nets.layers.initialisers import checked_rng
from nets.layers.module import Module

__all__ = ["Dropout"]


class Dropout(Module):
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

    def forward(self, x: Any) -> Any:
        return functional.dropout(x, self.p, self.rng) if self.training and self.p else x
