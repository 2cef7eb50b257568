"""Python's operators, as calls of primitives: one formula serves Values, Tensors and symbols."""

from __future__ import annotations

from types import MethodType
from typing import Any

from autograd import primitives
from autograd.node import Primitive


class reflected:
    """A primitive as the method of its right operand: `1 - x` calls `x.__rsub__(1)`."""

    def __init__(self, primitive: Primitive) -> None:
        self.primitive = primitive

    def __call__(self, right: Any, left: Any) -> Any:
        return self.primitive(left, right)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)


class Arithmetic:
    """`+ - * / ** @`, the unary `-` and `abs`."""

    __slots__ = ()

    # fmt: off
    __add__,     __radd__     = primitives.add,    reflected(primitives.add)
    __sub__,     __rsub__     = primitives.sub,    reflected(primitives.sub)
    __mul__,     __rmul__     = primitives.mul,    reflected(primitives.mul)
    __truediv__, __rtruediv__ = primitives.div,    reflected(primitives.div)
    __pow__,     __rpow__     = primitives.pow,    reflected(primitives.pow)
    __matmul__,  __rmatmul__  = primitives.matmul, reflected(primitives.matmul)
    __neg__,     __abs__      = primitives.neg,    primitives.abs
    # fmt: on

    def __pos__(self) -> Any:
        return self
