"""Both passes over a mini-batch, for `fit`: recorded each time, or recorded once and replayed."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd
from autograd import Node, Primitive, Tensor, Value
from autograd.tape import BranchError, compile, is_observed, tap
from nets.layers.carriers import Parameter
from nets.layers.module import Module
from nets.train.evaluation import Measure, check_alike

# Replays follow Tensors where recording is given arrays, and not every code can take them: these
# are the errors with which it, or the tape, refuses. Anything else is a fault, and no refusal.
REFUSALS = (TypeError, ValueError, BranchError)


def is_steady(model: Module, loss: Callable[..., object]) -> bool:
    """Whether `model` and `loss` only compute, so that a step of them can be recorded and replayed.

    What is steady says so: a function by `function.steady = True`, a module by `steady = True` in
    the body of its class. The engine's own functions and NumPy's ufuncs are, by their nature.

    >>> from nets import Tanh, log_loss
    >>> is_steady(Tanh(), log_loss), is_steady(Tanh(), lambda outputs, targets: outputs)
    (True, False)
    """
    modules = [module for _, module in model.named_modules()]
    settings = _flattened(vars(module).values() for module in modules)
    functions = (x for x in settings if callable(x) and not isinstance(x, Module))
    steady = all(type(module).steady for module in modules)
    return steady and all(map(_only_computes, (loss, *functions)))


def _flattened(groups: Iterable[Iterable[object]]) -> Iterator[object]:
    """The values of all groups, and the elements of those that are lists."""
    for group in groups:
        for value in group:
            yield value
            if isinstance(value, (list, tuple)):
                yield from value


def _only_computes(function: object) -> bool:
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__name__", "")
    return (
        isinstance(function, (Primitive, np.ufunc))
        # a function of `autograd`, such as a composite, or a method of its nodes
        or any(getattr(place, name, None) is function for place in (autograd, Tensor, Value))
        or bool(getattr(function, "steady", False))
    )


class Passes:
    """Sets the parameters' `.grad` for a mini-batch, and returns its loss and the outputs.

    The gradient of a parameter that the loss does not depend on is None: it must not move.

    What is steady can be replayed, which gives plain numbers; another size of the mini-batch, or
    another setting of a module, is recorded anew. Each is, where a replay is refused (a scalarized
    model chooses by integers, a loss makes an array of its targets), or somebody observes.
    """

    def __init__(
        self,
        model: Module,
        loss: Measure,
        parameters: Sequence[Parameter],
        generators: Sequence[np.random.Generator],
    ) -> None:
        self.model, self.loss, self.parameters = model, loss, parameters
        self._generators = generators
        self._states = [generator.bit_generator.state for generator in generators]
        self._modules = [vars(module) for _, module in model.named_modules()]
        self._settings: list[object] = []
        self._scalarized = all(isinstance(p, Value) for p in parameters)
        single = any(p.precision == np.float32 for p in model.parameters())
        self._dtype = np.float32 if single else np.float64  # of integers: see `_floating`
        self._possible = is_steady(model, loss)
        # What the last replay left: the outputs, and which nodes the loss depends on.
        self._outputs: Any = None
        self._reached: set[Node[Any]] = set()

    def record(self, inputs: NDArray[Any], targets: NDArray[Any]) -> tuple[Any, Any]:
        """The loss as a node."""
        outputs = self.model(inputs)
        check_alike(outputs, targets)
        value: Any = self.loss(outputs, targets)
        for parameter in self.parameters:
            parameter.grad = None
        if math.isfinite(value.item()):
            value.backward()
        return value, outputs

    def replay(self, inputs: NDArray[Any], targets: NDArray[Any]) -> tuple[Any, Any]:
        """The loss as a plain number, or a node all the same."""
        x, y = self._floating(inputs), self._floating(targets)
        if not self._possible or is_observed() or x is None or y is None:
            return self.record(inputs, targets)
        self._states = [generator.bit_generator.state for generator in self._generators]
        self._follow_settings(x.shape[1:], y.shape[1:])
        given = [*x.ravel().tolist(), *y.ravel().tolist()] if self._scalarized else [x, y]
        try:
            value, gradients = self._replay(*given)
        except REFUSALS:  # where the mini-batch is at fault, recording says so, and best
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

    def _floating(self, array: NDArray[Any]) -> NDArray[Any] | None:
        """Integers and booleans as floats, which a replay reads afresh; None where they don't fit.

        Where they are computed with, float32 takes on the dtype of its partner just as they do.
        """
        if array.dtype.kind not in "biu":
            return array
        floats = array.astype(self._dtype)
        return floats if (floats == array).all() else None

    def _follow_settings(self, *shapes: tuple[int, ...]) -> None:
        """Compile both passes anew where a module was set otherwise since the last time."""
        settings = list(_flattened(map(dict.values, self._modules)))
        if list(map(id, settings)) != list(map(id, self._settings)):
            self._settings = settings
            self._replay = self._compiled(*shapes)

    def _compiled(self, *shapes: tuple[int, ...]) -> Callable[..., Any]:
        """Both passes, compiled, for examples and targets of these shapes."""

        def passes(*given: Any) -> Any:
            inputs, targets = _arrays(given, shapes) if self._scalarized else given
            outputs = self.model(inputs)
            value: Any = self.loss(outputs, targets)
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
