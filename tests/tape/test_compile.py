"""`compile` records once for each way through a function, and never replays the wrong one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Tensor, Value, as_values, grad
from autograd.tape import compile, lookup, sample, tap
from autograd.tape.compiling import KEPT
from nets.layers.functional import dropout


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
        x = x * 0.5 if int(x.item()) % 2 == 0 else x * 0.75
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
            return (x * sample(lambda: rng.random(4) < 0.5)).sum()

        compiled = compile(lambda x: dropped(x, compiled_rng))
        x = np.arange(1.0, 5.0)
        for _ in range(5):
            assert compiled(x)[0] == dropped(Tensor(x), eager_rng).data

    def test_the_old_name_of_sample_warns(self):
        with pytest.warns(DeprecationWarning, match=r"autograd\.tape\.draw is now .*\.sample"):
            assert autograd.tape.draw is sample
        with pytest.raises(AttributeError, match="has no attribute 'drew'"):
            _ = autograd.tape.drew

    def test_dropout_is_drawn_afresh(self):
        compiled_rng, eager_rng = np.random.default_rng(0), np.random.default_rng(0)
        compiled = compile(lambda x: dropout(x, 0.5, compiled_rng).sum())
        x = np.arange(1.0, 9.0, dtype=np.float32)
        for _ in range(5):
            value, (gradient,) = compiled(x)
            assert value == dropout(Tensor(x), 0.5, eager_rng).sum().data
            assert set(gradient.tolist()) <= {0.0, 2.0} and gradient.dtype == np.float32

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_dropout_keeps_the_dtype(self, dtype):
        x = np.ones(3, dtype)
        for raw_or_node in (x, Tensor(x)):
            assert dropout(raw_or_node, 0.5, np.random.default_rng(0)).dtype == dtype

    def test_nodes_as_arguments_are_read(self):
        compiled = compile(lambda x, w: (x @ w).sum())
        w = Tensor([1.0, 2.0])
        assert compiled(Tensor([3.0, 4.0]), w)[0] == 11.0
        w.data = [0.0, 1.0]
        value, (gradient, _) = compiled(Tensor([3.0, 4.0]), w)
        assert value == 4.0 and gradient.tolist() == [0.0, 1.0]

    def test_signatures_of_long_ago_are_forgotten(self):
        function, calls = counted(lambda x: (x * x).sum())
        compiled = compile(function)
        for n in [*range(KEPT + 1), KEPT, 0]:
            compiled(np.ones(n))
        assert len(calls) == KEPT + 2

    def test_reading_data_warns(self):
        with pytest.warns(UserWarning, match="read as .data"):
            compile(lambda x: x * x.data)(2.0)

    def test_a_result_that_is_no_node(self):
        with pytest.raises(TypeError, match="must return a Value or a Tensor"):
            compile(lambda x: 3.0)(2.0)


class TestLookup:
    """Indices that a replay reads afresh, in the value and in the gradients."""

    @given(st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=1, max_size=4))
    def test_new_indices_need_no_new_recording(self, batches):
        function, calls = counted(lambda w, i: (lookup(w, i) * lookup(w, i)).sum())
        compiled = compile(function)
        w = np.arange(12.0).reshape(4, 3)
        for batch in batches:
            value, (gradient, _) = compiled(w, np.array(batch, float))
            node = Tensor(w)
            expected = (node[batch] * node[batch]).sum()
            assert value == expected.data
            assert np.array_equal(gradient, grad(expected, node))
        assert len(calls) == 1

    @given(st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=1, max_size=4))
    def test_a_gradient_that_is_only_constants(self, batches):
        """A loss that is linear in what is looked up: all of its gradient depends on the index."""
        compiled = compile(lambda x, i: lookup(x, np.arange(4), i).sum())
        for batch in batches:
            _, (gradient, _) = compiled(np.ones((4, 3)), np.array(batch, float))
            assert np.array_equal(gradient, np.eye(3)[batch])

    def test_a_table_of_raw_numbers(self):
        """It makes no node by itself, and its rows must not be taken for constants."""
        table = np.array([[1.0, 2.0], [3.0, 4.0]])
        compiled = compile(lambda w, i: (lookup(table, i) * w).sum())
        for i in ([0.0, 0.0], [1.0, 0.0]):
            value, (gradient, _) = compiled(np.ones(2), np.array(i))
            rows = table[np.array(i, int)]
            assert value == rows.sum() and np.array_equal(gradient, rows.sum(axis=0))

    @pytest.mark.parametrize("wrong", [[0.0, 4.0], [-1.0, 0.0], [0.5, 0.0], [np.nan, 0.0]])
    def test_what_is_no_index_is_named_at_any_call(self, wrong):
        compiled = compile(lambda w, i: lookup(w, i).sum())
        for good in ([0.0, 1.0], [3.0, 3.0]):
            with pytest.raises(ValueError, match="whole numbers from 0 to 3, got"):
                compiled(np.ones(4), np.array(wrong))
            assert compiled(np.ones(4), np.array(good))[0] == 2.0

    def test_a_number_that_was_computed_is_no_index(self):
        with pytest.raises(TypeError, match=r"an argument of .*, got add"):
            compile(lambda w, i: lookup(w, i + 1).sum())(np.ones(4), np.array([0.0]))
        with pytest.raises(TypeError, match="raw integers, or an argument"):
            lookup(Tensor([1.0]), Tensor([0.0]))

    def test_outside_it_indexes_as_numpy_does(self):
        x = np.arange(6.0).reshape(2, 3)
        assert lookup(x, [1, -1]).tolist() == x[[1, -1]].tolist()
        assert lookup(Tensor(x), [0, 1], [2, 0]).data.tolist() == [2.0, 3.0]


class TestTap:
    """Numbers that are shown to Python code at each replay."""

    def test_each_replay_shows_its_own_numbers(self):
        seen = []

        @compile
        def loss(x):
            tap(x * 2.0, seen.append)
            return (x * x).sum()

        for i in range(3):
            loss(np.full(2, float(i)))
        assert [x.tolist() for x in seen] == [[0.0, 0.0], [2.0, 2.0], [4.0, 4.0]]

    def test_an_array_of_values_keeps_its_shape(self):
        seen = []

        @compile
        def loss(x):
            tap(as_values(np.ones((2, 1))) * x, seen.append)
            return x * x

        loss(3.0), loss(4.0)
        assert [x.tolist() for x in seen] == [[[3.0], [3.0]], [[4.0], [4.0]]]

    def test_a_replay_that_does_not_hold_shows_nothing(self):
        seen = []

        @compile
        def loss(x):
            tap(x, seen.append)
            return x if x > 0 else -x

        for number in (1.0, -2.0, 3.0, -4.0):
            loss(number)
        assert seen == [1.0, -2.0, 3.0, -4.0]

    def test_outside_it_is_a_call(self):
        seen = []
        x = Value(3.0)
        tap(x, seen.append)
        assert seen == [x]

    def test_what_is_shown_may_call_the_function_again(self):
        @compile
        def loss(x):
            tap(x, lambda number: found.append(number) or (number > 0 and loss(number - 1)))
            return x * x

        found = []
        assert loss(3.0) == (9.0, [6.0])
        assert found == [3.0, 2.0, 1.0, 0.0]
