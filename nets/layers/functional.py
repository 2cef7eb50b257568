"""Layers as functions: what the modules compute, with the parameters as arguments.

Everything is made of autograd's primitives, so each function works on Tensors, on raw arrays, and
on object arrays of Values. Shapes are PyTorch's; `...` stands for any number of axes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import autograd
from autograd.tape import draw, lookup
from nets.train.losses import (
    cross_entropy,
    hinge,
    log_loss,
    mean_squared_error,
    sum_of_squared_errors,
    zero_one,
)

__all__ = [
    "attention",
    "avg_pool2d",
    "batch_norm",
    "conv1d",
    "conv2d",
    "cross_entropy",
    "dropout",
    "embedding",
    "flatten",
    "gelu",
    "global_avg_pool",
    "hinge",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_loss",
    "max_pool2d",
    "mean_squared_error",
    "silu",
    "sum_of_squared_errors",
    "zero_one",
]


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    """x Wᵀ + b: (..., in_features) to (..., out_features), W of shape (out_features, in_features).

    >>> linear([1.0, 2.0], [[3.0, 4.0]], [0.5])
    array([11.5])
    """
    *batch, features = np.shape(x)
    if len(batch) > 1:  # one product of matrices is much faster than a batch of small ones
        x = autograd.reshape(x, shape=(math.prod(batch), features))
    y = autograd.matmul(x, autograd.transpose(weight))
    y = y if bias is None else autograd.add(y, bias)
    return autograd.reshape(y, shape=(*batch, np.shape(weight)[0])) if len(batch) > 1 else y


# --- activations ------------------------------------------------------------------------------


def leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    """max(0, x) + negative_slope · min(0, x), elementwise; its derivative at 0 is 0.

    >>> leaky_relu(-2.0)
    -0.02
    """
    below = autograd.relu(autograd.neg(x))
    return autograd.sub(autograd.relu(x), autograd.mul(negative_slope, below))


def gelu(x: Any, approximate: str = "none") -> Any:
    """x · Φ(x) with the normal distribution Φ, elementwise; or, with "tanh", its approximation.

    Source: D. Hendrycks and K. Gimpel, "Gaussian error linear units (GELUs)", 2016.

    >>> round(gelu(1.0), 6), round(gelu(1.0, approximate="tanh"), 6)
    (0.841345, 0.841192)
    """
    if approximate == "none":
        inner = autograd.erf(autograd.div(x, math.sqrt(2)))
    elif approximate == "tanh":
        cube = autograd.mul(autograd.mul(autograd.square(x), x), 0.044715)
        inner = autograd.tanh(autograd.mul(autograd.add(x, cube), math.sqrt(2 / math.pi)))
    else:
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', got {approximate!r}")
    return autograd.mul(autograd.mul(x, 0.5), autograd.add(inner, 1.0))


def silu(x: Any) -> Any:
    """x · σ(x), elementwise, also known as swish.

    >>> round(silu(1.0), 6)
    0.731059
    """
    return autograd.mul(x, autograd.sigmoid(x))


# --- sliding windows --------------------------------------------------------------------------


def conv1d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """`conv2d` along one axis: (..., in_channels, length) to (..., out_channels, positions).

    >>> conv1d([[1.0, 2.0, 3.0, 4.0]], [[[1.0, 0.0, -1.0]]])
    array([[-2., -2.]])
    """
    return _convolve(1, x, weight, bias, stride, padding, dilation, groups)


def conv2d(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Any = 1,
    padding: Any = 0,
    dilation: Any = 1,
    groups: int = 1,
) -> Any:
    """Cross-correlation: the sum of weight × window at every position of the window.

    Args:
        x: (..., in_channels, height, width).
        weight: (out_channels, in_channels / groups, kernel height, kernel width); not flipped.
        bias: (out_channels,), or None.
        stride: the step from one position to the next, a number or one per axis, as are:
        padding: how many zeros stand on either side,
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


def _convolve(
    n: int, x: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int
) -> Any:
    """Convolution along the last `n` axes: every window a column, then one matrix product."""
    shape, kernel = np.shape(x), np.shape(weight)
    if len(shape) < n + 1 or len(kernel) != n + 2 or groups * kernel[1] != shape[-n - 1]:
        raise ValueError(
            f"conv{n}d: x and weight must have shapes (..., in_channels, {n} axes) and "
            f"(out_channels, in_channels / groups, {n} axes), got {shape} and {kernel} with "
            f"groups={groups}; make their channels agree"
        )
    if kernel[0] % groups:
        raise ValueError(f"conv{n}d: groups must divide out_channels, got {groups} and {kernel[0]}")
    x = autograd.windows(_padded(n, x, padding), size=kernel[2:], stride=stride, dilation=dilation)
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


