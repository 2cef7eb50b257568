"""The stepper: a walk at random, what a position knows, conditions, edits, and large graphs."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import autograd as ag
from autograd import Node, Observer, Tensor, Value, grad, observing, steps, toposort
from autograd.viz import Moment, Stepper
from autograd.viz.walk.conditions import condition

# --- random graphs, with sharing and broadcasting ---------------------------------------------

SHAPES = [(), (3,), (2, 1), (2, 3)]  # each broadcasts with each
numbers = st.floats(-2, 2).map(lambda x: round(x, 3))
UNARY = [ag.tanh, ag.sigmoid, ag.relu, ag.exp, ag.neg, ag.square]
BINARY = [ag.add, ag.sub, ag.mul, ag.maximum]


@st.composite
def graphs(draw: Any) -> Node:
    """A single number made of leaves of several shapes, of which many are used more than once."""
    pool: list[Node] = [Value(draw(numbers), label="s")]
    for i in range(draw(st.integers(1, 3))):
        shape = draw(st.sampled_from(SHAPES))
        data = draw(st.lists(numbers, min_size=math.prod(shape), max_size=math.prod(shape)))
        pool.append(Tensor(np.reshape(data, shape), label=f"t{i}"))
    for _ in range(draw(st.integers(1, 10))):
        x, y = draw(st.sampled_from(pool)), draw(st.sampled_from(pool))
        if draw(st.booleans()):
            pool.append(draw(st.sampled_from(BINARY))(x, y))
        else:
            pool.append(draw(st.sampled_from(UNARY))(ag.tanh(x)))
    total: Any = Value(0.0)
    for node in pool:
        total = total + (node if isinstance(node, Value) else ag.sum(node))
    return total


def bits(number: Any) -> Any:
    """A number so that equal means equal bit for bit, and NaN equals itself."""
    return None if number is None else (np.shape(number), np.asarray(number).tobytes())


def snapshot(moment: Moment) -> Any:
    """All that a moment knows."""
    values = {node.index: bits(x) for node, x in moment.values.items()}
    gradients = {node.index: bits(x) for node, x in moment.gradients.items()}
    return moment.position, moment.phase, moment.node.index, str(moment), values, gradients


class Walk(RuleBasedStateMachine):
    """Back and forth at random; the truth is kept by replaying `steps()` up to the position."""

    @initialize(root=graphs())
    def start(self, root: Node) -> None:
        self.root, self.stepper = root, Stepper(root)
        self.nodes, self.steps = toposort(root), list(steps(root))

    @rule()
    def go_on(self) -> None:
        before = self.stepper.position
        assert self.stepper.next().position == min(before + 1, len(self.stepper) - 1)

    @rule()
    def go_back(self) -> None:
        before = self.stepper.position
        assert self.stepper.back().position == max(before - 1, 0)

    @rule(data=st.data())
    def go_to(self, data: Any) -> None:
        place = data.draw(st.integers(0, len(self.stepper) - 1))
        assert self.stepper.goto(place).position == place
        node = data.draw(st.sampled_from(self.nodes))
        assert self.stepper.goto(node).node is node
        assert self.stepper.goto(node, backward=True).node is node

    @rule(k=st.integers(1, 12))
    def there_and_back_again(self, k: int) -> None:
        k = min(k, self.stepper.position)
        before = snapshot(self.stepper.now)
        for _ in range(k):
            self.stepper.back()
        for _ in range(k):
            self.stepper.next()
        assert snapshot(self.stepper.now) == before

    @rule(data=st.data())
    def run(self, data: Any) -> None:
        node, before = data.draw(st.sampled_from(self.nodes)), self.stepper.position
        found = self.stepper.run_until(node)
        between = range(before + 1, found.position)
        assert all(self.stepper[place].node is not node for place in between)
        assert found.node is node or found.position == len(self.stepper) - 1

    @precondition(lambda self: hasattr(self, "stepper"))
    @invariant()
    def it_knows_what_had_happened_by_then(self) -> None:
        now = self.stepper.now
        done = self.steps[: max(0, now.position - len(self.nodes) + 1)]
        expected: dict[Node, Any] = {self.root: done[0].gradient} if done else {}
        for node, _, sent in done:
            for operand, contribution in zip(node.operands, sent, strict=False):
                if contribution is not None:
                    earlier = expected.get(operand)
                    expected[operand] = contribution if earlier is None else earlier + contribution
        assert {n: bits(g) for n, g in now.gradients.items()} == {
            n: bits(g) for n, g in expected.items()
        }
        assert list(now.values) == self.nodes[: now.position + 1]

    @precondition(lambda self: hasattr(self, "stepper"))
    @invariant()
    def nothing_else_changes(self) -> None:
        assert all(node.grad is None for node in self.nodes)

    def teardown(self) -> None:
        if hasattr(self, "stepper"):
            self.stepper.goto(-1)
            self.root.backward()
            for node in self.nodes:
                assert bits(self.stepper.gradient(node)) == bits(node.grad)


TestWalk = Walk.TestCase


# --- what a position knows --------------------------------------------------------------------


def diamond() -> Stepper:
    """The lecture's micrograd example with a node used twice: e = (a·b)² + a·b."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    p = a * b
    p.label = "p"
    e = p * p + p
    e.label = "e"
    return Stepper(e)


