"""One call of a function of nodes, and its derivatives."""

from typing import Any, NamedTuple

import numpy as np

from autograd import Node, Tensor, Value, concatenate, grad, reshape, steps
from autograd.core.modes import differentiating_once
from autograd.testing.checker.numeric import EPS

from autograd.testing.checker.subject import (  # isort: skip
    Inside, Number, Numbers, backward_pass, like, quiet,
)  # fmt: skip


class GraphCall(NamedTuple):
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

    @property
    def numbers(self) -> Numbers:
        return {name: leaf.raw for name, leaf in self.leaves.items()}

    @property
    def raw(self) -> Number:
        number: Number = self.output.raw
        return number

    def inside(self, cotangent: Number) -> Inside:
        """Of every node, as the walk goes."""
        with quiet():
            walked = [(s.gradient, s.node.raw) for s in steps(self.output, cotangent)]
            products = [g * number for g, number in walked]
        gradient = max(float(np.abs(g).max(initial=0.0)) for g, _ in walked)
        return Inside(gradient, 4 * EPS * max(float(np.abs(x).max(initial=0.0)) for x in products))


class GradientCall(GraphCall):
    """A call of a `Gradient`: of what it is the gradient, and the name of the cotangent."""

    call: GraphCall
    cotangent: str

    def certain(self, seed: Number) -> Numbers:
        """The gradients, of which that for the cotangent is as sure at a kink as elsewhere.

        A gradient is linear in its cotangent. Differentiated for anything else, it has no
        derivative at a kink, and a node that was recorded for this says NaN (see `chosen`).
        """
        with differentiating_once():
            linear = recorded_gradient(self.call, self.leaves[self.cotangent])
        sure = GraphCall(self.leaves, linear).gradients(seed)[self.cotangent]
        return {**self.gradients(seed), self.cotangent: sure}


def recorded_gradient(call: GraphCall, seed: Node[Any]) -> Node[Any]:
    with backward_pass():
        return joined(grad(call.output, list(call.leaves.values()), seed, create_graph=True))


def joined(nodes: list[Node[Any]]) -> Node[Any]:
    """One node of all: itself where there is one, else all their elements in a row."""
    if len(nodes) == 1:
        return nodes[0]
    return concatenate(*[reshape(node) for node in nodes])


def leaf_of(number: Number, label: str | None) -> Node[Any]:
    return Value(number, label) if type(number) is float else Tensor(number, label)
