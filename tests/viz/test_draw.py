"""Drawing: what is in the picture, in what order, and by which renderer."""

from __future__ import annotations

import builtins
import itertools
import math
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

import autograd
import nets
from autograd import Tensor, Value
from autograd.arithmetic import lecture as lesson
from autograd.errors import NoRenderer
from autograd.testing.strategies import Expression, expressions
from autograd.viz import draw
from autograd.viz.picture.boxes import open_scalars
from autograd.viz.picture.collapse import by_structure
from autograd.viz.picture.dot import THEMES, WIDTH, mixed
from autograd.viz.picture.draw import by_pygraphviz
from autograd.viz.picture.shown import Shown, to_be_shown
from autograd.viz.text import in_sign, number_text, one_line

LABELS = [
    '"quotes"',
    "a < b & c > d",
    "back\\slash\\n",
    "two\nlines",
    "</script>",
    "权重",
    "<b>x</b>",
    r"it's 100 % \N \G &amp; 🙂",
    "]",
    "]" * 50,
]


def no_renderer() -> bool:
    try:
        draw(Value(1.0)).pipe("svg")
    except NoRenderer:
        return True
    return False


needs_a_renderer = pytest.mark.skipif(
    no_renderer(), reason="neither dot nor pygraphviz can be used here"
)


def shown(root: Any, **options: Any) -> Shown:
    defaults = {"limit": 500, "depth": None, "expand": (), "scalars": False, "modules": {}}
    return to_be_shown(root, **(defaults | options))


def edges_of(drawing: Any) -> list[tuple[str, str]]:
    return re.findall(r"^\s*(\w+) -> (\w+)", drawing.source, re.MULTILINE)


def texts_of(svg: str) -> list[str]:
    return [
        x.text or "" for x in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    ]


def worked_example() -> Any:
    weights = {name: Value(w, label=name) for name, w in lesson.WEIGHTS.items()}
    error = lesson.error(weights)["E"]
    error.backward()
    return error


# --- what is shown ----------------------------------------------------------------------------


@given(expressions())
def test_every_operand_has_its_edge_in_order(expression: Expression) -> None:
    root = expression.output
    found = shown(root, limit=10_000)
    boxes = {box.id: box for box in found.boxes}
    assert len(boxes) == len(found.boxes)
    for node in autograd.toposort(root):
        into = [tail for tail, head, _ in found.edges if head == found.ids[node]]
        operands = [x for i, x in enumerate(node.operands) if not in_sign(node, i)]
        assert len(into) == len(operands)
        for tail, operand in zip(into, operands, strict=True):
            if isinstance(operand, autograd.Node):
                assert tail == found.ids[operand]
            else:
                assert boxes[tail].kind == "constant"


@given(expressions(), st.integers(1, 12))
def test_a_collapsed_graph_fits_and_has_no_circle(expression: Expression, limit: int) -> None:
    found = shown(expression.output, limit=limit)
    assert sum(box.kind != "constant" for box in found.boxes) <= limit
    check_sound(found, expression.output)


PATHS = st.sampled_from(["", "a", "a.b", "c.0", "c.1", "c.2", "c.0.d", "c.1.d", None])


@given(
    expressions(),
    st.lists(PATHS, min_size=40, max_size=40),
    st.sampled_from([None, 0, 1, 2, 3]),
    st.booleans(),
    st.sampled_from([500, 20, 5]),
)
def test_any_modules_give_a_sound_picture(
    expression: Expression, paths: list[str | None], depth: int | None, scalars: bool, limit: int
) -> None:
    order = autograd.toposort(expression.output)
    made = {
        node: (path, "Kind")
        for node, path in zip(order, itertools.cycle(paths), strict=False)
        if path is not None and node.op
    }
    expand = {path for path, _ in made.values()} & {"c.0", "a"}
    found = shown(
        expression.output, modules=made, depth=depth, limit=limit, expand=expand, scalars=scalars
    )
    if not expand:
        check_sound(found, expression.output)
    ids = {box.id for box in found.boxes}
    assert all(tail in ids and head in ids for tail, head, _ in found.edges)
    assert {place for box in found.boxes for place in [box.place] if place} <= found.clusters.keys()


