"""What notebooks show of things that are the last line of a cell."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import numpy as np
import pytest

import nets
from autograd import Symbol, Tensor, Value, tanh
from autograd.errors import NoRenderer
from autograd.viz import check_derivation


def parsed(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(f"<div>{text}</div>")


def said(text: str) -> str:
    return " ".join(" ".join(parsed(text).itertext()).split())


def test_a_value_is_a_chip_with_its_gradient_and_graph() -> None:
    a = Value(2.0, label="a & b")
    assert said(a._repr_html_()) == "a & b 2"
    root = a * -3.0
    root.backward()
    html = root._repr_html_()
    assert said(html).startswith("× −6 ∂ 1") and "<svg" in html
    assert "∂ −3" in said(a._repr_html_())
    large: Any = a
    for _ in range(60):
        large = large + a
    assert "<svg" not in large._repr_html_()


def test_a_tensor_is_a_grid() -> None:
    t = Tensor([[1.0, -2.0], [np.nan, 0.0]], label="W")
    (t * t).sum().backward()
    tables = parsed(t._repr_html_()).findall(".//table")
    assert len(tables) == 2
    assert [td.text for td in tables[0].iter("td")] == ["1", "−2", "nan", "0"]
    fills = [td.get("style", "").rpartition(":")[2] for td in tables[0].iter("td")]
    assert len(set(fills)) == 4 and "217 116 29" in fills[0] and "63 127 208" in fills[1]
    assert Tensor(np.zeros((20, 20)))._repr_html_() is None
    assert Tensor(np.zeros((0, 2)))._repr_html_() is None
    assert [td.text for td in parsed(Tensor(3.0)._repr_html_()).iter("td")] == ["3"]
    assert repr(Tensor([1.0])) == "Tensor([1.])", "plain text stays as it is"


def test_a_module_is_a_tree_that_opens() -> None:
    rng = np.random.default_rng(0)
    inner = nets.Sequential(nets.Linear(3, 1, rng=rng), nets.Tanh())
    model = nets.Sequential(nets.Linear(2, 3, rng=rng), inner)
    tree = parsed(model._repr_html_())
    assert [d.get("open") for d in tree.iter("details")] == ["", None]
    assert said(model._repr_html_()) == " ".join(repr(model).split())


def test_a_history_is_curves_and_a_table(monkeypatch: Any) -> None:
    history = nets.History([{"loss": 0.5, "val_loss": 0.75}, {"loss": 0.25, "val_loss": np.nan}])
    html = history._repr_html_()
    assert html.startswith("<svg") and said(html).endswith(" ".join(str(history).split()))
    assert "no epoch yet" in nets.History()._repr_html_()

    def missing(*_: Any) -> Any:
        raise ImportError("plots need matplotlib")

    monkeypatch.setattr(nets.History, "plot", missing)
    assert history._repr_html_() == f"<pre>{history}</pre>"


def test_a_verdict_a_formula_and_an_optimiser() -> None:
    a = Value(3.0, label="a")
    root = a * a
    right, wrong = (check_derivation(a, x, root=root) for x in (6.0, 3.5))
    assert "#2f9e5c" in right._repr_html_() and "#d9691e" in wrong._repr_html_()
    parsed(wrong._repr_html_())
    assert tanh(Symbol("x"))._repr_latex_() == r"$\displaystyle \tanh\left(x\right)$"
    optimiser = nets.Adam([Value(1.0), Tensor([1.0, 2.0])], lr=0.1)
    shown = repr(optimiser)
    assert shown.startswith("Adam(3 parameters, lr=0.1, betas=(0.9, 0.999), eps=1e-08")
    assert shown.endswith("after 0 steps")


@pytest.mark.parametrize("label", ["<b>", "&amp;", '"quoted"'])
def test_labels_are_text(label: str) -> None:
    assert label in said(Value(1.0, label=label)._repr_html_())
    assert label in said(Tensor([1.0], label=label)._repr_html_())


def test_without_graphviz_the_chip_stands_alone(monkeypatch: Any) -> None:
    def missing(*_: Any) -> Any:
        raise NoRenderer("a picture needs Graphviz")

    monkeypatch.setattr("autograd.viz.chips.draw", missing)
    html = (Value(2.0, label="a") * 3.0)._repr_html_()
    assert said(html) == "× 6" and "<svg" not in html
