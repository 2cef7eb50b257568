"""The replay of a subject's graph: when there is one, and what it gives."""

from __future__ import annotations

from unittest.mock import patch

import numpy as np

import autograd
from autograd import Tensor, Value
from autograd.tape import Tape
from autograd.testing.checker import replay
from autograd.testing.checker.graphs import Function
from autograd.testing.checker.replay import CallReplay, comparable, operations_of, parts, replay_of
from autograd.testing.mutation.sources import functions_in

FUNCTIONS = functions_in(replay)
X = Tensor(np.array([[1.0, -2.0], [0.5, 3.0]]))


def called(f, *inputs):
    function = Function(f, inputs)
    with function.at({}) as call:
        return function, call


def test_graphs_written_down():
    """A graph written down, so that two may be compared."""
    index = (np.array([0, 1]), 1)

    def f(x, constant):
        return (x * constant)[index] + Tensor(np.array([3.0])) * 1.5

    factor = np.array([1.0, 4.0])
    array, (_, call) = comparable(factor), called(f, X, factor)
    assert array == ((2,), np.float64, factor.tobytes()) and comparable(1.5) == 1.5
    picked = comparable(index)
    assert picked == (((2,), index[0].dtype, index[0].tobytes()), 1)
    assert operations_of(call) == [
        (autograd.mul, [], ["inputs[0]", array]),
        (autograd.take, [picked], [(0,)]),
        (autograd.mul, [], [comparable(np.array([3.0])), 1.5]),
        (autograd.add, [], [(1,), (2,)]),
    ]


def test_parts_of_a_result():
    x, y = Value(2.0), Tensor([1.0])
    row, flat = autograd.reshape(x, shape=(-1,)), autograd.reshape(y, shape=(-1,))
    assert parts(autograd.concatenate(row, flat, y)) == [x, y, y]
    assert parts(flat) == [flat] and parts(x) == [x]


def test_outputs_of_replays():
    """The outputs of a replay for several numbers of one input, in order."""

    def values(x, unused, y):
        return [x * y + 1.0, y, x.sin()]

    def tensors(x, unused, y):
        return [(x * y).sum(), x @ x]

    def value(x, unused, y):
        return autograd.to_value((x * y).sum()) if isinstance(x, Tensor) else x * y

    for f, x, others in (
        (values, Value(2.0), [5.0, 6.0]),
        (value, Value(2.0), [5.0, 6.0]),
        (tensors, X, [X.data + 1.0, X.data - 1.0, X.data]),
        (value, X, [X.data + 1.0, X.data - 1.0, X.data]),
    ):
        function, call = called(f, x, Value(1.0), Value(3.0))
        again = CallReplay(call)
        assert [f"inputs[{i}]" in again for i in range(3)] == [True, False, True]
        with patch.object(Tape, "value", autospec=True, side_effect=Tape.value) as runs:
            found = list(again(function.numbers, "inputs[0]", iter(others)))
        assert len(found) == len(others)
        assert runs.call_count == (1 if x is not X else len(others))
        for output, number in zip(found, others, strict=True):
            with function.at({"inputs[0]": number}) as real:
                assert output.shape == real.output.shape
                assert np.array_equal(output, real.output.raw)
        (output,) = again(function.numbers, "inputs[1]", [5.0])
        assert output.shape == call.output.shape and np.array_equal(output, call.output.raw)


def replayed(f, *inputs, **changes):
    """Whether there is a replay, where 6 nodes of Values and 4 of Tensors count as large."""
    function, call = called(f, *inputs)
    moved = {name: 1.5 * number for name, number in function.numbers.items()}
    with patch.multiple(replay, LARGE_SCALAR=6, LARGE=4):
        return replay_of(function, call._replace(**changes), moved) is not None


def chain(n, end=lambda x: x):
    """A graph of n nodes, and those of `end`."""

    def f(x):
        first = x
        for _ in range(n - 1):
            x = x * 0.5
        return end(x) if end.__code__.co_argcount == 1 else end(x, first)

    return f


def reads(x, first):
    float(np.sum(first.data))
    return x


def constant(x, first):
    return (x + first.raw) - first.raw


def leaves_the_domain(x, first):
    if np.sum(first.raw) > 2.5:
        raise ValueError("outside")
    return x


def test_choice_of_replays():
    """What is replayed: large graphs that are the same elsewhere, with no number read."""
    for n, of_values, of_tensors in ((3, False, False), (4, False, True), (6, True, True)):
        assert replayed(chain(n), Value(2.0)) == of_values
        assert replayed(chain(n), X) == of_tensors
    assert not replayed(chain(5), Value(2.0)) and replayed(chain(5), X)
    assert replayed(chain(9), Tensor(np.zeros((0, 2))))
    assert not replayed(chain(9), X, leaves={})
    for end in (reads, constant, leaves_the_domain):
        assert not replayed(chain(9, end), Value(2.0)), end


def test_a_replay_is_as_precise_as_the_function():
    real = np.array([-1000.0, 0.0, 0.5])
    for at, digits in ((0, 1.001e-6), (1, 1e-9), (2, 0.5e-9 + 1e-9)):
        for part, close in ((0.9997, True), (-0.9997, True), (1.0003, False), (-1.0003, False)):
            for wrong in (0, 1):
                error = np.zeros(3)
                error[at] = part * digits
                with patch.object(
                    replay, "CallReplay", Off([error * (wrong == k) for k in (0, 1)])
                ):
                    assert replayed(lambda x: chain(9)(x) * 0.0 + real, Tensor(np.ones(3))) == close
    small = np.array([-0.5, 0.0])
    for digits, close in ((0.4e-12, True), (0.6e-12, False)):
        with patch.object(replay, "CallReplay", Off([np.array([0.0, digits])] * 2)):
            assert replayed(lambda x: chain(9)(x) * 0.0 + small, Tensor(np.ones(2))) == close


class Off:
    """In the place of `CallReplay`: outputs with errors, at one point after the other."""

    def __init__(self, errors):
        self.errors = iter(errors)

    def __call__(self, call):
        def again(numbers, name, others):
            assert [numbers[name]] == others or np.array_equal(numbers[name], others[0])
            yield call.output.raw + next(self.errors)

        return again


def test_the_parts_are_those_that_were_joined_for_it():
    t = Tensor([1.0, 2.0])
    turned = autograd.reshape(t, shape=(2, 1))
    assert replay.parts(turned)[0] is turned
    partly = autograd.concatenate(t, np.ones(2))
    assert replay.parts(partly)[0] is partly
    whole = autograd.concatenate(autograd.reshape(t, shape=-1), autograd.reshape(t, shape=-1))
    assert [x is t for x in replay.parts(whole)] == [True, True]
