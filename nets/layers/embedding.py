"""Embedding: a learned vector for each token."""

from typing import Any, overload

import numpy as np

from autograd import Node, Tensor
from autograd.tape import lookup
from nets.layers.carriers import Numbers, steady
from nets.layers.initialisers import checked_rng
from nets.layers.module import Module


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
        if indices.dtype.kind not in "iuO":
            raise TypeError(
                f"embedding: indices must be integers, got dtype {indices.dtype}; "
                f"convert them with .astype(int)"
            )
        if (
            indices.dtype != object
            and indices.size
            and not 0 <= indices.min() <= indices.max() < rows
        ):
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
