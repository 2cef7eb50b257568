"""Every row of the table: right to second order, on every carrier. A new row enters by itself."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import TABLE, Tensor, Value, grad, scalarize
from autograd.arithmetic.formulas import WRITTEN
from autograd.tape import Tape
from autograd.testing import check_grads, replaced

CASES = [
    pytest.param(row, shapes, params, id=f"{name}-{i}")
    for name, row in TABLE.items()
    for i, (shapes, params) in enumerate(row.cases)
]
ELEMENTWISE = [pytest.param(row, id=name) for name, row in TABLE.items() if row.scalar]
DIFFERENTIATED = [p for p in ELEMENTWISE if p.id != "stop_gradient"]  # which is there to be wrong
BROADCASTS = [((3, 4), (4,)), ((2, 1, 3), (4, 1)), ((), (3,)), ((1,), (1, 1)), ((0, 3), (1, 3))]


def operands(row, shapes, rng, dtype=np.float64):
    """Numbers from the row's domain; distinct, so that no two of them tie."""
    domains = row.domain if len(row.domain) == len(shapes) else row.domain[:1] * len(shapes)
    return [
        Tensor(rng.uniform(lo, hi, shape).astype(dtype))
        for (lo, hi), shape in zip(domains, shapes, strict=True)
    ]


def arity(row):
    return 3 if row.variadic else len(row.vjps)


def differentiable(row):
    return any(rule is not None for rule in row.vjps)


@pytest.mark.parametrize(("row", "shapes", "params"), CASES)
def test_rules_are_right_to_second_order(row, shapes, params):
    xs = operands(row, shapes, np.random.default_rng(0))
    check_grads(lambda *xs: row(*xs, **params), *xs, order=2)


@pytest.mark.parametrize("row", DIFFERENTIATED)
def test_elementwise_rules_on_values(row):
    rng = np.random.default_rng(1)
    xs = [Value(x.item()) for x in operands(row, ((),) * arity(row), rng)]
    assert isinstance(row(*xs), Value)
    check_grads(row, *xs, order=2)


@pytest.mark.parametrize("row", DIFFERENTIATED)
@pytest.mark.parametrize("shapes", BROADCASTS, ids=str)
def test_elementwise_rules_under_broadcasting(row, shapes):
    shapes = tuple(itertools.islice(itertools.cycle(shapes), arity(row)))
    xs = operands(row, shapes, np.random.default_rng(2))
    check_grads(row, *xs, order=2)


@pytest.mark.parametrize(("row", "shapes", "params"), CASES)
def test_float32_stays_float32_and_agrees_with_float64(row, shapes, params):
    if row.name in ("astype", "to_value"):
        pytest.skip("its purpose is another type")
    wide = operands(row, shapes, np.random.default_rng(3))
    narrow = [Tensor(x.data.astype(np.float32)) for x in wide]
    out = row(*narrow, **params)
    seed = np.random.default_rng(4).normal(size=out.shape)
    out.backward(seed.astype(np.float32))
    row(*wide, **params).backward(seed)
    assert out.dtype == np.float32
    for x, exact, rule in zip(narrow, wide, row.rules(tuple(wide)), strict=True):
        if rule is None:
            assert x.grad is None
            continue
        assert x.grad.dtype == np.float32
        np.testing.assert_allclose(x.grad, exact.grad, rtol=2e-4, atol=1e-5)


@pytest.mark.parametrize(("row", "shapes", "params"), CASES)
def test_scalarized_numbers_and_gradients_are_the_same(row, shapes, params):
    if 0 in np.concatenate([np.array(s, int) for s in shapes]):
        pytest.skip("no element, no Value")
    xs = operands(row, shapes, np.random.default_rng(5))
    same_as_scalarized(row(*xs, **params), xs)


@pytest.mark.parametrize("row", ELEMENTWISE)
def test_scalarized_elementwise_rows_are_the_same(row):
    xs = operands(row, ((2, 3), (3,), (2, 1), (2, 3))[: arity(row)], np.random.default_rng(6))
    same_as_scalarized(row(*xs), xs)


