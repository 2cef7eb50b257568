"""Scalar graphs of Tensor graphs: same numbers, same gradients."""

from __future__ import annotations

import numpy as np
from hypothesis import given

import autograd as ag
from autograd import Tensor, Value, scalarize, toposort
from autograd.testing.strategies import expressions, networks


def assert_same(output):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=output.shape)
    scalars = {}
    root = np.sum(np.asarray(scalarize(output, scalars)) * weights)
    total = (output * weights).sum() if isinstance(output, Tensor) else output * float(weights)
    np.testing.assert_allclose(root.item(), total.item(), rtol=1e-12, atol=1e-12)
    if not isinstance(root, Value) or root.op is None:
        return
    total.backward()
    root.backward()
    assert all(isinstance(node, Value) for node in toposort(root))
    for leaf in toposort(output):
        if leaf.op is None and leaf.grad is not None:
            found = np.vectorize(lambda v: v.grad or 0.0, otypes=[float])(scalars[leaf])
            scale = np.max(np.abs(leaf.grad), initial=1.0)
            np.testing.assert_allclose(found, leaf.grad, rtol=1e-12, atol=1e-12 * scale)


@given(expressions(dtypes=[float], smooth=True))
def test_random_graphs(expression):
    assert_same(expression.output)


@given(networks())
def test_random_networks(network):
    assert_same(network.output)


def test_ties_of_a_maximum_share_equally_at_both_resolutions():
    assert_same(Tensor([[1.0, 1.0, 1.0], [2.0, 0.0, 2.0]]).max(axis=1))


def test_moving_data_makes_no_nodes():
    x = Tensor(np.arange(6.0).reshape(2, 3), label="x")
    scalars = {}
    scalarize(x.T.reshape(3, 2)[::2], scalars)
    moved = scalars[next(n for n in scalars if n.op and n.op.name == "take")]
    assert moved[1, 0] is scalars[x][0, 2]
    assert moved[1, 0].label == "x[0,2]"


def test_two_expansions_can_share_their_leaves():
    x = Tensor([1.0, 2.0])
    mine = ag.as_values([3.0, 4.0])
    root = scalarize((x * x).sum(), {x: mine})
    root.backward()
    assert (root.item(), [v.grad for v in mine]) == (25.0, [6.0, 8.0])


def test_functions_work_on_object_arrays():
    v = np.array([[Value(1.0), Value(2.0)], [Value(3.0), 4.0]], object)
    assert ag.sum(v) == 10.0
    assert ag.exp(v).shape == (2, 2)
    out = ag.matmul(v, np.eye(2))
    assert out[1, 0] == 3.0
    assert ag.softmax(v)[0, 0] == 1 / (1 + np.e)
    assert (v * v).sum() == 30.0
