"""Derivatives made of `grad`: Jacobians, Hessians, and their products with vectors."""

from collections.abc import Sequence
from typing import Any, overload

import numpy as np

from autograd.core.callers import warn
from autograd.core.gradients import grad, listed, owned, pullback, zeros_like
from autograd.core.modes import differentiating_once
from autograd.core.node import Node
from autograd.core.numbers import Array, constant
from autograd.core.order import toposort
from autograd.core.walk import as_seed


@overload
def jacobian(output: Node[float], inputs: Node[float]) -> float: ...
@overload
def jacobian(output: Node, inputs: Node) -> Array: ...
@overload
def jacobian(output: Node, inputs: Sequence[Node]) -> list[Any]: ...
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
    nodes = listed(inputs)
    rows: list[list[Any]] = [[] for _ in nodes]
    seed = np.zeros(output.shape)
    order = toposort(output) if output.size > 1 else None
    for place in np.ndindex(*output.shape):
        seed[place] = 1.0
        found = pullback({output: as_seed(output, seed)}, nodes, create_graph=False, order=order)
        for row, x in zip(rows, nodes, strict=True):
            row.append(found[x] if x in found else zeros_like(x))
        seed[place] = 0.0
    blocks = []
    for node, row in zip(nodes, rows, strict=True):
        block = np.array(row, node.precision).reshape(output.shape + node.shape)
        blocks.append(block.item() if block.ndim == 0 else block)
    return blocks if isinstance(inputs, (list, tuple)) else blocks[0]


@overload
def hessian(output: Node, inputs: Node[float]) -> float: ...
@overload
def hessian(output: Node, inputs: Node) -> Array: ...
@overload
def hessian(output: Node, inputs: Sequence[Node]) -> list[list[Any]]: ...
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
    nodes = listed(inputs)
    blocks = [jacobian(g, nodes) for g in grad(output, nodes, create_graph=True)]
    for i, j in np.ndindex(len(nodes), len(nodes)):
        blocks[i][j] = agreed(blocks[i][j], blocks[j][i], nodes[j].ndim)
    return blocks if isinstance(inputs, (list, tuple)) else blocks[0][0]


def agreed(block: Any, mirrored: Any, ndim: int) -> Any:
    """`block`, and NaN where it differs from its mirror image and one of them is not finite.

    There the order in which one differentiates matters, and so there is no second derivative
    (H. A. Schwarz, 1873). `ndim` axes come first in `mirrored`, and last in `block`.
    """
    if np.isfinite(block).all() and np.isfinite(mirrored).all():
        return block
    axes = range(np.ndim(block))
    other = np.transpose(mirrored, (*axes[ndim:], *axes[:ndim]))
    same = np.isfinite(block) & np.isfinite(other) | np.equal(block, other)
    if not (same | np.isnan(block) | np.isnan(other)).all():
        warn(
            "mixed second derivatives differ by the order of the variables, one being infinite: "
            "there is none, which is NaN",
            RuntimeWarning,
        )
    found = np.where(same, block, np.nan)
    return found if isinstance(block, np.ndarray) else float(found)


def hvp(output: Node, inputs: Any, vectors: Any) -> Any:
    """The Hessian of a single number times `vectors` (shaped like `inputs`), without the Hessian.

    >>> from autograd import Tensor
    >>> x = Tensor([1.0, 2.0])
    >>> hvp((x * x * x).sum(), x, [1.0, 1.0])
    array([ 6., 12.])
    """
    nodes = listed(inputs)
    first = grad(output, nodes, create_graph=True)
    products = against(first, vectors_for(inputs, nodes, vectors), nodes)
    return products if isinstance(inputs, (list, tuple)) else products[0]


def jvp(output: Node, inputs: Any, tangents: Any) -> Any:
    """The Jacobian times `tangents` (shaped like `inputs`): how `output` moves along them.

    Differentiates the vector-Jacobian product, which is linear in its seed, for that seed
    (J. Townsend, "A new trick for calculating Jacobian vector products", 2017).

    >>> from autograd import Tensor
    >>> x = Tensor([1.0, 2.0])
    >>> jvp(x * x, x, [1.0, 10.0])
    array([ 2., 40.])
    """
    nodes = listed(inputs)
    seed = output.detach()
    with differentiating_once():  # what is recorded is linear in the seed, whatever was chosen
        first = grad(output, nodes, seed, create_graph=True)
    return against(first, vectors_for(inputs, nodes, tangents), [seed])[0]


def vectors_for(inputs: Any, nodes: list[Node], vectors: Any) -> list[Any]:
    """A raw vector for each of the nodes, of its shape."""
    given = vectors if isinstance(inputs, (list, tuple)) else [vectors]
    if len(given) != len(nodes):
        raise ValueError(f"{len(nodes)} inputs need as many vectors, got {len(given)}")
    found = [constant(v, node.precision, "vector") for v, node in zip(given, nodes, strict=True)]
    for vector, node in zip(found, nodes, strict=True):
        if np.shape(vector) != node.shape:
            raise ValueError(
                f"a vector must have its input's shape {node.shape}, got {np.shape(vector)}"
            )
    return found


def against(gradients: list[Node], vectors: list[Any], wrt: list[Node]) -> list[Any]:
    """The derivatives of Σ ⟨gradient, vector⟩ for `wrt`."""
    cotangents: dict[Node, Any] = {}
    for gradient, vector in zip(gradients, vectors, strict=True):
        seed = as_seed(gradient, vector)
        cotangents[gradient] = cotangents[gradient] + seed if gradient in cotangents else seed
    found = pullback(cotangents, wrt, create_graph=False)
    return [owned(found[x]) if x in found else zeros_like(x) for x in wrt]
