"""Batteries for the engine: what carries gradients without being a rule."""

from __future__ import annotations

import copy
import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Node, Primitive, Tensor, Value, grad
from autograd.testing.checker.check import check_grads
from tests.mutation.batteries.rules import RTOL


def graphs() -> None:
    """Sharing, diamonds, constants, mixed faces and broadcasting, to second order."""
    a, b = Value(0.7, "a"), Value(-1.3, "b")
    x, y = Tensor([[0.3, -0.8, 1.1]], "x"), Tensor([[0.5], [1.5]], "y")
    constant = np.array([1.0, -2.0, 0.5])

    def diamond(a: Any, b: Any) -> Any:
        c = a * b + a
        d = (c + b).tanh() * c
        return d * d + c * a + 2.0

    def mixed(a: Any, x: Any, y: Any) -> Any:
        h = (x * y + a) * constant
        return autograd.sin(h) * x + h / (1.5 + y * y) - a * autograd.maximum(h, x, a)

    def network(x: Any, w: Any, b: Any) -> Any:
        h = (x @ w + b).tanh()
        h = h @ w + h
        return autograd.log_softmax(h)[np.array([0, 1, 1]), np.array([2, 0, 0])]

    rng = np.random.default_rng(0)
    check_grads(diamond, a, b, rtol=RTOL)
    check_grads(mixed, a, x, y, rtol=RTOL)
    check_grads(lambda x: autograd.add(x, x), x, rtol=RTOL)
    check_grads(lambda x: x + x + x * x, x, rtol=RTOL)
    parts = (Tensor(rng.normal(size=shape)) for shape in ((2, 3), (3, 3), (3,)))
    check_grads(network, *parts, rtol=RTOL)