def same_as_scalarized(out, xs):
    weights = np.random.default_rng(7).normal(size=out.shape)
    loss = (out * weights).sum() if isinstance(out, Tensor) else out * float(weights)
    scalars = {}
    scalar_loss = scalarize(loss, scalars)
    assert isinstance(scalar_loss, Value)
    np.testing.assert_allclose(scalar_loss.item(), loss.item(), rtol=1e-12, atol=1e-12)
    loss.backward()
    scalar_loss.backward()
    for x in xs:
        found = [v.grad or 0.0 for v in scalars[x].flat]
        wanted = np.zeros(x.shape) if x.grad is None else x.grad
        np.testing.assert_allclose(found, wanted.ravel(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("row", ELEMENTWISE)
def test_floats_arrays_and_values_give_the_same_numbers(row):
    xs = operands(row, ((7,),) * arity(row), np.random.default_rng(8))
    arrays = [x.data for x in xs]
    by_array = row(*arrays)
    for i in range(7):
        floats = [float(a[i]) for a in arrays]
        assert isinstance(row(*floats), float)
        assert row(*floats) == pytest.approx(by_array[i], rel=1e-14)
        assert row(*map(Value, floats)).data == row(*floats)


@pytest.mark.parametrize("row", ELEMENTWISE)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own, as on plain arrays
@pytest.mark.parametrize("x", [0.0, -0.0, np.inf, -np.inf, np.nan, 800.0, -800.0], ids=str)
def test_special_numbers_are_the_same_on_floats_and_arrays(row, x):
    for others in itertools.product([x, 1.0, 0.0], repeat=arity(row) - 1):
        floats = [x, *others]
        scalar, array = row(*floats), row(*[np.array([f]) for f in floats])[0]
        np.testing.assert_array_equal(scalar, array)


ADJOINTS = [
    ("sum_to", {"shape": (3, 1)}, (2, 3, 4), "broadcast_to", {"shape": (2, 3, 4)}, (3, 1)),
    (
        "take",
        {"index": np.array([1, 1, 0])},
        (4, 2),
        "scatter",
        {"index": np.array([1, 1, 0]), "shape": (4, 2)},
        (3, 2),
    ),
    (
        "windows",
        {"size": (2, 3), "stride": (1, 2)},
        (4, 7),
        "overlap_add",
        {"shape": (4, 7), "stride": (1, 2)},
        (3, 3, 2, 3),
    ),
    (
        "windows",
        {"size": 3, "dilation": 2},
        (2, 9),
        "overlap_add",
        {"shape": 9, "dilation": 2},
        (2, 5, 3),
    ),
    ("transpose", {"axes": (1, 2, 0)}, (2, 3, 4), "transpose", {"axes": (2, 0, 1)}, (3, 4, 2)),
    ("reshape", {"shape": (6, 2)}, (3, 4), "reshape", {"shape": (3, 4)}, (6, 2)),
    ("pad", {"width": ((1, 2),)}, (3,), "take", {"index": slice(1, 4)}, (6,)),
]


@pytest.mark.parametrize(("name", "params", "shape", "adjoint", "back", "out_shape"), ADJOINTS)
def test_linear_rows_come_as_adjoint_pairs(name, params, shape, adjoint, back, out_shape):
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=shape), rng.normal(size=out_shape)
    forth = np.vdot(TABLE[name](x, **params), y)
    assert forth == pytest.approx(np.vdot(x, TABLE[adjoint](y, **back)), rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("many", [3, 400])
@pytest.mark.parametrize(
    "index",
    [
        (np.array([[1, -1], [1, 0]]),),
        (np.array([0, 1, 0]), 2),
        (np.array([0, 1, 1]), np.array([2, 0, 0])),
        (slice(None), np.array([0, 0, 2])),
        (np.array([0, 1, 1]), np.array([True, False, True])[[0, 0, 2]]),
    ],
    ids=str,
)
def test_scatter_adds_up_in_order_however_many_numbers(index, many, dtype):
    expected = np.zeros((2, 3, many), dtype)
    x = np.random.default_rng(10).normal(size=expected[index].shape).astype(dtype)
    np.add.at(expected, index, x)
    np.testing.assert_array_equal(TABLE["scatter"](x, index=index, shape=expected.shape), expected)


def test_a_bias_of_one_number_for_many_rows_keeps_its_precision():
    """A product with ones loses three digits here, and NumPy's sum in pairs none."""
    x, bias = np.full((100_000, 1), 0.1, np.float32), Tensor(np.zeros(1, np.float32))
    loss = ((bias + 1.0) * x).sum()
    exact = 100_000 * float(np.float32(0.1))
    assert grad(loss, bias).item() == pytest.approx(exact, rel=1e-6)
    assert Tape(loss, [bias]).value_and_grad()[1][0].item() == pytest.approx(exact, rel=1e-6)


def test_scatter_refuses_what_its_adjoint_could_not_give_back():
    for index in (slice(1, 3), np.array([0, 1])):
        with pytest.raises(ValueError, match="scatter"):
            TABLE["scatter"](np.ones((1, 1, 2)), index=index, shape=(4,))


@pytest.mark.parametrize("row", list(TABLE.values()), ids=list(TABLE))
def test_rows_are_complete(row):
    assert getattr(autograd, row.name) is row
    assert row.__doc__
    assert row.symbol
    assert row.scalar or row.cases, "a row that is not elementwise names its test cases"


def test_conventions_at_kinks():
    for name in ("relu", "abs"):
        x = Value(0.0)
        TABLE[name](x).backward()
        assert x.grad == 0.0
    a, b, c = Value(1.0), Value(1.0), Value(0.0)
    autograd.maximum(a, b, c).backward()
    assert (a.grad, b.grad, c.grad) == (0.5, 0.5, 0.0)
    t = Tensor([[2.0, 2.0, 1.0], [0.0, 0.0, 0.0]])
    t.max(axis=1).sum().backward()
    np.testing.assert_allclose(t.grad, [[0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3]])
    x, n = Value(0.0), Value(0.0)
    (x**n).backward()
    assert (x.grad, n.grad) == (0.0, -np.inf)


def test_a_new_row_needs_nothing_else():
    cube = autograd.Primitive(
        "cube", "³", lambda x: x * x * x, lambda x: x**3, (lambda g, out, x: g * 3 * x * x,), "x³."
    )
    check_grads(cube, Tensor([[1.0, -2.0]]), order=2)
    check_grads(cube, Value(0.5), order=2)
    assert autograd.formula(cube, 0).text == "g × 3 × x × x"
    with replaced(cube, vjps=(lambda g, out, x: g * 2 * x * x,)), pytest.raises(AssertionError):
        check_grads(cube, Value(0.5))


def own(array, scalar=None, rules=(lambda g, out, x: g,)):
    return autograd.Primitive("own", "o", scalar, array, rules, "A row.")


@pytest.mark.parametrize(
    ("made", "got"),
    [((1.0, 2.0), "tuple"), ([1.0, 2.0], "list"), (None, "NoneType"), ("1", "str"), ({}, "dict")],
)
def test_several_outputs_are_refused(made, got):
    message = f"own: a forward must make one number or one array, got {got}; of several outputs"
    with pytest.raises(TypeError, match=message):
        own(lambda x: made)(Tensor([1.0, 2.0]))
    with pytest.raises(TypeError, match=message):
        own(lambda x: made, lambda x: made)(Value(1.0))


@pytest.mark.parametrize(
    "made", [np.array([1j]), np.complex128(1j), np.array(["a"]), np.float16(1)]
)
def test_outputs_that_are_no_real_numbers_are_refused(made):
    with pytest.raises(TypeError, match="own: numbers must be real, float64 or float32, got dtype"):
        own(lambda x: made)(Tensor([1.0, 2.0]))


def test_integers_that_a_forward_makes_become_floats():
    three = own(lambda x: np.arange(3))(Tensor([1.0, 2.0]))
    assert three.dtype == np.float64 and three.tolist() == [0.0, 1.0, 2.0]
    above = own(lambda x: x > 1, lambda x: x > 1)
    assert above(Tensor([1.0, 2.0])).tolist() == [0.0, 1.0]
    for scalar in (lambda x: x > 1, lambda x: 1, np.sin):
        number = own(np.sin, scalar)(Value(2.0))
        assert type(number) is Value and type(number.data) is float
    assert type(own(np.sum)(Tensor([1.0, 2.0]))) is Tensor
    assert own(np.sum)(Tensor(np.float32([1.0, 2.0]))).dtype == np.float32


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (lambda x, i: x[i], IndexError),
        (lambda x, i: x[: i[0]], TypeError),
        (lambda x, i: x * (i & 1), TypeError),
    ],
)
def test_integer_operands_are_refused_with_the_way(array, kind):
    row = own(array, rules=(lambda g, out, x, i: g, None))
    with pytest.raises(kind, match=r"own: .*operands are floats: take an index, or a flag, as one"):
        row(Tensor([1.0, 2.0]), np.array([0, 1]))


