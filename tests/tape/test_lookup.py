"""Looking up Values by Values: an index that changes from one replay to the next."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, Value, as_values, grad
from autograd.tape import compile, lookup

TABLE = np.arange(1.0, 13.0).reshape(4, 3)
ROWS, COLUMNS = st.integers(0, 3), st.integers(0, 2)


@given(st.lists(st.tuples(ROWS, COLUMNS), min_size=1, max_size=5))
def test_one_recording_serves_every_index(places) -> None:
    table, calls = as_values(TABLE), []

    def function(i: Value, j: Value) -> Value:
        calls.append(i)
        row = lookup(table.tolist(), i)
        return (row * row).sum() * lookup(list(row), j)

    compiled = compile(function, wrt=table)
    for i, j in places:
        value, gradients = compiled(float(i), float(j))
        x = Tensor(TABLE)
        wanted = (x[i] * x[i]).sum() * x[i, j]
        assert value == wanted.data
        np.testing.assert_array_equal(gradients, grad(wanted, x))
    assert len(calls) == 1


@given(st.lists(ROWS, min_size=2, max_size=2), st.lists(COLUMNS, min_size=2, max_size=2))
def test_indices_broadcast_as_numpys(rows, columns) -> None:
    values = as_values(TABLE)
    for index, plain in [
        ((rows, columns), (rows, columns)),
        ((as_values(np.array(rows, float)), columns), (rows, columns)),
        ((rows, as_values(np.array(columns, float))), (rows, columns)),
        ((as_values(np.array([rows], float)).T, columns), (np.array([rows]).T, columns)),
        ((as_values(np.array(rows, float)),), (rows,)),
    ]:
        found = lookup(values, *index)
        np.testing.assert_array_equal(np.vectorize(Value.item)(found), TABLE[plain])


@pytest.mark.parametrize("wrong", [4.0, -1.0, 0.5, np.nan, np.inf])
def test_what_is_no_index_is_named_at_any_call(wrong) -> None:
    table = as_values(TABLE)
    compiled = compile(lambda i: lookup(table, i).sum(), wrt=table)
    for good in (0.0, 3.0):
        with pytest.raises(
            ValueError, match=r"into 4 rows must be a whole number from 0, got .*Value"
        ):
            compiled(wrong)
        assert compiled(good)[0] == TABLE[int(good)].sum()
    with pytest.raises(ValueError, match="whole number"):
        lookup(table, Value(wrong))


def test_rows_that_are_not_taken_send_and_get_nothing() -> None:
    rows = [Value(np.inf), Value(2.0), Value(np.nan)]
    found = lookup(rows, Value(1.0))
    assert found.data == 2.0 and grad(found, rows) == [0.0, 1.0, 0.0]
    index = Value(1.0)
    assert grad(lookup(rows, index) + 0 * index, index) == 0.0


def test_too_many_indices_none_and_no_rows() -> None:
    rows = as_values(TABLE)
    with pytest.raises(IndexError, match=r"an index for each axis, got 3 for the shape \(4, 3\)"):
        lookup(rows, 0, 0, 0)
    assert lookup(rows).shape == (4, 3) and lookup(rows)[1, 2] is rows[1, 2]
    with pytest.raises(ValueError, match="into 0 rows must be a whole number"):
        lookup(np.empty((0, 2), object), Value(0.0))
