"""What is steady: it does the same at each step, and nothing but compute.

A step of steady code can be recorded once and replayed (see `nets.fit`). Steady is what says so of
itself: a function by the decorator here, or by `function.steady = True`, a module by `steady =
True` in the body of its class. The engine's own functions and NumPy's ufuncs are, by their nature.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, TypeVar

import numpy as np

import autograd
from nets.layers.module import Module

Function = TypeVar("Function", bound=Callable[..., Any])


def steady(function: Function) -> Function:
    """Declare that `function` only computes.

    >>> @steady
    ... def halved(x):
    ...     return autograd.mul(x, 0.5)
    >>> from nets import Tanh
    >>> is_steady(Tanh(), halved), is_steady(Tanh(), lambda x: x)
    (True, False)
    """
    vars(function)["steady"] = True
    return function


def is_steady(model: Module, loss: Callable[..., object]) -> bool:
    """Whether all modules of `model`, the functions that they are set to call, and `loss` are."""
    modules = [module for _, module in model.named_modules()]
    settings = flattened(vars(module).values() for module in modules)
    functions = (x for x in settings if callable(x) and not isinstance(x, Module))
    return all(type(module).steady for module in modules) and all(
        map(_only_computes, (loss, *functions))
    )


def flattened(groups: Iterable[Iterable[object]]) -> Iterator[object]:
    """The values of all groups, and the elements of those that are lists."""
    for group in groups:
        for value in group:
            yield value
            if isinstance(value, (list, tuple)):
                yield from value


def _only_computes(function: object) -> bool:
    if isinstance(function, partial):
        return _only_computes(function.func)
    return (
        isinstance(function, (autograd.Primitive, np.ufunc))
        or _is_of_the_engine(function)
        or bool(getattr(function, "steady", False))
    )


def _is_of_the_engine(function: object) -> bool:
    """Whether it is a function of `autograd`, such as a composite, or a method of its nodes."""
    name = getattr(function, "__name__", "")
    places = (autograd, autograd.Tensor, autograd.Value)
    return any(getattr(place, name, None) is function for place in places)