def check_sound(found: Shown, root: Any) -> None:
    """Every node has its box, and no way through the boxes leads back to where it began."""
    groups = [box for box in found.boxes if box.kind != "constant"]
    assert {found.ids[node] for node in autograd.toposort(root)} == {box.id for box in groups}
    assert len({box.id for box in found.boxes}) == len(found.boxes)
    after: dict[str, set[str]] = {}
    for tail, head, _ in found.edges:
        after.setdefault(tail, set()).add(head)
    done: set[str] = set()
    waiting = [box.id for box in found.boxes]
    while waiting:  # what nothing open leads to any more, again and again
        free = [x for x in waiting if not any(x in after.get(y, ()) for y in waiting)]
        assert free, "a circle"
        done.update(free)
        waiting = [x for x in waiting if x not in done]


def test_an_operand_used_twice_has_two_edges() -> None:
    a, b = Value(2.0, label="a"), Value(3.0, label="b")
    assert edges_of(draw(a + a)) == [("n0", "n1"), ("n0", "n1")]
    assert edges_of(draw(b - a)) == [("n1", "n2"), ("n0", "n2")]


@needs_a_renderer
def test_the_worked_example_shows_every_number() -> None:
    texts = " ".join(texts_of(draw(worked_example()).pipe("svg", encoding="utf-8")))
    for figure in ("0.680267", "0.663739", "0.690283", "0.0181039"):
        assert figure in texts
    for gradient in ("0.027674", "0.0270016", "0.000929071", "0.00238904", "0.00286008"):
        assert f"∂ {gradient}" in texts


def test_leaves_constants_and_results_look_different() -> None:
    boxes = shown(Value(2.0, label="a") * 3.0).boxes
    assert [(box.title, box.kind) for box in boxes] == [
        ("a", "leaf"),
        ("", "constant"),
        ("", "result"),
    ]
    looks = {
        re.search(r"color=.*?fillcolor=\S+|style=\S+", line)[0]
        for line in (  # type: ignore[index]
            line for line in draw(Value(2.0) * 3.0).source.splitlines() if "class=" in line
        )
    }
    assert len(looks) == 3


def test_small_arrays_show_numbers_and_large_ones_their_range() -> None:
    small = shown(Tensor([[1.0, 2.0], [3.0, 4.5]])).boxes[0]
    assert (small.aside, small.value) == ("2×2", ["1  2", "3  4.5"])
    large = shown(Tensor(np.arange(-1.0, 99.0))).boxes[0]
    assert (large.aside, large.value) == ("100", ["in −1 … 98", "norm 564.4"])
    broken = shown(Tensor([*range(20), np.nan])).boxes[0]
    assert broken.value[-1] == "1 not finite"


def test_colour_follows_the_gradient() -> None:
    a, b = Value(2.0, label="a"), Value(30.0, label="b")
    root = a * b
    assert draw(root).source == draw(root, color_by=None).source
    root.backward()
    coldest, hottest, below = THEMES["light"].heat
    fills = dict(re.findall(r"<B>(\w)</B>.*fillcolor=\"(#\w+)\"", draw(root).source))
    assert fills["a"] == hottest and fills["b"] not in (hottest, coldest)
    assert draw(root).source.count(f'fillcolor="{coldest}"') == 1, "the seed is left out"
    signs = draw(root, gradients={a: -3.0, b: math.nan}).source
    fills = dict(re.findall(r"<B>(\w)</B>.*fillcolor=\"(#\w+)\"", signs))
    assert fills == {"a": below, "b": THEMES["light"].odd}
    assert draw(root).source != draw(root, color_by=None).source
    one = draw(root, gradients={a: 1.0}).source
    fills = dict(re.findall(r"<B>(\w)</B>.*fillcolor=\"(#\w+)\"", one))
    assert fills == {"a": hottest, "b": coldest}, "b has none"


def test_themes_and_directions_differ_in_nothing_else() -> None:
    root = worked_example()
    bare = {
        re.sub(r'"#\w{6}"|transparent|rankdir=\w+', "", draw(root, theme=t, direction=d).source)
        for t, d in itertools.product(("light", "dark", "auto"), ("LR", "TB"))
    }
    assert len(bare) == 1


