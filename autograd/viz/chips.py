"""Nodes as a notebook shows them: a chip with its graph, or a grid of numbers."""

from __future__ import annotations

import math

import numpy as np

from autograd import Node, toposort
from autograd.core.node import raw
from autograd.errors import NoRenderer
from autograd.viz.picture.draw import draw
from autograd.viz.text import array_text, escape_html, node_title, number_text, shape_text

DRAWN = 40  # nodes; of a larger graph the chip alone is shown
CELLS = 144  # numbers that a grid shows
PILL = (
    "display:inline-flex;gap:.7em;padding:.15em .8em;border:1px solid #80899780;border-radius:1em;"
    "font-variant-numeric:tabular-nums"
)
BARE = "border:0;text-align:right;font-variant-numeric:tabular-nums;padding:2px 7px"


def node_html(node: Node) -> str | None:
    """A Value as a chip with its small graph, a Tensor as a grid; None for what is too large."""
    return grid_html(node) if node.ndim or type(node.raw) is not float else chip_html(node)


def chip_html(value: Node) -> str:
    """Name, number and gradient, and the graph that the number was made by.

    >>> from autograd import Value
    >>> "<b>a</b> <span>2</span>" in chip_html(Value(2.0, label="a"))
    True
    """
    parts = [f"<b>{escape_html(node_title(value))}</b> <span>{number_text(value)}</span>"]
    if value.grad is not None:
        parts.append(f"<span>∂ {number_text(raw(value.grad))}</span>")
    chip = f'<span style="{PILL}">{" ".join(parts)}</span>'
    if value.op is None or len(toposort(value)) > DRAWN:
        return chip
    try:
        svg = draw(value).pipe("svg", encoding="utf-8")
    except NoRenderer:
        return chip
    return f"{chip}<br/>{svg[svg.index('<svg') :]}"


def grid_html(tensor: Node) -> str | None:
    """The numbers of an array in colours, and those of its gradient beside them."""
    arrays = [("", tensor.raw), ("∂ ", None if tensor.grad is None else raw(tensor.grad))]
    if not 0 < tensor.size <= CELLS:
        return None
    tables = [_grid(prefix, tensor, array) for prefix, array in arrays if array is not None]
    return f'<div style="display:flex;gap:2em;flex-wrap:wrap">{"".join(tables)}</div>'


def _grid(prefix: str, tensor: Node, array: np.ndarray) -> str:
    rows = np.reshape(array, (-1, array.shape[-1] if array.ndim else 1))
    finite = np.abs(rows[np.isfinite(rows)])
    largest = float(finite.max()) if finite.size else 0.0
    cells = "".join(
        "<tr>"
        + "".join(
            f'<td style="{BARE};background:{_heat(float(x), largest)}">{array_text(x)}</td>'
            for x in row
        )
        + "</tr>"
        for row in rows
    )
    title = f"{prefix}{escape_html(node_title(tensor))} {shape_text(array.shape)}"
    return f'<table style="border-collapse:collapse"><caption>{title}</caption>{cells}</table>'


def _heat(x: float, largest: float) -> str:
    """Orange above 0 and blue below, as strong as the number is large; pink for NaN and ∞."""
    if not math.isfinite(x):
        return "#e86ba980"
    share = 0.6 * math.sqrt(abs(x) / largest) if largest else 0.0
    return f"rgb({'217 116 29' if x > 0 else '63 127 208'} / {share:.2f})"
