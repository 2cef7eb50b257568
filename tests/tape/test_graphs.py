"""Any graph that can be recorded is replayed as it was, with its gradients, to second order."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, Value, grad, no_grad, recompute, sum_to, toposort
from autograd.tape import Tape
from autograd.tape.tensor import run as tensors
from autograd.testing.strategies import expressions, networks


def near(a, b, scale=1.0):
    """Equal up to rounding: 1e-13 of the largest of the numbers that go into it."""
    return np.allclose(a, b, rtol=1e-13, atol=1e-13 * scale, equal_nan=True)


def largest(numbers):
    """The scale of the finite ones."""
    size = np.abs(numbers)
    return np.max(size, initial=1.0, where=np.isfinite(size))


@pytest.fixture(params=[None, 24], ids=["whole", "tiles"])
def _tiles(request, monkeypatch):
    """Small arrays are computed at once: have them computed by tiles of a few bytes as well.

    Few rows are computed one by one: have them computed at once.
    """
    monkeypatch.setattr(tensors, "WORTH", 0)
    if request.param:
        monkeypatch.setattr(tensors, "BIG", 16)
        monkeypatch.setattr(tensors, "TILE", request.param)


@pytest.mark.usefixtures("_tiles")
class TestGraphs:
    @given(expressions(dtypes=[float]), st.data())
    def test_any_expression(self, expression, data):
        output, inputs = expression.output, expression.inputs
        tape = Tape(output, inputs)
        for factor in (None, 1.0, data.draw(st.sampled_from([0.5, 0.875, 1.25]))):
            replaced = [factor and factor * x.data for x in inputs]
            value, gradients = tape.value_and_grad(*(replaced if factor else ()))
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")  # elsewhere there may be no finite number
                fresh = {
                    x: type(x)(number if factor else x.data)
                    for x, number in zip(inputs, replaced, strict=True)
                }
                expected = recompute(output, dict(fresh))
                eager = grad(expected, list(fresh.values()))
            assert near(value, expected.data)
            for x, g, e in zip(inputs, gradients, eager, strict=True):
                assert np.shape(g) == x.shape and near(g, e, largest(e))

    @given(expressions(dtypes=[float], smooth=True, max_size=6))
    def test_second_order(self, expression):
        first = grad(expression.output, expression.inputs, create_graph=True)
        total = sum((sum_to(g * g, shape=()) for g in first), Value(0.0))
        inputs = [node for node in toposort(total) if node.op is None]
        value, gradients = Tape(total, inputs).value_and_grad()
        assert near(value, total.data)
        for g, e in zip(gradients, grad(total, inputs), strict=True):
            assert near(g, e, largest(e))

    @given(networks())
    def test_any_network(self, expression):
        inputs = expression.inputs
        value, gradients = Tape(expression.output, inputs).value_and_grad()
        assert near(value, expression.output.data)
        for g, e in zip(gradients, grad(expression.output, inputs), strict=True):
            assert near(g, e, largest(e))

    @given(expressions(dtypes=[float], max_size=6))
    def test_rows_are_replays_one_by_one(self, expression):
        inputs = expression.inputs
        tape = Tape(expression.output, inputs)
        factors = (1.0, 0.5, 1.25)
        rows = [np.stack([f * x.data for f in factors]) for x in inputs]
        values, gradients = tape.value_and_grad(*rows)
        for i in range(len(factors)):
            value, single = tape.value_and_grad(*(row[i] for row in rows))
            assert near(values[i], value)
            for g, s in zip(gradients, single, strict=True):
                assert near(g[i], s, largest(s))


def test_nothing_is_recorded_while_replaying():
    x = Tensor([1.0, 2.0])
    tape = Tape((x * x).sum(), [x])
    with no_grad():
        assert tape.value_and_grad()[0] == 5.0
