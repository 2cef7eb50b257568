"""`assign`: new data for many Values, or for none."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import StaleGraphError, Tensor, Value, assign
from autograd.tape import Tape, compile


def test_it_is_as_if_each_had_been_assigned() -> None:
    values = [Value(1.0), Value(2.0), Value(3.0)]
    out = values[0] * values[1] + values[2]
    assign(values, [4, 5, 6])
    assert [(v.data, type(v.data)) for v in values] == [(4.0, float), (5.0, float), (6.0, float)]
    with pytest.raises(StaleGraphError):
        out.backward()
    tape = Tape(values[0] * values[1] + values[2], values)  # which tells leaves by their index
    assert tape.value_and_grad() == (26.0, [5.0, 4.0, 1.0])
    assign(values, np.array([1.0, 2.0, 3.0], np.float32))
    assert tape.value_and_grad() == (5.0, [2.0, 1.0, 1.0])
    assign([], [])


@pytest.mark.parametrize(
    ("change", "numbers", "error", "match"),
    [
        (lambda v: v, [1.0], ValueError, r"each of the 2 Values, got shape \(1,\)"),
        (lambda v: v, 3.0, ValueError, r"got shape \(\)"),
        (lambda v: v, [[1.0], [2.0]], ValueError, r"got shape \(2, 1\)"),
        (lambda v: v, [1.0, "a"], TypeError, "assign"),
        (lambda v: [v[0], v[1] + 1], [1.0, 2.0], ValueError, "result of add"),
        (lambda v: [v[0], Tensor(1.0)], [1.0, 2.0], TypeError, "moves Values, got Tensor"),
        (lambda v: [v[0], 1.0], [1.0, 2.0], TypeError, "moves Values, got float"),
    ],
)
def test_what_is_wrong_changes_nothing(change, numbers, error, match) -> None:
    values = [Value(5.0), Value(6.0)]
    with pytest.raises(error, match=match):
        assign(change(values), numbers)
    assert [v.data for v in values] == [5.0, 6.0]


def test_gradients_of_an_array_of_values_are_one_array() -> None:
    w = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    both = compile(lambda x: x * (w * w).sum(), wrt=w)
    value, gradients = both(0.5)
    assert value == 15.0 and type(value) is float
    np.testing.assert_array_equal(gradients, [[1.0, 2.0], [3.0, 4.0]])
    gradients[...] = 0.0  # the user's own
    np.testing.assert_array_equal(both(1.0)[1], [[2.0, 4.0], [6.0, 8.0]])
    with pytest.raises(TypeError, match="must hold Values, got float; give Tensors in a list"):
        compile(lambda x: x, wrt=np.array([Value(1.0), 2.0]))
    mixed = compile(lambda x: (Tensor([1.0, 2.0]) * w[0, 0]).sum() * x, wrt=w[:1, :1])
    np.testing.assert_array_equal(mixed(2.0)[1], [[6.0]])


def test_a_settled_gradient_is_one_array_too() -> None:
    from autograd import where

    w = np.array([Value(0.0), Value(4.0)])
    root = compile(lambda on: sum(where(x, x.sqrt(), 0.0) for x in w) * on, wrt=w)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(root(1.0)[1], [0.0, 0.25])
