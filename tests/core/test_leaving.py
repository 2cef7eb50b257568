"""A number leaves the graph when it is asked for by name, and never in silence."""

from __future__ import annotations

import math
import operator
import statistics
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import Node, Tensor, Value, grad
from autograd.tape import Guards, Tape, compile

V, W, T = Value(3.0), Value(4.0), Tensor([[1.0, 2.0], [3.0, 4.0]])
ZERO_D, ROOM = Tensor(3.0), np.zeros(2)


def assign(array: np.ndarray, place: Any, number: Any) -> None:
    array[place] = number


CUTS: dict[str, Callable[[Any], Any]] = {
    "float": float,
    "int": int,
    "complex": complex,
    "index": operator.index,
    "list index": lambda v: [1, 2, 3, 4][v],
    "range": range,
    "math.exp": math.exp,
    "math.sqrt": math.sqrt,
    "math.isfinite": math.isfinite,
    "math.floor": math.floor,
    "math.trunc": math.trunc,
    "math.fsum": lambda v: math.fsum([v, v]),
    "math.hypot": lambda v: math.hypot(v, 1.0),
    "assignment": lambda v: assign(np.zeros(2), 0, v),
    "assignment of several": lambda v: assign(np.zeros(2), slice(None), v),
    "array of floats": lambda v: np.array([v, v], float),
    "asarray of floats": lambda v: np.asarray(v, float),
    "float64": np.float64,
    "float32": np.float32,
    "int64": np.int64,
    "fill": lambda v: np.zeros(2).fill(v),
    "astype": lambda v: np.array([v, v], object).astype(float),
    "fmean": lambda v: statistics.fmean([v, v]),
    "random": lambda v: np.random.default_rng(0).normal(v, 1),
    "random scale": lambda v: np.random.default_rng(0).normal(0, v),
    "arange": lambda v: np.arange(v),
    "copyto": lambda v: np.copyto(np.zeros(2), v),
    "fromiter": lambda v: np.fromiter([v], float),
    "round": round,
    "round to digits": lambda v: round(v, 3),
    "//": lambda v: v // 2,
    "right //": lambda v: 7 // v,
    "divmod": lambda v: divmod(v, 2),
    "right divmod": lambda v: divmod(7, v),
    "truth": bool,
    "data of a Value": Value,
    "data of a Tensor": Tensor,
}


@pytest.mark.parametrize("node", [V, ZERO_D], ids=["Value", "Tensor"])
@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_what_would_cut_is_refused_with_the_remedy(cut, node) -> None:
    with pytest.raises((TypeError, ValueError)) as caught:
        cut(node)
    error = caught.value.__cause__ or caught.value  # what assigns to an array wraps the error
    assert isinstance(error, TypeError)
    assert any(remedy in str(error) for remedy in ("item()", ".data", "autograd.", "here"))


def test_what_has_a_gradient_is_a_node() -> None:
    v = Value(7.0)
    assert grad(v % 2, v) == 1.0 and (v % 2) == 1.0
    assert grad(9.5 % v, v) == -1.0 and (9.5 % v) == 2.5
    line = np.linspace(0, v, 3)
    assert line.tolist() == [0.0, 3.5, 7.0] and grad(line.sum(), v) == 1.5


def test_what_numpy_keeps_as_objects_stays_a_node() -> None:
    assert np.full(2, V)[1] is V and np.array([V, W])[1] is W


def test_the_example_that_lost_half_a_gradient() -> None:
    v = Value(3.0)
    with pytest.raises(TypeError, match=r"autograd\.exp"):
        v * math.exp(-v)
    assert grad(v * autograd.exp(-v), v) == pytest.approx(math.exp(-3) * (1 - 3))


@pytest.mark.parametrize("other", [2.0, 2, np.float64(2.0), np.array([1.0, 2.0])], ids=repr)
@pytest.mark.parametrize("symbol", [operator.floordiv, divmod])
def test_integer_division_of_arrays_is_refused_on_either_side(symbol, other) -> None:
    for left, right in ((T, other), (other, T), (V, other), (other, V), (T, V)):
        with pytest.raises(TypeError):
            symbol(left, right)


def test_by_name_numbers_leave() -> None:
    assert (V.item(), V.data, V.tolist()) == (3.0, 3.0, 3.0)
    assert ZERO_D.item() == 3.0 and type(ZERO_D.item()) is float
    assert T.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert Tensor([[5.0]]).item() == 5.0
    with pytest.raises(ValueError, match=r"shape \(2, 2\); index or sum"):
        T.item()


