"""The animated SVG: what it shows when, in an image, without a script."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, Value
from autograd.errors import NoRenderer
from autograd.viz.text import number_text
from autograd.viz.walk.animation import HOLD, MOST
from autograd.viz.walk.stepper import Stepper


def example() -> Stepper:
    a, b, c = Value(2.0, label="a"), Value(-3.0, label="b"), Value(10.0, label="c")
    e = (a * b + c).tanh() * a + b
    e.label = "e"
    return Stepper(e)


SEEN = """
(seconds) => {
  for (const film of document.getAnimations()) {
    film.pause();
    film.currentTime = 1000 * seconds;
  }
  const seen = [...document.querySelectorAll("text")].filter((text) => {
    for (let e = text; e && e.tagName !== "svg"; e = e.parentElement)
      if (getComputedStyle(e).opacity === "0") return false;
    return true;
  });
  return {
    texts: seen.map((text) => text.textContent),
    line: seen.filter((text) => text.closest(".line")).map((text) => text.textContent),
    lit: [...document.querySelectorAll(".lit")]
      .filter((e) => getComputedStyle(e).opacity === "1").length,
  };
}
"""


def test_at_each_time_it_shows_its_step(tab: Any, tmp_path: Path) -> None:
    stepper = example()
    path = stepper.animate(tmp_path / "film.svg", seconds=20)
    tab.goto(Path(path).as_uri())
    length = len(stepper) + HOLD
    for k, moment in enumerate(stepper):
        seen = tab.evaluate(SEEN, 20 * (k + 0.5) / length)
        lines = moment.lines if moment.node.op else []
        if moment.phase == "forward":
            sides = lines[0].sides if lines else [number_text(moment.value)]
            assert seen["line"] == [" = ".join([moment.name, *sides])]
        elif lines:
            assert len(seen["line"]) == len(lines)
            assert all(line.symbols in text for line, text in zip(lines, seen["line"], strict=True))
        assert seen["lit"] == 1
        values = {number_text(stepper.value(node)) for node in moment.values}
        assert values <= set(seen["texts"])
        gradients = {f"∂ {number_text(g)}" for g in moment.gradients.values()}
        assert {text for text in seen["texts"] if text.startswith("∂ ")} == gradients
    last = tab.evaluate(SEEN, 20 * (length - 0.1) / length)
    assert last["line"] == seen["line"], "the end stands still"


def test_it_plays_in_an_image_in_light_and_dark(browser: Any, tmp_path: Path) -> None:
    example().animate(tmp_path / "film.svg")
    (tmp_path / "page.html").write_text('<img src="film.svg">', encoding="utf-8")
    shots = []
    for scheme in ("light", "dark"):
        tab = browser.new_page(color_scheme=scheme)
        tab.goto((tmp_path / "page.html").as_uri())
        tab.wait_for_function("document.images[0].complete && document.images[0].naturalWidth")
        shots.append(tab.locator("img").screenshot())
        tab.wait_for_timeout(2500)
        assert tab.locator("img").screenshot() != shots[-1]
        tab.close()
    assert shots[0] != shots[1]


def test_it_stands_still_at_its_end_where_people_asked_for_less_motion(
    browser: Any, tmp_path: Path
) -> None:
    stepper = example()
    tab = browser.new_page(reduced_motion="reduce")
    tab.goto(Path(stepper.animate(tmp_path / "film.svg")).as_uri())
    states = tab.evaluate("document.getAnimations().map((film) => film.playState)")
    assert set(states) == {"paused"}
    text = ".line text"
    seen = [
        element.text_content()
        for element in tab.locator(text).all()
        if element.evaluate("e => getComputedStyle(e.parentElement).opacity") == "1"
    ]
    assert seen == [f"∂e/∂{stepper[-1].name} = {number_text(stepper[-1].gradient)}"]
    tab.close()


def test_it_is_small_the_same_each_time_and_has_no_script(tmp_path: Path) -> None:
    first, second = (Path(example().animate(tmp_path / f"{i}.svg")) for i in range(2))
    text = first.read_text(encoding="utf-8")
    assert text == second.read_text(encoding="utf-8")
    assert len(text.encode()) < 15_000
    root = ElementTree.fromstring(text)
    assert not [e for e in root.iter() if e.tag.endswith(("script", "foreignObject"))]
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")


def test_arrays_and_labels(tmp_path: Path) -> None:
    x, w = Tensor(np.arange(8.0).reshape(2, 4), label="<x> & y"), Tensor(np.ones((4, 1)), label="W")
    stepper = Stepper((x @ w).tanh().sum())
    path = stepper.animate(tmp_path / "film.svg")
    root = ElementTree.parse(path).getroot()
    texts = ["".join(e.itertext()) for e in root.iter() if e.tag.endswith("text")]
    assert "<x> & y" in texts
    for moment in stepper:
        assert str(moment).splitlines()[-1].strip() in texts


def test_what_can_be_no_film_is_refused(tmp_path: Path) -> None:
    out: Any = Value(1.0)
    for _ in range(MOST):
        out = out * 1.5
    with pytest.raises(ValueError, match=f"at most {MOST} nodes, got {MOST + 1}"):
        Stepper(out).animate(tmp_path / "film.svg")
    for name in ("film.gif", "film.mp4", "film"):
        with pytest.raises(ValueError, match=r"an animation is an \.svg, got"):
            example().animate(tmp_path / name)
    for seconds in (0, -1, float("nan")):
        with pytest.raises(ValueError, match="lasts some seconds"):
            example().animate(tmp_path / "film.svg", seconds=seconds)
    assert not list(tmp_path.iterdir())


def test_a_node_without_a_gradient_is_shown_once(tab: Any, tmp_path: Path) -> None:
    x = Value(2.0, label="x")
    root = autograd.stop_gradient(x * x) * x
    path = Stepper(root).animate(tmp_path / "film.svg", seconds=10)
    tab.goto(Path(path).as_uri())
    assert tab.locator(".lit:not(.b)").count() == 4 and tab.locator(".lit.b").count() == 3


def test_without_graphviz_it_says_so(monkeypatch: Any, tmp_path: Path) -> None:
    bare = {"svg": "", "note": "a picture needs Graphviz"}
    monkeypatch.setattr("autograd.viz.walk.animation.page_data", lambda stepper: bare)
    with pytest.raises(NoRenderer, match="needs Graphviz"):
        example().animate(tmp_path / "film.svg")
