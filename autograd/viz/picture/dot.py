"""A shown graph as DOT text, in the colours of a theme."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import graphviz

from autograd.viz.picture.boxes import Box
from autograd.viz.picture.modules import Path
from autograd.viz.picture.shown import Shown
from autograd.viz.text import escape_html

# DejaVu Sans and Verdana are equally wide: what one lays out, the other fills without overflow.
FONT = "DejaVu Sans,Verdana,sans-serif"
WIDTH = 40  # characters of a label, the rest is cut


class Theme(NamedTuple):
    """Colours as `#rrggbb`."""

    background: str
    ink: str  # the text in boxes
    muted: str  # shapes and other asides
    gradient: str  # the text of gradients
    edge: str  # edges, and the text outside of boxes
    cluster: str  # the border of clusters
    heat: tuple[str, str, str]  # fills for no gradient, and the largest above and below 0
    odd: str  # the fill where a gradient is not finite
    styles: dict[str, tuple[str, str]]  # fill and border of every kind of box


# fmt: off
LIGHT = Theme(
    background="#ffffff", ink="#1b2330", muted="#434c59", gradient="#8f2600",
    edge="#5d6878", cluster="#838f9e", heat=("#fffdf5", "#ffb46e", "#a9cdf7"), odd="#f7b6d2",
    styles={"leaf": ("#dcebff", "#3b73b9"), "constant": ("#ffffff", "#8a94a3"),
            "result": ("#f6f3ec", "#8b8372"), "group": ("#e9e4f7", "#7a64b5")},
)
DARK = Theme(
    background="#161b22", ink="#eef2f7", muted="#bcc6d3", gradient="#ffc09c",
    edge="#9aa7b8", cluster="#6b798c", heat=("#23262c", "#7d3a0e", "#1f4a80"), odd="#7a2348",
    styles={"leaf": ("#1d3a5f", "#6fa8e8"), "constant": ("#161b22", "#7d8a9b"),
            "result": ("#2b2f36", "#8d97a5"), "group": ("#352b55", "#a591e0")},
)
# fmt: on
THEMES = {"light": LIGHT, "dark": DARK, "auto": LIGHT}  # auto: with the dark colours beside
DECADES = 4  # from the palest fill to the fullest


def mixed(low: str, high: str, share: float) -> str:
    """The colour at `share` of the way from `low` to `high`.

    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    parts = [(int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in parts)


def write_dot(
    drawing: graphviz.Digraph, shown: Shown, theme: Theme, direction: str, by_gradient: bool
) -> None:
    """Fill a `graphviz.Digraph`: same graph, same text, byte for byte."""
    page = {"rankdir": direction, "bgcolor": theme.background, "fontcolor": theme.edge}
    text = {"fontname": FONT, "fontsize": "11", "labelloc": "b", "labeljust": "l"}
    drawing.attr("graph", ordering="in", nodesep="0.16", ranksep="0.25", pad="0.12", **page, **text)
    drawing.attr("node", shape="box", style="rounded,filled", margin="0.08,0.06", height="0.3")
    drawing.attr("node", width="0.3", fontname=FONT, fontsize="11", fontcolor=theme.ink)
    drawing.attr("edge", color=theme.edge, fontcolor=theme.edge, fontname=FONT, fontsize="9")
    drawing.attr("edge", arrowsize="0.6")
    largest = largest_slope(shown)
    notes = list(shown.notes)
    if by_gradient:
        notes.append(f"∂: gradient; orange above 0, blue below, up to {largest:.3g} (logarithmic)")
    if notes:
        lines = "".join(f'{escape_dot(note)}<BR ALIGN="LEFT"/>' for note in notes)
        drawing.attr("graph", label=f"<{lines}>")
    write_cluster(drawing, shown, theme, (), largest if by_gradient else None)
    for number, (tail, head, label) in enumerate(shown.edges):
        written = {"label": f"<{escape_dot(label)}>"} if label else {}
        drawing.edge(tail, head, id=f"e{number}", **written)


def write_cluster(
    graph: graphviz.Digraph, shown: Shown, theme: Theme, path: Path, largest: float | None
) -> None:
    """The boxes in one cluster, and the clusters inside it."""
    inner = {b.place[: len(path) + 1]: None for b in shown.boxes if b.place[: len(path)] == path}
    for box in shown.boxes:
        if box.place == path:
            label = f"<{html_table(box, theme)}>"
            graph.node(box.id, id=box.id, label=label, **look(box, theme, largest))
    for place in inner:
        if len(place) > len(path):
            with graph.subgraph(name="cluster_" + "/".join(place)) as cluster:
                title = escape_dot(shown.clusters[place], WIDTH)
                cluster.attr(label=f"<{title}>", style="rounded", color=theme.cluster, margin="8")
                cluster.attr(id=escape_dot("/".join(place)))
                cluster.attr(fontcolor=theme.edge, labelloc="t", labeljust="l")
                write_cluster(cluster, shown, theme, place, largest)


def look(box: Box, theme: Theme, largest: float | None) -> dict[str, str]:
    """The colours of a box and the style of its border."""
    fill, border = theme.styles[box.kind]
    if largest is not None and box.kind != "constant":
        fill = heat(box.slope or 0.0, largest, theme)
    found = {"fillcolor": fill, "color": border, "class": box.kind}
    more = {"constant": {"style": "rounded,filled,dashed"}, "group": {"penwidth": "2"}}
    return found | more.get(box.kind, {})


def heat(slope: float, largest: float, theme: Theme) -> str:
    """The fill for a gradient: its sign as the hue, its size as the strength, logarithmic."""
    if not math.isfinite(slope):
        return theme.odd
    none, above, below = theme.heat
    if not slope or not largest:
        return none
    share = max(0.05, 1 + math.log10(min(1.0, abs(slope) / largest)) / DECADES)
    return mixed(none, above if slope > 0 else below, share)


def largest_slope(shown: Shown) -> float:
    sizes = [abs(box.slope) for box in shown.boxes if box.slope is not None]
    return max(filter(math.isfinite, sizes), default=0.0)


def dark_by_light(shown: Shown) -> dict[str, str]:
    """The dark theme's colour for each colour of the light one."""
    largest = largest_slope(shown)
    slopes = {box.slope or 0.0 for box in shown.boxes}
    pairs = {heat(x, largest, LIGHT): heat(x, largest, DARK) for x in slopes}
    texts = zip(LIGHT, DARK, strict=True)
    pairs |= {x: y for x, y in texts if isinstance(x, str) and isinstance(y, str)}
    for kind, colours in LIGHT.styles.items():
        pairs |= zip(colours, DARK.styles[kind], strict=True)
    return pairs


def with_both_palettes(svg: str, pairs: Mapping[str, str]) -> str:
    """A light drawing that is dark where its surroundings are: the system's, or the notebook's."""
    used = {light: dark for light, dark in pairs.items() if f'"{light}"' in svg}

    def rules(scope: str) -> str:
        return "".join(
            f'{scope} [{x}="{light}"]{{{x}:{dark}}}'
            for light, dark in used.items()
            for x in ("fill", "stroke")
            if f'{x}="{light}"' in svg
        )

    name = "gradwalk-drawing"
    style = (
        f"<style>@media (prefers-color-scheme:dark){{"
        f"{rules(f'svg.{name}:not([data-jp-theme-light=true] *)')}}}"
        f"{rules(f'[data-jp-theme-light=false] svg.{name}')}</style>"
    )
    head, tag, rest = svg.partition("<svg ")
    opening, end, body = rest.partition(">")
    return f'{head}{tag}class="{name}" {opening}{end}{style}{body}'


def html_table(box: Box, theme: Theme) -> str:
    """The label: the operation on the left, then name, value and gradient below each other."""
    head = f"<B>{escape_dot(box.title, WIDTH)}</B>" if box.title else ""
    if box.aside:
        head += ("  " if head else "") + coloured(escape_dot(box.aside), theme.muted)
    rows = [head] if head else []
    rows += [escape_dot(line) for line in box.value]
    for i, line in enumerate(box.gradient):
        rows.append(coloured(("∂ " if i == 0 else "") + escape_dot(line), theme.gradient))
    cells = [f'<TD ALIGN="LEFT" BALIGN="LEFT">{row}</TD>' for row in rows]
    if box.symbol:
        size = 17 if len(box.symbol) <= 3 else 11
        symbol = f'<FONT POINT-SIZE="{size}">{escape_dot(box.symbol, WIDTH)}</FONT>'
        cells[0] = f'<TD ROWSPAN="{len(rows)}" CELLPADDING="3">{symbol}</TD>{cells[0]}'
    table = '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">'
    return f"{table}{''.join(f'<TR>{cell}</TR>' for cell in cells)}</TABLE>"


def escape_dot(text: str, width: int | None = None) -> str:
    """`text` in an HTML-like label, where a backslash would still begin an escape of DOT.

    Of brackets alone `dot` would wait for the > that makes them the end of a CDATA section.
    """
    escaped = escape_html(text, width).replace("\\", "\\\\")
    return escaped if escaped.strip("]") else "&#93;" * len(escaped)


def coloured(html: str, colour: str) -> str:
    return f'<FONT COLOR="{colour}">{html}</FONT>'
