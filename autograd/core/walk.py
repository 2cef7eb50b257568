"""Walks over the graph: the topological order, and backprop as an iterator of steps.

`backward()` is `steps()` exhausted; `grad`, `jacobian`, `hessian`, `hvp` and `jvp` are made of it;
whatever else shows, checks or replays a gradient reads the same steps.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

from autograd.core.modes import current_mode
from autograd.core.node import FACES, Node, constant
from autograd.errors import StaleGraphError
from autograd.table.primitives import astype, sum_to, to_value

_by_index = attrgetter("index")


class Step(NamedTuple):
    """One step of backprop: `node`, whose `gradient` is now final, and what it `sent` on.

    `sent` has one contribution per operand, in call order; None where nothing flows.
    """

    node: Node
    gradient: Any
    sent: tuple[Any, ...]


def toposort(*outputs: Node) -> list[Node]:
    """Every node that `outputs` were made from, operands before results, in recorded order.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a")
    >>> b = a * a + a
    >>> [node.op.name if node.op else node.label for node in toposort(b)]
    ['a', 'mul', 'add']
    """
    seen, stack = set(outputs), list(outputs)
    while stack:
        for operand in stack.pop().operands:
            if isinstance(operand, Node) and operand not in seen:
                seen.add(operand)
                stack.append(operand)
    return sorted(seen, key=_by_index)


def _fitted(contribution: Any, operand: Node) -> Any:
    """`contribution` in the type, shape and dtype of `operand`: broadcasting undone."""
    data = operand.raw
    if type(data) is float:
        if type(contribution) is float or isinstance(contribution, FACES[float]):
            return contribution
        return to_value(sum_to(contribution, shape=()))
    if type(contribution) is np.ndarray:
        if contribution.shape != data.shape:
            contribution = sum_to.array(contribution, shape=data.shape)
    elif type(contribution) is float or contribution.shape != data.shape:
        contribution = sum_to(contribution, shape=data.shape)
    if contribution.dtype != data.dtype:
        contribution = astype(contribution, dtype=data.dtype)
    return contribution


def vjp(
    node: Node, gradient: Any, wanted: set[Node] | None = None, create_graph: bool = False
) -> tuple[Any, ...]:
    """What `node` sends to each of its operands when `gradient` reaches it: one step of backprop.

    A contribution has its operand's type, shape and dtype: broadcasting is undone. None for
    constants, for operands in which the result is locally constant, and for those outside `wanted`.

    >>> from autograd import Value
    >>> vjp(Value(2.0) * Value(3.0), 10.0)
    (30.0, 20.0)
    """
    return next(_walk([node], {node: gradient}, wanted, create_graph)).sent


def steps(
    output: Node,
    seed: Any = None,
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
    gradients: dict[Node, Any] = {output: _as_seed(output, seed)}
    order = toposort(output)
    wanted = None if inputs is None else _leading_to(set(inputs), order)
    walk = _walk(order, gradients, wanted, create_graph)
    return _observed(walk) if current_mode().observers else walk


def _observed(walk: Iterator[Step]) -> Iterator[Step]:
    for step in walk:
        for observer in current_mode().observers:
            observer.stepped(step)
        yield step


def _walk(
    order: list[Node], gradients: dict[Node, Any], wanted: set[Node] | None, create_graph: bool
) -> Iterator[Step]:
    """Here, and only here, a rule meets its numbers: raw ones, or with `create_graph` the nodes."""
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
            if type(contribution) is not float or type(operand.raw) is not float:
                contribution = _fitted(contribution, operand)
            sent.append(contribution)
            if operand in gradients:
                contribution = gradients[operand] + contribution
            gradients[operand] = contribution
        yield _new(Step, (node, gradient, tuple(sent)))


_new: Any = tuple.__new__  # half the time of Step(...), once per node


def _leading_to(inputs: set[Node], order: list[Node]) -> set[Node] | None:
    """The nodes of `order` from which a path of operands leads to `inputs`; None: all of them."""
    if inputs.issuperset([node for node in order if node.op is None]):
        return None
    wanted = set(inputs)
    for node in order:
        for x in node.operands:
            if isinstance(x, Node) and x in wanted:
                wanted.add(node)
    return wanted


def _as_seed(output: Node, seed: Any) -> Any:
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
        return 1.0 if type(output.raw) is float else np.ones(output.shape, output.dtype)
    if not isinstance(seed, Node):
        seed = constant(seed, output.dtype, "seed")
    if np.shape(seed) != output.shape:
        raise ValueError(
            f"the seed must have the output's shape {output.shape}, got {np.shape(seed)}"
        )
    if isinstance(seed, Node):
        return seed
    return seed if type(output.raw) is float else np.array(seed, output.dtype)


def _exhausted(
    output: Node, seed: Any, inputs: Sequence[Node] | None, create_graph: bool
) -> dict[Node, Any]:
    """The gradients of `inputs` (None: of every node reached).

    Warns where a NaN came out at the end of the walk, at an input or a leaf: rules carry it there.
    """
    found: dict[Node, Any] = {}
    ends = None if inputs is None else set(inputs)
    sound = True
    with np.errstate(all="ignore"):  # NaNs are reported once, by name
        for node, gradient, _ in steps(output, seed, inputs=inputs, create_graph=create_graph):
            if ends is None:
                found[node] = gradient
                if node.op is None:
                    sound = sound and not has_nan(gradient)
            elif node in ends:
                found[node] = gradient
                sound = sound and not has_nan(gradient)
        if not sound:
            _warn_of_nan(output, seed)
    return found


def has_nan(number: Any) -> bool:
    """Whether a number, array or node holds a NaN: its sum of squares is one exactly then."""
    raw = number.raw if isinstance(number, Node) else number
    square = np.vdot(raw, raw)
    return bool(square != square)


def _warn_of_nan(output: Node, seed: Any) -> None:
    if not np.isfinite(output.raw).all():
        return
    for node, gradient, sent in steps(output, seed):
        for i, contribution in enumerate(sent):
            if contribution is not None and has_nan(contribution) and not has_nan(gradient):
                warnings.warn(
                    f"the output is finite but a gradient is NaN: it first appears where "
                    f"{describe(node)} sends it to its operand {i}, {describe(node.operands[i])}",
                    RuntimeWarning,
                    stacklevel=4,
                )
                return
    warnings.warn(
        f"the output {describe(output)} is finite but contributions to a gradient add up to NaN",
        RuntimeWarning,
        stacklevel=4,
    )


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


def backward(
    output: Node, seed: Any = None, *, accumulate: bool = False, create_graph: bool = False
) -> None:
    """Set the `.grad` of every node that `output` was made from.

    Args:
        output: the node to differentiate.
        seed: its gradient, of its shape; 1 where it is a single number.
        accumulate: add to the gradients that are there instead of replacing them.
        create_graph: leave nodes in `.grad`, which can be differentiated again.

    Raises:
        ValueError: the seed is missing for an output of several numbers, or has the wrong shape.
        StaleGraphError: a leaf was assigned new data after the graph had used it. No `.grad` has
            changed then.

    >>> from autograd import Value
    >>> x = Value(5.0)
    >>> (x**2 + 3).backward()
    >>> x.grad
    10.0
    """
    for node, gradient in _exhausted(output, seed, None, create_graph).items():
        gradient = _as_node(gradient) if create_graph else gradient
        if accumulate and node._grad is not None:
            gradient = node._grad + gradient
        if type(gradient) is not float and not isinstance(gradient, Node):
            gradient = np.asarray(gradient)
            gradient.flags.writeable = False  # shared until somebody reads it: see Node.grad
        node._grad = gradient


def _as_node(gradient: Any) -> Node:
    """A gradient of `create_graph`, which is raw where it does not depend on any node."""
    if isinstance(gradient, Node):
        return gradient
    return (
        FACES[float](gradient)
        if type(gradient) is float
        else FACES[np.ndarray](np.asarray(gradient))
    )


def _listed(inputs: Any) -> list[Node]:
    nodes = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    for node in nodes:
        if not isinstance(node, Node):
            raise TypeError(
                f"inputs must be Values or Tensors (or a list of them), got {type(node).__name__}"
            )
    return nodes


def zeros_like(node: Node) -> Any:
    """A raw zero of the node's type, shape and dtype."""
    return 0.0 if type(node.raw) is float else np.zeros(node.shape, node.dtype)


