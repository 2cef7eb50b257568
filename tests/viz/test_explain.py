"""`explain` and `derive`: the ledger of a gradient, and its derivation by hand."""

from __future__ import annotations

import functools
import math
import operator
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd as ag
import nets
from autograd import Node, Tensor, Value, steps, toposort
from autograd.arithmetic import lecture as lesson
from autograd.arithmetic.formulas import Symbol
from autograd.core.gradients import zeros_like
from autograd.testing.strategies import expressions, networks
from autograd.viz.tell.derivation import derive
from autograd.viz.tell.explanation import explain

numbers = st.floats(-2, 2)


def adds_up(node: Node, root: Node, gradient: Any) -> None:
    """The ledger's gradient is `gradient`; its terms and its paths add up to it."""
    ledger = explain(node, root)
    np.testing.assert_array_equal(ledger.gradient, gradient)
    assert np.shape(ledger.gradient) == node.shape
    if node is root:
        assert ledger.terms == ()
        return
    sent = (term.contribution for term in ledger.terms)
    total = functools.reduce(operator.add, sent, zeros_like(node))  # `sum` compensates
    np.testing.assert_array_equal(total, gradient)
    for term in ledger.terms:
        if term.local is not None:
            np.testing.assert_allclose(
                np.multiply(term.upstream, term.local), term.contribution, rtol=1e-12, atol=1e-300
            )
    if ledger.paths is not None:
        assert len(ledger.paths) == ledger.path_count
        for path in ledger.paths:
            assert path.nodes[0] is root
            assert path.nodes[-1] is node
            assert math.isclose(path.product, math.prod(path.factors), rel_tol=1e-12)
        products = [path.product for path in ledger.paths]
        assert math.isclose(
            math.fsum(products), gradient, rel_tol=1e-9, abs_tol=1e-12 * sum(map(abs, products))
        )
    assert ledger.text.count("\n") >= len(ledger.terms)


@given(expressions(dtypes=[float], max_size=8))
def test_the_terms_of_every_node_add_up_to_its_gradient(expression: Any) -> None:
    root = expression.output
    for node, gradient, _ in list(steps(root)):
        adds_up(node, root, gradient)


@given(networks())
def test_the_terms_add_up_in_networks(network: Any) -> None:
    root = network.output
    root.backward()
    for node in toposort(root):
        if node.grad is not None:
            adds_up(node, root, node.grad)


@st.composite
def scalar_graphs(draw: Any) -> Value:
    """Sums, products and functions of a few Values, with sharing."""
    nodes = [Value(draw(numbers), label=f"x{i}") for i in range(draw(st.integers(1, 3)))]
    for _ in range(draw(st.integers(1, 7))):
        op = draw(st.sampled_from([ag.add, ag.mul, ag.sub, ag.sin, ag.tanh, ag.sigmoid]))
        nodes.append(op(*[draw(st.sampled_from(nodes)) for _ in op.vjps]))
    return nodes[-1]


@given(scalar_graphs())
def test_paths_of_scalar_graphs_add_up(root: Value) -> None:
    for node, gradient, _ in list(steps(root)):
        adds_up(node, root, gradient)
        ledger = explain(node, root)
        assert ledger.paths is not None or ledger.path_count > 16


