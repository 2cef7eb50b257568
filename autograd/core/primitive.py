"""`Primitive`: a row of the table, and what it computes on raw numbers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, NoReturn

import numpy as np

from autograd.core.numbers import FLOATS, boxed, constant

Rule = Callable[..., Any]
Params = dict[str, Any]
Case = tuple[tuple[tuple[int, ...], ...], Params]

TABLE: dict[str, Primitive] = {}
# Surely no nodes, or what no `prepare` takes if it holds some.
PLAIN = frozenset((bool, int, float, str, slice, tuple, type(None), type(...)))
ANY = (-2.0, 2.0)  # where most functions are smooth, and neither small nor large


class Primitive:
    """A differentiable operation: one row of the table, and a function of numbers and nodes.

    Everything that the library knows of an operation stands in its row. Executing, gradients of
    every order, drawing, stepping, formulas, replays, scalarizing and tests read it there, so a row
    of your own works everywhere at once:

    >>> import math
    >>> from autograd import Primitive, Value, formula, sin
    >>> from autograd.testing import certify
    >>> versine = Primitive(
    ...     "versine", "vers", lambda x: 1 - math.cos(x), lambda x: 1 - np.cos(x),
    ...     (lambda g, out, x: g * sin(x),), "1 − cos x, elementwise.",
    ... )
    >>> x = Value(0.5, label="x")
    >>> versine(x).backward()
    >>> round(x.grad, 6), formula(versine, 0).text
    (0.479426, 'g × sin(x)')
    >>> all(report.ok for report in certify(versine))  # to second order, on all that it can be fed
    True

    Args:
        name: what it is called in messages, formulas and programs; to be pickled, a row must be
            held by its module under this name.
        symbol: how it is drawn.
        scalar: computes on Python floats. A row with a `scalar` works elementwise; one without
            (`sum`, `reshape`, ...) works on whole arrays.
        array: computes on NumPy arrays.
        vjps: a rule per operand, `rule(g, out, *operands, **params)`: the upstream gradient `g`
            times the local derivative, before broadcasting is undone, written in the library's own
            arithmetic. None where the result is locally constant. A variadic row has one rule for
            all, told the operand's position first.
        doc: the meaning and the shapes, in a sentence.
        params: the keyword parameters with their defaults (`axis=None`); `prepare` checks them.
        objects: computes on object arrays of Values where `array` cannot.
        diagnosis: says of the operands' shapes what is wrong with them, where `array` refuses them.
        variadic: whether it takes any number of operands.
        says: how a gradient passes through it, in a sentence for learners.
        kinks: where it is not smooth, and which derivative the rule chooses there.
        remedy: what to write instead where it makes a NaN or an infinity of sound numbers.
        linear: in all operands together.
        symmetric: the order of the operands does not matter.
        view: the result on an array may share its memory.
        regular: it is smooth where the matrices that it is given are far from singular ones.
        marks: its rule makes a NaN on purpose, which stays one whatever the upstream gradient is.
        domain: an interval per operand inside which it is smooth; from −2 to 2 where not given.
        cases: the shapes and parameters it is tested with.

    Raises:
        TypeError: a forward or a rule is no function, or the rules are no tuple.
        ValueError: the domain has not an interval for each operand.
    """

    def __init__(
        self,
        name: str,
        symbol: str,
        scalar: Callable[..., float] | None,
        array: Callable[..., Any],
        vjps: tuple[Rule | None, ...],
        doc: str,
        *,
        params: Params | None = None,
        prepare: Callable[..., Params] | None = None,
        objects: Callable[..., Any] | None = None,
        diagnosis: Callable[..., str] | None = None,
        variadic: bool = False,
        says: str = "",
        kinks: str = "",
        remedy: str = "",
        linear: bool = False,
        symmetric: bool = False,
        view: bool = False,
        regular: bool = False,
        marks: bool = False,
        domain: tuple[tuple[float, float], ...] | None = None,
        cases: tuple[Case, ...] = (),
    ) -> None:
        self.name, self.symbol, self.__doc__ = name, symbol, doc
        self.scalar, self.array, self.objects = scalar, array, objects or array
        self.vjps, self.variadic = vjps, variadic
        self.params, self.prepare, self.diagnosis = params or {}, prepare, diagnosis
        self.says, self.kinks, self.remedy = says, kinks, remedy
        self.linear, self.symmetric, self.view = linear, symmetric, view
        self.regular, self.marks = regular, marks
        self._check(domain)
        self.domain, self.cases = domain or (ANY,) * len(vjps), cases
        self._plain = -1 if variadic else len(vjps)  # as many operands alone need no binding
        self.step: Callable[[Any, float], None] | None = None  # of a quick walk, once it was needed
        self.__name__, self.__module__ = name, _caller()

    def _check(self, domain: tuple[tuple[float, float], ...] | None) -> None:
        """That the columns are what readers of the table take them for."""
        if not isinstance(self.vjps, tuple) or not self.vjps:
            self._refuse(
                f"the rules must be a tuple, one for each operand, got {self.vjps!r}; "
                f"of one operand write (rule,)"
            )
        if self.variadic and len(self.vjps) != 1:
            self._refuse(f"a variadic row has one rule for all operands, got {len(self.vjps)}")
        if not callable(self.array):
            self._refuse(f"a row must say how it computes on arrays, got array = {self.array!r}")
        for rule in self.vjps:
            if rule is not None and not callable(rule):
                self._refuse(f"a rule must be a function, or None, got {rule!r}")
        if domain is not None and len(domain) != len(self.vjps):
            raise ValueError(
                f"{self.name}: the domain must have an interval for each of "
                f"{len(self.vjps)} operands, got {len(domain)}"
            )

    def _refuse(self, problem: str) -> NoReturn:
        raise TypeError(f"{self.name}: {problem}; see help(autograd.Primitive)")

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"

    def __reduce__(self) -> str:
        return self.name  # pickled and copied as the name under which its module holds it

    def rules(self, operands: tuple[Any, ...]) -> tuple[Rule | None, ...]:
        """The VJP rule of each of `operands`."""
        if self.variadic and self.vjps[0] is not None:
            return tuple(partial(self.vjps[0], i) for i in range(len(operands)))
        return self.vjps

    # --- calling ------------------------------------------------------------------------------

    def __call__(self, *operands: Any, **params: Any) -> Any:
        if params or len(operands) != self._plain:
            return self.apply(*self.bind(operands, params))
        return self.apply(operands, self.defaults)

    @cached_property
    def defaults(self) -> Params:
        """The parameters where none are given."""
        return self.prepare(**self.params) if self.prepare else self.params

    def apply(self, operands: tuple[Any, ...], params: Params) -> Any:
        """The call, with its arguments told apart (see `bind`).

        Raw numbers are computed with; what else stands for a number (a node, a symbol) says by its
        method `__primitive__(primitive, operands, params)` what the call comes to.
        """
        elementary = self.scalar is not None
        for operand in operands:
            kind = type(operand)
            if kind is float:
                continue
            if kind is not np.ndarray or operand.dtype not in FLOATS:
                if hasattr(kind, "__primitive__"):
                    return operand.__primitive__(self, operands, params)
                return self._cleaned(operands, params)
            elementary = False
        return self.compute(operands, params, elementary)

    def _cleaned(self, operands: tuple[Any, ...], params: Params) -> Any:
        """The same where lists, or other than Python's and NumPy's floats occur."""
        for operand in operands:
            if hasattr(operand, "__primitive__"):
                return operand.__primitive__(self, operands, params)
        operands = tuple([np.asarray(x) if isinstance(x, np.generic) else x for x in operands])
        cleaned = [constant(x, None, self.name) for x in operands]
        if any(isinstance(x, np.ndarray) and x.dtype == object for x in cleaned):
            return self.on_objects(cleaned, params)
        return self.apply(tuple(cleaned), params)

    def compute(self, data: Sequence[Any], params: Params, elementary: bool) -> Any:
        """The result on floats, by `scalar` (`elementary`), or on arrays."""
        try:
            return (self.scalar if elementary else self.array)(*data, **params)  # type: ignore[misc]
        except (ArithmeticError, ValueError, TypeError, IndexError) as error:
            return self.recover(error, data, params, elementary)

    def recover(
        self, error: Exception, data: Sequence[Any], params: Params, elementary: bool
    ) -> Any:
        """The answer of IEEE 754 where Python's floats raise; the error, by name, on arrays."""
        if elementary and isinstance(error, (ArithmeticError, ValueError)):
            return float(self.array(*map(np.float64, data), **params))
        if elementary or isinstance(error, ArithmeticError):  # as under np.errstate(all="raise")
            raise error
        raise self._named(error, data) from error

    def numbers(self, made: Any, operands: tuple[Any, ...]) -> Any:
        """What a forward made of `operands` in the form in which a node holds it.

        Raises:
            TypeError: it is not one number or array, or not of real numbers.
        """
        if not isinstance(made, (np.ndarray, np.generic, int)):
            raise TypeError(
                f"{self.name}: a forward must make one number or one array, got "
                f"{type(made).__name__}; of several outputs make a row each, or one array"
            )
        made = constant(np.asarray(made) if isinstance(made, np.generic) else made, None, self.name)
        single = self.scalar is not None and all(
            type(getattr(x, "raw", x)) is float for x in operands
        )
        return float(made) if single else np.asarray(made)

    def on_objects(self, operands: Sequence[Any], params: Params) -> Any:
        """The result on object arrays of Values: by elements, or as NumPy moves objects."""
        arrays = [boxed(x) for x in operands]
        if self.scalar is not None:
            return np.frompyfunc(partial(self, **params), len(arrays), 1)(*arrays)
        try:
            return self.objects(*arrays, **params)
        except (ValueError, TypeError, IndexError) as error:
            raise self._named(error, arrays) from error

    def _named(self, error: Exception, data: Sequence[Any]) -> Exception:
        """The error of a forward, naming this primitive and the shapes it was given."""
        shapes = [np.shape(x) for x in data]
        kinds = (np.linalg.LinAlgError, ValueError, IndexError, TypeError)
        kind = next(k for k in kinds if isinstance(error, k))
        got = " and ".join(map(str, shapes))
        if self.diagnosis is not None and (problem := self.diagnosis(*shapes)):
            pass
        elif self.scalar is not None and len(shapes) > 1:
            problem = (
                f"the shapes must broadcast together, got {got}; "
                f"reshape one, or insert an axis with None"
            )
        else:
            problem = f"{error} (operand shape: {got})"
            if "integer" in str(error) or "bitwise" in str(error):
                problem += "; operands are floats: take an index, or a flag, as one of the params"
        return kind(f"{self.name}: {problem}")

    def bind(
        self, operands: tuple[Any, ...], params: Mapping[str, Any]
    ) -> tuple[tuple[Any, ...], Params]:
        """NumPy-style arguments as operands and a full, checked set of parameters."""
        full = {**self.params, **params}
        if len(operands) == self._plain and len(full) == len(self.params):  # the usual case
            return operands, self._prepared(full)
        operands, extra = self._split(operands)
        if len(extra) > len(self.params):
            raise TypeError(
                f"{self.name}: takes {len(self.vjps)} operand(s) and the parameters "
                f"({', '.join(self.params)}), got {len(operands) + len(extra)} arguments"
            )
        given = {**dict(zip(self.params, extra, strict=False)), **params}
        for name in given:
            if name not in self.params:
                raise TypeError(
                    f"{self.name}: no parameter named {name!r}; "
                    f"it has: {', '.join(self.params) or 'none'}"
                )
        full.update(given)
        return operands, self._prepared(full)

    def _prepared(self, params: Params) -> Params:
        if self.prepare is None or not PLAIN.issuperset(map(type, params.values())):
            self._refuse_nodes(params)
        try:
            return self.prepare(**params) if self.prepare else params
        except (TypeError, IndexError):
            self._refuse_nodes(params)  # which says it better
            raise

    def _refuse_nodes(self, params: Params) -> None:
        for name, param in params.items():
            for x in param if isinstance(param, (list, tuple)) else (param,):
                if hasattr(type(x), "__primitive__"):
                    raise TypeError(
                        f"{self.name}: {name} must be raw, got a {type(x).__name__}, to which no "
                        f"gradient would flow; pass its .data"
                    )

    def _split(self, arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """The operands, and what stands behind them."""
        if not self.variadic:
            count = len(self.vjps)
            if len(arguments) < count:
                raise TypeError(f"{self.name}: takes {count} operands, got {len(arguments)}")
            return arguments[:count], arguments[count:]
        extra: tuple[Any, ...] = ()
        if self.params and arguments and isinstance(arguments[0], (list, tuple)):
            arguments, extra = tuple(arguments[0]), arguments[1:]
        if not arguments:
            raise TypeError(f"{self.name}: needs at least one operand, got none")
        return arguments, extra


def primitive(name: str, symbol: str, *columns: Any, **more: Any) -> Primitive:
    """Add a row to the table."""
    TABLE[name] = row = Primitive(name, symbol, *columns, **more)
    return row


def _caller() -> str:
    """The module in which a row is being made."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__") == __name__:
        frame = frame.f_back
    return str(frame.f_globals.get("__name__"))
