"""Functions, generators and coroutines whose bodies run within a context manager."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractContextManager
from functools import partial, wraps
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])
Enter = Callable[[], AbstractContextManager[Any]]


def holding(enter: Enter, function: F) -> F:
    """`function`, whose body runs within `enter()`: left at each pause, entered anew afterwards.

    Raises:
        TypeError: `function` is a class, or no function at all.
    """
    if isinstance(function, (staticmethod, classmethod)):
        return type(function)(holding(enter, function.__func__))
    if isinstance(function, type) or not callable(function):
        raise TypeError(
            f"a mode decorates a function, whose body runs within it, got {function!r}; decorate "
            f"its methods, or use the mode in a with statement"
        )
    called: Any = function
    wrapper: Any
    if inspect.isasyncgenfunction(called):

        async def wrapper(*args: Any, **options: Any) -> Any:
            body = called(*args, **options)
            step = body.asend(None)
            while True:
                try:
                    item = await _Resumed(enter, step)
                except StopAsyncIteration:
                    return
                try:
                    step = body.asend((yield item))
                except GeneratorExit:
                    await _Resumed(enter, body.aclose())
                    raise
                except BaseException as error:
                    step = body.athrow(error)

    elif inspect.iscoroutinefunction(called):

        async def wrapper(*args: Any, **options: Any) -> Any:
            return await _Resumed(enter, called(*args, **options))

    elif inspect.isgeneratorfunction(called):

        def wrapper(*args: Any, **options: Any) -> Any:
            return (yield from resumed(enter, called(*args, **options)))

    else:

        def wrapper(*args: Any, **options: Any) -> Any:
            with enter():
                return called(*args, **options)

    held: Any = wraps(called)(wrapper)
    return held


def resumed(enter: Enter, body: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    """The generator `body`, each step of which runs within `enter()`."""
    step = partial(body.send, None)
    while True:
        try:
            with enter():
                item = step()
        except StopIteration as stop:
            return stop.value
        try:
            step = partial(body.send, (yield item))
        except GeneratorExit:
            with enter():
                body.close()
            raise
        except BaseException as error:
            step = partial(body.throw, error)


class _Resumed:
    def __init__(self, enter: Enter, awaited: Awaitable[Any]) -> None:
        self.enter, self.awaited = enter, awaited

    def __await__(self) -> Generator[Any, Any, Any]:
        return resumed(self.enter, self.awaited.__await__())
