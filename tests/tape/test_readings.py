"""A replay's readings of the table: each has an entry for every row, and it is right."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import TABLE, Primitive
from autograd.tape.inplace import INTO, Way, into, may_overwrite, way_of
from autograd.tape.rows import IN_ROWS
from autograd.tape.tensor.lines import READINGS

CASES = [
    (name, shapes, params)
    for name, op in TABLE.items()
    for shapes, params in op.cases
    or [(((3, 4),) * len(op.vjps), {}), (((3, 1), (2, 1, 4), (4,), (3, 4))[: len(op.vjps)], {})]
]
EXTREMES = ("maximum", "minimum")
CASES += [(name, shapes, {}) for name in EXTREMES for shapes in (((3,), (2, 3), (2, 1)), ((3,),))]


@pytest.mark.parametrize("reading", [INTO, IN_ROWS, READINGS], ids=["in place", "in rows", "lines"])
def test_a_reading_has_every_row(reading):
    assert [name for name in TABLE if name not in reading] == []
    assert [name for name in reading if name not in TABLE] == []


def test_what_may_be_a_view_is_had_as_one():
    assert [name for name, op in TABLE.items() if op.view and READINGS[name].view is None] == []


def numbers(op, shapes, dtype, seed=0):
    rng = np.random.default_rng(seed)
    intervals = (op.domain * len(shapes))[: len(shapes)]
    return [
        rng.uniform(*interval, size=shape).astype(dtype)
        for interval, shape in zip(intervals, shapes, strict=True)
    ]


class TestInPlace:
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize(("name", "shapes", "params"), CASES, ids=str)
    def test_a_buffer_gets_what_the_row_returns(self, name, shapes, params, dtype):
        op = TABLE[name]
        params = op.prepare(**{**op.params, **params}) if op.prepare else {**op.params, **params}
        operands = numbers(op, shapes, dtype)
        expected = op.array(*operands, **params)
        out = np.full(np.shape(expected), np.nan, dtype)
        into(op, params)(*operands, out)
        assert np.array_equal(out, np.asarray(expected))

    @pytest.mark.parametrize("name", [n for n, op in TABLE.items() if may_overwrite(op)])
    def test_the_buffer_may_be_an_operand(self, name):
        op = TABLE[name]
        params = {"lo": -0.5, "hi": 0.5} if name == "clip" else dict(op.params)
        operands = numbers(op, [(5,)] * len(op.vjps), np.float64)
        expected = op.array(*operands, **params)
        for i in range(len(operands)):
            given = [x.copy() for x in operands]
            into(op, params)(*given, given[i])
            assert np.array_equal(given[i], expected)

    def test_a_primitive_of_one_s_own(self):
        rule = (lambda g, out, x: g,)
        sinh = Primitive("relu", "sinh", np.sinh, np.sinh, rule, "Has a row's name.")
        double = Primitive("double", "d", None, lambda x: x + x, rule, "2 x.")
        assert (way_of(sinh), way_of(double)) == (Way.OWN, Way.COPIED)
        out = np.empty(2)
        for op, expected in ((sinh, np.sinh([1.0, 2.0])), (double, [2.0, 4.0])):
            into(op, {})(np.array([1.0, 2.0]), out)
            assert np.array_equal(out, expected)
