"""A stepper as a page: one HTML text that needs no network, no server and no kernel."""

import html
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

from autograd import Node, vjp
from autograd.core.node import raw
from autograd.errors import NoRenderer
from autograd.viz.picture.dot import DARK, LIGHT, Theme
from autograd.viz.picture.draw import Drawing, choose, drawn
from autograd.viz.picture.shown import to_be_shown
from autograd.viz.text import Number, array_text, number_text, one_line, operation_text, shape_text
from autograd.viz.walk.bands import add_bands
from autograd.viz.walk.live import is_live, live_script
from autograd.viz.walk.timeline import FORWARD, Moment, Timeline

STATIC = Path(__file__).parent / "static"


def static(name: str) -> str:
    return (STATIC / name).read_text(encoding="utf-8")


UNSENT = (  # imports, comments on lines of their own and behind others, and indents
    r"^import [^\n]*\n|^ *//[^\n]*\n|^ */\*\*?(?:(?!\*/).)*\*/\n|(?<=[;{,]) +// [^\n]*$|^ +"
)


def joined(*names: str) -> str:
    """Modules as one script, in which they need no imports; what is said of them stays here.

    Style sheets are joined likewise.
    """
    return re.sub(UNSENT, "", "".join(map(static, names)), flags=re.MULTILINE | re.DOTALL)


STYLE = joined("stepper.css")
SCRIPT = joined("elements.js", "reading.js", "mathematics.js", "picture.js", "stepper.js")
PICTURED = 400  # nodes; a larger graph is stepped through without a picture
LIMIT = 2000  # nodes that a page can hold
CELLS = 8000  # numbers of arrays that a page shows one by one
SCHEMES = {"light": "light", "dark": "dark", "auto": "light dark"}
HEIGHT = 720  # of the frame in a notebook, in pixels, where a short table doesn't need less


def page_data(stepper: Timeline) -> dict[str, Any]:
    """What `static/stepper.js` shows: nodes, steps and the picture, as plain JSON."""
    if len(stepper.nodes) > LIMIT:
        asked = f"a page holds at most {LIMIT:,} nodes, got {len(stepper.nodes):,}"
        remedy = "step in Python or a terminal, or make the page of a smaller graph"
        raise ValueError(f"{asked}; {remedy}")
    shown = _most_elements(stepper)
    place = {node: i for i, node in enumerate(stepper.nodes)}
    svg, ids, note = _picture(stepper)
    nodes = [
        {
            "name": stepper.names[node],
            "operation": one_line(operation_text(node)),
            "row": node.op.name if node.op else "",
            "id": ids.get(node),
            "value": quantity(stepper.value(node), shown),
            "operands": [
                place[x] if isinstance(x, Node) else quantity(x, shown) for x in node.operands
            ],
            "history": [[k, quantity(g, shown)] for k, g in stepper.history(node)],
        }
        for node in stepper.nodes
    ]
    steps = [_step_data(moment, place, shown) for moment in stepper]
    name = stepper.names[stepper.root]
    still = "" if is_live(stepper) else _why_still(stepper)
    says = {node.op.name: node.op.says for node in stepper.nodes if node.op and node.op.says}
    whole = {"name": name, "nodes": nodes, "steps": steps, "says": says}
    return {**whole, "svg": svg, "note": note, "still": still}


def _why_still(stepper: Timeline) -> str:
    """Why nothing can be edited without Python, and what to do about it."""
    why = "Numbers can be edited in a page where all are single ones, not arrays"
    if sum(node.size for node in stepper.nodes) > LIMIT or stepper.root.size != 1:
        return f"{why}."
    return f"{why}: Stepper(scalarize(root)) steps through these one by one."