def test_both_passes_in_words() -> None:
    assert "\n".join(map(str, diamond())) == (
        "0/9 forward: a\n  a = 2\n"
        "1/9 forward: b\n  b = −3\n"
        "2/9 forward: p\n  p = a × b = 2 × (−3) = −6\n"
        "3/9 forward: v1\n  v1 = p × p = −6 × (−6) = 36\n"
        "4/9 forward: e\n  e = v1 + p = 36 + (−6) = 30\n"
        "5/9 backward: e\n  ∂e/∂e = 1\n  ∂e/∂v1 += ∂e/∂e = 1\n  ∂e/∂p += ∂e/∂e = 1\n"
        "6/9 backward: v1\n  ∂e/∂v1 = 1\n"
        "  ∂e/∂p += ∂e/∂v1 × p = 1 × (−6) = −6\n  ∂e/∂p += ∂e/∂v1 × p = 1 × (−6) = −6\n"
        "7/9 backward: p\n  ∂e/∂p = −11\n"
        "  ∂e/∂a += ∂e/∂p × b = −11 × (−3) = 33\n  ∂e/∂b += ∂e/∂p × a = −11 × 2 = −22\n"
        "8/9 backward: b\n  ∂e/∂b = −22\n"
        "9/9 backward: a\n  ∂e/∂a = 33"
    )


def test_a_gradient_adds_up_over_its_consumers() -> None:
    stepper = diamond()
    assert stepper.history(stepper.nodes[2]) == [(5, 1.0), (6, -11.0)]
    assert [stepper.gradient(stepper.nodes[2], k) for k in (4, 5, 6, 9)] == [
        None,
        1.0,
        -11.0,
        -11.0,
    ]


def test_the_source_line_is_told_where_it_is_known() -> None:
    stepper = diamond()
    stepper.nodes[2].line = "cell 3, line 1"
    assert "(cell 3, line 1)" in str(stepper.goto(2))
    assert stepper.now.line == "cell 3, line 1"


@pytest.mark.parametrize("name", ag.TABLE)
def test_every_primitive_is_told_with_its_numbers(name: str) -> None:
    primitive = ag.TABLE[name]
    cases = primitive.cases or ((((2, 3),) * len(primitive.domain), {}),)
    for shapes, params in cases:
        operands = [
            Tensor(
                np.full(shape, number) + (primitive.regular and np.eye(*shape[-2:])), label=f"x{i}"
            )
            for i, shape in enumerate(shapes)
            for low, high in primitive.domain[min(i, len(primitive.domain) - 1) :][:1]
            for number in [min(max(0.5, low), high)]
        ]
        out = primitive(*operands, **params)
        stepper = Stepper(out, seed=1.0 if isinstance(out, Value) else np.ones(out.shape))
        for moment in stepper:
            for line in moment.lines:
                assert np.shape(line.result) == line.node.shape
                assert moment.node.op is None or line.symbols
        assert str(stepper[-1])


