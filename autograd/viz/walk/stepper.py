"""`Stepper`: time travel over the forward pass and then the backward pass of a graph.

There is one list of nodes and one list of steps. What is known at a position is derived from them:
values are those of the nodes up to there, and a gradient so far is the last of the node's running
sums that had arrived by then. Nothing is stored per position.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, overload

import numpy as np

from autograd.core.node import Node
from autograd.core.walk import describe, recompute, steps, toposort
from autograd.viz.lines import Line, backward_lines, forward_line, names
from autograd.viz.text import number_text
from autograd.viz.walk.conditions import condition
from autograd.viz.walk.page import LIMIT, drawing, frame, page

FORWARD, BACKWARD = "forward", "backward"


@dataclass(frozen=True)
class Moment:
    """One position of a `Stepper`: what happens there, and all that is known by then."""

    stepper: Stepper
    position: int

    @property
    def phase(self) -> str:
        """'forward', where `node` is computed, or 'backward', where it sends its gradient on."""
        return FORWARD if self.position < len(self.stepper.nodes) else BACKWARD

    @property
    def node(self) -> Node:
        """The node that this step is about."""
        nodes = self.stepper.nodes
        if self.phase == FORWARD:
            return nodes[self.position]
        return self.stepper.steps[self.position - len(nodes)].node

    @property
    def name(self) -> str:
        """The node's label, or v1, v2, ... where it has none."""
        return self.stepper.names[self.node]

    @property
    def line(self) -> Any:
        """The source line that made the node, None unless lines were recorded."""
        return self.node.line

    @property
    def value(self) -> Any:
        """The node's number: a float, or a read-only array."""
        return self.stepper.value(self.node)

    @property
    def gradient(self) -> Any:
        """The node's gradient so far, None where none has arrived."""
        return self.stepper.gradient(self.node, self.position)

    @property
    def values(self) -> dict[Node, Any]:
        """The number of every node computed so far."""
        return {node: self.stepper.value(node) for node in self.stepper.nodes[: self.position + 1]}

    @property
    def gradients(self) -> dict[Node, Any]:
        """The gradient so far of every node that one has reached."""
        reached = {node: self.stepper.gradient(node, self.position) for node in self.stepper.nodes}
        return {node: gradient for node, gradient in reached.items() if gradient is not None}

    @property
    def lines(self) -> list[Line]:
        """The step in mathematics, with symbols and with numbers.

        Forward one line, the result's; backward one for each contribution that is sent.
        """
        stepper = self.stepper
        if self.phase == FORWARD:
            return [forward_line(self.node, stepper.names)]
        step = stepper.steps[self.position - len(stepper.nodes)]
        return backward_lines(step, stepper.names, stepper.names[stepper.root])

    def __str__(self) -> str:
        stepper = self.stepper
        where = f" ({self.line})" if self.line else ""
        text = [f"{self.position}/{len(stepper) - 1} {self.phase}: {self.name}{where}"]
        if self.phase == BACKWARD:
            top = stepper.names[stepper.root]
            text.append(f"  ∂{top}/∂{self.name} = {number_text(self.gradient)}")
        for line in self.lines:
            sign = "=" if self.phase == FORWARD else "+="
            text.append(f"  {line.name} {sign} {' = '.join(line.sides)}")
        return "\n".join(text)


