"""`Timeline`: both passes of a graph as one list of moments, what is known at each, and a cursor.

What is known at a position is stored nowhere: values are those of the nodes up to there, and a
gradient so far is the last of the node's running sums that had arrived by then.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self, overload

import numpy as np
from numpy.typing import ArrayLike

from autograd import Node, describe, recompute, steps, toposort
from autograd.core.walk import Seed
from autograd.viz.lines import Line, backward_lines, forward_line, names
from autograd.viz.tell.source_lines import SourceLine
from autograd.viz.text import Number, number_text
from autograd.viz.walk.conditions import condition

FORWARD, BACKWARD = "forward", "backward"


@dataclass(frozen=True)
class Moment:
    """One position of a stepper: what happens there, and all that is known by then."""

    stepper: Timeline
    position: int

    @property
    def phase(self) -> str:
        """'forward', where `node` is computed, or 'backward', where it sends its gradient on."""
        return FORWARD if self.position < len(self.stepper.nodes) else BACKWARD

    @property
    def node(self) -> Node:
        """The node that this step is about."""
        return self.stepper.visited[self.position]

    @property
    def name(self) -> str:
        """The node's label, or v1, v2, ... where it has none."""
        return self.stepper.names[self.node]

    @property
    def line(self) -> SourceLine | None:
        """The source line that made the node, None unless lines were recorded."""
        return self.node.line

    @property
    def value(self) -> Number:
        """The node's number: a float, or a read-only array."""
        return self.stepper.value(self.node)

    @property
    def gradient(self) -> Number | None:
        """The node's gradient so far, None where none has arrived."""
        return self.stepper.gradient(self.node, self.position)

    @property
    def values(self) -> dict[Node, Number]:
        """The number of every node computed so far."""
        return {node: self.stepper.value(node) for node in self.stepper.nodes[: self.position + 1]}

    @property
    def gradients(self) -> dict[Node, Number]:
        """The gradient so far of every node that one has reached."""
        reached = {node: self.stepper.gradient(node, self.position) for node in self.stepper.nodes}
        return {node: gradient for node, gradient in reached.items() if gradient is not None}

    @property
    def lines(self) -> list[Line]:
        """The step in mathematics, with symbols and with numbers.

        Forward one line, the result's; backward one for each contribution that is sent.
        """
        named = self.stepper.names
        if self.phase == FORWARD:
            return [forward_line(self.node, named)]
        step = self.stepper.steps[self.position - len(self.stepper.nodes)]
        return backward_lines(step, named, named[self.stepper.root])

    def __str__(self) -> str:
        stepper = self.stepper
        where = f" ({self.line})" if self.line else ""
        text = [f"{self.position}/{len(stepper) - 1} {self.phase}: {self.name}{where}"]
        if (gradient := self.gradient) is not None:
            top = stepper.names[stepper.root]
            text.append(f"  ∂{top}/∂{self.name} = {number_text(gradient)}")
        for line in self.lines:
            sign = "=" if self.phase == FORWARD else "+="
            text.append(f"  {line.name} {sign} {' = '.join(line.sides)}")
        return "\n".join(text)


Stop = Node | str | Callable[[Moment], object]


