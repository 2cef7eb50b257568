"""The rules of every row: at points, in shapes, on faces, at kinks, in float32."""

from __future__ import annotations

import itertools
import math
import warnings

import numpy as np
import pytest

from autograd import TABLE, Node, Tensor, Value, grad, hessian, jacobian
from autograd.testing import certify, check_grads
from tests.mutation.rules.calls import RTOL, call, calls, count, parameters, surrounded


def of_rows(*rows):
    return pytest.mark.parametrize("primitive", rows, ids=lambda row: row.name)


ROWS = [row for row in TABLE.values() if any(row.vjps) and not row.marks]
of_all = of_rows(*ROWS)


@of_all
def test_one_point(primitive):
    """For one shape, with other primitives around."""
    check_grads(*surrounded(primitive), order=1, rtol=RTOL)


@of_all
def test_second_order_at_one_point(primitive):
    check_grads(*surrounded(primitive), order=2, rtol=RTOL)


@of_rows(*(row for row in ROWS if row.scalar is not None))
def test_values(primitive):
    for params in parameters(primitive):
        check_grads(*call(primitive, [()] * count(primitive), params, Value), rtol=RTOL)


@of_all
def test_shapes_and_parameters(primitive):
    """Every case of the row, and for elementwise rows broadcasting, to second order."""
    for f, *operands in calls(primitive):
        check_grads(f, *operands, rtol=RTOL)


# operands, parameters, and the gradient for each operand
CONVENTIONS = {
    "relu": (((0.0,), {}, (0.0,)), (([-1.0, 0.0, 2.0],), {}, ([0.0, 0.0, 1.0],))),
    "abs": (((0.0,), {}, (0.0,)), (([-1.0, 0.0, 2.0],), {}, ([-1.0, 0.0, 1.0],))),
    "clip": (
        ((-1.0,), {"lo": -1.0, "hi": 1.0}, (1.0,)),
        ((1.0,), {"lo": -1.0, "hi": 1.0}, (1.0,)),
        ((1.5,), {"lo": -1.0, "hi": 1.0}, (0.0,)),
    ),
    "maximum": (
        ((2.0, 2.0), {}, (0.5, 0.5)),
        ((2.0, 1.0, 2.0), {}, (0.5, 0.0, 0.5)),
        ((0.0, 0.0), {}, (0.5, 0.5)),
    ),
    "minimum": (((2.0, 2.0), {}, (0.5, 0.5)), ((2.0, 1.0, 1.0), {}, (0.0, 0.5, 0.5))),
    "max": (
        (([2.0, 1.0, 2.0],), {}, ([0.5, 0.0, 0.5],)),
        (([[1.0, 1.0], [0.0, 3.0]],), {"axis": 1}, ([[0.5, 0.5], [0.0, 1.0]],)),
        (
            ([[1.0, 1.0], [0.0, 1.0]],),
            {"axis": (0, 1), "keepdims": True},
            ([[1 / 3, 1 / 3], [0.0, 1 / 3]],),
        ),
    ),
    "pow": (
        ((0.0, 0.0), {}, (0.0, -math.inf)),
        ((0.0, 2.0), {}, (0.0, 0.0)),
        ((3.0, 0.0), {}, (0.0, math.log(3.0))),
        ((0.0, 1.0), {}, (1.0, 0.0)),
        ((1.0, 3.0), {}, (3.0, 0.0)),
    ),
    "where": (((0.0, 2.0, 3.0), {}, (0.0, 0.0, 1.0)), ((-1.0, 2.0, 3.0), {}, (0.0, 1.0, 0.0))),
    "take": ((([1.0, 2.0, 3.0],), {"index": np.array([1, 1, 0])}, ([1.0, 2.0, 0.0],)),),
}


@of_rows(*map(TABLE.get, CONVENTIONS))
def test_conventions(primitive):
    """What holds at kinks, ties and zeros, where no numeric derivative decides."""
    for operands, params, expected in CONVENTIONS[primitive.name]:
        scalar = primitive.scalar is not None and np.ndim(operands[0]) == 0
        for leaf in (Value, Tensor) if scalar else (Tensor,):
            leaves = [leaf(x) for x in operands]
            out = primitive(*leaves, **params)
            for create_graph in (False, True):
                found = grad(out, leaves, seed=np.ones(out.shape), create_graph=create_graph)
                numbers = [g.data if isinstance(g, Node) else g for g in found]
                same = [np.array_equal(*pair) for pair in zip(numbers, expected, strict=True)]
                assert all(same), (operands, numbers, expected)


