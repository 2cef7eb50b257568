"""Gradients of PyTorch, right and wrong ones."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

from autograd.errors import GradientError  # noqa: E402
from autograd.testing import Verdict, check_grads  # noqa: E402
from autograd.testing import torch as checked  # noqa: E402

X = torch.tensor([0.5, -1.0, 2.0], dtype=torch.float64)


def function(backward, name="Square"):
    """x² with this backward pass, of the context and the cotangent."""

    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x

    methods = {"forward": staticmethod(forward), "backward": staticmethod(backward)}
    return type(name, (torch.autograd.Function,), methods).apply


square = function(lambda ctx, g: 2 * ctx.saved_tensors[0] * g)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_right_functions(dtype):
    x = X.to(dtype)
    for f, inputs in (
        (square, (x,)),
        (torch.tanh, (x,)),
        (lambda x: {"a": x * 2, "b": [x.exp(), (x**2,)]}, (x,)),
        (lambda pair, n: pair["x"] ** n * pair["y"], ({"x": x, "y": x + 1}, 3)),
        (lambda x, places: x[places], (x, torch.tensor([0, 0, 2]))),
        (torch.nn.functional.relu, (torch.zeros(2, dtype=dtype),)),
    ):
        checked.check_grads(f, *inputs)
    report = checked.examine(square, x)
    assert {finding.order for finding in report.findings} == {1, 2} and report.name == "Square"


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_modules_with_their_parameters(dtype):
    torch.manual_seed(0)
    net = torch.nn.Sequential(
        torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4), torch.nn.Tanh(), torch.nn.Linear(4, 2)
    ).to(dtype)
    net[3].bias.requires_grad_(False)
    before = {key: x.clone() for key, x in net.state_dict().items()}
    report = checked.examine(net, torch.randn(5, 3, dtype=dtype))
    assert report.ok, report
    names = {finding.name for finding in report.findings}
    assert names >= {"inputs[0]", "0.weight", "1.bias", "3.weight"} and "3.bias" not in names
    for key, x in net.state_dict().items():
        assert torch.equal(x, before[key]), key  # the running statistics, too


def test_wrong_ones_are_caught_and_named():
    for error in (1e-3, 1e-5):
        wrong = function(lambda ctx, g, e=error: 2 * ctx.saved_tensors[0] * g * (1 + e), "Wrong")
        report = checked.examine(wrong, X)
        assert report.verdict is Verdict.WRONG
        assert "culprit: the gradient of Wrong (test_torch.py:" in str(report)
    with pytest.raises(GradientError, match=r"<lambda>: wrong"):
        checked.check_grads(lambda x: x * x.detach(), X)
    with pytest.raises(GradientError, match=r"<lambda>: wrong"):
        checked.check_grads(lambda x: x.detach() * 2, X)

    class Layer(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.tensor([2.0, 3.0]))

        def forward(self, x):
            return x * self.weight.detach() + self.weight

    assert "weight" in [f.name for f in checked.examine(Layer(), X[:2]).worst]
    assert not checked.examine(Layer(), X[:2]).ok


def test_a_second_derivative_that_is_wrong_or_raises():
    def raw(ctx, g):
        return 2 * ctx.saved_tensors[0].detach() * g

    def refusing(ctx, g):
        if torch.is_grad_enabled():
            raise RuntimeError("only once")
        return raw(ctx, g)

    for f, said in ((function(raw), "second"), (function(refusing), "the backward pass raises")):
        report = checked.examine(f, X)
        assert said in str(report) and "order=1 asks for no others" in str(report)
        checked.check_grads(f, X, order=1)
    cubed = function(lambda ctx, g: 2 * ctx.saved_tensors[0] * g)
    checked.check_grads(lambda x: cubed(x) * x, X, order=3)


def test_what_cannot_be_checked_is_said():
    for inputs in ((), (3,), (torch.tensor([1, 2]),), (torch.ones(2, dtype=torch.bfloat16),)):
        with pytest.raises(TypeError, match="there is no tensor of floats to differentiate, got"):
            checked.examine(torch.tanh, *inputs)
    for f, got in ((lambda x: None, "NoneType"), (lambda x: x.detach().numpy(), "an array of"),
                   (lambda x: [], "nothing")):  # fmt: skip
        report = checked.examine(f, X)
        assert "must return a tensor" in str(report) and got in str(report)
    assert "dropout off" in str(checked.examine(torch.nn.Dropout(), X))
    inplace = checked.examine(lambda x: x.detach().mul_(2.0), X)
    assert "must leave its inputs alone" in str(inplace)
    with pytest.raises(TypeError, match=r"autograd\.testing\.torch"):
        check_grads(torch.tanh, X)


def test_without_pytorch_the_remedy_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ImportError, match=r"autograd\.testing\.torch needs PyTorch: pip install"):
        importlib.reload(checked)
    monkeypatch.undo()
    importlib.reload(checked)


def test_options_and_the_fixture(gradcheck):
    gradcheck(torch.sqrt, torch.tensor([0.1, 4.0]), bounds=(0.05, 5.0), order=1, seed=3, budget=2)
    with pytest.raises(GradientError):
        gradcheck(lambda x: x * x.detach(), X)
    gradcheck(torch.nn.Linear(2, 2), torch.ones(1, 2))


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=4))
def test_drawn_points(numbers):
    checked.check_grads(lambda x: (x.square().sum() + 1e-12).sqrt(), torch.tensor(numbers))


def test_devices_and_shapes():
    for shape in ((), (1,), (2, 0), (2, 3)):
        checked.check_grads(torch.sin, torch.tensor(np.full(shape, 0.5)))
