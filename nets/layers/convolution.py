"""Convolutional layers: sparse connections, shared weights."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import Tensor
from nets.layers import functional
from nets.layers.initialisers import default_uniform
from nets.layers.module import Module

__all__ = ["Conv1d", "Conv2d"]


class _Conv(Module):
    """What both have in common; `axes` is how many axes the window slides along."""

    axes: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, ...],
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: np.random.Generator,
    ) -> None:
        if groups < 1 or in_channels % groups or out_channels % groups:
            raise ValueError(
                f"groups must divide in_channels and out_channels, got {groups}, {in_channels} "
                f"and {out_channels}; groups=1 connects all channels"
            )
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding
        self.dilation, self.groups = dilation, groups
        kernel = np.atleast_1d(kernel_size).tolist()
        kernel = kernel * self.axes if len(kernel) == 1 else kernel
        if len(kernel) != self.axes:
            raise ValueError(
                f"kernel_size must be a number or {self.axes} of them, got {kernel_size}"
            )
        shape = (out_channels, in_channels // groups, *kernel)
        self.weight = Tensor(default_uniform(shape, rng))
        fan_in = math.prod(shape[1:])
        self.bias = Tensor(default_uniform((out_channels,), rng, fan_in)) if bias else None


class Conv1d(_Conv):
    """Cross-correlation along one axis: (..., in_channels, n) to (..., out_channels, positions).

    Parameters: `weight` of shape (out_channels, in_channels / groups, kernel_size), `bias` of shape
    (out_channels,), or None. Both begin as U(−1/√fan_in, 1/√fan_in), PyTorch's default.

    >>> layer = Conv1d(1, 2, 3, padding=1, rng=np.random.default_rng(0))
    >>> layer(np.zeros((5, 1, 7))).shape
    (5, 2, 7)
    """

    axes = 1

    def forward(self, x: Any) -> Any:
        return functional.conv1d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )


class Conv2d(_Conv):
    """Cross-correlation of images: (..., in_channels, height, width) to (..., out_channels, ...).

    Parameters: `weight` of shape (out_channels, in_channels / groups, *kernel_size), `bias` of
    shape (out_channels,), or None. Both begin as U(−1/√fan_in, 1/√fan_in), PyTorch's default.
    Sizes are numbers or pairs; see `functional.conv2d` for what they mean.

    >>> layer = Conv2d(1, 8, 3, stride=2, padding=1, rng=np.random.default_rng(0))
    >>> layer(np.zeros((5, 1, 8, 8))).shape
    (5, 8, 4, 4)
    """

    axes = 2

    def forward(self, x: Any) -> Any:
        return functional.conv2d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )
