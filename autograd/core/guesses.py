"""Gradients that are good for one order: right as they are, but not to be differentiated again.

At a kink a rule chooses a slope, and where a gradient of 0 meets an infinite slope it sends 0 (see
`settled` in `autograd.core.walk`). Multiplied by x, where that is 0, such a number is as right as
any other, but the derivative of the product is not: |x²| has the slope sign(0) · 2x = 0 at 0, and
the second derivative 2, not sign(0) · 2. So what is made of a guess is marked while it is recorded:
differentiated again, it says NaN.

What cannot change is no guess: under a mask, or in a branch that is not taken, 0 stays 0.
"""

from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd.core.node import Node, raw
from autograd.core.order import toposort
from autograd.core.primitive import TABLE, Primitive, Rule

Flags = NDArray[np.bool_]

NOWHERE = np.full((), False)


def may_vary(x: Any) -> Any:
    """Where a number may change with the leaves that it was made from, elementwise.

    False for masks and branches that are not taken, whatever they are multiplied by.

    >>> from autograd import Tensor, where
    >>> x = Tensor([0.0, 0.0])
    >>> may_vary(where(np.array([1.0, 0.0]), x * 3.0, x * 0.0)).tolist()
    [True, False]
    """
    known: dict[Node, Any] = {}

    def varying(x: Any) -> Any:
        if isinstance(x, Node) and x.op is not None:
            return known[x]
        return np.full(np.shape(x), isinstance(x, Node))

    for node in toposort(x) if isinstance(x, Node) else ():
        if node.op is not None:
            known[node] = _varies(node, node.op, [varying(y) for y in node.operands])
    return varying(x)


def _varies(node: Node, op: Primitive, flags: list[Any]) -> Any:
    if not any(op.vjps):  # locally constant
        return np.full(node.shape, False)
    if op is TABLE["where"]:
        return np.where(raw(node.operands[0]), *flags[1:])
    if op is TABLE["mul"] or op is TABLE["subgradient"]:
        (x, y, *kink), (f, g) = map(raw, node.operands), flags[:2]
        product = (f & (y != 0.0)) | (g & (x != 0.0)) | (f & g)
        return product | np.equal(*kink) if kink else product
    if op.scalar is None and op.linear:  # it moves elements, or adds them up
        return op.array(*flags, **node.params) != 0
    met = flags if op.scalar is not None else [np.any(x) for x in flags]
    return np.broadcast_to(reduce(np.logical_or, met), node.shape)


def kinks(made: Any) -> Any:
    """Where a slope was chosen by the rule that has made this, and matters."""
    if getattr(made, "op", None) is not TABLE["subgradient"]:
        return NOWHERE
    g, _, x, y = made.operands
    found = np.equal(raw(x), raw(y))
    if not found.any():
        return NOWHERE
    return found & (raw(g) != 0.0) & may_vary(x)


class Guesses:
    """Of one recorded walk: the nodes whose gradients are guesses, and in which elements."""

    def __init__(self) -> None:
        self.of: dict[Node, Flags] = {}

    def sent(
        self, node: Node, operand: Node, rule: Rule, gradient: Any, made: Any, contribution: Node
    ) -> Node:
        """The `contribution` to an operand, marked where it is a guess.

        So it is where a slope was chosen by this step (which marks itself), where the rule has
        `made` a NaN that is settled, and where the gradient of the node was one before.
        """
        op, old = node.op, self.of.get(node)
        assert op is not None
        chosen = kinks(made)
        marked = NOWHERE if contribution is made else _settled(op, gradient, made)
        if old is not None:
            marked = marked | _passed(node, rule, old, contribution)
        flags = chosen | marked
        if not flags.any():
            return contribution
        here = TABLE["sum_to"].array(flags, shape=operand.shape) != 0
        self.of[operand] = self.of.get(operand, NOWHERE) | here
        if op.linear or not np.any(marked):
            return contribution
        if op.scalar is None:
            gradient = gradient[old].sum()
        kink = np.where(marked, raw(gradient), np.nan)[()]
        return TABLE["subgradient"](1.0, contribution, gradient, kink)


def _settled(op: Primitive, gradient: Any, made: Any) -> Any:
    """Where a NaN is taken for 0 though the gradient that sends it only happens to be 0."""
    found = np.isnan(raw(made))
    if op.scalar is None or not found.any():
        return NOWHERE
    return found & may_vary(gradient)


def _passed(node: Node, rule: Rule, flags: Flags, contribution: Node) -> Any:
    """Where the contribution of a rule is made of the gradient's elements in `flags`."""
    op, numbers = node.op, [raw(x) for x in node.operands]
    assert op is not None
    if op.scalar is not None:
        return flags
    if op.regular:
        return np.full(contribution.shape, True)
    if op is TABLE["matmul"]:  # whatever it multiplies by
        numbers = [np.ones_like(x) for x in numbers]
    return rule(flags, node.raw, *numbers, **node.params) != 0.0
