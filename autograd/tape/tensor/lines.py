"""From a node to the line of code that computes it, or to a view, for each row of the table.

`READINGS` says how, complete by name; nothing else in a replay of Tensors asks for a row's name.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import TABLE, Node, Primitive
from autograd.table.kernels import ones
from autograd.tape.inplace import POWERS, into
from autograd.tape.tensor.code import Code, Number

SHORT = 1 << 12  # numbers that a dot product adds up as precisely as NumPy does in pairs
FEW = 16  # arrays of which the maximum is taken one by one


# --- views ------------------------------------------------------------------------------------


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


class View(NamedTuple):
    """How the result of an operation is had as a view of its operand.

    - `of_leaf(node, operand, name, code)` is how a view of a leaf's array is written: a name, for
      which it may add an instruction.
    - `of_buffer(node, array)` is the view of a buffer.
    - `serves(node, spread)`: whether it would do; `spread` says that only elementwise operations,
      which broadcast by themselves, read it.
    """

    of_leaf: Callable[[Node, str, str, Code], str] = _called
    of_buffer: Callable[[Node, NDArray[Any]], Any] = _computed
    serves: Callable[[Node, bool], bool] = lambda node, spread: True


def view(kind: View, node: Node, operand: Number, name: str, code: Code) -> Number | None:
    """The number of `node` as a view of its operand's, where it can be had as one."""
    if operand.array is None:  # a leaf, or a view of one
        if not np.may_share_memory(node.raw, node.operands[0].raw):
            return None
        return Number(kind.of_leaf(node, operand.name, name, code), node.shape, node.precision)
    with np.errstate(all="ignore"):  # nobody has written to the buffer yet
        array = np.asarray(kind.of_buffer(node, operand.array))
    if not np.may_share_memory(array, operand.array):
        return None
    code.bind(name, array)
    return Number(name, node.shape, node.precision, array, operand.storage)


COMPUTED, RESHAPED, TURNED = View(), View(_reshaped), View(_turned)
FIRST_POWER = View(
    of_buffer=lambda node, array: array,
    serves=lambda node, spread: type(node.operands[1]) is float and node.operands[1] == 1.0,
)
SPREAD = View(  # elsewhere, as in matrix products, it is better spelled out
    of_buffer=lambda node, array: np.broadcast_to(array, node.shape),
    serves=lambda node, spread: spread,
)


# --- lines ------------------------------------------------------------------------------------


class Call(NamedTuple):
    """An operation whose operands and result have their places, and the tiles it runs in."""

    op: Primitive
    params: dict[str, Any]
    operands: list[Number]
    out: Number
    tiles: str | None


Line = Callable[[Call, Code], str]  # what it needs gets a name in the code


class Reading(NamedTuple):
    """How a row is emitted: the line that computes it, and how it may be a view instead."""

    line: Line
    view: View | None = None


def reading_of(op: Primitive) -> Reading:
    if TABLE.get(op.name) is op:
        return READINGS[op.name]
    return Reading(called, COMPUTED if op.view else None)


def called(call: Call, code: Code) -> str:
    """As `inplace` has it."""
    return _applied(into(call.op, call.params), call.operands, call, code)


def power(call: Call, code: Code) -> str:
    """By an exponent that NumPy's operator has a faster way for, where it is constant."""
    base, exponent = call.operands
    if type(exponent.array) is float and exponent.array in POWERS:
        return _applied(POWERS[exponent.array], [base], call, code)
    return called(call, code)


def product(call: Call, code: Code) -> str:
    if max(len(x.shape) for x in call.operands) > 2:
        return called(call, code)
    return _applied(np.dot, call.operands, call, code)  # the same product, called more cheaply


def _applied(function: Callable[..., Any], operands: list[Number], call: Call, code: Code) -> str:
    shared = function is np.dot or isinstance(function, np.ufunc)
    name = function.__name__ if shared else f"{call.op.name}_{call.out.name}"
    arguments = [_argument(x, call) for x in (*operands, call.out)]
    return f"{code.bind(name, function)}({', '.join(arguments)})"


