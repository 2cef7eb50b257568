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

from autograd.node import FACES, Node, StaleGraphError, constant
from autograd.primitives import astype, sum_to, to_value

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


def vjp(
    node: Node, gradient: Any, wanted: set[Node] | None = None, create_graph: bool = False
) -> tuple[Any, ...]:
    """What `node` sends to each of its operands when `gradient` reaches it.

    Here, and only here, a rule meets its numbers: raw ones, or with `create_graph` the nodes
    themselves. Broadcasting is undone, so that a contribution has its operand's shape and dtype.
    Operands outside `wanted` (None: all) get None.
    """
    op, operands = node.op, node.operands
    assert op is not None
    if create_graph:
        values: tuple[Any, ...] = (gradient, node, *operands)
    else:
        values = (
            gradient,
            node._data,
            *[x._data if isinstance(x, Node) else x for x in operands],
        )
    sent = []
    for operand, rule in zip(operands, op.rules(operands), strict=True):
        if (
            rule is None
            or not isinstance(operand, Node)
            or (wanted is not None and operand not in wanted)
        ):
            sent.append(None)
            continue
        if operand.index > node.index:
            raise StaleGraphError(
                f"a backward pass needs the numbers that were recorded, but {describe(operand)} was "
                f"assigned new data after {op.name} had used it; run the forward pass again"
            )
        try:
            contribution = rule(*values, **node.params)
        except ArithmeticError:  # Python's floats raise where IEEE 754 has an answer
            with np.errstate(all="ignore"):
                contribution = rule(
                    *[np.float64(v) if type(v) is float else v for v in values], **node.params
                )
        sent.append(_fitted(contribution, operand))
    return tuple(sent)


def _fitted(contribution: Any, operand: Node) -> Any:
    """`contribution` in the type, shape and dtype of `operand`: broadcasting undone."""
    if type(operand._data) is float:
        if type(contribution) is float or isinstance(contribution, FACES[float]):
            return contribution
        return to_value(sum_to(contribution, shape=()))
    if type(contribution) is float or contribution.shape != operand.shape:
        contribution = sum_to(contribution, shape=operand.shape)
    if contribution.dtype != operand.dtype:
        contribution = astype(contribution, dtype=operand.dtype)
    return contribution


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
    order = toposort(output)
    wanted = None if inputs is None else _leading_to(set(inputs), order)
    gradients: dict[Node, Any] = {output: _as_seed(output, seed)}
    return _walk(order, gradients, wanted, create_graph)


def _walk(
    order: list[Node], gradients: dict[Node, Any], wanted: set[Node] | None, create_graph: bool
) -> Iterator[Step]:
    for node in reversed(order):
        gradient = gradients.pop(node, None)
        if gradient is None:  # nothing flows here
            continue
        if node.op is None:
            yield Step(node, gradient, ())
            continue
        if type(gradient) is float:
            sent = vjp(node, gradient, wanted, create_graph)
        else:
            with np.errstate(all="ignore"):  # NaNs are reported once, by name, in `_collect`
                sent = vjp(node, gradient, wanted, create_graph)
        for operand, contribution in zip(node.operands, sent, strict=True):
            if contribution is not None:
                earlier = gradients.get(operand)
                gradients[operand] = contribution if earlier is None else earlier + contribution
        yield Step(node, gradient, sent)


def _leading_to(inputs: set[Node], order: list[Node]) -> set[Node]:
    """The nodes of `order` from which a path of operands leads to `inputs`."""
    wanted = set(inputs)
    for node in order:
        if node not in wanted and any(isinstance(x, Node) and x in wanted for x in node.operands):
            wanted.add(node)
    return wanted


def _as_seed(output: Node, seed: Any) -> Any:
    if not isinstance(output, Node):
        raise TypeError(f"only a Value or a Tensor can be differentiated, got {type(output).__name__}")
    if seed is None:
        if output.size != 1:
            raise ValueError(
                f"an output of shape {output.shape} needs a seed of that shape "
                f"(its upstream gradient); pass seed=..., or reduce it, for example with .sum()"
            )
        return 1.0 if type(output._data) is float else np.ones(output.shape, output.dtype)
    if not isinstance(seed, Node):
        seed = constant(seed, output.dtype, "seed")
    if np.shape(seed) != output.shape:
        raise ValueError(f"the seed must have the output's shape {output.shape}, got {np.shape(seed)}")
    if isinstance(seed, Node):
        return seed
    return seed if type(output._data) is float else np.array(seed, output.dtype)


