"""The project's own checks, in batteries from the plainest to the most special.

Each takes a primitive (those of the rules) or nothing (those of the engine), and raises where
something is wrong. The audit counts which battery kills which mutant first.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autograd
from autograd import Node, Primitive, Tensor, Value, grad
from autograd.testing.certify import certify
from autograd.testing.check import check_grads
from autograd.testing.numeric import Slope
from autograd.testing.verdict import Verdict, judge, judge_kink

RTOL = 1e-8  # a rule that computes in float32 is wrong by 6e-8


# --- rules ------------------------------------------------------------------------------------


def point(primitive: Primitive) -> None:
    """The gradient at one point, for one shape."""
    check_grads(*next(calls(primitive)), order=1, rtol=RTOL)


def second_order(primitive: Primitive) -> None:
    """The gradient of the gradient, at one point."""
    check_grads(*next(calls(primitive)), order=2, rtol=RTOL)


def scalars(primitive: Primitive) -> None:
    """Elementwise rows on Values, to second order."""
    if primitive.scalar is not None:
        for params in parameters(primitive):
            check_grads(*call(primitive, [()] * count(primitive), params, Value), rtol=RTOL)


def shapes(primitive: Primitive) -> None:
    """Every case of the row, and for elementwise rows broadcasting, to second order."""
    for f, *operands in calls(primitive):
        check_grads(f, *operands, rtol=RTOL)


def count(primitive: Primitive) -> int:
    return 2 if primitive.variadic else len(primitive.vjps)


def parameters(primitive: Primitive) -> list[dict[str, Any]]:
    return [params for _, params in primitive.cases] or [{}]


# Shapes and parameters beyond the cases of the rows.
MORE: dict[str, tuple[tuple[tuple[tuple[int, ...], ...], dict[str, Any]], ...]] = {
    "sum": ((((2, 3, 4),), {"axis": (-1, 0)}),),
    "max": ((((2, 3, 4),), {"axis": (-1, 0)}), (((2, 3),), {"axis": -1})),
    "cumsum": ((((2, 3, 2),), {"axis": 2}), (((),), {"axis": 0})),
    "concatenate": ((((2, 1, 2), (2, 1, 3)), {"axis": -1}),),
    "matmul": ((((2, 1, 4, 3), (3,)), {}), (((3,), (2, 1, 3, 2)), {})),
    "overlap_add": ((((2, 5, 2),), {"shape": (7,), "dilation": 2}),),
}


def calls(primitive: Primitive) -> Iterator[tuple[Any, ...]]:
    """(function, operands...) for every case; for elementwise rows in shapes that broadcast."""
    if primitive.scalar is None:
        for given, params in (*primitive.cases, *MORE.get(primitive.name, ())):
            yield call(primitive, given, params)
        return
    n = count(primitive)
    for params in parameters(primitive):
        for several in ([(2, 3)] * n, [(2, 1), (1, 3), (3,)][:n], [(), (2,), ()][:n]):
            yield call(primitive, several, params)
    if primitive.variadic:
        yield call(primitive, [(2,), (2,), (1,)], {})
    if primitive is autograd.TABLE["where"]:
        mask = np.array([0.0, 1.0, 0.0])
        yield (
            (lambda x, y: primitive(mask, x, y)),
            Tensor([0.3, 0.7, -1.1]),
            Tensor([1.4, -0.2, 0.9]),
        )


def call(primitive: Primitive, given: Any, params: dict[str, Any], leaf: Any = Tensor) -> Any:
    rng = np.random.default_rng([len(given), *(n for shape in given for n in shape)])
    domain = primitive.domain
    operands = []
    for i, shape in enumerate(given):
        low, high = domain[min(i, len(domain) - 1)]
        margin = 0.05 * (high - low)
        operands.append(leaf(rng.uniform(low + margin, high - margin, shape), f"x{i}"))
    return (lambda *xs: primitive(*xs, **params)), *operands


def conventions(primitive: Primitive) -> None:
    """What holds at kinks, ties and zeros, where no numeric derivative decides."""
    for operands, params, expected in CONVENTIONS.get(primitive.name, ()):
        for leaf in (Value, Tensor):
            leaves = (
                [leaf(x) for x in operands] if np.ndim(operands[0]) == 0 or leaf is Tensor else []
            )
            if not leaves or (leaf is Value and primitive.scalar is None):
                continue
            out = primitive(*leaves, **params)
            for create_graph in (False, True):
                found = grad(out, leaves, seed=np.ones(out.shape), create_graph=create_graph)
                for g, e in zip(found, expected, strict=True):
                    number = g.data if isinstance(g, Node) else g
                    assert np.array_equal(number, e), (
                        f"{primitive.name}{operands}: {number}, not {e}"
                    )


# operands, parameters, and the gradient for each operand
CONVENTIONS: dict[str, tuple[tuple[tuple[Any, ...], dict[str, Any], tuple[Any, ...]], ...]] = {
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
        ((0.0, 0.0), {}, (0.0, 0.0)),
        ((0.0, 2.0), {}, (0.0, 0.0)),
        ((3.0, 0.0), {}, (0.0, math.log(3.0))),
        ((0.0, 1.0), {}, (1.0, 0.0)),
        ((1.0, 3.0), {}, (3.0, 0.0)),
    ),
    "where": (((0.0, 2.0, 3.0), {}, (0.0, 0.0, 1.0)), ((-1.0, 2.0, 3.0), {}, (0.0, 1.0, 0.0))),
    "take": ((([1.0, 2.0, 3.0],), {"index": np.array([1, 1, 0])}, ([1.0, 2.0, 0.0],)),),
}


def mixed_precision(primitive: Primitive) -> None:
    """In float32 the gradient is float32, and as right as that can be."""
    if primitive.name == "to_value":
        return
    for f, *operands in calls(primitive):
        narrow = [Tensor(x.data.astype(np.float32)) for x in operands]
        wide = [Tensor(x.data.astype(float)) for x in narrow]
        out, exact = f(*narrow), f(*wide)
        seed = np.random.default_rng(1).normal(size=out.shape)
        found = grad(out, narrow, seed=seed.astype(np.float32))
        for g, e in zip(found, grad(exact, wide, seed=seed), strict=True):
            assert g.dtype == np.float32, (
                f"{primitive.name}: the gradient of a float32 is {g.dtype}"
            )
            size = np.max(np.abs(e), initial=1e-30)
            assert np.max(np.abs(g - e), initial=0) <= 1e-4 * size, f"{primitive.name} in float32"


def linear(primitive: Primitive) -> None:
    """The gradient is linear in the upstream gradient, to the last digits (none is lost inside)."""
    factor = 1 + 2.0**-30
    for f, *operands in calls(primitive):
        out = f(*operands)
        seed = np.random.default_rng(1).normal(size=out.shape)
        once, more = grad(out, operands, seed=seed), grad(out, operands, seed=factor * seed)
        for g, h in zip(once, more, strict=True):
            np.testing.assert_allclose(h, factor * g, rtol=1e-13, atol=1e-13)


RULES: dict[str, Callable[[Primitive], Any]] = {
    "one point": point,
    "second order": second_order,
    "Values": scalars,
    "shapes and parameters": shapes,
    "conventions": conventions,
    "float32": mixed_precision,
    "linearity": linear,
    "certify": certify,
}


# --- the engine -------------------------------------------------------------------------------


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
    assert autograd.evaluate(e, {a: 3.0}) == -18.0
    assert autograd.evaluate(e, {d: 5.0}) == 10.0
    values: dict[Node, Any] = {a: 1.0}
    autograd.evaluate(e, values)
    assert values[d] == -2.0
    assert_equal(autograd.evaluate(z.sum(axis=0), {y: np.array([1.0, 0.0])}), [4.0, 0.0])
    assert autograd.evaluate(a * 3.0 + b, {a: 3.0}) == 6.0
    assert_equal(autograd.evaluate(y * np.array([1.0, 2.0]), {y: y.data + 1}), [6.0, 14.0])
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
    assert not out._data.flags.writeable
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
    refuses(ValueError, lambda: autograd.windows(x, size=3))
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


def refuses(kind: type[Exception], action: Callable[[], Any]) -> None:
    try:
        action()
    except kind:
        return
    raise AssertionError(f"nothing was refused with {kind.__name__}")


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
    view = autograd.windows(Tensor(np.arange(10.0)), size=2, stride=3, dilation=2).data
    assert_equal(view, [[0, 2], [3, 5], [6, 8]])
    grid = autograd.windows(Tensor(np.arange(12.0).reshape(3, 4)), size=(2, 2), stride=(1, 2)).data
    assert_equal(grid[1, 1], [[6, 7], [10, 11]])
    added = autograd.overlap_add(Tensor(view), shape=(10,), stride=3, dilation=2).data
    assert_equal(added, [0, 0, 2, 3, 0, 5, 6, 0, 8, 0])
    scattered = autograd.scatter(Tensor([1.0, 2.0, 3.0]), index=np.array([1, 1, 0]), shape=(3,))
    assert_equal(scattered.data, [3, 3, 0])
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


def recording() -> None:
    """What a node remembers, with and without recording, and what observers hear."""
    a, b = Value(2.0), Value(3.0)
    with autograd.observing(heard := Heard()):
        c = a * b
    assert heard.nodes == [c]
    assert (c.op, c.operands, c.params) == (autograd.TABLE["mul"], (a, b), {})
    assert (-a).operands == (a,)
    assert autograd.maximum(a, b, 1.0).operands == (a, b, 1.0)
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


# --- the checker ------------------------------------------------------------------------------


def verdicts() -> None:
    """The judge, on numbers for which every bound is decided on both of its sides."""

    def slope(value: float, error: float, change: float = 0.0) -> Slope:
        return Slope(value, error, change, 1.0, 5, 0.0)

    ok, wrong, unsure = Verdict.OK, Verdict.WRONG, Verdict.INCONCLUSIVE
    for analytic, numeric, expected in (
        (100.0, slope(100.0, 0.0), ok),
        (-100.0, slope(-100.0, 0.9), ok),  # an error below rtol · |value|
        (-100.0, slope(-100.0, 1.1), unsure),
        (100.9, slope(100.0, 0.0), ok),
        (-101.9, slope(-100.0, 0.0), wrong),
        (98.0, slope(100.0, 0.0), wrong),
        (104.9, slope(100.0, 0.99), ok),  # TRUST errors more are allowed
        (105.2, slope(100.0, 0.99), wrong),
        (100.0, slope(-100.0, 0.0), wrong),
        (0.0, slope(0.0, 0.0), ok),
        (0.0, slope(0.001, 0.001, 0.0), unsure),
        (0.0, slope(0.001, 0.001, 1.0), ok),  # nothing, measured by what the function moves
        (0.0, slope(0.001, 0.02, 1.0), unsure),
        (0.05, slope(0.05, 0.009, 1.0), unsure),
        (0.001, slope(0.0, 0.009, 1.0), ok),
        (-100.9, slope(-99.9, 0.0), ok),
        (-99.9, slope(-100.9, 0.0), ok),
        (100.0, slope(100.0, 1.0), ok),
        (0.5, slope(0.5, 1.0, 100.0), ok),
        (0.0, slope(0.0, 0.5), ok),
        (math.inf, slope(0.0, 0.0), wrong),
        (math.nan, slope(0.0, 0.0), wrong),
    ):
        assert judge(analytic, numeric, 0.01) == expected, (analytic, numeric)
    kink = Verdict.KINK
    for analytic, left, right, expected in (
        (0.0, slope(0.0, 0.0), slope(100.0, 0.0), kink),
        (100.9, slope(0.0, 0.0), slope(100.0, 0.0), kink),
        (101.1, slope(0.0, 0.0), slope(100.0, 0.0), wrong),
        (-0.9, slope(100.0, 0.0), slope(0.0, 0.0), kink),
        (-1.1, slope(100.0, 0.0), slope(0.0, 0.0), wrong),
        (-100.9, slope(0.0, 0.0), slope(-100.0, 0.0), kink),
        (-101.1, slope(0.0, 0.0), slope(-100.0, 0.0), wrong),
        (104.9, slope(0.0, 0.1), slope(100.0, 1.0), kink),  # TRUST of the larger error
        (105.1, slope(0.0, 1.0), slope(100.0, 0.1), wrong),
        (0.0, slope(0.0, 0.0), slope(0.0, 0.0), kink),
    ):
        assert judge_kink(analytic, left, right, 0.01) == expected, (analytic, left, right)


CHECKER: dict[str, Callable[[], Any]] = {"verdicts": verdicts}

ENGINE: dict[str, Callable[[], Any]] = {
    "numbers": numbers,
    "graphs": graphs,
    "structure": structure,
    "errors": errors,
    "linear maps": linear_maps,
    "special numbers": special_numbers,
    "scale": scale,
    "recording": recording,
    "economy": economy,
    "determinism": deterministic,
}
