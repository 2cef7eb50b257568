"""A step of either pass as a line of mathematics, with symbols and with numbers.

The formulas come from the table's own rows and rules; nothing here knows a derivative.
"""

from typing import Any, NamedTuple

import numpy as np

from autograd import Node, Step, Symbol, formula, matmul, sum_to, write
from autograd.arithmetic.formulas import number
from autograd.core.node import raw
from autograd.viz.text import Number, array_text, number_text, one_line, shape_text

INLINE = 4  # a longer array stands in a formula as its shape


class Line(NamedTuple):
    """`name` = `symbols` = `numbers` = `result`, where `result` is what `node` gets."""

    node: Node
    name: str
    symbols: str
    numbers: str
    result: Number

    @property
    def sides(self) -> list[str]:
        """The right-hand sides, from symbols to result, without repetitions."""
        sides = (self.symbols, self.numbers, number_text(self.result))
        return list(dict.fromkeys(filter(None, sides)))


def names(nodes: list[Node]) -> dict[Node, str]:
    """A name of its own for each node: its label, or v1, v2, ... where it has none.

    >>> from autograd import Value, toposort
    >>> a = Value(2.0, label="a")
    >>> list(names(toposort(a * a + a)).values())
    ['a', 'v1', 'v2']
    """
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


def number_symbol(x: Number) -> Symbol:
    """A raw number or array as it stands in a formula.

    >>> number_symbol(-2.0).text, number_symbol(np.array([1.0, -2.0])).text
    ('−2', '[1, −2]')
    >>> number_symbol(np.ones((3, 4))).text
    '(3×4)'
    """
    array = np.asarray(x)
    if array.ndim == 0:
        return number(float(array))
    text = array_text(array) if array.size <= INLINE else f"({shape_text(array.shape)})"
    return Symbol(text, shape=array.shape)


def named_symbol(name: str, shape: tuple[int, ...] = ()) -> Symbol:
    """A name as it stands in a formula; in LaTeX the digits at its end are an index.

    >>> named_symbol("w3").latex, named_symbol("loss").latex
    ('w_{3}', '\\\\text{loss}')
    """
    letter, digits = name[:1], name[1:]
    if letter.isalpha() and (not digits or (digits.isascii() and digits.isdigit())):
        return Symbol(name, f"{letter}_{{{digits}}}" if digits else letter, shape=shape)
    return Symbol(name, rf"\text{{{name.translate(_TEX)}}}", shape=shape)


_TEX = str.maketrans({c: rf"\{c}" for c in "#$%&_{}"} | {"\\": "∖", "^": "ˆ", "~": "∼"})


def gradient_symbol(top: str, name: str) -> Symbol:
    """The gradient of `top` for `name`.

    >>> gradient_symbol("E", "w3").text, gradient_symbol("E", "w3").latex
    ('∂E/∂w3', '\\\\frac{\\\\partial E}{\\\\partial w_{3}}')
    """
    above, below = named_symbol(top).latex, named_symbol(name).latex
    return Symbol(f"∂{top}/∂{name}", rf"\frac{{\partial {above}}}{{\partial {below}}}")


def operation(node: Node, named: dict[Node, str]) -> tuple[Symbol, Symbol]:
    """What made `node`, with symbols and with numbers."""
    assert node.op is not None
    symbols = [_symbol(x, named) for x in node.operands]
    return write(node.op, *symbols), write(node.op, *map(_filled, node.operands))


def rule(step: Step, i: int, named: dict[Node, str], top: str) -> tuple[Symbol, Symbol]:
    """What `step` sends to its operand `i`, with symbols and with numbers."""
    node, name = step.node, named[step.node]
    symbols = [_symbol(x, named) for x in node.operands]
    numbers = [_filled(x) for x in node.operands]
    return (
        sent_along(node, i, symbols, gradient_symbol(top, name), named_symbol(name)),
        sent_along(node, i, numbers, number_symbol(step.gradient), number_symbol(node.raw)),
    )


def sent_along(node: Node, i: int, operands: list[Any], g: Symbol, out: Symbol) -> Symbol:
    """What `node` sends to its operand `i`, of symbols for its operands, gradient and result."""
    assert node.op is not None
    symbol = formula(node.op, i, tuple(operands), g=g, out=out, params=node.params)
    return write(sum_to, symbol) if _was_broadcast(node, i) else symbol


def _was_broadcast(node: Node, i: int) -> bool:
    """Whether operand `i` was repeated, so that the walk sums what the rule gives."""
    assert node.op is not None
    own = -2 if node.op is matmul else None  # axes that don't broadcast
    batches = [np.shape(x)[:own] for x in node.operands]
    broadcasts = node.op is matmul or node.op.scalar is not None
    return broadcasts and np.broadcast_shapes(*batches) != batches[i]


def forward_line(node: Node, named: dict[Node, str]) -> Line:
    """How `node` was computed; for a leaf the symbols and numbers are empty.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a")
    >>> b = a * -3.0
    >>> forward_line(b, {a: "a", b: "b"})[1:]
    ('b', 'a × (−3)', '2 × (−3)', -6.0)
    """
    if node.op is None:
        return Line(node, named[node], "", "", node.raw)
    symbols, numbers = operation(node, named)
    return Line(node, named[node], symbols.text, numbers.text, node.raw)


def backward_lines(step: Step, named: dict[Node, str], top: str) -> list[Line]:
    """What `step` sends to each operand: a line for each contribution.

    >>> from autograd import Value, steps
    >>> a = Value(2.0, label="a")
    >>> b = a * -3.0
    >>> step = next(steps(b))
    >>> backward_lines(step, {a: "a", b: "b"}, "b")[0][1:]
    ('∂b/∂a', '∂b/∂b × (−3)', '1 × (−3)', -3.0)
    """
    lines = []
    for i, (operand, sent) in enumerate(zip(step.node.operands, step.sent, strict=False)):
        if sent is not None:
            symbols, numbers = rule(step, i, named, top)
            name = gradient_symbol(top, named[operand]).text
            lines.append(Line(operand, name, symbols.text, numbers.text, sent))
    return lines


def _symbol(operand: Node | Number, named: dict[Node, str]) -> Symbol | float:
    """An operand in a formula: a node by its name; a constant stays the number that it is."""
    if isinstance(operand, Node):
        return named_symbol(named[operand], operand.shape)
    return _filled(operand)


def _filled(operand: Node | Number) -> Symbol | float:
    """An operand's numbers in a formula; constants stay raw, so that the rule folds them."""
    return number_symbol(raw(operand)) if isinstance(operand, (Node, np.ndarray)) else operand
