"""`derive`: a gradient written out as one would by hand."""

from typing import Any

import numpy as np

from autograd import Node, Symbol, grad, mul, toposort
from autograd.viz.lines import gradient_symbol, named_symbol, names, number_symbol
from autograd.viz.text import Equation, Equations, Number, equation

# A longer expression gets a name and an equation of its own: results forward, gradients backward.
LONGEST_RESULT, LONGEST_GRADIENT = 12, 160


class Draft:
    """How nodes are written so far, with symbols and with numbers.

    A node that gets a name is written by it from then on, and the name has an equation.
    """

    def __init__(self) -> None:
        self.symbols: dict[Node, Symbol] = {}
        self.numbers: dict[Node, Symbol] = {}
        self.equations: list[Equation] = []

    def compose(self, node: Node) -> None:
        """Write `node` as what made it; factors of 1 are left out."""
        assert node.op is not None
        for known in (self.symbols, self.numbers):
            operands: list[Any] = [
                known[x] if isinstance(x, Node) else _constant(x) for x in node.operands
            ]
            if node.op is mul and 1.0 in operands:
                known[node] = operands[1 - operands.index(1.0)]
            else:
                known[node] = node.op(*operands, **node.params)

    def name(self, node: Node, symbol: Symbol) -> None:
        number = number_symbol(node.raw)
        if node.op is not None:
            written = equation(symbol, self.symbols[node], self.numbers[node], number)
            self.equations.append(written)
        self.symbols[node], self.numbers[node] = symbol, number

    def forward(self, named: dict[Node, str], longest: int = LONGEST_RESULT) -> None:
        """The forward pass: what has a label or would be long has a name."""
        for x, name in named.items():
            if x.op is not None:
                self.compose(x)
            if x.op is None or x.label or len(self.symbols[x].text) > longest:
                self.name(x, named_symbol(name, x.shape))

    def backward(self, gradient: Node) -> None:
        """What the gradient was recorded from, beside the forward pass."""
        for x in toposort(gradient):
            if x in self.symbols:
                continue
            if x.op is None:  # a gradient that depends on nothing
                self.symbols[x] = self.numbers[x] = number_symbol(x.raw)
                continue
            self.compose(x)
            if x is not gradient and len(self.symbols[x].text) > LONGEST_GRADIENT:
                self.name(x, named_symbol(f"g{len(self.equations)}", x.shape))


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
        named = names(toposort(root, node))
        self.recorded: Node = grad(root, node, create_graph=True)
        draft = Draft()
        draft.forward(named)
        draft.backward(self.recorded)
        self.symbols = draft.symbols
        self.formula, self.numbers = draft.symbols[self.recorded], draft.numbers[self.recorded]
        self.gradient: Number = self.recorded.data
        self.updated: Number | None = None

        own = gradient_symbol(named[root], named[node])
        self.title = f"{own.text} by hand"
        total = number_symbol(self.gradient)
        self.equations = (*draft.equations, equation(own, self.formula, self.numbers, total))
        if rate is not None:
            change = rate * self.gradient
            updated: Number = node.data - change
            self.updated = updated
            old, new = number_symbol(node.raw), named_symbol(named[node])
            update = equation(
                Symbol(f"{new.text}⁺", f"{{{new.latex}}}^{{+}}"),
                self.symbols[node] - Symbol("η", r"\eta") * self.formula,
                old - number_symbol(rate) * self.numbers,
                old - number_symbol(change),
                number_symbol(updated),
            )
            self.equations += (update,)


def derive(node: Node, root: Node, rate: float | None = None) -> Derivation:
    """The gradient of `root`, a single number, for `node` as one derives it by hand.

    The formula is typed nowhere: it is the recorded gradient's own graph, read with symbols in
    place of numbers. With a learning `rate` the last line is the update `node − rate × gradient`.

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


def _constant(raw: Number) -> Symbol | float:
    """A constant in a formula; an array of equal numbers is one number."""
    if not isinstance(raw, np.ndarray):
        return raw
    equal = raw.size and np.all(raw == raw.flat[0])
    return float(raw.flat[0]) if equal else number_symbol(raw)
