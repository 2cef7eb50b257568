"""What a function closed over when it was recorded, and whether that is still so."""

from __future__ import annotations

import dis
from collections.abc import Callable, Iterator
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from autograd.core.numbers import frozen

NUMBERS = (int, float, complex, str, bytes, np.generic)  # and what else is compared by value
SMALL = 1 << 12  # bytes of an array, up to which it is quickest compared as one string of them
BITS = {4: np.uint32, 8: np.uint64}  # as which NaNs are compared, too, by bytes of a number

KINDS = {
    "LOAD_GLOBAL": "read",
    "LOAD_ATTR": "attributes",
    "LOAD_METHOD": "attributes",
    "STORE_GLOBAL": "assigned",
    "STORE_DEREF": "assigned",
    "STORE_ATTR": "assigned",
}


class Captured:
    """The variables that `function` reads, as they are now: numbers, arrays, and other objects.

    Numbers are compared by value, arrays by content, in tuples too, and of anything else whether it
    is still the same object. Of lists and dicts the arrays are compared, not the numbers: these may
    be a log of what was computed, as are variables that the function itself assigns. Attributes
    that it names are variables, too, and functions of its closure and its module are followed.

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
        self._seen: set[int] = set()
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
        if not isinstance(function, FunctionType) or id(function) in self._seen:
            return
        self._seen.add(id(function))
        names = _names(function.__code__)
        self._attributes(owner, names)
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for name, cell in cells:
            if name not in names.assigned:
                self._follow(self._variable(partial(_content, cell), names))
        known = function.__globals__
        for name in (names.read - names.assigned) & known.keys():
            value = self._variable(partial(known.get, name), names)
            if getattr(value, "__globals__", None) is known:
                self._follow(value)
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._keep(default)

    def _variable(self, now: Callable[[], Any], names: Names) -> Any:
        value = now()
        self._variables.append((now, value))
        self._keep(value)
        self._attributes(value, names)
        return value

    def _attributes(self, owner: Any, names: Names) -> None:
        """Watch those attributes of an object that the code reads; of a module only numbers."""
        if isinstance(owner, (type, FunctionType)) or id(owner) in self._seen:
            return
        self._seen.add(id(owner))
        values = getattr(owner, "__dict__", {})
        for name in (names.attributes - names.assigned) & values.keys():
            if not isinstance(owner, ModuleType) or isinstance(
                values[name], (*NUMBERS, np.ndarray)
            ):
                self._variable(partial(values.get, name), names)

    def _keep(self, value: Any) -> None:
        """Watch the content of the arrays in `value`, which is known to be the same object."""
        for array in _arrays(value):
            copy = frozen(array)
            if copy is not array:  # else nobody can write into it
                self._contents.append(_comparison(array, copy))


class Names(NamedTuple):
    """What code reads, as a variable or an attribute, and what it assigns."""

    read: set[str]
    attributes: set[str]
    assigned: set[str]


def _names(code: CodeType) -> Names:
    names = Names(set(), set(), set())
    codes = [code]
    for code in codes:  # which grows by what is defined inside
        codes += [inner for inner in code.co_consts if isinstance(inner, CodeType)]
        for step in dis.get_instructions(code):
            if step.opname in KINDS:
                getattr(names, KINDS[step.opname]).add(step.argval)
    return names


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
