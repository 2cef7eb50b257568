"""`compile` records once for each way through a function, and never replays the wrong one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import Tensor, Value, grad
from autograd.tape import compile, draw
from nets.functional import dropout


def counted(function):
    """`function`, and a list that grows by one at each call."""
    calls: list[int] = []

    def counting(*arguments):
        calls.append(1)
        return function(*arguments)

    return counting, calls


def collatz(x):
    """A loop whose length depends on numbers."""
    while x > 1:
        x = x * 0.5 if int(x) % 2 == 0 else x * 0.75
    return x * x


class TestCompile:
    def test_records_once_for_a_signature(self):
        function, calls = counted(lambda x, w: ((x @ w) * (x @ w)).sum())
        compiled = compile(function)
        rng = np.random.default_rng(0)
        for shape in ((5, 3), (5, 3), (4, 3), (5, 3)):
            x, w = Tensor(rng.normal(size=shape)), Tensor(rng.normal(size=(3, 2)))
            value, gradients = compiled(x.data, w.data)
            expected = ((x @ w) * (x @ w)).sum()
            assert value == expected.data
            for g, e in zip(gradients, grad(expected, [x, w]), strict=True):
                assert np.array_equal(g, e)
        assert len(calls) == 2

    @given(st.lists(st.floats(0.1, 50.0), min_size=1, max_size=12))
    def test_a_flipped_branch_is_recorded_anew(self, numbers):
        compiled = compile(collatz)
        for number in numbers:
            x = Value(number)
            expected = collatz(x)
            value, (gradient,) = compiled(number)
            assert value == expected.data and gradient == grad(expected, x)

    def test_alternating_branches_are_both_kept(self):
        function, calls = counted(lambda x: x.relu() if x > 0 else x * x)
        compiled = compile(function)
        for number in (1.0, -2.0, 3.0, -4.0):
            assert compiled(number)[0] == (number if number > 0 else number * number)
        assert len(calls) == 2

    def test_a_decorator_for_parameters(self):
        w = Tensor([1.0, 2.0])

        @compile(wrt=[w])
        def loss(x):
            """A docstring."""
            return ((x @ w) - 1.0).square().sum()

        assert loss.__doc__ == "A docstring."
        x = np.array([[1.0, 2.0], [0.5, 0.0], [2.0, 1.0]])
        for _ in range(3):
            value, (gradient,) = loss(x)
            expected = ((Tensor(x) @ w) - 1.0).square().sum()
            assert value == expected.data and np.array_equal(gradient, grad(expected, w))
            w.data = w.data - 0.1 * gradient

    def test_arguments_that_are_no_floats_are_structure(self):
        compiled = compile(lambda x, n, index: (x[index] ** n).sum())
        x = np.array([1.0, 2.0, 3.0])
        assert compiled(x, 2, np.array([0, 1]))[0] == 5.0
        assert compiled(x, 3, np.array([0, 1]))[0] == 9.0
        value, (gradient,) = compiled(x, 2, np.array([2, 2]))
        assert value == 18.0 and gradient.tolist() == [0.0, 0.0, 12.0]

    def test_an_argument_that_does_not_matter_has_gradient_zero(self):
        assert compile(lambda x, y: x * 2.0)(3.0, 4.0) == (6.0, [2.0, 0.0])

    def test_what_is_drawn_is_drawn_afresh(self):
        compiled_rng, eager_rng = np.random.default_rng(0), np.random.default_rng(0)

        def dropped(x, rng):
            return (x * draw(lambda: rng.random(4) < 0.5)).sum()

        compiled = compile(lambda x: dropped(x, compiled_rng))
        x = np.arange(1.0, 5.0)
        for _ in range(5):
            assert compiled(x)[0] == dropped(Tensor(x), eager_rng).data

    def test_dropout_is_drawn_afresh(self):
        compiled_rng, eager_rng = np.random.default_rng(0), np.random.default_rng(0)
        compiled = compile(lambda x: dropout(x, 0.5, compiled_rng).sum())
        x = np.arange(1.0, 9.0, dtype=np.float32)
        for _ in range(5):
            value, (gradient,) = compiled(x)
            assert value == dropout(Tensor(x), 0.5, eager_rng).sum().data
            assert set(gradient.tolist()) <= {0.0, 2.0} and gradient.dtype == np.float32

    def test_reading_data_warns(self):
        with pytest.warns(UserWarning, match="read as .data"):
            compile(lambda x: x * x.data)(2.0)

    def test_a_result_that_is_no_node(self):
        with pytest.raises(TypeError, match="must return a Value or a Tensor"):
            compile(lambda x: 3.0)(2.0)
