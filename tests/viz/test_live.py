"""A saved page of single numbers computes both passes by itself, and shows what Python would."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import TABLE, Tensor, Value
from autograd.viz.walk.javascript import FORWARDS, number, row_of
from autograd.viz.walk.live import is_live, live_script
from autograd.viz.walk.page import STATIC, page, page_data
from autograd.viz.walk.stepper import Stepper
from tests.viz.steppers import example

SCALAR = [row for row in TABLE.values() if row.scalar is not None]
SCRIPT = (STATIC / "live.js").read_text(encoding="utf-8").replace("export function", "function")


@pytest.fixture
def run(tab: Any) -> Any:
    """Runs JavaScript with the functions of live.js at hand."""

    def run(body: str, argument: Any = None) -> Any:
        return tab.evaluate(f"(argument) => {{ {SCRIPT}\n{body} }}", argument)

    return run


# --- every row --------------------------------------------------------------------------------


def test_every_scalar_row_has_its_javascript() -> None:
    missing = [row.name for row in SCALAR if row.name not in FORWARDS]
    assert not missing, f"rows without a forward in viz/walk/javascript.py: {missing}"
    assert set(FORWARDS) <= set(TABLE)


def apart(found: float | None, wanted: float) -> float:
    """By how many units in the last place."""
    found = math.nan if found is None else found
    if math.isnan(wanted) or math.isinf(wanted):
        return 0 if found == wanted or (found != found and wanted != wanted) else math.inf
    return abs(found - wanted) / math.ulp(wanted)


@pytest.mark.parametrize("row", SCALAR, ids=lambda row: row.name)
def test_a_row_gives_pythons_numbers(row: Any, run: Any) -> None:
    rng = np.random.default_rng(0)
    arity = 3 if row.variadic else len(row.vjps)
    domain = row.domain if len(row.domain) == arity else row.domain[:1] * arity
    points = [[float(rng.uniform(*d)) for d in domain] for _ in range(200)]
    special = (0.0, -0.0, 1.0, -1.0, 30.0, -750.0, 1e-300, 1e300, math.inf, -math.inf, math.nan)
    points += [[rng.choice(special) for _ in range(arity)] for _ in range(60)]
    params = {"lo": -0.5, "hi": 1.0} if row.name == "clip" else {}
    with np.errstate(all="ignore"):
        nodes = [row(*map(Value, xs), **params) for xs in points]
        wanted = [[x.raw, *_sent(x)] for x in nodes]
    rules = sum(rule is not None for rule in nodes[0].op.rules(nodes[0].operands))
    text = [[number(x) for x in xs] for xs in points]
    found = run(
        f"""const row = {row_of(nodes[0])};
        const points = [{",".join(f"[{','.join(xs)}]" for xs in text)}];
        const shown = (x) => Number.isFinite(x) ? x : String(x);
        return points.map((x) => {{
          const out = row.f(x);
          return [out, ...row.r.filter((rule) => rule).map((rule) => rule(1.5, out, x))].map(shown);
        }});"""
    )
    assert all(len(numbers) == 1 + rules for numbers in found)
    names = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
    for xs, mine, theirs in zip(points, wanted, found, strict=True):
        numbers = [names.get(x, x) for x in theirs]
        pairs = list(zip(numbers, mine, strict=True))
        near = all(1e-3 < abs(x) < 20 for x in xs)  # elsewhere sin and the like lose digits alike
        for js, python in pairs:
            same = apart(js, python) <= 16 or math.isclose(js, python, rel_tol=1e-12)
            assert apart(js, python) <= 16 if near else same or abs(js - python) < 1e-300, (
                xs,
                pairs,
            )


def _sent(node: Any) -> list[float]:
    numbers = [x.raw for x in node.operands]
    rules = node.op.rules(node.operands)
    with np.errstate(all="ignore"):
        exact = [np.float64(x) for x in (1.5, node.raw, *numbers)]
        return [float(rule(*exact, **node.params)) for rule in rules if rule is not None]


def test_numbers_are_written_as_python_writes_them(run: Any) -> None:
    rng = random.Random(0)
    numbers = [0.0, -0.0, 1e-5, 1e-4, 123456.5, 999999.5, 1e6, 1e16, 5e-324, 1.7e308, 100.0, -0.1]
    numbers += [rng.uniform(-1, 1) * 10 ** rng.uniform(-12, 12) for _ in range(2000)]
    shown = run(f"return [{','.join(map(number, numbers))}].map(numberText);")
    assert shown == [autograd.viz.text.number_text(x) for x in numbers]
    odd = run("return [NaN, Infinity, -Infinity].map(numberText);")
    assert odd == ["nan", "inf", "−inf"]


# --- whole graphs -----------------------------------------------------------------------------


def drawn(seed: int) -> Stepper:
    """A graph of up to 14 operations on 2 to 4 leaves, drawn at random from the whole table."""
    rng = random.Random(seed)
    rows = [
        row for row in SCALAR if row.name not in ("astype", "marked", "subgradient", "isfinite")
    ]
    leaves = [
        Value(round(rng.uniform(-2, 2), 2), label=name) for name in "abcd"[: rng.randint(2, 4)]
    ]
    nodes: list[Any] = list(leaves)
    while len(nodes) < len(leaves) + 14:
        row = rng.choice(rows)
        arity = rng.randint(2, 3) if row.variadic else len(row.vjps)
        picked = [rng.choice(nodes[-6:]) for _ in range(arity)]
        if arity > 1 and rng.random() < 0.4:
            picked[rng.randrange(arity)] = round(rng.uniform(-3, 3), 1)
        params = {"lo": -0.5, "hi": 1.5} if row.name == "clip" else {}
        with np.errstate(all="ignore"):
            made = row(*picked, **params) if any(isinstance(x, Value) for x in picked) else None
        if isinstance(made, Value) and abs(made.raw) < 1e6:
            nodes.append(made)
    root = nodes[-1]
    for node in nodes[-4:]:
        root = root + node if node is not root else root
    root.label = "loss"
    return Stepper(root)


EDITS = [0.0, 1.0, -1.0, 2.5, -0.3333333, 1e-7, 1e7, 40.0, math.inf]

READ = """
([edits, leaves]) => {
  const read = () => [...document.querySelectorAll(".numbers > table > tbody > tr")].map((row) =>
    [2, 3].map((i) => {
      const cell = row.children[i].cloneNode(true);
      for (const old of cell.querySelectorAll("del, .arrow")) old.remove();
      return row.children[i].querySelector(".editor")?.value ?? cell.textContent;
    }));
  const formula = () => [...document.querySelectorAll(".equations [data-text]")]
    .map((element) => element.dataset.text).join(" ").replace(/\\s+/g, " ").trim();
  const picture = () =>
    [...document.querySelectorAll(".graph .node text")].map((text) => text.textContent);
  const slider = document.querySelector("input[aria-label=Step]");
  const goto = (k) => { slider.value = k; slider.dispatchEvent(new Event("input")); };
  return edits.map(([leaf, number, at]) => {
    const input = document.querySelector(`input[aria-label="Value of ${leaves[leaf]}"]`);
    input.value = number;
    input.dispatchEvent(new Event("change"));
    goto(at);
    const at_step = formula();
    goto(Number(slider.max));
    return [read(), at_step, picture()];
  });
}
"""


@pytest.mark.parametrize("seed", range(20))
@np.errstate(all="ignore")
def test_after_edits_every_text_is_pythons(seed: int, tab: Any, tmp_path: Path) -> None:
    stepper, rng = drawn(seed), random.Random(seed)
    assert is_live(stepper)
    tab.goto(Path(stepper.save(tmp_path / "page.html")).as_uri())
    leaves = [node for node in stepper.nodes if node.op is None]
    edits = [
        (
            rng.randrange(len(leaves)),
            rng.choice(EDITS) if rng.random() < 0.3 else rng.uniform(-3, 3),
            rng.randrange(len(stepper)),
        )
        for _ in range(40)
    ]
    typed = [(leaf, number(x).strip("()").replace("Infinity", "inf"), at) for leaf, x, at in edits]
    names = [stepper.names[leaf] for leaf in leaves]
    tab.keyboard.press("End")
    found = tab.evaluate(READ, [typed, names])
    now = stepper
    with np.errstate(all="ignore"):
        for (leaf, x, at), (rows, formula, picture) in zip(edits, found, strict=True):
            now = now.edited([n for n in now.nodes if n.op is None][leaf], x)
            data = page_data(now)
            wanted = [
                [n["value"], n["history"][-1][1] if n["history"] else "·"] for n in data["nodes"]
            ]
            assert rows == wanted, (seed, leaf, x)
            text = " ".join(str(now[at]).split("\n", 1)[1].split())
            assert formula == text.replace(" = ", " = "), (seed, at)
            shown = set(picture)
            assert all(n["value"] in shown for n in data["nodes"] if n["id"]), (seed, x)


def test_the_graph_is_computed_as_steppers_compute_it(run: Any) -> None:
    stepper = drawn(3)
    data = page_data(stepper)
    found = run(
        f"""const live = {live_script(stepper)};
        const leaves = live.graph.map((node) => typeof node === "number" ? node : null);
        return computed(argument, live, leaves).data;""",
        data,
    )
    plain = json.loads(json.dumps(data))
    for mine in plain["steps"]:
        for line in mine["lines"]:
            line.setdefault("result", None)
    for theirs in found["steps"]:
        for line in theirs["lines"]:
            line.setdefault("result", None)
    assert found == plain


# --- what people do ---------------------------------------------------------------------------


def value_of(tab: Any, name: str) -> Any:
    return tab.get_by_role("textbox", name=f"Value of {name}", exact=True)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1,5", "1.5"),
        ("1/3", "0.333333"),
        ("pi", "3.14159"),
        ("−2e-1", "−0.2"),
        (" -π/2 ", "−1.5708"),
    ],
)
def test_numbers_as_people_type_them(typed: str, shown: str, tab: Any, tmp_path: Path) -> None:
    tab.goto(Path(example().save(tmp_path / "page.html")).as_uri())
    value_of(tab, "a").fill(typed)
    value_of(tab, "a").press("Enter")
    assert value_of(tab, "a").input_value() == shown


def test_what_is_no_number_is_named_and_changes_nothing(tab: Any, tmp_path: Path) -> None:
    tab.goto(Path(example().save(tmp_path / "page.html")).as_uri())
    for text in ("two", "1/2/3", "", "1,2,3", "0x10", "alert(1)"):
        value_of(tab, "a").fill(text)
        value_of(tab, "a").press("Enter")
        assert text in tab.get_by_role("alert").inner_text()
        assert value_of(tab, "a").input_value() == "2"


def test_descend_hold_drag_and_reset(tab: Any, tmp_path: Path) -> None:
    stepper = example()
    tab.goto(Path(stepper.save(tmp_path / "page.html")).as_uri())
    tab.keyboard.press("End")
    a, _, c = (node for node in stepper.nodes if node.op is None)
    (stepper.root).backward()
    tab.get_by_role("button", name="What if").click()
    tab.get_by_role("checkbox", name="b learns").uncheck()
    tab.get_by_role("textbox", name="Learning rate").fill("1/2")
    tab.get_by_role("button", name="Descend one step").click()
    text = autograd.viz.text.number_text
    shown = [value_of(tab, name).input_value() for name in "abc"]
    assert shown == [text(a.data - 0.5 * a.grad), "−3", text(c.data - 0.5 * c.grad)]
    tab.get_by_role("button", name="Reset").click()
    assert [value_of(tab, name).input_value() for name in "abc"] == ["2", "−3", "10"]
    drag = tab.get_by_role("slider", name="Drag a")
    drag.focus()
    drag.press("ArrowRight")
    assert value_of(tab, "a").input_value() == "2.02"
    assert tab.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Drag")


def test_the_focus_stays_where_somebody_types(tab: Any, tmp_path: Path) -> None:
    tab.goto(Path(example().save(tmp_path / "page.html")).as_uri())
    tab.keyboard.press("End")
    value_of(tab, "b").focus()
    value_of(tab, "b").fill("4")
    value_of(tab, "b").press("Tab")
    focused = tab.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Value of c"
    assert value_of(tab, "b").input_value() == "4"


def test_keys_do_not_reach_the_page_around(tab: Any, tmp_path: Path) -> None:
    tab.goto(Path(example().save(tmp_path / "page.html")).as_uri())
    tab.evaluate(
        "window.heard = []; document.addEventListener('keydown', (e) => window.heard.push(e.key))"
    )
    tab.locator(".gradwalk-stepper").focus()
    for key in ("d", "d", "b", "a", "x", "0", "ArrowRight", "Escape", "Shift+M"):
        tab.keyboard.press(key)
    assert tab.evaluate("window.heard.filter((key) => key !== 'Shift')") == []
    tab.keyboard.press("Control+c")
    assert "c" in tab.evaluate("window.heard")


# --- what can't be alive ----------------------------------------------------------------------


def test_a_page_of_arrays_says_why_it_stands_still(tab: Any, tmp_path: Path) -> None:
    x = Tensor([1.0, 2.0], label="x")
    stepper = Stepper((x * x).sum())
    assert not is_live(stepper)
    tab.goto(Path(stepper.save(tmp_path / "page.html")).as_uri())
    assert "Stepper(scalarize(root))" in tab.locator(".help").inner_text()
    large = Tensor(np.ones((60, 60)), label="x")
    tab.goto(Path(Stepper((large * large).sum()).save(tmp_path / "page.html")).as_uri())
    assert "scalarize" not in tab.locator(".help").inner_text()
    assert "arrays" in tab.locator(".help").inner_text()


def test_what_it_adds_is_small() -> None:
    root: Any = Value(1.0, label="x")
    for i in range(30):
        root = (root * Value(0.5, label=f"w{i}") + 0.1).tanh()
    stepper = Stepper(root)
    added = len(live_script(stepper).encode()) + len(SCRIPT.encode())
    assert added < 25_000 < len(page(stepper).encode())


def test_what_was_held_stays_held(tab: Any, tmp_path: Path) -> None:
    tab.goto(Path(example().save(tmp_path / "page.html")).as_uri())
    tab.keyboard.press("End")
    tab.get_by_role("button", name="What if").click()
    tab.get_by_role("checkbox", name="b learns").uncheck()
    tab.keyboard.press("Home")  # where b is not known yet
    tab.keyboard.press("End")
    assert not tab.get_by_role("checkbox", name="b learns").is_checked()
    tab.get_by_role("button", name="Descend one step").click()
    assert value_of(tab, "b").input_value() == "−3"


def test_an_infinite_number_can_be_dragged_back(tab: Any, tmp_path: Path) -> None:
    x = Value(math.inf, label="x")
    tab.goto(Path(Stepper((-x).exp()).save(tmp_path / "page.html")).as_uri())
    tab.get_by_role("button", name="What if").click()
    drag = tab.get_by_role("slider", name="Drag x")
    drag.fill("0.5")
    assert value_of(tab, "x").input_value() == "0.5"


def test_an_edit_builds_nothing_anew(tab: Any, tmp_path: Path) -> None:
    """What is made once for a graph is not made again for other numbers."""
    tab.goto(Path(example().save(tmp_path / "page.html")).as_uri())
    tab.keyboard.press("End")
    tab.evaluate("document.querySelector('.chapter').marked = true")
    value_of(tab, "a").fill("4")
    value_of(tab, "a").press("Enter")
    assert tab.evaluate("document.querySelector('.chapter').marked") is True
