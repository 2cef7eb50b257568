"""Convolutional layers: sparse connections, shared weights."""

import math
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np

import autograd
from autograd import Tensor
from nets.layers.carriers import Given, Numbers, steady
from nets.layers.initialisers import default_uniform
from nets.layers.module import Module

Sizes = int | Sequence[int]  # one for all axes, or one for each
Padding = Sizes | str  # "same" is a size as well
Weight = TypeVar("Weight", bound=Numbers)  # to type checkers, the result is of its kind


@steady
def conv1d(
    x: Numbers,
    weight: Weight,
    bias: Given = None,
    stride: Sizes = 1,
    padding: Padding = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Weight:
    """`conv2d` along one axis: (..., in_channels, length) to (..., out_channels, positions).

    >>> conv1d([[1.0, 2.0, 3.0, 4.0]], [[[1.0, 0.0, -1.0]]])
    array([[-2., -2.]])
    """
    return _convolve(1, x, weight, bias, stride, padding, dilation, groups)


@steady
def conv2d(
    x: Numbers,
    weight: Weight,
    bias: Given = None,
    stride: Sizes = 1,
    padding: Padding = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Weight:
    """Cross-correlation: the sum of weight × window at every position of the window.

    Args:
        x: (..., in_channels, height, width).
        weight: (out_channels, in_channels / groups, kernel height, kernel width); not flipped.
        bias: (out_channels,), or None.
        stride: the step from one position to the next, a number or one per axis, as are:
        padding: how many zeros stand on either side, or "same": as many as make the output as large
            as x at stride 1 (with one more at the end where they are odd),
        dilation: the distance of the elements of a window.
        groups: channels are split into so many groups that don't see each other.

    Returns:
        (..., out_channels, rows, columns), where rows are
        ⌊(height + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1, and columns likewise.

    >>> image = [[[1.0, 2.0], [3.0, 4.0]]]
    >>> conv2d(image, [[[[1.0, 10.0]]]], padding=(0, 1))
    array([[[10., 21.,  2.],
            [30., 43.,  4.]]])
    """
    return _convolve(2, x, weight, bias, stride, padding, dilation, groups)


def _convolve(n: int, x: Numbers, weight: Numbers, bias: Given, *window: Any) -> Any:
    """Convolution along the last `n` axes: every window a column, then one matrix product."""
    stride, padding, dilation, groups = window
    shape, kernel = np.shape(x), np.shape(weight)
    if len(shape) < n + 1 or len(kernel) != n + 2 or groups * kernel[1] != shape[-n - 1]:
        raise ValueError(
            f"conv{n}d: x and weight must have shapes (..., in_channels, {n} axes) and "
            f"(out_channels, in_channels / groups, {n} axes), got {shape} and {kernel} with "
            f"groups={groups}; make their channels agree"
        )
    if kernel[0] % groups:
        raise ValueError(f"conv{n}d: groups must divide out_channels, got {groups} and {kernel[0]}")
    if isinstance(padding, str):
        x = _same(n, x, kernel[2:], stride, dilation, padding)
    else:
        x = padded(n, x, padding)
    x = autograd.windows(x, size=kernel[2:], stride=stride, dilation=dilation)
    batch, places = shape[: -n - 1], np.shape(x)[-2 * n : -n]
    # A column per window, (channels, *kernel, *places, ...): the batch stays last in memory, where
    # copying, pooling and normalization pass over long runs of numbers.
    lead = len(batch)
    inner = (lead, *range(lead + n + 1, lead + 2 * n + 1))
    x = autograd.transpose(x, axes=(*inner, *range(lead + 1, lead + n + 1), *range(lead)))
    taps = math.prod(kernel[1:])
    x = autograd.reshape(x, shape=(groups, taps, math.prod(places + batch)))
    weight = autograd.reshape(weight, shape=(groups, kernel[0] // groups, taps))
    y = autograd.matmul(weight, x)
    if bias is not None:
        y = autograd.add(y, autograd.reshape(bias, shape=(groups, -1, 1)))
    y = autograd.reshape(y, shape=(kernel[0], *places, *batch))
    return autograd.transpose(y, axes=(*range(n + 1, n + 1 + lead), *range(n + 1)))


def per_axis(n: int, sizes: Sizes) -> tuple[int, ...]:
    """A size for each of `n` axes, where one may be given for all."""
    each = tuple(np.ravel(sizes).tolist())
    return each * n if np.ndim(sizes) == 0 else each


def padded(n: int, x: Numbers, padding: Sizes, value: float = 0.0) -> Any:
    """x with `padding` elements on either side along its last `n` axes."""
    each = per_axis(n, padding)
    if len(each) != n or min(each) < 0:
        raise ValueError(
            f"padding must be a number from 0 upwards for each of {n} axes, got {padding}"
        )
    if not any(each):
        return x
    width = ((0, 0),) * (len(np.shape(x)) - n) + tuple((p, p) for p in each)
    return autograd.pad(x, width=width, value=value)


def _same(
    n: int, x: Numbers, kernel: tuple[int, ...], stride: Sizes, dilation: Sizes, padding: str
) -> Any:
    """x with zeros around it, so that there is a window for each of its elements."""
    if padding != "same" or set(per_axis(n, stride)) != {1}:
        raise ValueError(
            f"conv{n}d: padding must be a number, one for each axis, or 'same' at stride 1, got "
            f"{padding!r} at stride {stride}"
        )
    more = [d * (k - 1) for k, d in zip(kernel, per_axis(n, dilation), strict=True)]
    width = ((0, 0),) * (len(np.shape(x)) - n) + tuple((m // 2, m - m // 2) for m in more)
    return autograd.pad(x, width=width, value=0.0)


class _Conv(Module):
    """What both have in common; `axes` is how many axes the window slides along."""

    axes: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Padding = 0,
        dilation: Sizes = 1,
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

    def forward(self, x: Numbers) -> Tensor:
        window = self.stride, self.padding, self.dilation, self.groups
        return _convolve(self.axes, x, self.weight, self.bias, *window)


class Conv1d(_Conv, steady=True):
    """Cross-correlation along one axis: (..., in_channels, n) to (..., out_channels, positions).

    Parameters: `weight` of shape (out_channels, in_channels / groups, kernel_size), `bias` of shape
    (out_channels,), or None. Both begin as U(−1/√fan_in, 1/√fan_in), PyTorch's default.

    >>> layer = Conv1d(1, 2, 3, padding=1, rng=np.random.default_rng(0))
    >>> layer(np.zeros((5, 1, 7))).shape
    (5, 2, 7)
    """

    axes = 1


class Conv2d(_Conv, steady=True):
    """Cross-correlation of images: (..., in_channels, height, width) to (..., out_channels, ...).

    Parameters: `weight` of shape (out_channels, in_channels / groups, *kernel_size), `bias` of
    shape (out_channels,), or None. Both begin as U(−1/√fan_in, 1/√fan_in), PyTorch's default.
    Sizes are numbers or pairs; see `conv2d` for what they mean.

    >>> layer = Conv2d(1, 8, 3, stride=2, padding=1, rng=np.random.default_rng(0))
    >>> layer(np.zeros((5, 1, 8, 8))).shape
    (5, 8, 4, 4)
    """

    axes = 2