NAN, INF = math.nan, math.inf
SWAPPED = [[0, 1, 0, 0], [1, 0, 0, 0], [0] * 4, [0] * 4]
# numbers, the gradient, and the second derivatives
SECOND = {
    "abs": (((0.0,), [0], [[NAN]]), ((-2.0,), [-1], [[0]]), ((3.0,), [1], [[0]])),
    "root": (
        ((0.0,), [0], [[NAN]]),
        ((4.0,), [1 / 4], [[-1 / 32]]),
        ((1.0,), [1 / 2], [[-1 / 4]]),
        ((0.25,), [1], [[-2]]),
    ),
    "marked": (
        ((3.0, 0.0), [1, NAN], [[0, 0], [0, 0]]),
        ((0.0, 2.0), [1, 0], [[0, 0], [0, 0]]),
        ((1.0, -1.0), [1, 0], [[0, 0], [0, 0]]),
        ((1.0, 1.0), [1, 0], [[0, 0], [0, 0]]),
    ),
    "subgradient": (
        ((3.0, 2.0, 1.0, -1.0), [2, 3, 0, 0], SWAPPED),
        ((3.0, 2.0, -1.0, 1.0), [2, 3, 0, 0], SWAPPED),
        ((3.0, 2.0, 1.0, 1.0), [NAN, 0, NAN, NAN], None),
        ((0.0, 2.0, 1.0, 1.0), [NAN, 0, 0, 0], None),
    ),
    "relu": (
        ((0.0,), [0], [[NAN]]),
        ((-2.0,), [0], [[0]]),
        ((3.0,), [1], [[0]]),
    ),
    "maximum": (
        ((1.0, 1.0), [0.5, 0.5], [[NAN, NAN], [NAN, NAN]]),
        ((1.0, 2.0), [0, 1], [[0, 0], [0, 0]]),
        ((2.0, 1.0, 2.0), [0.5, 0, 0.5], [[NAN] * 3, [0] * 3, [NAN] * 3]),
        ((2.0, 3.0, 2.0), [0, 1, 0], [[0] * 3] * 3),
    ),
    "minimum": (
        ((1.0, 1.0), [0.5, 0.5], [[NAN, NAN], [NAN, NAN]]),
        ((1.0, 2.0), [1, 0], [[0, 0], [0, 0]]),
    ),
    "hypot": (
        ((0.0, 0.0), [0, 0], [[NAN, NAN], [NAN, NAN]]),
        ((3.0, 4.0), [0.6, 0.8], [[16 / 125, -12 / 125], [-12 / 125, 9 / 125]]),
        ((0.0, 2.0), [0, 1], [[0.5, 0], [0, 0]]),
        ((1.0, 0.0), [1, 0], [[0, 0], [0, 1]]),
        ((INF, 2.0), [1, 0], [[0, 0], [0, 0]]),
        ((-1.0, -INF), [0, -1], [[0, 0], [0, 0]]),
        ((INF, -INF), [math.sqrt(0.5), -math.sqrt(0.5)], [[0, 0], [0, 0]]),
    ),
    "arctan2": (
        ((0.0, 0.0), [0, 0], [[NAN, NAN], [NAN, NAN]]),
        ((1.0, 2.0), [2 / 5, -1 / 5], [[-4 / 25, -3 / 25], [-3 / 25, 4 / 25]]),
        ((0.0, 2.0), [0.5, 0], [[0, -0.25], [-0.25, 0]]),
        ((1.0, 0.0), [0, -1], [[0, 1], [1, 0]]),
        ((INF, 2.0), [0, 0], [[0, 0], [0, 0]]),
    ),
    "pow": (
        ((2.0, 0.0), [0, math.log(2)], [[0, 0.5], [0.5, math.log(2) ** 2]]),
        ((0.0, 2.0), [0, 0], [[2, 0], [0, 0]]),
        ((1.0, 2.0), [2, 0], [[2, 1], [1, 0]]),
        ((0.0, 1.5), [0, 0], [[INF, 0], [0, 0]]),
        ((0.0, 1.0), [1, 0], [[0, -INF], [NAN, 0]]),
        ((0.0, 0.0), [0, -INF], [[NAN, NAN], [NAN, INF]]),
        (
            (2.0, 2.0),
            [4, 4 * math.log(2)],
            [[2, 2 + 4 * math.log(2)], [2 + 4 * math.log(2), 4 * math.log(2) ** 2]],
        ),
        (
            (2.0, -2.0),
            [-1 / 4, math.log(2) / 4],
            [[3 / 8, (1 - 2 * math.log(2)) / 8], [(1 - 2 * math.log(2)) / 8, math.log(2) ** 2 / 4]],
        ),
        ((-2.0, 2.0), [-4, NAN], [[2, NAN], [NAN, NAN]]),
        (
            (3.0, 1.0),
            [1, 3 * math.log(3)],
            [[0, 1 + math.log(3)], [1 + math.log(3), 3 * math.log(3) ** 2]],
        ),
    ),
    "mod": (
        ((7.5, 2.0), [1, -3], [[0, 0], [0, 0]]),
        ((-7.5, 2.0), [1, 4], [[0, 0], [0, 0]]),
        ((5.0, -3.0), [1, 2], [[0, 0], [0, 0]]),
    ),
}


