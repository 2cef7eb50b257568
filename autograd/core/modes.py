"""What holds while code runs: whether operations are recorded, and who observes them.

Modes lie in a `ContextVar`: threads and tasks have their own. A generator has not: what it enters
holds in its caller's code too while it waits at a `yield`. Decorate the generator instead, or leave
the mode before each `yield`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import update_wrapper
from typing import Any, ParamSpec, Protocol, TypeVar, overload

from autograd.core.node import EVERYDAY, MODE, Mode, Observer, current_mode
from autograd.core.resuming import holding

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
LOUD = ("created", "recorded", "stepped")  # what happens too often to be told for nothing


class Held(AbstractContextManager[T]):
    """A context manager that is a decorator, too: it then holds wherever the body runs.

    So it does in generators, coroutines and asynchronous generators: from each time they are
    resumed to the next pause, and in none of their callers' code.
    """

    def again(self) -> AbstractContextManager[T]:
        """What to enter anew each time."""
        return self

    def __call__(self, function: F) -> F:
        return holding(self.again, function)


class Switch(Held[None]):
    """While it is entered, `change` of the mode before holds; `name` is how messages call it."""

    def __init__(self, name: str, change: Callable[[Mode], Mode]) -> None:
        self.name, self.change = name, change
        self._left_before = 0  # times that it was left together with what it had been entered in

    def __enter__(self) -> None:
        outer = current_mode()
        MODE.set(self.change(outer)._replace(by=self, outer=outer))

    def __exit__(self, *exception: object) -> None:
        inner: list[Switch] = []
        mode = current_mode()
        while mode.by is not self and mode.outer is not None:
            inner.append(mode.by)
            mode = mode.outer
        if mode.outer is None:
            if not self._left_before:
                raise RuntimeError(
                    f"{self.name} is left where it was not entered: a mode is left once, in the "
                    f"thread or task that entered it"
                )
            self._left_before -= 1
            return
        MODE.set(mode.outer)
        if inner:
            for switch in inner:
                switch._left_before += 1
            names = ", ".join(switch.name for switch in inner)
            raise RuntimeError(
                f"modes must be left in the opposite order of entering them, but {self.name} is "
                f"left before {names}, which was entered later; all of them are left now. A "
                f"generator that waits within a mode does this: decorate it instead"
            )


class _Generated(Held[T]):
    def __init__(self, make: Callable[[], AbstractContextManager[T]]) -> None:
        self.make = make

    def again(self) -> AbstractContextManager[T]:
        return self.make()

    def __enter__(self) -> T:
        self._entered = self.make()
        return self._entered.__enter__()

    def __exit__(self, *exception: Any) -> bool | None:
        return self._entered.__exit__(*exception)


def held(function: Callable[P, Iterator[T]]) -> Callable[P, Held[T]]:
    """As `contextlib.contextmanager`, of what can decorate generators and coroutines as well."""
    manager = contextmanager(function)

    def make(*args: P.args, **options: P.kwargs) -> Held[T]:
        return _Generated(lambda: manager(*args, **options))

    return update_wrapper(make, function)


class Bare(Protocol[T]):
    """A mode without arguments: `with mode():`, `@mode()`, or `@mode`."""

    @overload
    def __call__(self) -> Held[T]: ...
    @overload
    def __call__(self, function: F, /) -> F: ...


def bare(make: Callable[[], Held[T]]) -> Bare[T]:
    """A mode without arguments, which decorates with and without brackets."""

    def either(function: Any = None) -> Any:
        return make() if function is None else make()(function)

    found: Any = update_wrapper(either, make)
    return found


@bare
def no_grad() -> Held[None]:
    """Within it nothing is recorded: results are leaves. A context manager and a decorator.

    As a decorator, `@no_grad` or `@no_grad()`, it holds in the body of a function, a generator, a
    coroutine or a method. In a generator decorate: `with no_grad(): yield x` would hold in the code
    of whoever runs the generator, until that goes on.

    Raises:
        RuntimeError: it is left in another order than that in which modes were entered.
        TypeError: it decorates a class, or anything else than a function.

    >>> from autograd import Value
    >>> a = Value(3.0)
    >>> with no_grad():
    ...     b = a * a
    >>> b.operands
    ()
    >>> @no_grad
    ... def square(x):
    ...     return x * x
    >>> square(a).operands
    ()
    """
    return Switch("no_grad()", lambda mode: mode._replace(recording=False, quiet=False))


def observing(observer: Observer) -> Held[None]:
    """Within it `observer` hears of every node recorded and every number that leaves the graph.

    A context manager and a decorator, as `no_grad` is.

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
    deaf = all(getattr(type(observer), x) is getattr(Observer, x) for x in LOUD)

    def joined(mode: Mode) -> Mode:
        quiet = deaf and (mode is EVERYDAY or mode.quiet)
        return mode._replace(observers=(*mode.observers, observer), quiet=quiet)

    return Switch(f"observing({type(observer).__name__})", joined)


def differentiating_once() -> Held[None]:
    """Within it gradients are recorded to be computed again, but not to be differentiated."""
    return Switch(
        "differentiating_once()",
        lambda mode: mode._replace(once=True, quiet=mode is EVERYDAY or mode.quiet),
    )


def without_shortcuts() -> Held:
    """Within it nothing goes the quick way of single numbers (see `autograd.arithmetic.quick`).

    For whoever changes a rule of the table, or the engine, for a while.
    """
    return Switch("without_shortcuts()", lambda mode: mode._replace(quiet=False))
