"""Formulas are printed from the rules, and say what the rules do."""

from __future__ import annotations

import math

import numpy as np
import pytest

import autograd
from autograd import TABLE, Symbol, Tensor, formula, recompute, write
from autograd.arithmetic.formulas import number

EXPECTED = {
    ("add", 0): "g",
    ("sub", 1): "−g",
    ("mul", 0): "g × y",
    ("mul", 1): "g × x",
    ("div", 1): "−g × out / y",
    ("pow", 0): "g × y × (1 if [x = 0] × [y = 0] else x)^(y − 1)",
    ("exp", 0): "g × out",
    ("sqrt", 0): "g / (2 × out)",
    ("tanh", 0): "g × (1 − out × out)",
    ("sigmoid", 0): "g × out × (1 − out)",
    ("relu", 0): "g × [x > 0]",
    ("maximum", 0): "g × [x = out] / ([x = out] + [y = out])",
    ("where", 1): "(g if x else 0)",
    ("matmul", 0): "g @ yᵀ",
    ("matmul", 1): "xᵀ @ g",
    ("transpose", 0): "gᵀ",
}
RULES = [
    pytest.param(row, i, id=f"{name}-{i}")
    for name, row in TABLE.items()
    for i, rule in enumerate(row.vjps)
    if rule is not None
]
AS_PYTHON = str.maketrans(
    {"⌊": "floor(", "⌋": ")", "×": "*", "−": "-", "[": "float(", "]": ")", "^": "**"}
)


@pytest.mark.parametrize(("place", "text"), EXPECTED.items(), ids=str)
def test_the_text_is_what_a_teacher_would_write(place, text):
    name, i = place
    assert formula(TABLE[name], i).text == text


@pytest.mark.parametrize(("row", "i"), RULES)
def test_every_rule_has_a_formula_with_balanced_brackets(row, i):
    written = formula(row, i)
    assert written.text
    assert written.latex.count("{") == written.latex.count("}")
    assert written.latex.count(r"\left") == written.latex.count(r"\right")


@pytest.mark.parametrize(("row", "i"), [p for p in RULES if p.values[0].scalar])
def test_the_text_computed_by_hand_gives_the_rules_number(row, i):
    rng = np.random.default_rng(0)
    count = 2 if row.variadic else len(row.vjps)
    domains = row.domain * count if len(row.domain) < count else row.domain
    params = row.cases[0][1] if row.cases else {}
    for _ in range(20):
        xs = [float(rng.uniform(*domain)) for domain in domains[:count]]
        g, out = float(rng.normal()), row(*xs, **params)
        text = formula(row, i, params=params).text.translate(AS_PYTHON).replace(" = ", " == ")
        for symbol, function in (("σ(", "sigmoid("), ("ln(", "log("), ("√(", "sqrt(")):
            text = text.replace(symbol, function)
        names = {n: getattr(autograd, n) for n in TABLE} | {"float": float, "g": g, "out": out}
        by_hand = eval(text, names, dict(zip("xyzw", xs, strict=False)))
        bound = row.bind(tuple(xs), params)[1]
        exact = row.rules(tuple(xs))[i](g, out, *xs, **bound)
        assert by_hand == pytest.approx(exact, rel=1e-5)  # numbers are printed to six digits


def test_brackets_stand_where_they_must():
    a, b, c = Symbol("a"), Symbol("b"), Symbol("c")
    assert (a - (b - c)).text == "a − (b − c)"
    assert (a - b - c).text == "a − b − c"
    assert (a * (b + c)).text == "a × (b + c)"
    assert (a / (b * c)).text == "a / (b × c)"
    assert ((a * b) @ c).text == "(a × b) @ c"
    assert (a * (b @ c)).text == "a × (b @ c)"
    assert (a * -b).text == "a × (−b)"
    assert (-(a + b)).text == "−(a + b)"
    assert ((a + b) ** c).text == "(a + b)^c"
    assert (2 * a**2).text == "2 × a^2"
    assert (a * -3.0).text == "a × (−3)"
    assert (a / b).latex == r"\frac{a}{b}"
    assert (a**-1.0).latex == "{a}^{-1}"


def test_numbers_and_constants():
    assert number(0.1 + 0.2).text == "0.3"
    assert write(TABLE["mul"], "w", 0.35).text == "w × 0.35"
    assert formula(TABLE["pow"], 0, ("x", 2.0)).text == "g × 2 × x"
    assert formula(TABLE["pow"], 0, ("x", 3.0)).text == "g × 3 × x^2"
    t = Tensor([1.0, 2.0])
    assert recompute(t.sum(), {t: Symbol("t", shape=(2,))}).text == "sum(t)"


def test_symbols_show_what_they_say():
    assert repr(Symbol("a") + 1) == "Symbol('a + 1')"
    assert (+Symbol("a")).text == "a"
    assert number(None).text == "None"


def test_there_is_no_formula_for_what_is_constant_or_missing():
    with pytest.raises(ValueError, match="heaviside is locally constant in operand 0"):
        formula(TABLE["heaviside"], 0)
    with pytest.raises(IndexError, match=r"mul has 2 operand\(s\), numbered from 0, got 2"):
        formula(TABLE["mul"], 2)
    assert math.isfinite(float(number(1.0).text))
