"""What is checked: a function with its inputs, ready to be called again on other numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import Node, Tensor, Value


class GradientError(AssertionError):
    """A gradient check failed; `report` says where, by how much, and whose fault it is."""

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report


def flat(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested lists, tuples, dicts and object arrays, each with its path."""
    if isinstance(tree, Mapping):
        for key, branch in tree.items():
            yield from flat(branch, f"{path}[{key!r}]")
    elif isinstance(tree, (list, tuple)):
        for i, branch in enumerate(tree):
            yield from flat(branch, f"{path}[{i}]")
    elif isinstance(tree, np.ndarray) and tree.dtype == object:
        for place, element in np.ndenumerate(tree):
            yield path + "".join(f"[{i}]" for i in place), element
    else:
        yield path, tree


def rebuilt(tree: Any, leaves: Iterator[Any]) -> Any:
    """The same nesting with other leaves, taken in the order of `flat`."""
    if isinstance(tree, Mapping):
        return {key: rebuilt(branch, leaves) for key, branch in tree.items()}
    if isinstance(tree, (list, tuple)):
        branches = [rebuilt(branch, leaves) for branch in tree]
        return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)
    if isinstance(tree, np.ndarray) and tree.dtype == object:
        copy = np.empty(tree.shape, object)
        for place in np.ndindex(*tree.shape):
            copy[place] = next(leaves)
        return copy
    return next(leaves)


def parameters_of(f: Any, params: Any) -> dict[str, Node]:
    """The parameters to check: those of a module, or the nodes given as `params`, by name."""
    source = f if params is None else params
    if hasattr(source, "named_parameters"):
        named = dict(source.named_parameters())
    elif params is None:
        named = {}
    else:
        named = {
            leaf.label or f"params{path}": leaf
            for path, leaf in flat(list(params) if not isinstance(params, (dict, Node)) else params)
        }
    for name, node in named.items():
        if not isinstance(node, Node) or node.op is not None:
            raise TypeError(
                f"params must be leaves (Values or Tensors), got {type(node).__name__} as {name}"
            )
    return named


class Call:
    """One call: the `leaves` that stood for the inputs, and the `outputs` that came back."""

    def __init__(self, leaves: dict[str, Node], outputs: list[Node]) -> None:
        self.leaves, self.outputs = leaves, outputs

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [output.shape for output in self.outputs]


class Subject:
    """`f` with its inputs and parameters; `numbers` holds what is differentiated, by name."""

    def __init__(self, f: Any, inputs: tuple[Any, ...], params: Any = None) -> None:
        if not callable(f):
            raise TypeError(f"check_grads needs a function first, got {type(f).__name__}")
        self.f, self.inputs = f, inputs
        self.name = getattr(f, "__name__", type(f).__name__)
        self.items = list(flat(inputs, "inputs"))
        self.nodes = {path: leaf for path, leaf in self.items if isinstance(leaf, Node)}
        self.parameters = parameters_of(f, params)
        sources = {**self.nodes, **self.parameters}
        if not sources:
            got = ", ".join(describe_raw(leaf) for _, leaf in self.items) or "no inputs"
            raise TypeError(
                f"check_grads({self.name}): there is nothing to differentiate, got {got}; numbers and "
                f"arrays are constants (an integer has no derivative at all): wrap what is to be "
                f"checked in a Value or a Tensor"
            )
        self.numbers = {name: node._data for name, node in sources.items()}

    def widened(self, number: Any) -> Any:
        """float32 as float64: derivatives are certified there."""
        return np.asarray(number, float) if isinstance(number, np.ndarray) else number

    def call(self, numbers: dict[str, Any] | None = None) -> Call:
        """f on new leaves, with `numbers` in the places they name."""
        numbers = {**self.numbers, **(numbers or {})}
        leaves = {path: leaf_of(numbers[path], node.label) for path, node in self.nodes.items()}
        arguments = [
            leaves[path]
            if path in leaves
            else leaf.copy()
            if isinstance(leaf, np.ndarray)
            else leaf
            for path, leaf in self.items
        ]
        given = {path: leaf._data for path, leaf in leaves.items()}
        with standing_in({node: numbers[name] for name, node in self.parameters.items()}):
            result = self.f(*rebuilt(self.inputs, iter(arguments)))
            outputs = self.checked(result)
        for path, leaf in leaves.items():
            if leaf._data is not given[path]:
                raise GradientError(f"{self.name} changes its input {path}; work on a copy of it")
        for (path, before), after in zip(self.items, arguments, strict=True):
            if isinstance(before, np.ndarray) and not np.array_equal(before, after, equal_nan=True):
                raise GradientError(f"{self.name} changes its input {path}; work on a copy of it")
        return Call({**leaves, **self.parameters}, outputs)

    def checked(self, result: Any) -> list[Node]:
        found = dict(flat(result, "output"))
        for path, leaf in found.items():
            if not isinstance(leaf, Node):
                raise GradientError(
                    f"{self.name} must return a Value or a Tensor (or a list or dict of them), got "
                    f"{describe_raw(leaf)} as {path}; did .data, float() or NumPy take it out of the graph?"
                )
        if not found:
            raise GradientError(f"{self.name} must return a Value or a Tensor, got nothing")
        return list(found.values())


def leaf_of(number: Any, label: str | None) -> Node:
    return Value(number, label) if type(number) is float else Tensor(number, label)


def describe_raw(leaf: Any) -> str:
    if isinstance(leaf, np.ndarray):
        return f"an array of {leaf.dtype}"
    return type(leaf).__name__


@contextmanager
def standing_in(numbers: dict[Node, Any]) -> Iterator[None]:
    """Within it leaves hold other numbers. They are not rebound: graphs recorded before stay valid."""
    before = {node: node._data for node in numbers}
    try:
        for node, number in numbers.items():
            node._data = number
        yield
        for node, number in numbers.items():
            if node._data is not number:
                raise GradientError(
                    f"the parameter {node.label or ''} is changed by the call; it must not be"
                )
    finally:
        for node, data in before.items():
            node._data = data
