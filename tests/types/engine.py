"""A user's program as type checkers see it; `test_types.py` runs pyright and mypy on it."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

import autograd
import nets
from autograd import Tensor, Value, grad, hessian, jacobian
from autograd.tape import Tape
from autograd.testing import check_grads

Array = NDArray[np.floating[Any]]

v, w = Value(2.0, label="v"), Value(-3.0)
t, raw = Tensor([[1.0, 2.0], [3.0, 4.0]]), np.ones((2, 2))

assert_type(v * 3, Value)
assert_type(3 - v, Value)
assert_type(v**2 / w, Value)
assert_type(-v, Value)
assert_type(abs(v), Value)
assert_type((v * w + 1).tanh(), Value)
assert_type(v * t, Tensor)
assert_type(t * v, Tensor)
assert_type(2.0 * t, Tensor)
assert_type(v * raw, Tensor)
assert_type(t @ t.T, Tensor)
assert_type(raw @ t, Tensor)
assert_type(t[0].sum(axis=-1).exp(), Tensor)
assert_type(t.reshape(4).softmax(), Tensor)
assert_type(v.data, float)
assert_type(t.data, Array)
assert_type(v.grad, float | None)
assert_type(t.grad, Array | None)
assert_type(grad(v * w, v), float)
assert_type(grad(t.sum(), t), Array)
assert_type(grad(v * w, [v, w]), list[float])
assert_type(grad(v * w, v, create_graph=True), Value)
assert_type(hessian(v * w, v), float)
assert_type(jacobian(t * t, t), Array)
assert_type(v.backward(), None)
assert_type(v.detach(), Value)
assert_type(autograd.exp(v), Value)
assert_type(autograd.sigmoid(t), Tensor)
assert_type(autograd.maximum(v, w), Value)
assert_type(autograd.softmax(t), Tensor)
assert_type(autograd.stack([v, w]), Tensor)
assert_type(autograd.concatenate([t, t], axis=1), Tensor)
assert_type(autograd.einsum("ij,jk->ik", t, t), Tensor)
assert_type(autograd.sum(t, axis=0), Tensor)
assert_type(autograd.max(t), Tensor)
autograd.viz.draw(v * w)
assert_type(autograd.errors.StaleGraphError(), autograd.StaleGraphError)
t.data -= 0.1 * grad(t.sum(), t)

rng = np.random.default_rng(0)
model = nets.MLP(2, 8, 1, rng=rng)
assert_type(model(t), Tensor)
assert_type(nets.Linear(2, 3, rng=rng)(raw), Tensor)
assert_type(check_grads(lambda x: (x * x).sum(), t), None)
assert_type(Tape(v * w, [v, w]).inputs, list[autograd.Node[Any]])
