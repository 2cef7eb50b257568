"""Scalar graphs of linear algebra: right on constants, at singular matrices and on replays."""

import numpy as np
import pytest

from autograd import Tensor, cofactors, det, grad, inv, scalarize, solve
from autograd.tape import Tape

EXCHANGED = [np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([[1e-20, 1.0], [1.0, 1.0]])]
FUNCTIONS = {
    "det": det,
    "inv": lambda a: (inv(a) * np.array([[1.0, 2.0], [3.0, 4.0]])).sum(),
    "solve": lambda a: (solve(a, np.array([[1.0], [2.0]])) * np.array([[1.0], [-3.0]])).sum(),
}


@pytest.mark.parametrize("matrix", EXCHANGED)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_scalar_graphs_are_right_on_numbers_that_ask_for_other_pivots(name, matrix):
    recorded, scalars = Tensor(np.eye(2)), {}
    tape = Tape(scalarize(FUNCTIONS[name](recorded), scalars), list(scalars[recorded].flat))
    value, gradients = tape.value_and_grad(*matrix.ravel().tolist())
    a = Tensor(matrix)
    y = FUNCTIONS[name](a)
    assert value == pytest.approx(y.data.item(), abs=1e-12)
    assert gradients == pytest.approx(list(grad(y, a).flat), abs=1e-12)


@pytest.mark.parametrize("matrix", [np.zeros((2, 2)), np.ones((3, 3)), np.diag([1.0, 0.0])])
def test_determinants_of_singular_scalars_have_the_gradient_of_arrays(matrix):
    a, scalars = Tensor(matrix), {}
    y = scalarize(det(a), scalars)
    assert y.data == pytest.approx(0.0, abs=1e-12)
    assert grad(y, list(scalars[a].flat)) == pytest.approx(list(cofactors(matrix).flat), abs=1e-12)
