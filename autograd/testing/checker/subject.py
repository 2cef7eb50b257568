"""What is checked: a function with its inputs, ready to be called again on other numbers."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from autograd import Node, Primitive, Tensor, Value, astype, concatenate, grad, reshape
from autograd.core.modes import differentiating_once
from autograd.core.numbers import Array
from autograd.errors import GradientError
from autograd.testing.mutation.planting import replaced

Number = float | Array  # what a node holds
Numbers = dict[str, Number]
# What a function may return: nodes, alone or in lists, dicts and object arrays of them.
Nested = Node[Any] | NDArray[np.object_] | Sequence["Nested"] | Mapping[Any, "Nested"]


class Module(Protocol):
    def named_parameters(self) -> Iterable[tuple[str, Node[Any]]]: ...


Parameters = Module | Nested | Iterable[Node[Any]]


class BackwardError(GradientError):
    """The backward pass raised something."""


class Call(NamedTuple):
    """One call: the leaves that stood for the inputs, by name, and the one node that came out."""

    leaves: dict[str, Node[Any]]
    output: Node[Any]

    def gradients(self, seed: Number, names: list[str] | None = None) -> Numbers:
        """The vector-Jacobian product with `seed`, by name."""
        leaves = {name: self.leaves[name] for name in (self.leaves if names is None else names)}
        with quiet(), backward_pass():
            found = grad(self.output, list(leaves.values()), like(self.output.raw, seed))
        return dict(zip(leaves, found, strict=True))

    def certain(self, seed: Number) -> Numbers:
        """The gradients to be compared with numeric ones."""
        return self.gradients(seed)


class GradientCall(Call):
    """A call of a `Gradient`: of what it is the gradient, and the name of the cotangent."""

    call: Call
    cotangent: str

    def certain(self, seed: Number) -> Numbers:
        """The gradients, of which that for the cotangent is as sure at a kink as elsewhere.

        A gradient is linear in its cotangent. Differentiated for anything else, it has no
        derivative at a kink, and a node that was recorded for this says NaN (see `chosen`).
        """
        with differentiating_once():
            linear = recorded_gradient(self.call, self.leaves[self.cotangent])
        sure = Call(self.leaves, linear).gradients(seed)[self.cotangent]
        return {**self.gradients(seed), self.cotangent: sure}


class Subject(Protocol):
    """A function with numbers to differentiate it for; within `at` it is called on others."""

    name: str
    numbers: Numbers

    def at(self, moved: Numbers) -> AbstractContextManager[Call]: ...


class Function:
    """`f` called on new leaves; parameters keep their identity and hold other numbers meanwhile."""

    def __init__(
        self, f: Callable[..., Nested], inputs: tuple[object, ...], params: Parameters | None = None
    ) -> None:
        if not callable(f):
            raise TypeError(f"check_grads needs a function first, got {type(f).__name__}")
        self.f, self.inputs = f, inputs
        self.name = getattr(f, "__name__", type(f).__name__)
        self.items = list(flat(inputs, "inputs"))
        self.nodes = {path: leaf for path, leaf in self.items if isinstance(leaf, Node)}
        self.parameters = parameters_of(f, params)
        sources = {**self.nodes, **self.parameters}
        if not sources:
            got = ", ".join(kind(leaf) for _, leaf in self.items) or "no inputs"
            raise TypeError(
                f"check_grads({self.name}): there is nothing to differentiate, got {got}; numbers "
                f"and arrays are constants (an integer has no derivative at all): wrap what is to "
                f"be checked in a Value or a Tensor"
            )
        self.original = {name: node.raw for name, node in sources.items()}
        self.numbers = {name: widened(number) for name, number in self.original.items()}

    @contextmanager
    def at(self, moved: Numbers) -> Iterator[Call]:
        numbers = {**self.numbers, **moved}
        leaves = {path: leaf_of(numbers[path], node.label) for path, node in self.nodes.items()}
        arguments = [
            leaves[path] if path in leaves else raw.copy() if isinstance(raw, np.ndarray) else raw
            for path, raw in self.items
        ]
        with self._standing_in(numbers):
            leaves |= self.parameters
            given = {name: leaf.raw for name, leaf in leaves.items()}
            output = joined(self._nodes_in(self.f(*rebuilt(self.inputs, iter(arguments)))))
            for name, leaf in leaves.items():
                self._must_keep(name, leaf.raw is given[name])
            for (path, before), after in zip(self.items, arguments, strict=True):
                self._must_keep(path, same(before, after))
            yield Call(leaves, output)

    @contextmanager
    def _standing_in(self, numbers: Numbers) -> Iterator[None]:
        # Not by assigning `.data`: graphs that the user has recorded must stay valid.
        before = [(node, node.raw, node.index, node.grad) for node in self.parameters.values()]
        try:
            for name, node in self.parameters.items():
                node.raw, node.grad = numbers[name], None
            yield
        finally:
            for node, *held in before:
                node.raw, node.index, node.grad = held

    def _must_keep(self, name: str, kept: bool) -> None:
        if not kept:
            raise GradientError(
                f"{self.name} must leave its inputs alone, but it changes {name}; "
                f"let it work on a copy"
            )

    def _nodes_in(self, result: object) -> list[Node[Any]]:
        found = dict(flat(result, "the result"))
        for path, leaf in found.items():
            if not isinstance(leaf, Node):
                raise GradientError(
                    f"{self.name} must return a Value or a Tensor (or a list or dict of them), got "
                    f"{kind(leaf)} as {path}; did .data, float() or NumPy take it out of the graph?"
                )
        if not found:
            raise GradientError(f"{self.name} must return a Value or a Tensor, got nothing")
        return list(found.values())


def recorded_gradient(call: Call, seed: Node[Any]) -> Node[Any]:
    with backward_pass():
        return joined(grad(call.output, list(call.leaves.values()), seed, create_graph=True))


class Gradient:
    """The gradient of another subject, as a function of its inputs and of the cotangent."""

    def __init__(self, subject: Subject, cotangent: Number) -> None:
        self.subject, self.name = subject, f"the gradient of {subject.name}"
        self.cotangent = "cotangent" + "′" * sum("cotangent" in name for name in subject.numbers)
        self.numbers = {**subject.numbers, self.cotangent: cotangent}

    @contextmanager
    def at(self, moved: Numbers) -> Iterator[Call]:
        moved = {**self.numbers, **moved}
        seed = leaf_of(moved.pop(self.cotangent), self.cotangent)
        with self.subject.at(moved) as call:
            leaves = {**call.leaves, self.cotangent: seed}
            own = GradientCall(leaves, recorded_gradient(call, seed))
            own.call, own.cotangent = call, self.cotangent
            yield own


# --- nested structures ------------------------------------------------------------------------


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


def parameters_of(f: object, params: Parameters | None) -> dict[str, Node[Any]]:
    """The parameters to check: those of a module, or the nodes in `params`, by name."""
    source: Any = f if params is None else params
    if hasattr(source, "named_parameters"):
        named = dict(source.named_parameters())
    elif params is None:
        return {}
    else:
        tree = source if isinstance(source, (Mapping, list, tuple, Node)) else list(source)
        named = {}
        for path, leaf in flat(tree, "params"):
            label = getattr(leaf, "label", None) or path
            if all(leaf is not other for other in named.values()):  # tied: one parameter
                named[path if label in named else label] = leaf
    for name, node in named.items():
        if not isinstance(node, Node) or node.op is not None:
            raise TypeError(f"params must be leaves of the graph, got {kind(node)} as {name}")
    return named


def joined(nodes: list[Node[Any]]) -> Node[Any]:
    """One node of all: itself where there is one, else all their elements in a row."""
    if len(nodes) == 1:
        return nodes[0]
    return concatenate(*[reshape(node) for node in nodes])


def like(number: Number, other: Number) -> Number:
    """`other` as a float where `number` is one."""
    return float(other) if type(number) is float else other


def leaf_of(number: Number, label: str | None) -> Node[Any]:
    return Value(number, label) if type(number) is float else Tensor(number, label)


def same(before: object, after: Any) -> bool:
    return not isinstance(before, np.ndarray) or np.array_equal(before, after, equal_nan=True)


def kind(leaf: object) -> str:
    return f"an array of {leaf.dtype}" if isinstance(leaf, np.ndarray) else type(leaf).__name__


@contextmanager
def quiet() -> Iterator[None]:
    """Within it a number that is not finite is no news: the verdict tells of it."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the output .* is finite|the output is finite")
        yield


