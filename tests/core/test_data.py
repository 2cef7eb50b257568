"""What is written into `.data` reaches the node and makes graphs stale, or is refused."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd import StaleGraphError, Tensor, Value
from autograd.core.data import WRITING, Data

START = [[1.0, 2.0], [3.0, 4.0]]


def fresh():
    p = Tensor(START, label="p")
    return p, (p * p).sum()


def read_rows(p):
    for row in p.data:
        row *= 2.0


def held(p):
    d = p.data
    d[0] = 1.0
    d[1] -= 1.0
    np.testing.assert_array_equal(d, p.data)


def through(statement):
    def write(p):
        exec(statement, {"p": p, "np": np})  # a statement, as people write it

    write.__name__ = statement
    return write


WRITES = [
    (through("p.data[0] = 9"), [[9, 9], [3, 4]]),
    (through("p.data[:] -= 0.5"), [[0.5, 1.5], [2.5, 3.5]]),
    (through("p.data[p.data > 2] = 0"), [[1, 2], [0, 0]]),
    (through("p.data[[0, 1], 0] *= 2"), [[2, 2], [6, 4]]),
    (through("p.data[0][1] = 5"), [[1, 5], [3, 4]]),
    (through("p.data[0] += 1"), [[2, 3], [3, 4]]),
    (through("p.data += 1"), [[2, 3], [4, 5]]),
    (through("p.data -= p.data"), [[0, 0], [0, 0]]),
    (through("p.data *= 2"), [[2, 4], [6, 8]]),
    (through("p.data /= 2"), [[0.5, 1], [1.5, 2]]),
    (through("p.data //= 2"), [[0, 1], [1, 2]]),
    (through("p.data %= 2"), [[1, 0], [1, 0]]),
    (through("p.data **= 2"), [[1, 4], [9, 16]]),
    (through("p.data @= np.array([[0., 1.], [1., 0.]])"), [[2, 1], [4, 3]]),
    (through("p.data = p.data[::-1]"), [[3, 4], [1, 2]]),
    (through("p.data.fill(7)"), [[7, 7], [7, 7]]),
    (through("p.data[::-1].sort(axis=0)"), [[3, 4], [1, 2]]),
    (through("p.data[:, ::-1].partition(0)"), [[2, 1], [4, 3]]),
    (through("p.data.put(0, 7)"), [[7, 2], [3, 4]]),
    (through("a, b = p.data; a[:] = b"), [[3, 4], [3, 4]]),
    (read_rows, [[2, 4], [6, 8]]),
    (held, [[1, 1], [2, 3]]),
]


@pytest.mark.parametrize(("write", "expected"), WRITES, ids=lambda x: getattr(x, "__name__", ""))
def test_a_write_reaches_the_node_and_makes_graphs_stale(write, expected):
    p, loss = fresh()
    before = p.data
    write(p)
    np.testing.assert_array_equal(p.data, expected)
    np.testing.assert_array_equal(before, START)
    with pytest.raises(StaleGraphError, match="'p'"):
        loss.backward()
    (p * p).sum().backward()
    np.testing.assert_array_equal(p.grad, 2 * np.array(expected, float))


@pytest.mark.parametrize(
    "statement",
    [
        "np.copyto(p.data, 0)",
        "np.add(1, 1, out=p.data)",
        "np.add.at(p.data, 0, 1)",
        "np.put(p.data, 0, 7)",
        "np.fill_diagonal(p.data, 0)",
        "np.putmask(p.data, p.data > 1, 0)",
        "np.ndarray.fill(p.data, 1)",
        "np.asarray(p.data)[0] = 1",
        "np.random.default_rng(0).shuffle(p.data)",
        "p.data.T[0] = 1",
        "p.data.ravel()[0] = 1",
        "p.data.flat[0] = 1",
        "p.data.shape = (4,)",
        "p.data.real = 0",
        "p.data |= 1",
        "memoryview(p.data)[0, 0] = 1",
        "p.data[0] = 'a'",
        "p.data[5] = 1",
        "p.data -= np.ones(3)",
        "p.data -= 1j",
        "p.data[...] = p",
        "r = p * p; r.data[0] = 1",
        "r = p * p; r.data -= 1",
    ],
)
def test_any_other_write_is_refused_and_changes_nothing(statement):
    p, loss = fresh()
    with pytest.raises((ValueError, TypeError, AttributeError, IndexError)):
        through(statement)(p)
    np.testing.assert_array_equal(p.data, START)
    loss.backward()
    np.testing.assert_array_equal(p.grad, 2 * np.array(START))


def test_a_write_into_numbers_that_the_node_no_longer_has_is_refused():
    p, _ = fresh()
    first, row, second = p.data, p.data[0], p.data
    second[0] = 5.0
    for old in (first, row):
        with pytest.raises(ValueError, match=r"take its \.data anew"):
            old[0] = 1.0
    np.testing.assert_array_equal(first, START)
    alone = Tensor([1.0]).data
    with pytest.raises(ValueError, match="is gone"):
        alone.fill(0.0)
    np.testing.assert_array_equal(alone, [1.0])


@pytest.mark.parametrize(
    "read",
    [
        lambda d: d * 2, lambda d: -d, lambda d: d + d, lambda d: d @ d, lambda d: d == d,
        lambda d: d[d > 1], lambda d: d[[0]], lambda d: d.copy(), lambda d: d.astype(float),
        lambda d: d.reshape(-1), lambda d: d.T, lambda d: d.sum(0), lambda d: d.view(),
        lambda d: np.asarray(d), lambda d: np.array(d), lambda d: np.sort(d),
        lambda d: np.dot(d, d), lambda d: np.concatenate([d, d]), lambda d: np.split(d, 2)[0],
        lambda d: np.where(d > 0, d, d), lambda d: np.zeros_like(a=d), lambda d: np.exp(d),
        lambda d: np.add.reduce(d), lambda d: np.add.outer(d, d), lambda d: np.linalg.inv(d),
        copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d)),
    ],
)  # fmt: skip
def test_what_is_computed_from_data_is_a_plain_array(read):
    p, _ = fresh()
    found = read(p.data)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, read(np.array(START)))


def test_data_is_an_array_like_any_other(tmp_path):
    p, _ = fresh()
    assert isinstance(p.data, np.ndarray)
    assert repr(p.data) == repr(np.array(START))
    assert type(p.data.sum()) is np.float64
    assert type(Tensor(3.0).data * 2) is np.float64
    assert f"{Tensor(3.0).data:.2f}" == "3.00"
    assert type(p.data * p) is type(p * p.data) is Tensor
    assert type(Value(2.0).data) is float
    np.save(tmp_path / "p.npy", p.data)
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), START)
    assert "__isub__" in WRITING
    assert "hears" in (Data.fill.__doc__ or "")


def test_data_that_enters_a_graph_is_copied():
    p, x = Tensor([1.0, 2.0]), Tensor([1.0, 1.0])
    d = p.data
    for factor in (d, np.asarray(d), d.reshape(2), d[:]):
        d[:] = [1.0, 2.0]
        out = (x * factor).sum()
        d[:] = 100.0
        out.backward()
        np.testing.assert_array_equal(x.grad, [1.0, 2.0])


@given(st.lists(st.sampled_from([write for write, _ in WRITES]), max_size=6))
def test_writes_one_after_the_other_are_those_of_an_array(writes):
    p, twin = Tensor(START), type("Plain", (), {"data": np.array(START)})()
    for write in writes:
        write(p)
        write(twin)
        np.testing.assert_array_equal(p.data, twin.data)


def test_gradients_are_written_in_place():
    p, loss = fresh()
    loss.backward()
    p.grad[0] = 9.0
    p.grad *= 0.5
    np.testing.assert_array_equal(p.grad, [[4.5, 4.5], [3.0, 4.0]])
    p.grad[:] = 0.0
    np.testing.assert_array_equal(p.grad, np.zeros((2, 2)))
