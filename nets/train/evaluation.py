"""`evaluate`: what a model is worth on data."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import autograd
from autograd import Tensor, Value
from nets.layers.carriers import Numbers, numbers
from nets.layers.losses import is_distribution, zero_one
from nets.layers.module import Module

Data = tuple[ArrayLike, ArrayLike]
Measure = Callable[[Any, Any], Tensor | Value | float]  # of plain numbers, it is a plain one


def accuracy(outputs: Numbers, targets: ArrayLike) -> float:
    """The fraction of examples that are classified correctly; arguments as of `zero_one`.

    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [[0, 1], [0, 1]])
    0.5
    """
    shape = np.shape(targets)
    one_hot = np.shape(outputs) == shape and is_distribution(targets)
    return 1 - zero_one(outputs, targets) / math.prod(shape[:-1] if one_hot else shape)


def confusion_matrix(outputs: Numbers, targets: ArrayLike) -> NDArray[np.int64]:
    """How many examples of each class (row) were taken for each class (column).

    Args:
        outputs: scores, shape (n, classes), of which the largest decides; or one score per example,
            shape (n,) or (n, 1), which stands for class 1 from 0 upwards.
        targets: integer classes, shape (n,).

    >>> confusion_matrix([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]], [1, 1, 0])
    array([[0, 1],
           [1, 1]])
    """
    scores, classes = numbers(outputs), np.asarray(targets)
    if scores.shape in (classes.shape, (*classes.shape, 1)):
        count, taken = 2, (scores.reshape(classes.shape) >= 0).astype(int)
    else:
        count, taken = scores.shape[-1], scores.argmax(axis=-1)
    known = classes.dtype.kind in "iub" and classes.size and classes.min() >= 0
    if classes.shape != taken.shape or not known or classes.max() >= count:
        raise ValueError(
            f"confusion_matrix: targets must be integers from 0 to {count - 1} of shape "
            f"{taken.shape}, got dtype {classes.dtype} and shape {classes.shape}"
        )
    table = np.zeros((count, count), np.int64)
    np.add.at(table, (classes.astype(int), taken), 1)
    return table


def predict(model: Module, inputs: ArrayLike, *, batch_size: int = 256) -> NDArray[Any]:
    """What a model makes of examples, as plain numbers: in evaluation mode, nothing recorded.

    Args:
        inputs: the examples, shape (n, ...).
        batch_size: so many are computed at a time.

    >>> from nets import Sequential
    >>> predict(Sequential(autograd.tanh), [[0.0], [1e3]])
    array([[0.],
           [1.]])
    """
    array = np.asarray(inputs)
    if array.ndim == 0 or batch_size < 1:
        raise ValueError(
            f"predict: inputs must be examples of shape (n, ...), in batches of at least 1, got "
            f"shape {array.shape} and batch_size={batch_size}"
        )
    starts = range(0, max(len(array), 1), batch_size)
    with in_mode(model, training=False), autograd.no_grad():
        return np.concatenate([numbers(model(array[i : i + batch_size])) for i in starts])


def evaluate(
    model: Module,
    data: Data,
    *,
    loss: Measure,
    metrics: Mapping[str, Measure] | None = None,
    batch_size: int = 256,
) -> dict[str, float]:
    """Mean loss and metrics over data, the model being in evaluation mode; nothing is recorded.

    Arguments as of `fit`.

    >>> from nets import MLP, mean_squared_error
    >>> model = MLP(1, 1, rng=np.random.default_rng(0))
    >>> model.load_state_dict({"layers.0.weight": [[2.0]], "layers.0.bias": [0.0]})
    >>> evaluate(model, ([[1.0], [2.0]], [[2.0], [6.0]]), loss=mean_squared_error)
    {'loss': 2.0}
    """
    inputs, targets = examples(data)
    measures = {"loss": loss, **(metrics or {})}
    totals: dict[str, float] = {}
    with in_mode(model, training=False), autograd.no_grad():
        for first in range(0, len(inputs), batch_size):
            rows = slice(first, first + batch_size)
            outputs = model(inputs[rows])
            check_alike(outputs, targets[rows])
            add_up(totals, measured(measures, outputs, targets[rows]), len(targets[rows]))
    return {name: total / len(inputs) for name, total in totals.items()}


def examples(data: Data) -> tuple[NDArray[Any], NDArray[Any]]:
    """The examples and their targets as arrays, or an error that says what is wrong with them."""
    inputs, targets = (np.asarray(part) for part in data)
    if inputs.ndim == 0 or len(inputs) == 0 or inputs.shape[:1] != targets.shape[:1]:
        raise ValueError(
            f"data must be n ≥ 1 examples and as many targets, got shapes {inputs.shape} and "
            f"{targets.shape}; make their first axes agree"
        )
    for part in (inputs, targets):
        if part.dtype.kind not in "biuf":
            raise ValueError(
                f"data must be real numbers, got dtype {part.dtype}; of text make numbers, for "
                f"example of classes with np.unique(targets, return_inverse=True)[1]"
            )
        bad = np.argwhere(~np.isfinite(part))
        if len(bad):
            raise ValueError(
                f"data must be finite, got {part[tuple(bad[0])]} in example {bad[0][0]}; "
                f"remove such examples"
            )
    return inputs, targets


def check_alike(outputs: Numbers, targets: NDArray[Any]) -> None:
    """That an output and a target per example don't broadcast to a table of all pairs."""
    made, given = np.shape(outputs), targets.shape
    if made == (*given, 1) and given:
        remedy = "pass targets[:, None]" if len(given) == 1 else "pass targets[..., None]"
    elif given == (*made, 1) and made:
        remedy = "pass targets[..., 0]"
    else:
        return
    raise ValueError(
        f"outputs and targets must have one shape, got {made} and {given}, of which NumPy would "
        f"pair every output with every target; {remedy}"
    )


def measured(
    measures: Mapping[str, Measure], outputs: Numbers, targets: NDArray[Any]
) -> dict[str, float]:
    """Each measure of the outputs' plain numbers."""
    plain = numbers(outputs)
    return {name: float(measure(plain, targets)) for name, measure in measures.items()}


def add_up(totals: dict[str, float], means: Mapping[str, float], count: float) -> None:
    """Add what was measured as a mean over `count` examples to the sums over all of them."""
    for name, number in means.items():
        totals[name] = totals.get(name, 0.0) + number * count


@contextmanager
def in_mode(model: Module, *, training: bool) -> Iterator[None]:
    """Within it every module is in this mode; afterwards in the one that it had."""
    before = [(module, module.training) for _, module in model.named_modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, mode in before:
            module.training = mode
