"""What holds while code runs: whether operations are recorded, and who observes them.

Kept in a `ContextVar`, so that threads and asyncio tasks do not disturb each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from autograd.core.node import Node


class Observer:
    """Is told what happens while it observes; subclasses override what they care about."""

    def created(self, leaf: Node) -> None:
        """`leaf` was just made of raw numbers."""

    def recorded(self, node: Node) -> None:
        """`node` was just recorded as the result of an operation."""

    def stepped(self, step: Any) -> None:
        """A backward pass has just taken a `Step` (see `autograd.graph`)."""

    def escaped(self, node: Node, how: str, result: object, *args: object) -> None:
        """A number left the graph: `how` is 'data', 'float', 'int' or a comparison's symbol."""


class Mode(NamedTuple):
    recording: bool = True
    observers: tuple[Observer, ...] = ()


_mode: ContextVar[Mode] = ContextVar("autograd_mode", default=Mode())  # noqa: B039, a tuple is not mutable
current_mode = _mode.get


@contextmanager
def _switched(**changes: Any) -> Iterator[None]:
    token = _mode.set(current_mode()._replace(**changes))
    try:
        yield
    finally:
        _mode.reset(token)


@contextmanager
def no_grad() -> Iterator[None]:
    """Within it nothing is recorded: results are leaves. A context manager and a decorator.

    >>> from autograd import Value
    >>> a = Value(3.0)
    >>> with no_grad():
    ...     b = a * a
    >>> b.operands
    ()
    """
    with _switched(recording=False):
        yield


@contextmanager
def observing(observer: Observer) -> Iterator[None]:
    """Within it `observer` hears of every node recorded and every number that leaves the graph.

    >>> from autograd import Value
    >>> class Counter(Observer):
    ...     count = 0
    ...
    ...     def recorded(self, node):
    ...         self.count += 1
    >>> counter = Counter()
    >>> with observing(counter):
    ...     _ = Value(3.0) * 2 + 1
    >>> counter.count
    2
    """
    with _switched(observers=(*current_mode().observers, observer)):
        yield
