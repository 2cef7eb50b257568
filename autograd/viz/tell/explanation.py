"""`explain`: why a gradient has the value that it has."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from functools import reduce
from typing import NamedTuple

from autograd import Node, Step, Symbol, steps, toposort, vjp
from autograd.core.gradients import zeros_like
from autograd.core.walk import Seed
from autograd.viz.lines import gradient_symbol, named_symbol, names, number_symbol, operation, rule
from autograd.viz.tell.equations import Equation, Equations, equation
from autograd.viz.text import Number

# With more paths to the root, or more nodes on them, they are only counted.
MOST_PATHS, MOST_NODES = 16, 100


class Term(NamedTuple):
    """What one consumer contributes to a gradient: upstream × local = contribution.

    `consumer` used the node as its operand number `operand`. `local` is the local derivative, None
    where the operation mixes elements or was broadcast, so that no product of numbers shows it.
    """

    consumer: Node
    operand: int
    upstream: Number
    local: Number | None
    contribution: Number


class Path(NamedTuple):
    """A way from the root to a node: the nodes on it, and the local derivatives between them."""

    nodes: tuple[Node, ...]
    factors: tuple[float, ...]
    product: float


class Ledger(Equations):
    """The gradient of `root` for `node`, as the sum of what the node's consumers contribute.

    Attributes:
        terms: a `Term` per use of the node.
        gradient: their sum, of the node's type and shape; zeros without terms.
        path_count: in how many ways the root is reached.
        paths: every `Path`, whose products add up to the gradient; None where there are more than
            16, or where arrays are on the way.
    """

    def __init__(self, node: Node, root: Node, seed: Seed = None) -> None:
        self.node, self.root = node, root
        walk = list(steps(root, seed, inputs=[node]))
        uses = [
            (step, i)
            for step in walk
            for i, sent in enumerate(step.sent)
            if sent is not None and step.node.operands[i] is node
        ]
        self.terms = tuple(
            Term(step.node, i, step.gradient, _local(step.node, i), step.sent[i])
            for step, i in uses
        )
        reached = walk and walk[-1].node is node
        self.gradient: Number = walk[-1].gradient if reached else zeros_like(node)
        self.path_count, self.paths = _paths(walk, node)
        named = names(toposort(root, node))
        self.title = f"{gradient_symbol(named[root], named[node]).text}: {_uses(len(uses))}"
        self.equations = (
            *(
                _use(term, rule(step, i, named, named[root]), named)
                for term, (step, i) in zip(self.terms, uses, strict=True)
            ),
            self._sum(named),
            *self._routes(named),
        )

    def _sum(self, named: dict[Node, str]) -> Equation:
        return equation(
            gradient_symbol(named[self.root], named[self.node]),
            *_joined(operator.add, [number_symbol(term.contribution) for term in self.terms]),
            number_symbol(self.gradient),
            remark="the seed" if self.node is self.root else "",
        )

    def _routes(self, named: dict[Node, str]) -> Iterator[Equation]:
        """The chain of factors along each path."""
        for path in self.paths or () if self.node is not self.root else ():
            factors = [number_symbol(factor) for factor in path.factors]
            route = _route([named[x] for x in path.nodes])
            yield equation(route, *_joined(operator.mul, factors), number_symbol(path.product))


def explain(node: Node, root: Node, seed: Seed = None) -> Ledger:
    """The ledger of a gradient: a line per consumer, `upstream × local = contribution`.

    Each line has the formula printed from the rule that runs, and the numbers put in. For single
    numbers the chain of factors back to the root follows, a line for each path.

    Args:
        node: whose gradient is explained.
        root: what is differentiated.
        seed: the gradient of `root`, of its shape; 1 where it is a single number.

    Raises:
        ValueError: the seed is missing for a root of several numbers, or has the wrong shape.
        StaleGraphError: a leaf was assigned new data after the graph had used it.

    >>> from autograd import Value
    >>> a = Value(3.0, label="a")
    >>> b = a + a
    >>> b.label = "b"
    >>> c = b * a
    >>> c.label = "c"
    >>> explain(a, c)
    ∂c/∂a: 3 uses
      through operand 1 of c = ∂c/∂c × b = 1 × 6 = 6   (c = b × a)
      through operand 0 of b = ∂c/∂b = 3 × 1 = 3   (b = a + a)
      through operand 1 of b = ∂c/∂b = 3 × 1 = 3   (b = a + a)
      ∂c/∂a                  = 6 + 3 + 3 = 12
      c → b → a              = 3 × 1 = 3
      c → b → a              = 3 × 1 = 3
      c → a                  = 6
    >>> explain(a, c).gradient
    12.0
    """
    return Ledger(node, root, seed)


def _uses(count: int) -> str:
    if count == 0:
        return "no use on a way to the root"
    return "1 use" if count == 1 else f"{count} uses"


def _local(consumer: Node, i: int) -> Number | None:
    """The local derivative where elements don't mix: elementwise, or a number made of a number."""
    assert consumer.op is not None
    mixing = consumer.op.scalar is None and consumer.size > 1
    if mixing or consumer.operands[i].shape != consumer.shape:
        return None
    local: Number | None = vjp(consumer, zeros_like(consumer) + 1.0)[i]
    return local


