"""When a checked function is replayed from a tape, and when it has to be called again."""

from __future__ import annotations

import itertools
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import pytest

import autograd
import nets
from autograd import Primitive, Tensor, Value, no_grad
from autograd.testing import Verdict, examine
from autograd.testing.checker import probe, replay
from autograd.testing.checker.graphs import Function, Gradient
from autograd.testing.checker.probe import Probe
from autograd.testing.checker.subject import nearby, quiet

RNG = np.random.default_rng(3)
VALUES = Value(0.7), Value(-1.2)
TENSOR = (Tensor(RNG.normal(size=(2, 3))),)


def replayed(subject):
    """The replay that a probe would use, or None."""
    with quiet(), subject.at({}) as call:
        return Probe(subject, call, np.ones(call.output.shape), 1, 1e-6).line


def long(x, y):
    """More than 200 operations on Values."""
    for _ in range(60):
        x = x + 0.01 * (x * y).sin()
    return x


def layers(x):
    """More than 10 operations on a Tensor."""
    for _ in range(4):
        x = (x @ np.eye(3) + 0.3).tanh() - 0.1 * x
    return x


def test_large_graphs_are_replayed_and_give_what_the_function_gives():
    for f, inputs in ((long, VALUES), (layers, TENSOR)):
        function = Function(f, inputs)
        for subject in (function, Gradient(function, 0.5 if f is long else np.ones((2, 3)))):
            found = replayed(subject)
            name = "inputs[0]"
            assert name in found
            others = [subject.numbers[name] * factor for factor in (1.1, 0.9)]
            for number, output in zip(others, found(subject.numbers, name, others), strict=True):
                with subject.at({name: number}) as call:
                    assert np.allclose(output, call.output.raw, rtol=1e-12)
                    assert output.shape == call.output.shape


def test_several_values_in_a_row_are_replayed_as_values():
    def f(x, y):
        return [long(x, y), (long(y, x), y)]

    found = replayed(Function(f, VALUES))
    assert found.scalar and found.shape == (3,)


@pytest.mark.parametrize("f", [lambda x, y: x * y, lambda x, y: x])
def test_small_graphs_are_not(f):
    assert replayed(Function(f, VALUES)) is None


COUNTER = itertools.count(1.0)
BEYOND_THE_GRAPH = {
    "data": lambda x, y: long(x * x.data, y),
    "item": lambda x, y: long(x * x.item(), y),
    "comparison": lambda x, y: long(x, y) if x > 0 else long(y, x),
    "detached": lambda x, y: long(x * x.detach(), y),
    "unrecorded": lambda x, y: long(x * squared_in_secret(x), y),
    "private": lambda x, y: long(x * x.raw, y),
    "private parameter": lambda x, y: long(x.clip(lo=y.raw), y),
    "private structure": lambda x, y: long(x, y) if x.raw == 0.7 else long(y, x),
    "counter": lambda x, y: long(x * next(COUNTER), y),
    "domain": lambda x, y: long(x, y) if x.raw == 0.7 else never(),
}


def squared_in_secret(x):
    with no_grad():
        return x * x


def never():
    raise ValueError("this point is outside the domain")


@pytest.mark.parametrize("f", BEYOND_THE_GRAPH.values(), ids=BEYOND_THE_GRAPH.keys())
def test_what_a_function_does_beyond_its_graph_is_not_replayed(f):
    assert replayed(Function(f, VALUES)) is None


@pytest.mark.parametrize(
    "f",
    [
        lambda x: layers(x * x.raw),
        lambda x: layers(x[np.argsort(x.raw[:, 0])]) if x.raw[0, 0] else None,
        lambda x: layers(x) + Tensor(x.raw),
    ],
    ids=["an array", "an index", "a leaf"],
)
def test_what_it_does_with_arrays_neither(f):
    x = Tensor([[1.0, 2.0, 3.0], [1.01, 2.0, 3.0]])
    with patch.object(probe, "nearby", return_value={"inputs[0]": x.data[::-1] + 0.5}):
        assert replayed(Function(f, (x,))) is None


def test_a_replay_that_gives_other_numbers_is_not_used():
    lopsided = Primitive(
        "lopsided", "", lambda x: x, lambda x: 1.001 * x, (lambda g, out, x: g,), ""
    )
    assert replayed(Function(lambda x, y: long(lopsided(x), y), VALUES)) is None


def test_an_input_that_the_graph_does_not_use_is_not_in_it():
    found = replayed(Function(lambda x, y: long(y, 0.5), VALUES))
    assert "inputs[1]" in found and "inputs[0]" not in found
    assert examine(lambda x, y: long(y, 0.5), *VALUES).ok


WRONG = {
    "rule": lambda x, y: long(tripled(x), y),
    "data": lambda x, y: long(x * x.data, y),
    "detached": lambda x, y: long(x, y) * x.detach(),
    "private": lambda x, y: long(x, y) * x.raw,
}
tripled = Primitive(
    "tripled", "3", lambda x: 3 * x, lambda x: 3 * x, (lambda g, out, x: 2 * g,), ""
)


@pytest.mark.parametrize("f", WRONG.values(), ids=WRONG.keys())
def test_wrong_gradients_of_large_graphs_are_found(f):
    assert examine(f, *VALUES).verdict is Verdict.WRONG


def test_replayed_or_not_the_verdicts_are_the_same():
    net = nets.MLP(2, 4, 6, 1, rng=RNG).scalarize()

    def f(x):
        (y,) = net(x)
        return [y.relu(), (y * 0.0).abs(), (x[0] + 3.0).log()]

    for x in ([Value(0.0), Value(0.4)], [Value(-3.0), Value(1.0)]):
        reports = []
        for large in (10**9, 100):
            with patch.object(replay, "LARGE_SCALAR", large):
                assert (replayed(Function(f, (x,), net)) is None) is (large > 100)
                reports.append(examine(f, x, params=net, order=1))
        called, again = ([f.verdict for f in report.findings] for report in reports)
        assert called == again and reports[0].verdict is reports[1].verdict


def test_points_near_by_move_every_number():
    numbers = {"a": 0.0, "b": np.array([0.0, -2.0, 1e-9])}
    moved = nearby(SimpleNamespace(numbers=numbers, bounds={}), RNG)
    assert type(moved["a"]) is float and moved["a"] != 0.0 and abs(moved["a"]) < 1e-3
    assert (moved["b"] != numbers["b"]).all()
    assert np.allclose(moved["b"], numbers["b"], rtol=0.05, atol=5e-5)
    assert autograd.tanh(moved["a"]) != 0.0
