"""The page as learners use it: motion, words, chapters, predictions, themes."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from autograd import TABLE, Value
from autograd.viz.walk.page import frame, page
from autograd.viz.walk.stepper import Stepper
from tests.viz.steppers import example, opened


def twice() -> Stepper:
    """c = a·b + a, in which a is used twice."""
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    c = a * b + a
    c.label = "c"
    return Stepper(c)


def goto(tab: Any, k: int) -> None:
    tab.get_by_role("slider", name="Step").fill(str(k))


def test_backward_arrows_turn_round_and_carry_what_they_bring(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, example(), tmp_path)
    visible = "elements => elements.map((e) => getComputedStyle(e).visibility)"
    assert set(root.locator(".edge polygon.back").evaluate_all(visible)) == {"hidden"}
    goto(tab, 8)  # v1 = a × b sends to both
    assert set(root.locator(".edge polygon.back").evaluate_all(visible)) == {"visible"}
    assert set(root.locator(".edge polygon.ahead").evaluate_all(visible)) == {"hidden"}
    tags = root.locator(".tag").all_text_contents()
    assert tags == ["× −3 → −0.00402285", "× 2 → 0.0026819"]
    boxes = root.locator(".tag rect, .node").evaluate_all(
        """elements => elements.map((e) => e.getBoundingClientRect())
            .map((r) => [r.left, r.top, r.right, r.bottom])"""
    )
    for i, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top


def test_a_step_ahead_is_shown_as_a_motion_and_a_jump_is_not(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, example(), tmp_path)
    goto(tab, 7)
    assert root.locator(".dot").count() == 0
    tab.keyboard.press("ArrowRight")
    assert root.locator(".dot").count() == 2
    tab.wait_for_timeout(900)
    assert root.locator(".dot").count() == 0


def test_nothing_moves_where_people_asked_for_less_motion(browser: Any, tmp_path: Path) -> None:
    tab = browser.new_page(reduced_motion="reduce")
    root = opened(tab, example(), tmp_path)
    goto(tab, 7)
    tab.keyboard.press("ArrowRight")
    assert root.locator(".dot").count() == 0
    assert (
        root.locator(".equations .result").first.evaluate("e => getComputedStyle(e).opacity") == "1"
    )
    tab.close()


def test_how_uses_add_up_is_said(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, twice(), tmp_path)
    goto(tab, 4)
    assert "∂c/∂a: 1 of 2 uses arrived." in root.locator(".formula").inner_text()
    goto(tab, 5)
    assert "∂c/∂a: 1 + (−3) = −2; 2 of 2 uses arrived." in root.locator(".formula").inner_text()
    assert "× swaps: each factor receives the other" in root.locator(".formula").inner_text()


def test_what_learners_meet_says_how_a_gradient_passes() -> None:
    names = ("neg", "add", "sub", "mul", "div", "pow", "exp", "log", "tanh", "sigmoid", "relu")
    for name in (*names, "maximum", "where", "sum", "matmul"):
        assert TABLE[name].says.endswith(".") and len(TABLE[name].says) < 100


def test_chapters(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, example(), tmp_path)
    assert root.locator(".chapter").evaluate_all(
        "buttons => buttons.map((b) => b.getAttribute('aria-label'))"
    ) == ["e, step 5, forward", "e, step 6, backward"]
    root.locator(".chapter").last.click()
    assert root.get_attribute("data-position") == "6"
    for key, position in (("[", "5"), ("[", "0"), ("]", "5"), ("]", "6"), ("]", "11")):
        tab.keyboard.press(key)
        assert root.get_attribute("data-position") == position


def test_a_box_goes_to_its_step(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, example(), tmp_path)
    root.locator(".node.result").first.click()
    assert root.locator("tbody > tr.lit > th").inner_text() == "v1"
    goto(tab, 6)
    root.locator(".node.result").first.click()
    assert root.get_attribute("data-phase") == "backward"
    assert root.locator("tbody > tr.lit > th").inner_text() == "v1"


def test_predictions_are_judged(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, example(), tmp_path)
    tab.get_by_role("button", name="Predict").click()
    goto(tab, 3)
    assert root.locator(".equations .result").count() == 0
    assert not root.locator("tr.lit td").nth(1).locator("> *").first.is_visible()
    guess = tab.get_by_role("textbox", name="Your number for v1")
    for typed, said in [
        ("6", "look at the sign"),
        ("-60", "decimal point"),
        ("5", "Not yet"),
        ("six", "a number is needed"),
    ]:
        guess.fill(typed)
        guess.press("Enter")
        assert said in root.locator(".verdict").inner_text()
    guess.fill("-6.01")
    tab.get_by_role("button", name="Check").click()
    assert root.locator(".equations .result").inner_text() == "−6"
    goto(tab, 8)
    guess = tab.get_by_role("textbox", name="Your number for what goes to ∂e/∂a")
    for typed, said in [
        ("-3", "local derivative alone"),
        ("0.00134095", "upstream gradient alone"),
    ]:
        guess.fill(typed)
        guess.press("Enter")
        assert said in root.locator(".verdict").inner_text()
    tab.get_by_role("button", name="Show me").click()
    assert "−0.00402285" in root.locator(".equations").inner_text()
    tab.get_by_role("button", name="Predict").click()
    goto(tab, 4)
    assert root.locator(".question").count() == 0


@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_and_its_texts_can_be_read(width: int, browser: Any, tmp_path: Path) -> None:
    tab = browser.new_page(viewport={"width": width, "height": 800})
    long = Value(2.0, label="a label that is a good deal longer than others, as people give them")
    root = (long * Value(3.0, label="b")).exp()
    opened(tab, Stepper(root), tmp_path)
    tab.keyboard.press("End")
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    sizes = tab.locator(".graph text").evaluate_all(
        "texts => texts.map((t) => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a)"
    )
    assert min(sizes) >= 11.95
    gradient = tab.locator(".numbers > table > tbody > tr.lit > td").nth(2).bounding_box()
    assert gradient["x"] + gradient["width"] <= width
    tab.close()


def test_what_leads_to_a_name_lies_on_a_band_below_its_law(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, twice(), tmp_path)
    assert root.locator(".cluster text").all_text_contents() == ["c = a × b + a"]
    band = root.locator(".cluster").bounding_box()
    for name, inside in (("c", True), ("v1", True), ("a", False)):
        box = root.locator(".node").filter(has_text=name).first.bounding_box()
        assert (band["x"] <= box["x"] and box["x"] + box["width"] <= band["x"] + band["width"]) is (
            inside
        )
    goto(tab, 4)
    assert "".join(root.locator(".law").inner_text().split()) == "c=v1+a"
    goto(tab, 0)
    root.locator(".cluster text").click()
    assert root.locator("h2").inner_text().startswith("FORWARD c")


def test_a_sign_belongs_to_its_number(tab: Any, tmp_path: Path) -> None:
    a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    root = opened(tab, Stepper(a * b * -2.0), tmp_path)
    goto(tab, 5)  # v1 = a × b, whose gradient is −2
    line = root.locator(".right math").nth(1)
    assert line.locator("mn").all_text_contents() == ["−2", "−3"]
    assert line.locator(".upstream").all_text_contents() == ["−2"]


def test_the_panel_explains_asks_or_lets_numbers_be_changed(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, twice(), tmp_path)
    goto(tab, 4)
    panel = root.locator(".formula")
    buttons = {n: tab.get_by_role("button", name=n) for n in ("Explain", "Predict", "What if")}

    def pressed() -> list[str]:
        return [n for n, b in buttons.items() if b.get_attribute("aria-pressed") == "true"]

    assert pressed() == ["Explain"] and "+ copies" in panel.inner_text()
    buttons["What if"].click()
    assert pressed() == ["What if"] and panel.locator(".card").count() == 2
    assert panel.locator(".equations").count() == 0 and panel.get_attribute("aria-live") == "off"
    drag = tab.get_by_role("slider", name="Drag b")
    drag.fill("1.5")
    assert panel.locator(".card").nth(1).locator(".number").first.inner_text() == "1.5"
    assert root.locator(".numbers tbody tr").last.inner_text().split()[-1] == "1"
    assert "5" in root.locator(".numbers tbody tr").last.inner_text()  # 2 × 1.5 + 2
    goto(tab, 6)
    assert panel.locator(".card").first.locator(".gradient").inner_text() == "∂ 2.5"
    buttons["Predict"].click()
    assert pressed() == ["Predict"] and panel.locator(".card").count() == 0
    buttons["Predict"].click()
    assert pressed() == ["Explain"] and panel.locator(".equations").count() == 1


def test_the_graph_is_as_large_as_one_wants(tab: Any, tmp_path: Path) -> None:
    out: Any = Value(0.3, label="x")
    for _ in range(30):
        out = out.tanh()
    root = opened(tab, Stepper(out), tmp_path)
    pane = root.locator("div.graph").bounding_box()["width"]

    def width() -> float:
        found: float = root.locator(".graph svg").first.bounding_box()["width"]
        sheet = root.locator(".graph .sheet").bounding_box()["width"]
        assert sheet == found
        return found

    readable = width()
    assert readable > pane
    tab.get_by_role("button", name="Larger").click()
    assert abs(width() / readable - 1.25) < 0.01
    tab.keyboard.press("-")
    tab.keyboard.press("-")
    assert abs(width() / readable - 0.8) < 0.01
    tab.keyboard.press("f")
    assert width() <= pane
    tab.get_by_role("button", name="Fit the whole graph").click()
    assert width() == readable


def test_a_nan_says_where_it_starts(tab: Any, tmp_path: Path) -> None:
    x = Value(0.0, label="x")
    with np.errstate(all="ignore"):
        root = opened(tab, Stepper(x.log() * 2.0), tmp_path)
    goto(tab, 1)
    assert "−inf starts here" in root.locator(".problem").inner_text()
    assert root.locator(".graph .odd").count() == 1
    goto(tab, 2)
    assert root.locator(".problem").count() == 0


def test_themes(browser: Any, tmp_path: Path) -> None:
    stepper = example()
    shades = {}
    for theme in ("light", "dark", "auto"):
        for system in ("light", "dark"):
            tab = browser.new_page(color_scheme=system)
            tab.goto(Path(stepper.save(tmp_path / "page.html", theme=theme)).as_uri())
            shades[theme, system] = tab.evaluate("getComputedStyle(document.body).backgroundColor")
            tab.close()
    light, dark = shades["auto", "light"], shades["auto", "dark"]
    assert light != dark
    assert shades["light", "dark"] == light == shades["light", "light"]
    assert shades["dark", "light"] == dark == shades["dark", "dark"]
    with pytest.raises(
        ValueError, match="theme must be one of 'light', 'dark', 'auto', got 'pink'"
    ):
        page(stepper, "pink")


def test_a_frame_follows_the_notebook_around_it(tab: Any) -> None:
    ink = {"dark": "#eee", "light": "#111"}
    tab.set_content(f"<body style='color:{ink['dark']}'>{frame(example())}</body>")
    inside = tab.frames[1]
    scheme = "document.documentElement.style.colorScheme"
    inside.wait_for_function(f"{scheme} === 'dark'")
    tab.evaluate(f"document.body.style.color = '{ink['light']}'")
    inside.wait_for_function(f"{scheme} === 'light'")


def test_names_that_are_no_page_are_refused(tmp_path: Path) -> None:
    for name in ("s.png", "s.svg", "s"):
        with pytest.raises(ValueError, match=r"saved as a page, \.html, got"):
            example().save(tmp_path / name)


def test_a_link_leads_to_a_step(tab: Any, tmp_path: Path) -> None:
    path = Path(example().save(tmp_path / "step.html")).as_uri()
    tab.goto(f"{path}#step=8")
    root = tab.locator(".gradwalk-stepper")
    assert root.get_attribute("data-position") == "8"
    tab.keyboard.press("ArrowRight")
    assert tab.url.endswith("#step=9")
    tab.evaluate("location.hash = '#step=3'")
    tab.wait_for_function("document.querySelector('.gradwalk-stepper').dataset.position === '3'")


def test_inputs_can_be_skipped(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, example(), tmp_path)
    tab.get_by_role("checkbox", name="skip inputs").check()
    seen = []
    for _ in range(8):
        tab.keyboard.press("ArrowRight")
        seen.append(root.get_attribute("data-position"))
    assert seen == ["3", "4", "5", "6", "7", "8", "11", "11"]
    tab.keyboard.press("ArrowLeft")
    assert root.get_attribute("data-position") == "8"


def test_playing_stops_where_somebody_asked_and_has_a_speed(tab: Any, tmp_path: Path) -> None:
    tab.clock.install()
    root = opened(tab, example(), tmp_path)
    root.locator(".node.result").nth(1).click(modifiers=["Shift"])
    assert root.get_attribute("data-position") == "0"
    tab.get_by_role("button", name="Speed").click()
    tab.get_by_role("button", name="Play").click()
    tab.clock.run_for(1500)
    assert root.get_attribute("data-position") == "3"
    tab.clock.run_for(9000)
    assert root.get_attribute("data-position") == "4"
    assert tab.get_by_role("button", name="Play").count() == 1


def test_an_edge_says_its_rule_and_the_row_is_current(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, example(), tmp_path)
    titles = root.locator(".edge title").all_text_contents()
    assert "∂e/∂a += ∂e/∂v1 × b" in titles
    goto(tab, 4)
    assert root.locator("tr[aria-current=step] > th").all_inner_texts() == ["v2"]


def test_formulas_are_mathematics(tab: Any, tmp_path: Path) -> None:
    w1, odd = Value(2.0, label="w1"), Value(3.0, label="a/b × c")
    loss = (w1 * odd) ** 2.0
    loss.label = "E"
    root = opened(tab, Stepper(loss), tmp_path)
    goto(tab, 3)
    text = "e => e.textContent"
    assert root.locator(".equations math").last.evaluate(text) == "62"
    assert root.locator(".equations :is(msup, msubsup)").count() == 2  # v1², and 6²
    goto(tab, 5)
    assert root.locator(".left mfrac msub").first.evaluate(text) == "v1"
    assert "a/b × c" in root.locator(".equations mtext").all_text_contents()
    upstream = root.locator(".right .upstream").all_text_contents()
    assert upstream == ["∂E∂v1", "12", "∂E∂v1", "12"]
    colours = root.locator(".right math").first.evaluate(
        "e => [e, e.querySelector('.upstream')].map((x) => getComputedStyle(x).color)"
    )
    assert colours[0] != colours[1], "what is local is green, and gradients are orange"
    heard = root.locator(".formula").aria_snapshot()
    assert (
        "gradient of E for v1 is 12. The gradient of E for w1 gains 36, which is 12 times 3"
        in heard
    )
    assert "math" not in heard, "which would say it a second time"


def test_what_is_multiplied_by_itself_is_a_square(tab: Any, tmp_path: Path) -> None:
    h1, c = Value(0.5, label="h1"), Value(2.0, label="c")
    product = c / h1 * h1 + h1 * h1
    root = opened(tab, Stepper(product), tmp_path)
    goto(tab, 4)
    forward = root.locator(".equations .right").first
    assert forward.get_attribute("data-text") == "h1 × h1"
    assert forward.locator("msubsup").evaluate("e => e.textContent") == "h12"
    goto(tab, 3)
    assert not root.locator(".equations .right").first.locator("msubsup").count()  # (c / h1) × h1


def test_what_the_pointer_is_at_lights_up_everywhere(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, example(), tmp_path)
    root.locator(".graph .node", has_text="×").click()  # v1 = a × b
    symbol = root.locator(".formula [data-node=b]").first
    symbol.hover()
    lit = root.locator(".pointed")
    assert set(lit.evaluate_all("all => all.map((e) => e.tagName)")) == {"g", "TR", "mi"}
    assert root.locator("tr.pointed > th").inner_text() == "b"
    root.locator(".graph .node", has_text="c").first.hover()
    assert root.locator("tr.pointed > th").inner_text() == "c"
    root.locator(".toolbar").hover()
    assert lit.count() == 0
    root.locator("div.graph").click(position={"x": 3, "y": 3})  # where no box is
    assert root.locator("h2").inner_text().startswith("FORWARD v1")


def test_a_step_is_copied_as_a_picture(tab: Any, tmp_path: Path) -> None:
    """With the tags, and without need of the page's style."""
    root = opened(tab, example(), tmp_path)
    goto(tab, 6)
    tab.evaluate("navigator.clipboard.writeText = async (text) => { window.copied = text; }")
    root.get_by_role("button", name="Copy this step as SVG").click()
    text = tab.evaluate("window.copied")
    picture = ElementTree.fromstring(text)
    assert picture.tag == "{http://www.w3.org/2000/svg}svg"
    box = picture.attrib["viewBox"].split()
    assert [picture.attrib[x] for x in ("width", "height")] == [f"{float(x):g}pt" for x in box[2:]]
    assert "→" in text and "class=" not in text and "var(" not in text
    with tab.expect_download() as download:
        tab.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
        root.get_by_role("button", name="Copy this step as SVG").click()
    assert download.value.suggested_filename == "step-6.svg"