class Timeline(Sequence[Moment]):
    """The moments of both passes, the current `position`, and the `breakpoints` of every run."""

    def __init__(self, root: Node, seed: Seed = None) -> None:
        self.steps = list(steps(root, seed))
        self.root, self.nodes = root, toposort(root)
        self.visited = [*self.nodes, *(step.node for step in self.steps)]  # by position
        self.position = 0
        self.breakpoints: list[Stop] = []
        # what is shown now: a leaf may be rebound later
        self._values: list[Number] = [node.raw for node in self.nodes]
        self._places = {node: i for i, node in enumerate(self.nodes)}
        self._backward_places: dict[Node, int] = {}
        # per node: the positions at which a contribution arrives, and the sum from then on
        self._arrivals: dict[Node, tuple[list[int], list[Number]]] = {}
        self._arrive(root, len(self.nodes), self.steps[0].gradient)
        for position, step in enumerate(self.steps, start=len(self.nodes)):
            self._backward_places[step.node] = position
            for operand, contribution in zip(step.node.operands, step.sent, strict=False):
                if contribution is not None:
                    self._arrive(operand, position, contribution)

    def _arrive(self, node: Node, position: int, contribution: Number) -> None:
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

    def value(self, node: Node) -> Number:
        """The number of `node`: a float, or a read-only array."""
        return self._values[self.position_of(node)]

    def gradient(self, node: Node, position: int | None = None) -> Number | None:
        """The gradient of `node` by `position` (None: now): a float, a read-only array, or None."""
        self.position_of(node)
        positions, sums = self._arrivals.get(node, ([], []))
        arrived = bisect_right(positions, self.position if position is None else position)
        return sums[arrived - 1] if arrived else None

    def history(self, node: Node) -> list[tuple[int, Number]]:
        """How the gradient of `node` adds up: the positions at which it changes, and to what.

        >>> from autograd import Value
        >>> from autograd.viz import Stepper
        >>> a = Value(3.0)
        >>> Stepper(a * a).history(a)
        [(2, 6.0)]
        """
        self.position_of(node)
        positions, sums = self._arrivals.get(node, ([], []))
        return list(dict(zip(positions, sums, strict=True)).items())

    def position_of(self, node: Node, *, backward: bool = False) -> int:
        """Where `node` is computed, or (`backward`) where its gradient is complete."""
        if node not in self._places:
            where = f"{describe(node)} is not in the graph of {describe(self.root)}"
            raise ValueError(f"{where}; step through a node that was made from it")
        if not backward:
            return self._places[node]
        if node not in self._backward_places:
            raise ValueError(f"no gradient reaches {describe(node)}; go to it forward")
        return self._backward_places[node]

    # --- a sequence of moments ----------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.visited)

    @overload
    def __getitem__(self, index: int) -> Moment: ...
    @overload
    def __getitem__(self, index: slice) -> list[Moment]: ...
    def __getitem__(self, index: int | slice) -> Moment | list[Moment]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return [Moment(self, place) for place in places]
        return Moment(self, places)

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

        That is where the node is computed, or (`backward`) where its gradient is complete.

        Raises:
            IndexError: there is no such position.
            ValueError: the node is not in the graph, or no gradient reaches it.
        """
        if isinstance(target, Node):
            self.position = self.position_of(target, backward=backward)
            return self.now
        try:
            self.position = range(len(self))[target]
        except IndexError:
            raise IndexError(f"the positions are 0 to {len(self) - 1}, got {target}") from None
        return self.now

    def run_until(self, *targets: Stop) -> Moment:
        """On to the next moment that fulfils one of `targets` or a breakpoint, else to the end.

        Each is a node, a label, a function of the `Moment`, or a condition as text (see
        `condition`); `breakpoints` is a list of the same.

        Raises:
            ValueError: a text is neither a label of the graph nor a condition.

        >>> from autograd import Value
        >>> from autograd.viz import Stepper
        >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
        >>> stepper = Stepper((a * b).tanh())
        >>> stepper.run_until("value < -1").name, stepper.run_until("abs(grad) > 0").phase
        ('b', 'backward')
        """
        tests = [self.test_of(target) for target in (*targets, *self.breakpoints)]
        while self.position < len(self) - 1:
            moment = self.next()
            if any(test(moment) for test in tests):
                break
        return self.now

    def test_of(self, target: Stop) -> Callable[[Moment], object]:
        """Whether a moment is one to stop at."""
        if isinstance(target, Node):
            self.position_of(target)
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
        if callable(target):
            return target
        kinds = "a node, a label, a function of the moment or a condition as text"
        raise TypeError(f"a stop must be {kinds}, got {type(target).__name__}")

    # --- other numbers ------------------------------------------------------------------------

    def edited(self, leaf: Node, data: ArrayLike) -> Self:
        """A stepper at the same position where `leaf` has other data.

        Only what was made from the leaf is computed again; the other nodes are shared. The numbers
        are those of a full run, bit for bit.

        Raises:
            ValueError: the node is no leaf of the graph, or the shape differs.
            TypeError: the data is not of real numbers.

        >>> from autograd import Value
        >>> from autograd.viz import Stepper
        >>> a, b = Value(2.0, label="a"), Value(-3.0, label="b")
        >>> Stepper(a * b).edited(a, 10.0).root
        Value(-30.0)
        """
        self.position_of(leaf)
        if leaf.op is not None:
            raise ValueError(f"only a leaf can be edited, and {describe(leaf)} was computed")
        fresh = leaf.detach(leaf.label)
        fresh.data = data
        after: dict[Node, Node] = {leaf: fresh}
        for node in self.nodes:
            operands = (x for x in node.operands if isinstance(x, Node))
            if node is not leaf and all(after.get(x) is x for x in operands):
                after[node] = node
        root = recompute(self.root, after)
        for old, new in after.items():  # the sums of backprop keep their order
            new.index, new.label, new.line = old.index, old.label, old.line
        stepper = type(self)(root, self.steps[0].gradient)
        stepper.position = self.position
        stops = self.breakpoints
        stepper.breakpoints = [after.get(x, x) if isinstance(x, Node) else x for x in stops]
        return stepper
