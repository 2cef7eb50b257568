"""Losses: how far outputs are from targets, as one number.

Targets are raw numbers, soft ones also nodes. Losses that take logits are the stable forms of
losses on probabilities: no logarithm of a rounded-off 0 or 1.
"""

from typing import Any

import numpy as np

import autograd
from autograd.tape import lookup
from nets.layers.carriers import Numbers, numbers, steady, steady_in_kind


def _same_shape(who: str, outputs: Numbers, targets: Numbers) -> None:
    if np.shape(outputs) != np.shape(targets):
        raise ValueError(
            f"{who}: outputs and targets must have the same shape, got {np.shape(outputs)} and "
            f"{np.shape(targets)}; reshape one, for example targets[:, None]"
        )


@steady_in_kind
def sum_of_squared_errors(outputs: Numbers, targets: Numbers) -> Any:
    """E = ½ Σ (y − d)², the lecture's error; its gradient is y − d. Any one shape.

    >>> float(sum_of_squared_errors([1.0, 2.0], [0.0, 4.0]))
    2.5
    """
    _same_shape("sum_of_squared_errors", outputs, targets)
    return autograd.mul(0.5, autograd.sum(autograd.square(autograd.sub(outputs, targets))))


@steady_in_kind
def mean_squared_error(outputs: Numbers, targets: Numbers) -> Any:
    """The mean of (y − d)² over all elements. Any one shape.

    >>> float(mean_squared_error([1.0, 2.0], [0.0, 4.0]))
    2.5
    """
    _same_shape("mean_squared_error", outputs, targets)
    return autograd.mean(autograd.square(autograd.sub(outputs, targets)))


@steady_in_kind
def log_loss(logits: Numbers, targets: Numbers) -> Any:
    """The mean of −d ln σ(z) − (1 − d) ln(1 − σ(z)) over all logits z, with d from 0 to 1.

    Computed as softplus(z) − d z, which is the same and overflows nowhere. Any one shape.

    >>> round(float(log_loss([0.0, 1000.0], [1.0, 1.0])), 6)
    0.346574
    """
    _same_shape("log_loss", logits, targets)
    return autograd.mean(autograd.sub(autograd.softplus(logits), autograd.mul(targets, logits)))


@steady_in_kind
def cross_entropy(logits: Numbers, targets: Numbers) -> Any:
    """The mean of −Σ d ln softmax(z) over all examples.

    Args:
        logits: z, shape (..., classes).
        targets: the class of each example, integers of shape (...); or a distribution d for each,
            shape (..., classes).

    >>> round(float(cross_entropy([[0.0, 0.0], [1000.0, 0.0]], [1, 0])), 6)
    0.346574
    """
    shape = np.shape(logits)
    scores = autograd.log_softmax(logits, axis=-1)
    if np.shape(targets) == shape:
        return autograd.neg(autograd.mean(autograd.sum(autograd.mul(targets, scores), axis=-1)))
    raw = not isinstance(targets, autograd.Node)
    classes: Any = np.asarray(targets) if raw else targets
    if classes.shape != shape[:-1] or (raw and classes.dtype.kind not in "iuO"):
        raise ValueError(
            f"cross_entropy: targets must be integers of shape {shape[:-1]}, or distributions of "
            f"shape {shape}, got dtype {classes.dtype} and shape {classes.shape}"
        )
    if (
        raw
        and classes.dtype != object
        and classes.size
        and not 0 <= classes.min() <= classes.max() < shape[-1]
    ):
        raise ValueError(
            f"cross_entropy: classes must lie between 0 and {shape[-1] - 1}, got "
            f"{classes.min()} to {classes.max()}; give the logits one column per class"
        )
    picked = lookup(scores, *np.ix_(*map(np.arange, shape[:-1])), classes)
    return autograd.neg(autograd.mean(picked))


@steady_in_kind
def hinge(outputs: Numbers, targets: Numbers) -> Any:
    """The mean of max(0, 1 − d z) for targets d = ±1. Any one shape.

    >>> float(hinge([0.5, 3.0, -1.0], [1.0, 1.0, 1.0]))
    0.8333333333333334
    """
    _same_shape("hinge", outputs, targets)
    return autograd.mean(autograd.relu(autograd.sub(1.0, autograd.mul(targets, outputs))))


@steady
def zero_one(outputs: Numbers, targets: Numbers) -> int:
    """How many examples are misclassified; for reporting, as it has no useful derivative.

    Args:
        outputs: scores, shape (..., classes), of which the largest decides; or one score per
            example, shape (...), which stands for the positive class from 0 upwards.
        targets: shape (...): integer classes for the first form, 0/1 or ±1 for the second.

    >>> zero_one([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    1
    >>> zero_one([0.3, -2.0, 0.0], [1, 0, -1])
    1
    """
    scores, wanted = numbers(outputs), numbers(targets)
    if wanted.shape == scores.shape[:-1]:
        return int((scores.argmax(axis=-1) != wanted).sum())
    _same_shape("zero_one", scores, wanted)
    return int(((scores >= 0) != (wanted > 0)).sum())
