"""Gradients of JAX, right and wrong ones."""

from __future__ import annotations

import importlib
import sys

import numpy as np
import pytest

jax = pytest.importorskip("jax", reason="JAX is not installed")

import jax.numpy as jnp  # noqa: E402

from autograd.errors import GradientError  # noqa: E402
from autograd.testing import Verdict, check_grads  # noqa: E402
from autograd.testing import jax as checked  # noqa: E402

X = jnp.array([0.5, -1.0, 2.0])


def custom(slope):
    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, g: (g * slope(x),))
    return cube


def test_right_functions():
    assert X.dtype == np.float32
    for f, inputs in (
        (jnp.tanh, (X,)),
        (custom(lambda x: 3 * x**2), (X,)),
        (lambda p, n: {"a": p["w"] @ p["x"], "b": p["x"] ** n}, ({"w": np.eye(3), "x": X}, 3)),
        (lambda x: x if x[0] > 0 else -x, (X,)),  # it looks at its numbers: not compiled
        (jax.nn.relu, (jnp.zeros(2),)),
        (lambda x, places: x[places], (X, jnp.array([0, 0, 2]))),
    ):
        checked.check_grads(f, *inputs)
    report = checked.examine(lambda p: p["w"] * p["x"], {"w": X, "x": X})
    assert {f.name for f in report.findings} >= {"inputs[0]['w']", "inputs[0]['x']", "cotangent"}
    assert not jax.config.jax_enable_x64


def test_wrong_ones_are_caught_and_named():
    for error in (1e-3, 1e-5):
        report = checked.examine(custom(lambda x, error=error: 3 * x**2 * (1 + error)), X)
        assert report.verdict is Verdict.WRONG and "in 3 of 3 entries" in str(report)
    with pytest.raises(GradientError, match=r"<lambda>: wrong"):
        checked.check_grads(lambda x: x * jax.lax.stop_gradient(x), X)
    second = custom(lambda x: 3 * jax.lax.stop_gradient(x) ** 2)
    assert "order=1 asks for no others" in str(checked.examine(second, X))
    checked.check_grads(second, X, order=1)


def test_what_cannot_be_checked_is_said(monkeypatch):
    for inputs in ((), (3,), (jnp.array([1, 2]),)):
        with pytest.raises(TypeError, match="there is no array of floats to differentiate, got"):
            checked.examine(jnp.tanh, *inputs)
    assert "raises TypeError" in str(checked.examine(lambda x: jnp.tanh("x"), X))
    with pytest.raises(TypeError, match=r"autograd\.testing\.jax"):
        check_grads(jnp.tanh, X)
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(ImportError, match=r"autograd\.testing\.jax needs JAX: pip install"):
        importlib.reload(checked)
    monkeypatch.undo()
    importlib.reload(checked)


def test_options_and_the_fixture(gradcheck):
    gradcheck(jnp.sqrt, jnp.array([0.1, 4.0]), bounds=(0.05, 5.0), order=1, seed=3, budget=2)
    with pytest.raises(GradientError):
        gradcheck(lambda x: x * jax.lax.stop_gradient(x), X)
