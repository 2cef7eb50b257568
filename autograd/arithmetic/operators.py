"""Python's operators, as calls of primitives: one formula serves Values, Tensors and symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autograd.core.node import Primitive
from autograd.table import primitives


def method(primitive: Primitive) -> Callable[..., Any]:
    """A primitive as a method of its first operand."""
    call = primitive.__call__

    def bound(self: Any, *others: Any, **params: Any) -> Any:
        return call(self, *others, **params)

    bound.__name__, bound.__doc__ = primitive.name, primitive.__doc__
    return bound


def operators(primitive: Primitive) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A primitive as the operator of its left, and of its right operand."""
    apply, no_params = primitive.apply, dict[str, Any]()

    def left(self: Any, other: Any) -> Any:
        return apply((self, other), no_params)

    def right(self: Any, other: Any) -> Any:
        return apply((other, self), no_params)

    return left, right


class Arithmetic:
    """`+ - * / ** @`, the unary `-` and `abs`."""

    __slots__ = ()

    # fmt: off
    __add__,     __radd__     = operators(primitives.add)
    __sub__,     __rsub__     = operators(primitives.sub)
    __mul__,     __rmul__     = operators(primitives.mul)
    __truediv__, __rtruediv__ = operators(primitives.div)
    __pow__,     __rpow__     = operators(primitives.pow)
    __matmul__,  __rmatmul__  = operators(primitives.matmul)
    __neg__,     __abs__      = method(primitives.neg), method(primitives.abs)
    # fmt: on

    def __pos__(self) -> Any:
        return self
