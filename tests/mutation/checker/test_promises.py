"""The promises of a backward pass, each broken by an engine that breaks that one alone."""

from __future__ import annotations

import itertools
import math
import warnings
from contextlib import contextmanager
from functools import partial
from itertools import chain, repeat
from unittest.mock import patch

import numpy as np
import pytest

import autograd
from autograd import Node, Tensor, Value
from autograd.testing import Verdict, examine
from autograd.testing.checker import calls, passes, promises
from autograd.testing.checker.calls import GraphCall
from autograd.testing.checker.graphs import Function, Gradient
from autograd.testing.checker.numeric import EPS
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import row
from tests.mutation.raising import said

FUNCTIONS = functions_in(passes, promises)
FIRST, SECOND = "inputs[0]", "inputs[1]"
LEFT = "{}: backward() leaves another gradient than grad() gives"
SEED = np.array([0.5, -2.0])


def function(f, *inputs):
    return Function(f, inputs or (Tensor([1.0, 2.0], "x"), Tensor([3.0, 4.0], "y")))


def product():
    return function(lambda x, y: x * y)


def broken(f=None, cotangent=SEED):
    f = f or product()
    with f.at({}) as call:
        found = list(promises.broken_promises(f, call, cotangent))
        return found + list(passes.broken_by_the_engine(call, cotangent, recorded=True))


@contextmanager
def tampered(tamper, module=calls, name="grad"):
    """Within it `tamper` is asked for what the engine's function returns, given what it was."""
    real = getattr(module, name)

    def stand_in(*arguments, **more):
        return tamper(real(*arguments, **more), *arguments, **more)

    with patch.object(module, name, stand_in):
        yield


def tampering(tamper, module=calls, name="grad", **more):
    with tampered(tamper, module, name):
        return broken(**more)


def test_pieces():
    nan = np.array([np.nan])
    assert passes.identical(nan, nan.copy()) and passes.identical(1.0, np.array(1.0))
    assert not passes.identical(np.ones(1), np.ones((1, 1)))
    assert not passes.identical(1.0, 1.0 + 1e-15)
    assert passes.form_of(np.ones(2)) == "float64 array of shape (2,)"
    assert passes.form_of(1.0) == "float"


def test_kept_promises():
    assert broken() == []
    assert broken(function(autograd.sqrt, Value(0.0)), 0.5) == []
    assert broken(function(lambda x: x * 2.0, Value(1.0)), 0.5) == []
    assert broken(function(lambda x, y: x * 1.0, Value(1.0), Tensor(np.ones(2))), 0.5) == []
    assert broken(function(lambda x: autograd.sqrt(x) * 0.0, Value(0.0)), 0.5) == []  # 0 · ∞


def test_other_numbers_every_time():
    counts = iter(range(1, 1000))
    assert said(broken, function(lambda x: x * float(next(counts)), Value(1.0)), 0.5) == (
        "GradientError: <lambda> must be deterministic, but gives other numbers when called again; "
        "fix its seed, or switch dropout off (model.eval())"
    )


def test_another_type_dtype_or_shape():
    array = "{}: the gradient of a float64 array of shape (2,) is a float{} array of shape {}"
    assert tampering(lambda gs, *_: [g.astype(np.float32) for g in gs]) == [
        array.format(name, 32, (2,)) for name in (FIRST, SECOND)
    ]
    assert tampering(lambda gs, *_: [g[None] for g in gs])[:2] == [
        f"{name}: a gradient of shape (1, 2) for an input of shape (2,)" for name in (FIRST, SECOND)
    ]
    doubled = function(lambda x: x * 2.0, Value(1.0))
    assert tampering(lambda gs, *_: list(map(np.float64, gs)), f=doubled, cotangent=0.5) == [
        f"{FIRST}: the gradient of a float is a float64"
    ]


def off_by(*offsets, times=False):
    """An engine that is off by these in its first gradient, from pass to pass."""
    offs = chain(offsets, repeat(float(times)))
    return lambda gs, *_: [gs[0] * next(offs) if times else gs[0] + next(offs), *gs[1:]]


def test_another_gradient_from_pass_to_pass():
    assert tampering(off_by(0.0, 1e-12, 0.0, 0.0)) == [
        f"{FIRST}: a second pass gives another gradient"
    ]
    scaled = FIRST + ": {0} cotangents must give {0} times the gradient"
    assert tampering(off_by(0.0, 0.0, 1e-280, 0.0)) == [scaled.format("0")]
    assert tampering(off_by(0.0, 0.0, 0.0, 1e-12)) == [scaled.format("-2")]
    assert tampering(off_by(0.0, 0.0, 1e-292, 1e-292), cotangent=1e-290 * SEED) == []
    infinite = off_by(np.inf, np.inf, np.inf, times=True)
    assert tampering(infinite)[:1] == [LEFT.format(FIRST)]


