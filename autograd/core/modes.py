"""What holds while code runs: whether operations are recorded, and who observes them."""

from collections.abc import Iterator
from contextlib import contextmanager

from autograd.core.node import MODE, Mode, Observer, current_mode


@contextmanager
def _switched(mode: Mode) -> Iterator[None]:
    token = MODE.set(mode)
    try:
        yield
    finally:
        MODE.reset(token)


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
    with _switched(current_mode()._replace(recording=False)):
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
    mode = current_mode()
    with _switched(mode._replace(observers=(*mode.observers, observer))):
        yield


@contextmanager
def without_shortcuts() -> Iterator[None]:
    """Within it nothing goes the quick way of single numbers (see `autograd.arithmetic.quick`).

    For whoever changes a rule of the table, or the engine, for a while.
    """
    with _switched(Mode(*current_mode())):  # equal, but not the same object
        yield
