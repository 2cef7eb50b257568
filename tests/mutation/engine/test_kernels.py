"""The kernels, against plain sums written out: windows, scatters and broadcasts."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_array_equal

import autograd
from autograd import Tensor, Value, grad
from autograd.table import kernels


def close(some, others):
    return np.allclose(some, others, rtol=1e-14, atol=1e-14)


def test_adjoints():
    rng = np.random.default_rng(2)
    for name in ("windows", "overlap_add", "take", "scatter", "sum_to", "broadcast_to", "pad"):
        row = autograd.TABLE[name]
        for shapes, params in row.cases:
            x = Tensor(rng.normal(size=shapes[0]))
            out = row(x, **params)
            y = rng.normal(size=out.shape)
            linear = out.data - row(x * 0.0, **params).data
            assert np.allclose(np.vdot(linear, y), np.vdot(x.data, grad(out, x, seed=y))), name


def test_windows():
    padded = autograd.pad(Tensor([1.0, 2.0]), width=((1, 3),), value=7.0).data
    assert_array_equal(padded, [7, 1, 2, 7, 7, 7])
    view = autograd.windows(Tensor(np.arange(10.0)), size=2, stride=3, dilation=2).data
    assert_array_equal(view, [[0, 2], [3, 5], [6, 8]])
    grid = autograd.windows(Tensor(np.arange(12.0).reshape(3, 4)), size=(2, 2), stride=(1, 2)).data
    assert_array_equal(grid[1, 1], [[6, 7], [10, 11]])
    assert_array_equal(autograd.windows(Tensor([1.0, 2.0]), size=2).data, [[1, 2]])
    added = autograd.overlap_add(Tensor(view), shape=(10,), stride=3, dilation=2).data
    assert_array_equal(added, [0, 0, 2, 3, 0, 5, 6, 0, 8, 0])


def test_sums():
    def summed(have, shape):
        return autograd.sum_to(Tensor(np.ones(have)), shape=shape).data

    assert_array_equal(summed((2, 3, 4), (3, 1)), np.full((3, 1), 8.0))
    assert_array_equal(summed((3, 2, 3), (1, 3)), np.full((1, 3), 6.0))
    assert_array_equal(summed((4, 5, 2, 3), (5, 1, 3)), np.full((5, 1, 3), 8.0))
    assert_array_equal(summed((2, 1), (2, 1)), np.ones((2, 1)))
    assert_array_equal(summed((1, 2), (2,)), np.ones(2))
    column = np.full((100_000, 1), 0.1, np.float32)  # added up in pairs
    total = autograd.sum_to(Tensor(column), shape=(1,)).data
    assert np.allclose(total, column.astype(float).sum(), rtol=1e-6)
    values = autograd.scalarize(Tensor([[0.0, 2.0], [3.0, 5.0], [6.0, 8.0]]))
    nodes = autograd.toposort(*autograd.sum_to(values, shape=(2,)))
    assert {node.op for node in nodes} == {None, autograd.add}


def test_scatter():
    def scattered(x, index, shape):
        return autograd.scatter(x, index=index, shape=shape).data

    assert_array_equal(scattered(Tensor([1.0, 2.0, 3.0]), np.array([1, 1, 0]), (3,)), [3, 3, 0])
    mask = np.array([True, False, True])
    assert_array_equal(scattered(Tensor([1.0, 2.0]), mask, (3,)), [1, 0, 2])
    assert_array_equal(scattered(Value(2.0), 1, (3,)), [0, 2, 0])
    one = scattered(Tensor(np.ones((1, 1000))), np.zeros(3, int), (2, 1000))
    assert_array_equal(one, np.repeat([[3.0], [0.0]], 1000, axis=1))


def test_scatter_of_many_rows():
    rng = np.random.default_rng(2)
    rows, places = rng.normal(size=(2, 8, 9, 4)), rng.integers(5, size=(2, 8))
    expected = np.zeros((5, 9, 4))
    for block, place in zip(rows.reshape(16, 9, 4), places.ravel(), strict=True):
        expected[place] += block
    rows, expected = np.tile(rows, (1, 2, 1, 1)), 2 * expected  # 1152 numbers
    places = np.tile(places, (1, 2))
    whole = autograd.scatter(Tensor(rows), index=places, shape=(5, 9, 4)).data
    assert close(whole, expected)
    pairs = autograd.scatter(Tensor(rows), index=(places, places % 3), shape=(5, 3, 9, 4)).data
    assert close(pairs[np.arange(5), np.arange(5) % 3], expected)
    assert pairs.any(axis=(2, 3)).sum() == len(np.unique(places))


def test_scatter_of_parts_of_rows():
    strip, halves = np.random.default_rng(2).normal(size=(2, 600)), np.arange(600) // 2
    ends = autograd.scatter(Tensor(strip), index=(slice(None), halves), shape=(2, 300)).data
    assert close(ends, strip[:, ::2] + strip[:, 1::2])
    deep = np.stack([strip, -strip, 2 * strip], axis=1)
    last = autograd.scatter(Tensor(deep), index=(..., halves), shape=(2, 3, 300)).data
    assert close(last[:, 2], 2 * ends)


def test_into_a_buffer():
    grid, column = np.arange(24.0).reshape(2, 3, 4), np.arange(3.0).reshape(3, 1)
    for kernel, x, params in (
        (kernels.sum_to_shape, grid, {"shape": (3, 4)}),
        (kernels.sum_to_shape, grid, {"shape": (1, 4)}),
        (kernels.sum_to_shape, grid, {"shape": (3, 1)}),
        (kernels.sum_to_shape, column, {"shape": (1,)}),
        (kernels.scatter_into, column, {"index": (np.array([1, 1, 0]),), "shape": (3, 1)}),
        (kernels.scatter_into, column, {"index": (slice(3),), "shape": (5, 1)}),
        (kernels.add_windows, grid[0, :, :2], {"shape": (10,), "stride": (3,), "dilation": (2,)}),
        (kernels.broadcast_copy, column, {"shape": (2, 3, 2)}),
        (kernels.pad_with, column, {"width": ((1, 3), (0, 1)), "value": 7.0}),
    ):
        expected = kernel(x, **params)
        buffer = np.full(np.shape(expected), np.nan)
        found = kernel(x, buffer, **params)
        assert np.shares_memory(found, buffer), kernel
        assert_array_equal(buffer, expected)
