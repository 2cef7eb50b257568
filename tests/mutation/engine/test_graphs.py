"""Whole graphs: sharing, depth, special numbers, what is not needed, and the same once more."""

from __future__ import annotations

import math
import warnings

import numpy as np
from numpy.testing import assert_array_equal

import autograd
from autograd import Primitive, Tensor, Value, grad
from autograd.testing import check_grads
from tests.mutation.rules.calls import RTOL


def test_graphs_to_second_order():  # the first, so that `check_grads` has to say who is to blame
    """Sharing, diamonds, constants, mixed faces and broadcasting."""
    a, b = Value(0.7, "a"), Value(-1.3, "b")
    x, y = Tensor([[0.3, -0.8, 1.1]], "x"), Tensor([[0.5], [1.5]], "y")
    constant = np.array([1.0, -2.0, 0.5])

    def diamond(a, b):
        c = a * b + a
        d = (c + b).tanh() * c
        return d * d + c * a + 2.0

    def mixed(a, x, y):
        h = (x * y + a) * constant
        return autograd.sin(h) * x + h / (1.5 + y * y) - a * autograd.maximum(h, x, a)

    def network(x, w, b):
        h = (x @ w + b).tanh()
        h = h @ w + h
        return autograd.log_softmax(h)[np.array([0, 1, 1]), np.array([2, 0, 0])]

    rng = np.random.default_rng(0)
    check_grads(diamond, a, b, rtol=RTOL)
    check_grads(mixed, a, x, y, rtol=RTOL)
    check_grads(lambda x: autograd.add(x, x), x, rtol=RTOL)
    check_grads(lambda x: x + x + x * x, x, rtol=RTOL)
    parts = (Tensor(rng.normal(size=shape)) for shape in ((2, 3), (3, 3), (3,)))
    check_grads(network, *parts, rtol=RTOL)


def test_deep_graphs_and_very_many_paths():
    x = y = Value(1.0)
    for _ in range(3000):
        y = y + 1e-3
    assert grad(y, x) == 1.0
    z = x
    for _ in range(60):
        z = z + z
    assert grad(z, x) == 2.0**60
    assert len(autograd.toposort(z)) == 61


def test_infinities_as_ieee_754_has_them_in_silence():
    zero, other, x = Value(0.0), Value(2.0), Tensor([0.0, 4.0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(autograd.sqrt(zero), zero) == math.inf
        assert grad(1.0 / Value(2.0), zero) == 0.0
        assert_array_equal(grad(autograd.sqrt(Tensor([0.0, 4.0])).sum(), zero), 0.0)
        assert_array_equal(grad(autograd.sqrt(x).sum(), x), [math.inf, 0.25])
        assert_array_equal(grad(autograd.log(autograd.exp(x)).sum(), x), [1.0, 1.0])
        assert [s.gradient for s in autograd.steps(autograd.sqrt(zero))] == [1.0, math.inf]
        assert grad(autograd.sqrt(zero * 0.0) * 0.0 + other, other) == 1.0
        masked = autograd.where(0.0, x, 1.0)  # stops a NaN on its way to a leaf
        stopped = autograd.sum(autograd.sqrt(masked * 0.0) * 0.0)
        stopped.backward()
        assert_array_equal(grad(stopped, x), [0.0, 0.0])


def test_a_nan_is_told_by_name_in_one_warning():
    sound = Value(1.0)
    for leaf in (Value(0.0), Tensor([0.0, 4.0])):
        out = autograd.sum(autograd.sqrt(leaf * leaf)) + sound  # ∞ · 0 at the leaf
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            out.backward()
        assert np.isnan(leaf.grad).any()
        assert sound.grad == 1.0
        assert [str(w.message).count("NaN") for w in caught] == [1]
        assert "mul" in str(caught[0].message)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = grad(out, [leaf, sound])
        assert np.isnan(found[0]).any()
        assert [str(w.message).count("NaN") for w in caught] == [1]


def test_rules_run_only_for_operands_that_need_a_gradient():
    def bomb(g, out, x):
        raise AssertionError("this rule was not needed")

    guarded = Primitive("guarded", "guarded", None, np.negative, (bomb,), "−x.")
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    assert_array_equal(grad(autograd.sum(guarded(x) * y), y), [-1.0, -2.0])
    inner = guarded(x)
    outer = autograd.sum(inner)
    assert [float(np.sum(g)) for g in grad(outer, [inner, outer])] == [2.0, 1.0]


def test_two_passes_agree_bit_for_bit():
    """And the same graph recorded again gives the same."""

    def run():
        rng = np.random.default_rng(3)
        x, w = Tensor(rng.normal(size=(4, 3))), Tensor(rng.normal(size=(3, 3)))
        loss = autograd.logsumexp(autograd.tanh(x @ w) @ w)
        once, again = grad(loss, [x, w]), grad(loss, [x, w])
        assert all(np.array_equal(p, q) for p, q in zip(once, again, strict=True))
        return tuple(part.tobytes() for part in once)

    assert run() == run()
