"""Engines that break a promise of the backward pass, each in one way; the report says which."""

from __future__ import annotations

import numpy as np

import autograd
from autograd import Tensor, Value
from autograd.arithmetic.scalars import as_values
from autograd.testing import Verdict, examine
from autograd.testing.checker import passes, subject


def problems(f=lambda x, y: x * y, *inputs):
    report = examine(f, *(inputs or (Tensor([1.0, 2.0]), Tensor([3.0, 4.0]))), order=1)
    assert report.verdict is Verdict.WRONG, report
    assert report.culprit.kind == "engine"
    return " | ".join(report.problems)


def tampering(monkeypatch, tamper, module=subject):
    """The engine's `grad`, with its results (and its seed) in the hands of `tamper`."""
    real = autograd.grad

    def grad(output, inputs, seed=None, **more):
        return tamper(real(output, inputs, seed, **more), seed)

    monkeypatch.setattr(module, "grad", grad)


def test_another_dtype(monkeypatch):
    tampering(monkeypatch, lambda found, seed: [g.astype(np.float32) for g in found])
    assert "the gradient of a float64 array of shape (2,) is a float32 array" in problems()


def test_another_type(monkeypatch):
    tampering(monkeypatch, lambda found, seed: [np.float64(g) for g in found])
    assert "the gradient of a float is a float64" in problems(lambda x: x * x, Value(2.0))


def test_another_shape(monkeypatch):
    tampering(monkeypatch, lambda found, seed: [g[:, None] for g in found])
    assert "is a float64 array of shape (2, 1)" in problems()


def test_another_gradient_the_second_time(monkeypatch):
    calls = iter(range(1, 99))
    tampering(monkeypatch, lambda found, seed: [g + 1e-12 * next(calls) for g in found])
    assert "a second pass gives another gradient" in problems()


def test_a_seed_that_is_changed(monkeypatch):
    def tamper(found, seed):
        seed *= 1.5
        return found

    tampering(monkeypatch, tamper)
    assert "changes its seed" in problems()


def test_another_gradient_when_recorded(monkeypatch):
    tampering(monkeypatch, lambda found, seed: [g * 1.001 for g in found], passes)
    assert "with create_graph the gradient is another" in problems()


def test_a_constant_that_does_not_scale(monkeypatch):
    tampering(monkeypatch, lambda found, seed: [g + 1.0 for g in found])
    assert "0 cotangents must give 0 times the gradient" in problems()


def test_gradients_that_share_memory(monkeypatch):
    real = autograd.backward

    def backward(output, seed):
        real(output, seed)
        left, right = output.operands
        left._grad = np.array(left.grad)
        right._grad = left._grad

    monkeypatch.setattr(passes, "backward", backward)
    assert "shares memory with the gradient of inputs[1]" in problems(lambda x, y: x + y)


def test_gradients_that_add_up_from_pass_to_pass(monkeypatch):
    real = autograd.backward
    monkeypatch.setattr(passes, "backward", lambda y, seed: real(y, seed, accumulate=True))
    assert "backward() leaves another gradient than grad() gives" in problems()


def test_an_input_that_is_changed(monkeypatch):
    def tamper(found, seed):
        node.raw.flags.writeable = True
        node.raw[0] = 9.0
        return found

    node = Tensor([1.0, 2.0])
    tampering(monkeypatch, tamper)
    report = examine(lambda y: node * y, Tensor([3.0, 4.0]), params={"node": node}, order=1)
    assert "params['node']: the backward pass changes the input" in str(report)


def test_object_arrays_of_values_go_in_and_come_out():
    values = as_values(np.array([[1.0, 2.0], [3.0, 4.0]]))
    report = examine(lambda xs: xs * xs[::-1], values)
    assert report.ok and {finding.name for finding in report.findings} >= {"inputs[0][1][0]"}