def test_formatting_is_no_cut() -> None:
    loss = V * 2
    assert f"{loss:.4f}" == "6.0000" == format(loss, ".4f")
    assert f"{loss}" == str(loss) == repr(loss) == "Value(6.0)"
    assert f"{Tensor([2.5]):.1f}" == "2.5"
    assert "{}".format(loss) == "Value(6.0)"  # noqa: UP032
    with pytest.raises(TypeError, match=r"single number .* shape \(2, 2\)"):
        f"{T:.2f}"
    with Guards() as guards:
        f"{loss:.3f} {loss}"
    assert not guards


# --- arrays that mean more than their numbers --------------------------------------------------


class Units(np.ndarray):
    pass


MASKED = np.ma.array([[1.0, 2.0], [3.0, 4.0]], mask=[[True, False], [False, False]])
with warnings.catch_warnings():
    warnings.simplefilter("ignore", PendingDeprecationWarning)
    MATRIX = np.matrix([[1.0, 2.0], [3.0, 4.0]])
SPECIAL = {
    "masked": MASKED,
    "matrix": MATRIX,
    "of one's own": np.ones((2, 2)).view(Units),
    "record": np.ones((2, 2)).view(np.recarray),
    "masked constant": np.ma.masked,
}
BINARY = (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow)


@pytest.mark.parametrize("array", SPECIAL.values(), ids=SPECIAL)
@pytest.mark.parametrize("node", [V, T], ids=["Value", "Tensor"])
def test_other_arrays_are_refused_on_either_side(array, node) -> None:
    for symbol in BINARY[: 4 if array is MATRIX else 5]:  # its powers refuse all but integers
        for left, right in ((node, array), (array, node)):
            with pytest.raises(TypeError, match=r"mix|plain array"):
                symbol(left, right)


@pytest.mark.parametrize("array", SPECIAL.values(), ids=SPECIAL)
def test_other_arrays_are_no_data(array) -> None:
    makers: tuple[Any, ...] = (Value, Tensor, autograd.exp, lambda x: T.backward(seed=x))
    for make in makers:
        with pytest.raises(TypeError, match="plain array"):
            make(array)
    t = Tensor(np.ones((2, 2)))
    for name in ("data", "grad"):
        with pytest.raises(TypeError, match="plain array"):
            setattr(t, name, array)
    assert t.tolist() == [[1.0, 1.0], [1.0, 1.0]] and t.grad is None


def test_a_file_in_memory_is_a_plain_array(tmp_path) -> None:
    np.save(tmp_path / "x.npy", np.arange(3.0))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert (Tensor(mapped) * mapped).tolist() == [0.0, 1.0, 4.0]


# --- parameters ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda: autograd.clip(T, 0.0, V),
        lambda: autograd.clip(T, lo=V),
        lambda: autograd.pad(T, ((1, 1), (0, 0)), V),
        lambda: autograd.sum(T, axis=V),
        lambda: autograd.take(T, index=V),
        lambda: T[V],
        lambda: T[Tensor([0.0])],
        lambda: T[V, 0],
        lambda: T.reshape(V, 2),
    ],
)
def test_a_node_as_a_parameter_is_refused_by_name(call) -> None:
    with pytest.raises((TypeError, IndexError), match=r"must be raw, got a (Value|Tensor)"):
        call()


def test_np_clip_differentiates_its_bounds() -> None:
    x, lo, hi = Tensor([-1.0, 0.5, 9.0]), Value(0.0), Value(2.0)
    out = np.clip(x, lo, hi).sum()
    assert out.item() == 2.5
    gx, gl, gh = grad(out, [x, lo, hi])
    assert (gx.tolist(), gl, gh) == ([0.0, 1.0, 0.0], 1.0, 1.0)


# --- lists of Values through NumPy's reductions -------------------------------------------------


@pytest.mark.parametrize("name", ["mean", "sum", "prod", "var", "std", "max", "min"])
def test_numpy_reduces_lists_of_values_to_a_node(name) -> None:
    numbers = [1.0, 2.5, 4.0]
    values = [Value(x) for x in numbers]
    found = getattr(np, name)(values)
    assert isinstance(found, Value) and found.item() == pytest.approx(getattr(np, name)(numbers))
    t = Tensor(numbers)
    np.testing.assert_allclose(grad(found, values), grad(getattr(autograd, name)(t), t))


def test_numpy_s_products_of_lists_of_values_are_nodes() -> None:
    assert np.dot([V, W], [W, V]) == 24.0
    assert grad(np.dot([V, W], [2.0, 1.0]), [V, W]) == [2.0, 1.0]
    assert np.linalg.norm([V, W]) == 5.0
    assert grad(np.linalg.norm([V, W]), [V, W]) == pytest.approx([0.6, 0.8])


# --- comparisons ----------------------------------------------------------------------------------


