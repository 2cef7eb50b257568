"""What rounding does to a probe, and the outputs that it samples, called or replayed."""

from __future__ import annotations

import math
import warnings
from contextlib import contextmanager
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

from autograd import Tensor, Value
from autograd.testing.checker import calls, graphs, probe
from autograd.testing.checker.calls import GraphCall
from autograd.testing.checker.graphs import Function
from autograd.testing.checker.numeric import EPS, Verdict
from autograd.testing.checker.probe import Probe
from autograd.testing.checker.subject import Inside
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import a_probe, a_slope, same
from tests.mutation.raising import said

FUNCTIONS = (
    *functions_in(probe),
    *functions_in(calls),
    graphs.Function.line,
    graphs.Gradient.line,
    graphs.Gradient.gradient,
    graphs.Function.gradient,
)
OK, WRONG, KINK = Verdict.OK, Verdict.WRONG, Verdict.KINK
UNSURE, EDGE = Verdict.INCONCLUSIVE, Verdict.EDGE


def test_the_largest_gradient_inside_and_the_height_of_a_stair():
    x, y = Value(3.0), Tensor([[2.0, -40.0]])
    out = (x * 5.0) * y
    some = Probe(
        Function(lambda x, y: x, (x, y)), GraphCall({"x": x, "y": y}, out), [[0.5, -0.1]], 1, 0.1
    )
    assert some.order == 1 and some.rtol == 0.1 and some.cotangent.dtype == float
    assert same(some.cotangent, [[0.5, -0.1]]) and same(some.base, [[30.0, -600.0]])
    assert some.gradients["x"] == 25.0 and same(some.gradients["y"], [[7.5, -1.5]])
    assert some.inside.gradient == 25.0
    assert type(some.inside.gradient) is type(some.inside.stair) is float
    assert math.isclose(some.inside.stair, 4 * EPS * 75.0)
    assert (some.eps, some.atol, lone_eps(np.float32)) == (EPS, 0.0, 2.0**-23)
    lone = Probe(Function(lambda x: x, (x,)), GraphCall({"x": x}, x * 4.0), -0.25, 1, 0.1)
    assert type(lone.base) is np.ndarray and same(lone.base, 12.0)
    assert lone.inside.gradient == 1.0 and math.isclose(lone.inside.stair, 4 * EPS * 3.0)
    nothing = Tensor(np.zeros((0, 2)))
    void = Probe(
        Function(lambda x: x, (x,)), GraphCall({"x": nothing}, nothing * 1.0), nothing.raw, 1, 0
    )
    assert void.inside == (0.0, 0.0)
    spoiled = Probe(Function(lambda x: x, (x,)), GraphCall({"x": x}, (x * 0.0).sqrt()), 1.0, 1, 0.1)
    assert spoiled.inside.gradient == math.inf and math.isfinite(spoiled.inside.stair)


def lone_eps(dtype):
    call = SimpleNamespace(raw=np.ones(2, dtype), certain=lambda cotangent: {})
    coarse = Probe(None, call, np.ones(2), 1, 1e-6)
    fine = SimpleNamespace(raw=np.ones(2), certain=lambda cotangent: {})
    assert Probe(None, fine, np.ones(2), 1, 1e-6).rtol == 1e-6 and type(coarse.eps) is float
    assert coarse.rtol == probe.FLOAT32_RTOL and Probe(None, call, np.ones(2), 1, 0.5).rtol == 0.5
    return coarse.eps


def test_what_is_0_but_for_rounding():
    asked = []

    class Subject:
        def __init__(self, moved):
            self.numbers = {"x": 3.0, "y": np.array([1.0, 2.0])}
            self.moved = moved

        @contextmanager
        def at(self, numbers):
            asked.append(numbers)
            yield SimpleNamespace(gradients=self.gradients)

        def gradients(self, cotangent, names):
            assert cotangent == "cotangent" and names == ["y"]
            return {"y": [[self.moved[len(asked) - 1], math.nan]]}

    direction = np.array([[0.5, 0.0]])
    # `expected`: None where the gradient is too large to be looked at
    for analytic, value, error, moved, inside, expected in (
        (1e-13, 0.0, 0.0, [2e-13] * 4, 1.0, False),
        (1e-13, 0.0, 0.0, [2.6e-13, 2e-13, 2e-13, 2e-13], 1.0, True),
        (1e-13, 0.0, 0.0, [2e-13, 2e-13, 2e-13, 2.6e-13], 1.0, True),
        (1e-13, 0.0, 0.0, [2e-13, 2.4e-13, 2e-13, 2e-13], 1.0, False),
        (1e-13, 0.0, 0.0, [2e-13, 1.6e-13, 2e-13, 1.4e-13], 1.0, True),
        (-1e-13, 0.0, 0.0, [-2e-13, -1.6e-13, -2e-13, -2.4e-13], 1.0, False),
        (1e-13, 0.0, 0.7e-14, [2e-13] * 4, 1.0, True),
        (1e-13, 0.0, 0.6e-14, [2e-13] * 4, 1.0, False),
        (0.0, 1e-13, 0.7e-14, [0.0] * 4, 1.0, True),
        (0.0, -1e-13, 0.6e-14, [0.0] * 4, 1.0, False),
        (-1e-13, 0.0, 0.6e-14, [-2e-13] * 4, 1.0, False),
        (0.0, 0.0, 0.0, [0.0] * 4, 1.0, True),
        (2e-12, 0.0, 1.0, [0.0] * 4, 2.0, None),
        (2e-12, 0.0, 1e-12, [0.0] * 4, 2.0, True),
        (2.001e-12, 0.0, 1e-12, [0.0] * 4, 2.0, None),
        (-2.1e-12, 0.0, 1e-12, [0.0] * 4, 2.0, None),
        (0.0, 2.1e-12, 1e-12, [0.0] * 4, 2.0, None),
        (0.0, -2.1e-12, 1e-12, [0.0] * 4, 2.0, None),
        (math.inf, 0.0, 1e-12, [0.0] * 4, math.inf, None),
    ):
        asked.clear()
        subject = Subject(moved)
        some = a_probe(subject=subject, inside=Inside(inside, 0.0), eps=EPS)
        found = some.is_noise("y", direction, "cotangent", analytic, a_slope(value, error))
        assert found is bool(expected), (analytic, value, error, moved, found)
        assert len(asked) == (0 if expected is None else 4)
        rng = np.random.default_rng(0)
        for numbers in asked:
            assert numbers.keys() == subject.numbers.keys() and type(numbers["x"]) is float
            for key, number in subject.numbers.items():
                parts = 1 + rng.choice((-4 * EPS, 4 * EPS), np.shape(number))
                assert same(numbers[key], number * parts)


