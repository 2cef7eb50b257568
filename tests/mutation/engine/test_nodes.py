"""What nodes and gradients are made of, and what a node remembers."""

from __future__ import annotations

import copy

import numpy as np
from numpy.testing import assert_array_equal

import autograd
from autograd import Primitive, Tensor, Value, grad
from tests.mutation.engine.heard import Heard


def shares(some, *others):
    return any(np.shares_memory(some, other) for other in others)


def test_gradients_are_one_s_own():
    x, y = Tensor(np.ones((2, 3)), "x"), Tensor(np.ones((2, 3)), "y")
    z = x + y
    seed = np.full((2, 3), 2.0)
    z.backward(seed)
    gradients = [z.grad, x.grad, y.grad]
    for i, g in enumerate(gradients):
        assert g.flags.writeable
        assert not shares(g, seed, *gradients[:i])
    assert x.grad is x.grad
    x.grad[:] = 7.0
    assert_array_equal(x.grad, np.full((2, 3), 7.0))
    assert_array_equal(y.grad, seed)
    seed[:] = 0.0
    assert_array_equal(z.grad, np.full((2, 3), 2.0))
    assert seed.flags.writeable
    g = grad(z, [x, y, z], seed=(seed := np.ones((2, 3))))
    assert all(part.flags.writeable for part in g)
    assert not shares(g[0], g[1])
    assert not shares(g[2], seed)


def test_what_was_recorded_does_not_change():
    raw = np.ones(3)
    w = Tensor([1.0, 2.0, 3.0])
    out = w * raw
    raw[:] = 5.0
    assert_array_equal(grad(out.sum(), w), np.ones(3))
    assert not out.raw.flags.writeable
    assert not out.operands[1].flags.writeable


def test_arrays_without_axes_stay_arrays():
    total = Tensor([1.0, 2.0, 3.0]).sum()
    assert type(grad(total, total)) is np.ndarray
    p, q = Tensor(2.0), Tensor(3.0)
    (p * q).backward()
    assert (type(p.grad), p.grad.shape, float(p.grad)) == (np.ndarray, (), 3.0)
    (p * p).backward()  # which adds up two
    assert (type(p.grad), p.grad.shape, float(p.grad)) == (np.ndarray, (), 4.0)
    read = Primitive("read", "read", None, float, (lambda g, out, x: 2.0 * g,), "The number.")
    g = grad(read(p), p)
    assert (type(g), g.shape, float(g)) == (np.ndarray, (), 2.0)
    recorded = grad(read(p), p, create_graph=True)  # which a rule makes of a Value
    assert (type(recorded), recorded.shape, recorded.item()) == (Tensor, (), 2.0)
    by_seed = grad(read(p), p, Value(3.0), create_graph=True)
    assert (type(by_seed), by_seed.shape, by_seed.item()) == (Tensor, (), 6.0)


def test_dtypes_and_shapes():
    narrow, wide = Tensor(np.ones(3, np.float32)), Tensor(np.ones((2, 3)))
    g = grad((narrow * wide).sum(), [narrow, wide])
    assert [part.dtype for part in g] == [np.float32, np.float64]
    assert [part.shape for part in g] == [(3,), (2, 3)]
    assert (narrow * narrow).dtype == grad((narrow * narrow).sum(), narrow).dtype == np.float32
    assert grad(narrow, Tensor(np.zeros(2, np.float32)), seed=np.ones(3)).dtype == np.float32
    assert narrow.relu().dtype == grad(narrow.relu().sum(), narrow).dtype == np.float32
    assert autograd.jacobian(narrow * 2.0, narrow).dtype == np.float32
    assert np.asarray(autograd.hvp((narrow * narrow).sum(), narrow, np.ones(3))).dtype == np.float32
    empty = Tensor(np.zeros((0, 3)))
    assert grad((empty * 2.0).sum(), empty).shape == (0, 3)


def test_values_among_tensors():
    v, wide = Value(2.0), Tensor(np.ones((2, 3)))
    g = grad((v * wide).sum(), v)
    assert (type(g), g) == (float, 6.0)
    second = grad((v * v * wide).sum(), v, create_graph=True)
    assert (type(second), type(grad(second, v))) == (Value, float)
    assert type((wide * 2.0).sum()) is Tensor
    assert type(v * 2.0) is Value
    assert_array_equal(grad(wide + v, wide, seed=np.ones((2, 3))), np.ones((2, 3)))


def test_steps_of_arrays():
    x, y = Tensor(np.ones((2, 3)), "x"), Tensor(np.ones((2, 3)), "y")
    z = x + y
    step = next(autograd.steps(z, seed=np.ones((2, 3))))
    assert step.node is z
    assert type(step.sent) is tuple
    zero = grad(autograd.sin(x) * y, [x, y], seed=np.zeros((2, 3)))
    assert not any(np.any(part) for part in zero)


def test_what_a_node_remembers():
    a, b = Value(2.0), Value(3.0)
    with autograd.observing(heard := Heard()):
        c = a * b
    assert heard.nodes == [c]
    assert (c.op, c.operands, c.params) == (autograd.mul, (a, b), {})
    assert (-a).operands == (a,)
    assert autograd.maximum(a, b, 1.0).operands == (a, b, 1.0)
    for node in (a, -a, c, autograd.maximum(a, b, 1.0)):
        twin = copy.deepcopy(node)
        numbers = [[getattr(x, "raw", x) for x in n.operands] for n in (node, twin)]
        assert numbers[0] == numbers[1]
    x = Tensor([1.0])
    assert type(autograd.maximum(x, np.array([2.0]), 1.0).operands) is tuple
    assert type((x * 2).operands[1]) is float
    assert (x * np.array([2])).operands[1].dtype == np.float64
    assert autograd.clip(Value(3.0), lo=0.0, hi=2.0).data == 2.0
    with np.errstate(all="ignore"):
        assert repr((1.0 / Value(0.0)).data) == "inf"  # a float, where Python raises
    with autograd.no_grad():
        free = a * b
    assert (free.op, free.operands, free.params, free.data) == (None, (), {}, 6.0)


def test_rules_by_operand():
    a, b, c = Value(2.0), Value(3.0), Value(4.0)
    assert autograd.mul.rules((a, b)) == autograd.mul.vjps
    assert [rule.args for rule in autograd.maximum.rules((a, b, c))] == [(0,), (1,), (2,)]
    mask = Primitive("mask", "mask", None, lambda *xs: xs[0], (None,), "x.", variadic=True)
    assert mask.rules((a, b)) == (None,)


class Asked(Primitive):
    """A row that notes which results it is asked to put in the form of a node's numbers."""

    def numbers(self, made, operands):
        self.asked = made
        return super().numbers(made, operands)


def test_only_what_is_no_float_is_put_in_form():
    for made, asked in (
        (np.array([1.0]), False),
        (np.array([1.0], np.float32), False),
        (np.array([1]), True),
        (np.float64(1.0), True),
        (np.float32(1.0), True),
        (2, True),
    ):
        row = Asked("row", "r", None, lambda x, made=made: made, (None,), "A row.")
        row.asked = None
        node = row(Tensor([1.0]))
        assert (row.asked is not None) is asked, made
        assert type(node) is Tensor and node.dtype in (np.float64, np.float32)
        assert not node.raw.flags.writeable
    single = Asked("row", "r", lambda x: x + 1.0, np.negative, (None,), "A row.")
    single.asked = None
    assert type(single(Value(1.0))) is Value and single.asked is None
