"""Batteries for the rules of a primitive."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import autograd
from autograd import Node, Primitive, Tensor, Value, grad
from autograd.testing.certification import certify
from autograd.testing.checker.check import check_grads

RTOL = 1e-8  # a rule that computes in float32 is wrong by 6e-8


def point(primitive: Primitive) -> None:
    """The gradient at one point, for one shape, with other primitives around."""
    check_grads(*surrounded(primitive), order=1, rtol=RTOL)


def second_order(primitive: Primitive) -> None:
    """The gradient of the gradient, at one point."""
    check_grads(*surrounded(primitive), order=2, rtol=RTOL)


def surrounded(primitive: Primitive) -> tuple[Any, ...]:
    f, *operands = next(calls(primitive))
    return (lambda *xs: autograd.sin(f(*[0.9 * x for x in xs])) * 2.0), *operands


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