def numbers() -> None:
    """What the functions of the public face return, for numbers known by heart."""
    a, b = Value(2.0, "a"), Value(-3.0, "b")
    d = a * b + a
    e = d * a
    e.backward()
    assert [n.grad for n in (e, d, a, b)] == [1.0, 2.0, -8.0, 4.0]
    e.backward(accumulate=True)
    assert [n.grad for n in (e, d, a, b)] == [2.0, 4.0, -16.0, 8.0]
    e.backward(3.0)
    assert (a.grad, type(a.grad)) == (-24.0, float)
    e.backward(3)
    assert (e.grad, type(e.grad), type(a.grad)) == (3.0, float, float)
    fresh = a * b
    fresh.backward(accumulate=True)
    assert fresh.grad == 1.0
    assert grad(e, a) == -8.0
    assert grad(e, [b, a]) == [4.0, -8.0]
    assert grad(e, (a, d)) == [-8.0, 2.0]
    assert grad(e, Value(1.0)) == 0.0
    assert type(grad(e, Value(1.0))) is float
    assert grad(d, e) == 0.0
    assert grad(e, e) == 1.0
    first = grad(e, a, create_graph=True)
    assert isinstance(first, Value)
    assert grad(first, [a, b]) == [-4.0, 4.0]
    constant = grad(a + b, a, create_graph=True)
    assert isinstance(constant, Value)
    e.backward(create_graph=True)
    assert all(isinstance(n.grad, Value) for n in (a, b, d, e))
    assert grad(a.grad, b) == 4.0

    x = Tensor([[1.0, 2.0], [3.0, 4.0]], "x")
    y = Tensor([5.0, 6.0], "y")
    z = x * y
    assert_equal(grad(z, x, seed=x.data), x.data * y.data)
    assert_equal(grad(z, [y], seed=np.ones((2, 2)))[0], [4.0, 6.0])
    assert_equal(grad(z.sum(), Tensor(np.zeros((3, 1)))), np.zeros((3, 1)))
    assert_equal(autograd.jacobian(y * y, y), [[10.0, 0.0], [0.0, 12.0]])
    blocks = autograd.jacobian(x @ y, [x, y])
    assert [block.shape for block in blocks] == [(2, 2, 2), (2, 2)]
    assert_equal(blocks[1], x.data)
    assert_equal(blocks[0], [[[5.0, 6.0], [0.0, 0.0]], [[0.0, 0.0], [5.0, 6.0]]])
    assert autograd.jacobian(e, a) == -8.0
    assert type(autograd.jacobian(e, a)) is float
    assert_equal(autograd.jacobian(y.sum(), y), [1.0, 1.0])
    assert_equal(autograd.hessian((y * y * y).sum(), y), [[30.0, 0.0], [0.0, 36.0]])
    assert autograd.hessian(a * a * b, [a, b]) == [[-6.0, 4.0], [4.0, 0.0]]
    assert autograd.hessian(a * a * b, a) == -6.0
    assert_equal(autograd.hvp((y * y * y).sum(), y, [1.0, 2.0]), [30.0, 72.0])
    assert autograd.hvp(a * a * b, [a, b], [1.0, 10.0]) == [34.0, 4.0]
    assert_equal(autograd.jvp(y * y, y, [1.0, 10.0]), [10.0, 120.0])
    assert autograd.jvp(a * b, [a, b], [1.0, 10.0]) == 17.0
    assert_equal(autograd.jvp(autograd.exp(y * 0.0), y, [1.0, 2.0]), [0.0, 0.0])
    assert_equal(autograd.jvp(autograd.exp(y - y.data), y, [1.0, 2.0]), [1.0, 2.0])
    assert autograd.recompute(e, {a: 3.0}) == -18.0
    assert autograd.recompute(e, {d: 5.0}) == 10.0
    values: dict[Node, Any] = {a: 1.0}
    autograd.recompute(e, values)
    assert values[d] == -2.0
    assert_equal(autograd.recompute(z.sum(axis=0), {y: np.array([1.0, 0.0])}), [4.0, 0.0])
    assert autograd.recompute(a * 3.0 + b, {a: 3.0}) == 6.0
    assert_equal(autograd.recompute(y * np.array([1.0, 2.0]), {y: y.data + 1}), [6.0, 14.0])
    assert autograd.vjp(d, 2.0) == (2.0, 2.0)
    assert autograd.vjp(a * 3.0, 2.0) == (6.0, None)
    assert autograd.vjp(a * b, 2.0, wanted={b}) == (None, 4.0)
    assert [s.node for s in autograd.steps(e)] == [e, d, d.operands[0], b, a]
    assert [s.node for s in autograd.steps(e, inputs=[b])] == [e, d, d.operands[0], b]
    assert len(list(autograd.steps(a.tanh() * b, inputs=[b]))) == 2
    assert [s.gradient for s in autograd.steps(e)] == [1.0, 2.0, 2.0, 4.0, -8.0]
    assert next(autograd.steps(e)).sent == (2.0, -4.0)
    with autograd.observing(heard := Heard()):
        e.backward()
    assert heard.nodes == [e, d, d.operands[0], b, a]
    assert autograd.toposort(d) == [a, b, d.operands[0], d]
    assert autograd.toposort(d, e) == autograd.toposort(e) == autograd.toposort(e, d)


class Heard(autograd.Observer):
    def __init__(self) -> None:
        self.nodes: list[Node] = []

    def recorded(self, node: Node) -> None:
        self.nodes.append(node)

    def stepped(self, step: autograd.Step) -> None:
        self.nodes.append(step.node)


def assert_equal(found: Any, expected: Any) -> None:
    np.testing.assert_array_equal(found, expected)