def _use(term: Term, sides: tuple[Symbol, Symbol], named: dict[Node, str]) -> Equation:
    """What comes from one consumer: by its rule, and as upstream × local where that is known."""
    name, local = named[term.consumer], []
    if term.local is not None:
        local = [number_symbol(term.upstream) * number_symbol(term.local)]
    latex = rf"\text{{through operand {term.operand} of }} {named_symbol(name).latex}"
    return equation(
        Symbol(f"through operand {term.operand} of {name}", latex),
        *sides,
        *local,
        number_symbol(term.contribution),
        remark=f"{name} = {operation(term.consumer, named)[0].text}",
    )


def _joined(join: Callable[[Symbol, Symbol], Symbol], symbols: list[Symbol]) -> list[Symbol]:
    """All symbols in one side of an equation; no side at all for a single one."""
    return [reduce(join, symbols)] if len(symbols) > 1 else []


def _route(names: list[str]) -> Symbol:
    return Symbol(" → ".join(names), r" \to ".join(named_symbol(name).latex for name in names))


def _paths(walk: list[Step], node: Node) -> tuple[int, tuple[Path, ...] | None]:
    """How many paths the steps of `walk` take to `node`, and the paths where they are few."""
    counts = {walk[0].node: 1}
    for step in walk:
        for operand, sent in zip(step.node.operands, step.sent, strict=False):
            if sent is not None:
                counts[operand] = counts.get(operand, 0) + counts[step.node]
    count = counts.get(node, 0)
    if (
        count > MOST_PATHS
        or len(walk) > MOST_NODES
        or any(type(step.node.raw) is not float for step in walk)
    ):
        return count, None
    edges: dict[Node, list[tuple[Node, float]]] = {
        step.node: [
            (operand, local)
            for operand, local, sent in zip(
                step.node.operands, vjp(step.node, 1.0), step.sent, strict=True
            )
            if sent is not None
        ]
        for step in walk
        if step.node is not node
    }
    return count, tuple(_walked(edges, walk[0].node, node)) if count else ()


def _walked(edges: dict[Node, list[tuple[Node, float]]], root: Node, node: Node) -> Iterator[Path]:
    stack: list[tuple[tuple[Node, ...], tuple[float, ...], float]] = [((root,), (), 1.0)]
    while stack:
        nodes, factors, product = stack.pop()
        if nodes[-1] is node:
            yield Path(nodes, factors, product)
            continue
        for operand, local in reversed(edges[nodes[-1]]):
            stack.append(((*nodes, operand), (*factors, local), product * local))