@given(st.floats(allow_nan=True), st.floats(allow_nan=True))
def test_equality_is_that_of_the_numbers(x, y) -> None:
    for a, b in ((Value(x), Value(y)), (Value(x), y), (x, Value(y))):
        assert (a == b) is (x == y) and (a != b) is (x != y)
    a, b = Tensor([x, 1.0]), Tensor([y, 1.0])
    assert (a == b).tolist() == [x == y, True] and (a != b).tolist() == [x != y, False]
    assert np.equal(a, b).tolist() == [x == y, True]
    assert np.not_equal(a, [y, 2.0]).tolist() == [x != y, True]


def test_what_equality_is_used_for() -> None:
    x = Tensor([0.0, 4.0])
    root = np.where(x == 0, 0.0, np.sqrt(np.where(x == 0, 1.0, x)))
    assert root.tolist() == [0.0, 2.0] and grad(root.sum(), x).tolist() == [0.0, 0.25]
    assert x[x == 0].tolist() == [0.0]
    assert Value(2.0) == 2.0 == Value(2.0)
    assert Value(2.0) == pytest.approx(2) and pytest.approx(2) == Value(2.0)
    assert 4.0 in x and 5.0 not in x
    assert [Value(1.0), Value(2.0)].index(2.0) == 1
    assert Value(1.0) != "1" and Value(1.0) is not None and Value(1.0) != None  # noqa: E711
    a, b = Value(1.0), Value(1.0)
    assert len({a, b}) == 2 and {a: "mine"}.get(b) is None
    assert hash(x) == object.__hash__(x)


def test_equality_is_guarded_in_tapes() -> None:
    loss = compile(lambda x: x * 3 if x == 2.0 else x * 5)
    assert loss(2.0) == (6.0, [3.0])
    assert loss(3.0) == (15.0, [5.0])
    x = Value(1.0)
    with Guards() as guards:
        y = x * 2 if x != None else x  # noqa: E711
    assert Tape(y, [x], guards).value(7.0) == 14.0


def test_nothing_within_compares_nodes(monkeypatch) -> None:
    """What the library does with nodes, with an equality that fails."""
    import nets

    def never(self: Node[Any], other: object) -> bool:
        raise AssertionError("nodes were compared")

    for cls in (Value, Tensor):
        monkeypatch.setattr(cls, "__eq__", never)
        monkeypatch.setattr(cls, "__ne__", never)
    x, w = Tensor([1.0, 2.0], label="x"), Tensor([[1.0, 2.0], [3.0, 4.0]], label="w")

    def f(x: Any, w: Any) -> Any:
        return (autograd.tanh(w @ x) * x).sum()

    loss = f(x, w)
    loss.backward()
    autograd.hessian(loss, [x, w])
    autograd.scalarize(loss).backward()
    Tape(loss, [x, w]).value_and_grad()
    compile(f)(x.data, w.data)
    autograd.testing.check_grads(f, x, w, order=2)
    autograd.viz.draw(loss)
    stepper = autograd.viz.Stepper(loss)
    list(stepper)
    autograd.viz.explain(x, loss)
    autograd.viz.derive(x, loss)
    rng = np.random.default_rng(0)
    model = nets.Sequential(nets.Linear(2, 3, rng=rng), nets.Tanh(), nets.Linear(3, 1, rng=rng))
    data = np.ones((4, 2)), np.ones((4, 1))
    optimiser = nets.Adam(model.parameters())
    nets.fit(model, data, loss=nets.mean_squared_error, optimiser=optimiser, epochs=8, rng=rng)


# --- the habits of PyTorch ------------------------------------------------------------------------


@pytest.mark.parametrize("node", [V, T], ids=["Value", "Tensor"])
@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("numpy", r"\.data"),
        ("requires_grad_", "every leaf"),
        ("zero_grad", "replaces"),
        ("to", "astype"),
        ("cpu", "leave it out"),
        ("cuda", "leave it out"),
        ("clone", "detach"),
        ("view", "reshape"),
        ("unsqueeze", "expand_dims"),
        ("grad_fn", r"x\.op"),
        ("add_", "assign"),
    ],
)
def test_what_is_not_here_names_the_way(node, name, way) -> None:
    with pytest.raises(AttributeError, match=way):
        getattr(node, name)
    assert not hasattr(node, name)


def test_what_is_here_works_and_what_is_nowhere_says_so() -> None:
    assert T.detach().op is None and V.detach().item() == 3.0
    assert V.grad is None and (V * 2).op is autograd.mul
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        V.nonsense  # noqa: B018
    assert "numpy" not in dir(V) and "dtype" not in dir(V) and "dtype" in dir(T)
    with pytest.raises(AttributeError, match="holds a Python float"):
        V.dtype  # noqa: B018
