"""What the functions of the public face return, for numbers known by heart."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.testing import assert_array_equal

import autograd
from autograd import Tensor, Value, grad
from autograd.core import derivatives
from tests.mutation.engine.heard import Heard


def recorded():
    """a = 2, b = −3, d = a b + a, e = d a."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    d = a * b + a
    return a, b, d, d * a


def arrays():
    return Tensor([[1.0, 2.0], [3.0, 4.0]], "x"), Tensor([5.0, 6.0], "y")


def test_backward_sets_or_accumulates():
    a, b, d, e = recorded()
    e.backward()
    assert [n.grad for n in (e, d, a, b)] == [1.0, 2.0, -8.0, 4.0]
    e.backward(accumulate=True)
    assert [n.grad for n in (e, d, a, b)] == [2.0, 4.0, -16.0, 8.0]
    e.backward(3.0)
    assert (a.grad, type(a.grad)) == (-24.0, float)
    e.backward(3)
    assert (e.grad, type(e.grad), type(a.grad)) == (3.0, float, float)
    fresh = a * b
    fresh.backward(accumulate=True)
    assert fresh.grad == 1.0


def test_grad_of_values():
    a, b, d, e = recorded()
    assert grad(e, a) == -8.0
    assert grad(e, [b, a]) == [4.0, -8.0]
    assert grad(e, (a, d)) == [-8.0, 2.0]
    assert grad(e, Value(1.0)) == 0.0
    assert type(grad(e, Value(1.0))) is float
    assert grad(d, e) == 0.0
    assert grad(e, e) == 1.0


def test_grad_of_tensors():
    x, y = arrays()
    z = x * y
    assert_array_equal(grad(z, x, seed=x.data), x.data * y.data)
    assert_array_equal(grad(z, [y], seed=np.ones((2, 2)))[0], [4.0, 6.0])
    assert_array_equal(grad(z.sum(), Tensor(np.zeros((3, 1)))), np.zeros((3, 1)))


def test_gradients_that_are_recorded():
    a, b, d, e = recorded()
    first = grad(e, a, create_graph=True)
    assert isinstance(first, Value)
    assert grad(first, [a, b]) == [-4.0, 4.0]
    assert isinstance(grad(a + b, a, create_graph=True), Value)
    e.backward(create_graph=True)
    assert [type(n.grad) for n in (a, b, d, e)] == [Value] * 4
    assert grad(a.grad, b) == 4.0


def test_jacobian():
    (x, y), (a, _, _, e) = arrays(), recorded()
    assert_array_equal(autograd.jacobian(y * y, y), [[10.0, 0.0], [0.0, 12.0]])
    blocks = autograd.jacobian(x @ y, [x, y])
    assert [block.shape for block in blocks] == [(2, 2, 2), (2, 2)]
    assert_array_equal(blocks[1], x.data)
    assert_array_equal(blocks[0], [[[5.0, 6.0], [0.0, 0.0]], [[0.0, 0.0], [5.0, 6.0]]])
    assert autograd.jacobian(e, a) == -8.0
    assert type(autograd.jacobian(e, a)) is float
    assert_array_equal(autograd.jacobian(y.sum(), y), [1.0, 1.0])


def test_second_derivatives():
    (_, y), (a, b, _, _) = arrays(), recorded()
    assert_array_equal(autograd.hessian((y * y * y).sum(), y), [[30.0, 0.0], [0.0, 36.0]])
    assert autograd.hessian(a * a * b, [a, b]) == [[-6.0, 4.0], [4.0, 0.0]]
    assert autograd.hessian(a * a * b, a) == -6.0
    assert_array_equal(autograd.hvp((y * y * y).sum(), y, [1.0, 2.0]), [30.0, 72.0])
    assert autograd.hvp(a * a * b, [a, b], [1.0, 10.0]) == [34.0, 4.0]


def test_second_derivatives_where_two_inputs_have_one_gradient():
    a, b, _, _ = recorded()
    total = a + b
    assert autograd.hvp(total * total * total, [a, b], [1.0, 10.0]) == [-66.0, -66.0]
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    total = x + y
    both = autograd.hvp((total * total).sum(), [x, y], [[1.0, 2.0], [10.0, 20.0]])
    assert_array_equal(both, [[22.0, 44.0], [22.0, 44.0]])
    assert not np.shares_memory(*both)


