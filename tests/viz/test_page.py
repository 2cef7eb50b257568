"""The saved page and the widget, driven in headless Chromium, and JupyterLab itself."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, Value
from autograd.viz.walk.page import CELLS, HEIGHT, SCRIPT, STATIC, frame, page_data, quantity
from autograd.viz.walk.stepper import Stepper
from tests.viz.steppers import example, opened


def network() -> Stepper:
    x, w = Tensor([[1.0, 2.0]], label="x"), Tensor([[0.5, -0.5], [0.25, 0.0]], label="W")
    loss = (x @ w).tanh().sum()
    loss.label = "loss"
    return Stepper(loss)


# of formulas, which are shown as mathematics
TEXT = """(equations) => [...equations.querySelectorAll("[data-text]")]
    .map((element) => element.dataset.text).join(" ").replace(/\\s+/g, " ").trim()"""


def shown(root: Any) -> dict[str, Any]:
    """What the page shows, as a person reads it."""
    lit = root.locator(".graph .lit")
    return {
        "lit": lit.get_attribute("id") if lit.count() else None,
        "row": root.locator("tbody > tr.lit > th").inner_text(),
        "phase": root.locator(".formula .phase").inner_text().lower(),
        "formula": root.locator(".equations").evaluate(TEXT),
        "count": root.locator(".count").inner_text(),
    }


def expected(stepper: Stepper, k: int) -> dict[str, Any]:
    """The same, from the stepper."""
    data, moment = page_data(stepper), stepper[k]
    text = str(moment).split("\n", 1)[1]
    return {
        "lit": data["nodes"][data["steps"][k]["node"]]["id"],
        "row": moment.name,
        "phase": moment.phase,
        "formula": " ".join(text.split()),
        "count": f"{k} / {len(stepper) - 1}",
    }


# --- the page ---------------------------------------------------------------------------------


def test_every_way_to_step(tab: Any, tmp_path: Path) -> None:
    stepper = example()
    root = opened(tab, stepper, tmp_path)
    assert shown(root) == expected(stepper, 0)
    tab.get_by_role("button", name="Next", exact=True).click()
    assert shown(root) == expected(stepper, 1)
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("ArrowRight")
    assert shown(root) == expected(stepper, 3)
    tab.get_by_role("button", name="Back", exact=True).click()
    assert shown(root) == expected(stepper, 2)
    tab.get_by_role("slider", name="Step").fill("8")
    assert shown(root) == expected(stepper, 8)
    tab.get_by_role("button", name="Last step").click()
    assert shown(root) == expected(stepper, len(stepper) - 1)
    tab.keyboard.press("Home")
    assert shown(root) == expected(stepper, 0)


def test_every_position_shows_what_the_stepper_knows(tab: Any, tmp_path: Path) -> None:
    stepper = example()
    root = opened(tab, stepper, tmp_path)
    rows = root.locator(".numbers > table > tbody > tr")
    for k, moment in enumerate(stepper):
        assert shown(root) == expected(stepper, k)
        for i, node in enumerate(stepper.nodes):
            value, gradient = rows.nth(i).locator("> td").all_inner_texts()[1:]
            editor = rows.nth(i).locator(".editor")
            value = editor.input_value() if editor.count() else value
            known = moment.gradients.get(node)
            assert value == (quantity(node.data, 9) if node in moment.values else "·")
            assert gradient == ("·" if known is None else quantity(known, 9))
        tab.keyboard.press("ArrowRight")


def test_it_plays_by_itself_and_stops_at_the_end(tab: Any, tmp_path: Path) -> None:
    tab.clock.install()
    root = opened(tab, example(), tmp_path)
    tab.get_by_role("button", name="Play").click()
    tab.clock.run_for(3000)
    assert root.get_attribute("data-position") == "3"
    tab.get_by_role("button", name="Pause").click()
    tab.clock.run_for(3000)
    assert root.get_attribute("data-position") == "3"
    tab.keyboard.press("Escape")
    root.focus()
    tab.keyboard.press(" ")
    tab.clock.run_for(60_000)
    assert root.get_attribute("data-position") == "11"
    assert tab.get_by_role("button", name="Play").count() == 1


def test_arrays_are_heat_mapped_tables(tab: Any, tmp_path: Path) -> None:
    stepper = network()
    root = opened(tab, stepper, tmp_path)
    tab.keyboard.press("End")
    cells = root.locator(".formula").get_by_label("∂loss/∂W, 2×2").locator("td")
    last = stepper.goto(-1)
    assert last.name == "x" or cells.all_inner_texts() == []
    tab.keyboard.press("ArrowLeft")
    texts = root.locator(".formula .array td").all_inner_texts()
    assert texts == [x for row in quantity(stepper.back().gradient, 9)["rows"] for x in row]
    colours = root.locator(".formula .array td").evaluate_all(
        "cells => cells.map((cell) => getComputedStyle(cell).backgroundColor)"
    )
    assert len(set(colours)) > 1


def test_a_screen_reader_is_told(tab: Any, tmp_path: Path) -> None:
    root = opened(tab, example(), tmp_path)
    tab.keyboard.press("ArrowRight")
    slider = tab.get_by_role("slider", name="Step")
    assert slider.get_attribute("aria-valuetext") == "Step 1 of 11, forward: b"
    assert root.locator(".formula").get_attribute("aria-live") == "polite"
    assert tab.get_by_role("region", name="Values and gradients so far").count() == 1
    assert tab.get_by_role("columnheader", name="Gradient").count() == 1
    assert tab.get_by_role("group", name="Computation graph of e, 6 nodes").count() == 1
    for button in root.locator("button").all():
        assert button.get_attribute("aria-label")
    following = tab.get_by_role("button", name="Next", exact=True)
    following.focus()
    for _ in range(20):
        tab.keyboard.press("Enter")
    assert root.get_attribute("data-position") == "11"
    assert following.get_attribute("aria-disabled") == "true"
    assert following.evaluate("button => button === document.activeElement")


def test_labels_are_text_whatever_they_hold(tab: Any, tmp_path: Path) -> None:
    nasty: list[str] = [
        "</script><script>window.hit = 1</script>",
        "<img src=x onerror='window.hit = 1'>",
        'quo"te\\n',
        "</template>&amp;",
        "日本 ünï",
        "$data $svg $step",
    ]
    root: Any = Value(1.0, label="r")
    for label in nasty:
        root = root * Value(2.0, label=label)
        root.label = label + "!"
    page = opened(tab, Stepper(root), tmp_path)
    tab.keyboard.press("End")
    names = page.locator("tbody > tr > th").all_inner_texts()
    assert set(nasty) <= set(names)
    assert tab.evaluate("window.hit") is None


def test_in_light_and_dark_the_text_can_be_read(browser: Any, tmp_path: Path) -> None:
    for scheme in ("light", "dark"):
        tab = browser.new_page(color_scheme=scheme)
        root = opened(tab, network(), tmp_path)
        tab.keyboard.press("End")
        for place in (".count", ".formula h2", ".numbers .operation >> nth=0", ".help", ".phase"):
            assert contrast(root.locator(place)) > 4.5, (scheme, place)
        tab.close()


def contrast(place: Any) -> float:
    """The contrast of a text with what lies behind it (WCAG 2: at least 4.5)."""
    colours = place.evaluate(
        """element => {
            const colour = getComputedStyle(element).color;
            let behind = "rgba(0, 0, 0, 0)";
            for (let e = element; e && /, 0\\)$/.test(behind); e = e.parentElement)
                behind = getComputedStyle(e).backgroundColor;
            return [colour, behind];
        }"""
    )
    light = []
    for colour in colours:
        channels = np.array([int(x) / 255 for x in re.findall(r"\d+", colour)[:3]])
        linear = np.where(
            channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4
        )
        light.append(linear @ [0.2126, 0.7152, 0.0722])
    return (max(light) + 0.05) / (min(light) + 0.05)


# --- its size ---------------------------------------------------------------------------------


def tangle(n: int) -> Stepper:
    """About n nodes, many of whose leaves are used again far away."""
    leaves = [Value(i % 5 - 1.9, label=f"x{i}") for i in range(n // 4)]
    out: Any = leaves[0]
    for i in range(n // 4):
        out = (out * leaves[i % len(leaves)] + leaves[i * 7 % len(leaves)]).tanh()
    return Stepper(out)


def test_a_page_of_200_nodes_is_small(tmp_path: Path) -> None:
    stepper = tangle(200)
    assert len(stepper.nodes) == 200
    path = Path(stepper.save(tmp_path / "step.html"))
    assert path.stat().st_size < 300_000


def test_a_page_of_arrays_is_small(tmp_path: Path) -> None:
    x = Tensor(np.linspace(-1, 1, 64).reshape(8, 8), label="x")
    out: Any = x
    for i in range(66):
        out = (out @ Tensor(np.eye(8) * 0.9, label=f"W{i}")).tanh()
    stepper = Stepper(out.sum())
    assert len(stepper.nodes) == 200
    assert Path(stepper.save(tmp_path / "step.html")).stat().st_size < 300_000
    cells = [
        n["value"].get("rows", [])
        for n in page_data(stepper)["nodes"]
        if isinstance(n["value"], dict)
    ]
    assert sum(len(row) for rows in cells for row in rows) <= CELLS


def test_a_graph_too_large_for_a_page_says_so() -> None:
    out: Any = Value(1.0)
    for _ in range(2000):
        out = out * 1.5
    stepper = Stepper(out)
    with pytest.raises(ValueError, match="at most 2,000 nodes, got 2,001"):
        stepper.save("never.html")
    assert list(stepper._repr_mimebundle_()) == ["text/plain"]


def test_a_graph_too_large_for_a_picture_is_stepped_through_without_one() -> None:
    data = page_data(tangle(500))
    assert (data["svg"], len(data["nodes"])) == ("", 500)
    assert data["note"] == "A graph of 500 nodes is too large for a picture."
    assert all(node["id"] is None for node in data["nodes"])


def test_a_notebook_gets_the_page_in_a_frame(tab: Any) -> None:
    stepper = example()
    stepper.goto(4)
    bundle = stepper._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html", "image/svg+xml"}
    assert bundle["image/svg+xml"].lstrip().startswith(("<?xml", "<svg"))
    tab.set_content(f"<body>{bundle['text/html']}</body>")
    root = tab.frame_locator("iframe").locator(".gradwalk-stepper")
    assert shown(root) == expected(stepper, 4)
    root.get_by_role("button", name="Next", exact=True).click()
    assert shown(root) == expected(stepper, 5)


def test_a_frame_is_as_high_as_its_table_needs() -> None:
    heights = [
        int(re.search(r"width: 100%; height: (\d+)px", frame(stepper))[1])  # type: ignore[index]
        for stepper in (example(), tangle(30), network())
    ]
    assert heights[0] == 400 + 32 * len(example().nodes) < HEIGHT
    assert heights[1:] == [HEIGHT, HEIGHT], "many rows; arrays, whose rows are higher"


def test_nbconvert_keeps_it_stepping(browser: Any, tmp_path: Path) -> None:
    nbconvert = pytest.importorskip("nbconvert", reason="nbconvert is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    stepper = example()
    output = nbformat.v4.new_output("display_data", stepper._repr_mimebundle_())
    cell = nbformat.v4.new_code_cell("stepper", outputs=[output])
    text, _ = nbconvert.HTMLExporter().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    (tmp_path / "notebook.html").write_text(text, encoding="utf-8")
    context = browser.new_context(offline=True)
    tab = context.new_page()
    tab.goto((tmp_path / "notebook.html").as_uri(), wait_until="commit")
    root = tab.frame_locator("iframe").locator(".gradwalk-stepper")
    root.get_by_role("button", name="Next", exact=True).click()
    assert shown(root) == expected(stepper, 1)
    context.close()


@pytest.mark.parametrize(
    ("root", "seed"),
    [
        (Value(1.0, label="alone"), None),
        (Value(float("nan"), label="a") * Value(float("inf"), label="b"), None),
        (Tensor(2.0, label="t") * Tensor(np.zeros((2, 0))), np.zeros((2, 0))),
        (Tensor(np.ones((2, 3, 2)), label="cube") * -1.0, np.ones((2, 3, 2))),
        (Tensor([[np.nan, np.inf, -np.inf]], label="n").sum(), None),
        (Value(1.0, label="x") * Value(2.0, label="x"), None),
    ],
    ids=["leaf", "non-finite", "empty", "three axes", "non-finite array", "twins"],
)
def test_odd_graphs(tab: Any, tmp_path: Path, root: Any, seed: Any) -> None:
    stepper = Stepper(root, seed)
    page = opened(tab, stepper, tmp_path)
    for moment in stepper:
        assert page.locator("tbody > tr.lit > th").inner_text() == moment.name
        tab.keyboard.press("ArrowRight")


def hide_renderers(monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "pygraphviz", None)


def test_without_a_renderer_a_note_says_what_to_install(monkeypatch: Any) -> None:
    hide_renderers(monkeypatch)
    data = page_data(example())
    assert data["svg"] == ""
    assert "pip install 'gradwalk[viz]'" in data["note"]


def test_without_a_renderer_the_page_steps_and_says_why(
    tab: Any, tmp_path: Path, monkeypatch: Any
) -> None:
    hide_renderers(monkeypatch)
    stepper = example()
    root = opened(tab, stepper, tmp_path)
    tab.keyboard.press("ArrowRight")
    assert shown(root) == {**expected(stepper, 1), "lit": None}
    assert "pip install" in root.locator(".graph").inner_text()
    assert "image/svg+xml" not in stepper._repr_mimebundle_()


# --- the widget -------------------------------------------------------------------------------

STUB = """async ({ source, state }) => {
    const listeners = {};
    const model = {
        sent: [],
        get: (name) => state[name],
        set: (name, value) => { state[name] = value; },
        save_changes: () => {},
        on: (event, listener) => { listeners[event] = listener; },
        off: (event) => { delete listeners[event]; },
        send: (message) => { model.sent.push(message); },
    };
    const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    const { default: widget } = await import(url);
    Object.assign(window, { model, state, listeners });
    window.cleanup = widget.render({ model, el: document.body });
}"""


def test_the_widget_is_the_same_script(tab: Any) -> None:
    pytest.importorskip("anywidget")
    stepper = example()
    widget = stepper.widget()
    tab.goto("about:blank")
    assert widget.get_state("_esm")["_esm"] == SCRIPT
    bundle, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "<iframe" in bundle["text/html"], "for a notebook without a kernel"
    tab.add_style_tag(path=STATIC / "stepper.css")
    tab.evaluate(STUB, {"source": SCRIPT, "state": {"data": widget.data, "position": 2}})
    root = tab.locator(".gradwalk-stepper")
    assert shown(root) == expected(stepper, 2)

    tab.keyboard.press("Tab")
    tab.keyboard.press("ArrowRight")
    assert tab.evaluate("state.position") == 3
    tab.evaluate("() => { state.position = 7; listeners['change:position'](); }")
    assert shown(root) == expected(stepper, 7)

    tab.get_by_label("Value of a", exact=True).fill("5")
    tab.get_by_label("Value of a", exact=True).press("Enter")
    (message,) = tab.evaluate("model.sent")
    assert message == {"node": 0, "place": 0, "text": "5"}
    widget._asked(widget, message, [])
    tab.evaluate("(data) => { state.data = data; listeners['change:data'](); }", widget.data)
    changed = widget.stepper
    assert shown(root) == expected(changed, 7)
    value = root.locator("tbody > tr", has_text="a").first.locator("> td").nth(1)
    assert value.locator("del").inner_text() == "2"
    assert value.locator("input").input_value() == "5"
    product = root.locator(".numbers > table > tbody > tr").nth(3).locator("> td").nth(1)
    assert product.inner_text().split() == ["−6→−15"]

    tab.evaluate("() => listeners['msg:custom']({ error: 'no number' })")
    assert root.get_by_role("alert").inner_text() == "no number"
    tab.evaluate("cleanup()")
    assert root.count() == 0


def test_an_edit_in_the_widget_recomputes() -> None:
    pytest.importorskip("anywidget")
    stepper = network()
    widget = stepper.widget()
    widget.position = 3
    assert stepper.position == 3
    place = [node.label for node in stepper.nodes].index("W")
    widget.edit(place, 2, 0.75)
    again = Tensor([[0.5, -0.5], [0.75, 0.0]])
    (Tensor([[1.0, 2.0]]) @ again).tanh().sum().backward()
    edited = widget.stepper
    np.testing.assert_array_equal(edited.gradient(edited.nodes[place], len(edited)), again.grad)
    np.testing.assert_array_equal(stepper.nodes[place].data, [[0.5, -0.5], [0.25, 0.0]])
    before = widget.data["nodes"][place]["before"]
    assert before["value"] == quantity(stepper.nodes[place].data, 9)

    messages: list[Any] = []
    widget.send = messages.append
    data = json.dumps(widget.data)
    widget._asked(widget, {"node": place, "place": 0, "text": "two"}, [])
    assert "two" in messages[0]["error"]
    assert json.dumps(widget.data) == data


# --- in JupyterLab ----------------------------------------------------------------------------

NOTEBOOK = """
from autograd import Value
from autograd.viz import Stepper
a, b = Value(2.0, label="a"), Value(-3.0, label="b")
stepper = Stepper((a * b).tanh())
stepper
"""


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[str]:
    """The address of a JupyterLab with folders of its own, in which a notebook waits."""
    pytest.importorskip("jupyterlab", reason="jupyterlab is not installed")
    pytest.importorskip("anywidget", reason="anywidget is not installed")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{i}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for i, source in enumerate([NOTEBOOK.strip(), "stepper.widget()"])
    ]
    kernel = {"name": "python3", "display_name": "Python 3"}
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "steps.ipynb").write_text(json.dumps(notebook))
    folders = (
        "HOME",
        "IPYTHONDIR",
        "JUPYTER_CONFIG_DIR",
        "JUPYTER_DATA_DIR",
        "JUPYTER_RUNTIME_DIR",
    )
    environment = {
        **os.environ,
        **{name: str(tmp_path / name) for name in folders},
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.open_browser": False,
        "ServerApp.root_dir": tmp_path / "work",
        "ServerApp.allow_root": True,
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())]
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        for _ in range(300):
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert server.poll() is None, (tmp_path / "lab.log").read_text()
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/lab/tree/steps.ipynb"
    finally:
        server.terminate()
        server.wait(20)


def test_in_jupyterlab_the_page_outlives_its_kernel(browser: Any, lab: str) -> None:
    tab = browser.new_page(viewport={"width": 1280, "height": 1400})
    stepper = Stepper((Value(2.0, label="a") * Value(-3.0, label="b")).tanh())
    tab.goto(lab)
    tab.wait_for_function("() => window.jupyterapp", timeout=60_000)
    tab.locator(".jp-Notebook").wait_for(timeout=60_000)
    tab.evaluate(
        """async () => {
            const app = window.jupyterapp;
            await app.restored;
            await app.shell.currentWidget.context.ready;
            await app.shell.currentWidget.sessionContext.ready;
            await app.commands.execute('notebook:run-all-cells');
            await app.commands.execute('docmanager:save');
        }"""
    )
    widget = tab.locator(".gradwalk-stepper")
    widget.wait_for(timeout=60_000)
    widget.get_by_role("button", name="Next", exact=True).click()
    assert shown(widget) == expected(stepper, 1)
    widget.get_by_label("Value of a", exact=True).fill("5")
    widget.get_by_label("Value of a", exact=True).press("Enter")
    widget.locator("del", has_text="2").wait_for()

    tab.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    tab.reload()
    page = tab.frame_locator("iframe[srcdoc]").locator(".gradwalk-stepper")
    page.wait_for(timeout=60_000)
    for k in range(3):
        assert shown(page) == expected(stepper, k)
        page.get_by_role("button", name="Next", exact=True).click()
    tab.close()
