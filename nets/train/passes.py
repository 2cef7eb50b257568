"""Both passes over a mini-batch, for `fit`: recorded each time, or recorded once and replayed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd
from autograd import Node, Value
from autograd.tape import compile, is_observed, tap
from nets.layers.module import Module
from nets.layers.steadiness import flattened, is_steady

__all__ = ["Measure", "Passes"]

Measure = Callable[[Any, Any], Any]


class Passes:
    """Sets the parameters' `.grad` for a mini-batch, and returns its loss and the outputs.

    The gradient of a parameter that the loss does not depend on is None: it must not move.

    What is steady can be replayed, which gives plain numbers; another size of the mini-batch, or
    another setting of a module, is recorded anew. Where that is not possible (a scalarized model
    chooses by integers), or goes wrong, or somebody observes, each mini-batch is recorded.
    """

    def __init__(
        self,
        model: Module,
        loss: Measure,
        parameters: Sequence[Node],
        generators: Sequence[np.random.Generator],
    ) -> None:
        self.model, self.loss, self.parameters = model, loss, parameters
        self._generators = generators
        self._modules = [vars(module) for _, module in model.named_modules()]
        self._settings: list[Any] = []
        self._scalarized = all(isinstance(p, Value) for p in parameters)
        single = any(p.dtype == np.float32 for p in model.parameters())
        self._dtype = np.float32 if single else np.float64  # of integers: see `_floating`
        self._possible = is_steady(model, loss)

    def record(self, inputs: NDArray[Any], targets: NDArray[Any]) -> tuple[Any, Any]:
        """The loss as a node."""
        outputs = self.model(inputs)
        value = self.loss(outputs, targets)
        for parameter in self.parameters:
            parameter.grad = None
        if math.isfinite(value):
            value.backward()
        return value, outputs

    def replay(self, inputs: NDArray[Any], targets: NDArray[Any]) -> tuple[Any, Any]:
        """The loss as a plain number, or a node all the same."""
        given = [self._floating(array) for array in (inputs, targets)]
        if not self._possible or is_observed() or any(array is None for array in given):
            return self.record(inputs, targets)
        self._states = [generator.bit_generator.state for generator in self._generators]
        settings = list(flattened(map(dict.values, self._modules)))
        if list(map(id, settings)) != list(map(id, self._settings)):
            self._settings = settings
            self._replay = self._compiled(inputs.shape[1:], targets.shape[1:])
        if self._scalarized:
            given = [number for array in given for number in array.ravel().tolist()]
        try:
            value, gradients = self._replay(*given)
        except Exception:  # what is wrong, if anything is, recording says best
            self._possible = False
            return self.record_again(inputs, targets)
        for parameter, gradient in zip(self.parameters, gradients, strict=True):
            parameter.grad = gradient if parameter in self._reached else None
        return float(value), self._outputs

    def record_again(self, inputs: NDArray[Any], targets: NDArray[Any]) -> tuple[Any, Any]:
        """What was just replayed, with the random numbers that were drawn for it."""
        for generator, state in zip(self._generators, self._states, strict=True):
            generator.bit_generator.state = state
        return self.record(inputs, targets)

    def _floating(self, array: NDArray[Any]) -> Any:
        """Integers and booleans as floats, which a replay reads afresh; None where they don't fit.

        Where they are computed with, float32 takes on the dtype of its partner just as they do.
        """
        if array.dtype.kind not in "biu":
            return array
        floats = array.astype(self._dtype)
        return floats if (floats == array).all() else None

    def _compiled(self, *shapes: tuple[int, ...]) -> Any:
        def passes(*given: Any) -> Any:
            inputs, targets = _arrays(given, shapes) if self._scalarized else given
            outputs = self.model(inputs)
            value = self.loss(outputs, targets)
            walk = autograd.steps(value, inputs=self.parameters)
            reached = {node for node, _, _ in walk}

            def keep(outputs: Any) -> None:
                self._outputs, self._reached = outputs, reached

            tap(outputs, keep)
            return value

        return compile(passes, wrt=self.parameters)


def _arrays(values: Sequence[Value], shapes: Sequence[tuple[int, ...]]) -> Iterator[NDArray[Any]]:
    """The values as arrays of rows of these shapes, as many of each."""
    flat = np.empty(len(values), object)
    flat[:] = values
    sizes = [math.prod(shape) for shape in shapes]
    rows = len(values) // sum(sizes)
    for shape, part in zip(shapes, np.split(flat, rows * np.cumsum(sizes)), strict=False):
        yield part.reshape(rows, *shape)