def _padded(n: int, x: Any, padding: Any, value: float = 0.0) -> Any:
    """x with `padding` elements on either side along its last `n` axes."""
    each = (padding,) * n if np.ndim(padding) == 0 else tuple(padding)
    if len(each) != n or min(each) < 0:
        raise ValueError(
            f"padding must be a number from 0 upwards for each of {n} axes, got {padding}"
        )
    if not any(each):
        return x
    width = ((0, 0),) * (len(np.shape(x)) - n) + tuple((p, p) for p in each)
    return autograd.pad(x, width=width, value=value)


def max_pool2d(x: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The maximum of each window: (..., height, width) to (..., rows, columns).

    Args:
        size: the window's, a number or (height, width).
        stride: the step from one window to the next; None: `size`, so that they don't overlap.
        padding: how many −∞ stand on either side, at most half of `size`.

    >>> max_pool2d([[1.0, 2.0, 5.0, 0.0], [3.0, 4.0, 0.0, 6.0]], 2)
    array([[4., 6.]])
    """
    return autograd.max(_pools("max_pool2d", x, size, stride, padding, -math.inf), axis=(0, 1))


def avg_pool2d(x: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
    """The mean of each window, padded zeros counting; arguments as for `max_pool2d`.

    >>> avg_pool2d([[1.0, 2.0, 5.0, 0.0], [3.0, 4.0, 0.0, 6.0]], 2)
    array([[2.5 , 2.75]])
    """
    return autograd.mean(_pools("avg_pool2d", x, size, stride, padding, 0.0), axis=(0, 1))


def _pools(who: str, x: Any, size: Any, stride: Any, padding: Any, value: float) -> Any:
    """The windows of the last two axes, (*size, ..., rows, columns)."""
    size = (size, size) if np.ndim(size) == 0 else tuple(size)
    if (2 * np.asarray(padding) > size).any():
        raise ValueError(f"{who}: padding must be at most half of size {size}, got {padding}")
    x = autograd.windows(
        _padded(2, x, padding, value), size=size, stride=size if stride is None else stride
    )
    ndim = len(np.shape(x))
    return autograd.transpose(x, axes=(ndim - 2, ndim - 1, *range(ndim - 2)))


def global_avg_pool(x: Any) -> Any:
    """The mean of each image: (..., height, width) to (...).

    >>> global_avg_pool([[[1.0, 2.0], [3.0, 6.0]]])
    array([3.])
    """
    return autograd.mean(x, axis=(-2, -1))


def flatten(x: Any, start: int = 1) -> Any:
    """All axes from `start` on as one.

    >>> flatten(np.zeros((2, 3, 4))).shape
    (2, 12)
    """
    shape = np.shape(x)
    return autograd.reshape(x, shape=(*shape[:start], math.prod(shape[start:])))


# --- normalisation ----------------------------------------------------------------------------


def layer_norm(
    x: Any,
    normalized_shape: int | tuple[int, ...],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """weight · (x − μ) / √(σ² + eps) + bias over the last axes, which have `normalized_shape`.

    Scaling-invariant at eps=0, where a constant vector is mapped to zeros and its gradient is 0.

    Args:
        x: (..., *normalized_shape).
        weight: γ of shape `normalized_shape`, or None; likewise
        bias: β.

    Source: J. Ba, J. Kiros and G. Hinton, "Layer normalization", 2016.

    >>> layer_norm([1.0, 2.0, 3.0, 4.0], 4, eps=0)
    array([-1.34164079, -0.4472136 ,  0.4472136 ,  1.34164079])
    """
    last = tuple(np.atleast_1d(normalized_shape).tolist())
    if not last or np.shape(x)[-len(last) :] != last:
        raise ValueError(
            f"layer_norm: the last axes of x must be the normalized_shape {last}, "
            f"got {np.shape(x)}; make them agree"
        )
    x = _standardized(x, tuple(range(-len(last), 0)), eps)
    return _affine(x, weight, bias)


def batch_norm(
    x: Any,
    mean: Any = None,
    var: Any = None,
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """weight · (x − mean) / √(var + eps) + bias for every channel: axis 1, or the only one.

    Args:
        x: (batch, channels, ...).
        mean, var: the statistics, (channels,) each; None: those of this batch.
        weight: γ, (channels,), or None; likewise
        bias: β.

    Source: S. Ioffe and C. Szegedy, "Batch normalization", ICML 2015.

    >>> batch_norm([[1.0], [3.0]], eps=0)
    array([[-1.],
           [ 1.]])
    """
    shape = np.shape(x)
    if len(shape) < 2:
        raise ValueError(f"batch_norm: x must have shape (batch, channels, ...), got {shape}")
    column = (-1,) + (1,) * (len(shape) - 2)  # aligns (channels,) with axis 1
    weight, bias, mean, var = (
        None if p is None else autograd.reshape(p, shape=column) for p in (weight, bias, mean, var)
    )
    if mean is None:
        x = _standardized(x, (0, *range(2, len(shape))), eps)
    else:
        x = autograd.div(autograd.sub(x, mean), autograd.sqrt(autograd.add(var, eps)))
    return _affine(x, weight, bias)


def _standardized(x: Any, axes: tuple[int, ...], eps: float) -> Any:
    """(x − μ) / √(σ² + eps) over `axes`; where σ and eps are 0, it and its gradient are 0."""
    if eps:
        centred = autograd.sub(x, autograd.mean(x, axes, keepdims=True))
        var = autograd.mean(autograd.square(centred), axes, keepdims=True)
        return autograd.div(centred, autograd.sqrt(autograd.add(var, eps)))
    # The result depends on neither shift nor scale, so both are taken out first: what is constant
    # becomes exactly 0, and no square over- or underflows.
    top = autograd.max(x, axis=axes, keepdims=True)
    x = autograd.sub(x, autograd.stop_gradient(top))
    centred = autograd.sub(x, autograd.mean(x, axes, keepdims=True))
    scale = autograd.max(autograd.abs(centred), axis=axes, keepdims=True)
    flat = autograd.equal(scale, 0.0)
    unit = autograd.div(centred, autograd.stop_gradient(autograd.add(scale, flat)))
    var = autograd.mean(autograd.square(unit), axes, keepdims=True)
    return autograd.where(flat, 0.0, autograd.div(unit, autograd.sqrt(autograd.add(var, flat))))


def _affine(x: Any, weight: Any, bias: Any) -> Any:
    x = x if weight is None else autograd.mul(x, weight)
    return x if bias is None else autograd.add(x, bias)


# --- tokens -----------------------------------------------------------------------------------


def embedding(indices: Any, weight: Any) -> Any:
    """The rows `indices` of `weight`: integers of shape (...) to (..., features).

    >>> embedding([1, 0], [[0.0, 0.5], [1.0, 1.5]])
    array([[1. , 1.5],
           [0. , 0.5]])
    """
    if not isinstance(indices, autograd.Node):
        indices, rows = np.asarray(indices), np.shape(weight)[0]
        if indices.dtype.kind not in "iu":
            raise TypeError(
                f"embedding: indices must be integers, got dtype {indices.dtype}; "
                f"convert them with .astype(int)"
            )
        if indices.size and not 0 <= indices.min() <= indices.max() < rows:
            raise ValueError(
                f"embedding: indices must lie between 0 and {rows - 1}, got "
                f"{indices.min()} to {indices.max()}; give the table a row for each"
            )
    return lookup(weight, indices)


def attention(query: Any, key: Any, value: Any, mask: Any = None) -> Any:
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


def swap_axes(x: Any, one: int, other: int) -> Any:
    """x with two axes exchanged."""
    axes = list(range(len(np.shape(x))))
    axes[one], axes[other] = axes[other], axes[one]
    return autograd.transpose(x, axes=axes)


def dropout(x: Any, p: float, rng: np.random.Generator) -> Any:
    """x with every element zeroed with probability p, and the others scaled by 1 / (1 − p).

    Source: N. Srivastava et al., "Dropout", JMLR 15 (2014).

    >>> dropout([1.0, 1.0, 1.0, 1.0], 0.5, np.random.default_rng(0))
    array([2., 0., 0., 0.])
    """
    if not 0 <= p < 1:
        raise ValueError(f"dropout: p must lie in [0, 1), got {p}; it is the part that is dropped")
    shape, single = np.shape(x), getattr(x, "dtype", None) == np.float32
    kept = draw(lambda: (rng.random(shape) >= p).astype(np.float32 if single else np.float64))
    return autograd.div(autograd.mul(x, kept), 1 - p)
