"""Layers that give their output mean 0 and variance 1, then scale and shift it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor
from autograd.tape import tap
from nets.layers import functional
from nets.layers.module import Module, numbers

__all__ = ["BatchNorm", "LayerNorm"]


class LayerNorm(Module):
    """γ · (z − μ) / √(σ² + eps) + β, with μ and σ over the last axes of each example.

    Parameters: `weight` γ, ones at first, and `bias` β, zeros, both of shape `normalized_shape`.
    At eps=0 it is scaling-invariant, and gives zeros for a constant vector.

    >>> LayerNorm(4, eps=0)([1.0, 2.0, 3.0, 4.0])
    Tensor([-1.34164079, -0.4472136 ,  0.4472136 ,  1.34164079])
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        self.normalized_shape, self.eps = normalized_shape, eps
        self.weight = Tensor(np.ones(normalized_shape)) if elementwise_affine else None
        self.bias = Tensor(np.zeros(normalized_shape)) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Any:
        return functional.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


class BatchNorm(Module):
    """γ · (x − μ) / √(σ² + eps) + β per channel: (batch, channels, ...) to the same shape.

    In training μ and σ are those of the batch, and the running statistics follow them by
    `momentum`; after `eval()` the running statistics are used.

    Parameters: `weight` γ, ones at first, and `bias` β, zeros, of shape (num_features,). Buffers:
    `running_mean`, `running_var` (of the unbiased variance, as in PyTorch), `num_batches_tracked`.

    >>> norm = BatchNorm(1, eps=0)
    >>> norm([[1.0], [3.0]])
    Tensor([[-1.],
            [ 1.]])
    >>> norm.running_mean
    array([0.2])
    """

    def __init__(
        self, num_features: int, eps: float = 1e-5, momentum: float = 0.1, affine: bool = True
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Tensor(np.ones(num_features)) if affine else None
        self.bias = Tensor(np.zeros(num_features)) if affine else None
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)
        self.num_batches_tracked = np.array(0)

    def forward(self, x: Any) -> Any:
        shape = np.shape(x)
        if len(shape) < 2 or shape[1] != self.num_features:
            raise ValueError(
                f"BatchNorm: x must have shape (batch, {self.num_features}, ...), got {shape}"
            )
        mean = var = None
        if self.training:
            tap(x, self._follow)
        else:
            mean, var = self.running_mean, self.running_var
        return functional.batch_norm(x, mean, var, self.weight, self.bias, self.eps)

    def _follow(self, x: Any) -> None:
        """Let the running statistics follow those of the batch x."""
        x = numbers(x)
        axes = (0, *range(2, x.ndim))
        count = math.prod(x.shape[i] for i in axes)
        if count < 2:
            raise ValueError(
                f"BatchNorm: a batch must hold at least 2 numbers per channel in training, "
                f"got shape {x.shape}; use larger batches, or eval()"
            )
        self.running_mean += self.momentum * (x.mean(axes) - self.running_mean)
        self.running_var += self.momentum * (x.var(axes, ddof=1) - self.running_var)
        self.num_batches_tracked += 1
