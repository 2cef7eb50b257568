"""`Group`: parameters of one dtype, whose numbers stand in one array."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Node, assign
from nets.layers.carriers import Parameter

Raw = float | NDArray[np.floating[Any]]
Numbers = NDArray[np.floating[Any]]
Given = Sequence[Raw | None] | Numbers  # gradients of all parameters

LARGE = 1 << 12  # numbers; a parameter of more is moved alone, as joining would only copy it


def gradient_of(parameter: Parameter) -> Raw | None:
    """The numbers of a gradient, which is a node after `backward(create_graph=True)`."""
    gradient: Any = parameter.grad
    return gradient.data if isinstance(gradient, Node) else gradient


class Group:
    """Parameters of one dtype: `places` among all of them, and where each lies in an array."""

    def __init__(self, parameters: Sequence[Parameter], places: list[int]) -> None:
        self.places = np.array(places)
        self.parameters: list[Any] = [parameters[i] for i in places]
        self.shapes = [p.shape for p in self.parameters]
        self.dtype = self.parameters[0].precision
        ends = list(itertools.accumulate((p.size for p in self.parameters), initial=0))
        self.parts = [slice(*pair) for pair in itertools.pairwise(ends)]
        self.size = ends[-1]
        self.single = all(type(p.raw) is float for p in self.parameters)

    def joined(self, numbers: Sequence[Any] | Numbers) -> Numbers:
        """A number or array for each parameter in one array."""
        if self.single:
            return np.asarray(numbers, self.dtype)
        if len(numbers) == 1:
            return np.ravel(numbers[0])
        return np.concatenate([np.ravel(x) for x in numbers])

    def split(self, numbers: Numbers) -> Iterator[Numbers]:
        """What belongs to each parameter, as views of the array."""
        for part, shape in zip(self.parts, self.shapes, strict=True):
            yield numbers[part].reshape(shape)

    def gradients(self, given: Given) -> Sequence[Raw | None] | Numbers:
        """Those of the group, of those `given` for all parameters.

        Raises:
            ValueError: a gradient has not the shape of its parameter.
            TypeError: it has another dtype.
        """
        if self.single and isinstance(given, np.ndarray) and given.ndim == 1:
            return np.asarray(given[self.places], self.dtype)
        found = [given[i] for i in self.places]
        for parameter, gradient in zip(self.parameters, found, strict=True):
            if gradient is not None and not (self.single and type(gradient) is float):
                parameter.must_match(np.asarray(gradient), "gradient")
        return found

    def data(self) -> Numbers:
        return self.joined([p.raw for p in self.parameters])

    def assign(self, numbers: Any) -> None:
        """New data for all of the parameters."""
        if self.single:
            assign(self.parameters, numbers)
            return
        for parameter, data in zip(self.parameters, self.split(numbers), strict=True):
            parameter.data = data


def grouped(parameters: Sequence[Parameter]) -> list[Group]:
    """All of the small parameters of each dtype together, each large one by itself."""
    found: dict[Any, list[int]] = {}
    for i, parameter in enumerate(parameters):
        key = i if parameter.size > LARGE else (parameter.precision, type(parameter))
        found.setdefault(key, []).append(i)
    return [Group(parameters, places) for places in found.values()]
