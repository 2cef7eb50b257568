"""A graph of Values told in words: every operation forward, every rule backward, with numbers."""

from __future__ import annotations

from typing import NamedTuple

from autograd.formula import formula, number, write
from autograd.graph import evaluate, steps, toposort
from autograd.node import Node
from autograd.value import Value


class Line(NamedTuple):
    """`name` = `symbols` = `numbers` = `result`."""

    name: str
    symbols: str
    numbers: str
    result: float


def names(root: Node) -> dict[Node, str]:
    """Every node's label; v1, v2, ... for results that have none.

    >>> a = Value(2.0, label="a")
    >>> list(names(a * a + a).values())
    ['a', 'v1', 'v2']
    """
    found: dict[Node, str] = {}
    taken = {node.label for node in toposort(root)}
    fresh = (name for i in range(1, 10**9) if (name := f"v{i}") not in taken)
    for node in toposort(root):
        found[node] = node.label or next(fresh)
    return found


def forward(root: Node, named: dict[Node, str]) -> list[Line]:
    """A line for every operation, in recorded order.

    >>> a = Value(2.0, label="a")
    >>> root = a * 3.0
    >>> forward(root, names(root))
    [Line(name='v1', symbols='a × 3', numbers='2 × 3', result=6.0)]
    """
    lines = []
    for node in toposort(root):
        if node.op is not None:
            symbols = [named[x] if isinstance(x, Node) else x for x in node.operands]
            numbers = [x._data if isinstance(x, Node) else x for x in node.operands]
            lines.append(
                Line(
                    named[node],
                    write(node.op, *symbols).text,
                    write(node.op, *numbers).text,
                    node._data,
                )
            )
    return lines


def backward(root: Node, named: dict[Node, str]) -> list[tuple[str, float, list[Line]]]:
    """For every step of backprop: the node's name, its gradient, and what it sends where.

    >>> a = Value(2.0, label="a")
    >>> root = a * a
    >>> for name, gradient, sent in backward(root, names(root)):
    ...     print(name, gradient, [line.numbers for line in sent])
    v1 1.0 ['1 × 2', '1 × 2']
    a 4.0 []
    """
    told = []
    top = named[root]
    for node, gradient, sent in steps(root):
        lines = []
        for i, (operand, contribution) in enumerate(zip(node.operands, sent, strict=False)):
            if contribution is None:
                continue
            assert node.op is not None
            symbols = tuple(named[x] if isinstance(x, Node) else x for x in node.operands)
            numbers = tuple(number(x._data) if isinstance(x, Node) else x for x in node.operands)
            rule = formula(node.op, i, symbols, g=f"∂{top}/∂{named[node]}", out=named[node])
            filled = formula(node.op, i, numbers, g=number(gradient), out=number(node._data))
            lines.append(Line(named[operand], rule.text, filled.text, contribution))
        told.append((named[node], gradient, lines))
    return told


def differences(root: Node, leaves: list[Value]) -> list[float]:
    """The derivative of `root` for each leaf, measured by central differences.

    >>> x = Value(3.0)
    >>> round(differences(x * x, [x])[0], 6)
    6.0
    """
    found = []
    for leaf in leaves:
        h = 1e-5 * max(1.0, abs(leaf.data))
        above, below = (evaluate(root, {leaf: leaf.data + d}) for d in (h, -h))
        found.append((above - below) / (2 * h))
    return found