@of_rows(*map(TABLE.get, SECOND))
def test_conventions_of_second_order(primitive):
    for operands, slopes, curvature in SECOND[primitive.name]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            leaves = [Value(x) for x in operands]
            out = primitive(*leaves)
            np.testing.assert_allclose(grad(out, leaves), slopes, rtol=1e-14)
            if curvature is None:
                continue
            # not by `hessian`, which looks for what agrees
            found = [jacobian(g, leaves) for g in grad(out, leaves, create_graph=True)]
            np.testing.assert_allclose(found, curvature, rtol=1e-13, atol=1e-15)


@of_rows(TABLE["clip"], TABLE["max"])
def test_kinks_of_second_order(primitive):
    x, params = Tensor([-1.0, 0.5, 1.0, 1.0]), {}
    once, squared = np.diag([NAN, 0.0, NAN, NAN]), np.diag([NAN, 2.0, NAN, NAN])
    if primitive is TABLE["clip"]:
        params = {"lo": -1.0, "hi": 1.0}
    else:
        once = squared = np.full((4, 4), NAN)
        once[:2, :2] = 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = primitive(x, **params)
        np.testing.assert_array_equal(hessian(out.sum(), x), once)
        np.testing.assert_array_equal(hessian((out**2).sum(), x), squared)
    assert not hessian(primitive(Tensor([0.25, 0.75]), **params).sum(), x).any()


KINKS = {
    "relu": ([0.0], {}),
    "abs": ([0.0], {}),
    "clip": ([1.0], {"lo": 0.0, "hi": 1.0}),
    "maximum": ([2.0, 2.0], {}),
    "minimum": ([2.0, 2.0], {}),
    "max": ([[2.0, 2.0]], {}),
    "sort": ([[2.0, 2.0]], {}),
    "hypot": ([0.0, 0.0], {}),
    "arctan2": ([0.0, 0.0], {}),
}


@of_rows(*map(TABLE.get, KINKS))
def test_what_a_chosen_slope_is_multiplied_by_gets_no_number(primitive):
    operands, params = KINKS[primitive.name]
    for shift, wanted in ((0.0, np.isnan), (0.25, np.isfinite)):
        leaves = [Tensor(np.add(x, shift * i)) for i, x in enumerate(operands, 1)]
        if primitive.name in ("max", "sort"):
            leaves[0].data = leaves[0].data + np.array([shift, 0.0])
        out = primitive(*leaves, **params)
        seed = Tensor(np.ones(out.shape))
        for slope in grad(out, leaves, seed, create_graph=True):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                assert wanted(grad(slope.sum(), seed)).all()


@of_rows(TABLE["maximum"], TABLE["minimum"])
def test_of_one_node_nothing_is_chosen(primitive):
    x = Tensor([2.0])
    assert hessian(primitive(x, x).sum(), x).item() == 0.0
    assert hessian((primitive(x, x, x) ** 2).sum(), x).item() == 2.0


