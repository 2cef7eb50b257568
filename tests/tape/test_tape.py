"""A replay equals eager evaluation, on the recorded numbers and on others; wrong use says so."""

from __future__ import annotations

import gc
import sys
import threading
import tracemalloc
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import TABLE, StaleGraphError, Tensor, Value, grad, recompute, toposort
from autograd.tape import BranchError, Guards, Tape
from autograd.tape.scalar import group
from autograd.tape.tensor import run as tensors
from autograd.tape.tensor.run import TensorReplay

EXACT = ("add", "sub", "mul", "neg", "abs", "relu", "heaviside", "sign", "equal", "maximum",
         "minimum", "where", "clip", "stop_gradient")  # fmt: skip
SMOOTH = ("tanh", "sigmoid", "sin", "cos", "softplus")
BOUNDED = ("tanh", "sigmoid", "sin", "cos", "clip", "heaviside", "sign", "equal")


def eager(output, inputs, data):
    """The value and gradients of the same graph recorded anew for `data`."""
    fresh = {x: type(x)(number) for x, number in zip(inputs, data, strict=True)}
    value = recompute(output, dict(fresh))
    return value.data, grad(value, [fresh[x] for x in inputs])


def close(a, b):
    return np.allclose(a, b, rtol=1e-13, atol=1e-13, equal_nan=True)


@st.composite
def scalar_graphs(draw, names):
    """(output, its leaves): shared nodes, chains of additions, deep and wide parts, constants."""
    numbers = st.floats(-2, 2).map(lambda x: round(x, 3))
    nodes = [Value(draw(numbers)) for _ in range(draw(st.integers(1, 4)))]
    deep = draw(st.booleans())
    for _ in range(draw(st.integers(1, 40))):

        def operand():
            pool = nodes[-3:] if deep else nodes
            return draw(st.sampled_from(pool)) if draw(st.integers(0, 5)) else draw(numbers)

        name = draw(st.sampled_from(names))
        arity = {"where": 3, "maximum": 3, "minimum": 2}.get(name, len(TABLE[name].vjps))
        operands = [draw(st.sampled_from(nodes)), *(operand() for _ in range(arity - 1))]
        params = {"lo": -1.0, "hi": 1.0} if name == "clip" else {}
        node = TABLE[name](*operands, **params)
        nodes.append(node if abs(node.data) < 4 or name in BOUNDED else node * 0.125)
    output = sum(nodes[-draw(st.integers(1, len(nodes))) :])
    return output, [node for node in toposort(output) if node.op is None]


@pytest.fixture(params=[0, group.WIDTH], ids=["wide", "mixed"])
def _strategy(request, monkeypatch):
    """Small graphs are narrow: have them computed by wide operations as well."""
    monkeypatch.setattr(group, "WIDTH", request.param)


