"""From many numbers to fewer: pooling and flattening. No parameters."""

import math
from typing import Any

import numpy as np

import autograd
from nets.layers.carriers import Numbers, steady_in_kind
from nets.layers.convolution import Sizes, padded, per_axis
from nets.layers.module import Parameterless


@steady_in_kind
def max_pool2d(x: Numbers, size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> Any:
    """The maximum of each window: (..., height, width) to (..., rows, columns).

    Args:
        size: the window's, a number or (height, width).
        stride: the step from one window to the next; None: `size`, so that they don't overlap.
        padding: how many −∞ stand on either side, at most half of `size`.

    >>> max_pool2d([[1.0, 2.0, 5.0, 0.0], [3.0, 4.0, 0.0, 6.0]], 2)
    array([[4., 6.]])
    """
    return autograd.max(_pools("max_pool2d", x, size, stride, padding, -math.inf), axis=(0, 1))


@steady_in_kind
def avg_pool2d(x: Numbers, size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> Any:
    """The mean of each window, padded zeros counting; arguments as for `max_pool2d`.

    >>> avg_pool2d([[1.0, 2.0, 5.0, 0.0], [3.0, 4.0, 0.0, 6.0]], 2)
    array([[2.5 , 2.75]])
    """
    return autograd.mean(_pools("avg_pool2d", x, size, stride, padding, 0.0), axis=(0, 1))


def _pools(
    who: str, x: Numbers, size: Sizes, stride: Sizes | None, padding: Sizes, value: float
) -> Any:
    """The windows of the last two axes, (*size, ..., rows, columns)."""
    size = per_axis(2, size)
    if (2 * np.asarray(padding) > size).any():
        raise ValueError(f"{who}: padding must be at most half of size {size}, got {padding}")
    x = autograd.windows(
        padded(2, x, padding, value), size=size, stride=size if stride is None else stride
    )
    ndim = len(np.shape(x))
    return autograd.transpose(x, axes=(ndim - 2, ndim - 1, *range(ndim - 2)))


@steady_in_kind
def global_avg_pool(x: Numbers) -> Any:
    """The mean of each image: (..., height, width) to (...).

    >>> global_avg_pool([[[1.0, 2.0], [3.0, 6.0]]])
    array([3.])
    """
    return autograd.mean(x, axis=(-2, -1))


@steady_in_kind
def flatten(x: Numbers, start: int = 1) -> Any:
    """All axes from `start` on as one.

    >>> flatten(np.zeros((2, 3, 4))).shape
    (2, 12)
    """
    shape = np.shape(x)
    return autograd.reshape(x, shape=(*shape[:start], math.prod(shape[start:])))


class _Pool2d(Parameterless):
    """What both have in common; see `max_pool2d` for the arguments."""

    def __init__(self, kernel_size: Sizes, stride: Sizes | None = None, padding: Sizes = 0) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding


class MaxPool2d(_Pool2d, steady=True):
    """The maximum of each window: (..., height, width) to (..., rows, columns).

    Ties share the gradient equally.

    >>> MaxPool2d(2)([[1.0, 2.0], [3.0, 4.0]])
    array([[4.]])
    """

    def forward(self, x: Numbers) -> Any:
        return max_pool2d(x, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool2d, steady=True):
    """The mean of each window: (..., height, width) to (..., rows, columns).

    >>> AvgPool2d(2)([[1.0, 2.0], [3.0, 4.0]])
    array([[2.5]])
    """

    def forward(self, x: Numbers) -> Any:
        return avg_pool2d(x, self.kernel_size, self.stride, self.padding)


class GlobalAvgPool(Parameterless, steady=True):
    """The mean of each image: (..., height, width) to (...).

    >>> GlobalAvgPool()([[[1.0, 2.0], [3.0, 6.0]]])
    array([3.])
    """

    def forward(self, x: Numbers) -> Any:
        return global_avg_pool(x)


class Flatten(Parameterless, steady=True):
    """All axes from `start_dim` on as one: (batch, ...) to (batch, features).

    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]]])
    array([[1., 2., 3., 4.]])
    """

    def __init__(self, start_dim: int = 1) -> None:
        self.start_dim = start_dim

    def forward(self, x: Numbers) -> Any:
        return flatten(x, self.start_dim)
