"""Nested lists, tuples, dicts and object arrays: their leaves, and the same with other leaves."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np


def flat(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested lists, tuples, dicts and object arrays, each with its path."""
    if isinstance(tree, Mapping):
        for key, branch in tree.items():
            yield from flat(branch, f"{path}[{key!r}]")
    elif isinstance(tree, (list, tuple)):
        for i, branch in enumerate(tree):
            yield from flat(branch, f"{path}[{i}]")
    elif isinstance(tree, np.ndarray) and tree.dtype == object:
        for place, element in np.ndenumerate(tree):
            yield path + "".join(f"[{i}]" for i in place), element
    else:
        yield path, tree


def rebuilt(tree: Any, leaves: Iterator[Any]) -> Any:
    """The same nesting with other leaves, taken in the order of `flat`."""
    if isinstance(tree, Mapping):
        return {key: rebuilt(branch, leaves) for key, branch in tree.items()}
    if isinstance(tree, (list, tuple)):
        branches = [rebuilt(branch, leaves) for branch in tree]
        return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)
    if isinstance(tree, np.ndarray) and tree.dtype == object:
        copy = np.empty(tree.shape, object)
        for place in np.ndindex(*tree.shape):
            copy[place] = next(leaves)
        return copy
    return next(leaves)
