"""`explain`: why a gradient has the value that it has."""

import operator
from collections import Counter
from collections.abc import Callable, Sequence
from functools import reduce
from typing import NamedTuple

import numpy as np

from autograd import Node, Step, Symbol, steps, toposort, vjp
from autograd.core.gradients import zeros_like
from autograd.core.walk import Seed
from autograd.viz.lines import gradient_symbol, named_symbol, names, number_symbol, operation, rule
from autograd.viz.text import SMALL, Equation, Equations, Number, array_text, equation, number_text

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
        named = names(toposort(root, node))
        terms: list[Term] = []
        equations: list[Equation] = []
        for step in walk:
            for i, (operand, sent) in enumerate(zip(step.node.operands, step.sent, strict=False)):
                if sent is not None and operand is node:
                    terms.append(Term(step.node, i, step.gradient, _local(step.node, i), sent))
                    equations.append(_use(terms[-1], rule(step, i, named, named[root]), named))
        self.terms = tuple(terms)
        reached = walk[-1].node is node
        self.gradient: Number = walk[-1].gradient if reached else zeros_like(node)
        self.path_count, self.paths = _paths(walk, node)
        own = gradient_symbol(named[root], named[node])
        uses = {0: "no use on a way to the root", 1: "1 use"}
        self.title = f"{own.text}: {uses.get(len(terms), f'{len(terms)} uses')}"
        added = _joined(operator.add, [term.contribution for term in terms])
        remark = "the seed" if node is root else ""
        equations.append(equation(own, *added, _result(self.gradient), remark=remark))
        equal = Counter(self.paths or () if node is not root else ())
        for path, times in equal.items():
            factors = _joined(operator.mul, path.factors)
            way = [named_symbol(named[x]) for x in path.nodes]
            route = Symbol(" → ".join(x.text for x in way), r" \to ".join(x.latex for x in way))
            remark = f"{times} ×" if times > 1 else ""
            equations.append(equation(route, *factors, number_symbol(path.product), remark=remark))
        self.equations = tuple(equations)


def explain(node: Node, root: Node, seed: Seed = None) -> Ledger:
    """The ledger of a gradient: a line per consumer, `upstream × local = contribution`.

    Each line has the formula printed from the rule that runs, and the numbers put in. For single
    numbers the chain of factors back to the root follows, a line for each path. `seed` is the
    gradient of `root`, of its shape; 1 where it is a single number.

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
      c → b → a              = 3 × 1 = 3   (2 ×)
      c → a                  = 6
    >>> explain(a, c).gradient
    12.0
    """
    return Ledger(node, root, seed)


def _local(consumer: Node, i: int) -> Number | None:
    """The local derivative where elements don't mix: elementwise, or a number made of a number."""
    assert consumer.op is not None
    mixing = consumer.op.scalar is None and consumer.size > 1
    if mixing or consumer.operands[i].shape != consumer.shape:
        return None
    return vjp(consumer, zeros_like(consumer) + 1.0)[i]


def _use(term: Term, sides: tuple[Symbol, Symbol], named: dict[Node, str]) -> Equation:
    """What comes from one consumer: by its rule, and as upstream × local where that is known."""
    name, way = named[term.consumer], f"through operand {term.operand} of "
    left = Symbol(way + name, rf"\text{{{way}}} {named_symbol(name).latex}")
    local = [] if term.local is None else _joined(operator.mul, [term.upstream, term.local])
    remark = f"{name} = {operation(term.consumer, named)[0].text}"
    return equation(left, *sides, *local, _result(term.contribution), remark=remark)


def _result(x: Number) -> Symbol:
    """A gradient at the end of a line: the numbers of an array, or its range and norm."""
    if not np.ndim(x):
        return number_symbol(x)
    text = array_text(np.asarray(x)) if np.size(x) <= SMALL else number_text(x)
    return Symbol(text, rf"\text{{{text}}}")


def _joined(join: Callable[[Symbol, Symbol], Symbol], numbers: Sequence[Number]) -> list[Symbol]:
    """All numbers in one side of an equation; no side at all for a single one."""
    return [reduce(join, map(number_symbol, numbers))] if len(numbers) > 1 else []


def _paths(walk: list[Step], node: Node) -> tuple[int, tuple[Path, ...] | None]:
    """How many paths the steps of `walk` take to `node`, and the paths where they are few."""
    counts = {walk[0].node: 1}
    for step in walk:
        for operand, sent in zip(step.node.operands, step.sent, strict=False):
            if sent is not None:
                counts[operand] = counts.get(operand, 0) + counts[step.node]
    count = counts.get(node, 0)
    numbers = all(type(step.node.raw) is float for step in walk)
    if count > MOST_PATHS or len(walk) > MOST_NODES or not numbers:
        return count, None
    edges: dict[Node, list[tuple[Node, float]]] = {}
    for step in walk if count else ():
        if step.node is not node:
            given = zip(step.node.operands, vjp(step.node, 1.0), step.sent, strict=True)
            edges[step.node] = [(x, local) for x, local, sent in given if sent is not None]
    found: list[Path] = []
    stack = [Path((walk[0].node,), (), 1.0)] if count else []
    while stack:
        path = stack.pop()
        if path.nodes[-1] is node:
            found.append(path)
            continue
        for x, local in reversed(edges[path.nodes[-1]]):
            way, factors = (*path.nodes, x), (*path.factors, local)
            stack.append(Path(way, factors, path.product * local))
    return count, tuple(found)
