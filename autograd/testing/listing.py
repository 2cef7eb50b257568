"""`program`: a graph as Python that makes it again."""

import sys
from itertools import chain, count
from string import ascii_lowercase
from typing import Any

import numpy as np

from autograd import TABLE, Node, Primitive, toposort


def program(output: Node[Any]) -> str:
    """The graph of `output` as Python that makes it again; its last line makes the output.

    Leaves that a label names keep that name where it is free.

    >>> from autograd import Tensor
    >>> w = Tensor([1.0, 2.0], label="w")
    >>> print(program((w * 3).sum()))
    import autograd
    from autograd import Tensor, Value
    w = Tensor([1.0, 2.0], label='w')
    a = autograd.mul(w, 3.0)
    b = autograd.sum(a, axis=None, keepdims=False)
    """
    order = toposort(output)
    names = _names(order)
    lines = [f"{names[node]} = {_call(node, names)}" for node in order]
    return "\n".join(_imports(order, lines) + lines)


def reproduction(output: Node[Any]) -> str:
    """The graph of `output` as a program that checks its gradient.

    >>> from autograd import Tensor
    >>> w = Tensor([1.0, 2.0], label="w")
    >>> print(reproduction((w * 3).sum()))
    import autograd
    from autograd import Tensor, Value
    from autograd.testing import check_grads
    def f(w):
        a = autograd.mul(w, 3.0)
        b = autograd.sum(a, axis=None, keepdims=False)
        return b
    check_grads(f, Tensor([1.0, 2.0], label='w'))
    """
    order = toposort(output)
    names = _names(order)
    leaves = [node for node in order if node.op is None]
    body = [f"    {names[x]} = {_call(x, names)}" for x in order if x.op is not None]
    given = [_call(leaf, names) for leaf in leaves]
    lines = [
        "from autograd.testing import check_grads",
        f"def f({', '.join(names[leaf] for leaf in leaves)}):",
        *body,
        f"    return {names[output]}",
        f"check_grads(f, {', '.join(given)})",
    ]
    return "\n".join(_imports(order, lines) + lines)


def _names(order: list[Node[Any]]) -> dict[Node[Any], str]:
    """A name for every node: its label where that is free, else a letter."""
    taken = {"autograd", "Tensor", "Value", "np", "inf", "nan", "f", "check_grads"}
    taken |= {node.op.name for node in order if node.op is not None and not _of_the_table(node)}
    names: dict[Node[Any], str] = {}
    for node in order:
        if node.label and node.label.isidentifier() and node.label not in taken:
            names[node] = node.label
            taken.add(node.label)
    every = (letter + n for n in chain([""], map(str, count(1))) for letter in ascii_lowercase)
    fresh = (name for name in every if name not in taken)
    return {node: names.get(node) or next(fresh) for node in order}


def _imports(order: list[Node[Any]], lines: list[str]) -> list[str]:
    head = ["import autograd", "from autograd import Tensor, Value"]
    if any("np." in line for line in lines):
        head.insert(0, "import numpy as np")
    if any("inf" in line or "nan" in line for line in lines):
        head.insert(0, "from math import inf, nan")
    own = {node.op: None for node in order if node.op is not None and not _of_the_table(node)}
    return head + [_imported(row) for row in own]


def _of_the_table(node: Node[Any]) -> bool:
    return node.op is not None and TABLE.get(node.op.name) is node.op


def _imported(row: Primitive) -> str:
    """The line that brings a row of one's own: from where a module holds it."""
    for name, module in list(sys.modules.items()):
        for attribute, held in list(getattr(module, "__dict__", {}).items()):
            if held is row:
                renamed = "" if attribute == row.name else f" as {row.name}"
                return f"from {name} import {attribute}{renamed}"
    return f"# {row.name} is a primitive that no module holds under a name"


def _call(node: Node[Any], names: dict[Node[Any], str]) -> str:
    if node.op is None:
        return literal(node)
    operands = [names[x] if isinstance(x, Node) else _literal(x) for x in node.operands]
    params = [f"{key}={_literal(value)}" for key, value in node.params.items()]
    where = "autograd." if _of_the_table(node) else ""
    return f"{where}{node.op.name}({', '.join(operands + params)})"


def literal(node: Node[Any]) -> str:
    """A leaf as Python that makes its very numbers.

    >>> from autograd import Tensor
    >>> literal(Tensor([1 / 3, 2.0]))
    'Tensor([0.3333333333333333, 2.0])'
    """
    label = f", label={node.label!r}" if node.label else ""
    return f"{type(node).__name__}({_literal(node.raw, np_array=False)}{label})"


def _literal(x: Any, np_array: bool = True) -> str:
    """A number, an array or a parameter as Python text."""
    if isinstance(x, np.ndarray):
        if x.size and not np_array and x.dtype == np.float64:
            return repr(x.tolist())
        if not x.size:
            return f"np.zeros({x.shape}, np.{x.dtype})"
        dtype = "" if x.dtype in (np.float64, np.int64, np.bool_) else f", np.{x.dtype}"
        return f"np.array({x.tolist()!r}{dtype})"
    if isinstance(x, np.dtype):
        return f"np.{x}"
    if isinstance(x, tuple):
        return f"({', '.join(map(_literal, x))}{',' if len(x) == 1 else ''})"
    return repr(x)
