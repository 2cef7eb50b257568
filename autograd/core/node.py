"""`Primitive`, `Node`, and the one place where they meet: calling a primitive on nodes records one.

A `Primitive` is a row of the table in `primitives.py`: how to compute, and one vector-Jacobian
product (VJP) rule per operand. A `Node` is a number that remembers which primitive made it from
which operands. Its two faces, `Value` (a Python float) and `Tensor` (a NumPy array), say what kind
of number it holds; they register themselves in `FACES`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cached_property, partial
from itertools import count
from typing import Any

import numpy as np

from autograd.core.modes import current_mode

FACES: dict[type, Any] = {}
FLOATS = (np.dtype(np.float64), np.dtype(np.float32))

# Nodes are numbered as they are recorded, operands before results: sorting by index is a
# topological sort, and a leaf whose data was rebound (which renumbers it) shows as a stale edge.
_next_index = count().__next__


_NO_PARAMS: dict[str, Any] = {}


# --- constants --------------------------------------------------------------------------------


def constant(raw: Any, dtype: np.dtype | None = None, who: str = "autograd") -> Any:
    """A raw operand as a float or a float array (`dtype` is what integers become).

    Object arrays pass unchanged where every element is a `Value` or a number.
    """
    if type(raw) is np.ndarray and raw.dtype in FLOATS:
        return raw
    if isinstance(raw, (bool, int, float, np.bool_, np.integer, np.floating)):
        return float(raw)
    if not isinstance(raw, (np.ndarray, list, tuple)):
        raise TypeError(
            f"{who}: an operand must be a number, an array, a Value or a Tensor, "
            f"got {type(raw).__name__}"
        )
    try:
        array = np.asarray(raw)
    except ValueError as error:
        raise ValueError(
            f"{who}: nested lists must not be ragged; make the rows equally long"
        ) from error
    if array.dtype in FLOATS:
        return array
    if array.dtype.kind in "biu":
        return array.astype(dtype or FLOATS[0])
    if array.dtype == object:
        for element in array.flat:
            if not isinstance(element, (FACES[float], float, int)):
                found = type(element).__name__
                raise TypeError(
                    f"{who}: an object array must hold Values or numbers, found {found}"
                )
        return array
    raise TypeError(
        f"{who}: numbers must be real, float64 or float32, got dtype {array.dtype}; "
        f"convert them with .astype(float)"
    )


def frozen(array: np.ndarray) -> np.ndarray:
    """`array`, or a copy of it where somebody could still write into it; read-only."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            array = array.copy()
            array.flags.writeable = False
            return array
        owner = owner.base
    return array


def boxed(element: Any) -> np.ndarray:
    """`element` as an object array: itself, or the one element of a 0-d one."""
    if isinstance(element, np.ndarray):
        return element
    box = np.empty((), object)
    box[()] = element
    return box


# --- primitives -------------------------------------------------------------------------------