def _collect(
    output: Node,
    seed: Any,
    inputs: Sequence[Node] | None,
    create_graph: bool,
) -> Iterator[tuple[Node, Any]]:
    """Every node reached, with its gradient, warning of the first NaN."""
    sound = not create_graph
    for step in steps(output, seed, inputs=inputs, create_graph=create_graph):
        if sound and has_nan(step.gradient):
            sound = False
            _warn_of_nan(output, seed)
        yield step.node, step.gradient


def has_nan(number: Any) -> bool:
    """Whether a raw number or array holds a NaN: its sum of squares is one exactly then."""
    square = number * number if type(number) is float else np.vdot(number, number)
    return square != square


def _warn_of_nan(output: Node, seed: Any) -> None:
    if has_nan(output._data):
        return
    for node, gradient, sent in steps(output, seed):
        for i, contribution in enumerate(sent):
            if contribution is not None and has_nan(contribution) and not has_nan(gradient):
                warnings.warn(
                    f"the output is finite but a gradient is NaN: it first appears where "
                    f"{describe(node)} sends it to its operand {i}, {describe(node.operands[i])}",
                    RuntimeWarning,
                    stacklevel=5,
                )
                return
    warnings.warn(
        f"the output {describe(output)} is finite but contributions to a gradient add up to NaN",
        RuntimeWarning,
        stacklevel=5,
    )


def describe(node: Node) -> str:
    """A node as messages name it.

    >>> from autograd import Value
    >>> describe(Value(2.0, label="a"))
    "'a' (Value 2)"
    """
    kind = type(node).__name__
    number = f"{node._data:.6g}" if type(node._data) is float else f"of shape {node.shape}"
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
    results = list(_collect(output, seed, None, create_graph))
    for node, gradient in results:
        gradient = _as_node(gradient) if create_graph else gradient
        if accumulate and node._grad is not None:
            gradient = node._grad + gradient
        if not isinstance(gradient, (Node, float)):
            gradient = np.asarray(gradient)
            gradient.flags.writeable = False  # shared until somebody reads it: see Node.grad
        node._grad = gradient


def _as_node(gradient: Any) -> Node:
    """A gradient of `create_graph`, which is raw where it does not depend on any node."""
    if isinstance(gradient, Node):
        return gradient
    return FACES[float if type(gradient) is float else np.ndarray](gradient)  # type: ignore[call-arg]


def _listed(inputs: Any) -> list[Node]:
    nodes = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    for node in nodes:
        if not isinstance(node, Node):
            raise TypeError(
                f"inputs must be Values or Tensors (or a list of them), got {type(node).__name__}"
            )
    return nodes


def _gradients(output: Node, inputs: list[Node], seed: Any, create_graph: bool) -> list[Any]:
    found = dict.fromkeys(inputs)
    for node, gradient in _collect(output, seed, inputs, create_graph):
        if node in found:
            found[node] = gradient
    return [zeros_like(x) if found[x] is None else found[x] for x in inputs]


def zeros_like(node: Node) -> Any:
    """A raw zero of the node's type, shape and dtype."""
    return 0.0 if type(node._data) is float else np.zeros(node.shape, node.dtype)


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
    found = _gradients(output, _listed(inputs), seed, create_graph)
    if create_graph:
        results = [_as_node(g) for g in found]
    else:
        results = [g if type(g) is float else np.array(g) for g in found]
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
    total: Any = FACES[float](0.0)  # type: ignore[call-arg]
    for gradient, node, vector in zip(gradients, nodes, given, strict=True):
        vector = constant(vector, node.dtype, "vector")
        if np.shape(vector) != node.shape:
            raise ValueError(f"a vector must have its input's shape {node.shape}, got {np.shape(vector)}")
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
            values[node] = node._data if node.op is None else node.op(
                *[values[x] if isinstance(x, Node) else x for x in node.operands], **node.params
            )
    return values[output]


def copy_graph(node: Node, memo: dict[int, Any]) -> Any:
    """`copy.deepcopy` of a node: the whole graph it was made from, without recursion."""
    for old in toposort(node):
        if id(old) not in memo:
            new = old.detach(old.label)
            new.op, new.params, new.line = old.op, old.params, old.line
            new.operands = tuple(
                memo[id(x)] if isinstance(x, Node) else x for x in old.operands
            )
            if old._grad is not None:
                new._grad = old._grad if isinstance(old._grad, (float, Node)) else old.grad.copy()
            memo[id(old)] = new
            memo.setdefault(id(memo), []).append(old)  # as copy does: keep ids alive
    return memo[id(node)]
