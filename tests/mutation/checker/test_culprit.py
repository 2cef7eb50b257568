"""What the localiser is made of: nodes by themselves, and what is said of each."""

from __future__ import annotations

import math
import warnings

import numpy as np

import autograd
from autograd import Node, Tensor, Value
from autograd.testing.checker import culprit
from autograd.testing.checker import local as rules
from autograd.testing.checker.local import RuleError, name_of
from autograd.testing.mutation.sources import functions_in
from tests.mutation.checker.made import row
from tests.mutation.raising import raised, said

FUNCTIONS = functions_in(culprit, rules)
RTOL = 1e-6


def test_recorded_nodes_and_their_names():
    x, y = Value(2.0, "x"), Tensor([1.0, 2.0])
    product = x * y
    total = product + product
    root = total * 3.0
    assert culprit.recorded(root) == [x, y, product, total, root]
    assert culprit.recorded(x) == [x]
    branches = [[a := Value(1.0), b := a.exp(), b.sin()] for _ in range(2)]
    assert culprit.recorded(branches[0][-1] * branches[1][-1])[:-1] == [*branches[0], *branches[1]]
    paths = [x]
    for _ in range(60):
        paths.append(paths[-1] + paths[-2 if len(paths) > 1 else -1])
    assert culprit.recorded(paths[-1]) == paths
    assert rules.raw_operands(root) == [total.raw, 3.0]
    total.label = "total"
    assert [name_of(node) for node in (x, y, product, total, root)] == [
        "x",
        "an input",
        "mul((), (2,))",
        "add((2,), (2,)) 'total'",
        "mul((2,), ())",
    ]


def test_a_sample_of_what_was_recorded():
    x, y = Value(2.0, "x"), Tensor([1.0, 2.0])
    chain, stopped = [x], autograd.stop_gradient(x)
    for _ in range(60):
        chain.append(chain[-1] + 1.0)
    other, third = x + y, autograd.sum(y, axis=0)
    fourth = autograd.sum(y, axis=0, keepdims=True)
    nodes = [*chain, stopped, other, third, fourth]
    assert culprit.first_of_each_kind(nodes) == [*chain[1:51], other, third, fourth]


def test_whether_a_node_can_be_called_again():
    x, y = Value(2.0), Tensor([1.0, 2.0])
    assert culprit.replays(x * y) and culprit.replays(autograd.sum(y, axis=0))
    changes = (
        {"params": {}},
        {"params": {"axis": 0}},
        {"operands": (x,)},
    )
    for change in changes:
        node = autograd.sum(y)
        for name, value in change.items():
            setattr(node, name, value)
        assert not culprit.replays(node), change


def test_broadcasting_undone():
    grid = np.arange(24.0).reshape(2, 3, 4)
    for shape, expected in (
        ((2, 3, 4), grid),
        ((3, 4), grid.sum(0)),
        ((1, 4), grid.sum((0, 1))[None]),
        ((2, 1, 4), grid.sum(1, keepdims=True)),
        ((), grid.sum()),
    ):
        found = rules.undone(grid, shape)
        assert found.shape == shape and np.array_equal(found, expected), shape
    for wrong in ((5, 4), (2, 2, 3, 4), (2, 3, 5)):
        assert said(rules.undone, grid, wrong).startswith("ValueError: "), wrong
    assert "a gradient of shape (1,) for an operand of shape (3,)" in said(
        rules.undone, np.ones(1), (3,)
    )