def _step_data(moment: Moment, place: dict[Node, int], shown: int) -> dict[str, Any]:
    lines: list[dict[str, Any]] = []
    slopes = [] if moment.phase == FORWARD else _locals(moment)
    for line in (line for line in moment.lines if line.symbols):
        sides = list(dict.fromkeys(filter(None, [line.symbols, line.numbers])))
        lines.append({"to": place[line.node], "name": line.name, "sides": sides})
        if moment.phase != FORWARD:
            local = slopes[len(lines) - 1]
            if local is not None:
                lines[-1]["local"] = number_text(local)
            so_far = moment.stepper.gradient(line.node, moment.position)
            assert so_far is not None  # the line has just added to it
            result = quantity(line.result, shown)
            if result != quantity(so_far, shown):
                lines[-1]["result"] = result  # what it adds, which is not all of it
    source = moment.line and str(moment.line)
    return {"node": place[moment.node], "source": source, "lines": lines}


def _locals(moment: Moment) -> list[float | None]:
    """The local derivatives, a number for each line, where the step is one of single numbers."""
    step = moment.stepper.steps[moment.position - len(moment.stepper.nodes)]
    if type(step.node.raw) is not float or any(np.ndim(raw(x)) for x in step.node.operands):
        return [None for sent in step.sent if sent is not None]
    with np.errstate(all="ignore"):
        found = vjp(step.node, 1.0)
    return [x for x, sent in zip(found, step.sent, strict=True) if sent is not None]


def quantity(raw: Number, shown: int) -> str | dict[str, Any]:
    """A number as text; an array by its shape, with its numbers where it has at most `shown`.

    >>> quantity(-0.5, 4), quantity(np.array([1.0, 2.0]), 4)
    ('−0.5', {'shape': '2', 'rows': [['1', '2']]})
    """
    array = np.asarray(raw)
    if array.ndim == 0:
        return number_text(raw)
    shape = shape_text(array.shape)
    if not 0 < array.size <= shown:
        return {"shape": shape, "summary": number_text(raw).removeprefix(shape).strip()}
    rows = np.reshape(array, (-1, array.shape[-1]))
    return {"shape": shape, "rows": [[array_text(x) for x in row] for row in rows]}


def _most_elements(stepper: Timeline) -> int:
    """The largest size of arrays to show in full, so that the page stays small."""
    sizes = [node.size * (2 + len(node.operands)) for node in stepper.nodes if node.ndim]
    return next(n for n in (64, 32, 16, 8, 4, 0) if sum(s for s in sizes if s <= 3 * n) <= CELLS)


def drawing(stepper: Timeline, theme: str = "auto") -> Drawing:
    """The graph with all values and gradients; a very large one is collapsed."""
    root, named = stepper.root, stepper.names
    gradients = {node: stepper.gradient(node, len(stepper)) for node in stepper.nodes}
    shown = to_be_shown(root, PICTURED, labels=named, gradients=gradients)
    add_bands(shown, stepper)
    return drawn(shown, root, "LR", theme, None)


def _picture(stepper: Timeline) -> tuple[str, dict[Node, str], str]:
    """The graph as SVG, the ids of its nodes, and why there is none."""
    if len(stepper.nodes) > PICTURED:
        return "", {}, f"A graph of {len(stepper.nodes):,} nodes is too large for a picture."
    picture = drawing(stepper, "light")  # its colours become variables of the page
    picture.attr("graph", ranksep="0.55")  # room for what runs along the edges
    try:
        svg = picture.pipe(format="svg", encoding="utf-8")
    except NoRenderer as error:
        return "", {}, str(error)
    return compact(svg), picture.ids, ""


