"""`certify` on rows that are right, and on rows that are wrong in one respect each."""

from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import TABLE, Primitive
from autograd.testing import GradientError, certify, replaced
from autograd.testing.certification import adjoint, cases


def row(rule, forward=lambda x: x**3, **more):
    """A primitive of one's own: x³."""
    return Primitive("cube", "³", forward, forward, (rule,), "x³, elementwise.", **more)


RIGHT = row(lambda g, out, x: 3 * g * x * x)


def failure(primitive):
    with pytest.raises(GradientError) as caught:
        certify(primitive)
    assert caught.value.report is not None
    return str(caught.value)


@pytest.mark.parametrize(
    "name", ["mul", "abs", "sum", "take", "concatenate", "equal", "to_value", "stop_gradient"]
)
def test_right_rows(name):
    assert all(report.ok for report in certify(TABLE[name]))


def test_a_row_of_ones_own():
    certify(RIGHT)


WRONG = {
    "factor": row(lambda g, out, x: 3.003 * g * x * x),
    "raw numbers": row(lambda g, out, x: 3 * g * getattr(x, "raw", x) ** 2),
    "only at 0": row(lambda g, out, x: 3 * g * x * x + g * autograd.equal(x, 0.0)),
    "only without elements": row(
        lambda g, out, x: 3 * g * x * x if np.size(getattr(x, "raw", x)) else 1 / 0
    ),
    "only in float32": row(
        lambda g, out, x: 3 * g * x * x * (1.01 if getattr(x, "dtype", 0) == np.float32 else 1.0)
    ),
    "only for floats": row(lambda g, out, x: 3 * g * x * x * (1.01 if type(out) is float else 1)),
}


@pytest.mark.parametrize("primitive", WRONG.values(), ids=WRONG.keys())
def test_wrong_rules(primitive):
    assert "cube" in failure(primitive)


def test_a_row_without_rules_must_be_locally_constant():
    assert "wrong" in failure(row(None))
    certify(row(None, np.sign))


def test_a_scalar_forward_that_differs_from_the_array_forward():
    odd = Primitive(
        "cube", "³", lambda x: -(x**3), lambda x: x**3, (lambda g, out, x: 3 * g * x * x,), "x³."
    )
    assert "cube(())" in failure(odd)


def test_an_adjoint_that_is_not_the_transpose():
    rules = (lambda g, out, x, axis: autograd.cumsum(g, axis=axis),)
    with replaced(TABLE["cumsum"], vjps=rules):
        assert "cumsum" in failure(TABLE["cumsum"])
    certify(TABLE["cumsum"])


def test_a_default_that_differs():
    rule = TABLE["max"].vjps[0]

    def wrong_where_axis_is_none(g, out, x, axis, keepdims):
        return rule(g, out, x, axis, keepdims) * (2.0 if axis is None else 1.0)

    with replaced(TABLE["max"], vjps=(wrong_where_axis_is_none,)):
        assert "max((3, 4)" in failure(TABLE["max"])


def test_ties_count():
    def all_of_it(i, g, out, *xs):
        return g * autograd.equal(xs[i], out) * 1.5

    with replaced(TABLE["maximum"], vjps=(all_of_it,)):
        assert "maximum" in failure(TABLE["maximum"])


def test_the_row_is_back_even_after_an_error():
    rules = TABLE["mul"].vjps
    with pytest.raises(ZeroDivisionError), replaced(TABLE["mul"], vjps=()):
        1 / 0  # noqa: B018
    assert TABLE["mul"].vjps is rules
    with pytest.raises(AttributeError), replaced(TABLE["mul"], no_such_column=1):
        pass


def test_carriers_that_disagree():
    rule = (lambda g, out, x: 3 * g * x * x,)
    shifted = Primitive("cube", "³", lambda x: x**3 + 5.0, lambda x: x**3, rule, "x³.")
    assert "not so in the scalarized numbers" in failure(shifted)
    objects = Primitive(
        "twice", "2", None, lambda x: 2 * x, (lambda g, out, x: 2 * g,), "2x.",
        objects=lambda x: 3 * x, cases=((((2,),), {}),),
    )  # fmt: skip
    assert "not so in the scalarized gradient for operand 0" in failure(objects)


def test_the_adjoint_of_a_linear_operand():
    rng = np.random.default_rng(0)
    case = cases(TABLE["matmul"])[0]
    numbers = case.numbers(rng)
    assert not adjoint(case, numbers, rng)
    left, right = TABLE["matmul"].vjps
    with replaced(TABLE["matmul"], vjps=(lambda *xs: 1.001 * left(*xs), right)):
        assert "in operand 0" in adjoint(case, numbers, rng)[0]
