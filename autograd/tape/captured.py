"""What a function closed over when it was recorded, and whether that is still so."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

from autograd.core.numbers import frozen

NUMBERS = (int, float, complex, str, bytes, np.generic)  # and what else is compared by value
SMALL = 1 << 12  # bytes of an array, up to which it is quickest compared as one string of them
BITS = {4: np.uint32, 8: np.uint64}  # as which NaNs are compared, too, by bytes of a number

READ = {"LOAD_GLOBAL", "LOAD_NAME"}
ATTRIBUTE = {"LOAD_ATTR", "LOAD_METHOD"}
ASSIGNED = {"STORE_GLOBAL", "STORE_DEREF"}


class Captured:
    """The variables that `function` reads, as they are now: numbers, arrays, and other objects.

    Numbers are compared by value, arrays by content, in tuples too, and of anything else whether it
    is still the same object. Of lists and dicts the arrays are compared, not the numbers: these may
    be a log of what was computed, as are variables that the function itself assigns. Attributes
    count where they are those of a method's object, and functions of the same module are followed.

    >>> rate = 0.5
    >>> captured = Captured(lambda x: rate * x)
    >>> captured.hold()
    True
    >>> rate = 0.25
    >>> captured.hold()
    False
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self._variables: list[tuple[Callable[[], Any], Any]] = []
        self._contents: list[Callable[[], bool]] = []
        self._functions: set[FunctionType] = set()
        self._follow(function)

    def hold(self) -> bool:
        """Whether everything is as it was."""
        for now, before in self._variables:
            found = now()
            if found is not before and not _same(found, before):
                return False
        return all(holds() for holds in self._contents)

    def _follow(self, function: Any) -> None:
        while isinstance(function, partial):
            for argument in (*function.args, *function.keywords.values()):
                self._keep(argument)
            function = function.func
        owner = None
        if isinstance(function, MethodType):
            owner, function = function.__self__, function.__func__
        elif not isinstance(function, FunctionType):
            owner, function = function, vars(type(function)).get("__call__")
        if not isinstance(function, FunctionType) or function in self._functions:
            return
        self._functions.add(function)
        names = _names(function.__code__)
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            if name not in names["assigned"]:
                self._variable(partial(_content, cell), function)
        for name in names["read"] - names["assigned"]:
            if name in function.__globals__:
                self._variable(partial(function.__globals__.get, name), function)
        for name in names["attributes"] & getattr(owner, "__dict__", {}).keys():
            self._variable(partial(vars(owner).get, name), function)
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._keep(default)

    def _variable(self, now: Callable[[], Any], reader: FunctionType) -> None:
        value = now()
        self._variables.append((now, value))
        self._keep(value)
        if isinstance(value, FunctionType) and value.__globals__ is reader.__globals__:
            self._follow(value)

    def _keep(self, value: Any) -> None:
        """Watch the content of the arrays in `value`, which is known to be the same object."""
        for array in _arrays(value):
            copy = frozen(array)
            if copy is not array:  # else nobody can write into it
                self._contents.append(_comparison(array, copy))


def _names(code: CodeType) -> dict[str, set[str]]:
    """The names of what is read, as a variable or an attribute, and assigned in here."""
    found: dict[str, set[str]] = {"read": set(), "attributes": set(), "assigned": set()}
    kinds = {"read": READ, "attributes": ATTRIBUTE, "assigned": ASSIGNED}
    codes = [code]
    for code in codes:  # which grows by what is defined inside
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
        for step in dis.get_instructions(code):
            for kind, names in found.items():
                if step.opname in kinds[kind]:
                    names.add(step.argval)
    return found


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # a variable that has no value yet
        return None


def _arrays(value: Any) -> Iterator[np.ndarray]:
    if isinstance(value, np.ndarray):
        if value.dtype.kind in "biufc":
            yield value
    elif isinstance(value, dict):
        yield from _arrays(list(value.values()))
    elif isinstance(value, (list, tuple)):
        for element in value:
            yield from _arrays(element)


def _same(now: Any, before: Any) -> bool:
    if type(now) is not type(before):
        return False
    if isinstance(now, NUMBERS):
        return bool(now == before or (now != now and before != before))
    if isinstance(now, tuple):
        return len(now) == len(before) and all(map(_same, now, before))
    return now is before


def _comparison(array: np.ndarray, copy: np.ndarray) -> Callable[[], bool]:
    """Whether `array` is to the bit what `copy` was made of."""
    bits = BITS.get(array.itemsize)
    if array.nbytes <= SMALL or bits is None:
        content = copy.tobytes()
        return lambda: array.tobytes() == content
    now, before = np.asarray(array).view(bits), copy.view(bits)
    return lambda: bool((now == before).all())
