"""Bands behind what is computed on the way to a named result, and their laws."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, Value
from autograd.viz.picture.shown import to_be_shown
from autograd.viz.walk.bands import LONGEST_LAW, add_bands, laws
from autograd.viz.walk.page import drawing
from autograd.viz.walk.stepper import Stepper
from autograd.viz.walk.timeline import Timeline


def named(node: Any, label: str) -> Any:
    node.label = label
    return node


def network() -> Value:
    x, w1, w2, b = (Value(0.5, label=name) for name in ("x", "w1", "w2", "b"))
    h = named(autograd.sigmoid(x * w1 + b), "h")
    y = named(h * w2, "y")
    return named(0.5 * (y - x) ** 2, "E")


def test_laws_are_written_from_name_to_name() -> None:
    assert list(laws(Timeline(network())).values()) == [
        "h = σ(x × w1 + b)",
        "y = h × w2",
        "E = 0.5 × (y − x)²",
    ]
    x = Tensor(np.ones((2, 3)), label="x")
    w = Tensor(np.ones((4, 3)), label="w")
    assert list(laws(Timeline(named((x @ w.T).tanh(), "h").sum())).values()) == ["h = tanh(x @ wᵀ)"]


def test_a_long_law_names_its_parts() -> None:
    out: Any = Value(1.5, label="x")
    for _ in range(40):
        out = out * out + 1.0
    (law,) = laws(Timeline(named(out, "y"))).values()
    assert len(law) < 3 * LONGEST_LAW and "v" in law


def test_a_band_holds_what_leads_to_a_name_and_no_leaf() -> None:
    stepper = Stepper(network() * 2.0)
    shown = to_be_shown(stepper.root, 100, labels=stepper.names)
    add_bands(shown, stepper)
    places = {box.title: shown.clusters.get(box.place, "") for box in shown.boxes if box.title}
    assert [title for title, law in places.items() if law.startswith("h")] == ["v1", "v2", "h"]
    assert places["x"] == places["w1"] == places["y"] == ""


def test_bands_are_in_the_picture() -> None:
    source = drawing(Stepper(network())).source
    assert source.count("subgraph") == 2 and "h = σ(x × w1 + b)" in source
    unnamed = Value(2.0) * Value(3.0) + 1.0
    assert "subgraph" not in drawing(Stepper(unnamed)).source


def test_boxes_of_many_nodes_lie_on_no_band() -> None:
    out: Any = Value(0.1, label="x")
    for i in range(700):
        out = out * 1.01
        if i % 7 == 0:
            out.label = f"h{i}"
    assert "subgraph" not in drawing(Stepper(out)).source


def test_constants_stay_beside_bands() -> None:
    x = Value(2.0, label="x")
    stepper = Stepper(named((x - 0.5) * x, "y"))
    shown = to_be_shown(stepper.root, 100, labels=stepper.names)
    add_bands(shown, stepper)
    assert {box.kind: bool(box.place) for box in shown.boxes} == {
        "leaf": False,
        "constant": False,
        "result": True,
    }
