"""`derive`: a gradient written out as one would by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.arithmetic.formulas import Symbol
from autograd.core.gradients import grad
from autograd.core.node import Node
from autograd.core.primitive import TABLE
from autograd.core.walk import toposort
from autograd.viz.lines import derivative, named_symbol, names, written
from autograd.viz.tell.equations import Equation, Equations, equation

# A longer expression gets a name and an equation of its own: results forward, gradients backward.
LONGEST_RESULT, LONGEST_GRADIENT = 12, 160


class Derivation(Equations):
    """The forward pass, the gradient of `root` for `node` as one formula, and the update.

    Attributes:
        formula: the gradient with symbols; results with a label or a longer formula have a name.
        numbers: the same with numbers.
        gradient: its value.
        updated: the node's number after the update, None without a rate.
        recorded: the gradient as a node, of the graph that the formula was read from.
        symbols: how each node of that graph is written.
    """

    def __init__(self, node: Node, root: Node, rate: float | None = None) -> None:
        self.node, self.root = node, root
        forward = toposort(root, node)
        named = names(forward)
        self.recorded = gradient = grad(root, node, create_graph=True)
        own = derivative(named[root], named[node])
        self.symbols = symbols = dict[Node, Symbol]()
        numbers: dict[Node, Symbol] = {}
        equations: list[Equation] = []

        def name(x: Node, symbol: Symbol) -> None:
            if x.op is not None:
                sides = [table[x] for table in (symbols, numbers) if x in table]
                equations.append(equation(symbol, *sides, written(x.raw)))
            symbols[x], numbers[x] = symbol, written(x.raw)

        for x in forward:
            if x.op is not None:
                symbols[x], numbers[x] = _composed(x, symbols), _composed(x, numbers)
            if x.op is None or x.label or len(symbols[x].text) > LONGEST_RESULT:
                name(x, named_symbol(named[x], x.shape))
        for x in toposort(gradient):
            if x.op is None and x not in symbols:  # a gradient that depends on nothing
                symbols[x] = numbers[x] = written(x.raw)
            elif x not in symbols:
                symbols[x], numbers[x] = _composed(x, symbols), _composed(x, numbers)
                if x is not gradient and len(symbols[x].text) > LONGEST_GRADIENT:
                    name(x, named_symbol(f"g{len(equations)}", x.shape))

        self.title = f"{own.text} by hand"
        self.formula, self.numbers, self.gradient = (
            symbols[gradient],
            numbers[gradient],
            gradient.data,
        )
        value = written(self.gradient)
        equations.append(equation(own, self.formula, self.numbers, value))
        self.updated = None
        if rate is not None:
            self.updated = node.data - rate * self.gradient
            sub, mul = TABLE["sub"], TABLE["mul"]
            old, eta = written(node.raw), written(rate)
            equations.append(
                equation(
                    Symbol(f"{named[node]}⁺", f"{{{named_symbol(named[node]).latex}}}^{{+}}"),
                    sub(symbols[node], mul(Symbol("η", r"\eta"), self.formula)),
                    sub(old, mul(eta, self.numbers)),
                    sub(old, written(rate * self.gradient)),
                    written(self.updated),
                )
            )
        self.equations: tuple[Equation, ...] = tuple(equations)


def derive(node: Node, root: Node, rate: float | None = None) -> Derivation:
    """The whole derivation of a gradient as it is written by hand, with symbols and with numbers.

    The formula is not typed anywhere: it is the recorded gradient of the gradient's own graph, read
    with symbols in place of numbers.

    Args:
        node: whose gradient is derived.
        root: what is differentiated, a single number.
        rate: a learning rate; with it the update `node − rate × gradient` is the last line.

    Raises:
        ValueError: `root` is not a single number.
        StaleGraphError: a leaf was assigned new data after the graph had used it.

    >>> from autograd import Value
    >>> w, x = Value(0.5, label="w"), Value(2.0, label="x")
    >>> y = (w * x).tanh()
    >>> y.label = "y"
    >>> E = (y - 1) ** 2
    >>> E.label = "E"
    >>> derive(w, E, rate=0.1)
    ∂E/∂w by hand
      y     = tanh(w × x) = tanh(0.5 × 2) = 0.761594
      E     = (y − 1)^2 = (0.761594 − 1)^2 = 0.0568373
      ∂E/∂w = 2 × (y − 1) × (1 − y × y) × x
            = 2 × (0.761594 − 1) × (1 − 0.761594 × 0.761594) × 2
            = −0.400497
      w⁺    = w − η × 2 × (y − 1) × (1 − y × y) × x
            = 0.5 − 0.1 × 2 × (0.761594 − 1) × (1 − 0.761594 × 0.761594) × 2
            = 0.5 − (−0.0400497)
            = 0.54005
    """
    return Derivation(node, root, rate)


def _composed(node: Node, known: dict[Node, Symbol]) -> Symbol:
    """What made `node`, written with what is known of its operands; factors of 1 are left out."""
    assert node.op is not None
    operands = [known[x] if isinstance(x, Node) else _constant(x) for x in node.operands]
    if node.op.name == "mul" and 1.0 in operands:
        return operands[1 - operands.index(1.0)]
    return node.op(*operands, **node.params)


def _constant(raw: Any) -> Any:
    """A constant in a formula; an array of equal numbers is one number."""
    if isinstance(raw, np.ndarray):
        return float(raw.flat[0]) if raw.size and np.all(raw == raw.flat[0]) else written(raw)
    return raw
