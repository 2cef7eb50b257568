"""Composites: NumPy's numbers, right gradients to second order, stable far out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
from autograd import Tensor, Value, as_values, grad
from autograd.table.composites import COMPOSITES
from autograd.testing import check_grads

rng = np.random.default_rng(0)
X = rng.normal(size=(3, 4))
Y = rng.normal(size=(4,))

EXAMPLES = {
    "square": [((X,), {})],
    "mean": [((X,), {}), ((X,), {"axis": 0}), ((X,), {"axis": (0, 1), "keepdims": True})],
    "var": [((X,), {}), ((X,), {"axis": 1, "ddof": 1}), ((X,), {"axis": -1, "keepdims": True})],
    "std": [((X,), {}), ((X,), {"axis": 0, "ddof": 1})],
    "min": [((X,), {}), ((X,), {"axis": 1}), ((X,), {"axis": 0, "keepdims": True})],
    "prod": [((X,), {}), ((X,), {"axis": 0}), ((X,), {"axis": 1, "keepdims": True})],
    "cumprod": [((X,), {}), ((X,), {"axis": 0}), ((X,), {"axis": -1})],
    "logsumexp": [((X,), {}), ((X,), {"axis": 0}), ((X,), {"axis": 1, "keepdims": True})],
    "logaddexp": [((X, Y), {}), ((X, X), {})],
    "logsigmoid": [((X,), {})],
    "sinc": [((X,), {})],
    "softmax": [((X,), {}), ((X,), {"axis": 0}), ((X,), {"axis": (0, 1)})],
    "log_softmax": [((X,), {}), ((X,), {"axis": 0})],
    "norm": [((X,), {}), ((X,), {"axis": 0}), ((X,), {"axis": 1, "keepdims": True})],
    "dot": [((X, Y), {}), ((Y, Y), {}), ((X, 2.0), {}), ((X, rng.normal(size=(2, 4, 3))), {})],
    "einsum": [],
    "median": [((X,), {}), ((X,), {"axis": 0}), ((X,), {"axis": (0, 1), "keepdims": True})],
    "quantile": [((X,), {"q": 0.3}), ((X,), {"q": (0.0, 0.25, 1.0), "axis": 1})],
    "percentile": [((X,), {"q": 40, "axis": 0, "keepdims": True})],
    "nansum": [((X,), {}), ((X,), {"axis": 0})],
    "nanprod": [((X,), {}), ((X,), {"axis": 0})],
    "nanmean": [((X,), {}), ((X,), {"axis": 1, "keepdims": True})],
    "nanvar": [((X,), {}), ((X,), {"axis": 1, "ddof": 1})],
    "nanstd": [((X,), {}), ((X,), {"axis": 0})],
    "nanmax": [((X,), {}), ((X,), {"axis": 0})],
    "nanmin": [((X,), {}), ((X,), {"axis": 0})],
    "interp": [((X, np.array([-2.0, -0.1, 0.7, 3.0]), np.array([1.0, 4.0, -2.0, 0.5])), {})],
}
REFERENCES = {
    "logsumexp": lambda x, **k: np.log(np.sum(np.exp(x), **k)),
    "logsigmoid": lambda x: -np.log1p(np.exp(-x)),
    "softmax": lambda x, axis=-1: np.exp(x) / np.exp(x).sum(axis, keepdims=True),
    "log_softmax": lambda x, axis=-1: x - np.log(np.exp(x).sum(axis, keepdims=True)),
    "norm": lambda x, axis=None, keepdims=False: np.sqrt((x * x).sum(axis, keepdims=keepdims)),
}
CASES = [
    pytest.param(name, inputs, params, id=f"{name}-{i}")
    for name in COMPOSITES
    for i, (inputs, params) in enumerate(EXAMPLES[name])
]


@pytest.mark.parametrize(("name", "inputs", "params"), CASES)
def test_numbers_are_numpys(name, inputs, params):
    reference = REFERENCES.get(name) or getattr(np, name)
    found = COMPOSITES[name](*map(Tensor, inputs), **params)
    np.testing.assert_allclose(found.data, reference(*inputs, **params), rtol=1e-12)


@pytest.mark.parametrize(("name", "inputs", "params"), CASES)
def test_gradients_of_gradients_agree_with_differences(name, inputs, params):
    check_grads(lambda *xs: COMPOSITES[name](*xs, **params), *map(Tensor, inputs), order=2)


@pytest.mark.parametrize(("name", "inputs", "params"), CASES)
def test_object_arrays_of_values_give_the_same(name, inputs, params):
    values = [as_values(x) for x in inputs]
    found = COMPOSITES[name](*values, **params)
    wanted = COMPOSITES[name](*map(Tensor, inputs), **params)
    numbers = np.vectorize(lambda x: x.item(), otypes=[float])(found)
    np.testing.assert_allclose(numbers, wanted.data, rtol=1e-12, atol=1e-15)
    weights = rng.normal(size=wanted.shape)
    tensors = list(map(Tensor, inputs))
    gradients = grad(COMPOSITES[name](*tensors, **params), tensors, weights)
    np.sum(np.asarray(found) * weights).backward()
    for value, gradient in zip(values, gradients, strict=True):
        mine = np.vectorize(lambda v: v.grad, otypes=[float])(value)
        np.testing.assert_allclose(mine, gradient, rtol=1e-11, atol=1e-14)


def test_products_are_right_at_zeros_to_second_order():
    for zeros in ([0], [0, 2], [0, 1, 3]):
        x = np.array([2.0, 3.0, 5.0, 7.0])
        x[zeros] = 0.0
        t = Tensor(x)
        wanted = [math.prod(np.delete(x, i)) for i in range(4)]
        np.testing.assert_array_equal(grad(t.prod(), t), wanted)
        second = ag.hessian(t.prod(), t)
        for i in range(4):
            for j in range(4):
                rest = math.prod(np.delete(x, [i, j])) if i != j else 0.0
                assert second[i, j] == rest
        check_grads(lambda t: t.cumprod(), t, order=2)
    assert Tensor(np.ones((0,))).prod().item() == 1.0


@pytest.mark.parametrize("x", [1e4, -1e4, 0.0])
def test_stable_far_from_zero(x):
    row = Tensor([x, x + 1.0, x - 3.0])
    shifted = Tensor([0.0, 1.0, -3.0])
    for name in ("softmax", "log_softmax"):
        f = COMPOSITES[name]
        np.testing.assert_allclose(f(row).data, f(shifted).data, rtol=1e-12)
        np.testing.assert_allclose(
            grad(f(row), row, [1.0, 2.0, 4.0]),
            grad(f(shifted), shifted, [1.0, 2.0, 4.0]),
            rtol=1e-12,
        )
    assert row.logsumexp().item() == pytest.approx(x + shifted.logsumexp().item(), rel=1e-14)
    v = Value(x)
    assert v.softplus().data == max(x, math.log(2) if x == 0 else 0.0)
    assert v.logsigmoid().data == min(x, -math.log(2) if x == 0 else 0.0)
    assert 0.0 <= v.sigmoid().data <= 1.0
    for f in (ag.softplus, ag.logsigmoid, ag.sigmoid, ag.tanh):
        assert math.isfinite(grad(f(v), v))


def test_minus_infinity_where_it_has_a_meaning():
    t = Tensor([-math.inf, 0.0, 0.0])
    np.testing.assert_array_equal(t.softmax().data, [0.0, 0.5, 0.5])
    np.testing.assert_array_equal(grad(t.logsumexp(), t), [0.0, 0.5, 0.5])
    assert t.log_softmax().data[0] == -math.inf
    nothing = Tensor([-math.inf, -math.inf])
    assert nothing.logsumexp().item() == -math.inf
    np.testing.assert_array_equal(grad(nothing.logsumexp(), nothing), [0.5, 0.5])
    a, b = Value(-math.inf), Value(-math.inf)
    assert ag.logaddexp(a, b).data == -math.inf
    assert ag.logaddexp(a, Value(1.0)).data == 1.0
    assert ag.logaddexp(Value(1.0), a).data == 1.0
    assert ag.logaddexp(1e4, 1e4) == 1e4 + math.log(2)
    assert ag.logaddexp(0.0, -40.0) == np.logaddexp(0.0, -40.0)
    assert ag.logaddexp(-40.0, 0.0) == np.logaddexp(-40.0, 0.0)


def test_the_norm_is_0_with_gradient_0_at_0_and_does_not_overflow():
    t = Tensor([0.0, 0.0])
    assert t.norm().item() == 0.0
    np.testing.assert_array_equal(grad(t.norm(), t), [0.0, 0.0])
    big = Tensor([3e200, 4e200])
    assert big.norm().item() == pytest.approx(5e200)
    np.testing.assert_allclose(grad(big.norm(), big), [0.6, 0.8])
    small = Tensor([3e-200, 4e-200])
    assert small.norm().item() == pytest.approx(5e-200)
    assert Tensor([math.inf, 1.0]).norm().item() == math.inf


EINSUMS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("ij,jk", (2, 3), (3, 4)),
    ("ii->i", (3, 3)),
    ("ii", (3, 3)),
    ("ij->ji", (2, 3)),
    ("ij->", (2, 3)),
    ("bij,bjk->bik", (2, 3, 4), (2, 4, 2)),
    ("i,j->ij", (2,), (3,)),
    ("i,i->i", (3,), (3,)),
    ("ij,kl->il", (2, 3), (4, 2)),
    ("iij,jk,k->i", (2, 2, 3), (3, 4), (4,)),
    ("...ij,...jk->...ik", (2, 1, 3, 4), (5, 4, 2)),
    ("...i->...", (2, 3, 4)),
    ("bhqd,bhkd->bhqk", (2, 2, 3, 4), (2, 2, 5, 4)),
    ("i,ij,j", (2,), (2, 3), (3,)),
    ("a,b,c->cab", (2,), (3,), (4,)),
]


@pytest.mark.parametrize(("subscripts", "shapes"), [(s, shapes) for s, *shapes in EINSUMS])
def test_einsum_is_numpys_and_differentiable(subscripts, shapes):
    inputs = [rng.normal(size=shape) for shape in shapes]
    wanted = np.einsum(subscripts, *inputs)
    found = ag.einsum(subscripts, *map(Tensor, inputs))
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found.data, wanted, rtol=1e-12, atol=1e-14)
    check_grads(lambda *xs: ag.einsum(subscripts, *xs), *map(Tensor, inputs), order=2)


@given(st.lists(st.text("abcd", max_size=3), min_size=1, max_size=3), st.text("abcd", max_size=3))
def test_einsum_against_numpy_on_random_subscripts(terms, target):
    sizes = {"a": 2, "b": 3, "c": 1, "d": 4}
    target = "".join(dict.fromkeys(x for x in target if any(x in t for t in terms)))
    subscripts = f"{','.join(terms)}->{target}"
    generator = np.random.default_rng(1)
    inputs = [generator.normal(size=[sizes[x] for x in term]) for term in terms]
    np.testing.assert_allclose(
        ag.einsum(subscripts, *inputs), np.einsum(subscripts, *inputs), rtol=1e-12, atol=1e-13
    )


def test_dot_of_more_than_two_axes_is_numpys():
    x, y = rng.normal(size=(2, 3)), rng.normal(size=(4, 3, 5))
    np.testing.assert_allclose(ag.dot(Tensor(x), Tensor(y)).data, np.dot(x, y))
