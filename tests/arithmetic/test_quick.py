"""The quick way of single numbers gives what the general way gives, to the last bit."""

from __future__ import annotations

import math
import operator
import struct
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd
from autograd import TABLE, Primitive, StaleGraphError, Tensor, Value, no_grad, observing
from autograd.arithmetic import quick
from autograd.core.modes import without_shortcuts
from autograd.core.order import toposort
from autograd.testing.mutation.planting import replaced

SPECIAL = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    2.0,
    0.5,
    5e-324,
    1e-308,
    1e308,
    -1e308,
    math.inf,
    -math.inf,
    math.nan,
)
NUMBERS = st.sampled_from(SPECIAL) | st.floats(-3, 3)
OPERATORS = (operator.add, operator.sub, operator.mul, operator.truediv, operator.pow)
METHODS = ("exp", "log", "sin", "tanh", "relu", "sigmoid", "sqrt", "abs", "__neg__")
ROWS = [row for row in TABLE.values() if row.scalar is not None and not row.params]


def bits(x: float | None) -> Any:
    if type(x) is not float or math.isnan(x):
        return str(x)
    return struct.pack("d", x)


def outcome(do: Callable[[], Any]) -> Any:
    """What came of it: the result, or the error, and the warnings."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        try:
            result = do()
        except (ArithmeticError, ValueError, StaleGraphError) as error:
            result = type(error), str(error)
    return result, [str(w.message) for w in heard]


@st.composite
def programs(draw: st.DrawFn) -> Callable[[], tuple[Value, list[Value]]]:
    """A program on single numbers: makes its graph anew, and gives the result and all nodes."""
    leaves = draw(st.lists(NUMBERS, min_size=1, max_size=4))
    size = draw(st.integers(1, 12))
    picks = st.integers(0, 30)
    moves = [
        draw(
            st.tuples(st.sampled_from(OPERATORS), picks, picks)
            | st.tuples(st.sampled_from(OPERATORS), picks, NUMBERS | st.integers(-2, 3))
            | st.tuples(st.sampled_from(OPERATORS), NUMBERS | st.integers(-2, 3), picks)
            | st.tuples(st.sampled_from(METHODS), picks)
        )
        for _ in range(size)
    ]
    moved = draw(st.lists(picks, max_size=1))  # a leaf that is assigned new data afterwards

    def run() -> tuple[Value, list[Value]]:
        nodes = [Value(x) for x in leaves]
        for f, *chosen in moves:
            if isinstance(f, str):
                nodes.append(getattr(nodes[chosen[0] % len(nodes)], f)())
                continue
            x, y = (nodes[c % len(nodes)] if type(c) is int and c >= 4 else c for c in chosen)
            made = f(x, y) if isinstance(x, Value) or isinstance(y, Value) else nodes[-1] + 1
            nodes.append(made)
        for place in moved:
            leaf = nodes[place % len(leaves)]
            leaf.data = leaf.data
        return nodes[-1], nodes

    return run


def seen(run: Any, inputs: bool) -> Any:
    root, nodes = run()
    numbers = [bits(node.raw) for node in nodes]
    if inputs:
        grads = autograd.grad(root, nodes[:3])
        return numbers, [bits(g) for g in grads], [bits(node.grad) for node in nodes]
    root.backward()
    return numbers, [bits(node.grad) for node in nodes]


@given(programs(), st.booleans())
def test_both_ways_agree_to_the_bit_in_numbers_errors_and_warnings(program, inputs) -> None:
    quickly = outcome(lambda: seen(program, inputs))
    with without_shortcuts():
        assert outcome(lambda: seen(program, inputs)) == quickly


def recorded(root: Value, inputs: list[Value]) -> Any:
    """The graph of the gradients: each node's row, number and operands, by their places."""
    gradients = autograd.grad(root, inputs, create_graph=True)
    nodes = toposort(root, *gradients)
    place = {
        node: i for i, node in enumerate(sorted(nodes, key=lambda n: (n.op is not None, n.index)))
    }
    graph = [
        (
            node.op and node.op.name,
            bits(node.raw),
            [place[x] if isinstance(x, Value) else bits(float(x)) for x in node.operands],
        )
        for node in place
        if node.op is not None
    ]
    return graph, [bits(g.raw) for g in gradients]


