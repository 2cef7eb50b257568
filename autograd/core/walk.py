"""Walks over the graph: the topological order, and backprop as an iterator of steps.

`backward()` is `steps()` exhausted; every other derivative is made of it; whatever shows, checks or
replays a gradient reads the same steps.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from autograd.core.guesses import Guesses
from autograd.core.node import Node, current_mode, raw
from autograd.core.numbers import constant
from autograd.core.order import leading_to, toposort
from autograd.core.primitive import TABLE
from autograd.errors import StaleGraphError

Seed = ArrayLike | Node[Any] | None


class Step(NamedTuple):
    """One step of backprop: `node`, whose `gradient` is now final, and what it `sent` on.

    `sent` has one contribution per operand, in call order; None where nothing flows.
    """

    node: Node
    gradient: Any
    sent: tuple[Any, ...]


def vjp(
    node: Node, gradient: Any, wanted: set[Node] | None = None, create_graph: bool = False
) -> tuple[Any, ...]:
    """What `node` sends to each of its operands when `gradient` reaches it: one step of backprop.

    A contribution has its operand's type, shape and dtype: broadcasting is undone. None for
    constants, for operands in which the result is locally constant, and for those outside `wanted`.
    Where the gradient is exactly 0, a NaN is none: see `settled`.

    >>> from autograd import Value
    >>> vjp(Value(2.0) * Value(3.0), 10.0)
    (30.0, 20.0)
    """
    return next(propagate([node], {node: gradient}, wanted, create_graph, True)).sent


def steps(
    output: Node,
    seed: Seed = None,
    *,
    inputs: Sequence[Node] | None = None,
    create_graph: bool = False,
) -> Iterator[Step]:
    """Backprop, one `Step` at a time, from `output` down to the leaves.

    Args:
        output: the node to differentiate.
        seed: its gradient, of its shape; 1 where it is a single number.
        inputs: walk only the paths that lead to these nodes; None walks all of them.
        create_graph: record the gradients, so that they can be differentiated again.

    Raises:
        ValueError: the seed is missing for an output of several numbers, or has the wrong shape.
        StaleGraphError: a leaf was assigned new data after the graph had used it.

    >>> from autograd import Value
    >>> a, b = Value(2.0, label="a"), Value(3.0, label="b")
    >>> for node, gradient, sent in steps(a * b):
    ...     print(node.op or node.label, gradient, sent)
    <primitive mul> 1.0 (3.0, 2.0)
    b 2.0 ()
    a 3.0 ()
    """
    return walk_from({output: as_seed(output, seed)}, inputs, create_graph, settling=True)


def walk_from(
    cotangents: dict[Node, Any],
    inputs: Sequence[Node] | None,
    create_graph: bool,
    settling: bool = False,
    order: list[Node] | None = None,
) -> Iterator[Step]:
    """The same from several outputs at once, each with its gradient.

    `order` is their `toposort`, where it is known. `settling`: whether a NaN that a gradient of 0
    would send is none (see `settled`). That takes a look at every contribution, and so is asked for
    only once a NaN was found.
    """
    order = order or toposort(*cotangents)
    wanted = None if inputs is None else leading_to(set(inputs), order)
    walk = propagate(order, dict(cotangents), wanted, create_graph, settling)
    return observed(walk) if current_mode().observers else walk


def observed(walk: Iterator[Step]) -> Iterator[Step]:
    for step in walk:
        for observer in current_mode().observers:
            observer.stepped(step)
        yield step


def propagate(
    order: list[Node],
    gradients: dict[Node, Any],
    wanted: set[Node] | None,
    create_graph: bool,
    settling: bool = False,
) -> Iterator[Step]:
    """Here, and only here, a rule meets its numbers: raw ones, or with `create_graph` the nodes."""
    guesses = None if current_mode().once else Guesses()
    for node in reversed(order):
        gradient = gradients.pop(node, None)
        if gradient is None:  # nothing flows here
            continue
        op, operands, params = node.op, node.operands, node.params
        values = [gradient, node if create_graph else node.raw]
        for x in operands:  # a comprehension would cost a call per node
            values.append(x if create_graph or not isinstance(x, Node) else x.raw)  # noqa: PERF401
        sent: list[Any] = []
        rules = () if op is None else op.rules(operands) if op.variadic else op.vjps
        for operand, rule in zip(operands, rules):  # noqa: B905, for speed
            if (
                rule is None
                or not isinstance(operand, Node)
                or (wanted is not None and operand not in wanted)
            ):
                sent.append(None)
                continue
            if operand.index > node.index:
                raise StaleGraphError(
                    f"a backward pass needs the numbers that were recorded, but "
                    f"{describe(operand)} was assigned new data after {op} had used it; "
                    f"run the forward pass again"
                )
            try:
                contribution = rule(*values, **params) if params else rule(*values)
            except ArithmeticError:  # Python's floats raise where IEEE 754 has an answer
                exact = [np.float64(x) if type(x) is float else x for x in values]
                with np.errstate(all="ignore"):
                    contribution = rule(*exact, **params)
            made = contribution
            if settling and not op.linear and not op.marks:
                contribution = settled(op, gradient, made)
            if guesses is not None and isinstance(contribution, Node):
                contribution = guesses.sent(node, operand, rule, gradient, made, contribution)
            if type(contribution) is not float or type(operand.raw) is not float:
                contribution = operand.fitted(contribution)
            sent.append(contribution)
            if operand in gradients:
                contribution = gradients[operand] + contribution
            gradients[operand] = contribution
        yield _new(Step, (node, gradient, tuple(sent)))


def settled(op: Any, gradient: Any, contribution: Any) -> Any:
    """A contribution in which NaN counts as 0 where the gradient that sends it is exactly 0.

    So a branch that is not taken, or a factor of 0, sends no NaN: sqrt(x) under a mask has the
    slope ∞ at 0, and 0 · ∞ would be one. Elementwise rows are settled by elements, others where
    all of the gradient is 0. Nodes are recorded as such, and so stay right on other numbers.
    """
    if np.size(raw(contribution)) == 0 or not (
        isinstance(contribution, Node) or np.isnan(contribution).any()
    ):
        return contribution
    where, equal = TABLE["where"], TABLE["equal"]
    upstream = gradient if op.scalar is not None else TABLE["max"](TABLE["abs"](gradient))
    nothing = where(equal(upstream, 0.0), 0.0, contribution)
    return where(equal(contribution, contribution), contribution, nothing)


_new: Any = tuple.__new__  # half the time of Step(...), once per node


def as_seed(output: Node, seed: Seed) -> Any:
    """The gradient from which the walk starts, in the output's type, shape and dtype."""
    if not isinstance(output, Node):
        raise TypeError(
            f"only a Value or a Tensor can be differentiated, got {type(output).__name__}"
        )
    if seed is None:
        if output.size != 1:
            raise ValueError(
                f"an output of shape {output.shape} needs a seed of that shape "
                f"(its upstream gradient); pass seed=..., or reduce it, for example with .sum()"
            )
        return 1.0 if type(output.raw) is float else np.ones(output.shape, output.precision)
    if not isinstance(seed, Node):
        seed = constant(seed, output.precision, "seed")
    if np.shape(seed) != output.shape:
        raise ValueError(
            f"the seed must have the output's shape {output.shape}, got {np.shape(seed)}"
        )
    if isinstance(seed, Node):
        return seed
    return seed if type(output.raw) is float else np.array(seed, output.precision)