def test_mixed_second_derivatives_agree_or_are_none():
    inf, nan, finite = np.inf, np.nan, np.ones((2, 3))
    block = np.array([[1.0, inf, inf], [nan, 2.0, -inf]])
    mirrored = np.array([[3.0, 4.0], [inf, 2.0], [0.0, -inf]])
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = derivatives.agreed(block, mirrored, 1)
    assert_array_equal(found, [[1.0, inf, nan], [nan, 2.0, -inf]])
    (warning,) = heard
    assert issubclass(warning.category, RuntimeWarning)
    assert "differ by the order of the variables" in str(warning.message)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        found = derivatives.agreed(mirrored, block, 1)
        assert_array_equal(found, [[3.0, nan], [inf, 2.0], [nan, -inf]])
        assert len(heard) == 1
        assert derivatives.agreed(finite, 2.0 * finite.T, 1) is finite
        assert_array_equal(derivatives.agreed(finite, nan * finite.T, 1), nan * finite)
        assert_array_equal(derivatives.agreed(nan * finite, finite.T, 1), nan * finite)
        assert_array_equal(derivatives.agreed(inf * finite, inf * finite.T, 1), inf * finite)
        assert derivatives.agreed(inf, inf, 0) == inf
        assert np.isnan(derivatives.agreed(inf, 2.0, 0))
        number = derivatives.agreed(2.0, nan, 0)
        assert type(number) is float and np.isnan(number)
        assert len(heard) == 2
        x, y = Tensor([0.0, 1.0]), Value(0.0)
        found = autograd.hessian((y * autograd.sqrt(x)).sum(), [x, y])
        assert len(heard) == 3  # whose line they name: see tests/core/test_callers.py
    x, z = Tensor([1.0, 2.0]), Tensor([3.0, 4.0, 5.0])
    blocks = autograd.hessian((x.reshape(2, 1) * z).sum(), [x, z])
    assert [[block.shape for block in row] for row in blocks] == [
        [(2, 2), (2, 3)],
        [(3, 2), (3, 3)],
    ]
    assert_array_equal(found[0][1], [nan, 0.5])
    assert_array_equal(found[1][0], [nan, 0.5])


def test_second_derivatives_of_what_is_linear():
    (_, y), (a, b, _, _) = arrays(), recorded()
    assert autograd.hvp(a + b, [a, b], [1.0, 10.0]) == [0.0, 0.0]
    assert_array_equal(autograd.hvp(y.sum(), y, [1.0, 2.0]), [0.0, 0.0])


def test_products_with_vectors():
    (_, y), (a, b, d, _) = arrays(), recorded()
    assert_array_equal(autograd.jvp(y * y, y, [1.0, 10.0]), [10.0, 120.0])
    assert autograd.jvp(a * b, [a, b], [1.0, 10.0]) == 17.0
    assert_array_equal(autograd.jvp(autograd.exp(y * 0.0), y, [1.0, 2.0]), [0.0, 0.0])
    assert_array_equal(autograd.jvp(autograd.exp(y - y.data), y, [1.0, 2.0]), [1.0, 2.0])
    assert autograd.vjp(d, 2.0) == (2.0, 2.0)
    assert autograd.vjp(a * 3.0, 2.0) == (6.0, None)
    assert autograd.vjp(a * b, 2.0, wanted={b}) == (None, 4.0)


def test_the_same_graph_on_other_numbers():
    (x, y), (a, b, d, e) = arrays(), recorded()
    assert autograd.recompute(e, {a: 3.0}) == -18.0
    assert autograd.recompute(e, {d: 5.0}) == 10.0
    values = {a: 1.0}
    autograd.recompute(e, values)
    assert values[d] == -2.0
    assert_array_equal(autograd.recompute((x * y).sum(axis=0), {y: np.array([1.0, 0.0])}), [4, 0])
    assert autograd.recompute(a * 3.0 + b, {a: 3.0}) == 6.0
    assert_array_equal(autograd.recompute(y * np.array([1.0, 2.0]), {y: y.data + 1}), [6.0, 14.0])


def test_walks():
    a, b, d, e = recorded()
    assert [s.node for s in autograd.steps(e)] == [e, d, d.operands[0], b, a]
    assert [s.node for s in autograd.steps(e, inputs=[b])] == [e, d, d.operands[0], b]
    assert len(list(autograd.steps(a.tanh() * b, inputs=[b]))) == 2
    assert [s.gradient for s in autograd.steps(e)] == [1.0, 2.0, 2.0, 4.0, -8.0]
    assert next(autograd.steps(e)).sent == (2.0, -4.0)
    with autograd.observing(heard := Heard()):
        e.backward()
    assert heard.nodes == [e, d, d.operands[0], b, a]
    assert autograd.toposort(d) == [a, b, d.operands[0], d]
    assert autograd.toposort(d, e) == autograd.toposort(e) == autograd.toposort(e, d)
