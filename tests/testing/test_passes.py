"""The promises of a backward pass, where inputs are not arrays or not arguments."""

from __future__ import annotations

import numpy as np

import autograd
from autograd import Tensor, Value
from autograd.arithmetic.scalars import as_values
from autograd.testing import Verdict, examine
from autograd.testing.checker import calls


def problems(f, *inputs):
    report = examine(f, *inputs, order=1)
    assert report.verdict is Verdict.WRONG, report
    assert report.culprit.kind == "engine"
    return " | ".join(report.problems)


def tampering(monkeypatch, tamper):
    """The engine's `grad`, with its results (and its seed) in the hands of `tamper`."""
    real = autograd.grad

    def grad(output, inputs, seed=None, **more):
        return tamper(real(output, inputs, seed, **more), seed)

    monkeypatch.setattr(calls, "grad", grad)


def test_another_type(monkeypatch):
    tampering(monkeypatch, lambda found, seed: [np.float64(g) for g in found])
    assert "the gradient of a float is a float64" in problems(lambda x: x * x, Value(2.0))


def test_an_input_that_is_changed(monkeypatch):
    def tamper(found, seed):
        node.raw.flags.writeable = True
        node.raw[0] = 9.0
        return found

    node = Tensor([1.0, 2.0])
    tampering(monkeypatch, tamper)
    report = examine(lambda y: node * y, Tensor([3.0, 4.0]), params={"node": node}, order=1)
    assert "the backward pass changes the input params['node']" in str(report)


def test_object_arrays_of_values_go_in_and_come_out():
    values = as_values(np.array([[1.0, 2.0], [3.0, 4.0]]))
    report = examine(lambda xs: xs * xs[::-1], values)
    assert report.ok and {finding.name for finding in report.findings} >= {"inputs[0][1][0]"}