def structure() -> None:
    """Types, shapes and dtypes; who shares memory with whom; what is left untouched."""
    x, y = Tensor(np.ones((2, 3)), "x"), Tensor(np.ones((2, 3)), "y")
    z = x + y
    seed = np.full((2, 3), 2.0)
    z.backward(seed)
    gradients = [z.grad, x.grad, y.grad]
    for i, g in enumerate(gradients):
        assert g.flags.writeable
        assert not np.shares_memory(g, seed)
        assert not any(np.shares_memory(g, other) for other in gradients[:i])
    assert x.grad is x.grad
    x.grad[:] = 7.0
    assert_equal(x.grad, np.full((2, 3), 7.0))
    assert_equal(y.grad, seed)
    seed[:] = 0.0
    assert_equal(z.grad, np.full((2, 3), 2.0))
    assert seed.flags.writeable
    g = grad(z, [x, y, z], seed=(seed := np.ones((2, 3))))
    assert all(part.flags.writeable for part in g)
    assert not np.shares_memory(g[0], g[1])
    assert not np.shares_memory(g[2], seed)

    raw = np.ones(3)
    w = Tensor([1.0, 2.0, 3.0])
    out = w * raw
    raw[:] = 5.0
    assert_equal(grad(out.sum(), w), np.ones(3))
    assert not out.raw.flags.writeable
    assert not out.operands[1].flags.writeable
    total = w.sum()
    assert type(grad(total, total)) is np.ndarray
    p, q = Tensor(2.0), Tensor(3.0)
    (p * q).backward()
    assert (type(p.grad), p.grad.shape, float(p.grad)) == (np.ndarray, (), 3.0)
    read = Primitive("read", "read", None, float, (lambda g, out, x: 2.0 * g,), "The number.")
    g = grad(read(p), p)
    assert (type(g), g.shape, float(g)) == (np.ndarray, (), 2.0)

    narrow, wide = Tensor(np.ones(3, np.float32)), Tensor(np.ones((2, 3)))
    g = grad((narrow * wide).sum(), [narrow, wide])
    assert [part.dtype for part in g] == [np.float32, np.float64]
    assert [part.shape for part in g] == [(3,), (2, 3)]
    assert (narrow * narrow).dtype == grad((narrow * narrow).sum(), narrow).dtype == np.float32
    assert grad(narrow, Tensor(np.zeros(2, np.float32)), seed=np.ones(3)).dtype == np.float32
    assert narrow.relu().dtype == grad(narrow.relu().sum(), narrow).dtype == np.float32
    assert autograd.jacobian(narrow * 2.0, narrow).dtype == np.float32
    assert np.asarray(autograd.hvp((narrow * narrow).sum(), narrow, np.ones(3))).dtype == np.float32
    v = Value(2.0)
    g = grad((v * wide).sum(), v)
    assert (type(g), g) == (float, 6.0)
    second = grad((v * v * wide).sum(), v, create_graph=True)
    assert (type(second), type(grad(second, v))) == (Value, float)
    assert type((wide * 2.0).sum()) is Tensor
    assert type(v * 2.0) is Value
    assert_equal(grad(wide + v, wide, seed=np.ones((2, 3))), np.ones((2, 3)))
    empty = Tensor(np.zeros((0, 3)))
    assert grad((empty * 2.0).sum(), empty).shape == (0, 3)
    step = next(autograd.steps(z, seed=np.ones((2, 3))))
    assert step.node is z
    assert type(step.sent) is tuple
    zero = grad(autograd.sin(x) * y, [x, y], seed=np.zeros((2, 3)))
    assert not any(np.any(part) for part in zero)


