"""`Stepper`: time travel over the forward pass and then the backward pass of a graph."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from autograd.viz.walk.animation import animation
from autograd.viz.walk.page import LIMIT, drawing, frame, page
from autograd.viz.walk.timeline import Timeline

if TYPE_CHECKING:  # which needs anywidget
    from autograd.viz.walk.widget import StepperWidget


class Stepper(Timeline):
    """Walks through the forward and then the backward pass of a graph, in either direction.

    A sequence of moments with a cursor. It is pure: it changes no node and no `.grad`; at its end
    the gradients are those of `backward()`, bit for bit. Arrays that it shows are read-only.

    In a notebook it is a page that steps without a kernel; `widget()` is one whose leaves can be
    edited.

    Args:
        root: the node to step up to and to differentiate.
        seed: its gradient, of its shape; 1 where it is a single number.

    Raises:
        ValueError: the seed is missing for a root of several numbers, or has the wrong shape.
        StaleGraphError: a leaf was assigned new data after the graph had used it.

    >>> from autograd import Value
    >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
    >>> stepper = Stepper(a * b)
    >>> print(stepper.goto(2))
    2/5 forward: v1
      v1 = a × b = 2 × (−3) = −6
    >>> print(stepper.next())
    3/5 backward: v1
      ∂v1/∂v1 = 1
      ∂v1/∂a += ∂v1/∂v1 × b = 1 × (−3) = −3
      ∂v1/∂b += ∂v1/∂v1 × a = 1 × 2 = 2
    >>> stepper.now.gradient, a.grad
    (1.0, None)
    """

    def save(self, filename: str | os.PathLike[str], *, theme: str = "auto") -> str:
        """Write the page, an HTML file that needs no network, and return its path.

        Args:
            filename: ends in .html.
            theme: "light", "dark", or "auto": as the reader's system is.

        Raises:
            ValueError: the graph is too large for a page, or the name does not end in .html.
        """
        if Path(filename).suffix.lower() not in (".html", ".htm"):
            raise ValueError(
                f"a stepper is saved as a page, .html, got {os.fspath(filename)!r}; a picture is "
                f'draw(root).save("graph.svg"), a film .animate("steps.svg")'
            )
        Path(filename).write_text(page(self, theme), encoding="utf-8")
        return str(filename)

    def animate(self, filename: str | os.PathLike[str], *, seconds: float = 12.0) -> str:
        """Write both passes as one animated SVG of so many seconds, and return its path.

        It has no script, so that it plays in `<img>`, in a README and in slides, in light and dark;
        where people asked for less motion it stands still at the end.

        Raises:
            ValueError: the name does not end in .svg, or the graph has more than 60 nodes.
            NoRenderer: there is no Graphviz to lay it out.
        """
        if Path(filename).suffix.lower() != ".svg":
            raise ValueError(f"an animation is an .svg, got {os.fspath(filename)!r}; name it so")
        Path(filename).write_text(animation(self, seconds), encoding="utf-8")
        return str(filename)

    def widget(self) -> StepperWidget:
        """A live widget, at this stepper's position, in which leaves can be edited.

        Only what was made from an edited leaf is computed again; old and new numbers stand side by
        side. Needs anywidget (`pip install 'gradwalk[notebooks]'`). Its `stepper` is the one shown.
        """
        from autograd.viz.walk.widget import StepperWidget

        return StepperWidget(self)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        if len(self.nodes) > LIMIT:
            return {"text/plain": repr(self)}
        bundle = drawing(self)._repr_mimebundle_(include, exclude)
        return {**bundle, "text/plain": repr(self), "text/html": frame(self)}

    def __repr__(self) -> str:
        return f"<stepper through {len(self.nodes)} nodes, at {self.now}>"
