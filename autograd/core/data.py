"""`Data`: what a Tensor's `.data` gives, an array of your own that the Tensor hears writes into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from weakref import ref

import numpy as np
from numpy.typing import NDArray


class Holder(Protocol):
    """A node, as its data knows it."""

    raw: Any

    def rebind(self, data: Any) -> None: ...


class Data(np.ndarray):
    """A copy of a node's numbers; what is written into it becomes the node's new data.

    Items (`p.data[0] = 9`, and those of a part, `p.data[0][1] = 9`), operators in place, `fill`,
    `sort`, `partition` and `put` write. It is read-only for all else, so that NumPy refuses what
    the node would not hear of. What is computed from it, and every attribute, is a plain array.
    """

    __slots__ = ("_node", "_own", "_raw")
    __array_priority__ = -1e6  # that of numbers: NumPy makes no such array of several

    _node: ref[Holder]
    _raw: Any  # the node's data of which this is a copy
    _own: NDArray[Any]  # the copy: the same memory, writeable

    @classmethod
    def of(cls, node: Holder) -> Data:
        """A copy of the node's data."""
        own = node.raw.copy()
        data = own.view(cls)
        protect(data, False)
        data._node, data._raw, data._own = ref(node), node.raw, own
        return data

    def is_data_of(self, node: Holder) -> bool:
        """Whether these are all the numbers that `node` has now."""
        return type(self.base) is not Data and self._raw is node.raw

    def __getitem__(self, index: Any) -> Any:
        part = super().__getitem__(index)
        return _plain(part) if type(part) is Data and type(part.base) is not Data else part

    def __array_wrap__(self, array: Any, context: Any = None, return_scalar: bool = False) -> Any:
        return array[()] if return_scalar else _plain(array)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Any) -> Any:
        return function(*_plainly(args), **_plainly(options))

    def __repr__(self) -> str:
        return repr(_plain(self))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _plain(self).__reduce_ex__(protocol)

    def __copy__(self) -> Any:
        return np.array(self)

    def __deepcopy__(self, memo: dict[int, Any] | None) -> Any:
        return np.array(self)


_plain: Callable[[Any], NDArray[Any]] = np.asarray
protect: Callable[..., None] = np.ndarray.setflags  # (array, whether it may be written)


def _plainly(arguments: Any) -> Any:
    """The arguments of a function, with plain arrays, which are read-only, for data."""
    if isinstance(arguments, Data):
        return _plain(arguments)
    if isinstance(arguments, Mapping):
        return {name: _plainly(x) for name, x in arguments.items()}
    if type(arguments) in (list, tuple):
        return type(arguments)(map(_plainly, arguments))
    return arguments


def _reading(name: str) -> property:
    """An attribute, or a method, of the numbers as a plain array."""
    return property(lambda self: getattr(_plain(self), name))


def _writing(name: str) -> Callable[..., Any]:
    """A method of arrays that writes into them."""
    function = getattr(np.ndarray, name)

    def method(self: Data, *args: Any, **options: Any) -> Any:
        base: Any = self.base
        whole = base if type(base) is Data else self
        node = whole._node()
        if node is None or whole._raw is not node.raw:
            raise ValueError(
                f"{name} would write into numbers that are no node's any more: it was assigned "
                f"other data since, or is gone; take its .data anew, or a copy with np.array(...)"
            )
        if whole is self:
            target = whole._own
        else:
            target = _plain(self)
            protect(target, True)
        try:
            result = function(target, *args, **options)
            node.rebind(whole._own.copy())
        except BaseException:
            whole._own[...] = whole._raw
            raise
        whole._raw = node.raw
        return result if result is None or result is NotImplemented else self

    method.__name__, method.__doc__ = name, f"As `numpy.ndarray.{name}`; the node hears of it."
    return method


IN_PLACE = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul")
WRITING = ("__setitem__", "fill", "sort", "partition", "put", *(f"__i{x}__" for x in IN_PLACE))

for _name in dir(np.ndarray):
    if not _name.startswith("__") and _name != "base":
        setattr(Data, _name, _reading(_name))
for _name in WRITING:
    setattr(Data, _name, _writing(_name))