def compact(svg: str) -> str:
    """A drawing's SVG as part of a page: half as long, and with the colours of both themes.

    Edges lose their titles, which would pop up as tips, and tell their ends in `data-ends`. What
    texts have in common is left to the page's CSS.
    """
    svg = re.sub(r"<!--.*?-->", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    svg = re.sub(
        r'<g id="[^"]*" class="edge">\s*<title>(.*?)&#45;&gt;(.*?)</title>',
        lambda edge: f'<g class="edge" data-ends="{edge[1]} {edge[2]}">',
        svg,
    )
    svg = re.sub(r"<title>.*?</title>", "", svg)
    svg = re.sub(r'<path (fill="#[^>]*?) d="([^"]*)"/>', _rectangle, svg)
    svg = re.sub(
        r' (?:d|points|x|y)="[^"]*"',
        lambda found: re.sub(
            r"-?\d+\.\d+", lambda x: f"{float(x[0]):.1f}".removesuffix(".0"), found[0]
        ),
        svg,
    )
    edge = re.escape(LIGHT.edge)
    svg = re.sub(
        rf' (?:text-anchor="start"|font-family="[^"]*"|font-size="11.00"|fill="{LIGHT.ink}"'
        rf'|fill="(?:none|{edge})" stroke="{edge}")',
        "",
        svg,
    )
    variables = ""
    for (name, light), dark in zip(colours(LIGHT).items(), colours(DARK).values(), strict=True):
        svg = svg.replace(f'"{light}"', f'"var(--{name})"')
        variables += f"--{name}:light-dark({light},{dark});"
    svg = svg.replace("<svg ", f'<svg style="{variables}" ', 1)
    return re.sub(r">\s+<", "><", svg)


def _rectangle(path: re.Match[str]) -> str:
    """A box, which Graphviz draws as eight curves."""
    points = filter(None, re.split("[MC ]+", path[2]))
    corners = [map(float, point.split(",")) for point in points]
    (left, right), (top, bottom) = ((min(xs), max(xs)) for xs in zip(*corners, strict=True))
    size = f'width="{right - left:.1f}" height="{bottom - top:.1f}"'
    return f'<rect {path[1]} x="{left}" y="{top}" {size} rx="6"/>'


def colours(theme: Theme) -> dict[str, str]:
    """The colours of a theme, by what the page's CSS calls them."""
    texts = {"ink": theme.ink, "muted": theme.muted, "slope": theme.gradient, "edge": theme.edge}
    styles = [colour for style in theme.styles.values() for colour in style]
    return texts | {f"c{i}": colour for i, colour in enumerate(styles)}


def page(stepper: Timeline, theme: str = "auto") -> str:
    """The page as HTML."""
    choose("theme", theme, tuple(SCHEMES))
    data = page_data(stepper)
    svg = data.pop("svg")  # beside the JSON it needs no escapes
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    script, alive = SCRIPT, ""
    if is_live(stepper):
        script += joined("live.js")
        alive = f", compute: computed, live: {live_script(stepper)}"
    return f"""<!doctype html>
<html lang="en" style="color-scheme: {SCHEMES[theme]}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Stepping through {html.escape(data["name"])}</title>
<style>
body {{ margin: 0; background: light-dark(#fbfaf7, #11151b); }}
{STYLE}.gradwalk-stepper {{ color-scheme: inherit; }}
</style>
<body>
<template id="picture">{svg}</template>
<script type="application/json" id="data">{text}</script>
<script type="module">
{script}
const onStep = (k) => {{ // so that a link leads to a step
  if (location.protocol !== "about:") history.replaceState(null, "", `#step=${{k}}`);
}};
addEventListener("message", ({{ data }}) => {{ // from the notebook around: see `frame` in Python
  if (data.gradwalk) document.documentElement.style.colorScheme = data.gradwalk;
}});
const asked = () => Number(/^#step=(\\d+)$/.exec(location.hash)?.[1] ?? {stepper.position});
const [data, picture] = ["data", "picture"].map((id) => document.getElementById(id));
const view = mount(
  document.body,
  {{ ...JSON.parse(data.textContent), svg: picture.innerHTML }},
  {{ step: asked(), onStep{alive} }},
);
addEventListener("hashchange", () => view.show(asked()));
</script>
</html>
"""


def frame(stepper: Timeline) -> str:
    """The page in a frame of its own, for the output of a notebook cell, whose theme it follows."""
    short = all(node.ndim == 0 for node in stepper.nodes)
    height = min(HEIGHT, 400 + 32 * len(stepper.nodes)) if short else HEIGHT
    return (
        f'<iframe srcdoc="{html.escape(page(stepper))}" title="Stepping through '
        f'{html.escape(stepper.names[stepper.root])}" sandbox="allow-scripts" loading="lazy" '
        f'style="width: 100%; height: {height}px; border: 0"></iframe>'
        f"<script>{static('frame.js')}</script>"
    )