@pytest.mark.usefixtures("_strategy")
class TestScalars:
    @given(scalar_graphs(EXACT), st.data())
    def test_arithmetic_is_eager_to_the_last_bit(self, graph, data):
        output, inputs = graph
        if not inputs:
            return
        tape = Tape(output, inputs)
        assert tape.value() == output.data
        other = [data.draw(st.floats(-2, 2)) for _ in inputs]
        assert tape.value(*other) == eager(output, inputs, other)[0]

    @given(scalar_graphs(EXACT + SMOOTH), st.data())
    def test_value_and_gradients_are_eager(self, graph, data):
        output, inputs = graph
        if not inputs:
            return
        tape = Tape(output, inputs)
        value, gradients = tape.value_and_grad()
        assert close(value, output.data) and close(gradients, grad(output, inputs))
        rows = [[data.draw(st.floats(-2, 2)) for _ in range(3)] for _ in inputs]
        values, gradients = tape.value_and_grad(*map(np.array, rows))
        for i, other in enumerate(zip(*rows, strict=True)):
            value, expected = eager(output, inputs, other)
            assert close(values[i], value) and close([g[i] for g in gradients], expected)

    @given(scalar_graphs((*EXACT, "tanh", "sin")))
    def test_second_order_replays_too(self, graph):
        output, inputs = graph
        if not inputs:
            return
        first = grad(output, inputs[0], create_graph=True)
        inputs = [x for x in inputs if x in set(toposort(first))]
        if first.op is None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # |x| at 0 has no second derivative
            value, second = Tape(first, inputs).value_and_grad()
            assert close(value, first.data) and close(second, grad(first, inputs))

    @pytest.mark.parametrize("name", [n for n, op in TABLE.items() if op.scalar is not None])
    def test_every_elementwise_primitive(self, name):
        op = TABLE[name]
        params = op.cases[0][1] if op.cases else {}
        intervals = op.domain * (len(op.vjps) // len(op.domain))
        rng = np.random.default_rng(0)
        columns = [
            [Value(rng.uniform(*interval)) for _ in range(60)]
            for interval in (intervals * 3 if op.variadic else intervals)
        ]
        output = sum(op(*row, **params) * w for w, row in enumerate(zip(*columns, strict=True)))
        inputs = [x for column in columns for x in column]
        value, gradients = Tape(output, inputs).value_and_grad()
        assert close(value, output.data) and close(gradients, grad(output, inputs))

    @pytest.mark.parametrize("exponent", [2.0, 0.5, -1.0, 3.0])
    def test_powers_that_have_a_faster_way(self, exponent):
        inputs = [Value(0.1 + i) for i in range(60)]
        output = sum(x**exponent * w for w, x in enumerate(inputs))
        value, gradients = Tape(output, inputs).value_and_grad()
        assert close(value, output.data) and close(gradients, grad(output, inputs))

    def test_dense_layers_become_matrix_products(self):
        rng = np.random.default_rng(0)
        x, w, v = (
            [[Value(number) for number in row] for row in rng.normal(size=shape)]
            for shape in ((30, 5), (8, 5), (7, 8))
        )

        def dense(weights, row):
            return [sum(a * b for a, b in zip(ws, row, strict=True)) for ws in weights]

        output = sum(y * y for row in x for y in dense(v, [h.tanh() for h in dense(w, row)]))
        inputs = [node for matrix in (x, w, v) for row in matrix for node in row]
        tape = Tape(output, inputs)
        assert sum("@" in cost.operation for cost in tape.profile().costs) >= 6
        value, gradients = tape.value_and_grad()
        assert np.isclose(value, output.data, rtol=1e-13)
        assert np.allclose(gradients, grad(output, inputs), rtol=1e-12, atol=1e-12)
        other = rng.normal(size=len(inputs))
        value, expected = eager(output, inputs, other)
        gradients = tape.value_and_grad(*(np.array([0.0, y]) for y in other))[1]
        assert np.allclose([g[1] for g in gradients], expected, rtol=1e-12, atol=1e-12)

    def test_where_python_raises_a_replay_has_numpy_s_answer(self):
        x = Value(1.0)
        output = (1.0 / x).exp()
        tape = Tape(output, [x])
        assert tape.value(1e-4) == np.inf and tape.value(0.0) == np.inf
        for _ in range(3000):
            output = output * 0.999
        tape = Tape(output, [x])
        assert tape.value() == output.data and tape.value(0.0) == np.inf

    @pytest.mark.parametrize("pairs", [
        [(i, j) for i in range(8) for j in range(i + 1)],  # a triangle
        [(0, 0), (0, 1), (1, 1), (0, 0)],  # one of them twice
        [(0, j) for j in range(8)],  # a vector times a matrix
    ], ids=["triangle", "twice", "vector"])  # fmt: skip
    def test_sums_of_products_that_are_no_matrix_product(self, pairs):
        rng = np.random.default_rng(0)
        a, b = ([[Value(x) for x in row] for row in rng.normal(size=(8, 64))] for _ in range(2))
        output = sum(sum(x * y for x, y in zip(a[i], b[j], strict=True)).tanh() for i, j in pairs)
        inputs = [x for x in toposort(output) if x.op is None]
        value, gradients = Tape(output, inputs).value_and_grad()
        assert close(value, output.data) and close(gradients, grad(output, inputs))

    def test_a_matrix_product_in_a_deep_graph_replays_rows(self):
        rng = np.random.default_rng(0)
        a, b = ([[Value(x) for x in row] for row in rng.normal(size=(4, 16))] for _ in range(2))
        output = sum(sum(x * y for x, y in zip(i, j, strict=True)).tanh() for i in a for j in b)
        for _ in range(100):
            output = output.sin() * 1.5
        inputs = [x for matrix in (a, b) for row in matrix for x in row]
        tape = Tape(output, inputs)
        assert any("@" in cost.operation for cost in tape.profile().costs)
        numbers = rng.normal(size=(len(inputs), 3))
        values = tape.value(*numbers)
        for i, row in enumerate(numbers.T):
            assert close(values[i], eager(output, inputs, row)[0])

    def test_columns_of_one_digest_are_told_apart(self):
        first, second = np.random.default_rng(0).integers(1 << 62, size=2)
        columns = np.array([[second, 0, second], [0, first, 0]])
        which, distinct = group.distinct(columns)
        assert len(distinct) == 2 and np.array_equal(columns[:, distinct][:, which], columns)

    def test_a_deep_chain(self):
        x = Value(0.5)
        y = x
        for _ in range(5000):
            y = (y * 0.9 + x).sin()
        value, (gradient,) = Tape(y, [x]).value_and_grad()
        assert value == y.data and close(gradient, grad(y, x))


def random_dag():
    inputs = [Value(float(i)) for i in range(1000)]
    nodes = list(inputs)
    rng = np.random.default_rng(0)
    for a, b in rng.integers(0, 1000, (20_000, 2)):
        nodes.append(nodes[-1 - a] * nodes[-1 - b])
    return sum(nodes), inputs


def deep_chain():
    x = Value(0.5)
    y = x
    for _ in range(8_000):
        y = (y * 0.9 + x).sin()
    return y, [x]


def recurrent():
    w, h = [Value(0.1 * i) for i in range(6)], [Value(0.1), Value(0.2)]
    for _ in range(1_500):
        a, b = h
        h = [(w[0] * a + w[1] * b + w[2]).tanh(), (w[3] * a + w[4] * b + w[5]).tanh()]
    return h[0] * h[1], w


@pytest.mark.parametrize("graph_of", [random_dag, deep_chain, recurrent])
def test_memory_a_node_and_an_edge(graph_of):
    """At most 40 bytes a node, and a place in two index arrays for each of its operands."""
    output, inputs = graph_of()
    Tape(output, inputs).value_and_grad()  # NumPy imports parts of itself at their first use
    graph = toposort(output, *grad(output, inputs, create_graph=True))
    count, edges = len(graph), sum(len(node.operands) for node in graph)
    del graph
    gc.collect()
    tracer = sys.gettrace()
    sys.settrace(None)  # for one, such as coverage's, Python keeps the lines of what runs
    tracemalloc.start()
    try:
        tape = Tape(output, inputs)
        held = []
        for _ in range(5):
            tape.value(), tape.value_and_grad()
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
        sys.settrace(tracer)
    assert held[0] < 40 * count + 16 * edges
    grown = [after - before for before, after in pairwise(held[1:])]
    assert min(grown) < 1000  # a steady state: a leak would grow each time, another thread does not


class TestLeaves:
    def test_those_that_are_no_inputs_are_read_afresh(self):
        w, x = Value(2.0), Value(3.0)
        tape = Tape(w * x, [x])
        w.data = 5.0
        assert tape.value(1.0) == 5.0 and tape.value_and_grad() == (15.0, [5.0])

    def test_tensors_too(self):
        w, x = Tensor([2.0, 1.0]), Tensor([3.0, 1.0])
        tape = Tape((w * x).sum(), [x])
        w.data = [5.0, 0.0]
        value, (gradient,) = tape.value_and_grad()
        assert value == 15.0 and gradient.tolist() == [5.0, 0.0]

    def test_an_output_may_be_a_leaf(self):
        x = Value(3.0)
        assert Tape(x, [x]).value_and_grad(4.0) == (4.0, [1.0])

    def test_several_outputs(self):
        x = Value(3.0)
        assert Tape([x * x, x + 1, x], [x]).value(4.0) == [16.0, 5.0, 4.0]
        assert Tape([x * x, x + 1], [x]).value(np.array([1.0, 2.0]))[0].tolist() == [1.0, 4.0]

    def test_results_are_the_caller_s(self):
        x = Tensor([1.0, 2.0])
        tape = Tape((x * x).sum(), [x])
        first = tape.value_and_grad()[1][0]
        first += 100.0
        assert tape.value_and_grad()[1][0].tolist() == [2.0, 4.0]
        tape.value_and_grad(np.array([5.0, 5.0]))
        assert first.tolist() == [102.0, 104.0]

    def test_threads_take_turns(self):
        x = Tensor(np.ones(1000))
        tape = Tape((x * x).sum(), [x])
        results: dict[float, float] = {}

        def run(number: float) -> None:
            for _ in range(50):
                results[number] = tape.value(np.full(1000, number))

        threads = [threading.Thread(target=run, args=(float(i),)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == {float(i): 1000.0 * i * i for i in range(4)}


@pytest.fixture(name="_at_once")
def _rows_at_once(monkeypatch):
    """A few rows are replayed one by one: have them replayed at once."""
    monkeypatch.setattr(tensors, "WORTH", 0)


class TestTensors:
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize(
        ("name", "shapes", "params"),
        [
            (name, shapes, params)
            for name, op in TABLE.items()
            for shapes, params in op.cases
            or [
                ([(3, 4)] * len(op.vjps), {}),
                ([(3, 1), (2, 1, 4), (4,), (3, 4)][: len(op.vjps)], {}),
            ]
        ],
        ids=lambda x: x if isinstance(x, str) else "",
    )
    def test_every_primitive(self, name, shapes, params, dtype):
        op = TABLE[name]
        rng = np.random.default_rng(0)
        intervals = (op.domain * len(shapes))[: len(shapes)]

        def numbers():
            return [
                rng.uniform(*interval, size=shape).astype(dtype)
                for interval, shape in zip(intervals, shapes, strict=True)
            ]

        inputs = [Tensor(array) for array in numbers()]
        result = op(*[x * 1.0 for x in inputs], **params)
        weights = rng.normal(size=result.shape).astype(dtype)
        output = (result * weights).sum() if name != "to_value" else result * 2.0
        tape = Tape(output, inputs)
        other = numbers()
        for data, (value, gradients) in (
            ([x.data for x in inputs], tape.value_and_grad()),
            (other, tape.value_and_grad(*other)),
        ):
            expected, expected_gradients = eager(output, inputs, data)
            assert np.array_equal(value, expected) or close(value, expected)
            for x, g, e in zip(inputs, gradients, expected_gradients, strict=True):
                assert g.dtype == x.dtype and g.shape == x.shape
                assert np.allclose(g, e, rtol=1e-13 if dtype is np.float64 else 1e-5, atol=1e-13)

    def test_a_network_with_values_among_its_tensors(self):
        rng = np.random.default_rng(0)
        for dtype in (np.float64, np.float32):
            shapes = ((20, 2), (16, 2), (16,), (3, 16))
            x, w, b, v = (Tensor(rng.normal(size=shape).astype(dtype)) for shape in shapes)
            s = Value(0.3)
            h = autograd.tanh(x @ w.T + b) * s
            h = autograd.concatenate(h[1:], h[:1] * s) * autograd.softmax(h * s)
            output = autograd.logsumexp(h @ v.T) + h[np.array([1, 1, 3])].sum() / s
            inputs = [x, w, b, v, s]
            tape = Tape(output, inputs)
            for _ in range(2):
                value, gradients = tape.value_and_grad()
                assert np.array_equal(value, output.data)
                for g, e in zip(gradients, grad(output, inputs), strict=True):
                    assert np.array_equal(g, e)

    def test_a_computed_value_joins_tensors_in_their_precision(self):
        x, s = Tensor(np.array([1.1, 2.3], np.float32)), Value(0.3)
        output = (x * (s * s)).sum()
        tape = Tape(output, [x, s])
        for data in ((x.data, 0.3), (x.data, 0.7)):
            value, (gx, gs) = tape.value_and_grad(*data)
            expected, (ex, es) = eager(output, [x, s], data)
            assert (value, gs) == (expected, es) and np.array_equal(gx, ex)
            assert gx.dtype == value.dtype == np.float32

    def test_powers_that_have_a_faster_way(self):
        x = Tensor([0.5, 2.0, 3.0])
        output = (x**2 + x**0.5 + x**-1 + x**3 + x**1).sum()
        value, (gradient,) = Tape(output, [x]).value_and_grad()
        assert value == output.data and np.array_equal(gradient, grad(output, x))

    def test_a_maximum_of_few_numbers_is_read_afresh(self):
        x = Tensor([[1.0, 5.0], [2.0, 3.0]])
        tape = Tape((x * 1.0).max(axis=0).max(axis=0), [x])
        assert [tape.value(), tape.value(x.data * 2), tape.value(x.data - 9)] == [5.0, 10.0, -4.0]

    @pytest.mark.parametrize("shape", [(64,), (64, 3), (16, 2, 4)])
    def test_big_arrays_are_computed_tile_by_tile(self, shape, monkeypatch):
        monkeypatch.setattr(tensors, "BIG", 256)
        monkeypatch.setattr(tensors, "TILE", 100)
        rng = np.random.default_rng(0)
        x, w = Tensor(rng.normal(size=shape)), Tensor(rng.normal(size=shape[-1:]))
        scale, s = Tensor(rng.normal(size=shape[:1] + (1,) * (len(shape) - 1))), Value(0.5)
        h = autograd.tanh(x * w + s).relu() / (scale * scale + 1.0)
        output = ((h + h[::-1]).exp() * h.T.T * scale).sum()  # what is read backwards, and turned
        inputs = [x, w, scale, s]
        tape = Tape(output, inputs)
        assert any(line.tiles for line in tape._replay.program.code.instructions)
        for data in ([i.data for i in inputs], [i.data * 0.5 for i in inputs]):
            value, gradients = tape.value_and_grad(*data)
            expected, expected_gradients = eager(output, inputs, data)
            assert value == expected
            for g, e in zip(gradients, expected_gradients, strict=True):
                assert np.array_equal(g, e)
        assert "in tiles" in str(tape.profile())

    def test_a_leaf_turned_there_and_back_is_itself(self):
        rng = np.random.default_rng(0)
        x, w = Tensor(rng.normal(size=(4, 5))), Tensor(rng.normal(size=(3, 5)))
        output = autograd.tanh(x @ w.T).sum()  # its gradient for x is read from w.T.T
        tape = Tape(output, [x, w])
        assert ".T.T" not in str([line.code for line in tape._replay.program.code.instructions])
        data = [rng.normal(size=i.shape) for i in (x, w)]
        value, gradients = tape.value_and_grad(*data)
        expected, expected_gradients = eager(output, [x, w], data)
        assert value == expected
        for g, e in zip(gradients, expected_gradients, strict=True):
            assert np.allclose(g, e, rtol=1e-13, atol=0)

    def test_buffers_lie_in_memory_as_recorded_arrays_do(self):
        x = Tensor(np.random.default_rng(0).normal(size=(4, 5, 6)))
        h = autograd.transpose(x, axes=(2, 0, 1)).exp()
        output = (h * h).sum(axis=0)
        assert h.raw.strides != np.empty(h.shape).strides
        assert np.array_equal(Tape(output, [x]).value(), output.data)

    @pytest.mark.parametrize("worth", [0, 100])
    def test_rows(self, worth, monkeypatch):
        monkeypatch.setattr(tensors, "WORTH", worth)
        x, w = Tensor([1.0, 2.0]), Tensor([[1.0, 0.0], [2.0, 1.0]])
        tape = Tape((w @ x).sum(), [x, w])
        data = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        values, (gx, gw) = tape.value_and_grad(data, w.data)
        assert values.tolist() == [(w.data @ row).sum() for row in data]
        assert gx.shape == (3, 2) and gw.shape == (3, 2, 2)

    @pytest.mark.usefixtures("_at_once")
    @pytest.mark.parametrize("dtype", [np.float64, np.float32])
    @pytest.mark.parametrize(
        ("name", "shapes", "params"),
        [(name, shapes, params) for name, op in TABLE.items() for shapes, params in op.cases],
        ids=lambda x: x if isinstance(x, str) else "",
    )
    def test_rows_of_every_primitive(self, name, shapes, params, dtype):
        op = TABLE[name]
        rng = np.random.default_rng(0)
        intervals = (op.domain * len(shapes))[: len(shapes)]
        rows = [
            rng.uniform(*interval, size=(5, *shape)).astype(dtype)
            for interval, shape in zip(intervals, shapes, strict=True)
        ]
        inputs = [Tensor(row[0]) for row in rows]
        output = autograd.sum(autograd.tanh(op(*inputs, **params))) * Value(0.5)
        for data in (rows, [*rows[:-1], rows[-1][0]], [rows[0][0], *rows[1:]]):
            tape = Tape(output, inputs)
            if all(x.shape == y.shape for x, y in zip(data, inputs, strict=True)):
                continue
            values, gradients = tape.value_and_grad(*data)
            assert [*tape._replay.programs.values()] != [None]
            for i in range(5):
                row = [x[i] if x.shape != y.shape else x for x, y in zip(data, inputs, strict=True)]
                value, single = tape.value_and_grad(*row)
                assert np.allclose(values[i], value, rtol=1e-13 if dtype is np.float64 else 1e-5)
                for g, s in zip(gradients, single, strict=True):
                    assert g.dtype == s.dtype and g[i].shape == s.shape
                    assert np.allclose(g[i], s, rtol=1e-13 if dtype is np.float64 else 1e-5)

    @pytest.mark.usefixtures("_at_once")
    def test_rows_of_a_value_among_tensors(self):
        x, s = Tensor(np.array([1.1, 2.3], np.float32)), Value(0.3)
        tape = Tape((x * (s * s) + s).sum(), [x, s])
        numbers = np.array([0.3, -0.7, 1.9])
        values, (gx, gs) = tape.value_and_grad(x.data, numbers)
        assert (values.dtype, gx.dtype, gs.dtype) == (np.float32, np.float32, np.float64)
        for i, number in enumerate(numbers):
            value, (ex, es) = tape.value_and_grad(x.data, number)
            assert np.isclose(values[i], value, rtol=1e-6) and np.isclose(gs[i], es, rtol=1e-6)
            assert np.allclose(gx[i], ex, rtol=1e-6)

    @pytest.mark.usefixtures("_at_once")
    def test_rows_that_are_broadcast_where_they_are_scattered(self):
        x = Tensor([1.0, 2.0])
        index = (slice(0, 4, 2), slice(1, 3))
        tape = Tape((autograd.scatter(x, index=index, shape=(4, 4)) * np.eye(4)).sum(), [x])
        values, (gx,) = tape.value_and_grad(np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
        assert values.tolist() == [2.0, 4.0, 6.0] and gx.tolist() == [[0.0, 1.0]] * 3

    @pytest.mark.usefixtures("_at_once")
    def test_what_can_not_be_done_in_rows_is_done_row_by_row(self):
        double = autograd.Primitive(
            "double", "d", None, lambda x: x + x, (lambda g, out, x: g + g,), "2 x."
        )
        x = Tensor(np.arange(8.0).reshape(2, 2, 2))
        parts = (np.array([0, 1]), slice(None), np.array([1, 1]))  # NumPy puts these axes first
        rows = np.random.default_rng(0).normal(size=(3, *x.shape))
        for output, expected in (
            (double(x).sum(), 2 * rows.sum(axis=(1, 2, 3))),
            (x[parts].sum(), [row[parts].sum() for row in rows]),
        ):
            tape = Tape(output, [x])
            assert np.allclose(tape.value(rows), expected, rtol=1e-13)
            assert [*tape._replay.programs.values()] == [None]

    @pytest.mark.usefixtures("_at_once")
    def test_rows_of_a_leaf_that_was_rebound(self):
        x, w = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
        tape = Tape([(x * w).sum(), w.tanh()], [x])
        w.data = [5.0, 6.0]
        with autograd.no_grad():
            sums, constants = tape.value(np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]))
        assert sums.tolist() == [5.0, 6.0, 11.0]
        assert np.array_equal(constants, [np.tanh([5.0, 6.0])] * 3)

    @pytest.mark.usefixtures("_at_once")
    def test_many_rows_take_turns_in_little_room(self, monkeypatch):
        x, w = Tensor(np.ones(50)), Tensor(np.arange(50.0))
        tape = Tape((x * w).tanh().sum(), [x, w])
        monkeypatch.setattr(tensors, "ROOM", 8 * tape._replay.program.bytes + 100)
        rows = np.random.default_rng(0).normal(size=(21, 50))
        values, (gx, gw) = tape.value_and_grad(rows, w.data)
        assert list(tape._replay.programs) == [(8, (True, False))]
        for i, row in enumerate(rows):
            value, (ex, ew) = tape.value_and_grad(row, w.data)
            assert close(values[i], value) and close(gx[i], ex) and close(gw[i], ew)
        assert len(values) == 21 and gw.shape == (21, 50)
        assert np.array_equal(tape.value(rows[::-1], w.data), values[::-1])

    def test_a_replay_allocates_nothing_that_stays(self):
        x = Tensor(np.ones((50, 50)))
        tape = Tape((x @ x).tanh().sum(), [x])
        assert isinstance(tape._replay, TensorReplay)
        before = tape._replay.program.bytes
        for _ in range(3):
            tape.value_and_grad()
        assert tape._replay.program.bytes == before <= 3 * 50 * 50 * 8 + 2000


class TestWrongUse:
    def test_an_input_that_is_no_leaf_of_the_graph(self):
        x = Value(2.0, label="x")
        y = x * x
        with pytest.raises(ValueError, match=r"mul .* is a result"):
            Tape(y + 1, [y])
        with pytest.raises(ValueError, match="in another graph"):
            Tape(y, [x, Value(3.0)])
        with pytest.raises(ValueError, match="different nodes"):
            Tape(y, [x, x])

    def test_an_input_that_is_no_node(self):
        output = Value(2.0) * 3.0
        for outputs in (output, [output]):
            with pytest.raises(TypeError, match=r"inputs must be Values or Tensors.*, got float"):
                Tape(outputs, [2.0])

    def test_numbers_that_do_not_fit(self):
        x = Tensor([1.0, 2.0])
        tape = Tape(x.sum(), [x])
        with pytest.raises(TypeError, match="each of the 1 inputs"):
            tape.value(1.0, 2.0)
        with pytest.raises(ValueError, match=r"input 0 has shape \(2,\), got \(3,\)"):
            tape.value(np.ones(3))

    @pytest.mark.parametrize("x", [Value(2.0), Tensor([2.0, 1.0])])
    @pytest.mark.parametrize(
        ("bad", "message"),
        [
            (None, "input 0: .* got NoneType"),
            ("a", "input 0: .* got str"),
            (["a", "b"], "input 0: numbers must be real"),
            ([[1.0], [1.0, 2.0]], "input 0: .* ragged"),
            (np.array([1j, 2.0]), "input 0: numbers must be real"),
        ],
        ids=str,
    )
    def test_what_is_no_real_number(self, x, bad, message):
        with pytest.raises((TypeError, ValueError), match=message):
            Tape((x * 2.0).tanh(), [x]).value(bad)

    def test_a_gradient_of_several_numbers(self):
        x = Tensor([1.0, 2.0])
        with pytest.raises(ValueError, match="one output of a single number"):
            Tape(x * x, [x]).value_and_grad()

    def test_a_stale_graph(self):
        x = Value(2.0)
        y = x * x
        x.data = 3.0
        with pytest.raises(StaleGraphError):
            Tape(y, [x])

    def test_a_branch_that_flips_is_named(self):
        x = Value(2.0, label="x")
        with Guards() as guards:
            y = x * x if x > 1 else -x
        tape = Tape(y, [x], guards)
        assert tape.value(3.0) == 9.0
        with pytest.raises(
            BranchError, match=r"'x' .* > 1 at test_tape\.py:\d+ was True and is now False"
        ):
            tape.value(0.5)
        with pytest.raises(BranchError):
            tape.value(np.array([3.0, 0.5]))

    def test_a_float_that_leaves_the_graph_is_guarded(self):
        x, n = Value(2.0), Value(3.0)
        with Guards() as guards:
            y = sum(x for _ in range(int(n.item())))
        tape = Tape(y, [x], guards)
        assert tape.value(1.0) == 3.0
        n.data = 4.0
        with pytest.raises(BranchError, match=r"the item of a leaf .*was 3\.0 and is now 4\.0"):
            tape.value(1.0)

    def test_reading_data_while_recording_warns(self):
        x = Tensor([1.0, 2.0])
        with pytest.warns(UserWarning, match="read as .data"), Guards():
            (x * x.data).sum()


def test_a_profile_names_the_dearest_first():
    x = Tensor(np.ones((40, 40)))
    profile = Tape((x @ x).tanh().sum(), [x]).profile()
    header, *lines, total = str(profile).splitlines()
    assert header.split() == ["operation", "nodes", "kB", "µs"]
    seconds = [float(line.split()[-1]) for line in lines]
    assert seconds == sorted(seconds, reverse=True) and len(lines) == len(profile.costs)
    assert total.startswith("together") and f"{profile.seconds * 1e6:.1f}" in total
    product = next(line for line in lines if "matmul" in line)
    assert product.split()[-2] == "38.4"  # 3 · 1,600 · 8 bytes, counted in thousands


def test_a_tape_leaves_the_garbage_collector_as_it_was():
    x = Value(2.0)
    for switch in (gc.disable, gc.enable):
        switch()
        Tape(x * x, [x])
        assert gc.isenabled() == (switch is gc.enable)