class Primitive:
    """A differentiable operation: one row of the table.

    - `scalar` computes on Python floats, `array` on NumPy arrays. A row with a `scalar` works
      elementwise; one without (`sum`, `reshape`, ...) works on whole arrays.
    - `vjps` has a rule per operand, `rule(g, out, *operands, **params)`: the upstream gradient `g`
      times the local derivative, before broadcasting is undone. None where the result is locally
      constant. A variadic row has one rule for all, told the operand's position first.
    - `params` are the keyword parameters with their defaults (`axis=None`); `prepare` checks them.
    - `objects` computes on object arrays of Values where `array` cannot.
    - `diagnosis` says of the operands' shapes what is wrong with them, where `array` refuses them.
    - `kinks` says where it is not smooth, and which derivative the rule chooses there; `remedy`
      what to write instead where it makes a NaN or an infinity of sound numbers.
    - `linear`: in all operands together; `symmetric`: the order of the operands does not matter;
      `view`: the result on an array may share its memory.
    - `domain` has an interval per operand where the row is smooth, and `cases` the shapes and
      parameters it is tested with.
    """

    def __init__(
        self,
        name: str,
        symbol: str,
        scalar: Callable[..., float] | None,
        array: Callable[..., Any],
        vjps: tuple[Callable[..., Any] | None, ...],
        doc: str,
        *,
        params: dict[str, Any] | None = None,
        prepare: Callable[..., dict[str, Any]] | None = None,
        objects: Callable[..., Any] | None = None,
        diagnosis: Callable[..., str] | None = None,
        variadic: bool = False,
        kinks: str = "",
        remedy: str = "",
        linear: bool = False,
        symmetric: bool = False,
        view: bool = False,
        domain: tuple[tuple[float, float], ...] = ((-2.0, 2.0),),
        cases: tuple[tuple[tuple[tuple[int, ...], ...], dict[str, Any]], ...] = (),
    ) -> None:
        self.name, self.symbol = name, symbol
        self.scalar, self.array, self.objects = scalar, array, objects or array
        self.vjps, self.variadic = vjps, variadic
        self.params, self.prepare, self.diagnosis = params or {}, prepare, diagnosis
        self.domain, self.cases = domain, cases
        self.kinks, self.remedy = kinks, remedy
        self.linear, self.symmetric, self.view = linear, symmetric, view
        self._plain = -1 if variadic else len(vjps)  # as many operands alone need no binding
        self.__doc__, self.__name__, self.__module__ = doc, name, "autograd.table.primitives"

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> Any:
        return self.name  # pickled and copied as the name under which its module holds it

    def rules(self, operands: tuple[Any, ...]) -> tuple[Callable[..., Any] | None, ...]:
        """The VJP rule of each of `operands`."""
        if self.variadic and self.vjps[0] is not None:
            return tuple(partial(self.vjps[0], i) for i in range(len(operands)))
        return self.vjps

    def __call__(self, *operands: Any, **params: Any) -> Any:
        if params or len(operands) != self._plain:
            return self.apply(*self._bind(operands, params))
        return self.apply(operands, self._defaults)

    @cached_property
    def _defaults(self) -> dict[str, Any]:
        """The parameters where none are given."""
        return self.prepare(**self.params) if self.prepare else self.params

    def apply(self, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """The call, with its arguments told apart: on nodes it records one."""
        recorded, constants, elementary = False, False, self.scalar is not None
        data = []
        for operand in operands:
            if isinstance(operand, Node):
                recorded = True
                operand = operand.raw
                if type(operand) is not float:
                    elementary = False
            elif type(operand) is not float:
                kind = type(operand)
                if kind is int or (kind is np.float64 and recorded):
                    plain = [float(x) if type(x) is kind else x for x in operands]
                    return self.apply(tuple(plain), params)
                if kind is not np.ndarray or operand.dtype not in FLOATS:
                    return self._call_on_raw(operands, params)
                constants, elementary = True, False
            data.append(operand)
        if recorded and constants:
            operands = tuple([frozen(x) if type(x) is np.ndarray else x for x in operands])
            data = [x.raw if isinstance(x, Node) else x for x in operands]
        if elementary:
            try:
                out = self.scalar(*data, **params) if params else self.scalar(*data)  # type: ignore[misc]
            except (ArithmeticError, ValueError):  # Python raises where IEEE 754 has an answer
                out = float(self.array(*map(np.float64, data), **params))
        else:
            out = self._guarded(self.array, data, params)
        return record(self, operands, params, out) if recorded else out

    def _call_on_raw(self, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """The same, where symbols, lists, or other than Python's and NumPy's floats occur."""
        for operand in operands:
            if hasattr(operand, "__primitive__"):
                return operand.__primitive__(self, operands, params)
        nodes = [x.raw for x in operands if isinstance(x, Node)]
        if nodes:  # NumPy's scalars join a graph as Python's do, so that float32 stays float32
            dtype = np.result_type(*nodes)
        else:
            dtype = None
            operands = tuple([np.asarray(x) if isinstance(x, np.generic) else x for x in operands])
        cleaned = [x if isinstance(x, Node) else constant(x, dtype, self.name) for x in operands]
        if any(isinstance(x, np.ndarray) and x.dtype == object for x in cleaned):
            return self._call_on_objects(tuple(cleaned), params)
        return self.apply(tuple(cleaned), params)

    def _call_on_objects(self, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """The same on object arrays of Values: element by element, or as NumPy moves objects."""
        for operand in operands:
            if isinstance(operand, Node) and not isinstance(operand.raw, float):
                raise TypeError(
                    f"{self.name}: a Tensor and an object array of Values do not mix; "
                    f"make one Tensor of the Values with autograd.stack"
                )
        arrays = [boxed(x) for x in operands]
        if self.scalar is not None:
            return np.frompyfunc(partial(self, **params), len(arrays), 1)(*arrays)
        return self._guarded(self.objects, arrays, params)

    def _bind(self, operands: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Split NumPy-style arguments into operands and a full, checked set of parameters."""
        if not self.variadic and len(operands) == len(self.vjps):
            full = {**self.params, **params}
            if len(full) == len(self.params):
                return operands, self.prepare(**full) if self.prepare else full
        extra: tuple[Any, ...]
        if self.variadic:
            extra = ()
            if self.params and operands and isinstance(operands[0], (list, tuple)):
                operands, extra = tuple(operands[0]), operands[1:]
            if not operands:
                raise TypeError(f"{self.name}: needs at least one operand, got none")
        else:
            operands, extra = operands[: len(self.vjps)], operands[len(self.vjps) :]
            if len(operands) < len(self.vjps):
                raise TypeError(
                    f"{self.name}: takes {len(self.vjps)} operands, got {len(operands)}"
                )
        if len(extra) > len(self.params):
            raise TypeError(
                f"{self.name}: takes {len(self.vjps)} operand(s) and the parameters "
                f"({', '.join(self.params)}), got {len(operands) + len(extra)} arguments"
            )
        params = {**dict(zip(self.params, extra, strict=False)), **params}
        for name in params:
            if name not in self.params:
                raise TypeError(
                    f"{self.name}: no parameter named {name!r}; "
                    f"it has: {', '.join(self.params) or 'none'}"
                )
        params = {**self.params, **params}
        return operands, self.prepare(**params) if self.prepare else params

    def _guarded(self, forward: Callable[..., Any], data: list[Any], params: dict[str, Any]) -> Any:
        """`forward`, its errors naming this primitive and the shapes it was given."""
        try:
            return forward(*data, **params)
        except (ValueError, TypeError, IndexError) as error:
            shapes = [np.shape(x) for x in data]
            kind = next(k for k in (ValueError, IndexError, TypeError) if isinstance(error, k))
            if self.diagnosis is not None:
                problem = self.diagnosis(*shapes)
            elif self.scalar is not None and len(shapes) > 1:
                got = " and ".join(map(str, shapes))
                problem = (
                    f"the shapes must broadcast together, got {got}; "
                    f"reshape one, or insert an axis with None"
                )
            else:
                problem = f"{error} (operand shape: {' and '.join(map(str, shapes))})"
            raise kind(f"{self.name}: {problem}") from error


# --- nodes ------------------------------------------------------------------------------------


class Node:
    """A number, and how it came to be: `op` applied to `operands` with `params`.

    `operands` are in call order: nodes, or the raw numbers that entered as constants. A leaf has
    no `op`. Compared and hashed by identity.
    """

    # Up to two operands are held in slots of their own: a tuple would be one more object per node
    # for the garbage collector to walk, which is most of what a large graph costs.
    __slots__ = (
        "__weakref__",
        "_first",
        "_grad",
        "_many",
        "_second",
        "index",
        "label",
        "line",
        "op",
        "params",
        "raw",
    )

    raw: Any
    _grad: Any
    _first: Any
    _second: Any
    _many: tuple[Any, ...] | None
    index: int
    label: str | None
    line: Any
    op: Primitive | None
    params: dict[str, Any]

    def __init_subclass__(cls, data_type: type | None = None) -> None:
        if data_type is not None:
            FACES[data_type] = cls

    def _become_leaf(self, data: Any, label: str | None) -> None:
        if label is not None and not isinstance(label, str):
            raise TypeError(f"a label must be a string, got {type(label).__name__}")
        self.raw, self.label, self.index = data, label, _next_index()
        self._grad = self.op = self.line = None
        self._many, self.params = (), _NO_PARAMS
        for observer in current_mode().observers:
            observer.created(self)

    @property
    def operands(self) -> tuple[Any, ...]:
        """What the operation was called on, in order: nodes, and raw numbers as constants."""
        if self._many is not None:
            return self._many
        if self._second is None:
            return (self._first,)
        return (self._first, self._second)

    @operands.setter
    def operands(self, operands: tuple[Any, ...]) -> None:
        if 0 < len(operands) <= 2:
            self._many = None
            self._first, self._second = operands if len(operands) == 2 else (operands[0], None)
        else:
            self._many = operands

    @staticmethod
    def _coerce(raw: Any, dtype: np.dtype | None, who: str) -> Any:
        """Raw numbers as this face holds them, a copy nobody else can write into."""
        raise NotImplementedError

    @property
    def data(self) -> Any:
        """The number itself: a float, or an array of your own (a copy).

        Assigning rebinds a leaf, as in `p.data -= lr * p.grad`; shape and dtype must stay. What
        was recorded with the old data is stale from then on, and its backward pass says so.
        """
        for observer in current_mode().observers:
            observer.escaped(self, "data", self.raw)
        return self.raw.copy() if isinstance(self.raw, np.ndarray) else self.raw

    @data.setter
    def data(self, raw: Any) -> None:
        if self.op is not None:
            raise ValueError(
                f"only a leaf's data can be assigned, and this is the result of {self.op.name}; "
                f"make a leaf of it with .detach() first"
            )
        data = self._coerce(raw, self.dtype, "data")
        self._must_match(data, "data")
        self.raw, self.index = data, _next_index()

    @property
    def grad(self) -> Any:
        """The gradient that the last backward pass left here, None before one reached it.

        Of the type, shape and dtype of `data`, writeable, and sharing memory with nothing else.
        """
        if isinstance(self._grad, np.ndarray) and not self._grad.flags.writeable:
            self._grad = self._grad.copy()  # what the walk left may be shared; it is ours on demand
        return self._grad

    @grad.setter
    def grad(self, raw: Any) -> None:
        if raw is not None and not isinstance(raw, Node):
            raw = self._coerce(raw, self.dtype, "grad")
            if np.ndim(raw) == 0 and self.ndim:  # `p.grad = 0`
                raw = np.full(self.shape, raw, self.dtype)
            self._must_match(raw, "grad")
        self._grad = raw

    def _must_match(self, data: Any, what: str) -> None:
        if isinstance(data, float):
            return
        if data.shape != self.shape:
            raise ValueError(
                f"{what} must keep the shape {self.shape}, got {data.shape}; reshape it first"
            )
        if data.dtype != self.dtype:
            raise TypeError(
                f"{what} must keep the dtype {self.dtype}, got {data.dtype}; "
                f"use .astype({str(self.dtype)!r})"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        return () if type(self.raw) is float else self.raw.shape

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    @property
    def dtype(self) -> np.dtype:
        return FLOATS[0] if type(self.raw) is float else self.raw.dtype

    def detach(self, label: str | None = None) -> Any:
        """A leaf with the same data, cut off from the graph."""
        leaf = object.__new__(type(self))
        leaf._become_leaf(self.raw, label)
        return leaf

    def __float__(self) -> float:
        return self._escape("float", self._number())

    def __int__(self) -> int:
        return self._escape("int", int(self._number()))

    def _number(self) -> float:
        if self.size != 1:
            raise TypeError(
                f"only one number converts to a float, got shape {self.shape}; index or sum it"
            )
        return float(self.raw if self.shape == () else self.raw.item())

    def _escape(self, how: str, result: Any, *args: Any) -> Any:
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


def raw(x: Any) -> Any:
    """The plain number of a node, which nobody may write into; anything else as it is."""
    return x.raw if isinstance(x, Node) else x


def record(op: Primitive, operands: tuple[Any, ...], params: dict[str, Any], data: Any) -> Node:
    """A new node: `data` is what `op` made of `operands`. Its type decides the face."""
    if type(data) is float:
        node = _new(FACES[float])
    else:
        data = np.asarray(data)
        data.flags.writeable = False
        node = _new(FACES[np.ndarray])
    mode = current_mode()
    node.raw, node.index = data, _next_index()
    node._grad = node.label = node.line = node._many = None
    if not mode.recording:
        node.op, node.params, node._many = None, _NO_PARAMS, ()
    else:
        node.op, node.params = op, params or _NO_PARAMS
        arity = len(operands)
        if arity == 2:
            node._first, node._second = operands
        elif arity == 1:
            node._first, node._second = operands[0], None
        else:
            node._many = operands
    for observer in mode.observers:
        observer.recorded(node)
    return node


_new = object.__new__