def _argument(x: Number, call: Call) -> str:
    out = call.out
    if call.op.scalar is not None and x.shape and x.size == 1 < out.size:
        return f"{x.name}.reshape(())"  # NumPy takes one number sooner than a row of it
    if call.tiles and (len(x.shape), x.shape[:1]) == (len(out.shape), out.shape[:1]):
        return f"{x.name}[s]"
    return x.name


def total(call: Call, code: Code) -> str:
    return _reduced(np.add, call, call.params["axis"], call.params["keepdims"], code)


def total_to(call: Call, code: Code) -> str:
    (x,), out = call.operands, call.out
    lead = len(x.shape) - len(out.shape)
    axes = tuple(i for i, n in enumerate(x.shape) if i < lead or out.shape[i - lead] != n)
    if 0 < lead < len(axes):
        return called(call, code)
    if lead and out.shape and (out.size > 1 or x.size <= SHORT):
        return _summed_rows(x, out, code)
    return _reduced(np.add, call, axes, lead == 0, code)


def largest(call: Call, code: Code) -> str:
    (x,), axes, keep = call.operands, call.params["axis"], call.params["keepdims"]
    leading = axes is not None and axes == tuple(range(len(axes)))
    places = x.shape[: len(axes)] if leading else ()
    if x.array is not None and 1 < math.prod(places) <= FEW and not keep:
        return _maxima(x, call.out, places, code)
    return _reduced(np.maximum, call, axes, keep, code)


def _reduced(
    ufunc: np.ufunc, call: Call, axes: tuple[int, ...] | None, keep: bool, code: Code
) -> str:
    name = code.bind(f"{ufunc.__name__}_reduce", ufunc.reduce)
    return f"{name}({call.operands[0].name}, {axes}, None, {call.out.name}, {keep})"


def _summed_rows(x: Number, out: Number, code: Code) -> str:
    """The product that `kernels.sum_to_shape` takes for a sum over leading axes of rows."""
    rows = math.prod(x.shape[: -len(out.shape)])
    row = code.bind(f"ones_{out.name}", ones(rows, x.dtype))
    matrix = x.name if len(x.shape) == 2 else f"{x.name}.reshape({rows}, {out.size})"
    flat = out.name if len(out.shape) == 1 else f"{out.name}.reshape({out.size})"
    return f"{code.bind('dot', np.dot)}({row}, {matrix}, {flat})"


def _maxima(x: Number, out: Number, places: tuple[int, ...], code: Code) -> str:
    """The maximum of a few arrays, which is quicker than over leading axes of one."""
    first, *parts = [
        code.bind(f"{x.name}_{'_'.join(map(str, place))}", x.array[*place, ...])
        for place in np.ndindex(*places)  # views, of one number too
    ]
    code.bind("maximum", np.maximum)
    pairs = zip([first, *[out.name] * len(parts)], parts, strict=False)
    return "; ".join(f"maximum({left}, {part}, out={out.name})" for left, part in pairs)


# --- the table --------------------------------------------------------------------------------

ELEMENTWISE = [name for name, op in TABLE.items() if op.scalar is not None]
WHOLE = (
    *("scatter", "overlap_add", "pad", "cumsum", "concatenate", "stack", "to_value"),
    *("sort", "sorted_by", "unsorted_by"),
    *("solve", "inv", "det", "cofactors", "logabsdet", "signdet", "cholesky"),
)

READINGS: dict[str, Reading] = {
    **dict.fromkeys((*ELEMENTWISE, *WHOLE), Reading(called)),
    "pow": Reading(power, FIRST_POWER),
    "stop_gradient": Reading(called, COMPUTED),
    "sum": Reading(total),
    "max": Reading(largest),
    "sum_to": Reading(total_to, COMPUTED),
    "broadcast_to": Reading(called, SPREAD),
    "reshape": Reading(called, RESHAPED),
    "transpose": Reading(called, TURNED),
    "take": Reading(called, COMPUTED),
    "windows": Reading(called, COMPUTED),
    "matmul": Reading(product),
}
