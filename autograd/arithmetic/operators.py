"""Python's operators, as calls of primitives: one formula serves Values, Tensors and symbols."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from autograd.core.node import NO_PARAMS
from autograd.core.primitive import Primitive
from autograd.table import elementwise as e
from autograd.table.products import matmul

X = TypeVar("X")
O = TypeVar("O")
CALLS: dict[Any, tuple[Primitive, tuple[str, ...]]] = {}  # each method's row, and its operands


class Unary(Protocol):
    """A method without arguments that gives what it is a method of."""

    def __get__(self, x: X, cls: type[X], /) -> Callable[[], X]: ...


def method(function: Callable[..., Any]) -> Any:
    """A row as a method of its first operand; a composite is a function, which binds by itself."""
    if not isinstance(function, Primitive):
        return function
    call = function.__call__

    def bound(self: Any, *others: Any, **params: Any) -> Any:
        return call(self, *others, **params)

    bound.__name__, bound.__doc__ = function.__name__, function.__doc__
    return bound


def unary(row: Primitive) -> Unary:
    """A row as a method of its only operand."""

    def method(self: Any) -> Any:
        return self.__primitive__(row, (self,), NO_PARAMS)

    method.__name__, method.__doc__ = row.name, row.__doc__
    CALLS[method] = row, ("self",)
    return method


def binary(row: Primitive) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """A row as the operator of its left, and of its right operand."""

    def left(self: Any, other: Any) -> Any:
        return self.__primitive__(row, (self, other), NO_PARAMS)

    def right(self: Any, other: Any) -> Any:
        return self.__primitive__(row, (other, self), NO_PARAMS)

    CALLS[left], CALLS[right] = (row, ("self", "other")), (row, ("other", "self"))
    return left, right


class Operators(Generic[O]):
    """`+ - * / ** @`, the unary `-` and `abs`; O says what the binary ones give."""

    __slots__ = ()

    if TYPE_CHECKING:
        __add__: O
        __radd__: O
        __sub__: O
        __rsub__: O
        __mul__: O
        __rmul__: O
        __truediv__: O
        __rtruediv__: O
        __pow__: O
        __rpow__: O
        __mod__: O
        __rmod__: O
        __matmul__: O
        __rmatmul__: O

        def __neg__(self: X) -> X: ...
        def __abs__(self: X) -> X: ...

    else:
        # fmt: off
        __add__,     __radd__     = binary(e.add)
        __sub__,     __rsub__     = binary(e.sub)
        __mul__,     __rmul__     = binary(e.mul)
        __truediv__, __rtruediv__ = binary(e.div)
        __pow__,     __rpow__     = binary(e.pow)
        __mod__,     __rmod__     = binary(e.mod)
        __matmul__,  __rmatmul__  = binary(matmul)
        # fmt: on
        __neg__, __abs__ = unary(e.neg), unary(e.abs)

    def __pos__(self: X) -> X:
        return self
