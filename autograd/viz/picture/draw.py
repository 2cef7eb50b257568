"""`draw`: any graph as a picture."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from autograd import Node
from autograd.viz.picture.boxes import Box
from autograd.viz.picture.dot import write_dot
from autograd.viz.picture.modules import Modules
from autograd.viz.picture.render import Drawing
from autograd.viz.picture.shown import Shown, to_be_shown
from autograd.viz.picture.theme import THEMES
from autograd.viz.text import Number

NOTEBOOK = 900  # pixels that a notebook is wide


def draw(
    root: Node,
    *,
    direction: str = "auto",
    theme: str = "light",
    color_by: str | None = "grad",
    limit: int = 500,
    modules: Modules | None = None,
    depth: int | None = None,
    expand: Collection[Node | str] = (),
    scalars: bool = False,
    labels: Mapping[Node, str] | None = None,
    gradients: Mapping[Node, Number | None] | None = None,
) -> Drawing:
    """The graph that `root` was made from.

    A box shows label, operation, value and gradient (an array's shape, and its numbers when they
    are few, else range and norm); leaves, constants and results look different. A notebook shows
    it as SVG, in which the box of a node has the id `drawing.ids[node]`; `.save("g.svg")` writes a
    file (`.png`, `.pdf`, and DOT text under any other name); `.source` is the DOT text.

    Args:
        root: the node to draw, with all that it was made from.
        direction: "LR" (left to right), "TB" (top to bottom), or "auto": whichever is likely to
            stay readable at the width of a notebook.
        theme: "light", "dark", or "auto" (no background, lines that show on light and dark).
        color_by: "grad" fills boxes by the size of their gradient, once there is one; None by kind.
        limit: draw at most this many boxes, constants not counted; of more nodes, modules are
            closed, or equal structure and runs of one operation share a box, as the picture says.
        modules: which module recorded which node, as `(path, kind)`: what `nets.trace_modules()`
            gives. Modules are drawn as clusters, equal blocks in a row folded into one, ×N.
        depth: how many levels of modules to open; those below are one box each. None opens all.
        expand: the paths of modules to open all the same, and Tensor nodes to open into scalars.
        scalars: open the modules in `expand` into scalars, too.
        labels: what to call the nodes instead of by their own labels.
        gradients: the gradients to show instead of each node's `.grad`.

    Raises:
        ValueError: an option is none of those named here, or `expand` names what is not there.
        TypeError: `root` is not a node.

    >>> from autograd import Value
    >>> a = Value(2.0, label="a")
    >>> picture = draw(a * a)
    >>> picture.ids[a], picture.source.count("n0 -> n1")
    ('n0', 2)
    """
    if not isinstance(root, Node):
        raise TypeError(f"draw needs a Value or a Tensor, got {type(root).__name__}")
    _choose("direction", direction, ("LR", "TB", "auto"))
    _choose("theme", theme, tuple(THEMES))
    _choose("color_by", color_by, ("grad", None))
    if limit < 1:
        raise ValueError(f"limit must be at least 1 box, got {limit}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be 0 or more levels of modules, or None, got {depth}")
    shown = to_be_shown(
        root,
        limit=limit,
        depth=depth,
        expand=expand,
        scalars=scalars,
        modules=modules or {},
        labels=labels,
        gradients=gradients,
    )
    if direction == "auto":
        direction = "LR" if length(shown) <= NOTEBOOK else "TB"
    drawing = Drawing("computation", format="svg")
    drawing.ids = shown.ids
    by_gradient = color_by == "grad" and any(box.magnitude is not None for box in shown.boxes)
    write_dot(drawing, shown, THEMES[theme], direction, by_gradient)
    return drawing


def length(shown: Shown) -> int:
    """About how many pixels the picture is long when drawn from left to right."""
    widths = {box.id: width(box) for box in shown.boxes}
    reach = dict(widths)
    for tail, head, _ in shown.edges:  # in recorded order
        reach[head] = max(reach[head], reach[tail] + widths[head])
    return max(reach.values())


def width(box: Box) -> int:
    """About how many pixels a box is wide, with the gap before it."""
    longest = max(map(len, [f"{box.title}  {box.aside}", *box.value, *box.gradient]))
    return 9 * longest + (9 * len(box.symbol) + 8 if box.symbol else 0) + 40


def _choose(name: str, given: object, choices: tuple[object, ...]) -> None:
    if given not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {given!r}")