@of_rows(TABLE["sort"])
def test_tied_elements_are_sorted_for_one_order(primitive):
    x = Tensor([[3.0, 1.0, 2.0], [3.0, 2.0, 2.0], [1.0, 5.0, 4.0]])
    weights = np.arange(1.0, 10.0).reshape(3, 3)
    by_columns = [NAN, 4.0, NAN, NAN, 10.0, NAN, 2.0, 16.0, 18.0]
    by_rows = [6.0, 2.0, 4.0, 12.0, NAN, NAN, 14.0, 18.0, 16.0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for axis, wanted in ((0, by_columns), (1, by_rows), (-1, by_rows)):
            found = hessian((weights * primitive(x, axis=axis) ** 2).sum(), x).reshape(9, 9)
            np.testing.assert_array_equal(found, np.diag(wanted))


@of_rows(TABLE["subgradient"])
def test_a_kink_is_none_for_what_is_multiplied_by_0(primitive):
    for u, g, s, x in itertools.product((0.0, 2.0), (0.0, 3.0), (0.0, 1.0), (0.0, 1.5)):
        leaves = list(map(Value, (g, s, x, x)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = grad(primitive(*leaves), leaves, seed=u)
        at_kink = math.nan if u * g else 0.0
        np.testing.assert_array_equal(found, [math.nan if u else 0.0, 0.0, at_kink, at_kink])


@of_rows(TABLE["marked"])
def test_a_mark_passes_the_upstream_gradient_on(primitive):
    y, x = Tensor([1.0, 2.0]), Tensor([1.0, -1.0])
    seed = Tensor([1 + 2.0**-30, 3.0])
    kept = seed.data
    first, none = grad(primitive(y, x), [y, x], seed, create_graph=True)
    assert first.tolist() == kept.tolist() == seed.tolist() and none.tolist() == [0.0, 0.0]
    assert grad(first.sum(), seed).tolist() == [1.0, 1.0]
    upstream = np.array(kept)
    for rule in primitive.vjps:
        rule(upstream, y.data, y.data, x.data)
    assert upstream.tolist() == kept.tolist()


@of_rows(TABLE["cholesky"])
def test_matrices_of_several_rows(primitive):
    x = np.random.default_rng(5).normal(size=(2, 1, 3, 3))

    def factor(x):
        return primitive(x @ x.mT + np.eye(3)) * np.arange(1.0, 10.0).reshape(3, 3)

    check_grads(factor, Tensor(x), order=2, rtol=RTOL)
    a = Tensor(x[0, 0] @ x[0, 0].T + np.eye(3))
    out = primitive(a)
    np.testing.assert_allclose(np.triu(grad(out.sum(), a), 1), 0.0)
    check_grads(lambda d: primitive(a.data + np.tril(np.ones((3, 3))) * d), Tensor(0.1 * x[1, 0]))


@of_rows(*(row for row in ROWS if row is not TABLE["to_value"]))
def test_float32(primitive):
    """The gradient is float32 too, and as right as that can be."""
    for f, *operands in calls(primitive):
        narrow = [Tensor(x.data.astype(np.float32)) for x in operands]
        wide = [Tensor(x.data.astype(float)) for x in narrow]
        out, exact = f(*narrow), f(*wide)
        seed = np.random.default_rng(1).normal(size=out.shape)
        found = grad(out, narrow, seed=seed.astype(np.float32))
        for g, e in zip(found, grad(exact, wide, seed=seed), strict=True):
            assert g.dtype == np.float32
            size = np.max(np.abs(e), initial=1e-30)
            assert np.max(np.abs(g - e), initial=0) <= 1e-4 * size


@of_all
def test_linearity_in_the_upstream_gradient(primitive):
    """To the last digits: none is lost inside."""
    factor = 1 + 2.0**-30
    for f, *operands in calls(primitive):
        out = f(*operands)
        seed = np.random.default_rng(1).normal(size=out.shape)
        once, more = grad(out, operands, seed=seed), grad(out, operands, seed=factor * seed)
        for g, h in zip(once, more, strict=True):
            np.testing.assert_allclose(h, factor * g, rtol=1e-13, atol=1e-13)


@of_all
def test_certificate(primitive):
    certify(primitive)