@given(programs())
def test_gradients_are_recorded_as_the_general_way_records_them(program) -> None:
    def seen() -> Any:
        root, nodes = program()
        leaves = [node for node in nodes if node.op is None]
        return recorded(root, leaves)

    quickly = outcome(seen)
    with without_shortcuts():
        assert outcome(seen) == quickly


def test_gradients_of_gradients_of_many_operands() -> None:
    def seen() -> Any:
        x, y, z = leaves = [Value(2.0), Value(3.0), Value(-1.0)]
        root = autograd.where(x, autograd.maximum(x * y, y * y, z), 1.0) * x + z
        first = autograd.grad(root, leaves, create_graph=True)
        return recorded(sum(first), leaves), autograd.hessian(root, leaves)

    quickly = seen()
    with without_shortcuts():
        assert seen() == quickly


def test_a_recorded_walk_keeps_nothing_alive() -> None:
    x = Value(2.0)
    (gradient,) = autograd.grad(x * x * x, [x], create_graph=True)
    gone = weakref.ref(gradient)
    del gradient
    assert gone() is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@given(data=st.data())
def test_each_row_steps_back_as_its_rules_say(row, data) -> None:
    count = data.draw(st.integers(1, 2)) if row.variadic else len(row.vjps)
    numbers = data.draw(st.lists(NUMBERS, min_size=count, max_size=count))
    held = data.draw(st.lists(st.booleans(), min_size=count, max_size=count).filter(any))

    def run() -> tuple[Value, list[Value]]:
        with np.errstate(all="ignore"):
            operands = [Value(x) if h else x for x, h in zip(numbers, held, strict=True)]
            root = row(*operands)
        return root, [x for x in (*operands, root) if isinstance(x, Value)]

    quickly = outcome(lambda: seen(run, False))
    with without_shortcuts():
        assert outcome(lambda: seen(run, False)) == quickly


def test_the_quick_way_is_taken() -> None:
    """Otherwise every test here would compare the general way with itself."""
    x, y = Value(2.0), Value(3.0)
    roots = (x * y + 2 / x).tanh(), -x, abs(x - 1), x.clip(0, 3), autograd.maximum(x, y)
    for root in (*roots, autograd.where(x, y, 3.0), autograd.maximum(x, y, 2.0)):
        with observing(autograd.Observer()):  # who hears of nothing
            assert root.swept(1.0, [x], True) is not None
        assert root.swept(1.0, None, False) == {}
    assert (x**2).swept(1.0, [x, y], False) == {x: 4.0}
    assert quick.step_of(autograd.div) is not quick.by_rules


def test_what_is_not_reached_keeps_its_gradient() -> None:
    x, y = Value(2.0), Value(3.0)
    x.grad = y.grad = 7.0
    (autograd.stop_gradient(x) * y).backward()
    assert (x.grad, y.grad) == (7.0, 2.0)


def test_where_arrays_observers_or_others_take_part_the_general_way_is_gone() -> None:
    x = Value(2.0)
    assert (x * Tensor([1.0, 2.0])).sum().swept(1.0, None, False) is None
    assert x.swept(1.0, None, False) is None  # a leaf
    assert x.swept(Value(1.0), None, False) is None

    class Listener(autograd.Observer):
        def stepped(self, step: Any) -> None:
            pass

    with observing(Listener()):
        assert (x * x).swept(1.0, None, False) is None
    with observing(Listener()), observing(autograd.Observer()):  # who hears nothing
        assert (x * x).swept(1.0, None, False) is None
    with observing(autograd.Observer()), no_grad():
        assert (x * x).op is None

    class Mine(Value):
        __slots__ = ()

    mine = Mine(3.0)
    (x * mine + mine).backward()
    assert (mine.grad, x.grad) == (3.0, 3.0)
    assert autograd.where(x, mine, x).swept(1.0, None, False) is None


def test_modes_hold() -> None:
    class Names(autograd.Observer):
        def __init__(self) -> None:
            self.heard: list[str] = []

        def recorded(self, node: Any) -> None:
            self.heard.append(node.op.name)

        def escaped(self, node: Any, how: str, result: object, *args: object) -> None:
            self.heard.append(how)

    x, names = Value(2.0), Names()
    with observing(names):
        _ = (-x + 1).exp().data
    assert names.heard == ["neg", "add", "exp", "data"]
    with no_grad():
        assert (x * x).op is None and (-x).op is None


