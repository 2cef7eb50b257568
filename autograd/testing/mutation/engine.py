"""The engine, as far as it carries gradients: its functions, and whole algorithms gone wrong."""

from typing import Any

import numpy as np

from autograd import Node, Primitive, Tensor, Value
from autograd.arithmetic import quick
from autograd.core import derivatives, gradients, guesses, order, walk
from autograd.core.node import new_node
from autograd.core.numbers import frozen
from autograd.table import kernels
from autograd.testing.mutation.sources import Function, functions_in

_APART = (
    "copy_graph",
    "describe",
    "_warn_of_nan",
    "_swept",
    "pullback",
)  # written there, but no gradient needs them

_PARTS = functions_in(order, guesses, walk, gradients, derivatives)

# What carries gradients without being a rule.
ENGINE: tuple[Function, ...] = (
    *(f for f in _PARTS if f.__name__ not in _APART), guesses.Guesses.sent,
    quick.by_rules, quick.recorded, quick.swept, quick.gradients_of, quick.reached,
    kernels.sum_to_shape, kernels.accumulate, kernels.scatter_into, kernels.is_fancy,
    kernels.view_windows, kernels.add_windows, kernels.broadcast_copy, kernels.pad_with,
    kernels.mask, frozen, new_node, Primitive.rules, Value.fitted, Tensor.fitted,
    vars(Node)["operands"].fget, vars(Node)["operands"].fset, vars(Node)["grad"].fget,
)  # fmt: skip


def _by_value(*outputs: Node[Any]) -> list[Node[Any]]:
    """nodes that hold equal numbers are taken for one"""
    seen = {str(x.raw): x for x in outputs}
    stack = list(outputs)
    while stack:
        for operand in stack.pop().operands:
            if isinstance(operand, Node) and str(operand.raw) not in seen:
                seen[str(operand.raw)] = operand
                stack.append(operand)
    return sorted(seen.values(), key=lambda node: node.index)


def _preorder(*outputs: Node[Any]) -> list[Node[Any]]:
    """in the order in which a depth-first search meets the nodes"""
    seen, stack = dict.fromkeys(outputs), list(outputs)
    while stack:
        for operand in stack.pop().operands:
            if isinstance(operand, Node) and operand not in seen:
                seen[operand] = None
                stack.append(operand)
    return list(reversed(seen))


def _recursive(*outputs: Node[Any]) -> list[Node[Any]]:
    """by recursion, which ends on deep graphs"""
    seen: dict[Node[Any], None] = {}

    def visit(x: object) -> None:  # (names are those of where it is planted)
        if isinstance(x, Node) and x not in seen:
            seen[x] = None
            for operand in x.operands:
                visit(operand)

    for output in outputs:
        visit(output)
    return sorted(seen, key=lambda node: node.index)


def _leading_only(x: Any, shape: tuple[int, ...]) -> Any:
    """axes of size 1 are not summed, only the leading ones"""
    axes = tuple(range(np.ndim(x) - len(shape)))
    return np.reshape(np.sum(x, axis=axes).ravel()[: int(np.prod(shape))], shape)


def _last_written(x: Any, index: tuple[Any, ...], shape: tuple[int, ...]) -> Any:
    """an element taken twice gets one gradient, not the sum"""
    out = np.zeros(shape, np.asarray(x).dtype)
    out[index] = x
    return out


# Whole algorithms gone wrong: they run in the place of the function, with its globals.
WRONG_VERSIONS: dict[Function, tuple[Function, ...]] = {
    order.toposort: (_by_value, _preorder, _recursive),
    kernels.sum_to_shape: (_leading_only,),
    kernels.scatter_into: (_last_written,),
}
