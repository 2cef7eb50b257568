"""What `Value` and `Tensor` have in common: operators, methods, NumPy's protocols, `backward`."""

from importlib import import_module
from typing import Any, Generic, TypeVar

from autograd.arithmetic.comparisons import comparison
from autograd.arithmetic.habits import HABITS
from autograd.arithmetic.numpy_functions import array_function, array_ufunc
from autograd.arithmetic.operators import Operators, unary
from autograd.core.gradients import backward
from autograd.core.node import Node
from autograd.core.walk import copy_graph
from autograd.table import composites
from autograd.table import elementwise as e


class Elsewhere:
    """An attribute that other libraries have: asked for, it says the way here.

    One for each name, as a `__getattr__` would slow down every attribute that is there.
    """

    def __init__(self, name: str, way: str) -> None:
        self.name, self.way = name, way

    def __get__(self, node: Any, owner: type) -> Any:
        if node is None:
            return self
        raise AttributeError(
            f"a {owner.__name__} has no attribute {self.name!r}; {self.way}",
            name=self.name,
            obj=node,
        )


T = TypeVar("T")
O = TypeVar("O")
Self = TypeVar("Self", bound="NumericNode[Any, Any]")


class NumericNode(Operators[O], Node[T], Generic[T, O]):
    """A node with operators and methods."""

    __slots__ = ()

    # fmt: off
    __lt__, __le__ = comparison("<"), comparison("<=")
    __gt__, __ge__ = comparison(">"), comparison(">=")
    __eq__, __ne__ = comparison("=="), comparison("!=")
    __hash__       = object.__hash__

    exp, log, log1p, expm1 = unary(e.exp), unary(e.log), unary(e.log1p), unary(e.expm1)
    sin, cos, tanh, sqrt   = unary(e.sin), unary(e.cos), unary(e.tanh), unary(e.sqrt)
    relu, softplus, abs    = unary(e.relu), unary(e.softplus), unary(e.abs)
    sigmoid                = unary(e.sigmoid)
    # fmt: on

    def _repr_html_(self) -> str | None:
        """What a notebook shows: a matter of `viz`, which loads when it is first asked for."""
        html: str | None = import_module("autograd.viz.chips").node_html(self)
        return html

    def clip(self: Self, lo: float | None = None, hi: float | None = None) -> Self:
        """min(max(x, lo), hi), elementwise; passes the gradient on where lo ≤ x ≤ hi."""
        return e.clip(self, lo=lo, hi=hi)

    def square(self: Self) -> Self:
        """x², elementwise."""
        return composites.square(self)

    def logsigmoid(self: Self) -> Self:
        """ln σ(x), elementwise, without overflow."""
        return composites.logsigmoid(self)

    def conjugate(self: Self) -> Self:
        """Itself, as of every real number: what NumPy's `var` asks of objects."""
        return self

    @property
    def _data(self) -> None:
        """What NumPy's masked arrays ask an operand for, whose result would be no node."""
        raise TypeError(
            f"a masked array and a {type(self).__name__} do not mix: the mask would not be "
            f"differentiated; use autograd.where, or .filled(...) the array first"
        )

    backward = backward
    __deepcopy__ = copy_graph
    __array_ufunc__, __array_function__ = array_ufunc, array_function

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if name not in HABITS or hasattr(self, name)]


for _name, _way in HABITS.items():
    setattr(NumericNode, _name, Elsewhere(_name, _way))