def errors() -> None:
    """What can't be done is refused, with nothing half-done."""
    a, x = Value(2.0, "a"), Tensor([1.0, 2.0], "x")
    refuses(ValueError, lambda: (x * 2.0).backward())
    refuses(ValueError, lambda: (x * 2.0).backward(np.ones(3)))
    refuses(ValueError, lambda: grad(a * 2.0, a, seed=[1.0, 2.0]))
    refuses(TypeError, lambda: grad(3.0, a))  # type: ignore[arg-type]
    refuses(TypeError, lambda: grad(a * 2.0, [3.0]))
    refuses(ValueError, lambda: autograd.jvp(x * 2.0, x, [1.0]))
    refuses(ValueError, lambda: autograd.hvp((x * x).sum(), [x], [[1.0, 1.0], [2.0, 2.0]]))
    refuses(ValueError, lambda: autograd.sum_to(x, shape=(3,)))
    refuses(ValueError, lambda: autograd.sum_to(Tensor(np.ones((2, 3))), shape=(2,)))
    refuses(ValueError, lambda: autograd.sum_to(x, shape=(1, 2)))
    refuses(ValueError, lambda: autograd.sum_to(x, shape=(0,)))
    refuses(ValueError, lambda: autograd.broadcast_to(Tensor(np.ones((1, 2))), shape=(2,)))
    refuses(ValueError, lambda: autograd.pad(x, width=((1, 1), (0, 0))), "a pair (before, after)")
    refuses(ValueError, lambda: autograd.windows(x, size=3))
    refuses(ValueError, lambda: autograd.scatter(x[None, None], index=slice(2), shape=(2, 2)))
    refuses(ValueError, lambda: autograd.overlap_add(a, shape=(2,)))
    refuses(ValueError, lambda: autograd.overlap_add(x, shape=(4, 4)))
    refuses(ValueError, lambda: autograd.overlap_add(Tensor(np.ones((2, 3))), shape=(9,)))
    out = a * a
    out.backward()
    a.data = 3.0
    refuses(autograd.StaleGraphError, out.backward)
    assert (out.grad, a.grad) == (1.0, 4.0)
    refuses(autograd.StaleGraphError, lambda: grad(out, a))
    fresh = a * a
    assert grad(fresh, a) == 6.0
    assert grad(x.sum(), x).tolist() == [1.0, 1.0]
    assert (x.sum()).backward() is None


def refuses(kind: type[Exception], action: Callable[[], Any], said: str = "") -> None:
    try:
        action()
    except kind as error:
        message = str(error)
    else:
        raise AssertionError(f"nothing was refused with {kind.__name__}")
    assert said in message


def scale() -> None:
    """Deep graphs, and graphs with very many paths."""
    x = y = Value(1.0)
    for _ in range(3000):
        y = y + 1e-3
    assert grad(y, x) == 1.0
    z = x
    for _ in range(60):
        z = z + z
    assert grad(z, x) == 2.0**60
    assert len(autograd.toposort(z)) == 61