class Stepper(Sequence[Moment]):
    """Walks through the forward and then the backward pass of a graph, in either direction.

    A sequence of moments with a cursor. It is pure: it changes no node and no `.grad`; at its end
    the gradients are those of `backward()`, bit for bit. Arrays that it shows are read-only.

    In a notebook it shows itself as a page that steps without a kernel (`save` writes the page to
    a file); `widget()` is a live one, in which leaves can be edited.

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

    def __init__(self, root: Node, seed: Any = None) -> None:
        self.steps = list(steps(root, seed))
        self.root, self.nodes = root, toposort(root)
        self.position = 0
        self.breakpoints: list[Any] = []
        self._values = [node.raw for node in self.nodes]  # a leaf may be rebound later
        self._places = {node: i for i, node in enumerate(self.nodes)}
        self._backward_places: dict[Node, int] = {}
        # per node: the positions at which a contribution arrives, and the sum from then on
        self._arrivals: dict[Node, tuple[list[int], list[Any]]] = {}
        self._arrive(root, len(self.nodes), self.steps[0].gradient)
        for position, step in enumerate(self.steps, start=len(self.nodes)):
            self._backward_places[step.node] = position
            for operand, contribution in zip(step.node.operands, step.sent, strict=False):
                if contribution is not None:
                    self._arrive(operand, position, contribution)

    def _arrive(self, node: Node, position: int, contribution: Any) -> None:
        positions, sums = self._arrivals.setdefault(node, ([], []))
        total = sums[-1] + contribution if sums else contribution
        if isinstance(total, np.ndarray):
            total = total.view()
            total.flags.writeable = False
        positions.append(position)
        sums.append(total)

    # --- what is known ------------------------------------------------------------------------

    @cached_property
    def names(self) -> dict[Node, str]:
        """A name of its own for each node: its label, or v1, v2, ..."""
        return names(self.nodes)

    def value(self, node: Node) -> Any:
        """The number of `node`: a float, or a read-only array."""
        return self._values[self._place(node)]

    def gradient(self, node: Node, position: int | None = None) -> Any:
        """The gradient of `node` so far, at `position` (None: the current one).

        Returns:
            A float or a read-only array; None where no gradient has arrived by then.
        """
        self._place(node)
        positions, sums = self._arrivals.get(node, ([], []))
        arrived = bisect_right(positions, self.position if position is None else position)
        return sums[arrived - 1] if arrived else None

    def history(self, node: Node) -> list[tuple[int, Any]]:
        """How the gradient of `node` adds up: the positions at which it changes, and to what.

        >>> from autograd import Value
        >>> a = Value(3.0)
        >>> Stepper(a * a).history(a)
        [(2, 6.0)]
        """
        self._place(node)
        positions, sums = self._arrivals.get(node, ([], []))
        return list(dict(zip(positions, sums, strict=True)).items())

    def _place(self, node: Node) -> int:
        try:
            return self._places[node]
        except KeyError:
            raise ValueError(
                f"{describe(node)} is not in the graph of {describe(self.root)}; "
                f"step through a node that was made from it"
            ) from None

    # --- a sequence of moments ----------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.nodes) + len(self.steps)

    @overload
    def __getitem__(self, index: int) -> Moment: ...
    @overload
    def __getitem__(self, index: slice) -> list[Moment]: ...
    def __getitem__(self, index: int | slice) -> Moment | list[Moment]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return [Moment(self, place) for place in places]
        return Moment(self, places)

    def __iter__(self) -> Iterator[Moment]:
        return (Moment(self, place) for place in range(len(self)))

    # --- the cursor ---------------------------------------------------------------------------

    @property
    def now(self) -> Moment:
        """The current moment."""
        return self[self.position]

    def next(self) -> Moment:
        """One step on; at the end it stays there."""
        return self.goto(min(self.position + 1, len(self) - 1))

    def back(self) -> Moment:
        """One step back; at the start it stays there."""
        return self.goto(max(self.position - 1, 0))

    def goto(self, target: int | Node, *, backward: bool = False) -> Moment:
        """To a position (negative: from the end), or to the step of a node.

        Args:
            target: a position from 0, or a node of the graph.
            backward: for a node, to the step at which its gradient is complete instead of the one
                at which it is computed.

        Raises:
            IndexError: there is no such position.
            ValueError: the node is not in the graph, or no gradient reaches it.
        """
        if isinstance(target, Node):
            place = self._place(target)
            if backward:
                if target not in self._backward_places:
                    raise ValueError(f"no gradient reaches {describe(target)}; go to it forward")
                place = self._backward_places[target]
        else:
            try:
                place = range(len(self))[target]
            except IndexError:
                raise IndexError(f"the positions are 0 to {len(self) - 1}, got {target}") from None
        self.position = place
        return self.now

    def run_until(self, *targets: Any) -> Moment:
        """On to the next moment that fulfils one of `targets` or a breakpoint, else to the end.

        Each is a node, a label, a function of the `Moment`, or a condition as text (see
        `condition`); `breakpoints` is a list of the same.

        Raises:
            ValueError: a text is neither a label of the graph nor a condition.

        >>> from autograd import Value
        >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
        >>> stepper = Stepper((a * b).tanh())
        >>> stepper.run_until("value < -1").name, stepper.run_until("abs(grad) > 0").phase
        ('b', 'backward')
        """
        tests = [self._test(target) for target in (*targets, *self.breakpoints)]
        while self.position < len(self) - 1:
            moment = self.next()
            if any(test(moment) for test in tests):
                break
        return self.now

    def _test(self, target: Any) -> Callable[[Moment], Any]:
        if isinstance(target, Node):
            self._place(target)
            return lambda moment: moment.node is target
        if isinstance(target, str):
            if any(node.label == target for node in self.nodes):
                return lambda moment: moment.node.label == target
            holds = condition(target)
            return lambda moment: holds(
                {
                    "value": moment.value,
                    "grad": moment.gradient,
                    "label": moment.node.label or "",
                    "op": moment.node.op.name if moment.node.op else "",
                    "phase": moment.phase,
                    "position": moment.position,
                }
            )
        if not callable(target):
            raise TypeError(
                f"a stop must be a node, a label, a function of the moment or a condition as text, "
                f"got {type(target).__name__}"
            )
        return target

    # --- other numbers ------------------------------------------------------------------------

    def edited(self, leaf: Node, data: Any) -> Stepper:
        """A stepper at the same position where `leaf` has other data.

        Only what was made from the leaf is computed again; the other nodes are shared. The numbers
        are those of a full run, bit for bit.

        Raises:
            ValueError: the node is no leaf of the graph, or the shape differs.
            TypeError: the data is not of real numbers.

        >>> from autograd import Value
        >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
        >>> Stepper(a * b).edited(a, 10.0).root
        Value(-30.0)
        """
        self._place(leaf)
        if leaf.op is not None:
            raise ValueError(f"only a leaf can be edited, and {describe(leaf)} was computed")
        fresh = leaf.detach(leaf.label)
        fresh.data = data
        after: dict[Node, Any] = {leaf: fresh}
        for node in self.nodes:
            if node is not leaf and not any(
                isinstance(x, Node) and after.get(x) is not x for x in node.operands
            ):
                after[node] = node
        root = recompute(self.root, after)
        for old, new in after.items():  # the sums of backprop keep their order
            new.index, new.label, new.line = old.index, old.label, old.line
        stepper = Stepper(root, self.steps[0].gradient)
        stepper.position = self.position
        stepper.breakpoints = [
            after[x] if isinstance(x, Node) and x in after else x for x in self.breakpoints
        ]
        return stepper

    # --- shown --------------------------------------------------------------------------------

    def save(self, filename: str | os.PathLike[str]) -> str:
        """Write the page: one HTML file that needs no network, and opens from disk.

        Returns:
            The path of the file.

        Raises:
            ValueError: the graph is too large for a page.
        """
        Path(filename).write_text(page(self), encoding="utf-8")
        return str(filename)

    def widget(self) -> Any:
        """A live widget, which stays at this stepper's position and lets leaves be edited.

        Only what was made from an edited leaf is computed again; old and new numbers stand side by
        side. Needs anywidget (`pip install 'gradwalk[notebooks]'`). Its `stepper` is the one shown.
        """
        from autograd.viz.walk.widget import StepperWidget

        return StepperWidget(self)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        if len(self.nodes) > LIMIT:
            return {"text/plain": repr(self)}
        bundle = drawing(self)._repr_mimebundle_(include, exclude)
        return {**bundle, "text/plain": repr(self), "text/html": frame(self)}

    def __repr__(self) -> str:
        return f"<stepper through {len(self.nodes)} nodes, at {self.now}>"