def test_what_a_rule_sends():
    x, y = Tensor([1.0, 2.0]), Value(3.0)
    z = x * y
    sent = rules.contributions(z, np.array([1.0, 10.0]))
    assert list(sent) == [0, 1] and sent[0].tolist() == [3.0, 30.0] and sent[1] == 21.0
    assert list(rules.contributions(2.0 * x, np.ones(2))) == [1]
    largest = rules.contributions(autograd.maximum(x, 1.5, y), np.array([1.0, 10.0]))
    assert list(largest) == [0, 2] and largest[2] == 11.0
    steps = rules.contributions(autograd.heaviside(x), np.ones(2))
    assert steps[0].tolist() == [0.0, 0.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rules.contributions(autograd.sqrt(Value(0.0)), np.array(1.0)) == {0: math.inf}
        assert rules.contributions(autograd.sqrt(Tensor([0.0])), np.ones(1))[0] == math.inf


def test_what_a_rule_is_given():
    y, seen = Value(3.0), []

    def watching(g, out, x):
        seen.extend((g, out, x))
        return 2.0 * g * x

    node = row(watching)(y)
    rules.contributions(node, np.array(0.5))
    assert [type(one) for one in seen] == [float] * 3 and seen == [0.5, 9, 3]
    seen.clear()
    rules.must_record(node)
    assert type(seen[0]) is Value and seen[0].data == 1.0
    assert seen[1] is node and seen[2] is y


def raising(g, out, x):
    raise LookupError("no rule")


def test_what_a_rule_must_not_do():
    x = Tensor([1.0, 2.0])

    def raising_on_nodes(g, out, x):
        return raising(g, out, x) if isinstance(g, Node) else 2.0 * g * x

    def writing(g, out, x):
        x += 1.0
        return 2.0 * g * x

    def scaling(g, out, x):
        g *= 2.0
        return g * x

    for rule, message in (
        (raising, "raises LookupError: no rule"),
        (raising_on_nodes, None),
        (lambda g, out, x: np.ones((3, 2)), None),
        (lambda g, out, x: np.ones((2, 3)), "raises ValueError: shape mismatch"),
        (lambda g, out, x: 1.0, "raises ValueError: a gradient of shape () for an operand of"),
        (writing, "changes a number that it was given"),
        (scaling, "changes a number that it was given"),
    ):
        node = row(rule)(x)
        found = said(rules.contributions, node, np.ones(2))
        assert found.startswith(f"RuleError: {message}" if message else ""), found
        assert (found == "") is (message is None)
    for rule, ask in (
        (raising, lambda node: rules.contributions(node, np.ones(2))),
        (raising_on_nodes, rules.must_record),
    ):
        error = raised(ask, row(rule)(x))
        assert isinstance(error, RuleError) and error.node.op.name == "row"
        assert str(error) == "raises LookupError: no rule"
        assert isinstance(error.__cause__, LookupError)


def test_a_node_by_itself():
    x, y = Tensor([1.0, 2.0]), Value(3.0)
    local = rules.Local(2.0 * x + 0.0 * y)
    assert local.name == "add" and list(local.numbers) == ["0", "1"]
    local = rules.Local(autograd.clip(x, lo=1.5))
    with local.at({}) as call:
        assert call.output.data.tolist() == [1.5, 2.0]
        assert list(call.gradients(np.ones(2))) == ["0"]
    with local.at({"0": np.array([4.0, 0.0])}) as call:
        assert call.output.data.tolist() == [4.0, 1.5]
        assert call.leaves["0"].data.tolist() == [4.0, 0.0]
        assert call.gradients(np.array([3.0, 5.0]))["0"].tolist() == [3.0, 0.0]
    with rules.Local(autograd.sub(5.0, y)).at({"1": 1.0}) as call:
        assert call.output.data == 4.0


def one(f, *operands):
    """The faults of the last node, without numbers."""
    node = f(*operands)
    found = list(rules.faults(node, RTOL, np.random.default_rng(0)))
    assert all(fault.node is node for fault in found)
    return [
        (fault.kind, fault.operand, fault.message.partition(": analytic")[0]) for fault in found
    ]


def test_kinks_and_edges():
    assert one(autograd.sqrt, Value(0.0)) == [
        ("edge", 0, "sqrt(()) is at the edge of its domain, or overflows")
    ]
    assert one(autograd.relu, Value(0.0)) == [("kink", 0, "relu(())")]
    assert one(autograd.heaviside, Value(0.0)) == []  # jumps, which says nothing of its rule
    assert one(autograd.heaviside, Value(1.0)) == []


def product(*rules):
    return row(rules, lambda x, y: x * y, "product")


def test_wrong_rules():
    x, y = Tensor([1.0, 2.0]), Value(3.0)
    assert one(lambda x, y: x * y, x, y) == []
    right = (lambda g, out, x, y: g * y, lambda g, out, x, y: g * x)
    message = "the rule of product((2,), ()) for its operand"
    assert one(product(right[0], lambda g, out, x, y: 2 * g * x), x, y) == [
        ("rule", 1, f"{message} 1")
    ]
    assert one(product(lambda g, out, x, y: -g * y, right[1]), x, y) == [
        ("rule", 0, f"{message} 0")
    ]
    assert one(product(right[0], None), x, y) == [("rule", 1, f"{message} 1")]
    many = np.ones(20)
    many[13] = 1.001
    assert one(row(lambda g, out, x: 2.0 * g * x * many), Tensor(np.arange(1.0, 21.0))) == [
        ("rule", 0, "the rule of row((20,)) for its operand 0")
    ]
    threefold = row(lambda g, out, x: 3.0 * g * x)(Value(1.0))
    (wrong,) = rules.faults(threefold, RTOL, np.random.default_rng(0))
    assert ": analytic 3, numeric 2 ± " in wrong.message


def test_what_stands_for_a_chosen_slope():
    """At a kink it is not to blame for its NaN; elsewhere for whatever is wrong."""
    numbers = [Tensor([2.0, 3.0]), Tensor([0.5, 1.5]), Tensor([1.0, 4.0])]

    def verdicts(y):
        node = autograd.subgradient(*numbers, Tensor(y))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return [f.kind for f in rules.faults(node, RTOL, np.random.default_rng(0))]

    assert verdicts([2.0, 4.0]) == verdicts([1.0, 5.0]) == verdicts([0.5, 1.5]) == []
    right = autograd.subgradient.vjps
    autograd.subgradient.vjps = (lambda u, out, g, s, x, y: 2.0 * u * s, *right[1:])
    try:
        assert verdicts([2.0, 4.0]) == []
        assert verdicts([0.5, 1.5]) == verdicts([2.0, 3.0]) == ["rule"]
    finally:
        autograd.subgradient.vjps = right


def test_rules_that_are_not_linear():
    y = Value(3.0)
    assert one(row(lambda g, out, x: 2.0 * abs(g) * x), Value(1.0))[-1:] == [
        ("rule", 0, "the rule of row(()) is not linear in the upstream gradient")
    ]
    assert not any("linear" in text for *_, text in one(row(lambda g, out, x: g * math.inf), y))
    assert "linear" not in str(one(row(lambda g, out, x: g * math.nan), y))
    sign = row(lambda g, out, x: 2.0 * g * x * (1.0 + 1e-7 * (g < 0.0)), name="sign")
    assert "linear" in str(one(sign, y))
    for x0, offset, linear in ((0.0, 1e-292, True), (0.0, 1e-285, False), (1e-288, 1e-292, True)):
        off = one(row(lambda g, out, x, by=offset: 2.0 * g * x + by), Value(x0))
        assert ("linear" in str(off)) is not linear, (offset, off)


def test_what_a_gradient_of_0_would_send_is_settled():
    with np.errstate(all="ignore"):
        node = autograd.sqrt(Tensor([0.0, 4.0, -1.0]))
    sent = rules.contributions(node, np.array([0.0, 1.0, 0.0]))[0]
    assert sent.tolist() == [0.0, 0.25, 0.0]
    sent = rules.contributions(node, np.array([0.0, 0.0, 1.0]))[0]
    assert sent[:2].tolist() == [0.0, 0.0] and np.isnan(sent[2])
    assert rules.contributions(node, np.zeros(3))[0].tolist() == [0.0, 0.0, 0.0]
    with np.errstate(all="ignore"):
        product = autograd.matmul(Tensor(np.ones((2, 3))), np.array([[np.inf, 1.0]] * 3))
    assert rules.contributions(product, np.zeros((2, 2)))[0].tolist() == [[0.0] * 3] * 2
    assert np.isnan(rules.contributions(product, np.eye(2))[0]).any()
    marked = autograd.marked(Value(1.0), Value(0.0))
    assert np.isnan(rules.contributions(marked, 0.0)[1])
    shifted = autograd.Primitive(
        "shifted", "s", lambda x: x, lambda x: x, (lambda g, out, x: g + 1.0,), "x."
    )
    assert rules.contributions(shifted(Value(2.0)), 0.0)[0] == 1.0
    partly = autograd.Primitive(
        "partly",
        "p",
        lambda x: x,
        lambda x: x,
        (lambda g, out, x: g + np.array([np.nan, 1.0]),),
        "x.",
    )
    assert rules.contributions(partly(Tensor([1.0, 2.0])), np.zeros(2))[0].tolist() == [0.0, 1.0]
    wordy = autograd.Primitive(
        "wordy", "w", lambda x: x, lambda x: x, (lambda g, out, x: np.array("no"),), "x."
    )
    assert "isnan" not in said(rules.contributions, wordy(Tensor([1.0, 2.0])), np.ones(2))
