"""`program`: a graph as Python that makes it again."""

from itertools import chain, count
from string import ascii_lowercase
from typing import Any

import numpy as np

from autograd import Node, toposort


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
    taken = {"autograd", "Tensor", "Value", "np", "inf", "nan"}
    names: dict[Node[Any], str] = {}
    for node in order:
        if node.label and node.label.isidentifier() and node.label not in taken:
            names[node] = node.label
            taken.add(node.label)
    every = (letter + n for n in chain([""], map(str, count(1))) for letter in ascii_lowercase)
    fresh = (name for name in every if name not in taken)
    lines = []
    for node in order:
        names[node] = names.get(node) or next(fresh)
        lines.append(f"{names[node]} = {_call(node, names)}")
    head = ["import autograd", "from autograd import Tensor, Value"]
    if any("np." in line for line in lines):
        head.insert(0, "import numpy as np")
    if any("inf" in line or "nan" in line for line in lines):
        head.insert(0, "from math import inf, nan")
    return "\n".join(head + lines)


def _call(node: Node[Any], names: dict[Node[Any], str]) -> str:
    if node.op is None:
        label = f", label={node.label!r}" if node.label else ""
        return f"{type(node).__name__}({_literal(node.raw, np_array=False)}{label})"
    operands = [names[x] if isinstance(x, Node) else _literal(x) for x in node.operands]
    params = [f"{key}={_literal(value)}" for key, value in node.params.items()]
    return f"autograd.{node.op.name}({', '.join(operands + params)})"


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