def luminance(colour: str) -> float:
    """Relative luminance as the Web Content Accessibility Guidelines define it."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]
    return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("name", THEMES)
def test_text_can_be_read_on_every_fill(name: str) -> None:
    theme = THEMES[name]
    fills = [fill for fill, _ in theme.styles.values()]
    none, *ends = theme.heat
    fills += [mixed(none, end, step / 10) for step in range(11) for end in ends]
    fills.append(theme.odd)
    for fill, colour in itertools.product(fills, (theme.ink, theme.muted, theme.gradient)):
        dark, light = sorted((luminance(fill), luminance(colour)))
        assert (light + 0.05) / (dark + 0.05) >= 4.5


@pytest.mark.parametrize(
    "wrong",
    [{"direction": "up"}, {"theme": "pink"}, {"color_by": "op"}, {"limit": 0}, {"depth": -1}],
)
def test_wrong_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be"):
        draw(Value(1.0), **wrong)


def test_what_is_no_node_is_refused() -> None:
    with pytest.raises(TypeError, match="got float"):
        draw(1.0)  # type: ignore[arg-type]


# --- labels -----------------------------------------------------------------------------------


@needs_a_renderer
@pytest.mark.parametrize("label", LABELS)
def test_labels_are_text(label: str) -> None:
    svg = draw(Value(1.0, label=label) * 2.0).pipe("svg", encoding="utf-8")
    assert one_line(label, WIDTH) in texts_of(svg)


@needs_a_renderer
@settings(max_examples=20)
@given(st.lists(st.text(min_size=1, max_size=30), max_size=20))
def test_any_label_is_text(labels: list[str]) -> None:
    root = sum((Value(1.0, label=label) for label in labels), start=Value(1.0))
    texts = texts_of(draw(root, direction="TB").pipe("svg", encoding="utf-8"))
    for label in labels:
        shown_label = " ".join(one_line(label).split())  # white space is not told apart
        assert shown_label in {" ".join(text.split()) for text in texts} or not shown_label


@needs_a_renderer
@settings(max_examples=10)
@given(expressions(), st.booleans())
def test_every_box_is_in_the_svg(expression: Expression, open_all: bool) -> None:
    order = autograd.toposort(expression.output)
    expand = [node for node in order if node.ndim and open_all]
    drawing = draw(expression.output, expand=expand)
    svg = ElementTree.fromstring(drawing.pipe("svg"))
    kinds = {"node leaf", "node result", "node constant"}
    ids = [
        g.get("id") for g in svg.iter("{http://www.w3.org/2000/svg}g") if g.get("class") in kinds
    ]
    assert sorted(ids) == sorted(box.id for box in shown(expression.output, expand=expand).boxes)


@needs_a_renderer
def test_svg_ids_are_those_of_the_nodes() -> None:
    a = Value(2.0, label="a")
    root = a * a
    drawing = draw(root)
    svg = ElementTree.fromstring(drawing.pipe("svg"))
    found = {g.get("id") for g in svg.iter("{http://www.w3.org/2000/svg}g")}
    assert {drawing.ids[a], drawing.ids[root]} <= found


# --- the same for the same --------------------------------------------------------------------

DETERMINISTIC = """
import numpy as np
from autograd import Tensor, Value
from autograd.viz import draw
x = Tensor([[1.0, 2.0]], label="x")
y = ((x @ np.ones((2, 2))).tanh() + x).sum()
y.backward()
v = Value(2.0)
for _ in range(300):
    v = v * v + 1e-3 * v