RNG = np.random.default_rng(7)
MODULES: dict[str, tuple[Callable[[], Any], tuple[int, ...]]] = {
    "Linear": (lambda: nets.Linear(3, 2, rng=RNG), (4, 3)),
    "MLP": (lambda: nets.MLP(2, 4, 1, rng=RNG), (3, 2)),
    "Sequential": (lambda: nets.Sequential(nets.Linear(2, 2, rng=RNG), nets.GELU()), (3, 2)),
    "LayerNorm": (lambda: nets.LayerNorm(4), (2, 4)),
    "BatchNorm": (lambda: nets.BatchNorm(3), (4, 3)),
    "Conv1d": (lambda: nets.Conv1d(1, 2, 3, rng=RNG), (1, 1, 5)),
    "Conv2d": (lambda: nets.Conv2d(1, 2, 3, rng=RNG), (1, 1, 4, 4)),
    "MaxPool2d": (lambda: nets.MaxPool2d(2), (1, 1, 4, 4)),
    "AvgPool2d": (lambda: nets.AvgPool2d(2), (1, 1, 4, 4)),
    "GlobalAvgPool": (lambda: nets.GlobalAvgPool(), (1, 2, 2, 2)),
    "Flatten": (lambda: nets.Flatten(), (2, 2, 2)),
    "Dropout": (lambda: nets.Dropout(0.5, rng=RNG), (3, 3)),
    "MultiHeadAttention": (lambda: nets.MultiHeadAttention(4, 2, rng=RNG), (1, 3, 4)),
    "TransformerBlock": (lambda: nets.TransformerBlock(4, 2, rng=RNG), (1, 3, 4)),
    "Residual": (lambda: nets.Residual(nets.Linear(3, 3, rng=RNG)), (2, 3)),
    "ResidualBlock": (lambda: nets.ResidualBlock(3, rng=RNG), (2, 3)),
    **{
        name: (getattr(nets, name), (2, 3))
        for name in ("GELU", "LeakyReLU", "ReLU", "SiLU", "Sigmoid", "Softmax", "Softplus", "Tanh")
    },
}


def adds_up_everywhere(out: Any) -> None:
    root = (out * out).sum()
    root.backward()
    for node in toposort(root):
        if node.grad is not None:
            adds_up(node, root, node.grad)


@pytest.mark.parametrize("name", MODULES)
def test_the_terms_add_up_in_every_module(name: str) -> None:
    make, shape = MODULES[name]
    adds_up_everywhere(make()(Tensor(RNG.normal(size=shape), label="x")))


def test_the_terms_add_up_in_an_embedding() -> None:
    adds_up_everywhere(nets.Embedding(5, 3, rng=RNG)(np.array([[1, 2], [1, 4]])))


def test_four_paths() -> None:
    a = Value(1.0, label="a")
    b = a + a
    c = b + b
    ledger = explain(a, c)
    assert ledger.gradient == 4
    assert ledger.path_count == 4
    assert [path.product for path in ledger.paths] == [1, 1, 1, 1]
    assert [len(path.factors) for path in ledger.paths] == [2, 2, 2, 2]
    assert [term.operand for term in ledger.terms] == [0, 1]


def test_many_paths_are_counted_only() -> None:
    x = y = Value(1.0)
    for _ in range(40):
        y = y + y
    ledger = explain(x, y)
    assert ledger.path_count == 2**40
    assert ledger.paths is None
    assert ledger.gradient == 2.0**40


def test_a_line_shows_rule_numbers_and_product(example: dict[str, Any]) -> None:
    text = explain(example["h1"], example["E"]).text
    assert "∂E/∂v7 × w1 = 0.0406811 × 0.3 = 0.0122043" in text
    assert "(v7 = w1 × h1)" in text
    assert "E → v11 → v10 → y → v9 → v7 → h1 = 0.5 × 0.380567 × 1 × 0.213792 × 1 × 0.3" in text


def test_a_node_that_the_root_does_not_use(example: dict[str, Any]) -> None:
    ledger = explain(example["w3"], example["h2"])
    assert (ledger.gradient, ledger.terms, ledger.paths) == (0.0, (), ())
    assert ledger.text == "∂h2/∂w3: no use on a way to the root\n  ∂h2/∂w3 = 0"
    assert explain(example["h2"], example["h2"]).gradient == 1


def test_a_seed() -> None:
    x = Tensor([1.0, 2.0], label="x")
    np.testing.assert_array_equal(explain(x, x * 2.0, seed=[1.0, 10.0]).gradient, [2, 20])
    with pytest.raises(ValueError, match="needs a seed"):
        explain(x, x * 2.0)


