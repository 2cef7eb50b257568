"""Functions of nodes as subjects: called again on new leaves, and differentiated by `grad`."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from autograd import Node, Primitive, astype
from autograd.errors import GradientError
from autograd.testing.checker.calls import (
    GradientCall,
    GraphCall,
    joined,
    leaf_of,
    recorded_gradient,
)
from autograd.testing.checker.nesting import flat, rebuilt
from autograd.testing.checker.replay import CallReplay, replay_of
from autograd.testing.mutation.planting import replaced

from autograd.testing.checker.subject import (  # isort: skip
    Bounds, Number, Numbers, bounds_for, kind, same, widened,
)  # fmt: skip

# What a function may return: nodes, alone or in lists, dicts and object arrays of them.
Nested = Node[Any] | NDArray[np.object_] | Sequence["Nested"] | Mapping[Any, "Nested"]


class Module(Protocol):
    def named_parameters(self) -> Iterable[tuple[str, Node[Any]]]: ...


Parameters = Module | Nested | Iterable[Node[Any]]


ELSEWHERE = {"torch": "torch", "jax": "jax", "jaxlib": "jax"}  # who checks what comes from there


class Function:
    """`f` called on new leaves; parameters keep their identity and hold other numbers meanwhile."""

    rounding = 0.0  # two passes give the same bits

    def __init__(
        self,
        f: Callable[..., Nested],
        inputs: tuple[object, ...],
        params: Parameters | None = None,
        bounds: Bounds | Mapping[str, Bounds] | None = None,
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
            homes = {type(leaf).__module__.partition(".")[0] for _, leaf in self.items}
            remedy = next(
                (
                    f"for those use autograd.testing.{there}"
                    for here, there in ELSEWHERE.items()
                    if here in homes
                ),
                "numbers and arrays are constants (an integer has no derivative at all): wrap what "
                "is to be checked in a Value or a Tensor",
            )
            raise TypeError(
                f"check_grads({self.name}): there is nothing to differentiate, got {got}; {remedy}"
            )
        self.original = {name: node.raw for name, node in sources.items()}
        self.numbers = {name: widened(number) for name, number in self.original.items()}
        self.bounds: Mapping[str, Bounds] = bounds_for(self.numbers, bounds)

    @contextmanager
    def at(self, moved: Numbers) -> Iterator[GraphCall]:
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
            yield GraphCall(leaves, output)

    def line(self, call: GraphCall, moved: Numbers) -> CallReplay | None:
        return replay_of(self, call, moved)

    def gradient(self, cotangent: Number) -> "Gradient":
        return Gradient(self, cotangent)

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


class Gradient:
    """The gradient of another subject, as a function of its inputs and of the cotangent."""

    rounding = 0.0

    def __init__(self, subject: "Graph", cotangent: Number) -> None:
        self.subject = subject
        self.name: str = f"the gradient of {subject.name}"
        self.cotangent = "cotangent" + "′" * sum("cotangent" in name for name in subject.numbers)
        self.numbers: Numbers = {**subject.numbers, self.cotangent: cotangent}
        self.bounds: Mapping[str, Bounds] = subject.bounds

    @contextmanager
    def at(self, moved: Numbers) -> Iterator[GraphCall]:
        moved = {**self.numbers, **moved}
        seed = leaf_of(moved.pop(self.cotangent), self.cotangent)
        with self.subject.at(moved) as call:
            leaves = {**call.leaves, self.cotangent: seed}
            own = GradientCall(leaves, recorded_gradient(call, seed))
            own.call, own.cotangent = call, self.cotangent
            yield own

    def line(self, call: GraphCall, moved: Numbers) -> CallReplay | None:
        return replay_of(self, call, moved)

    def gradient(self, cotangent: Number) -> "Gradient":
        return Gradient(self, cotangent)


Graph = Function | Gradient


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


def in_float64() -> AbstractContextManager[Primitive]:
    """Within it `astype` casts to float64 only: what f does in float32 is certified in float64."""
    return replaced(astype, prepare=lambda dtype: {"dtype": float})
