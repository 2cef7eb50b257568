"""From arrays to scalars: the same graph with every element a `Value`."""

from typing import Any

import numpy as np

from autograd.arithmetic.value import Value
from autograd.core.node import Node
from autograd.core.numbers import boxed
from autograd.core.order import toposort


def scalarize(output: Node, scalars: dict[Node, Any] | None = None) -> Any:
    """Expand the graph of `output` into its scalar graph: same numbers, same gradients.

    Args:
        output: a Tensor (or a Value that was made from Tensors).
        scalars: filled with the object array of Values of every node of the graph. What is there
            beforehand is used, so that two expansions can share their leaves.

    Returns:
        An object array of Values of the shape of `output`; a Value where it is a single number.

    >>> from autograd import Tensor
    >>> w, scalars = Tensor([1.0, 2.0], label="w"), {}
    >>> loss = scalarize((w * w).sum(), scalars)
    >>> loss.backward()
    >>> [(v.label, v.grad) for v in scalars[w]]
    [('w[0]', 2.0), ('w[1]', 4.0)]
    """
    scalars = {} if scalars is None else scalars
    for node in toposort(output):
        if node not in scalars:
            if node.op is None:
                scalars[node] = as_values(node.raw, node.label)
            else:
                operands = [scalars[x] if isinstance(x, Node) else x for x in node.operands]
                scalars[node] = _values(node.op(*operands, **node.params))
    result = scalars[output]
    return result if result.ndim else result[()]


def _values(made: Any) -> np.ndarray:
    """What an operation made of Values, where that may be a raw number (the sum of none) as one."""
    found = boxed(made).astype(object)
    for place, x in np.ndenumerate(found):
        if not isinstance(x, Node):
            found[place] = Value(float(x))
    return found


def as_values(array: Any, label: str | None = None) -> np.ndarray:
    """An object array with a leaf `Value` for every element, labelled `label[i,j]`."""
    values = np.empty(np.shape(array), object)
    for place, number in np.ndenumerate(array):
        at = f"[{','.join(map(str, place))}]" if place else ""
        values[place] = Value(float(number), label and label + at)
    return values
