"""A compiled function is recorded anew where what it closed over has changed."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from autograd import Tensor, Value
from autograd.tape import compile, tap
from autograd.tape.captured import SMALL, Captured

RATE = 2.0
WEIGHTS = np.array([1.0, 2.0])


def scaled(x):
    return x * RATE


class Recorded:
    """A function, and how many times it ran."""

    def __init__(self, function):
        self.runs, self.function = 0, function

    def compiled(self):
        function = self.function

        def counted(*arguments):
            self.runs += 1
            return function(*arguments)

        return compile(counted)


def test_numbers_of_a_closure():
    rate = 2.0
    recorded = Recorded(lambda x: x * rate)
    f = recorded.compiled()
    assert f(3.0) == (6.0, [2.0])
    rate = 5.0
    assert f(3.0) == (15.0, [5.0])
    rate = 2.0  # the first recording serves again
    assert f(4.0) == (8.0, [2.0])
    assert recorded.runs == 2


def test_global_numbers_and_those_of_functions_that_are_called(monkeypatch):
    f, g = compile(lambda x: x * RATE), compile(lambda x: scaled(x))
    assert f(3.0)[0] == g(3.0)[0] == 6.0
    monkeypatch.setitem(globals(), "RATE", 5.0)
    assert f(3.0)[0] == g(3.0)[0] == 15.0


@pytest.mark.parametrize("size", [2, SMALL])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64, np.int8])
def test_the_content_of_arrays(size, dtype):
    w = np.ones(size, dtype)
    recorded = Recorded(lambda x: (x * w).sum())
    f = recorded.compiled()
    x = np.ones(size)
    assert f(x)[0] == f(x)[0] == size
    assert recorded.runs == 1
    w[1] = 3
    value, (gradient,) = f(x)
    assert (value, gradient[1]) == (size + 2, 3.0)
    w = w[::-1]  # a view, into which one can write
    np.testing.assert_array_equal(f(x)[1][0], w)
    w[0] = 0
    np.testing.assert_array_equal(f(x)[1][0], w)
    assert recorded.runs == 4


def test_arrays_of_which_others_are_computed_and_nan():
    w = np.array([1.0, np.nan])
    recorded = Recorded(lambda x: x * np.nansum(w * 2))
    f = recorded.compiled()
    assert f(1.0)[0] == f(1.0)[0] == 2.0
    assert recorded.runs == 1
    w[1] = 1.0
    assert f(1.0)[0] == 4.0


def test_arrays_in_lists_dicts_and_tuples_attributes_defaults_and_partials():
    parts = [np.array([1.0]), {"w": np.array([1.0])}, (np.array([1.0]), 2.0)]

    def total(x, more=parts[0], *, last=parts[1]):
        return (x * (parts[0] + parts[1]["w"] + parts[2][0] + more + last["w"])).sum()

    functions = [compile(total), compile(partial(lambda ps, x: (x * ps[0]).sum(), parts))]
    x = np.ones(1)
    assert [f(x)[0] for f in functions] == [5.0, 1.0]
    parts[0][:] = 3.0
    assert [f(x)[0] for f in functions] == [9.0, 3.0]
    parts[1]["w"][:] = 3.0
    parts[2][0][:] = 2.0
    assert functions[0](x)[0] == 14.0


def test_attributes_of_the_object_of_a_method():
    class Model:
        def __init__(self):
            self.rate, self.w, self.losses = 2.0, np.ones(2), []

        def loss(self, x):
            return (x * self.w).sum() * self.rate

        def __call__(self, x):
            return self.loss(x) + 1.0

    model = Model()
    f, g = compile(model.loss), compile(model)
    x = np.ones(2)
    assert (f(x)[0], g(x)[0]) == (4.0, 5.0)
    model.rate = 3.0
    assert f(x)[0] == 6.0
    model.w[0] = 2.0
    assert f(x)[0] == 9.0


def test_attributes_of_objects_that_are_named():
    settings = SimpleNamespace(inner=SimpleNamespace(rate=2.0, other=1.0), w=np.ones(2))
    recorded = Recorded(lambda x: (x * settings.w).sum() * settings.inner.rate)
    f = recorded.compiled()
    x = np.ones(2)
    assert f(x)[0] == 4.0
    settings.inner.other = 5.0
    assert f(x)[0] == 4.0
    assert recorded.runs == 1
    settings.inner.rate = 3.0
    assert f(x)[0] == 6.0
    settings.w = np.array([1.0, 2.0])
    assert f(x)[0] == 9.0
    settings = SimpleNamespace(inner=settings.inner, w=np.zeros(2))
    assert f(x)[0] == 0.0


def test_leaves_are_read_afresh_and_others_recorded_anew():
    w = Tensor([1.0, 2.0])
    recorded = Recorded(lambda x: (x * w).sum())
    f = recorded.compiled()
    x = np.ones(2)
    assert f(x)[0] == 3.0
    w.data[0] = 4.0
    assert f(x)[0] == 6.0
    assert recorded.runs == 1
    w = Tensor([0.0, 1.0])
    assert f(x)[0] == 1.0
    assert recorded.runs == 2


def test_a_log_of_what_was_computed_is_no_change():
    log, last, count = [], {}, 0

    def seen(number):
        nonlocal count
        count += 1
        log.append(float(number))
        last["loss"] = float(number)

    recorded = Recorded(lambda x: (tap(x * x, seen), x * x)[1])
    f = recorded.compiled()
    assert [f(float(i))[0] for i in range(5)] == [0.0, 1.0, 4.0, 9.0, 16.0]
    assert (recorded.runs, count, log[-1], last["loss"]) == (1, 5, 16.0, 16.0)


def test_read_only_arrays_are_not_looked_at():
    w = np.ones(2)
    assert len(Captured(lambda: w)._contents) == 1
    w.flags.writeable = False
    captured = Captured(lambda: w)
    assert not captured._contents
    assert captured.hold()


def test_arrays_of_other_things_than_numbers_are_compared_as_objects():
    names = np.array(["a", "b"])
    captured = Captured(lambda: names)
    names[0] = "c"
    assert captured.hold()
    names = names.copy()
    assert not captured.hold()


def test_variables_without_a_value_and_things_that_are_no_functions():
    captured = Captured(lambda: later)
    assert captured.hold()
    later = 1.0
    assert not captured.hold()
    assert Captured(np.exp).hold()
    assert Captured(partial(np.add, 1.0)).hold()
    assert Captured(lambda: unknown).hold()  # noqa: F821, a global that is not there


def same(before, after):
    if isinstance(before, tuple) and isinstance(after, tuple):
        return len(before) == len(after) and all(map(same, before, after))
    return type(before) is type(after) and (
        before == after or (before != before and after != after)
    )


NUMBERS = st.floats() | st.integers(0, 3) | st.booleans() | st.text(max_size=1) | st.none()
IMMUTABLE = st.recursive(NUMBERS, lambda inner: st.lists(inner, max_size=3).map(tuple))


@given(IMMUTABLE, IMMUTABLE)
@example((1.0, float("nan")), (1.0, float("nan")))
@example(1, True)
def test_immutable_values_are_compared_by_value(before, after):
    setting = before
    captured = Captured(lambda: setting)
    setting = after
    assert captured.hold() == same(before, after)


# --- nested arguments -------------------------------------------------------------------------


def test_lists_tuples_and_dicts_as_arguments():
    recorded = Recorded(lambda ps, x: ((x @ ps[0]["w"] + ps[0]["b"]) * ps[1][0]).sum())
    f = recorded.compiled()
    w, b, x = np.array([[1.0], [2.0]]), np.array([0.5]), np.ones((3, 2))
    value, (ps, of_x) = f([{"w": w, "b": b}, (2.0, 7)], x)
    assert value == 21.0
    np.testing.assert_array_equal(ps[0]["w"], [[6.0], [6.0]])
    np.testing.assert_array_equal(ps[0]["b"], [6.0])
    assert ps[1] == (7.0 / 2 * 3.0, None)
    np.testing.assert_array_equal(of_x, np.tile([2.0, 4.0], (3, 1)))
    assert f([{"w": 2 * w, "b": b}, (2.0, 7)], x)[0] == 39.0
    assert recorded.runs == 1
    assert f([{"w": w, "b": b}, (2.0, 8)], x)[0] == 21.0
    assert recorded.runs == 2  # an integer may decide the structure


def test_nodes_named_tuples_and_arrays_of_values_as_arguments():
    a, b = Value(2.0), Value(3.0)
    product = compile(lambda pair: pair[0] * pair[1])
    assert product([a, b]) == (6.0, [[3.0, 2.0]])
    assert product((a, 4.0)) == (8.0, [(4.0, 2.0)])
    values = np.array([a, b], object)
    value, (gradients,) = product(values)
    assert (value, gradients.tolist(), gradients.shape) == (6.0, [3.0, 2.0], (2,))
    point = type("Point", (tuple,), {})  # built of its elements, as tuples are
    assert product(point((2.0, 5.0)))[1] == [point((5.0, 2.0))]


def test_arguments_that_hold_nothing_to_differentiate_decide_the_structure():
    recorded = Recorded(lambda x, shape: x.reshape(shape).sum(0).sum() if shape else x.sum())
    f = recorded.compiled()
    x = np.ones(6)
    for shape in ((2, 3), (3, 2), (2, 3), ()):
        value, (gradient,) = f(x, shape)
        assert value == 6.0
        np.testing.assert_array_equal(gradient, x)
    assert recorded.runs == 3
    with pytest.raises(TypeError, match="or hashable, got set"):
        f(x, {1})


def test_gradients_leave_out_what_has_none():
    f = compile(lambda name, pair, x: pair[0] * x if name == "first" else pair[1] * x)
    assert f("first", [2.0, 3.0], 4.0) == (8.0, [[4.0, 0.0], 2.0])
    assert f("second", [2.0, 3.0], 4.0) == (12.0, [[0.0, 4.0], 3.0])


def test_gradients_for_leaves_are_a_list_whatever_the_arguments_are():
    w = Value(2.0)
    f = compile(lambda pair: w * pair[0] * pair[1], wrt=[w])
    assert f([3.0, 4.0]) == (24.0, [12.0])
