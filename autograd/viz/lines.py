"""A step of either pass as a line of mathematics, with symbols and with numbers.

The formulas come from the table's own rows and rules; nothing here knows a derivative.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from autograd.formula import Symbol, formula, number, write
from autograd.graph import Step
from autograd.node import Node
from autograd.viz.text import array_text, number_text, one_line, shape_text

INLINE = 4  # a longer array stands in a formula as its shape


class Line(NamedTuple):
    """`name` = `symbols` = `numbers` = `result`, where `result` is what `node` gets."""

    node: Node
    name: str
    symbols: str
    numbers: str
    result: Any

    @property
    def sides(self) -> list[str]:
        """The right-hand sides, from symbols to result, without repetitions."""
        return list(
            dict.fromkeys(filter(None, [self.symbols, self.numbers, number_text(self.result)]))
        )


def names(nodes: Iterable[Node]) -> dict[Node, str]:
    """A name of its own for each node: its label, or v1, v2, ... where it has none.

    >>> from autograd import Value, toposort
    >>> a = Value(2.0, label="a")
    >>> list(names(toposort(a * a + a)).values())
    ['a', 'v1', 'v2']
    """
    nodes = list(nodes)
    taken = {node.label for node in nodes}
    fresh = (name for i in range(1, len(taken) + len(nodes) + 1) if (name := f"v{i}") not in taken)
    found: dict[Node, str] = {}
    used: set[str] = set()
    for node in nodes:
        name = one_line(node.label) if node.label else next(fresh)
        while name in used:  # a second node of the same label
            name += "′"
        used.add(name)
        found[node] = name
    return found


def written(raw: Any) -> Symbol:
    """A raw number or array as it stands in a formula.

    >>> written(-2.0).text, written(np.array([1.0, -2.0])).text, written(np.ones((3, 4))).text
    ('−2', '[1, −2]', '(3×4)')
    """
    if np.ndim(raw) == 0:
        return number(float(raw))
    short = np.size(raw) <= INLINE
    return Symbol(array_text(raw) if short else f"({shape_text(raw.shape)})", shape=raw.shape)


def forward_line(node: Node, named: dict[Node, str]) -> Line:
    """How `node` was computed; for a leaf the symbols and numbers are empty.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a")
    >>> b = a * -3.0
    >>> forward_line(b, {a: "a", b: "b"})[1:]
    ('b', 'a × −3', '2 × −3', -6.0)
    """
    if node.op is None:
        return Line(node, named[node], "", "", node._data)
    symbols = [named[x] if isinstance(x, Node) else written(x) for x in node.operands]
    numbers = [written(x._data if isinstance(x, Node) else x) for x in node.operands]
    return Line(
        node,
        named[node],
        write(node.op, *symbols).text,
        write(node.op, *numbers).text,
        node._data,
    )


def backward_lines(step: Step, named: dict[Node, str], top: str) -> list[Line]:
    """What `step` sends to each operand: a line for each contribution.

    >>> from autograd import Value, steps
    >>> a = Value(2.0, label="a")
    >>> b = a * -3.0
    >>> step = next(steps(b))
    >>> backward_lines(step, {a: "a", b: "b"}, "b")[0][1:]
    ('∂b/∂a', '∂b/∂b × −3', '1 × −3', -3.0)
    """
    node, op = step.node, step.node.op
    lines = []
    for i, (operand, contribution) in enumerate(zip(node.operands, step.sent, strict=False)):
        if contribution is None:
            continue
        assert op is not None
        symbols, numbers = (
            formula(op, i, operands, g=g, out=out, params=node.params).text
            for operands, g, out in (
                (
                    tuple(_symbol(x, named) for x in node.operands),
                    f"∂{top}/∂{named[node]}",
                    named[node],
                ),
                (
                    tuple(written(x._data) if isinstance(x, Node) else x for x in node.operands),
                    written(step.gradient),
                    written(node._data),
                ),
            )
        )
        lines.append(Line(operand, f"∂{top}/∂{named[operand]}", symbols, numbers, contribution))
    return lines


def _symbol(operand: Any, named: dict[Node, str]) -> Any:
    """An operand in a formula: a node by its name, a constant as the number that it is."""
    return Symbol(named[operand], shape=operand.shape) if isinstance(operand, Node) else operand
