"""Work on single numbers: micrograd's demo, and a random graph."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

SIZES = (2, 16, 16, 1)


def demo_numbers(points: int) -> tuple[list[float], list[list[float]], list[int]]:
    """337 parameters, neuron by neuron, and points of two classes."""
    rng = np.random.default_rng(0)
    count = sum(n * (m + 1) for m, n in itertools.pairwise(SIZES))
    x = rng.uniform(-1, 1, (points, 2))
    y = np.where(x[:, 0] * x[:, 1] > 0, 1, -1)
    return rng.uniform(-1, 1, count).tolist(), x.tolist(), y.tolist()


def demo_loss(parameters: list[Any], points: Any, y: list[int], relu: Callable[[Any], Any]) -> Any:
    """The max-margin loss with L2 regularization, as in micrograd's notebook, on any scalars."""
    left = iter(parameters)
    layers = [
        [([next(left) for _ in range(m)], next(left)) for _ in range(n)]
        for m, n in itertools.pairwise(SIZES)
    ]
    losses = []
    for row, target in zip(points, y, strict=True):
        for i, layer in enumerate(layers):
            row = [sum((w * x for w, x in zip(ws, row, strict=True)), b) for ws, b in layer]
            row = [relu(x) for x in row] if i < 2 else row
        losses.append(relu(1 + -target * row[0]))
    return sum(losses) * (1.0 / len(losses)) + 1e-4 * sum(p * p for p in parameters)


def demo_eager(value: Any, points: int) -> Any:
    numbers, x, y = demo_numbers(points)
    parameters = [value(number) for number in numbers]

    def step() -> Any:
        for p in parameters:
            p.grad = 0.0
        loss = demo_loss(parameters, [list(map(value, row)) for row in x], y, lambda v: v.relu())
        loss.backward()
        return loss.data, [p.grad for p in parameters]

    return step


def demo_micrograd(points: int) -> Any:
    from micrograd.engine import Value

    return demo_eager(Value, points)


def demo_gradwalk(points: int) -> Any:
    from autograd import Value

    return demo_eager(Value, points)


def demo_tape(points: int) -> Any:
    from autograd import Value
    from autograd.tape import Tape

    numbers, x, y = demo_numbers(points)
    parameters = [Value(number) for number in numbers]
    loss = demo_loss(parameters, [list(map(Value, row)) for row in x], y, lambda v: v.relu())
    return Tape(loss, parameters).value_and_grad


def demo_function(points: int) -> Any:
    """CasADi's function of (parameters, points), and numbers for it."""
    import casadi

    numbers, x, y = demo_numbers(points)
    parameters, given = casadi.SX.sym("p", len(numbers)), casadi.SX.sym("x", 2 * points)
    rows = zip(*[iter(given.elements())] * 2, strict=True)  # in pairs
    loss = demo_loss(parameters.elements(), rows, y, lambda v: casadi.fmax(v, 0))
    gradient = casadi.gradient(loss, parameters)
    function = casadi.Function("demo", [parameters, given], [loss, gradient])
    return function, np.array(numbers), np.ravel(x)


def buffered(function: Any, *arguments: np.ndarray) -> Any:
    """CasADi's function, evaluated through its buffer interface."""
    buffer, call = function.buffer()
    results = [np.zeros(function.nnz_out(i)) for i in range(function.n_out())]
    for i, x in enumerate(arguments):
        buffer.set_arg(i, memoryview(x))
    for i, x in enumerate(results):
        buffer.set_res(i, memoryview(x))

    def step() -> Any:
        call()
        return results

    step.memory = buffer, arguments  # type: ignore[attr-defined]  # which nobody else keeps alive
    return step


def demo_casadi(points: int) -> Any:
    return buffered(*demo_function(points))


def varied(numbers: list[float], rows: int) -> np.ndarray:
    """`rows` sets of parameters near `numbers`, (parameters, rows)."""
    rng = np.random.default_rng(0)
    return np.array(numbers)[:, None] + 1e-3 * rng.normal(size=(len(numbers), rows))


def rows_tape(points: int, rows: int) -> Any:
    replay = demo_tape(points)
    data = varied(demo_numbers(points)[0], rows)
    return lambda: replay(*data)


def rows_casadi(points: int, rows: int) -> Any:
    function, numbers, x = demo_function(points)
    data = varied(numbers.tolist(), rows)
    return buffered(function.map(rows, "serial"), data.T.ravel(), np.tile(x, rows))


def random_graph(count: int, leaves: list[Any], sin: Callable[[Any], Any]) -> Any:
    """`count` operations on operands drawn among all that came before; what is unused, added up."""
    rng = np.random.default_rng(0)
    nodes, used = list(leaves), set()
    draws = (rng.random(count).tolist(), rng.random(count).tolist(), rng.integers(3, size=count))
    for a, b, kind in zip(*draws, strict=True):
        i, j = int(a * len(nodes)), int(b * len(nodes))
        used.update((i,) if kind == 2 else (i, j))
        x, y = nodes[i], nodes[j]
        nodes.append(x + y if kind == 0 else x * y if kind == 1 else sin(x))
    return sum(node for i, node in enumerate(nodes) if i not in used)


GRAPH_LEAVES = np.random.default_rng(1).normal(size=100) / 10


def graph_tape(count: int) -> Any:
    from autograd import Value, sin
    from autograd.tape import Tape

    leaves = [Value(number) for number in GRAPH_LEAVES]
    return Tape(random_graph(count, leaves, sin), leaves).value_and_grad


def graph_casadi(count: int) -> Any:
    import casadi

    leaves = casadi.SX.sym("x", len(GRAPH_LEAVES))
    output = random_graph(count, leaves.elements(), casadi.sin)
    gradient = casadi.gradient(output, leaves)
    return buffered(casadi.Function("graph", [leaves], [output, gradient]), GRAPH_LEAVES.copy())


DEMO = {
    "gradwalk replayed": demo_tape,
    "gradwalk eager": demo_gradwalk,
    "CasADi": demo_casadi,
    "micrograd": demo_micrograd,
}
ROWS = {"gradwalk replayed": rows_tape, "CasADi": rows_casadi}
DAG = {"gradwalk replayed": graph_tape, "CasADi": graph_casadi}
