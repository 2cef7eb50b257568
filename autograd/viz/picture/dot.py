"""A shown graph as DOT text."""

from __future__ import annotations

import math

import graphviz

from autograd.viz.picture.boxes import Box
from autograd.viz.picture.modules import Path
from autograd.viz.picture.shown import Shown
from autograd.viz.picture.theme import FONT, Theme, mixed
from autograd.viz.text import escape_html

WIDTH = 40  # characters of a label, the rest is cut


def write_dot(
    drawing: graphviz.Digraph, shown: Shown, theme: Theme, direction: str, by_gradient: bool
) -> None:
    """Fill a `graphviz.Digraph`: same graph, same text, byte for byte."""
    drawing.attr(
        "graph",
        rankdir=direction,
        bgcolor=theme.background,
        fontcolor=theme.edge,
        ordering="in",
        nodesep="0.16",
        ranksep="0.25",
        pad="0.12",
        fontname=FONT,
        fontsize="11",
        labelloc="b",
        labeljust="l",
    )
    drawing.attr("node", shape="box", style="rounded,filled", margin="0.08,0.06", height="0.3")
    drawing.attr("node", width="0.3", fontname=FONT, fontsize="11", fontcolor=theme.ink)
    drawing.attr("edge", color=theme.edge, fontcolor=theme.edge, fontname=FONT, fontsize="9")
    drawing.attr("edge", arrowsize="0.6")
    largest = max((b.magnitude or 0.0 for b in shown.boxes if finite(b.magnitude)), default=0.0)
    notes = list(shown.notes)
    if by_gradient:
        notes.append(f"∂: gradient; colour: its size, up to {largest:.3g}")
    if notes:
        lines = "".join(f'{escape_dot(note)}<BR ALIGN="LEFT"/>' for note in notes)
        drawing.attr("graph", label=f"<{lines}>")
    write_cluster(drawing, shown, theme, (), largest if by_gradient else None)
    for number, (tail, head, label) in enumerate(shown.edges):
        drawing.edge(
            tail, head, id=f"e{number}", **({"label": f"<{escape_dot(label)}>"} if label else {})
        )


def finite(x: float | None) -> bool:
    return x is not None and math.isfinite(x)


def write_cluster(
    graph: graphviz.Digraph, shown: Shown, theme: Theme, path: Path, largest: float | None
) -> None:
    """The boxes in one cluster, and the clusters inside it."""
    inner = {b.place[: len(path) + 1]: None for b in shown.boxes if b.place[: len(path)] == path}
    for box in shown.boxes:
        if box.place == path:
            graph.node(
                box.id, id=box.id, label=f"<{html_table(box, theme)}>", **look(box, theme, largest)
            )
    for place in inner:
        if len(place) > len(path):
            with graph.subgraph(name="cluster_" + "/".join(place)) as cluster:
                title = escape_dot(shown.clusters[place], WIDTH)
                cluster.attr(label=f"<{title}>", style="rounded", color=theme.cluster, margin="10")
                cluster.attr(fontcolor=theme.edge, labelloc="t", labeljust="l")
                write_cluster(cluster, shown, theme, place, largest)


def look(box: Box, theme: Theme, largest: float | None) -> dict[str, str]:
    """The colours of a box and the style of its border."""
    fill, border = theme.styles[box.kind]
    if largest is not None and box.kind != "constant":
        share = 0.0
        if box.magnitude is not None:
            share = min(1.0, box.magnitude / largest) if largest and finite(box.magnitude) else 1.0
        fill = mixed(*theme.heat, math.sqrt(share))
    found = {"fillcolor": fill, "color": border, "class": box.kind}
    if box.kind == "constant":
        found["style"] = "rounded,filled,dashed"
    if box.kind == "group":
        found["penwidth"] = "2"
    return found


def html_table(box: Box, theme: Theme) -> str:
    """The label: the operation on the left, then name, value and gradient below each other."""
    head = f"<B>{escape_dot(box.title, WIDTH)}</B>" if box.title else ""
    if box.aside:
        head += ("  " if head else "") + coloured(escape_dot(box.aside), theme.muted)
    rows = [head] if head else []
    rows += [escape_dot(line) for line in box.value]
    rows += [
        coloured(("∂ " if i == 0 else "") + escape_dot(line), theme.gradient)
        for i, line in enumerate(box.gradient)
    ]
    cells = [f'<TD ALIGN="LEFT" BALIGN="LEFT">{row}</TD>' for row in rows]
    if box.symbol:
        size = 17 if len(box.symbol) <= 3 else 11
        symbol = f'<FONT POINT-SIZE="{size}">{escape_dot(box.symbol, WIDTH)}</FONT>'
        cells[0] = f'<TD ROWSPAN="{len(rows)}" CELLPADDING="3">{symbol}</TD>{cells[0]}'
    return (
        '<TABLE BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="1">'
        + "".join(f"<TR>{cell}</TR>" for cell in cells)
        + "</TABLE>"
    )


def escape_dot(text: str, width: int | None = None) -> str:
    """`text` in an HTML-like label, where a backslash would still begin an escape of DOT.

    Of brackets alone `dot` would wait for the > that makes them the end of a CDATA section.
    """
    escaped = escape_html(text, width).replace("\\", "\\\\")
    return escaped if escaped.strip("]") else "&#93;" * len(escaped)


def coloured(html: str, colour: str) -> str:
    return f'<FONT COLOR="{colour}">{html}</FONT>'
