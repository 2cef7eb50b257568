"""Calls of a primitive in every shape and with all parameters that its rules depend on."""

from __future__ import annotations

import numpy as np

import autograd
from autograd import Tensor

RTOL = 1e-8  # a rule that computes in float32 is wrong by 6e-8

# Shapes and parameters beyond the cases of the rows.
MORE = {
    "sum": ((((2, 3, 4),), {"axis": (-1, 0)}),),
    "max": ((((2, 3, 4),), {"axis": (-1, 0)}), (((2, 3),), {"axis": -1})),
    "cumsum": ((((2, 3, 2),), {"axis": 2}), (((),), {"axis": 0})),
    "concatenate": ((((2, 1, 2), (2, 1, 3)), {"axis": -1}),),
    "matmul": ((((2, 1, 4, 3), (3,)), {}), (((3,), (2, 1, 3, 2)), {})),
    "overlap_add": ((((2, 5, 2),), {"shape": (7,), "dilation": 2}),),
}


def calls(primitive):
    """(function, operands...) for every case; for elementwise rows in shapes that broadcast."""
    if primitive.scalar is None:
        for given, params in (*primitive.cases, *MORE.get(primitive.name, ())):
            yield call(primitive, given, params)
        return
    n = count(primitive)
    for params in parameters(primitive):
        for several in ([(2, 3)] * n, [(2, 1), (1, 3), (3,), (3,)][:n], [(), (2,), (), ()][:n]):
            yield call(primitive, several, params)
    if primitive.variadic:
        yield call(primitive, [(2,), (2,), (1,)], {})
    if primitive is autograd.where:
        mask = np.array([0.0, 1.0, 0.0])
        yield (
            (lambda x, y: primitive(mask, x, y)),
            Tensor([0.3, 0.7, -1.1]),
            Tensor([1.4, -0.2, 0.9]),
        )


def call(primitive, given, params, leaf=Tensor):
    """(function, operands...) for operands of the `given` shapes, inside the domain."""
    rng = np.random.default_rng([len(given), *(n for shape in given for n in shape)])
    domain = primitive.domain
    operands = []
    for i, shape in enumerate(given):
        low, high = domain[min(i, len(domain) - 1)]
        margin = 0.05 * (high - low)
        operands.append(leaf(rng.uniform(low + margin, high - margin, shape), f"x{i}"))
    return (lambda *xs: primitive(*xs, **params)), *operands


def count(primitive):
    return 2 if primitive.variadic else len(primitive.vjps)


def parameters(primitive):
    return [params for _, params in primitive.cases] or [{}]


def surrounded(primitive):
    """The first call, between other primitives."""
    f, *operands = next(calls(primitive))
    return (lambda *xs: autograd.sin(f(*[0.9 * x for x in xs])) * 2.0), *operands