def test_what_was_broadcast_is_summed() -> None:
    X, b = Tensor([[1.0, 2.0], [3.0, 4.0]], label="X"), Tensor([1.0, 2.0], label="b")
    ledger = explain(b, (X * b).sum())
    assert ledger.terms[0].local is None
    np.testing.assert_array_equal(ledger.gradient, [4, 6])
    assert "= sum_to(∂v2/∂v1 × X) = sum_to([[1, 1], [1, 1]] × [[1, 2], [3, 4]]) = [4, 6]" in (
        ledger.text
    )


def test_nothing_is_left_behind(example: dict[str, Any]) -> None:
    explain(example["w3"], example["E"])
    derive(example["w3"], example["E"])
    assert example["w3"].grad is None


def test_labels_are_shown_as_text_everywhere() -> None:
    evil = '</td><script>&"\n\\x_%'
    x = Value(2.0, label=evil)
    root = x * x
    for shown in (explain(x, root), derive(x, root, rate=0.1)):
        bundle = shown._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/latex"}, "HTML would hide the mathematics"
        assert r"\&" in bundle["text/latex"]
        assert bundle["text/latex"].count("{") == bundle["text/latex"].count("}")
        assert "<script>" in bundle["text/plain"]


# --- by hand ----------------------------------------------------------------------------------


def test_the_lecture_s_line_for_w3(example: dict[str, Any]) -> None:
    text = derive(example["w3"], example["E"], rate=1.0).text
    assert "w3 − η × (y − 0.5) × y × (1 − y) × w1 × h1 × (1 − h1) × 0.35" in text
    assert "0.1 − 0.000929071" in text
    assert text.endswith("0.0990709")
    assert round(derive(example["w3"], example["E"], rate=1.0).updated, 6) == 0.099071
    assert "h1     = σ(v3) = σ(0.755) = 0.680267" in text


def test_the_lecture_s_formula_for_w1(example: dict[str, Any]) -> None:
    assert derive(example["w1"], example["E"]).formula.text == "(y − 0.5) × y × (1 − y) × h1"


@pytest.mark.parametrize(
    ("name", "gradient", "updated"),
    [
        ("w1", 0.027674, 0.272326),
        ("w2", 0.027002, 0.872998),
        ("w3", 0.000929, 0.099071),
        ("w4", 0.002389, 0.797611),
        ("w5", 0.002860, 0.397140),
        ("w6", 0.007354, 0.592646),
    ],
)
def test_the_worked_example(
    example: dict[str, Any], name: str, gradient: float, updated: float
) -> None:
    derivation = derive(example[name], example["E"], rate=lesson.RATE)
    assert round(derivation.gradient, 6) == gradient
    assert round(derivation.updated, 6) == updated


def value_of(symbol: Symbol) -> float:
    """What the written formula says, computed from its text."""
    text = (
        symbol.text.replace("−", "-").replace("×", "*").replace("^", "**").replace("σ(", "sigmoid(")
    )
    assert re.fullmatch(r"[\w\s.+\-*/()]*", text), text
    return eval(text, {"__builtins__": {}, **ag.TABLE})


@given(scalar_graphs(), st.data())
def test_the_written_numbers_give_the_gradient(root: Value, data: Any) -> None:
    node = data.draw(st.sampled_from(toposort(root)))
    derivation = derive(node, root)
    gradient = ag.grad(root, node)
    assert derivation.gradient == gradient
    terms = abs(gradient) + 1.0
    assert abs(value_of(derivation.numbers) - gradient) < 1e-3 * terms


@given(networks(smooth=True, max_depth=2))
def test_a_network_s_derivation_can_be_written(network: Any) -> None:
    for leaf in network.inputs:
        derivation = derive(leaf, network.output, rate=0.1)
        np.testing.assert_allclose(derivation.gradient, ag.grad(network.output, leaf))
        np.testing.assert_allclose(derivation.updated, leaf.data - 0.1 * derivation.gradient)


def test_long_formulas_are_split_and_do_not_explode() -> None:
    x = y = Value(0.5, label="x")
    for _ in range(30):
        y = y * y + y
    derivation = derive(x, y)
    assert all(len(s.text) < 1000 for e in derivation.equations for s in e.sides)
    assert len(derivation.equations) < 500