def drifting(gs, *_, calls=itertools.count(1)):  # noqa: B008
    return [g + 1e-12 * next(calls) for g in gs]


def overwriting(gs, output, leaves, seed=None, **more):
    seed[1] = -2.5
    return gs


def writing(gs, output, leaves, *_):
    leaves[1].raw.flags.writeable = True
    leaves[1].raw[0] = 9.0
    return gs


def test_a_seed_or_an_input_that_is_changed():
    assert "the backward pass changes its seed" in tampering(overwriting, cotangent=SEED.copy())
    assert f"the backward pass changes the input {SECOND}" in tampering(writing)


def test_another_gradient_with_create_graph():
    recorded = f"{FIRST}: with create_graph the gradient is another"
    for factor, expected in ((1 + 1.0005e-9, [recorded]), (1 + 0.9995e-9, [])):

        def relatively(gs, *_, factor=factor, **more):
            return [gs[0] * factor, gs[1]]

        assert tampering(relatively, passes) == expected, factor
        assert tampering(relatively, passes, cotangent=1e-10 * SEED) == expected, factor
    unlike = row(lambda g, out, x: g * x * (3.0 if isinstance(g, Node) else 2.0))
    assert broken(function(unlike, Tensor([1.0, 2.0]))) == [recorded]
    assert tampering(lambda gs, *_, **more: gs[: 2 if more["create_graph"] else 0], passes) == []


def sharing(_, output, *__):
    one, other = output.operands
    other.raw_grad = one.grad
    one.raw_grad = other.raw_grad


def lending(_, output, seed):
    one, other = output.operands
    other.raw.flags.writeable = True
    one.raw_grad, other.raw_grad = seed, other.raw


def test_shared_memory():
    shared = tampering(sharing, passes, "backward", f=function(lambda x, y: x + y))
    assert shared == [f"the gradient of {FIRST} shares memory with the gradient of {SECOND}"]
    lent = tampering(lending, passes, "backward", f=function(lambda x, y: x + y))
    assert lent[-2:] == [
        f"the seed shares memory with the gradient of {FIRST}",
        f"the gradient of {SECOND} shares memory with the input {SECOND}",
    ]


def test_gradients_that_add_up_from_pass_to_pass():
    with patch.object(passes, "backward", partial(autograd.backward, accumulate=True)):
        doubled = broken()
        report = examine(lambda x, y: x * y, Tensor([1.0, 2.0]), Tensor([3.0, 4.0]), order=1)
    assert LEFT.format(FIRST) in doubled and LEFT.format(SECOND) in doubled
    assert any(one.startswith("backward() leaves another gradient at mul") for one in doubled)
    assert report.verdict is Verdict.WRONG and report.culprit.kind == "engine"
    assert LEFT.format(FIRST) in report.problems


@pytest.mark.parametrize(
    ("tamper", "module", "name", "problem"),
    [
        (lambda gs, *_: [g.astype(np.float32) for g in gs], calls, "grad", "is a float32 array"),
        (
            lambda gs, *_: [g[:, None] for g in gs],
            calls,
            "grad",
            "of shape (2, 1) for an input of shape (2,)",
        ),
        (drifting, calls, "grad", "a second pass gives another"),
        (lambda gs, *_: [g + 1.0 for g in gs], calls, "grad", "0 cotangents must give 0 times"),
        (overwriting, calls, "grad", "changes its seed"),
        (writing, calls, "grad", f"the backward pass changes the input {SECOND}"),
        (lambda gs, *_, **__: [g * 1.001 for g in gs], passes, "grad", "with create_graph"),
        (sharing, passes, "backward", f"shares memory with the gradient of {SECOND}"),
    ],
)
def test_the_engine_is_to_blame(tamper, module, name, problem):
    inputs = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    with tampered(tamper, module, name):
        report = examine(lambda x, y: x + y, *inputs, order=2 if module is passes else 1)
    assert report.verdict is Verdict.WRONG
    assert report.culprit.kind == "engine"
    assert problem in " | ".join(report.problems)


def test_rules_that_raise_or_change_what_they_are_given():
    refusing = row(lambda g, out, x: 1 / 0 if g is not None else 0)
    said_by = said(broken, function(refusing, Value(1.0)), 0.5)
    assert said_by.startswith("BackwardError: the backward pass raises")

    def doubling(g, out, x):
        g *= 2.0
        return g * x

    changed = broken(function(row(doubling), Tensor([1.0, 2.0])))
    assert "a rule changes the upstream gradient that it is given" in changed


