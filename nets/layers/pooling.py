"""From many numbers to fewer: pooling and flattening. No parameters."""

from __future__ import annotations

from typing import Any

from nets.layers import functional
from nets.layers.module import Module

__all__ = ["AvgPool2d", "Flatten", "GlobalAvgPool", "MaxPool2d"]


class _Pool2d(Module):
    """What both have in common; see `functional.max_pool2d` for the arguments."""

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        self.kernel_size, self.stride, self.padding = kernel_size, stride, padding


class MaxPool2d(_Pool2d):
    """The maximum of each window: (..., height, width) to (..., rows, columns).

    Ties share the gradient equally.

    >>> MaxPool2d(2)([[1.0, 2.0], [3.0, 4.0]])
    array([[4.]])
    """

    def forward(self, x: Any) -> Any:
        return functional.max_pool2d(x, self.kernel_size, self.stride, self.padding)


class AvgPool2d(_Pool2d):
    """The mean of each window: (..., height, width) to (..., rows, columns).

    >>> AvgPool2d(2)([[1.0, 2.0], [3.0, 4.0]])
    array([[2.5]])
    """

    def forward(self, x: Any) -> Any:
        return functional.avg_pool2d(x, self.kernel_size, self.stride, self.padding)


class GlobalAvgPool(Module):
    """The mean of each image: (..., height, width) to (...).

    >>> GlobalAvgPool()([[[1.0, 2.0], [3.0, 6.0]]])
    array([3.])
    """

    def forward(self, x: Any) -> Any:
        return functional.global_avg_pool(x)


class Flatten(Module):
    """All axes from `start_dim` on as one: (batch, ...) to (batch, features).

    >>> Flatten()([[[1.0, 2.0], [3.0, 4.0]]])
    array([[1., 2., 3., 4.]])
    """

    def __init__(self, start_dim: int = 1) -> None:
        self.start_dim = start_dim

    def forward(self, x: Any) -> Any:
        return functional.flatten(x, self.start_dim)
