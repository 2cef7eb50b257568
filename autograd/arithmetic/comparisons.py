"""Comparisons of nodes: of their numbers, as plain bools; no node is recorded."""

import operator
from collections.abc import Callable
from typing import Any

from autograd.core.node import Node, raw

COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def comparison(symbol: str) -> Callable[[Any, Any], Any]:
    """The method of nodes for this symbol."""
    compare = COMPARISONS[symbol]

    def method(self: Node, other: Any) -> Any:
        return self.escape(symbol, compare(self.raw, raw(other)), other)

    return method
