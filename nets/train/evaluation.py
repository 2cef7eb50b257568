"""`evaluate`: what a model is worth on data."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import autograd
from autograd import Tensor, Value
from nets.layers.carriers import Numbers, numbers
from nets.layers.losses import zero_one
from nets.layers.module import Module

Data = tuple[ArrayLike, ArrayLike]
Measure = Callable[[Any, Any], Tensor | Value | float]  # of plain numbers, it is a plain one


def accuracy(outputs: Numbers, targets: ArrayLike) -> float:
    """The fraction of examples that are classified correctly; arguments as of `zero_one`.

    >>> accuracy([[0.1, 0.9], [0.8, 0.2]], [1, 1])
    0.5
    """
    return 1 - zero_one(outputs, targets) / np.size(targets)


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
        bad = np.argwhere(~np.isfinite(part))
        if len(bad):
            raise ValueError(
                f"data must be finite, got {part[tuple(bad[0])]} in example {bad[0][0]}; "
                f"remove such examples"
            )
    return inputs, targets


def measured(
    measures: Mapping[str, Measure], outputs: Numbers, targets: NDArray[Any]
) -> dict[str, float]:
    """Each measure of the outputs' plain numbers."""
    plain = numbers(outputs)
    return {name: float(measure(plain, targets)) for name, measure in measures.items()}


def add_up(totals: dict[str, float], means: Mapping[str, float], count: int) -> None:
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
