"""Gradients: what a whole walk comes to, set on the nodes or given to the caller."""

from collections.abc import Sequence
from typing import Any, Literal, TypeVar, overload

import numpy as np

from autograd.core.callers import warn
from autograd.core.node import Node, current_mode, raw
from autograd.core.numbers import HOLDERS
from autograd.core.walk import Seed, as_seed, describe, walk_from

T = TypeVar("T")
N = TypeVar("N", bound=Node[Any])


def pullback(
    cotangents: dict[Node, Any],
    inputs: Sequence[Node] | None,
    create_graph: bool,
    order: list[Node] | None = None,
) -> dict[Node, Any]:
    """The gradients of `inputs` (None: of every node reached), where these reach the outputs.

    `order` is the `toposort` of the outputs, where it is known.

    Where a NaN came out at the end of the walk, at an input or a leaf, it is walked again without
    those of branches that are not taken (see `settled`); warns where one remains.
    """
    swept = None if inputs is None else _swept(cotangents, inputs, create_graph)
    return _pulled(cotangents, inputs, create_graph, order) if swept is None else swept


def _pulled(
    cotangents: dict[Node, Any],
    inputs: Sequence[Node] | None,
    create_graph: bool,
    order: list[Node] | None = None,
) -> dict[Node, Any]:
    """The same by the general way."""
    with np.errstate(all="ignore"):  # NaNs are reported once, by name
        # Who hears of steps is to hear of one walk; a recorded one is settled only if it must be.
        observed = bool(current_mode().observers) and not create_graph
        found, sound = _walked(cotangents, inputs, create_graph, observed, order)
        if not sound and not observed:
            found, sound = _walked(cotangents, inputs, create_graph, True, order)
        if not sound:
            _warn_of_nan(cotangents)
    return found


def _walked(
    cotangents: dict[Node, Any],
    inputs: Sequence[Node] | None,
    create_graph: bool,
    settling: bool,
    order: list[Node] | None = None,
) -> tuple[dict[Node, Any], bool]:
    """What a whole walk finds, and whether no NaN is among it."""
    found: dict[Node, Any] = {}
    ends = None if inputs is None else set(inputs)
    sound = True
    for node, gradient, _ in walk_from(cotangents, inputs, create_graph, settling, order):
        if ends is None:
            found[node] = gradient
            if node.op is None:
                sound = sound and not has_nan(gradient)
        elif node in ends:
            found[node] = gradient
            sound = sound and not has_nan(gradient)
    return found, sound


def settled_gradients(output: Node, inputs: Sequence[Node], seed: Seed) -> list[Node]:
    """`grad` with `create_graph`, settled on whatever numbers: what a tape replays after a NaN."""
    with np.errstate(all="ignore"):
        found, _ = _walked(
            {output: as_seed(output, seed)}, inputs, create_graph=True, settling=True
        )
    return [as_node(found[x] if x in found else zeros_like(x)) for x in inputs]


def _swept(
    cotangents: dict[Node, Any], inputs: Sequence[Node] | None, create_graph: bool
) -> dict[Node, Any] | None:
    """The same by the quick way, where the one output's class has one: see `Node.swept`."""
    if len(cotangents) != 1:
        return None
    ((output, seed),) = cotangents.items()
    return output.swept(seed, inputs, create_graph)


def has_nan(number: Any) -> bool:
    """Whether a number, array or node holds a NaN: its sum of squares is one exactly then."""
    number = raw(number)
    if type(number) is not float:
        flat = number.ravel(order="K")  # as it lies in memory
        number = np.vdot(flat, flat)
    return bool(number != number)


def _warn_of_nan(cotangents: dict[Node, Any]) -> None:
    if not all(np.isfinite(output.raw).all() for output in cotangents):
        return
    for node, gradient, sent in walk_from(cotangents, None, False, settling=True):
        for i, contribution in enumerate(sent):
            if contribution is not None and has_nan(contribution) and not has_nan(gradient):
                remedy = f": {node.op.remedy}" if node.op is not None and node.op.remedy else ""
                warn(
                    f"the output is finite but a gradient is NaN: it first appears where "
                    f"{describe(node)} sends it to its operand {i}, "
                    f"{describe(node.operands[i])}{remedy}",
                    RuntimeWarning,
                )
                return
    outputs = " and ".join(map(describe, cotangents))
    warn(
        f"the output {outputs} is finite but contributions to a gradient add up to NaN",
        RuntimeWarning,
    )


def backward(
    output: Node, seed: Seed = None, *, accumulate: bool = False, create_graph: bool = False
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
    cotangents = {output: as_seed(output, seed)}
    if not (accumulate or create_graph) and _swept(cotangents, None, False) is not None:
        return
    for node, gradient in pullback(cotangents, None, create_graph).items():
        gradient = as_node(gradient) if create_graph else gradient
        if accumulate and node.raw_grad is not None:
            gradient = node.raw_grad + gradient
        if type(gradient) is not float and not isinstance(gradient, Node):
            gradient = np.asarray(gradient)
            gradient.flags.writeable = False  # shared until somebody reads it: see Node.grad
        node.raw_grad = gradient


def as_node(gradient: Any) -> Node:
    """A gradient of `create_graph`, which is raw where it does not depend on any node."""
    if isinstance(gradient, Node):
        return gradient
    return (
        HOLDERS[float](gradient)
        if type(gradient) is float
        else HOLDERS[np.ndarray](np.asarray(gradient))
    )


def listed(inputs: Any) -> list[Node]:
    """The nodes of `inputs`, one or a list of them."""
    nodes = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
    for node in nodes:
        if not isinstance(node, Node):
            raise TypeError(
                f"inputs must be Values or Tensors (or a list of them), got {type(node).__name__}"
            )
    return nodes


def zeros_like(node: Node[T]) -> T:
    """A raw zero of the node's type, shape and dtype."""
    zeros: Any = 0.0 if type(node.raw) is float else np.zeros(node.shape, node.precision)
    return zeros


@overload
def grad(
    output: Node, inputs: Node[T], seed: Seed = ..., *, create_graph: Literal[False] = ...
) -> T: ...
@overload
def grad(output: Node, inputs: N, seed: Seed = ..., *, create_graph: Literal[True]) -> N: ...
@overload
def grad(
    output: Node, inputs: Sequence[Node[T]], seed: Seed = ..., *, create_graph: Literal[False] = ...
) -> list[T]: ...
@overload
def grad(
    output: Node, inputs: Sequence[N], seed: Seed = ..., *, create_graph: Literal[True]
) -> list[N]: ...
@overload
def grad(
    output: Node, inputs: Node | Sequence[Node], seed: Seed = ..., *, create_graph: bool = ...
) -> Any: ...
def grad(output: Node, inputs: Any, seed: Seed = None, *, create_graph: bool = False) -> Any:
    """The gradients of `output` for `inputs` (a node, or a list of nodes), touching no `.grad`.

    Zeros for an input that `output` does not depend on. With `create_graph` the gradients are
    nodes, to be differentiated again; raw numbers and arrays of your own otherwise.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> first = grad(x**3, x, create_graph=True)
    >>> first.data, grad(first, x)
    (12.0, 12.0)
    """
    nodes = listed(inputs)
    found = pullback({output: as_seed(output, seed)}, nodes, create_graph)
    gradients = [found[x] if x in found else zeros_like(x) for x in nodes]
    results = [as_node(g) if create_graph else owned(g) for g in gradients]
    return results if isinstance(inputs, (list, tuple)) else results[0]


def owned(gradient: Any) -> Any:
    """A raw gradient that shares memory with nothing."""
    return gradient if type(gradient) is float else np.array(gradient)