def describe(node: Node) -> str:
    """A node as messages name it.

    >>> from autograd import Value
    >>> describe(Value(2.0, label="a"))
    "'a' (Value 2)"
    """
    kind = type(node).__name__
    number = f"{node.raw:.6g}" if type(node.raw) is float else f"of shape {node.shape}"
    name = repr(node.label) if node.label else node.op.name if node.op else "a leaf"
    return f"{name} ({kind} {number})"


def recompute(output: Node, values: dict[Node, Any]) -> Any:
    """The forward pass again, with other values for some nodes.

    `values` maps nodes to what stands in their place: raw numbers, nodes, object arrays of Values,
    symbols. It is filled with the result for every node of the graph. Nodes without a stand-in
    keep their own number (leaves) or are recomputed.

    >>> from autograd import Value
    >>> a = Value(2.0)
    >>> recompute(a * a + 1, {a: 3.0})
    10.0
    """
    for node in toposort(output):
        if node not in values:
            values[node] = (
                node.raw
                if node.op is None
                else node.op(
                    *[values[x] if isinstance(x, Node) else x for x in node.operands], **node.params
                )
            )
    return values[output]


def copy_graph(node: Node, memo: dict[int, Any]) -> Any:
    """`copy.deepcopy` of a node: the whole graph it was made from, without recursion."""
    for old in toposort(node):
        if id(old) not in memo:
            new = old.detach(old.label)
            new.op, new.params, new.line = old.op, old.params, old.line
            new.operands = tuple(memo[id(x)] if isinstance(x, Node) else x for x in old.operands)
            if old.raw_grad is not None:
                is_array = isinstance(old.raw_grad, np.ndarray)
                new.raw_grad = old.raw_grad.copy() if is_array else old.raw_grad
            memo[id(old)] = new
            memo.setdefault(id(memo), []).append(old)  # as copy does: keep ids alive
    return memo[id(node)]
