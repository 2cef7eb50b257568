"""NumPy's functions on nodes: `np.exp(t)` records `exp`, what is not supported says so by name.

Arguments are bound by NumPy's own signatures, and so mean what they mean there.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, NoReturn

import numpy as np

from autograd.arithmetic.adapters import FUNCTIONS, PLAIN, UFUNCS, Adapter
from autograd.arithmetic.habits import REMEDIES
from autograd.core.node import Node, raw
from autograd.core.primitive import Primitive


def array_ufunc(node: Node, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
    """The method `__array_ufunc__` of nodes: what NumPy asks before it calls a ufunc on one."""
    name = f"np.{ufunc.__name__}"
    if method != "__call__":
        _refuse(f"{name}.{method}", ufunc)
    for option, value in options.items():
        if not _is_default(value, {"where": True, "subok": True}.get(option)):
            _refuse(f"{name}: {option}=", ufunc)
    if ufunc in UFUNCS:
        return UFUNCS[ufunc](*inputs)
    return _plain(ufunc, inputs) if ufunc in PLAIN else _refuse(name, ufunc)


def array_function(
    node: Node, func: Callable[..., Any], types: Any, args: Any, options: dict[str, Any]
) -> Any:
    """The method `__array_function__` of nodes: the same for NumPy's other functions."""
    if func in FUNCTIONS:
        adapter = FUNCTIONS[func]
        positional, named = _bound(func, _parameters(adapter), args, options)
        return adapter(*positional, **named)
    if func in PLAIN:
        return _plain(func, _flat(func, args, options))
    _refuse(_name(func), func)


def _name(func: Callable[..., Any]) -> str:
    inside = ".linalg" if "linalg" in (func.__module__ or "") else ""
    return f"np{inside}.{func.__name__}"


@cache
def _parameters(adapter: Adapter) -> frozenset[str]:
    """The names by which an adapter takes parameters."""
    if isinstance(adapter, Primitive):
        return frozenset(adapter.params)
    return frozenset(inspect.signature(adapter).parameters)


_signature = cache(inspect.signature)
NO_VALUE = _signature(np.sum).parameters["initial"].default  # where NumPy has no default


def _bound(
    func: Callable[..., Any], known: frozenset[str], args: Any, options: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments of parameters without default in their order, and the others by name.

    Raises:
        TypeError: NumPy does not take such arguments; or we do not take one that is none of the
            parameters `known` and differs from its default.
    """
    bound = _signature(func).bind(*args, **options)
    positional: list[Any] = []
    named: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        parameter = bound.signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional += value
        elif parameter.kind is parameter.VAR_KEYWORD:
            named |= value
        elif parameter.default is parameter.empty:
            positional.append(value)
        elif not _is_default(value, parameter.default):
            named[name] = value
    for name in named:
        if name not in known:
            _refuse(f"{_name(func)}: {name}=", func)
    return positional, named


def _is_default(value: Any, default: Any) -> bool:
    if value is default or value is None:
        return value is default or default is NO_VALUE
    return type(value) is type(default) and not isinstance(value, Node) and bool(value == default)


def _flat(func: Callable[..., Any], args: Any, options: dict[str, Any]) -> tuple[Any, ...]:
    """All arguments in the order of the parameters, as a tape remembers them."""
    bound = _signature(func).bind(*args, **options)
    named = {
        n: v
        for n, v in bound.kwargs.items()
        if not _is_default(v, bound.signature.parameters[n].default)
    }
    if named:
        _refuse(f"{_name(func)}: {', '.join(named)}=", func)
    return bound.args


def _plain(func: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    """The result on plain numbers, which leaves the graph: see `Observer.escaped`."""
    result = func(*map(_plainly, args))
    node = [x for x in _elements(args) if isinstance(x, Node)][0]  # noqa: RUF015, no loose end
    if any(node is x for x in args):
        return node.escape(_name(func), result, *args)
    return node.escape("data", result)  # within a list a tape does not find it again


def _plainly(x: Any) -> Any:
    return type(x)(map(_plainly, x)) if type(x) in (list, tuple) else raw(x)


def _elements(args: Any) -> Iterator[Any]:
    for x in args:
        if type(x) in (list, tuple):
            yield from _elements(x)
        else:
            yield x


def _refuse(wanted: str, func: Callable[..., Any]) -> NoReturn:
    remedy = REMEDIES.get(
        func.__name__,
        "compute it by functions that are (see README), or take the plain numbers, x.data",
    )
    raise TypeError(f"{wanted} is not supported on nodes: {remedy}")
