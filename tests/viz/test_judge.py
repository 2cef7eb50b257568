"""`check_derivation`: right answers are right, classic mistakes are named, others are unknown."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import autograd as ag
from autograd import Tensor, Value, viz
from autograd.arithmetic import lecture as lesson
from autograd.errors import ExpressionError
from autograd.testing.strategies import expressions, networks
from autograd.viz.tell.derivation import derive
from autograd.viz.tell.judge import check_derivation


def batch() -> dict[str, Any]:
    """A mean square over three samples, by Values."""
    w, b = Value(0.7, label="w"), Value(-0.2, label="b")
    errors = [(w * x + b - t) ** 2 for x, t in ((1.0, 0.3), (2.0, -0.5), (-1.5, 2.0))]
    E = (errors[0] + errors[1] + errors[2]) / 3
    E.label = "E"
    return {"w": w, "b": b, "E": E}


# --- the mistakes, one by one -----------------------------------------------------------------

BACK = "(y - 0.5) * y * (1 - y)"  # what reaches the output neuron's sum
SEEDED = {
    "wrong sign": [("w3", f"-{BACK} * w1 * h1 * (1 - h1) * 0.35"), ("w1", "-0.0277")],
    "missing factor of the chain": [
        ("w3", f"{BACK} * h1 * (1 - h1) * 0.35"),
        ("w3", f"{BACK} * w1 * (1 - h1) * 0.35"),
        ("w3", "(y - 0.5) * w1 * h1 * (1 - h1) * 0.35"),
        ("w3", f"{BACK} * w1 * 0.35"),
        ("w3", "0.002654"),
        ("w1", BACK),
    ],
    "upstream forgotten": [
        ("w3", "h1 * (1 - h1) * 0.35"),
        ("w3", "0.35"),
        ("w1", "y * (1 - y) * h1"),
    ],
    "wrong local derivative": [
        ("w3", f"{BACK} * w1 * (1 - h1 * h1) * 0.35"),
        ("w3", "(y - 0.5) * (1 - y**2) * w1 * (1 - h1**2) * 0.35"),
        ("w3", f"{BACK} * w1 * 0.755 * (1 - 0.755) * 0.35"),
        ("w1", f"{BACK} * w1"),
    ],
    "transposed": [("w4", f"{BACK} * w1 * h1 * (1 - h1) * 0.35"), ("w5", "0.007354")],
}


@pytest.mark.parametrize(
    ("kind", "name", "answer"),
    [(kind, name, answer) for kind, cases in SEEDED.items() for name, answer in cases],
)
def test_a_seeded_mistake_is_named(
    example: dict[str, Any], kind: str, name: str, answer: str
) -> None:
    verdict = check_derivation(example[name], answer, root=example["E"])
    assert verdict.kind == kind, verdict
    assert not verdict.right
    assert verdict.message.startswith(kind)


@pytest.mark.parametrize(("name", "right"), [("w3", "0.099071"), ("w4", "0.797611")])
def test_the_already_updated_weight_is_named(
    example: dict[str, Any], name: str, right: str
) -> None:
    assert check_derivation(example[name], right, root=example["E"], update=1.0).kind == "right"
    gradient = ag.grad(example["E"], example[name]) * 0.272326 / 0.3
    wrong = f"{example[name].data - gradient:.6f}"
    assert name != "w3" or wrong == "0.099157"
    verdict = check_derivation(example[name], wrong, root=example["E"], update=1.0)
    assert verdict.kind == "already-updated weight used"
    assert "with the new w1 = 0.272326" in verdict.message


def test_the_gradient_of_an_interior_node_is_judged_too(example: dict[str, Any]) -> None:
    for answer, kind in (
        (f"{BACK} * w1", "right"),
        (f"{BACK}", "missing factor of the chain"),
        ("w1", "upstream forgotten"),
        (f"{BACK} * w2", "unknown"),  # h2's, which is no parameter to be taken for this one
    ):
        verdict = check_derivation(example["h1"], answer, root=example["E"])
        assert verdict.kind == kind
        assert str(verdict) == repr(verdict) == verdict.message


def test_several_updated_weights_are_found_together() -> None:
    a, b = Value(0.5, label="a"), Value(0.25, label="b")
    x = Value(2.0, label="x")
    hidden = x.tanh()
    E = (a * hidden + b * hidden) ** 2
    rate = 0.1
    new_a, new_b = (w.data - rate * ag.grad(E, w) for w in (a, b))
    h = math.tanh(2.0)
    wrong = 2 * (0.75 * h) * (new_a + new_b) * (1 - h * h)
    verdict = check_derivation(x, f"{2.0 - rate * wrong:.12f}", root=E, update=rate)
    assert verdict.kind == "already-updated weight used"
    assert "a = " in verdict.message
    assert "b = " in verdict.message


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_constants_that_are_arrays_and_numbers_of_float32(dtype: type) -> None:
    a = Tensor(np.array([1.0, 2.0, 0.5], dtype), label="a")
    root = ag.sum(a ** np.array([1.0, -0.5, 2.0]))
    gradient = ag.grad(root, a)
    assert check_derivation(a, a.data - 0.5 * gradient, root=root, update=0.5).right
    wrong = a.data - 0.5 * (1.3 * gradient + 0.1)
    assert check_derivation(a, wrong, root=root, update=0.5).kind == "unknown"


@pytest.mark.parametrize("name", ["w", "b"])
def test_the_batch_mean_is_named(name: str) -> None:
    graph = batch()
    gradient = ag.grad(graph["E"], graph[name])
    verdict = check_derivation(graph[name], f"{3 * gradient:.8f}", root=graph["E"])
    assert verdict.kind == "off by the batch mean"
    assert "E is a mean of 3" in verdict.message
    total = graph["E"].operands[0]
    verdict = check_derivation(graph[name], f"{gradient:.8f}", root=total)
    assert verdict.kind == "off by the batch mean"
    assert "sum of 3, and no mean" in verdict.message


def test_a_consumer_that_was_forgotten_is_named() -> None:
    graph = batch()
    w, E = graph["w"], graph["E"]
    first = "2 * (w * 1.0 + b - 0.3) * 1.0 / 3"
    verdict = check_derivation(w, first, root=E)
    assert verdict.kind == "sum over consumers forgotten"
    assert "w is used 3 times" in verdict.message
    x = Value(1.5, label="x")
    root = x * x.exp()
    for answer in ("exp(x)", "x * exp(x)"):
        assert check_derivation(x, answer, root=root).kind == "sum over consumers forgotten"
    assert check_derivation(x, "exp(x) + x * exp(x)", root=root).kind == "right"


def arrays() -> tuple[Tensor, Tensor, Tensor, Any]:
    rng = np.random.default_rng(0)
    X = Tensor(rng.normal(size=(4, 3)), label="X")
    W = Tensor(rng.normal(size=(3, 3)), label="W")
    b = Tensor(rng.normal(size=3), label="b")
    return X, W, b, ((X @ W + b).tanh() ** 2).mean()


def test_mistakes_with_arrays() -> None:
    X, W, b, E = arrays()
    gradient = ag.grad(E, W)
    out = (X.data @ W.data + b.data) @ np.eye(3)
    delta = 2 * np.tanh(out) * (1 - np.tanh(out) ** 2) / 12
    kinds = {
        "right": [(W, gradient), (W, X.data.T @ delta), (b, delta.sum(0))],
        "transposed": [(W, gradient.T), (X, delta @ W.data), (X, ag.grad(E, X).T)],
        "wrong sign": [(W, -gradient)],
        "off by the batch mean": [(W, 12 * gradient)],
        "sum over consumers forgotten": [(b, delta)],
        "missing factor of the chain": [(W, X.data.T @ (delta / (1 - np.tanh(out) ** 2)))],
        "wrong local derivative": [
            (W, X.data.T @ (2 * np.tanh(out) * np.tanh(out) * (1 - np.tanh(out)) / 12))
        ],
        "early rounding": [(W, gradient + 0.002 * np.abs(gradient).max())],
        "unknown": [(W, gradient + 0.3), (W, np.zeros((2, 2))), (W, np.full((3, 3), np.nan))],
    }  # fmt: skip
    for kind, cases in kinds.items():
        for node, answer in cases:
            verdict = check_derivation(node, answer, root=E)
            assert verdict.kind == kind, verdict
    assert check_derivation(b, b.data - 0.5 * delta.sum(0), root=E, update=0.5).right


def test_a_formula_of_arrays() -> None:
    x, y = Tensor([[1.0, 2.0]], label="x"), Tensor([[3.0], [4.0]], label="y")
    root = (x @ y).sum()
    assert check_derivation(x, "transpose(y)", root=root).kind == "right"
    assert check_derivation(x, "y", root=root).kind == "transposed"


def test_a_formula_that_is_right_by_coincidence_is_told() -> None:
    x, y = Value(2.0, label="x"), Value(2.0, label="y")
    for answer, general in (("2 * x", True), ("x * x", False), ("4", True), ("2 * y", False)):
        verdict = check_derivation(x, answer, root=x**2 + y)
        assert verdict.kind == "right"
        assert ("not with others" in verdict.message) != general


@pytest.mark.parametrize("name", lesson.WEIGHTS)
def test_a_derivation_passes_its_own_check(example: dict[str, Any], name: str) -> None:
    formula = derive(example[name], example["E"]).formula.text
    answer = formula.translate(str.maketrans("−×", "-*"))
    verdict = check_derivation(example[name], answer, root=example["E"])
    assert verdict.message.startswith("right: ∂E")


# --- right, and right up to rounding ----------------------------------------------------------


@pytest.mark.parametrize(("name", "printed"), [("w1", "0.272392"), ("w2", "0.87305")])
def test_the_lecture_s_printed_weights_are_early_rounding(
    example: dict[str, Any], name: str, printed: str
) -> None:
    verdict = check_derivation(example[name], printed, root=example["E"], update=1.0)
    assert verdict.kind == "early rounding"
    assert verdict.right


def test_the_lecture_s_line_of_rounded_numbers(example: dict[str, Any]) -> None:
    line = "0.3 - (0.69 - 0.5) * 0.69 * (1 - 0.69) * 0.68"
    verdict = check_derivation(example["w1"], line, root=example["E"], update=1.0)
    assert verdict.kind == "early rounding"


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("early rounding", "(0.69 - 0.5) * 0.69 * 0.31 * 0.3 * 0.68 * 0.32 * 0.35"),
        ("early rounding", "0.0407 * w1 * h1 * 0.32 * 0.35"),
        ("wrong sign", "-0.19 * 0.69 * 0.31 * 0.3 * 0.68 * 0.32 * 0.35"),
        ("missing factor of the chain", "0.19 * 0.69 * 0.31 * 0.68 * 0.32 * 0.35"),
        ("missing factor of the chain", "0.19 * 0.69 * 0.31 * 0.3 * 0.32 * 0.35"),
        ("upstream forgotten", "0.68 * 0.32 * 0.35"),
        ("wrong local derivative", "0.19 * 0.69 * 0.31 * 0.3 * (1 - 0.68**2) * 0.35"),
        ("unknown", "0.19 * 0.69 * 0.31 * 0.3 * 0.68 * 0.32 * 0.45"),
    ],
)
def test_mistakes_are_named_through_rounded_numbers(
    example: dict[str, Any], kind: str, line: str
) -> None:
    verdict = check_derivation(example["w3"], line, root=example["E"])
    assert verdict.kind == kind, verdict
    assert ("rounded" in verdict.message) == (kind != "unknown")


def test_few_digits_are_forgiven_as_rounding(example: dict[str, Any]) -> None:
    kinds = {
        answer: check_derivation(example["w1"], answer, root=example["E"]).kind
        for answer in ("0.0277", "0.028", "0.03", "2.767e-2", "+0.027_674", 0.0277, 0.02767)
    }
    assert list(kinds.values()) == [
        "right", "early rounding", "early rounding", "right", "right", "right", "right",
    ]  # fmt: skip


@given(expressions(smooth=True, max_size=6), st.integers(6, 15), st.data())
def test_a_right_answer_is_right(expression: Any, digits: int, data: Any) -> None:
    node = data.draw(st.sampled_from(expression.inputs))
    gradient = ag.grad(expression.output, node)
    assume(np.all(np.isfinite(gradient)))
    verdict = check_derivation(node, gradient, root=expression.output)
    assert verdict.kind == "right"
    if isinstance(gradient, float):
        answer = f"{gradient:.{digits}g}"
        assert check_derivation(node, answer, root=expression.output).kind == "right"
    new = node.data - 0.5 * gradient
    assert check_derivation(node, new, root=expression.output, update=0.5).right


@given(
    st.one_of(expressions(smooth=True, max_size=6), networks(smooth=True, max_depth=2)), st.data()
)
def test_a_random_wrong_number_is_unknown(expression: Any, data: Any) -> None:
    node = data.draw(st.sampled_from(expression.inputs))
    gradient = ag.grad(expression.output, node)
    assume(np.all(np.isfinite(gradient)) and np.size(gradient))
    rng = random.Random(data.draw(st.integers(0, 10**6)))
    wrong = gradient * rng.uniform(1.2, 9.8) + rng.uniform(0.1, 0.9)
    assume(np.max(np.abs(wrong - gradient)) > 0.1 * np.max(np.abs(gradient)))
    verdict = check_derivation(node, wrong, root=expression.output)
    assert verdict.kind == "unknown", verdict
    assert "no known mistake gives this" in verdict.message


# --- bad input, and what is left behind -------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ("__import__('os')", "no known function"),
        ("w1.data", "not allowed"),
        ("w7", "no number"),
        ("2 *", "not an expression"),
        ("", "not an expression"),
        ("lambda: 0", "not allowed"),
        ("9" * 400, "too large"),
        ("(" * 300 + "1" + ")" * 300, "not an expression|nested"),
    ],
)
def test_text_that_is_no_formula_is_refused(
    example: dict[str, Any], answer: str, problem: str
) -> None:
    with pytest.raises(ExpressionError, match=problem):
        check_derivation(example["w1"], answer, root=example["E"])


def test_overflow_in_an_answer_is_only_wrong(example: dict[str, Any]) -> None:
    for answer in ("10 ** 400", "1 / 0", "log(-1)"):
        assert check_derivation(example["w1"], answer, root=example["E"]).kind == "unknown"


def test_bad_arguments() -> None:
    x = Tensor([1.0, 2.0], label="x")
    with pytest.raises(ValueError, match="needs a seed"):
        check_derivation(x, [1.0, 1.0], root=x * x)
    with pytest.raises(ValueError, match="learning rate other than 0"):
        check_derivation(x, [1.0, 1.0], root=x.sum(), update=0.0)


def test_a_node_that_the_root_does_not_use() -> None:
    x, y = Value(1.0, label="x"), Value(2.0, label="y")
    assert check_derivation(y, "0", root=x * x).kind == "right"
    assert check_derivation(y, "1", root=x * x).kind == "unknown"
    assert check_derivation(y * y, "0 * x", root=x * x).kind == "right"


def test_nothing_is_left_behind(example: dict[str, Any]) -> None:
    index = {name: node.index for name, node in example.items()}
    check_derivation(example["w1"], "12345", root=example["E"], update=0.1)
    assert {name: node.index for name, node in example.items()} == index
    assert all(node.grad is None for node in example.values())
    example["E"].backward()
    assert round(example["w1"].grad, 6) == 0.027674


def test_a_sum_of_very_many_equal_terms_is_counted_quickly() -> None:
    x = y = Value(1.0, label="x")
    for _ in range(40):
        y = y + y
    verdict = check_derivation(x, "1", root=y)
    assert verdict.kind == "off by the batch mean"
    assert f"sum of {2**40}" in verdict.message


def test_a_large_graph_is_judged_in_reasonable_time() -> None:
    w = Value(0.5, label="w")
    total: Any = 0.0
    for i in range(300):
        total = total + (w * (i / 100) - 1) ** 2
    E = total / 300
    gradient = ag.grad(E, w)
    assert check_derivation(w, f"{gradient:.8f}", root=E).kind == "right"
    assert check_derivation(w, f"{300 * gradient:.8f}", root=E).kind == "off by the batch mean"
    assert check_derivation(w, f"{-gradient:.8f}", root=E).kind == "wrong sign"
    assert check_derivation(w, "17.123456789", root=E).kind == "unknown"


def test_the_old_name_of_a_judgement_warns() -> None:
    with pytest.warns(DeprecationWarning, match="Judgement"):
        assert viz.Verdict is viz.Judgement
    with pytest.raises(AttributeError, match=r"'autograd\.viz' has no attribute 'judgment'"):
        viz.judgment  # noqa: B018
