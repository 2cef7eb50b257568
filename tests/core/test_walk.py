"""Walking the graph: order, sharing, steps, and derivatives of every order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import (
    Tensor,
    Value,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    recompute,
    steps,
    toposort,
    vjp,
)
from autograd.testing import check_grads
from autograd.testing.strategies import expressions


def test_the_derivative_of_x_squared_plus_3_at_5_is_10():
    x = Value(5.0)
    (x**2 + 3).backward()
    assert x.grad == 10.0


def test_the_gradient_of_x_squared_y_at_one_half_is_one_half_and_one_quarter():
    x, y = Value(0.5), Value(0.5)
    assert grad(x**2 * y, [x, y]) == [0.5, 0.25]


def test_sharing():
    a = Value(3.0)
    b = a + a
    assert b.operands == (a, a)
    b.backward()
    assert a.grad == 2.0
    (a * a).backward()
    assert a.grad == 6.0
    left, right = a * 2.0, a * 5.0
    (left * right).backward()
    assert a.grad == 2 * 10.0 * 3.0
    t = Tensor([1.0, 2.0, 3.0])
    t[np.array([0, 0, 2])].sum().backward()
    np.testing.assert_array_equal(t.grad, [2.0, 0.0, 1.0])


def test_steps_are_what_backward_exhausts():
    a, b = Value(2.0), Value(3.0)
    root = a * b + a
    told = list(steps(root))
    assert [s.node.op and s.node.op.name for s in told] == ["add", "mul", None, None]
    root.backward()
    assert {s.node: s.gradient for s in told} == {n: n.grad for n in toposort(root)}
    with pytest.raises(AttributeError):
        told[0].gradient = 1.0
    assert told[1].sent == vjp(told[1].node, told[1].gradient) == (3.0, 2.0)


@given(expressions())
def test_what_a_node_receives_is_what_its_consumers_sent(expression):
    root = expression.output
    seed = np.random.default_rng(0).normal(size=root.shape)
    received = {}
    for node, gradient, sent in steps(root, seed if root.shape else float(seed)):
        if node in received:
            np.testing.assert_allclose(received[node], gradient, rtol=1e-12, atol=1e-300)
        for operand, contribution in zip(node.operands, sent, strict=False):
            if contribution is not None:
                received[operand] = received.get(operand, 0.0) + contribution


@given(expressions())
def test_evaluating_a_graph_again_gives_the_same_bits(expression):
    root = expression.output
    np.testing.assert_array_equal(recompute(root, {}), root.data)


def test_grad_is_pure_and_prunes():
    a, b = Value(2.0), Value(3.0)
    root = a * b
    assert grad(root, a) == 3.0
    assert a.grad is None
    assert b.grad is None
    unrelated = Value(1.0)
    assert grad(root, [unrelated, a]) == [0.0, 3.0]
    walked = [s.node for s in steps(root, inputs=[a])]
    assert b not in walked
    assert grad(root, root) == 1.0
    c = a * 2
    assert grad(c * c, c) == 8.0


def test_gradients_of_gradients():
    x = Value(2.0)
    y = x**4
    found = []
    for _ in range(5):
        y = grad(y, x, create_graph=True)
        found.append(y.data)
    assert found == [32.0, 48.0, 48.0, 24.0, 0.0]
    t = Tensor([1.0, 2.0])
    (t * t * t).sum().backward(create_graph=True)
    np.testing.assert_array_equal(grad(t.grad.sum(), t), [6.0, 12.0])


def test_the_hessian_of_a_quadratic_form_is_exact():
    a = np.random.default_rng(0).integers(-5, 5, (4, 4)).astype(float)
    x = Tensor([1.0, -2.0, 3.0, 0.5])
    q = (x @ a) @ x
    np.testing.assert_array_equal(hessian(q, x), a + a.T)
    np.testing.assert_array_equal(hvp(q, x, np.eye(4)[1]), (a + a.T)[1])


def test_hessian_blocks():
    x, w = Value(2.0), Tensor([1.0, 3.0])
    blocks = hessian((x * w * w).sum() + x**3, [x, w])
    assert blocks[0][0] == 12.0
    np.testing.assert_array_equal(blocks[0][1], [2.0, 6.0])
    np.testing.assert_array_equal(blocks[1][0], [2.0, 6.0])
    np.testing.assert_array_equal(blocks[1][1], np.eye(2) * 4.0)


def test_jacobians_and_their_products():
    a = np.arange(6.0).reshape(2, 3)
    x = Tensor([1.0, 2.0, 3.0])
    y = (x * x) @ a.T
    j = jacobian(y, x)
    np.testing.assert_array_equal(j, a * 2 * x.data)
    np.testing.assert_allclose(jvp(y, x, [1.0, 0.5, -1.0]), j @ [1.0, 0.5, -1.0])
    np.testing.assert_allclose(grad(y, x, [1.0, -1.0]), [1.0, -1.0] @ j)
    assert jacobian(Value(3.0) * 1.0, x).shape == (3,)
    v = Value(2.0)
    assert jvp(v**3, v, 1.0) == 12.0
    with pytest.raises(ValueError, match="as many vectors"):
        hvp(y.sum(), [x, v], [x.data])
    with pytest.raises(ValueError, match=r"shape \(3,\), got \(2,\)"):
        jvp(y, x, [1.0, 2.0])


def test_a_seed_may_be_a_node():
    x, s = Value(3.0), Value(5.0)
    g = grad(x * x, x, s, create_graph=True)
    assert grad(g, [x, s]) == [10.0, 6.0]


@given(st.integers(0, 10**6))
def test_the_order_is_the_recorded_one_and_deterministic(seed):
    rng = np.random.default_rng(seed)
    pool = [Value(1.0), Value(2.0)]
    for _ in range(10):
        i, j = rng.integers(len(pool), size=2)
        pool.append(pool[i] + pool[j])
    order = toposort(pool[-1])
    assert [n.index for n in order] == sorted(n.index for n in order)
    place = {n: i for i, n in enumerate(order)}
    assert all(place[x] < place[n] for n in order for x in n.operands)


def test_evaluate_with_other_numbers_nodes_and_symbols():
    a, b = Value(2.0), Value(3.0)
    root = autograd.sin(a * b) + a
    assert recompute(root, {a: 1.0}) == np.sin(3.0) + 1.0
    again = recompute(root, {a: Value(2.0), b: b})
    assert grad(again, b) == grad(root, b)
    assert (
        recompute(root, {a: autograd.Symbol("a"), b: autograd.Symbol("b")}).text == "sin(a × b) + a"
    )
    t = Tensor([1.0, 2.0])
    np.testing.assert_array_equal(recompute((t * t).sum(), {t: np.array([3.0, 4.0])}), 25.0)


def test_batched_matmul_against_numpy_and_differences():
    rng = np.random.default_rng(0)
    for left, right in [((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((4, 2, 3), (3, 5)), ((3,), (4, 3, 2)), ((4, 2, 3), (3,)), ((2, 1, 2, 3), (4, 3, 2))]:  # fmt: skip
        x, y = Tensor(rng.normal(size=left)), Tensor(rng.normal(size=right))
        np.testing.assert_array_equal((x @ y).data, x.data @ y.data)
        check_grads(autograd.matmul, x, y)