def grad(output: Node, inputs: Any, seed: Any = None, *, create_graph: bool = False) -> Any:
    """The gradients of `output` for `inputs` (a node, or a list of nodes), touching no `.grad`.

    Zeros for an input that `output` does not depend on. With `create_graph` the gradients are
    nodes, to be differentiated again; raw numbers and arrays of your own otherwise.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> first = grad(x**3, x, create_graph=True)
    >>> first.data, grad(first, x)
    (12.0, 12.0)
    """
    nodes = _listed(inputs)
    found = _exhausted(output, seed, nodes, create_graph)
    gradients: list[Any] = [found[x] if x in found else zeros_like(x) for x in nodes]
    if create_graph:
        results: list[Any] = [_as_node(g) for g in gradients]
    else:
        results = [g if type(g) is float else np.array(g) for g in gradients]
    return results if isinstance(inputs, (list, tuple)) else results[0]


def jacobian(output: Node, inputs: Any) -> Any:
    """The derivative of every element of `output` for every element of `inputs`.

    One array of shape `output.shape + input.shape` (a float where both are single numbers), or a
    list of them. A backward pass per element of `output`.

    >>> from autograd import Tensor
    >>> x = Tensor([1.0, 2.0])
    >>> jacobian(x * x, x)
    array([[2., 0.],
           [0., 4.]])
    """
    nodes = _listed(inputs)
    rows: list[list[Any]] = [[] for _ in nodes]
    seed = np.zeros(output.shape)
    for place in np.ndindex(*output.shape):
        seed[place] = 1.0
        for row, g in zip(rows, grad(output, nodes, seed), strict=True):
            row.append(g)
        seed[place] = 0.0
    blocks = []
    for node, row in zip(nodes, rows, strict=True):
        block = np.array(row, node.dtype).reshape(output.shape + node.shape)
        blocks.append(block.item() if block.ndim == 0 else block)
    return blocks if isinstance(inputs, (list, tuple)) else blocks[0]


