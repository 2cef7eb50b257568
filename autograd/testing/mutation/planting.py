"""A wrong rule in the table, for a while."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograd import Primitive
from autograd.core.modes import without_shortcuts


@contextmanager
def replaced(primitive: Primitive, **columns: Any) -> Iterator[Primitive]:
    """Within it the row of `primitive` has other `columns`, such as `vjps`; put back afterwards.

    Raises:
        AttributeError: a row has no such column.

    >>> from autograd import Value, mul
    >>> x = Value(3.0)
    >>> with replaced(mul, vjps=(lambda g, out, x, y: -g * y, mul.vjps[1])):
    ...     (x * 2.0).backward()
    >>> x.grad
    -2.0
    """
    before = {name: getattr(primitive, name) for name in columns}
    try:
        for name, column in columns.items():
            setattr(primitive, name, column)
        with without_shortcuts():
            yield primitive
    finally:
        for name, column in before.items():
            setattr(primitive, name, column)