@contextmanager
def backward_pass() -> Iterator[None]:
    """What is raised within is told as a `BackwardError`: rules may raise anything."""
    try:
        yield
    except GradientError:
        raise
    except Exception as error:
        raise BackwardError(f"the backward pass raises {type(error).__name__}: {error}") from error


@contextmanager
def restoring(*holders: object) -> Iterator[None]:
    """Afterwards the modules among `holders` hold what they held before.

    So do their arrays (the running statistics of a batch norm) and random generators (of dropout).
    """
    attributes = [(m, dict(vars(m))) for holder in holders for m in modules_of(holder)]
    things = [thing for _, held in attributes for thing in held.values()]
    arrays = [(x, x.copy()) for x in things if isinstance(x, np.ndarray) and x.flags.writeable]
    sources = [x.bit_generator for x in things if isinstance(x, np.random.Generator)]
    states = [(source, source.state) for source in sources]
    try:
        yield
    finally:
        for module, held in attributes:
            vars(module).clear()
            vars(module).update(held)
        for array, numbers in arrays:
            array[...] = numbers
        for source, state in states:
            source.state = state


def modules_of(holder: Any) -> list[Any]:
    """A module and those inside it; nothing where `holder` is none."""
    if hasattr(holder, "named_modules"):
        return [module for _, module in holder.named_modules()]
    return [holder] if hasattr(holder, "named_parameters") else []


def widened(number: Any) -> Number:
    """float32 as float64: derivatives are certified there."""
    return number if type(number) is float else number.astype(float, copy=False)


def in_float64() -> AbstractContextManager[Primitive]:
    """Within it `astype` casts to float64 only: what f does in float32 is certified in float64."""
    return replaced(astype, prepare=lambda dtype: {"dtype": float})
