"""Embedding: a learned vector for each token."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor
from nets.layers import functional
from nets.layers.initialisers import checked_rng
from nets.layers.module import Module

__all__ = ["Embedding"]


class Embedding(Module):
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

    def forward(self, indices: Any) -> Any:
        return functional.embedding(indices, self.weight)
