"""`Cursor`: a place on a timeline that moves, by steps or until something holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

from numpy.typing import ArrayLike

from autograd import Node, describe, recompute
from autograd.core.walk import Seed
from autograd.viz.walk.conditions import condition
from autograd.viz.walk.timeline import Moment, Timeline

Stop = Node | str | Callable[[Moment], object]


class Cursor(Timeline):
    """A timeline whose position moves: one step, to a place, or on until something holds.

    `breakpoints` interrupt every run.
    """

    def __init__(self, root: Node, seed: Seed = None) -> None:
        super().__init__(root, seed)
        self.breakpoints: list[Stop] = []

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
        tests = [self._test(target) for target in (*targets, *self.breakpoints)]
        while self.position < len(self) - 1:
            moment = self.next()
            if any(test(moment) for test in tests):
                break
        return self.now

    def _test(self, target: Stop) -> Callable[[Moment], object]:
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
        raise TypeError(
            f"a stop must be a node, a label, a function of the moment or a condition as text, "
            f"got {type(target).__name__}"
        )

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
            if node is not leaf and not any(
                isinstance(x, Node) and after.get(x) is not x for x in node.operands
            ):
                after[node] = node
        root = recompute(self.root, after)
        for old, new in after.items():  # the sums of backprop keep their order
            new.index, new.label, new.line = old.index, old.label, old.line
        stepper = type(self)(root, self.steps[0].gradient)
        stepper.position = self.position
        stepper.breakpoints = [
            after[x] if isinstance(x, Node) and x in after else x for x in self.breakpoints
        ]
        return stepper