def hessian(output: Node, inputs: Any) -> Any:
    """The second derivatives of a single number: an array of shape `input.shape + input.shape`.

    For a list of inputs a list of rows of such blocks, block (i, j) being of shape
    `inputs[i].shape + inputs[j].shape`.

    >>> from autograd import Tensor
    >>> x = Tensor([1.0, 2.0])
    >>> hessian((x * x * x).sum(), x)
    array([[ 6.,  0.],
           [ 0., 12.]])
    """
    first = grad(output, _listed(inputs), create_graph=True)
    if not isinstance(inputs, (list, tuple)):
        return jacobian(first[0], inputs)
    return [jacobian(g, inputs) for g in first]


def hvp(output: Node, inputs: Any, vectors: Any) -> Any:
    """The Hessian of a single number times `vectors` (shaped like `inputs`), without the Hessian.

    >>> from autograd import Tensor
    >>> x = Tensor([1.0, 2.0])
    >>> hvp((x * x * x).sum(), x, [1.0, 1.0])
    array([ 6., 12.])
    """
    nodes = _listed(inputs)
    first = grad(output, nodes, create_graph=True)
    return grad(_inner(first, nodes, inputs, vectors), inputs)


def jvp(output: Node, inputs: Any, tangents: Any) -> Any:
    """The Jacobian times `tangents` (shaped like `inputs`): how `output` moves along them.

    Differentiates the vector-Jacobian product, which is linear in its seed, for that seed
    (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).

    >>> from autograd import Tensor
    >>> x = Tensor([1.0, 2.0])
    >>> jvp(x * x, x, [1.0, 10.0])
    array([ 2., 40.])
    """
    nodes = _listed(inputs)
    seed = output.detach()
    first = grad(output, nodes, seed, create_graph=True)
    return grad(_inner(first, nodes, inputs, tangents), seed)


def _inner(gradients: list[Any], nodes: list[Node], inputs: Any, vectors: Any) -> Any:
    """Σ ⟨gradient, vector⟩ as a node."""
    given = vectors if isinstance(inputs, (list, tuple)) else [vectors]
    if len(given) != len(nodes):
        raise ValueError(f"{len(nodes)} inputs need as many vectors, got {len(given)}")
    total: Any = FACES[float](0.0)
    for gradient, node, vector in zip(gradients, nodes, given, strict=True):
        vector = constant(vector, node.dtype, "vector")
        if np.shape(vector) != node.shape:
            raise ValueError(
                f"a vector must have its input's shape {node.shape}, got {np.shape(vector)}"
            )
        total = total + sum_to(gradient * vector, shape=())
    return total


def evaluate(output: Node, values: dict[Node, Any]) -> Any:
    """The forward pass again, with other values for some nodes.

    `values` maps nodes to what stands in their place: raw numbers, nodes, object arrays of Values,
    symbols. It is filled with the result for every node of the graph. Nodes without a stand-in
    keep their own number (leaves) or are recomputed.

    >>> from autograd import Value
    >>> a = Value(2.0)
    >>> evaluate(a * a + 1, {a: 3.0})
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
            if old._grad is not None:
                new._grad = old._grad if isinstance(old._grad, (float, Node)) else old.grad.copy()
            memo[id(old)] = new
            memo.setdefault(id(memo), []).append(old)  # as copy does: keep ids alive
    return memo[id(node)]