def test_a_broadcast_operand_gets_a_sum() -> None:
    x, b = Tensor(np.ones((4, 3)), label="x"), Tensor(np.ones(3), label="b")
    stepper = Stepper((x + b).sum())
    symbols = {line.name: line.symbols for moment in stepper for line in moment.lines}
    assert symbols["∂v2/∂b"] == "sum_to(∂v2/∂v1)"
    assert symbols["∂v2/∂x"] == "∂v2/∂v1"
    w, batch = Tensor(np.ones((3, 2)), label="w"), Tensor(np.ones((5, 4, 3)), label="batch")
    stepper = Stepper((batch @ w).sum())
    symbols = {line.name: line.symbols for moment in stepper for line in moment.lines}
    assert symbols["∂v2/∂w"].startswith("sum_to(")
    assert symbols["∂v2/∂batch"] == "∂v2/∂v1 @ wᵀ"


def test_a_second_derivative_is_a_graph_to_step_through() -> None:
    x = Value(2.0, label="x")
    slope = grad(x**3, x, create_graph=True)
    stepper = Stepper(slope)
    assert stepper.goto(-1).node is x
    assert stepper.gradient(x) == 12.0


def test_a_rebound_leaf_does_not_change_what_was_recorded() -> None:
    stepper = diamond()
    stepper.nodes[0].data = 100.0
    assert stepper.value(stepper.nodes[0]) == 2.0


def test_it_is_a_sequence_of_moments() -> None:
    stepper = diamond()
    assert [moment.position for moment in stepper[2:5]] == [2, 3, 4]
    assert [moment.name for moment in stepper[:-4:-1]] == ["a", "b", "p"]
    assert list(reversed(stepper)) == stepper[::-1]
    assert stepper[-1] == stepper[9] in stepper
    assert stepper.position == 0, "looking does not step"


def test_shown_arrays_are_read_only() -> None:
    w = Tensor([1.0, 2.0], label="w")
    stepper = Stepper((w * w).sum())
    for array in (stepper.value(w), stepper.goto(-1).gradient):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0.0


# --- stops ------------------------------------------------------------------------------------


def test_it_runs_to_a_node_a_label_a_function_or_a_condition() -> None:
    stepper = diamond()
    assert stepper.run_until("p").position == 2
    assert stepper.run_until(stepper.nodes[1]).phase == "backward"
    stepper.goto(0)
    assert stepper.run_until(lambda moment: moment.value > 30).name == "v1"
    assert stepper.run_until("abs(grad) > 5").name == "p"
    assert stepper.run_until("label == 'nobody'").position == len(stepper) - 1


def test_breakpoints_stop_every_run() -> None:
    stepper = diamond()
    stepper.breakpoints = ["b", "op == 'add'"]
    assert [stepper.run_until().position for _ in range(5)] == [1, 4, 5, 8, 9]


@pytest.mark.parametrize(
    ("text", "step", "holds"),
    [
        ("abs(grad) > 1", {"grad": np.array([0.5, -3.0])}, True),
        ("abs(grad) > 1", {"grad": None}, False),
        ("not abs(grad) > 1", {"grad": np.array([0.5, 0.25])}, True),
        ("0 < value <= 2", {"value": np.array([-1.0, 3.0])}, False),
        ("0 < value <= 2 or label == 'w'", {"value": 5.0, "label": "w"}, True),
        ("isnan(value)", {"value": math.nan}, True),
        ("max(value) - min(value) > 2", {"value": np.array([1.0, 4.0])}, True),
        ("not (position * 2 == 6 and phase != 'forward')", {"position": 3, "phase": "x"}, False),
    ],
)
def test_conditions(text: str, step: dict[str, Any], holds: bool) -> None:
    assert condition(text)(step) is holds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "grad >",
        "gradient > 1",
        "__import__('os')",
        "value.real",
        "value[0] > 1",
        "[x for x in label]",
        "(lambda: 1)()",
        "abs(grad, 2)",
        "grad in (1, 2)",
        "grad = 1",
        "None",
        "2 ** 99",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="condition"):
        condition(text)


