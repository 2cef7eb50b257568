"""Attention, and the transformer's block around it.

Source: A. Vaswani et al., "Attention is all you need", 2017; with the norm first: R. Xiong et al.,
"On layer normalization in the transformer architecture", ICML 2020.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import autograd
from autograd import Tensor
from nets.layers.activations import gelu
from nets.layers.carriers import Activation, Numbers, steady_in_kind
from nets.layers.dropout import Dropout
from nets.layers.initialisers import xavier_uniform
from nets.layers.linear import Linear, linear
from nets.layers.module import Module
from nets.layers.normalisation import LayerNorm
from nets.layers.pooling import flatten


@steady_in_kind
def attention(query: Numbers, key: Numbers, value: Numbers, mask: ArrayLike | None = None) -> Any:
    """softmax(q kᵀ / √d) v: each query's mean of the values, weighted by how its keys agree.

    Args:
        query: (..., queries, d).
        key: (..., keys, d).
        value: (..., keys, features).
        mask: raw booleans that broadcast to (..., queries, keys), True where a query may look.

    Returns:
        (..., queries, features).

    Source: A. Vaswani et al., "Attention is all you need", 2017.

    >>> attention([[1.0, 0.0]], [[9.0, 0.0], [9.0, 0.0]], [[1.0], [3.0]])
    array([[2.]])
    """
    scores = autograd.matmul(query, swap_axes(key, -1, -2))
    scores = autograd.div(scores, math.sqrt(np.shape(query)[-1]))
    if mask is not None:
        allowed = np.asarray(mask)
        if allowed.dtype != bool or not allowed.any(axis=-1).all():
            raise ValueError(
                f"attention: mask must hold booleans and let every query look somewhere, got "
                f"dtype {allowed.dtype}; True is where it may"
            )
        scores = autograd.where(allowed, scores, -math.inf)
    return autograd.matmul(autograd.softmax(scores, axis=-1), value)


def swap_axes(x: Numbers, one: int, other: int) -> Any:
    """x with two axes exchanged."""
    axes = list(range(len(np.shape(x))))
    axes[one], axes[other] = axes[other], axes[one]
    return autograd.transpose(x, axes=axes)


class MultiHeadAttention(Module, steady=True):
    """Attention of `num_heads` heads side by side: (..., queries, embed_dim) to the same shape.

    Parameters, as PyTorch's: `in_proj_weight` of shape (3·embed_dim, embed_dim), which makes
    queries, keys and values; `in_proj_bias`; `out_proj`, a Linear. Batches come first.

    >>> layer = MultiHeadAttention(8, 2, rng=np.random.default_rng(0))
    >>> layer(np.zeros((5, 3, 8))).shape
    (5, 3, 8)
    """

    def __init__(
        self, embed_dim: int, num_heads: int, bias: bool = True, *, rng: np.random.Generator
    ) -> None:
        if num_heads < 1 or embed_dim % num_heads:
            raise ValueError(
                f"MultiHeadAttention: num_heads must divide embed_dim, got {num_heads} "
                f"and {embed_dim}"
            )
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.in_proj_weight = Tensor(xavier_uniform((3 * embed_dim, embed_dim), rng))
        self.in_proj_bias = Tensor(np.zeros(3 * embed_dim)) if bias else None
        self.out_proj = Linear(embed_dim, embed_dim, bias, rng=rng)
        if self.out_proj.bias is not None:
            self.out_proj.bias.data = np.zeros(embed_dim)

    def forward(
        self,
        query: Numbers,
        key: Numbers | None = None,
        value: Numbers | None = None,
        *,
        mask: ArrayLike | None = None,
        causal: bool = False,
    ) -> Tensor:
        """Attend from `query` to `key` (None: the query itself) and `value` (None: the key).

        Args:
            query: (..., queries, embed_dim).
            key, value: (..., keys, embed_dim).
            mask: raw booleans that broadcast to (..., num_heads, queries, keys), True: may look.
            causal: whether each query may look only at keys up to its own position.
        """
        key = query if key is None else key
        value = key if value is None else value
        if causal:
            past = np.tri(np.shape(query)[-2], np.shape(key)[-2], dtype=bool)
            mask = past if mask is None else past & mask
        q, k, v = (self._heads(i, x) for i, x in enumerate((query, key, value)))
        y = swap_axes(attention(q, k, v, mask), -3, -2)
        return self.out_proj(flatten(y, -2))

    def _heads(self, i: int, x: Numbers) -> Any:
        """Part `i` of the input projection of x, split up: (..., heads, length, dim)."""
        rows = slice(i * self.embed_dim, (i + 1) * self.embed_dim)
        bias = None if self.in_proj_bias is None else autograd.take(self.in_proj_bias, index=rows)
        x = linear(x, autograd.take(self.in_proj_weight, index=rows), bias)
        dim = self.embed_dim // self.num_heads
        x = autograd.reshape(x, shape=(*np.shape(x)[:-1], self.num_heads, dim))
        return swap_axes(x, -3, -2)


class TransformerBlock(Module, steady=True):
    """z + attention(norm(z)), then z + MM(σ(MM(norm(z)))): (..., length, embed_dim) to the same.

    The modules have the names of PyTorch's TransformerEncoderLayer (with norm_first=True).

    Args:
        embed_dim: the width.
        num_heads: of the attention.
        hidden: the width between the two linear layers; None: 4·embed_dim.
        activation: σ.
        dropout: the probability with which each path drops what it adds.
        causal: whether a position sees only itself and those before it.

    >>> block = TransformerBlock(8, 2, rng=np.random.default_rng(0))
    >>> block(np.zeros((5, 3, 8))).shape
    (5, 3, 8)
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        hidden: int | None = None,
        activation: Activation = gelu,
        dropout: float = 0.0,
        causal: bool = True,
        *,
        rng: np.random.Generator,
    ) -> None:
        hidden = 4 * embed_dim if hidden is None else hidden
        self.activation, self.causal = activation, causal
        self.norm1, self.norm2 = LayerNorm(embed_dim), LayerNorm(embed_dim)
        self.self_attn = MultiHeadAttention(embed_dim, num_heads, rng=rng)
        self.linear1 = Linear(embed_dim, hidden, rng=rng)
        self.linear2 = Linear(hidden, embed_dim, rng=rng)
        self.dropout = Dropout(dropout, rng=rng)

    def forward(self, z: Numbers, mask: ArrayLike | None = None) -> Tensor:
        attended = self.self_attn(self.norm1(z), mask=mask, causal=self.causal)
        z = autograd.add(z, self.dropout(attended))
        fed = self.linear2(self.activation(self.linear1(self.norm2(z))))
        return autograd.add(z, self.dropout(fed))
