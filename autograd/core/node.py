"""`Node`: a number that remembers how it was made; calling a primitive on nodes records one.

Speed. Recording and walking a graph of single numbers costs what Python costs: objects, calls and
attribute look-ups. So all that happens once a node is written for few of them, here and in `walk`:

- Up to two operands lie in slots of their own: a tuple would be one more object a node for the
  garbage collector to walk, which is most of what a large graph costs.
- `new_node` fills slots itself, with no `__init__`; `type(x) is float` comes before `isinstance`.
- Nodes are numbered as they are recorded: sorting by number is a topological sort.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from itertools import count
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from autograd.core.data import Data, protect
from autograd.core.numbers import FLOATS, HOLDERS, constant, frozen
from autograd.core.primitive import Params, Primitive

T = TypeVar("T")
Self = TypeVar("Self", bound="Node[Any]")

# Operands before results; a leaf whose data was rebound, which renumbers it, shows as a stale edge.
indices = count()
next_index = indices.__next__
_new = object.__new__
NO_PARAMS: Params = {}


# --- who hears of nodes -----------------------------------------------------------------------


class Observer:
    """Is told what happens while it observes; subclasses override what they care about."""

    def created(self, leaf: Node[Any]) -> None:
        """`leaf` was just made of raw numbers."""

    def recorded(self, node: Node[Any]) -> None:
        """`node` was just recorded as the result of an operation."""

    def stepped(self, step: Any) -> None:
        """A backward pass has just taken a `Step` (see `autograd.core.walk`)."""

    def escaped(self, node: Node[Any], how: str, result: object, *args: object) -> None:
        """A number left the graph, as `result`.

        `how` is 'data', 'item', the symbol of a comparison with `args`, or a function of NumPy's
        such as 'np.argmax', of which `args` are all arguments.
        """


class Mode(NamedTuple):
    """What holds while code runs: whether operations are recorded, and who observes them."""

    recording: bool = True
    observers: tuple[Observer, ...] = ()
    quiet: bool = False  # whether all of these hear of nothing but what escapes
    once: bool = False  # whether what is recorded is not to be differentiated again
    by: Any = None  # the switch that brought it about, and the mode before
    outer: Mode | None = None


EVERYDAY = Mode()  # what holds where nothing was said
MODE: ContextVar[Mode] = ContextVar("autograd_mode", default=EVERYDAY)  # a thread's or task's own
current_mode = MODE.get


# --- nodes ------------------------------------------------------------------------------------


def _cut(wanted: str) -> Callable[..., Any]:
    """A method of Python's that would take a number out of the graph without a word."""

    def method(self: Node[Any], *others: Any) -> Any:
        raise TypeError(
            f"{wanted}: a {type(self).__name__} does not become a plain number by itself, where "
            f"its gradient would be lost; use autograd.exp(x), np.stack([x, y]) and the like, or "
            f"ask for the number by name, x.item()"
        )

    return method