def special_numbers() -> None:
    """Infinities as IEEE 754 has them, in silence; a NaN gradient with one warning by name."""
    zero = Value(0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert grad(autograd.sqrt(zero), zero) == math.inf
        assert grad(1.0 / Value(2.0), zero) == 0.0
        assert_equal(grad(autograd.sqrt(Tensor([0.0, 4.0])).sum(), zero), 0.0)
        x = Tensor([0.0, 4.0])
        assert_equal(grad(autograd.sqrt(x).sum(), x), [math.inf, 0.25])
        assert_equal(grad(autograd.log(autograd.exp(x)).sum(), x), [1.0, 1.0])
        assert [s.gradient for s in autograd.steps(autograd.sqrt(zero))] == [1.0, math.inf]
        other = Value(2.0)
        assert grad(autograd.sqrt(zero * 0.0) * 0.0 + other, other) == 1.0
        masked = autograd.where(0.0, x, 1.0)  # stops a NaN on its way to a leaf
        (autograd.sum(autograd.sqrt(masked * 0.0) * 0.0)).backward()
        assert_equal(grad(autograd.sum(autograd.sqrt(masked * 0.0) * 0.0), x), [0.0, 0.0])
    sound = Value(1.0)
    for leaf in (Value(0.0), Tensor([0.0, 4.0])):
        out = autograd.sum(autograd.sqrt(leaf) * 0.0) + sound  # 0 · ∞ at the leaf
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            out.backward()
        assert np.isnan(leaf.grad).any()
        assert sound.grad == 1.0
        assert [str(w.message).count("NaN") for w in caught] == [1], caught
        assert "sqrt" in str(caught[0].message)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = grad(out, [leaf, sound])
        assert np.isnan(found[0]).any()
        assert [str(w.message).count("NaN") for w in caught] == [1], caught


def linear_maps() -> None:
    """The kernels, against plain sums written out: windows, scatters and broadcasts."""
    rng = np.random.default_rng(2)
    for name in ("windows", "overlap_add", "take", "scatter", "sum_to", "broadcast_to", "pad"):
        row = autograd.TABLE[name]
        for shapes_, params in row.cases:
            x = Tensor(rng.normal(size=shapes_[0]))
            out = row(x, **params)
            y = rng.normal(size=out.shape)
            back = grad(out, x, seed=y)
            assert np.allclose(
                np.vdot(out.data - row(x * 0.0, **params).data, y), np.vdot(x.data, back)
            )
    padded = autograd.pad(Tensor([1.0, 2.0]), width=((1, 3),), value=7.0).data
    assert_equal(padded, [7, 1, 2, 7, 7, 7])
    view = autograd.windows(Tensor(np.arange(10.0)), size=2, stride=3, dilation=2).data
    assert_equal(view, [[0, 2], [3, 5], [6, 8]])
    grid = autograd.windows(Tensor(np.arange(12.0).reshape(3, 4)), size=(2, 2), stride=(1, 2)).data
    assert_equal(grid[1, 1], [[6, 7], [10, 11]])
    values = autograd.scalarize(Tensor(view))
    summed = autograd.toposort(*autograd.sum_to(values, shape=(2,)))
    assert {node.op for node in summed} == {None, autograd.TABLE["add"]}
    added = autograd.overlap_add(Tensor(view), shape=(10,), stride=3, dilation=2).data
    assert_equal(added, [0, 0, 2, 3, 0, 5, 6, 0, 8, 0])
    scattered = autograd.scatter(Tensor([1.0, 2.0, 3.0]), index=np.array([1, 1, 0]), shape=(3,))
    assert_equal(scattered.data, [3, 3, 0])
    rows, places = rng.normal(size=(2, 8, 9, 4)), rng.integers(5, size=(2, 8))
    expected = np.zeros((5, 9, 4))
    for block, place in zip(rows.reshape(16, 9, 4), places.ravel(), strict=True):
        expected[place] += block
    rows, expected = np.tile(rows, (1, 2, 1, 1)), 2 * expected  # 1152 numbers
    places = np.tile(places, (1, 2))
    whole = autograd.scatter(Tensor(rows), index=places, shape=(5, 9, 4)).data
    assert np.allclose(whole, expected, rtol=1e-14, atol=1e-14)
    pairs = autograd.scatter(Tensor(rows), index=(places, places % 3), shape=(5, 3, 9, 4)).data
    assert np.allclose(pairs[np.arange(5), np.arange(5) % 3], expected, rtol=1e-14, atol=1e-14)
    assert pairs.any(axis=(2, 3)).sum() == len(np.unique(places))
    strip = rng.normal(size=(2, 600))  # not of whole rows
    ends = autograd.scatter(Tensor(strip), index=(slice(None), np.arange(600) // 2), shape=(2, 300))
    assert np.allclose(ends.data, strip[:, ::2] + strip[:, 1::2], rtol=1e-14, atol=1e-14)
    deep = np.stack([strip, -strip, 2 * strip], axis=1)
    last = autograd.scatter(Tensor(deep), index=(..., np.arange(600) // 2), shape=(2, 3, 300))
    assert np.allclose(last.data[:, 2], 2 * ends.data, rtol=1e-14, atol=1e-14)
    one = autograd.scatter(Tensor(np.ones((1, 1000))), index=np.zeros(3, int), shape=(2, 1000))
    assert_equal(one.data, np.repeat([[3.0], [0.0]], 1000, axis=1))
    mask = np.array([True, False, True])
    assert_equal(autograd.scatter(Tensor([1.0, 2.0]), index=mask, shape=(3,)).data, [1, 0, 2])
    assert_equal(
        autograd.sum_to(Tensor(np.ones((2, 3, 4))), shape=(3, 1)).data, np.full((3, 1), 8.0)
    )
    assert_equal(
        autograd.sum_to(Tensor(np.ones((3, 2, 3))), shape=(1, 3)).data, np.full((1, 3), 6.0)
    )
    folded = autograd.sum_to(Tensor(np.ones((4, 5, 2, 3))), shape=(5, 1, 3)).data
    assert_equal(folded, np.full((5, 1, 3), 8.0))
    assert_equal(autograd.scatter(Value(2.0), index=1, shape=(3,)).data, [0, 2, 0])
    assert_equal(autograd.windows(Tensor([1.0, 2.0]), size=2).data, [[1, 2]])
    assert_equal(autograd.sum_to(Tensor(np.ones((2, 1))), shape=(2, 1)).data, np.ones((2, 1)))
    assert_equal(autograd.sum_to(Tensor(np.ones((1, 2))), shape=(2,)).data, np.ones(2))
    column = np.full((100_000, 1), 0.1, np.float32)  # added up in pairs
    total = autograd.sum_to(Tensor(column), shape=(1,)).data
    assert np.allclose(total, column.astype(float).sum(), rtol=1e-6)


def recording() -> None:
    """What a node remembers, with and without recording, and what observers hear."""
    a, b = Value(2.0), Value(3.0)
    with autograd.observing(heard := Heard()):
        c = a * b
    assert heard.nodes == [c]
    assert (c.op, c.operands, c.params) == (autograd.TABLE["mul"], (a, b), {})
    assert (-a).operands == (a,)
    assert autograd.maximum(a, b, 1.0).operands == (a, b, 1.0)
    for node in (a, -a, c, autograd.maximum(a, b, 1.0)):
        twin = copy.deepcopy(node)
        assert [getattr(x, "raw", x) for x in twin.operands] == [
            getattr(x, "raw", x) for x in node.operands
        ]
    x = Tensor([1.0])
    assert type(autograd.maximum(x, np.array([2.0]), 1.0).operands) is tuple
    assert type((x * 2).operands[1]) is float
    assert (x * np.array([2])).operands[1].dtype == np.float64
    assert autograd.clip(Value(3.0), lo=0.0, hi=2.0).data == 2.0
    with np.errstate(all="ignore"):
        assert repr((1.0 / Value(0.0)).data) == "inf"  # a float, where Python raises
    with autograd.no_grad():
        free = a * b
    assert (free.op, free.operands, free.params, free.data) == (None, (), {}, 6.0)
    mul, maximum = autograd.TABLE["mul"], autograd.TABLE["maximum"]
    assert mul.rules((a, b)) == mul.vjps
    assert [rule.args for rule in maximum.rules((a, b, c))] == [(0,), (1,), (2,)]  # type: ignore[union-attr]
    mask = Primitive("mask", "mask", None, lambda *xs: xs[0], (None,), "x.", variadic=True)
    assert mask.rules((a, b)) == (None,)


def economy() -> None:
    """Rules run only for operands that need a gradient."""

    def bomb(g: Any, out: Any, x: Any) -> Any:
        raise AssertionError("this rule was not needed")

    guarded = Primitive("guarded", "guarded", None, np.negative, (bomb,), "−x.")
    x, y = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    assert_equal(grad(autograd.sum(guarded(x) * y), y), [-1.0, -2.0])
    inner = guarded(x)
    outer = autograd.sum(inner)
    assert [float(np.sum(g)) for g in grad(outer, [inner, outer])] == [2.0, 1.0]


def deterministic() -> None:
    """Two passes agree bit for bit, and the same graph recorded again gives the same."""

    def run() -> tuple[bytes, ...]:
        rng = np.random.default_rng(3)
        x, w = Tensor(rng.normal(size=(4, 3))), Tensor(rng.normal(size=(3, 3)))
        loss = autograd.logsumexp(autograd.tanh(x @ w) @ w)
        once, again = grad(loss, [x, w]), grad(loss, [x, w])
        assert all(np.array_equal(p, q) for p, q in zip(once, again, strict=True))
        return tuple(part.tobytes() for part in once)

    assert run() == run()


ENGINE: dict[str, Callable[[], Any]] = {
    "graphs": graphs,  # the first, so that `check_grads` has to say who is to blame
    "numbers": numbers,
    "structure": structure,
    "errors": errors,
    "linear maps": linear_maps,
    "special numbers": special_numbers,
    "scale": scale,
    "recording": recording,
    "economy": economy,
    "determinism": deterministic,
}
