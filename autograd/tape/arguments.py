"""Arguments of compiled functions: numbers, arrays, nodes, and lists, tuples and dicts of them."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from autograd import Node, Tensor, Value
from autograd.core.node import raw


def is_input(x: Any) -> bool:
    """Whether it may be differentiated; anything else decides the structure."""
    if isinstance(x, np.ndarray):
        return x.dtype.kind == "f"
    return isinstance(x, (float, np.floating, Node))


def is_nest(x: Any) -> bool:
    """Whether it holds arguments: a list, a tuple, a dict or an object array."""
    return isinstance(x, (list, tuple, dict)) or (isinstance(x, np.ndarray) and x.dtype.kind == "O")


def leaf(x: Any) -> Any:
    """What a function is recorded with in place of an argument."""
    if isinstance(x, Node):
        return x.detach(x.label)
    if not is_input(x):
        return x
    return Tensor(x) if isinstance(x, np.ndarray) else Value(x)


def signature(x: Any) -> Hashable:
    """What makes a recording with `x` one that serves another argument, too.

    Raises:
        TypeError: it can't be compared with others, as it is not hashable.
    """
    if is_input(x):
        number = raw(x)
        return ((), float) if isinstance(number, float) else (number.shape, number.dtype)
    if is_nest(x):
        keys = tuple(x) if isinstance(x, dict) else np.shape(x) if isinstance(x, np.ndarray) else ()
        return type(x), keys, tuple(map(signature, items(x)))
    if isinstance(x, np.ndarray):
        return x.shape, x.dtype, x.tobytes()
    try:
        hash(x)
    except TypeError:
        raise TypeError(
            f"an argument of a compiled function must be a number, an array, a node, a list, tuple "
            f"or dict of them, or hashable, got {type(x).__name__}"
        ) from None
    return type(x), x


def items(nest: Any) -> Sequence[Any]:
    """The elements of a nest, in order."""
    if isinstance(nest, dict):
        return list(nest.values())
    return list(nest.flat) if isinstance(nest, np.ndarray) else nest


def flattened(arguments: Sequence[Any]) -> Sequence[Any]:
    """The arguments, with the elements of nests in their place."""
    if not any(map(is_nest, arguments)):
        return arguments
    return [x for x in arguments for x in (flattened(items(x)) if is_nest(x) else (x,))]


def nested(x: Any, elements: Iterator[Any]) -> Any:
    """The nest `x` with the next of `elements` for its own."""
    if not is_nest(x):
        return next(elements)
    found = [nested(element, elements) for element in items(x)]
    if isinstance(x, dict):
        return dict(zip(x, found, strict=True))
    if isinstance(x, np.ndarray):
        array = np.empty(x.shape, object)
        array[...] = np.array([*found, None], object)[:-1].reshape(x.shape)
        return array
    return type(x)(*found) if hasattr(x, "_fields") else type(x)(found)


def gradients_of(arguments: Sequence[Any], gradients: Iterable[Any]) -> list[Any]:
    """The gradients of the arguments, nested as these are; None in a nest for what has none."""
    rest = iter(gradients)
    found = []
    for x in arguments:
        if is_input(x):
            found.append(next(rest))
        elif is_nest(x):
            elements = flattened([x])
            if any(map(is_input, elements)):
                each = iter([next(rest) if is_input(e) else None for e in elements])
                found.append(nested(x, each))
    return found
