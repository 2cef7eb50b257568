"""What can't be done is refused, with nothing half-done."""

from __future__ import annotations

import numpy as np

import autograd
from autograd import StaleGraphError, Tensor, Value, grad
from tests.mutation.raising import raised, said


def refused(kind, action, *arguments, **more):
    error = raised(action, *arguments, **more)
    assert isinstance(error, kind), error


def test_gradients():
    a, x = Value(2.0, "a"), Tensor([1.0, 2.0], "x")
    refused(ValueError, (x * 2.0).backward)
    refused(ValueError, (x * 2.0).backward, np.ones(3))
    refused(ValueError, grad, a * 2.0, a, seed=[1.0, 2.0])
    refused(TypeError, grad, 3.0, a)
    refused(TypeError, grad, a * 2.0, [3.0])
    refused(ValueError, autograd.jvp, x * 2.0, x, [1.0])
    refused(ValueError, autograd.hvp, (x * x).sum(), [x], [[1.0, 1.0], [2.0, 2.0]])
    refused(TypeError, autograd.hvp, a * a * a, a, Value(1.0))


def test_shapes():
    x = Tensor([1.0, 2.0])
    refused(ValueError, autograd.sum_to, x, shape=(3,))
    refused(ValueError, autograd.sum_to, Tensor(np.ones((2, 3))), shape=(2,))
    refused(ValueError, autograd.sum_to, x, shape=(1, 2))
    refused(ValueError, autograd.sum_to, x, shape=(0,))
    refused(ValueError, autograd.broadcast_to, Tensor(np.ones((1, 2))), shape=(2,))
    refused(ValueError, autograd.windows, x, size=3)
    refused(ValueError, autograd.scatter, x[None, None], index=slice(2), shape=(2, 2))
    refused(ValueError, autograd.overlap_add, Value(2.0), shape=(2,))
    refused(ValueError, autograd.overlap_add, x, shape=(4, 4))
    refused(ValueError, autograd.overlap_add, Tensor(np.ones((2, 3))), shape=(9,))
    pairs = said(autograd.pad, x, width=((1, 1), (0, 0)))
    assert pairs.startswith("ValueError: ") and "a pair (before, after)" in pairs


def test_stale_graphs():
    a, x = Value(2.0, "a"), Tensor([1.0, 2.0], "x")
    out = a * a
    out.backward()
    a.data = 3.0
    refused(StaleGraphError, out.backward)
    assert (out.grad, a.grad) == (1.0, 4.0)
    refused(StaleGraphError, grad, out, a)
    fresh = a * a
    assert grad(fresh, a) == 6.0
    assert grad(x.sum(), x).tolist() == [1.0, 1.0]
    assert x.sum().backward() is None