print(draw(y).source, draw(y, expand=[x, *y.operands]).source, draw(v, limit=9).source)
"""


def test_the_dot_text_does_not_depend_on_the_hash_seed() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-c", DETERMINISTIC],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[2],
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(found) == 1
    assert next(iter(found)).count(b"digraph") == 3


# --- renderers --------------------------------------------------------------------------------


@pytest.fixture
def no_dot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.fixture
def nothing(no_dot: None, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *args: Any, **options: Any) -> Any:
        if name == "pygraphviz":
            raise ImportError("No module named 'pygraphviz'")
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)


def check_files(folder: Path) -> None:
    drawing = draw(worked_example())
    for name, start in (("g.svg", b"<?xml"), ("g.png", b"\x89PNG"), ("g.pdf", b"%PDF")):
        path = drawing.save(folder / "deep" / name)
        assert Path(path).read_bytes().startswith(start)
    bundle = drawing._repr_mimebundle_()
    assert "h1" in texts_of(bundle["image/svg+xml"])
    assert "Generated by graphviz" not in bundle["image/svg+xml"]
    assert bundle["text/plain"] == "<drawing of 21 nodes in 21 boxes>"


def test_with_dot(tmp_path: Path) -> None:
    if shutil.which("dot") is None:
        pytest.skip("the program `dot` is not installed")
    check_files(tmp_path)


def test_with_pygraphviz_alone(
    no_dot: None, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pygraphviz", exc_type=ImportError)
    check_files(tmp_path)
    source = draw(worked_example()).source
    assert by_pygraphviz(source, "svg") == by_pygraphviz(source, "svg")
    assert capfd.readouterr().err == ""


def test_with_neither(nothing: None, tmp_path: Path) -> None:
    drawing = draw(worked_example())
    with pytest.raises(NoRenderer, match=r"apt install graphviz.*pip install 'gradwalk\[viz\]'"):
        drawing.save(tmp_path / "g.svg")
    assert not (tmp_path / "g.svg").exists()
    path = drawing.save(tmp_path / "g.dot")
    assert Path(path).read_text(encoding="utf-8") == drawing.source
    assert drawing.source in drawing._repr_mimebundle_()["text/plain"]


# --- modules ----------------------------------------------------------------------------------


def model(blocks: int = 3) -> tuple[Any, dict[Any, Any]]:
    """Equal blocks in a row and a head, with the record of which module made what."""
    made: dict[Any, Any] = {}

    def linear(path: str, x: Any, n: int) -> Any:
        weight = Tensor(np.full((2, n), 0.1), label=f"{path}.weight")
        before = x @ weight
        made[before] = (path, "Linear")
        return before

    x: Any = Tensor([[1.0, 2.0]], label="x")
    for i in range(blocks):
        hidden = linear(f"blocks.{i}.inner", x, 2)
        x = hidden.tanh() + x
        made |= {x: (f"blocks.{i}", "Block"), x.operands[0]: (f"blocks.{i}", "Block")}
    return linear("head", x, 1).sum(), made


def test_modules_are_clusters() -> None:
    root, made = model(1)
    source = draw(root, modules=made).source
    assert 'subgraph "cluster_blocks.0/inner"' in source and "subgraph cluster_head" in source
    places = {box.title: box.place for box in shown(root, modules=made).boxes}
    assert places["weight"] == ("head",)
    assert places["x"] == ()


def test_closed_modules_are_a_box_each() -> None:
    root, made = model(1)
    found = shown(root, modules=made, depth=1)
    assert [box.title for box in found.boxes if box.kind == "group"] == ["blocks.0", "head"]
    block = next(box for box in found.boxes if box.title == "blocks.0")
    assert block.value == ["3 operations", "4 parameters", "gives 1×2"]
    opened = shown(root, modules=made, depth=1, expand=["head"])
    assert [box.title for box in opened.boxes if box.kind == "group"] == ["blocks.0"]


def test_a_closed_module_is_coloured_by_the_gradient_of_what_leaves_it() -> None:
    root, made = model(1)
    root.backward()
    block = next(b for b in shown(root, modules=made, depth=1).boxes if b.title == "blocks.0")
    leaves = next(node for node, (path, _) in made.items() if path == "blocks.0")
    assert leaves.op.name == "add"
    assert block.slope == pytest.approx(np.linalg.norm(leaves.grad), rel=1e-12)


@pytest.mark.parametrize("depth", [1, 2, None])
def test_equal_blocks_are_folded(depth: int | None) -> None:
    root, made = model(5)
    folded, single = shown(root, modules=made, depth=depth), model(1)
    alone = shown(single[0], modules=single[1], depth=depth)
    assert len(folded.boxes) == len(alone.boxes)
    assert len(folded.edges) == len(alone.edges)
    titles = [*folded.clusters.values(), *(box.title for box in folded.boxes)]
    assert any("×5" in title for title in titles)
    assert not any("×" in x for x in [*alone.clusters.values(), *(b.title for b in alone.boxes)])


def test_the_blocks_of_a_transformer_are_folded() -> None:
    rng = np.random.default_rng(0)
    blocks = [nets.TransformerBlock(4, 2, rng=rng) for _ in range(3)]
    with nets.trace_modules() as made:
        root = nets.Sequential(*blocks)(Tensor(np.ones((1, 3, 4)))).sum()
    (block,) = (box for box in shown(root, modules=made, depth=1).boxes if box.kind == "group")
    assert (block.title, block.aside) == ("0 … 2  ×3", "TransformerBlock")
    parameters = sum(p.size for p in blocks[0].parameters())
    assert block.value[1:] == [f"{parameters} parameters", "gives 1×3×4"]
    opened = shown(root, modules=made, depth=2).boxes
    assert {"norm1", "self_attn", "linear1"} <= {box.title for box in opened}


def test_blocks_that_differ_are_not_folded() -> None:
    root, made = model(2)
    other = next(
        node for node, (path, _) in made.items() if path == "blocks.1" and node.op.name == "add"
    )
    changed = {**made, other: ("", "Model")}
    assert len(shown(root, modules=changed).boxes) > len(shown(root, modules=made).boxes)


def test_every_call_of_a_module_has_a_cluster_of_its_own() -> None:
    shared = nets.Linear(2, 2, rng=np.random.default_rng(0))

    class Twice(nets.Module):
        def __init__(self) -> None:
            self.layer = shared

        def forward(self, x: Any) -> Any:
            return self.layer(self.layer(x).tanh())

    with nets.trace_modules() as made:
        root = Twice()(Tensor([1.0, 2.0], label="x")).sum()
    assert set(shown(root, modules=made).clusters.values()) == {"layer", "layer (call 2)"}
    boxes = shown(root, modules=made, depth=1).boxes
    assert [b.title for b in boxes if b.kind == "group"] == ["layer", "layer (call 2)"]
    assert {b.title for b in boxes if b.kind == "leaf"} == {"x", "layer.weight", "layer.bias"}
    (whole,) = (b for b in shown(root, modules=made, depth=0).boxes if b.kind == "group")
    assert whole.value == ["7 operations", "6 parameters", "gives 2"]
    opened = shown(root, modules=made, depth=1, expand=["layer"]).boxes
    assert not any(box.kind == "group" for box in opened)


def test_modules_close_where_they_do_not_fit() -> None:
    root, made = model(1)
    found = shown(root, modules=made, limit=6)
    assert sum(box.kind != "constant" for box in found.boxes) <= 6
    assert "closed to fit" in found.notes[0]


def test_modules_make_way_for_structure_where_even_closed_they_do_not_fit() -> None:
    root, made = model(1)
    found = shown(root, modules=made, limit=1)
    assert [box.kind for box in found.boxes] == ["group"]
    assert found.clusters == {}
    assert "drawn as 1 boxes: regions" in found.notes[0]


# --- expanding --------------------------------------------------------------------------------


def test_a_tensor_node_opens_into_its_scalars() -> None:
    x, w = Tensor([1.0, 2.0], label="x"), Tensor([3.0, 4.0], label="w")
    product = x @ w
    root = product * 1.0
    root.backward()
    found = shown(root, expand=[product])
    symbols = [box.symbol for box in found.boxes if box.id.startswith(found.ids[product])]
    assert sorted(symbols) == ["+", "×", "×"]
    assert {"x[0]", "x[1]", "w[0]", "w[1]"} <= {box.title for box in found.boxes}
    leaves = {box.title: box.gradient for box in found.boxes if box.title}
    assert leaves["x[1]"] == ["4"] and leaves["w[0]"] == ["1"]


def test_folded_blocks_open_into_the_scalars_of_the_first() -> None:
    (folded, made), (single, alone) = model(4), model(1)
    opened = shown(folded, modules=made, expand=["blocks.0"], scalars=True)
    first = shown(single, modules=alone, expand=["blocks.0"], scalars=True)
    assert len(opened.boxes) == len(first.boxes)
    assert len(opened.edges) == len(first.edges)
    assert sum(box.symbol == "×" for box in opened.boxes) == 4, "a row of 2 by a 2×2 matrix"


@given(expressions())
def test_every_tensor_can_be_opened(expression: Expression) -> None:
    root = expression.output
    tensors = [node for node in autograd.toposort(root) if node.ndim]
    found = shown(root, expand=tensors, limit=3_000)
    ids = {box.id for box in found.boxes}
    assert len(ids) == len(found.boxes)
    assert all(tail in ids and head in ids for tail, head, _ in found.edges)


@given(expressions(smooth=True))
def test_opened_scalars_have_the_numbers_of_their_node(expression: Expression) -> None:
    expression.output.backward()
    for node in autograd.toposort(expression.output):
        opened = open_scalars("n", node, ())
        boxes = {box.id: box for box in opened.boxes}
        used = {tail for tail, _ in opened.edges}
        for i, element in enumerate(opened.elements):
            if element in boxes and element not in used and boxes[element].kind != "constant":
                number = np.ravel(node.data)[i]
                either = (number, -number) if number == 0 else (number,)  # NumPy's sums begin at +0
                assert boxes[element].value in [[number_text(x)] for x in either]
                if node.grad is not None:
                    gradient = np.ravel(node.grad)[i]
                    assert boxes[element].slope == pytest.approx(gradient, nan_ok=True)


def test_scalars_are_recorded_whatever_the_mode() -> None:
    x = Tensor([1.0, 2.0], label="x")
    with autograd.no_grad():
        boxes = shown((x * x).sum(), expand=[]).boxes
    assert [box.kind for box in boxes] == ["leaf"]
    root = (x * x).sum()
    outside = shown(root, expand=[root])
    with autograd.no_grad():
        assert shown(root, expand=[root]).boxes == outside.boxes


def test_elements_of_what_leaves_a_closed_module_keep_their_own_places() -> None:
    network = nets.MLP(3, 2, 4, 1, rng=np.random.default_rng(0))
    with nets.trace_modules() as made:
        root = network(Tensor(np.ones((2, 3)), label="x"))
    found = shown(root, modules=made, depth=0, expand=["layers.2"], scalars=True)
    labels = {label for _, _, label in found.edges}
    assert {f"[{i},{j}]" for i in range(2) for j in range(4)} <= labels


def test_what_is_too_large_to_open_stays_closed_and_says_so() -> None:
    x = Tensor(np.ones((50, 50)), label="x")
    found = shown((x @ x).sum(), expand=[x])
    assert len(found.boxes) == 3
    assert found.notes == ["too many scalars to open: x"]
    a, b = Tensor(np.ones(100), label="a"), Tensor(np.ones(100), label="b")
    found = shown(a + b, expand=[a, b], limit=150)
    assert sum(box.title.startswith("a[") for box in found.boxes) == 100
    assert found.notes == ["too many scalars to open: b"]


def test_what_is_not_there_cannot_be_opened() -> None:
    root, made = model(1)
    with pytest.raises(ValueError, match=r"no module 'tail' .*: blocks.0, blocks.0.inner, head"):
        draw(root, modules=made, expand=["tail"])
    with pytest.raises(ValueError, match=r"'a' .* is not in this graph"):
        draw(root, expand=[Tensor([1.0], label="a")])


# --- large graphs -----------------------------------------------------------------------------


def test_a_scalar_network_collapses_to_its_layers() -> None:
    weights = [[Value(0.1, label=f"w[{i},{j}]") for j in range(8)] for i in range(8)]
    total: Any = Value(0.0)
    for _ in range(20):
        x = [Value(1.0, label="x") for _ in range(8)]
        total = total + sum(
            sum(w * v for w, v in zip(row, x, strict=True)).tanh() for row in weights
        )
    boxes = shown(total, limit=100).boxes
    counts = {box.symbol: box.aside for box in boxes if box.symbol in ("×", "tanh")}
    assert counts == {"×": "×1,280", "tanh": "×160"}
    note = shown(total, limit=100).notes[0]
    assert note.startswith(f"{len(autograd.toposort(total)):,} nodes are drawn as {len(boxes)}")


def test_a_box_of_many_tells_between_what_their_gradients_lie() -> None:
    x = [Value(float(i), label=f"x[{i}]") for i in range(5)]
    root = sum(v * v for v in x)
    root.backward()
    boxes = {box.title: box for box in shown(root, limit=4).boxes}
    assert boxes["x"].gradient == ["in 0 … 8"]
    assert boxes["x"].slope == pytest.approx(2 * np.sqrt(30))


@pytest.mark.parametrize(
    ("array", "text"), [(np.full(20, np.nan), "nothing finite"), (np.zeros((2, 0)), "empty")]
)
def test_a_box_of_many_without_a_number_says_so(array: np.ndarray, text: str) -> None:
    leaves = [Tensor(array) for _ in range(5)]
    boxes = {box.title: box for box in shown(sum(x * x for x in leaves).sum(), limit=4).boxes}
    assert boxes["leaves"].aside.startswith("×5 of ")
    assert boxes["leaves"].value == [text]


def test_a_million_nodes_are_drawn_collapsed() -> None:
    a = Value(1.0, label="a")
    total = a
    for _ in range(1_000_000):
        total = total + a
    drawing = draw(total)
    assert drawing.source.count("\n") < 30
    assert "1,000,001 nodes are drawn as 2 boxes" in drawing.source


def test_a_run_is_left_from_its_end_alone() -> None:
    a = Value(1.0, label="a")
    inner = a + a + a
    root = (inner + a) * inner
    assert len(set(by_structure(autograd.toposort(root), 100).owner.values())) == 4


@needs_a_renderer
def test_only_what_is_a_picture_or_dot_is_saved(tmp_path: Path) -> None:
    drawing = draw(Value(2.0, label="a") * 3.0)
    for name in ("g.jpg", "g.gif", "g.webp", "g.eps", "g.html"):
        with pytest.raises(ValueError, match=rf"saved as \.svg, .* got '.*{name}'"):
            drawing.save(tmp_path / name)
    assert not list(tmp_path.iterdir())
    drawing.save(tmp_path / "g.dot")
    drawing.save(tmp_path / "sharp.png")
    drawing.save(tmp_path / "coarse.png", dpi=48)
    sharp, coarse = (
        int.from_bytes((tmp_path / f"{name}.png").read_bytes()[16:20], "big")
        for name in ("sharp", "coarse")
    )
    assert 3.5 < sharp / coarse < 4.5


@needs_a_renderer
def test_an_svg_carries_both_palettes() -> None:
    a = Value(2.0, label="a")
    root = a * -3.0
    root.backward()
    svg = draw(root).pipe("svg", encoding="utf-8")
    ElementTree.fromstring(svg)
    assert "prefers-color-scheme:dark" in svg and "[data-jp-theme-light=false]" in svg
    for theme in ("light", "dark"):
        assert "<style>" not in draw(root, theme=theme).pipe("svg", encoding="utf-8")


def test_so_many_levels_of_modules_are_open_that_the_boxes_can_be_taken_in() -> None:
    rng = np.random.default_rng(0)
    size = itertools.count(2)

    def layer() -> nets.Sequential:  # each of another size, so that none are folded
        n = next(size)
        return nets.Sequential(nets.Linear(n, n + 1, rng=rng), nets.Tanh())

    model = nets.Sequential(*(nets.Sequential(*(layer() for _ in range(4))) for _ in range(6)))
    with nets.trace_modules() as made:
        root = model(np.ones((1, 2))).sum()
    boxes = {depth: len(shown(root, modules=made, depth=depth).boxes) for depth in (None, 3, 4)}
    assert boxes[None] == boxes[3] <= 60 < boxes[4]
