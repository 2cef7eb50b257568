"""Layers that give their output mean 0 and variance 1, then scale and shift it."""

import math
from typing import Any

import numpy as np

import autograd
from autograd import Tensor
from autograd.tape import tap
from nets.layers.carriers import Given, Numbers, numbers, steady_in_kind
from nets.layers.module import Module

Shape = int | tuple[int, ...]


@steady_in_kind
def layer_norm(
    x: Numbers, normalized_shape: Shape, weight: Given = None, bias: Given = None, eps: float = 1e-5
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
    axes = _last_axes("layer_norm", x, normalized_shape)
    return _affine(_standardized(x, axes, eps), weight, bias)


@steady_in_kind
def batch_norm(
    x: Numbers,
    mean: Given = None,
    var: Given = None,
    weight: Given = None,
    bias: Given = None,
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
    aligned: list[Any] = [
        None if p is None else autograd.reshape(p, shape=column) for p in (weight, bias, mean, var)
    ]
    gamma, beta, mu, square = aligned
    if mean is None:
        x = _standardized(x, (0, *range(2, len(shape))), eps)
    else:
        x = autograd.div(autograd.sub(x, mu), autograd.sqrt(autograd.add(square, eps)))
    return _affine(x, gamma, beta)


def _standardized(x: Numbers, axes: tuple[int, ...], eps: float) -> Any:
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


def _affine(x: Numbers, weight: Given, bias: Given) -> Any:
    x = x if weight is None else autograd.mul(x, weight)
    return x if bias is None else autograd.add(x, bias)


class LayerNorm(Module, steady=True):
    """γ · (z − μ) / √(σ² + eps) + β, with μ and σ over the last axes of each example.

    Parameters: `weight` γ, ones at first, and `bias` β, zeros, both of shape `normalized_shape`.
    At eps=0 it is scaling-invariant, and gives zeros for a constant vector.

    >>> LayerNorm(4, eps=0)([1.0, 2.0, 3.0, 4.0])
    Tensor([-1.34164079, -0.4472136 ,  0.4472136 ,  1.34164079])
    """

    def __init__(
        self,
        normalized_shape: Shape,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        self.normalized_shape, self.eps = normalized_shape, eps
        self.weight = Tensor(np.ones(normalized_shape)) if elementwise_affine else None
        self.bias = Tensor(np.zeros(normalized_shape)) if elementwise_affine and bias else None

    def forward(self, x: Numbers) -> Any:
        return layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)


@steady_in_kind
def rms_norm(
    x: Numbers, normalized_shape: Shape, weight: Given = None, eps: float | None = None
) -> Any:
    """weight · x / √(mean of x² + eps) over the last axes, which have `normalized_shape`.

    Args:
        x: (..., *normalized_shape).
        weight: γ of shape `normalized_shape`, or None.
        eps: None: the machine's, of the dtype of x, as in PyTorch.

    Source: B. Zhang and R. Sennrich, "Root mean square layer normalization", NeurIPS 2019.

    >>> rms_norm([3.0, -3.0], 2, eps=0.0)
    array([ 1., -1.])
    """
    axes = _last_axes("rms_norm", x, normalized_shape)
    if eps is None:
        single = getattr(x, "dtype", None) == np.float32
        eps = float(np.finfo(np.float32 if single else np.float64).eps)
    square = autograd.mean(autograd.square(x), axis=axes, keepdims=True)
    return _affine(autograd.div(x, autograd.sqrt(autograd.add(square, eps))), weight, None)


def _last_axes(who: str, x: Numbers, normalized_shape: Shape) -> tuple[int, ...]:
    last = tuple(np.atleast_1d(normalized_shape).tolist())
    if not last or np.shape(x)[-len(last) :] != last:
        raise ValueError(
            f"{who}: the last axes of x must be the normalized_shape {last}, "
            f"got {np.shape(x)}; make them agree"
        )
    return tuple(range(-len(last), 0))


class RMSNorm(Module, steady=True):
    """γ · z / √(mean of z² + eps), over the last axes of each example.

    Parameter: `weight` γ, ones at first, of shape `normalized_shape`, or None.

    >>> RMSNorm(2, eps=0.0)([3.0, -3.0])
    Tensor([ 1., -1.])
    """

    def __init__(
        self,
        normalized_shape: Shape,
        eps: float | None = None,
        elementwise_affine: bool = True,
    ) -> None:
        self.normalized_shape, self.eps = normalized_shape, eps
        self.weight = Tensor(np.ones(normalized_shape)) if elementwise_affine else None

    def forward(self, x: Numbers) -> Any:
        return rms_norm(x, self.normalized_shape, self.weight, self.eps)


class BatchNorm(Module, steady=True):
    """γ · (x − μ) / √(σ² + eps) + β per channel: (batch, channels, ...) to the same shape.

    In training μ and σ are those of the batch, and the running statistics follow them by
    `momentum`, or are the means of all batches where it is None; after `eval()` they are used.

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
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
    ) -> None:
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = Tensor(np.ones(num_features)) if affine else None
        self.bias = Tensor(np.zeros(num_features)) if affine else None
        self.running_mean, self.running_var = np.zeros(num_features), np.ones(num_features)
        self.num_batches_tracked = np.array(0)

    def forward(self, x: Numbers) -> Any:
        shape = np.shape(x)
        if len(shape) < 2 or shape[1] != self.num_features:
            raise ValueError(
                f"BatchNorm: x must have shape (batch, {self.num_features}, ...), got {shape}"
            )
        mean = var = None
        if self.training:
            tap(x if isinstance(x, autograd.Node) else np.asarray(x), self._follow)
        else:
            mean, var = self.running_mean, self.running_var
        return batch_norm(x, mean, var, self.weight, self.bias, self.eps)

    def _follow(self, x: Numbers) -> None:
        """Let the running statistics follow those of the batch x."""
        x = numbers(x)
        axes = (0, *range(2, x.ndim))
        count = math.prod(x.shape[i] for i in axes)
        if count < 2:
            raise ValueError(
                f"BatchNorm: a batch must hold at least 2 numbers per channel in training, "
                f"got shape {x.shape}; use larger batches, fit(drop_last=True) where the last one "
                f"is smaller, or eval()"
            )
        self.num_batches_tracked += 1
        share = 1 / int(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean += share * (x.mean(axes) - self.running_mean)
        self.running_var += share * (x.var(axes, ddof=1) - self.running_var)
