"""Numbers that are views of others: of a buffer they cost nothing, of a leaf they are had anew."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Node
from autograd.tape.tensor.buffers import Number
from autograd.tape.tensor.code import Code


class View(NamedTuple):
    """How the result of an operation is had as a view of its operand.

    - `serves(node, spread)`: whether it would do; `spread` says that only elementwise operations,
      which broadcast by themselves, read it.
    - `of_buffer(node, array)` is the view of a buffer.
    - `of_leaf(node, operand, name, code)` is how a view of a leaf's array is written: a name, for
      which it may add an instruction.
    """

    of_buffer: Callable[[Node, NDArray[Any]], Any]
    of_leaf: Callable[[Node, str, str, Code], str]
    serves: Callable[[Node, bool], bool] = lambda node, spread: True


def view(kind: View, node: Node, operand: Number, name: str, code: Code) -> Number | None:
    """The number of `node` as a view of its operand's, where it can be had as one."""
    if operand.array is None:  # a leaf, or a view of one
        if not np.may_share_memory(node.raw, node.operands[0].raw):
            return None
        return Number(kind.of_leaf(node, operand.name, name, code), node.shape, node.dtype)
    with np.errstate(all="ignore"):  # nobody has written to the buffer yet
        array = np.asarray(kind.of_buffer(node, operand.array))
    if not np.may_share_memory(array, operand.array):
        return None
    code.bind(name, array)
    return Number(name, node.shape, node.dtype, array, operand.storage)


def _computed(node: Node, array: NDArray[Any]) -> Any:
    assert node.op is not None
    return node.op.array(array, **node.params)


def _assigned(node: Node, name: str, expression: str, code: Code) -> str:
    assert node.op is not None
    code.append(f"{name} = {expression}", f"{node.op.name} (view)")
    return name


def _called(node: Node, operand: str, name: str, code: Code) -> str:
    assert node.op is not None
    function = code.bind(f"view_{name}", partial(node.op.array, **node.params))
    return _assigned(node, name, f"{function}({operand})", code)


def _reshaped(node: Node, operand: str, name: str, code: Code) -> str:
    return _assigned(node, name, f"{operand}.reshape({node.params['shape']})", code)


def _turned(node: Node, operand: str, name: str, code: Code) -> str:
    axes = node.params["axes"]
    if axes in (None, (*range(node.ndim),)[::-1]):
        return f"{operand}.T".removesuffix(".T.T")  # there and back again
    return _assigned(node, name, f"{operand}.transpose({axes})", code)


def _is_first_power(node: Node, spread: bool) -> bool:
    return type(node.operands[1]) is float and node.operands[1] == 1.0


COMPUTED = View(_computed, _called)
RESHAPED = View(_computed, _reshaped)
TURNED = View(_computed, _turned)
FIRST_POWER = View(lambda node, array: array, _called, _is_first_power)
SPREAD = View(  # elsewhere, as in matrix products, it is better spelled out
    lambda node, array: np.broadcast_to(array, node.shape), _called, lambda node, spread: spread
)
