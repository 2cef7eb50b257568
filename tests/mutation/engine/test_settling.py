"""A branch that is not taken sends no NaN, and one with a real cause stays."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

import autograd
from autograd import Tensor, Value, grad, hessian, steps, vjp, where
from autograd.core.gradients import settled_gradients

X = (0.0, 4.0, 0.0)
MASK = np.array([0.0, 1.0, 0.0])


def masked(x: Any) -> Any:
    return where(MASK, autograd.sqrt(x), 1.0)


def test_elements_that_are_not_taken_send_nothing():
    x = Tensor(X)
    out = masked(x).sum()
    assert_array_equal(grad(out, x), [0.0, 0.25, 0.0])
    out.backward()
    assert_array_equal(x.grad, [0.0, 0.25, 0.0])
    first = grad(out, x, create_graph=True)
    assert_array_equal(first.data, [0.0, 0.25, 0.0])
    assert_allclose(hessian(out, x), np.diag([0.0, -1 / 32, 0.0]))
    with np.errstate(all="ignore"):
        assert [s.gradient.tolist() for s in steps(out) if s.node is x] == [[0.0, 0.25, 0.0]]
        root = autograd.sqrt(x)
        assert_array_equal(vjp(root, MASK)[0], [0.0, 0.25, 0.0])


def test_what_is_sent_by_1_or_by_minus_1_stays():
    for factor in (1.0, -1.0):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            x = Tensor(X)
            found = grad((factor * autograd.sqrt(x * x)).sum(), x)
            assert_array_equal(np.isnan(found), [True, False, True])
            v = Value(0.0)
            assert math.isnan(grad(factor * autograd.sqrt(v * v), v))


def test_numbers_that_are_not_taken_send_nothing():
    v, w = Value(0.0), Value(2.0)
    out = where(0.0, autograd.sqrt(v), w * w)
    assert grad(out, [v, w]) == [0.0, 4.0]
    first, second = grad(out, [v, w], create_graph=True)
    assert (first.data, second.data) == (0.0, 4.0)
    out.backward()
    assert (v.grad, w.grad) == (0.0, 4.0)


def test_whole_arrays_are_settled_where_nothing_reaches_them():
    x, w = Tensor([[1.0, 2.0]]), np.array([[np.inf], [1.0]])
    with np.errstate(all="ignore"):
        product = autograd.matmul(x, w)
    assert_array_equal(grad(where(0.0, product, x.sum()).sum(), x), [[1.0, 1.0]])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        both = Tensor([[1.0, 2.0], [3.0, 4.0]])
        taken = where(np.array([[1.0], [0.0]]), autograd.matmul(both, w - np.inf), 0.0)
        assert np.isnan(grad(taken.sum(), both)).any()


def test_a_recorded_gradient_is_settled_on_other_numbers_too():
    x, unused = Tensor([1.0, 4.0, 9.0]), Tensor([1.0])
    out = masked(x).sum()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, none = settled_gradients(out, [x, unused], None)
    assert isinstance(none, Tensor) and none.tolist() == [0.0]
    (turned,) = settled_gradients(masked(autograd.neg(autograd.neg(x))).sum(), [x], None)
    made = [node.op.name for node in autograd.toposort(turned) if node.op]
    assert made.count("equal") == 1  # of what sqrt sends, and of no linear row
    with np.errstate(all="ignore"):
        numbers = autograd.recompute(first, {x: np.array(X)})
    assert_array_equal(numbers, [0.0, 0.25, 0.0])
    (scaled,) = settled_gradients(out, [x], 3.0)
    assert_array_equal(scaled.data, [0.0, 0.75, 0.0])
    assert_allclose(autograd.jacobian(first, x), np.diag([0.0, -1 / 32, 0.0]))
    bad = Tensor(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with np.errstate(all="ignore"):
            whole = masked(bad).sum()
        assert_array_equal(settled_gradients(whole, [bad], None)[0].data, [0.0, 0.25, 0.0])


class Steps(autograd.Observer):
    def __init__(self) -> None:
        self.nodes: list[Any] = []

    def stepped(self, step: Any) -> None:
        self.nodes.append(step.node)


def test_who_hears_of_steps_hears_of_one_walk():
    x = Tensor(X)
    out = masked(x).sum()
    for run in (out.backward, lambda: grad(out, x)):
        heard = Steps()
        with autograd.observing(heard):
            run()
        assert len(heard.nodes) == len(set(map(id, heard.nodes)))
    smooth = (Tensor([1.0, 2.0]) * 2.0).sum()
    heard = Steps()
    with autograd.observing(heard):
        grad(smooth, smooth.operands[0], create_graph=True)
    assert len(heard.nodes) == 2
    y = Tensor([1.0, 4.0])
    root = autograd.sqrt(y).sum()
    plain = grad(root, y, create_graph=True)
    with autograd.observing(Steps()):
        watched = grad(root, y, create_graph=True)
    names = [[n.op.name for n in autograd.toposort(g) if n.op] for g in (plain, watched)]
    assert names[0] == names[1]


def test_sound_walks_are_not_walked_twice():
    y = Tensor([1.0, 4.0])
    root = autograd.sqrt(y).sum()
    recorded = grad(root, y, create_graph=True)
    assert not {"where", "equal"} & {n.op.name for n in autograd.toposort(recorded) if n.op}


def test_numbers_that_stop_on_their_way_are_no_fault():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = Tensor(X)
        inner = where(np.zeros(3), x, 0.0)  # the NaN that reaches it goes no further
        out = autograd.sqrt(inner * inner).sum()
        assert_array_equal(grad(out, x), [0.0, 0.0, 0.0])
        out.backward()
        assert_array_equal(x.grad, [0.0, 0.0, 0.0])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert np.isnan(grad(out, inner)).all()
    assert len(caught) == 1


def test_a_real_cause_is_heard_of_once():
    v = Value(0.0)
    out = autograd.sqrt(v * v)
    heard = Steps()
    with warnings.catch_warnings(), autograd.observing(heard):
        warnings.simplefilter("ignore")
        grad(out, v)
    assert len(heard.nodes) == 3 + 2  # the walk, and that of the warning up to its cause


def test_marks_stay_whatever_reaches_them():
    z, v = Tensor([0.0, 0.0]), Value(0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isnan(hessian(autograd.norm(z) ** 2, z)).all()
        assert math.isnan(hessian(abs(v) ** 2, v))


def test_products_are_settled_as_a_whole():
    x, w = Tensor(np.ones((2, 3))), np.array([[np.inf, 1.0], [1.0, 1.0], [1.0, 1.0]])
    with np.errstate(all="ignore"):
        product = autograd.matmul(x, w)
        for upstream, lost in (
            (np.zeros((2, 2)), False),
            (np.array([[-1.0, 0.0], [0.0, 0.0]]), True),
        ):
            (sent, *_) = vjp(product, upstream)
            assert np.isnan(sent).any() == lost
            (sent, *_) = vjp(product, Tensor(upstream), create_graph=True)
            assert np.isnan(sent.data).any() == lost
    empty = Tensor(np.zeros((0, 2)))
    out = autograd.matmul(empty, Tensor(np.ones((2, 2)))).sum()
    (found,) = settled_gradients(out, [empty], None)
    assert found.shape == (0, 2)


def test_masks_have_the_dtype_of_numbers():
    x = np.array([1.0, -1.0])
    assert autograd.heaviside(x).dtype == autograd.equal(x, 1.0).dtype == float
    assert autograd.isfinite(x.astype(np.float32)).dtype == np.float32
