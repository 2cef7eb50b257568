"""The strategies: what they draw is diverse and sound, shrinks well, and prints as Python."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

import autograd
from autograd import Node, Tensor, Value, grad, testing, toposort
from autograd.core import walk
from autograd.testing.listing import program, reproduction
from autograd.testing.mutation.mutants import mutants
from autograd.testing.strategies import (
    SHAPES,
    Expression,
    decode,
    expressions,
    networks,
    operands_for,
    tensors,
    values,
)

ROWS = tuple(row for row in autograd.TABLE.values() if row is not autograd.subgradient)


def executed(text: str) -> Node:
    """What the last line of a program assigns."""
    namespace: dict[str, object] = {}
    exec(text, namespace)
    result = namespace[text.splitlines()[-1].split(" = ")[0]]
    assert isinstance(result, Node)
    return result


def assert_same_graph(one: Node, other: Node) -> None:
    place, there = [{node: i for i, node in enumerate(toposort(x))} for x in (one, other)]
    assert len(place) == len(there)
    for a, b in zip(place, there, strict=True):
        assert type(a) is type(b)
        assert a.op is b.op
        assert a.label == b.label or a.op is not None
        np.testing.assert_array_equal(a.data, b.data)
        assert a.precision == b.precision
        assert repr(a.params) == repr(b.params)
        for x, y in zip(a.operands, b.operands, strict=True):
            if isinstance(x, Node):
                assert place[x] == there[y]
            else:
                np.testing.assert_array_equal(x, y)


@given(values(low=0.5, high=1.5), tensors(shape=(2, 3), low=-1.0, high=1.0, dtype=np.float32))
def test_leaves_lie_in_their_interval(v, t):
    assert type(v) is Value
    assert 0.5 <= v.data <= 1.5
    assert t.shape == (2, 3)
    assert t.dtype == np.float32
    assert (abs(t.data) <= 1).all()


def test_tensors_of_any_shape_include_empty_and_0d_ones():
    assert find(tensors(), lambda t: t.size == 0).size == 0
    assert find(tensors(), lambda t: t.shape == ()).shape == ()
    assert find(tensors(shape=st.just((3, 1))), lambda t: True).shape == (3, 1)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@settings(max_examples=20)
@given(data=st.data())
def test_operands_fit_their_primitive(row, data):
    operands, params = data.draw(operands_for(row))
    out = row(*operands, **params)
    assert isinstance(out, Node)
    for x, (low, high) in zip(operands, row.domain, strict=False):
        assert np.all((low <= x.data) & (x.data <= high))


def test_operands_broadcast_tie_and_come_as_values_too():
    add = operands_for(autograd.add)
    assert find(add, lambda c: 1 in c.operands[0].shape != c.operands[1].shape)
    assert find(add, lambda c: 0 in c.operands[0].shape)
    maximum = operands_for(autograd.maximum)
    tie = find(maximum, lambda c: len(c.operands) == 3 and c.operands[0].data == c.operands[2].data)
    assert all(type(x) is Value for x in tie.operands)


@given(expressions())
def test_expressions_can_be_differentiated_and_are_reachable(e):
    assert e.output.size == 1
    assert set(e.inputs) == {node for node in toposort(e.output) if node.op is None}
    for g, x in zip(grad(e.output, e.inputs), e.inputs, strict=True):
        assert np.shape(g) == x.shape
        assert np.isfinite(g).all()


@given(expressions(scalar=False))
def test_calling_an_expression_computes_the_same_on_other_inputs(e):
    fresh = [x.detach() for x in e.inputs]
    again = e(*fresh)
    np.testing.assert_array_equal(again.data, e.output.data)
    assert {node for node in toposort(again) if node.op is None} <= set(fresh)


def test_expressions_are_diverse():
    seen: Counter[str] = Counter()

    @settings(max_examples=1000, derandomize=True, database=None)
    @given(expressions())
    def draw(e):
        order = toposort(e.output)
        users = Counter(x for node in order for x in node.operands if isinstance(x, Node))
        seen.update({node.op.name for node in order if node.op})
        seen["sharing"] += any(n > 1 for n in users.values())
        seen["broadcasting"] += any(
            x.shape != node.shape and node.op.scalar is not None
            for node in order
            if node.op
            for x in node.operands
            if isinstance(x, Node)
        )
        seen["constants"] += any(not isinstance(x, Node) for node in order for x in node.operands)
        seen["mixed"] += len({type(x) for x in e.inputs}) == 2
        seen["float32"] += any(x.precision == np.float32 for x in e.inputs)
        seen["empty"] += any(x.size == 0 for x in order)
        seen["large"] += any(np.any(np.abs(x.data) >= 1e5) for x in e.inputs)
        seen["small"] += any(np.any((x.data != 0) & (np.abs(x.data) <= 1e-5)) for x in e.inputs)
        seen["deep"] += e.nodes >= 7

    draw()
    drawn = {name for name, row in autograd.TABLE.items() if not row.regular}
    assert len(drawn - set(seen)) <= len(drawn) // 10  # stop_gradient, and rare ones
    kinds = ("sharing", "broadcasting", "constants", "mixed")
    for what in (*kinds, "float32", "empty", "large", "small", "deep"):
        assert seen[what] >= 10, (what, seen[what])


def test_dtypes_can_be_chosen():
    drawn = expressions(dtypes=[np.float32])
    assert find(drawn, lambda e: len(e.inputs) == 2).inputs[0].precision == np.float32
    with pytest.raises(NoSuchExample):
        find(expressions(dtypes=[float]), lambda e: e.output.precision == np.float32)


def test_functions_of_functions_occur():
    rows = [autograd.exp, autograd.tanh, autograd.mul, autograd.add]

    def is_tanh_of_exp(node):
        return node.op is autograd.tanh and getattr(node.operands[0], "op", None) is autograd.exp

    drawn = expressions(primitives=rows)
    assert find(drawn, lambda e: any(map(is_tanh_of_exp, toposort(e.output)))).nodes <= 3


@pytest.mark.parametrize("row", [r for r in ROWS if not r.regular], ids=lambda row: row.name)
def test_every_primitive_is_within_reach(row):
    found = find(
        expressions(primitives=[row]), lambda e: any(n.op is row for n in toposort(e.output))
    )
    assert found.nodes <= 2


@given(expressions(smooth=True, primitives=None))
def test_smooth_expressions_have_no_kinks_and_no_masks(e):
    for node in toposort(e.output):
        assert node.op is None or (any(node.op.vjps) and not node.op.kinks)


@given(expressions(primitives=[autograd.mul, autograd.tanh], scalar=False))
def test_only_the_given_primitives_are_used(e):
    assert {node.op for node in toposort(e.output)} <= {None, autograd.mul, autograd.tanh}


def test_an_operand_that_does_not_fit_gives_way_to_the_next_or_is_passed_on():
    vector, matrix = SHAPES.index((2,)), SHAPES.index((2, 3))
    product = decode([(matrix, 0), (vector, 0)], [(1, 0, 0, 0)], [autograd.matmul], scalar=False)
    assert [x.shape for x in product.operands] == [(2,), (2,)]
    passed_on = decode([(SHAPES.index(None), 0)], [(1, 0, 0, 0)], [autograd.matmul], scalar=False)
    assert passed_on.op is None
    negative = decode(
        [(SHAPES.index(None), 6)], [(1, 0, 0, 0)], [autograd.log], scalar=False
    )  # log of −1
    assert negative.op is None


@given(networks())
def test_networks_are_losses_of_named_parameters(network):
    assert network.output.shape == ()
    labels = [leaf.label for leaf in network.inputs]
    assert labels[0] == "x"
    assert len(set(labels)) == len(labels)
    gradients = grad(network.output, network.inputs)
    assert all(np.isfinite(g).all() for g in gradients)


def test_networks_tie_weights_add_residuals_and_normalise():
    def users(network: Expression) -> Counter[str]:
        return Counter(
            x.label
            for node in toposort(network.output)
            for x in node.operands
            if isinstance(x, Node) and x.label
        )

    assert find(networks(), lambda n: users(n)["W0"] >= 2)
    assert find(networks(), lambda n: any(x.op is autograd.transpose for x in toposort(n.output)))
    residual = find(
        networks(),
        lambda n: any(
            x.op is autograd.add and isinstance(x.operands[1], Node) and x.operands[1].label == "x"
            for x in toposort(n.output)
        ),
    )
    assert residual.output.shape == ()
    assert find(networks(), lambda n: any(x.op is autograd.sqrt for x in toposort(n.output)))
    smooth = Counter(x.op.name for x in toposort(find(networks(smooth=True), users).output) if x.op)
    assert not smooth["relu"]


def test_hypothesis_prints_the_very_numbers_of_a_tensor():
    @settings(max_examples=50, derandomize=True, database=None)
    @given(tensors((2,), elements=st.just(1 / 3)), st.data())
    def fails(t, data):
        data.draw(tensors((1,), dtype=np.float32, elements=st.just(np.float32(0.1)), fill=None))
        raise AssertionError

    with pytest.raises(AssertionError) as failure:
        fails()
    notes = "\n".join(failure.value.__notes__)
    assert "t=Tensor([0.3333333333333333, 0.3333333333333333])" in notes
    assert "Draw 1: Tensor(np.array([0.10000000149011612], np.float32))" in notes


# --- a graph as Python ------------------------------------------------------------------------


@given(st.one_of(expressions(), expressions(scalar=False), networks()))
def test_the_printed_program_makes_the_same_graph(e):
    assert_same_graph(executed(str(e)), e.output)


@given(data=st.data())
def test_the_printed_program_of_any_call_makes_the_same_graph(data):
    row = data.draw(st.sampled_from(ROWS))
    operands, params = data.draw(operands_for(row))
    out = row(*operands, **params)
    assert_same_graph(executed(program(out)), out)


def test_the_program_of_special_numbers_names_and_dtypes():
    a = Tensor(np.array([1, 2], np.float32), label="np")  # a name that is taken
    b = Value(float("inf"), label="not a name")
    c = Tensor(np.array([np.nan, 1.0]), label="a")
    out = autograd.clip(a * b + c, lo=0.0)
    text = program(out)
    assert "a = Tensor([nan, 1.0], label='a')" in text
    assert_same_graph(executed(text), out)


def test_a_failing_example_prints_a_program_that_reproduces_it():
    @settings(max_examples=500, derandomize=True, database=None)
    @given(expressions())
    def no_product(e):
        assert all(node.op is not autograd.mul for node in toposort(e.output))

    with pytest.raises(AssertionError) as failure:
        no_product()
    notes = "\n".join(failure.value.__notes__)
    assert "Expression of" in notes
    lines = notes[notes.index("import autograd") :].splitlines()
    last = next(i for i, line in enumerate(lines) if line.startswith("check_grads("))
    text = "\n".join(lines[: last + 1])
    assert "autograd.mul(" in text and "\ncheck_grads(f, " in text and "digraph" not in notes
    exec(text, {})


square = autograd.Primitive("own", "o", None, lambda x: x * x, (lambda g, out, x: g * x,), "x²")


def test_an_expression_has_a_drawing():
    assert Expression(Tensor([1.0], "x") * 2.0).dot.startswith("digraph")


def test_a_program_imports_a_row_of_one_s_own():
    text = reproduction(square(Tensor([1.0, 2.0], "own")).sum())
    assert f"from {__name__} import square as own\n" in text and "= own(a)" in text
    hidden = autograd.Primitive("hidden", "h", None, lambda x: x, (lambda g, out, x: g,), "x")
    assert "# hidden is a primitive that no module holds" in program(hidden(Tensor([1.0])))


# --- shrinking --------------------------------------------------------------------------------


# How the walk adds up contributions, and what each planted bug makes of it.
SUM = "contribution = gradients[operand] + contribution"
BUGS = {
    "overwritten": f"{SUM} → contribution = contribution",
    "first kept": f"{SUM} → contribution = gradients[operand]",
    "subtracted": f"{SUM} → contribution = gradients[operand] - contribution",
    "in place": f"{SUM} → contribution = iadd(gradients[operand], contribution)",
}


@pytest.mark.parametrize("bug", BUGS)
@pytest.mark.parametrize("start", range(2))
def test_a_planted_accumulation_bug_shrinks_to_at_most_three_nodes(bug, start):
    (mutant,) = [m for m in mutants(walk.propagate) if m.change == BUGS[bug]]

    def wrong(e: Expression) -> bool:
        right = grad(e.output, e.inputs)
        try:
            with mutant:
                got = grad(e.output, e.inputs)
        except ValueError:  # written into a read-only array
            return True
        return not all(np.array_equal(a, b) for a, b in zip(right, got, strict=True))

    smallest = find(
        expressions(),
        wrong,
        random=Random(start),
        settings=settings(max_examples=2000, database=None),
    )
    assert smallest.nodes <= 3, str(smallest)
    assert max(x.size for x in smallest.inputs) <= 3


def test_the_face_offers_strategies_and_nothing_else_that_is_not_there():
    assert testing.networks is networks
    assert {"networks", "check_grads", "program"} <= set(dir(testing)) == set(testing.__all__)
    with pytest.raises(AttributeError, match=r"'autograd\.testing' has no attribute 'network'"):
        testing.network  # noqa: B018