class Node(Generic[T]):
    """A number, and how it came to be: `op` applied to `operands` with `params`.

    `operands` are in call order: nodes, or the raw numbers that entered as constants. A leaf has
    no `op`. `raw` is the number itself, which nobody may write into and nobody hears of: `data` is
    for users, and `grad` for `raw_grad`. Hashed by identity.
    """

    # fmt: off
    __slots__ = ("__weakref__", "first", "flow", "index", "label", "line", "many", "op", "params",
                 "raw", "raw_grad", "second")
    # fmt: on

    raw: T
    raw_grad: Any
    first: Any
    second: Any
    many: tuple[Any, ...] | None
    flow: Any  # what has come down so far in a quick walk
    index: int
    label: str | None
    line: Any
    op: Primitive | None
    params: dict[str, Any]

    def __init_subclass__(cls, data_type: type | None = None) -> None:
        super().__init_subclass__()
        if data_type is not None:
            HOLDERS[data_type] = cls

    def become_leaf(self, data: Any, label: str | None) -> None:
        if label is not None and not isinstance(label, str):
            raise TypeError(f"a label must be a string, got {type(label).__name__}")
        self.raw, self.label, self.index = data, label, next_index()
        self.raw_grad = self.op = self.line = self.flow = None
        self.many, self.params = (), NO_PARAMS
        for observer in current_mode().observers:
            observer.created(self)

    @property
    def operands(self) -> tuple[Any, ...]:
        """What the operation was called on, in order: nodes, and raw numbers as constants."""
        if self.many is not None:
            return self.many
        if self.second is None:
            return (self.first,)
        return (self.first, self.second)

    @operands.setter
    def operands(self, operands: tuple[Any, ...]) -> None:
        if 0 < len(operands) <= 2:
            self.many = None
            self.first, self.second = operands if len(operands) == 2 else (operands[0], None)
        else:
            self.many = operands

    @staticmethod
    def coerce(raw: Any, dtype: np.dtype[Any] | None, who: str) -> Any:
        """Raw numbers as this class holds them, a copy nobody else can write into."""
        raise NotImplementedError

    def fitted(self, contribution: Any) -> Any:
        """A contribution to the gradient in the type, shape and dtype of this node.

        Here broadcasting is undone, and in no rule.
        """
        raise NotImplementedError

    @property
    def data(self) -> T:
        """The number itself: a float, or an array of your own (a copy).

        Assigning rebinds a leaf, as in `p.data -= lr * p.grad`; shape and dtype must stay. So does
        writing an item, as in `p.data[0] = 9`. What was recorded with the old data is stale from
        then on, and its backward pass says so. NumPy's functions can't write into it, nor into
        views such as `p.data.T`: they say that it is read-only.
        """
        for observer in current_mode().observers:
            observer.escaped(self, "data", self.raw)
        raw: Any = self.raw
        return raw if type(raw) is float else Data.of(self)  # type: ignore[return-value]

    @data.setter
    def data(self, raw: Any) -> None:
        self._assign(raw)

    def _assign(self, raw: Any) -> None:
        if type(raw) is Data and raw.is_data_of(self):
            return  # an operator in place has written it
        self.must_be_leaf()
        data = self.coerce(raw, self.precision, "data")
        self.must_match(data, "data")
        self.raw, self.index = data, next_index()

    def rebind(self, array: Any) -> None:
        """Take on an array of the same shape and dtype, which nobody else has."""
        self.must_be_leaf()
        protect(array, False)
        self.raw, self.index = array, next_index()

    def must_be_leaf(self) -> None:
        if self.op is not None:
            raise ValueError(
                f"only a leaf's data can be assigned, and this is the result of {self.op.name}; "
                f"make a leaf of it with .detach() first"
            )

    @property
    def grad(self) -> T | None:
        """The gradient that the last backward pass left here, None before one reached it.

        Of the type, shape and dtype of `data`, writeable, and sharing memory with nothing else.
        """
        if isinstance(self.raw_grad, np.ndarray) and not self.raw_grad.flags.writeable:
            self.raw_grad = self.raw_grad.copy()  # what the walk left may be shared; ours on demand
        return self.raw_grad

    @grad.setter
    def grad(self, raw: Any) -> None:
        self._set_grad(raw)

    def _set_grad(self, raw: Any) -> None:
        if raw is not None and not isinstance(raw, Node):
            raw = self.coerce(raw, self.precision, "grad")
            if np.ndim(raw) == 0 and self.ndim:  # `p.grad = 0`
                raw = np.full(self.shape, raw, self.precision)
            self.must_match(raw, "grad")
        self.raw_grad = raw

    def must_match(self, data: Any, what: str) -> None:
        if isinstance(data, float):
            return
        if data.shape != self.shape:
            raise ValueError(
                f"{what} must keep the shape {self.shape}, got {data.shape}; reshape it first"
            )
        if data.dtype != self.precision:
            raise TypeError(
                f"{what} must keep the dtype {self.precision}, got {data.dtype}; "
                f"use .astype({str(self.precision)!r})"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        raw: Any = self.raw
        return () if type(raw) is float else raw.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def precision(self) -> np.dtype[Any]:
        """The dtype in which it computes. Only a Tensor has it as `dtype`, as NumPy's arrays do."""
        raw: Any = self.raw
        return FLOATS[0] if type(raw) is float else raw.dtype

    def detach(self: Self, label: str | None = None) -> Self:
        """A leaf with the same data, cut off from the graph."""
        leaf: Self = _new(type(self))
        leaf.become_leaf(self.raw, label)
        return leaf

    def item(self) -> float:
        """The only number, as a plain float, which leaves the graph.

        Raises:
            ValueError: there are several numbers, or none.
        """
        if self.size != 1:
            raise ValueError(
                f"only a single number is an item, got shape {self.shape}; index or sum it, "
                f"or use .tolist()"
            )
        return self.escape("item", float(np.asarray(self.raw).item()))

    def tolist(self) -> Any:
        """The plain numbers, in lists as the axes are nested."""
        return np.asarray(self.data).tolist()

    def __format__(self, spec: str) -> str:
        if not spec:
            return str(self)
        if self.size != 1:
            raise TypeError(
                f"only a single number is formatted by {spec!r}, got shape {self.shape}; "
                f"format its elements, or use np.array2string(x.data)"
            )
        return format(float(np.asarray(self.raw).item()), spec)

    __float__, __int__, __complex__ = _cut("float()"), _cut("int()"), _cut("complex()")
    __index__, __round__, __trunc__ = _cut("an index"), _cut("round()"), _cut("trunc()")
    __floordiv__ = __rfloordiv__ = _cut("//")
    __divmod__ = __rdivmod__ = _cut("divmod()")

    def escape(self, how: str, result: Any, *args: Any) -> Any:
        for observer in current_mode().observers:
            observer.escaped(self, how, result, *args)
        return result

    def __bool__(self) -> bool:
        raise TypeError(
            "a node is neither true nor false; compare its number (node.data > 0), "
            "or choose with autograd.where"
        )

    def __reduce__(self) -> Any:
        if self.op is not None:
            raise TypeError(
                f"only leaves can be pickled, and this is the result of {self.op.name}; "
                f"pickle .detach()"
            )
        return type(self), (self.raw, self.label)

    def swept(
        self, seed: Any, inputs: Sequence[Node[Any]] | None, create_graph: bool
    ) -> dict[Node[Any], Any] | None:
        """What `pullback` comes to, by a quicker way where the class has one; None where not."""
        return None

    # --- recording ----------------------------------------------------------------------------

    def __primitive__(self, op: Primitive, operands: tuple[Any, ...], params: Params) -> Any:
        """What `op` of `operands`, of which this is one, comes to: a new node.

        The quick path: operands are nodes, floats and float arrays. Others go by `_settled`.
        """
        constants, elementary = False, op.scalar is not None
        data = []
        for operand in operands:
            if isinstance(operand, Node):
                operand = operand.raw
                if type(operand) is not float:
                    elementary = False
            elif type(operand) is not float:
                kind = type(operand)
                if kind is int or kind is np.float64:
                    plain = [float(x) if type(x) is kind else x for x in operands]
                    return self.__primitive__(op, tuple(plain), params)
                if kind is not np.ndarray or operand.dtype not in FLOATS:
                    return self._settled(op, operands, params)
                constants, elementary = True, False
            data.append(operand)
        if constants:
            operands = tuple([frozen(x) if type(x) is np.ndarray else x for x in operands])
            data = [raw(x) for x in operands]
        try:  # as Primitive.compute, without the call
            if not elementary:
                out = op.array(*data, **params)
            else:
                out = op.scalar(*data, **params) if params else op.scalar(*data)  # type: ignore[misc]
        except (ArithmeticError, ValueError, TypeError, IndexError) as error:
            out = op.recover(error, data, params, elementary)
        return new_node(op, operands, params, out)

    def _settled(self, op: Primitive, operands: tuple[Any, ...], params: Params) -> Any:
        """The same where symbols, lists, or other than Python's and NumPy's floats occur.

        NumPy's scalars join a graph as Python's do, so that float32 stays float32.
        """
        for operand in operands:
            if not isinstance(operand, Node) and hasattr(operand, "__primitive__"):
                return operand.__primitive__(op, operands, params)
        dtype = np.result_type(*[x.raw for x in operands if isinstance(x, Node)])
        cleaned = [x if isinstance(x, Node) else constant(x, dtype, op.name) for x in operands]
        if not any(isinstance(x, np.ndarray) and x.dtype == object for x in cleaned):
            return self.__primitive__(op, tuple(cleaned), params)
        if any(isinstance(x, Node) and type(x.raw) is not float for x in cleaned):
            raise TypeError(
                f"{op.name}: a Tensor and an object array of Values do not mix; "
                f"make one Tensor of the Values with autograd.stack"
            )
        return op.on_objects(cleaned, params)


def raw(x: Any) -> Any:
    """The plain number of a node, which nobody may write into; anything else as it is."""
    return x.raw if isinstance(x, Node) else x


def new_node(op: Primitive, operands: tuple[Any, ...], params: Params, data: Any) -> Node[Any]:
    """A new node: `data` is what `op` made of `operands`. Its type decides the class."""
    if type(data) is not float and (type(data) is not np.ndarray or data.dtype not in FLOATS):
        data = op.numbers(data, operands)
    node: Node[Any] = _new(HOLDERS[type(data)])
    if type(data) is not float:
        data.flags.writeable = False
    mode = current_mode()
    node.raw, node.index = data, next_index()
    node.raw_grad = node.label = node.line = node.flow = node.many = None
    if not mode.recording:
        node.op, node.params, node.many = None, NO_PARAMS, ()
    else:
        node.op, node.params = op, params or NO_PARAMS
        arity = len(operands)
        if arity == 2:
            node.first, node.second = operands
        elif arity == 1:
            node.first, node.second = operands[0], None
        else:
            node.many = operands
    for observer in mode.observers:
        observer.recorded(node)
    return node