def test_a_walk_within_a_walk_and_one_after_an_interrupt() -> None:
    x = Value(3.0)

    def inner(g: float, out: float, y: float) -> float:
        (x * x).backward()  # uses the same nodes
        return g * x.grad

    nested = Primitive("nested", "n", lambda y: y * y, lambda y: y * y, (inner,), "y².")
    root = nested(x) * 2
    root.backward()
    assert x.grad == 12.0

    def interrupt(g: float, out: float, y: float) -> float:
        raise KeyboardInterrupt

    broken = Primitive("broken", "b", lambda y: y, lambda y: y, (interrupt,), "y.")
    product = x * 5
    with pytest.raises(KeyboardInterrupt):
        (product + broken(product)).backward()
    assert x.grad == 12.0
    product.backward()
    assert x.grad == 5.0 and product.swept(1.0, None, False) == {}


def test_a_rule_of_ones_own_that_leaves_the_floats_is_done_the_general_way() -> None:
    rules = (lambda g, out, x: np.float64(g) * 2,)
    mine = Primitive("mine", "m", lambda x: 2 * x, lambda x: 2 * x, rules, "2x.")
    x = Value(3.0)
    mine(x).backward()
    assert x.grad == 2.0 and type(x.grad) is float


def test_threads_walk_one_graph_at_once() -> None:
    x = Value(1.5)
    root = x
    for _ in range(300):
        root = root * x.tanh() + x
    root.backward()
    right, found = x.grad, []

    def work() -> None:
        found.extend(autograd.grad(root, x) for _ in range(30))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [right] * 120


def test_a_replaced_rule_is_what_is_run() -> None:
    x = Value(3.0)
    (x * 2.0).backward()
    with replaced(autograd.mul, vjps=(lambda g, out, x, y: -g * y, None)):
        (x * 2.0).backward()
        assert x.grad == -2.0
    (x * 2.0).backward()
    assert x.grad == 2.0


# Each is the template with one thing wrong; the comparison above must tell.
WRONG = {
    "TWO": [("{both}", "{left}"), ("{both}", "{right}"), ("{left}", "pass"), ("{right}", "pass")],
    "ONE": [("{both}", "pass")],
}


def wrong_templates() -> Iterator[tuple[str, str]]:
    for name, changes in WRONG.items():
        for old, new in changes:
            yield name, getattr(quick, name).replace(old, new)


@pytest.mark.parametrize(("name", "template"), list(wrong_templates()))
def test_a_wrong_step_would_be_noticed(name, template, monkeypatch) -> None:
    monkeypatch.setattr(quick, name, template)
    row = autograd.mul if name == "TWO" else autograd.exp
    monkeypatch.setattr(row, "step", None)

    def run(x: Any, y: Any) -> tuple[Value, list[Value]]:
        root = row(x, y) if name == "TWO" else row(x)
        return root, [z for z in (x, y, root) if isinstance(z, Value)]

    def differs(x: Any, y: Any) -> bool:
        quickly = outcome(lambda: seen(lambda: run(x(), y()), False))
        with without_shortcuts():
            return outcome(lambda: seen(lambda: run(x(), y()), False)) != quickly

    two, three = (lambda: Value(2.0)), (lambda: Value(3.0))
    assert differs(two, three) or differs(two, lambda: 3.0) or differs(lambda: 2.0, three)


def test_stale_leaves_are_found_among_younger_ones() -> None:
    x = Value(2.0)
    y = x * x
    fresh = Value(1.0)  # younger than what was made of x, and sound
    root = y + fresh * 3
    root.backward()
    assert (x.grad, fresh.grad) == (4.0, 3.0)
    x.data = 5.0
    with pytest.raises(StaleGraphError):
        root.backward()
    assert x.grad == 4.0
    assert len(toposort(root)) == 5


def test_what_has_no_line_of_python_is_refused() -> None:
    x = quick.Source("x")
    mine = Primitive("mine", "m", lambda x: x, lambda x: x, (None,), "x.")
    for wrong in (lambda: autograd.clip(x, 0.0, 1.0), lambda: autograd.sum(x), lambda: mine(x)):
        with pytest.raises(TypeError, match="has no name by which a line of Python"):
            wrong()


def test_a_zero_keeps_its_sign_in_both_ways() -> None:
    for both in (True, False):
        x, y = Value(-0.0), Value(2.0)
        root = x**y
        if both:
            root.backward()
        else:
            with without_shortcuts():
                root.backward()
        assert bits(x.grad) == bits(-0.0)
