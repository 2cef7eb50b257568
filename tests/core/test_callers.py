"""Warnings name the line of the user's program, however deep they are noticed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest

import autograd
import nets
from autograd import Tensor, Value, grad, hessian
from autograd.core import callers
from autograd.tape import Tape


def nan_gradient() -> Any:
    """∞ − ∞ in the slope, at a finite output."""
    x = Value(0.0)
    return autograd.sqrt(x) - autograd.sqrt(x), x


CALLS: list[Callable[[], Any]] = [
    lambda: grad(*nan_gradient()),
    lambda: nan_gradient()[0].backward(),
    lambda: grad(*nan_gradient(), create_graph=True),
    lambda: hessian(autograd.relu(x := Value(0.0)) ** 2, x),
    lambda: hessian(autograd.relu(x := Tensor([0.0, 1.0])).sum(), [x]),
    lambda: hessian((y := Value(0.0)) * autograd.sqrt(x := Value(0.0)), [x, y]),
    lambda: Tape(*(lambda out, x: (out, [x]))(*nan_gradient())).value_and_grad(),
]


@pytest.mark.parametrize("call", CALLS)
def test_a_nan_is_warned_of_in_the_users_line(call: Callable[[], Any]) -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        call()
    assert heard
    for warning in heard:
        assert issubclass(warning.category, RuntimeWarning)
        assert warning.filename == __file__


def test_nets_is_none_of_the_users_code() -> None:
    space: dict[str, Any] = {}
    exec(compile("def run(call): return call()", nets.__file__, "exec"), space)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        space["run"](partial(grad, *nan_gradient()))
    assert [w.filename for w in heard] == [__file__]


def test_at_a_kink_it_is_said_what_to_do() -> None:
    x = Value(0.0)
    with pytest.warns(RuntimeWarning, match="chosen at a kink.*only away from it"):
        assert np.isnan(hessian(abs(x) * x, x))


def test_where_the_library_runs_by_itself_its_own_line_is_named(monkeypatch) -> None:
    monkeypatch.setattr(callers, "_NOT_THE_USERS", ("",))
    assert callers.users_frame() is None
    with pytest.warns(UserWarning, match="as it is") as heard:
        callers.warn("as it is")
    assert heard[0].filename == __file__


def test_a_line_is_warned_of_once_by_default() -> None:
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("default")
        for _ in range(3):
            callers.warn("said once for each line")
    assert len(heard) == 1