def test_a_row_is_checked_when_it_is_made():
    def row(scalar=math.sin, array=np.sin, vjps=(lambda g, out, x: g,), **more):
        return autograd.Primitive("row", "r", scalar, array, vjps, "A row.", **more)

    assert row(domain=((0.0, 1.0),)).domain == ((0.0, 1.0),)
    with pytest.raises(TypeError, match=r"row: .*computes on arrays, got array = None"):
        row(array=None)
    for rules in (lambda g, out, x: g, [lambda g, out, x: g], ()):
        with pytest.raises(TypeError, match=r"row: the rules must be a tuple.*Primitive"):
            row(vjps=rules)
    with pytest.raises(TypeError, match=r"row: a rule must be a function, or None, got 3"):
        row(vjps=(3,))
    with pytest.raises(TypeError, match=r"row: a variadic row has one rule.*got 2"):
        row(vjps=(None, None), variadic=True)
    with pytest.raises(ValueError, match=r"row: .*an interval for each of 1 operands, got 2"):
        row(domain=((0.0, 1.0), (0.0, 1.0)))


sine = autograd.Primitive("sine", "sin", math.sin, np.sin, (lambda g, out, x: g,), "sin x.")


def test_rows_of_ones_own_are_pickled_and_copied_by_name():
    assert sine.__module__ == __name__
    assert copy.deepcopy(sine) is copy.copy(sine) is sine
    assert copy.deepcopy(sine(Value(1.0))).op is sine
    assert pickle.loads(pickle.dumps(TABLE["add"])) is TABLE["add"]
    assert TABLE["add"].__reduce__() == "add"


@pytest.mark.parametrize("written", [WRITTEN], ids=["formulas"])
def test_every_reading_of_the_table_is_complete(written):
    assert sorted(written) == sorted(TABLE)


def test_a_row_fits_120_columns():
    folder = Path(autograd.__file__).parent / "table"
    lines = [line for file in folder.glob("*.py") for line in file.read_text("utf-8").split("\n")]
    assert max(map(len, lines)) <= 120