def test_bad_targets_say_what_is_wrong() -> None:
    stepper = diamond()
    with pytest.raises(IndexError, match="0 to 9, got 10"):
        stepper.goto(10)
    with pytest.raises(ValueError, match="not in the graph"):
        stepper.goto(Value(1.0))
    with pytest.raises(TypeError, match="got int"):
        stepper.run_until(3)
    mask, x = Value(1.0, label="mask"), Value(2.0, label="x")
    with pytest.raises(ValueError, match="no gradient reaches 'mask'"):
        Stepper(ag.where(mask, x, 0.0)).goto(mask, backward=True)
    assert stepper.position == 0


# --- edits ------------------------------------------------------------------------------------


@given(root=graphs(), data=st.data())
def test_an_edit_equals_a_full_run(root: Node, data: Any) -> None:
    stepper = Stepper(root)
    stepper.goto(data.draw(st.integers(0, len(stepper) - 1)))
    leaf = data.draw(st.sampled_from([node for node in stepper.nodes if node.op is None]))
    number = data.draw(numbers)
    changed = number if isinstance(leaf, Value) else np.full(leaf.shape, number)

    recorded: list[Node] = []

    class Count(Observer):
        def recorded(self, node: Node) -> None:
            recorded.append(node)

    with observing(Count()):
        edited = stepper.edited(leaf, changed)

    descendants = {leaf}
    for node in stepper.nodes:
        if any(x in descendants for x in node.operands if isinstance(x, Node)):
            descendants.add(node)
    assert len(recorded) == len(descendants) - 1
    assert edited.position == stepper.position

    stand_ins: dict[Node, Any] = {}
    for node in stepper.nodes:  # everything again, in the same order
        if node.op is None:
            stand_ins[node] = node.detach()
            if node is leaf:
                stand_ins[node].data = changed
    full = ag.recompute(root, stand_ins)
    full.backward()
    for i, old in enumerate(stepper.nodes):
        new = stand_ins[old]
        assert bits(edited.value(edited.nodes[i])) == bits(new.raw)
        assert bits(edited.gradient(edited.nodes[i], len(edited))) == bits(new.grad)
        assert edited.nodes[i].label == old.label


def test_an_edited_stepper_keeps_its_breakpoints() -> None:
    stepper = diamond()
    stepper.breakpoints = [stepper.nodes[2], "abs(grad) > 20"]
    edited = stepper.edited(stepper.nodes[0], 4.0)
    assert [edited.run_until().position for _ in range(4)] == [2, 7, 8, 9]
    assert [stepper.run_until().position for _ in range(4)] == [2, 7, 8, 9]


def test_only_a_leaf_can_be_edited_and_keeps_its_shape() -> None:
    w = Tensor([1.0, 2.0], label="w")
    stepper = Stepper((w * w).sum())
    with pytest.raises(ValueError, match="only a leaf"):
        stepper.edited(stepper.root, 1.0)
    with pytest.raises(ValueError, match="shape"):
        stepper.edited(w, [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="not in the graph"):
        stepper.edited(Value(1.0), 2.0)


# --- large graphs -----------------------------------------------------------------------------


def chain(n: int) -> Value:
    """n operations that all use the same leaf."""
    x = Value(0.5, label="x")
    out = x
    for _ in range(n // 2):
        out = (out * x).tanh()
    return out


def test_what_is_stored_grows_with_the_graph_and_not_with_its_square() -> None:
    def stored(root: Node) -> int:
        tracemalloc.start()
        stepper = Stepper(root)
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        edges = sum(len(node.operands) for node in stepper.nodes)
        assert sum(len(stepper.history(node)) for node in stepper.nodes) <= edges + 1
        return size

    assert stored(chain(12_000)) < 8 * stored(chain(2_000))  # six times the nodes


def test_a_position_of_a_large_graph_is_found_at_once() -> None:
    stepper = Stepper(chain(66_000))
    leaf = stepper.nodes[0]
    assert len(stepper.history(leaf)) == 33_000
    stepper.goto(-1)
    stepper.root.backward()
    assert stepper.gradient(leaf) == leaf.grad
    assert stepper.back().node is not leaf