# --- outputs along a line ----------------------------------------------------------------------


def test_outputs_of_the_function():
    asked = []

    def f(x, y):
        asked.append((x.raw, y.raw))
        np.zeros(1) / np.zeros(1)  # of which nobody is to hear
        if x.raw > 3.0:
            raise (ValueError if x.raw > 4.0 else ZeroDivisionError)("beyond")
        return x * y if x.raw >= 0 else y.sum()

    function = Function(f, (Value(2.0), Tensor([1.0, -3.0])))
    with np.errstate(all="ignore"), function.at({}) as call:
        some = Probe(function, call, np.ones(2), 1, 0.1)
    asked.clear()
    some.line = None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = list(some.outputs("inputs[0]", np.array(0.5), np.array([1.0, -2.0, 3.0, 9.0])))
    assert same(found[:3], [[2.0, -6.0], [2.5, -7.5], [1.0, -3.0]])
    assert same(found[3:], np.full((2, 2), math.nan)) and all(type(y) is np.ndarray for y in found)
    assert [type(x) for x, _ in asked] == [float] * 4 and asked[0][0] == 2.5
    found = list(some.outputs("inputs[1]", np.array([0.0, 0.5]), np.array([2.0])))
    assert same(found, [[2.0, -6.0], [2.0, -4.0]]) and asked[-1][0] == 2.0
    refused = said(list, some.outputs("inputs[0]", np.array(0.5), np.array([-6.0])))
    assert refused.startswith("GradientError: f must return the same shape for the same shapes, ")
    assert "got (2,) and () for other" in refused

    single = Function(lambda x: x * 2.0, (Value(2.0),))
    with single.at({}) as call_of_one:
        one = Probe(single, call_of_one, 1.0, 1, 0.1)
    found = list(one.outputs("inputs[0]", np.array(0.5), np.array([1.0])))
    assert [type(y) for y in found] == [np.ndarray] * 2 and same(found, [4.0, 5.0])


class Replayed:
    """Ten times the second input, in the place of the function's outputs."""

    def __contains__(self, name):
        return name == "inputs[1]"

    def __call__(self, numbers, name, line):
        assert list(numbers) == ["inputs[0]", "inputs[1]"] and name == "inputs[1]"
        return (10.0 * x for x in line)


def test_outputs_of_a_replay():
    function = Function(lambda x, y: x * y, (Value(2.0), Tensor([1.0, -3.0])))
    with function.at({}) as call:
        some = Probe(function, call, np.ones(2), 1, 0.1)
    some.line = Replayed()
    found = list(some.outputs("inputs[1]", np.array([0.0, 0.5]), np.array([2.0])))
    assert same(found, [[10.0, -30.0], [10.0, -20.0]])
    found = list(some.outputs("inputs[0]", np.array(0.5), np.array([1.0])))
    assert same(found, [[2.0, -6.0], [2.5, -7.5]])


def test_a_replay_is_compared_near_by():
    function = Function(lambda x, y: x * y, (Value(2.0), Tensor([1.0, -3.0])))
    with function.at({}) as call:
        some = Probe(function, call, np.ones(2), 1, 0.1)
    with patch.object(graphs, "replay_of", lambda *given: given):
        subject, given, moved = some.line
    expected_numbers = probe.nearby(function, np.random.default_rng(0))
    assert subject is function and given is call
    assert moved.keys() == function.numbers.keys()
    assert all(same(moved[name], x) for name, x in expected_numbers.items())