def test_what_backward_leaves():
    z = Tensor(np.ones(2))
    with product().at({}) as call:
        leaves = dict(zip("xyz", (*call.output.operands, z), strict=True))
        leaves["x"].grad, z.grad = np.full(2, 7.0), np.ones(2)
        grads, other = passes.left_by_backward(GraphCall(leaves, call.output), SEED, {})
        assert [g.tolist() for g in grads.values()] == [[1.5, -8.0], [0.5, -4.0], [0.0, 0.0]]
        assert other == [] and leaves["x"].grad.tolist() == [7.0, 7.0]
        assert leaves["y"].grad is None
        nodes = {leaves["x"]: np.array([1.5, -8.0]), leaves["y"]: np.zeros(2)}
        assert passes.left_by_backward(GraphCall(leaves, call.output), SEED, nodes)[1] == [
            leaves["y"]
        ]


def test_gradients_are_put_back():
    x = Tensor([1.0, 2.0])
    x.grad = np.ones(2)

    def failing():
        with passes.keeping_grads([x]):
            x.grad = None
            raise KeyError

    assert said(failing) == "KeyError: " and x.grad.tolist() == [1.0, 1.0]


# --- second derivatives -------------------------------------------------------------------------


def test_second_derivatives_that_contradict_each_other():
    """By more than rounding, and by less."""
    along_u = along_w = {}
    u, w, v = np.array([1.0, -1.0]), np.array([2.0, -3.0]), np.array([0.5, 4.0])
    output = Tensor([2.0, 5.0])

    class Given(GraphCall):
        """A gradient of whatever numbers."""

        def gradients(self, seed, names=None):
            return along_u if seed is directions[0] else along_w

    class Drawn:
        def normal(self, size):
            assert size == (2, *call.output.shape)
            return directions

    def broken():
        return list(passes.broken_symmetries(gradient, call, Drawn()))

    gradient = Gradient(Function(lambda x, y: x * y, (Value(1.0), Value(2.0))), v)
    call, directions = Given({}, output), (u, w)
    # ⟨w, Hu⟩ = 6 − 3 and ⟨u, Hw⟩ = 5 − 2; ⟨v, Ju⟩ = 2 − 5 and ⟨Jᵀv, u⟩ = 2 − 5; rounding: 7e-12
    for one, other, problems in (
        (0.0, 0.0, []),
        (1.60065e-8, 0.0, []),
        (1.6010e-8, 0.0, ["the Hessian is not symmetric: 3 and 3.00000002"]),
        (-1.6010e-8, 0.0, ["the Hessian is not symmetric: 3 and 2.99999998"]),
        (0.0, 1.40065e-8, []),
        (0.0, 1.4010e-8, ["forward and reverse derivative differ: -2.99999999 and -3"]),
        (np.nan, np.inf, []),
    ):
        along_u = {"inputs[0]": 3.0, "inputs[1]": 1.0, gradient.cotangent: [4.0 + 2 * other, -1.25]}
        along_w = {"inputs[0]": 5.0 + one, "inputs[1]": 2.0, gradient.cotangent: None}
        along_u[gradient.cotangent] = np.array(along_u[gradient.cotangent])
        assert broken() == problems, (one, other, broken())
    directions = (0.0 * u, 0.0 * w)
    along_u = dict.fromkeys(along_u, np.zeros(()))
    along_w = along_u
    assert broken() == []


def test_second_derivatives_that_agree():
    matrix = Tensor([[1.0, 2.0], [3.0, 4.0]])
    real = Gradient(Function(lambda x: x * x * x, (matrix,)), matrix.data + 1.0)
    with real.at({}) as whole:
        rng = np.random.default_rng(0)
        assert list(passes.broken_symmetries(real, whole, rng)) == []


def test_rounding():
    x = Value(3.0)
    inside = passes.rounding((x * 100.0) * 0.5, 2.0, np.array([1.0, -2.0]), np.array([4.0]))
    assert math.isclose(inside, 5e3 * EPS * 100.0 * 7.0)
    single = Tensor(np.float32([3.0])) * 100.0
    assert math.isclose(passes.rounding(single, np.ones(1)), 0.0)
    for numbers, eps in ((np.float32([3.0]), 2.0**-23), (np.array([3.0]), 2.0**-52)):
        both = Tensor(numbers) * 100.0
        assert passes.coarsest(both) == eps and type(passes.coarsest(both)) is float
        assert math.isclose(passes.rounding(both, np.ones(1), np.ones(1)), 5e3 * eps * 100.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert passes.rounding(autograd.sqrt(x * 0.0), 1.0, np.ones(1)) == math.inf
    assert passes.rounding(Tensor(np.zeros(0)) * 2.0, np.zeros(0), np.ones(3)) == 0.0


def test_a_nan_is_the_same_as_itself():
    function = Function(lambda x: autograd.sqrt(x * x), (Tensor([0.0, 4.0]),))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with function.at({}) as call:
            assert list(promises.broken_promises(function, call, np.ones(2))) == []
