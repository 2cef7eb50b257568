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


def _no_text(who: str, targets: Numbers) -> None:
    if not isinstance(targets, autograd.Node) and np.asarray(targets).dtype.kind in "US":
        raise ValueError(
            f"{who}: targets must be numbers, got text; number the classes, for example with "
            f"np.unique(targets, return_inverse=True)[1]"
        )


def _within(who: str, targets: Numbers, low: float, high: float, remedy: str) -> None:
    """That raw targets lie in an interval; those of nodes are what a network makes of them."""
    _no_text(who, targets)
    if isinstance(targets, autograd.Node):
        return
    array = np.asarray(targets)
    if array.dtype != object and array.size and not low <= array.min() <= array.max() <= high:
        raise ValueError(
            f"{who}: targets must lie between {low:g} and {high:g}, got {array.min():g} to "
            f"{array.max():g}; {remedy}"
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
    _within("log_loss", targets, 0, 1, "of -1 and 1 make them by (targets + 1) / 2")
    return autograd.mean(autograd.sub(autograd.softplus(logits), autograd.mul(targets, logits)))


@steady_in_kind
def cross_entropy(
    logits: Numbers,
    targets: Numbers,
    *,
    ignore_index: int | None = None,
    label_smoothing: float = 0.0,
) -> Any:
    """The mean of −Σ d ln softmax(z) over all examples.

    Args:
        logits: z, shape (..., classes).
        targets: the class of each example, integers of shape (...); or a distribution d for each,
            shape (..., classes).
        ignore_index: examples of this class don't count (only raw classes have it).
        label_smoothing: ε in [0, 1]; d becomes (1 − ε) d + ε / classes (C. Szegedy et al.,
            "Rethinking the Inception architecture", CVPR 2016).

    >>> round(float(cross_entropy([[0.0, 0.0], [1000.0, 0.0]], [1, 0])), 6)
    0.346574
    >>> round(float(cross_entropy([[0.0, 0.0], [9.0, 0.0]], [1, -1], ignore_index=-1)), 6)
    0.693147
    """
    shape, e = np.shape(logits), label_smoothing
    if not 0 <= e <= 1:
        raise ValueError(f"cross_entropy: label_smoothing must lie in [0, 1], got {e}; try 0.1")
    if ignore_index is not None:
        kept = np.asarray(targets) != ignore_index
        if not kept.any() or kept.shape != shape[:-1]:
            raise ValueError(
                f"cross_entropy: ignore_index={ignore_index} must leave classes of shape "
                f"{shape[:-1]} to learn from, got shape {kept.shape} with {int(kept.sum())} left"
            )
        logits, targets = autograd.take(logits, index=kept), np.asarray(targets)[kept]
        shape = np.shape(logits)
    scores = autograd.log_softmax(logits, axis=-1)
    loss = _expected(scores, targets, shape)
    if e:
        even = autograd.neg(autograd.mean(scores))
        loss = autograd.add(autograd.mul(1 - e, loss), autograd.mul(e, even))
    return loss


def _expected(scores: Any, targets: Numbers, shape: tuple[int, ...]) -> Any:
    """The mean of −Σ d · scores."""
    _no_text("cross_entropy", targets)
    if np.shape(targets) == shape:
        _within("cross_entropy", targets, 0, 1, "each row must be a distribution")
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
            f"{classes.min()} to {classes.max()}; number them from 0 upwards, or give the logits "
            f"one column per class"
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
    _within("hinge", targets, -1, 1, "it takes -1 and 1")
    if not isinstance(targets, autograd.Node) and np.equal(targets, 0).any():
        raise ValueError("hinge: targets must be -1 or 1, got 0; of 0 and 1 make 2 * targets - 1")
    return autograd.mean(autograd.relu(autograd.sub(1.0, autograd.mul(targets, outputs))))


@steady
def zero_one(outputs: Numbers, targets: Numbers) -> int:
    """How many examples are misclassified; for reporting, as it has no useful derivative.

    Args:
        outputs: scores, shape (..., classes), of which the largest decides; or one score per
            example, shape (...), which stands for the positive class from 0 upwards.
        targets: shape (...): integer classes for the first form, 0/1 or ±1 for the second; for
            the first also one distribution each, shape (..., classes).

    >>> zero_one([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    1
    >>> zero_one([0.3, -2.0, 0.0], [1, 0, -1])
    1
    """
    _no_text("zero_one", targets)
    scores, wanted = numbers(outputs), numbers(targets)
    if scores.shape == (*wanted.shape, 1):
        scores = scores[..., 0]
    if wanted.shape == scores.shape[:-1]:
        return int((scores.argmax(axis=-1) != wanted).sum())
    _same_shape("zero_one", scores, wanted)
    if is_distribution(wanted):
        return int((scores.argmax(axis=-1) != wanted.argmax(axis=-1)).sum())
    return int(((scores >= 0) != (wanted > 0)).sum())


def is_distribution(targets: Numbers) -> bool:
    """Whether each row is one of several classes: none is negative, and they add up to 1.

    >>> is_distribution([[0, 1], [1, 0]]), is_distribution([[0, 1], [1, 1]]), is_distribution([[1]])
    (True, False, False)
    """
    array = numbers(targets)
    several = array.ndim > 0 and array.shape[-1] > 1 and array.size > 0
    return several and bool((array >= 0).all() and np.allclose(array.sum(axis=-1), 1))
