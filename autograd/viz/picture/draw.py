"""`draw`: any graph as a picture, by the `dot` program, or by pygraphviz where it is missing."""

from __future__ import annotations

import os
import re
import threading
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, overload

import graphviz

from autograd import Node
from autograd.errors import NoRenderer
from autograd.viz.picture.boxes import Box
from autograd.viz.picture.dot import THEMES, dark_by_light, with_both_palettes, write_dot
from autograd.viz.picture.modules import Modules
from autograd.viz.picture.shown import Shown, to_be_shown
from autograd.viz.text import Number

NOTEBOOK = 900  # pixels that a notebook is wide
IMAGES = ("svg", "png", "pdf")
TEXTS = ("", "dot", "gv")
Filename = str | os.PathLike[str]
_one_at_a_time = threading.Lock()


def draw(
    root: Node,
    *,
    direction: str = "auto",
    theme: str = "auto",
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
    are few, else range and norm). A notebook shows it as SVG, in which the box of a node has the id
    `drawing.ids[node]`; `.save("g.svg")` writes a file (`.png`, `.pdf`, and DOT text as `.dot`);
    `.source` is the DOT text.

    Args:
        root: the node to draw, with all that it was made from.
        direction: "LR" (left to right), "TB" (top to bottom), or "auto": what a notebook can hold.
        theme: "light", "dark", or "auto": an SVG with both, as the system or the notebook is.
        color_by: "grad" fills boxes by their gradient, once there is one: orange above 0, blue
            below, pink where it is not finite, in logarithmic strength; None by kind.
        limit: draw at most this many boxes, constants not counted; of more nodes, modules are
            closed, or equal structure and runs of one operation share a box, as the picture says.
        modules: which module recorded which node, as `(path, kind)`: what `nets.trace_modules()`
            gives. Modules are drawn as clusters, equal blocks in a row folded into one, ×N.
        depth: how many levels of modules to open; those below are one box each. None: as many as
            give about 60 boxes.
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
    choose("direction", direction, ("LR", "TB", "auto"))
    choose("theme", theme, tuple(THEMES))
    choose("color_by", color_by, ("grad", None))
    if limit < 1:
        raise ValueError(f"limit must be at least 1 box, got {limit}")
    if depth is not None and depth < 0:
        raise ValueError(f"depth must be 0 or more levels of modules, or None, got {depth}")
    shown = to_be_shown(
        root, limit, depth, expand, scalars, modules or {}, labels=labels, gradients=gradients
    )
    return drawn(shown, root, direction, theme, color_by)


def drawn(shown: Shown, root: Node, direction: str, theme: str, color_by: str | None) -> Drawing:
    """What is to be shown of the graph of `root`, as a picture."""
    if direction == "auto":
        direction = "LR" if length(shown) <= NOTEBOOK else "TB"
    drawing = Drawing("computation", format="svg")
    drawing.ids = shown.ids
    for box in shown.boxes:
        if box.id == shown.ids[root] and box.kind != "group":
            box.slope = None  # the seed, beside which all else would be pale
    if theme == "auto":
        drawing.dark = dark_by_light(shown)
    by_gradient = color_by == "grad" and any(box.slope is not None for box in shown.boxes)
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


def choose(name: str, given: object, choices: tuple[object, ...]) -> None:
    if given not in choices:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, choices))}, got {given!r}")


class Drawing(graphviz.Digraph):  # type: ignore[misc]  # graphviz has no types
    """A graphviz graph that needs no `dot` program where pygraphviz is installed.

    `ids` has the id of the box of every node: `<g id=...>` in the SVG.
    """

    ids: dict[Node, str]
    dark: Mapping[str, str] = MappingProxyType({})  # an SVG's colours in dark surroundings

    def save(
        self,
        filename: Filename | None = None,
        directory: Filename | None = None,
        *,
        dpi: int = 192,
        **options: Any,
    ) -> str:
        """Write a picture (`.svg`, `.pdf`, `.png` of so many `dpi`) or DOT text; returns the path.

        Raises:
            ValueError: the name ends in something else than .svg, .png, .pdf, .dot or .gv.
        """
        suffix = Path(filename or "").suffix.lower()[1:]
        if suffix not in (*IMAGES, *TEXTS):
            raise ValueError(
                f"a drawing is saved as .svg, .png, .pdf, or as text as .dot or .gv, got "
                f"{os.fspath(filename or '')!r}; choose one of these"
            )
        if filename is None or suffix in TEXTS:
            return str(super().save(filename, directory=directory, **options))
        path = Path(directory or "", filename)
        image = self._at(dpi).pipe(suffix) if suffix == "png" else self.pipe(format=suffix)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image)
        return str(path)

    def _at(self, dpi: int) -> Drawing:
        """The same drawing of so many dots per inch."""
        drawing: Drawing = self.copy()
        drawing.body.insert(0, f"\tgraph [dpi={dpi}]\n")
        return drawing

    @overload
    def pipe(self, format: str | None = ..., *args: Any, encoding: str, **options: Any) -> str: ...
    @overload
    def pipe(self, format: str | None = ..., *args: Any, **options: Any) -> bytes: ...
    def pipe(
        self, format: str | None = None, *args: Any, encoding: str | None = None, **options: Any
    ) -> bytes | str:
        """The picture as bytes, or as text where an `encoding` is given."""
        options.setdefault("quiet", True)  # a missing font is not worth a warning in a notebook
        try:
            image: bytes = super().pipe(format, *args, **options)
        except graphviz.ExecutableNotFound:
            image = by_pygraphviz(self.source, format or self.format)
        if (format or self.format) == "svg":
            # the renderer's version says nothing about the picture, and would differ by machine
            image = re.sub(rb"<!-- Generated by graphviz.*?-->\s*", b"", image, flags=re.DOTALL)
            if self.dark:
                image = with_both_palettes(image.decode(), self.dark).encode()
        return image if encoding is None else image.decode(encoding)

    def _repr_mimebundle_(self, *args: Any, **options: Any) -> dict[str, str]:
        """The picture where it can be drawn; else what to install, and the DOT text."""
        try:
            return {**super()._repr_mimebundle_(*args, **options), "text/plain": repr(self)}
        except NoRenderer as error:
            return {"text/plain": f"{error}\n\n{self.source}"}

    def __repr__(self) -> str:
        return f"<drawing of {len(self.ids):,} nodes in {len(set(self.ids.values())):,} boxes>"


def by_pygraphviz(source: str, format: str) -> bytes:
    """The picture of a DOT text, by the Graphviz inside pygraphviz."""
    try:
        import pygraphviz
    except ImportError as error:
        raise NoRenderer(
            f"a picture needs Graphviz, and neither the program `dot` nor pygraphviz was found "
            f"({error}); install one (apt install graphviz, brew install graphviz, or "
            f"pip install 'gradwalk[viz]'), or take the DOT text from .source"
        ) from error
    with _one_at_a_time, warnings.catch_warnings(), silenced(2):
        warnings.simplefilter("ignore")  # that many nodes take long
        graph = pygraphviz.AGraph(string=source)  # a fresh one: drawing leaves traces in it
        try:
            return bytes(graph.draw(format=format, prog="dot"))
        finally:
            graph.close()


@contextmanager
def silenced(descriptor: int) -> Iterator[None]:
    """Within it nothing is written to a file descriptor: C libraries complain there."""
    before, nowhere = os.dup(descriptor), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
        yield
    finally:
        os.dup2(before, descriptor)
        os.close(before)
        os.close(nowhere)
